"""``dynamap export-qdq``: the network that the overlay computes, as an ONNX model for other runtimes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dynamap.cli.output import message
from dynamap.cli.plan import require_folder

if TYPE_CHECKING:
    from dynamap.backends.program.host import RangeCalibration


def export_qdq_command(model: str, output: Path, how: RangeCalibration) -> int:
    """Quantises a model and writes it as QDQ ONNX; says how it was calibrated.

    Raises:
        InputError: the model or the calibration data cannot be used, or the file cannot be written.
    """
    require_folder(output)
    from dynamap.backends.evidence.comparison.qdq import to_qdq
    from dynamap.backends.program.host import quantised_by
    from dynamap.planner.models import resolve
    from dynamap.planner.plan.plan import write_atomically

    quantised = quantised_by(resolve(model), how)
    write_atomically(output, to_qdq(quantised).SerializeToString())
    message(f"wrote {output}: {quantised.source}")
    for notice in quantised.notices:
        message(f"note: {notice}")
    return 0
