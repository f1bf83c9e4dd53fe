"""What an overlay takes of a device, and which arrays and buffers fit (docs/overlay.md, section 9).

Multipliers are exact. Memory blocks are exact for the declared widths and depths; tools may pack differently. LUT and
FF are estimates: the coefficients below are design estimates for this overlay's data paths, not measurements.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import numpy as np

from dynamap.cost.device import Device
from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.cost.geometry import ceil_div
from dynamap.cost.overlay.machine import Buffers, Machine, Overlay
from dynamap.cost.overlay.transfer import Ints

KIB = 1024
INPUT_SIZES = tuple(KIB << k for k in range(4, 13))  # 16 KiB .. 4 MiB
WEIGHT_SIZES = tuple(KIB << k for k in range(4, 14))  # 16 KiB .. 8 MiB
ACCUMULATOR_ROWS = (256, 512, 1024, 2048, 4096)
ROW_SIZES = (512, 1024, 2048, 4096, 8192)
SMALLEST = Buffers(INPUT_SIZES[0], WEIGHT_SIZES[0], ACCUMULATOR_ROWS[0], ROW_SIZES[0])

LUT_PER_PE = {1: 40, 2: 60}
"""Operands and accumulators sit in flip-flops; LUTs hold the adders, and with packing the split of the two products."""
FF_PER_PE = {1: 110, 2: 150}
LUT_PER_LANE, FF_PER_LANE = 200, 400
LUT_PER_WORD_BYTE, FF_PER_WORD_BYTE = 230, 600
"""Window rotation, layout and the Winograd transforms, per byte of the memory word."""
LUT_BASE, FF_BASE = 12_000, 15_000
ALM_PER_LUT = 0.6
LOGIC_UNCERTAINTY_PERCENT = 40
MEMORY_UNCERTAINTY_PERCENT = 10


@dataclass(frozen=True)
class MemoryKind:
    """A kind of on-chip memory block: its widest simple-dual-port shape."""

    name: str
    width_bits: int
    depth: int


URAM = MemoryKind("uram", 72, 4096)  # UG573: 4K x 72
BRAM36 = MemoryKind("bram36", 72, 512)  # UG573, UG473: 512 x 72 in simple dual port mode
M20K = MemoryKind("m20k", 40, 512)  # Intel Arria 10 and Stratix 10 embedded memory user guides: 512 x 40


@dataclass(frozen=True)
class Use:
    """One resource: what is used and what a kernel may use, with the uncertainty of the estimate in percent."""

    name: str
    used: int
    available: int
    uncertainty_percent: int

    @property
    def fits(self) -> bool:
        return self.used <= self.available


def machine_of(device: Device, packing: bool | None = None) -> Machine:
    """The machine that a device and its clock make. ``packing`` None means wherever the multiplier can.

    Raises:
        InputError: packing is asked for and the device's multiplier cannot.
    """
    multiplier = device.resources.multiplier
    if packing and not multiplier.packs_int8:
        raise InputError(
            f"device {device.name!r} cannot pack: its multiplier {multiplier.name} does not hold two int8 products; "
            "leave --packing out"
        )
    return Machine(
        word_bytes=device.system.memory_ports * device.system.port_bytes,
        clock_khz=device.clock_khz,
        bandwidth_bytes_per_ms=device.bandwidth_bytes_per_ms,
        read_latency=device.system.read_latency_cycles,
        write_latency=device.system.write_latency_cycles,
        packing=2 if (multiplier.packs_int8 if packing is None else packing) else 1,
    )


def _memories(device: Device) -> list[tuple[MemoryKind, int]]:
    r = device.resources
    kinds = [(URAM, r.kernel_uram), (BRAM36, r.kernel_bram36), (M20K, r.kernel_m20k)]
    return [(kind, count) for kind, count in kinds if count]


def row_buffer_bits(machine: Machine, rows: int) -> int:
    """Width of a row buffer: a row receives a memory word every ``rows`` cycles and must take it in that time."""
    return 8 * max(8, ceil_div(machine.word_bytes, rows))


def _shapes(machine: Machine, rows: int, columns: int, buffers: Buffers) -> list[tuple[int, int, int]]:
    """(copies, width in bits, depth) of each buffer: input, output, weights, accumulators, row buffers."""
    word = machine.word_bytes
    row_bits = row_buffer_bits(machine, rows)
    return [
        (1, 8 * word, buffers.input_bytes // word),
        (1, 8 * word, buffers.output_bytes // word),
        (1, 8 * word, buffers.weight_bytes // word),
        (columns, 72, 2 * buffers.accumulator_rows),
        (rows, row_bits, ceil_div(2 * buffers.row_bytes * 8, row_bits)),
    ]


def _tables(machine: Machine) -> int:
    """BRAM36-sized blocks for the lanes' tables (activations, LRN): half a block per lane."""
    return ceil_div(machine.lanes, 2)


def memory_use(device: Device, machine: Machine, rows: int, columns: int, buffers: Buffers) -> dict[str, int] | None:
    """Blocks of each memory kind, spread so that the fullest kind is as empty as possible; None if they do not fit."""
    memories = _memories(device)
    shapes = _shapes(machine, rows, columns, buffers)
    best: tuple[float, dict[str, int]] | None = None
    for choice in product(range(len(memories)), repeat=len(shapes)):
        used = [0] * len(memories)
        used[-1] += _tables(machine)
        for kind, (copies, width, depth) in zip(choice, shapes, strict=True):
            memory = memories[kind][0]
            used[kind] += copies * ceil_div(width, memory.width_bits) * ceil_div(depth, memory.depth)
        worst = max(u / count for u, (_, count) in zip(used, memories, strict=True))
        if worst <= 1 and (best is None or worst < best[0]):
            best = worst, {kind.name: u for u, (kind, _) in zip(used, memories, strict=True)}
    return best[1] if best else None


def logic_use(device: Device, machine: Machine, rows: Ints | int, columns: Ints | int) -> tuple[Ints | int, Ints | int]:
    """Estimated (LUTs or ALMs, FFs) of an overlay."""
    pes = rows * columns
    lut = pes * LUT_PER_PE[machine.packing] + machine.lanes * LUT_PER_LANE
    lut = lut + machine.word_bytes * LUT_PER_WORD_BYTE + LUT_BASE
    ff = pes * FF_PER_PE[machine.packing] + machine.lanes * FF_PER_LANE
    ff = ff + machine.word_bytes * FF_PER_WORD_BYTE + FF_BASE
    if device.vendor == "intel":
        lut = lut * 6 // 10
    return lut, ff


def array_limit(device: Device, machine: Machine) -> int:
    """Multipliers that are left for the array."""
    return device.resources.multipliers - machine.lane_multipliers


def report(device: Device, overlay: Overlay, limit: int) -> tuple[Use, ...]:
    """What the overlay uses of the device; ``limit`` multipliers are available to the array."""
    machine = overlay.machine
    lut, ff = logic_use(device, machine, overlay.rows, overlay.columns)
    memory = memory_use(device, machine, overlay.rows, overlay.columns, overlay.buffers)
    assert memory is not None, "an overlay is only built of buffers that fit"
    counts = {kind.name: count for kind, count in _memories(device)}
    r = device.resources
    return (
        Use("multipliers", overlay.multipliers, limit + machine.lane_multipliers, 0),
        *(Use(name, used, counts[name], MEMORY_UNCERTAINTY_PERCENT) for name, used in memory.items()),
        Use("alm" if device.vendor == "intel" else "lut", int(lut), r.kernel_lut, LOGIC_UNCERTAINTY_PERCENT),
        Use("ff", int(ff), r.kernel_ff, LOGIC_UNCERTAINTY_PERCENT),
    )


@dataclass(frozen=True, eq=False)
class Candidates:
    """All arrays that fit a device, and the buffers that fit beside each."""

    device: Device
    machine: Machine
    limit: int
    rows: Ints
    columns: Ints

    @staticmethod
    def of(device: Device, machine: Machine, limit: int) -> Candidates:
        """Every array of at most ``limit`` PEs that fits with the smallest buffers.

        Raises:
            InfeasibleError: not even one PE fits; the message says what is short.
        """
        if limit < 1:
            raise InfeasibleError(
                f"no array fits device {device.name!r}: the {machine.lanes} lanes of the vector unit need "
                f"{machine.lane_multipliers} multipliers and the device has {device.resources.multipliers}"
            )
        sides = np.arange(1, limit + 1)
        counts = limit // sides
        rows = np.repeat(sides, counts)
        columns = np.concatenate([np.arange(1, count + 1) for count in counts])
        lut, ff = logic_use(device, machine, rows, columns)
        fits = (lut <= device.resources.kernel_lut) & (ff <= device.resources.kernel_ff)
        rows, columns = rows[fits], columns[fits]
        room = _room(device, machine, rows, columns, SMALLEST)
        if not room.any():
            raise InfeasibleError(
                f"no array fits device {device.name!r}: LUTs, flip-flops or memory blocks do not suffice for the "
                "smallest overlay; use a larger device or fewer memory ports"
            )
        return Candidates(device, machine, limit, rows[room], columns[room])

    def only(self, rows: int, columns: int) -> Candidates:
        """The same device with one array to consider."""
        return replace(self, rows=np.array([rows]), columns=np.array([columns]))

    def ceiling(self) -> Buffers:
        """Sizes that no buffers beside any of the arrays exceed.

        Memory grows with the columns, and with the rows from where a row buffer has its least width (at most 64 rows of
        512-byte words), so narrow arrays of few rows have the most room.
        """
        rows, columns = self.rows, self.columns
        if len(rows) > 64:
            rows, columns = np.arange(1, 65), np.ones(64, np.int64)

        def largest(sizes: tuple[int, ...], name: str) -> int:
            for size in reversed(sizes):
                if _room(self.device, self.machine, rows, columns, replace(SMALLEST, **{name: size})).any():
                    return size
            return sizes[0]

        return Buffers(
            largest(INPUT_SIZES, "input_bytes"),
            largest(WEIGHT_SIZES, "weight_bytes"),
            largest(ACCUMULATOR_ROWS, "accumulator_rows"),
            largest(ROW_SIZES, "row_bytes"),
        )

    def buffers_for(self, rows: int, columns: int) -> tuple[Buffers, ...]:
        """Buffer configurations that fit and that no other fitting one exceeds in every size, largest first."""
        return _maximal_buffers(self.device, self.machine, rows, columns)


def _room(device: Device, machine: Machine, rows: Ints, columns: Ints, buffers: Buffers) -> Ints:
    """Whether buffers fit beside each of many arrays, by some assignment of buffers to kinds of memory."""
    memories = _memories(device)
    shapes = [
        (
            np.ones_like(rows),
            np.full_like(rows, 8 * machine.word_bytes),
            np.full_like(rows, size // machine.word_bytes),
        )
        for size in (buffers.input_bytes, buffers.output_bytes, buffers.weight_bytes)
    ]
    shapes.append((columns, np.full_like(rows, 72), np.full_like(rows, 2 * buffers.accumulator_rows)))
    row_bits = 8 * np.maximum(8, -(-machine.word_bytes // rows))
    shapes.append((rows, row_bits, -(-2 * buffers.row_bytes * 8 // row_bits)))
    fits = np.zeros(len(rows), bool)
    for choice in product(range(len(memories)), repeat=len(shapes)):
        used = [np.zeros(len(rows), np.int64) for _ in memories]
        used[-1] = used[-1] + _tables(machine)
        for kind, (copies, width, depth) in zip(choice, shapes, strict=True):
            memory = memories[kind][0]
            used[kind] = used[kind] + copies * -(-width // memory.width_bits) * -(-depth // memory.depth)
        fits |= np.logical_and.reduce([u <= count for u, (_, count) in zip(used, memories, strict=True)])
    return fits


@cache
def _maximal_buffers(device: Device, machine: Machine, rows: int, columns: int) -> tuple[Buffers, ...]:
    def fits(buffers: Buffers) -> bool:
        return memory_use(device, machine, rows, columns, buffers) is not None

    return tuple(_pareto(fits))


def _pareto(fits: object) -> Iterator[Buffers]:
    """Maximal fitting configurations, largest total first; fitting is monotone in every size."""
    assert callable(fits)
    largest = Buffers(INPUT_SIZES[-1], WEIGHT_SIZES[-1], ACCUMULATOR_ROWS[-1], ROW_SIZES[-1])
    if fits(largest):
        yield largest
        return
    found: list[Buffers] = []
    for accumulators in reversed(ACCUMULATOR_ROWS):
        for row_bytes in reversed(ROW_SIZES):
            top = len(WEIGHT_SIZES)
            for input_bytes in INPUT_SIZES:
                while top and not fits(Buffers(input_bytes, WEIGHT_SIZES[top - 1], accumulators, row_bytes)):
                    top -= 1
                if not top:
                    break
                option = Buffers(input_bytes, WEIGHT_SIZES[top - 1], accumulators, row_bytes)
                found = [other for other in found if not option.at_least(other)]
                if not any(other.at_least(option) for other in found):
                    found.append(option)
    yield from sorted(found, key=lambda b: (-(b.input_bytes + b.weight_bytes), -b.accumulator_rows, -b.row_bytes))


def require_array(candidates: Candidates, rows: int, columns: int) -> None:
    """Checks that one array fits.

    Raises:
        InfeasibleError: it does not; the message says what is needed, what there is and which option to change.
    """
    device, machine = candidates.device, candidates.machine
    if rows * columns > candidates.limit:
        raise InfeasibleError(
            f"array {rows}x{columns} needs {rows * columns} multipliers and device {device.name!r} leaves "
            f"{candidates.limit} to the array ({rows * columns - candidates.limit} too many); "
            "choose a smaller --array, raise --multipliers, or use a larger --device"
        )
    lut, ff = logic_use(device, machine, rows, columns)
    for name, used, available in (
        ("LUTs" if device.vendor == "amd" else "ALMs", lut, device.resources.kernel_lut),
        ("flip-flops", ff, device.resources.kernel_ff),
    ):
        if used > available:
            raise InfeasibleError(
                f"array {rows}x{columns} needs about {used} {name} and device {device.name!r} has {available}; "
                "choose a smaller --array or a larger --device"
            )
    if not candidates.buffers_for(rows, columns):
        raise InfeasibleError(
            f"array {rows}x{columns} leaves no room for the smallest buffers in the memory blocks of device "
            f"{device.name!r}; choose an --array with fewer columns or rows, or a larger --device"
        )
