"""Shapes of tensors and of sliding windows, and the arithmetic between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


def ceil_div(numerator: int, denominator: int) -> int:
    """The smallest integer not below ``numerator / denominator``."""
    return -(-numerator // denominator)


@dataclass(frozen=True)
class TensorShape:
    """The shape of one activation tensor, batch 1: channels x height x width.

    A flat vector of N features is N x 1 x 1.
    """

    channels: int
    height: int
    width: int

    def __post_init__(self) -> None:
        if min(self.channels, self.height, self.width) < 1:
            raise ValueError(f"every dimension must be positive, found {self}")

    @property
    def elements(self) -> int:
        return self.channels * self.height * self.width

    def as_list(self) -> list[int]:
        return [self.channels, self.height, self.width]

    @classmethod
    def of_sizes(cls, sizes: Sequence[int]) -> Self:
        """Of an activation of one to three dimensions without the batch; a row (C x L) has the height 1.

        >>> TensorShape.of_sizes((4, 9)).as_list()
        [4, 1, 9]
        """
        return cls(sizes[0], 1, sizes[1]) if len(sizes) == 2 else cls(*(*sizes, 1, 1)[:3])


@dataclass(frozen=True)
class Window:
    """A sliding window: (height, width) pairs, pads as (top, left, bottom, right)."""

    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)

    def __post_init__(self) -> None:
        if min(*self.kernel, *self.stride, *self.dilation) < 1 or min(self.pads) < 0:
            raise ValueError(f"kernel, stride and dilation must be positive and pads not negative: {self}")

    @property
    def extent(self) -> tuple[int, int]:
        """Rows and columns that one window spans, dilation included."""
        return (
            (self.kernel[0] - 1) * self.dilation[0] + 1,
            (self.kernel[1] - 1) * self.dilation[1] + 1,
        )

    def output_size(self, height: int, width: int, *, ceil_mode: bool = False) -> tuple[int, int]:
        """Rows and columns of the output, as the ONNX operators Conv and MaxPool define them.

        With ``ceil_mode`` a window that starts inside the input or its top/left pad may
        overhang the bottom/right pad; one that would start beyond is dropped.
        """
        sizes = []
        for size, stride, before, after, extent in (
            (height, self.stride[0], self.pads[0], self.pads[2], self.extent[0]),
            (width, self.stride[1], self.pads[1], self.pads[3], self.extent[1]),
        ):
            span = size + before + after - extent
            if not ceil_mode:
                sizes.append(span // stride + 1)
                continue
            count = ceil_div(span, stride) + 1
            if (count - 1) * stride >= size + before:
                count -= 1
            sizes.append(count)
        return sizes[0], sizes[1]
