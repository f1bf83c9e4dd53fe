"""Pictures as a network's input, in the type and shape that the model declares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dynamap.backends.inputs.picture import pixels, placed, value_tables
from dynamap.backends.quantise.declared import declared_values
from dynamap.cost.errors import InputError
from dynamap.planner.network.element_types import ElementType
from dynamap.planner.network.network import Network
from dynamap.planner.request.preprocessing import Preprocessing

PILLOW = "pictures are read by Pillow, which is not installed: pip install 'dynamap[images]'"


def image_array(path: Path, network: Network, how: Preprocessing) -> npt.NDArray[Any]:
    """One image for the network's only input, as it declares it, without the batch.

    The bytes themselves for an input of integers where ``how`` leaves them as they are (minus 128 for int8); else real
    values, which an input of integers gets rounded by its own scale.

    Raises:
        InputError: the network takes no picture, Pillow is missing, or the file is no picture; the message names it.
    """
    name = input_for_pictures(network)
    shape = network.shape_of(name)
    shape = shape[1:] if shape[0] == 1 else shape
    try:
        (channels, rows, columns), last = placed(shape, how.layout.value if how.layout else None)
        document = how.document()
        content = pixels(path, document, channels, rows, columns)
    except ImportError:
        raise InputError(PILLOW) from None
    except ValueError as error:
        raise InputError(str(error)) from None
    order = (0, 1, 2) if last else (2, 0, 1)
    image = np.frombuffer(content, np.uint8).reshape(rows, columns, channels)
    kind = network.type_of(name)
    if how.raw and kind.is_integer:
        integers = image.transpose(order)
        return integers if kind is ElementType.UINT8 else (integers ^ 128).view(np.int8)
    tables = np.array(value_tables(document, channels), np.float32)
    real = np.stack([tables[channel][image[..., channel]] for channel in range(channels)], axis=-1)
    return declared_values(network, name, np.ascontiguousarray(real.transpose(order)))


def input_for_pictures(network: Network) -> str:
    """The network's only input.

    Raises:
        InputError: it has several.
    """
    if len(network.inputs) != 1:
        names = ", ".join(map(repr, network.inputs))
        raise InputError(f"pictures are for networks of one input, and this one has {names}: give an .npz with arrays")
    return network.inputs[0]
