"""How one layer is cut into passes and blocks on a given overlay (docs/overlay.md, sections 3, 6 and 7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.convolution import ConvShape
from dynamap.cost.geometry import ceil_div
from dynamap.cost.overlay import gemm
from dynamap.cost.overlay.machine import BEAT_BYTES, UNIT_BYTES, Overlay, round_up
from dynamap.cost.overlay.options import STREAM_INPUTS
from dynamap.cost.overlay.timing import PARAMETER_BYTES
from dynamap.planner.plan import Blocking

MODES = ("stream_inputs", "stream_weights")


@dataclass(frozen=True)
class Choice:
    """A convolution's decisions; ``tile``: of Winograd (0 without); ``tiles``: column tiles per block."""

    algorithm: Algorithm
    tile: int
    toeplitz: bool
    dataflow: Dataflow
    mode: int
    rows: int
    tiles: int


def contraction_of(overlay: Overlay, shape: ConvShape, choice: Choice, units: int) -> gemm.Contraction:
    """The contraction of one group's convolution with ``units`` channel units, as arrays of one element."""
    machine = overlay.machine
    u = np.array([units], np.int64)
    k1, k2 = shape.window.kernel
    if choice.algorithm is Algorithm.WINOGRAD:
        rounds, positions = shape.winograd_rounds, shape.winograd_positions(choice.tile)
        return gemm.winograd(machine, u, np.array([rounds]), np.array([positions]))
    if choice.algorithm is Algorithm.KN2ROW:
        return gemm.kn2row(machine, u, np.array([k1 * k2]))
    if choice.toeplitz:
        return gemm.toeplitz(machine, np.array([round_up(k1 * k2 * shape.input.channels, UNIT_BYTES)]))
    dilated = np.array([shape.window.dilation[1] > 1])
    return gemm.im2col(machine, u, np.array([k1]), np.array([k2]), dilated)


def _sums(shape: ConvShape, choice: Choice) -> int:
    """a' of a block: sums per output channel in the accumulator buffer."""
    if choice.algorithm is not Algorithm.WINOGRAD:
        return choice.rows * shape.output.width
    rows, columns = shape.winograd_step(choice.tile)
    tiles = ceil_div(choice.rows, rows) * ceil_div(shape.output.width, columns)
    return tiles * shape.winograd_positions(choice.tile)


def blocking_of(overlay: Overlay, shape: ConvShape, choice: Choice) -> Blocking:
    """Output channels per pass or block and channel units per contraction pass, as large as the buffers allow.

    ``shape`` is one group as a dense convolution (``ConvShape.split_groups``).
    """
    buffers = overlay.buffers
    units = ceil_div(shape.input.channels, UNIT_BYTES)
    k = contraction_of(overlay, shape, choice, units)
    streaming = choice.dataflow is Dataflow.NS
    values = int((k.streaming_values if streaming else k.stationary_values)[0])
    operand = int(k.operand[0])
    wide = int(gemm.columns_in_products(overlay.machine, np.array([overlay.columns]), k.operand)[0])
    out_channels = shape.out_channels
    if choice.mode == STREAM_INPUTS:
        sums = _sums(shape, choice)
        by_weights = buffers.weight_bytes // BEAT_BYTES * BEAT_BYTES // (PARAMETER_BYTES + values * operand)
        if choice.dataflow is Dataflow.IS:
            by_sums = buffers.accumulator_rows // ceil_div(sums, wide)
        else:
            by_sums = buffers.accumulator_rows // sums * wide
        by_output = buffers.output_bytes // 2 // (choice.rows * shape.output.width)
        most = min(by_weights, by_sums, by_output) // UNIT_BYTES * UNIT_BYTES
        if round_up(out_channels, UNIT_BYTES) <= most:
            channels = out_channels
        else:
            channels = round_up(ceil_div(out_channels, ceil_div(out_channels, most)), UNIT_BYTES)
        return Blocking(MODES[choice.mode], choice.rows, channels, units)
    tile = max(UNIT_BYTES, min(choice.tiles, out_channels) * wide // UNIT_BYTES * UNIT_BYTES)
    channels = min(tile, out_channels)
    half = buffers.weight_bytes // 2 // BEAT_BYTES * BEAT_BYTES
    fits = round_up(channels * (PARAMETER_BYTES + values * operand), BEAT_BYTES) <= half
    per_unit = int(k.streaming_values[0]) * operand // units
    most_units = (half // channels - PARAMETER_BYTES) // per_unit - (0 if streaming else 1)
    if streaming:
        fits &= int(k.values[0]) * operand <= buffers.row_bytes
        most_units = min(most_units, buffers.row_bytes // (int(k.values[0]) // units * operand))
    planes = units if fits else ceil_div(units, ceil_div(units, most_units))
    return Blocking(MODES[choice.mode], choice.rows, channels, planes)
