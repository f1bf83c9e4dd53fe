"""``*.xclbin.info``, which the Vitis packager writes (xclbinutil --info): the clock that the card will be set to.

After routing the linker lowers the kernel's clock to what the timing allows, so this is the achieved clock.
"""

from __future__ import annotations

import re
from pathlib import Path

from dynamap.backends.vendor_reports.reading import megahertz, read_text
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
    asked = re.search(r"^\s*Requested Freq:\s*([\d.]+)\s*MHz", text, re.MULTILINE)
    version = re.search(r"^\s*Version:\s*(\d{4}\.\d)", text, re.MULTILINE)
    return Measured(
        kind="xclbin.info",
        path=name,
        tool=f"Vitis {version[1]}" if version else "Vitis",
        stage=Stage.ROUTED,
        scope=Scope.KERNEL,
        clock=Clock(data[0], megahertz(asked[1], "the requested clock") if asked and float(asked[1]) else None),
        design=kernel if kernels else "",
    )


def _clocks(text: str) -> list[tuple[str, str, float]]:
    """(name, type, MHz) of each scalable clock."""
    start = text.find("Scalable Clocks")
    stop = text.find("System Clocks", start)
    section = text[start : stop if stop > 0 else None] if start >= 0 else ""
    entry = r"Name:\s*(\S+)\s*\n\s*Type:\s*(\S+)\s*\n\s*Frequency:\s*(\S+)\s*MHz"
    return [
        (clock, kind, megahertz(frequency, f"the frequency of {clock}"))
        for clock, kind, frequency in re.findall(entry, section)
    ]
