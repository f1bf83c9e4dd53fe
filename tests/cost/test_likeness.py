"""What is suggested for a name that is not known."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dynamap.cost.device import ALIASES, device_names, load_device
from dynamap.cost.errors import InputError
from dynamap.cost.likeness import nearest, suggestion
from dynamap.planner.models import BUILT_IN, resolve


@pytest.mark.parametrize(
    ("found", "meant"),
    [
        ("resnet", "resnet50"),
        ("ResNet-50", "resnet50"),
        ("GoogleNet", "googlenet"),
        ("inception_v4", "inception-v4"),
        ("vgg", "vgg19"),
        ("densenet", "densenet121"),
        ("squeeze", "squeezenet"),
        ("zf", None),
        ("transformer", None),
        ("mobilenet", None),
    ],
)
def test_built_in_networks(found: str, meant: str | None) -> None:
    assert nearest(found, BUILT_IN) == (() if meant is None else (meant,))
    with pytest.raises(InputError) as refusal:
        resolve(found)
    suggested = re.findall(r"did you mean '([^']*)'\?", str(refusal.value))
    assert suggested == ([] if meant is None else [meant])


def test_names_that_are_alike_are_all_suggested() -> None:
    with pytest.raises(InputError, match="did you mean 'inception-v2' or 'inception-v4'\\?"):
        resolve("inception")
    assert suggestion("vitis", ["intel-opencl", "vitis-hls", "vitis-rtl"]) == (
        "; did you mean 'vitis-hls' or 'vitis-rtl'?"
    )
    assert suggestion("aaa", ["aaab", "aaac", "aaad", "aaae"]).count("'aaa") == 3


def test_files_beside(tmp_path: Path) -> None:
    (tmp_path / "detector-320.onnx").touch()
    with pytest.raises(InputError, match=r"did you mean '.*/detector-320\.onnx'\?"):
        resolve(str(tmp_path / "detector_32.onnx"))


def test_boards_have_other_names() -> None:
    for alias, name in ALIASES.items():
        assert alias not in device_names()
        assert load_device(alias) == load_device(name)
    with pytest.raises(InputError, match="did you mean 'alveo-u50'"):
        load_device("alveo_u50_")
