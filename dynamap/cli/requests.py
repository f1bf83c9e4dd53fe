"""From the words of a command line to a request."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from dynamap.cost.errors import InputError
from dynamap.planner.request.request import Request


@dataclass(frozen=True)
class Asked:
    """What ``dynamap plan`` is asked in the user's words, None where nothing is given.

    ``options``: those of ``planner.request.options``, by their names there. ``host``: what the overlay cannot run is
    left to the host.
    """

    device: str | None = None
    objective: str | None = None
    weights: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    host: bool = True

    def request(self, base: Request | None = None) -> Request:
        """``base`` (a request of defaults) with what was given.

        Raises:
            InputError: an option cannot be understood.
        """
        return (base or Request()).asking(self.options, flags=True)


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
