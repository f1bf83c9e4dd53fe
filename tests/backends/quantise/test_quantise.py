"""Scales, calibration, round trips of quantised models, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dynamap.backends.arithmetic.integers import quantise_values, round_shift
from dynamap.backends.conformance.networks import random_network
from dynamap.backends.evidence.comparison import qdq
from dynamap.backends.quantise import AveragePoolArithmetic, ConvArithmetic, LrnArithmetic, QuantisedNetwork, quantise
from dynamap.backends.quantise.build import Schemes, build_layer
from dynamap.backends.quantise.reference import execute, run_layers
from dynamap.backends.quantise.scales import schemes
from dynamap.cost.errors import InputError
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.importer import import_model
from dynamap.planner.network.network import (
    Activation,
    ActivationKind,
    Add,
    Concat,
    Conv,
    HostLayer,
    Lrn,
    Network,
    Pool,
    PoolKind,
    Quantisation,
    WeightQuantisation,
)

ONE = Window((1, 1))


def conv(name: str, source: str, output: str, weights: np.ndarray, **options: object) -> Conv:
    bias = np.zeros(len(weights), np.float32)
    return Conv(name, (source,), output, ONE, weights.astype(np.float32), bias, **options)  # type: ignore[arg-type]


def scaling(name: str, source: str, output: str, factor: float) -> Conv:
    """A 1 x 1 convolution of one channel that multiplies by ``factor``."""
    return conv(name, source, output, np.full((1, 1, 1, 1), factor))


def network_of(*layers: object, output: str, **fields: object) -> Network:
    shape = TensorShape(1, 2, 2)
    tensors = {"x": shape, **{layer.output: shape for layer in layers}}  # type: ignore[attr-defined]
    for layer in layers:
        if isinstance(layer, Concat):
            tensors[layer.output] = TensorShape(sum(tensors[name].channels for name in layer.inputs), 2, 2)
    return Network("toy", "", layers, tensors, ("x",), (output,), **fields)  # type: ignore[arg-type]


def data(*values: float) -> dict[str, np.ndarray]:
    return {"x": np.array(values, np.float32).reshape(-1, 1, 2, 2)}


def test_scale_and_zero_point_of_a_range() -> None:
    assert schemes.from_range((0.0, 255.0)) == Quantisation(1.0, -128)
    assert schemes.from_range((-255.0, 0.0)) == Quantisation(1.0, 127)
    # -1..2 is 3 wide: zero lies a third above the lowest, -128 + 85.
    assert schemes.from_range((-1.0, 2.0)).zero_point == -43
    assert schemes.from_range((10.0, 255.0)) == Quantisation(1.0, -128)  # extended to zero
    assert schemes.from_range((0.0, 0.0)) == Quantisation(1.0, 0)


def test_minmax_takes_the_extremes_of_all_samples() -> None:
    network = network_of(scaling("c", "x", "y", 2.0), output="y")
    quantised = quantise(network, calibration=data(0, 1, 2, 3, -1, 0, 0, 254), method="minmax")
    assert quantised.tensors["x"] == Quantisation(1.0, -127)
    assert quantised.tensors["y"] == Quantisation(2.0, -127)
    assert quantised.source == "calibrated on 2 given inputs, extremes"


def test_percentile_leaves_out_the_outermost_values() -> None:
    values = np.linspace(0, 1, 100 * 100, dtype=np.float32)
    values[5000] = 1000.0  # one outlier in ten thousand
    network = Network(
        "toy",
        "",
        (scaling("c", "x", "y", 1.0),),
        {"x": TensorShape(1, 100, 100), "y": TensorShape(1, 100, 100)},
        ("x",),
        ("y",),
    )
    feeds = {"x": values.reshape(1, 1, 100, 100)}
    assert quantise(network, calibration=feeds).tensors["y"].scale == pytest.approx(1000 / 255)
    trimmed = quantise(network, calibration=feeds, method="percentile", percentile=99.9)
    # Within one bin (1000 / 8192) of 1.0.
    assert 1.0 <= trimmed.tensors["y"].scale * 255 <= 1.0 + 2 * 1000 / 8192
    assert trimmed.source == "calibrated on 1 given input, percentile 99.9"


def test_random_calibration_is_seeded_and_says_so() -> None:
    network = network_of(scaling("c", "x", "y", 2.0), output="y")
    first, again, other = (quantise(network, seed=seed, samples=3) for seed in (5, 5, 6))
    assert first.tensors == again.tensors != other.tensors
    assert first.source == "calibrated on 3 seeded random inputs (seed 5), least squares"


def test_concatenated_and_pooled_tensors_share_a_scale() -> None:
    network = network_of(
        scaling("a", "x", "u", 1.0),
        scaling("b", "x", "v", 4.0),
        Pool("p", ("v",), "w", PoolKind.MAX, Window((1, 1))),
        Concat("j", ("u", "w"), "y"),
        output="y",
    )
    quantised = quantise(network, calibration=data(0, 1, 2, 63.75))
    assert {quantised.tensors[name] for name in "uvwy"} == {Quantisation(1.0, -128)}
    assert quantised.tensors["x"].scale == pytest.approx(0.25)
    assert not quantised.notices
    tensors = execute(quantised, {"x": np.array([[[-128, 0], [27, 127]]], np.int8)})
    assert (tensors["y"] == np.concatenate([tensors["u"], tensors["v"]])).all()


def test_a_narrow_input_of_a_concatenation_keeps_its_scale() -> None:
    """A tenth of the width would have 26 of 256 levels left, less than 64: it is requantised on the way in."""
    network = network_of(
        scaling("a", "x", "u", 1.0), scaling("b", "x", "v", 10.0), Concat("j", ("u", "v"), "y"), output="y"
    )
    quantised = quantise(network, calibration=data(0, 1, 2, 25.5))
    assert quantised.tensors["u"] == Quantisation(float(np.float32(0.1)), -128)
    assert {quantised.tensors[name] for name in "vy"} == {Quantisation(1.0, -128)}
    assert not quantised.notices  # 26 levels are more than 16
    tensors = execute(quantised, {"x": np.array([[[-128, 0], [27, 127]]], np.int8)})
    # u is 0, 128, 155, 255 steps of 0.1: 0, 12.8, 15.5, 25.5, halves to even.
    assert tensors["y"][0].ravel().tolist() == [-128, 13 - 128, 16 - 128, 26 - 128]


def test_scales_are_kept_apart_over_a_chain_of_concatenations() -> None:
    """Each step is by 3, which alone would be shared; the first tensor would have a ninth of the last one's levels."""
    network = network_of(
        scaling("a", "x", "u", 1.0),
        scaling("b", "x", "v", 3.0),
        Concat("j", ("u", "v"), "s"),
        scaling("c", "x", "w", 9.0),
        Concat("k", ("s", "w"), "y"),
        output="y",
    )
    scales = {name: found.scale for name, found in quantise(network, calibration=data(0, 1, 2, 25.5)).tensors.items()}
    assert scales["u"] == pytest.approx(0.1)
    assert len({scales[name] for name in "vswy"}) == 1 and scales["y"] == pytest.approx(0.9)


def test_a_concatenation_in_place_says_what_it_costs() -> None:
    """16 channels each can be written where they belong, which asks for one scale."""
    narrow, wide = (
        conv(name, "x", output, np.full((16, 1, 1, 1), factor))
        for name, output, factor in (("a", "u", 1.0), ("b", "v", 10.0))
    )
    network = network_of(narrow, wide, Concat("j", ("u", "v"), "y"), output="y")
    sizes = {"u": 16, "v": 16, "y": 32}
    shapes = {name: TensorShape(channels, 2, 2) for name, channels in sizes.items()}
    network = replace(network, tensors={**network.tensors, **shapes})
    quantised = quantise(network, calibration=data(0, 1, 2, 25.5))
    assert {quantised.tensors[name] for name in "uvy"} == {Quantisation(1.0, -128)}
    (notice,) = quantised.notices
    assert "layer 'j'" in notice and "share one scale" in notice and "'u' 26" in notice


def test_a_concatenation_with_few_levels_for_an_input_says_so() -> None:
    network = network_of(
        scaling("a", "x", "u", 1.0), scaling("b", "x", "v", 100.0), Concat("j", ("u", "v"), "y"), output="y"
    )
    quantised = quantise(network, calibration=data(0, 1, 2, 25.5))
    assert quantised.tensors["u"].scale == pytest.approx(0.1)
    (notice,) = quantised.notices
    assert "its output has one scale" in notice and "'u' 3" in notice


def test_a_tensor_of_zeros_shares_any_scale() -> None:
    network = network_of(
        scaling("a", "x", "u", 0.0), scaling("b", "x", "v", 1.0), Concat("j", ("u", "v"), "y"), output="y"
    )
    quantised = quantise(network, calibration=data(0, 1, 2, 25.5))
    assert len({quantised.tensors[name] for name in "uvy"}) == 1 and not quantised.notices


def test_scales_of_a_quantised_model_are_kept_and_shifted_to_int8() -> None:
    weights = WeightQuantisation(np.array([[[[-128]]]], np.int8), (0.5,))
    layer = replace(scaling("c", "x", "y", -64.0), weight_quantisation=weights)
    network = network_of(
        layer, output="y", quantisation={"x": Quantisation(0.25, 3, signed=False), "y": Quantisation(8.0, -7)}
    )
    quantised = quantise(network)
    assert quantised.tensors == {"x": Quantisation(0.25, -125), "y": Quantisation(8.0, -7)}
    assert quantised.source == "scales and zero points of the quantised model"
    integers = quantised.layers["c"]
    assert isinstance(integers, ConvArithmetic)
    assert integers.weights_oihw.item() == -128 and integers.weight_scales == (0.5,)
    # q = -124 is 0.25, times -64 is -16, divided by 8 is -2, zero point -7.
    assert execute(quantised, {"x": np.full((1, 2, 2), -124, np.int8)})["y"].tolist() == [[[-9, -9], [-9, -9]]]


def test_concatenation_of_a_quantised_model_is_rescaled() -> None:
    given_schemes = {"x": Quantisation(1.0, 0), "u": Quantisation(2.0, 0), "y": Quantisation(4.0, 10)}
    network = network_of(
        scaling("a", "x", "u", 1.0), Concat("j", ("x", "u"), "y"), output="y", quantisation=given_schemes
    )
    tensors = execute(quantise(network), {"x": np.array([[[100, 6], [2, -6]]], np.int8)})
    # x / 4: 25, 1.5, 0.5, -1.5, halves to even; u is 50, 3, 1, -3 and u / 2 is 25, 1.5, 0.5, -1.5.
    expected = [[35, 12], [10, 8]]
    assert tensors["y"].tolist() == [expected, expected]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_exported_model_comes_back_the_same(seed: int) -> None:
    """quantise, export as QDQ, import, quantise: the same integers in every layer."""
    network = random_network(seed)
    quantised = quantise(network, seed=seed % 100, samples=2)
    model = qdq.to_qdq(quantised)
    assume(all(node.op_type != "Gather" for node in model.graph.node))
    returned = quantise(import_model(model, "returned", ""), seed=seed % 100, samples=1)
    assert returned.source == "scales and zero points of the quantised model"
    generator = np.random.default_rng(seed)
    values = generator.standard_normal(network.tensors["input"].as_list(), dtype=np.float32)
    inputs = {"input": quantise_values(values, quantised.tensors["input"])}
    last = final_tensor(network)
    wanted = execute(quantised, inputs)[last]
    results = list(run_layers(returned, inputs))
    assert (results[-1][1] == wanted).all()


def final_tensor(network: Network) -> str:
    return [layer.output for layer in network.layers if not isinstance(layer, HostLayer)][-1]


def test_leaky_slopes_round_once() -> None:
    slopes = Activation(ActivationKind.PRELU, slopes=(-0.5,))
    network = network_of(
        Add("s", ("x", "x"), "y", slopes),
        output="y",
        quantisation={"x": Quantisation(1.0, 0), "y": Quantisation(1.0, 0)},
    )
    tensors = execute(quantise(network), {"x": np.array([[[3, -3], [-5, 0]]], np.int8)})
    # 6; -6 * -0.5; -10 * -0.5
    assert tensors["y"].tolist() == [[[6, 3], [5, 0]]]


@settings(max_examples=60, deadline=None)
@given(
    alpha=st.floats(1e-6, 10),
    beta=st.floats(0.05, 3),
    bias=st.floats(0.01, 10),
    size=st.integers(1, 8),
    input_scale=st.floats(1e-4, 1e3),
    zero_point=st.integers(-128, 127),
    seed=st.integers(0, 2**32 - 1),
)
def test_lrn_is_within_one_of_its_formula(
    alpha: float, beta: float, bias: float, size: int, input_scale: float, zero_point: int, seed: int
) -> None:
    """Against float64, over ranges in which onnxruntime's float32 running sums cancel."""
    generator = np.random.default_rng(seed)
    x = generator.integers(-128, 128, (12, 2, 2)).astype(np.int8)
    x[:, 0] = np.clip(zero_point + generator.integers(-3, 4, (12, 2)), -128, 127)
    real = (x.astype(np.float64) - zero_point) * np.float64(np.float32(input_scale))
    sums = np.stack([(real[max(0, c - (size - 1) // 2) : c + size // 2 + 1] ** 2).sum(axis=0) for c in range(12)])
    wanted = real / (bias + alpha / size * sums) ** beta
    scheme = schemes.from_range((float(wanted.min()), float(wanted.max())))
    network = Network(
        "toy",
        "",
        (Lrn("n", ("x",), "y", size, alpha, beta, bias),),
        {"x": TensorShape(12, 2, 2), "y": TensorShape(12, 2, 2)},
        ("x",),
        ("y",),
        quantisation={"x": Quantisation(input_scale, zero_point), "y": scheme},
    )
    quantised = quantise(network)
    found = execute(quantised, {"x": x})["y"].astype(np.float64)
    exact = np.clip(wanted / scheme.scale + scheme.zero_point, -128, 127)
    # Half a unit of rounding, and what interpolation between 32 steps per octave adds.
    assert np.abs(found - exact).max() <= 0.5 + 0.2
    integers = quantised.layers["n"]
    assert isinstance(integers, LrnArithmetic) and integers.table.max() < 2**25


def test_bias_and_dead_channels_get_a_usable_scale() -> None:
    weights = np.zeros((3, 1, 1, 1), np.float32)
    weights[2] = 1e-42
    bias = np.array([0.0, 5.0, 1e6], np.float32)
    layer = Conv("c", ("x",), "y", ONE, weights, bias)
    shape = TensorShape(3, 2, 2)
    network = Network("toy", "", (layer,), {"x": TensorShape(1, 2, 2), "y": shape}, ("x",), ("y",))
    quantised = quantise(network, calibration=data(0, 1, 2, 3))
    integers = quantised.layers["c"]
    assert isinstance(integers, ConvArithmetic)
    assert np.abs(integers.bias.astype(np.int64)).max() <= 2**30
    out = execute(quantised, {"x": np.zeros((1, 2, 2), np.int8)})["y"][:, 0, 0]
    assert out.tolist() == [-128, -128, 127]  # 0, 5 and 1e6 in steps of 1e6 / 255


def test_sums_match_folded_bias() -> None:
    """Zero point folded into the bias: by hand, (q - zp) w + b = q w + (b - zp w); a weight alone is 64 steps."""
    layer = scaling("c", "x", "y", 1.0)
    network = network_of(
        layer,
        output="y",
        quantisation={"x": Quantisation(1.0, 50), "y": Quantisation(1.0, 0)},
    )
    integers = quantise(network).layers["c"]
    assert isinstance(integers, ConvArithmetic)
    assert integers.weights_oihw.item() == 64 and integers.folded_bias.tolist() == [-50 * 64]
    product = np.array([60 * 64 - 50 * 64]) * int(integers.multipliers[0])
    assert round_shift(product, int(integers.shifts[0])).tolist() == [10]


# ---- refusals ----


def toy() -> Network:
    return network_of(scaling("c", "x", "y", 2.0), output="y")


@pytest.mark.parametrize(
    ("calibration", "message"),
    [
        ({}, r"no array for the input 'x'"),
        ({"x": np.zeros((1, 1, 2, 2), np.float32), "z": np.zeros(1)}, r"an array 'z'.*inputs are: 'x'"),
        ({"x": np.zeros((1, 1, 3, 2), np.float32)}, r"input 'x': the shape is \[1, 1, 3, 2\].*N x 1 x 2 x 2"),
        ({"x": np.zeros((0, 1, 2, 2), np.float32)}, r"input 'x': the shape is \[0, 1, 2, 2\]"),
        ({"x": np.zeros((1, 1, 2, 2), np.uint8)}, r"input 'x': the type is uint8"),
        ({"x": np.array([["a"]])}, r"input 'x': the type is <U1"),
        ({"x": np.full((1, 1, 2, 2), np.nan, np.float32)}, r"input 'x': NaN"),
    ],
)
def test_bad_calibration_data(calibration: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(InputError, match=message):
        quantise(toy(), calibration=calibration)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "guess"}, "'guess' does not exist; use squares, minmax, percentile, entropy"),
        ({"method": "percentile", "percentile": 20.0}, "percentile must be above 50"),
        ({"samples": 0}, "at least 1 random input"),
    ],
)
def test_bad_options(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        quantise(toy(), **options)  # type: ignore[arg-type]


def test_weights_that_are_not_finite_name_the_layer() -> None:
    with pytest.raises(InputError, match="layer 'c': its weights contain NaN"):
        quantise(network_of(scaling("c", "x", "y", float("nan")), output="y"))


def test_overflow_during_calibration_names_the_layer() -> None:
    network = network_of(scaling("c", "x", "u", 3e38), scaling("d", "u", "y", 3e38), output="y")
    with pytest.raises(InputError, match="layer 'd' holds NaN or infinite"), np.errstate(over="ignore"):
        quantise(network, calibration=data(0.1, 0.5, 1, 1))


def test_a_bias_that_no_int32_holds_takes_a_coarser_scale() -> None:
    # 10 is 1e10 steps of 1e-9: more than 2^31 = 2.1e9 after one and two doublings, not after three.
    weights = WeightQuantisation(np.ones((1, 1, 1, 1), np.int8), (1e-9,))
    layer = replace(scaling("c", "x", "y", 1e-9), bias=np.array([10.0], np.float32), weight_quantisation=weights)
    network = network_of(layer, output="y", quantisation={"x": Quantisation(1.0, 0), "y": Quantisation(1.0, 0)})
    quantised = quantise(network)
    integers = quantised.layers["c"]
    assert isinstance(integers, ConvArithmetic)
    assert integers.weight_scales == (8 * float(np.float32(1e-9)),)
    assert execute(quantised, {"x": np.zeros((1, 2, 2), np.int8)})["y"].ravel().tolist() == [10] * 4


def test_sums_that_could_overflow_take_a_coarser_scale() -> None:
    # 2^18 products of 128 with 127, then with 64 (63.5 rounded), are 2^31 or more; with 32 (31.75 rounded) 2^30.
    count = 2**18
    weights = np.ones((1, count, 1, 1), np.float32)
    layer = Conv("wide", ("x",), "y", ONE, weights, np.zeros(1, np.float32), fully_connected=True)
    shapes = {"x": TensorShape(count, 1, 1), "y": TensorShape(1, 1, 1)}
    network = Network("toy", "", (layer,), shapes, ("x",), ("y",), quantisation={"x": Quantisation(1.0, -128)})
    integers = build_layer(network, layer, Schemes({"x": Quantisation(1.0, -128), "y": Quantisation(1.0, 0)}, {}))
    assert isinstance(integers, ConvArithmetic)
    assert (integers.weights_oihw == 32).all() and integers.folded_bias.tolist() == [2**30]


def test_centred_data_never_overflow_the_sums() -> None:
    """kn2row sums q - z, up to 255: 255 x 127 x 2^21 is 2^36, and 35 bits hold magnitudes. So weights are halved."""
    weights = np.ones((1, 2, 1024, 1024), np.float32)
    weights[:, 1] = -1  # the folded bias is 0
    layer = Conv("wide", ("x",), "y", Window((1024, 1024)), weights, np.zeros(1, np.float32))
    shapes = {"x": TensorShape(2, 1024, 1024), "y": TensorShape(1, 1, 1)}
    network = Network("wide", "", (layer,), shapes, ("x",), ("y",))
    integers = build_layer(network, layer, Schemes({"x": Quantisation(1.0, -128), "y": Quantisation(1.0, 0)}, {}))
    assert isinstance(integers, ConvArithmetic)
    # 255 x 64 x 2^21 = 3.4e10 is just below 2^35 = 3.44e10: one halving is enough.
    assert set(np.abs(integers.weights_oihw).ravel().tolist()) == {64}


def test_slopes_of_another_number_of_channels() -> None:
    layer = scaling("c", "x", "y", 1.0)
    bent = replace(layer, activation=Activation(ActivationKind.PRELU, slopes=(0.1, 0.2)))
    with pytest.raises(InputError, match="layer 'c': its PRelu has 2 slopes for 1 channels"):
        quantise(network_of(bent, output="y"))


def test_lrn_that_divides_by_zero() -> None:
    network = network_of(Lrn("n", ("x",), "y", 3, -1.0, 0.5, 1.0), output="y")
    with pytest.raises(InputError, match=r"layer 'n'.*not a positive number"):
        quantise(replace(network, quantisation={"x": Quantisation(1.0, 0), "y": Quantisation(1.0, 0)}))


def test_averages_of_too_many_values() -> None:
    layer = Pool("p", ("x",), "y", PoolKind.AVERAGE, Window((129, 256)))
    shapes = {"x": TensorShape(1, 129, 256), "y": TensorShape(1, 1, 1)}
    with pytest.raises(InputError, match="layer 'p': it averages 129 x 256 values; the overlay sums at most 32896"):
        quantise(Network("toy", "", (layer,), shapes, ("x",), ("y",)), samples=1)


@pytest.mark.parametrize(("size", "bits"), [(16_448, 17), (16_449, 16), (32_896, 16)])
def test_multipliers_of_large_averages_leave_room_for_the_sum(size: int, bits: int) -> None:
    """255 x 16,448 has 22 bits and 255 x 16,449 has 23: with the multiplier 39, and the sign makes 40."""
    layer = Pool("p", ("x",), "y", PoolKind.AVERAGE, Window((1, size)))
    shapes = {"x": TensorShape(1, 1, size), "y": TensorShape(1, 1, 1)}
    network = Network("toy", "", (layer,), shapes, ("x",), ("y",))
    integers = build_layer(network, layer, Schemes({"x": Quantisation(1.0, 0), "y": Quantisation(0.3, 0)}, {}))
    assert isinstance(integers, AveragePoolArithmetic)
    (multiplier,) = integers.multipliers.tolist()
    assert 2 ** (bits - 1) <= multiplier < 2**bits and multiplier * 255 * size < 2**39


def test_quantised_network_keeps_the_network() -> None:
    network = toy()
    quantised = quantise(network)
    assert isinstance(quantised, QuantisedNetwork) and quantised.network is network
