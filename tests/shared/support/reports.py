"""Plans to report on: a network with inception modules, a small one whose layers have hostile names, a paper plan."""

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
def evidence(googlenet: Plan) -> Evidence:
    return gather(googlenet, "googlenet.json", "1" * 64, Wanted(verify=True))


@pytest.fixture(scope="session")
def page(evidence: Evidence) -> Node:
    return read_page(html_report([evidence]))
