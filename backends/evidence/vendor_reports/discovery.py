"""Finding the reports below a folder, and choosing where several say the same thing."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dynamap.backends.evidence.vendor_reports.prediction import PREDICTED, Prediction
from dynamap.backends.evidence.vendor_reports.readers.acl_quartus import read_acl_quartus
from dynamap.backends.evidence.vendor_reports.readers.aoc_reports import read_area, read_quartus
from dynamap.backends.evidence.vendor_reports.readers.csynth_rpt import read_csynth_rpt
from dynamap.backends.evidence.vendor_reports.readers.csynth_xml import read_csynth_xml
from dynamap.backends.evidence.vendor_reports.readers.hierarchy import read_hierarchy
from dynamap.backends.evidence.vendor_reports.readers.kernel_utilization import read_kernel_utilization
from dynamap.backends.evidence.vendor_reports.readers.timing import read_timing
from dynamap.backends.evidence.vendor_reports.readers.utilization import read_utilization
from dynamap.backends.evidence.vendor_reports.readers.xclbin_info import read_xclbin_info
from dynamap.backends.evidence.vendor_reports.reading import plain
from dynamap.backends.evidence.vendor_reports.values import Measured, OtherSubject, ReportError, Scope

MOST_FILES = 500_000
_OTHER_UTILIZATION = ("slr_util", "pblock", "_pb.", "sysutil")
_WHOLE_DESIGN = ("wrapper", "top", "level0")
_PREFERRED = (
    "xclbin.info",
    "kernel utilization",
    "hierarchical utilization",
    "quartus.json",
    "utilization",
    "timing summary",
    "acl_quartus_report.txt",
    "csynth.xml",
    "csynth.rpt",
    "area.json",
)
"""Of two reports of the same stage and scope, the kind that comes first here says more."""


@dataclass(frozen=True)
class Choice:
    """The reports to compare with: the tool's estimate, what was implemented, and the clock; None where there is none.

    ``warnings``: reports that were passed over. ``broken``: those of them that could not be read.
    """

    estimate: Measured | None
    implementation: Measured | None
    timing: Measured | None
    warnings: tuple[str, ...]
    broken: int

    @property
    def reports(self) -> tuple[Measured, ...]:
        """The chosen reports, each once."""
        chosen: list[Measured] = []
        for report in (self.estimate, self.implementation, self.timing):
            if report is not None and report not in chosen:
                chosen.append(report)
        return tuple(chosen)


def files_read(project: Path, folder: Path, prediction: Prediction) -> Iterator[Path]:
    """Every file from which a comparison is made, so that no result is written over one of them."""
    yield project / PREDICTED
    yield from (path for path, _ in _candidates(folder, prediction))


def find_reports(project: Path, folder: Path, prediction: Prediction) -> Choice:
    """Reads every report below ``folder`` and chooses.

    The furthest stage of the kernel alone wins, then the newest file. Reports older than the project's prediction are
    used with a warning.

    Raises:
        ReportError: there is none that can be used, or one is for another part; the message says which target of the
            project's Makefile makes reports.
    """
    if not folder.is_dir():
        raise ReportError(f"{str(folder)!r} is no folder; {_targets(prediction)}")
    found: list[tuple[Measured, float]] = []
    warnings: list[str] = []
    broken = 0
    for path, read in _candidates(folder, prediction):
        name = plain(path.relative_to(folder).as_posix())
        try:
            report = read(path, name)
            _require_part(report, prediction)
            if _of_a_part_of_the_design(report):
                continue
            found.append((report, path.stat().st_mtime))
        except _AnotherPart:
            raise
        except OtherSubject as error:
            warnings.append(f"{name} {error}: not used")
        except (ReportError, OSError) as error:
            broken += 1
            warnings.append(f"{name} {getattr(error, 'strerror', None) or error}: not used")
    if not found:
        if warnings:
            raise ReportError(f"no report below {str(folder)!r} can be used: " + "; ".join(warnings[:6]))
        raise ReportError(f"no report of {_tools(prediction)} below {str(folder)!r}; {_targets(prediction)}")
    estimate = _best([f for f in found if f[0].resources and not f[0].stage.implemented], "estimate", warnings)
    implementation = _best([f for f in found if f[0].resources and f[0].stage.implemented], "implementation", warnings)
    timing = _best([f for f in found if f[0].clock is not None and f[0].stage.implemented], "clock", warnings)
    for report, _ in found:
        if not report.resources and report.clock is None:
            warnings += [f"{report.path} has {note}: not used" for note in report.notes]
    choice = Choice(estimate, implementation, timing, tuple(warnings), broken)
    predicted = (project / PREDICTED).stat().st_mtime
    times = {report.path: time for report, time in found}
    old = [report.path for report in choice.reports if times[report.path] < predicted]
    if old:
        more = f"{', '.join(old)} older than {PREDICTED}: is the project generated anew, and not built since?"
        choice = Choice(estimate, implementation, timing, (*choice.warnings, more), broken)
    return choice


class _AnotherPart(ReportError):
    """A report for another part than the project's."""


Reader = Callable[[Path, str], Measured]


def _candidates(folder: Path, prediction: Prediction) -> Iterator[tuple[Path, Reader]]:
    """The files that are reports by their names, in the order of their paths, with what reads each."""
    seen = 0
    for place, folders, files in os.walk(folder):
        folders.sort()
        for file in sorted(files):
            seen += 1
            if seen > MOST_FILES:
                raise ReportError(f"{str(folder)!r} has more than {MOST_FILES:,} files: give the project's folder")
            reader = _reader(file, Path(place).name, prediction)
            if reader is not None:
                yield Path(place) / file, reader


def _reader(file: str, folder: str, prediction: Prediction) -> Reader | None:
    kernel = prediction.kernel
    name = file.lower()
    if prediction.vendor == "intel":
        if name == "acl_quartus_report.txt":
            return read_acl_quartus
        if folder == "json":
            return {"area.json": read_area, "quartus.json": read_quartus}.get(name)
        return None
    if name in ("csynth.xml", f"{kernel}_csynth.xml"):
        return lambda path, label: read_csynth_xml(path, label, kernel)
    if name in ("csynth.rpt", f"{kernel}_csynth.rpt"):
        return lambda path, label: read_csynth_rpt(path, label, kernel)
    if name.endswith(".xclbin.info"):
        return lambda path, label: read_xclbin_info(path, label, kernel)
    if not name.endswith(".rpt"):
        return None
    if "timing" in name:
        return lambda path, label: read_timing(path, label, prediction.clock_mhz)
    if "util" in name and not any(part in name for part in _OTHER_UTILIZATION):
        if "kernel_util" in name:
            return lambda path, label: read_kernel_utilization(path, label, kernel)
        if "hier" in name:
            return lambda path, label: read_hierarchy(path, label, kernel)
        return lambda path, label: read_utilization(path, label, kernel)
    return None


def _of_a_part_of_the_design(report: Measured) -> bool:
    """Whether it is of one of the many blocks that the linker synthesizes beside the kernel."""
    if report.kind != "utilization" or report.scope is Scope.KERNEL or not report.design:
        return False
    return not any(word in report.design.lower() for word in _WHOLE_DESIGN)


def _best(found: list[tuple[Measured, float]], what: str, warnings: list[str]) -> Measured | None:
    if not found:
        return None

    def rank(entry: tuple[Measured, float]) -> tuple[bool, int, int, float, str]:
        report, time = entry
        return (
            report.scope is Scope.KERNEL,
            report.stage,
            -_PREFERRED.index(report.kind),
            time,
            report.path,
        )

    best, *others = [report for report, _ in sorted(found, key=rank, reverse=True)]
    rivals = [report.path for report in others if _says_otherwise(report, best, what)]
    if rivals:
        shown = ", ".join(rivals[:4]) + (f" and {len(rivals) - 4} more" if len(rivals) > 4 else "")
        warnings.append(f"{what}: {best.path} is used; not {shown}, with other figures of the same stage")
    return best


def _says_otherwise(report: Measured, best: Measured, what: str) -> bool:
    """Whether it is as good a report of the same thing, with other figures."""
    if (report.scope, report.stage) != (best.scope, best.stage):
        return False
    if what == "clock":
        return report.kind == best.kind and report.clock != best.clock
    common = report.resources.keys() & best.resources.keys()
    return any(report.resources[name].used != best.resources[name].used for name in common)


def _require_part(report: Measured, prediction: Prediction) -> None:
    """Raises _AnotherPart where report and project name parts that cannot be the same."""
    said, wanted = _plain_part(report.part), _plain_part(prediction.part)
    if not said or not wanted:
        return
    if prediction.vendor == "intel":  # boards of one device differ in package and grade, which costs nothing here
        same = said[:6] == wanted[:6]
    else:  # older tools leave out dashes, the leading xc, or the speed grade
        same = said.startswith(wanted) or wanted.startswith(said)
    if not same:
        raise _AnotherPart(
            f"{report.path} is for part {report.part!r}, and the project is for {prediction.part!r} (device "
            f"{prediction.device!r}): these are reports of another build; clean the folder and build this project"
        )


def _plain_part(part: str) -> str:
    return re.sub(r"[^a-z0-9]", "", part.lower()).removeprefix("xc")


def _tools(prediction: Prediction) -> str:
    return "aoc or Quartus" if prediction.vendor == "intel" else "Vitis HLS, Vivado or v++"


def _targets(prediction: Prediction) -> str:
    if prediction.vendor == "intel":
        return "`make report` in the project makes aoc's estimate, `make aocx` builds the device image (hours)"
    return (
        "`make hls` in the project makes the estimate of Vitis HLS, `make impl` places and routes the kernel alone, "
        "`make xclbin` the whole device (hours)"
    )
