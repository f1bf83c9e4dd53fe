"""Split and Slice along channels, rows and columns, against onnxruntime on the original file."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from dynamap.planner.importer import check_model
from dynamap.planner.importer.operators.selection import crop_windows
from dynamap.planner.network.network import Concat, Conv
from support.end_to_end import model_of as file_of
from support.end_to_end import run_file
from support.end_to_end import values as weights_of
from support.operator_nodes import conv, ints, node


def slice_of(source, output, tag):
    return node("Slice", [source, f"{tag}s", f"{tag}e", f"{tag}a", f"{tag}t"], [output])


def bounds(tag, starts, ends, axes, steps=None):
    steps = steps or [1] * len(starts)
    return {f"{tag}{letter}": ints(*given) for letter, given in zip("seat", (starts, ends, axes, steps), strict=True)}


@pytest.mark.parametrize("opset", [11, 13, 18])
@pytest.mark.parametrize("parts", [(2, 6), (4, 4), (1, 3, 4)])
def test_parts_of_a_convolution_are_convolutions(opset, parts, same, model_of, values):
    names = [f"p{number}" for number in range(len(parts))]
    given = {"split": list(parts)} if opset < 13 else {}
    nodes = [
        conv("x", "c0", pads=[1, 1, 1, 1]),
        node("Relu", ["c0"], ["c"]),
        node("Split", ["c"] if given else ["c", "parts"], names, axis=1, **given),
        node("Concat", [*reversed(names)], ["y"], axis=1),
    ]
    model = model_of(nodes, {"w": values(8, 4, 3, 3), "parts": ints(*parts)}, opset=opset)
    network = same(model)
    assert [type(layer) for layer in network.layers] == [Conv] * len(parts) + [Concat]
    assert network.parameters == 8 * 4 * 9 + 8  # no weight twice
    assert all(node.into for node in check_model(model).nodes)


def test_equal_parts_by_number(same, model_of, values):
    nodes = [
        conv(),
        node("Split", ["c"], ["a", "b", "d"], axis=1, num_outputs=3),
        node("Mul", ["a", "b"], ["y"]),
        node("Relu", ["d"], ["z"]),
    ]
    same(model_of(nodes, {"w": values(5, 4, 3, 3)[:, :, :2, :2][[0, 1, 2, 3, 4, 0]]}, opset=18, outputs=("y", "z")))


def test_a_split_of_many_parts(same, model_of, values):
    """Lists of axes and sizes are short; that of a Split is as long as it has outputs."""
    names = [f"p{number}" for number in range(150)]
    nodes = [
        conv("x", "c"),
        node("Split", ["c", "parts"], names, axis=1),
        node("Concat", [*reversed(names)], ["y"], axis=1),
    ]
    same(model_of(nodes, {"w": values(150, 4, 3, 3), "parts": ints(*[1] * 150)}))


@pytest.mark.parametrize("shared", [False, True])
def test_slices_of_channels(shared, same, model_of, values):
    """The second half of a shared tensor is copied by a 1 x 1 convolution."""
    nodes = [conv("x", "c", pads=[1, 1, 1, 1]), slice_of("c", "a", "a"), slice_of("c", "b", "b")]
    nodes += [node("Add", ["a", "b"], ["y"])]
    constants = bounds("a", [0], [4], [1]) | bounds("b", [-4], [2**31 - 1], [-3])
    network = same(model_of(nodes, {"w": values(8, 4, 3, 3), **constants}, outputs=("y", "c") if shared else ("y",)))
    assert len(network.layers) == (4 if shared else 3)


def halves(first, second):
    """Slices of the first and of the last four of eight channels, the ends of each computed from the tensor's shape."""
    half = [
        node("Shape", ["c"], ["sizes"]),
        node("Gather", ["sizes", "one"], ["channels"], axis=0),
        node("Div", ["channels", "two"], ["half"]),
    ]
    slices = [
        node("Slice", ["c", "zero", "half", "one"], ["a"]),
        node("Mul", ["half", "two"], ["all"]),
        node("Slice", ["c", "half", "all", "one"], ["b"]),
    ]
    return [*half, *slices, node("Add", [first, second], ["y"])]


@pytest.mark.parametrize("joined", [("a", "b"), ("b", "a")])
def test_halves_by_a_computed_end_are_convolutions(joined, same, model_of, values):
    """As torch exports chunk: the end of the second half is computed behind the first one."""
    nodes = [conv("x", "c", pads=[1, 1, 1, 1]), *halves(*joined)]
    constants = {"zero": ints(0), "one": ints(1), "two": ints(2)}
    network = same(model_of(nodes, {"w": values(8, 4, 3, 3), **constants}))
    assert len(network.layers) == 3 and network.parameters == 8 * 4 * 9 + 8


def test_a_tensor_that_a_selection_had_to_copy_stays_whole(same, model_of, values):
    """The start of the second Slice depends on the first one's shape, so that the first is copied: so is the second."""
    nodes = [conv("x", "c", pads=[1, 1, 1, 1]), node("Slice", ["c", "zero", "four", "one"], ["a"])]
    nodes += [node("Shape", ["a"], ["sizes"]), node("Gather", ["sizes", "one"], ["start"], axis=0)]
    nodes += [node("Slice", ["c", "start", "eight", "one"], ["b"]), node("Add", ["a", "b"], ["y"])]
    constants = {"zero": ints(0), "one": ints(1), "four": ints(4), "eight": ints(8)}
    network = same(model_of(nodes, {"w": values(8, 4, 3, 3), **constants}))
    assert len(network.layers) == 4


def test_every_other_channel_of_an_input(same, model_of, values):
    nodes = [slice_of("x", "s", "a"), conv("s", "y")]
    same(model_of(nodes, {"w": values(4, 2, 3, 3), **bounds("a", [1], [4], [1], [2])}))


@pytest.mark.parametrize(
    ("starts", "ends", "axes", "steps"),
    [
        ([0, 0], [6, 7], [2, 3], [2, 2]),
        ([1, 1], [6, 7], [2, 3], [2, 2]),
        ([1, 2], [-1, -1], [2, 3], [1, 1]),
        ([0], [4], [2], [1]),
        ([3], [4], [2], [1]),
        ([1, 1, 1], [3, 5, 6], [1, 2, 3], [1, 1, 2]),
        ([2], [2**62], [3], [3]),
    ],
)
def test_slices_of_rows_and_columns(starts, ends, axes, steps, same, model_of, values):
    nodes = [conv("x", "c", pads=[1, 1, 1, 1]), slice_of("c", "y", "a")]
    same(model_of(nodes, {"w": values(4, 4, 3, 3), **bounds("a", starts, ends, axes, steps)}))


def test_rows_of_a_sequence(same, model_of, values):
    nodes = [node("Conv", ["x", "w"], ["c"], pads=[1, 1]), slice_of("c", "y", "a")]
    same(model_of(nodes, {"w": values(4, 4, 3), **bounds("a", [1], [9], [2], [2])}, shape=(1, 4, 12)))


def test_a_slice_of_everything_is_nothing(same, model_of, values):
    nodes = [conv(), slice_of("c", "s", "a"), node("Relu", ["s"], ["y"])]
    assert len(same(model_of(nodes, {"w": values(4, 4, 3, 3), **bounds("a", [0, 0], [99, 4], [1, 2])})).layers) == 1


@pytest.mark.parametrize("size", [*range(1, 12), 37])
def test_windows_pick_what_is_asked(size):
    """Every range of a small axis, by applying the windows to the indices."""
    for first in range(size):
        for stop in range(first + 1, size + 1):
            for step in range(1, 5):
                picked = range(first, stop, step)
                found = np.arange(size)
                for taps, tap, dilation, stride in crop_windows(size, picked):
                    extent = (taps - 1) * dilation + 1
                    starts = range(0, len(found) - extent + 1, stride)
                    found = np.array([found[start + tap * dilation] for start in starts])
                    assert taps <= 8 or first == 0
                assert found.tolist() == list(picked), (size, picked)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (bounds("a", [5], [0], [2], [-1]), "steps by -1"),
        (bounds("a", [5], [2], [2]), "takes nothing"),
        (bounds("a", [0], [2], [7]), "do not fit"),
    ],
)
def test_slices_that_cannot_be(given, message, model_of, values):
    model = model_of([conv(), slice_of("c", "y", "a")], {"w": values(4, 4, 3, 3), **given})
    (refused,) = check_model(model).unsupported
    assert message in refused.reason and refused.remedy


def test_a_c2f_block_end_to_end(tmp_path):
    """Split, a branch on one part, Concat of all: to the cosine that 8 bits leave."""
    nodes = [
        conv("x", "c", pads=[1, 1, 1, 1]),
        node("Split", ["c", "parts"], ["a", "b"], axis=1),
        conv("b", "m", "v", pads=[1, 1, 1, 1]),
        node("Relu", ["m"], ["r"]),
        node("Add", ["b", "r"], ["s"]),
        slice_of("s", "t", "a"),
        node("Concat", ["a", "b", "s", "t"], ["k"], axis=1),
        conv("k", "y", "u"),
    ]
    constants = {
        "w": weights_of(32, 4, 3, 3), "v": weights_of(16, 16, 3, 3, scale=0.1), "u": weights_of(5, 56, 1, 1),
        "parts": ints(16, 16), **bounds("a", [2], [10], [1]),
    }  # fmt: skip
    path = tmp_path / "c2f.onnx"
    onnx.save(file_of(nodes, constants), path)
    run = run_file(path, compare="numpy")
    assert run.status == 0 and run.final["y"]["cosine"] > 0.999


@pytest.mark.parametrize("indices", [(2, 1, 0, 3), (0, 0, 3), (-1, -2), (1, 3), (0, 1, 2, 3)])
@pytest.mark.parametrize("behind", ["c", "x"])
def test_gather_of_channels_in_any_order(indices, behind, same, model_of, values):
    nodes = [
        *([conv()] if behind == "c" else []),
        node("Gather", [behind, "i"], ["g"], axis=1),
        node("Relu", ["g"], ["y"]),
    ]
    network = same(model_of(nodes, {"w": values(4, 4, 3, 3), "i": ints(*indices)}))
    assert len(network.layers) == 1 if behind == "c" else len(network.layers) <= 2


def test_halves_by_gather_are_parts_of_the_convolution(same, model_of, values):
    nodes = [
        conv(),
        node("Gather", ["c", "i"], ["a"], axis=1),
        node("Gather", ["c", "j"], ["b"], axis=-3),
        node("Concat", ["b", "a"], ["y"], axis=1),
    ]
    network = same(model_of(nodes, {"w": values(6, 4, 3, 3), "i": ints(0, 2, 4), "j": ints(1, 3, 5)}))
    assert [type(layer) for layer in network.layers] == [Conv, Conv, Concat]


@pytest.mark.parametrize("indices", [(1, 3), (0, 2, 4), (2, 3, 4)])
def test_gather_of_rows_at_equal_steps(indices, same, model_of, values):
    same(model_of([conv(pads=[1, 1, 1, 1]), node("Gather", ["c", "i"], ["y"], axis=2)],
                  {"w": values(4, 4, 3, 3), "i": ints(*indices)}))  # fmt: skip


def test_channels_backwards(same, model_of, values):
    """A picture's blue, green and red."""
    nodes = [slice_of("x", "b", "c"), conv("b", "y")]
    constants = {"w": values(5, 4, 3, 3), **bounds("c", (-1,), (-(2**31),), (1,), (-1,))}
    same(model_of(nodes, constants))
