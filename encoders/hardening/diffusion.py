"""Linear diffusion: output bit j is the XOR of t input bits.

Armknecht, Heng and Schnell, "Strengthening privacy-preserving record linkage using diffusion",
PoPETs 2023(2), section 4. Two filters at Hamming fraction d become two at about
(1 - (1 - 2d)^t) / 2, so that all that is not close looks random.
"""

import numpy as np
import numpy.typing as npt

from encoders.hardening.drawing import permutation

IndexSets = npt.NDArray[np.uint16]


def diffusion_sets(key: bytes, bits: int, t: int, output_bits: int) -> IndexSets:
    """Draw the input bits of every output bit.

    The sets are dealt from a pool of all `bits` input bits in a keyed random order; an empty pool
    is filled and shuffled anew. So every input bit is used equally often, give or take one. A set
    that spans a refill takes no input bit twice: it leaves the repeat for the next set.

    Args:
        key: The pass's diffusion key.
        bits: Length of the filter before diffusion, at most 65,536.
        t: Input bits of one output bit, at most `bits`.
        output_bits: Length of the filter after diffusion.

    Returns:
        Array of shape (output_bits, t), dtype uint16.
    """
    sets = np.empty((output_bits, t), dtype=np.uint16)
    pool: list[int] = []
    refills = 0
    row = 0
    while row < output_bits:
        # A pool holds no bit twice, so sets that it has enough for are dealt from it at once.
        whole = min(len(pool) // t, output_bits - row)
        kept = len(pool) - whole * t
        sets[row : row + whole] = np.array(pool[kept:][::-1]).reshape(whole, t)
        del pool[kept:]
        row += whole
        if row == output_bits:
            break
        taken: list[int] = []
        left: list[int] = []
        while len(taken) < t:
            if not pool:
                pool = permutation(key, refills, bits)
                refills += 1
            drawn = pool.pop()
            (left if drawn in taken else taken).append(drawn)
        pool.extend(left)
        sets[row] = taken
        row += 1
    return sets
