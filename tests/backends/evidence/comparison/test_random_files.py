"""Random ONNX files, planned and run as the command does, against the files themselves in onnxruntime."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from onnx import helper, numpy_helper

from support.campaign.generate import Kind, random_network
from support.campaign.outcomes import Verdict, outcome_of, outcomes

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
        constants = {tensor.name: tensor for tensor in graph.initializer}
        seen["shared weights"] += any(reads[name] > 1 and constants[name].raw_data for name in constants)
        seen["shared tensors"] += any(count > 1 for name, count in reads.items() if name not in constants)
        for node in graph.node:
            seen[node.op_type] += 1
            attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
            pads = attributes.get("pads", [0] * 4)
            seen["asymmetric pads"] += list(pads[:2]) != list(pads[2:4])
            seen["auto_pad"] += "auto_pad" in attributes
            seen["dilations"] += "dilations" in attributes
            seen["ceil_mode"] += "ceil_mode" in attributes
            kernel = attributes.get("kernel_shape")
            if node.op_type == "Conv" and node.input[1] in constants:
                weights = numpy_helper.to_array(constants[node.input[1]])
                kernel, groups = weights.shape[2:], attributes.get("group", 1)
                seen["depthwise"] += groups > 1 and weights.shape[1] == 1
                seen["groups"] += groups > 1 and weights.shape[1] > 1
            if kernel is not None:
                seen["1 x N"] += kernel[0] != kernel[1] and 1 in kernel
                seen["even kernels"] += bool(np.any(np.array(kernel) % 2 == 0))
        sizes = [axis.dim_value for axis in graph.input[0].type.tensor_type.shape.dim[2:]]
        seen["odd sizes"] += any(size % 2 for size in sizes)
    wanted = [*(kind.value for kind in Kind), "several outputs", "shared weights", "shared tensors", "asymmetric pads"]
    wanted += ["auto_pad", "dilations", "ceil_mode", "depthwise", "groups", "1 x N", "even kernels", "odd sizes"]
    assert [name for name in wanted if seen[name] < 5] == []
    operators = ["QuantizeLinear", "DequantizeLinear", "QLinearConv", "QGemm", "QLinearAdd", "QLinearConcat", "LRN"]
    assert [name for name in operators if not seen[name]] == []
    assert sum(name.startswith("opset") for name in seen) >= 10
