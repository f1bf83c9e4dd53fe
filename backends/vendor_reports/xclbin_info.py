"""``*.xclbin.info``, which the Vitis packager writes (xclbinutil --info): the clock that the card will be set to.

After routing the linker lowers the kernel's clock to what the timing allows, so this is the achieved clock.
"""

from __future__ import annotations

import re
from pathlib import Path

from dynamap.backends.vendor_reports.reading import megahertz, read_text, real
from dynamap.backends.vendor_reports.values import Clock, Measured, OtherSubject, ReportError, Scope, Stage


def read_xclbin_info(path: Path, name: str, kernel: str) -> Measured:
    """Reads it; ``name`` is what messages call the file, ``kernel`` the top function of the project.

    Raises:
        ReportError: it names no kernel clock, or a frequency is absurd.
        OtherSubject: it is of an emulation, or of another kernel.
    """
    text = read_text(path)
    content = re.search(r"^\s*Content:\s*(.+?)\s*$", text, re.MULTILINE)
    if content and "emulation" in content[1].lower():
        raise OtherSubject(f"is of an emulation ({content[1]})")
    kernels = re.findall(r"^\s*Kernel:\s*(\S+)", text, re.MULTILINE)
    if kernels and kernel not in kernels:
        raise OtherSubject(f"is of the kernel(s) {', '.join(kernels[:8])}, not of {kernel!r}")
    clocks = _clocks(text)
    data = [frequency for _, kind, frequency in clocks if kind == "DATA"]
    if not data:
        raise ReportError("has no clock of type DATA among its 'Scalable Clocks' (cut off?)")
    achieved_mhz, asked_mhz = data[0], None
    for asked, achieved in _scaled_clocks(text):
        if abs(achieved - data[0]) < 1:  # the same clock, where the first list rounds to megahertz
            achieved_mhz, asked_mhz = achieved, asked
    version = re.search(r"^\s*Version:\s*(\d{4}\.\d)", text, re.MULTILINE)
    return Measured(
        kind="xclbin.info",
        path=name,
        tool=f"Vitis {version[1]}" if version else "Vitis",
        stage=Stage.ROUTED,
        scope=Scope.KERNEL,
        clock=Clock(achieved_mhz, asked_mhz),
        design=kernel if kernels else "",
    )


def _clocks(text: str) -> list[tuple[str, str, float]]:
    """(name, type, MHz) of each scalable clock."""
    start = text.find("Scalable Clocks")
    stop = text.find("System Clocks", start)
    section = text[start : stop if stop > 0 else None] if start >= 0 else ""
    entry = r"Name:\s*(\S+)\s*\n(?:\s*Index:.*\n)?\s*Type:\s*(\S+)\s*\n\s*Frequency:\s*(\S+)\s*MHz"
    return [
        (clock, kind, megahertz(frequency, f"the frequency of {clock}"))
        for clock, kind, frequency in re.findall(entry, section)
    ]


def _scaled_clocks(text: str) -> list[tuple[float, float]]:
    """(requested, achieved) MHz of each clock that the linker may lower; none in files of older versions."""
    entry = r"Requested Freq:\s*(\S+)\s*MHz\s*\n\s*Achieved Freq:\s*(\S+)\s*MHz"
    pairs = re.findall(entry, text)
    return [
        (megahertz(asked, "a requested clock"), megahertz(achieved, "an achieved clock"))
        for asked, achieved in pairs
        if real(asked, "a requested clock") and real(achieved, "an achieved clock")
    ]
