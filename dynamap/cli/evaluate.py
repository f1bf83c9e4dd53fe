"""``dynamap evaluate PLAN.json``: how well the int8 network answers on a set of images, beside the float model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from dynamap.cli.calibrated import say_source
from dynamap.cli.output import progress_console, show, show_json
from dynamap.cli.tables import Column, Content, FittedTable
from dynamap.cost.errors import InputError
from dynamap.planner.plan.plan import load_plan

if TYPE_CHECKING:
    from dynamap.backends.range_calibration import RangeCalibration

MOST_LOSING = 10
"""Layers that are shown."""


def evaluate_command(plan: Path, data: Path, label_file: Path | None, how: RangeCalibration, *, as_json: bool) -> int:
    """Measures and prints; 0 when it is done, whatever the numbers are.

    Raises DynamapError where the plan, its model, the data or the labels cannot be used.
    """
    from dynamap.backends.evidence.accuracy.accuracy import measure_accuracy
    from dynamap.backends.inputs.labelled import open_labelled
    from dynamap.backends.inputs.labels import check_labels, read_labels
    from dynamap.backends.planned_model import network_of_plan
    from dynamap.backends.program.host import preprocessing_of, quantised_by
    from dynamap.planner.network.parting import front_of

    loaded = load_plan(plan)
    preprocess = preprocessing_of(loaded)
    network = network_of_plan(loaded, folder=plan.parent)
    labels = None if label_file is None else read_labels(label_file)
    check_labels(labels, label_file, network)
    front = front_of(network)
    if front is None:
        raise InputError("the inputs of this model are no images: `dynamap run --input FILE.npz` compares one of them")
    images = open_labelled(data, network, front, preprocess, labels)
    quantised = quantised_by(network, how, preprocess)
    started = time.perf_counter()
    with _progress(len(images.inputs)) as progress:
        found = measure_accuracy(loaded, quantised, front, images, progress)
    seconds = time.perf_counter() - started
    document = {
        **found.document,
        "float_model": found.float_model,
        "int8_model": "the reference executor; on the first image also the NumPy emulator of the program, equal",
        "preprocess": preprocess.document(),
        "calibration": quantised.calibration_document(),
        "notices": list(quantised.notices),
        "seconds": round(seconds, 3),
    }
    if as_json:
        show_json(document)
    else:
        show(*map(Text, _lines(document)), FittedTable(_COLUMNS, _rows(document), title="layers that lose most"))
    say_source(quantised)
    return 0


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr; nothing where stderr is not a terminal."""
    console = progress_console()
    columns = (TextColumn("images"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("images", total=total)
        yield lambda done: bar.update(task, completed=done)


_COLUMNS = (
    Column("layer", content=Content.NAMES),
    Column("signal to noise, dB", right=True),
    Column("lost of its inputs', dB", right=True),
)


def _rows(document: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (layer["name"], f"{layer['snr_db']:.1f}", f"{layer['lost_db']:.1f}".replace("-0.0", "0.0"))
        for layer in document["layers"][:MOST_LOSING]
    ]


def _lines(document: Mapping[str, Any]) -> list[str]:
    count = document["images"]
    lines = [f"{count} image{'s' if count > 1 else ''}; float: {document['float_model']}"]
    for kind in ("float", "int8"):
        if document[f"top1_{kind}"] is not None:
            among = document[f"top5_{kind}"]
            more = "" if among is None else f", among the first five {among:.2%}"
            lines.append(f"{kind}: right {document[f'top1_{kind}']:.2%}{more}")
    if document["agreement"] is not None:
        lines.append(f"float and int8 choose the same class: {document['agreement']:.2%}")
    if not document["labelled"]:
        lines.append("no labels: outputs are compared, not classes with the truth")
    for name, output in document["outputs"].items():
        equal = "" if output["equal"] is None else f"{output['equal']:.2%} of its values equal, "
        lines.append(
            f"output {name!r}: {equal}cosine {output['cosine']:.6f} (worst {output['cosine_worst']:.6f}), largest "
            f"error {output['max_error']:.4g}"
        )
    lines.append(f"{document['seconds']:.2f} s; layers by the first {document['layer_images']} images")
    return lines
