"""The regions of a program that grow while it is compiled: weight runs and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from dynamap.backends.program.encoding import SOURCE_BYTES
from dynamap.backends.program.fields import encode_record
from dynamap.backends.program.specification import ALIGNMENT, Source
from dynamap.cost.overlay.limits import SOURCE_WORDS
from dynamap.cost.overlay.machine import round_up

Bytes = npt.NDArray[np.uint8]


@dataclass
class Region:
    """Pieces that follow each other, each padded to 64 bytes; addresses count from the region's start."""

    pieces: list[Bytes] = field(default_factory=list)
    size: int = 0

    def add(self, data: Bytes) -> int:
        """Appends a piece and returns its address."""
        start = self.size
        missing = -len(data) % ALIGNMENT
        self.pieces.append(data)
        if missing:
            self.pieces.append(np.zeros(missing, np.uint8))
        self.size += len(data) + missing
        return start


@dataclass
class Tables:
    """Tables, each stored once, and source records, whose addresses are known only when all is placed."""

    region: Region = field(default_factory=Region)
    known: dict[bytes, int] = field(default_factory=dict)
    sources: list[tuple[int, tuple[Source, ...], str]] = field(default_factory=list)

    def add(self, data: bytes) -> int:
        """The address of a table with this content."""
        if data not in self.known:
            self.known[data] = self.region.add(np.frombuffer(data, np.uint8))
        return self.known[data]

    def add_sources(self, sources: Sequence[Source], where: str) -> int:
        """The address of source records whose own addresses are still those within the activations."""
        start = self.region.add(np.zeros(round_up(len(sources) * SOURCE_BYTES, ALIGNMENT), np.uint8))
        self.sources.append((start, tuple(sources), where))
        return start

    def finish(self, activations: int) -> bytes:
        """The tables' bytes, with the sources moved to where the activations begin."""
        data = bytearray(b"".join(piece.tobytes() for piece in self.region.pieces))
        for start, sources, where in self.sources:
            for i, source in enumerate(sources):
                moved = replace(source, address=source.address + activations)
                at = start + i * SOURCE_BYTES
                data[at : at + SOURCE_BYTES] = encode_record(moved, SOURCE_WORDS, where)
        return bytes(data)
