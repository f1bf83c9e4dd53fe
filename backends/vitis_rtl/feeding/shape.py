"""The sizes of the feed, and how many cycles its registers take."""

from __future__ import annotations

from dataclasses import dataclass

from dynamap.cost.multiplier import DSP48E2
from dynamap.cost.overlay.fitting.memory import banks

UNIT = 16
"""Bytes of a unit of the buffers: the channels of a pixel of one plane."""


def image_row_units(width: int, planes: int) -> int:
    """Units from a row of an image in a buffer to the next: as many pixels as memory keeps, a multiple of 4, and an odd
    number of units from one to the next, so that neither reads nor writes meet in a bank.
    """
    return 4 * -(-width // 4) * (planes | 1)


@dataclass(frozen=True)
class FeedShape:
    """The parameters of ``feed.sv``: the array's sides, units of a memory word (a power of two), and units of a bank.
    ``factor_bits``: of the array's slices, which the feed does not ask for.

    >>> FeedShape(rows=129, columns=49, word_units=16).array_cycles
    9
    """

    rows: int
    columns: int
    word_units: int = 4
    input_depth: int = 512
    weight_depth: int = 512
    accumulator_rows: int = 512
    group_rows: int = 8
    operand_bits: int = 8
    factor_bits: int = DSP48E2.wide_bits

    @property
    def window_units(self) -> int:
        """Units that a window of P1 values may touch: one more where it may begin inside a unit."""
        wide = self.rows * self.operand_bits // 8
        return wide // UNIT if self.rows % UNIT == 0 else (wide + 30) // UNIT

    @property
    def input_banks(self) -> int:
        """Banks that take a word and give a window in one cycle."""
        return int(banks.window_banks(self.word_units, self.rows, self.operand_bits))

    @property
    def pixel_cycles(self) -> int:
        """From a pixel that is taken to the network of the placer."""
        return _stages(2 * self.word_units) + 2

    @property
    def weight_banks(self) -> int:
        """Banks that take a word and give a row of 2 P2 bytes, or P1 of a channel, at any byte, in one cycle."""
        return int(banks.weight_banks(self.word_units, self.rows, self.columns))

    @property
    def array_cycles(self) -> int:
        """From a window or a row of weights that is asked for to the ports of the array."""
        return 5 + max(_stages(self.input_banks) + (2 if self.rows % UNIT else 0), _stages(self.weight_banks))

    @property
    def product_cycles(self) -> int:
        """Where sums or inputs stay: from a product that is known to the array's ports, windows turned meanwhile."""
        return self.array_cycles + 2 * _stages(max(self.rows, 2 * self.columns)) + 2

    @property
    def placing_cycles(self) -> int:
        """From a word that is taken to the cycle in which its units are written."""
        return 1 + _stages(self.input_banks)

    def parameters(self) -> dict[str, int]:
        """The parameters of ``feed.sv`` by their names there."""
        return {
            "Rows": self.rows,
            "Columns": self.columns,
            "GroupRows": self.group_rows,
            "OperandBits": self.operand_bits,
            "WordUnits": self.word_units,
            "InputBanks": self.input_banks,
            "InputDepth": self.input_depth,
            "WeightBanks": self.weight_banks,
            "WeightDepth": self.weight_depth,
            "AccumulatorRows": self.accumulator_rows,
        }


def _stages(banks: int) -> int:
    """Registers of a network over the banks: two stages of two in each."""
    return ((banks - 1).bit_length() + 1) // 2
