"""Whether a pass fits the overlay's buffers (docs/overlay.md, sections 3, 4, 6 and 7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

from dynamap.backends.program import AlgorithmCode, Command, DataflowCode, Flag, FormatCode, Mode, Op, Source
from dynamap.backends.simulator.units.array import (
    Array,
    Block,
    Kernel,
    accumulator_rows,
    pieces,
    pixel_pitch,
    tile_positions,
    window_of,
    winograd_tiles,
)
from dynamap.backends.simulator.units.passes import Part, array_of, kernel_of, parts_of, units_of
from dynamap.cost.overlay.limits import PARAMETER_CHANNELS
from dynamap.cost.overlay.machine import BEAT_BYTES, UNIT_BYTES, Machine, Overlay


def shortages(overlay: Overlay, command: Command, sources: Sequence[Source] = ()) -> Iterator[str]:
    """A sentence for every buffer that the pass overflows."""
    buffers = overlay.buffers
    parts = tuple(parts_of(command))
    inputs = max(input_bytes(overlay.machine, command, part, sources) for part in parts)
    output = max(output_bytes(command, part) for part in parts)
    demands = []
    if command.mode is Mode.STREAM_INPUTS:
        both_halves = command.op is not Op.CONV and len(parts) == 1
        demands.append(("input buffer", "bytes", inputs, buffers.input_buffer // (1 if both_halves else 2)))
        demands.append(("weight buffer", "bytes", command.weight_bytes, buffers.weight_buffer))
    else:
        weights = max(part.weight_bytes for part in parts)
        demands.append(("input buffer", "bytes", inputs, buffers.input_buffer))
        demands.append(("weight buffer", "bytes", weights, buffers.weight_buffer // 2))
    if Flag.STORE in command.flags:
        demands.append(("output buffer", "bytes", output, buffers.output_buffer // 2))
    if command.op is Op.CONV:
        demands += _array_demands(overlay, command, parts)
        room = PARAMETER_CHANNELS if command.mode is Mode.STREAM_INPUTS else PARAMETER_CHANNELS // 4
        demands.append(("parameters", "output channels", max(part.channels for part in parts), room))
    for name, unit, wanted, room in demands:
        if wanted > room:
            yield f"a block needs {wanted} {unit} of the {name} and {room} are there"


def _array_demands(overlay: Overlay, command: Command, parts: Sequence[Part]) -> list[tuple[str, str, int, int]]:
    array, kernel = array_of(overlay, command), kernel_of(command)
    sums = [_accumulators(array, kernel, command, part) for part in parts]
    demands = [("accumulators", "rows", max(sums), overlay.buffers.accumulator_rows)]
    if Flag.ACCUMULATE in command.flags or Flag.STORE not in command.flags:
        kept = max(sum(sums[::2]), sum(sums[1::2]))  # blocks take the halves in turn
        demands.append(
            ("accumulators", "rows, with those before it in its half,", kept, overlay.buffers.accumulator_rows)
        )
    if command.dataflow is DataflowCode.NS:
        window = window_of(kernel)
        demands.append(("row buffers", "bytes", window.values, overlay.buffers.row_buffer))
    return demands


def _accumulators(array: Array, kernel: Kernel, command: Command, part: Part) -> int:
    return accumulator_rows(array, kernel, Block(part.rows, part.channels, command.width, command.out_width))


def _kept_row(command: Command, width: int) -> int:
    """Pixels that the buffers have of a row: a convolution's rows are as memory has them, in fours."""
    return len(range(0, width, 4)) * 4 if command.op is Op.CONV else width


def output_bytes(command: Command, part: Part) -> int:
    """Bytes that the results of a block take in the output buffer."""
    return part.rows * _kept_row(command, command.out_width) * UNIT_BYTES * units_of(part.channels)


def input_bytes(machine: Machine, command: Command, part: Part, sources: Sequence[Source] = ()) -> int:
    """Bytes that the inputs of a block take in the input buffer."""
    if command.input_format is FormatCode.TOEPLITZ:
        return part.rows * command.input_row_bytes
    pixels = part.input_rows * _kept_row(command, command.width)
    if command.algorithm is AlgorithmCode.WINOGRAD:
        kernel = kernel_of(command)
        values = UNIT_BYTES * kernel.units
        tiles = winograd_tiles(kernel, part.rows, command.out_width) * pieces(kernel) * values * 2
        beats = len(range(0, tiles, BEAT_BYTES))
        return tile_positions(kernel) * beats * BEAT_BYTES + pixels * values
    streamed = sources[:1] if command.op is Op.SCALE else sources
    channels = [source.channels for source in streamed] or [command.channels]
    *before, last = [pixels * pixel_pitch(units_of(number)) for number in channels]
    if command.op is Op.ADD and Flag.LEAKY not in command.flags:
        before = [_distance(machine, units) for units in before]
    return UNIT_BYTES * (sum(before) + last)


def _distance(machine: Machine, units: int) -> int:
    """From a tensor that is added to the next one: what the lanes take of both lies in different banks."""
    banks = next(power for power in (4, 8, 16, 32, 64, 128) if power >= machine.word_units)
    return next(apart for apart in count(units) if apart % banks == machine.lanes // UNIT_BYTES)
