"""``dynamap run PLAN.json``: the program on an executor, compared layer by layer."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from rich.text import Text

from dynamap.cli.calibrated import say_source
from dynamap.cli.classes import RunInput, class_lines, classes_document
from dynamap.cli.output import message, show, show_json
from dynamap.cli.places import check_places
from dynamap.cli.run_trace import RunFiles, require_trace, traced
from dynamap.cli.tables import Column, Content, FittedTable
from dynamap.cost.errors import InputError
from dynamap.planner.network.joining.in_place import divided
from dynamap.planner.plan.layers import PlannedLayer
from dynamap.planner.plan.plan import load_plan
from dynamap.planner.plan.segments import step_documents
from dynamap.planner.plan.words import op_word
from dynamap.planner.results.arrays import array_file, arrays_file
from dynamap.planner.results.documents import json_file
from dynamap.planner.results.files import Results

if TYPE_CHECKING:
    from dynamap.backends.contract import CycleCount, Executor, LayerRun
    from dynamap.backends.program.host import Prepared
    from dynamap.backends.quantise.layers import QuantisedNetwork
    from dynamap.backends.range_calibration import RangeCalibration
    from dynamap.cli.run_final import Final
    from dynamap.planner.network.network import Network

Int8Array = npt.NDArray[np.int8]

REFERENCES = ("onnxruntime", "numpy")

TOLERANCE_LSB = {"onnxruntime": 1, "numpy": 0}
"""Differences that are no error: onnxruntime computes a quantised layer in float32, NumPy's reference in integers."""


@dataclass(frozen=True)
class LayerResult:
    """One executed layer. The comparison is None where none was asked for."""

    name: str
    op: str
    counters: Mapping[str, int]
    counters_equal: bool
    cycles: CycleCount | None
    planned_cycles: int
    max_lsb: int | None
    differing: int | None
    elements: int


def run_command(
    plan: Path,
    given: RunInput,
    executor: str,
    compare: str | None,
    files: RunFiles,
    how: RangeCalibration,
    *,
    as_json: bool,
) -> int:
    """Run a plan's program and print what came out; 0 if it agrees with the references and with the plan's counters.

    Raises DynamapError where the plan, its model or its input cannot be used.
    """
    from dynamap.backends.executors import find_executor
    from dynamap.backends.hardware.target import device_of
    from dynamap.backends.host.segments import Segments
    from dynamap.backends.inputs.labels import check_labels, read_labels
    from dynamap.backends.planned_model import files_of_plan, network_of_plan
    from dynamap.backends.program.host import lowered, preprocessing_of, quantised_by
    from dynamap.backends.program.parts import compared_values, model_inputs, outputs_of, run_model
    from dynamap.cli.run_final import cpu_document, expectation_of, final_of, warn

    if compare is not None and compare not in REFERENCES:
        raise InputError(f"--compare {compare!r}: choose {' or '.join(REFERENCES)}")
    if files.trace_layers is not None and not files.trace_layers.is_dir():
        raise InputError(f"--trace-layers: {str(files.trace_layers)!r} is not a folder; make it first")
    read = [plan, given.file, how.data, given.labels]
    places = {"--output": files.output, "--trace": files.trace}
    check_places(places, read)
    loaded = load_plan(plan)
    if files != RunFiles():
        read += files_of_plan(loaded, plan.parent)
    check_places(places, read)
    chosen = find_executor(executor, device_of(loaded))
    require_trace(files.trace, chosen, executor)
    preprocess = preprocessing_of(loaded)
    quantised = quantised_by(network_of_plan(loaded, folder=plan.parent), how, preprocess)
    network = quantised.network
    labels = None if given.labels is None else read_labels(given.labels)
    check_labels(labels, given.labels, network)
    arrays = model_inputs(quantised, given.file, how.seed, preprocess)
    expected = expectation_of(quantised, arrays)
    measured = cpu_document(network, arrays) if given.measured else {}
    prepared = lowered(loaded, quantised)
    del quantised, network  # the float weights
    results: list[LayerResult] = []
    segments = Segments()
    with Results() as written:
        tensors = None if files.trace_layers is None else _Tensors(written, files.trace_layers, prepared, read)
        tracing = traced(chosen, files.trace, written, read)
        started = time.perf_counter()

        def execute(part: Prepared, inputs: Mapping[str, Int8Array]) -> Mapping[str, Int8Array]:
            kept: dict[str, Int8Array] = {}
            results.extend(_layers(tracing, part, inputs, compare, kept, tensors))
            return kept

        values = run_model(prepared, arrays, execute, segments)
        seconds = time.perf_counter() - started
        if tensors is not None:
            tensors.finish()
        tracing.finish(loaded)
        if files.output is not None:
            written.write(files.output, arrays_file({name: values[name] for name in outputs_of(prepared.network)}))
    tracing.tell()
    compared = compared_values(prepared.network, values)
    final = final_of(expected, compared)
    document = run_document(results, chosen.platform, seconds, compare is not None)
    document |= {"outputs": _output_types(prepared.network, values)}
    document |= {"notices": [*prepared.quantised.notices, *final.notices]}
    if prepared.network.whole is not None:
        document["segments"] = step_documents(prepared.network.whole, segments.seconds)
    document |= classes_document(prepared.network, compared, labels)
    document |= measured
    document |= {"calibration": prepared.quantised.calibration_document()} | final.document()
    if as_json:
        show_json(document)
    else:
        _print(document, compare, prepared.quantised, given.file is None, final)
    warn(final)
    say_source(prepared.quantised)
    wrong = compare is not None and document["max_lsb"] > TOLERANCE_LSB[compare]
    return 1 if wrong or not document["counters_equal"] or not final.kept else 0


def _layers(
    executor: Executor,
    prepared: Prepared,
    inputs: Mapping[str, Int8Array],
    compare: str | None,
    kept: dict[str, Int8Array],
    tensors: _Tensors | None,
) -> Iterator[LayerResult]:
    """Every layer as it finishes; ``kept`` gets the tensors that the host reads."""
    from dynamap.backends.quantise.calibrating.float_executor import last_uses
    from dynamap.planner.mapping.memory import host_reads

    network = prepared.network
    planned = {layer.name: layer for layer in prepared.plan.layers}
    wanted = set(host_reads(network))
    kept.update({name: values for name, values in inputs.items() if name in wanted})
    live = dict(inputs)
    last = last_uses(network)
    layers = {layer.name: (index, layer) for index, layer in enumerate(network.layers)}
    if tensors is not None:
        for name, values in inputs.items():
            tensors.write(name, values)
    for done in executor.run(prepared.program, inputs):
        index, layer = layers[done.name]
        if tensors is not None:
            tensors.write(done.tensor, done.values)
        if done.tensor in wanted:
            kept[done.tensor] = done.values
        yield _result(prepared, planned[done.name], layer, done, live, compare)
        live[done.tensor] = done.values
        for name in {*layer.inputs, layer.output}:
            if last.get(name, -1) <= index:
                del live[name]


def _result(
    prepared: Prepared,
    planned: PlannedLayer,
    layer: Any,
    done: LayerRun,
    live: Mapping[str, Int8Array],
    compare: str | None,
) -> LayerResult:
    equal = all(getattr(planned, name) == value for name, value in done.counters.items())
    equal = equal and (done.cycles is None or done.cycles.measured == done.cycles.expected)
    largest = differing = None
    if compare is not None:
        sources = [live[name] for name in layer.inputs]
        if compare == "onnxruntime":
            from dynamap.backends.evidence.comparison.onnx_compare import compare_layer

            found = compare_layer(prepared.quantised, layer, sources, done.values)
            largest, differing = found.max_lsb, found.differing
        else:
            from dynamap.backends.quantise.reference import compute

            integers = prepared.quantised.layers[layer.name]
            expected = compute(layer, integers, sources, prepared.network.tensors[layer.output])
            difference = np.abs(expected.astype(np.int16) - done.values)
            largest, differing = int(difference.max()), int(np.count_nonzero(difference))
    return LayerResult(
        name=done.name,
        op=op_word(planned),
        counters=done.counters,
        counters_equal=equal,
        cycles=done.cycles,
        planned_cycles=planned.cycles,
        max_lsb=largest,
        differing=differing,
        elements=done.values.size,
    )


def _cycles_document(result: LayerResult) -> dict[str, int]:
    """Measured cycles, those of them that were waited for the planned end, the closed form's, and the plan's."""
    cycles = result.cycles
    if cycles is None:
        return {}
    return {
        "cycles": cycles.measured,
        "waited_cycles": cycles.waited,
        "expected_cycles": cycles.expected,
        "planned_cycles": result.planned_cycles,
    }


def run_document(results: list[LayerResult], platform: str, seconds: float, compared: bool) -> dict[str, Any]:
    """The results as JSON data; without a comparison its numbers are null."""
    layers = [
        {
            "name": result.name,
            "op": result.op,
            "max_lsb": result.max_lsb,
            "differing": result.differing,
            "elements": result.elements,
            "counters_equal": result.counters_equal,
            **result.counters,
            **_cycles_document(result),
        }
        for result in results
    ]
    return {
        "max_lsb": max((r.max_lsb or 0 for r in results), default=0) if compared else None,
        "differing": sum(r.differing or 0 for r in results) if compared else None,
        "elements": sum(r.elements for r in results),
        "platform": platform,
        "counters_equal": all(r.counters_equal for r in results),
        "layers": layers,
        "seconds": round(seconds, 3),
    }


class _Tensors:
    """Writes every tensor as an .npy file, and tensors.json, which says which is which; no file of ``read``."""

    def __init__(self, files: Results, folder: Path, prepared: Prepared, read: Sequence[Path | None]) -> None:
        self.files, self.folder, self.prepared, self.read = files, folder, prepared, read
        self.entries: list[dict[str, Any]] = []

    def write(self, tensor: str, values: Int8Array) -> None:
        """No file of what is divided into slices, which have scales of their own."""
        if tensor in divided(self.prepared.network):
            return
        safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", tensor)[:80]
        file = f"{len(self.entries):04d}-{safe}.npy"
        scheme = self.prepared.quantised.tensors[tensor]
        self._write(file, array_file(values))
        self.entries.append(
            {
                "tensor": tensor,
                "file": file,
                "shape": list(values.shape),
                "scale": scheme.scale,
                "zero_point": scheme.zero_point,
            }
        )

    def finish(self) -> None:
        self._write("tensors.json", json_file(self.entries))

    def _write(self, name: str, content: bytes) -> None:
        check_places({"--trace-layers": self.folder / name}, self.read)
        self.files.write(self.folder / name, content)


def _output_types(network: Network, values: Mapping[str, npt.NDArray[Any]]) -> dict[str, dict[str, Any]]:
    """The declared type of each output, with scale and zero point where it holds integers."""
    types: dict[str, dict[str, Any]] = {}
    if network.whole is not None:
        return {port.name: {"type": str(values[port.name].dtype)} for port in network.whole.outputs}
    for name in network.outputs:
        types[name] = {"type": network.type_of(name).value}
        integers = network.integers_of(name)
        if integers is not None:
            types[name] |= {"scale": integers.scale, "zero_point": integers.zero_point}
    return types


_COLUMNS = (
    Column("layer", content=Content.NAMES),
    Column("op"),
    Column("elements", right=True, rank=1),
    Column("differing", right=True),
    Column("largest, LSB", right=True),
    Column("bytes read", right=True, rank=2),
    Column("bytes written", right=True, rank=2),
)


def _time_lines(layers: Sequence[Mapping[str, Any]]) -> list[str]:
    """How many layers took the cycles of the plan, where an executor has measured cycles."""
    timed = [layer for layer in layers if "cycles" in layer]
    if not timed:
        return []
    over = [layer for layer in timed if layer["cycles"] != layer["planned_cycles"]]
    line = f"{len(timed) - len(over)} of {len(timed)} layers took the cycles of the plan"
    if over:
        worst = max(over, key=lambda layer: layer["cycles"] - layer["planned_cycles"])
        line += f"; {worst['name']} took {worst['cycles']:,}, and was planned for {worst['planned_cycles']:,}"
    return [line]


def _print(
    document: Mapping[str, Any], compare: str | None, quantised: QuantisedNetwork, random_input: bool, final: Final
) -> None:
    from dynamap.cli.run_final import final_lines

    for notice in quantised.notices:
        message(f"note: {notice}")
    for name, kind in document["outputs"].items():
        if "scale" in kind:
            scaled = f"scale {kind['scale']:g}, zero point {kind['zero_point']}"
            message(f"note: the output {name!r} holds {kind['type']} integers, {scaled}")
    if random_input:
        message("note: the input is a seeded random image; give one with --input")
    rows = []
    for layer in document["layers"]:
        shown = "" if layer["differing"] is None else f"{layer['differing'] / layer['elements']:.4%}"
        largest = "" if layer["max_lsb"] is None else str(layer["max_lsb"])
        read, written = str(layer.get("bytes_read", "")), str(layer.get("bytes_written", ""))
        rows.append((layer["name"], layer["op"], str(layer["elements"]), shown, largest, read, written))
    told = [at for at, column in enumerate(_COLUMNS) if any(row[at] for row in rows)]  # by this executor, in this run
    table = FittedTable([_COLUMNS[at] for at in told], [[row[at] for at in told] for row in rows])
    lines = [*class_lines(document), *final_lines(final)]
    if compare is not None:
        share = document["differing"] / document["elements"]
        lines.append(
            f"against {compare}: {document['differing']} of {document['elements']} values differ ({share:.4%}), "
            f"by at most {document['max_lsb']} LSB"
        )
    if "cpu" in document:
        lines.append(document["cpu_words"])
    lines += _time_lines(document["layers"])
    agree = "equal to the plan's" if document["counters_equal"] else "NOT the plan's"
    lines.append(f"counters {agree}; {document['platform']}, {document['seconds']:.2f} s")
    show(table, *map(Text, lines))
