"""Random ONNX files, planned and run as the command does, against the files themselves in onnxruntime."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import NodeProto, helper, numpy_helper

from dynamap.planner.importer.operators import activation, affine, concat, conv, pad, scales, shape
from support.campaign.generate import Kind, random_network
from support.campaign.outcomes import Verdict, outcome_of, outcomes
from support.campaign.storing.edges import SELECTING

IN_EVERY_RUN = 60
IN_ALL = 1000
BLOCK = 20


@pytest.mark.parametrize("seed", range(IN_EVERY_RUN))
def test_a_random_file_is_what_it_was(tmp_path: Path, seed: int) -> None:
    """The import to float32, the outputs to what quantisation explains, each layer to a step; exact files exactly."""
    outcome = outcome_of(random_network(seed), tmp_path)
    assert outcome.verdict is Verdict.AGREES, outcome.words


@pytest.mark.full
@pytest.mark.parametrize("first", range(IN_EVERY_RUN, IN_ALL, BLOCK))
def test_the_rest_of_a_thousand(first: int) -> None:
    found = list(outcomes(range(first, min(first + BLOCK, IN_ALL))))
    assert [outcome for outcome in found if outcome.verdict is not Verdict.AGREES] == []


def test_the_same_seed_is_the_same_file() -> None:
    for seed in range(len(Kind)):
        first, second = random_network(seed).model, random_network(seed).model
        assert first.SerializeToString(deterministic=True) == second.SerializeToString(deterministic=True)


def test_sixty_files_have_everything_that_is_promised() -> None:
    """What docs/verification.md says of them, counted in the files themselves."""
    seen: Counter[str] = Counter()
    for seed in range(IN_EVERY_RUN):
        network = random_network(seed)
        seen[network.kind.value] += 1
        seen[f"opset {network.model.opset_import[0].version}"] += 1
        graph = network.model.graph
        seen["several outputs"] += len(graph.output) > 1
        reads = Counter(name for node in graph.node for name in node.input)
        constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        seen["shared weights"] += any(reads[name] > 1 for name in _weights(graph, constants))
        seen["shared tensors"] += any(count > 1 for name, count in reads.items() if name not in constants)
        for node in graph.node:
            seen[node.op_type] += 1
            seen.update(_windows(node, constants))
            seen.update(_constants(node, constants))
        sizes = [axis.dim_value for axis in graph.input[0].type.tensor_type.shape.dim[2:]]
        seen["odd sizes"] += any(size % 2 for size in sizes)
    wanted = [*(kind.value for kind in Kind), "several outputs", "shared weights", "shared tensors", "asymmetric pads"]
    wanted += ["auto_pad", "dilations", "ceil_mode", "depthwise", "groups", "1 x N", "even kernels", "odd sizes"]
    wanted += ["unsigned weights", "weights off centre", "computed weights", "integers selected"]
    assert [name for name in wanted if seen[name] < 4] == []
    operators = ["QuantizeLinear", "DequantizeLinear", "QLinearConv", "QGemm", "QLinearAdd", "QLinearConcat", "LRN"]
    assert [name for name in [*operators, "Shape", "Gather"] if not seen[name]] == []
    assert sum(name.startswith("opset") for name in seen) >= 10


def _weights(graph: onnx.GraphProto, constants: Mapping[str, np.ndarray]) -> set[str]:
    """What convolutions have as weights, real or dequantised."""
    made = {name for node in graph.node for name in node.output if node.input[:1] and node.input[0] in constants}
    return {node.input[1] for node in graph.node if node.op_type == "Conv"} & (made | constants.keys())


def _windows(node: NodeProto, constants: Mapping[str, np.ndarray]) -> Iterator[str]:
    """What is special at the window of a node."""
    attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    yield from {"auto_pad", "dilations", "ceil_mode"} & attributes.keys()
    pads = attributes.get("pads", [0] * 4)
    if list(pads[:2]) != list(pads[2:4]):
        yield "asymmetric pads"
    kernel = attributes.get("kernel_shape")
    if node.op_type == "Conv" and node.input[1] in constants:
        shape, groups = constants[node.input[1]].shape, attributes.get("group", 1)
        kernel = shape[2:]
        if groups > 1:
            yield "depthwise" if shape[1] == 1 else "groups"
    if kernel is not None and kernel[0] != kernel[1] and 1 in kernel:
        yield "1 x N"
    if kernel is not None and not all(length % 2 for length in kernel):
        yield "even kernels"


def _constants(node: NodeProto, constants: Mapping[str, np.ndarray]) -> Iterator[str]:
    """What is special at the constants of a node."""
    if node.op_type in ("Neg", "Transpose") and node.input[0] in constants:
        yield "computed weights"
    position = {"QLinearConv": 3, "DequantizeLinear": 0}.get(node.op_type)
    if position is not None and node.input[position] in constants and len(node.input) > position + 2:
        zeros = constants.get(node.input[position + 2], np.int8(0))
        if zeros.dtype == np.uint8:
            yield "unsigned weights"
        elif zeros.any():
            yield "weights off centre"
    if node.op_type in SELECTING and "as integers" in node.output[0]:
        yield "integers selected"


FAULTS = {
    "biases forgotten": (conv, "emit_conv", lambda right: lambda low, n, x, w, b, q: right(low, n, x, w, None, q)),
    "pads mirrored": (conv, "_pads", lambda right: lambda *given: right(*given)[2:] + right(*given)[:2]),
    "bounds ignored": (activation, "clip_bounds", lambda right: lambda *given: (activation.LOWEST, activation.HIGHEST)),
    "factors squared": (affine, "apply_affine", lambda right: lambda low, n, x, a, b: right(low, n, x, a**2, b)),
    "tensors joined backwards": (concat, "emit_concat", lambda right: lambda low, n, xs: right(low, n, xs[::-1])),
    "scales 1 % too large": (
        scales,
        "positive_scale",
        lambda right: lambda *given: right(*given) * np.float32(1.01),
    ),
    "channels shuffled the other way": (
        shape,
        "_channel_order",
        lambda right: lambda *given: right(*given) and tuple(int(c) for c in np.argsort(right(*given))),
    ),
    "pads swallowed by maxima": (pad, "is_never_negative", lambda right: lambda tensor: True),
}


@pytest.mark.parametrize("name", FAULTS)
def test_sixty_files_find_a_fault_of_the_import(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    room, function, fault = FAULTS[name]
    monkeypatch.setattr(room, function, fault(getattr(room, function)))
    assert any(outcome.verdict is Verdict.DIFFERS for outcome in outcomes(range(IN_EVERY_RUN)))
