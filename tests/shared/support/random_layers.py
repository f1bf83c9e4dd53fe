"""Convolutions of any shape for the core in RTL."""

from __future__ import annotations

import numpy as np

from dynamap.backends.program.specification import AlgorithmCode, DataflowCode, FormatCode
from support.layer_records import Layer

HWC, TOEPLITZ = FormatCode.HWC, FormatCode.TOEPLITZ
NS, IS = DataflowCode.NS, DataflowCode.IS


def random_layer(random: np.random.Generator, *, pixels: bool) -> Layer:
    """Kernels up to 5, strides and dilations up to 2, all formats (``pixels``: hwc too), algorithms and passes."""
    kernel = tuple(int(taps) for taps in random.integers(1, 6, 2))
    dilation = int(random.integers(1, 3))
    least = dilation * (max(kernel) - 1) + 1
    height, width = (int(random.integers(least, least + 8)) for _ in range(2))
    stride = int(random.integers(1, 3))
    by_rows = bool(random.integers(0, 2))
    channels, out_channels = int(random.integers(1, 50)), int(random.integers(1, 100))
    input_format = (FormatCode.C16, FormatCode.C16, TOEPLITZ, HWC)[random.integers(0, 4 if pixels else 3)]
    block_channels = 0 if by_rows else 16 * int(random.integers(1, 4))
    whole = block_channels == 0 or block_channels >= out_channels
    tapped = stride == 1 and input_format is not TOEPLITZ and random.random() < 0.3
    return Layer(
        channels,
        height,
        width,
        out_channels,
        (kernel[0], kernel[1]),
        stride=stride,
        pad=int(random.integers(0, max(kernel))),
        dilation=dilation,
        block_rows=int(random.integers(1, 4)) if by_rows else 0,
        block_channels=block_channels,
        look_up=bool(random.integers(0, 2)),
        input_format=input_format,
        output_format=HWC if whole and random.random() < 0.3 else FormatCode.C16,
        algorithm=AlgorithmCode.KN2ROW if tapped else AlgorithmCode.IM2COL,
        dataflow=(DataflowCode.WS, DataflowCode.WS, IS, DataflowCode.WS if tapped else NS)[random.integers(0, 4)],
        chunk_units=int(random.integers(0, 3)) if input_format is FormatCode.C16 else 0,
        band_rows=0 if by_rows else int(random.integers(0, 4)),
    )
