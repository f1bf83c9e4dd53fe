"""Whether a layer can run on any overlay at all: asked by ``dynamap check`` and by every planning.

The numbers are those of ``cost.overlay.limits``. What depends on the device, its buffers and its memory is the
planner's to find out (it names the layer that does not fit); what depends on values is made to fit by the quantiser.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynamap.cost.errors import InputError
from dynamap.cost.geometry import TensorShape, Window, ceil_div
from dynamap.cost.overlay import limits
from dynamap.cost.overlay.averaging import classes_of, divisors, table_bytes
from dynamap.cost.overlay.machine import BEAT_BYTES, UNIT_BYTES, round_up
from dynamap.planner.network.network import (
    Activation,
    ActivationKind,
    Add,
    Concat,
    Conv,
    HostLayer,
    Layer,
    Lrn,
    Network,
    Pool,
    PoolKind,
    Resize,
    activation_of,
)

SMALLER_IMAGE = "use a smaller input image, or stride earlier in the model"


@dataclass(frozen=True)
class Obstacle:
    """Why a layer cannot run, and what a user can do about it."""

    reason: str
    remedy: str


def require_runnable(network: Network, layers: Iterable[Layer]) -> None:
    """Ask the limits of ``layers``, those of the network that cost something, and of the network as a whole.

    Raises:
        InputError: naming the first layer that no overlay can run, with reason and remedy.
    """
    for layer in layers:
        inputs = [network.tensors[name] for name in layer.inputs]
        for obstacle in obstacles(layer, inputs, network.tensors[layer.output]):
            raise InputError(f"layer {layer.name!r}: {obstacle.reason}; {obstacle.remedy}")
    for obstacle in network_obstacles(network):
        raise InputError(f"network {network.name!r}: {obstacle.reason}; {obstacle.remedy}")


def require_finite(network: Network) -> None:
    """Ask for the values of weights and attributes, which planning does not read.

    Raises:
        InputError: naming the first layer whose values are none to compute with, with reason and remedy.
    """
    for layer in network.layers:
        for obstacle in value_obstacles(layer):
            raise InputError(f"layer {layer.name!r}: {obstacle.reason}; {obstacle.remedy}")


def network_obstacles(network: Network) -> Iterator[Obstacle]:
    """What a program of the whole network could not hold."""
    for what, count, most in (
        ("layers", len(network.layers), limits.MOST_LAYERS),
        ("tensors", len(network.tensors), limits.MOST_LAYERS),
        ("bytes of names", _name_bytes(network), limits.MOST_NAME_BYTES),
    ):
        if count > most:
            yield Obstacle(f"it has {count} {what}, more than the {most} of a program", "split the model")


def obstacles(layer: Layer, inputs: Sequence[TensorShape], output: TensorShape) -> Iterator[Obstacle]:
    """What no overlay can do of a layer with these tensors; nothing for the host's layers."""
    if isinstance(layer, HostLayer):
        return
    for shape in dict.fromkeys((*inputs, output)):
        yield from _of_tensor(shape)
    if isinstance(layer, (Conv, Pool)):
        yield from _of_window(layer.window)
    if isinstance(layer, Conv):
        yield from _of_conv(layer, inputs[0])
    elif isinstance(layer, Pool):
        yield from _of_pool(layer, inputs[0], output)
    elif isinstance(layer, (Add, Concat)):
        yield from _of_sources(layer)
    elif isinstance(layer, Lrn):
        yield from _of_neighbours(layer)
    elif isinstance(layer, Resize):
        yield from _of_resize(layer)
    yield from _of_slopes(layer, output)


def value_obstacles(layer: Layer) -> Iterator[Obstacle]:
    """Weights and attributes that are no numbers to compute with."""
    again = "train or export the model again"
    if isinstance(layer, Conv):
        for what, values in (("weights", layer.weights), ("bias", layer.bias)):
            if not all_finite(values):
                yield Obstacle(f"its {what} contain NaN or infinite values", again)
        known = layer.weight_quantisation
        if known is not None and not all(0 < scale < math.inf for scale in known.scales):
            yield Obstacle("a scale of its weights is not a positive finite number", again)
    activation = activation_of(layer)
    if activation is not None and not all(map(math.isfinite, _numbers(activation))):
        yield Obstacle(f"the parameters of its activation {activation.kind.value} are not finite", again)
    if isinstance(layer, Lrn):
        yield from _of_lrn(layer)


def all_finite(values: npt.NDArray[np.float32]) -> bool:
    """True where every element is finite; one pass in the usual case."""
    with np.errstate(all="ignore"):
        total = float(values.sum(dtype=np.float32)) if values.size else 0.0
    return math.isfinite(total) or bool(np.isfinite(values).all())


def _numbers(activation: Activation) -> tuple[float, ...]:
    return (activation.alpha, activation.beta, *activation.slopes)


def _name_bytes(network: Network) -> int:
    names = (*(layer.name for layer in network.layers), *network.tensors)
    return sum(len(name.encode()) for name in names)


def _text(shape: TensorShape) -> str:
    return f"{shape.channels} x {shape.height} x {shape.width}"


def _of_tensor(shape: TensorShape) -> Iterator[Obstacle]:
    if max(shape.as_list()) > limits.LARGEST_SIDE:
        yield Obstacle(
            f"a tensor of {_text(shape)} channels, rows and columns has more than {limits.LARGEST_SIDE} of one",
            SMALLER_IMAGE if shape.channels <= limits.LARGEST_SIDE else "split the layer by channels",
        )
    plane = 4 * UNIT_BYTES * ceil_div(shape.width, 4) * shape.height
    row = round_up(shape.width * shape.channels, BEAT_BYTES)
    if max(plane, row) > limits.LARGEST_PITCH:
        what = f"a row of {row}" if row > plane else f"16 channels of {plane}"
        yield Obstacle(
            f"a tensor of {_text(shape)} channels, rows and columns has {what} bytes, more than {limits.LARGEST_PITCH}",
            SMALLER_IMAGE,
        )


def _of_window(window: Window) -> Iterator[Obstacle]:
    for what, sizes in (
        ("kernel", window.kernel),
        ("stride", window.stride),
        ("dilation", window.dilation),
        ("pads", window.pads),
    ):
        if max(sizes) > limits.LARGEST_STEP:
            found = " x ".join(map(str, sizes))
            yield Obstacle(
                f"its {what} is {found}, more than {limits.LARGEST_STEP} in one direction",
                "split it into two layers, the first with a smaller window",
            )


def _of_conv(layer: Conv, source: TensorShape) -> Iterator[Obstacle]:
    depthwise = layer.groups == source.channels == layer.weights.shape[0] and layer.groups > 1
    if depthwise and layer.output_order is None:
        yield from _of_channels("a depthwise convolution", source, limits.PARAMETER_CHANNELS)


def _of_channels(what: str, shape: TensorShape, most: int) -> Iterator[Obstacle]:
    if shape.channels > most:
        yield Obstacle(
            f"it is {what} of {shape.channels} channels; the overlay has room for {most}",
            f"split it into layers of at most {most} channels",
        )


def _of_pool(layer: Pool, source: TensorShape, output: TensorShape) -> Iterator[Obstacle]:
    window = layer.window
    inside = divisors(window, source, output, False)
    if min(map(min, inside)) == 0:
        yield Obstacle("some of its windows lie wholly in the padding", "use pads smaller than the kernel")
    if layer.kind is PoolKind.MAX:
        return
    if window.kernel[0] * window.kernel[1] > limits.MOST_AVERAGED:
        yield Obstacle(
            f"it averages {window.kernel[0]} x {window.kernel[1]} values; the overlay sums at most "
            f"{limits.MOST_AVERAGED} at a time",
            "pool in two steps",
        )
    rows, columns = divisors(window, source, output, layer.count_include_pad)
    size = table_bytes(rows, columns)
    if max(classes_of(rows), classes_of(columns)) > limits.MOST_CLASSES or size > limits.VALUE_BYTES:
        yield Obstacle(
            f"its windows at the borders have {classes_of(rows)} x {classes_of(columns)} different numbers of values, "
            f"whose divisors take {size} bytes; the overlay has room for {limits.VALUE_BYTES}",
            "set count_include_pad to 1, or use smaller pads",
        )


def _of_sources(layer: Add | Concat) -> Iterator[Obstacle]:
    if len(layer.inputs) > limits.MOST_SOURCES:
        what = "adds" if isinstance(layer, Add) else "joins"
        yield Obstacle(
            f"it {what} {len(layer.inputs)} tensors; the overlay takes at most {limits.MOST_SOURCES} at a time",
            f"use several layers of at most {limits.MOST_SOURCES} inputs",
        )


def _of_resize(layer: Resize) -> Iterator[Obstacle]:
    if max(layer.rows, layer.columns) > limits.LARGEST_SIDE:
        yield Obstacle(f"it enlarges by {layer.rows} x {layer.columns}", SMALLER_IMAGE)


def _of_slopes(layer: Layer, output: TensorShape) -> Iterator[Obstacle]:
    activation = activation_of(layer)
    if activation is None or activation.kind is not ActivationKind.PRELU:
        return
    if len(activation.slopes) != output.channels:
        yield Obstacle(
            f"its PRelu has {len(activation.slopes)} slopes for {output.channels} channels", "export the model again"
        )
    if not isinstance(layer, Conv) and output.channels > limits.MOST_SLOPES:
        yield Obstacle(
            f"its PRelu has {output.channels} slopes; the overlay has room for {limits.MOST_SLOPES}",
            "put the PRelu behind a convolution, or use one slope for all channels",
        )


def _of_neighbours(layer: Lrn) -> Iterator[Obstacle]:
    if layer.size > limits.MOST_NORMALISED:
        yield Obstacle(
            f"it normalises over {layer.size} channels; the overlay does so over {limits.MOST_NORMALISED} at most",
            "normalise over fewer channels",
        )


def _of_lrn(layer: Lrn) -> Iterator[Obstacle]:
    numbers = (layer.alpha, layer.beta, layer.bias)
    positive = min(layer.alpha, layer.bias) >= 0 and max(layer.alpha, layer.bias) > 0
    if not (all(map(math.isfinite, numbers)) and positive and layer.size > 0):
        yield Obstacle(
            "(bias + alpha / size * sum)^-beta is not a positive number for every sum of squares (size "
            f"{layer.size}, alpha {layer.alpha:g}, beta {layer.beta:g}, bias {layer.bias:g})",
            "correct these attributes",
        )
