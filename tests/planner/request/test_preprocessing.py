"""What is done to pictures, in words, in a request and in a plan's document."""

from __future__ import annotations

import json

import pytest

from dynamap.cost.errors import InputError
from dynamap.planner.plan.plan_types import require_types
from dynamap.planner.request.preprocessing import PRESETS, Colours, Layout, Size, parse_preprocessing
from dynamap.planner.request.request import Request, request_of

STATED = [
    *PRESETS,
    "imagenet,resize=342,crop=299",
    "resize=200x300,crop=100x50,mean=1:2:3,colours=bgr,layout=nhwc",
    "scale=127.5,mean=1,colours=grey",
]


@pytest.mark.parametrize("text", STATED)
def test_a_request_keeps_it_and_its_words_say_it_again(text: str) -> None:
    request = Request().asking({"preprocess": text})
    read = request_of(json.loads(json.dumps(request.document())), "overlay")
    require_types(read, "request.")
    assert read == request
    assert request.preprocess is not None
    assert parse_preprocessing("--preprocess", request.preprocess.words()) == request.preprocess


def test_a_plan_without_pictures_says_nothing_of_them() -> None:
    assert "preprocess" not in Request().document()


def test_a_key_changes_a_preset() -> None:
    found = parse_preprocessing("--preprocess", "imagenet,resize=342,crop=299x301,colours=bgr,layout=nhwc")
    assert (found.resize, found.crop) == (Size(342), Size(299, 301))
    assert (found.colours, found.layout, found.scale) == (Colours.BGR, Layout.NHWC, 255)
    assert found.mean == (0.485, 0.456, 0.406)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("resize=256,crop=300", "crop is larger than resize"),
        ("crop=3", "crop needs a size to crop from"),
        ("scale=0", "cannot be 0"),
        ("std=1:0:1", "cannot be 0"),
        ("mean=nan", "must be finite"),
        ("mean=1:2", "give one, or three"),
        ("resize=0", "resize must be stretch, .* of at most 16,384"),
        ("resize=999999", "resize must be stretch, .* of at most 16,384"),
        ("resize=-3", "resize must be stretch, letterbox"),
        ("colours=cmyk", "colours must be rgb, bgr or grey"),
        ("scale=1,scale=2", "gives scale twice"),
        ("size=3", "no key 'size'"),
        ("alexnet", "does not know 'alexnet'"),
        ("scale=255,imagenet", "does not know 'imagenet'"),
        ("", "does not know ''"),
    ],
)
def test_what_cannot_be_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InputError, match="--preprocess.*" + reason):
        parse_preprocessing("--preprocess", text)


@pytest.mark.parametrize(
    "change",
    [{"resize": True}, {"resize": [1]}, {"crop": "none"}, {"mean": ["1"]}, {"scale": None}, {"more": 1}, {"std": [0]}],
)
def test_a_damaged_document_is_refused(change: dict[str, object]) -> None:
    document = Request().asking({"preprocess": "imagenet"}).document()
    damaged = document | {"preprocess": {**document["preprocess"], **change}}  # type: ignore[dict-item]
    with pytest.raises((KeyError, TypeError, ValueError)):
        request_of(damaged, "overlay")
