"""A picture as a program's input, by data/preprocessing.json, and the classes in its output.

What is done to the picture is in picture.py, the same file by which `dynamap run` does it. Pictures are read by Pillow.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path

from overlay_tensor import REAL, Tensor
from picture import in_order, pixels, placed, value_tables

SHOWN = 5


def stored_picture(path: Path, tensor: Tensor, folder: Path) -> list[int]:
    """The int8 values of a picture for the program's only input, in the order of the tensor's elements.

    Raises:
        ValueError: Pillow is missing, the file is no picture, or the network takes none.
    """
    how = json.loads((folder / "preprocessing.json").read_text())
    (channels, rows, columns), last = placed((tensor.channels, tensor.height, tensor.width), how["layout"])
    try:
        content, whose = in_order(pixels(path, how, channels, rows, columns), channels, last)
    except ImportError as error:
        raise ValueError("pictures are read by Pillow, which is not installed: pip install pillow") from error
    raw = how["scale"] == 1 and set(how["mean"]) == {0} and set(how["std"]) == {1}
    if raw and tensor.declared != REAL:
        return [byte - 128 for byte in content]  # the integers themselves
    tables = [[tensor.quantised(value) for value in table] for table in value_tables(how, channels)]
    return [tables[channel][byte] for byte, channel in zip(content, whose, strict=True)]


def class_lines(tensor: Tensor, stored: Sequence[int], folder: Path) -> list[str]:
    """A line for each of the likeliest classes, by a softmax unless the values are probabilities; none for no classes.

    ``stored`` are the int8 values of the program's only output; names come from data/labels.txt where it is there.
    """
    if not 1 < tensor.elements == max(tensor.channels, tensor.height, tensor.width):
        return []
    file = folder / "labels.txt"
    labels = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    values = [(value - tensor.zero_point) * tensor.scale for value in stored]
    certain = min(values) >= 0 and abs(sum(values) - 1) < 0.05
    shares = values if certain else [math.exp(value - max(values)) for value in values]
    total = sum(shares)
    best = sorted(range(len(values)), key=lambda index: -values[index])[:SHOWN]
    names = [f" {labels[index]}".rstrip() if index < len(labels) else "" for index in best]
    return [f"class {i}{name}: {shares[i] / total:.2%}" for i, name in zip(best, names, strict=True)]
