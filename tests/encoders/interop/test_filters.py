"""The interop scheme against clkhash 0.18.3: its vectors always, itself where it is installed."""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders.interop import UNHARDENED, UnhardenedWarning
from encoders.interop.filters import Clks, encode_csv, encode_rows
from encoders.interop.schema import LinkageSchema
from matcher.formats.errors import InputError

HERE = Path(__file__).parents[2] / "vectors/clkhash"
CLKHASH = Path(sys.prefix) / "clkhash/bin/python"
VECTORS = json.loads((HERE / "vectors.json").read_text("ascii"))["cases"]
KDF = {"type": "HKDF"}


def encode(schema: Any, rows: list[list[str]]) -> Clks:
    with pytest.warns(UnhardenedWarning):
        return encode_rows(rows, LinkageSchema.from_json(schema), b"secret")


def hexed(clks: Clks) -> list[str]:
    return [row.tobytes().hex() for row in clks.packed]


def schema(version: int = 3, **config: Any) -> dict[str, Any]:
    hashing = {"comparison": {"type": "ngram", "n": 2}, "strategy": {"bitsPerToken": 5}}
    feature = {"identifier": "name", "format": {"type": "string"}, "hashing": hashing}
    config = {"l": 128, "kdf": KDF, **config}
    return {"version": version, "clkConfig": config, "features": [feature]}


@pytest.mark.parametrize("number", range(len(VECTORS)))
def test_filters_are_clkhashs_bit_for_bit(number: int) -> None:
    case = VECTORS[number]
    assert hexed(encode(case["schema"], case["rows"])) == case["clks"]


def random_case(dice: random.Random) -> dict[str, Any]:
    """Make up a schema of three features and rows for it."""
    letters = "aAbéй名 -'\u0301"
    features = []
    for name in ("a", "b", "c"):
        comparison = dice.choice(
            [
                {"type": "ngram", "n": dice.randint(1, 4), "positional": dice.random() < 0.5},
                {"type": "exact"},
            ]
        )
        strategy = {dice.choice(["bitsPerToken", "bitsPerFeature"]): dice.randint(1, 90)}
        hashing = dice.choice(
            [
                {"type": "blakeHash"},
                {"type": "doubleHash"},
                {"type": "doubleHash", "prevent_singularity": True},
            ]
        )
        config = {"comparison": comparison, "strategy": strategy, "hash": hashing}
        if dice.random() < 0.5:
            config["missingValue"] = {"sentinel": "?", "replaceWith": dice.choice(["", "none"])}
        form = {"type": "string", "encoding": dice.choice(["utf-8", "utf-16", "utf-32"])}
        features.append({"identifier": name, "format": form, "hashing": config})
    rows = [
        [dice.choice(["?", "".join(dice.choices(letters, k=dice.randint(0, 9)))]) for _ in "abc"]
        for _ in range(10)
    ]
    config = {"l": 2 ** dice.randint(3, 10), "kdf": KDF, "xor_folds": dice.randint(0, 2)}
    return {"schema": {"version": 3, "clkConfig": config, "features": features}, "rows": rows}


def test_clkhash_itself_agrees_on_made_up_schemas() -> None:
    if not CLKHASH.exists():
        pytest.skip("clkhash is not installed beside this environment: run make clkhash")
    dice = random.Random(20250607)  # noqa: S311 - made-up cases, the same every time
    cases = json.dumps([random_case(dice) for _ in range(120)])
    asked = [CLKHASH, "-W", "ignore", HERE / "make.py", "-"]
    answer = subprocess.run(asked, input=cases, capture_output=True, text=True, check=True)
    for case in json.loads(answer.stdout)["cases"]:
        assert hexed(encode(case["schema"], case["rows"])) == case["clks"]


def test_bits_are_packed_and_a_cell_alone_sets_them() -> None:
    clks = encode(schema(), [["Ana"], [""], ["Ana"]])
    assert clks.packed.shape == (3, 16)
    assert 0 < np.bitwise_count(clks.packed[0]).sum() <= 20
    assert not clks.packed[1].any()
    assert (clks.packed[0] == clks.packed[2]).all()


def test_every_use_says_that_it_is_unhardened(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("name\nAna\n")
    for _ in range(2):
        with pytest.warns(UnhardenedWarning, match=UNHARDENED[:40]):
            encode_csv(path, LinkageSchema.from_json(schema()), b"secret")


def test_both_spellings_of_folds_fold_and_say_what_was_taken() -> None:
    read, documented = schema(xor_folds=1), schema(xorFolds=1)
    rows = [["a name long enough for positions to meet"]]
    assert hexed(encode(read, rows)) == hexed(encode(documented, rows))
    assert hexed(encode(read, rows)) != hexed(encode(schema(), rows))
    assert "as clkhash 0.18.3 reads it" in LinkageSchema.from_json(read).folds_read
    assert "would not fold" in LinkageSchema.from_json(documented).folds_read
    assert LinkageSchema.from_json(schema(xor_folds=2, xorFolds=2)).folds == 2
    with pytest.raises(InputError, match="they differ"):
        LinkageSchema.from_json(schema(xor_folds=1, xorFolds=2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 4}, "version from 1 to 3"),
        ({"features": []}, "features"),
        ({"features": None}, "features"),
        ({"clkConfig": {}}, "lacks a key"),
        ({"clkConfig": {"l": 0, "kdf": KDF}}, "bits"),
        ({"clkConfig": {"l": 100, "kdf": KDF}}, "power of two"),
        ({"clkConfig": {"l": 128, "kdf": {**KDF, "keySize": 65}}}, "at most 64"),
        ({"clkConfig": {"l": 128, "kdf": {**KDF, "salt": "YQ"}}}, "base64"),
        ({"clkConfig": {"l": 128, "kdf": {"type": "legacy"}}}, "derivation"),
        ({"features": [{"identifier": "x", "format": {"type": "string"}}]}, "hashing"),
    ],
)
def test_what_is_no_schema_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        LinkageSchema.from_json({**schema(), **change})


def test_a_schema_file_is_read_or_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(schema()))
    assert LinkageSchema.load(path) == LinkageSchema.from_json(schema())
    path.write_text("{")
    with pytest.raises(InputError, match=r"schema\.json: the schema is not valid JSON"):
        LinkageSchema.load(path)
    with pytest.raises(InputError, match="No such file"):
        LinkageSchema.load(tmp_path / "missing.json")


CANARY = "zeta-canary"


@pytest.mark.parametrize(
    ("form", "cell", "rule"),
    [
        ({"type": "string", "encoding": "ascii"}, CANARY + "é", "can't be written in ascii"),
        ({"type": "string", "pattern": "[0-9]+"}, CANARY, "does not have its pattern"),
        ({"type": "string", "maxLength": 2}, CANARY, "longer than its maxLength"),
        ({"type": "string", "minLength": 50}, CANARY, "shorter than its minLength"),
        ({"type": "string", "case": "upper"}, CANARY, "not in upper case"),
        ({"type": "integer"}, CANARY, "no whole number"),
        ({"type": "integer", "minimum": 5}, "4", "below its minimum"),
        ({"type": "integer", "maximum": 5}, "6", "above its maximum"),
        ({"type": "date", "format": "%Y-%m-%d"}, CANARY, "no date of its format"),
        ({"type": "enum", "values": ["a"]}, CANARY, "none of the values"),
    ],
)
def test_a_cell_that_does_not_fit_names_row_feature_and_rule(
    form: dict[str, Any], cell: str, rule: str
) -> None:
    content = schema()
    content["features"][0]["format"] = form
    content["features"][0]["hashing"]["missingValue"] = {"sentinel": "-"}
    with pytest.raises(InputError, match=f"row 2, name: the value .*{rule}") as caught:
        encode(content, [["-"], [cell]])
    assert CANARY not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_a_text_that_is_no_number_and_a_row_that_is_short_are_refused() -> None:
    content = schema()
    numeric = {"type": "numeric", "thresholdDistance": 1, "resolution": 1}
    content["features"][0]["hashing"]["comparison"] = numeric
    for cell in (CANARY, "nan", "inf"):
        with pytest.raises(InputError, match="row 1, name: the value is no number"):
            encode(content, [[cell]])
    with pytest.raises(InputError, match="row 1 has 2 cells; the schema has 1"):
        encode(schema(), [["a", "b"]])


def test_a_csv_file_must_have_the_schemas_header(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    linkage = LinkageSchema.from_json(schema())
    path.write_text("name\nAna\n")
    with pytest.warns(UnhardenedWarning):
        assert hexed(encode_csv(path, linkage, b"secret")) == hexed(encode(schema(), [["Ana"]]))
    for content in ("other\nAna\n", "", f"{CANARY}\n"):
        path.write_text(content)
        with (
            pytest.warns(UnhardenedWarning),
            pytest.raises(InputError, match=r"people\.csv: the header") as caught,
        ):
            encode_csv(path, linkage, b"secret")
        assert CANARY not in str(caught.value)
