"""Evidence over entropy: what all distances say of who is who, over what there is to find out.

To put names to n fingerprints is to find one of n! orders, which takes log n! nats. Two hardened
fingerprints of m bits agree in half of them, give or take: 1 minus twice the share in which they
differ, their correlation, scatters with variance 1 / m where two people have nothing in common.
What it scatters beyond that, v, is what resemblance adds, and all that can be told of people from
distances. Such a pair tells at most log(1 + m v) / 2 nats, and so at most m v / 2 (Shannon, "A
mathematical theory of communication", Bell System Technical Journal 27, 1948, theorem 17): v is
taken about the mean, since whoever knows the mean learns nothing from it. All pairs and passes
added up, over log n!, bound the share of people who can be named by distances, whatever the
attack, whoever the attacker, as long as the keys are unknown. From 1 on nothing is barred.

`benchmarks.attacks.evidence` reckons the same from plaintext. Of 2,000 generated people the figure
here is 0.82 to 0.90 of that one under standard/2 and 0.70 to 0.85 under high/1 (four seeds), for
two reasons. Diffusion takes no bit twice into one of its own, which leaves a twentieth less. And
the filters before it are a little fuller and less alike than is reckoned there, since a token sets
no bit twice. With their true correlations in that place both figures agree within the error: that
filters are filled up, and that tokens fall on the same bits by chance, adds nothing that is seen.

The noise of m bits is that of independent bits which are set as often as these: of frequencies
(1 + b) / 2, the sum over bits of 1 - b⁴, over m². It is 1 / m for hardened fingerprints, and says
for others, for which there is no bound, how far they are from it. Steps that copy bits, as
balancing does, make the figure too high and never too low.

The error is the jackknife's. It is never too small on average (Efron and Stein, "The jackknife
estimate of variance", Annals of Statistics 9(3), 1981), and of what fewer bits scatter it counts
twice, which is known and taken off. By chance alone the figure of n records scatters by about
0.5 / (log n - 1) at n, and N / n times as much where it is stated for N: for an error of 0.1 at a
million records 390,000 have to be there, all pairs of which are looked at.

Who stands twice among the records is taken for two people who resemble each other wholly, and
tells m / 2 nats in every pass: of 100,000 records one pair in each 1,000 would add 0.1 a pass.
"""

from dataclasses import dataclass
from math import lgamma

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from matcher.exposure.bits import unpacked
from matcher.exposure.columns import Filters, products_of_bits
from matcher.exposure.degree import CONFIDENCE

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_NOISE = 0.5  # variance of what a pair of noise alone seems to tell, in nats squared


@dataclass(frozen=True)
class Evidence:
    """What all distances say, over what there is to find out: below 1 a bound, from 1 on none.

    Attributes:
        value: The estimate; less than 0 is 0, missed by chance.
        low: Lower end of its interval of 95 %.
        high: Upper end.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Told:
    """What pairs of records tell of who is who, in nats.

    Attributes:
        pairs: How many pairs were compared, over all passes.
        nats: What they tell, added up.
        by_row: For each record of a sample what its pairs tell, added up, shape (k,).
    """

    pairs: int
    nats: float
    by_row: Floats

    def __add__(self, other: "Told") -> "Told":
        """Put two passes together, of which the same records are the sample."""
        return Told(self.pairs + other.pairs, self.nats + other.nats, self.by_row + other.by_row)


def told_by(filters: Filters, rows: Rows, *, threads: int) -> Told:
    """Add up what all pairs of fingerprints of one pass tell; exactly, whatever the threads.

    Args:
        filters: Shape (n, words), uint64, n at least 2.
        rows: Shape (k,): the records to tell of each what its pairs tell.
        threads: How many threads to use.
    """
    size, bits = len(filters), 64 * filters.shape[1]
    pairs = size * (size - 1) // 2
    signs = 1.0 - 2.0 * unpacked(filters[rows])
    products, of_rows, sums = 0.0, np.zeros(len(rows)), np.empty(bits)
    for first, own_sums, stripe in products_of_bits(filters, threads=threads):
        last = first + len(own_sums)
        sums[first:last] = own_sums
        products += 2 * float(np.square(stripe).sum())
        # Whole numbers below 2^53: no order of additions makes another sum of them.
        of_rows += 2 * ((signs[:, :last] @ stripe) * signs[:, first:last]).sum(axis=1)
    # Of a bit with itself and of a record with itself the products are 1, and tell nothing.
    squares = products + bits * size**2 - size * bits**2
    mean = (float(np.square(sums).sum()) - size * bits) / (2 * pairs)
    noise = float((1 - (sums / size) ** 4).sum())
    if noise == 0:  # all fingerprints are the same, and tell nobody from anybody
        return Told(pairs, 0.0, np.zeros(len(rows)))
    scatter = squares / 2 - pairs * mean**2
    own = of_rows + bits * size - bits**2
    own += (size - 1) * mean**2 - 2 * mean * (signs @ sums - bits)
    return Told(pairs, (scatter / noise - pairs) / 2, (own / noise - (size - 1)) / 2)


def evidence(told: Told, size: int, at_sizes: tuple[int, ...]) -> tuple[Evidence, ...]:
    """Put what pairs tell over what there is to find out, for any number of such records.

    Args:
        told: What all pairs of some records tell.
        size: How many records there are, at least 2, whether all have a fingerprint or not.
        at_sizes: Numbers of records, at least 2, of which as large a share has each pass.

    Returns:
        The figure at each of them.
    """
    pairs = size * (size - 1) / 2
    each, of_each_row = told.nats / pairs, told.by_row / (size - 1)
    by_chance = _NOISE * told.pairs / pairs**2
    left_out = 4 * (size - 1) / max(1, size - 2) ** 2 * float(np.square(of_each_row - each).mean())
    beside = float(ndtri((1 + CONFIDENCE) / 2)) * max(left_out - by_chance, by_chance) ** 0.5
    times = tuple(wanted * (wanted - 1) / 2 / lgamma(wanted + 1) for wanted in at_sizes)
    return tuple(
        Evidence(value=each * by, low=(each - beside) * by, high=(each + beside) * by)
        for by in times
    )
