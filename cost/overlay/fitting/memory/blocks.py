"""Kinds of on-chip memory block, and how many of them a memory takes.

Exact for those of UltraScale+, as Yosys maps a memory with one port to read and one to write.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dynamap.cost.device import BLOCK_BYTES
from dynamap.cost.overlay.transfer import Ints

Shape = tuple[int, int, int]
"""Width in bits, depth, and pieces of a block that are taken."""


@dataclass(frozen=True)
class MemoryKind:
    """A kind of block in its shapes of one port to read and one to write; ``pieces``: that have ports of their own.

    ``bytes``: that are written by themselves, 0 where rows of a deep memory are never put side by side in a row of it.
    """

    name: str
    shapes: tuple[Shape, ...]
    pieces: int = 1
    bytes: int = 0

    @property
    def block_bytes(self) -> int:
        return BLOCK_BYTES[self.name]

    def blocks(self, pieces: Ints | int) -> Ints | int:
        """Blocks that have so many pieces."""
        return -(-pieces // self.pieces)


URAM = MemoryKind("uram", ((72, 4096, 1),), bytes=9)  # UG573: 4K x 72
_HALVES: tuple[Shape, ...] = (
    (36, 512, 1),
    (18, 1024, 1),
    (9, 2048, 1),
    (4, 4096, 1),
    (2, 8192, 1),
    (1, 16384, 1),
)
_WHOLE: tuple[Shape, ...] = (
    (72, 512, 2),
    (36, 1024, 2),
    (18, 2048, 2),
    (9, 4096, 2),
    (4, 8192, 2),
    (2, 16384, 2),
    (1, 32768, 2),
)
BRAM36 = MemoryKind("bram36", (*_HALVES, *_WHOLE), pieces=2)  # UG573, UG473: simple dual port


@dataclass(frozen=True, eq=False)
class Memory:
    """``copies`` memories of ``depth`` words of ``width_bits``: integers, or arrays for many overlays at once.

    ``large``: it may lie in the large blocks of a device that has some; others lie in the small ones.
    """

    name: str
    copies: Ints | int
    width_bits: Ints | int
    depth: Ints | int
    large: bool = False

    def pieces(self, kind: MemoryKind) -> Ints | int:
        """Pieces of blocks of a kind that all copies take, each in the shape that takes the fewest.

        >>> int(Memory("input", 4, 128, 512).pieces(BRAM36))  # 36 bits wide: four halves of a block each
        16
        >>> int(Memory("input", 1, 128, 2048).pieces(BRAM36))  # 9 bits wide
        15
        >>> int(Memory("weights", 1, 128, 32768).pieces(URAM))  # eight units of 16 bytes in a row, nine bytes in each
        15
        """
        fewest: Ints | int = 1 << 40
        for width, depth, pieces in kind.shapes:
            fewest = np.minimum(fewest, pieces * -(-self.width_bits // width) * -(-self.depth // depth))
        if kind.bytes:
            (_, depth, _), *_ = kind.shapes
            together = -(-self.width_bits // 8) * -(-self.depth // depth)
            fewest = np.minimum(fewest, -(-together // kind.bytes))
        return self.copies * fewest
