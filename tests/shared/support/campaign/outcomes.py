"""Random networks from their ONNX file to their outputs, against the file itself in onnxruntime."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
import onnx

from dynamap.cost.errors import DynamapError
from support.campaign.generate import Kind, RandomNetwork, random_network
from support.end_to_end import Run, run_file


class Verdict(Enum):
    """What became of a network."""

    AGREES = "agree"
    REFUSED = "refused with a message"
    NOT_COMPARED = "not compared"
    DIFFERS = "differ"
    FAILED = "failed"


@dataclass(frozen=True)
class Outcome:
    """One network of a campaign; ``words`` say what is wrong, ``share`` how much of the bounds was used."""

    seed: int
    kind: Kind
    verdict: Verdict
    words: str = ""
    share: float = 0.0


def outcomes(seeds: Iterable[int]) -> Iterator[Outcome]:
    """Each seed's network, made, saved, planned, run and compared."""
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            yield outcome_of(random_network(seed), Path(folder))


def outcome_of(network: RandomNetwork, folder: Path) -> Outcome:
    """One network, whose files go into ``folder``."""
    path = folder / "network.onnx"
    onnx.save(network.model, path)
    try:
        run = run_file(path, compare="onnxruntime")
    except DynamapError as error:
        return Outcome(network.seed, network.kind, Verdict.REFUSED, str(error).replace(str(folder), "..."))
    except Exception as error:
        return Outcome(network.seed, network.kind, Verdict.FAILED, f"{type(error).__name__}: {error}")
    if run.document["final_missing"] is not None:
        return Outcome(network.seed, network.kind, Verdict.NOT_COMPARED, run.document["final_missing"])
    complaints = list(_complaints(network, run))
    verdict = Verdict.DIFFERS if complaints else Verdict.AGREES
    worst = run.document["import"]["worst"]
    share = 0.0 if worst is None else (worst["error"] or 0.0) / worst["bound"]
    return Outcome(network.seed, network.kind, verdict, "; ".join(complaints), share)


def _complaints(network: RandomNetwork, run: Run) -> Iterator[str]:
    """What must not be: a bound that is broken, a layer off by more than a step, an exact network off at all."""
    if run.document["max_lsb"] > 1:
        worst = max(run.document["layers"], key=lambda layer: layer["max_lsb"])
        yield f"layer {worst['name']!r} is off by {worst['max_lsb']} LSB"
    if not run.document["counters_equal"]:
        yield "counters are not the plan's"
    if not run.document["import"]["kept"]:
        yield f"the import: {run.document['import']}"
    for name, output in run.final.items():
        if not output["kept"]:
            yield f"output {name!r}: {output}"
        elif network.kind is Kind.EXACT and output["max_error"] > 0:
            yield f"output {name!r} is not exact: {output}"
    if run.status and not run.document["max_lsb"] > 1 and not run.errors:
        yield f"exit status {run.status}"


def table(found: list[Outcome]) -> str:
    """Counts by kind and verdict, then every reason that is no agreement."""
    counts = Counter((outcome.kind, outcome.verdict) for outcome in found)
    lines = [f"{'':32}" + "".join(f"{verdict.value:>24}" for verdict in Verdict)]
    for kind in Kind:
        lines.append(f"{kind.value:32}" + "".join(f"{counts[kind, verdict]:24}" for verdict in Verdict))
    lines.append(f"{'all':32}" + "".join(f"{sum(o.verdict is v for o in found):24}" for v in Verdict))
    shares = [outcome.share for outcome in found if outcome.verdict is Verdict.AGREES]
    if shares:
        lines.append(f"of the import's bound used: median {np.median(shares):.4f}, largest {max(shares):.4f}")
    return "\n".join(lines)
