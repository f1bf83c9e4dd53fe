"""The sizes of the convolution core."""

from __future__ import annotations

from dataclasses import dataclass

from dynamap.backends.vitis_rtl.core.post import UNIT_BYTES, DrainShape
from dynamap.backends.vitis_rtl.feeding import FeedShape
from dynamap.backends.vitis_rtl.feeding.transforming import TransformShape
from dynamap.backends.vitis_rtl.memory.ports import MemoryPort

PARAMETER_SETS = 4
"""Blocks whose parameters are kept at a time where weights stream: one posted, one computed, two loaded."""


@dataclass(frozen=True)
class CoreShape:
    """The parameters of ``core.sv``: those of its two halves, which agree on columns, words and accumulators.

    ``pixel_depth``: units of a bank of Winograd's buffer of pixels, if it can do Winograd.
    """

    feed: FeedShape
    drain: DrainShape
    port: MemoryPort
    pixel_depth: int = 512

    def __post_init__(self) -> None:
        assert self.feed.columns == self.drain.lanes.columns
        assert self.feed.word_units == self.drain.units and self.port.word_bytes == self.word
        assert self.feed.accumulator_rows == self.drain.accumulator_rows
        assert self.feed.factor_bits == self.drain.lanes.factor_bits, "one kind of slice"
        assert self.feed.operand_bits == (16 if self.winograd else 8), "Winograd's operands have 16 bits"

    @property
    def winograd(self) -> bool:
        """Whether it can do Winograd too."""
        return self.drain.winograd

    @property
    def word(self) -> int:
        """Bytes of a memory word."""
        return UNIT_BYTES * self.feed.word_units

    def parameters(self) -> dict[str, int]:
        """The parameters by their names in the RTL."""
        feed = {name: value for name, value in self.feed.parameters().items() if name != "OperandBits"}
        return {
            **feed,
            "FactorBits": self.feed.factor_bits,
            "Pairs": self.drain.lanes.pairs,
            "ParameterDepth": self.drain.parameter_depth,
            "OutputDepth": self.drain.output_depth,
            "Winograd": int(self.winograd),
            "PixelDepth": self.pixel_depth,
            "Outstanding": self.port.outstanding,
        }

    @property
    def transform(self) -> TransformShape:
        """LOAD's transform for Winograd."""
        return TransformShape(self.feed.input_banks, self.feed.input_depth, self.pixel_depth, self.feed.word_units)

    @property
    def pixel_half(self) -> int:
        """Units of a half of the buffer that inputs are placed in: for Winograd pixels."""
        return self.feed.input_banks * self.pixel_depth // 2

    @property
    def input_half(self) -> int:
        """Units of a half of the input buffer."""
        return self.feed.input_banks * self.feed.input_depth // 2

    @property
    def weight_half(self) -> int:
        """Units of a half of the weight buffer."""
        return self.feed.weight_banks * self.feed.weight_depth // 2
