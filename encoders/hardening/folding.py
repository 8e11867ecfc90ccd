"""XOR-folding: the halves of a filter are laid on each other.

Output bit j is input bit j XOR input bit j + m/2, of m (Schnell and Borgs, "XOR-folding for
hardening Bloom filter-based encryptions for privacy-preserving record linkage", German Record
Linkage Center working paper WP-GRLC-2016-03). Two folded filters differ in no more bits than the
two before; two common bits in the same place of either half vanish. It has no key.
"""

from encoders.bits import Filters


def fold(filters: Filters) -> Filters:
    """Fold filters once.

    Args:
        filters: Shape (n, words), uint64, an even number of words.

    Returns:
        Array of shape (n, words / 2), dtype uint64.
    """
    half = filters.shape[1] // 2
    folded: Filters = filters[:, :half] ^ filters[:, half:]
    return folded
