"""A layer's decisions as words for people: tables on the terminal, in projects and in reports."""

from __future__ import annotations

from dynamap.planner.plan.layers import InPlace, OnArray, OnHost, OnVectorUnit, PlannedLayer


def op_word(layer: PlannedLayer) -> str:
    """What the layer does."""
    return layer.op if isinstance(layer, OnHost) else layer.operation.value


def algorithm_words(layer: PlannedLayer) -> str:
    """The algorithm, with the tile of Winograd, or where else the layer is done."""
    if isinstance(layer, OnArray):
        tile = layer.choice.winograd
        return layer.choice.algorithm.value + (f" {tile.label}" if tile else "")
    if isinstance(layer, OnVectorUnit):
        return "vector unit"
    return "host" if isinstance(layer, OnHost) else "in place"


def dataflow_word(layer: PlannedLayer) -> str:
    """The dataflow of the array; empty for layers that it does not run."""
    return layer.choice.dataflow.value if isinstance(layer, OnArray) else ""


def format_words(layer: PlannedLayer) -> tuple[str, str]:
    """The formats of input and output; empty where a layer has none."""
    if isinstance(layer, OnHost) or layer.input_format is None or layer.output_format is None:
        return "", ""
    return layer.input_format.value, layer.output_format.value


def bound_word(layer: PlannedLayer) -> str:
    """What takes the most cycles; empty where nothing takes any or the cost model does not say."""
    if isinstance(layer, (OnHost, InPlace)) or layer.bound_by is None:
        return ""
    return layer.bound_by.value
