"""ONNX import: a model file in, a folded `Network` out, or every reason why not."""

from dynamap.planner.importer.fates import CheckReport, Fate, NodeFate
from dynamap.planner.importer.importing import check_model, import_model, load_model

__all__ = ["CheckReport", "Fate", "NodeFate", "check_model", "import_model", "load_model"]
