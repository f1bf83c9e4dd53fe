"""A random network by its seed: a float graph, and perhaps what stores its tensors as integers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import onnx
import onnxruntime

from dynamap.planner.importer.reading.schema import NEWEST_OPSET, OLDEST_OPSET
from support.campaign.sketch import Sketch, model_of
from support.campaign.steps import elementwise, joining, windows
from support.campaign.storing.edges import EdgeQuantiser
from support.campaign.storing.operators import OperatorQuantiser
from support.campaign.storing.schemes import Range

NEWEST_QUANTISED = 27
"""The newest opset of which onnxruntime 1.32, which the files are compared with, runs QuantizeLinear."""


class Kind(Enum):
    """What is done to the float graph."""

    FLOAT = "float"  # nothing
    EDGES = "quantised at random edges"
    EXACT = "quantised everywhere, exactly"  # powers of two: the int8 network must give the very same numbers
    OPERATORS = "QLinear operators"


@dataclass(frozen=True, eq=False)
class RandomNetwork:
    """A model that onnx.checker accepts, and what it is."""

    seed: int
    kind: Kind
    model: onnx.ModelProto


STEPS = (
    *[windows.convolution] * 8,
    *[elementwise.activation] * 5,
    *[joining.total, joining.concat] * 3,
    *[joining.product, joining.resize, joining.shuffle, elementwise.affine, windows.max_pool] * 2,
    *[windows.pad] * 3,
    *[elementwise.batch_normalisation, windows.average_pool, elementwise.lrn, windows.global_pool] * 1,
    *[joining.there_and_back, elementwise.nothing],
)


def random_network(seed: int) -> RandomNetwork:
    """The network of this seed; the same one on every machine."""
    rng = np.random.default_rng([seed, 20260])
    kind = list(Kind)[seed % len(Kind)]
    oldest = OLDEST_OPSET if kind is Kind.FLOAT else 10
    newest = NEWEST_OPSET if kind is Kind.FLOAT else NEWEST_QUANTISED
    sketch = Sketch(rng, min(int(rng.integers(oldest, NEWEST_OPSET + 1)), newest), exact=kind is Kind.EXACT)
    if sketch.chance(0.6):
        sketch.integers = (sketch.pick(sketch.integers),)
    outputs = _float_graph(sketch)
    kinds: dict[str, int] = {}
    if kind is not Kind.FLOAT:
        ranges = _ranges(sketch)
        if kind is Kind.OPERATORS:
            outputs, kinds = OperatorQuantiser(sketch, ranges).rewrite(outputs)
        else:
            outputs = EdgeQuantiser(sketch, ranges, everywhere=kind is Kind.EXACT).rewrite(outputs)
    model = model_of(sketch, list(dict.fromkeys(outputs)), kinds=kinds)
    onnx.checker.check_model(model)
    return RandomNetwork(seed, kind, model)


def _float_graph(sketch: Sketch) -> list[str]:
    """Three to a dozen steps behind the input; the names of its outputs."""
    shape = (sketch.integer(1, 20), sketch.integer(1, 13), sketch.integer(1, 13))
    sketch.input = sketch.name("input")
    sketch.shapes[sketch.input] = shape
    newest = windows.convolution(sketch, sketch.input) or joining.total(sketch, sketch.input) or sketch.input
    images = list(dict.fromkeys([sketch.input, newest]))
    for _ in range(sketch.integer(3, 12)):
        source = newest if sketch.chance(0.7) else sketch.pick(images[-6:])
        made = sketch.pick(STEPS)(sketch, source)
        if made is not None:
            newest = made
            images.append(made)
    ends = images[1:]
    if sketch.chance(0.5):
        ends.append(joining.head(sketch, newest))
    unread = [name for name in ends if not sketch.readers(name)]
    outputs = [name for name in unread[:-1] if sketch.chance(0.5)] + unread[-1:]
    if sketch.chance(0.3):
        outputs.append(sketch.pick(ends))
    if not sketch.convolves(outputs):
        outputs = unread  # nothing of it would be the overlay's
    return list(dict.fromkeys(outputs))


def _ranges(sketch: Sketch) -> dict[str, Range]:
    """Of every tensor of the float graph, on a seeded random image."""
    names = sketch.watched()
    model = model_of(sketch, names[1:])
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    image = np.random.default_rng(0).standard_normal((1, *sketch.shapes[sketch.input]), dtype=np.float32)
    found = [image, *session.run(None, {sketch.input: image})]
    return {name: (float(values.min()), float(values.max())) for name, values in zip(names, found, strict=True)}
