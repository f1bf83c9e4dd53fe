"""Constants are computed within stated limits: what is too much is refused before the work is done."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from dynamap.cost.errors import InputError
from dynamap.planner.importer import check_model, import_model
from dynamap.planner.importer.constants.budget import Budget
from dynamap.planner.importer.constants.work import COMPUTED, PRODUCT, SELECTING, SLOW, VECTOR
from dynamap.planner.importer.drafts import Unsupported
from dynamap.planner.importer.limits import FREE_BYTES, MAX_STEPS, MAX_TRIPS, STORED_TIMES
from support.operator_nodes import conv, ints, node

MANY = 1 << 40


def used(*nodes, constants, model_of, opset=17):
    """A model that adds the number that ``nodes`` compute as 'k' to a convolution."""
    known = {"w": np.ones((4, 4, 1, 1), np.float32), **constants}
    return model_of(
        [conv(), *nodes, node("ReduceSum", ["k"], ["r"], keepdims=0), node("Add", ["c", "r"], ["y"])],
        known,
        opset=opset,
    )


def refused(model, *parts):
    with pytest.raises(InputError) as caught:
        import_model(model, "case.onnx", "")
    for part in parts:
        assert part in str(caught.value)


def k(op, inputs, **attributes):
    """The node that computes 'k'; '_' is a missing input."""
    return node(op, ["" if name == "_" else name for name in inputs.split()], ["k"], **attributes)


F, INT = np.float32, np.int64
ONE = np.ones(1, F)
COLUMN, ROW = np.ones((1 << 14, 1), F), np.ones((1, 1 << 14), F)
GROWING = {
    "Range": ([k("Range", "a b d")], {"a": F(0), "b": F(3e8), "d": F(1)}),
    "Expand": ([k("Expand", "a s")], {"a": ONE, "s": ints(MANY, 2)}),
    "Tile": ([k("Tile", "a s")], {"a": ONE, "s": ints(MANY)}),
    "Tile beyond 64 bits": ([k("Tile", "a s")], {"a": np.ones(16, F), "s": ints(1 << 61)}),
    "Pad": ([k("Pad", "a s")], {"a": ONE, "s": ints(MANY, 0)}),
    "OneHot": ([k("OneHot", "i s v")], {"i": ints(1), "s": ints(MANY), "v": np.zeros(2, F)}),
    "ConstantOfShape": ([k("ConstantOfShape", "s")], {"s": ints(1 << 60)}),
    "Einsum": ([k("Einsum", "a b", equation="ij,jk->ik")], {"a": COLUMN, "b": ROW}),
    "Einsum that sums": ([k("Einsum", "a a a a", equation="i,j,k,l->")], {"a": np.ones(1 << 10, F)}),
    "Einsum of ellipses": ([k("Einsum", "a b a b", equation="...,...,...,...->")], {"a": COLUMN, "b": ROW}),
    "MatMul": ([k("MatMul", "a b")], {"a": COLUMN, "b": ROW}),
    "Add": ([k("Add", "a b")], {"a": COLUMN, "b": ROW}),
    "Where": ([k("Where", "q a b")], {"a": COLUMN, "b": ROW, "q": np.ones(1, bool)}),
    "Gather": ([node("Expand", ["o", "s"], ["i"]), k("Gather", "a i")], {"a": ROW, "o": ints(0), "s": ints(1 << 16)}),
    "Resize": ([k("Resize", "a _ s")], {"a": np.ones((1, 1, 4, 4), F), "s": F([1, 1, 1e3, 1e3])}),
    "EyeLike": ([node("ConstantOfShape", ["s"], ["z"]), k("EyeLike", "z")], {"s": ints(1 << 14, 1 << 14)}),
    "Concat": ([node("Expand", ["a", "s"], ["b"]), k("Concat", "b " * 40, axis=0)], {"a": ONE, "s": ints(1 << 20)}),
    "Erf": ([node("Expand", ["a", "s"], ["b"]), k("Erf", "b")], {"a": ONE, "s": ints(1 << 24)}),
}


@pytest.mark.parametrize("case", GROWING)
def test_what_grows_is_foretold(case, model_of):
    nodes, constants = GROWING[case]
    refused(used(*nodes, constants=constants, model_of=model_of), "onnxsim")


@pytest.mark.parametrize(("limit", "step"), [(np.inf, 1), (np.nan, 1), (9, 0)])
def test_ranges_that_have_no_end(limit, step, model_of):
    model = used(k("Range", "a b d"), constants={"a": F(0), "b": F(limit), "d": F(step)}, model_of=model_of)
    refused(model, "it counts from")


def test_doubling_again_and_again_ends(model_of):
    """Each step is small beside its input; together they are not."""
    nodes = [node("Concat", [f"k{step}"] * 2, [f"k{step + 1}"], axis=0) for step in range(60)]
    nodes.append(node("Identity", ["k60"], ["k"]))
    refused(used(*nodes, constants={"k0": ONE}, model_of=model_of), "bytes", "are left")


def test_what_a_model_stores_it_may_compute_with(model_of, values):
    """Limits grow with the file: large weights that are scaled at import are no attack."""
    budget = Budget(stored_bytes=1 << 30)
    budget.spend(STORED_TIMES << 30, 16 << 30)
    budget.spend(FREE_BYTES, MAX_STEPS)
    with pytest.raises(Unsupported, match="bytes"):
        budget.spend(1, 0)
    with pytest.raises(Unsupported, match="steps"):
        budget.spend(0, 1)
    with pytest.raises(Unsupported, match=r"would take 1\.0e\+60 bytes"):
        budget.spend(10**60, 0)


@pytest.mark.parametrize("op", ["SequenceConstruct", "StringNormalizer", "NonMaxSuppression", "MelWeightMatrix"])
def test_operators_that_are_not_computed(op, model_of):
    assert op not in COMPUTED
    ends = {"SequenceConstruct": ["a"], "NonMaxSuppression": ["b", "b"], "MelWeightMatrix": ["i"] * 3 + ["f"] * 2}
    constants = {"a": ONE, "b": np.ones((1, 1, 4), np.float32), "i": np.int64(MANY), "f": np.float32(MANY)}
    inputs = ends.get(op, ["a"])
    refused(used(node(op, inputs, ["k"]), constants=constants, model_of=model_of), op, "not computed at import")


def test_strings_are_not_computed(model_of):
    nodes = [node("Cast", ["a"], ["t"], to=TensorProto.STRING), node("Cast", ["t"], ["k"], to=TensorProto.FLOAT)]
    refused(used(*nodes, constants={"a": ONE}, model_of=model_of), "strings")


def test_every_operator_that_is_computed_exists():
    from onnx import defs

    assert not [op for op in COMPUTED if not defs.has(op, "")]
    assert len(VECTOR) > 70 and PRODUCT | SELECTING | set(SLOW) < COMPUTED


COMPUTABLE = {
    "Range": ([k("Range", "a b d")], {"a": INT(9), "b": INT(-4), "d": INT(-3)}),
    "Range of reals": ([k("Range", "a b d")], {"a": F(0), "b": F(2), "d": F(0.3)}),
    "NonZero": ([k("NonZero", "a")], {"a": F([[0, 2], [3, 0]])}),
    "Unique": ([k("Unique", "a")], {"a": F([3, 1, 3])}),
    "Compress": ([k("Compress", "a q", axis=0)], {"a": F([3, 1, 4]), "q": np.array([True, False, True])}),
    "TopK": ([node("TopK", ["a", "n"], ["k", "i"])], {"a": F([3, 1, 4]), "n": ints(2)}),
    "Split": ([node("Split", ["a"], ["k", "l"])], {"a": F([3, 1, 4, 1])}),
    "Einsum": ([k("Einsum", "a b", equation="...i,i->...")], {"a": np.ones((2, 3), F), "b": F([1, 2, 3])}),
    "Squeeze of nothing": ([k("Squeeze", "a n")], {"a": np.ones((1, 3, 1), F), "n": np.zeros(0, INT)}),
    "Where": ([k("Where", "q a b")], {"q": np.array([[True], [False]]), "a": F([3, 1]), "b": F(2)}),
    "ScatterND": ([k("ScatterND", "a n b")], {"a": np.zeros(4, F), "n": np.array([[1], [3]]), "b": F([5, 6])}),
    "Resize": ([k("Resize", "a _ s", mode="linear")], {"a": F([[[[1, 2], [3, 4]]]]), "s": F([1, 1, 2, 2])}),
}


@pytest.mark.parametrize("case", COMPUTABLE)
def test_small_constants_are_computed(case, model_of, same):
    nodes, constants = COMPUTABLE[case]
    cast = node("Cast", ["k"], ["f"], to=TensorProto.FLOAT)
    total = node("ReduceSum", ["f"], ["r"], keepdims=0)
    known = {"w": np.ones((4, 4, 1, 1), np.float32), **constants}
    same(model_of([conv(), *nodes, cast, total, node("Add", ["c", "r"], ["y"])], known, opset=17))


# ---- loops ----


def loop(trips, body, carried=("one",), condition="", outputs=("k",)):
    return node("Loop", [trips, condition, *carried], list(outputs), body=body)


def doubling(*, while_below=None, stacked=False):
    """v -> v + v; as long as v is below a number; every v stacked."""
    info = helper.make_tensor_value_info
    nodes = [node("Add", ["v", "v"], ["next"])]
    if while_below is None:
        nodes.append(node("Identity", ["going"], ["on"]))
    else:
        nodes += [node("Constant", [], ["bound"], value_float=while_below), node("Less", ["next", "bound"], ["on"])]
    outputs = ["on", "next", *(["seen"] if stacked else [])]
    if stacked:
        nodes.append(node("Identity", ["next"], ["seen"]))
    return helper.make_graph(
        nodes,
        "body",
        [info("trip", TensorProto.INT64, []), info("going", TensorProto.BOOL, []), info("v", TensorProto.FLOAT, [1])],
        [helper.make_empty_tensor_value_info(name) for name in outputs],
    )


def typed(body):
    """ONNX wants types for the outputs of a body."""
    kinds = [TensorProto.BOOL, *[TensorProto.FLOAT] * (len(body.output) - 1)]
    for value, kind in zip(body.output, kinds, strict=True):
        value.type.tensor_type.elem_type = kind
    return body


@pytest.mark.parametrize("stacked", [False, True])
def test_a_loop_over_constants(stacked, model_of, same):
    """Six doublings of 1, limited by trips or by a condition; against onnxruntime."""
    outputs = ("v", "k") if stacked else ("k",)
    for trips, body in (("six", doubling(stacked=stacked)), ("many", doubling(while_below=50.0, stacked=stacked))):
        constants = {"six": np.int64(6), "many": np.int64(1 << 62), "one": ONE, "w": np.ones((4, 4, 1, 1), np.float32)}
        nodes = [conv(), loop(trips, typed(body), outputs=outputs), node("ReduceSum", ["k"], ["r"], keepdims=0)]
        network = same(model_of([*nodes, node("Add", ["c", "r"], ["y"])], constants, opset=17))
        assert network.layers[0].bias[0] == (126 if stacked else 64)


@pytest.mark.parametrize("trips", [MAX_TRIPS + 1, 1 << 60])
def test_endless_loops_end(trips, model_of):
    model = used(loop("n", doubling()), constants={"n": np.int64(trips), "one": ONE}, model_of=model_of)
    refused(model, f"more than {MAX_TRIPS} trips")


def test_loops_in_loops_end(model_of):
    """1000 trips of 1000 trips: each loop is short, the steps of all are counted."""
    info = helper.make_tensor_value_info
    inner = node("Loop", ["n", "", "v"], ["next"], body=typed(doubling()))
    inputs = [info("t", TensorProto.INT64, []), info("g", TensorProto.BOOL, []), info("v", TensorProto.FLOAT, [1])]
    outputs = [info("g2", TensorProto.BOOL, []), info("next", TensorProto.FLOAT, [1])]
    outer = helper.make_graph([node("Identity", ["g"], ["g2"]), inner], "outer", inputs, outputs)
    model = used(loop("n", outer), constants={"n": np.int64(1000), "one": ONE}, model_of=model_of)
    refused(model, "steps", "are left")


def test_a_loop_whose_body_reads_the_network_is_refused(model_of):
    body = doubling()
    body.node[0].input[1] = "c"
    model = used(loop("n", body), constants={"n": np.int64(2), "one": ONE}, model_of=model_of)
    (bad, *_) = check_model(model).unsupported
    assert bad.op_type == "Loop" and "control flow" in bad.remedy


def test_weights_of_one_value_take_no_memory(model_of):
    """A convolution with 2^27 weights that are all one, scaled and in float16: nothing of that size is made."""
    import tracemalloc

    shape = ints(1 << 15, 1 << 12, 1, 1)
    ones = helper.make_tensor("v", TensorProto.FLOAT16, [1], [1.0])
    nodes = [node("ConstantOfShape", ["s"], ["w"], value=ones), conv(output="y")]
    tracemalloc.start()
    model = model_of(nodes, {"s": shape}, shape=(1, 1 << 12, 1, 1), kind=TensorProto.FLOAT16)
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.FLOAT16
    network = import_model(model, "case", "")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert network.layers[0].weights.size == 1 << 27
    assert peak < 1 << 26
