"""What a report says, whichever tool wrote it: frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum


class ReportError(Exception):
    """A report or a prediction cannot be used; the message names the file, and what to do."""


class OtherSubject(ReportError):
    """A sound report that does not measure the kernel: of a part of it, of an emulation, of a run to come."""


class Stage(IntEnum):
    """How far the build had come when the figures were taken; a later stage is nearer to the hardware."""

    ESTIMATED = 0
    SYNTHESIZED = 1
    PLACED = 2
    ROUTED = 3

    @property
    def implemented(self) -> bool:
        """Whether the figures are those of placed logic."""
        return self >= Stage.PLACED


class Scope(Enum):
    """What the figures cover: the kernel alone, or the whole device with the board's static design."""

    KERNEL = "kernel"
    DEVICE = "device"


@dataclass(frozen=True)
class Amount:
    """Blocks, LUTs or flip-flops: used, and available where the report says so. Halves are rounded up."""

    used: int
    available: int | None = None


@dataclass(frozen=True)
class Clock:
    """The kernel's clock. ``achieved_mhz`` is what the report states or what its slack allows (1000 / (period - WNS)).

    ``slack_ns``: worst negative slack, positive where the timing is met.
    """

    achieved_mhz: float | None
    target_mhz: float | None = None
    slack_ns: float | None = None


@dataclass(frozen=True)
class Measured:
    """One report. Resources go by the plan's names; ``dsp_blocks`` counts DSP slices (AMD) or blocks (Intel).

    ``path`` is relative to the folder that was searched; ``part`` and ``design`` are empty where the report has none.
    """

    kind: str
    path: str
    tool: str
    stage: Stage
    scope: Scope
    resources: Mapping[str, Amount] = field(default_factory=dict)
    clock: Clock | None = None
    part: str = ""
    design: str = ""
    notes: tuple[str, ...] = ()
