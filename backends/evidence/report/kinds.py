"""How a layer is executed, in one word: what the page colours and filters layers by."""

from __future__ import annotations

from enum import Enum

from dynamap.planner.plan.layers import OnArray, OnHost, OnVectorUnit, PlannedLayer, chosen_cost
from dynamap.planner.plan.plan import Plan
from dynamap.planner.plan.words import bound_word, dataflow_word


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
    Kind.FREE: "a concatenation that costs nothing, its parts are written in place; or a slice, read in place",
    Kind.HOST: "computed by the host, outside the latency",
}


def kind_of(layer: PlannedLayer) -> Kind:
    """The kind of a planned layer."""
    if isinstance(layer, OnArray):
        return Kind(layer.choice.algorithm.value)
    if isinstance(layer, OnVectorUnit):
        return Kind.VECTOR
    return Kind.HOST if isinstance(layer, OnHost) else Kind.FREE


def bound_of(layer: PlannedLayer) -> str:
    """What bounds a layer, by the word of its `Bound`; ``other`` where the plan does not say."""
    return bound_word(layer) or "other"


def algorithm_label(layer: PlannedLayer) -> str:
    """The algorithm with its tile: ``Winograd F(2,3)``."""
    tile = layer.choice.winograd if isinstance(layer, OnArray) else None
    return LABELS[kind_of(layer)] + (f" {tile.label}" if tile else "")


def way_of(layer: PlannedLayer) -> str:
    """Algorithm and dataflow: ``Winograd F(2,3)/ws``."""
    flow = dataflow_word(layer)
    return algorithm_label(layer) + (f"/{flow}" if flow else "")


def layer_costs(plan: Plan) -> tuple[int, ...]:
    """What each layer takes in the solver's unit: cycles, or ps in a plan by the published model."""
    published = plan.solver.unit == "ps"
    return tuple(chosen_cost(layer) if published else layer.cycles for layer in plan.layers)


def unit_ms(plan: Plan) -> float:
    """Milliseconds of one unit of the solver's."""
    return 1e-9 if plan.solver.unit == "ps" else 1 / (plan.overlay.clock_mhz * 1000)
