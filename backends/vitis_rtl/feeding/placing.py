"""What LOAD places in the input buffer, and its cycles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dynamap.backends.vitis_rtl.feeding.shape import UNIT


@dataclass(frozen=True)
class PlacedPlanes:
    """What LOAD places: ``planes`` of ``plane_units`` units, of which memory has the first from ``offset`` units
    within a word on, and each other ``plane_step`` units behind the one before. ``base``: the first unit in the
    buffer; ``pitch``: from a pixel to the next there, odd.

    Planes that follow each other without a gap are one run, and a word may have the end of one and the begin of the
    next; else each is a run of its own.
    """

    base: int
    pitch: int
    planes: int
    plane_units: int
    plane_step: int
    offset: int

    @property
    def contiguous(self) -> bool:
        """Whether the planes are one run."""
        return self.plane_step == self.plane_units

    def offsets(self, word_units: int) -> list[int]:
        """Where in a word each plane begins."""
        step = self.plane_step if self.contiguous else 0
        return [(self.offset + plane * step) % word_units for plane in range(self.planes)]

    def cycles(self, word_units: int) -> int:
        """Cycles in which words are taken: a word that two planes share is taken for each."""
        return sum(-(-(offset + self.plane_units) // word_units) for offset in self.offsets(word_units))

    def turns(self, word_units: int) -> Iterator[int]:
        """Cycles for each word: a word that planes share is taken once for each."""
        if not self.contiguous:
            yield from [1] * (self.planes * -(-self.plane_units // word_units))
            return
        units = self.planes * self.plane_units
        for begin in range(self.offset // word_units * word_units, self.offset + units, word_units):
            first = max(begin - self.offset, 0)
            last = min(begin + word_units - self.offset, units) - 1
            yield last // self.plane_units - first // self.plane_units + 1

    def registers(self, word_units: int) -> dict[str, int]:
        """The fields of ``load_t``."""
        return {
            "load_base": self.base,
            "load_pitch": self.pitch,
            "load_planes": self.planes,
            "load_plane_units": self.plane_units,
            "load_offset": self.offset,
            "load_offset_step": self.plane_step % word_units if self.contiguous else 0,
            "load_contiguous": int(self.contiguous),
            "load_pixels": 0,
            "load_row_pixels": 0,
            "load_pixel_bytes": 0,
        }


@dataclass(frozen=True)
class PlacedPixels:
    """What LOAD places of an hwc tensor: ``rows`` rows of ``columns`` pixels of ``channels`` bytes, each row from a
    multiple of 64 bytes on, the first one ``offset`` units into a word. In the buffer a pixel is ``pitch`` units
    behind the one before it, and a row ``row_units`` behind the row above.
    """

    base: int
    pitch: int
    rows: int
    columns: int
    channels: int
    row_units: int
    offset: int

    def cycles(self, word_units: int) -> int:
        """From the first word, one coming in each cycle, to the last bytes that are taken, both counted.

        A cycle takes a pixel, or a word's bytes of a longer one, when all of them were there in the cycle before.
        """
        cycle = 0
        for last, _ in self.taken(word_units):
            cycle = max(cycle + 1, last + 1)
        return cycle + 1

    def taken(self, word_units: int) -> list[tuple[int, int]]:
        """Of what each cycle takes, the word that has its last byte, and the one in which the next cycle begins."""
        wide = UNIT * word_units
        found = []
        for row in range(self.rows):
            first = UNIT * self.offset + row * self.row_bytes
            for column in range(self.columns):
                begin = first + column * self.channels
                for taken in range(0, self.channels, wide):
                    end = begin + min(taken + wide, self.channels)
                    found.append(((end - 1) // wide, end // wide))
            found[-1] = found[-1][0], (first + self.row_bytes) // wide
        return found

    @property
    def row_bytes(self) -> int:
        """Bytes of a row in memory."""
        return -(-self.columns * self.channels // 64) * 64

    def registers(self, word_units: int) -> dict[str, int]:
        """The fields of ``load_t``."""
        assert self.offset < word_units, "the first word has the first byte"
        return {
            "load_base": self.base,
            "load_pitch": self.pitch,
            "load_planes": self.rows,
            "load_plane_units": self.row_units,
            "load_offset": self.offset,
            "load_offset_step": 0,
            "load_contiguous": 0,
            "load_pixels": 1,
            "load_row_pixels": self.columns,
            "load_pixel_bytes": self.channels,
        }
