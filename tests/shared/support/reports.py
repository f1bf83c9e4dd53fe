"""Plans to report on: a network with inception modules, small ones with hostile names and with a part on the host,
and a paper plan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from dynamap.backends.evidence.report import Evidence, Wanted, gather, html_report
from dynamap.planner.models import resolve
from dynamap.planner.plan.plan import Plan, load_plan
from dynamap.planner.planning import plan_network
from dynamap.planner.request.request import Request
from support.report_page import HOSTILE, Node, read_page


@pytest.fixture(scope="session")
def googlenet() -> Plan:
    return plan_network(resolve("googlenet", weights=False), "u200")


@pytest.fixture(scope="session")
def paper_plan() -> Plan:
    request = Request(cost_model="paper", array=(92, 66))
    return plan_network(resolve("squeezenet", weights=False), "u200", request)


@pytest.fixture(scope="session")
def hostile_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five convolutions, two of them side by side, with the names of ``HOSTILE``."""
    rng = np.random.default_rng(5)
    weights = [rng.standard_normal((8, 3 if index == 0 else 8, 3, 3)).astype(np.float32) for index in range(5)]
    same = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    nodes = [
        helper.make_node("Conv", ["x", "w0"], ["a"], HOSTILE[0], **same),
        helper.make_node("Conv", ["a", "w1"], ["b"], HOSTILE[1], **same),
        helper.make_node("Conv", ["a", "w2"], ["c"], HOSTILE[2], **same),
        helper.make_node("Add", ["b", "c"], ["d"], "sum"),
        helper.make_node("Conv", ["d", "w3"], ["e"], HOSTILE[3], **same),
        helper.make_node("Conv", ["e", "w4"], ["y"], HOSTILE[4], **same),
    ]
    graph = helper.make_graph(
        nodes,
        "hostile",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 12, 10])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 8, 12, 10])],
        [numpy_helper.from_array(values, f"w{index}") for index, values in enumerate(weights)],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path = tmp_path_factory.mktemp("hostile") / "<b>&model.onnx"
    onnx.save(proto, path)
    return path


@pytest.fixture(scope="session")
def hostile_file(hostile_model: Path) -> Path:
    """The plan of the hostile model, saved beside it."""
    plan = plan_network(resolve(str(hostile_model), weights=False), "zcu104", Request(array=(8, 8)))
    path = hostile_model.parent / "plan.json"
    plan.save(path)
    return path


@pytest.fixture(scope="session")
def hostile(hostile_file: Path) -> Evidence:
    return gather(load_plan(hostile_file), "<i>plan.json", "0" * 64, Wanted(), folder=hostile_file.parent)


@pytest.fixture(scope="session")
def with_host(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """A detector as exporters write it: long names, two heads, boxes chosen by the host, three outputs."""
    path = tmp_path_factory.mktemp("detector") / "detector.onnx"
    onnx.save(detector(), path)
    plan = plan_network(resolve(str(path)), "zcu104", Request(array=(16, 16)))
    return gather(plan, "detector.json", "2" * 64, Wanted(), folder=path.parent)


@pytest.fixture(scope="session")
def evidence(googlenet: Plan) -> Evidence:
    return gather(googlenet, "googlenet.json", "1" * 64, Wanted(verify=True))


@pytest.fixture(scope="session")
def page(evidence: Evidence) -> Node:
    return read_page(html_report([evidence]))


def detector() -> onnx.ModelProto:
    """Boxes of 4 values and 5 scores for 64 places; the network's outputs are these and those that the host chooses."""
    rng = np.random.default_rng(7)
    channels = {
        "stem": (3, 16, 2),
        "block1": (16, 32, 2),
        "block2": (32, 32, 1),
        "boxes": (32, 16, 1),
        "scores": (32, 20, 1),
    }
    nodes, values = [], {}
    reads = {"stem": "images", "block1": "stem", "block2": "block1", "boxes": "sum", "scores": "sum"}
    for name, (inputs, outputs, stride) in channels.items():
        size = 1 if name in ("boxes", "scores") else 3
        values[f"{name}_weights"] = 0.2 * rng.standard_normal((outputs, inputs, size, size)).astype(np.float32)
        window = {"kernel_shape": [size] * 2, "strides": [stride] * 2, "pads": [size // 2] * 4}
        place = "/model/head" if size == 1 else "/model/backbone/layers"
        named = f"{place}/{name}/conv/Conv"
        nodes.append(helper.make_node("Conv", [reads[name], f"{name}_weights"], [name], named, **window))
        if name == "block2":
            nodes.append(helper.make_node("Add", ["block1", "block2"], ["sum"], "/model/backbone/layers/Add"))
    values |= {"as_boxes": np.array([1, 4, -1]), "as_scores": np.array([1, 5, -1]), "most": np.array([8])}
    values |= {"overlap": np.array([0.5], np.float32), "least": np.array([0.3], np.float32)}
    nodes += [
        helper.make_node("Reshape", ["boxes", "as_boxes"], ["rows"], "/model/head/Reshape"),
        helper.make_node("Reshape", ["scores", "as_scores"], ["class_scores"], "/model/head/Reshape_1"),
        helper.make_node("Transpose", ["rows"], ["box_corners"], "/model/head/Transpose", perm=[0, 2, 1]),
        helper.make_node(
            "NonMaxSuppression", ["box_corners", "class_scores", "most", "overlap", "least"], ["selected"], "/model/nms"
        ),
    ]
    graph = helper.make_graph(
        nodes,
        "detector",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 32, 32])],
        [
            helper.make_tensor_value_info("selected", TensorProto.INT64, ["found", 3]),
            helper.make_tensor_value_info("box_corners", TensorProto.FLOAT, [1, 256, 4]),
            helper.make_tensor_value_info("class_scores", TensorProto.FLOAT, [1, 5, 256]),
        ],
        [numpy_helper.from_array(array, name) for name, array in values.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
