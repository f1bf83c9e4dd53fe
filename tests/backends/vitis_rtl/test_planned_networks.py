"""Whole networks: by the RTL's closed form every layer takes the cycles of its plan, as integers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import onnx
import pytest

import dynamap
from dynamap.backends.hardware.sizes import simulated_sizes
from dynamap.backends.program.host import prepare
from dynamap.backends.vitis_rtl.kernel_simulation import planned_cycles
from dynamap.backends.vitis_rtl.program.folding import folded
from dynamap.backends.vitis_rtl.program.records import records_of
from dynamap.backends.vitis_rtl.program.shape import kernel_shape
from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.overlay.options import DATAFLOWS_OF
from dynamap.planner.network.network import Conv
from dynamap.planner.plan.plan import Plan
from support.architectures.catalogue import model
from support.repository import DIGITS_MODEL

HEAVY = ("googlenet", "resnet50", "densenet121", "alexnet", "zfnet512", "inception-v2", "inception-v4", "vgg19")


def layer_cycles(plan: Plan) -> dict[str, int]:
    """By the closed form, of the layers that have commands."""
    program = folded(prepare(plan).program)
    records = records_of(program, kernel_shape(program, simulated_sizes(program)))
    found: Counter[str] = Counter()
    for record, cycles in zip(records.records, planned_cycles(program, records), strict=True):
        found[program.layer_names[program.commands[record.command].layer]] += cycles.total
    return found


def assert_as_planned(plan: Plan) -> None:
    found = layer_cycles(plan)
    assert found == {layer.name: layer.cycles for layer in plan.layers if layer.name in found}
    assert sum(found.values()) == sum(layer.cycles for layer in plan.layers)


@pytest.mark.parametrize(
    "name",
    ["squeezenet", "shufflenet", *(pytest.param(name, marks=pytest.mark.full) for name in HEAVY)],
)
def test_built_in_networks(name: str) -> None:
    assert_as_planned(dynamap.plan(dynamap.load(name), device="zcu104", array="40x32"))


@pytest.mark.parametrize(
    ("device", "array"),
    [
        ("u200", None),
        pytest.param("u280", None, marks=pytest.mark.full),
        pytest.param("vcu118", "112x40", marks=pytest.mark.full),
    ],
)
def test_devices_with_several_memory_ports(device: str, array: str | None) -> None:
    """As the planner plans it, with an array whose columns the RTL has; words of 256, 512 and 128 bytes."""
    assert_as_planned(dynamap.plan(dynamap.load("googlenet"), device=device, array=array))


@pytest.mark.parametrize(
    ("device", "network"),
    [
        ("pynq-z2", DIGITS_MODEL),
        ("pynq-z2", "squeezenet"),
        ("vc709", "squeezenet"),
        pytest.param("pynq-z2", "googlenet", marks=pytest.mark.full),
        pytest.param("vc709", "googlenet", marks=pytest.mark.full),
    ],
)
def test_devices_of_dsp48e1(device: str, network: str | Path) -> None:
    """As the planner plans it: groups of four rows take no longer than what plans count."""
    plan = dynamap.plan(dynamap.load(network), device=device)
    assert plan.overlay.packing == 2
    assert_as_planned(plan)


@pytest.mark.parametrize("array", ["8x8", "16x8", "21x16"])
def test_a_concatenation_that_is_copied(array: str) -> None:
    """Four tensors and the table of their rescaling are under way at a time."""
    assert_as_planned(dynamap.plan(dynamap.load(DIGITS_MODEL), device="zcu104", array=array))


@pytest.mark.parametrize(
    ("algorithm", "dataflow"),
    [
        pytest.param(algorithm, flow, marks=() if flow is flows[-1] else pytest.mark.full)
        for algorithm, flows in DATAFLOWS_OF.items()
        for flow in flows
    ],
)
def test_forced_algorithms_and_dataflows(algorithm: Algorithm, dataflow: Dataflow) -> None:
    network = dynamap.load("squeezenet")
    pins = {
        layer.name: f"{algorithm.value}/{dataflow.value}"
        for layer in network.layers
        if isinstance(layer, Conv) and layer.window.kernel == (3, 3) and layer.window.stride == (1, 1)
    }
    assert len(pins) == 8  # one in each fire module
    assert_as_planned(dynamap.plan(network, device="zcu104", array="40x32", pins=pins))


@pytest.mark.parametrize("name", [pytest.param("mobilenet-v2", marks=pytest.mark.full), "mobilenet-v3-large"])
def test_depthwise_convolutions_and_tables(tmp_path: Path, name: str) -> None:
    onnx.save(model(name, small=True), tmp_path / "model.onnx")
    network = dynamap.load(tmp_path / "model.onnx")
    assert_as_planned(dynamap.plan(network, device="zcu104", array="16x16"))
