"""The reference executor: a quantised network layer by layer, as plainly as docs/arithmetic.md says it.

Convolutions are direct. What an executor of the overlay program computes must equal this to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from dynamap.backends.arithmetic import integers as arithmetic
from dynamap.backends.arithmetic.integers import Int8Array, Int32Array, Int64Array
from dynamap.backends.arithmetic.interleave import enlarged
from dynamap.backends.quantise.calibrating.float_executor import last_uses, reorder
from dynamap.backends.quantise.convolution import convolve_integers, reduce_windows
from dynamap.backends.quantise.layers import (
    ActivateArithmetic,
    AddArithmetic,
    AveragePoolArithmetic,
    ConcatArithmetic,
    ConvArithmetic,
    Finish,
    LayerArithmetic,
    LrnArithmetic,
    MaxPoolArithmetic,
    MulArithmetic,
    QuantisedNetwork,
    Rescale,
    ResizeArithmetic,
    SliceArithmetic,
    SlopeArithmetic,
)
from dynamap.cost.geometry import TensorShape
from dynamap.planner.network.network import Activate, Add, Concat, Conv, HostLayer, Layer, Lrn, Mul, Pool, Resize, Slice


def execute(quantised: QuantisedNetwork, inputs: Mapping[str, Int8Array], *, keep: bool = True) -> dict[str, Int8Array]:
    """All stored tensors by name, C x H x W; without ``keep`` only those that outputs or the host need.

    ``inputs`` are int8, C x H x W, by input name.
    """
    network = quantised.network
    needed = {*network.outputs}
    needed.update(name for layer in network.layers if isinstance(layer, HostLayer) for name in layer.inputs)
    results = dict(inputs) if keep else {name: inputs[name] for name in inputs if name in needed}
    for name, values in run_layers(quantised, inputs):
        if keep or name in needed:
            results[name] = values
    return results


def run_layers(quantised: QuantisedNetwork, inputs: Mapping[str, Int8Array]) -> Iterator[tuple[str, Int8Array]]:
    """Name and values of each layer's output, in order; a tensor is forgotten after its last reader."""
    network = quantised.network
    last_use = last_uses(network)
    live = dict(inputs)
    for index, layer in enumerate(network.layers):
        if isinstance(layer, HostLayer):
            continue
        sources = [live[name] for name in layer.inputs]
        values = compute(layer, quantised.layers[layer.name], sources, network.tensors[layer.output])
        live[layer.output] = values
        yield layer.output, values
        for name in {*layer.inputs, layer.output}:
            if last_use.get(name, -1) <= index:
                del live[name]


def compute(layer: Layer, integers: LayerArithmetic, inputs: list[Int8Array], shape: TensorShape) -> Int8Array:
    """One layer: int8 inputs C x H x W to its int8 output of ``shape``."""
    return _HANDLERS[type(layer)](layer, integers, inputs, shape)


def finish(products: Int64Array, shifts: int | Int32Array | Int64Array, how: Finish) -> Int8Array:
    """Bend, shift and round a product, add the zero point, clamp, and look up.

    A bent shift above 62 is cut to 62: at 58 bits the product rounds to zero either way.
    """
    if how.leaky is not None:
        products = arithmetic.bend(products, how.leaky.positive, how.leaky.negatives)
        shifts = np.minimum(np.asarray(shifts) + how.leaky.shift, arithmetic.MAX_SHIFT)
    rounded = arithmetic.round_shift(products, shifts) + how.rounded.zero_point
    clamped = arithmetic.saturate(rounded, how.low, how.high)
    return clamped if how.table is None else arithmetic.look_up(clamped, how.table)


def rescale(values: Int8Array, how: Rescale | None) -> Int8Array:
    """An input brought to its layer's scale; None where it has that scale."""
    if how is None:
        return values
    centred = values.astype(np.int64) - how.input_zero_point
    return arithmetic.requantise(centred, how.multiplier, how.shift, how.zero_point)


def finish_sums(layer: Conv, integers: ConvArithmetic, sums: Int64Array) -> Int8Array:
    """From the exact sums of raw int8 data (zero point in the pads) to the output: what STORE does.

    ``sums`` are O x rows x columns of the convolution's own channels, without bias.
    """
    with_bias = sums + integers.folded_bias.reshape(-1, 1, 1)
    how = integers.finish
    values = arithmetic.requantise(
        with_bias,
        integers.multipliers,
        integers.shifts,
        how.rounded.zero_point,
        how.low,
        how.high,
        negative=integers.negative,
    )
    if how.table is not None:
        values = arithmetic.look_up(values, how.table)
    return reorder(layer, values)


def _conv(layer: Conv, integers: ConvArithmetic, inputs: list[Int8Array], shape: TensorShape) -> Int8Array:
    sums = convolve_integers(
        inputs[0],
        integers.weights_oihw,
        layer.window,
        layer.groups,
        shape.height,
        shape.width,
        integers.input_zero_point,
    )
    return finish_sums(layer, integers, sums)


def _pool(
    layer: Pool,
    integers: MaxPoolArithmetic | AveragePoolArithmetic,
    inputs: list[Int8Array],
    shape: TensorShape,
) -> Int8Array:
    size = (shape.height, shape.width)
    if isinstance(integers, MaxPoolArithmetic):
        largest = reduce_windows(inputs[0], layer.window, *size, arithmetic.LOWEST, np.maximum)
        how = integers.rescale
        if how is None:
            return finish(largest.astype(np.int64) - integers.finish.rounded.zero_point, 0, integers.finish)
        centred = largest.astype(np.int64) - how.input_zero_point
        return finish(centred * how.multiplier, how.shift, integers.finish)
    values = inputs[0].astype(np.int32) - integers.input_zero_point
    sums = reduce_windows(values, layer.window, *size, 0, np.add).astype(np.int64)
    divisors = np.outer(integers.row_counts, integers.column_counts)
    entry = np.searchsorted(np.array(integers.counts), divisors)
    products = sums * integers.multipliers.astype(np.int64)[entry]
    return finish(products, integers.shifts[entry], integers.finish)


def _add(layer: Add, integers: AddArithmetic, inputs: list[Int8Array], shape: TensorShape) -> Int8Array:
    total = arithmetic.scaled_sum(inputs, integers.input_zero_points, integers.multipliers)
    return finish(total, integers.shift, integers.finish)


def _mul(layer: Mul, integers: MulArithmetic, inputs: list[Int8Array], shape: TensorShape) -> Int8Array:
    product = arithmetic.centred_product(inputs[0], inputs[1], *integers.input_zero_points)
    return finish(product * integers.multiplier, integers.shift, integers.finish)


def _concat(layer: Concat, integers: ConcatArithmetic, inputs: list[Int8Array], shape: TensorShape) -> Int8Array:
    pairs = zip(inputs, integers.rescales, strict=True)
    return np.concatenate([rescale(values, how) for values, how in pairs])


def _slice(layer: Slice, integers: SliceArithmetic, inputs: list[Int8Array], shape: TensorShape) -> Int8Array:
    return inputs[0][layer.first : layer.first + shape.channels]


def _lrn(layer: Lrn, integers: LrnArithmetic, inputs: list[Int8Array], shape: TensorShape) -> Int8Array:
    centred = inputs[0].astype(np.int64) - integers.input_zero_point
    sums = arithmetic.window_sums(centred * centred, layer.size)
    factor, shifts = arithmetic.lrn_factor(sums, integers.table, integers.shifts)
    return finish(centred * factor, shifts, integers.finish)


def _resize(layer: Resize, integers: ResizeArithmetic, inputs: list[Int8Array], shape: TensorShape) -> Int8Array:
    values = rescale(inputs[0], integers.rescale)
    return enlarged(values, layer.rows, layer.columns, shape.channels, interleaved=layer.interleaved)


def _activate(
    layer: Activate,
    integers: ActivateArithmetic | SlopeArithmetic,
    inputs: list[Int8Array],
    shape: TensorShape,
) -> Int8Array:
    if isinstance(integers, SlopeArithmetic):
        centred = inputs[0].astype(np.int64) - integers.input_zero_point
        return finish(centred * integers.multiplier, integers.shift, integers.finish)
    return arithmetic.look_up(inputs[0], integers.table)


_HANDLERS: dict[type, Callable[..., Int8Array]] = {
    Conv: _conv,
    Pool: _pool,
    Add: _add,
    Mul: _mul,
    Concat: _concat,
    Slice: _slice,
    Lrn: _lrn,
    Resize: _resize,
    Activate: _activate,
}
