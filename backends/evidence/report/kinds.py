"""How a layer is executed, in one word: what the page colours and filters layers by."""

from __future__ import annotations

from enum import Enum

from dynamap.cost.convolution import winograd_name
from dynamap.planner.plan.plan import Plan, PlannedLayer


class Kind(Enum):
    """The value is the CSS class of the colour and the word of the filter."""

    IM2COL = "im2col"
    KN2ROW = "kn2row"
    WINOGRAD = "winograd"
    VECTOR = "vector"
    FREE = "free"
    HOST = "host"


LABELS = {
    Kind.IM2COL: "im2col",
    Kind.KN2ROW: "kn2row",
    Kind.WINOGRAD: "Winograd",
    Kind.VECTOR: "vector unit",
    Kind.FREE: "in place",
    Kind.HOST: "host",
}
"""The words for readers."""

MEANINGS = {
    Kind.IM2COL: "convolution as one matrix product",
    Kind.KN2ROW: "a matrix product for each kernel element, shifted and added",
    Kind.WINOGRAD: "convolution with fewer products, on transformed tiles",
    Kind.VECTOR: "pooling, element-wise and depthwise layers, beside the array",
    Kind.FREE: "a concatenation that costs nothing: its parts are written in place",
    Kind.HOST: "computed by the host, outside the latency",
}


def kind_of(layer: PlannedLayer) -> Kind:
    """The kind of a planned layer."""
    if layer.host:
        return Kind.HOST
    if layer.algorithm in (Kind.IM2COL.value, Kind.KN2ROW.value, Kind.WINOGRAD.value):
        return Kind(layer.algorithm)
    return Kind.FREE if layer.in_place else Kind.VECTOR


BOUNDS = ("compute", "input", "weights", "output")
"""What can bound a layer: the array, or moving one of three."""


def bound_of(layer: PlannedLayer) -> str:
    """What bounds a layer, one of ``BOUNDS``; ``other`` where the plan does not say."""
    return layer.bound_by if layer.bound_by in BOUNDS else "other"


def algorithm_words(layer: PlannedLayer) -> str:
    """The algorithm with its tile: ``Winograd F(2,3)``."""
    kind = kind_of(layer)
    tile = f" {winograd_name(layer.winograd_tile)}" if layer.winograd_tile else ""
    return f"{LABELS[kind]}{tile}"


def layer_costs(plan: Plan) -> tuple[int, ...]:
    """What each layer takes in the solver's unit: cycles, or ps in a plan by the published model."""
    if plan.solver.unit != "ps":
        return tuple(layer.cycles for layer in plan.layers)
    return tuple(
        next((o.cost for o in layer.options if (o.algorithm, o.dataflow) == (layer.algorithm, layer.dataflow)), 0)
        for layer in plan.layers
    )


def unit_ms(plan: Plan) -> float:
    """Milliseconds of one unit of the solver's."""
    return 1e-9 if plan.solver.unit == "ps" else 1 / (plan.overlay.clock_mhz * 1000)
