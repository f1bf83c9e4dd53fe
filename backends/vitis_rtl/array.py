"""One size of the systolic array, and its cycles as a cost model counts them (docs/rtl/array.md)."""

from __future__ import annotations

from dataclasses import dataclass

from dynamap.cost.multiplier import DSP48E2, pair_shift

PIPELINE = 4
"""Registers from the edge to a sum in a multiplier: the PE's own, the slice's input, its product, its sum."""


@dataclass(frozen=True)
class ArrayShape:
    """The parameters of ``systolic_array.sv``; the file says at elaboration which do not go together.

    ``group_rows`` (G): rows whose sums run down one cascade; the last group may have fewer. ``operand_bits``:
    of the moving operand, 8 for integers, 16 with Winograd. ``high_bits``: of a group's sum, above its low
    ``pair_shift``; 0: as many. ``factor_bits``: of a slice's wide side, 27 of a DSP48E2, 25 of a DSP48E1.
    ``accumulator_bits``: of each of the two sums in a row. ``accumulator_rows``: of each of the two halves.
    ``read_columns``: of a group of columns that is read at a time; 0: all of them.

    >>> ArrayShape(rows=16, columns=3).sum_cycles(column=2)
    15
    """

    rows: int
    columns: int
    group_rows: int = 8
    operand_bits: int = 8
    high_bits: int = 0
    factor_bits: int = DSP48E2.wide_bits
    accumulator_bits: int = 32
    accumulator_rows: int = 512
    read_columns: int = 0

    @property
    def pair_shift(self) -> int:
        """Bits between the two operands of a pair, and of the lower part of a sum."""
        shift = pair_shift(self.factor_bits)
        assert shift is not None
        return shift

    @property
    def group_high_bits(self) -> int:
        """Bits of a group's sum above its lower part."""
        return self.high_bits or self.pair_shift

    @property
    def groups(self) -> int:
        """Groups of rows in a column, N."""
        return -(-self.rows // self.group_rows)

    @property
    def levels(self) -> int:
        """Adders that a group's sum passes in the tree of its column."""
        return (self.groups - 1).bit_length()

    @property
    def row_bits(self) -> int:
        """Bits of the number of an accumulator row."""
        return (self.accumulator_rows - 1).bit_length()

    def core_parameters(self) -> dict[str, int]:
        """The parameters of ``array_core.sv`` by their names there."""
        return {
            "Rows": self.rows,
            "Columns": self.columns,
            "GroupRows": self.group_rows,
            "OperandBits": self.operand_bits,
            "HighBits": self.group_high_bits,
            "FactorBits": self.factor_bits,
        }

    def parameters(self) -> dict[str, int]:
        """The parameters of ``systolic_array.sv`` by their names there."""
        own = {
            "AccumulatorBits": self.accumulator_bits,
            "AccumulatorRows": self.accumulator_rows,
            "ReadColumns": self.read_columns or self.columns,
        }
        return self.core_parameters() | own

    @property
    def read_groups(self) -> int:
        """Groups of columns that are read one at a time."""
        return -(-self.columns // (self.read_columns or self.columns))

    def sum_cycles(self, column: int) -> int:
        """From a vector at the edge to its sum at the foot of ``column``: skew and cascade, split, tree, columns.

        The last row of a group enters G - 1 cycles after the first, and its sum follows PIPELINE later.
        """
        return (self.group_rows - 1) + PIPELINE + 1 + self.levels + column

    def stored_cycles(self, column: int) -> int:
        """From a vector at the edge to the cycle in which its accumulator row can be asked for: added, written."""
        return self.sum_cycles(column) + 2

    def read_cycles(self, column: int) -> int:
        """From the request for a row to its value: the request on its way, two registers of the memory, one behind."""
        return column % (self.read_columns or self.columns) + 4

    def streaming_tile(self, vectors: int) -> int:
        """Cycles of a tile whose sums run down (WS, IS, Winograd): its vectors, or the next tile's load."""
        return max(vectors, self.rows)

    def staying_tile(self, products: int, following: int | None = None) -> int:
        """Cycles of a tile whose sums stay (NS): ``products`` and G - 1 zeros behind them, or its rows' way out.

        P1 rows leave behind a tile's last product, so that of the next tile comes P1 cycles later or more. All
        tiles of a layer have as many products; where the next one has fewer (``following``), it waits for that.
        """
        fewer = products - (products if following is None else following)
        return max(products + self.group_rows - 1, self.rows + fewer)

    def streaming_to_staying(self) -> int:
        """From the last vector of streaming tiles to the first product of a staying one.

        ``outputs_stay_i`` rises a cycle before that product, when the last vector's sums are taken from the groups.
        """
        return self.group_rows + 3

    def staying_to_streaming(self) -> int:
        """From the last product of a staying tile to the first vector of a streaming one.

        Its rows leave (P1 + G, and a register); then the multipliers are free to be loaded for P1 cycles.
        """
        return (self.rows + self.group_rows + 1) + self.rows

    def after_streaming(self) -> int:
        """From the last vector to the cycle in which a request at column 0 meets all of it stored.

        A request moves right as sums do, so the last column is no later than the first.
        """
        return self.stored_cycles(0) - 1

    def after_staying(self) -> int:
        """From the last product of a tile to the cycle in which its last row to leave can be asked for."""
        return self.after_streaming() + self.rows - 1
