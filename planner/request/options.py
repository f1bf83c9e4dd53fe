"""The options of a plan, each declared once: from here come the command line, the Python arguments and the document.

An option is a field of ``Options`` made by ``asked``: its default, what the command line calls it, its kind and help.
``Request`` adds what is no option of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.errors import InputError
from dynamap.cost.likeness import suggestion
from dynamap.planner.plan.plan import COST_MODELS
from dynamap.planner.request.kinds import (
    ANY,
    ARRAY,
    BYTES,
    IMAGES,
    MEMORY,
    NUMBER,
    PERCENT,
    PINS,
    PREPROCESSING,
    SECONDS,
    SHAPES,
    SWITCH,
    WHOLE,
    Kind,
    set_of,
    words_of,
)
from dynamap.planner.request.preprocessing import Preprocessing
from dynamap.planner.solvers import SOLVERS
from dynamap.planner.solvers.contract import DEFAULT_MEMORY_LIMIT_BYTES, ILP_ENGINES


class Decides(Enum):
    """What of the overlay an option decides: an overlay that is kept has its own sizes and machine."""

    SIZES = "sizes"
    MACHINE = "machine"
    MEMORY = "memory"


@dataclass(frozen=True)
class Option:
    """One option: the field, what the command line calls it, its kind and help.

    ``value``: what the help calls what is given, where that is no choice of words. ``stored``: part of a plan's
    document, there always, or only where it is not None (``when_given``). ``decides``: what of the overlay. ``varied``:
    its help where a sweep takes several values of it; the others are the same for all combinations of a sweep, but for
    those that are of one plan ``alone``.
    """

    name: str
    flag: str
    kind: Kind
    help: str
    value: str = ""
    stored: bool = True
    when_given: bool = False
    decides: Decides | None = None
    varied: str = ""
    alone: bool = False

    @property
    def called(self) -> str:
        """What messages of the command line call it."""
        return self.flag.partition("/")[0]


def asked(default: Any, flag: str, kind: Kind, help: str, value: str = "", **more: Any) -> Any:
    """A field of ``Options``; ``more`` are fields of `Option`."""
    about = {"flag": flag, "kind": kind, "help": help, "value": value, **more}
    if callable(default):
        return field(default_factory=default, metadata=about)
    return field(default=default, metadata=about)


def declared_options(record: type) -> tuple[Option, ...]:
    """The options that the fields of a dataclass declare, in their order."""
    return tuple(Option(f.name, **f.metadata) for f in fields(record))


def _choices(kind: type[Enum]) -> str:
    return ",".join(each.value for each in kind)


@dataclass(frozen=True)
class Options:
    """What a user can ask of a plan; None leaves a choice to the search.

    ``pins`` maps a layer to an algorithm and possibly a dataflow, ``shapes`` an input to its dimensions;
    ``multipliers`` is the budget of the array, ``fill_percent`` that of array and lanes as a share of the device's
    multipliers, ``on_chip_bytes`` that of its memory blocks; ``preprocess`` is what is done to pictures, None: their
    bytes as they are; ``batch`` images follow one another; ``time_limit`` in seconds, ``memory_limit_mb`` in MiB.
    """

    solver: str = asked(
        "dp",
        "--solver",
        words_of(tuple(SOLVERS)),
        "What solves the mapping, each exactly: dynamic programming, integer programming, constraint programming, or "
        "trying everything (tiny networks).  [default: dp]",
    )
    ilp_engine: str = asked(
        "cbc", "--ilp-engine", words_of(ILP_ENGINES), "The engine behind --solver ilp.  [default: cbc]", stored=False
    )
    cost_model: str = asked(
        "overlay",
        "--cost-model",
        words_of(COST_MODELS),
        "What predicts the time: the overlay's own timing, or the formulas of the published paper.  [default: overlay]",
        stored=False,
        alone=True,
    )
    array: tuple[int, int] | None = asked(
        None,
        "--array",
        ARRAY,
        "Fix the size of the array, such as 92x66; `any` lifts what --from has fixed.  [default: the best one]",
        "ROWSxCOLUMNS",
        decides=Decides.SIZES,
        alone=True,
    )
    clock_mhz: float | None = asked(
        None,
        "--clock",
        NUMBER,
        "Clock in MHz.  [default: the device's]",
        "MHZ",
        decides=Decides.MACHINE,
        varied="Clocks in MHz, by comma.",
    )
    bandwidth_gbs: float | None = asked(
        None,
        "--bandwidth",
        NUMBER,
        "Memory bandwidth in GB/s.  [default: the device's]",
        "GBS",
        decides=Decides.MEMORY,
        varied="Memory bandwidths in GB/s, by comma.",
    )
    multipliers: int | None = asked(
        None,
        "--multipliers",
        WHOLE,
        "Multipliers that the array may use.  [default: what --fill leaves it]",
        "N",
        decides=Decides.SIZES,
        varied="Budgets of the array, by comma: 2048, 25%, all.",
    )
    fill_percent: int | None = asked(
        None,
        "--fill",
        PERCENT,
        "Share of the device's multipliers that array and vector unit may take.  [default: 80%, or what --multipliers "
        "says]",
        "PERCENT",
        decides=Decides.SIZES,
        varied="Shares of the device's multipliers that array and vector unit may take, by comma: 60%, 80%.",
    )
    on_chip_bytes: int | None = asked(
        None,
        "--on-chip",
        BYTES,
        "On-chip memory that the overlay may use, such as 4MiB.  [default: all that fits]",
        "BYTES",
        when_given=True,
        decides=Decides.SIZES,
        varied="Budgets of on-chip memory, by comma: 4MiB, 25%, all.",
    )
    packing: bool | None = asked(
        None,
        "--packing/--no-packing",
        SWITCH,
        "Two int8 products per multiplier in each cycle, or one.  [default: two, where the device's can]",
        decides=Decides.MACHINE,
    )
    algorithms: tuple[Algorithm, ...] = asked(
        lambda: tuple(Algorithm),
        "--algorithms",
        set_of(Algorithm),
        f"Convolution algorithms that layers may use, by comma.  [default: {_choices(Algorithm)}]",
        "NAMES",
        varied=f"Convolution algorithms that layers may use: {_choices(Algorithm)}; repeat it to compare several sets.",
    )
    dataflows: tuple[Dataflow, ...] = asked(
        lambda: tuple(Dataflow),
        "--dataflows",
        set_of(Dataflow),
        "Dataflows that layers may use, by comma: what stays in the array are weights (ws), inputs (is) or sums alone "
        f"(ns).  [default: {_choices(Dataflow)}]",
        "NAMES",
        varied=f"Dataflows that layers may use: {_choices(Dataflow)}; repeat it to compare several sets.",
    )
    pins: Mapping[str, tuple[Algorithm, Dataflow | None]] = asked(
        dict,
        "--pin",
        PINS,
        "Insist on a layer's algorithm, such as conv1=winograd/ws, repeatable; LAYER=any lifts a pin that --from has "
        "set.",
        "LAYER=ALGORITHM[/DATAFLOW]",
        alone=True,
    )
    shapes: Mapping[str, tuple[int, ...]] | None = asked(
        None,
        "--shape",
        SHAPES,
        "The dimensions of an input that the model leaves open, such as image=1x3x320x320, repeatable.",
        "INPUT=NxCxHxW",
        when_given=True,
    )
    preprocess: Preprocessing | None = asked(  # noqa: RUF009 - a field, as all of them
        None,
        "--preprocess",
        PREPROCESSING,
        "How pictures become the network's input: raw (0..255, the default), unit, signed, imagenet, caffe or yolo, "
        "and KEY=VALUE by comma: resize, crop, scale, mean, std, colours, layout.",
        "HOW",
        when_given=True,
        alone=True,
    )
    batch: int | None = asked(
        None,
        "--batch",
        IMAGES,
        "Images that follow one another: the plan states the time of all of them, and images per second.",
        "N",
        when_given=True,
        alone=True,
    )
    time_limit: float | None = asked(
        None,
        "--time-limit",
        SECONDS,
        "Seconds after which the best plan so far is taken, and called not proven.  [default: none]",
        "SECONDS",
        stored=False,
    )
    memory_limit_mb: int = asked(
        DEFAULT_MEMORY_LIMIT_BYTES >> 20,
        "--memory-limit",
        MEMORY,
        "MiB for the tables of the dynamic programme.  [default: 1024]",
        "MIB",
        stored=False,
    )


OPTIONS = declared_options(Options)
"""Every option, in the order of the help."""

VARIED = tuple(option for option in OPTIONS if option.varied)
"""Those of which a sweep takes several values."""

ALIKE = tuple(option for option in OPTIONS if not option.varied and not option.alone)
"""Those that are the same for all combinations of a sweep."""


def deciding(*parts: Decides) -> tuple[Option, ...]:
    """The options that decide these parts of the overlay."""
    return tuple(option for option in OPTIONS if option.decides in parts)


def given_options(given: Mapping[str, Any], base: Options, *, flags: bool) -> dict[str, Any]:
    """The fields of ``base`` that change by what is given, by option names; None is what was not given.

    ``flags``: messages call options as the command line does.

    Raises:
        InputError: an option is unknown or its value cannot be.
    """
    known = {option.name: option for option in OPTIONS}
    for name in given:
        if name not in known:
            raise InputError(f"a plan has no option {name!r}: there are {', '.join(known)}{suggestion(name, known)}")
    changed = {}
    for name, value in given.items():
        if value is not None:
            called = known[name].called if flags else name
            changed[name] = known[name].kind.read(called, value)
    if "pins" in changed:
        changed["pins"] = _changed_pins(base.pins, changed["pins"])
    return changed


def _changed_pins(
    base: Mapping[str, tuple[Algorithm, Dataflow | None]], given: Mapping[str, tuple[Algorithm, Dataflow | None] | None]
) -> dict[str, tuple[Algorithm, Dataflow | None]]:
    """The pins of ``base`` with those given, which set, replace or lift one."""
    pins = dict(base)
    for name, pin in given.items():
        if pin is not None:
            pins[name] = pin
        elif pins.pop(name, None) is None:
            raise InputError(
                f"--pin '{name}={ANY}' lifts a pin of the plan given by --from, and it has none of that name"
            )
    return pins


def options_document(options: Options) -> dict[str, object]:
    """The options that a plan keeps, as JSON data; ``stored_options`` reads them back."""
    return {
        option.name: option.kind.written(value)
        for option in OPTIONS
        if option.stored
        for value in [getattr(options, option.name)]
        if not (option.when_given and value is None)
    }


def stored_options(data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of ``Options`` in a document.

    Raises:
        KeyError, TypeError, ValueError: a key is missing or of a wrong value.
    """
    unknown = set(data) - {option.name for option in OPTIONS if option.stored}
    if unknown:
        raise ValueError(f"the unknown key {sorted(unknown)[0]!r}")
    return {
        option.name: option.kind.loaded(data[option.name])
        for option in OPTIONS
        if option.stored and not (option.when_given and option.name not in data)
    }
