"""Refinement's cells, for good: by our code, and by a plain one written from README.md."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from refinement_vectors import FILE, make
from scheme_vectors import as_text

from encoders.names.pieces import pieces
from encoders.records import NAME_COLUMNS
from encoders.refining import reading
from encoders.refining.reading import Value
from matcher.formats.attributes import FIELDS, GROUPS, MOTHERS, PIECES, PLACES, Kind

VECTORS: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
GIVEN = {"given_1", "given_2", "father", "grandfather", "other_1", "other_2"}
WORD = 2**64


def test_our_code_still_makes_the_vectors() -> None:
    assert as_text(make()) == FILE.read_text(encoding="utf-8"), (
        "Released cells must never change: societies of two releases would no longer meet. "
        "Other cells are another version of the format."
    )


def test_every_field_has_a_vector() -> None:
    released = [one["cells"]["society-a"] for one in VECTORS["records"]]
    assert {name for cells in released for name in cells} == set(FIELDS)
    assert len({one["candidate"] for one in VECTORS["records"]}) == len(VECTORS["records"])


# A second implementation in plain Python. Only what turns a cell into tokens is shared.


def derived(use: str, attribute: str = "") -> bytes:
    fields = (
        "kinmatch-keys/1", VECTORS["agreement_id"], str(VECTORS["key_epoch"]), VECTORS["scheme"],
        "", attribute, use,
    )  # fmt: skip
    info = b"".join(
        len(field).to_bytes(4, "big") + field for field in (field.encode() for field in fields)
    )
    extracted = hmac.digest(bytes(32), bytes.fromhex(VECTORS["root"]), "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def one_time_key(candidate: bytes, nonce: bytes, group: str) -> bytes:
    stream = block = b""
    for number in range(1, 5):
        info = b"kinmatch refinement 1" + candidate + nonce + bytes([number])
        block = hmac.digest(derived("refinement"), block + info, "sha256")
        stream += block
    return stream[16 * GROUPS.index(group) :][:16]


def turned(word: int, bits: int) -> int:
    return (word << bits | word >> (64 - bits)) % WORD


def siphash(key: bytes, message: bytes) -> int:
    """SipHash-2-4 as its paper has it (Aumasson and Bernstein, 2012, section 2)."""
    halves = [int.from_bytes(key[at : at + 8], "little") for at in (0, 8)]
    magic = b"somepseudorandomlygeneratedbytes"
    v = [halves[i % 2] ^ int.from_bytes(magic[8 * i : 8 * i + 8], "big") for i in range(4)]

    def rounds(count: int) -> None:
        for _ in range(count):
            v[0] = (v[0] + v[1]) % WORD
            v[1] = turned(v[1], 13) ^ v[0]
            v[0] = turned(v[0], 32)
            v[2] = (v[2] + v[3]) % WORD
            v[3] = turned(v[3], 16) ^ v[2]
            v[0] = (v[0] + v[3]) % WORD
            v[3] = turned(v[3], 21) ^ v[0]
            v[2] = (v[2] + v[1]) % WORD
            v[1] = turned(v[1], 17) ^ v[2]
            v[2] = turned(v[2], 32)

    padded = message + bytes(7) + bytes([len(message)])
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at : at + 8], "little")
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xFF
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def values_of(record: dict[str, str]) -> dict[str, Value | None]:
    own = reading.own_pieces(*(pieces(record.get(name, "")) for name in NAME_COLUMNS))
    mothers = reading.mothers_pieces(pieces(record.get("mother_name", "")))
    named = dict(zip((*PIECES, *MOTHERS), (*own, *mothers), strict=True))
    birth = (record.get(name) for name in ("birth_date", "age", "age_on", "calendar"))
    return {
        **{
            field: reading.piece(text, "given" if field in GIVEN else "family") if text else None
            for field, text in named.items()
        },
        "birth": reading.birth(*birth),
        "sex": reading.sex(record.get("sex")),
        "nationality": reading.nationality(record.get("nationality")),
        **{field: reading.place(record.get(field)) for field in PLACES},
        "separation": reading.separation(record.get("last_seen_date")),
    }


def digests(value: Value, group: str, part: str, draws: int, *, filter_bits: int) -> list[bytes]:
    """The digests that a part draws by, fewer than `draws` where the rest is filled."""
    key = derived("refinement", "tokens")

    def digest(token: str, repeat: int) -> bytes:
        text = f"{group}\x1f{part}\x1f{token}\x1f{repeat}".encode()
        return hashlib.blake2b(text, digest_size=16, key=key).digest()

    tokens = sorted(dict.fromkeys(value.tokens[part]), key=lambda token: digest(token, 0))
    if filter_bits and tokens:
        tokens = tokens[:draws]
        return [digest(tokens[n % len(tokens)], n // len(tokens)) for n in range(draws)]
    return [digest(token, 0) for token in tokens[:draws]]


def cell(value: Value, field: str, group: str, kind: Kind, key: bytes, society: str) -> bytes:
    text = f"filling {society} {list(FIELDS).index(field)}".encode()
    filling = hashlib.blake2b(text, digest_size=16).digest()
    high = int.from_bytes(filling[8:], "little")
    made, drawn = bytes([value.plain]), 0
    for part in kind.parts:
        found = digests(value, group, part.name, part.draws, filter_bits=part.bits)
        words = []
        for number in range(part.draws):
            filled = filling[:8] + ((high + drawn) % WORD).to_bytes(8, "little")
            words.append(siphash(key, found[number] if number < len(found) else filled))
            drawn += 1
        if part.bits:
            bits = 0
            for word in words:
                bits |= 1 << word % part.bits
            made += bits.to_bytes(part.bits // 8, "little")
        else:
            made += b"".join((word % 2**16).to_bytes(2, "little") for word in words)
    return made


@pytest.mark.parametrize("vector", VECTORS["records"], ids=lambda vector: f"record {vector['id']}")
def test_plain_python_makes_the_cells(vector: dict[str, Any]) -> None:
    names = [bytes.fromhex(vector[name]) for name in ("candidate", "nonce")]
    values = values_of(vector["record"])
    for society, cells in vector["cells"].items():
        made = {
            field: cell(
                value, field, FIELDS[field][0], FIELDS[field][1],
                one_time_key(*names, FIELDS[field][0]), society,
            ).hex()
            for field, value in values.items()
            if value is not None
        }  # fmt: skip
        assert made == cells
