"""Parts of a kernel that are built only where a layer asks for them (docs/rtl/resources.md)."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from dynamap.cost.overlay.machine import NO_VECTOR_BUFFERS, VectorBuffers


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


@dataclass(frozen=True)
class KernelParts:
    """What a kernel has for layers of the programs that it runs, beside its array and the buffers that were chosen.

    ``vector``: bytes of the vector unit's own buffers, 0 where it has none.
    """

    extras: Extras = NO_EXTRAS
    vector: VectorBuffers = NO_VECTOR_BUFFERS

    def covering(self, other: KernelParts) -> KernelParts:
        """What is here or there, and the larger of buffers."""
        pairs = zip(astuple(self.extras), astuple(other.extras), strict=True)
        return KernelParts(Extras(*map(any, pairs)), self.vector.covering(other.vector))


NO_PARTS = KernelParts()
"""Of a kernel for nothing but convolutions without Winograd."""
