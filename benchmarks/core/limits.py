"""What the processor can do at most: the same arithmetic with nothing around it.

The probe ANDs words in registers with words in the first-level cache, counts their bits and adds
the counts up, four vectors of accumulators wide, as C with vector intrinsics would.
"""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from matcher.scoring.compiled import compiled

LANES = 32
WORDS = 16
UNROLLED = 4

_I64 = ir.IntType(64)
_VECTOR = ir.VectorType(_I64, LANES)


def arithmetic_probe(rounds: int) -> tuple[Callable[[], Any], int]:
    """Compare filters that stay in the first-level cache: what to call, and how many pairs."""
    words = np.random.default_rng(0).integers(0, 2**63, (WORDS, LANES), dtype=np.uint64)
    return lambda: _probe(words, rounds), rounds * LANES


def memory_probe(size: int) -> tuple[Callable[[], Any], int]:
    """Copy memory that no cache holds: what to call, and how many bytes are read and written."""
    source, target = np.ones(size // 16, dtype=np.uint64), np.zeros(size // 16, dtype=np.uint64)
    return lambda: np.copyto(target, source), source.nbytes + target.nbytes


def _emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    words, rounds = arguments
    array = context.make_array(signature.args[0])(context, builder, words)
    data = builder.bitcast(array.data, _VECTOR.as_pointer())
    zeros = ir.Constant(_VECTOR, [0] * LANES)
    before = builder.block
    loop, after = builder.append_basic_block("round"), builder.append_basic_block("after")
    builder.branch(loop)
    builder.position_at_end(loop)
    turn, key, counts = builder.phi(_I64), builder.phi(_VECTOR), builder.phi(_VECTOR)
    popcount = builder.module.declare_intrinsic(
        f"llvm.ctpop.v{LANES}i64", fnty=ir.FunctionType(_VECTOR, [_VECTOR])
    )
    total = counts
    for word in range(WORDS):
        both = builder.and_(key, builder.load(builder.gep(data, [_I64(word)]), align=8))
        total = builder.add(total, builder.call(popcount, [both]))
    # Another key each round, or the compiler would count only once.
    other = builder.xor(key, total)
    following = builder.add(turn, _I64(1))
    for value, start, update in (
        (turn, _I64(0), following),
        (key, ir.Constant(_VECTOR, [2**62 + 12345] * LANES), other),
        (counts, zeros, total),
    ):
        value.add_incoming(start, before)
        value.add_incoming(update, loop)
    builder.cbranch(builder.icmp_signed("<", following, rounds), loop, after)
    builder.position_at_end(after)
    return builder.extract_element(total, ir.IntType(32)(0))


def _run_probe(_context: Any, words: Any, rounds: Any) -> Any:
    return types.int64(words, rounds), _emit


_rounds_of = cast("Callable[[NDArray[np.uint64], int], int]", intrinsic(_run_probe))


@compiled
def _probe(words: NDArray[np.uint64], rounds: int) -> int:
    return _rounds_of(words, rounds)
