"""The end-to-end part of ``dynamap run``: the final outputs against those of the model that the user gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dynamap.cli.output import message

if TYPE_CHECKING:
    from dynamap.backends.evidence.comparison.final import Expectation, FinalOutput
    from dynamap.backends.quantise.layers import QuantisedNetwork


@dataclass(frozen=True, eq=False)
class Final:
    """The comparison per output, or the reason why there is none."""

    outputs: Mapping[str, FinalOutput]
    missing: str | None

    @property
    def kept(self) -> bool:
        """False where an output breaks a bound."""
        return all(output.kept for output in self.outputs.values())

    def document(self) -> dict[str, Any]:
        """The keys ``final`` and ``final_missing`` of the JSON document; one of them is null."""
        found = {name: output.document() for name, output in self.outputs.items()}
        return {"final": None if self.missing else found, "final_missing": self.missing}


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


def final_of(expected: Expectation | str, outputs: Mapping[str, npt.NDArray[np.float32]]) -> Final:
    """The outputs of the executed program against the expectation."""
    from dynamap.backends.evidence.comparison.final import compare_final

    if isinstance(expected, str):
        return Final({}, expected)
    return Final(compare_final(expected, outputs), None)


def warn(final: Final) -> None:
    """A warning on stderr for every output that breaks a bound."""
    for name, output in final.outputs.items():
        if not output.kept:
            message(f"warning: {_warning(name, output)}")


def final_lines(final: Final) -> list[str]:
    """A line per output; a note on stderr where there is nothing to compare with."""
    if final.missing is not None:
        message(f"note: no comparison with the original model: {final.missing}")
    lines = []
    for name, output in final.outputs.items():
        same = "same" if output.top1_equal else "another"
        lines.append(
            f"against the original model in onnxruntime, {name!r}: cosine {output.cosine:.6f}, largest error "
            f"{output.max_error:.4g} (bound {output.bound:.4g}), {same} top class"
        )
    return lines


def _warning(name: str, output: FinalOutput) -> str:
    if not output.import_kept:
        return (
            f"the output {name!r} is not that of the original model: in real arithmetic already the imported network "
            f"differs by {output.import_error:.4g}, and rounding explains {output.import_bound:.4g}; the import "
            "misunderstands the model: please report it with the model, and do not use the plan"
        )
    return (
        f"the output {name!r} differs from the original model's by {output.max_error:.4g}, and the scales of the "
        f"quantised network explain {output.bound:.4g}; please report it with the model"
    )
