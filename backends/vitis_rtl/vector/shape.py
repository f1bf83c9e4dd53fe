"""The sizes of a vector unit, the parameters of ``vector_unit.sv``."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dynamap.backends.vitis_rtl.memory.ports import MemoryPort, port_of_word
from dynamap.cost.multiplier import DSP48E2

UNIT_BYTES = 16

MOST_SOURCES = 8
"""Tensors that a pass reads: ``Sources`` of ``vector_pkg.sv``."""

LANE_CYCLES = 17
"""From a value at a lane to the byte that it is the last one of (``vector_lane.sv`` and, behind it, ``lane.sv``)."""

SWEPT_CYCLES = 2
"""From a pixel to the window that ends at it, behind a value by itself (``pool_pkg.sv``)."""

JOIN_CYCLES = 1
"""Less, where a value is added to the sum of others behind their product (``vector_pkg.sv``)."""

LATER_CYCLES = 13
"""From a value to its product with what follows from its neighbours, behind that of others (``lrn_pkg.sv``)."""

WRITE_CYCLES = 2
"""From a block's last bytes to the word that it is in the output buffer."""


@dataclass(frozen=True)
class VectorUnitShape:
    """``lanes``: of 16 channels each plane, planes side by side. ``banks``: of the input buffer and of the resident
    one, a power of two, at least two for each plane. ``input_depth``, ``resident_depth``: units of a bank.
    ``output_depth``: words of both halves. ``normalises``: local response normalisation too. ``pool_depth``: pixels of
    a row whose windows run, 0 for none. ``factor_bits``: of a slice's wide side.
    """

    lanes: int = 32
    word_units: int = 4
    banks: int = 4
    input_depth: int = 512
    resident_depth: int = 512
    output_depth: int = 1024
    outstanding: int = 32
    normalises: bool = True
    pool_depth: int = 512
    factor_bits: int = DSP48E2.wide_bits

    def parameters(self) -> dict[str, int]:
        """The parameters by their names in the RTL."""
        return {
            "Lanes": self.lanes,
            "WordUnits": self.word_units,
            "Banks": self.banks,
            "InputDepth": self.input_depth,
            "ResidentDepth": self.resident_depth,
            "OutputDepth": self.output_depth,
            "Outstanding": self.outstanding,
            "FactorBits": self.factor_bits,
            "Normalises": int(self.normalises),
            "PoolDepth": self.pool_depth,
        }

    @property
    def word(self) -> int:
        """Bytes of a memory word."""
        return UNIT_BYTES * self.word_units

    @property
    def port(self) -> MemoryPort:
        """Its memory ports, reading and writing."""
        return replace(port_of_word(self.word), outstanding=self.outstanding)

    @property
    def planes(self) -> int:
        """Planes of 16 channels that the lanes work on side by side."""
        return self.lanes // UNIT_BYTES

    @property
    def input_half(self) -> int:
        """Units of a half of the input buffer."""
        return self.banks * self.input_depth // 2

    @property
    def network_cycles(self) -> int:
        """Through the turns of units in front of and behind the banks: two bits of the bank in each cycle."""
        return -(-(self.banks - 1).bit_length() // 2)

    @property
    def pixel_cycles(self) -> int:
        """From a pixel of hwc that is taken to the network of the placer."""
        return (self.word_units.bit_length() + 1) // 2 + 2

    @property
    def read_cycles(self) -> int:
        """From a unit's address to its data."""
        return 3 + self.network_cycles
