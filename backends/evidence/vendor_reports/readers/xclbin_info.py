"""``*.xclbin.info``, which the Vitis packager writes (xclbinutil --info): the clock that the card will be set to.

After routing the linker lowers the kernel's clock to what the timing allows, so this is the achieved clock. The
section "Scalable Clocks" has it in whole megahertz, "System Clocks" of newer versions exactly and as requested.
"""

from __future__ import annotations

import re
from pathlib import Path

from dynamap.backends.evidence.vendor_reports.reading import megahertz, pairs, read_text
from dynamap.backends.evidence.vendor_reports.values import Clock, Measured, OtherSubject, ReportError, Scope, Stage


def read_xclbin_info(path: Path, name: str, kernel: str) -> Measured:
    """Reads it; ``name`` is what messages call the file, ``kernel`` the top function of the project.

    Raises:
        ReportError: it names no kernel clock, or a frequency is absurd.
        OtherSubject: it is of an emulation, or of another kernel.
    """
    text = read_text(path)
    lines = list(pairs(text))
    content = next((value for key, value in lines if key == "Content"), "")
    if "emulation" in content.lower():
        raise OtherSubject(f"is of an emulation ({content[:80]})")
    kernels = [value for key, value in lines if key == "Kernel"]
    if kernels and kernel not in kernels:
        raise OtherSubject(f"is of the kernel(s) {', '.join(kernels[:8])}, not of {kernel!r}")
    achieved, requested = _kernel_clock(lines)
    version = re.search(r"^[ \t]*Version:[ \t]*(\d{4}\.\d)", text, re.MULTILINE)
    return Measured(
        kind="xclbin.info",
        path=name,
        tool=f"Vitis {version[1]}" if version else "Vitis",
        stage=Stage.ROUTED,
        scope=Scope.KERNEL,
        clock=Clock(achieved, requested),
        design=kernel if kernels else "",
    )


def _kernel_clock(lines: list[tuple[str, str]]) -> tuple[float, float | None]:
    """(achieved, requested or None) MHz of the clock of type DATA."""
    whole: list[float] = []
    exact: list[tuple[float, float]] = []
    kind, requested = "", None
    for key, value in lines:
        if key == "Name":
            kind, requested = "", None
        elif key == "Type":
            kind = value
        elif key == "Frequency" and kind == "DATA":
            whole.append(_frequency(value, "the kernel's clock"))
        elif key == "Requested Freq" and kind == "SCALABLE" and _named(value):
            requested = _frequency(value, "a requested clock")
        elif key == "Achieved Freq" and requested is not None and _named(value):
            exact.append((_frequency(value, "an achieved clock"), requested))
    if not whole:
        raise ReportError("has no clock of type DATA among its 'Scalable Clocks' (cut off?)")
    same = [pair for pair in exact if abs(pair[0] - whole[0]) < 1]
    return same[0] if same else (whole[0], None)


def _named(value: str) -> bool:
    """Whether a clock was set at all: clocks of the platform that the design leaves alone have 0 MHz."""
    return value.removesuffix("MHz").strip() not in ("", "0")


def _frequency(value: str, what: str) -> float:
    return megahertz(value.removesuffix("MHz"), what)
