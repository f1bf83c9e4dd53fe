"""Coverage-guided damage of ONNX files by Atheris, on the importer: `make fuzz`, or

    PYTHONPATH=tests/shared python -m support.fuzzing.guided.importer FOLDER -max_total_time=600

``FOLDER`` is the corpus, which the seeds of ``support.fuzzing`` begin. The importer may refuse a file by its own
errors; everything else that it raises is a finding, which Atheris writes beside where it runs.
"""

from __future__ import annotations

import atheris

with atheris.instrument_imports(include=["dynamap"]):
    from dynamap.cost.errors import DynamapError
    from dynamap.planner.importer import check_model

import onnx
from google.protobuf.message import DecodeError

from support.fuzzing.guided.running import fuzz
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


if __name__ == "__main__":
    fuzz(one_input, {f"{name}.onnx": model.SerializeToString() for name, model in seed_models().items()})
