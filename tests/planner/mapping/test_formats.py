"""Which formats layers may read: pixels of hwc only where words are as long as its rows are rounded to."""

from __future__ import annotations

from dataclasses import replace

import onnx
import pytest
from onnx import helper

import dynamap
from dynamap.cost.device import load_device
from dynamap.cost.overlay.transfer import Format
from dynamap.planner.models import resolve
from dynamap.planner.plan.layers import OnHost
from dynamap.planner.plan.plan import Plan
from dynamap.planner.planning import plan_network
from support.onnx_models import make_model


def reads_pixels(plan: Plan) -> bool:
    return any(not isinstance(layer, OnHost) and layer.input_format is Format.HWC for layer in plan.layers)


def image_that_is_pooled() -> onnx.ModelProto:
    """Of the 16 channels that c16 moves three are of use: where memory is slow, hwc is faster."""
    return make_model(
        [helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], strides=[2, 2])], shape=(1, 3, 64, 64)
    )


@pytest.mark.parametrize(("port_bytes", "reads"), [(4, False), (8, False), (16, True)])
def test_narrow_words_are_not_read_as_pixels(port_bytes: int, reads: bool) -> None:
    board = load_device("zcu104")
    assert board.system.memory_ports == 4
    slow = replace(board, system=replace(board.system, port_bytes=port_bytes)).with_overrides(bandwidth_gbs=1)
    plan = plan_network(dynamap.load(image_that_is_pooled()), slow)
    assert reads_pixels(plan) == reads


def test_a_small_board_has_a_plan_that_hardware_reads() -> None:
    assert not reads_pixels(plan_network(resolve("googlenet", weights=False), "pynq-z2"))
