"""What the kernel of a kept overlay has not is not used, and what a layer cannot do without is named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import dynamap
from dynamap.cost.algorithms import Algorithm
from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.planner.importer import import_model
from dynamap.planner.network.network import Network
from dynamap.planner.plan.layers import OnArray
from dynamap.planner.plan.plan import Plan, load_plan
from dynamap.planner.request.replanning import stored_request
from support.rtl_networks import parsed
from support.rtl_programs import Convolution, chain

NORMALISED = "LRN<size=3>"
POOLED = "MaxPool<kernel_shape=[3,3], pads=[1,1,1,1]>"
GLOBAL = "GlobalMaxPool"


def after_convolution(operation: str) -> Network:
    """A convolution and one layer behind it, ``y``."""
    size = 1 if operation == GLOBAL else 12
    text = f"""<ir_version: 8, opset_import: ["" : 13]>
        one (float[1,16,12,12] x) => (float[1,16,{size},{size}] y) <float[16,16,1,1] w>
        {{ a = Conv(x, w) y = {operation}(a) }}"""
    return import_model(parsed(text), "one", "")


def added(channels: int, columns: int) -> Network:
    """A convolution of 8 rows and the sum with its input, ``y``."""
    sides = f"1,{channels},8,{columns}"
    text = f"""<ir_version: 8, opset_import: ["" : 13]>
        sum (float[{sides}] x) => (float[{sides}] y) <float[{channels},{channels},1,1] w>
        {{ a = Conv(x, w) y = Add(a, x) }}"""
    return import_model(parsed(text), "sum", "")


@pytest.fixture(scope="module")
def bare() -> Plan:
    """Of a kernel for nothing but convolutions without Winograd."""
    model = chain((16, 12, 12), [Convolution(16)])
    plan = dynamap.plan(import_model(model, "bare", ""), device="zcu104", array="16x8", algorithms="im2col")
    assert not any((plan.overlay.winograd, plan.overlay.normalisation, plan.overlay.sweeps))
    return plan


def test_winograd_is_left_out(bare: Plan) -> None:
    network = import_model(chain((64, 28, 28), [Convolution(64, 3)]), "square", "")

    def algorithms(plan: Plan) -> set[Algorithm]:
        return {layer.choice.algorithm for layer in plan.layers if isinstance(layer, OnArray)}

    assert algorithms(dynamap.plan(network, device="zcu104", array="16x8")) == {Algorithm.WINOGRAD}
    kept = dynamap.plan(network, overlay=bare)
    assert algorithms(kept) < {Algorithm.IM2COL, Algorithm.KN2ROW}
    assert "Winograd is left out: the overlay was planned without its transforms" in kept.notices
    assert kept.overlay == bare.overlay
    for asked in ({"algorithms": "winograd"}, {"pins": {"c0": "winograd"}}):
        with pytest.raises(InfeasibleError, match="the overlay was planned without Winograd's transforms"):
            dynamap.plan(network, overlay=bare, **asked)


@pytest.mark.parametrize(
    ("operation", "what"),
    [(NORMALISED, "local response normalisation"), (POOLED, "windows of poolings that take each pixel once")],
)
def test_a_layer_that_needs_what_is_not_there(bare: Plan, operation: str, what: str) -> None:
    network = after_convolution(operation)
    with pytest.raises(InfeasibleError, match=f"layer 'y' needs {what}, which the overlay was planned without; plan"):
        dynamap.plan(network, overlay=bare)
    own = dynamap.plan(network, device="zcu104", array="16x8")
    assert dynamap.plan(network, overlay=own).overlay == own.overlay


def test_what_needs_no_part_is_planned_on_the_bare_kernel(bare: Plan) -> None:
    """Windows of 12 x 12 pixels are more than are swept, and one image of 16 channels fits the least buffers."""
    assert dynamap.plan(after_convolution(GLOBAL), overlay=bare).overlay == bare.overlay


def test_blocks_that_the_vector_unit_does_not_hold() -> None:
    """Two halves, each a row of both tensors at an odd pitch, the second one bank further, and a row of outputs.

    What there is holds as much for the network that it was made for, up to a power of two.
    """
    own = dynamap.plan(added(64, 128), device="pynq-z2", array="8x8")
    assert 2 * 16 * (128 * 5 + 1 + 128 * 5) == 40_992 and 2 * 128 * 64 == 16_384
    there = own.overlay.vector_inputs, own.overlay.vector_outputs
    assert there == (65_536, 16_384)
    taken = 2 * 16 * (64 * 17 + 1 + 64 * 17), 2 * 64 * 256
    sentence = (
        "layer 'y' does not fit the overlay of 8 x 8 PEs: it takes at least {:,} bytes of inputs and {:,} of outputs "
        "in the vector unit, which has {:,} bytes of inputs, {:,} of outputs and 8,192 of values that stay; plan an "
        "overlay for this network"
    ).format(*taken, *there)
    with pytest.raises(InfeasibleError, match=sentence):
        dynamap.plan(added(256, 64), overlay=own)


def test_the_layer_for_which_a_device_is_too_small() -> None:
    taken = 2 * 16 * (1024 * 33 + 1 + 1024 * 33), 2 * 1024 * 512
    sentence = (
        "layer 'y' takes at least {:,} bytes of inputs and {:,} of outputs in the vector unit: no array fits device "
        "'pynq-z2': the smallest overlay"
    ).format(*taken)
    with pytest.raises(InfeasibleError, match=sentence):
        dynamap.plan(added(512, 1024), device="pynq-z2")


@pytest.mark.parametrize("size", [-1, 1 << 40])
def test_buffers_that_no_device_has(bare: Plan, size: int) -> None:
    changed = replace(bare, overlay=replace(bare.overlay, vector_outputs=size))
    with pytest.raises(
        InputError, match=f"the overlay's vector_outputs is {size} and its device has .*: the plan was changed"
    ):
        dynamap.plan(added(16, 8), overlay=changed)


def test_a_plan_that_does_not_say_what_its_kernel_has(bare: Plan, tmp_path: Path) -> None:
    document = bare.document()
    del document["overlay"]["sweeps"]
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document))
    with pytest.raises(
        InputError, match="did not say what its kernel has: run `dynamap plan` again, as it was asked: `dyn"
    ):
        load_plan(path)
    assert load_plan(path, to_plan_again=True).request == bare.request


def test_a_kept_overlay_that_does_not_say_it(bare: Plan) -> None:
    """The overlay is no part of what can be asked again."""
    kept = dynamap.plan(after_convolution(GLOBAL), overlay=bare)
    asked = kept.document()["request"]
    del asked["overlay"]["winograd"]
    with pytest.raises(InputError, match="winograd: what the kept overlay's kernel has is not said; plan with another"):
        stored_request(replace(kept, request=asked))


@pytest.mark.parametrize("size", [-1, 1 << 41, "8192", True])
def test_sizes_that_no_plan_has(bare: Plan, tmp_path: Path, size: object) -> None:
    document = bare.document()
    document["overlay"]["vector_outputs"] = size
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match=r"overlay\.vector_outputs must be (from 0 to 1099511627776|an integer)"):
        load_plan(path)
