"""The questions of what-if: one resource of a plan relaxed, or one algorithm or dataflow removed, all else held."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.convolution import ConvShape
from dynamap.cost.device import Device
from dynamap.cost.overlay.fitting.candidates import Candidates
from dynamap.cost.overlay.machine import Buffers, Machine
from dynamap.cost.overlay.transfer import Ints
from dynamap.planner.mapping.overlay_costs import Restriction
from dynamap.planner.network.network import Conv, Network
from dynamap.planner.network.work import conv_shape, work_of
from dynamap.planner.request.request import Request
from dynamap.planner.request.space import array_budget, arrays, search_space
from dynamap.planner.request.vector_room import machine_for
from dynamap.planner.search.candidates import ArrayCandidates
from dynamap.planner.studies.baselines import can_run

_BUFFERS: Mapping[str, tuple[str, str]] = {
    "input_buffer": ("input_buffer", "input and output buffers x 2"),
    "weight_buffer": ("weight_buffer", "weight buffer x 2"),
    "accumulators": ("accumulator_rows", "accumulators x 2"),
    "row_buffers": ("row_buffer", "windows that stay x 2"),
}
_OVERLAY = "array, buffers, memory word, lanes"
_NOTHING = "nothing: there is no such overlay but a re-sized one"


@dataclass(frozen=True)
class Setting:
    """What a question is answered on.

    ``board`` is the device that overlays must fit. ``own``: what the buffers of the plan's overlay may be, none where
    the question changes more of it. ``space`` makes all overlays among which it may be sized again; None where it may
    not.
    """

    board: Device
    machine: Machine
    restrictions: Mapping[str, Restriction]
    own: tuple[Buffers, ...]
    space: Callable[[], ArrayCandidates] | None


@dataclass(frozen=True)
class Question:
    """A setting and how to speak of it.

    ``held``: what the answer on the plan's overlay keeps of it. ``options``: what asks ``dynamap plan --from`` for the
    other answer. ``fewer_choices``: everything that it allows, the plan was allowed too; ``more_choices``: everything
    that the plan was allowed, it allows. ``besides``: a setting of another machine that is allowed as well.
    """

    key: str
    title: str
    setting: Setting
    held: str = _OVERLAY
    options: str | None = None
    note: str = ""
    fewer_choices: bool = False
    more_choices: bool = False
    besides: Setting | None = None


@dataclass(frozen=True)
class Enlarged:
    """Candidate arrays with one of the buffers beside each of them twice as large."""

    base: ArrayCandidates
    size: str

    @property
    def rows(self) -> Ints:
        return self.base.rows

    @property
    def columns(self) -> Ints:
        return self.base.columns

    def ceiling(self) -> Buffers:
        return twice(self.base.ceiling(), self.size)

    def buffers_within(self, least_rows: int, most_rows: int, least_columns: int) -> tuple[Buffers, ...]:
        return tuple(twice(b, self.size) for b in self.base.buffers_within(least_rows, most_rows, least_columns))

    def buffers_for(self, rows: int, columns: int) -> tuple[Buffers, ...]:
        return tuple(twice(b, self.size) for b in self.base.buffers_for(rows, columns))


@dataclass(frozen=True)
class Either:
    """The candidates of ``larger``, and beside each array also the buffers of ``smaller``, none of which exceeds them.

    A larger buffer is cut into fewer passes (docs/overlay.md, section 7), and now and then more passes are faster: to
    have more is never to lose only where less may still be used.
    """

    larger: ArrayCandidates
    smaller: ArrayCandidates

    @property
    def rows(self) -> Ints:
        return self.larger.rows

    @property
    def columns(self) -> Ints:
        return self.larger.columns

    def ceiling(self) -> Buffers:
        return self.larger.ceiling()

    def buffers_within(self, least_rows: int, most_rows: int, least_columns: int) -> tuple[Buffers, ...]:
        return self.larger.buffers_within(least_rows, most_rows, least_columns)

    def buffers_for(self, rows: int, columns: int) -> tuple[Buffers, ...]:
        both = (*self.larger.buffers_for(rows, columns), *self.smaller.buffers_for(rows, columns))
        return tuple(dict.fromkeys(both))


def twice(buffers: Buffers, size: str) -> Buffers:
    """The same buffers with one size doubled."""
    return replace(buffers, **{size: 2 * getattr(buffers, size)})


@dataclass(frozen=True)
class Relaxations:
    """The questions about a plan: its request, its device, and the setting in which it was made."""

    network: Network
    request: Request
    board: Device
    base: Setting

    def questions(self) -> Iterator[Question]:
        """All of them; the order means nothing."""
        yield from self._memory_and_clock()
        yield from self._counts()
        yield from self._buffers()
        yield from self._algorithms()
        yield from self._dataflows()

    def _memory_and_clock(self) -> Iterator[Question]:
        system, machine = self.board.system, self.base.machine
        rate, ports = 2 * machine.bandwidth_bytes_per_ms, machine.word_bytes * machine.clock_khz
        faster = replace(system, bandwidth_bytes_per_ms=rate)
        setting = self._with(replace(self.board, system=faster))
        note = f"the memory ports carry {ports / 1e6:g} GB/s at most" if rate > ports else ""
        yield Question("bandwidth", "memory bandwidth x 2", setting, options=f"--bandwidth {rate / 1e6:g}", note=note)
        setting = self._with(replace(self.board, system=replace(faster, memory_ports=2 * system.memory_ports)))
        if setting.space is not None:
            note = f"{2 * machine.word_bytes} bytes per cycle; twice the lanes, which take multipliers from the array"
            setting = replace(setting, own=())
            yield Question("memory_ports", "ports and bandwidth x 2", setting, held=_NOTHING, note=note)
        setting = self._with(replace(self.board, system=replace(system, clock_khz=2 * machine.clock_khz)))
        note = "bandwidth in GB/s and the memory's latency in cycles stay as they are"
        yield Question("clock", "clock x 2", setting, options=f"--clock {2 * machine.clock_khz / 1000:g}", note=note)
        read, write = system.read_latency_cycles // 2, system.write_latency_cycles // 2
        nearer = replace(system, read_latency_cycles=read, write_latency_cycles=write)
        note = f"{read} cycles to read, {write} to write"
        yield Question(
            "memory_latency", "memory latency / 2", self._with(replace(self.board, system=nearer)), note=note
        )

    def _with(self, board: Device) -> Setting:
        """The plan's setting on a changed device."""
        machine = machine_for(board, self.request, (self.network,))

        def space() -> ArrayCandidates:
            limit = array_budget(board, machine, self.request)
            return search_space(self._arrays(board, machine, limit), self.request)

        return replace(self.base, board=board, machine=machine, space=None if self.base.space is None else space)

    def _counts(self) -> Iterator[Question]:
        """Multipliers and memory blocks, which only a re-sized overlay can use."""
        if self.base.space is None:
            return
        machine, count = self.base.machine, self.request.multipliers
        resources = self.board.resources
        limit = array_budget(self.board, machine, self.request)
        if self.request.array is None:
            board, more = self.board, 2 * limit
            if count is None:
                columns = resources.multiplier_columns.twice()
                twice_as_many = replace(resources, multipliers=2 * resources.multipliers, multiplier_columns=columns)
                board = replace(board, resources=twice_as_many)
                more = array_budget(board, machine, self.request)
            options = None if count is None else f"--multipliers {more}"
            setting = self._on(lambda: self._arrays(board, machine, more))
            yield Question("multipliers", "multipliers x 2", setting, held=_NOTHING, options=options, more_choices=True)
        budget = resources.on_chip_bytes
        blocks = {kind: 2 * getattr(resources, kind) for kind in ("bram36", "uram", "m20k")}
        blocks["on_chip_bytes"] = None if budget is None else 2 * budget
        larger = replace(self.board, resources=replace(resources, **blocks))
        space = self.base.space
        setting = self._on(lambda: Either(search_space(self._arrays(larger, machine, limit), self.request), space()))
        setting = replace(setting, board=larger)
        wider = replace(self._with(larger), own=())  # the vector unit may have larger buffers there
        yield Question(
            "memory_blocks",
            "on-chip memory blocks x 2",
            setting,
            held=_NOTHING,
            more_choices=True,
            besides=wider if wider.machine != machine else None,
        )

    def _arrays(self, board: Device, machine: Machine, limit: int) -> Candidates:
        return arrays(board, machine, limit, self.request, (self.network,))

    def _on(self, space: Callable[[], ArrayCandidates]) -> Setting:
        return replace(self.base, own=(), space=space)

    def _buffers(self) -> Iterator[Question]:
        for key, (size, title) in _BUFFERS.items():
            own = (*self.base.own, *(twice(buffers, size) for buffers in self.base.own))
            setting = replace(self.base, own=own, space=self._enlarged(size))
            held = "array, all other buffers, memory word, lanes"
            yield Question(key, title, setting, held=held, more_choices=True)

    def _enlarged(self, size: str) -> Callable[[], ArrayCandidates] | None:
        space = self.base.space
        return None if space is None else lambda: Either(Enlarged(space(), size), space())

    def _algorithms(self) -> Iterator[Question]:
        for algorithm in Algorithm:
            restrictions, kept = without_algorithm(self.network, self.base.restrictions, algorithm)
            if restrictions != self.base.restrictions:
                note = f"kept by {kept} layers that have no other, or are pinned to it" if kept else ""
                options = None if kept else _options("algorithms", self.request.algorithms, algorithm)
                question = self._removal(algorithm, restrictions, options, note)
                yield question if algorithm is not Algorithm.WINOGRAD or kept else self._with_more_memory(question)

    def _with_more_memory(self, question: Question) -> Question:
        """Without Winograd: a kernel that is sized again has no buffer for its pixels."""
        if self.base.space is None:
            return question
        limit = array_budget(self.board, self.base.machine, self.request)
        left = tuple(algorithm for algorithm in self.request.algorithms if algorithm is not Algorithm.WINOGRAD)
        request = replace(self.request, algorithms=left)

        def space() -> ArrayCandidates:
            return search_space(arrays(self.board, self.base.machine, limit, request, (self.network,)), request)

        return replace(question, setting=replace(question.setting, space=space), fewer_choices=False)

    def _dataflows(self) -> Iterator[Question]:
        for dataflow in Dataflow:
            restrictions = {
                name: replace(own, dataflows=tuple(d for d in own.dataflows if d is not dataflow) or own.dataflows)
                for name, own in self.base.restrictions.items()
            }
            if restrictions != self.base.restrictions:
                kept = sum(own.dataflows == (dataflow,) for own in self.base.restrictions.values())
                note = f"kept by {kept} layers that are pinned to it" if kept else ""
                yield self._removal(
                    dataflow, restrictions, _options("dataflows", self.request.dataflows, dataflow), note
                )

    def _removal(
        self, removed: Enum, restrictions: Mapping[str, Restriction], options: str | None, note: str
    ) -> Question:
        setting = replace(self.base, restrictions=restrictions)
        key, title = f"without_{removed.value}", f"without {removed.value}"
        return Question(key, title, setting, options=options, note=note, fewer_choices=True)


def without_algorithm(
    network: Network, restrictions: Mapping[str, Restriction], removed: Algorithm
) -> tuple[dict[str, Restriction], int]:
    """The restrictions without an algorithm wherever another is left, and how many layers have to keep it."""
    result, kept = dict(restrictions), 0
    for layer in network.layers:
        if not isinstance(layer, Conv) or layer.name not in restrictions:
            continue
        own = restrictions[layer.name]
        if removed not in own.algorithms or not isinstance(work_of(layer, network), ConvShape):
            continue
        others = tuple(algorithm for algorithm in own.algorithms if algorithm is not removed)
        if any(can_run(conv_shape(layer, network), algorithm) for algorithm in others):
            result[layer.name] = replace(own, algorithms=others)
        else:
            kept += 1
    return result, kept


def _options(name: str, allowed: tuple[Algorithm, ...] | tuple[Dataflow, ...], removed: Enum) -> str:
    return f"--{name} " + ",".join(choice.value for choice in allowed if choice is not removed)
