"""Makes `hardening.json`: run once for each new step or salt, never again for one that is there.

`python tests/vectors/hardening_vectors.py` writes the file where it is not there. A test calls
`make` and holds its result against the file. What the fields mean is in `README.md`.
"""

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from encoders.bits import text_and_ends
from encoders.contents import Contents
from encoders.encoding import encode
from encoders.hardening import Hardening
from encoders.keys import Keys
from encoders.records import Records
from encoders.salting import salts_of
from encoders.tokens import Tokens
from matcher.formats.agreement import Agreement
from matcher.formats.scheme import Attribute, Pass, Salt, Scheme, View
from matcher.formats.steps import (
    AttributeFilter,
    Balancing,
    Diffusion,
    Permutation,
    Resampling,
    Response,
    Rule90,
    Sampling,
    Step,
    StratifiedDiffusion,
    Stratum,
    WindowedXor,
    XorFold,
)

SEED = 20261122
BITS = 256

NAME = Attribute(
    name="name",
    views=(View(name="name.bigrams/1", each=6, most=60),),
    salt=(
        Salt(attribute="birth", view="birth.near_year/1"),
        Salt(attribute="sex", view="sex.code/1"),
    ),
)
SEX = Attribute(name="sex", views=(View(name="sex.code/1", each=8, most=8),))
SAMPLING = Sampling(
    filters=(
        AttributeFilter(attribute="name", bits=192, take=100),
        AttributeFilter(attribute="sex", bits=64, take=28),
    )
)
STRATIFIED = StratifiedDiffusion(
    strata=(
        Stratum(attributes=("name",), bits=192, t=4),
        Stratum(attributes=("sex",), bits=64, t=2),
    ),
    bits=320,
)

STEPS: tuple[tuple[str, tuple[Step, ...]], ...] = (
    ("diffusion", (Diffusion(t=5, bits=192),)),
    ("XOR-folding", (XorFold(),)),
    ("XOR-folding twice", (XorFold(), XorFold())),
    ("Rule 90", (Rule90(),)),
    ("windowed XOR, the shortest window", (WindowedXor(window=1),)),
    ("windowed XOR", (WindowedXor(window=7),)),
    ("balancing", (Balancing(),)),
    ("permutation", (Permutation(),)),
    ("resampling", (Resampling(),)),
    ("randomised response", (Response(per_mille=100),)),
    ("randomised response that leaves nothing", (Response(per_mille=1000),)),
    ("sampling", (SAMPLING,)),
    ("two permutations, of which the second has a key of its own", (Permutation(), Permutation())),
    (
        "steps in a row",
        (SAMPLING, Balancing(), Response(per_mille=20), Rule90(), Diffusion(t=3, bits=128)),
    ),
    ("stratified diffusion", (STRATIFIED,)),
)

ANNA = {"given_name": "Anna Lena", "birth_date": "1987-11-23", "sex": "f"}
RECORDS: tuple[tuple[str, dict[str, str]], ...] = (
    ("a name, salted with three years and the sex", ANNA),
    ("the same name, another salt", {**ANNA, "birth_date": "1988-11-23"}),
    ("no birth date: no salt, and so no fingerprint", {"given_name": "Anna Lena", "sex": "f"}),
)


def part_of(hardening: tuple[Step, ...]) -> Pass:
    """Give the one pass of a scheme with these steps."""
    return Pass(
        name="one",
        attributes=(NAME, SEX),
        needs=(("name",),),
        bits=BITS,
        floor=20,
        hardening=hardening,
    )


def agreement(hardening: tuple[Step, ...]) -> Agreement:
    """Draw up the agreement of the vectors, always the same one."""
    return Agreement.new(
        parties=("red-one", "red-two"),
        scheme=Scheme(name="vectors", version=1, passes=(part_of(hardening),)),
        linkage_unit="hub",
        purposes=("family-tracing",),
        legal_bases=("consent",),
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        retention_days=365,
        agreement_id="cd" * 16,
    )


def keys() -> Keys:
    """The keys of the vectors; they do not depend on the steps."""
    return Keys.throwaway(agreement(()), seed=SEED)


def inputs() -> np.ndarray:
    """Filters to harden: none, all and a single bit set, and two at random."""
    rng = np.random.default_rng(SEED)
    filters = np.zeros((5, BITS // 64), dtype=np.uint64)
    filters[1] = ~np.uint64(0)
    filters[2, 0] = 1
    filters[3:] = rng.integers(0, 2**64, (2, BITS // 64), dtype=np.uint64)
    return filters


def make() -> dict[str, Any]:
    """Make all vectors anew."""
    return {
        "comment": "Hardening steps, salts, and records under both; see README.md.",
        "agreement_id": "cd" * 16,
        "key_epoch": 1,
        "scheme": "vectors/1",
        "root": hashlib.sha256(f"kinmatch throwaway root 1: {SEED}".encode()).hexdigest(),
        "bits": BITS,
        "inputs": as_hex(inputs()),
        "contents": [content_of(row) for row in range(5)],
        "steps": [step_vector(number, *one) for number, one in enumerate(STEPS, 1)],
        "salts": salt_vectors(),
        "records": record_vectors(),
    }


def contents(rows: np.ndarray) -> Contents:
    """Give the records' contents that randomised response draws from."""
    octets, ends = text_and_ends(pa.array([content_of(row) for row in rows]))
    return octets, ends[:-1], ends[1:]


def content_of(row: int) -> str:
    """Give the content of one record."""
    return f"record {row}"


def step_vector(number: int, comment: str, hardening: tuple[Step, ...]) -> dict[str, Any]:
    """Harden the inputs."""
    part, given = part_of(hardening), inputs()
    out = np.zeros((len(given), part.output_bits // 64), dtype=np.uint64)
    Hardening(part, keys()).harden(given, contents, out, np.arange(len(given)))
    return {
        "id": number,
        "comment": comment,
        "flags": [],
        "hardening": part.model_dump(mode="json")["hardening"],
        "outputs": as_hex(out),
    }


def salt_vectors() -> list[dict[str, Any]]:
    """Make the salts of tokens under one view and two."""
    tokens: tuple[list[tuple[str, list[str]]], ...] = (
        [("sex.code/1", ["f"])],
        [("birth.near_year/1", ["1988", "1986", "1987"]), ("sex.code/1", ["f"])],
        [("birth.near_year/1", ["1986", "1987", "1988"]), ("sex.code/1", ["f"])],
        [("name.lexicon/1", ["Ä", "\u0627"])],
    )
    return [
        {
            "id": number,
            "comment": "tokens in any order have one salt" if number == 3 else "",
            "flags": [],
            "views": [{"view": view, "tokens": of_view} for view, of_view in views],
            "salt": salts_of([(view, table(of_view)) for view, of_view in views]).distinct[0],
        }
        for number, views in enumerate(tokens, 1)
    ]


def table(tokens: list[str]) -> Tokens:
    """Give one record with these tokens."""
    places = np.array([0]), np.array([len(tokens)])
    return Tokens(tokens, *places, np.arange(len(tokens), dtype=np.int32))


def record_vectors() -> list[dict[str, Any]]:
    """Encode records with salts, unhardened and under steps in a row."""
    rows = [{"record_id": str(number), **cells} for number, (_, cells) in enumerate(RECORDS, 1)]
    records = Records.from_rows(rows, role="sought")
    encoded = {}
    for name in ("unhardened", "steps in a row", "stratified diffusion"):
        under = agreement(dict(STEPS).get(name, ()))
        encoded[name] = encode(records, under, Keys.throwaway(under, seed=SEED)).passes["one"]
    return [
        {
            "id": number,
            "comment": comment,
            "flags": [],
            "record": cells,
            "fingerprints": {
                name: as_hex(prints.bits)[number - 1] if prints.present[number - 1] else None
                for name, prints in encoded.items()
            },
        }
        for number, (comment, cells) in enumerate(RECORDS, 1)
    ]


def as_hex(filters: np.ndarray) -> list[str]:
    """Write filters as their bytes in hexadecimal, lowest first."""
    return [row.astype("<u8").tobytes().hex() for row in filters]


def as_text(vectors: dict[str, Any]) -> str:
    """Write vectors as they stand in the file."""
    return json.dumps(vectors, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    text = as_text(make())
    # "x": a file that is there is never written again.
    with Path(__file__).with_name("hardening.json").open("x", encoding="utf-8") as file:
        file.write(text)
