"""Quant of QONNX. onnxruntime does not know it: the oracle is the same model with the standard operators."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper

from dynamap.backends.program.host import integer_inputs, random_inputs
from dynamap.backends.quantise import quantise
from dynamap.backends.quantise.reference import execute
from dynamap.planner.importer import check_model, import_model
from support.operator_nodes import node

DOMAIN = "qonnx.custom_op.general"


def quant(name, output, tag, *, signed=1, narrow=0):
    inputs = [name, f"{tag} scale", f"{tag} zero", f"{tag} bits"]
    return node("Quant", inputs, [output], domain=DOMAIN, signed=signed, narrow=narrow, rounding_mode="ROUND")


def of(tag, scale, bits, zero=0):
    return {
        f"{tag} scale": np.asarray(scale, np.float32),
        f"{tag} zero": np.float32(zero),
        f"{tag} bits": np.float32(bits),
    }


def stored(name, output, tag, kind, low, high):
    """The same as QuantizeLinear, Clip and DequantizeLinear."""
    return [
        node("QuantizeLinear", [name, f"{tag} scale", f"{tag} zero"], [f"{output} q"]),
        node("Clip", [f"{output} q", f"{tag} low", f"{tag} high"], [f"{output} k"]),
        node("DequantizeLinear", [f"{output} k", f"{tag} scale", f"{tag} zero"], [output]),
    ], {f"{tag} zero": kind(0), f"{tag} low": kind(low), f"{tag} high": kind(high)}


@pytest.mark.parametrize(("bits", "weight_bits"), [(8, 8), (4, 8), (8, 4), (3, 2), (2, 6)])
def test_as_with_standard_operators(bits, weight_bits, original, model_of, values):
    """An input, weights by channel and a ReLU's output: to the integer, and within a step in onnxruntime."""
    weights, scales = values(8, 4, 3, 3), np.linspace(0.02, 0.2, 8, dtype=np.float32)
    limit = 2 ** (weight_bits - 1) - 1
    integers = np.clip(np.rint(weights / scales.reshape(-1, 1, 1, 1)), -limit, limit).astype(np.int8)
    nodes = [
        quant("x", "a", "in"),
        quant("w", "v", "weights", narrow=1),
        node("Conv", ["a", "v"], ["c"]),
        node("Relu", ["c"], ["r"]),
        quant("r", "y", "out", signed=0),
    ]
    constants = {"w": weights, **of("in", 0.05, 8), **of("weights", scales.reshape(-1, 1, 1, 1), weight_bits)}
    model = model_of(nodes, {**constants, **of("out", 0.5, bits)})
    model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
    before, first = stored("x", "a", "in", np.int8, -128, 127)
    behind, last = stored("r", "y", "out", np.uint8, 0, 2**bits - 1)
    standard = model_of(
        [
            *before,
            node("DequantizeLinear", ["w", "weights scale"], ["v"], axis=0),
            node("Conv", ["a", "v"], ["c"]),
            node("Relu", ["c"], ["r"]),
            *behind,
        ],
        {
            "w": integers,
            "weights scale": scales,
            "in scale": np.float32(0.05),
            "out scale": np.float32(0.5),
            **first,
            **last,
        },
    )
    same = original(standard, 1.01 * 0.5 / (0.5 * (2**bits - 1)))  # one step of the output
    found = quantise(import_model(model, "case", ""), seed=3, samples=1)
    assert check_model(model).supported
    image = integer_inputs(found, random_inputs(found.network, 3))
    assert len(found.network.layers) == len(same.network.layers)
    assert np.array_equal(execute(found, image)["y"], execute(same, image)["y"])


def test_other_forms_are_refused(model_of, values):
    def reasons(constants):
        model = model_of(
            [quant("x", "a", "in"), node("Conv", ["a", "w"], ["y"])], {"w": values(4, 4, 3, 3), **constants}
        )
        model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
        return [item.reason for item in check_model(model).unsupported]

    assert "16 bits" in reasons(of("in", 0.1, 16))[0] or "-32768" in reasons(of("in", 0.1, 16))[0]
    assert "bit width" in reasons(of("in", 0.1, 1.5))[0]
    assert "4 scales" in reasons(of("in", np.full((4, 1, 1), 0.1), 8))[0]
    assert "scale" in reasons(of("in", 0, 8))[0]
