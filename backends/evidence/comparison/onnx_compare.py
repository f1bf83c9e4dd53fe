"""Comparison of an executor with onnxruntime, layer by layer, each layer on the same integer inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from dynamap.backends.arithmetic.integers import Int8Array
from dynamap.backends.evidence.comparison.qdq import layer_model
from dynamap.backends.quantise.activations import has_table
from dynamap.backends.quantise.layers import (
    ActivateArithmetic,
    ConcatArithmetic,
    Finish,
    LrnArithmetic,
    QuantisedNetwork,
    ResizeArithmetic,
    SliceArithmetic,
    SlopeArithmetic,
)
from dynamap.backends.quantise.reference import execute
from dynamap.cost.errors import InputError
from dynamap.planner.network.network import Activate, Add, Conv, HostLayer, Layer, Mul, Network, Pool
from dynamap.planner.results.optional import optional


@dataclass(frozen=True)
class LayerComparison:
    """One layer: the largest difference in units of the output's last place, and how many values differ."""

    name: str
    max_lsb: int
    differing: int
    elements: int


def compare_layers(
    quantised: QuantisedNetwork, tensors: Mapping[str, Int8Array], *, optimise: bool = False
) -> Iterator[LayerComparison]:
    """Compare every layer's output in ``tensors`` (C x H x W) with onnxruntime on that layer's inputs in it.

    Raises:
        InputError: onnxruntime is not installed.
    """
    for layer in quantised.network.layers:
        if not isinstance(layer, HostLayer):
            inputs = [tensors[name] for name in layer.inputs]
            yield compare_layer(quantised, layer, inputs, tensors[layer.output], optimise=optimise)


def compare_layer(
    quantised: QuantisedNetwork,
    layer: Layer,
    inputs: list[Int8Array],
    output: Int8Array,
    *,
    optimise: bool = False,
) -> LayerComparison:
    """Compare one layer's int8 ``output`` with what onnxruntime makes of the same int8 ``inputs``.

    ``optimise`` lets onnxruntime replace the QDQ pattern by its own integer kernels, of which
    QLinearAveragePool (1.32) is wrong where windows overhang counted pads; without it the
    layer is computed as the ONNX operators define it: dequantise, float32, quantise.
    A layer that rounds to 8 bits before its activation's table makes two comparisons, of the rounded
    values and of the table on the same rounded values; both count.

    Raises:
        InputError: onnxruntime is not installed.
    """
    if not has_table(layer):
        return _compare_one(quantised, layer, inputs, output, optimise)
    stages = _in_two_stages(quantised, layer)
    first, second = stages.network.layers
    tensors = execute(stages, dict(zip(layer.inputs, inputs, strict=True)))
    rounded = tensors[first.output]
    before = _compare_one(stages, first, inputs, rounded, optimise)
    after = _compare_one(stages, second, [rounded], output, optimise)
    return LayerComparison(
        layer.name,
        max(before.max_lsb, after.max_lsb),
        before.differing + after.differing,
        before.elements + after.elements,
    )


def _in_two_stages(quantised: QuantisedNetwork, layer: Layer) -> QuantisedNetwork:
    """A layer with a table as two: the layer rounded to 8 bits, and the table as an activation of its own."""
    network, integers = quantised.network, quantised.layers[layer.name]
    assert isinstance(layer, (Conv, Pool, Add, Mul)) and layer.activation is not None
    assert not isinstance(
        integers,
        (
            ConcatArithmetic,
            SliceArithmetic,
            LrnArithmetic,
            ResizeArithmetic,
            ActivateArithmetic,
            SlopeArithmetic,
        ),
    )
    finish = integers.finish
    assert finish.table is not None
    middle = f"{layer.output} before its table"
    first = replace(layer, activation=None, output=middle)
    second = Activate(f"{layer.name} table", (middle,), layer.output, layer.activation)
    names = tuple(dict.fromkeys(layer.inputs))
    shapes = {name: network.tensors[name] for name in (*names, layer.output)}
    return QuantisedNetwork(
        network=Network(
            name=network.name,
            sha256=network.sha256,
            layers=(first, second),
            tensors={**shapes, middle: network.tensors[layer.output]},
            inputs=names,
            outputs=(layer.output,),
        ),
        tensors={**{name: quantised.tensors[name] for name in shapes}, middle: finish.rounded},
        layers={
            first.name: replace(integers, finish=Finish(finish.rounded)),
            second.name: ActivateArithmetic(finish.table),
        },
        source=quantised.source,
    )


def _compare_one(
    quantised: QuantisedNetwork, layer: Layer, inputs: list[Int8Array], output: Int8Array, optimise: bool
) -> LayerComparison:
    feeds = {name: values[None] for name, values in zip(layer.inputs, inputs, strict=True)}
    (found,) = run_model(layer_model(quantised, layer), feeds, optimise=optimise)
    difference = np.abs(found[0].astype(np.int16) - output.astype(np.int16))
    return LayerComparison(layer.name, int(difference.max()), int(np.count_nonzero(difference)), difference.size)


def run_model(
    model: onnx.ModelProto, feeds: Mapping[str, npt.NDArray[Any]], *, optimise: bool = True
) -> list[npt.NDArray[Any]]:
    """All outputs of ``model`` in onnxruntime on the CPU.

    Raises:
        InputError: onnxruntime is not installed.
    """
    try:
        onnxruntime = optional("onnxruntime")
    except ImportError as error:
        raise InputError(
            "a comparison with onnxruntime needs the package onnxruntime: pip install 'dynamap[run]'"
        ) from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if not optimise:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"], enable_fallback=0
    )
    outputs: list[npt.NDArray[Any]] = session.run(None, dict(feeds))
    return outputs
