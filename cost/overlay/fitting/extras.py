"""Parts of a kernel that are built only where a layer asks for them (docs/rtl/resources.md)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Extras:
    """``winograd``: its transforms, and operands of 16 bits in the array. ``normalisation``: local response
    normalisation. ``sweeps``: windows of poolings that take each pixel once.
    """

    winograd: bool = True
    normalisation: bool = True
    sweeps: bool = True


LEAST_EXTRAS = Extras(winograd=False, normalisation=False)
"""What every overlay has room for."""

NO_EXTRAS = Extras(winograd=False, normalisation=False, sweeps=False)
"""A kernel without any of them."""
