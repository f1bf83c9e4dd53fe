"""The runs of a transfer, from a tensor's addresses, and the cycles they take (docs/overlay.md, section 2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from dynamap.backends.program import FormatCode
from dynamap.cost.overlay.machine import BURST_WORDS, PIXEL_LANDING, PIXEL_STEPS, Machine


@dataclass(frozen=True)
class Run:
    """``size`` contiguous bytes from address ``start`` on."""

    start: int
    size: int


@dataclass(frozen=True)
class Stored:
    """What a pass reads or writes of one tensor; addresses count from its first byte.

    ``planes`` is 1 but for c16; ``row_bytes`` and ``plane_bytes`` lead from a row or plane to the next. For toeplitz,
    ``width`` counts the windows of a row, of ``window_bytes`` each.
    """

    format: FormatCode
    planes: int
    units: int
    width: int
    row_bytes: int
    plane_bytes: int
    window_bytes: int = 0


def row_ranges(tensor: Stored, first: int, count: int) -> Iterator[Run]:
    """Where rows ``first`` to ``first + count - 1`` lie, one run per row and plane, in the order of addresses."""
    for plane in range(tensor.planes):
        for row in range(first, first + count):
            yield Run(plane * tensor.plane_bytes + row * tensor.row_bytes, tensor.row_bytes)


def joined(runs: Iterable[Run]) -> Iterator[Run]:
    """The runs, those that touch joined into one."""
    start = end = -1
    for run in runs:
        if run.start != end:
            if start >= 0:
                yield Run(start, end - start)
            start = run.start
        end = run.start + run.size
    if start >= 0:
        yield Run(start, end - start)


@dataclass(frozen=True)
class Transfer:
    """Runs that occupy memory together: how many of each size, as (size, count) pairs."""

    sizes: tuple[tuple[int, int], ...]

    @staticmethod
    def of(runs: Iterable[Run]) -> Transfer:
        sizes = sorted(run.size for run in runs)
        return Transfer(tuple((size, len(list(same))) for size, same in groupby(sizes)))

    @property
    def total_bytes(self) -> int:
        return sum(size * count for size, count in self.sizes)


@lru_cache(maxsize=1 << 16)
def run_cycles(machine: Machine, size: int) -> int:
    """Cycles of one run on the ports: its words, burst by burst, with an idle cycle after each burst."""
    return len(range(0, size, machine.word_bytes)) + _bursts(machine, size)


def _bursts(machine: Machine, size: int) -> int:
    """Bursts of one run, which end at multiples of their length: it may begin with the last word of one."""
    return 1 + len(range(1, len(range(0, size, machine.word_bytes)), BURST_WORDS))


def transfer_cycles(machine: Machine, transfer: Transfer) -> int:
    """Cycles that memory is occupied: the slower of the ports and the banks."""
    ports = sum(count * run_cycles(machine, size) for size, count in transfer.sizes)
    moved = transfer.total_bytes * machine.clock_khz
    banks = moved // machine.bandwidth_bytes_per_ms
    if banks * machine.bandwidth_bytes_per_ms < moved:
        banks += 1
    return max(ports, banks)


@lru_cache(maxsize=1 << 14)
def rows_transfer(tensor: Stored, first: int, count: int, row_by_row: bool = False) -> Transfer:
    """Rows of a tensor as one transfer; ``row_by_row`` keeps every row of every plane a run of its own."""
    runs = row_ranges(tensor, first, count)
    return Transfer.of(runs if row_by_row and tensor.format is FormatCode.C16 else joined(runs))


def run_transfer(size: int) -> Transfer:
    """One run of ``size`` bytes: weights with their parameters."""
    return Transfer(((size, 1),) if size else ())


def placing_cycles(machine: Machine, tensor: Stored, rows: int) -> int:
    """Cycles of the placing unit for ``rows`` rows: pixels or windows, a word at a time (section 3)."""
    banks = machine.word_units
    if tensor.format is FormatCode.C16:
        per_row = tensor.planes * len(range(0, tensor.width, banks))
    elif tensor.format is FormatCode.HWC:
        return rows * tensor.width * len(range(0, tensor.units, banks)) + PIXEL_LANDING
    else:
        per_row = tensor.width * len(range(0, tensor.window_bytes, machine.word_bytes))
    return rows * per_row


def loading_cycles(machine: Machine, inputs: FormatCode, transfer: Transfer, place: int) -> int:
    """Cycles that a load occupies the memory: behind pixels of hwc the ports wait until they are placed."""
    return max(transfer_cycles(machine, transfer), place if inputs is FormatCode.HWC else 0)


def storing_cycles(machine: Machine, tensor: Stored, transfer: Transfer, rows: int, channels: int) -> int:
    """Cycles that a store occupies the memory: words of hwc are made step by step, of a pixel or a word's bytes of it.

    What is left of a row's words behind its last pixel is made in a step each.
    """
    moved = transfer_cycles(machine, transfer)
    if tensor.format is not FormatCode.HWC:
        return moved
    steps = PIXEL_STEPS
    words = len(range(0, tensor.row_bytes, machine.word_bytes))
    for _ in range(rows):
        of_pixels = sum(len(range(0, channels, machine.word_bytes)) for _ in range(tensor.width))
        steps += of_pixels + words - tensor.width * channels // machine.word_bytes
    bursts = sum(count * _bursts(machine, size) for size, count in transfer.sizes)
    return max(moved, steps + bursts)
