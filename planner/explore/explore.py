"""One sweep from its beginning, or from where it stopped, to its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dynamap.planner.explore.cluster.dask_cluster import Cluster, Failure, computed
from dynamap.planner.explore.cluster.transport import pack
from dynamap.planner.explore.fronts import Front, fronts_of
from dynamap.planner.explore.journal import Journal
from dynamap.planner.explore.row import Row, RowStatus
from dynamap.planner.explore.sweep import Sweep
from dynamap.planner.network.network import Network


@dataclass(frozen=True)
class SweepResult:
    """``rows`` of all combinations in the order of the sweep, of which ``computed`` in this run; ``failures``."""

    rows: tuple[Row, ...]
    computed: int
    failures: tuple[Failure, ...]

    @property
    def fronts(self) -> tuple[Front, ...]:
        return fronts_of(self.rows)

    def count(self, status: RowStatus) -> int:
        """Rows of this status."""
        return sum(row.answer is status for row in self.rows)


def explore(
    sweep: Sweep,
    networks: Sequence[Network],
    output: Path,
    *,
    resume: bool = False,
    cluster: Cluster | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SweepResult:
    """Computes every combination that ``output`` does not have yet and appends its row there.

    ``networks`` are those of the sweep's models; ``progress`` is called with (rows there are, combinations).

    Raises:
        InputError: the results file exists without ``resume``, is of another sweep or cannot be written; Dask is
            missing, or its scheduler or workers cannot be used. What was written stays, and can be continued.
    """
    packed = {network.sha256: pack(network) for network in networks}
    failures: list[Failure] = []
    with Journal(output, sweep, resume=resume) as journal:
        before, total = len(journal.rows), len(sweep.combinations)
        if progress is not None:
            progress(before, total)
        missing = [sweep.combinations[number] for number in journal.missing]
        if missing:
            for result in computed(cluster or Cluster(), missing, packed, sweep.identity):
                if isinstance(result, Failure):
                    failures.append(result)
                    continue
                journal.append(result)
                if progress is not None:
                    progress(len(journal.rows), total)
        if not failures:
            journal.finish()
        rows = tuple(sorted(journal.rows, key=lambda row: row.combination))
        return SweepResult(rows, len(rows) - before, tuple(failures))
