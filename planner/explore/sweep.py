"""A sweep: models, devices and every option that varies, as one frozen value, and the combinations that it asks for.

A sweep is *identified* by what its answers depend on: the digests of the models, the contents of the devices, the
options, the budgets, the solver and the code. Results are continued only by the sweep that they belong to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import Any

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.device import Device
from dynamap.cost.errors import InputError
from dynamap.cost.overlay.fitting.target import FILL_PERCENT, array_limit, machine_of
from dynamap.planner.explore.budgets import ALL, Budget
from dynamap.planner.explore.identity import CodeIdentity, code_identity
from dynamap.planner.network.network import Network
from dynamap.planner.request.options import ALIKE, Options
from dynamap.planner.request.request import Request

SCHEMAS = "dynamap.sweep/"
"""Begins the schema of every version."""

SCHEMA = f"{SCHEMAS}1"


@dataclass(frozen=True)
class Model:
    """A network by its name in the results and the digest of its model."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Swept:
    """What varies, each a list without repetition; None leaves the clock, the bandwidth or the share to the device.

    ``fills``: shares in percent of the device's multipliers that array and lanes may take.

    ``alike``: the options of a plan that are the same for all combinations (`ALIKE`).
    """

    clocks_mhz: tuple[float | None, ...] = (None,)
    bandwidths_gbs: tuple[float | None, ...] = (None,)
    fills: tuple[int | None, ...] = (None,)
    multipliers: tuple[Budget, ...] = (ALL,)
    on_chip: tuple[Budget, ...] = (ALL,)
    algorithms: tuple[tuple[Algorithm, ...], ...] = (tuple(Algorithm),)
    dataflows: tuple[tuple[Dataflow, ...], ...] = (tuple(Dataflow),)
    alike: Options = field(default_factory=Options)

    def __post_init__(self) -> None:
        for name in ("clocks_mhz", "bandwidths_gbs", "fills", "multipliers", "on_chip", "algorithms", "dataflows"):
            values = getattr(self, name)
            if not values:
                raise InputError(f"a sweep needs at least one value of {name}")
            if len(set(values)) < len(values):
                raise InputError(f"a sweep names a value of {name} twice: {', '.join(map(str, values))}")


@dataclass(frozen=True)
class Combination:
    """One question: the best plan of ``model`` on ``device`` within two budgets.

    ``number`` counts from 0 in the order of the sweep. ``multipliers`` is the budget of the array, at most what the
    device has; in ``request``, that of ``dynamap plan`` which answers it, one that does not bind is left out. A budget
    of memory stays there, also where it is all that there is: within a budget, buffers of all sizes are tried.
    """

    number: int
    model: Model
    device: Device
    multipliers: int
    request: Request


@dataclass(frozen=True)
class Sweep:
    """All combinations of ``models``, ``devices`` and ``options``, computed by the code of ``identity``."""

    models: tuple[Model, ...]
    devices: tuple[Device, ...]
    options: Swept
    identity: CodeIdentity

    @staticmethod
    def of(networks: Sequence[Network], devices: Sequence[Device], options: Swept) -> Sweep:
        """The sweep of these networks and devices by the code that is running.

        Raises:
            InputError: there is no network or device, two have one name, or an option fits no device.
        """
        _require_names("model", [network.name for network in networks])
        _require_names("device", [device.name for device in devices])
        models = tuple(Model(network.name, network.sha256) for network in networks)
        sweep = Sweep(models, tuple(devices), options, code_identity())
        for device in devices:
            for clock, bandwidth in product(options.clocks_mhz, options.bandwidths_gbs):
                device.with_overrides(clock, bandwidth)
        return sweep

    @cached_property
    def combinations(self) -> tuple[Combination, ...]:
        """Every question, models first, then devices, then the options in the order of their fields."""
        return tuple(replace(each, number=number) for number, each in enumerate(self._combinations()))

    def _combinations(self) -> Iterator[Combination]:
        o = self.options
        settings = product(o.clocks_mhz, o.bandwidths_gbs, o.fills, o.algorithms, o.dataflows, o.on_chip, o.multipliers)
        for (model, device), setting in product(product(self.models, self.devices), list(settings)):
            clock, bandwidth, fill, algorithms, dataflows, on_chip, multipliers = setting
            limit = array_limit(
                device, machine_of(device), FILL_PERCENT if fill is None else fill
            )  # no clock or bandwidth changes it
            budget = multipliers.of(max(0, limit))
            request = replace(
                Request(**vars(o.alike)),
                clock_mhz=clock,
                bandwidth_gbs=bandwidth,
                fill_percent=fill,
                multipliers=budget if budget < limit else None,
                on_chip_bytes=None if o.on_chip == (ALL,) else on_chip.of(device.resources.kernel_on_chip_bytes),
                algorithms=algorithms,
                dataflows=dataflows,
            )
            yield Combination(0, model, device, budget, request)

    def document(self) -> dict[str, Any]:
        """What identifies the sweep, as JSON data."""
        o = self.options
        body: dict[str, Any] = {
            "schema": SCHEMA,
            "dynamap": self.identity.version,
            "code_sha256": self.identity.sha256,
            "models": {model.name: model.sha256 for model in self.models},
            "devices": {device.name: device.document() for device in self.devices},
            "clocks_mhz": list(o.clocks_mhz),
            "bandwidths_gbs": list(o.bandwidths_gbs),
            "fills_percent": list(o.fills),
            "multipliers": [str(budget) for budget in o.multipliers],
            "on_chip": [str(budget) for budget in o.on_chip],
            "algorithms": [[algorithm.value for algorithm in some] for some in o.algorithms],
            "dataflows": [[dataflow.value for dataflow in some] for some in o.dataflows],
            **{option.name: option.kind.written(getattr(o.alike, option.name)) for option in ALIKE},
        }
        return {**body, "combinations": len(self.combinations), "sha256": fingerprint(body)}


def fingerprint(document: Mapping[str, Any]) -> str:
    """SHA-256 of JSON data, with its keys in their order."""
    return hashlib.sha256(json.dumps(document, separators=(",", ":")).encode()).hexdigest()


def differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Sentences that say in what two sweeps' documents differ; empty if they are of the same sweep."""
    sentences = []
    if found.get("schema") != wanted["schema"]:
        return [f"its schema is {found.get('schema')!r} and not {wanted['schema']!r}"]
    code = [(document.get("dynamap"), str(document.get("code_sha256"))[:12]) for document in (found, wanted)]
    if code[0] != code[1]:
        (old, old_code), (new, new_code) = code
        sentences.append(f"it was computed by dynamap {old} (code {old_code}) and this is {new} (code {new_code})")
    for key, noun in (("models", "model"), ("devices", "device")):
        sentences += _mapping_differences(noun, found.get(key), wanted[key])
    for key in wanted:
        if key in ("schema", "dynamap", "code_sha256", "models", "devices", "combinations", "sha256"):
            continue
        if found.get(key) != wanted[key]:
            sentences.append(f"its {key} is {_words(found.get(key))} and not {_words(wanted[key])}")
    return sentences


def _mapping_differences(noun: str, found: object, wanted: Mapping[str, Any]) -> list[str]:
    known = found if isinstance(found, Mapping) else {}
    if list(known) != list(wanted):
        return [f"its {noun}s are {_words(list(known))} and not {_words(list(wanted))}"]
    return [f"its {noun} {name!r} has other contents" for name in wanted if known[name] != wanted[name]]


def _words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join("+".join(map(str, part)) if isinstance(part, list) else str(part) for part in value)
    return str(value)


def _require_names(noun: str, names: Sequence[str]) -> None:
    if not names:
        raise InputError(f"a sweep needs at least one {noun}")
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"two {noun}s of the sweep are called {name!r}: leave one out, or give it a name of its own"
            )
