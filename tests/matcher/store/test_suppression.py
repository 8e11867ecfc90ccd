"""What can be worked out from tables of which small cells are hidden."""

from hypothesis import given
from hypothesis import strategies as st

from matcher.formats.vocabulary import BANDS
from matcher.store.aggregates import TABLES, tabulated
from matcher.store.suppression import rounded, suppressed

LEAST = st.integers(1, 30)
COUNTS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 60), min_size=1)


@given(COUNTS, LEAST)
def test_no_hidden_count_follows_from_the_whole(counts: dict[str, int], least: int) -> None:
    shown = suppressed(counts, least)
    assert shown.keys() == counts.keys()
    hidden = [counts[name] for name in counts if shown[name] is None]
    assert all(counts[name] >= least for name in counts if shown[name] is not None)
    if any(hidden) and len(hidden) < len(counts):
        # Somebody who knew everything else exactly could still not tell one from another.
        assert sum(hidden) >= least
        assert sum(map(bool, hidden)) > 1


@given(COUNTS, LEAST)
def test_nothing_is_hidden_without_need(counts: dict[str, int], least: int) -> None:
    shown = suppressed(counts, least)
    small = [count for count in counts.values() if 0 < count < least]
    further = [c for name, c in counts.items() if shown[name] is None and c >= least]
    if not small:
        assert not further
    elif further:
        without = [*small, *sorted(further)[:-1]]
        assert sum(without) < least or len(without) < 2


@given(st.integers(1, 10_000), LEAST)
def test_a_rounded_count_is_near_and_not_small(count: int, least: int) -> None:
    if count >= least:
        assert rounded(count, least) >= least
        assert abs(rounded(count, least) - count) <= max(1, least // 2) / 2 + 1


def test_a_change_of_one_hardly_ever_shows() -> None:
    changes = [n for n in range(10, 1010) if rounded(n, 10) != rounded(n + 1, 10)]
    assert len(changes) <= 200


def cells(*numbers: int) -> dict[tuple[str, str], int]:
    return dict(zip([(band, key) for band in BANDS for key in "xyz"], numbers, strict=True))


KEYS = dict.fromkeys(TABLES, ("x", "y", "z"))


def table_of(*numbers: int, least: int = 10) -> dict[str, object]:
    counted = cells(*numbers)
    bands = {band: sum(n for (one, _), n in counted.items() if one == band) for band in BANDS}
    return tabulated(bands, dict.fromkeys(TABLES, counted), KEYS, least)


def test_a_whole_that_is_small_shows_nothing() -> None:
    told = table_of(9, 0, 0, 0, 0, 0, 0, 0, 0)
    assert told == {
        "total": None,
        "bands": dict.fromkeys(BANDS),
        "tables": {name: {band: dict.fromkeys("xyz") for band in BANDS} for name in TABLES},
    }


def test_a_hidden_band_hides_its_cells_in_every_table() -> None:
    told = table_of(500, 0, 0, 20, 20, 5, 3, 3, 3)
    # The weak ones are too few, and the possible ones go with them, or subtraction gave them.
    assert told["bands"] == {"strong": 500, "possible": None, "weak": None}
    for name in TABLES:
        assert told["tables"][name]["possible"] == dict.fromkeys("xyz")  # type: ignore[index]  # JSON
        assert told["tables"][name]["strong"] == {"x": 500, "y": None, "z": None}  # type: ignore[index]  # JSON


@given(st.lists(st.integers(0, 40), min_size=9, max_size=9), LEAST)
def test_cells_of_a_band_that_is_shown_are_parts_of_it(numbers: list[int], least: int) -> None:
    told = table_of(*numbers, least=least)
    for place, band in enumerate(BANDS):
        line = dict(zip("xyz", numbers[3 * place : 3 * place + 3], strict=True))
        expected = (
            suppressed(line, least)
            if told["bands"][band] is not None  # type: ignore[index]  # JSON
            else dict.fromkeys("xyz")
        )
        for name in TABLES:
            assert told["tables"][name][band] == expected  # type: ignore[index]  # JSON
