"""``dynamap export-qdq``: the network that the overlay computes, as an ONNX model for other runtimes."""

from __future__ import annotations

from pathlib import Path

from dynamap.cli.output import message
from dynamap.cli.plan import require_folder


def export_qdq_command(
    model: str,
    output: Path,
    *,
    calibration: Path | None = None,
    method: str = "minmax",
    percentile: float = 99.99,
    seed: int = 0,
    samples: int = 1,
) -> int:
    """Quantises a model and writes it as QDQ ONNX; says how it was calibrated.

    Raises:
        InputError: the model or the calibration data cannot be used, or the file cannot be written.
    """
    require_folder(output)
    from dynamap.backends.evidence.comparison.qdq import to_qdq
    from dynamap.backends.program.host import read_arrays
    from dynamap.backends.quantise import quantise
    from dynamap.planner.models import resolve
    from dynamap.planner.plan.plan import write_atomically

    network = resolve(model)
    data = None if calibration is None else read_arrays(calibration, network, "calibration data")
    quantised = quantise(network, calibration=data, method=method, percentile=percentile, seed=seed, samples=samples)
    write_atomically(output, to_qdq(quantised).SerializeToString())
    message(f"wrote {output}: {quantised.source}")
    return 0
