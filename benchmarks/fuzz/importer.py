"""Coverage-guided damage of ONNX files by Atheris, on the importer: `make fuzz`, or

    python benchmarks/fuzz/importer.py FOLDER -max_total_time=600

``FOLDER`` is the corpus, which the seeds of ``support.fuzzing`` begin. The importer may refuse a file by its own
errors; everything else that it raises is a finding, which Atheris writes beside where it runs.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "shared"))

with atheris.instrument_imports(include=["dynamap"]):
    from dynamap.cost.errors import DynamapError
    from dynamap.planner.importer import check_model

import onnx
from google.protobuf.message import DecodeError

from support.fuzzing.models.seeds import seed_models


def one_input(data: bytes) -> None:
    """Judge a model; nothing but a refusal may be raised."""
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        return
    try:
        check_model(model)
    except DynamapError:
        return


def main() -> None:
    """Begin the corpus with the seeds, and run until Atheris ends the process."""
    corpus = next((Path(argument) for argument in sys.argv[1:] if not argument.startswith("-")), None)
    if corpus is not None:
        corpus.mkdir(parents=True, exist_ok=True)
        for name, model in seed_models().items():
            (corpus / f"{name}.onnx").write_bytes(model.SerializeToString())
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
