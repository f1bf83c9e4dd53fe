"""An overlay that exists, one bitstream: its array and its buffers are kept, and only the mapping is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from dynamap.cost.errors import InfeasibleError, InputError
from dynamap.cost.overlay.fitting.candidates import Candidates, require_array
from dynamap.cost.overlay.fitting.sizes import GRID
from dynamap.cost.overlay.fitting.spreading import memory_use
from dynamap.cost.overlay.machine import Buffers


@dataclass(frozen=True)
class GivenOverlay:
    """An array of ``rows`` x ``columns`` PEs and the buffers beside it; the device says the rest."""

    rows: int
    columns: int
    buffers: Buffers

    def document(self) -> dict[str, int]:
        """Plain JSON data; ``of`` reads it back."""
        return {"rows": self.rows, "columns": self.columns, **asdict(self.buffers)}

    @staticmethod
    def of(document: Mapping[str, int]) -> GivenOverlay:
        """The overlay of a ``document``.

        Raises:
            KeyError, TypeError: a key is missing, or one too many.
        """
        sizes = dict(document)
        return GivenOverlay(sizes.pop("rows"), sizes.pop("columns"), Buffers(**sizes))

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
        require_array(candidates, self.rows, self.columns)
        device, machine = candidates.device, candidates.machine
        if memory_use(device, machine, self.rows, self.columns, self.buffers) is None:
            raise InfeasibleError(
                f"the buffers of the given overlay do not fit the memory blocks of device {device.name!r} beside an "
                f"array of {self.rows} x {self.columns} PEs"
            )
