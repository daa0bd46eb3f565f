"""A vector of 16 numbers as a type of numba: one for each of 16 windows that are computed together.

Numba turns loops into vector instructions where it can prove that this is safe; here that is stated instead. Arrays are
one-dimensional float32; places are counted in numbers, not in bytes. numba notices a change of the module of a compiled
function only: after a change here delete the ``__pycache__`` folder of `detect`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

LANES = 16
_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_UNROLLED = 4


class LanesType(types.Type):
    """The type of a vector of `LANES` float32."""

    def __init__(self) -> None:
        super().__init__(name=f"Lanes{LANES}")


lanes = LanesType()


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)


def _pointer(context: Any, builder: Any, kind: Any, array: Any, place: Any) -> Any:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [place])


def _load(builder: Any, pointer: Any) -> Any:
    value = builder.load(builder.bitcast(pointer, _VECTOR.as_pointer()))
    value.align = 4
    return value


def _store(builder: Any, value: Any, pointer: Any) -> None:
    builder.store(value, builder.bitcast(pointer, _VECTOR.as_pointer())).align = 4


def _splat(builder: Any, number: Any) -> Any:
    nothing = ir.Constant(_VECTOR, ir.Undefined)
    first = builder.insert_element(nothing, number, ir.IntType(32)(0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(ir.IntType(32), LANES), None))


def _multiply_add(builder: Any, values: list[Any]) -> Any:
    kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{LANES}f32"), values)


@intrinsic
def load(typing: Any, array: Any, place: Any) -> Any:
    """Return the numbers from `place` on."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return _load(builder, _pointer(context, builder, signature.args[0], *given))

    return lanes(array, types.intp), generate


@intrinsic
def store(typing: Any, array: Any, place: Any, value: Any) -> Any:
    """Write a vector to `place` and what follows it."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        _store(builder, given[2], _pointer(context, builder, signature.args[0], given[0], given[1]))
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes), generate


@intrinsic
def splat(typing: Any, number: Any) -> Any:
    """Return a vector of one number."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return _splat(builder, given[0])

    return lanes(types.float32), generate


@intrinsic
def multiply_add(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """Return ``a * b + c``, rounded once."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return _multiply_add(builder, given)

    return lanes(lanes, lanes, lanes), generate


def _pairwise(operate: Callable[[Any, Any, Any], Any]) -> Any:
    @intrinsic
    def pairwise(typing: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            return operate(builder, *given)

        return lanes(lanes, lanes), generate

    return pairwise


plus = _pairwise(lambda builder, a, b: builder.fadd(a, b))
minus = _pairwise(lambda builder, a, b: builder.fsub(a, b))
times = _pairwise(lambda builder, a, b: builder.fmul(a, b))
larger = _pairwise(lambda builder, a, b: builder.select(builder.fcmp_ordered(">", a, b), a, b))
smaller = _pairwise(lambda builder, a, b: builder.select(builder.fcmp_ordered("<", a, b), a, b))


class _Block:
    """Code that adds products of weights and vectors to sums in registers, for some places and outputs at a time."""

    def __init__(self, builder: Any, x: list[Any], stride: Any, weights: Any, n_outputs: int) -> None:
        self._builder, self._x, self._stride, self._weights = builder, x, stride, weights
        self._sums = [[cgutils.alloca_once(builder, _VECTOR) for _ in x] for _ in range(n_outputs)]

    def begin(self, y: list[list[Any]], add: Any) -> None:
        builder = self._builder
        with builder.if_else(add) as (then, otherwise):
            with then:
                self._each(lambda total, at: builder.store(_load(builder, at), total), y)
            with otherwise:
                self._each(lambda total, at: builder.store(ir.Constant(_VECTOR, None), total), y)

    def step(self, channel: Any) -> None:
        builder, word = self._builder, channel.type
        offset = builder.mul(channel, self._stride)
        values = [_load(builder, builder.gep(at, [offset])) for at in self._x]
        first = builder.mul(channel, word(len(self._sums)))
        for o, totals in enumerate(self._sums):
            weight = builder.load(builder.gep(self._weights, [builder.add(first, word(o))]))
            for value, total in zip(values, totals, strict=True):
                product = [_splat(builder, weight), value, builder.load(total)]
                builder.store(_multiply_add(builder, product), total)

    def end(self, y: list[list[Any]]) -> None:
        self._each(lambda total, at: _store(self._builder, self._builder.load(total), at), y)

    def _each(self, work: Callable[[Any, Any], None], y: list[list[Any]]) -> None:
        for totals, places in zip(self._sums, y, strict=True):
            for total, at in zip(totals, places, strict=True):
                work(total, at)


def _products(n_places: int, n_outputs: int) -> Any:
    """Make the inner loop of all layers.

    It computes ``y[place, output] = sum over channels of weights[channel, output] * x[channel, place]`` and takes

    x, places, stride
        Array, where the vectors of the first channel lie, and how far it is from channel to channel.
    weights, first, n_channels
        Array, where the weights begin, and how many channels there are.
    y, to, place_stride, output_stride
        Array, where the first sum goes, and how far it is from place to place and from output to output.
    add : bool
        Add to what `y` holds.
    """
    n = types.intp
    kinds = (types.UniTuple(n, n_places), n), (n, n), (n, n, n, types.boolean)

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        x, places, stride, weights, first, count, y, to, place_stride, output_stride, add = given
        word = count.type

        def pointer(argument: int, array: Any, place: Any) -> Any:
            return _pointer(context, builder, signature.args[argument], array, place)

        def target(place: int, output: int) -> Any:
            far = builder.add(builder.mul(place_stride, word(place)), builder.mul(output_stride, word(output)))
            return pointer(6, y, builder.add(to, far))

        vectors = [pointer(0, x, place) for place in cgutils.unpack_tuple(builder, places, n_places)]
        targets = [[target(p, o) for p in range(n_places)] for o in range(n_outputs)]
        block = _Block(builder, vectors, stride, pointer(3, weights, first), n_outputs)
        block.begin(targets, add)
        rounds = builder.sdiv(count, word(_UNROLLED))
        with cgutils.for_range(builder, rounds) as loop:
            for k in range(_UNROLLED):
                block.step(builder.add(builder.mul(loop.index, word(_UNROLLED)), word(k)))
        rest = builder.mul(rounds, word(_UNROLLED))
        with cgutils.for_range_slice(builder, rest, count, word(1), word) as (channel, _):
            block.step(channel)
        block.end(targets)
        return context.get_dummy_value()

    @intrinsic
    def products(
        typing: Any,
        x: Any,
        places: Any,
        stride: Any,
        weights: Any,
        first: Any,
        n_channels: Any,
        y: Any,
        to: Any,
        place_stride: Any,
        output_stride: Any,
        add: Any,
    ) -> Any:
        return types.void(x, *kinds[0], weights, *kinds[1], y, *kinds[2]), generate

    return products


products_4_by_4 = _products(4, 4)
products_1_by_16 = _products(1, 16)
