"""How many iterations the loops of the kernel have by the plan: what ``make csim-ports`` counts must be that.

From the simulator, which knows the machine from its page alone, pass by pass. A loop whose cycles the plan does not
count (the project's README names them) is left out; what it has in addition in a known number is added here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from dynamap.backends.program import AlgorithmCode, Command, DataflowCode, FormatCode, Op, Program
from dynamap.backends.program.lowering.geometry import winograd_form
from dynamap.backends.simulator.simulation import overlay_of
from dynamap.backends.simulator.units.passes import PassWork, preloads_of, rows_posted_of, work_of
from dynamap.backends.simulator.units.vector import LRN_ENTRIES
from dynamap.cost.geometry import ceil_div
from dynamap.cost.overlay.machine import UNIT_BYTES, Overlay

COUNTED_LOOPS = frozenset(
    {
        *("place_slices", "transform_places", "ns_cycles", "stationary_cycles", "array_cycles", "sum_rows"),
        *("tile_positions", "pooled_slots", "lrn_entries", "vector_slots"),
    }
)
"""Loops whose iterations are known from the plan, where a command runs them."""

Line = tuple[int, str]
"""Iterations, and the loops that have them together, separated by spaces."""


def iterations_file(program: Program) -> bytes:
    """``iterations.txt``: a line for each pass and loop: number of the command, iterations, loops."""
    overlay = overlay_of(program.header)
    lines = []
    for number, command in enumerate(program.commands):
        work = work_of(overlay, command, program.sources(command), program.values(command))
        loops = _array_loops if command.op is Op.CONV else _vector_loops
        for iterations, names in (
            *loops(overlay, command, work),
            *_placing(command, work, overlay.machine.word_bytes),
        ):
            assert set(names.split()) <= COUNTED_LOOPS
            lines.append(f"{number} {iterations} {names}\n")
    return "".join(lines).encode()


def _placing(command: Command, work: PassWork, word_bytes: int) -> Iterator[Line]:
    """LOAD: a word of a tensor, or a place of a Winograd tile, in a cycle."""
    loads = [block.load for block in work.times.blocks]
    if work.times.prologue is not None:
        loads.append(work.times.prologue)
    placed = sum(load.place for load in loads)
    if command.op is Op.CONV and command.algorithm is AlgorithmCode.WINOGRAD:
        times = sum(load.place > 0 for load in loads)
        yield placed + times * winograd_form(command).positions, "transform_places"  # the last tile leaves behind them
    elif command.op is not Op.CONCAT and command.input_format is FormatCode.C16:
        pixels = word_bytes // UNIT_BYTES
        if ceil_div(command.width, pixels) == ceil_div(ceil_div(command.width, 4) * 4, pixels):  # no word is padding
            yield placed, "place_slices"


def _array_loops(overlay: Overlay, command: Command, work: PassWork) -> Iterator[Line]:
    """Block by block the operands of the first tile come, and what the last one computes leaves."""
    blocks = work.times.blocks
    cycles = sum(block.compute for block in blocks)
    if command.dataflow is DataflowCode.NS:
        moves = cycles + len(blocks) * (2 * overlay.rows + overlay.columns + 2)
        yield moves, "array_cycles"
        yield moves + sum(preloads_of(overlay, command)), "ns_cycles"  # the row buffers fill while the array stands
    else:
        moves = cycles + len(blocks) * (overlay.rows + overlay.columns + 1) + sum(preloads_of(overlay, command))
        yield moves, "stationary_cycles"
        yield moves, "array_cycles"
    if not work.times.stores:
        return
    posted = rows_posted_of(overlay, command)
    if command.algorithm is AlgorithmCode.WINOGRAD:
        # The last tile's outputs leave behind them.
        yield posted + len(blocks) * math.prod(winograd_form(command).outputs), "tile_positions"
    else:
        yield posted, "sum_rows"


def _vector_loops(overlay: Overlay, command: Command, work: PassWork) -> Iterator[Line]:
    c = command
    cycles = sum(block.compute for block in work.times.blocks)
    if c.op.pools:
        yield cycles, "pooled_slots"
    elif c.op is Op.LRN:
        yield LRN_ENTRIES, "lrn_entries"
        yield cycles - LRN_ENTRIES, "vector_slots"
    else:
        yield cycles, "vector_slots"
