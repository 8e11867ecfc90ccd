"""Windowed XOR: a window slides over the filter and is XORed with the window one bit on.

For s = 0, 1 … m - w - 1 in turn, bits s to s + w - 1 are replaced, all at once, by themselves XOR
bits s + 1 to s + w, so that each window works on what those before it left (Ranbaduge and Schnell,
"Securing Bloom filters for privacy-preserving record linkage", CIKM 2020, pages 2185 to 2188; the
windows in place, as in the software of Franke, Sehili, Rohde and Rahm, "Evaluation of hardening
techniques for privacy-preserving record linkage", EDBT 2021). That is linear, so it is done at
once. It has no key.
"""

from encoders.hardening.linear import XorSets


def window_sets(bits: int, window: int) -> XorSets:
    """Say which input bits make up every output bit.

    Args:
        bits: Length of the filter, m.
        window: Length of the window, w: 1 to m - 1.
    """
    made_of = [1] * bits  # bit i of number j: input bit j + i is part of it
    for start in range(bits - window):
        # In ascending order every bit still finds its right neighbour as it was.
        for bit in range(start, start + window):
            made_of[bit] ^= made_of[bit + 1] << 1
    return XorSets.of(
        [
            [bit + i for i in range(number.bit_length()) if number >> i & 1]
            for bit, number in enumerate(made_of)
        ]
    )
