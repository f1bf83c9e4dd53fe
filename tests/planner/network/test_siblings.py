"""Siblings: which convolutions are one, that the one computes what they do, and that it costs no more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import NodeProto, helper

import dynamap
from dynamap.backends.quantise import quantise
from dynamap.backends.quantise.reference import execute
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.mapping.memory import blocks_of
from dynamap.planner.mapping.overlay_costs import LayerCosts
from dynamap.planner.mapping.storage import find_storages
from dynamap.planner.network.joining.siblings import apart, joined
from dynamap.planner.network.limits import require_runnable
from dynamap.planner.network.network import (
    Activation,
    ActivationKind,
    Add,
    Concat,
    Conv,
    Layer,
    Network,
    Quantisation,
    Slice,
    WeightQuantisation,
)
from dynamap.planner.network.parting import part_of
from dynamap.planner.network.whole import Whole
from dynamap.planner.request.request import Request
from dynamap.planner.request.space import target
from dynamap.planner.search.joint import joint_search
from support.onnx_models import assert_like_original, assert_same, make_model

RELU = Activation(ActivationKind.RELU)
SHAPE = TensorShape(8, 6, 6)


def conv(name: str, channels: int, **changes: object) -> Conv:
    """A 1 x 1 convolution of the input with a ReLU."""
    weights = np.random.default_rng(channels).standard_normal((channels, 8, 1, 1), dtype=np.float32)
    layer = Conv(name, ("input",), f"t_{name}", Window((1, 1)), weights, np.ones(channels, np.float32), activation=RELU)
    return replace(layer, **changes)


def network(*layers: Layer, quantisation: dict[str, Quantisation] | None = None) -> Network:
    """A network that gives all that nothing reads."""
    tensors = {"input": SHAPE}
    for layer in layers:
        channels = len(layer.bias) if isinstance(layer, Conv) else sum(tensors[name].channels for name in layer.inputs)
        tensors[layer.output] = replace(
            SHAPE, channels=tensors[layer.inputs[0]].channels if isinstance(layer, Add) else channels
        )
    read = {name for layer in layers for name in layer.inputs}
    outputs = tuple(layer.output for layer in layers if layer.output not in read)
    return Network("small", "", layers, tensors, ("input",), outputs, quantisation or {})


def groups(found: Network) -> list[str]:
    """The convolutions, by name."""
    return [layer.name for layer in found.layers if isinstance(layer, Conv)]


def test_two_that_read_one_tensor_are_one() -> None:
    """Their weights lie one behind the other, and each is the channels that it had."""
    first, second = conv("a", 16), conv("b", 5)
    whole, *slices = joined(network(first, second)).layers
    assert isinstance(whole, Conv)
    assert (whole.name, whole.output, whole.activation) == ("a+b", "t_a+t_b", RELU)
    assert np.array_equal(whole.weights, np.concatenate([first.weights, second.weights]))
    assert slices == [Slice("a", ("t_a+t_b",), "t_a", 0), Slice("b", ("t_a+t_b",), "t_b", 16)]


@pytest.mark.parametrize(
    ("channels", "names"),
    [((5, 16), ["b+a"]), ((5, 6), ["a", "b"]), ((16, 5, 32), ["a+c+b"]), ((5, 6, 16), ["c+a", "b"])],
)
def test_only_the_last_ends_within_a_unit(channels: tuple[int, ...], names: list[str]) -> None:
    """A slice begins with a unit of 16 channels; of two that end within one, the second stays by itself."""
    found = joined(network(*(conv(name, count) for name, count in zip("abc", channels, strict=False))))
    assert sorted(groups(found)) == sorted(names)


@pytest.mark.parametrize(
    "changes",
    [
        {"activation": None},
        {"activation": Activation(ActivationKind.CLIP, 0.0, 6.0)},
        {"window": Window((1, 1), stride=(2, 2))},
        {"groups": 8, "weights": np.ones((16, 1, 1, 1), np.float32)},
        {"output_order": tuple(reversed(range(16)))},
        {"weight_quantisation": WeightQuantisation(np.ones((16, 8, 1, 1), np.int8), (1.0,) * 16)},
        {"fully_connected": True},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_differs_stays_apart(changes: dict[str, object]) -> None:
    """One window, one activation, all of the input, and the order in which they are computed."""
    assert groups(joined(network(conv("a", 16), conv("b", 16, **changes)))) == ["a", "b"]


def test_slopes_of_channels_stay_apart() -> None:
    """They are as many as the channels of their layer."""
    slopes = Activation(ActivationKind.PRELU, slopes=(0.5,) * 16)
    layers = conv("a", 16, activation=slopes), conv("b", 16, activation=slopes)
    assert groups(joined(network(*layers))) == ["a", "b"]


@pytest.mark.parametrize(
    ("second", "activation", "names"),
    [
        (Quantisation(0.5, 3), RELU, ["a+b"]),
        (Quantisation(0.25, 3), RELU, ["a+b"]),
        (Quantisation(0.25, 3), None, ["a+b"]),
        (Quantisation(0.5, 4), RELU, ["a", "b"]),
        (Quantisation(0.25, 3), Activation(ActivationKind.CLIP, 0.0, 6.0), ["a", "b"]),
        (Quantisation(0.5, 3), Activation(ActivationKind.SIGMOID), ["a+b"]),
        (Quantisation(0.25, 3), Activation(ActivationKind.SIGMOID), ["a", "b"]),
        (None, RELU, ["a", "b"]),
    ],
)
def test_scales_of_a_quantised_model(
    second: Quantisation | None, activation: Activation | None, names: list[str]
) -> None:
    """A layer has one zero point; clamps and tables depend on the scale."""
    known = {"t_a": Quantisation(0.5, 3)} | ({} if second is None else {"t_b": second})
    layers = conv("a", 16, activation=activation), conv("b", 16, activation=activation)
    assert groups(joined(network(*layers, quantisation=known))) == names


def other(name: str, channels: int, **changes: object) -> Conv:
    """A convolution that is no sibling of those of `conv`."""
    return conv(name, channels, activation=Activation(ActivationKind.CLIP, 0.0, 6.0), **changes)


def test_what_a_concatenation_joins_lies_there() -> None:
    """But for what it begins with, which may be the last of others."""
    layers = other("a", 16), conv("b", 16), conv("c", 16), Concat("all", ("t_c", "t_a"), "all")
    found = joined(network(*layers))
    assert groups(found) == ["a", "b+c"]
    storages = find_storages(found)
    assert storages.in_place == {"b", "c", "all"}
    placed = {name: (place.root, place.offset) for name, place in storages.placement.items()}
    assert placed["t_b"] == ("t_b+t_c", 0)
    assert placed["all"] == placed["t_c"] == ("t_b+t_c", 16)
    assert placed["t_a"] == ("t_b+t_c", 32)


def test_a_tensor_and_what_goes_on_behind_it_are_one_block() -> None:
    """Of t_b, t_c and t_a, 16 + 16 + 7 channels, three planes, from the first of their writers to the last of their
    readers."""
    layers = conv("b", 16), conv("c", 16), other("a", 7), Concat("all", ("t_c", "t_a"), "all")
    found = joined(network(*layers, Add("early", ("t_b", "t_b"), "early"), Add("sum", ("all", "all"), "sum")))
    storages = find_storages(found)
    plane = 6 * 8 * 16
    planes = {name: -(-shape.channels // 16) for name, shape in found.tensors.items()}
    blocks = blocks_of(found, storages, {name: count * plane for name, count in planes.items()})
    steps = [layer.name for layer in found.layers]
    (block,) = [one for one in blocks if one.tensor == "t_b+t_c"]
    assert (block.size, block.first, block.last) == (3 * plane, steps.index("b+c"), steps.index("sum"))


@pytest.mark.parametrize(
    "last",
    [
        [Concat("all", ("t_a", "t_c"), "all"), Concat("twice", ("t_a", "t_c"), "twice")],
        [Concat("all", ("t_a", "t_c"), "all"), Concat("more", ("all", "t_b"), "more")],
        [Concat("all", ("t_a", "t_c", "t_a"), "all")],
        [Concat("all", ("t_c", "t_a"), "all"), Concat("more", ("t_b", "t_a"), "more")],
    ],
    ids=["inside two", "inside another", "twice", "begins no other"],
)
def test_what_is_needed_in_two_places_stays_apart(last: list[Layer]) -> None:
    """A tensor lies in one place."""
    layers = conv("d", 8), conv("a", 16), conv("b", 16), conv("c", 16, inputs=("t_d",))
    assert "a" in groups(joined(network(*layers, *last)))


@pytest.mark.parametrize(
    ("channels", "inputs", "names"),
    [
        ((16, 16, 16), "bcd", ["a+b+c", "d"]),
        ((16, 16, 16), "cbd", ["a+c+b", "d"]),
        ((16, 16, 16), "bd", ["a+c+b", "d"]),
        ((5, 16, 16), "bcd", ["b+c", "a", "d"]),
        ((16, 16, 5), "bc", ["a+b+c", "d"]),
        ((5, 16, 16), "bd", ["c+a", "b", "d"]),
    ],
)
def test_a_concatenation_begins_with_several(channels: tuple[int, ...], inputs: str, names: list[str]) -> None:
    """All of these are the last ones, in its order; one that ends within a unit is last where they are no more."""
    layers = [conv(name, count) for name, count in zip("abc", channels, strict=True)]
    joint = Concat("all", tuple(f"t_{name}" for name in inputs), "all")
    found = joined(network(*layers, other("d", 16), joint, Add("sum", ("t_c", "t_c"), "sum")))
    assert sorted(groups(found)) == sorted(names)
    assert "all" in find_storages(found).in_place


def test_halves_that_a_split_takes_are_one_convolution() -> None:
    """As detectors have them: one half is convolved again, and a concatenation of both and of that is in place."""
    constants = {
        "w": np.random.default_rng(0).standard_normal((32, 4, 1, 1), dtype=np.float32),
        "halves": np.array([16, 16]),
        "v": np.random.default_rng(1).standard_normal((16, 16, 3, 3), dtype=np.float32),
        "u": np.random.default_rng(2).standard_normal((8, 48, 1, 1), dtype=np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Split", ["b", "halves"], ["s0", "s1"], axis=1),
        helper.make_node("Conv", ["s1", "v"], ["m"], pads=[1, 1, 1, 1]),
        helper.make_node("Concat", ["s0", "s1", "m"], ["all"], axis=1),
        helper.make_node("Conv", ["all", "u"], ["y"]),
    ]
    found = assert_same(make_model(nodes, constants))
    assert [len(layer.bias) for layer in found.layers if isinstance(layer, Conv)] == [32, 16, 8]
    in_place = find_storages(found).in_place
    assert [layer.output for layer in found.layers if layer.name in in_place] == ["s0", "s1", "all"]


def test_a_concatenation_goes_on_behind_slices_of_the_model() -> None:
    """Both halves of a convolution, and what is made of the second one, as detectors have it: nothing is copied."""
    whole, half = conv("a", 32), TensorShape(16, 6, 6)
    weights = np.ones((16, 16, 1, 1), np.float32)
    inner = Conv("m", ("second",), "t_m", Window((1, 1)), weights, np.zeros(16, np.float32), activation=RELU)
    layers = (
        whole,
        Slice("s0", ("t_a",), "first", 0),
        Slice("s1", ("t_a",), "second", 16),
        inner,
        Concat("all", ("first", "second", "t_m"), "all"),
    )
    tensors = {"input": SHAPE, "t_a": replace(half, channels=32), "first": half, "second": half, "t_m": half}
    found = Network("c2f", "", layers, {**tensors, "all": replace(half, channels=48)}, ("input",), ("all",))
    storages = find_storages(found)
    assert [layer.name for layer in storages.executed] == ["a", "m"]
    placed = {name: (place.root, place.offset) for name, place in storages.placement.items()}
    assert (placed["all"], placed["t_m"]) == (("t_a", 0), ("t_a", 32))


def test_apart_again() -> None:
    """Each with its own weights; a second joining makes the same network."""
    first, second = conv("a", 16), conv("b", 5)
    once = joined(network(first, second))
    again = apart(once)
    for layer, original in zip(again.layers, (first, second), strict=True):
        assert isinstance(layer, Conv)
        assert np.array_equal(layer.weights, original.weights) and np.array_equal(layer.bias, original.bias)
        assert (layer.name, layer.output, layer.inputs) == (original.name, original.output, original.inputs)
    assert again.tensors == {name: shape for name, shape in once.tensors.items() if name != "t_a+t_b"}
    assert [layer.name for layer in joined(again).layers] == [layer.name for layer in once.layers]


def test_names_that_are_taken() -> None:
    """A layer and a tensor of the network are called as the one would be."""
    found = joined(network(conv("a", 16), conv("b", 16), conv("a+b", 16, activation=None, output="t_a+t_b")))
    (whole,) = [layer for layer in found.layers if isinstance(layer, Conv) and layer.name != "a+b"]
    assert (whole.name, whole.output) == ("a+b'", "t_a+t_b'")


def test_parts_of_a_model_that_the_host_interrupts() -> None:
    """The one is a layer of the part in which its slices are."""
    alone = network(conv("a", 16), conv("b", 16))
    alone = replace(alone, whole=Whole((part_of(alone, 1),), (), ()))
    found = joined(alone)
    assert found.whole is not None and alone.whole is not None
    assert [part.layers for part in found.whole.parts] == [("a+b", "a", "b")]
    (again,), (original,) = (one.whole.parts for one in (apart(found), alone) if one.whole is not None)
    assert again == original


def test_slices_share_the_memory_of_their_tensor() -> None:
    """At the plane that their first channel begins; both in planes of 16 channels."""
    found = joined(network(conv("a", 32), conv("b", 5)))
    storages = find_storages(found)
    assert [layer.name for layer in storages.executed] == ["a+b"]
    assert storages.in_place == {"a", "b"}
    placed = {name: (place.root, place.offset) for name, place in storages.placement.items()}
    assert (placed["t_a"], placed["t_b"]) == (("t_a+t_b", 0), ("t_a+t_b", 32))
    require_runnable(found, storages.executed)


@pytest.mark.parametrize(("first", "channels"), [(8, 16), (16, 32), (-16, 16)])
def test_a_slice_begins_with_a_unit_and_ends_inside(first: int, channels: int) -> None:
    """Anything else would have to be copied."""
    layers = conv("a", 32), Slice("part", ("t_a",), "part", first)
    tensors = {"input": SHAPE, "t_a": replace(SHAPE, channels=32), "part": replace(SHAPE, channels=channels)}
    with pytest.raises(ValueError, match="layer 'part' takes channels"):
        Network("small", "", layers, tensors, ("input",), ("part",))


def sibling_nodes(seed: int) -> tuple[list[NodeProto], dict[str, np.ndarray]]:
    """Convolutions of one tensor, whose results are convolved, pooled, added, or given."""
    generator = np.random.default_rng(seed)
    nodes, constants, sums = [], {}, []
    for number in range(int(generator.integers(2, 5))):
        size, channels = int(generator.choice([1, 3])), int(generator.choice([4, 16, 20, 32]))
        name = f"c{number}"
        constants[f"{name}.w"] = generator.standard_normal((channels, 4, size, size), dtype=np.float32)
        nodes.append(helper.make_node("Conv", ["x", f"{name}.w"], [f"{name}.sum"], pads=[size // 2] * 4))
        kind = str(generator.choice(["Relu", "LeakyRelu", "Sigmoid"]))
        nodes.append(helper.make_node(kind, [f"{name}.sum"], [name]))
        constants[f"{name}.v"] = generator.standard_normal((6, channels, 1, 1), dtype=np.float32)
        nodes.append(helper.make_node("Conv", [name, f"{name}.v"], [f"{name}.out"]))
        sums.append(f"{name}.out")
    nodes.append(helper.make_node("Sum", sums, ["y"]))
    if generator.integers(2):
        nodes.append(helper.make_node("Concat", ["c1", *sums], ["joined"], axis=1))
        nodes.append(helper.make_node("Relu", ["joined"], ["z"]))
    return nodes, constants


@given(st.integers(0, 2**16))
@settings(max_examples=40, deadline=None)
def test_values_are_the_models(seed: int) -> None:
    """Every tensor that the model has as well, by onnxruntime."""
    nodes, constants = sibling_nodes(seed)
    made = ("y", "c0", *(node.output[0] for node in nodes if node.output[0] == "z"))
    assert_same(make_model(nodes, constants, outputs=made))


def test_integers_are_the_models() -> None:
    """The quantised network against the original, and against its own export."""
    nodes, constants = sibling_nodes(3)
    quantised = assert_like_original(make_model(nodes, constants), explained=0.9)
    assert any(isinstance(layer, Slice) for layer in quantised.network.layers)


def read_by_convolutions(activation: Activation | None, factor: float) -> Network:
    """Two siblings, the values of one ``factor`` times the other's, each read by a convolution of its own."""
    first, second = conv("a", 16, activation=activation), conv("b", 20, activation=activation)
    second = replace(second, weights=second.weights * np.float32(factor), bias=second.bias * np.float32(factor))
    layers: list[Layer] = [first, second]
    for name, channels in (("a", 16), ("b", 20)):
        weights = np.random.default_rng(7).standard_normal((5, channels, 1, 1), dtype=np.float32)
        bias = np.zeros(5, np.float32)
        layers.append(Conv(f"{name}2", (f"t_{name}",), f"t_{name}2", Window((1, 1)), weights, bias))
    return network(*layers)


@pytest.mark.parametrize("factor", [1.0, 0.01])
def test_each_keeps_the_scale_that_it_has_alone(factor: float) -> None:
    """Behind a ReLU every integer is that of the network whose siblings are apart."""
    alone = read_by_convolutions(RELU, factor)
    both = [quantise(one, samples=2) for one in (alone, joined(alone))]
    image = {"input": np.random.default_rng(1).integers(-128, 128, (8, 6, 6)).astype(np.int8)}
    apart_values, joined_values = (execute(one, image) for one in both)
    for name, values in apart_values.items():
        assert both[0].tensors[name] == both[1].tensors[name]
        assert np.array_equal(values, joined_values[name]), name
    assert not any("levels" in notice for notice in both[1].notices)


def test_a_sibling_of_zeros_leaves_the_others_their_scales() -> None:
    """Its range has no zero point of its own: it takes that of another one."""
    alone = read_by_convolutions(RELU, 0.01)
    dead = conv("c", 16, bias=np.full(16, -1e4, np.float32))
    alone = replace(alone, layers=(dead, *alone.layers), tensors={**alone.tensors, "t_c": replace(SHAPE, channels=16)})
    both = [quantise(one, samples=2) for one in (alone, joined(alone))]
    assert groups(both[1].network)[0] == "c+a+b"
    assert all(both[0].tensors[name] == both[1].tensors[name] for name in ("t_a", "t_b"))
    assert both[1].tensors["t_c"].zero_point == both[1].tensors["t_a"].zero_point


def test_one_scale_where_the_zero_points_differ() -> None:
    """Without a ReLU the ranges are one; a notice says what that leaves of the narrow one."""
    together = quantise(joined(read_by_convolutions(None, 0.01)), samples=2)
    assert together.tensors["t_a"] == together.tensors["t_b"] == together.tensors["t_a+t_b"]
    (notice,) = [notice for notice in together.notices if "levels" in notice]
    assert notice.startswith("layer 'b': it shares one scale with the other channels of 't_a+t_b'")


@pytest.mark.parametrize("scales", [(0.03, 0.03), (0.03, 0.05)])
def test_a_quantised_model_keeps_its_scales(scales: tuple[float, float]) -> None:
    """Siblings of a QDQ model, by onnxruntime."""
    constants: dict[str, np.ndarray] = {
        "s": np.float32(0.03),
        "z": np.int8(-5),
        "ws": np.float32(0.01),
        "wz": np.int8(0),
    }
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["x.q"]),
        helper.make_node("DequantizeLinear", ["x.q", "s", "z"], ["x.d"]),
    ]
    generator = np.random.default_rng(0)
    for name, channels, scale in zip("ab", (16, 7), scales, strict=True):
        constants[f"{name}.s"] = np.float32(scale)
        constants[f"{name}.w"] = generator.integers(-127, 128, (channels, 4, 3, 3)).astype(np.int8)
        nodes += [
            helper.make_node("DequantizeLinear", [f"{name}.w", "ws", "wz"], [f"{name}.real"]),
            helper.make_node("Conv", ["x.d", f"{name}.real"], [f"{name}.sum"]),
            helper.make_node("QuantizeLinear", [f"{name}.sum", f"{name}.s", "z"], [f"{name}.q"]),
            helper.make_node("DequantizeLinear", [f"{name}.q", f"{name}.s", "z"], [name]),
        ]
    quantised = assert_like_original(make_model(nodes, constants, outputs=("a", "b")), explained=1.0)
    assert len(groups(quantised.network)) == 1
    assert {quantised.tensors[name].scale for name in ("a", "b")} == {float(np.float32(scale)) for scale in scales}


@pytest.mark.parametrize("device", ["u200", "zcu104", "pynq-z2"])
@pytest.mark.parametrize("name", ["googlenet", "inception-v2"])
def test_the_better_of_both(name: str, device: str) -> None:
    """Each by itself, over all arrays."""
    found = dynamap.load(name)
    both = [_least_cycles(one, device) for one in (found, apart(found))]
    plan = dynamap.plan(found, device=device)
    assert (plan.solver.objective, plan.solver.bound) == (min(both), min(both))
    assert any("+" in layer.name for layer in plan.layers) == (both[0] <= both[1])


def _least_cycles(one: Network, device: str) -> int:
    _, machine, candidates = target(device, Request(), one)
    storages = find_storages(one)
    return joint_search(
        LayerCosts(one, storages, machine, {}, room=candidates.room), storages, candidates
    ).objective_cycles


@pytest.mark.parametrize("activation", [RELU, None])
def test_a_concatenation_shares_the_scale_of_its_slice(activation: Activation | None) -> None:
    """In place all that it joins has one scale: with one zero point its slice has it alone, else all slices have it."""
    layers = [conv("a", 16, activation=activation), conv("b", 16, activation=activation), other("c", 16)]
    layers[0] = replace(layers[0], weights=layers[0].weights * np.float32(0.1))
    read = Conv("r", ("t_a",), "t_r", Window((1, 1)), np.ones((5, 16, 1, 1), np.float32), np.zeros(5, np.float32))
    found = quantise(joined(network(*layers, Concat("all", ("t_b", "t_c"), "all"), read)), samples=2)
    assert groups(found.network) == ["a+b", "c", "r"]
    assert found.tensors["t_b"] == found.tensors["t_c"] == found.tensors["all"]
    assert (found.tensors["t_a"] == found.tensors["t_b"]) == (activation is None)
    assert found.tensors["t_a"].zero_point == found.tensors["t_b"].zero_point


@pytest.mark.parametrize(("pin", "layers"), [("n12", 84), ("n12+n16+n10", 93)])
def test_a_pin_says_which_way(pin: str, layers: int) -> None:
    """The plan is checked, and its model found again, its way."""
    plan = dynamap.plan("googlenet", device="zcu104", pins={pin: "im2col/is"})
    assert len(plan.layers) == layers
    report = plan.verify(full=False)
    assert report.verified
