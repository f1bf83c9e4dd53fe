"""``dynamap export-qdq``: the network that the overlay computes, as an ONNX model for other runtimes."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from dynamap.cli.output import message
from dynamap.cli.places import check_places
from dynamap.cost.errors import InputError

if TYPE_CHECKING:
    from dynamap.backends.range_calibration import RangeCalibration


def export_qdq_command(model: str, output: Path, how: RangeCalibration, preprocess: str) -> int:
    """Quantises a model and writes it as QDQ ONNX; says how it was calibrated.

    Raises:
        InputError: the model or the calibration data cannot be used, or the file cannot be written.
    """
    from dynamap.backends.evidence.comparison.qdq import to_qdq
    from dynamap.backends.program.host import quantised_by
    from dynamap.planner.importer.reading.files import files_of_model
    from dynamap.planner.models import resolve
    from dynamap.planner.request.preprocessing import parse_preprocessing
    from dynamap.planner.results.files import write_file

    check_places({"--output": output}, chain(files_of_model(Path(model)), [how.data]))
    network = resolve(model)
    if network.whole is not None:
        raise InputError(
            f"{model!r}: the host runs parts of this model, and a QDQ file of what the overlay runs would be another "
            "model; quantise it with onnxruntime.quantization, or cut it first (onnx.utils.extract_model)"
        )
    quantised = quantised_by(network, how, parse_preprocessing("--preprocess", preprocess))
    write_file(output, to_qdq(quantised).SerializeToString())
    message(f"wrote {output}: {quantised.source}")
    if quantised.warning is not None:
        message(f"warning: {quantised.warning}")
    for notice in quantised.notices:
        message(f"note: {notice}")
    return 0
