"""The draining half of the convolution core: its sizes, and its cycles as a cost model counts them (docs/rtl)."""

from __future__ import annotations

from dataclasses import dataclass

LANE_CYCLES = 12
"""From a sum to its byte: bias, choice, product (4), shift and zero point (4), clamp, table (2)."""

ANSWER_CYCLES = 4
"""From a request for an accumulator row to the answer of the group's first column."""

WRITE_CYCLES = 2
"""From a row of bytes to the cycle in which it is written."""

UNIT_BYTES = 16
UNIT_PAIRS = UNIT_BYTES // 2
"""Pairs of lanes, and columns, that have the channels of a unit."""


@dataclass(frozen=True)
class LaneShape:
    """The parameters of ``post_lanes.sv``.

    ``pairs``: columns of a group, each of which has two lanes. ``value_bits``: of a sum and its bias.

    >>> LaneShape(columns=12, pairs=8).row_cycles()
    19
    """

    columns: int
    pairs: int = 8
    accumulator_bits: int = 32
    value_bits: int = 36

    def parameters(self) -> dict[str, int]:
        """The parameters by their names in the RTL."""
        return {
            "Columns": self.columns,
            "Pairs": self.pairs,
            "AccumulatorBits": self.accumulator_bits,
            "ValueBits": self.value_bits,
        }

    @property
    def groups(self) -> int:
        """Groups of columns that the lanes serve in turn."""
        return -(-self.columns // self.pairs)

    def row_cycles(self) -> int:
        """From the answer of a group's first column to its row of bytes: the last pair's answer, and a lane."""
        return self.pairs - 1 + LANE_CYCLES


@dataclass(frozen=True)
class DrainShape:
    """The parameters of ``drain.sv``; the lanes are those of ``lanes``.

    ``units``: of 16 bytes in a memory word. ``parameter_depth`` and ``output_depth``: words of the memory of
    parameters, and of both halves of the output buffer.
    """

    lanes: LaneShape
    accumulator_rows: int = 512
    units: int = 4
    parameter_depth: int = 512
    output_depth: int = 1024

    def parameters(self) -> dict[str, int]:
        """The parameters by their names in the RTL."""
        return {
            "Columns": self.lanes.columns,
            "Pairs": self.lanes.pairs,
            "AccumulatorBits": self.lanes.accumulator_bits,
            "Units": self.units,
            "ParameterDepth": self.parameter_depth,
            "OutputDepth": self.output_depth,
        }

    def chunks(self, channels: int) -> list[int]:
        """Units of 16 channels in each chunk of a block, tile by tile of columns, group by group of a tile.

        >>> DrainShape(LaneShape(columns=24, pairs=16)).chunks(80)
        [2, 1, 2]
        """
        found = []
        left = -(-channels // UNIT_BYTES)
        while left:
            tile = min(left, self.lanes.columns // UNIT_PAIRS)
            left -= tile
            while tile:
                found.append(min(tile, self.lanes.pairs // UNIT_PAIRS))
                tile -= found[-1]
        return found

    def post_cycles(self, positions: int, channels: int) -> int:
        """From the first request for a row to the cycle behind the last: POST is taken so long by a block.

        A chunk takes a cycle for each position, and one for each pair of lanes whose parameters it loads.
        """
        return sum(max(positions, UNIT_PAIRS * units) for units in self.chunks(channels))

    def filled_cycles(self, positions: int, channels: int) -> int:
        """From the first request for a row to the cycle in which the block is said to be in the output buffer."""
        chunks = self.chunks(channels)
        last_request = self.post_cycles(positions, channels) - max(positions, UNIT_PAIRS * chunks[-1]) + positions - 1
        return last_request + ANSWER_CYCLES + self.lanes.row_cycles() + WRITE_CYCLES
