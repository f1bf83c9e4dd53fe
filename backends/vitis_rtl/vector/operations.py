"""What each operation of the vector unit is to its lanes: a product or a sum of products, and its finish."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from dynamap.backends.arithmetic.integers import LOWEST, MAX_SHIFT
from dynamap.backends.program.packing import PARAMETERS
from dynamap.backends.program.specification import ALIGNMENT, LRN_ROW_WORDS, Command, Flag, Op, Source
from dynamap.backends.vitis_rtl.vector.shape import UNIT_BYTES
from dynamap.cost.errors import InputError
from dynamap.cost.geometry import ceil_div
from dynamap.cost.multiplier import DSP48E2
from dynamap.cost.overlay.limits import MOST_NORMALISED, NORMALISED_OCTAVES

PIXELS = 4
"""A plane of one pixel is stored as four: 64 bytes."""

LARGEST_MULTIPLIER = 2**17 - 1

REACH = 4
"""Channels before a channel, and behind it, whose squares an LRN sums with its own: ``lrn_pkg.sv``."""

FACTOR_BITS = 25

ENTRY_SHIFT = 18
"""An entry of a position's multiplier and shift has the shift above so many bits."""


class Operand(IntEnum):
    """``operand_e``: what a value is multiplied by."""

    FACTOR = 0
    WEIGHT = 1
    HELD = 2


class Load(IntEnum):
    """``load_e``: what each chunk of channels loads before its positions."""

    CONSTANT = 0
    CHANNELS = 1
    FACTORS = 2


@dataclass(frozen=True)
class Finish:
    """The parameters of a channel: ``parameters_t`` of ``lanes_pkg.sv``."""

    bias: int = 0
    multiplier: int = 1
    negative_multiplier: int = 1
    shift: int = 0
    negative_shift: int = 0
    low: int = -128
    high: int = 127

    def fields(self) -> list[tuple[int, int]]:
        """Values and bits, the highest field first."""
        return [
            (self.high, 8),
            (self.low, 8),
            (self.negative_shift, 6),
            (self.shift, 6),
            (self.negative_multiplier, 18),
            (self.multiplier, 18),
            (self.bias, 32),
        ]


@dataclass(frozen=True)
class CommandTables:
    """What a command refers to beside its tensors: the records of its sources, the operation's own table, slopes."""

    sources: Sequence[Source] = ()
    values: bytes = b""
    slopes: Sequence[int] = ()


NO_TABLES = CommandTables()


@dataclass(frozen=True)
class Operation:
    """``factors``: of each source, zero point and factor. ``finish``: where it is the same for all channels.

    ``by_source``: the taps of a position are the sources. ``table``: a run of the resident operand that no program has,
    made for the unit; ``entry_rows``: of its rows of a multiplier and a shift per output column, head and tail.
    ``normalise``: by the squares of channels ``before`` and ``behind``, a bit for each; ``table_entries``: of a step.
    ``merge``: two taps for each source, its units from the one before on, turned to their channels.
    ``bend``: a product of two values meets a multiplier of 36 bits where it is negative. ``joins``: the last source
    comes with the tap of the one before it, and meets the multiplier of the finish. ``step_bits``: of the largest way
    from one step of a normalisation to the next.
    """

    factors: tuple[tuple[int, int], ...]
    finish: Finish
    operand: Operand = Operand.FACTOR
    load: Load = Load.CONSTANT
    largest: bool = False
    hold_first: bool = False
    by_source: bool = False
    pad_value: int = 0
    table: bytes = b""
    entry_rows: tuple[int, int] | None = None
    normalise: bool = False
    merge: bool = False
    bend: bool = False
    joins: bool = False
    before: int = 0
    behind: int = 0
    table_entries: int = 0
    step_bits: int = 0


def operation_of(command: Command, tables: CommandTables, factor_bits: int = DSP48E2.wide_bits) -> Operation:
    """How the unit does a command, with slices whose wide side has ``factor_bits``.

    Raises:
        InputError: it cannot yet.
    """
    if command.op not in _OPERATIONS:
        raise InputError(f"the vector unit of the RTL does not run {command.op.name} yet")
    made = _OPERATIONS[command.op](command, tables)
    if made.step_bits > factor_bits:
        raise InputError(
            f"a normalisation whose factor changes by {made.step_bits} bits from a step of its table to the next, and "
            f"a multiplier of this device takes {factor_bits}: a smaller beta, or a device with DSP48E2"
        )
    return made


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % ALIGNMENT)


def _clamped(command: Command) -> Finish:
    return Finish(low=command.clamp_low, high=command.clamp_high)


def _straight(command: Command) -> Finish:
    """Of sums that still have their multiplier."""
    if command.flags & Flag.LEAKY:
        raise InputError(
            f"the vector unit of the RTL does not bend {command.op.name} by a leaky activation yet: "
            "its lanes have one product behind a sum"
        )
    return replace(
        _clamped(command),
        multiplier=command.multiplier,
        negative_multiplier=command.multiplier,
        shift=command.shift,
        negative_shift=command.shift,
    )


def _bent(command: Command, tables: CommandTables, made: Operation) -> Operation:
    """Of products that have their multiplier: only the shift is left, or a leaky activation and its slopes."""
    if not command.flags & Flag.LEAKY:
        finish = replace(_clamped(command), shift=command.shift, negative_shift=command.shift)
        return replace(made, finish=finish)
    if command.leaky_positive > LARGEST_MULTIPLIER:
        raise InputError(
            f"the vector unit of the RTL takes leaky_positive up to {LARGEST_MULTIPLIER}, not {command.leaky_positive}"
        )
    shift = min(command.shift + command.leaky_shift, MAX_SHIFT)
    bent = [
        replace(
            _clamped(command),
            multiplier=command.leaky_positive,
            negative_multiplier=slope,
            shift=shift,
            negative_shift=shift,
        )
        for slope in tables.slopes
    ]
    assert len(bent) == command.slope_count
    if len(bent) == 1:
        return replace(made, finish=bent[0])
    return replace(made, load=Load.CHANNELS, table=_parameter_run(bent))


def _multiplied(command: Command, tables: CommandTables, made: Operation) -> Operation:
    """Of products of two values. A leaky activation's positive multiplier is a power of two: a lesser shift.

    Where the product is negative it meets multiplier times slope, 36 bits: the upper four of them are in the negative
    multiplier, the others stand for the bias.
    """
    if not command.flags & Flag.LEAKY:
        return replace(made, finish=_straight(command))
    shift = min(command.shift + command.leaky_shift, MAX_SHIFT)
    less = command.leaky_positive.bit_length() - 1
    if command.leaky_positive != 2**less or shift < less:
        raise InputError(
            f"the vector unit of the RTL bends {command.op.name} by a leaky_positive that is a power of two "
            f"of at most the shift, 2^{shift}, not by {command.leaky_positive}"
        )
    finishes = []
    for slope in tables.slopes:
        factor = command.multiplier * slope
        lower = (factor + 2**31) % 2**32 - 2**31
        bent = Finish(lower, command.multiplier, factor >> 32, shift - less, shift)
        finishes.append(replace(bent, low=command.clamp_low, high=command.clamp_high))
    if len(finishes) > 1 and made.load is Load.FACTORS:
        raise InputError("the vector unit of the RTL does not bend SCALE by slopes that differ by the channel yet")
    if len(finishes) == 1:
        return replace(made, finish=finishes[0], bend=True)
    return replace(made, load=Load.CHANNELS, table=_parameter_run(finishes), bend=True)


def _parameter_run(channels: Sequence[Finish]) -> bytes:
    """The 16 bytes of each channel as docs/program.md has them in a run of weights, up to whole units of channels."""
    padded = ceil_div(len(channels), UNIT_BYTES) * UNIT_BYTES
    table = np.zeros(padded, PARAMETERS)
    for index, finish in enumerate(channels):
        for name in table.dtype.names or ():
            table[name][index] = getattr(finish, name)
    return _padded(table.tobytes())


def _max_pool(command: Command, tables: CommandTables) -> Operation:
    factors = ((command.input_zero_point, command.multiplier),)
    made = Operation(factors, Finish(), largest=True, pad_value=LOWEST)
    return _bent(command, tables, made)


def _average_pool(command: Command, tables: CommandTables) -> Operation:
    """A sum, with multiplier and shift of its position: each output column's, once for rows that are alike."""
    made = Operation(((command.input_zero_point, 1),), _straight(command), pad_value=command.input_zero_point)
    rows, columns = command.out_height, command.out_width
    values = np.frombuffer(tables.values, np.uint8)
    pairs = values[ceil_div(rows + columns, 8) * 8 :].view("<u4").reshape(-1, command.columns_factor, 2)
    row_class, column_class = values[:rows], values[rows : rows + columns]
    if len(np.unique(pairs[row_class][:, column_class].reshape(-1, 2), axis=0)) == 1:
        multiplier, shift = (int(value) for value in pairs[row_class[0], column_class[0]])
        alike = replace(command, multiplier=multiplier, shift=shift)
        return replace(made, finish=_straight(alike))
    head, tail = _alike(row_class.tolist())
    lines = []
    for row in (*range(head + 1), *range(tail + 1, rows)):
        chosen = pairs[row_class[row], column_class].astype(np.int64)
        line = np.zeros(ceil_div(columns, PIXELS) * PIXELS, "<u4")
        line[:columns] = chosen[:, 0] | chosen[:, 1] << ENTRY_SHIFT
        lines.append(line.tobytes())
    return replace(made, table=_padded(b"".join(lines)), entry_rows=(head, tail))


def _alike(classes: Sequence[int]) -> tuple[int, int]:
    """First and last row of the longest stretch of rows of one class."""
    best = (0, 0)
    begin = 0
    for row in range(1, len(classes) + 1):
        if row == len(classes) or classes[row] != classes[begin]:
            best = max(best, (begin, row - 1), key=lambda stretch: stretch[1] - stretch[0])
            begin = row
    return best


def _add(command: Command, tables: CommandTables) -> Operation:
    """Of the last source the product is made behind the sum of the others, where nothing else is to be made there."""
    factors = tuple((source.zero_point, source.multiplier) for source in tables.sources)
    made = _bent(command, tables, Operation(factors, Finish(), by_source=True))
    if command.flags & Flag.LEAKY:
        return made
    zero_point, factor = factors[-1]
    finish = replace(made.finish, bias=-zero_point * factor, multiplier=factor, negative_multiplier=factor)
    return replace(made, finish=finish, joins=True)


def _mul(command: Command, tables: CommandTables) -> Operation:
    """The second input is held, the first one multiplied by it."""
    factors = ((command.second_zero_point, 0), (command.input_zero_point, 0))
    made = Operation(factors, Finish(), operand=Operand.HELD, hold_first=True, by_source=True)
    return _multiplied(command, tables, made)


def _scale(command: Command, tables: CommandTables) -> Operation:
    """The second input is resident: each chunk of channels holds its factors. Its zero point is that of source 1."""
    factors = ((command.input_zero_point, 0), (command.second_zero_point, 0))
    return _multiplied(command, tables, Operation(factors, Finish(), operand=Operand.HELD, load=Load.FACTORS))


def _copy(command: Command, tables: CommandTables) -> Operation:
    return _bent(command, tables, Operation(((command.input_zero_point, command.multiplier),), Finish()))


def _depthwise(command: Command, tables: CommandTables) -> Operation:
    """Parameters and weights are the run of the command."""
    return Operation(((0, 0),), Finish(), operand=Operand.WEIGHT, load=Load.CHANNELS, pad_value=command.pad_value)


def _concat(command: Command, tables: CommandTables) -> Operation:
    """All inputs are one tensor in the buffer; each channel has the rescaling of its own, zero point in the bias.

    Where one begins inside a unit of 16 channels, they are merged: two taps for each.
    """
    low, high = command.clamp_low, command.clamp_high
    finishes = []
    for source in tables.sources:
        made = Finish(-source.zero_point, source.multiplier, source.multiplier, source.shift, source.shift, low, high)
        finishes += [made] * source.channels
    _straight(command)
    merge = any(source.first_channel % UNIT_BYTES for source in tables.sources)
    copied = Operation(((0, 1),) * len(tables.sources), Finish(), merge=merge, load=Load.CHANNELS)
    return replace(copied, table=_parameter_run(finishes))


def _lrn(command: Command, tables: CommandTables) -> Operation:
    """A step of the table is a factor, the way to the next one, and a shift."""
    if command.flags & Flag.LEAKY:
        raise InputError("the vector unit of the RTL does not bend LRN by a leaky activation yet")
    if command.size > MOST_NORMALISED:
        raise InputError(
            f"the vector unit of the RTL normalises over {MOST_NORMALISED} channels, and not over {command.size} yet"
        )
    rows = np.frombuffer(tables.values, "<u4").reshape(-1, LRN_ROW_WORDS)[:NORMALISED_OCTAVES].astype(np.int64)
    factors, shifts = rows[:, :-1], rows[:, -1:]
    steps = np.diff(factors, axis=1)
    differences = steps & (2 ** (FACTOR_BITS + 1) - 1)
    entries = factors[:, :-1] | differences << FACTOR_BITS | shifts << (2 * FACTOR_BITS + 1)
    return Operation(
        ((command.input_zero_point, 0),),
        _clamped(command),
        normalise=True,
        before=2 ** ((command.size - 1) // 2) - 1,
        behind=2 ** (command.size // 2) - 1,
        table=_padded(entries.astype("<i8").tobytes()),
        table_entries=entries.size,
        step_bits=max(int(end).bit_length() for end in (steps.max(), ~steps.min())) + 1,
    )


_OPERATIONS: Mapping[Op, Callable[[Command, CommandTables], Operation]] = {
    Op.MAX_POOL: _max_pool,
    Op.AVERAGE_POOL: _average_pool,
    Op.ADD: _add,
    Op.MUL: _mul,
    Op.SCALE: _scale,
    Op.ACTIVATION: _copy,
    Op.DEPTHWISE: _depthwise,
    Op.RESIZE: _copy,
    Op.CONCAT: _concat,
    Op.LRN: _lrn,
}
