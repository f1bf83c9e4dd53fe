"""LRN, Softmax and Resize, each against onnxruntime on original and folded model."""

from __future__ import annotations

import numpy as np
import pytest

from dynamap.cost.errors import InputError
from dynamap.planner.importer import import_model
from dynamap.planner.network.network import HostLayer, Lrn, Resize
from support.operator_nodes import conv, ints, node


@pytest.mark.parametrize("attributes", [{"size": 5}, {"size": 3, "alpha": 0.5, "beta": 0.5, "bias": 2.0}])
@pytest.mark.parametrize("opset", [7, 13])
def test_lrn(attributes, opset, same, model_of):
    (layer,) = same(model_of([node("LRN", ["x"], ["y"], **attributes)], opset=opset)).layers
    assert isinstance(layer, Lrn)


@pytest.mark.parametrize("opset", [9, 11, 13, 22])
@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax"])
def test_softmax_on_the_host(opset, op, same, model_of, values):
    constants = {"w": values(168, 5), "b": values(5)}
    vector = [node("Flatten", ["x"], ["f"]), node("Gemm", ["f", "w", "b"], ["g"]), node(op, ["g"], ["y"])]
    network = same(model_of(vector, constants, opset=opset))
    assert isinstance(network.layers[-1], HostLayer) and network.layers[-1].attributes == {"axes": (0,)}
    maps = [conv(), node(op, ["c"], ["y"], axis=1)]
    same(model_of(maps, {"w": values(4, 4, 3, 3)}, opset=opset))
    default = [conv(), node(op, ["c"], ["y"])]
    same(model_of(default, {"w": values(4, 4, 3, 3)}, opset=opset))


def test_softmax_of_a_flattened_map_is_over_everything(same, model_of, values):
    nodes = [conv(), node("Flatten", ["c"], ["f"]), node("Softmax", ["f"], ["y"], axis=1)]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3)}))
    assert network.layers[1].attributes == {"axes": (0, 1, 2)}
    assert network.layers[2].op == "flatten" and network.outputs == ("y",)


@pytest.mark.parametrize("opset", [7, 9, 10, 11, 13, 18, 22])
def test_nearest_resize(opset, same, model_of):
    scales = np.asarray([1, 1, 2, 3], np.float32)
    if opset < 9:
        model = model_of([node("Upsample", ["x"], ["y"], scales=scales.tolist())], opset=opset)
    elif opset == 9:
        model = model_of([node("Upsample", ["x", "s"], ["y"])], {"s": scales}, opset=opset)
    elif opset == 10:
        model = model_of([node("Resize", ["x", "s"], ["y"], mode="nearest")], {"s": scales}, opset=opset)
    else:
        constants = {"s": scales, "roi": np.zeros(0, np.float32)}
        roi = "roi" if opset < 13 else ""
        attributes = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        model = model_of([node("Resize", ["x", roi, "s"], ["y"], **attributes)], constants, opset=opset)
    (layer,) = same(model).layers
    assert isinstance(layer, Resize) and (layer.rows, layer.columns) == (2, 3)


@pytest.mark.parametrize("factor", [1, 2, 3, 4])
@pytest.mark.parametrize("rounding", ["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"])
@pytest.mark.parametrize("mode", ["asymmetric", "half_pixel", "pytorch_half_pixel", "align_corners"])
def test_resize_modes_are_right_or_refused(factor, rounding, mode, same, model_of, run):
    """The import decides by its own arithmetic; onnxruntime says whether it was right to refuse."""
    from dynamap.planner.importer import check_model

    attributes = {"coordinate_transformation_mode": mode, "nearest_mode": rounding}
    sizes = ints(1, 4, 6 * factor, 7 * factor)
    model = model_of([node("Resize", ["x", "", "", "n"], ["r"], **attributes)], {"n": sizes}, outputs=("r",))
    x = np.arange(168, dtype=np.float32).reshape(1, 4, 6, 7)
    repeated = x.repeat(factor, 2).repeat(factor, 3)
    right = np.array_equal(run(model, x)["r"], repeated)
    with_layer = model_of(
        [node("Relu", ["x"], ["c"]), node("Resize", ["c", "", "", "n"], ["y"], **attributes)], {"n": sizes}
    )
    assert check_model(with_layer).supported == right
    if right:
        same(with_layer)


def test_resize_along_named_axes(same, model_of):
    nodes = [
        node(
            "Resize",
            ["x", "", "s"],
            ["y"],
            axes=[2, 3],
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
    ]
    same(model_of(nodes, {"s": np.asarray([2, 2], np.float32)}, opset=18))


@pytest.mark.parametrize("scale", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("opset", [9, 13])
def test_scales_that_are_no_numbers(scale, opset, model_of):
    scales = {"s": np.asarray([1, 1, scale, 2], np.float32)}
    nodes = [node("Upsample", ["x", "s"], ["y"])] if opset == 9 else [node("Resize", ["x", "", "s"], ["y"])]
    with pytest.raises(InputError, match="are not all finite numbers"):
        import_model(model_of(nodes, scales, opset=opset), "case", "")
