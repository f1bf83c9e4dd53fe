"""Words behind the reading port, and pixels of hwc taken out of them (``core_reads.sv``, ``pixel_lanes.sv``)."""

from __future__ import annotations

WAITING_WORDS = 32
"""Words of the queue behind the reading port."""
HELD_WORDS = 2
"""Words out of which pixels of hwc are taken."""


class HeldPixels:
    """Pixels of hwc out of two words that are held, from ``first`` on; ``taken``: see PlacedPixels."""

    def __init__(self, first: int, taken: list[tuple[int, int]]) -> None:
        self._taken, self._number = taken, 0
        self._words: list[int] = []
        self._left: list[int] = []
        self.last = self.delivered = first - 1
        """When the last pixel, and the last word, was taken."""

    def take(self, there: int) -> int:
        """A word that is there from this cycle on, when one of those that are held has left."""
        self.delivered = max(there, self.delivered + 1)
        if len(self._words) >= HELD_WORDS:
            self.delivered = max(self.delivered, self._left[len(self._words) - HELD_WORDS])
        self._words.append(self.delivered)
        while self._number < len(self._taken) and self._taken[self._number][0] < len(self._words):
            word, following = self._taken[self._number]
            self.last = max(self.last, self._words[word]) + 1
            self._left += [self.last] * (following - len(self._left))
            self._number += 1
        return self.delivered
