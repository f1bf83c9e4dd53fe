"""The options of a plan as arguments in Python: what an editor shows for ``dynamap.plan(model, ...)``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict


class PlanOptions(TypedDict, total=False):
    """As `Options` declares them, but for the solver; each as a value or in the words of the command line.

    ``array`` (rows, columns); ``clock_mhz``; ``bandwidth_gbs`` of the memory; ``multipliers`` of the array;
    ``fill_percent`` of the device's multipliers for array and vector unit (80); ``on_chip_bytes`` or "4MiB";
    ``packing``: two int8 products per multiplier; ``algorithms`` and ``dataflows`` that layers may use; ``pins``: the
    algorithm of a layer, as "winograd/ws"; ``shapes`` of inputs that the model leaves open; ``preprocess``: what is
    done to pictures, as "imagenet"; ``batch``: images whose time is stated; ``time_limit`` in seconds;
    ``memory_limit_mb`` of the dynamic programme; ``ilp_engine``: cbc, highs or scip; ``cost_model``: overlay or paper.
    """

    ilp_engine: str
    cost_model: str
    array: tuple[int, int] | str | None
    clock_mhz: float | None
    bandwidth_gbs: float | None
    multipliers: int | None
    fill_percent: int | str | None
    on_chip_bytes: int | str | None
    packing: bool | None
    algorithms: Sequence[str] | str
    dataflows: Sequence[str] | str
    pins: Mapping[str, str]
    shapes: Mapping[str, Sequence[int]] | None
    preprocess: str | None
    batch: int | None
    time_limit: float | None
    memory_limit_mb: int
