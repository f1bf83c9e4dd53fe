"""The plan: what was decided for every layer, and what it costs. A frozen value that is saved as JSON.

The JSON document (schema ``dynamap.plan/1``) is the plan's exact content: loading a saved plan gives an equal one.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from dynamap.cost.device import parse_device
from dynamap.cost.errors import InputError, in_words
from dynamap.cost.overlay.limits import LARGEST_SIDE
from dynamap.cost.overlay.machine import MACHINE_VERSION, UNIT_BYTES
from dynamap.cost.words import require_name, shown
from dynamap.planner.plan.document import layer_document, read_layer
from dynamap.planner.plan.layers import OnHost, PlannedLayer
from dynamap.planner.plan.parts import (
    PARTS,
    BatchInfo,
    ModelInfo,
    OverlayInfo,
    ResourceUse,
    SolverInfo,
    TogetherInfo,
)
from dynamap.planner.plan.plan_types import require_plain, require_types
from dynamap.planner.plan.segments import PlannedSegment
from dynamap.planner.results.documents import json_file
from dynamap.planner.results.files import write_file

SCHEMA = "dynamap.plan/1"
COST_MODELS = ("overlay", "paper")
"""What counted the cycles: the overlay's timing, or the published formulas."""

MOST_BYTES = 1 << 40
"""Of a buffer: more than any chip has."""

_MACHINE_UNSAID = 1
"""The version of the machine of plans that do not say theirs."""


@dataclass(frozen=True, repr=False)
class Plan:
    """A finished plan. ``request`` is what was asked (restrictions, overrides), so that it can be repeated.

    ``together``: only where the overlay was sized for several networks; ``solver`` then speaks of this network's
    mapping on that overlay, and of the arrays of the search for all of them. ``segments``: only where the host runs
    parts of the model; their time is not in ``latency_ms``. ``batch``: only where it was asked for.
    """

    model: ModelInfo
    device: Mapping[str, Any]
    overlay: OverlayInfo
    cost_model: str
    solver: SolverInfo
    latency_ms: float
    limits_ms: Mapping[str, float]
    resources: tuple[ResourceUse, ...]
    request: Mapping[str, Any]
    notices: tuple[str, ...]
    layers: tuple[PlannedLayer, ...]
    together: TogetherInfo | None = None
    segments: tuple[PlannedSegment, ...] = ()
    batch: BatchInfo | None = None

    def __repr__(self) -> str:
        """One line: all of it is in ``document()``."""
        place = f"{self.overlay.rows} x {self.overlay.columns} array of {self.device['device']['name']}"
        return f"<Plan: {self.model.name} on a {place}, {self.latency_ms:g} ms, {self.solver.status}>"

    def document(self) -> dict[str, Any]:
        """The plan as JSON data."""
        document: dict[str, Any] = {"schema": SCHEMA}
        for f in fields(Plan):
            if f.name == "layers":
                document["layers"] = [layer_document(layer) for layer in self.layers]
            elif f.name not in ("together", "segments", "batch") or getattr(self, f.name):
                document[f.name] = _plain(getattr(self, f.name))
        return document

    def save(self, path: str | Path) -> None:
        """Writes the plan, whole or not at all.

        Raises:
            InputError: the file cannot be written.
        """
        write_file(Path(path), self.content())

    def content(self) -> bytes:
        """What ``save`` writes."""
        return json_file(self.document())


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {key: _plain(part) for key, part in asdict(value).items()}
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(part) for part in value]
    return value


def load_plan(path: str | Path, *, to_plan_again: bool = False) -> Plan:
    """Reads a saved plan. ``to_plan_again``: for its request alone, so that its cycles may be of another machine.

    Raises:
        InputError: the file is missing, is not a plan, or is of another version; the message names the key.
    """
    where = str(path)
    document = _read_document(path, where)
    another = _another_machine(document, where)
    try:
        plan = _valid_plan(document, where)
    except InputError:
        if another is None:
            raise
        raise InputError(f"{another} on its model; what was asked then cannot be read any more") from None
    if another is not None and not to_plan_again:
        raise InputError(f"{another}, as it was asked: `dynamap plan --from {shlex.quote(where)} -o NEW.json`")
    return plan


def _valid_plan(document: dict[str, Any], where: str) -> Plan:
    try:
        require_plain(document)
        plan = _read_plan(document)
        require_types(plan)
        _require_sizes(plan.overlay, published=plan.cost_model == "paper")
        _require_names(plan, where)
        parse_device(plan.device, f"{where}: the plan's key 'device'")
        return plan
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        missing = f"key {error} is missing, as in plans of earlier versions: plan the model again"
        detail = missing if isinstance(error, KeyError) else str(error)
        raise InputError(f"{where!r} is not a valid plan: {detail}") from None


def _read_document(path: str | Path, where: str) -> dict[str, Any]:
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read plan {where!r}: {in_words(error)}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{where!r} is not a plan: it is not JSON ({error}); a plan is what `dynamap plan MODEL -o PLAN.json` "
            "writes"
        ) from None
    if not isinstance(document, dict) or "schema" not in document:
        raise InputError(f"{where!r} is not a plan: it has no key 'schema'")
    if document["schema"] != SCHEMA:
        raise InputError(
            f"{where!r} has schema {document['schema']!r}; this version reads {SCHEMA!r}: plan the model again"
        )
    return document


def _another_machine(document: Mapping[str, Any], where: str) -> str | None:
    """What to say of a plan of another version of the machine, or of what is said of its kernel; None of this one."""
    overlay = document.get("overlay")
    if document.get("cost_model") != "overlay" or not isinstance(overlay, Mapping):
        return None
    version = overlay.get("machine", _MACHINE_UNSAID)
    if isinstance(version, bool) or not isinstance(version, int):
        return None
    if version == MACHINE_VERSION:
        if all(key in overlay for key in PARTS):
            return None
        return f"{where!r} was planned by a version that did not say what its kernel has: run `dynamap plan` again"
    return (
        f"{where!r} was planned for another version of the machine ({shown(version)}, and this is {MACHINE_VERSION}): "
        "run `dynamap plan` again"
    )


def _require_sizes(overlay: OverlayInfo, *, published: bool) -> None:
    least_word, least_lanes = (0, 0) if published else (UNIT_BYTES, 1)
    limits = {"rows": (1, LARGEST_SIDE), "columns": (1, LARGEST_SIDE), "packing": (1, 2)}
    limits |= {"word_bytes": (least_word, LARGEST_SIDE), "lanes": (least_lanes, LARGEST_SIDE)}
    limits |= {f"vector_{name}": (0, MOST_BYTES) for name in asdict(overlay.parts.vector)}
    for key, (least, most) in limits.items():
        if not least <= (size := getattr(overlay, key)) <= most:
            raise ValueError(f"overlay.{key} must be from {least} to {most}, found {size}")
    if overlay.word_bytes % UNIT_BYTES:
        raise ValueError(f"overlay.word_bytes must be a multiple of {UNIT_BYTES}, found {overlay.word_bytes}")


def _require_names(plan: Plan, where: str) -> None:
    """The plan's own words end in pages of projects and reports; names of models and layers may be anything."""
    solver = plan.solver
    names = {"model.sha256": plan.model.sha256 or "none", "solver.name": solver.name, "solver.status": solver.status}
    names |= {"solver.unit": solver.unit}
    names |= {f"resources[{index}].name": use.name for index, use in enumerate(plan.resources)}
    names |= {f"the op of layer {shown(layer.name)}": layer.op for layer in plan.layers if isinstance(layer, OnHost)}
    for key, name in names.items():
        require_name(f"{where}: {key}", name)


def _read(kind: Any, data: Mapping[str, Any], **parts: Any) -> Any:
    if not isinstance(data, Mapping):
        raise ValueError(f"{_words(kind)} must be an object, found {data!r:.40}")
    names = {f.name for f in fields(kind)}
    unknown = set(data) - names
    if unknown:
        raise ValueError(f"{_words(kind)} has the unknown key {sorted(unknown)[0]!r}")
    values = {name: parts.get(name, data[name]) for name in names}
    return kind(**values)


def _words(kind: Any) -> str:
    """``RunnerUp`` as ``runner_up``, near enough to the document's key."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind.__name__).lstrip("_")


def _entries(data: Mapping[str, Any], key: str, kind: type = Mapping) -> list[Any]:
    entries = data[key]
    if not isinstance(entries, list) or not all(isinstance(entry, kind) for entry in entries):
        wanted = {str: "texts", int: "integers"}.get(kind, "objects")
        raise ValueError(f"{key} must be a list of {wanted}, found {entries!r:.40}")
    return entries


def _read_plan(document: dict[str, Any]) -> Plan:
    data = {key: value for key, value in document.items() if key != "schema"}
    if data["cost_model"] not in COST_MODELS:
        raise ValueError(f"the cost model is {data['cost_model']!r:.60}, which is none of {', '.join(COST_MODELS)}")
    return Plan(
        **_checked_keys(data),
        model=_read(ModelInfo, data["model"]),
        overlay=_read_overlay(data),
        solver=_read(SolverInfo, data["solver"]),
        resources=tuple(_read(ResourceUse, use) for use in _entries(data, "resources")),
        layers=tuple(read_layer(layer, published=data["cost_model"] == "paper") for layer in _entries(data, "layers")),
        notices=tuple(_entries(data, "notices", str)),
        together=_read_together(data["together"]) if "together" in data else None,
        segments=tuple(_read_segment(entry) for entry in _entries(data, "segments")) if "segments" in data else (),
        batch=_read(BatchInfo, data["batch"]) if "batch" in data else None,
    )


def _read_overlay(data: Mapping[str, Any]) -> OverlayInfo:
    """The overlay; of the published model it is the array alone, and its other sizes are 0."""
    published, said = data["cost_model"] == "paper", data["overlay"]
    if isinstance(said, Mapping):
        said = {"machine": 0 if published else _MACHINE_UNSAID, **PARTS, **said}
    overlay: OverlayInfo = _read(OverlayInfo, said)
    return overlay


def _read_together(data: Mapping[str, Any]) -> TogetherInfo:
    together: TogetherInfo = _read(TogetherInfo, data, cycles=tuple(_entries(data, "cycles", int)))
    return together


def _read_segment(data: Mapping[str, Any]) -> PlannedSegment:
    names = {key: tuple(_entries(data, key, str)) for key in ("nodes", "layers", "inputs", "outputs")}
    segment: PlannedSegment = _read(PlannedSegment, data, **names)
    return segment


def _checked_keys(data: dict[str, Any]) -> dict[str, Any]:
    names = {f.name for f in fields(Plan)}
    if set(data) - names:
        raise ValueError(f"unknown key {sorted(set(data) - names)[0]!r}")
    composed = {"model", "overlay", "solver", "resources", "layers", "notices", "together", "segments", "batch"}
    return {name: data[name] for name in names - composed}
