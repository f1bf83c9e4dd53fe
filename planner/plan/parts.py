"""What a plan says beside its layers: of the model, the overlay, the search and the device's resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import Any

from dynamap.cost.overlay.fitting.extras import NO_PARTS, Extras, KernelParts
from dynamap.cost.overlay.machine import MACHINE_VERSION, Buffers, Machine, Overlay, VectorBuffers


@dataclass(frozen=True)
class ModelInfo:
    """``source``: a built-in name or a file; ``sha256`` identifies it; ``seed``: of random weights."""

    name: str
    source: str
    sha256: str
    seed: int
    macs: int
    parameters: int


def parts_document(parts: KernelParts) -> dict[str, Any]:
    """What a kernel has, as plans say it."""
    sizes = {f"vector_{name}": size for name, size in asdict(parts.vector).items()}
    return {**asdict(parts.extras), **sizes}


def parts_of_document(document: Mapping[str, Any]) -> KernelParts:
    """What ``parts_document`` says."""
    sizes = {f.name: document[f"vector_{f.name}"] for f in fields(VectorBuffers)}
    return KernelParts(Extras(**{f.name: document[f.name] for f in fields(Extras)}), VectorBuffers(**sizes))


PARTS = MappingProxyType(parts_document(NO_PARTS))
"""A kernel of nothing but an array, its buffers and its engines."""


@dataclass(frozen=True)
class OverlayInfo:
    """The overlay of the plan; sizes in bytes, clock in MHz, bandwidth in GB/s (docs/overlay.md, section 1).

    ``winograd`` to ``vector_resident`` are its `KernelParts`. ``machine``: the version of the rules that the cycles are
    counted by; the published model has no machine: 0.
    """

    rows: int
    columns: int
    packing: int
    clock_mhz: float
    bandwidth_gbs: float
    word_bytes: int
    lanes: int
    input_buffer: int
    weight_buffer: int
    output_buffer: int
    accumulator_rows: int
    row_buffer: int
    winograd: bool
    normalisation: bool
    sweeps: bool
    vector_inputs: int
    vector_outputs: int
    vector_resident: int
    multipliers: int
    crossings: int
    machine: int

    @staticmethod
    def of(overlay: Overlay, parts: KernelParts) -> OverlayInfo:
        """What a plan says of an overlay."""
        machine = overlay.machine
        return OverlayInfo(
            rows=overlay.rows,
            columns=overlay.columns,
            packing=machine.packing,
            clock_mhz=machine.clock_khz / 1000,
            bandwidth_gbs=machine.bandwidth_bytes_per_ms / 1e6,
            word_bytes=machine.word_bytes,
            lanes=machine.lanes,
            **asdict(overlay.buffers),
            output_buffer=overlay.buffers.output_buffer,
            **parts_document(parts),
            multipliers=overlay.multipliers,
            crossings=machine.crossings,
            machine=MACHINE_VERSION,
        )

    @property
    def buffers(self) -> Buffers:
        """The sizes that an overlay chooses; the output buffer follows from them."""
        return Buffers.of(self)

    @property
    def parts(self) -> KernelParts:
        """What the kernel has for the layers of this plan, and of others that share it."""
        return parts_of_document(vars(self))

    def differences(self, machine: Machine) -> Iterator[tuple[str, float, float]]:
        """Key, value here and value on ``machine`` of all that its array and buffers would have otherwise there."""
        made = OverlayInfo.of(Overlay(machine, self.rows, self.columns, self.buffers), self.parts)
        for field in fields(self):
            here, there = getattr(self, field.name), getattr(made, field.name)
            if here != there:
                yield field.name, here, there


@dataclass(frozen=True)
class SolverInfo:
    """How the plan was found. ``bound`` equals ``objective`` where the optimum is proven; both in ``unit``."""

    name: str
    status: str
    objective: int
    unit: str
    bound: int
    seconds: float
    arrays_considered: int
    arrays_solved: int
    treewidth: int | None
    certificate: Any


@dataclass(frozen=True)
class ResourceUse:
    """One resource of the device: used, available, and the uncertainty of the estimate in percent (0 = exact)."""

    name: str
    used: int
    available: int
    uncertainty_percent: int


@dataclass(frozen=True)
class BatchInfo:
    """Images that the overlay works off one after another: cycles and milliseconds of all, and images per second.

    Every image takes the cycles of the first, because a pass leaves nothing in the buffers that the next one uses.
    """

    images: int
    cycles: int
    latency_ms: float
    images_per_second: float

    @staticmethod
    def of(images: int, cycles_of_one: int, clock_khz: int) -> BatchInfo:
        """``images`` times the cycles of one, on the overlay's clock.

        >>> BatchInfo.of(4, 250_000, 250_000)
        BatchInfo(images=4, cycles=1000000, latency_ms=4.0, images_per_second=1000.0)
        """
        cycles = images * cycles_of_one
        return BatchInfo(images, cycles, round(cycles / clock_khz, 6), round(1000 * clock_khz / cycles_of_one, 3))


@dataclass(frozen=True)
class TogetherInfo:
    """What proves the choice of an overlay for several networks.

    ``cycles`` per network, in the order of ``request.together.models``; ``objective`` is their weighted sum or the
    largest weighted one; no overlay and no mappings have less than ``bound`` (the status is optimal where it is equal).
    """

    status: str
    objective: int
    bound: int
    cycles: tuple[int, ...]
