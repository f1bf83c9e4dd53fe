"""From the words of a command line to a request."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.errors import InputError
from dynamap.planner.explore.budgets import parse_bytes
from dynamap.planner.request.request import Request, parse_choice, parse_choices

ANY = "any"
"""Lifts a restriction of the plan that is planned again."""

Pins = Mapping[str, tuple[Algorithm, Dataflow | None]]


def words(text: str) -> list[str]:
    """What stands between the commas, without empty words."""
    return [word.strip() for word in text.split(",") if word.strip()]


def _words(text: str | None) -> list[str] | None:
    return None if text is None else words(text)


def parse_array(text: str) -> tuple[int, int]:
    """``ROWSxCOLUMNS`` as a pair.

    Raises:
        InputError: it is not of that form, or a side is zero.
    """
    match = re.fullmatch(r"\s*(\d{1,6})\s*[xX]\s*(\d{1,6})\s*", text)
    if not match or not int(match[1]) or not int(match[2]):
        raise InputError(f"--array must be ROWSxCOLUMNS with positive numbers, such as 92x66; found {text!r}")
    return int(match[1]), int(match[2])


def parse_pin(text: str) -> tuple[str, tuple[Algorithm, Dataflow | None] | None]:
    """``LAYER=ALGORITHM[/DATAFLOW]`` (``any``: None); the layer's name may contain anything, also ``=``.

    Raises:
        InputError: it is not of that form.
    """
    name, separator, choice = text.rpartition("=")
    if not separator or not name:
        raise InputError(f"--pin must be LAYER=ALGORITHM[/DATAFLOW], such as conv1=winograd/ws; found {text!r}")
    return name, None if choice.strip().lower() == ANY else parse_choice(name, choice)


@dataclass(frozen=True)
class Options:
    """The options of ``dynamap plan`` in the user's words; None is what was not given."""

    device: str | None = None
    objective: str | None = None
    weights: str | None = None
    solver: str | None = None
    ilp_engine: str = "cbc"
    cost_model: str | None = None
    array: str | None = None
    clock: float | None = None
    bandwidth: float | None = None
    multipliers: int | None = None
    on_chip: str | None = None
    packing: bool | None = None
    algorithms: str | None = None
    dataflows: str | None = None
    pins: tuple[str, ...] = ()
    time_limit: float | None = None
    memory_limit_mb: int = 1024

    def request(self, base: Request | None = None) -> Request:
        """``base`` (a request of defaults) with what was given.

        Raises:
            InputError: an option cannot be understood.
        """
        base = base or Request()
        if self.time_limit is not None and not self.time_limit > 0:
            raise InputError(f"--time-limit must be positive, found {self.time_limit}")
        if self.memory_limit_mb < 1:
            raise InputError(f"--memory-limit must be at least 1 MiB, found {self.memory_limit_mb}")
        given: dict[str, Any] = {
            "solver": self.solver,
            "cost_model": self.cost_model,
            "clock_mhz": self.clock,
            "bandwidth_gbs": self.bandwidth,
            "multipliers": self.multipliers,
            "packing": self.packing,
        }
        given = {name: value for name, value in given.items() if value is not None}
        if self.on_chip is not None:
            given["on_chip_bytes"] = parse_bytes("--on-chip", self.on_chip)
        if self.array is not None:
            given["array"] = None if self.array.strip().lower() == ANY else parse_array(self.array)
        if self.algorithms is not None:
            given["algorithms"] = parse_choices("--algorithms", _words(self.algorithms), Algorithm)
        if self.dataflows is not None:
            given["dataflows"] = parse_choices("--dataflows", _words(self.dataflows), Dataflow)
        return replace(
            base,
            **given,
            pins=_pins(base.pins, self.pins),
            time_limit=self.time_limit,
            ilp_engine=self.ilp_engine,
            memory_limit_bytes=self.memory_limit_mb << 20,
        )


def parse_weights(text: str) -> tuple[int, ...]:
    """``2,1`` or ``0.7,0.3`` as the least whole numbers of the same ratio; whole numbers stay as they are.

    Raises:
        InputError: one of them is no number, or not positive.
    """
    try:
        weights = [Fraction(word.strip()) for word in text.split(",")]
    except (ValueError, ZeroDivisionError):
        raise InputError(f"--weights must be numbers separated by commas, such as 2,1; found {text!r}") from None
    for weight in weights:
        if weight <= 0:
            raise InputError(f"--weights must be positive, found {weight} in {text!r}")
    scale = math.lcm(*(weight.denominator for weight in weights))
    return tuple(int(weight * scale) for weight in weights)


def _pins(base: Pins, texts: Sequence[str]) -> Pins:
    """The pins of ``base`` with those of the options, which set, replace or lift one."""
    parsed = [parse_pin(text) for text in texts]
    names = [name for name, _ in parsed]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise InputError(f"--pin names {sorted(repeated)[0]!r} twice")
    pins = dict(base)
    for name, choice in parsed:
        if choice is not None:
            pins[name] = choice
        elif pins.pop(name, None) is None:
            raise InputError(
                f"--pin '{name}={ANY}' lifts a pin of the plan given by --from, and it has none of that name"
            )
    return pins
