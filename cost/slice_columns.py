"""How a chip's multiplier slices lie: in columns, region by region, and how many columns of an array they hold.

The rows of an array's column are one uninterrupted cascade of slices (the stationary operand moves down it,
docs/overlay.md, section 9). A cascade runs within a column of slices and ends at the border of a region, an SLR of a
chip of several dies (UG949). So a column of ``h`` slices holds ``floor(h / rows)`` columns of the array.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dynamap.cost.errors import InputError
from dynamap.cost.words import shown

_COLUMNS = r"\s*([1-9]\d{0,3})\s*x\s*([1-9]\d{0,4})\s*"
_MOST_REGIONS = 16


@dataclass(frozen=True)
class SliceColumns:
    """``regions``: of each region the kinds of its columns, (how many, slices in each). None known: no region."""

    regions: tuple[tuple[tuple[int, int], ...], ...] = ()

    @staticmethod
    def parse(where: str, texts: Sequence[str]) -> SliceColumns:
        """From one text per region, such as ``3 x 60 + 2 x 20``; ``where`` is named in messages.

        >>> SliceColumns.parse("", ["3 x 60 + 2 x 20"]).slices
        220

        Raises:
            InputError: a text is not of that form, or there are too many.
        """
        if not 1 <= len(texts) <= _MOST_REGIONS:
            raise InputError(f"{where}: expected 1 to {_MOST_REGIONS} regions (SLRs), found {len(texts)}")
        regions = []
        for text in texts:
            parts = [re.fullmatch(_COLUMNS, part) for part in text.split("+")]
            kinds = [(int(part[1]), int(part[2])) for part in parts if part is not None]
            if len(kinds) < len(parts):
                raise InputError(
                    f"{where}: expected COLUMNS x SLICES of each region, such as '19 x 120' or '3 x 60 + 2 x 20', "
                    f"found {shown(text)}"
                )
            regions.append(tuple(kinds))
        return SliceColumns(tuple(regions))

    def texts(self) -> list[str]:
        """One text per region; ``parse`` reads them back."""
        return [" + ".join(f"{count} x {height}" for count, height in region) for region in self.regions]

    @property
    def known(self) -> bool:
        return bool(self.regions)

    @property
    def slices(self) -> int:
        """All of them."""
        return sum(count * height for region in self.regions for count, height in region)

    @property
    def tallest(self) -> int:
        """Slices of the longest column: the most rows of an array."""
        return max((height for region in self.regions for _, height in region), default=0)

    @property
    def crossings(self) -> int:
        """Borders between regions that lie side by side."""
        return max(0, len(self.regions) - 1)

    def held(self, rows: np.ndarray | int) -> np.ndarray | int:
        """The most columns of an array with so many rows.

        >>> SliceColumns((((19, 120),),) * 3).held(16)  # 7 stacks in each of 57 columns
        399
        """
        return sum(count * (height // rows) for region in self.regions for count, height in region)

    def twice(self) -> SliceColumns:
        """Twice as many columns in each region."""
        return SliceColumns(tuple(tuple((2 * count, height) for count, height in region) for region in self.regions))


UNKNOWN_COLUMNS = SliceColumns()
"""Of a chip of which nobody has said how its slices lie."""
