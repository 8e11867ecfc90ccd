"""`python -m benchmarks.names.learning PERSONS OUT` learns the model of sounds.

The model (see `encoders.names.sounds`) is learned from the clusters of `persons.txt` that are not
held out. Both stages see batches of pairs, two spellings of one name, and ask each spelling to
find its partner among all partners of the batch: the softmax over their similarities, as in
van den Oord, Li and Vinyals, "Representation learning with contrastive predictive coding" (2018),
section 2.3. In the first stage the similarity is the cosine of the spellings' vectors, in the
second the overlap of their strongest units, each unit counting softly near the least one chosen.

Seeds are fixed, so that the same numpy on the same machine learns the same model; another may
round differently. A published model is a file, and is never learned again.
"""

import random
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from benchmarks.names.clusters import read_clusters, script_of
from encoders.names.pieces import pieces
from encoders.names.sounds import ngrams
from matcher.formats.files import written_whole

DIMENSIONS, UNITS, STRONGEST = 64, 2048, 48
EPOCHS = {"vectors": 5, "units": 1}
RATE = {"vectors": 0.02, "units": 0.0005}
BATCH = {"vectors": 2048, "units": 1024}
SEED = 1

_COSINE_TEMPERATURE = 0.06
_OVERLAP_TEMPERATURE = 0.05
_SOFTNESS = 0.025  # of the choice of units, in cosines
_FALSE_NEGATIVE = -30.0

# How many n-grams have a vector, the most frequent ones of each script; others share the rest.
_FEATURES = {
    "Latin": 7000, "Cyrillic": 2200, "Arabic": 2200, "Hebrew": 1300, "Greek": 1000,
    "Georgian": 800, "Armenian": 700, "Devanagari": 700, "Bengali": 700, "Thai": 400,
    "Hangul": 1500, "Han": 1300, "Kana": 900,
}  # fmt: skip
_FEATURES_ELSE = 100
# How often a cluster's spelling in a script is paired with a Latin one in an epoch.
_PAIRS = {
    "Armenian": 8, "Devanagari": 8, "Thai": 5, "Georgian": 4, "Greek": 3, "Hebrew": 2.5,
    "Arabic": 2, "Hangul": 1.5, "Han": 0.25, "Kana": 0.3,
}  # fmt: skip
_SHARE_BESIDE = 0.5  # of the clusters where two Latin, or two other spellings are paired as well
_ALPHABETS_NOT = {"Latin", "Han", "Kana"}

Floats = npt.NDArray[np.float32]
Names = list[dict[str, list[int]]]


def main(persons: Path, out: Path) -> None:
    """Learn a model and write it."""
    numbers: dict[str, int] = {}
    names: Names = []
    for cluster in read_clusters(persons):
        if not cluster.held_out:
            names.append(
                {
                    script: [numbers.setdefault(spelling, len(numbers)) for spelling in spellings]
                    for script, spellings in cluster.spellings.items()
                }
            )
    grams = [set[str]().union(*map(ngrams, pieces(spelling))) for spelling in numbers]
    features = _choose_features(grams)
    spelled = _matrix(grams, features)
    print(f"{len(names):,} names, {len(numbers):,} spellings, {len(features):,} n-grams")  # noqa: T201
    learner = _Learner(spelled, np.random.default_rng(SEED))
    rng = random.Random(SEED)  # noqa: S311 - draws training pairs, no secret
    for stage in EPOCHS:
        learner.learn(stage, names, rng)
    _write(out, list(features), learner.vectors, learner.units)


def _choose_features(grams: list[set[str]]) -> dict[str, int]:
    counts = Counter(gram for of_spelling in grams for gram in of_spelling)
    room = dict(_FEATURES)
    chosen = []
    for gram, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        script = script_of(gram)
        room[script] = room.get(script, _FEATURES_ELSE) - 1
        if room[script] >= 0:
            chosen.append(gram)
    return {gram: row for row, gram in enumerate(sorted(chosen))}


def _matrix(grams: list[set[str]], features: dict[str, int]) -> csr_array:
    rows = [sorted(features[g] for g in of_spelling if g in features) for of_spelling in grams]
    offsets = np.r_[0, np.cumsum([len(row) for row in rows])]
    columns = np.concatenate(rows).astype(np.int64)
    return csr_array(
        (np.ones(len(columns), dtype=np.float32), columns, offsets),
        shape=(len(grams), len(features)),
    )


def _pairs(names: Names, rng: random.Random) -> npt.NDArray[np.int64]:
    """Draw pairs of spellings of one name, in random order."""
    pairs = []
    for by_script in names:
        latin = by_script.get("Latin", [])
        if len(latin) > 1 and rng.random() < _SHARE_BESIDE:
            pairs.append(tuple(rng.sample(latin, 2)))
        for script, spellings in by_script.items():
            often = _PAIRS.get(script, 1) if latin and script != "Latin" else 0
            times = int(often) + (rng.random() < often % 1)
            pairs.extend((rng.choice(spellings), rng.choice(latin)) for _ in range(times))
        others = sorted(by_script.keys() - _ALPHABETS_NOT)
        if len(others) > 1 and rng.random() < _SHARE_BESIDE:
            one, other = rng.sample(others, 2)
            pairs.append((rng.choice(by_script[one]), rng.choice(by_script[other])))
    rng.shuffle(pairs)
    return np.array(pairs)


class _Learner:
    """The model while it is learned, and the gradients of both stages."""

    def __init__(self, spelled: csr_array, rng: np.random.Generator) -> None:
        self._spelled = spelled
        rarity = np.log(spelled.shape[0] / np.maximum(np.asarray(spelled.sum(axis=0)), 1))
        shape = (spelled.shape[1], DIMENSIONS)
        self.vectors: Floats = (rng.standard_normal(shape) * rarity[:, None] / 20).astype("f4")
        units = rng.standard_normal((DIMENSIONS, UNITS))
        self.units: Floats = (units / np.linalg.norm(units, axis=0)).astype("f4")

    def learn(self, stage: str, names: Names, rng: random.Random) -> None:
        step = self._cosine_step if stage == "vectors" else self._overlap_step
        learned = [self.vectors] if stage == "vectors" else [self.vectors, self.units]
        adam = _Adam(learned, RATE[stage])
        size = BATCH[stage]
        for epoch in range(EPOCHS[stage]):
            pairs = _pairs(names, rng)
            batches = len(pairs) // size
            loss = 0.0
            for batch in range(batches):
                one_loss, gradients = step(pairs[batch * size : (batch + 1) * size])
                loss += one_loss
                adam.step(gradients, done=(epoch + batch / batches) / EPOCHS[stage])
                self.units /= np.linalg.norm(self.units, axis=0)
            print(f"{stage}, epoch {epoch + 1}: loss {loss / batches:.4f}", flush=True)  # noqa: T201

    def _cosine_step(self, pairs: npt.NDArray[np.int64]) -> tuple[float, list[Floats]]:
        sides = [self._directions(pairs[:, side]) for side in (0, 1)]
        left, right = sides[0][0], sides[1][0]
        loss, error = _softmax_error(left @ right.T / _COSINE_TEMPERATURE, pairs)
        error /= _COSINE_TEMPERATURE
        by_side = [error @ right, error.T @ left]
        return loss, [self._to_vectors(sides, by_side)]

    def _overlap_step(self, pairs: npt.NDArray[np.int64]) -> tuple[float, list[Floats]]:
        sides = [self._directions(pairs[:, side]) for side in (0, 1)]
        chosen = [_softly_chosen(directions @ self.units) for directions, _, _ in sides]
        scale = np.float32(1 / (STRONGEST * _OVERLAP_TEMPERATURE))
        loss, error = _softmax_error(chosen[0] @ chosen[1].T * scale, pairs)
        error *= scale
        by_choice = (error @ chosen[1], error.T @ chosen[0])
        answers = [
            change * one * (1 - one) / np.float32(_SOFTNESS)
            for change, one in zip(by_choice, chosen, strict=True)
        ]
        of_units = sum(side[0].T @ answer for side, answer in zip(sides, answers, strict=True))
        by_side = [answer @ self.units.T for answer in answers]
        return loss, [self._to_vectors(sides, by_side), np.asarray(of_units)]

    def _directions(self, rows: npt.NDArray[np.int64]) -> tuple[Floats, Floats, csr_array]:
        spelled = self._spelled[rows]
        sums = spelled @ self.vectors
        lengths = np.linalg.norm(sums, axis=1, keepdims=True) + np.float32(1e-6)
        return sums / lengths, lengths, spelled

    def _to_vectors(
        self,
        sides: list[tuple[Floats, Floats, csr_array]],
        changes: Sequence[npt.NDArray[np.floating]],
    ) -> Floats:
        """Carry the gradients of directions back to the vectors."""
        gradient = np.zeros_like(self.vectors)
        for (directions, lengths, spelled), change in zip(sides, changes, strict=True):
            along = (change * directions).sum(axis=1, keepdims=True)
            gradient += spelled.T @ ((change - directions * along) / lengths)
        return gradient


def _softly_chosen(answers: Floats) -> Floats:
    """How far each unit is among the strongest: one half at the least that is chosen."""
    at = UNITS - STRONGEST
    least = np.partition(answers, (at - 1, at), axis=1)[:, at - 1 : at + 1].mean(axis=1)
    chosen: Floats = 1 / (1 + np.exp(np.clip((least[:, None] - answers) / _SOFTNESS, -40, 40)))
    return chosen.astype("f4")


def _softmax_error(likeness: Floats, pairs: npt.NDArray[np.int64]) -> tuple[float, Floats]:
    """Give the mean loss of finding partners, both ways, and its slope by each likeness."""
    left, right = pairs.T
    same = (left[:, None] == left) | (right[:, None] == right)
    np.fill_diagonal(same, val=False)
    likeness[same] = _FALSE_NEGATIVE
    by_row = np.exp(likeness - likeness.max(axis=1, keepdims=True))
    by_row /= by_row.sum(axis=1, keepdims=True)
    by_column = np.exp(likeness - likeness.max(axis=0))
    by_column /= by_column.sum(axis=0)
    loss = -float(np.log(by_row.diagonal() + 1e-9).mean())
    error = (by_row + by_column) / 2
    error[np.diag_indices_from(error)] -= 1
    return loss, error / np.float32(len(pairs))


class _Adam:
    """Adam (Kingma and Ba, ICLR 2015, algorithm 1), with a rate that falls to nothing."""

    def __init__(self, learned: list[Floats], rate: float) -> None:
        self._learned = learned
        self._rate = rate
        self._means = [np.zeros_like(one) for one in learned]
        self._squares = [np.zeros_like(one) for one in learned]
        self._steps = 0

    def step(self, gradients: list[Floats], done: float) -> None:
        self._steps += 1
        rate = self._rate * (1 - done)
        for number, gradient in enumerate(gradients):
            self._means[number] += (gradient - self._means[number]) * 0.1
            self._squares[number] += (gradient**2 - self._squares[number]) * 0.01
            mean = self._means[number] / (1 - 0.9**self._steps)
            square = self._squares[number] / (1 - 0.99**self._steps)
            self._learned[number] -= rate * mean / (np.sqrt(square) + 1e-6)


def _write(out: Path, features: list[str], vectors: Floats, units: Floats) -> None:
    arrays = {
        "features": np.frombuffer("\n".join(features).encode(), dtype=np.uint8),
        "vectors": _small_integers(vectors),
        "units": _small_integers(units / np.linalg.norm(units, axis=0)),
        "most": np.array(STRONGEST),
    }
    with written_whole(out) as aside, aside.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type] # its stub takes no mapping


def _small_integers(numbers: Floats) -> npt.NDArray[np.int8]:
    # The few largest are cut off: they would cost all others their precision.
    scale = 127 / np.quantile(np.abs(numbers), 0.9999)
    rounded: npt.NDArray[np.int8] = np.clip(np.round(numbers * scale), -127, 127).astype(np.int8)
    return rounded


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
