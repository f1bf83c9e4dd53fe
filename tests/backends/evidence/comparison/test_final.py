"""``dynamap run`` against the original model: right imports keep the bounds, and wrong ones are found out."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import dynamap
from dynamap.backends.evidence.comparison import final
from dynamap.backends.evidence.comparison.evaluation import model_roundings
from dynamap.backends.evidence.comparison.imported import import_errors
from dynamap.backends.evidence.comparison.original import Original
from dynamap.backends.range_calibration import RangeCalibration
from dynamap.cli import main
from dynamap.planner.importer.operators import activation, affine, concat, conv, quant
from dynamap.planner.models import CATALOGUE, resolve
from dynamap.planner.network.network import Network, Quantisation, WeightQuantisation
from support.end_to_end import model_of, run_file, run_plan, values
from support.programs import plan_on

node = helper.make_node


def float_model(**options: object) -> onnx.ModelProto:
    """Two branches: asymmetric pads, a bias, a normalisation, a clip, a concatenation, and a second output."""
    nodes = [
        node("Conv", ["x", "w1", "b1"], ["a"], pads=[1, 0, 0, 1], kernel_shape=[2, 2]),
        node("Clip", ["a", "low", "high"], ["clipped"]),
        node("Conv", ["x", "w2"], ["c"], pads=[0, 1, 0, 1]),
        node("BatchNormalization", ["c", "s", "b", "m", "v"], ["n"]),
        node("Concat", ["clipped", "n"], ["joined"], axis=1),
        node("Conv", ["joined", "w3"], ["y"]),
        node("GlobalAveragePool", ["clipped"], ["z"]),
    ]
    constants = {
        "w1": values(6, 4, 2, 2),
        "b1": values(6, scale=1.0),
        "w2": values(5, 4, 1, 3),
        "w3": values(7, 11, 1, 1),
        "low": np.float32(-0.5),
        "high": np.float32(1.0),
        "s": np.linspace(0.5, 1.5, 5, dtype=np.float32),
        "b": values(5),
        "m": values(5, scale=0.2),
        "v": np.linspace(0.5, 2, 5, dtype=np.float32),
    }
    return model_of(nodes, constants, outputs=("y", "z"), **options)  # type: ignore[arg-type]


def pair(name: str, out: str) -> list[onnx.NodeProto]:
    """QuantizeLinear and DequantizeLinear."""
    return [
        node("QuantizeLinear", [name, "scale", "zero"], [f"{name}.q"]),
        node("DequantizeLinear", [f"{name}.q", "scale", "zero"], [out]),
    ]


def quantised_model() -> onnx.ModelProto:
    """QDQ around two convolutions and a sum; every tensor is stored by one scale."""
    nodes = [
        *pair("x", "xd"),
        node("Conv", ["xd", "w", "bias"], ["a"], pads=[1, 1, 1, 1]),
        *pair("a", "ad"),
        node("Add", ["ad", "xd"], ["s"]),
        *pair("s", "sd"),
        node("Conv", ["sd", "w"], ["c"], pads=[0, 0, 2, 2]),
        *pair("c", "y"),
    ]
    constants = {"w": values(4, 4, 3, 3), "bias": values(4), "scale": np.float32(0.05), "zero": np.int8(-3)}
    return model_of(nodes, constants)


MODELS = {"float": float_model, "quantised": quantised_model}


def saved(model: onnx.ModelProto, folder: Path) -> Path:
    onnx.save(model, folder / "model.onnx")
    return folder / "model.onnx"


@pytest.mark.parametrize("name", MODELS)
def test_a_right_import_keeps_the_bounds(tmp_path: Path, name: str) -> None:
    """Float: float32 alone, some 1e-6 of the largest value. Quantised: half a step (0.05) more, where it is rounded."""
    model = MODELS[name]()
    found = run_file(saved(model, tmp_path), compare="onnxruntime")
    assert (found.status, found.errors) == (0, "")
    assert list(found.final) == [output.name for output in model.graph.output]
    for output in found.final.values():
        assert output["kept"] and output["cosine"] > 0.999 and output["max_error"] <= output["bound"]
    assert found.imported["kept"] and found.imported["tensors"] == found.imported["layers"]
    assert found.imported["worst"]["bound"] < (0.026 if name == "quantised" else 1e-4)


def test_the_numbers_are_those_of_onnxruntime(tmp_path: Path) -> None:
    """Recomputed from the written output and from the file in a session of its own."""
    path = saved(float_model(), tmp_path)
    image = values(1, 4, 6, 7, scale=1.0)
    np.save(tmp_path / "x.npy", image)
    plan_on(resolve(str(path)), (5, 7)).save(tmp_path / "plan.json")
    command = ["run", "plan.json", "--input", "x.npy", "--output", "y.npz", "--json"]
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as stopped:
        patch.chdir(tmp_path)
        patch.setattr(sys, "argv", ["dynamap", *command])
        patch.setattr(sys, "stdout", (tmp_path / "run.json").open("w"))
        main()
    sys.stdout.flush()
    assert stopped.value.code == 0
    document = json.loads((tmp_path / "run.json").read_text())
    expected = onnxruntime.InferenceSession(str(path)).run(None, {"x": image})
    for name, original in zip(("y", "z"), expected, strict=True):
        found, original = np.load(tmp_path / "y.npz")[name].ravel().astype(np.float64), original.ravel()
        said = document["final"][name]
        cosine = found @ original / np.linalg.norm(found) / np.linalg.norm(original)
        assert said["cosine"] == pytest.approx(cosine, rel=1e-6)
        assert said["max_error"] == pytest.approx(np.abs(found - original).max(), rel=1e-3)
        assert said["top1_equal"] == (found.argmax() == original.argmax())


def without_bias(patch: pytest.MonkeyPatch) -> None:
    right = conv.emit_conv
    patch.setattr(conv, "emit_conv", lambda low, n, value, weights, bias, q: right(low, n, value, weights, None, q))


def with_mirrored_pads(patch: pytest.MonkeyPatch) -> None:
    right = conv._pads

    def mirrored(*arguments: object) -> tuple[int, int, int, int]:
        top, left, bottom, after = right(*arguments)  # type: ignore[arg-type]
        return bottom, after, top, left

    patch.setattr(conv, "_pads", mirrored)


def without_clip(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(activation, "clip_bounds", lambda lowering, n: (activation.LOWEST, activation.HIGHEST))


def with_a_variance_for_a_deviation(patch: pytest.MonkeyPatch) -> None:
    right = affine.apply_affine
    patch.setattr(affine, "apply_affine", lambda low, n, value, scale, shift: right(low, n, value, scale**2, shift))


def with_another_order(patch: pytest.MonkeyPatch) -> None:
    right = concat.emit_concat
    patch.setattr(concat, "emit_concat", lambda low, n, inputs: right(low, n, inputs[::-1]))


def with_a_coarser_scale(patch: pytest.MonkeyPatch) -> None:
    right = quant.written_by
    patch.setattr(quant, "written_by", lambda low, n: replace(right(low, n), scale=0.06))
    patch.setattr(quant, "quantisation_at", lambda low, n, *rest: Quantisation(0.06, -3))


FAULTS = {
    "float": [without_bias, with_mirrored_pads, without_clip, with_a_variance_for_a_deviation, with_another_order],
    "quantised": [without_bias, with_mirrored_pads, with_a_coarser_scale],
}


@pytest.mark.parametrize(("name", "fault"), [(name, fault) for name in FAULTS for fault in FAULTS[name]])
def test_a_wrong_import_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, fault: object) -> None:
    """The comparison layer by layer sees nothing: both of its sides are the imported network."""
    path = saved(MODELS[name](), tmp_path)
    fault(monkeypatch)  # type: ignore[operator]
    found = run_file(path, compare="onnxruntime")
    assert found.document["max_lsb"] <= 1
    assert found.status == 1 and not found.imported["kept"]
    assert "warning: the imported network is not the model" in found.errors


def test_a_wrong_quantisation_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The import is right, but the integers have no bias: the second bound is broken, not the first."""
    from dynamap.backends.quantise import build

    right = build.build_layer

    def wrong(network, layer, schemes):  # type: ignore[no-untyped-def]
        built = right(network, layer, schemes)
        return replace(built, bias=np.zeros_like(built.bias)) if hasattr(built, "bias") else built

    from dynamap.backends.quantise import quantiser

    monkeypatch.setattr(quantiser, "build_layer", wrong)
    found = run_file(saved(float_model(), tmp_path))
    assert found.status == 1 and "the scales of the quantised network explain" in found.errors
    assert found.imported["kept"]


def test_wrong_integer_weights_are_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real weights beside them are right, so the import is; but no scale explains more than half a step."""
    nodes = [
        node("DequantizeLinear", ["integers", "scales", "zeros"], ["w"], axis=0),
        node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1]),
    ]
    constants = {
        "integers": np.rint(values(4, 4, 3, 3, scale=40)).astype(np.int8),
        "scales": np.array([0.01, 0.02, 0.03, 0.04], np.float32),
        "zeros": np.zeros(4, np.int8),
    }
    path = saved(model_of(nodes, constants), tmp_path)
    assert run_file(path).status == 0
    right = conv.weight_quantisation

    def wrong(*arguments: object) -> WeightQuantisation:
        known = right(*arguments)  # type: ignore[arg-type]
        assert known is not None
        return replace(known, values_oihw=known.values_oihw.transpose(0, 1, 3, 2))

    monkeypatch.setattr(conv, "weight_quantisation", wrong)
    found = run_file(path, compare="onnxruntime")
    assert found.imported["kept"] and found.document["max_lsb"] <= 1
    assert found.status == 1 and "the scales of the quantised network explain" in found.errors


@pytest.mark.parametrize("wrong", ["another size", "not known"])
def test_an_output_that_cannot_be_compared_is_a_wrong_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    """Its bound against the original would be infinite too, and its own error must not be lost with it."""
    right = final.run_original

    def spoiled(network: Network, arrays: Mapping[str, np.ndarray]) -> Original:
        given = right(network, arrays)
        outputs = dict(given.outputs)
        outputs["z"] = np.repeat(outputs["z"], 2) if wrong == "another size" else np.rint(outputs["z"]).astype(np.int8)
        return replace(given, outputs=outputs)

    monkeypatch.setattr(final, "run_original", spoiled)
    found = run_file(saved(float_model(), tmp_path))
    assert found.status == 1 and not found.imported["kept"] and found.imported["worst"]["tensor"] == "z"
    assert found.imported["worst"]["error"] is None and "its tensor 'z' differs by inf" in found.errors


def test_without_onnxruntime_the_reason_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    found = run_file(saved(float_model(), tmp_path))
    assert found.status == 0 and found.document["final"] is None
    assert "onnxruntime is not installed: pip install" in found.document["final_missing"]


def test_a_model_that_onnxruntime_refuses(tmp_path: Path) -> None:
    """It has no convolution of double-precision numbers."""
    model = float_model(kinds=(TensorProto.DOUBLE, TensorProto.DOUBLE))
    for tensor in model.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name))
    with pytest.raises(Exception, match="NOT_IMPLEMENTED"):
        onnxruntime.InferenceSession(model.SerializeToString())
    found = run_file(saved(model, tmp_path))
    assert found.status == 0 and found.document["final"] is None
    assert "onnxruntime refuses it: [ONNXRuntimeError] : 9 : NOT_IMPLEMENTED" in found.document["final_missing"]


def test_a_model_that_the_standard_allows_and_onnxruntime_does_not(tmp_path: Path) -> None:
    """An LRN of even size: the standard gives its window, onnxruntime asks for an odd one."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node("LRN", ["c"], ["y"], size=4),
    ]
    found = run_file(saved(model_of(nodes, {"w": values(8, 4, 1, 1)}), tmp_path))
    assert found.status == 0 and found.document["final"] is None
    assert "onnxruntime refuses it" in found.document["final_missing"]


@pytest.mark.parametrize("batch", ["N", 3], ids=["dynamic", "three"])
def test_a_batch_becomes_one_image(tmp_path: Path, batch: str | int) -> None:
    """A fixed batch gets the image three times; outputs are compared with the first result."""
    found = run_file(saved(float_model(shape=(batch, 4, 6, 7)), tmp_path))
    assert found.status == 0 and all(output["kept"] for output in found.final.values())


def test_inputs_that_are_not_used_get_zeros(tmp_path: Path) -> None:
    model = float_model()
    model.graph.input.append(helper.make_tensor_value_info("spare", TensorProto.FLOAT, ["batch", 2]))
    assert run_file(saved(model, tmp_path)).status == 0


def test_integers_are_given_as_they_are_declared(tmp_path: Path) -> None:
    """Bytes in, bytes out: everything is exact, and the errors are in real values (none here)."""
    nodes = [
        node("DequantizeLinear", ["x", "scale", "zero"], ["xd"]),
        node("Conv", ["xd", "w"], ["a"], pads=[1, 1, 1, 1]),
        node("QuantizeLinear", ["a", "scale", "zero"], ["y"]),
    ]
    weights = np.rint(values(5, 4, 3, 3, scale=40)).astype(np.float32) / 128
    weights[:, 0, 0, 0] = 127 / 128  # so that int8 weights are just these
    constants = {"w": weights, "scale": np.float32(0.25), "zero": np.uint8(120)}
    model = model_of(nodes, constants, kinds=(TensorProto.UINT8, TensorProto.UINT8))
    image = np.random.default_rng(0).integers(0, 256, (1, 4, 6, 7)).astype(np.uint8)
    found = run_file(saved(model, tmp_path), image=image)
    assert found.status == 0 and found.final["y"]["max_error"] == 0.0
    assert found.imported["worst"]["error"] <= 0.125 * 1.01  # the original's bytes, half a step from what they were


def test_a_normalisation_of_small_values_beside_large_ones(tmp_path: Path) -> None:
    """onnxruntime keeps one sum of squares along the channels: behind 3,000^2 it has few digits for squares of 1."""
    nodes = [node("Relu", ["x"], ["r"]), node("LRN", ["r"], ["y"], size=3, alpha=0.5, beta=0.5)]
    model = model_of(nodes, shape=(1, 8, 6, 7))
    image = np.abs(values(1, 8, 6, 7, scale=1.0))
    image[:, 0] *= 3000
    (original,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": image})
    squares = np.pad(image[0].astype(np.float64) ** 2, [(1, 1), (0, 0), (0, 0)])
    sums = squares[:-2] + squares[1:-1] + squares[2:]
    assert np.abs(original[0] - image[0] / np.sqrt(1 + 0.5 / 3 * sums)).max() > 0.01
    assert run_file(saved(model, tmp_path), image=image).status == 0


@pytest.mark.parametrize("counted", [2000, 1999])
def test_a_sum_of_many(tmp_path: Path, counted: int) -> None:
    """onnxruntime adds one after the other, and equal terms round to the same side; the network adds in a tree. A term
    too few is found out all the same: here the golden model has 2,000, and the imported one as many or one less."""
    branches = [node("Conv", ["x", "w"], [f"c{number}"]) for number in range(2000)]
    total = [node("Sum", [f"c{number}" for number in range(2000)], ["y"])]
    whole = model_of(branches + total, {"w": values(4, 4, 1, 1, scale=1.0)})
    image = values(1, 4, 6, 7, scale=1.0)
    (original,) = onnxruntime.InferenceSession(whole.SerializeToString()).run(None, {"x": image})
    part = [node("Sum", [f"c{number}" for number in range(counted)], ["y"])]
    network = dynamap.load(saved(model_of(branches + part, {"w": values(4, 4, 1, 1, scale=1.0)}), tmp_path))
    known = Original({"y": original[0]}, {}, False)
    found = import_errors(network, {"x": image[0]}, known, model_roundings(network), final.FLOAT32_UNREST)
    assert found.kept is (counted == 2000)


def test_a_bias_in_steps_of_its_scales(tmp_path: Path) -> None:
    """An input of zeros has the scale 1, so that the bias is a multiple of the weight scale, many steps of y off."""
    constants = {"zero": np.zeros((4, 4, 1, 1), np.float32), "w": np.full((1, 4, 1, 1), 0.7, np.float32)}
    constants["b"] = np.array([0.0235], np.float32)
    nodes = [node("Conv", ["x", "zero"], ["z"]), node("Conv", ["z", "w", "b"], ["y"])]
    found = run_file(saved(model_of(nodes, constants), tmp_path))
    step = 0.0235 / 255  # of y, which is the bias everywhere
    weight_step = 0.7 / 127
    error = abs(0.0235 - round(0.0235 / weight_step) * weight_step)
    assert error > 10 * step
    assert found.status == 0 and found.final["y"]["max_error"] == pytest.approx(error, abs=step)


def test_models_of_half_precision_have_wider_bounds(tmp_path: Path) -> None:
    """onnxruntime rounds every tensor to 11 bits: 5e-4 of its values."""
    model = float_model(kinds=(TensorProto.FLOAT16, TensorProto.FLOAT16))
    for tensor in model.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name))
    found = run_file(saved(model, tmp_path))
    assert found.status == 0 and 1e-5 < found.imported["worst"]["error"] < 5e-3


@pytest.mark.parametrize("on_host", [False, True])
def test_models_of_bfloat16_are_compared_with_themselves_in_float32(tmp_path: Path, on_host: bool) -> None:
    """onnxruntime has no bfloat16 on a CPU; the weights are the same in float32."""
    nodes = [
        node("Conv", ["x", "w"], ["c"]),
        node("Hardmax", ["c"], ["y"], axis=1) if on_host else node("Relu", ["c"], ["y"]),
    ]
    kinds = (TensorProto.BFLOAT16, TensorProto.BFLOAT16)
    model = model_of(nodes, {"w": values(4, 4, 3, 3)}, opset=22, kinds=kinds)
    (weights,) = model.graph.initializer
    array = numpy_helper.to_array(weights)
    weights.CopyFrom(helper.make_tensor("w", TensorProto.BFLOAT16, array.shape, array.ravel().tolist()))
    found = run_file(saved(model, tmp_path))
    assert found.status == 0 and set(found.final) == {"y"}
    assert on_host or (found.final["y"]["kept"] and found.final["y"]["cosine"] > 0.999)


@pytest.mark.parametrize(
    "name",
    [
        name if name in ("shufflenet", "squeezenet") else pytest.param(name, marks=pytest.mark.full)
        for name in CATALOGUE
    ],
)
def test_built_in_models_are_compared_with_the_catalogues_own(tmp_path: Path, name: str) -> None:
    """Seed 3 of the weights, and a plan that says so."""
    network = resolve(name, seed=3)
    dynamap.plan(network, array=(64, 48)).save(tmp_path / "plan.json")
    found = run_plan(tmp_path / "plan.json", how=RangeCalibration())
    joined = sum("+" in layer.name for layer in network.layers)  # several tensors of the original
    assert found.imported["kept"] and found.imported["tensors"] == found.imported["layers"] - joined
    (output,) = found.final.values()
    assert found.status == 0 and output["cosine"] > 0.99 and output["kept"]  # classes of random weights hardly differ


def test_the_line_for_readers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from dynamap.cli.classes import RunInput
    from dynamap.cli.run import run_command
    from dynamap.cli.run_trace import RunFiles

    path = saved(float_model(), tmp_path)
    plan_on(resolve(str(path)), (5, 7)).save(tmp_path / "plan.json")
    how = RangeCalibration()
    assert run_command(tmp_path / "plan.json", RunInput(None), "numpy", None, RunFiles(), how, as_json=False) == 0
    shown = capsys.readouterr()
    assert "against the original model in onnxruntime, 'y': cosine 0.99" in shown.out and "top class" in shown.out
    assert shown.err.count("warning") == 1 and "warning: the int8 scales come from random noise" in shown.err
