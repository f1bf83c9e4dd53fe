"""What the program of a plan takes of the device's memory, asked before the plan is handed out.

The program (docs/program.md) is built later, from the weights; its size follows from the plan alone, but for tables of
equal content, which it stores once. So this is what it takes at most: the image, then the activations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dynamap.cost.algorithms import Algorithm
from dynamap.cost.convolution import ConvShape
from dynamap.cost.errors import InfeasibleError
from dynamap.cost.geometry import TensorShape, Window, ceil_div
from dynamap.cost.overlay import gemm, limits
from dynamap.cost.overlay.blocks import stored_values, weight_bytes
from dynamap.cost.overlay.machine import BEAT_BYTES, UNIT_BYTES, round_up
from dynamap.cost.overlay.transfer import Format
from dynamap.planner.mapping.memory import blocks_of, check_fits, place
from dynamap.planner.mapping.storage import Storages, sliced
from dynamap.planner.network.network import Conv, Layer, Network
from dynamap.planner.network.work import work_of
from dynamap.planner.plan.layers import Mode, OnArray, OnVectorUnit, PlannedLayer


@dataclass(frozen=True)
class Footprint:
    """Commands of a layer, and bytes of its weights and tables."""

    commands: int
    data: int


def require_memory(
    network: Network, storages: Storages, planned: Sequence[PlannedLayer], device: str, available: int
) -> None:
    """Ask whether the program of these planned layers fits ``available`` bytes of memory.

    Raises:
        InfeasibleError: it does not, or it has too many commands; the message says what takes most.
    """
    made = [
        layer_footprint(layer, network, choice)
        for layer, choice in zip(network.layers, planned, strict=True)
        if isinstance(choice, (OnArray, OnVectorUnit))
    ]
    commands = sum(one.commands for one in made)
    if commands > limits.MOST_COMMANDS:
        raise InfeasibleError(
            f"the program needs {commands} commands, and holds {limits.MOST_COMMANDS}: use a larger device, whose "
            "buffers cut the layers into fewer passes"
        )
    sizes = tensor_sizes(network, storages, planned)
    image = round_up(image_bytes(network, made, sizes), limits.ACTIVATION_ALIGNMENT)
    blocks = blocks_of(network, storages, sizes)
    check_fits(blocks, place(blocks), image, available, device)


def image_bytes(network: Network, made: Iterable[Footprint], tensors: Iterable[str]) -> int:
    """Bytes of the program's image at most: its records, the names of layers and stored tensors, weights and tables."""
    made, tensors = list(made), list(tensors)
    names = sum(len(name.encode()) for name in (*(layer.name for layer in network.layers), *tensors))
    words = limits.HEADER_WORDS + sum(one.commands for one in made) * limits.COMMAND_WORDS
    words += len(network.layers) * limits.LAYER_WORDS + len(tensors) * limits.TENSOR_WORDS
    return words * limits.WORD_BYTES + names + 3 * BEAT_BYTES + sum(one.data for one in made)


def tensor_sizes(network: Network, storages: Storages, planned: Iterable[PlannedLayer]) -> dict[str, int]:
    """Bytes of every tensor that the overlay stores, in the formats of a plan."""
    choices = {layer.name: layer for layer in planned}
    formats: dict[int, Format] = {}
    windows: dict[str, tuple[Window, TensorShape]] = {}
    for layer in storages.executed:
        choice = choices[layer.name]
        assert isinstance(choice, (OnArray, OnVectorUnit))
        for name, chosen in ((layer.inputs[0], choice.input_format), (layer.output, choice.output_format)):
            assert isinstance(chosen, Format)
            formats[storages.vertex[name]] = chosen
        if choice.input_format is Format.TOEPLITZ:
            assert isinstance(layer, Conv)
            windows[layer.inputs[0]] = layer.window, network.tensors[layer.output]
    inside = {layer.output: Format.C16 for layer in network.layers if layer.name in storages.in_place}
    stored = inside | {name: formats[vertex] for name, vertex in storages.vertex.items()}
    return {name: tensor_bytes(network.tensors[name], chosen, windows.get(name)) for name, chosen in stored.items()}


def tensor_bytes(shape: TensorShape, chosen: Format, windows: tuple[Window, TensorShape] | None = None) -> int:
    """Bytes of a stored tensor; ``windows``: of toeplitz, and the output that they make.

    >>> tensor_bytes(TensorShape(20, 2, 3), Format.C16)  # 2 planes x 2 rows x 4 pixels x 16
    256
    """
    if chosen is Format.C16:
        return 4 * UNIT_BYTES * ceil_div(shape.width, 4) * shape.height * ceil_div(shape.channels, UNIT_BYTES)
    if chosen is Format.HWC:
        return round_up(shape.width * shape.channels, BEAT_BYTES) * shape.height
    assert windows is not None
    window, output = windows
    values = round_up(window.kernel[0] * window.kernel[1] * shape.channels, UNIT_BYTES)
    return round_up(output.width * values, BEAT_BYTES) * output.height


def layer_footprint(layer: Layer, network: Network, planned: OnArray | OnVectorUnit) -> Footprint:
    """Commands, weights and tables of one layer that the overlay runs."""
    work = work_of(layer, network)
    channels = network.tensors[layer.output].channels
    tables = limits.TABLE_BYTES + round_up(channels * limits.SLOPE_BYTES, BEAT_BYTES) + _source_bytes(len(layer.inputs))
    if isinstance(work, ConvShape):
        assert isinstance(layer, Conv) and isinstance(planned, OnArray)
        group, groups = work.split_groups(UNIT_BYTES, dense=layer.groups > 1 and not sliced(layer, network))
        passes, weights = _passes_and_weights(group, planned)
        return Footprint(groups * passes, groups * weights + tables)
    assert planned.blocking is not None
    passes = ceil_div(channels, planned.blocking.channels)
    taps = work.window.kernel[0] * work.window.kernel[1] if isinstance(layer, Conv) else 0
    depthwise = (taps + limits.PARAMETER_BYTES) * round_up(channels, UNIT_BYTES) if taps else 0
    padding = passes * BEAT_BYTES if taps else 0  # of each pass's run
    return Footprint(passes, depthwise + padding + tables + limits.VALUE_BYTES)


def _source_bytes(inputs: int) -> int:
    return round_up(inputs * limits.SOURCE_WORDS * limits.WORD_BYTES, BEAT_BYTES)


def _passes_and_weights(group: ConvShape, planned: OnArray) -> tuple[int, int]:
    """Passes of one group, and the bytes of their runs of weights, each stored once."""
    blocking = planned.blocking
    assert blocking is not None
    outputs, units = group.out_channels, ceil_div(group.input.channels, UNIT_BYTES)
    streamed = blocking.mode is Mode.STREAM_INPUTS
    parts, chunks = _parts(outputs, blocking.channels), _parts(units, units if streamed else blocking.units)
    runs = sum(
        _run_bytes(group, planned, chunk, part) * chunk_count * part_count
        for chunk, chunk_count in chunks.items()
        for part, part_count in parts.items()
    )
    bands = ceil_div(group.output.height, blocking.rows)
    return parts.total() if streamed else bands * chunks.total(), runs


def _parts(whole: int, each: int) -> Counter[int]:
    """How often each size occurs where ``whole`` is cut into parts of ``each``."""
    return Counter(min(each, whole - first) for first in range(0, whole, each))


def _run_bytes(group: ConvShape, planned: OnArray, units: int, channels: int) -> int:
    """Parameters and weights of so many output channels over so many channel units."""
    rows, columns = (np.array([size]) for size in group.window.kernel)
    some = np.array([units])
    if planned.input_format is Format.TOEPLITZ:
        taps = group.window.kernel[0] * group.window.kernel[1]
        k = gemm.toeplitz(np.array([round_up(taps * group.input.channels, UNIT_BYTES)]))
    elif planned.choice.winograd is not None:
        tile = planned.choice.winograd.outputs
        sizes = np.array([group.winograd_rounds(tile)]), np.array([group.winograd_positions(tile)])
        k = gemm.winograd(some, *sizes)
    elif planned.choice.algorithm is Algorithm.KN2ROW:
        k = gemm.kn2row(some, rows, columns)
    else:
        k = gemm.im2col(some, rows, columns, np.array([int(group.window.dilation[1] > 1)]))
    values = stored_values(planned.choice.dataflow, k)
    return int(weight_bytes(values, np.array([channels]), k.operand)[0])
