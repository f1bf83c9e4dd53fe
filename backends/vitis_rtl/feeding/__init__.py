"""The feeding half of the convolution core: its sizes, a block's registers, and its cycles (docs/rtl/feeding.md)."""

from dynamap.backends.vitis_rtl.feeding.blocks import (
    LEAST_TILE,
    ConvolutionBlock,
    HeldTimeline,
    Layout,
    block_cycles,
    held_starts,
    tile_starts,
)
from dynamap.backends.vitis_rtl.feeding.placing import PlacedPixels, PlacedPlanes
from dynamap.backends.vitis_rtl.feeding.records import BLOCK_FIELDS, LOAD_FIELDS, feed_inputs, feed_outputs
from dynamap.backends.vitis_rtl.feeding.shape import UNIT, FeedShape

__all__ = [
    "BLOCK_FIELDS",
    "LEAST_TILE",
    "LOAD_FIELDS",
    "UNIT",
    "ConvolutionBlock",
    "FeedShape",
    "HeldTimeline",
    "Layout",
    "PlacedPixels",
    "PlacedPlanes",
    "block_cycles",
    "feed_inputs",
    "feed_outputs",
    "held_starts",
    "tile_starts",
]
