"""The shape of one convolution, as every cost model sees it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from dynamap.cost.geometry import TensorShape, Window


@dataclass(frozen=True)
class ConvShape:
    """A convolution of ``input`` to ``out_channels`` channels; a group reads and writes only its share.

    >>> ConvShape(TensorShape(192, 28, 28), 64, Window((1, 1))).macs
    9633792
    """

    input: TensorShape
    out_channels: int
    window: Window
    groups: int = 1

    def __post_init__(self) -> None:
        if self.groups < 1 or self.input.channels % self.groups or self.out_channels % self.groups:
            raise ValueError(f"groups must divide the channels of input and output: {self}")

    @cached_property
    def output(self) -> TensorShape:
        height, width = self.window.output_size(self.input.height, self.input.width)
        return TensorShape(self.out_channels, height, width)

    @property
    def in_channels_per_group(self) -> int:
        return self.input.channels // self.groups

    @property
    def out_channels_per_group(self) -> int:
        return self.out_channels // self.groups

    @property
    def macs(self) -> int:
        """Multiply-accumulates, padding included."""
        rows, columns = self.window.kernel
        return self.output.elements * self.in_channels_per_group * rows * columns
