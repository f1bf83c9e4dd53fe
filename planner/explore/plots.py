"""Pictures of Pareto fronts: per model one of latency against multipliers, one of latency against on-chip memory."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynamap.cost.errors import InputError, in_words
from dynamap.planner.explore.fronts import Axis, Front, setting_words, varying_settings
from dynamap.planner.results.files import write_file
from dynamap.planner.results.optional import optional

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LABELS = {Axis.MULTIPLIERS: "multipliers of the overlay", Axis.ON_CHIP: "on-chip memory of the overlay (MB)"}
_SCALES = {Axis.MULTIPLIERS: 1.0, Axis.ON_CHIP: 1e-6}
_WORDS = {Axis.MULTIPLIERS: "multipliers", Axis.ON_CHIP: "on-chip"}
_MARKERS = "osD^vP*X<>"


def require_matplotlib() -> None:
    """Checks that plots can be drawn, before long work.

    Raises:
        InputError: matplotlib is not installed.
    """
    try:
        optional("matplotlib")
    except ImportError:
        raise InputError("plots need matplotlib: pip install 'dynamap[explore]', or leave --plots out") from None


def write_plots(fronts: Iterable[Front], folder: Path) -> list[Path]:
    """Writes ``MODEL-multipliers`` and ``MODEL-on-chip`` as .svg and .png into the folder, made where it is missing.

    A picture is drawn where some device has a front; an axis of which one budget was swept has a point per device.

    Raises:
        InputError: matplotlib is missing, or the folder cannot be written.
    """
    require_matplotlib()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {str(folder)!r}: {in_words(error)}") from None
    groups: dict[tuple[str, Axis], list[Front]] = {}
    for front in fronts:
        if front.points:
            groups.setdefault((front.model, front.axis), []).append(front)
    written = []
    for (model, axis), members in groups.items():
        figure = front_figure(model, axis, members)
        for extension in ("svg", "png"):
            path = folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '_', model)}-{_WORDS[axis]}.{extension}"
            write_file(path, _rendered(figure, extension))
            written.append(path)
    return written


def front_figure(model: str, axis: Axis, fronts: Sequence[Front]) -> Figure:
    """Markers: the points. Steps join them, for between two points the optimum is no worse than the left one."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, NullFormatter

    figure = Figure(figsize=(7.0, 4.6), layout="constrained")
    axes = figure.add_subplot()
    varying = varying_settings(fronts)
    for number, front in enumerate(fronts):
        used, latency = zip(*front.places, strict=True)
        axes.plot(
            [_SCALES[axis] * value for value in used],
            latency,
            drawstyle="steps-post",
            marker=_MARKERS[number % len(_MARKERS)],
            markersize=5,
            linewidth=1.3,
            label=_plain(", ".join([front.device, *setting_words(front, varying)])),
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    for side in (axes.xaxis, axes.yaxis):
        side.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        narrow = _narrow(fronts, side is axes.xaxis)
        side.set_minor_formatter(FuncFormatter(_minor_label) if narrow else NullFormatter())
    axes.set_xlabel(_LABELS[axis])
    axes.set_ylabel("latency (ms)")
    axes.set_title(_plain(f"{model}: proven optima"))
    axes.grid(True, which="both", linewidth=0.3, alpha=0.6)
    axes.legend(fontsize="small")
    return figure


def _narrow(fronts: Sequence[Front], horizontal: bool) -> bool:
    """Whether an axis spans so little that its powers of ten alone would not label it."""
    values = [place[0 if horizontal else 1] for front in fronts for place in front.places]
    return max(values) < 50 * min(values)


def _minor_label(value: float, _: int) -> str:
    return f"{value:g}" if f"{value:e}"[0] in "235" else ""


def _plain(text: str) -> str:
    """Text that matplotlib does not take for a formula."""
    return text.replace("$", r"\$")


def _rendered(figure: Any, extension: str) -> bytes:
    """The same bytes for the same figure."""
    import matplotlib

    stream = io.BytesIO()
    metadata: dict[str, Any] = {"Date": None} if extension == "svg" else {"Software": None}
    with matplotlib.rc_context({"svg.hashsalt": "dynamap"}):
        figure.savefig(stream, format=extension, dpi=150, metadata=metadata)
    return stream.getvalue()
