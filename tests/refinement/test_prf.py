"""One-time keys and the keyed function: as their sources define them, and nothing in common."""

import numpy as np
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from encoders.refining.prf import KEY_BYTES, candidate_keys, siphash

SECRET = bytes(range(32))


def words(content: bytes) -> np.ndarray:
    return np.frombuffer(content, "<u8").astype(np.uint64)


def test_siphash_is_siphash_2_4() -> None:
    """The value for key and message 00 01 … 0f of the authors' reference code."""
    key = message = words(bytes(range(16)))
    assert int(siphash(*key, *message)).to_bytes(8, "little").hex() == "db9bc2577fcc2a3f"


def test_keys_are_hkdf_of_candidate_and_nonce() -> None:
    rng = np.random.default_rng(1)
    identifiers, nonces = (rng.integers(0, 256, (5, 16), dtype=np.uint8) for _ in range(2))
    keys = candidate_keys(SECRET, identifiers, nonces, 6)
    assert keys.shape == (5, 6, 2)
    for row in range(5):
        info = b"kinmatch refinement 1" + identifiers[row].tobytes() + nonces[row].tobytes()
        expected = HKDFExpand(SHA256(), 6 * KEY_BYTES, info).derive(SECRET)
        assert keys[row].astype("<u8").tobytes() == expected


def test_another_candidate_nonce_or_secret_has_other_keys() -> None:
    one, other = (np.full((1, 16), value, np.uint8) for value in (1, 2))
    made = [
        candidate_keys(SECRET, one, one, 6),
        candidate_keys(SECRET, other, one, 6),
        candidate_keys(SECRET, one, other, 6),
        candidate_keys(bytes(32), one, one, 6),
    ]
    assert len({int(word) for keys in made for word in keys.ravel()}) == 4 * 12
