"""The draining half of the convolution core: its sizes, and its cycles as a cost model counts them (docs/rtl)."""

from __future__ import annotations

from dataclasses import dataclass

from dynamap.backends.vitis_rtl.memory.ports import MemoryPort, port_of_word
from dynamap.cost.multiplier import DSP48E2

LANE_CYCLES = 12
"""From a sum to its byte: bias, choice, product (4), shift and zero point (4), clamp, table (2)."""

ANSWER_CYCLES = 4
"""From a request for an accumulator row to the answer of the group's first column."""

WRITE_CYCLES = 2
"""From a row of bytes to the cycle in which it is written."""

TURN_CYCLES = 21
"""From a row of a channel to the set of positions of its number: its plane's other rows, the corner, and out of it."""

UNIT_BYTES = 16
UNIT_PAIRS = UNIT_BYTES // 2
"""Pairs of lanes, and columns, that have the channels of a unit."""


@dataclass(frozen=True)
class LaneShape:
    """The parameters of ``post_lanes.sv``.

    ``pairs``: columns of a group, each of which has two lanes. ``value_bits``: of a sum and its bias. ``factor_bits``:
    of a slice's wide side.

    >>> LaneShape(columns=12, pairs=8).row_cycles()
    19
    """

    columns: int
    pairs: int = 8
    accumulator_bits: int = 32
    value_bits: int = 36
    factor_bits: int = DSP48E2.wide_bits

    def parameters(self) -> dict[str, int]:
        """The parameters by their names in the RTL."""
        return {
            "Columns": self.columns,
            "Pairs": self.pairs,
            "AccumulatorBits": self.accumulator_bits,
            "FactorBits": self.factor_bits,
            "ValueBits": self.value_bits,
        }

    @property
    def groups(self) -> int:
        """Groups of columns that the lanes serve in turn."""
        return -(-self.columns // self.pairs)

    def row_cycles(self) -> int:
        """From the answer of a group's first column to its row of bytes: the last pair's answer, and a lane."""
        return min(self.pairs, self.columns) - 1 + LANE_CYCLES


@dataclass(frozen=True)
class DrainShape:
    """The parameters of ``drain.sv``; the lanes are those of ``lanes``.

    ``units``: of 16 bytes in a memory word. ``parameter_depth`` and ``output_depth``: words of the memory of
    parameters, and of both halves of the output buffer. ``winograd``: sums of Winograd's positions too.
    """

    lanes: LaneShape
    accumulator_rows: int = 512
    units: int = 4
    parameter_depth: int = 512
    output_depth: int = 1024
    winograd: bool = False

    def parameters(self) -> dict[str, int]:
        """The parameters by their names in the RTL."""
        return {
            "Columns": self.lanes.columns,
            "Pairs": self.lanes.pairs,
            "AccumulatorBits": self.lanes.accumulator_bits,
            "Units": self.units,
            "ParameterDepth": self.parameter_depth,
            "OutputDepth": self.output_depth,
            "Winograd": int(self.winograd),
        }

    @property
    def port(self) -> MemoryPort:
        """The memory ports that its words go to."""
        return port_of_word(self.units * UNIT_BYTES)

    @property
    def side_planes(self) -> int:
        """Units that the lanes have side by side: planes of a position, or positions of a plane."""
        return self.lanes.pairs // UNIT_PAIRS

    def sets(self, width: int) -> int:
        """Columns of a row in whole sets of positions, as rows are counted where inputs stay."""
        return -(-width // self.side_planes) * self.side_planes

    def chunks(self, left: int) -> list[int]:
        """Of a block of so many units of 8 columns each chunk's, tile by tile of columns, group by group of a tile.

        >>> DrainShape(LaneShape(columns=24, pairs=16)).chunks(5)
        [2, 1, 2]
        """
        found = []
        while left:
            tile = min(left, self.lanes.columns // UNIT_PAIRS)
            left -= tile
            while tile:
                found.append(min(tile, self.lanes.pairs // UNIT_PAIRS))
                tile -= found[-1]
        return found

    def chunk_cycles(self, positions: int, channels: int, *, by_channel: bool = False) -> list[int]:
        """Cycles of each chunk of a block: one for each of its rows, and one for each pair of lanes whose parameters it
        loads; ``by_channel``: a row is a channel, in whole planes, and comes with its parameters.
        """
        if by_channel:
            return [max(self._rows(channels), self.lanes.pairs) for _ in self.chunks(-(-positions // UNIT_BYTES))]
        return [max(positions, UNIT_PAIRS * units) for units in self.chunks(-(-channels // UNIT_BYTES))]

    def post_cycles(self, positions: int, channels: int, *, by_channel: bool = False) -> int:
        """From the first request for a row to the cycle behind the last: POST is taken so long by a block."""
        return sum(self.chunk_cycles(positions, channels, by_channel=by_channel))

    def filled_cycles(self, positions: int, channels: int, *, by_channel: bool = False) -> int:
        """From the first request for a row to the cycle in which the block is said to be in the output buffer."""
        rows = self._rows(channels) if by_channel else positions
        last_request = sum(self.chunk_cycles(positions, channels, by_channel=by_channel)[:-1]) + rows - 1
        turned = TURN_CYCLES if by_channel else 0
        return last_request + ANSWER_CYCLES + self.lanes.row_cycles() + turned + WRITE_CYCLES

    @staticmethod
    def _rows(channels: int) -> int:
        """Rows of a chunk that are channels."""
        return -(-channels // UNIT_BYTES) * UNIT_BYTES
