"""SHAKE-256 for many short texts at once: the permutation of eight sponges side by side.

The permutation is Keccak-f[1600] of FIPS 202, section 3, written in LLVM's own vectors of eight
64-bit lanes, one for each sponge. Python's `hashlib` is the specification of what comes out.
"""

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

SPONGES = 8
STATE_WORDS = 25
RATE_BYTES = 136
"""Bytes that SHAKE-256 takes in, or gives out, for each permutation."""

_ROUNDS = 24
_WORD = ir.IntType(64)
_VECTOR = ir.VectorType(_WORD, SPONGES)


def _round_constants() -> list[int]:
    """FIPS 202, section 3.2.5: each from seven bits of a linear feedback shift register."""
    constants, register = [], 1
    for _ in range(_ROUNDS):
        constant = 0
        for bit in range(7):
            constant |= (register & 1) << ((1 << bit) - 1)
            register = register << 1 ^ (register >> 7) * 0x171
        constants.append(constant)
    return constants


def _rotations() -> list[int]:
    """FIPS 202, section 3.2.2: how far each word is rotated."""
    rotations = [0] * STATE_WORDS
    x, y = 1, 0
    for t in range(24):
        rotations[x + 5 * y] = (t + 1) * (t + 2) // 2 % 64
        x, y = y, (2 * x + 3 * y) % 5
    return rotations


def _splat(number: int) -> Any:
    return ir.Constant(_VECTOR, [number] * SPONGES)


def _emit_permute(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    words = builder.bitcast(array.data, _VECTOR.as_pointer())
    places = [builder.gep(words, [_WORD(place)]) for place in range(STATE_WORDS)]
    shift = builder.module.declare_intrinsic(
        f"llvm.fshl.v{SPONGES}i64", fnty=ir.FunctionType(_VECTOR, [_VECTOR] * 3)
    )

    def rotated(word: Any, by: int) -> Any:
        return builder.call(shift, [word, word, _splat(by)]) if by else word

    state = [builder.load(place, align=8) for place in places]
    constants = ir.GlobalVariable(
        builder.module,
        ir.ArrayType(_WORD, _ROUNDS),
        builder.module.get_unique_name("keccak_round_constants"),
    )
    constants.initializer = ir.Constant(constants.type.pointee, _round_constants())
    constants.global_constant = True
    constants.linkage = "internal"

    before, loop, after = (
        builder.block,
        builder.append_basic_block("round"),
        builder.append_basic_block("permuted"),
    )
    builder.branch(loop)
    builder.position_at_end(loop)
    number = builder.phi(_WORD)
    words_in = [builder.phi(_VECTOR) for _ in range(STATE_WORDS)]
    words_out = _emit_round(builder, rotated, words_in)
    constant = builder.load(builder.gep(constants, [_WORD(0), number]))
    nothing = ir.Constant(_VECTOR, ir.Undefined)
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), SPONGES), [0] * SPONGES)
    everywhere = builder.shuffle_vector(
        builder.insert_element(nothing, constant, ir.IntType(32)(0)), nothing, zeros
    )
    words_out[0] = builder.xor(words_out[0], everywhere)
    following = builder.add(number, _WORD(1))
    for phi, first, update in (
        (number, _WORD(0), following),
        *zip(words_in, state, words_out, strict=True),
    ):
        phi.add_incoming(first, before)
        phi.add_incoming(update, loop)
    builder.cbranch(builder.icmp_unsigned("<", following, _WORD(_ROUNDS)), loop, after)
    builder.position_at_end(after)
    for place, word in zip(places, words_out, strict=True):
        builder.store(word, place, align=8)
    return context.get_dummy_value()


def _emit_round(builder: Any, rotated: Callable[[Any, int], Any], state: list[Any]) -> list[Any]:
    """Theta, rho, pi and chi (FIPS 202, sections 3.2.1 to 3.2.4); word x + 5 y is lane (x, y)."""
    columns = []
    for x in range(5):
        column = state[x]
        for y in range(1, 5):
            column = builder.xor(column, state[x + 5 * y])
        columns.append(column)
    mixed = [builder.xor(columns[x - 1], rotated(columns[(x + 1) % 5], 1)) for x in range(5)]
    moved: list[Any] = [None] * STATE_WORDS
    for place, by in enumerate(_rotations()):
        x, y = place % 5, place // 5
        moved[y + 5 * ((2 * x + 3 * y) % 5)] = rotated(builder.xor(state[place], mixed[x]), by)
    return [
        builder.xor(
            moved[x + row],
            builder.and_(builder.not_(moved[(x + 1) % 5 + row]), moved[(x + 2) % 5 + row]),
        )
        for row in range(0, STATE_WORDS, 5)
        for x in range(5)
    ]


def _permute(_context: Any, state: Any) -> Any:
    """Permute eight sponges.

    Args:
        state: Shape (25, 8), uint64, C-contiguous: word i of each sponge; changed in place.
    """
    return types.none(state), _emit_permute


permute = cast("Callable[[Any], None]", intrinsic(_permute))
