"""Makes a scheme's vectors: run once, when the scheme is published, and never again.

`python tests/vectors/scheme_vectors.py standard/1` writes `standard-1.json` where it is not there.
A test calls `make` and holds its result against the file. What the fields mean is in `README.md`.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from encoders.batching import write_batch_of
from encoders.bits import token_positions
from encoders.encoding import encode
from encoders.hardening import xor_sets
from encoders.keys import Keys
from encoders.records import COLUMNS, Records
from matcher.formats.agreement import Agreement
from matcher.formats.batch import Batch, read_batch
from matcher.formats.scheme import Scheme
from matcher.formats.steps import Step, StratifiedDiffusion

SEED = 20261121
ROOT = hashlib.sha256(f"kinmatch throwaway root 1: {SEED}".encode()).hexdigest()

MARIA = {
    "given_name": "Maria Magdalena",
    "father_name": "Bartholomew",
    "family_name": "Papadopoulou Featherstone",
    "mother_name": "Wilhelmina Montgomery",
    "sex": "f",
    "birth_date": "1987-11-23",
    "birth_place": "Gothenburg",
    "residence": "14 Upper Blackwater Crescent, Kilmarnock",
}

RECORDS: tuple[tuple[str, tuple[str, ...], dict[str, str]], ...] = (
    ("every attribute, in Latin letters", (), MARIA),
    (
        "the record before with given and family name swapped, in capitals and with bidi marks",
        ("SameAsBefore", "InvisibleMarks"),
        {
            **MARIA,
            "given_name": "\u200fPAPADOPOULOU FEATHERSTONE",
            "family_name": "MARIA MAGDALENA\u202c",
        },
    ),
    (
        "Arabic, with article, vowel points and tatweel",
        ("Arabic",),
        {
            "given_name": "مُحَمَّد",
            "father_name": "عبد الرحمن",
            "family_name": "الأحـمـد",
            "mother_name": "فاطمة",
            "sex": "m",
            "birth_date": "1994-03-17",
            "birth_place": "حلب",
        },
    ),
    (
        "Cyrillic, a date in full and a place in another script",
        ("Cyrillic",),
        {
            "given_name": "Олександра",
            "family_name": "Ковальчук-Гончаренко",
            "sex": "f",
            "birth_date": "2001-08-09",
            "residence": "Warszawa 00-950",
        },
    ),
    ("Ethiopic", ("Ethiopic",), {"given_name": "ሰላማዊት", "father_name": "ገብረ", "sex": "f"}),
    ("Han", ("Han",), {"given_name": "小龙", "family_name": "李", "birth_date": "1976-10-30"}),
    (
        "decomposed accents, an apostrophe and particles",
        ("Decomposed",),
        {
            "given_name": "Jose\u0301",
            "family_name": "de la O\u2019Brien",
            "birth_date": "1959-12-05",
        },
    ),
    (
        "1 January counts as its year alone",
        ("ArtefactDate",),
        {"given_name": "Amina", "family_name": "Yusuf", "sex": "f", "birth_date": "1990-01-01"},
    ),
    (
        "a birth date of a year and a month",
        ("PartialDate",),
        {"given_name": "Amina", "family_name": "Yusuf", "sex": "f", "birth_date": "1990-04"},
    ),
    (
        "an age with the day it was told: born in 2007 or 2008",
        ("Age",),
        {"given_name": "Daniel", "mother_name": "Ruth", "age": "17", "age_on": "2025-06-15"},
    ),
    ("a given name alone: filled up to the floor", ("FilledUp",), {"given_name": "Li"}),
    (
        "no name: no fingerprint but that of birth and place",
        ("NoName",),
        {"sex": "m", "birth_date": "1968-02-29", "birth_place": "Ярмук"},
    ),
)

TOKENS = {
    "standard/1": (
        ("name.bigrams/1 _a", "name", "name_birth", 2048, 26),
        ("birth.day/1 31", "birth_day", "name_birth", 2048, 82),
        ("place.bigrams/1 9_", "place", "birth_place", 2048, 10),
        ("name.bigrams/1 öß", "name", "name_birth", 1000, 40),
        ("name.bigrams/1 ab", "name", "name_birth", 64, 32),
    ),
    "standard/2": (
        ("name.skeleton/2 _M", "name", "sounds_birth", 2048, 17),
        ("name.phonetic/2 MR", "given", "letters_place", 2048, 60),
        ("name.bigrams/2 ab", "name", "letters_place", 1000, 20),
    ),
    "standard/3": (
        ("name.skeleton/2 _M", "name", "whole", 1024, 25),
        ("birth.day_and_month/1 3-17", "birth", "whole", 1024, 70),
        ("name.bigrams/2 ab", "name", "whole", 1000, 20),
    ),
    "interop/1": (
        ("birth.day_and_month/1 3-17", "birth_day", "place_on_day", 2048, 120),
        ("name.bigrams/2 _a", "name", "letters_place", 1000, 20),
    ),
    "high/1": (
        ("name.whole_skeleton/1 MR", "given", "whole", 2048, 63),
        ("birth.month/1 12", "birth", "whole", 1000, 87),
    ),
    "high/3": (
        ("name.bigrams/2 ma", "given", "whole", 1024, 52),
        ("birth.day/1 31", "birth", "whole", 1000, 82),
    ),
    "high/4": (
        ("name.bigrams/2 ma", "given", "whole", 1024, 35),
        ("nationality.code/1 SYR", "nationality", "whole", 1000, 40),
    ),
}
"""Single tokens for each published scheme: token, attribute, pass, bits and positions."""


def agreement(label: str) -> Agreement:
    """The agreement under which a scheme's vectors are made."""
    return Agreement.new(
        agreement_id="00112233445566778899aabbccddeeff",
        parties=("society-a", "society-b"),
        linkage_unit="hub",
        purposes=("test-vectors",),
        legal_bases=("test-data",),
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        retention_days=1,
        scheme=Scheme.published(label),
    )


def make(label: str, folder: Path) -> dict[str, Any]:
    """Make a scheme's vectors; the batch is written into a folder and read again."""
    under = agreement(label)
    keys = Keys.throwaway(under, seed=SEED)
    return {
        "format": "kinmatch-vectors/1",
        "notes": "See README.md beside this file.",
        "scheme": under.scheme.label,
        "scheme_digest": under.scheme.digest,
        "agreement_id": under.agreement_id,
        "key_epoch": under.key_epoch,
        "root": ROOT,
        "tokens": list(_tokens(label, keys)),
        "diffusions": list(_diffusions(under, keys)),
        "records": list(_records(under, keys)),
        "batch": _batch(under, keys, folder),
    }


def _tokens(label: str, keys: Keys) -> Iterator[dict[str, Any]]:
    for number, (token, attribute, pass_name, bits, each) in enumerate(TOKENS[label], 1):
        key = keys.derive("bits", pass_name=pass_name, attribute=attribute)
        yield {
            "id": number,
            "comment": f"{each} positions of {bits}",
            "flags": [] if 65536 % bits == 0 else ["Rejection"],
            "pass": pass_name,
            "attribute": attribute,
            "key": key.hex(),
            "token": token,
            "bits": bits,
            "positions": token_positions([token], key, bits, each)[0].tolist(),
        }


def _diffusions(under: Agreement, keys: Keys) -> Iterator[dict[str, Any]]:
    for number, part in enumerate(under.scheme.passes, 1):
        if not part.hardening:
            continue
        (step,) = part.hardening
        key = keys.derive(step.step, pass_name=part.name)
        drawn = xor_sets(step, part.bits, key)
        sets = drawn.indices.reshape(step.bits, -1)
        yield {
            "id": number,
            "comment": f"{part.bits} to {step.bits} bits, {_taken_of(step)}",
            "flags": [],
            "pass": part.name,
            "key": key.hex(),
            "first_sets": sets[:4].tolist(),
            "sets_sha256": hashlib.sha256(sets.astype("<u2").tobytes()).hexdigest(),
        }


def _taken_of(step: Step) -> str:
    if isinstance(step, StratifiedDiffusion):
        return f"t = {' and '.join(str(stratum.t) for stratum in step.strata)}"
    return f"t = {step.t}"


def records() -> Records:
    """The records of the vectors; `record_id` is the vector's own id."""
    rows = [{"record_id": str(number), **cells} for number, (_, _, cells) in enumerate(RECORDS, 1)]
    return Records.from_rows(rows, role="sought")


def _records(under: Agreement, keys: Keys) -> Iterator[dict[str, Any]]:
    table = records()
    encoded = encode(table, under, keys)
    for row, (comment, flags, _) in enumerate(RECORDS):
        cells = {name: table.column(name)[row].as_py() for name in COLUMNS}
        yield {
            "id": row + 1,
            "comment": comment,
            "flags": list(flags),
            "record": {name: cell for name, cell in cells.items() if cell is not None},
            "fingerprints": {
                name: prints.bits[row].astype("<u8").tobytes().hex()
                if prints.present[row]
                else None
                for name, prints in encoded.passes.items()
            },
        }


def _batch(under: Agreement, keys: Keys, folder: Path) -> dict[str, Any]:
    table = records()
    path = folder / "vector.batch.parquet"
    write_batch_of(
        encode(table, under, keys),
        table,
        society="society-a",
        agreement=under,
        path=path,
        references_path=folder / "vector.references.parquet",
        seed=SEED,
    )
    batch = read_batch(path, under)
    return {
        "comment": "The records above as one batch of society-a, with references from a seed.",
        "society": "society-a",
        "agreement_digest": under.digest,
        "seed": SEED,
        "references": [reference.tobytes().hex() for reference in batch.references],
        "content_sha256": content_digest(batch, under),
    }


def content_digest(batch: Batch, under: Agreement) -> str:
    """SHA-256 of what a batch says, whatever release of pyarrow wrote it."""
    digest = hashlib.sha256()
    columns = [batch.references, batch.roles, batch.relations, batch.has_case, batch.cases]
    for part in under.scheme.passes:
        bits, present = batch.fingerprints(part.name)
        columns += [present, bits.astype("<u8")]
    for column in columns:
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


def as_text(vectors: dict[str, Any]) -> str:
    """Write vectors as they stand in the file."""
    return json.dumps(vectors, indent=1, ensure_ascii=False) + "\n"


def file_of(label: str) -> Path:
    """Where a scheme's vectors lie."""
    return Path(__file__).with_name(f"{label.replace('/', '-')}.json")


if __name__ == "__main__":
    import sys
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        text = as_text(make(sys.argv[1], Path(scratch)))
    # "x": a file that is there is never written again.
    with file_of(sys.argv[1]).open("x", encoding="utf-8") as file:
        file.write(text)
