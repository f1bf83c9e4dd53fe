#!/usr/bin/env python3
"""Compares what the plan predicts (predicted.json) with the reports of Vitis HLS and Vivado.

Reads csynth.xml of the HLS run and, if there, a utilisation report (*utilization*.rpt) of the implementation.
Exit status 1 if a figure is further off than the uncertainty that the plan states.
"""

import argparse
import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

# Names in csynth.xml and in utilisation tables for the plan's resources; BRAM_18K counts halves of a block.
SYNTHESIS = {
    "multipliers": ("DSP", 1),
    "lut": ("LUT", 1),
    "ff": ("FF", 1),
    "bram36": ("BRAM_18K", 2),
    "uram": ("URAM", 1),
}
IMPLEMENTED = {
    "multipliers": r"\|\s*DSPs?\s*\|\s*([\d.]+)",
    "lut": r"\|\s*CLB LUTs\*?\s*\|\s*([\d.]+)",
    "ff": r"\|\s*CLB Registers\s*\|\s*([\d.]+)",
    "bram36": r"\|\s*Block RAM Tile\s*\|\s*([\d.]+)",
    "uram": r"\|\s*URAM\s*\|\s*([\d.]+)",
}


def synthesis_report(path: Path) -> dict[str, float]:
    """Resources by the plan's names, from csynth.xml."""
    area = ElementTree.parse(path).getroot().find("AreaEstimates/Resources")
    if area is None:
        raise SystemExit(f"{path} has no AreaEstimates/Resources: is it the csynth.xml of Vitis HLS 2024.2?")
    found = {}
    for name, (tag, scale) in SYNTHESIS.items():
        element = area.find(tag)
        if element is not None and element.text:
            found[name] = float(element.text) / scale
    return found


def implementation_report(path: Path) -> dict[str, float]:
    """Resources by the plan's names, from a utilisation report."""
    text = path.read_text(errors="replace")
    matches = {name: re.search(pattern, text) for name, pattern in IMPLEMENTED.items()}
    return {name: float(match[1]) for name, match in matches.items() if match}


def main() -> int:
    """Prints predicted against reported figures; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work-dir", type=Path, default=Path("build"))
    folder = parser.parse_args().work_dir
    predicted = json.loads((Path(__file__).resolve().parent / "predicted.json").read_text())
    reports = [(p, synthesis_report) for p in sorted(folder.rglob("csynth.xml"))[:1]]
    reports += [(p, implementation_report) for p in sorted(folder.rglob("*utilization*.rpt"))[:1]]
    if not reports:
        print(
            f"no report under {folder}: run 'make hls' (synthesis) or 'make xclbin' (implementation)", file=sys.stderr
        )
        return 2
    outside = 0
    for path, read in reports:
        print(path)
        found = read(path)
        for use in predicted["resources"]:
            if use["name"] not in found:
                continue
            got, wanted = found[use["name"]], use["used"]
            off = abs(got - wanted) / max(1, wanted) * 100
            fine = off <= use["uncertainty_percent"]
            outside += not fine
            mark = "" if fine else f"  more than {use['uncertainty_percent']} % off"
            print(f"  {use['name']:<12} predicted {wanted:>10,} reported {got:>12,.0f} {off:7.1f} %{mark}")
    return 1 if outside else 0


if __name__ == "__main__":
    sys.exit(main())
