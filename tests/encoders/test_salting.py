"""Salting: who shares positions with whom, who lacks the pass, and what is hashed."""

import hashlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from encoders import encoding, passes
from encoders.encoding import Encoded, encode
from encoders.keys import Keys
from encoders.records import Records
from encoders.salting import SaltedTokens, salts_of
from encoders.tokens import Tokens
from matcher.formats.agreement import Agreement
from matcher.formats.errors import AgreementError
from matcher.formats.scheme import Attribute, Pass, Salt, Scheme, View

DrawUp = Callable[..., Agreement]
Row = dict[str, str | None]

NAME = (View(name="name.bigrams/1", each=10, most=200),)
BY_YEAR = Salt(attribute="birth", view="birth.year/1")
BY_SEX = Salt(attribute="sex", view="sex.code/1")
ANNA: Row = {"record_id": "1", "given_name": "Anna", "birth_date": "1987-11-23", "sex": "f"}


def agreement_with(draw_up: DrawUp, *salt: Salt, needs: str = "name") -> Agreement:
    name = Attribute(name="name", views=NAME, salt=salt)
    part = Pass(name="salted", attributes=(name,), needs=((needs,),), bits=2048, floor=0)
    return draw_up(scheme=Scheme(name="salty", version=1, passes=(part,)))


def encoded(agreement: Agreement, *rows: Row) -> Encoded:
    records = Records.from_rows(rows, role="sought")
    return encode(records, agreement, Keys.throwaway(agreement, seed=1))


def shared(found: Encoded) -> float:
    one, other = found.passes["salted"].bits
    smaller = min(np.bitwise_count(one).sum(), np.bitwise_count(other).sum())
    return float(np.bitwise_count(one & other).sum() / smaller)


def test_only_records_with_the_same_salt_share_positions(draw_up: DrawUp) -> None:
    under = agreement_with(draw_up, BY_YEAR, BY_SEX)
    assert shared(encoded(under, ANNA, {**ANNA, "birth_date": "1987"})) == 1
    for changed in ({"birth_date": "1988-11-23"}, {"sex": "m"}):
        assert shared(encoded(under, ANNA, {**ANNA, **changed})) < 0.15
        assert shared(encoded(agreement_with(draw_up), ANNA, {**ANNA, **changed})) == 1


def test_within_a_salt_near_names_stay_near(draw_up: DrawUp) -> None:
    plain, salty = (
        shared(encoded(agreement_with(draw_up, *salt), ANNA, {**ANNA, "given_name": "Annah"}))
        for salt in ((), (BY_YEAR,))
    )
    assert plain > 0.7
    assert abs(plain - salty) < 0.1


def test_chunks_and_what_is_forgotten_change_no_bit(
    draw_up: DrawUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        {"record_id": str(i), "given_name": name, "birth_date": f"19{80 + i % 3}", "sex": "f"}
        for i, name in enumerate(["Anna", "Hannah", "Joanna", "Susanna", "Anna", "Marianne"] * 2)
    ]
    under = agreement_with(draw_up, BY_YEAR)
    whole = encoded(under, *rows).passes["salted"].bits
    monkeypatch.setattr(encoding, "CHUNK", 2)
    np.testing.assert_array_equal(encoded(under, *rows).passes["salted"].bits, whole)
    monkeypatch.setattr(passes, "_MOST_SALTED", 5)
    np.testing.assert_array_equal(encoded(under, *rows).passes["salted"].bits, whole)


@pytest.mark.parametrize("lacking", ["birth_date", "sex"])
def test_a_record_without_its_salt_lacks_the_pass(draw_up: DrawUp, lacking: str) -> None:
    found = encoded(agreement_with(draw_up, BY_YEAR, BY_SEX), ANNA, {**ANNA, lacking: None})
    prints = found.passes["salted"]
    assert prints.present.tolist() == [True, False]
    assert not prints.bits[1].any()


def test_without_a_salt_bits_are_what_they_were(draw_up: DrawUp) -> None:
    """The scheme is the same one, too: its canonical form does not mention what is not used."""
    for part in Scheme.published("standard/1").model_dump(mode="json")["passes"]:
        assert all("salt" not in attribute for attribute in part["attributes"])
    under = agreement_with(draw_up, BY_YEAR)
    assert "salt" in under.scheme.model_dump(mode="json")["passes"][0]["attributes"][0]


def test_an_agreement_with_salts_is_read_back(draw_up: DrawUp, tmp_path) -> None:  # type: ignore[no-untyped-def]
    under = agreement_with(draw_up, BY_YEAR, BY_SEX)
    under.write(tmp_path / "agreement.toml")
    assert Agreement.read(tmp_path / "agreement.toml").digest == under.digest
    assert under.digest != agreement_with(draw_up, BY_SEX, BY_YEAR).digest


@pytest.mark.parametrize(
    "salt", [Salt(attribute="shoe", view="sex.code/1"), Salt(attribute="sex", view="sex.code/9")]
)
def test_a_salt_of_a_later_release_is_refused(draw_up: DrawUp, salt: Salt) -> None:
    with pytest.raises(AgreementError, match="salty/1, pass salted"):
        encoded(agreement_with(draw_up, salt), ANNA)


def test_a_salt_stands_once() -> None:
    with pytest.raises(ValidationError, match="stands twice"):
        Attribute(name="name", views=NAME, salt=(BY_SEX, BY_SEX))


def table(rows: list[list[str]]) -> Tokens:
    """Give the rows of tokens as encoding makes them."""
    numbers: dict[str, int] = {}
    ids = [[numbers.setdefault(token, len(numbers)) for token in row] for row in rows]
    offsets = np.cumsum([0, *map(len, ids)], dtype=np.int64)
    end_to_end = np.array([one for row in ids for one in row], dtype=np.int32)
    return Tokens(list(numbers), offsets[:-1], offsets[1:], end_to_end)


def as_rows(tokens: Tokens) -> list[list[str]]:
    return [
        [tokens.distinct[token] for token in tokens.of(row)] for row in range(len(tokens.starts))
    ]


def plain_salt(parts: list[tuple[str, list[str]]]) -> str:
    text = b""
    for view, tokens in parts:
        text += len(tokens).to_bytes(4, "big")
        for one in [view, *sorted(tokens)]:
            text += len(one.encode()).to_bytes(4, "big") + one.encode()
    return hashlib.sha256(text).hexdigest()[:32]


TOKENS = st.lists(st.sampled_from(["a", "b", "ab", "ß", "", "a b"]), max_size=4, unique=True)


@settings(deadline=None)  # the first call compiles
@given(rows=st.lists(st.tuples(TOKENS, TOKENS, TOKENS), max_size=12))
def test_equals_a_plain_implementation(rows: list[tuple[list[str], ...]]) -> None:
    names, years, sexes = ([list(row[i]) for row in rows] for i in range(3))
    salts = salts_of([("y", table(years)), ("s", table(sexes))])
    salted = SaltedTokens()
    found = salted.of(table(names), salts)
    expected = [
        [f"{plain_salt([('y', year), ('s', sex)])} {token}" for token in name]
        if year and sex
        else []
        for name, year, sex in zip(names, years, sexes, strict=True)
    ]
    assert as_rows(found) == expected
    assert [code >= 0 for code in salts.codes] == [bool(y and s) for _, y, s in rows]
    every = [one for row in expected for one in row]
    assert sorted(found.distinct) == sorted(set(every))  # each pair is hashed once
    assert len(salted) == len(set(every))
    again = salted.of(table(names), salts)  # and not once more when records come again
    assert as_rows(again) == expected
    assert len(salted) == len(set(every))
