"""Whole networks on the kernel in RTL, each at an array of a device: every tensor to the bit, every layer's cycles."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

import dynamap
from dynamap.backends.vitis_rtl.executor import RtlExecutor
from dynamap.cost.algorithms import Algorithm
from dynamap.planner.plan.layers import OnArray
from support.architectures.catalogue import model
from support.programs import assert_equal_layer_by_layer

ON_BOARD = {"device": "zcu104", "algorithms": "im2col"}
IM2COL = {**ON_BOARD, "dataflows": "ws"}


@pytest.mark.full
@pytest.mark.parametrize("name", ["squeezenet", "googlenet", "resnet50", "shufflenet"])
def test_built_in_networks(name: str) -> None:
    plan = dynamap.plan(dynamap.load(name), array="40x32", **IM2COL)
    assert_equal_layer_by_layer(RtlExecutor(), plan, as_planned=True)


@pytest.mark.full
def test_winograd_where_the_planner_takes_it() -> None:
    decisions = {**IM2COL, "algorithms": "im2col,winograd"}
    plan = dynamap.plan(dynamap.load("googlenet"), array="40x32", **decisions)
    assert Algorithm.WINOGRAD in {layer.choice.algorithm for layer in plan.layers if isinstance(layer, OnArray)}
    assert_equal_layer_by_layer(RtlExecutor(), plan)


@pytest.mark.full
@pytest.mark.parametrize("dataflows", ["ns,ws,is", "is"])
@pytest.mark.parametrize("name", ["squeezenet", "googlenet"])
def test_every_dataflow(name: str, dataflows: str) -> None:
    """As they are planned with all of them, and with inputs that stay alone."""
    plan = dynamap.plan(dynamap.load(name), array="40x32", dataflows=dataflows, **ON_BOARD)
    assert_equal_layer_by_layer(RtlExecutor(), plan)


@pytest.mark.full
@pytest.mark.parametrize("name", ["mobilenet-v2", "mobilenet-v3-large", "efficientnet-b0"])
def test_depthwise_networks_at_a_small_array(tmp_path: Path, name: str) -> None:
    """Of small images: depthwise convolutions, squeeze and excite, swish."""
    onnx.save(model(name, small=True), tmp_path / "model.onnx")
    plan = dynamap.plan(dynamap.load(tmp_path / "model.onnx"), array="16x16", **IM2COL)
    assert_equal_layer_by_layer(RtlExecutor(), plan, as_planned=True)
