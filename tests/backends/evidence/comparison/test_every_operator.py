"""Every operator that the importer knows, in a small file of its own, against that file in onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import NodeProto, helper

from dynamap.planner.importer.constants.qonnx import DOMAINS
from dynamap.planner.importer.handlers import HANDLERS
from support.end_to_end import model_of, run_file, values

MICROSOFT = "com.microsoft"
SHAPE = (1, 4, 6, 7)
FIRST = helper.make_node("Conv", ["x", "mix"], ["c"])
"""In front of every case, since some operators alone are no work for an overlay."""

CONSTANTS = {
    "mix": values(4, 4, 1, 1),
    "half": np.float32(0.5),
    "one": np.float32(1.0),
    "channels": np.linspace(0.5, 1.5, 4, dtype=np.float32).reshape(4, 1, 1),
    "slope": np.array([0.1, -0.2, 0.3, 0.5], np.float32).reshape(4, 1, 1),
    "s": np.array([0.5, 1.0, 1.5, -0.7], np.float32),
    "b": np.array([0.1, -0.3, 0.0, 0.2], np.float32),
    "m": np.array([0.2, 0.0, -0.2, 0.4], np.float32),
    "v": np.array([0.3, 0.8, 1.1, 2.0], np.float32),
    "w": values(5, 4, 3, 3),
    "wb": values(5),
    "flat": np.array([1, 168]),
    "whole": np.array([1, 4, 6, 7]),
    "times": np.array([1, 1, 6, 7]),
    "split": np.array([1, 2, 2, 6, 7]),
    "axis": np.array([2]),
    "axes": np.array([2, 3]),
    "parts": np.array([1, 3]),
    "sixes": np.array([6]),
    "matrix": values(168, 9, scale=0.1),
    "row": values(9),
    "pads": np.array([0, 0, 2, 0, 0, 0, 1, 3]),
    "sizes": np.array([1, 1, 2, 3], np.float32),
    # scales and zero points of integers, and integers themselves
    "xs": np.float32(0.03),
    "xz": np.uint8(117),
    "ys": np.float32(0.04),
    "yz": np.uint8(101),
    "ws": np.array([0.01, 0.02, 0.015, 0.005, 0.03], np.float32),
    "wz": np.zeros(5, np.int8),
    "wq": np.rint(values(5, 4, 3, 3, scale=40)).astype(np.int8),
    "wb32": np.array([100, -200, 0, 50, 10], np.int32),
    "ms": np.float32(0.002),
    "mz": np.int8(0),
    "mq": np.rint(values(168, 9, scale=40)).astype(np.int8),
    "mb32": np.arange(-4, 5, dtype=np.int32) * 1000,
    "ps": np.float32(1 / 256),
    "pz": np.uint8(0),
}


def one(op: str, *more: str, opset: int = 13, **attributes: object) -> tuple[list[NodeProto], int]:
    """The operator on 'c', with these constants behind it."""
    return [helper.make_node(op, ["c", *more], ["y"], **attributes)], opset


def between(nodes: Sequence[tuple[str, list[str], str]], opset: int = 13) -> tuple[list[NodeProto], int]:
    """Several operators; the last one writes 'y'."""
    return [helper.make_node(op, inputs, [output]) for op, inputs, output in nodes], opset


def integers(
    op: str,
    inputs: str,
    domain: str = MICROSOFT,
    before: Sequence[NodeProto] = (),
    scheme: tuple[str, str] = ("ys", "yz"),
    **attributes: object,
) -> tuple[list[NodeProto], int]:
    """The operator on integers, from 'xq' to 'yq', behind QuantizeLinear and before DequantizeLinear."""
    return [
        helper.make_node("QuantizeLinear", ["c", "xs", "xz"], ["xq"]),
        *before,
        helper.make_node(op, inputs.split(), ["yq"], domain=domain, **attributes),
        helper.make_node("DequantizeLinear", ["yq", *scheme], ["y"]),
    ], 13


FLAT = [helper.make_node("Reshape", ["xq", "flat"], ["fq"])]
SHUFFLE = [
    helper.make_node("Reshape", ["c", "split"], ["first"]),
    helper.make_node("Transpose", ["first"], ["second"], perm=[0, 2, 1, 3, 4]),
    helper.make_node("Reshape", ["second", "whole"], ["y"]),
]
PAIR = [("QuantizeLinear", ["c", "xs", "xz"], "q"), ("DequantizeLinear", ["q", "xs", "xz"], "y")]
MICROSOFT_PAIR = [
    helper.make_node("QuantizeLinear", ["c", "xs", "xz"], ["q"], domain=MICROSOFT),
    helper.make_node("DequantizeLinear", ["q", "xs", "xz"], ["y"], domain=MICROSOFT),
]
LONGER = [("Unsqueeze", ["c", "axis"], "longer"), ("Relu", ["c"], "r"), ("Squeeze", ["longer", "axis"], "y")]

UNARY = {
    **dict.fromkeys(("Abs", "Atan", "Ceil", "Celu", "Cos", "Elu", "Erf", "Exp", "Floor", "Round", "Selu", "Sign"), 13),
    **dict.fromkeys(("Sin", "Softplus", "Softsign", "ThresholdedRelu"), 13),
    "Mish": 18,
    "Gelu": 20,
    "Swish": 24,
}
"""Functions of one value, and an opset that has them."""


def of_positive(op: str, *more: str) -> tuple[list[NodeProto], int]:
    """A function of values above zero."""
    return between([("Exp", ["c"], "e"), (op, ["e", *more], "y")])


CASES: dict[tuple[str, str], tuple[list[NodeProto], int]] = {
    **{("", op): one(op, opset=opset) for op, opset in UNARY.items()},
    **{("", op): of_positive(op) for op in ("Log", "Reciprocal", "Sqrt")},
    ("", "Pow"): of_positive("Pow", "half"),
    ("", "ConvTranspose"): one("ConvTranspose", "mix", strides=[2, 2], output_padding=[1, 0]),
    ("", "DepthToSpace"): one("DepthToSpace", blocksize=2),
    ("", "Expand"): between([("GlobalAveragePool", ["c"], "g"), ("Expand", ["g", "whole"], "y")]),
    ("", "Gather"): one("Gather", "axis", axis=1),
    ("", "Slice"): one("Slice", "axis", "sixes", "axis"),
    ("", "SpaceToDepth"): (
        [
            helper.make_node("AveragePool", ["c"], ["p"], kernel_shape=[1, 2]),
            helper.make_node("SpaceToDepth", ["p"], ["y"], blocksize=2),
        ],
        13,
    ),
    ("", "Split"): (
        [
            helper.make_node("Split", ["c", "parts"], ["front", "back"], axis=1),
            helper.make_node("Concat", ["back", "front"], ["y"], axis=1),
        ],
        13,
    ),
    ("", "Add"): one("Add", "c"),
    ("", "AveragePool"): one("AveragePool", kernel_shape=[3, 2], pads=[1, 0, 0, 1], strides=[2, 1]),
    ("", "BatchNormalization"): one("BatchNormalization", "s", "b", "m", "v", epsilon=0.01),
    ("", "Cast"): one("Cast", to=1),
    ("", "Clip"): one("Clip", "half", "one"),
    ("", "Concat"): one("Concat", "c", axis=1),
    ("", "Conv"): one("Conv", "w", "wb", pads=[2, 0, 1, 1], strides=[1, 2]),
    ("", "DequantizeLinear"): between(PAIR),
    ("", "Div"): one("Div", "channels"),
    ("", "Dropout"): one("Dropout", "half"),
    ("", "Flatten"): one("Flatten", axis=1),
    ("", "Gemm"): between([("Flatten", ["c"], "f"), ("Gemm", ["f", "matrix", "row"], "y")]),
    ("", "GlobalAveragePool"): one("GlobalAveragePool"),
    ("", "GlobalMaxPool"): one("GlobalMaxPool"),
    ("", "HardSigmoid"): one("HardSigmoid", alpha=0.3, beta=0.4),
    ("", "HardSwish"): one("HardSwish", opset=14),
    ("", "Identity"): one("Identity"),
    ("", "LRN"): one("LRN", size=3, alpha=0.5),
    ("", "LeakyRelu"): one("LeakyRelu", alpha=0.2),
    ("", "LogSoftmax"): one("LogSoftmax", axis=1),
    ("", "MatMul"): between([("Flatten", ["c"], "f"), ("MatMul", ["f", "matrix"], "y")]),
    ("", "Max"): one("Max", "half"),
    ("", "MaxPool"): one("MaxPool", kernel_shape=[3, 2], pads=[1, 0, 0, 1], strides=[2, 1], ceil_mode=1),
    ("", "Min"): one("Min", "half"),
    ("", "Mul"): one("Mul", "c"),
    ("", "Neg"): one("Neg"),
    ("", "PRelu"): one("PRelu", "slope"),
    ("", "Pad"): one("Pad", "pads"),
    ("", "QLinearConv"): integers("QLinearConv", "xq xs xz wq ws wz ys yz wb32", "", pads=[0, 2, 1, 0]),
    ("", "QLinearMatMul"): integers("QLinearMatMul", "fq xs xz mq ms mz ys yz", "", FLAT),
    ("", "QuantizeLinear"): between(PAIR),
    ("", "ReduceMax"): one("ReduceMax", axes=[2, 3]),
    ("", "ReduceMean"): one("ReduceMean", "axes", opset=18),
    ("", "Relu"): one("Relu"),
    ("", "Reshape"): (SHUFFLE, 13),
    ("", "Resize"): one(
        "Resize", "", "sizes", mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric"
    ),
    ("", "Sigmoid"): one("Sigmoid"),
    ("", "Softmax"): one("Softmax", axis=1),
    ("", "Squeeze"): between(LONGER),
    ("", "Sub"): one("Sub", "channels"),
    ("", "Sum"): one("Sum", "c", "c"),
    ("", "Tanh"): one("Tanh"),
    ("", "Transpose"): (SHUFFLE, 13),
    ("", "Tile"): between([("GlobalAveragePool", ["c"], "g"), ("Tile", ["g", "times"], "y")]),
    ("", "Unsqueeze"): between(LONGER),
    ("", "Upsample"): one("Upsample", "sizes", opset=9, mode="nearest"),
    (MICROSOFT, "DequantizeLinear"): (MICROSOFT_PAIR, 13),
    (MICROSOFT, "QGemm"): integers("QGemm", "fq xs xz mq ms mz mb32 ys yz", MICROSOFT, FLAT),
    (MICROSOFT, "QLinearAdd"): integers("QLinearAdd", "xq xs xz xq xs xz ys yz"),
    (MICROSOFT, "QLinearAveragePool"): integers("QLinearAveragePool", "xq xs xz ys yz", kernel_shape=[2, 3]),
    (MICROSOFT, "QLinearConcat"): integers("QLinearConcat", "ys yz xq xs xz xq xs xz", axis=1),
    (MICROSOFT, "QLinearGlobalAveragePool"): integers("QLinearGlobalAveragePool", "xq xs xz ys yz", channels_last=0),
    (MICROSOFT, "QLinearLeakyRelu"): integers("QLinearLeakyRelu", "xq xs xz ys yz", alpha=0.2),
    (MICROSOFT, "QLinearMul"): integers("QLinearMul", "xq xs xz xq xs xz ys yz"),
    (MICROSOFT, "QLinearSigmoid"): integers("QLinearSigmoid", "xq xs xz ps pz", scheme=("ps", "pz")),
    (MICROSOFT, "QLinearSoftmax"): integers("QLinearSoftmax", "xq xs xz ps pz", scheme=("ps", "pz"), axis=1, opset=13),
    (MICROSOFT, "QuantizeLinear"): (MICROSOFT_PAIR, 13),
}


def test_every_operator_has_a_case_that_holds_it() -> None:
    """But for those of QONNX, which onnxruntime does not know (tests/planner/importer/operators/test_qonnx.py)."""
    known = {domain: ops for domain, ops in HANDLERS.items() if domain not in DOMAINS}
    assert CASES.keys() == {(domain, op) for domain, ops in known.items() for op in ops}
    for (domain, op), (nodes, _) in CASES.items():
        assert (domain, op) in {(node.domain, node.op_type) for node in nodes}


@pytest.mark.parametrize(("domain", "op"), CASES, ids=[f"{domain}.{op}".strip(".") for domain, op in CASES])
def test_an_operator_is_what_it_is_in_the_file(tmp_path: Path, domain: str, op: str) -> None:
    nodes, opset = CASES[domain, op]
    nodes = [FIRST, *nodes]
    known = {name: CONSTANTS[name] for node in nodes for name in node.input if name in CONSTANTS}
    onnx.save(model_of(nodes, known, SHAPE, opset), tmp_path / "model.onnx")
    found = run_file(tmp_path / "model.onnx", compare="onnxruntime")
    assert (found.status, found.errors) == (0, "") and found.document["max_lsb"] <= 1
    assert found.imported["kept"] and found.imported["worst"]["tensor"]
    assert found.final["y"]["kept"]
