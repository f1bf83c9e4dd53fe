"""The plan: what was decided for every layer, and what it costs. A frozen value that is saved as JSON.

The JSON document (schema ``dynamap.plan/1``) is the plan's exact content: loading a saved plan gives an equal one.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from dynamap.cost.errors import InputError
from dynamap.planner.plan.plan_types import require_types

SCHEMA = "dynamap.plan/1"


@dataclass(frozen=True)
class ModelInfo:
    """``source``: a built-in name or a file; ``sha256`` identifies it; ``seed``: of random weights."""

    name: str
    source: str
    sha256: str
    seed: int
    macs: int
    parameters: int


@dataclass(frozen=True)
class OverlayInfo:
    """The overlay of the plan; sizes in bytes, clock in MHz, bandwidth in GB/s (docs/overlay.md, section 1)."""

    rows: int
    columns: int
    packing: int
    clock_mhz: float
    bandwidth_gbs: float
    word_bytes: int
    lanes: int
    input_buffer: int
    weight_buffer: int
    output_buffer: int
    accumulator_rows: int
    row_buffer: int
    multipliers: int


@dataclass(frozen=True)
class SolverInfo:
    """How the plan was found. ``bound`` equals ``objective`` where the optimum is proven; both in ``unit``."""

    name: str
    status: str
    objective: int
    unit: str
    bound: int
    seconds: float
    arrays_considered: int
    arrays_solved: int
    treewidth: int | None
    certificate: Any


@dataclass(frozen=True)
class ResourceUse:
    """One resource of the device: used, available, and the uncertainty of the estimate in percent (0 = exact)."""

    name: str
    used: int
    available: int
    uncertainty_percent: int


@dataclass(frozen=True)
class OptionCost:
    """The least cost of one algorithm and dataflow at the chosen formats, or at any (``formats`` says which)."""

    algorithm: str
    dataflow: str
    winograd_tile: int | None
    input_format: str | None
    output_format: str | None
    cost: int
    cost_ms: float


@dataclass(frozen=True)
class RunnerUp:
    """The best other algorithm and dataflow, and how many more cycles (or ps) it takes at the same formats."""

    algorithm: str
    dataflow: str
    extra: int


@dataclass(frozen=True)
class Blocking:
    """How a layer is cut (docs/overlay.md, sections 6 and 7).

    ``mode`` is ``stream_inputs`` or ``stream_weights``; ``rows``: output rows of a block (inputs) or a band (weights);
    ``channels``: output channels of a pass (inputs) or a block (weights); ``planes``: units of a contraction pass.
    """

    mode: str
    rows: int
    channels: int
    planes: int


@dataclass(frozen=True)
class LayerShape:
    """[C, H, W] in and out; kernel and stride (rows, columns); pads (top, left, bottom, right)."""

    input: tuple[int, int, int]
    output: tuple[int, int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    pads: tuple[int, int, int, int]
    dilation: tuple[int, int]
    groups: int


@dataclass(frozen=True)
class PlannedLayer:
    """One layer. ``host`` layers run on the host; ``in_place`` concatenations cost nothing; both have zero cycles.

    ``utilization``: useful products (Winograd: those of its tiles) / (cycles x products the array can do per cycle).
    ``bound_by`` is the largest of compute, input, weights and output cycles.
    """

    name: str
    op: str
    host: bool
    in_place: bool
    shape: LayerShape
    macs: int
    algorithm: str | None
    dataflow: str | None
    winograd_tile: int | None
    blocking: Blocking | None
    input_format: str | None
    output_format: str | None
    compute_cycles: int
    load_cycles: int
    store_cycles: int
    cycles: int
    bytes_read: int
    bytes_written: int
    utilization: float
    bound_by: str | None
    runner_up: RunnerUp | None
    options: tuple[OptionCost, ...]


@dataclass(frozen=True)
class TogetherInfo:
    """What proves the choice of an overlay for several networks.

    ``cycles`` per network, in the order of ``request.together.models``; ``objective`` is their weighted sum or the
    largest weighted one; no overlay and no mappings have less than ``bound`` (the status is optimal where it is equal).
    """

    status: str
    objective: int
    bound: int
    cycles: tuple[int, ...]


@dataclass(frozen=True)
class Plan:
    """A finished plan. ``request`` is what was asked (restrictions, overrides), so that it can be repeated.

    ``together``: only where the overlay was sized for several networks; ``solver`` then speaks of this network's
    mapping on that overlay, and of the arrays of the search for all of them.
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

    def document(self) -> dict[str, Any]:
        """The plan as JSON data."""
        document: dict[str, Any] = {"schema": SCHEMA}
        for f in fields(self):
            if f.name != "together" or self.together is not None:
                document[f.name] = _plain(getattr(self, f.name))
        for layer in document["layers"]:
            layer["shape"]["in"] = layer["shape"].pop("input")
            layer["shape"]["out"] = layer["shape"].pop("output")
        return document

    def save(self, path: str | Path) -> None:
        """Writes the plan, whole or not at all.

        Raises:
            InputError: the file cannot be written.
        """
        write_atomically(Path(path), self.content())

    def content(self) -> bytes:
        """What ``save`` writes."""
        return (json.dumps(self.document(), indent=1) + "\n").encode()


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {key: _plain(part) for key, part in asdict(value).items()}
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(part) for part in value]
    return value


def write_atomically(path: Path, content: bytes) -> None:
    """Writes a file beside its place and moves it there, so that no half-written file is ever seen.

    Raises:
        InputError: the folder does not exist or cannot be written.
    """
    write_all({path: content})


def write_all(files: Mapping[Path, bytes]) -> None:
    """Writes files beside their places and moves them there when all are complete.

    Raises:
        InputError: a folder does not exist or cannot be written; then none of them was moved, unless moving failed.
    """
    staged: dict[Path, str] = {}
    path = Path()
    try:
        for path, content in files.items():
            handle, staged[path] = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(staged[path], 0o666 & ~umask)
        for path in files:
            os.replace(staged[path], path)
            del staged[path]
    except OSError as error:
        for temporary in staged.values():
            os.unlink(temporary)
        raise InputError(f"cannot write {str(path)!r}: {error.strerror or error}") from None


def load_plan(path: str | Path) -> Plan:
    """Reads a saved plan.

    Raises:
        InputError: the file is missing, is not a plan, or is of another version; the message names the key.
    """
    where = str(path)
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read plan {where!r}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where!r} is not a plan: it is not JSON ({error})") from None
    if not isinstance(document, dict) or "schema" not in document:
        raise InputError(f"{where!r} is not a plan: it has no key 'schema'")
    if document["schema"] != SCHEMA:
        raise InputError(
            f"{where!r} has schema {document['schema']!r}; this version reads {SCHEMA!r}: plan the model again"
        )
    try:
        plan = _read_plan(document)
        require_types(plan)
        return plan
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        detail = f"key {error} is missing" if isinstance(error, KeyError) else str(error)
        raise InputError(f"{where!r} is not a valid plan: {detail}") from None


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
    return Plan(
        **_checked_keys(data),
        model=_read(ModelInfo, data["model"]),
        overlay=_read(OverlayInfo, data["overlay"]),
        solver=_read(SolverInfo, data["solver"]),
        resources=tuple(_read(ResourceUse, use) for use in _entries(data, "resources")),
        layers=tuple(_read_layer(layer) for layer in _entries(data, "layers")),
        notices=tuple(_entries(data, "notices", str)),
        together=_read_together(data["together"]) if "together" in data else None,
    )


def _read_together(data: Mapping[str, Any]) -> TogetherInfo:
    together: TogetherInfo = _read(TogetherInfo, data, cycles=tuple(_entries(data, "cycles", int)))
    return together


def _checked_keys(data: dict[str, Any]) -> dict[str, Any]:
    names = {f.name for f in fields(Plan)}
    if set(data) - names:
        raise ValueError(f"unknown key {sorted(set(data) - names)[0]!r}")
    composed = {"model", "overlay", "solver", "resources", "layers", "notices", "together"}
    return {name: data[name] for name in names - composed}


def _read_layer(data: Mapping[str, Any]) -> PlannedLayer:
    if not isinstance(data["shape"], Mapping):
        raise ValueError(f"shape must be an object, found {data['shape']!r:.40}")
    shape = {("input" if k == "in" else "output" if k == "out" else k): v for k, v in data["shape"].items()}
    tuples = {key: tuple(value) if isinstance(value, list) else value for key, value in shape.items()}
    layer: PlannedLayer = _read(
        PlannedLayer,
        data,
        shape=_read(LayerShape, tuples),
        blocking=None if data["blocking"] is None else _read(Blocking, data["blocking"]),
        runner_up=None if data["runner_up"] is None else _read(RunnerUp, data["runner_up"]),
        options=tuple(_read(OptionCost, option) for option in _entries(data, "options")),
    )
    return layer
