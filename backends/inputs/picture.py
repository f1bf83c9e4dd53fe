"""A picture file as the bytes of a network's input, and what each byte stands for. Pillow and Python alone.

Generated projects carry a copy of this file, so that a board's host does with a picture what is done with it here. How
is a preprocessing as JSON data (docs/accuracy.md): resize, crop, scale, mean, std, colours, layout.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp")
FORMATS = ("PNG", "JPEG", "BMP")
MOST_PIXELS = 1 << 27
GREY = 114
"""Around a picture that is smaller than its letterbox."""


def is_picture(path: Path) -> bool:
    """Whether a file is called as one that holds a picture."""
    return path.suffix.lower() in ENDINGS


def placed(shape: Sequence[int], layout: str | None) -> tuple[tuple[int, int, int], bool]:
    """Channels, rows and columns of an input of three dimensions, and whether its channels are last.

    Raises:
        ValueError: it is no input for pictures.
    """
    if len(shape) != 3:
        raise ValueError(f"an input of {'x'.join(map(str, shape))} values takes no picture: it has not 3 dimensions")
    last = layout == "nhwc" if layout else shape[0] not in (1, 3) and shape[2] in (1, 3)
    found = (shape[2], shape[0], shape[1]) if last else (shape[0], shape[1], shape[2])
    if found[0] not in (1, 3):
        raise ValueError(f"an input with {found[0]} channels takes no picture: pictures have 1 or 3")
    return found, last


def pixels(path: Path, how: Mapping[str, Any], channels: int, rows: int, columns: int) -> bytes:
    """The bytes rows x columns x channels of a picture after resizing (bilinear), cropping and ordering its colours.

    Raises:
        ImportError: Pillow is missing.
        ValueError: the file is no picture, or the preprocessing does not lead to the input's size or channels.
    """
    colours = how["colours"] or ("grey" if channels == 1 else "rgb")
    if (colours == "grey") != (channels == 1):
        raise ValueError(f"the preprocessing gives {colours} and the input has {channels} channel(s)")
    picture = _opened(path).convert("L" if colours == "grey" else "RGB")
    sized = _resized(picture, how["resize"], rows, columns)
    crop = how["crop"] or (rows, columns)
    height, width = (crop, crop) if isinstance(crop, int) else crop
    if (height, width) != (rows, columns):
        raise ValueError(
            f"the preprocessing crops to {height}x{width} and the input has {rows}x{columns} pixels: plan with "
            f"--preprocess ...,crop={rows}x{columns}"
        )
    if sized.height < rows or sized.width < columns:
        raise ValueError(
            f"{path}: resized to {sized.height}x{sized.width} pixels it is smaller than the input of {rows}x{columns}"
        )
    left, top = round((sized.width - columns) / 2), round((sized.height - rows) / 2)
    content: bytes = sized.crop((left, top, left + columns, top + rows)).tobytes()
    if colours == "bgr":
        reordered = bytearray(content)
        reordered[0::3], reordered[2::3] = content[2::3], content[0::3]
        content = bytes(reordered)
    return content


def value_tables(how: Mapping[str, Any], channels: int) -> list[list[float]]:
    """Per channel the 256 values, rounded to float32, that the bytes stand for."""
    tables = []
    for channel in range(channels):
        mean, std = (part[channel % len(part)] for part in (how["mean"], how["std"]))
        exact = [(byte / how["scale"] - mean) / std for byte in range(256)]
        tables.append(list(struct.unpack("<256f", struct.pack("<256f", *exact))))
    return tables


def in_order(content: bytes, channels: int, last: bool) -> tuple[bytes, list[int]]:
    """The bytes in the order of the input's elements, and the channel of each run of them.

    With channels last these run as they are, and the channels repeat; else plane after plane.
    """
    if last:
        return content, [index % channels for index in range(len(content))]
    planes = [content[channel::channels] for channel in range(channels)]
    return b"".join(planes), [channel for channel, plane in enumerate(planes) for _ in plane]


def _opened(path: Path) -> Any:
    from PIL import Image, ImageOps

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path, formats=FORMATS) as picture:
                width, height = picture.size
                whole = ImageOps.exif_transpose(picture) if width * height <= MOST_PIXELS else None
        except Exception as error:  # of many classes: each of Pillow's readers has its own
            of_the_system = getattr(error, "strerror", None)
            if of_the_system:
                raise ValueError(f"{path}: cannot be read: {of_the_system}") from None
            raise ValueError(f"{path}: this is no PNG, JPEG or BMP picture, convert it to one: {error}") from None
    if whole is None:
        raise ValueError(f"{path}: {width} x {height} pixels are more than {MOST_PIXELS:,}")
    if whole.mode.startswith(("I", "F")):
        raise ValueError(f"{path}: a picture of {whole.mode} pixels; save it with 8 bits per channel")
    return whole


def _size(height: int, width: int, resize: str | int | Sequence[int], rows: int, columns: int) -> tuple[int, int]:
    """Rows and columns to which a picture is resized."""
    if resize == "stretch":
        return rows, columns
    if isinstance(resize, str):
        factor = min(rows / height, columns / width)
        return max(1, round(height * factor)), max(1, round(width * factor))
    if isinstance(resize, int):
        # As torchvision does it: the longer side is rounded down.
        other = int(resize * max(height, width) / min(height, width))
        return (resize, other) if height <= width else (other, resize)
    return resize[0], resize[1]


def _resized(picture: Any, resize: str | int | Sequence[int], rows: int, columns: int) -> Any:
    from PIL import Image

    height, width = _size(picture.height, picture.width, resize, rows, columns)
    if height * width > MOST_PIXELS:
        raise ValueError(f"a picture resized to {height} x {width} pixels is more than {MOST_PIXELS:,}")
    if (picture.height, picture.width) != (height, width):
        # Rows, then columns: which of them Pillow does first depends on its version, and rounds otherwise.
        picture = picture.resize((width, picture.height), Image.Resampling.BILINEAR)
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    if resize != "letterbox" or (height, width) == (rows, columns):
        return picture
    box = Image.new(picture.mode, (columns, rows), GREY if picture.mode == "L" else (GREY, GREY, GREY))
    box.paste(picture, ((columns - width) // 2, (rows - height) // 2))
    return box
