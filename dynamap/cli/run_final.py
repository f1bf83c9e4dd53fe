"""The end-to-end part of ``dynamap run``: the final outputs against those of the model that the user gave."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from dynamap.cli.output import message

if TYPE_CHECKING:
    from dynamap.backends.evidence.comparison.final import Expectation, FinalOutput
    from dynamap.backends.evidence.comparison.imported import ImportErrors
    from dynamap.backends.quantise.layers import QuantisedNetwork
    from dynamap.planner.network.network import Network


LOW_COSINE = 0.99
"""An output whose cosine with the model's is below this is told of, also where quantisation explains it."""


@dataclass(frozen=True, eq=False)
class Final:
    """The comparison per output, or the reason why there is none."""

    outputs: Mapping[str, FinalOutput]
    crossing: Mapping[str, FinalOutput]
    imported: ImportErrors | None
    missing: str | None

    @property
    def kept(self) -> bool:
        """False where the import or an output breaks its bound."""
        compared = (*self.outputs.values(), *self.crossing.values())
        return all(output.kept is not False for output in compared) and (self.imported is None or self.imported.kept)

    @property
    def notices(self) -> list[str]:
        """A sentence for every output that quantisation made another one, by how much it may."""
        return [
            f"the output {name!r} has a cosine of {output.cosine:.3f} with the model's: int8 with these scales "
            "explains it; calibrate on inputs like yours (--calibration), or train the model for int8"
            for name, output in self.outputs.items()
            if output.kept and output.cosine < LOW_COSINE
        ]

    def document(self) -> dict[str, Any]:
        """The keys ``final``, ``import`` and ``final_missing`` of the document; the last or the others are null."""
        if self.imported is None:
            return {"final": None, "import": None, "final_missing": self.missing}
        found = {name: output.document() for name, output in self.outputs.items()}
        document = {"final": found, "import": self.imported.document(), "final_missing": None}
        if self.crossing:
            document["crossing"] = {name: output.document() for name, output in self.crossing.items()}
        return document


def expectation_of(quantised: QuantisedNetwork, arrays: Mapping[str, npt.NDArray[Any]]) -> Expectation | str:
    """What the original model gives for the input, with its bounds; or the reason why there is nothing to compare.

    Raises:
        InputError: an array does not fit its input.
    """
    from dynamap.backends.evidence.comparison.final import expect
    from dynamap.backends.evidence.comparison.original import NotComparable

    try:
        return expect(quantised, arrays)
    except NotComparable as reason:
        return str(reason)


def cpu_document(network: Network, arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, Any]:
    """The key ``cpu``: how long this machine takes for the model; null where it cannot run it, and ``cpu_words``."""
    from dynamap.backends.evidence.comparison.cpu_time import measure_cpu
    from dynamap.backends.evidence.comparison.original import NotComparable

    try:
        found = measure_cpu(network, arrays)
    except NotComparable as reason:
        return {"cpu": None, "cpu_words": f"this CPU was not measured: {reason}"}
    return {"cpu": found.document(), "cpu_words": found.sentence()}


def final_of(expected: Expectation | str, outputs: Mapping[str, npt.NDArray[Any]]) -> Final:
    """The outputs of the executed program against the expectation."""
    from dynamap.backends.evidence.comparison.final import compare_final

    if isinstance(expected, str):
        return Final({}, {}, None, expected)
    found = compare_final(expected, outputs)
    crossing = {name: found.pop(name) for name in expected.crossing}
    return Final(found, crossing, expected.imported, None)


def warn(final: Final) -> None:
    """A warning on stderr where the import, or an output, breaks its bound; a note where an output has a low cosine."""
    for notice in final.notices:
        message(f"note: {notice}")
    worst = None if final.imported is None else final.imported.worst
    if worst is not None and not worst.kept:
        message(
            f"warning: the imported network is not the model: computed from the model's own values, its tensor "
            f"{worst.tensor!r} differs by {worst.error:.4g}, and float32 explains {worst.bound:.4g}; "
            "please report this with the model, and do not use the plan"
        )
        return
    for name, output in {**final.outputs, **final.crossing}.items():
        if output.kept is False:
            what = "tensor" if name in final.crossing else "output"
            message(
                f"warning: the {what} {name!r} differs from the model's by {output.max_error:.4g}, and the scales of "
                f"the quantised network explain {output.bound:.4g}; please report this with the model"
            )


def final_lines(final: Final) -> list[str]:
    """A line for the import and one per output; a note on stderr where there is nothing to compare with."""
    from dynamap.backends.evidence.comparison.final import UNBOUNDED

    if final.missing is not None:
        message(f"note: no comparison with the original model: {final.missing}")
    lines = []
    if final.imported is not None:
        kept = sum(found.kept for found in final.imported.tensors)
        lines.append(
            f"the imported network against the original model in onnxruntime: {kept} of {len(final.imported.tensors)} "
            "tensors as float32 explains"
        )
    for name, output in final.outputs.items():
        same = "same" if output.top1_equal else "another"
        if output.equal is not None:
            lines.append(
                f"against the original model in onnxruntime, {name!r}: {output.equal:.2%} of its values, which are "
                "choices, are the same"
            )
            continue
        if not output.bounded:
            known = "another number of elements" if math.isinf(output.max_error) else f"cosine {output.cosine:.6f}"
            lines.append(f"against the original model in onnxruntime, {name!r}: {known}, not judged: {UNBOUNDED}")
            continue
        lines.append(
            f"against the original model in onnxruntime, {name!r}: cosine {output.cosine:.6f}, largest error "
            f"{output.max_error:.4g} (bound {output.bound:.4g}), {same} top class"
        )
    return lines
