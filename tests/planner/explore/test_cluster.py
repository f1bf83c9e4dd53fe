"""Sweeps on a real Dask scheduler and worker processes, some of which are killed, missing or of another version."""

from __future__ import annotations

import os
import pickle
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dynamap.cost.errors import InputError
from dynamap.planner.explore.answer import OtherCodeError, answer_packed
from dynamap.planner.explore.budgets import Budget
from dynamap.planner.explore.cluster.dask_cluster import Cluster, Failure, computed, failed
from dynamap.planner.explore.cluster.transport import pack
from dynamap.planner.explore.explore import explore
from dynamap.planner.explore.identity import CodeIdentity, code_identity
from dynamap.planner.explore.journal import Journal
from dynamap.planner.explore.row import Row
from dynamap.planner.explore.sweep import Model, Sweep, Swept
from dynamap.planner.network.network import Network
from support.explore.clusters import Processes, kill, scheduler, wait_until
from support.explore.small import answers, refused, tiny_device, tiny_network, write_device, write_model

NO_DYNAMAP = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "dynamap":
            raise ModuleNotFoundError("No module named 'dynamap'", name="dynamap")

assert not any(name.partition(".")[0] == "dynamap" for name in sys.modules)
sys.meta_path.insert(0, Hidden())
"""

OTHER_VERSION = """
from importlib import metadata

real = metadata.version
metadata.version = lambda name: "0.0.9" if name == "dynamap" else real(name)
"""


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    return tiny_network(tmp_path_factory.mktemp("model"), channels=(3, 32, 16), size=12)


@pytest.fixture(scope="module")
def sweep(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    folder = tmp_path_factory.mktemp("device")
    budgets = tuple(Budget(amount=n) for n in range(14, 24))
    return Sweep.of([network], [tiny_device(folder, multipliers=24, bram36=60)], Swept(multipliers=budgets))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Processes]:
    with scheduler(tmp_path) as processes:
        yield processes


def timeless(rows: list[Row] | tuple[Row, ...]) -> list[Row]:
    return sorted((replace(row, seconds=0.0) for row in rows), key=lambda row: row.combination)


def test_a_worker_is_killed_and_nothing_is_lost(
    cluster: Processes, sweep: Sweep, network: Network, tmp_path: Path
) -> None:
    """Of two workers one is killed while it computes: every combination is there once, as computed here."""
    workers = [cluster.worker(), cluster.worker()]
    wanted = timeless(answers(sweep, network))
    seen = []

    def progress(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 3:
            kill(workers[0])

    outcome = explore(sweep, [network], tmp_path / "r.csv", cluster=Cluster(cluster.address), progress=progress)
    assert workers[0].poll() is not None and workers[1].poll() is None
    assert outcome.failures == () and outcome.computed == 10
    assert timeless(outcome.rows) == wanted
    assert seen == [(n, 10) for n in range(11)]
    with Journal(tmp_path / "r.csv", sweep, resume=True) as journal:
        assert timeless(journal.rows) == wanted and journal.missing == []


def test_no_worker_is_left(cluster: Processes, sweep: Sweep, network: Network, tmp_path: Path) -> None:
    """What came is kept, the wait is bounded, and another cluster goes on."""
    worker = cluster.worker()
    path = tmp_path / "r.jsonl"

    def progress(done: int, total: int) -> None:
        if done == 2:
            kill(worker)

    short = Cluster(cluster.address, idle_seconds=2, connect_seconds=5)
    wait_until(lambda: _workers(cluster) == 1, "the start of the worker")
    with pytest.raises(InputError, match=r"all workers of .* are gone, and none came for 2 s.*--resume"):
        explore(sweep, [network], path, cluster=short, progress=progress)
    with Journal(path, sweep, resume=True) as journal:
        kept = list(journal.rows)
    assert 2 <= len(kept) < 10
    with pytest.raises(InputError, match=r"the scheduler tcp://.* has no workers after 2 s; start some"):
        explore(sweep, [network], path, resume=True, cluster=short)
    cluster.worker()
    outcome = explore(sweep, [network], path, resume=True, cluster=Cluster(cluster.address))
    assert outcome.computed == 10 - len(kept)
    assert set(kept) <= set(outcome.rows)
    assert timeless(outcome.rows) == timeless(answers(sweep, network))


def test_the_scheduler_is_killed(cluster: Processes, sweep: Sweep, network: Network, tmp_path: Path) -> None:
    cluster.worker()

    def progress(done: int, total: int) -> None:
        if done == 2:
            kill(cluster.running[0])

    started = time.monotonic()
    with pytest.raises(InputError, match=r"the scheduler tcp://.* is gone or restarted; the results so far are kept"):
        explore(
            sweep,
            [network],
            tmp_path / "r.csv",
            cluster=Cluster(cluster.address, connect_seconds=3, idle_seconds=60),
            progress=progress,
        )
    assert time.monotonic() - started < 60
    with Journal(tmp_path / "r.csv", sweep, resume=True) as journal:
        assert len(journal.rows) >= 2


@pytest.mark.parametrize(
    ("preload", "words"),
    [
        (NO_DYNAMAP, r"the worker tcp://.* has no dynamap that it can import .*install dynamap .* where it runs"),
        (OTHER_VERSION, r"the worker tcp://.* runs dynamap 0\.0\.9 .*, this is dynamap .*install the same"),
    ],
)
def test_workers_without_this_dynamap(
    cluster: Processes, sweep: Sweep, network: Network, tmp_path: Path, preload: str, words: str
) -> None:
    cluster.worker(preload=preload)
    with pytest.raises(InputError, match=words):
        explore(sweep, [network], tmp_path / "r.csv", cluster=Cluster(cluster.address))


def test_a_worker_of_another_version_joins_later(cluster: Processes, sweep: Sweep, network: Network) -> None:
    """It passes no check at the start, so every task checks: here the sweep is the one of another version."""
    cluster.worker()
    other = CodeIdentity("0.0.9", "0" * 64)
    packed = {network.sha256: pack(network)}
    with pytest.raises(OtherCodeError, match=r"a worker runs dynamap .* and the sweep needs dynamap 0\.0\.9"):
        answer_packed(pack(network), sweep.combinations[0], other)
    with pytest.raises(InputError, match=r"a worker runs .* install the same dynamap everywhere"):
        list(computed(Cluster(cluster.address), sweep.combinations, packed, other))


def test_a_combination_that_fails(cluster: Processes, sweep: Sweep, network: Network, tmp_path: Path) -> None:
    """A defect in one combination is told at the end and costs no other one its row."""
    cluster.worker()
    broken = replace(sweep.combinations[0], model=Model("broken", "0" * 64))
    packed = {network.sha256: pack(network), "0" * 64: b"no network"}
    results = list(computed(Cluster(cluster.address), [broken, sweep.combinations[1]], packed, code_identity()))
    (row,) = (result for result in results if isinstance(result, Row))
    (failure,) = (result for result in results if isinstance(result, Failure))
    assert row.combination == 1 and failure.asked == broken
    assert str(failed([failure])).startswith("1 combinations could not be computed, the first of them broken on tiny")
    assert "zlib" in failure.reason or "error" in failure.reason.lower()


def test_a_combination_that_kills_its_workers(sweep: Sweep, network: Network) -> None:
    """Local workers come back; what has killed as many as Dask allows is given up, the others are done."""
    import dask

    class Deadly:
        def __reduce__(self) -> tuple[object, tuple[int]]:
            return os._exit, (1,)

    deadly = replace(sweep.combinations[0], model=Model("deadly", "0" * 64))
    packed = {network.sha256: pack(network), "0" * 64: zlib.compress(pickle.dumps(Deadly()))}
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        (failure,) = computed(Cluster(), [deadly], packed, code_identity())
    assert isinstance(failure, Failure) and "was killed or died" in failure.reason


def test_unreachable(tmp_path: Path) -> None:
    model, device = write_model(tmp_path / "net.onnx"), write_device(tmp_path / "tiny.toml")
    started = time.monotonic()
    message = refused(
        "explore", model, "--device", device, "-o", tmp_path / "r.csv", "--scheduler", "tcp://127.0.0.1:1"
    )
    assert "the scheduler 'tcp://127.0.0.1:1' cannot be reached" in message and "dask scheduler" in message
    assert time.monotonic() - started < 60
    assert not list(tmp_path.glob("r.csv*"))
    with pytest.raises(InputError, match=r"--scheduler must be an address such as tcp://HOST:8786, found 'here'"):
        Cluster.of("here", None)
    with pytest.raises(InputError, match="leave it out, or leave --scheduler out"):
        Cluster.of("tcp://127.0.0.1:8786", 2)
    assert Cluster.of(None, 3).workers == 3 and Cluster.of(None, None).workers >= 1


def test_without_dask(sweep: Sweep, network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"Dask, which is not installed: pip install 'dynamap\[explore\]'"):
        explore(sweep, [network], tmp_path / "r.csv")


def _workers(cluster: Processes) -> int:
    from distributed import Client

    with Client(cluster.address, set_as_default=False) as client:
        return len(client.scheduler_info(n_workers=-1)["workers"])
