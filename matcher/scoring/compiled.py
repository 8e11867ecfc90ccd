"""How every kernel is compiled: numba's flags, stated once."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
T = TypeVar("T")


def compiled(function: Callable[P, T]) -> Callable[P, T]:
    """Compile a kernel for this machine's processor, once: later processes load it from disk.

    It releases the GIL, so that threads run it side by side. Arithmetic keeps IEEE 754's rules
    (no fastmath: a threshold that is hit exactly depends on them), and division by zero follows
    numpy's rule instead of raising.
    """
    return cast(
        "Callable[P, T]",
        numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy")(function),
    )


def inlined(function: Callable[P, T]) -> Callable[P, T]:
    """Compile a part of kernels, put in its place in each of them: no call, no arguments."""
    return cast(
        "Callable[P, T]",
        numba.njit(nogil=True, fastmath=False, error_model="numpy", forceinline=True)(function),
    )
