"""A2, known plaintext: some records are known, what do they tell of the others?

Ridge regression (Hoerl and Kennard, Technometrics 12, 1970) from fingerprint bits to tokens is
learnt from records whose plaintext and fingerprint are both known, as a society's own staff, or
anyone who has himself registered under several names, could. It predicts the tokens of every
other fingerprint, and the candidate with the nearest tokens by cosine is its answer.
"""

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

from benchmarks.attacks.fingerprints import Signs
from benchmarks.attacks.outcome import Outcome

_RIDGE = 0.002  # share of the mean squared length of a fingerprint; from 0.05 on it finds fewer
_BLOCK = 2048


def attack(
    signs: Signs, tokens: sparse.csr_matrix, known: int, *, seed: int, target: str
) -> Outcome:
    """Learn from known records and identify all others.

    Args:
        signs: Shape (n, bits): the fingerprints, as `as_signs` gives them; several passes of a
            record may stand side by side.
        tokens: Shape (n, tokens): the weighted tokens of the same records, who are the candidates.
        known: How many records are known; they are drawn, and are no candidates themselves.
        seed: Of that draw.
        target: What is attacked, for the outcome.

    Returns:
        The outcome; of candidates with equal tokens the first counts as the answer.
    """
    start = time.perf_counter()
    order = np.random.default_rng([seed, 2]).permutation(len(signs))
    learnt, others = order[:known], order[known:]
    model = _Ridge.learn(signs[learnt], tokens[learnt].toarray())
    candidates = tokens[others]
    lengths = _lengths_from(candidates, model.mean_tokens)
    right = 0
    for at in range(0, len(others), _BLOCK):
        block = np.arange(at, min(at + _BLOCK, len(others)))
        predicted = model.predict(signs[others[block]])
        nearness = (candidates @ predicted.T).T - (predicted @ model.mean_tokens)[:, None]
        right += int(((nearness / lengths).argmax(axis=1) == block).sum())
    return Outcome(
        attack="A2",
        variant=f"{known} known records",
        target=target,
        records=len(signs),
        known=known,
        tried=len(others),
        right=right,
        seed=seed,
        seconds=time.perf_counter() - start,
    )


@dataclass(frozen=True, repr=False)
class _Ridge:
    """A regression from centred bits to centred tokens, in its dual form (records, not bits)."""

    signs: Signs
    mean_signs: Signs
    mean_tokens: Signs
    duals: Signs

    @classmethod
    def learn(cls, signs: Signs, tokens: Signs) -> "_Ridge":
        mean_signs, mean_tokens = signs.mean(axis=0), tokens.mean(axis=0)
        centred = signs - mean_signs
        kernel = centred @ centred.T
        kernel[np.diag_indices_from(kernel)] += _RIDGE * np.trace(kernel) / len(kernel)
        duals = linalg.solve(kernel, tokens - mean_tokens, assume_a="pos")
        return cls(centred, mean_signs, mean_tokens, duals)

    def predict(self, signs: Signs) -> Signs:
        """Predict by how much each token is likelier than its mean: shape (n, tokens)."""
        predicted = (signs - self.mean_signs) @ self.signs.T @ self.duals
        return np.asarray(predicted, dtype=np.float32)


def _lengths_from(tokens: sparse.csr_matrix, mean: Signs) -> npt.NDArray[np.float32]:
    squares = np.asarray(tokens.multiply(tokens).sum(axis=1)).ravel()
    centred = squares - 2 * (tokens @ mean) + mean @ mean
    return np.asarray(np.sqrt(np.maximum(centred, 1e-12)), dtype=np.float32)
