"""How a picture becomes the values that a network takes: one value, stated in a plan and applied wherever pictures go.

A picture is resized, its middle is cropped, its colours are ordered, and every byte b of channel c becomes
(b / scale - mean[c]) / std[c]. Without any of it a network gets the bytes 0 .. 255 of the picture, stretched to the
size of its input.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Any

from dynamap.cost.errors import InputError
from dynamap.cost.likeness import suggestion

LARGEST_SIDE = 1 << 14


class Fit(Enum):
    """How a picture is brought to the size of the input where no size is stated."""

    STRETCH = "stretch"
    LETTERBOX = "letterbox"


class Colours(Enum):
    """The channels of a picture, in their order."""

    RGB = "rgb"
    BGR = "bgr"
    GREY = "grey"


class Layout(Enum):
    """Whether the model takes its channels before or behind rows and columns."""

    NCHW = "nchw"
    NHWC = "nhwc"


@dataclass(frozen=True)
class Size:
    """Rows x columns in pixels; without columns a shorter side (to resize to), or both sides (to crop)."""

    rows: int
    columns: int | None = None

    def __post_init__(self) -> None:
        if not all(0 < side <= LARGEST_SIDE for side in self.sides):
            raise ValueError(f"the sides of a picture must be from 1 to {LARGEST_SIDE:,} pixels")

    @property
    def sides(self) -> tuple[int, int]:
        return self.rows, self.rows if self.columns is None else self.columns

    def document(self) -> int | list[int]:
        """As JSON data."""
        return self.rows if self.columns is None else [self.rows, self.columns]


@dataclass(frozen=True)
class Preprocessing:
    """What is done to a picture.

    ``resize``: the shorter side, or rows and columns, in pixels; or to the input's size, out of proportion (stretch) or
    in proportion with grey (114) around it (letterbox). ``crop``: the middle that is kept; the input's size if None.
    ``mean`` and ``std``: one for all channels or one each, in units behind ``scale``. ``colours`` and ``layout``: those
    of the model's input where None (grey for one channel, else rgb; nhwc where its last dimension is 1 or 3 and its
    second is not).
    """

    resize: Fit | Size = Fit.STRETCH
    crop: Size | None = None
    scale: float = 1.0
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    colours: Colours | None = None
    layout: Layout | None = None

    def __post_init__(self) -> None:
        if self.scale == 0 or 0 in self.std:
            raise ValueError("scale and std divide: they cannot be 0")
        if not all(map(math.isfinite, (self.scale, *self.mean, *self.std))):
            raise ValueError("scale, mean and std must be finite")
        for key in ("mean", "std"):
            if len(getattr(self, key)) not in (1, 3):
                raise ValueError(f"{key} has {len(getattr(self, key))} numbers; give one, or three of the colours")
        if self.crop is not None:
            if isinstance(self.resize, Fit):
                raise ValueError(f"crop needs a size to crop from, and resize is {self.resize.value}: state resize=256")
            if any(cut > side for cut, side in zip(self.crop.sides, self.resize.sides, strict=True)):
                raise ValueError("crop is larger than resize")

    @property
    def raw(self) -> bool:
        """Whether the values are the bytes themselves."""
        return self.scale == 1 and set(self.mean) == {0} and set(self.std) == {1}

    def document(self) -> dict[str, Any]:
        """Plain JSON data; ``of`` reads it back."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}

    @staticmethod
    def of(document: Mapping[str, Any]) -> Preprocessing:
        """The preprocessing of a ``document``.

        Raises:
            KeyError, TypeError, ValueError: a key is missing, one too many, or of a wrong value.
        """
        data = dict(document)
        resize = data.pop("resize")
        crop = data.pop("crop")
        colours, layout = data.pop("colours"), data.pop("layout")
        return Preprocessing(
            resize=Fit(resize) if isinstance(resize, str) else _size_of(resize),
            crop=None if crop is None else _size_of(crop),
            mean=tuple(map(_number, data.pop("mean"))),
            std=tuple(map(_number, data.pop("std"))),
            scale=_number(data.pop("scale")),
            colours=None if colours is None else Colours(colours),
            layout=None if layout is None else Layout(layout),
            **data,
        )

    def words(self) -> str:
        """As ``parse_preprocessing`` takes it."""
        stated = {key: value for key, value in self.document().items() if value is not None}
        return ",".join(f"{key}={_word(key, value)}" for key, value in stated.items())


RAW = Preprocessing()

PRESETS: Mapping[str, Preprocessing] = {
    "raw": RAW,
    "unit": Preprocessing(scale=255.0),
    "signed": Preprocessing(scale=255.0, mean=(0.5,), std=(0.5,)),
    "imagenet": Preprocessing(Size(256), Size(224), 255.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "caffe": Preprocessing(Size(256), Size(224), 1.0, (103.939, 116.779, 123.68), colours=Colours.BGR),
    "yolo": Preprocessing(Fit.LETTERBOX, scale=255.0),
}
"""raw: 0 .. 255; unit: 0 .. 1; signed: -1 .. 1; imagenet: torchvision's; caffe: blue first, means of VGG; yolo."""


def parse_preprocessing(option: str, given: Any) -> Preprocessing:
    """``PRESET[,KEY=VALUE]...`` or ``KEY=VALUE,...``, such as ``imagenet,resize=342,crop=299``.

    Raises:
        InputError: a word is unknown or a value cannot be; the message names ``option``.
    """
    if isinstance(given, Preprocessing):
        return given
    if not isinstance(given, str):
        raise InputError(f"{option} must be a text such as 'imagenet' or 'scale=255,mean=0.5', found {given!r:.60}")
    base, changes = RAW, {}
    for index, word in enumerate(part.strip() for part in given.split(",")):
        key, equals, text = word.partition("=")
        if not equals:
            if index or key.lower() not in PRESETS:
                known = ", ".join(PRESETS)
                raise InputError(
                    f"{option} does not know {word!r:.60}: begin with one of {known}, or with KEY=VALUE"
                    f"{suggestion(word, PRESETS)}"
                )
            base = PRESETS[key.lower()]
        elif key not in _READERS:
            raise InputError(
                f"{option} has no key {key!r:.60}: there are {', '.join(_READERS)}{suggestion(key, _READERS)}"
            )
        elif key in changes:
            raise InputError(f"{option} gives {key} twice")
        else:
            changes[key] = _value(option, key, text.strip().lower())
    try:
        return replace(base, **changes)
    except ValueError as error:
        raise InputError(f"{option}: {error}; found {given!r:.100}") from None


def _value(option: str, key: str, text: str) -> Any:
    read, example = _READERS[key]
    try:
        return read(text)
    except ValueError:
        raise InputError(f"{option}: {key} must be {example}; found {text!r:.60}") from None


def _read_size(text: str) -> Size:
    match = re.fullmatch(r"(\d{1,6})(?:x(\d{1,6}))?", text, re.ASCII)
    if match is None:
        raise ValueError(text)
    return Size(int(match[1]), None if match[2] is None else int(match[2]))


def _read_resize(text: str) -> Fit | Size:
    return Fit(text) if text in {fit.value for fit in Fit} else _read_size(text)


def _read_crop(text: str) -> Size | None:
    return None if text == "none" else _read_size(text)


def _read_numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(":"))


_READERS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "resize": (_read_resize, "stretch, letterbox, a shorter side such as 256, or ROWSxCOLUMNS, of at most 16,384"),
    "crop": (_read_crop, "none, a number of pixels such as 224, or ROWSxCOLUMNS, of at most 16,384"),
    "scale": (float, "a number, such as 255"),
    "mean": (_read_numbers, "one number or three, such as 0.485:0.456:0.406"),
    "std": (_read_numbers, "one number or three, such as 0.229:0.224:0.225"),
    "colours": (Colours, "rgb, bgr or grey"),
    "layout": (Layout, "nchw or nhwc"),
}


def _size_of(data: Any) -> Size:
    return Size(*map(_whole, data)) if isinstance(data, list) else Size(_whole(data))


def _whole(data: Any) -> int:
    if not isinstance(data, int) or isinstance(data, bool):
        raise ValueError(f"{data!r:.40} is no number of pixels")
    return data


def _number(data: Any) -> float:
    if not isinstance(data, (int, float)) or isinstance(data, bool):
        raise ValueError(f"{data!r:.40} is no number")
    return float(data)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Size):
        return value.document()
    return list(value) if isinstance(value, tuple) else value


def _word(key: str, value: Any) -> str:
    if not isinstance(value, list):
        return str(value).removesuffix(".0")
    return ("x" if key in ("resize", "crop") else ":").join(str(part).removesuffix(".0") for part in value)
