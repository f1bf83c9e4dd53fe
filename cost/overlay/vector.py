"""Cycles and bytes of the vector unit's layers (docs/overlay.md, section 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import numpy.typing as npt

from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.additions import added_banks, addition_taps, tensor_distance
from dynamap.cost.overlay.averaging import divisors, multiplier_bytes
from dynamap.cost.overlay.fitting.memory.banks import vector_lanes
from dynamap.cost.overlay.gemm import odd_pitch
from dynamap.cost.overlay.limits import NORMALISED_OCTAVES, PARAMETER_BYTES
from dynamap.cost.overlay.machine import (
    BEAT_BYTES,
    NORMALISING,
    PIPELINE,
    PIXEL_LANDING,
    TABLE_CYCLES,
    UNIT_BYTES,
    WALK_SET_UP,
    Buffers,
    Machine,
    VectorBuffers,
)
from dynamap.cost.overlay.options import STRIP_COUNTS
from dynamap.cost.overlay.pipeline import Arrival, Block, Pass
from dynamap.cost.overlay.pooling import slots_of_chunk
from dynamap.cost.overlay.transfer import (
    Format,
    Ints,
    Runs,
    c16_rows,
    ceil_ratio,
    hwc_rows,
    load_cycles,
    plane_bytes,
    round_to,
    store_cycles,
    transfer_cycles,
)

POINT = Window((1, 1))

MORE_THAN_ANY = 1 << 60
"""Bytes that no buffer has."""


class VectorOp(Enum):
    """What the vector unit computes."""

    MAX_POOL = "maxpool"
    AVERAGE_POOL = "avgpool"
    DEPTHWISE = "depthwise_conv"
    ADD = "add"
    MUL = "mul"
    SCALE = "scale"  # multiplication by a C x 1 x 1 tensor, resident
    LRN = "lrn"
    ACTIVATION = "activation"
    CONCAT = "concat"
    RESIZE = "resize"


LRN_STEPS, LRN_STEP_BYTES = 32, 8
LRN_ENTRIES = NORMALISED_OCTAVES * LRN_STEPS
"""Steps of its table, each loaded in a slot of its own before the first block."""

POOLING = (VectorOp.MAX_POOL, VectorOp.AVERAGE_POOL)


@dataclass(frozen=True)
class VectorShape:
    """One vector layer: the tensors it streams, what it makes, its window, LRN's size or resize's factor.

    ``own_slopes``: an activation at its end has slopes that differ by the channel. ``counts_pads``: pads count as zeros
    in an average. ``looks_up``: results go through a table. ``bends``: what is below zero meets a
    multiplier of its own.
    """

    op: VectorOp
    inputs: tuple[TensorShape, ...]
    output: TensorShape
    window: Window = POINT
    size: int = 1
    own_slopes: bool = False
    counts_pads: bool = False
    looks_up: bool = False
    bends: bool = False

    @property
    def joins(self) -> bool:
        """Whether the last two tensors of an addition come in one slot."""
        return self.op is VectorOp.ADD and not self.bends

    @property
    def divides(self) -> bool:
        """Whether it makes each channel of that channel alone, of one tensor, and has no slopes of channels."""
        return self.op in (*POOLING, VectorOp.DEPTHWISE) and not self.own_slopes

    def divides_in(self, fmt_in: Format, fmt_out: Format) -> bool:
        """Whether it can be done in several passes over whole planes, which c16 has."""
        return self.divides and fmt_in is Format.C16 and fmt_out is Format.C16

    def takes_passes_over(self, channels: int, fmt_in: Format, fmt_out: Format) -> bool:
        """Whether it can be done in passes over so many channels: all, or whole planes where it can be divided."""
        whole = self.output.channels
        fewer = channels < whole and channels % UNIT_BYTES == 0
        return channels == whole or (fewer and self.divides_in(fmt_in, fmt_out))

    def of_channels(self, channels: int) -> VectorShape:
        """The same of ``channels`` of the channels: of all, or of one that divides."""
        if channels == self.output.channels:
            return self
        (tensor,) = self.inputs
        return replace(
            self, inputs=(replace(tensor, channels=channels),), output=replace(self.output, channels=channels)
        )

    @property
    def macs(self) -> int:
        taps = self.window.kernel[0] * self.window.kernel[1]
        return self.output.elements * taps if self.op is VectorOp.DEPTHWISE else 0


def strip_rows(shape: VectorShape) -> Ints:
    """Rows per block that are tried, ascending."""
    height = shape.output.height
    return np.array(sorted({-(-height // count) for count in STRIP_COUNTS}), np.int64)


def _rows_in(shape: VectorShape, tensor: TensorShape, rows: Ints) -> Ints:
    if shape.op is VectorOp.RESIZE:
        return np.minimum(tensor.height, ceil_ratio(rows, shape.size) + 1)
    window = shape.window
    return np.minimum(tensor.height, (rows - 1) * window.stride[0] + window.extent[0])


def _runs(fmt: Format, tensor: TensorShape, rows: Ints) -> Runs:
    channels, height, width = (np.full_like(rows, x) for x in (tensor.channels, tensor.height, tensor.width))
    return c16_rows(channels, height, width, rows) if fmt is Format.C16 else hwc_rows(channels, width, rows)


def _units(tensor: TensorShape) -> int:
    return -(-tensor.channels // UNIT_BYTES)


def _place(machine: Machine, fmt: Format, tensor: TensorShape, rows: Ints) -> Ints:
    units = _units(tensor)
    if fmt is Format.C16:
        return rows * units * -(-tensor.width // machine.word_units)
    return rows * tensor.width * -(-units // machine.word_units) + PIXEL_LANDING


def _compute(machine: Machine, shape: VectorShape, strips: Ints, rows: Ints) -> Ints:
    """Of blocks of ``rows`` rows, of a layer that is worked off in blocks of ``strips``."""
    out = shape.output
    chunks = -(-UNIT_BYTES * _units(out) // machine.lanes)
    walk = _walk(machine, shape)
    if shape.op in POOLING:
        return chunks * (walk.loads + slots_of_chunk(shape.window, out, strips, rows, by_taps=shape.own_slopes))
    return chunks * (walk.loads + rows * (out.width * walk.taps))


@dataclass(frozen=True)
class _Walk:
    """Slots: in which a chunk of channels loads, and ``taps`` of an output position."""

    loads: int
    taps: int


def _walk(machine: Machine, shape: VectorShape) -> _Walk:
    op, taps = shape.op, 1
    loads = UNIT_BYTES if has_parameters(shape) else 1
    if op is VectorOp.SCALE:
        loads = max(loads, machine.lanes // UNIT_BYTES)
    if op is VectorOp.ADD:
        taps = addition_taps(len(shape.inputs), bends=shape.bends)
    if op is VectorOp.MUL:
        taps = len(shape.inputs)
    if op is VectorOp.DEPTHWISE:
        taps = shape.window.kernel[0] * shape.window.kernel[1]
    if op is VectorOp.CONCAT and any(tensor.channels % UNIT_BYTES for tensor in shape.inputs[:-1]):
        taps = 2 * len(shape.inputs)  # an input begins inside a unit
    return _Walk(loads, taps)


def has_parameters(shape: VectorShape) -> bool:
    """Whether what the lanes finish with is a channel's own."""
    return shape.own_slopes or shape.op in (VectorOp.DEPTHWISE, VectorOp.CONCAT)


def _padded(size: int) -> int:
    return -(-size // BEAT_BYTES) * BEAT_BYTES


def _resident_bytes(shape: VectorShape, fmt: Format) -> int:
    """Bytes of the program that the prologue reads: depthwise weights and parameters, or the C x 1 x 1 factor."""
    units = _units(shape.output)
    if shape.op is VectorOp.DEPTHWISE:
        k1, k2 = shape.window.kernel
        return _padded(UNIT_BYTES * units * (k1 * k2 + PARAMETER_BYTES))
    if shape.op is VectorOp.SCALE:
        factor = TensorShape(shape.output.channels, 1, 1)
        return int(_runs(fmt, factor, np.ones(1, np.int64)).total[0])
    return 0


def _table_bytes(shape: VectorShape) -> int:
    """Bytes of a table that the prologue reads and that no program has.

    Parameters of channels, multipliers of positions, steps of an LRN.
    """
    if shape.op is VectorOp.LRN:
        return _padded(LRN_STEP_BYTES * LRN_ENTRIES)
    own = has_parameters(shape) and shape.op is not VectorOp.DEPTHWISE
    parameters = _padded(UNIT_BYTES * _units(shape.output) * PARAMETER_BYTES) if own else 0
    if shape.op is not VectorOp.AVERAGE_POOL:
        return parameters
    rows, columns = divisors(shape.window, shape.inputs[0], shape.output, shape.counts_pads)
    return parameters + multiplier_bytes(rows, columns)


@dataclass(frozen=True)
class OwnBytes:
    """Bytes of the vector unit's buffers, as ``VectorBuffers`` has them, one element per way to cut a layer."""

    inputs: Ints
    outputs: Ints
    resident: Ints

    def within(self, there: VectorBuffers | None) -> npt.NDArray[np.bool_]:
        """Which fit what there is."""
        if there is None:
            return np.ones(len(self.inputs), bool)
        fits: npt.NDArray[np.bool_] = self.inputs <= there.inputs
        return fits & (self.outputs <= there.outputs) & (self.resident <= there.resident)

    def at(self, index: int) -> VectorBuffers:
        """Those of one way."""
        return VectorBuffers(int(self.inputs[index]), int(self.outputs[index]), int(self.resident[index]))


def _bytes_together(machine: Machine, shape: VectorShape, tensors: Sequence[Ints], lanes: int) -> Ints:
    """Of a block's inputs, of so many units, one behind the other; those that ``lanes`` lanes add a distance apart."""
    *before, last = tensors
    if shape.joins:
        planes, banks = lanes // UNIT_BYTES, added_banks(machine.lanes, machine.word_units)
        before = [tensor_distance(units, planes, banks) for units in before]
    return UNIT_BYTES * sum(before, last)


def _own_inputs(machine: Machine, shape: VectorShape, fmt: Format, heights: Sequence[Ints]) -> Ints:
    """Bytes of a block's inputs: rows as memory has them, pixels at an odd pitch, a concatenation as one tensor."""
    units = [_units(tensor) for tensor in shape.inputs]
    if shape.op is VectorOp.CONCAT:
        units, heights = [sum(units)], heights[:1]
    tensors = []
    for tensor, height, inside in zip(shape.inputs, heights, units, strict=False):
        columns = tensor.width if fmt is Format.HWC else -(-tensor.width // 4) * 4
        tensors.append(height * (columns * (inside | 1)))
    return _bytes_together(machine, shape, tensors, vector_lanes(machine.lanes, machine.word_units))


@dataclass(frozen=True)
class VectorWork:
    """A pass over a layer's planes, one per element of ``strip_rows(shape)``, with what it needs and moves.

    ``held`` bytes must fit the input buffer, both halves of it; ``written`` half of the output buffer, ``resident`` the
    weight buffer: they are more than any has where the vector unit's own buffers are too small. ``own``: what it takes
    of these, as rows lie in them.
    """

    work: Pass
    held: Ints
    written: Ints
    resident: Ints
    bytes_read: Ints
    bytes_written: Ints
    own: OwnBytes

    def fits(self, buffers: Buffers) -> npt.NDArray[np.bool_]:
        fits = self.held <= buffers.input_buffer
        fits &= self.written <= buffers.output_buffer // 2
        fits &= self.resident <= buffers.weight_buffer
        return fits


def vector_work(machine: Machine, shape: VectorShape, fmt_in: Format, fmt_out: Format) -> VectorWork:
    """The layer in a single pass, for every element of ``strip_rows(shape)``, whatever the buffers."""
    rows = strip_rows(shape)
    blocks = ceil_ratio(np.full_like(rows, shape.output.height), rows)
    last_rows = shape.output.height - (blocks - 1) * rows
    out_channels = round_to(np.full_like(rows, shape.output.channels), UNIT_BYTES)
    parts: list[Block] = []
    loaded: list[Ints] = []
    written: list[Ints] = []
    held, own_inputs = np.zeros_like(rows), np.zeros_like(rows)
    for part_rows in (rows, last_rows):
        heights = [_rows_in(shape, tensor, part_rows) for tensor in shape.inputs]
        runs = [_runs(fmt_in, tensor, h) for tensor, h in zip(shape.inputs, heights, strict=True)]
        place = sum(
            (_place(machine, fmt_in, tensor, h) for tensor, h in zip(shape.inputs, heights, strict=True)),
            np.zeros_like(rows),
        )
        out = _runs(fmt_out, shape.output, part_rows)
        parts.append(
            Block(
                load_cycles(machine, place, fmt_in is Format.HWC, *runs),
                place,
                *(2 * (_compute(machine, shape, rows, part_rows),)),
                np.zeros_like(rows),
                store_cycles(machine, out, fmt_out is Format.HWC, shape.output.channels, shape.output.width, part_rows),
            )
        )
        loaded.append(sum((run.total for run in runs), np.zeros_like(rows)))
        written.append(out.total)
        if part_rows is rows:
            own_inputs = _own_inputs(machine, shape, fmt_in, heights)
            pitches = [int(odd_pitch(np.int64(_units(tensor)))) for tensor in shape.inputs]  # type: ignore[arg-type]
            tensors = [h * (t.width * pitch) for t, h, pitch in zip(shape.inputs, heights, pitches, strict=True)]
            held = _bytes_together(machine, shape, tensors, machine.lanes)
    resident = np.full_like(rows, _resident_bytes(shape, fmt_in))
    table = np.full_like(rows, _table_bytes(shape))
    prologue = transfer_cycles(machine, *(Runs((size > 0).astype(np.int64), size) for size in (resident, table)))
    block, last = parts
    work = Pass(
        blocks=blocks,
        prologue_transfer=prologue,
        prologue_place=np.zeros_like(rows),
        block=block,
        last=last,
        transform=np.zeros_like(rows),
        fill=np.full_like(rows, WALK_SET_UP),
        after=np.full_like(rows, PIPELINE + (NORMALISING if shape.op is VectorOp.LRN else 0)),
        read_latency=machine.read_latency,
        write_latency=machine.write_latency,
        packing=np.zeros_like(rows),
        direct=True,
        arrival=Arrival(prologue, parts[0].compute),
        inputs_stream=True,
        opening=np.full_like(rows, LRN_ENTRIES if shape.op is VectorOp.LRN else 0),
        before=np.full_like(rows, TABLE_CYCLES if shape.looks_up else 0),
    )
    halves = np.where(blocks == 1, 1, 2)
    own_outputs = plane_bytes(machine, fmt_out is Format.HWC, rows, shape.output.width) * _units(shape.output)
    own = OwnBytes(halves * own_inputs, 2 * round_to(own_outputs, machine.word_bytes), resident + table)
    return VectorWork(
        work=work,
        held=np.where(own.within(machine.vector), halves * held, MORE_THAN_ANY),
        written=rows * shape.output.width * out_channels,
        resident=resident + table,
        own=own,
        bytes_read=resident + (blocks - 1) * loaded[0] + loaded[1],
        bytes_written=(blocks - 1) * written[0] + written[1],
    )
