"""Plans with what one does with them: verify, simulate, run, generate, report; and how a notebook shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynamap.cost.errors import InputError
from dynamap.planner.plan.plan import Plan as StoredPlan
from dynamap.planner.results.optional import optional

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from dynamap.backends.evidence.verification import Verification
    from dynamap.backends.program.host import Prepared
    from dynamap.backends.range_calibration import RangeCalibration
    from dynamap.backends.simulator import Simulation
    from dynamap.planner.network.network import Network


class Plan(StoredPlan):
    """A finished plan. ``network``: what it was made for, where that is at hand; else it is found where the plan says.

    >>> import dynamap
    >>> dynamap.plan("squeezenet", "zcu104", array=(32, 32)).layers[0].name
    'n0'
    """

    network: Network | None = None
    folder: Path | None = None
    """Where else the model's file may lie: that of the saved plan."""

    @classmethod
    def of(cls, plan: StoredPlan, network: Network | None = None, folder: Path | None = None) -> Plan:
        """The same plan."""
        same = cls(**{f.name: getattr(plan, f.name) for f in fields(StoredPlan)})
        if network is not None:
            from dynamap.planner.network.joining.siblings import as_planned

            network = as_planned(network, plan.layers)
        object.__setattr__(same, "network", network)  # a plan is frozen, and these two are not of its values
        object.__setattr__(same, "folder", folder)
        return same

    def _repr_html_(self) -> str:
        from dynamap.backends.evidence.notebook import plan_html

        return plan_html(self)

    def to_dataframe(self) -> pd.DataFrame:
        """A row per layer, indexed by its name: what was decided for it, its cycles and bytes.

        Raises:
            InputError: pandas is not installed.
        """
        pandas = _pandas()
        rows = [_flat(layer) for layer in self.document()["layers"]]
        return pandas.DataFrame(rows).set_index("name")

    def verify(self, *, full: bool = True) -> Verification:
        """As ``dynamap verify``: ``.verified``, and ``.checks`` with what was found.

        ``full``: search all arrays again, as planning did.

        Raises:
            InputError: the model is gone or another one, or the plan cannot be read.
        """
        from dynamap.backends.evidence.verification import verify_plan

        return verify_plan(self, self.network, full=full, folder=self.folder)

    def simulate(self) -> Simulation:
        """As ``dynamap simulate``: the counters of every layer and pass, block by block.

        Raises:
            InputError: the model is gone or another one, or the plan is of the published cost model.
            InfeasibleError: the program does not fit the device's memory.
        """
        from dynamap.backends.simulator import simulate_plan

        return simulate_plan(self, self._network())

    def run(
        self,
        inputs: Mapping[str, npt.NDArray[Any]] | npt.NDArray[Any] | str | Path | None = None,
        *,
        executor: str = "numpy",
        calibration: RangeCalibration | str | Path | None = None,
    ) -> dict[str, npt.NDArray[Any]]:
        """The outputs of one image, bit-exact, in the types and shapes that the model declares, by name.

        ``inputs``: arrays by the names of inputs, batch included; or, of the only input, the array, or a file of it
        (a picture, .npy); seeded random ones where none are given. ``executor``: ``numpy`` or a backend.
        ``calibration``: how a float model is calibrated, or what on: a folder of pictures, .npy or .npz.

        Raises:
            InputError: the model, the executor, the calibration or an input cannot be used.
            InfeasibleError: the program does not fit the device's memory.
        """
        from dynamap.backends.executors import execute, find_executor
        from dynamap.backends.hardware.target import device_of

        chosen = find_executor(executor, device_of(self))
        prepared, arrays = self._prepared(calibration, inputs if isinstance(inputs, (str, Path)) else None)
        if isinstance(inputs, Mapping):
            arrays = inputs
        elif inputs is not None and not isinstance(inputs, (str, Path)):
            arrays = {_only_input(prepared.network): inputs}
        return execute(chosen, prepared, arrays)

    def report(self, path: str | Path) -> Path:
        """Writes the page of ``dynamap report`` and returns where.

        Raises:
            InputError: the plan's own words cannot be understood, or the file cannot be written.
        """
        import hashlib

        from dynamap.backends.evidence.report import Wanted, gather, html_report
        from dynamap.planner.results.files import write_file

        sha256 = hashlib.sha256(self.content()).hexdigest()
        evidence = gather(self, self.model.name, sha256, Wanted(), network=self.network, folder=self.folder)
        write_file(Path(path), html_report([evidence]).encode())
        return Path(path)

    def generate(
        self,
        folder: str | Path,
        backend: str = "vitis-hls",
        *,
        calibration: RangeCalibration | str | Path | None = None,
        force: bool = False,
    ) -> Path:
        """Writes the project of ``dynamap generate`` and returns its folder; its image is a seeded random one.

        Raises:
            InputError: there is no such backend, the folder holds something else, or the model cannot be quantised.
            InfeasibleError: the backend cannot build the plan, or the program does not fit the device's memory.
        """
        from dynamap.backends.discovery import load_backend
        from dynamap.backends.model_steps import project_files
        from dynamap.backends.project import write_project

        chosen = load_backend(backend)
        write_project(project_files(chosen, *self._prepared(calibration, None)), Path(folder), force=force)
        return Path(folder)

    def _prepared(
        self, calibration: RangeCalibration | str | Path | None, file: str | Path | None
    ) -> tuple[Prepared, Mapping[str, npt.NDArray[Any]]]:
        """The program, and one image: from a file, or a seeded random one."""
        from dynamap.backends.program.host import lowered, preprocessing_of, quantised_by
        from dynamap.backends.program.parts import model_inputs
        from dynamap.backends.range_calibration import RangeCalibration

        how, preprocess = RangeCalibration.of(calibration), preprocessing_of(self)
        quantised = quantised_by(self._network(), how, preprocess)
        arrays = model_inputs(quantised, None if file is None else Path(file), how.seed, preprocess)
        return lowered(self, quantised), arrays

    def _network(self) -> Network:
        if self.network is not None:
            return self.network
        from dynamap.backends.planned_model import network_of_plan

        return network_of_plan(self, folder=self.folder)


class Comparison(Sequence[Plan]):
    """Several plans side by side: in a notebook a table with bars, ``to_dataframe`` for more."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        if not plans:
            raise InputError("there is no plan to compare")
        self._plans = tuple(plans)

    def __getitem__(self, index: Any) -> Any:
        return self._plans[index]

    def __len__(self) -> int:
        return len(self._plans)

    def __repr__(self) -> str:
        return "\n".join(map(repr, self._plans))

    def _repr_html_(self) -> str:
        from dynamap.backends.evidence.notebook import comparison_html

        return comparison_html(self._plans)

    def to_dataframe(self) -> pd.DataFrame:
        """A row per plan.

        Raises:
            InputError: pandas is not installed.
        """
        rows = [
            {
                "model": plan.model.name,
                "device": plan.device["device"]["name"],
                "rows": plan.overlay.rows,
                "columns": plan.overlay.columns,
                "clock_mhz": plan.overlay.clock_mhz,
                "latency_ms": plan.latency_ms,
                "status": plan.solver.status,
                **{use.name: use.used for use in plan.resources},
            }
            for plan in self._plans
        ]
        return _pandas().DataFrame(rows)


def _only_input(network: Network) -> str:
    whole = network.whole
    names = list(network.inputs) if whole is None else [port.name for port in whole.inputs]
    if len(names) != 1:
        raise InputError(f"give an array for each input by its name: {', '.join(names)}")
    return names[0]


def _pandas() -> Any:
    try:
        return optional("pandas")
    except ImportError:
        raise InputError("a data frame needs pandas: pip install pandas") from None


def _flat(layer: Mapping[str, Any]) -> dict[str, Any]:
    """A layer's document without its alternatives, its shape and blocking spread over keys of their own."""
    flat: dict[str, Any] = {}
    for key, value in layer.items():
        if key == "options":
            continue
        if isinstance(value, Mapping):
            flat |= {f"{key}_{part}": each for part, each in value.items()}
        else:
            flat[key] = value
    return flat
