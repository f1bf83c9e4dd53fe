"""The shape of one convolution, as every cost model sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from dynamap.cost.algorithms import WinogradTile
from dynamap.cost.geometry import TensorShape, Window, ceil_div


@dataclass(frozen=True)
class ConvShape:
    """A convolution of ``input`` to ``out_channels`` channels; a group reads and writes only its share.

    ``looks_up``: its results go through a table.

    >>> ConvShape(TensorShape(192, 28, 28), 64, Window((1, 1))).macs
    9633792
    """

    input: TensorShape
    out_channels: int
    window: Window
    groups: int = 1
    looks_up: bool = False

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

    @property
    def unit_stride(self) -> bool:
        return self.window.stride == (1, 1)

    @property
    def pointwise(self) -> bool:
        return self.window.kernel == (1, 1)

    @property
    def depthwise(self) -> bool:
        """One input channel makes one output channel: the vector unit's work."""
        return self.groups == self.input.channels == self.out_channels and self.groups > 1

    def rows_in(self, rows: int) -> int:
        """Input rows that a block of ``rows`` output rows reads (docs/overlay.md, section 3)."""
        window = self.window
        return min(self.input.height, (rows - 1) * window.stride[0] + window.extent[0])

    def winograd_rounds(self, tile: int) -> int:
        """Pieces of at most r x r taps that F(tile, r) splits the kernel into."""
        taps = WinogradTile(tile).taps
        return ceil_div(self.window.kernel[0], taps) * ceil_div(self.window.kernel[1], taps)

    def winograd_step(self, tile: int) -> tuple[int, int]:
        """Outputs (rows, columns) per tile: ``tile`` along a dimension with taps, 1 along one without."""
        rows, columns = self.window.kernel
        return tile if rows > 1 else 1, tile if columns > 1 else 1

    def winograd_positions(self, tile: int) -> int:
        """Products per tile, channel pair and round: m + r - 1 along each transformed dimension."""
        rows, columns = self.winograd_step(tile)
        more = WinogradTile(tile).taps - 1
        return (rows + more if rows > 1 else 1) * (columns + more if columns > 1 else 1)

    def winograd_products(self, tile: int) -> int:
        """Products of F(tile, r) on real channels: positions of all tiles and rounds, for every pair of channels."""
        rows, columns = self.winograd_step(tile)
        tiles = ceil_div(self.output.height, rows) * ceil_div(self.output.width, columns)
        depth = self.in_channels_per_group * self.winograd_rounds(tile) * self.winograd_positions(tile)
        return tiles * depth * self.out_channels

    def split_groups(self, multiple: int, *, dense: bool = False) -> tuple[ConvShape, int]:
        """One group as a dense convolution, and how many there are, after merging neighbouring groups.

        Groups are merged (with zero weights between them) until input and output channels of each are
        multiples of ``multiple``, or one is left; ``dense`` merges all of them.
        """
        groups = 1 if dense else self.groups
        while groups > 1 and (
            self.groups % groups
            or (self.input.channels // groups) % multiple
            or (self.out_channels // groups) % multiple
        ):
            groups -= 1
        one = replace(
            self,
            input=replace(self.input, channels=self.input.channels // groups),
            out_channels=self.out_channels // groups,
            groups=1,
        )
        return one, groups
