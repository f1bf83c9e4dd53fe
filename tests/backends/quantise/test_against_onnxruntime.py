"""The quantised network, layer by layer and as a whole, against onnxruntime on the exported QDQ model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamap.backends.arithmetic.integers import dequantise_values, quantise_values
from dynamap.backends.conformance.networks import random_network
from dynamap.backends.evidence.comparison.onnx_compare import compare_layers, run_model
from dynamap.backends.evidence.comparison.qdq import to_qdq
from dynamap.backends.quantise import QuantisedNetwork, quantise
from dynamap.backends.quantise.calibrating import float_executor
from dynamap.backends.quantise.reference import execute
from dynamap.planner.models.catalogue import BUILT_IN, resolve
from dynamap.planner.network.network import HostLayer, Network
from dynamap.planner.network.onnx_export import to_onnx


def random_inputs(network: Network, seed: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {
        name: generator.standard_normal(network.tensors[name].as_list(), dtype=np.float32) for name in network.inputs
    }


def integers_of(quantised: QuantisedNetwork, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: quantise_values(values, quantised.tensors[name]) for name, values in inputs.items()}


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_float_executor_computes_the_network(seed: int) -> None:
    """Calibration sees what onnxruntime computes."""
    network = random_network(seed)
    inputs = random_inputs(network, seed)
    model = to_onnx(network)
    values = {layer.output: output for layer, _, output in float_executor.run(network, inputs)}
    stored = [name for name in values if name not in network.outputs]
    model.graph.output.extend(onnx.helper.make_tensor_value_info(name, 1, None) for name in stored)
    found = run_model(model, {name: array[None] for name, array in inputs.items()}, optimise=False)
    for name, wanted in zip([*network.outputs, *stored], found, strict=True):
        if name in values:
            scale = max(1.0, float(np.abs(wanted).max()))
            np.testing.assert_allclose(values[name], wanted[0], atol=1e-4 * scale, err_msg=name)


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), method=st.sampled_from(["minmax", "percentile"]))
def test_every_layer_of_random_networks_within_one(seed: int, method: str) -> None:
    network = random_network(seed)
    quantised = quantise(network, method=method, percentile=99.0, seed=seed % 1000, samples=2)
    tensors = execute(quantised, integers_of(quantised, random_inputs(network, seed)))
    results = list(compare_layers(quantised, tensors))
    assert len(results) == len(quantised.layers)
    assert [result for result in results if result.max_lsb > 1] == []


@pytest.mark.parametrize("seed", range(6))
def test_whole_model_names_its_tensors(seed: int) -> None:
    """Each tensor of the network is a DequantizeLinear of that name, and the first layer agrees exactly."""
    network = random_network(seed)
    quantised = quantise(network, seed=seed, samples=2)
    model = to_qdq(quantised)
    onnx.checker.check_model(model, full_check=True)
    by_output = {node.output[0]: node.op_type for node in model.graph.node}
    for layer in network.layers:
        if not isinstance(layer, HostLayer):
            assert by_output[layer.output] == "DequantizeLinear"
    inputs = random_inputs(network, seed)
    first = network.layers[0]
    if first.output not in network.outputs:
        model.graph.output.append(onnx.helper.make_tensor_value_info(first.output, 1, None))
    found = run_model(model, {name: array[None] for name, array in inputs.items()}, optimise=False)
    names = [output.name for output in model.graph.output]
    ours = execute(quantised, integers_of(quantised, inputs))[first.output]
    scheme = quantised.tensors[first.output]
    difference = np.abs(found[names.index(first.output)][0] - dequantise_values(ours, scheme))
    assert difference.max() <= scheme.scale * 1.001


@pytest.mark.parametrize("optimise", [False, True])
def test_googlenet(optimise: bool) -> None:
    check_built_in("googlenet", optimise)


@pytest.mark.full
@pytest.mark.parametrize("name", [name for name in BUILT_IN if name != "googlenet"])
def test_built_in(name: str) -> None:
    check_built_in(name, optimise=False)


def check_built_in(name: str, optimise: bool) -> None:
    network = resolve(name)
    quantised = quantise(network, samples=1)
    tensors = execute(quantised, integers_of(quantised, random_inputs(network, 1)))
    results = list(compare_layers(quantised, tensors, optimise=optimise))
    assert [result for result in results if result.max_lsb > 1] == []
    assert sum(r.differing for r in results) <= 1e-3 * sum(r.elements for r in results)
