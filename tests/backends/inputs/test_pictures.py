"""Pictures as inputs: against Pillow's own resizing and values by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from dynamap.backends.inputs import picture
from dynamap.backends.inputs.images import image_array
from dynamap.cost.errors import InputError
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.element_types import ElementType
from dynamap.planner.network.network import Network, Quantisation
from dynamap.planner.request.preprocessing import RAW, parse_preprocessing
from support.programs import one_conv

POINT = Window((1, 1))


def network(channels: int, rows: int, columns: int) -> Network:
    built: Network = one_conv(TensorShape(channels, rows, columns), 16, POINT)
    return built


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture of 40 rows and 60 columns in colours, none of them alike."""
    pixels = np.random.default_rng(3).integers(0, 256, (40, 60, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def prepared(photo: Path, target: Network, text: str) -> npt.NDArray[np.generic]:
    return image_array(photo, target, parse_preprocessing("--preprocess", text))


def test_nothing_stated_gives_the_bytes_in_the_size_of_the_input(photo: Path) -> None:
    with Image.open(photo) as image:
        wanted = np.asarray(image.resize((31, 17), Image.Resampling.BILINEAR)).transpose(2, 0, 1)
    found = prepared(photo, network(3, 17, 31), "raw")
    assert found.dtype == np.float32 and np.array_equal(found, wanted)


def test_imagenet_is_what_torchvision_does(photo: Path) -> None:
    """Resize(256) of 40 x 60: the shorter side 256, the longer int(256 * 60 / 40) = 384; CenterCrop(224) leaves out
    (256 - 224) / 2 = 16 rows and (384 - 224) / 2 = 80 columns; ToTensor divides by 255, Normalize as its formula.
    """
    with Image.open(photo) as image:
        resized = np.asarray(image.resize((384, 256), Image.Resampling.BILINEAR))
    middle = resized[16 : 16 + 224, 80 : 80 + 224] / 255.0
    wanted = (middle - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(prepared(photo, network(3, 224, 224), "imagenet"), wanted.transpose(2, 0, 1), rtol=1e-6)


def test_a_letterbox_keeps_proportions_and_is_grey_around(photo: Path) -> None:
    """40 x 60 in 32 x 32: a factor of 32 / 60 makes 21 rows, with (32 - 21) // 2 = 5 above."""
    with Image.open(photo) as image:
        inner = np.asarray(image.resize((32, 21), Image.Resampling.BILINEAR)).transpose(2, 0, 1)
    found = prepared(photo, network(3, 32, 32), "resize=letterbox")
    assert np.array_equal(found[:, 5:26], inner)
    assert (found[:, :5] == 114).all() and (found[:, 26:] == 114).all()


def test_blue_first_and_channels_last(photo: Path) -> None:
    with Image.open(photo) as image:
        bgr = np.asarray(image)[..., ::-1]
    assert np.array_equal(prepared(photo, network(3, 40, 60), "colours=bgr"), bgr.transpose(2, 0, 1))
    # A model that declares 1 x 40 x 60 x 3 has the tensor 40 x 60 x 3.
    last = network(40, 60, 3)
    assert np.array_equal(prepared(photo, last, "colours=bgr"), bgr)
    assert np.array_equal(prepared(photo, last, "colours=bgr,layout=nhwc"), bgr)


def test_grey_for_one_channel_without_being_asked(photo: Path) -> None:
    with Image.open(photo) as image:
        wanted = np.asarray(image.convert("L"))[None]
    assert np.array_equal(prepared(photo, network(1, 40, 60), "raw"), wanted)


@pytest.mark.parametrize(("kind", "signed"), [(ElementType.UINT8, False), (ElementType.INT8, True)])
def test_integers_are_the_bytes_unless_a_preprocessing_is_stated(photo: Path, kind: ElementType, signed: bool) -> None:
    """Bytes minus 128 for int8. Stated 0 .. 1 with a step of 1 / 100 at 7: round(100 b / 255) + 7, at most 127."""
    plain = network(3, 40, 60)
    name = plain.inputs[0]
    target = replace(plain, types={name: kind}, quantisation={name: Quantisation(0.01, 7, signed)})
    with Image.open(photo) as image:
        data = np.asarray(image).transpose(2, 0, 1).astype(int)
    assert np.array_equal(prepared(photo, target, "raw"), data - 128 if signed else data)
    exact = np.rint(np.float32(data / 255) / np.float32(0.01)) + 7
    assert np.array_equal(prepared(photo, target, "unit"), np.minimum(exact, 127 if signed else 255))


def test_a_photo_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    data = np.zeros((4, 6, 3), np.uint8)
    data[0, 0] = 255
    image = Image.fromarray(data)
    turned = image.getexif()
    turned[0x0112] = 3  # the orientation 180 degrees
    image.save(tmp_path / "turned.png", exif=turned)
    found = image_array(tmp_path / "turned.png", network(3, 4, 6), RAW)
    assert (found[:, 3, 5] == 255).all() and found.sum() == 3 * 255


def test_the_order_of_elements_and_their_channels() -> None:
    """One row of two pixels: red, green, blue of the first, then of the second."""
    content = bytes([1, 2, 3, 4, 5, 6])
    assert picture.in_order(content, 3, last=True) == (content, [0, 1, 2, 0, 1, 2])
    assert picture.in_order(content, 3, last=False) == (bytes([1, 4, 2, 5, 3, 6]), [0, 0, 1, 1, 2, 2])


@pytest.mark.parametrize(
    ("shape", "text", "reason"),
    [
        ((4, 5, 5), "raw", "an input with 4 channels takes no picture"),
        ((3, 299, 299), "imagenet", "crops to 224x224 and the input has 299x299"),
        ((3, 50, 50), "resize=20", "smaller than the input of 50x50"),
        ((3, 5, 5), "colours=grey", "gives grey and the input has 3 channel"),
        ((1, 5, 5), "colours=rgb", "gives rgb and the input has 1 channel"),
    ],
)
def test_what_does_not_fit_the_input_is_refused(
    photo: Path, shape: tuple[int, int, int], text: str, reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        prepared(photo, network(*shape), text)


def test_what_is_no_picture_is_named(tmp_path: Path, photo: Path) -> None:
    target = network(3, 4, 4)
    contents = {"empty": b"", "text": b"not a picture", "cut": photo.read_bytes()[:2000]}
    for name, content in contents.items():
        path = tmp_path / f"{name}.png"
        path.write_bytes(content)
        with pytest.raises(InputError, match=f"{name}.png: this is no PNG, JPEG or BMP picture"):
            image_array(path, target, RAW)
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(InputError, match="8 bits per channel"):
        image_array(tmp_path / "deep.png", target, RAW)


def test_without_pillow_the_package_is_named(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(InputError, match=r"pip install 'dynamap\[images\]'"):
        image_array(photo, network(3, 4, 4), RAW)
