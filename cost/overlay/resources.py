"""What an overlay takes of a device, and which arrays and buffers fit (docs/overlay.md, section 9).

Multipliers are exact. Memory blocks are exact for the declared widths and depths; tools may pack differently. LUT and
FF are estimates: the coefficients below are design estimates for this overlay's data paths, not measurements. A device
that was calibrated with reports of the vendor's tools (``cost/calibration.py``) scales all but the multipliers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

import numpy as np
import numpy.typing as npt

from dynamap.cost.calibration import UNIT, Calibration, Factor
from dynamap.cost.device import BLOCK_BYTES, Device
from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.cost.geometry import ceil_div
from dynamap.cost.overlay.blocking import Bools
from dynamap.cost.overlay.machine import Buffers, Machine, Overlay
from dynamap.cost.overlay.pooling import line_words
from dynamap.cost.overlay.transfer import Ints, ceil_ratio

KIB = 1024
_NEVER = np.int64(1 << 62)
INPUT_SIZES = tuple(KIB << k for k in range(4, 13))  # 16 KiB .. 4 MiB
WEIGHT_SIZES = tuple(KIB << k for k in range(4, 14))  # 16 KiB .. 8 MiB
ACCUMULATOR_ROWS = (256, 512, 1024, 2048, 4096)
ROW_SIZES = (512, 1024, 2048, 4096, 8192)
SMALLEST = Buffers(INPUT_SIZES[0], WEIGHT_SIZES[0], ACCUMULATOR_ROWS[0], ROW_SIZES[0])
LARGEST = Buffers(INPUT_SIZES[-1], WEIGHT_SIZES[-1], ACCUMULATOR_ROWS[-1], ROW_SIZES[-1])

LUT_PER_PE = {1: 40, 2: 60}
"""Operands and accumulators sit in flip-flops; LUTs hold the adders, and with packing the split of the two products."""
FF_PER_PE = {1: 110, 2: 150}
LUT_PER_LANE, FF_PER_LANE = 200, 400
LUT_PER_WORD_BYTE, FF_PER_WORD_BYTE = 230, 600
"""Window rotation, layout and the Winograd transforms, per byte of the memory word."""
POOL_LUT_PER_WORD_BYTE, POOL_FF_PER_WORD_BYTE = 150, 250
"""The pooling unit's adders with their maxima (two of 18 and two of 24 bits) and the choice of pixels, per byte."""
POOL_BITS_PER_WORD_BYTE, BITS_PER_LUT = 3 * 18 + 24, 64
"""Its rows of running and completed results, in LUTs used as memory of 64 bits."""
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

    @property
    def block_bytes(self) -> int:
        return BLOCK_BYTES[self.name]


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
    """Each kind of memory that a device has, with as many uncalibrated blocks as its calibrated ones make room for."""
    r = device.resources
    rooms = []
    for kind, count in ((URAM, r.kernel_uram), (BRAM36, r.kernel_bram36), (M20K, r.kernel_m20k)):
        factor = device.calibration.factor(kind.name)
        room = count if factor is None else factor.room(count)
        if room:
            rooms.append((kind, room))
    return rooms


def _within_budget(device: Device, memories: Sequence[tuple[MemoryKind, int]], used: Sequence[Ints | int]) -> Bools:
    """Whether so many blocks of each memory are no more than there are, and than the budget in bytes."""
    budget = device.resources.on_chip_bytes
    fits: Bools = np.asarray(budget is None or _bytes_of(device, memories, used) <= budget)
    for blocks, (_, count) in zip(used, memories, strict=True):
        fits = fits & (blocks <= count)
    return fits


def _bytes_of(device: Device, memories: Sequence[tuple[MemoryKind, int]], used: Sequence[Ints | int]) -> Ints | int:
    """Bytes of the calibrated blocks that so many uncalibrated ones of each memory are."""
    total: Ints | int = 0
    for blocks, (kind, _) in zip(used, memories, strict=True):
        total = total + _calibrated(blocks, device.calibration.factor(kind.name)) * kind.block_bytes
    return total


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


@dataclass(frozen=True)
class Spread:
    """Which kind of memory each buffer lies in, and the blocks of each kind before calibration."""

    kinds: Mapping[str, str]
    blocks: Mapping[str, int]


BUFFERS = ("input", "output", "weights", "accumulators", "row buffers")
"""The buffers in the order of ``_shapes``."""


def memory_spread(device: Device, machine: Machine, rows: int, columns: int, buffers: Buffers) -> Spread | None:
    """The buffers over the kinds of memory, so that the fullest kind is as empty as possible; None if they do not fit.

    Where the device has a budget of on-chip memory, so that they take as few bytes as possible.
    """
    memories = _memories(device)
    shapes = _shapes(machine, rows, columns, buffers)
    best: tuple[tuple[int, float], Spread] | None = None
    budget = device.resources.on_chip_bytes
    for choice in product(range(len(memories)), repeat=len(shapes)):
        used = [0] * len(memories)
        used[-1] += _tables(machine)
        for kind, (copies, width, depth) in zip(choice, shapes, strict=True):
            memory = memories[kind][0]
            used[kind] += copies * ceil_div(width, memory.width_bits) * ceil_div(depth, memory.depth)
        worst = max(u / count for u, (_, count) in zip(used, memories, strict=True))
        if worst > 1:
            continue
        total = 0 if budget is None else int(_bytes_of(device, memories, used))
        if (budget is None or total <= budget) and (best is None or (total, worst) < best[0]):
            kinds = {buffer: memories[kind][0].name for buffer, kind in zip(BUFFERS, choice, strict=True)}
            best = (total, worst), Spread(kinds, {kind.name: u for u, (kind, _) in zip(used, memories, strict=True)})
    return best[1] if best else None


def memory_use(device: Device, machine: Machine, rows: int, columns: int, buffers: Buffers) -> Mapping[str, int] | None:
    """Blocks of each memory kind before calibration; None if they do not fit, calibrated."""
    spread = memory_spread(device, machine, rows, columns, buffers)
    return spread.blocks if spread else None


def logic_use(device: Device, machine: Machine, rows: Ints | int, columns: Ints | int) -> tuple[Ints | int, Ints | int]:
    """Estimated (LUTs or ALMs, FFs) of an overlay."""
    pes = rows * columns
    lut = pes * LUT_PER_PE[machine.packing] + machine.lanes * LUT_PER_LANE
    pool_lut = POOL_LUT_PER_WORD_BYTE + POOL_BITS_PER_WORD_BYTE * line_words(machine.word_units) // BITS_PER_LUT
    lut = lut + machine.word_bytes * (LUT_PER_WORD_BYTE + pool_lut) + LUT_BASE
    ff = pes * FF_PER_PE[machine.packing] + machine.lanes * FF_PER_LANE
    ff = ff + machine.word_bytes * (FF_PER_WORD_BYTE + POOL_FF_PER_WORD_BYTE) + FF_BASE
    if device.vendor == "intel":
        lut = lut * 6 // 10
    return _calibrated(lut, device.calibration.lut), _calibrated(ff, device.calibration.ff)


def _calibrated(estimate: Ints | int, factor: Factor | None) -> Ints | int:
    """The estimate times the factor, rounded up."""
    return estimate if factor is None else -(-estimate * factor.permille // UNIT)


def array_limit(device: Device, machine: Machine) -> int:
    """Multipliers that are left for the array."""
    return device.resources.multipliers - machine.lane_multipliers


def report(device: Device, overlay: Overlay, limit: int) -> tuple[Use, ...]:
    """What the overlay uses of the device; ``limit`` multipliers are available to the array."""
    machine = overlay.machine
    lut, ff = logic_use(device, machine, overlay.rows, overlay.columns)
    memory = memory_use(device, machine, overlay.rows, overlay.columns, overlay.buffers)
    assert memory is not None, "an overlay is only built of buffers that fit"
    r, calibration = device.resources, device.calibration
    counts = {URAM.name: r.kernel_uram, BRAM36.name: r.kernel_bram36, M20K.name: r.kernel_m20k}
    logic = "alm" if device.vendor == "intel" else "lut"
    blocks = []
    for name, used in memory.items():
        calibrated = int(_calibrated(used, calibration.factor(name)))
        blocks.append(Use(name, calibrated, counts[name], uncertainty_percent(calibration, name)))
    if r.on_chip_bytes is not None:
        total = sum(BLOCK_BYTES[use.name] * use.used for use in blocks)
        most = max(use.uncertainty_percent for use in blocks)
        blocks.append(Use("on_chip_bytes", total, r.on_chip_bytes, most))
    return (
        Use("multipliers", overlay.multipliers, limit + machine.lane_multipliers, 0),
        *blocks,
        Use(logic, int(lut), r.kernel_lut, uncertainty_percent(calibration, logic)),
        Use("ff", int(ff), r.kernel_ff, uncertainty_percent(calibration, "ff")),
    )


def model_uncertainty_percent(resource: str) -> int:
    """The uncertainty of the model's own estimate of a resource, by the name in a plan."""
    if resource == "multipliers":
        return 0
    return LOGIC_UNCERTAINTY_PERCENT if resource in ("lut", "alm", "ff") else MEMORY_UNCERTAINTY_PERCENT


def uncertainty_percent(calibration: Calibration, resource: str) -> int:
    """The uncertainty of an estimate: the calibration's where it has one, else the model's own."""
    factor = calibration.factor(resource)
    return model_uncertainty_percent(resource) if factor is None else factor.uncertainty_percent


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
                f"smallest overlay; use a larger device{_or_budget(device)} or fewer memory ports"
            )
        return Candidates(device, machine, limit, rows[room], columns[room])

    def only(self, rows: int, columns: int) -> Candidates:
        """The same device with one array to consider."""
        return replace(self, rows=np.array([rows]), columns=np.array([columns]))

    def ceiling(self) -> Buffers:
        """Sizes that no buffers beside any of the arrays exceed."""
        some = self.buffers_within(int(self.rows.min()), int(self.rows.max()), int(self.columns.min()))
        return Buffers(
            max(b.input_bytes for b in some),
            max(b.weight_bytes for b in some),
            max(b.accumulator_rows for b in some),
            max(b.row_bytes for b in some),
        )

    def buffers_within(self, least_rows: int, most_rows: int, least_columns: int) -> tuple[Buffers, ...]:
        """Configurations of which one has at least the size of each buffer beside each array of a box."""
        return _maximal_buffers(self.device, self.machine, range(least_rows, most_rows + 1), least_columns)

    def buffers_for(self, rows: int, columns: int) -> tuple[Buffers, ...]:
        """Buffer configurations that fit and that no other fitting one exceeds in every size, largest first.

        With a budget of on-chip memory, all that fit, those of the fewest bytes first. A layer's blocks follow from the
        buffers, so that larger ones may be slower: only all of them make the optimum one of the whole budget.
        """
        if self.device.resources.on_chip_bytes is not None:
            return _all_buffers(self.device, self.machine, rows, columns)
        return _maximal_buffers(self.device, self.machine, range(rows, rows + 1), columns)


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
        fits |= _within_budget(device, memories, used)
    return fits


@lru_cache(maxsize=1 << 14)
def _maximal_buffers(device: Device, machine: Machine, rows: range, columns: int) -> tuple[Buffers, ...]:
    """Maximal configurations that fit beside an array with any of so many rows, largest total first."""
    if memory_use(device, machine, rows.start, columns, LARGEST) is not None:
        return (LARGEST,)
    fits = _fitting_grid(device, machine, rows, columns)
    maximal = fits.copy()
    for axis in range(fits.ndim):  # fitting is monotone: not maximal is what fits with the next size along some axis
        below = [slice(None)] * fits.ndim
        above = [slice(None)] * fits.ndim
        below[axis], above[axis] = slice(None, -1), slice(1, None)
        maximal[tuple(below)] &= ~fits[tuple(above)]
    found = (
        Buffers(INPUT_SIZES[i], WEIGHT_SIZES[w], ACCUMULATOR_ROWS[a], ROW_SIZES[r])
        for i, w, a, r in np.argwhere(maximal)
    )
    return tuple(
        sorted(
            found, key=lambda b: (-(b.input_bytes + b.weight_bytes), -b.accumulator_rows, -b.row_bytes, -b.input_bytes)
        )
    )


@lru_cache(maxsize=1 << 10)
def _all_buffers(device: Device, machine: Machine, rows: int, columns: int) -> tuple[Buffers, ...]:
    """All configurations that fit beside an array, those of the fewest bytes first."""
    least = _least_bytes(device, machine, range(rows, rows + 1), columns)
    fitting = np.argwhere(least < _NEVER)
    order = np.argsort(least[tuple(fitting.T)], kind="stable")
    return tuple(
        Buffers(INPUT_SIZES[i], WEIGHT_SIZES[w], ACCUMULATOR_ROWS[a], ROW_SIZES[r]) for i, w, a, r in fitting[order]
    )


def _fitting_grid(device: Device, machine: Machine, rows: range, columns: int) -> npt.NDArray[np.bool_]:
    """Whether each combination of input, weight, accumulator and row buffer sizes fits some kinds of memory."""
    return _least_bytes(device, machine, rows, columns) < _NEVER


def _least_bytes(device: Device, machine: Machine, rows: range, columns: int) -> Ints:
    """Least bytes of memory blocks for each combination of input, weight, accumulator and row buffer sizes.

    Where a range of rows is given, of each buffer beside its best number of rows; _NEVER where nothing fits. Without a
    budget of on-chip memory, bytes do not matter and are 0.
    """
    memories = _memories(device)
    word = machine.word_bytes
    # A row buffer's width falls with the rows until it is least; with more than so many it takes ever more memory.
    some = np.array(rows[: max(1, word // 8 + 1 - rows.start)])
    row_bits = 8 * np.maximum(8, -(-word // some))

    def blocks(memory: MemoryKind, copies: int, width: int, depths: Sequence[int], axis: int) -> Ints:
        each = [copies * ceil_div(width, memory.width_bits) * ceil_div(depth, memory.depth) for depth in depths]
        return _along(axis, each)

    demands = []  # per buffer, blocks of each memory
    for memory, _ in memories:
        each_row = some * ceil_ratio(row_bits, memory.width_bits)
        row_blocks = [
            int((each_row * ceil_ratio(ceil_ratio(np.full_like(some, 16 * size), row_bits), memory.depth)).min())
            for size in ROW_SIZES
        ]
        demands.append(
            (
                blocks(memory, 1, 8 * word, [size // word for size in INPUT_SIZES], 0),
                blocks(memory, 1, 8 * word, [size // 2 // word for size in INPUT_SIZES], 0),
                blocks(memory, 1, 8 * word, [size // word for size in WEIGHT_SIZES], 1),
                blocks(memory, columns, 72, [2 * size for size in ACCUMULATOR_ROWS], 2),
                _along(3, row_blocks),
            )
        )
    least = np.full((len(INPUT_SIZES), len(WEIGHT_SIZES), len(ACCUMULATOR_ROWS), len(ROW_SIZES)), _NEVER)
    for choice in product(range(len(memories)), repeat=len(demands[0])):
        used = []
        for number in range(len(memories)):
            blocks_used = np.full((1, 1, 1, 1), _tables(machine) if number == len(memories) - 1 else 0)
            for kind, demand in zip(choice, demands[number], strict=True):
                if kind == number:
                    blocks_used = blocks_used + demand
            used.append(blocks_used)
        within = _within_budget(device, memories, used)
        total = 0 if device.resources.on_chip_bytes is None else _bytes_of(device, memories, used)
        np.minimum(least, np.where(within, total, _NEVER), out=least)
    return least


def _along(axis: int, values: Sequence[int]) -> Ints:
    """The values along one of four axes."""
    return np.array(values, np.int64).reshape([-1 if i == axis else 1 for i in range(4)])


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
            f"{device.name!r}; choose an --array with fewer columns or rows, or a larger --device{_or_budget(device)}"
        )


def _or_budget(device: Device) -> str:
    return "" if device.resources.on_chip_bytes is None else ", a larger --on-chip budget"
