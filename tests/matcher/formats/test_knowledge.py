"""The byte of knowledge: packing, levels, and what two persons have in common."""

import numpy as np
import pytest

from matcher.formats.knowledge import KINDS, level_of, mask_of, pack, shared

EVERY = np.arange(256, dtype=np.uint8)


def test_every_byte_is_made_of_its_levels() -> None:
    levels = {kind: level_of(EVERY, kind) for kind in KINDS}
    name, birth = (levels.pop(kind).astype(np.int64) for kind in ("name", "birth"))
    packed = pack(name, birth, {kind: level.astype(np.bool_) for kind, level in levels.items()})
    np.testing.assert_array_equal(packed, EVERY)
    assert packed.dtype == np.uint8


def test_more_parts_than_are_told_apart_count_as_the_most() -> None:
    none = dict.fromkeys(("sex", "place", "mother", "nationality"), np.zeros(2, np.bool_))
    packed = pack(np.array([3, 40]), np.zeros(2, np.int64), none)  # type: ignore[arg-type]  # a dict of kinds
    assert packed.tolist() == [3, 3]


@pytest.mark.parametrize("kind", KINDS)
def test_shared_is_the_lesser_of_two(kind: str) -> None:
    one, other = np.meshgrid(EVERY, EVERY)
    both = shared(one, other)
    np.testing.assert_array_equal(
        level_of(both, kind),  # type: ignore[arg-type]  # one of the kinds
        np.minimum(level_of(one, kind), level_of(other, kind)),  # type: ignore[arg-type]  # too
    )


def test_a_mask_keeps_its_kinds_alone() -> None:
    masked = EVERY & np.uint8(mask_of(frozenset({"name", "place"})))
    assert set(level_of(masked, "name")) == {0, 1, 2, 3}
    assert set(level_of(masked, "place")) == {0, 1}
    assert not level_of(masked, "birth").any()
