"""Sizes that follow from those of a plan's buffers: what else a kernel holds beside the array (docs/overlay.md)."""

from __future__ import annotations

import numpy as np

from dynamap.cost.overlay.limits import PARAMETER_CHANNELS
from dynamap.cost.overlay.transfer import Ints

PIXELS_SHARE = 4
"""Of the input buffer for Winograd's pixels: their transformed tiles are two to four times as large."""


def pixels(input_buffer: Ints | int) -> Ints:
    """Bytes of both halves of the buffer that Winograd's inputs are placed in."""
    return np.asarray(input_buffer) // PIXELS_SHARE


def parameter_channels(weight_buffer: Ints | int) -> Ints:
    """Output channels whose parameters are kept: each takes 32 bytes of its half of the weight buffer at least."""
    channels: Ints = np.minimum(PARAMETER_CHANNELS, np.maximum(64, np.asarray(weight_buffer) // 16))
    return channels
