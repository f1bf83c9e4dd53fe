"""Random windows: convolutions and pools as imported equal onnxruntime, or are refused with a reason."""

from __future__ import annotations

import numpy as np
import onnxruntime
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import helper

from dynamap.planner.importer import check_model

small = st.integers(1, 4)
relaxed = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@st.composite
def windows(draw):
    kernel = [draw(small), draw(small)]
    attributes = {"strides": [draw(small), draw(small)]}
    automatic = draw(st.sampled_from(["pads", "none", "SAME_UPPER", "SAME_LOWER", "VALID"]))
    if automatic == "pads":
        attributes["pads"] = [draw(st.integers(0, 3)) for _ in range(4)]
    elif automatic != "none":
        attributes["auto_pad"] = automatic
    return kernel, attributes, [draw(st.integers(1, 9)), draw(st.integers(1, 9))]


@relaxed
@given(windows(), st.sampled_from([(1, 3), (2, 4), (4, 4), (4, 8)]), st.booleans(), st.booleans())
def test_convolutions(same, model_of, values, window, grouping, dilated, biased):
    kernel, attributes, size = window
    groups, outputs = grouping
    if dilated:
        attributes["dilations"] = [2, 3]
    constants = {"w": values(outputs, 4 // groups, *kernel), "b": values(outputs)}
    inputs = ["x", "w", "b"] if biased else ["x", "w"]
    node = helper.make_node("Conv", inputs, ["y"], group=groups, **attributes)
    agree(same, model_of([node], constants, shape=(1, 4, *size)))


@relaxed
@given(
    windows(),
    st.sampled_from(["MaxPool", "AveragePool"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([11, 13, 19, 22]),
)
def test_pools(same, model_of, window, op, ceil_mode, include, dilated, opset):
    kernel, attributes, size = window
    attributes["ceil_mode"] = int(ceil_mode)
    if op == "AveragePool":
        attributes["count_include_pad"] = int(include)
    if "SAME" in attributes.get("auto_pad", ""):  # onnxruntime refuses pools whose stride leaves gaps
        attributes["strides"] = [min(pair) for pair in zip(attributes["strides"], kernel, strict=True)]
    if dilated and (op == "MaxPool" or opset >= 19):
        attributes["dilations"] = [2, 1]
    node = helper.make_node(op, ["x"], ["y"], kernel_shape=kernel, **attributes)
    agree(same, model_of([node], shape=(1, 2, *size), opset=opset))


def agree(same, model):
    """The import equals onnxruntime; what it refuses, onnxruntime refuses, or finds empty or without data."""
    (fate,) = check_model(model).nodes
    if not fate.reason:
        same(model)
        return
    assert fate.remedy
    shape = [dimension.dim_value for dimension in model.graph.input[0].type.tensor_type.shape.dim]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options)
        # A window that covers padding only averages or maximises nothing: infinite, or not a number.
        x = np.random.default_rng(0).standard_normal(shape, dtype=np.float32) + np.float32(10)
        (found,) = session.run(None, {"x": x})
    except onnxruntime.capi.onnxruntime_pybind11_state.RuntimeException:
        return
    except onnxruntime.capi.onnxruntime_pybind11_state.Fail:
        return
    except onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument:
        return
    # onnxruntime rounds (1 - 2) / 2 up to 0 and so computes one window that does not fit.
    excuses = ("only padding", "runtimes disagree", "more than its padded input")
    excused = any(excuse in fate.reason for excuse in excuses)
    assert found.size == 0 or excused, f"refused without need: {fate.reason}"
