"""Kinds of options: how the words of a user become a value, and a value JSON data and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any, TypeVar

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.errors import InputError
from dynamap.cost.likeness import choices
from dynamap.planner.network.given_shapes import loaded_shapes, read_shapes, written_shapes
from dynamap.planner.request.preprocessing import Preprocessing, parse_preprocessing

E = TypeVar("E", bound=Enum)

ANY = "any"
"""Lifts a restriction of the plan that is planned again."""

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


def plain(option: str, given: Any) -> Any:
    """What is given, as it is: for values that are checked where they are used."""
    return given


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
            raise InputError(f"{option} does not know {word!r}: {choices(word, known)}")
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
        raise InputError(f"{option} does not know {given!r:.60}: {choices(str(given), known)}")
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


def _read_percent(option: str, given: Any) -> int:
    number: Any = given
    if isinstance(given, str):
        match = re.fullmatch(r"\s*(\d{1,3})\s*%?\s*", given)
        number = int(match[1]) if match else None
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= 100:
        raise InputError(f"{option} must be a whole share from 1% to 100%, such as 80%; found {given!r:.60}")
    return number


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


_MOST_IMAGES = 10**6


def _read_images(option: str, given: Any) -> int:
    if not 1 <= _read_plain(option, given, (int,), "a whole number") <= _MOST_IMAGES:
        raise InputError(f"{option} must be from 1 to {_MOST_IMAGES:,} images, found {given}")
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


def words_of(known: tuple[str, ...]) -> Kind:
    """One of some words."""
    return Kind(known, partial(_read_word, known))


def set_of(kind: type[Enum]) -> Kind:
    """Some of the values of an enum, by their words between commas."""
    return Kind(
        str, partial(_read_set, kind), lambda chosen: [c.value for c in chosen], lambda data: tuple(map(kind, data))
    )


NUMBER = Kind(float, _read_plain)
SECONDS = Kind(float, _read_positive)
WHOLE = Kind(int, partial(_read_plain, kinds=(int,), what="a whole number"))
SWITCH = Kind(bool, partial(_read_plain, kinds=(bool,), what="true or false"))
BYTES = Kind(str, _read_bytes)
MEMORY = Kind(int, _read_memory)
IMAGES = Kind(int, _read_images)
PERCENT = Kind(str, _read_percent)
ARRAY = Kind(
    str,
    _read_array,
    lambda a: None if a is None else list(a),
    lambda data: None if data is None else (data[0], data[1]),
)
PINS = Kind(str, _read_pins, _written_pins, _loaded_pins, repeated=True)
PREPROCESSING = Kind(
    str,
    parse_preprocessing,
    lambda stated: None if stated is None else stated.document(),
    lambda data: None if data is None else Preprocessing.of(data),
)
SHAPES = Kind(str, read_shapes, written_shapes, loaded_shapes, repeated=True)
