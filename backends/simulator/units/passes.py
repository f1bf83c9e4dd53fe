"""From a command to its blocks: what each loads, computes and stores (docs/overlay.md, sections 3, 6 and 7)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dynamap.backends.program import AlgorithmCode, Command, Flag, FormatCode, Mode, Op, Source
from dynamap.backends.program.specification import ALGORITHMS, DATAFLOWS
from dynamap.backends.simulator.engine import BlockTimes, LoadTime, PassTimes
from dynamap.backends.simulator.units import vector
from dynamap.backends.simulator.units.array import (
    Array,
    ArrayWork,
    Block,
    Kernel,
    array_work,
    packing_cycles,
    post_cycles,
    rows_posted,
    transform_registers,
    transform_words,
    winograd_tiles,
)
from dynamap.backends.simulator.units.memory import (
    Stored,
    Transfer,
    loading_cycles,
    placing_cycles,
    rows_transfer,
    run_transfer,
    storing_cycles,
    transfer_cycles,
)
from dynamap.backends.simulator.units.pooling import PoolWork, multiplier_bytes, pool_cycles
from dynamap.cost.overlay.limits import PARAMETER_BYTES
from dynamap.cost.overlay.machine import (
    BEAT_BYTES,
    NORMALISING,
    PIPELINE,
    TABLE_CYCLES,
    TILE_SET_UP,
    UNIT_BYTES,
    WALK_SET_UP,
    Overlay,
)

_ALGORITHM = {code: algorithm for algorithm, code in ALGORITHMS.items()}
_DATAFLOW = {code: dataflow for dataflow, code in DATAFLOWS.items()}


@dataclass(frozen=True)
class Part:
    """What one block makes: output rows from ``first_row`` on, so many channels, from so many input rows.

    ``weight_bytes`` is the run of weights that the block loads itself (0 where inputs stream).
    """

    first_row: int
    rows: int
    input_rows: int
    channels: int
    weight_bytes: int


@dataclass(frozen=True)
class PassWork:
    """A pass ready to run, and the bytes that it moves."""

    times: PassTimes
    bytes_read: int
    bytes_written: int


def units_of(channels: int) -> int:
    """Units of 16 channels."""
    return len(range(0, channels, UNIT_BYTES))


def parameter_bytes(command: Command) -> int:
    """Bytes of a table of parameters of all channels: 16 each, whole units of them, a multiple of 64."""
    return len(range(0, units_of(command.out_channels) * UNIT_BYTES * PARAMETER_BYTES, BEAT_BYTES)) * BEAT_BYTES


def parts_of(command: Command) -> Iterator[Part]:
    """The blocks of a pass, in order (docs/program.md, section 2)."""
    last_row = command.first_row + command.pass_rows
    last_channel = command.first_channel + command.pass_channels
    for index in range(command.blocks):
        last = index == command.blocks - 1
        input_rows = command.last_input_rows if last else command.block_input_rows
        if command.mode is Mode.STREAM_INPUTS:
            first = command.first_row + index * command.block_rows
            yield Part(first, min(command.block_rows, last_row - first), input_rows, command.pass_channels, 0)
        else:
            start = command.first_channel + index * command.block_channels
            weights = command.last_weight_bytes if last else command.weight_bytes
            channels = min(command.block_channels, last_channel - start)
            yield Part(command.first_row, command.pass_rows, command.block_input_rows, channels, weights)


def array_of(overlay: Overlay, command: Command) -> Array:
    """The array as a pass uses it."""
    return Array(overlay.machine, overlay.rows, overlay.columns, _DATAFLOW[command.dataflow])


def kernel_of(command: Command) -> Kernel:
    """What a pass contracts."""
    return Kernel(
        _ALGORITHM[command.algorithm],
        units_of(command.channels),
        command.kernel_rows,
        command.kernel_columns,
        command.dilation_columns,
        command.winograd_tile,
        command.window_bytes,
    )


def first_input_row(command: Command, part: Part) -> int:
    """The first row that the load of a block reads; at the borders the range is moved inside the image."""
    if command.input_format is FormatCode.TOEPLITZ:
        return part.first_row
    if command.op is Op.RESIZE:
        wanted = part.first_row // command.size
    else:
        wanted = part.first_row * command.stride_rows - command.pad_top
    return min(max(wanted, 0), command.height - part.input_rows)


def work_of(overlay: Overlay, command: Command, sources: Sequence[Source] = (), values: bytes = b"") -> PassWork:
    """The blocks of a command and their times; ``sources`` are the inputs of ADD, MUL, SCALE and CONCAT, ``values`` the
    operation's own table."""
    if command.op is Op.CONV:
        return _ArrayPass(overlay, command).work()
    if command.op.pools:
        return _PoolPass(overlay, command, values).work()
    return _VectorPass(overlay, command, sources).work()


def preloads_of(overlay: Overlay, command: Command) -> list[int]:
    """What each block of a convolution brings in front of its cycles, where it comes alone."""
    work = _ArrayPass(overlay, command)
    return [array_work(work.array, work.kernel, work.block(part)).preload for part in work.parts]


def rows_posted_of(overlay: Overlay, command: Command) -> int:
    """Reads of accumulator rows of all blocks of a convolution."""
    work = _ArrayPass(overlay, command)
    return sum(rows_posted(work.array, work.kernel, work.block(part)) for part in work.parts)


class _Pass(ABC):
    """What passes of the array and of the vector unit have in common: operands come in, results go out."""

    def __init__(self, overlay: Overlay, command: Command) -> None:
        self.machine = overlay.machine
        self.command = command
        self.parts = tuple(parts_of(command))
        self.inputs_stream = command.mode is Mode.STREAM_INPUTS
        self.stores = Flag.STORE in command.flags

    def inputs(self, part: Part) -> tuple[Stored, ...]:
        """The tensors that a block's inputs come from."""
        c = self.command
        planes = units_of(c.channels)
        if c.input_format is FormatCode.TOEPLITZ:
            return (Stored(c.input_format, 1, planes, c.out_width, c.input_row_bytes, 0, c.window_bytes),)
        count = planes if c.input_format is FormatCode.C16 else 1
        return (Stored(c.input_format, count, planes, c.width, c.input_row_bytes, c.input_plane_bytes),)

    def place(self, tensor: Stored, part: Part) -> int:
        rows = part.rows if tensor.format is FormatCode.TOEPLITZ else part.input_rows
        return placing_cycles(self.machine, tensor, rows)

    row_by_row, transform = False, 0

    def load_inputs(self, part: Part) -> tuple[LoadTime, int]:
        """Times and bytes of a block's inputs."""
        sizes: list[tuple[int, int]] = []
        arriving = place = 0
        first = first_input_row(self.command, part)
        for tensor in self.inputs(part):
            rows = part.rows if tensor.format is FormatCode.TOEPLITZ else part.input_rows
            sizes += rows_transfer(tensor, first, rows, self.row_by_row).sizes
            arriving += placing_cycles(self.machine, tensor, rows)
            place += self.place(tensor, part)
        transfer = Transfer(tuple(sizes))
        occupied = loading_cycles(self.machine, self.command.input_format, transfer, arriving)
        return LoadTime(occupied, place, self.transform), transfer.total_bytes

    def load_weights(self, size: int) -> tuple[LoadTime, int]:
        """Times and bytes of a run of weights; the weight buffer stores words as they come."""
        return LoadTime(transfer_cycles(self.machine, run_transfer(size)), 0), size

    def store(self, part: Part) -> tuple[int, int]:
        """Cycles and bytes of the result of a block."""
        c = self.command
        planes = units_of(part.channels)
        count = planes if c.output_format is FormatCode.C16 else 1
        tensor = Stored(c.output_format, count, planes, c.out_width, c.output_row_bytes, c.output_plane_bytes)
        transfer = rows_transfer(tensor, part.first_row, part.rows)
        occupied = storing_cycles(self.machine, tensor, transfer, part.rows, c.out_channels)
        return occupied, transfer.total_bytes

    @abstractmethod
    def compute(self, part: Part) -> int:
        """Cycles of the array or vector unit for a block."""

    def occupied(self, part: Part) -> int:
        """Cycles from the first operand of a block to that of the next one."""
        return self.compute(part)

    def tables(self) -> tuple[int, ...]:
        """Bytes of tables that the prologue reads beside the weights, and that no program has."""
        return ()

    def post(self, part: Part) -> int:
        """Cycles of STORE's post unit for a block; a vector layer has none."""
        return 0

    @abstractmethod
    def delays(self) -> tuple[int, int]:
        """(fill, after) of the pass, which are those of its first block."""

    def left(self) -> int:
        """Cycles that block 0 computes when all of its weights are there."""
        return self.compute(self.parts[0])

    def first(self, transfer: int) -> int:
        """Cycles of the transfer of its weights, which takes so many, before block 0 can begin."""
        return transfer

    packing, direct = 0, True

    def work(self) -> PassWork:
        prologue, read, written = None, 0, 0
        if not self.inputs_stream:
            prologue, read = self.load_inputs(self.parts[0])
        elif self.command.weight_bytes or self.tables():
            runs = [size for size in (self.command.weight_bytes, *self.tables()) if size]
            moved = Transfer(tuple(size for run in runs for size in run_transfer(run).sizes))
            prologue, read = LoadTime(transfer_cycles(self.machine, moved), 0), self.command.weight_bytes
        blocks = []
        for part in self.parts:
            load, loaded = self.load_inputs(part) if self.inputs_stream else self.load_weights(part.weight_bytes)
            read += loaded
            stored, size = self.store(part)
            written += size if self.stores else 0
            blocks.append(BlockTimes(load, self.compute(part), self.occupied(part), self.post(part), stored))
        fill, after = self.delays()
        weights = prologue if self.inputs_stream else blocks[0].load
        times = PassTimes(
            blocks=tuple(blocks),
            prologue=prologue,
            inputs_stream=self.inputs_stream,
            first=self.first(weights.transfer) if weights is not None else 0,
            left=self.left(),
            stores=self.stores,
            direct=self.direct,
            fill=fill,
            after=after,
            packing=self.packing,
            read_latency=self.machine.read_latency,
            write_latency=self.machine.write_latency,
            before=TABLE_CYCLES if Flag.LOOKUP in self.command.flags and self.command.index == 0 else 0,
        )
        return PassWork(times, read, written)


class _ArrayPass(_Pass):
    """A pass of a convolution on the array."""

    def __init__(self, overlay: Overlay, command: Command) -> None:
        super().__init__(overlay, command)
        c = command
        self.array = array_of(overlay, c)
        self.kernel = kernel_of(c)
        self.row_by_row = c.algorithm is AlgorithmCode.WINOGRAD
        self.transform = transform_registers(self.kernel)
        self.packing, self.direct = packing_cycles(self.array, self.kernel), False

    def block(self, part: Part) -> Block:
        return Block(part.rows, part.channels, self.command.width, self.command.out_width)

    def place(self, tensor: Stored, part: Part) -> int:
        if not self.row_by_row:
            return super().place(tensor, part)
        return transform_words(
            self.machine, self.kernel, winograd_tiles(self.kernel, part.rows, self.command.out_width)
        )

    def compute(self, part: Part) -> int:
        return array_work(self.array, self.kernel, self.block(part)).cycles

    def occupied(self, part: Part) -> int:
        return array_work(self.array, self.kernel, self.block(part)).occupied

    def post(self, part: Part) -> int:
        return post_cycles(self.array, self.kernel, self.block(part))

    @property
    def first_block(self) -> ArrayWork:
        return array_work(self.array, self.kernel, self.block(self.parts[0]))

    @property
    def first_weights(self) -> int:
        """Bytes of parameters and weights of block 0."""
        return self.command.weight_bytes if self.inputs_stream else self.parts[0].weight_bytes

    def first(self, transfer: int) -> int:
        """Parameters, and the weights of a stage."""
        parameters = PARAMETER_BYTES * self.parts[0].channels
        needed = parameters + min(self.first_block.stage_bytes, self.first_weights - parameters)
        return transfer_cycles(self.machine, run_transfer(needed))

    def left(self) -> int:
        """Stages behind the first wait for their weights: what each and those behind it may take, less the cycles in
        which the weights behind its own arrive."""
        first, parameters = self.first_block, PARAMETER_BYTES * self.parts[0].channels
        behind = self.first_weights - parameters
        stage = min(first.stage_bytes, behind)
        left, remaining = 0, first.stages * first.longest
        for _ in range(1, first.stages):
            behind, remaining = behind - stage, remaining - first.longest
            arriving = max(behind - stage, 0) // self.machine.word_bytes
            left = max(left, min(first.occupied, remaining) - arriving)
        return left

    def delays(self) -> tuple[int, int]:
        first = self.first_block
        return first.fill + TILE_SET_UP, first.after


class _VectorPass(_Pass):
    """The pass of a layer of the vector unit other than pooling."""

    def __init__(self, overlay: Overlay, command: Command, sources: Sequence[Source]) -> None:
        super().__init__(overlay, command)
        c = command
        self.sources = sources[:1] if c.op is Op.SCALE else sources  # the factor of SCALE is resident
        self.layer = vector.VectorWork(
            op=c.op,
            out_width=c.out_width,
            units=units_of(c.out_channels),
            kernel=(c.kernel_rows, c.kernel_columns),
            operands=c.source_count,
            own_slopes=c.slope_count > 1,
            merges=c.op is Op.CONCAT and any(source.first_channel % UNIT_BYTES for source in sources),
            bends=bool(c.flags & Flag.LEAKY),
        )

    def inputs(self, part: Part) -> tuple[Stored, ...]:
        if not self.sources:
            return super().inputs(part)
        c16 = self.command.input_format is FormatCode.C16
        return tuple(
            Stored(
                self.command.input_format,
                units_of(source.channels) if c16 else 1,
                units_of(source.channels),
                self.command.width,
                source.row_bytes,
                source.plane_bytes,
            )
            for source in self.sources
        )

    def compute(self, part: Part) -> int:
        opening = self.command.op is Op.LRN and part.first_row == self.command.first_row
        return vector.slots(self.machine, self.layer, part.rows) + (vector.LRN_ENTRIES if opening else 0)

    def tables(self) -> tuple[int, ...]:
        if self.command.op is Op.LRN:
            return (8 * vector.LRN_ENTRIES,)
        return (parameter_bytes(self.command),) if self.layer.own_table else ()

    def delays(self) -> tuple[int, int]:
        return WALK_SET_UP, PIPELINE + (NORMALISING if self.command.op is Op.LRN else 0)


class _PoolPass(_Pass):
    """The pass of a max or average pooling; ``values``: the classes of an average's windows."""

    def __init__(self, overlay: Overlay, command: Command, values: bytes) -> None:
        super().__init__(overlay, command)
        c = command
        self.own_slopes = c.slope_count > 1
        self.values = values
        self.cycles = pool_cycles(
            self.machine,
            PoolWork(
                blocks=tuple(part.rows for part in self.parts),
                out_width=c.out_width,
                units=units_of(c.channels),
                kernel=(c.kernel_rows, c.kernel_columns),
                stride=(c.stride_rows, c.stride_columns),
                dilation=(c.dilation_rows, c.dilation_columns),
                pad_left=c.pad_left,
                loads=UNIT_BYTES if self.own_slopes else 1,
            ),
        )

    def compute(self, part: Part) -> int:
        return self.cycles[self.parts.index(part)]

    def tables(self) -> tuple[int, ...]:
        """One run, where there is anything in it."""
        size = parameter_bytes(self.command) if self.own_slopes else 0
        if self.command.op is Op.AVERAGE_POOL:
            rows, columns = self.command.out_height, self.command.out_width
            size += multiplier_bytes(self.values[:rows], self.values[rows : rows + columns])
        return (size,) if size else ()

    def delays(self) -> tuple[int, int]:
        return WALK_SET_UP, PIPELINE
