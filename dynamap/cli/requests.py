"""From the words of a command line to a request."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.errors import InputError
from dynamap.planner.requests import Request, parse_choice, parse_choices


def _words(text: str | None) -> list[str] | None:
    return None if text is None else [word.strip() for word in text.split(",") if word.strip()]


def parse_array(text: str | None) -> tuple[int, int] | None:
    """``ROWSxCOLUMNS`` as a pair.

    Raises:
        InputError: it is not of that form, or a side is zero.
    """
    if text is None:
        return None
    match = re.fullmatch(r"\s*(\d{1,6})\s*[xX]\s*(\d{1,6})\s*", text)
    if not match or not int(match[1]) or not int(match[2]):
        raise InputError(f"--array must be ROWSxCOLUMNS with positive numbers, such as 92x66; found {text!r}")
    return int(match[1]), int(match[2])


def parse_pin(text: str) -> tuple[str, tuple[Algorithm, Dataflow | None]]:
    """``LAYER=ALGORITHM[/DATAFLOW]``; the layer's name may contain anything, also ``=``.

    Raises:
        InputError: it is not of that form.
    """
    name, separator, choice = text.rpartition("=")
    if not separator or not name:
        raise InputError(f"--pin must be LAYER=ALGORITHM[/DATAFLOW], such as conv1=winograd/ws; found {text!r}")
    return name, parse_choice(name, choice)


def build_request(
    *,
    solver: str,
    ilp_engine: str,
    cost_model: str,
    array: str | None,
    clock: float | None,
    bandwidth: float | None,
    multipliers: int | None,
    packing: bool | None,
    algorithms: str | None,
    dataflows: str | None,
    pins: Sequence[str],
    time_limit: float | None,
    memory_limit_mb: int,
) -> Request:
    """The request that the options of ``dynamap plan`` describe.

    Raises:
        InputError: an option cannot be understood.
    """
    if time_limit is not None and not time_limit > 0:
        raise InputError(f"--time-limit must be positive, found {time_limit}")
    if memory_limit_mb < 1:
        raise InputError(f"--memory-limit must be at least 1 MiB, found {memory_limit_mb}")
    parsed = [parse_pin(pin) for pin in pins]
    names = [name for name, _ in parsed]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise InputError(f"--pin names {sorted(repeated)[0]!r} twice")
    return Request(
        solver=solver,
        cost_model=cost_model,
        array=parse_array(array),
        clock_mhz=clock,
        bandwidth_gbs=bandwidth,
        multipliers=multipliers,
        packing=packing,
        algorithms=parse_choices("--algorithms", _words(algorithms), Algorithm),
        dataflows=parse_choices("--dataflows", _words(dataflows), Dataflow),
        pins=dict(parsed),
        time_limit=time_limit,
        ilp_engine=ilp_engine,
        memory_limit_bytes=memory_limit_mb << 20,
    )
