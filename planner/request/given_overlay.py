"""An overlay that exists, one bitstream: its array and its buffers are kept, and only the mapping is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from dynamap.cost.errors import InputError
from dynamap.cost.overlay.fitting.candidates import Candidates, require_array
from dynamap.cost.overlay.fitting.extras import KernelParts
from dynamap.cost.overlay.fitting.memory.sizes import GRID
from dynamap.cost.overlay.machine import Buffers
from dynamap.planner.plan.parts import PARTS, parts_document, parts_of_document

_KEYS = {
    "input_bytes": "input_buffer",
    "weight_bytes": "weight_buffer",
    "accumulator_rows": "accumulator_rows",
    "row_bytes": "row_buffer",
}
"""Keys of a plan's ``request.overlay``, and the sizes of `Buffers` that they mean."""


@dataclass(frozen=True)
class GivenOverlay:
    """An array of ``rows`` x ``columns`` PEs, the buffers beside it and the parts of its kernel; the device says the
    rest.
    """

    rows: int
    columns: int
    buffers: Buffers
    parts: KernelParts

    def document(self) -> dict[str, int]:
        """Plain JSON data; ``of`` reads it back."""
        sizes = {key: getattr(self.buffers, name) for key, name in _KEYS.items()}
        return {"rows": self.rows, "columns": self.columns, **sizes, **parts_document(self.parts)}

    @staticmethod
    def of(document: Mapping[str, Any]) -> GivenOverlay:
        """The overlay of a ``document``.

        Raises:
            KeyError, TypeError: a key is missing, or one too many.
        """
        said = dict(document)
        rows, columns = said.pop("rows"), said.pop("columns")
        buffers = Buffers(**{name: said.pop(key) for key, name in _KEYS.items()})
        for key in PARTS:
            if key not in said:
                raise KeyError(f"{key}: what the kept overlay's kernel has is not said; plan with another --overlay")
        parts = parts_of_document({key: said.pop(key) for key in PARTS})
        if said:
            raise TypeError(f"unknown key {min(said)!r}")
        return GivenOverlay(rows, columns, buffers, parts)

    def require_fit(self, candidates: Candidates) -> None:
        """Checks that the device can hold it.

        Raises:
            InputError: it is no overlay of this kind.
            InfeasibleError: the device is too small for it.
        """
        if min(self.rows, self.columns) < 1:
            raise InputError(f"an overlay of {self.rows} x {self.columns} PEs is none: both sides must be positive")
        for name, sizes in zip(asdict(self.buffers), GRID.axes, strict=True):
            if getattr(self.buffers, name) not in sizes:
                raise InputError(
                    f"an overlay with {name} = {getattr(self.buffers, name)} is none that this version builds "
                    f"({', '.join(map(str, sizes))})"
                )
        require_array(candidates, self.rows, self.columns, continued=True, given=self.buffers)
