"""The layers of the plan document: the one place where a decision becomes text, and text a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from typing import Any, TypeVar

from dynamap.cost.algorithms import Algorithm, Dataflow, WinogradTile
from dynamap.cost.overlay.transfer import Format
from dynamap.planner.plan.layers import (
    ArrayDecision,
    Blocking,
    Bound,
    Choice,
    Decision,
    InPlace,
    LayerShape,
    Mode,
    OnArray,
    OnHost,
    OnVectorUnit,
    Operation,
    OptionCost,
    PlannedLayer,
    PublishedFormat,
    RunnerUp,
    TensorFormat,
)
from dynamap.planner.plan.words import op_word

E = TypeVar("E", bound=Enum)
T = TypeVar("T")

_SIDES = {"in": "input", "out": "output"}
_COUNTS = ("compute_cycles", "load_cycles", "store_cycles", "cycles", "bytes_read", "bytes_written")
_KEYS = (
    *("name", "op", "host", "in_place", "shape", "macs", "algorithm", "dataflow", "winograd_tile", "blocking"),
    *("input_format", "output_format", *_COUNTS, "utilization", "bound_by", "runner_up", "options"),
)


def layer_document(layer: PlannedLayer) -> dict[str, Any]:
    """A layer as JSON data. Every layer has every key; what it has not is null, 0 or empty."""
    document: dict[str, Any] = dict.fromkeys(_KEYS)
    shape: dict[str, Any] = {key: list(value) if isinstance(value, tuple) else value for key, value in _shape(layer)}
    document |= {
        "name": layer.name,
        "op": op_word(layer),
        "host": isinstance(layer, OnHost),
        "in_place": isinstance(layer, InPlace),
        "shape": shape | {word: shape.pop(key) for word, key in _SIDES.items()},
        "macs": layer.macs,
        **{name: getattr(layer, name) for name in _COUNTS},
        "utilization": 0.0,
        "options": [],
    }
    if not isinstance(layer, OnHost):
        document |= {"input_format": _value(layer.input_format), "output_format": _value(layer.output_format)}
    if isinstance(layer, (OnArray, OnVectorUnit)):
        document |= {
            "blocking": None if layer.blocking is None else blocking_document(layer.blocking),
            "utilization": layer.utilization,
            "bound_by": _value(layer.bound_by),
        }
    if isinstance(layer, OnArray):
        runner = layer.runner_up
        document |= _choice_document(layer.choice) | {
            "runner_up": None
            if runner is None
            else {"algorithm": runner.algorithm.value, "dataflow": runner.dataflow.value, "extra": runner.extra},
            "options": [_option_document(option) for option in layer.options],
        }
    return document


def read_layer(data: Mapping[str, Any], *, published: bool) -> PlannedLayer:
    """The layer of a ``layer_document``; ``published``: of a plan by the published cost model.

    Raises:
        ValueError: a key is missing, unknown, or its value cannot be; the message names layer and key.
    """
    name = data.get("name")
    try:
        _require_keys(data, _KEYS, "layer")
        return _read_layer(data, published)
    except ValueError as error:
        raise ValueError(f"layer {name!r:.100}: {error}") from None


def _read_layer(data: Mapping[str, Any], published: bool) -> PlannedLayer:
    common: dict[str, Any] = {"name": data["name"], "shape": _read_shape(data["shape"]), "macs": data["macs"]}
    if data["host"] not in (True, False) or data["in_place"] not in (True, False):
        raise ValueError("host and in_place must be true or false")
    if data["host"]:
        if not isinstance(data["op"], str):
            raise ValueError(f"op must be a string, found {data['op']!r:.60}")
        return _alone(OnHost(**common, op=data["op"]), data)
    common["operation"] = _read_word(Operation, data["op"], "op")
    formats = {key: _read_format(data[key], key, published) for key in ("input_format", "output_format")}
    if data["in_place"]:
        known: dict[str, Any] = dict(formats) if published else {}
        return _alone(InPlace(**common, **known), data)
    if None in formats.values():
        raise ValueError("input_format and output_format must be given for a layer that the overlay runs")
    blocking = None if published and data["blocking"] is None else _read_blocking(data["blocking"])
    bound = None if published and data["bound_by"] is None else _read_word(Bound, data["bound_by"], "bound_by")
    executed = common | formats | {name: data[name] for name in (*_COUNTS, "utilization")}
    executed |= {"blocking": blocking, "bound_by": bound}
    if data["algorithm"] is None:
        return _alone(OnVectorUnit(**executed), data)
    runner = data["runner_up"]
    return OnArray(
        **executed,
        choice=_read_choice(data),
        runner_up=None if runner is None else _read_runner_up(runner),
        options=tuple(_read_option(option, published) for option in _objects(data["options"], "options")),
    )


def _alone(layer: PlannedLayer, data: Mapping[str, Any]) -> PlannedLayer:
    """The layer, if its document says nothing that a layer of its kind has not."""
    for key, value in layer_document(layer).items():
        if data[key] != value and key != "shape":
            kind = {OnHost: "host is true", InPlace: "in_place is true"}.get(type(layer), "algorithm is null")
            raise ValueError(f"{key} must be {value!r} where {kind}, found {data[key]!r:.60}")
    return layer


def decision_fields(decision: Decision | ArrayDecision) -> dict[str, Any]:
    """The fields of a decision by name, for the layer that carries it out."""
    return {field.name: getattr(decision, field.name) for field in fields(decision)}


def _shape(layer: PlannedLayer) -> list[tuple[str, Any]]:
    return [(field.name, getattr(layer.shape, field.name)) for field in fields(LayerShape)]


def _read_shape(data: Any) -> LayerShape:
    if not isinstance(data, Mapping):
        raise ValueError(f"shape must be an object, found {data!r:.40}")
    words = {key: word for word, key in _SIDES.items()}
    names = {field.name: words.get(field.name, field.name) for field in fields(LayerShape)}
    _require_keys(data, list(names.values()), "shape")
    said = {name: data[word] for name, word in names.items()}
    values: dict[str, Any] = {name: tuple(part) if isinstance(part, list) else part for name, part in said.items()}
    return LayerShape(**values)


def _choice_document(choice: Choice) -> dict[str, Any]:
    return {
        "algorithm": choice.algorithm.value,
        "dataflow": choice.dataflow.value,
        "winograd_tile": _value(choice.winograd),
    }


def _read_choice(data: Mapping[str, Any]) -> Choice:
    algorithm = _read_word(Algorithm, data["algorithm"], "algorithm")
    tile = data["winograd_tile"]
    if (tile is None) is (algorithm is Algorithm.WINOGRAD):
        raise ValueError(f"winograd_tile is {tile!r:.60}, which does not go with algorithm {algorithm.value!r}")
    return Choice(
        algorithm,
        None if tile is None else _read_word(WinogradTile, tile, "winograd_tile"),
        _read_word(Dataflow, data["dataflow"], "dataflow"),
    )


def _option_document(option: OptionCost) -> dict[str, Any]:
    return _choice_document(option.choice) | {
        "input_format": _value(option.input_format),
        "output_format": _value(option.output_format),
        "cost": option.cost,
        "cost_ms": option.cost_ms,
    }


def _read_option(data: Mapping[str, Any], published: bool) -> OptionCost:
    names = ("algorithm", "dataflow", "winograd_tile", "input_format", "output_format", "cost", "cost_ms")
    _require_keys(data, names, "option")
    return OptionCost(
        choice=_read_choice(data),
        input_format=_read_format(data["input_format"], "input_format", published),
        output_format=_read_format(data["output_format"], "output_format", published),
        cost=data["cost"],
        cost_ms=data["cost_ms"],
    )


def _read_runner_up(data: Any) -> RunnerUp:
    _require_keys(data, ("algorithm", "dataflow", "extra"), "runner_up")
    return RunnerUp(
        _read_word(Algorithm, data["algorithm"], "runner_up.algorithm"),
        _read_word(Dataflow, data["dataflow"], "runner_up.dataflow"),
        data["extra"],
    )


def blocking_document(blocking: Blocking) -> dict[str, Any]:
    """A blocking as JSON data."""
    sizes = {"rows": blocking.rows, "channels": blocking.channels, "planes": blocking.units}
    return {"mode": blocking.mode.value, **sizes}


def _read_blocking(data: Any) -> Blocking:
    _require_keys(data, ("mode", "rows", "channels", "planes"), "blocking")
    mode = _read_word(Mode, data["mode"], "blocking.mode")
    for key in ("rows", "channels", "planes"):
        if isinstance(data[key], int) and data[key] < 1:
            raise ValueError(f"blocking.{key} must be at least 1, found {data[key]}")
    return Blocking(mode, data["rows"], data["channels"], data["planes"])


def _read_format(text: Any, key: str, published: bool) -> TensorFormat | None:
    if text is None:
        return None
    if published:
        if not isinstance(text, str):
            raise ValueError(f"{key} must be a string, found {text!r:.60}")
        return PublishedFormat(text)
    return _read_word(Format, text, key)


def _read_word(kind: type[E], value: Any, key: str) -> E:
    for member in kind:
        if member.value == value and type(member.value) is type(value):
            return member
    known = ", ".join(str(member.value) for member in kind)
    raise ValueError(f"{key} is {value!r:.60}, which is none of {known}")


def _value(value: Any) -> Any:
    """The text (or code) of a word of the document; None has none."""
    return None if value is None else value.value


def _require_keys(data: Any, names: tuple[str, ...] | list[str], what: str) -> None:
    if not isinstance(data, Mapping):
        raise ValueError(f"{what} must be an object, found {data!r:.40}")
    for name in names:
        if name not in data:
            raise ValueError(f"key {name!r} of {what} is missing")
    if unknown := set(data) - set(names):
        raise ValueError(f"{what} has the unknown key {sorted(map(str, unknown))[0]!r}")


def _objects(entries: Any, key: str) -> list[Mapping[str, Any]]:
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise ValueError(f"{key} must be a list of objects, found {entries!r:.40}")
    return entries
