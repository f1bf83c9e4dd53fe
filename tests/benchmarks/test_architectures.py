"""The generated architectures against what others have published of them, and as onnxruntime runs them."""

from __future__ import annotations

from math import prod

import numpy as np
import onnx
import onnxruntime
import pytest

from support.architectures import CATALOGUE, model
from support.architectures.counting import macs, parameters

PUBLISHED = {
    # Parameters: the documentation of torchvision's weights (docs.pytorch.org/vision/stable/models.html). MACs: the
    # papers' own tables, in which a FLOP is a multiplication with its addition.
    "mobilenet-v2": (3_504_872, 300e6),  # arXiv 1801.04381, table 4
    "mobilenet-v3-large": (5_483_032, 219e6),  # arXiv 1905.02244, table 3
    "efficientnet-b0": (5_288_548, 0.39e9),  # arXiv 1905.11946, table 2
    "resnext50": (25_028_904, 4.2e9),  # arXiv 1611.05431, table 1
    "regnety-400mf": (4_344_144, 0.4e9),  # arXiv 2003.13678, table 4
    "shufflenet-v2": (2_278_604, 146e6),  # arXiv 1807.11164, table 8
    "convnext-t": (28_589_128, 4.5e9),  # arXiv 2201.03545, table 1
    # docs.ultralytics.com/models/yolov8: 8.7 GFLOP at 640 x 640, which count multiplication and addition apart.
    "yolo-c2f": (3_157_200, 8.7e9 / 2),
    # arXiv 1801.04381, table 7, MNet V2* of stride 16: 4.52 M. Its 5.8 G are those of this network, and of the last
    # 1 x 1 convolution of MobileNetV2 (320 to 1280 channels, 33 x 33 places), which the head does not read.
    "deeplab-mobilenet-v2": (4.52e6, 5.8e9 - 320 * 1280 * 33**2),
}

LARGE = ("unet", "resnext50", "convnext-t")
"""Of 25 million parameters and more."""


def _unet() -> tuple[int, int]:
    """Figure 1 of arXiv 1505.04597 by hand: two 3 x 3 with scale and shift a level, 2 x 2 upwards with bias."""
    widths, side = (64, 128, 256, 512, 1024), CATALOGUE["unet"].side
    weights, work = 0, 0
    for level, width in enumerate(widths):
        places = (side >> level) ** 2
        before = widths[level - 1] if level else 3
        down = 9 * (before * width + width * width)
        weights, work = weights + down + 4 * width, work + places * down
        if level < len(widths) - 1:
            over, up = 4 * 2 * width * width, 9 * (2 * width * width + width * width)
            weights, work = weights + over + width + up + 4 * width, work + places // 4 * over + places * up
    return weights + 64 * 2 + 2, work + side * side * 64 * 2


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.full) if name in LARGE else name for name in PUBLISHED]
)
def test_counts_are_the_published_ones(name: str) -> None:
    found, (weights, work) = model(name), PUBLISHED[name]
    assert parameters(found) == (pytest.approx(weights, rel=1e-3) if isinstance(weights, float) else weights)
    assert macs(found) == pytest.approx(work, rel=0.025)


@pytest.mark.full
def test_unet_is_that_of_its_figure() -> None:
    found = model("unet")
    assert (parameters(found), macs(found)) == _unet()


def test_text_detector_has_the_size_of_its_file() -> None:
    """arXiv 2009.09941, section 2.1: 4.1 MB with 96 channels and squeeze-and-excite, of which 1.5 MB are the latter.

    Files carry the running statistics too, and the head of the thresholds, as large as the other, that trains only.
    """
    found = model("text-detector")
    head = sum(prod(weights.dims) for weights in found.graph.initializer if weights.name.startswith("head."))
    assert 4 * (sum(prod(weights.dims) for weights in found.graph.initializer) + head) == pytest.approx(4.1e6, rel=0.05)
    squeeze = [weights for weights in found.graph.initializer if ".fc1." in weights.name or ".fc2." in weights.name]
    assert 4 * sum(prod(weights.dims) for weights in squeeze) == pytest.approx(1.5e6, rel=0.05)


@pytest.mark.parametrize("name", [name for name in CATALOGUE if name not in LARGE])
def test_small_ones_stay_in_range(name: str) -> None:
    """Each is valid, and computes finite values that depend on the image."""
    found = model(name, small=True)
    onnx.checker.check_model(found, full_check=True)
    session = onnxruntime.InferenceSession(found.SerializeToString(), providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    rng = np.random.default_rng(1)
    first, second = (
        session.run(None, {given.name: rng.standard_normal(given.shape, dtype=np.float32)})[-1] for _ in range(2)
    )
    assert np.isfinite(first).all() and np.abs(first).max() < 1000
    assert np.abs(first - second).max() > 0.01 * np.abs(first).max()
