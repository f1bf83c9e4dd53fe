"""The options of a plan, each declared once: from here come the command line, the Python arguments and the document.

An option is a field of ``Options`` made by ``asked``: its default, what the command line calls it, its kind (how words
become its value, and its value JSON data) and its help. ``Request`` adds what is no option of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import Enum
from functools import partial
from typing import Any, TypeVar

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.errors import InputError
from dynamap.planner.plan.plan import COST_MODELS
from dynamap.planner.solvers.contract import DEFAULT_MEMORY_LIMIT_BYTES, ILP_ENGINES

E = TypeVar("E", bound=Enum)

ANY = "any"
"""Lifts a restriction of the plan that is planned again."""

SOLVER_NAMES = ("dp", "ilp", "cpsat", "exhaustive")

Read = Callable[[str, Any], Any]


@dataclass(frozen=True)
class Kind:
    """What kind of value an option has.

    ``words``: what the command line takes, a type or the words to choose from; ``read``: the value from what a user
    gives (the option's name for messages, then words or a value); ``written`` and ``loaded``: to and from JSON data.
    """

    words: type | tuple[str, ...]
    read: Read
    written: Callable[[Any], Any] = lambda value: value
    loaded: Callable[[Any], Any] = lambda data: data
    repeated: bool = False


class Decides(Enum):
    """What of the overlay an option decides: an overlay that is kept has its own sizes and machine."""

    SIZES = "sizes"
    MACHINE = "machine"
    MEMORY = "memory"


@dataclass(frozen=True)
class Option:
    """One option: the field, what the command line calls it, its kind and help.

    ``stored``: part of a plan's document, there always, or only where it is not None (``when_given``). ``decides``:
    what of the overlay. ``varied``: its help where a sweep takes several values of it; the others are the same for all
    combinations of a sweep, but for those that are of one plan ``alone``.
    """

    name: str
    flag: str
    kind: Kind
    help: str
    stored: bool = True
    when_given: bool = False
    decides: Decides | None = None
    varied: str = ""
    alone: bool = False

    @property
    def called(self) -> str:
        """What messages of the command line call it."""
        return self.flag.partition("/")[0]


def asked(default: Any, flag: str, kind: Kind, help: str, **more: Any) -> Any:
    """A field of ``Options``; ``more`` are fields of `Option`."""
    about = {"flag": flag, "kind": kind, "help": help, **more}
    if callable(default):
        return field(default_factory=default, metadata=about)
    return field(default=default, metadata=about)


def parse_choices(option: str, words: Iterable[str | E] | None, kind: type[E]) -> tuple[E, ...]:
    """Values of an enum by their words, in the enum's order; all of them where nothing is given.

    Raises:
        InputError: a word is unknown, or there is none; the message names ``option``.
    """
    if words is None:
        return tuple(kind)
    known = {member.value: member for member in kind}
    chosen = [word.value if isinstance(word, kind) else str(word).lower() for word in words]
    for word in chosen:
        if word not in known:
            raise InputError(f"{option} does not know {word!r}: choose from {', '.join(known)}")
    if not chosen:
        raise InputError(f"{option} needs at least one of {', '.join(known)}")
    return tuple(member for member in kind if member.value in chosen)


def parse_choice(layer: str, text: str) -> tuple[Algorithm, Dataflow | None]:
    """``ALGORITHM[/DATAFLOW]``, what a layer is pinned to.

    Raises:
        InputError: a word is unknown.
    """
    algorithm, slash, dataflow = text.partition("/")
    where = f"the pin of {layer!r}"
    flow = parse_choices(where, [dataflow], Dataflow)[0] if slash else None
    return parse_choices(where, [algorithm], Algorithm)[0], flow


def split(text: str) -> list[str]:
    """What stands between the commas, without empty words."""
    return [word.strip() for word in text.split(",") if word.strip()]


def _read_plain(option: str, given: Any, kinds: tuple[type, ...] = (int, float), what: str = "a number") -> Any:
    if not isinstance(given, kinds) or (isinstance(given, bool) and bool not in kinds):
        raise InputError(f"{option} must be {what}, found {given!r:.60}")
    return given


def _read_word(known: Sequence[str], option: str, given: Any) -> str:
    if given not in known:
        raise InputError(f"{option} does not know {given!r:.60}: choose from {', '.join(known)}")
    return str(given)


def _read_array(option: str, given: Any) -> tuple[int, int] | None:
    if isinstance(given, str) and given.strip().lower() == ANY:
        return None
    sides: Any = given
    if isinstance(given, str):
        match = re.fullmatch(r"\s*(\d{1,6})\s*[xX]\s*(\d{1,6})\s*", given)
        sides = (int(match[1]), int(match[2])) if match else ()
    pair = tuple(sides) if isinstance(sides, (tuple, list)) else ()
    if len(pair) != 2 or not all(isinstance(side, int) and 0 < side < 10**6 for side in pair):
        raise InputError(f"{option} must be ROWSxCOLUMNS with positive numbers, such as 92x66; found {given!r:.60}")
    return pair


def _read_set(kind: type[Enum], option: str, given: Any) -> tuple[Enum, ...]:
    return parse_choices(option, split(given) if isinstance(given, str) else given, kind)


def _read_positive(option: str, given: Any) -> Any:
    if not _read_plain(option, given) > 0:
        raise InputError(f"{option} must be positive, found {given}")
    return given


UNITS = {"": 1, "b": 1, "kib": 1 << 10, "mib": 1 << 20, "kb": 10**3, "mb": 10**6}


def parse_amount(option: str, text: str) -> int:
    """A number of bytes: ``4194304``, ``4096KiB`` or ``4MiB``.

    Raises:
        InputError: it is not of that form, not whole, or not positive.
    """
    from decimal import Decimal

    match = re.fullmatch(r"\s*(\d{1,15}(?:\.\d{1,9})?)\s*([a-zA-Z]*)\s*", text)
    amount = Decimal(match[1]) * UNITS.get(match[2].lower(), 0) if match else Decimal(0)
    if amount != int(amount) or not 0 < amount <= 10**15:
        raise InputError(f"{option} must be a number of bytes, such as 4MiB or 4194304; found {text!r:.60}")
    return int(amount)


def _read_bytes(option: str, given: Any) -> int:
    return parse_amount(option, given) if isinstance(given, str) else int(_read_positive(option, given))


def _read_memory(option: str, given: Any) -> int:
    if _read_plain(option, given, (int,), "a whole number") < 1:
        raise InputError(f"{option} must be at least 1 MiB, found {given}")
    return int(given)


def parse_pin(option: str, text: str) -> tuple[str, tuple[Algorithm, Dataflow | None] | None]:
    """``LAYER=ALGORITHM[/DATAFLOW]`` (``any``: None); the layer's name may contain anything, also ``=``.

    Raises:
        InputError: it is not of that form.
    """
    name, separator, choice = text.rpartition("=")
    if not separator or not name:
        raise InputError(f"{option} must be LAYER=ALGORITHM[/DATAFLOW], such as conv1=winograd/ws; found {text!r}")
    return name, None if choice.strip().lower() == ANY else parse_choice(name, choice)


def _read_pins(option: str, given: Any) -> dict[str, tuple[Algorithm, Dataflow | None] | None]:
    """From texts ``LAYER=CHOICE``, or from a mapping of layers to choices; None lifts a pin."""
    if isinstance(given, Mapping):
        return {name: parse_choice(name, pin) if isinstance(pin, str) else pin for name, pin in given.items()}
    parsed = [parse_pin(option, text) for text in given]
    names = [name for name, _ in parsed]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{option} names {name!r} twice")
    return dict(parsed)


def _written_pins(pins: Mapping[str, tuple[Algorithm, Dataflow | None]]) -> dict[str, list[str | None]]:
    return {name: [pin[0].value, pin[1].value if pin[1] else None] for name, pin in sorted(pins.items())}


def _loaded_pins(data: Mapping[str, Any]) -> dict[str, tuple[Algorithm, Dataflow | None]]:
    return {name: (Algorithm(a), Dataflow(d) if d else None) for name, (a, d) in data.items()}


def _words(known: tuple[str, ...]) -> Kind:
    return Kind(known, partial(_read_word, known))


def _set(kind: type[Enum]) -> Kind:
    return Kind(
        str, partial(_read_set, kind), lambda chosen: [c.value for c in chosen], lambda data: tuple(map(kind, data))
    )


NUMBER = Kind(float, _read_plain)
SECONDS = Kind(float, _read_positive)
WHOLE = Kind(int, partial(_read_plain, kinds=(int,), what="a whole number"))
SWITCH = Kind(bool, partial(_read_plain, kinds=(bool,), what="true or false"))
BYTES = Kind(str, _read_bytes)
MEMORY = Kind(int, _read_memory)
ARRAY = Kind(
    str,
    _read_array,
    lambda a: None if a is None else list(a),
    lambda data: None if data is None else (data[0], data[1]),
)
PINS = Kind(str, _read_pins, _written_pins, _loaded_pins, repeated=True)


@dataclass(frozen=True)
class Options:
    """What a user can ask of a plan; None leaves a choice to the search.

    ``pins`` maps a layer to an algorithm and possibly a dataflow; ``multipliers`` is the budget of the array,
    ``on_chip_bytes`` that of its memory blocks; ``time_limit`` in seconds, ``memory_limit_mb`` in MiB.
    """

    solver: str = asked("dp", "--solver", _words(SOLVER_NAMES), "How the mapping is solved.  [default: dp]")
    ilp_engine: str = asked(
        "cbc", "--ilp-engine", _words(ILP_ENGINES), "The solver behind --solver ilp.  [default: cbc]", stored=False
    )
    cost_model: str = asked(
        "overlay",
        "--cost-model",
        _words(COST_MODELS),
        "The overlay's timing, or the published formulas.  [default: overlay]",
        stored=False,
        alone=True,
    )
    array: tuple[int, int] | None = asked(
        None,
        "--array",
        ARRAY,
        "Fix the array: ROWSxCOLUMNS, such as 92x66; `any` lifts what --from has fixed.",
        decides=Decides.SIZES,
        alone=True,
    )
    clock_mhz: float | None = asked(
        None, "--clock", NUMBER, "Clock in MHz.", decides=Decides.MACHINE, varied="Clocks in MHz, by comma."
    )
    bandwidth_gbs: float | None = asked(
        None,
        "--bandwidth",
        NUMBER,
        "Memory bandwidth in GB/s.",
        decides=Decides.MEMORY,
        varied="Memory bandwidths in GB/s, by comma.",
    )
    multipliers: int | None = asked(
        None,
        "--multipliers",
        WHOLE,
        "Multipliers that the array may use.",
        decides=Decides.SIZES,
        varied="Budgets of the array, by comma: 2048, 25%, all.",
    )
    on_chip_bytes: int | None = asked(
        None,
        "--on-chip",
        BYTES,
        "Bytes of memory blocks that the overlay may use, such as 4MiB.",
        when_given=True,
        decides=Decides.SIZES,
        varied="Budgets of on-chip memory, by comma: 4MiB, 25%, all.",
    )
    packing: bool | None = asked(
        None,
        "--packing/--no-packing",
        SWITCH,
        "Two int8 products per multiplier, where it can.",
        decides=Decides.MACHINE,
    )
    algorithms: tuple[Algorithm, ...] = asked(
        lambda: tuple(Algorithm),
        "--algorithms",
        _set(Algorithm),
        "Allowed: im2col,kn2row,winograd.",
        varied="Allowed: im2col,kn2row,winograd; repeat it to compare several sets.",
    )
    dataflows: tuple[Dataflow, ...] = asked(
        lambda: tuple(Dataflow),
        "--dataflows",
        _set(Dataflow),
        "Allowed: ns,ws,is.",
        varied="Allowed: ns,ws,is; repeat it to compare several sets.",
    )
    pins: Mapping[str, tuple[Algorithm, Dataflow | None]] = asked(
        dict,
        "--pin",
        PINS,
        "LAYER=ALGORITHM[/DATAFLOW], repeatable; LAYER=any lifts a pin that --from has set.",
        alone=True,
    )
    time_limit: float | None = asked(
        None, "--time-limit", SECONDS, "Seconds after which the best so far is taken.", stored=False
    )
    memory_limit_mb: int = asked(
        DEFAULT_MEMORY_LIMIT_BYTES >> 20,
        "--memory-limit",
        MEMORY,
        "MiB for the tables of the dynamic programme.  [default: 1024]",
        stored=False,
    )


OPTIONS = tuple(Option(f.name, **f.metadata) for f in fields(Options))
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
            raise InputError(f"a plan has no option {name!r}: there are {', '.join(known)}")
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
