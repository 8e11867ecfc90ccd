"""Filters for others' software: those that clkhash 0.18.3 makes, bit for bit, and anonlink's files.

They are unhardened. They give their records away to anyone who has similar records and a computer
(graph matching names all of them, see the figures in the documentation), and double hashing, which
many linkage schemas ask for, to anyone who can count. They are for linking with parties who have
nothing else, on data whose loss they can bear, and every call says so by an `UnhardenedWarning`. No
agreement can name them: nothing here goes into a batch. What agreements can name is `interop/1`, a
scheme of ours without hardening.
"""

import warnings

from matcher.formats.errors import UnhardenedWarning

__all__ = ["UNHARDENED", "UnhardenedWarning", "say_unhardened"]

UNHARDENED = (
    "These filters are unhardened: whoever holds them and records of similar people can find out "
    "who is in them. Use them only with parties who have nothing but clkhash."
)
"""What every use of the scheme says."""


def say_unhardened() -> None:
    """Warn whoever called the function that calls this one."""
    warnings.warn(UNHARDENED, UnhardenedWarning, stacklevel=3)
