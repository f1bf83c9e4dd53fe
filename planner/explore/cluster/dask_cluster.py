"""Combinations computed by Dask: processes of this machine, or the workers of a cluster that is running.

Every combination is one task; a few more tasks than workers are in flight, so that none waits while others have work.
A worker that dies takes no result with it: Dask runs its task again elsewhere, and what it had finished is here
already. Dask is imported when it is needed.
"""

from __future__ import annotations

import logging
import os
import queue
import re
import signal
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from dynamap.cost.errors import DynamapError, InputError, in_words
from dynamap.planner.explore.answer import OtherCodeError, answer_packed
from dynamap.planner.explore.identity import CodeIdentity, code_identity
from dynamap.planner.explore.row import Row
from dynamap.planner.explore.sweep import Combination
from dynamap.planner.results.optional import optional
from dynamap.planner.results.signals import signals_later

TASKS_PER_THREAD = 3
"""Tasks in flight per thread of the cluster: one runs, the others are on their way."""

_POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Cluster:
    """Where to compute: the scheduler at an address (``tcp://host:port``), or ``workers`` processes of this machine.

    ``connect_seconds`` bounds the wait for the scheduler, ``idle_seconds`` that for a worker: at the start, and
    whenever all have gone.
    """

    scheduler: str | None = None
    workers: int = 1
    connect_seconds: float = 10.0
    idle_seconds: float = 60.0

    @staticmethod
    def of(scheduler: str | None, workers: int | None) -> Cluster:
        """The scheduler's cluster where an address is given, else ``workers`` processes, None: one per core.

        Raises:
            InputError: the address is not one, or both are given.
        """
        if scheduler is not None and workers is not None:
            raise InputError("--workers are processes of this machine: leave it out, or leave --scheduler out")
        if scheduler is not None and not re.fullmatch(r"(\w+://)?[^/\s]+:\d{1,5}", scheduler):
            raise InputError(f"--scheduler must be an address such as tcp://HOST:8786, found {scheduler!r}")
        available = getattr(os, "sched_getaffinity", None)
        cores = len(available(0)) if available else os.cpu_count() or 1
        return Cluster(scheduler, workers or cores)


@dataclass(frozen=True)
class Failure:
    """A combination that could not be computed, and why: its workers died, or dynamap has a defect."""

    asked: Combination
    reason: str


def computed(
    cluster: Cluster, combinations: Sequence[Combination], packed: Mapping[str, bytes], identity: CodeIdentity
) -> Iterator[Row | Failure]:
    """The rows of all combinations as they are computed. ``packed``: the networks by the digests of their models.

    Raises:
        InputError: Dask is missing; the scheduler is not reached, is lost, or has no workers; or they have no dynamap,
            or another version of it.
    """
    with _client(cluster) as client:
        pending: dict[str, tuple[Any, Combination]] = {}
        done: queue.SimpleQueue[str] = queue.SimpleQueue()
        run = uuid.uuid4().hex
        left = iter(combinations)
        watch = _Watch(client, cluster)
        while True:
            try:
                _submit(client, left, pending, done, packed, identity, run)
            except (OSError, RuntimeError):  # what Dask raises where the connection is closed
                raise _lost(cluster) from None
            if not pending:
                return
            try:
                key = done.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                watch.check()
                continue
            future, asked = pending[key]
            result = _result(future, asked, cluster)
            if result is None:
                future.add_done_callback(lambda finished: done.put(finished.key))
                watch.check()
                continue
            watch.seen()
            del pending[key]
            yield result


def _submit(
    client: Any,
    left: Iterator[Combination],
    pending: dict[str, tuple[Any, Combination]],
    done: queue.SimpleQueue[str],
    packed: Mapping[str, bytes],
    identity: CodeIdentity,
    run: str,
) -> None:
    """Fills the cluster with tasks."""
    threads = sum(worker["nthreads"] for worker in client.scheduler_info(n_workers=-1)["workers"].values())
    for _ in range(max(1, TASKS_PER_THREAD * threads) - len(pending)):
        asked = next(left, None)
        if asked is None:
            return
        key = f"dynamap-explore-{run}-{asked.number}"
        future = client.submit(answer_packed, packed[asked.model.sha256], asked, identity, key=key, pure=False)
        pending[key] = future, asked
        future.add_done_callback(lambda finished: done.put(finished.key))


def _result(future: Any, asked: Combination, cluster: Cluster) -> Row | Failure | None:
    """What a finished task says; None where its result died with its worker, so that it runs again.

    Raises:
        InputError: the whole cluster is of no use: it is gone, or runs other code.
    """
    if future.status in ("lost", "pending"):
        return None
    if future.status == "cancelled":
        raise _lost(cluster)
    try:
        row = future.result(timeout=cluster.connect_seconds)
    except TimeoutError:
        return None
    except CancelledError:
        raise _lost(cluster) from None
    except Exception as error:  # whatever the task raised, in another process; also Dask's own, that it was killed
        return _failure(error, asked)
    assert isinstance(row, Row)
    return row


def _failure(error: Exception, asked: Combination) -> Failure:
    """What an exception of a task says of its combination.

    Raises:
        InputError: it says that the workers run other code, which is the same for all combinations.
    """
    from distributed import KilledWorker

    if isinstance(error, OtherCodeError):
        raise InputError(f"{error}: install the same dynamap everywhere and continue with --resume")
    if isinstance(error, ImportError):
        raise InputError(
            f"a worker cannot import what it needs ({error}): install dynamap {code_identity().version} on every "
            "worker and continue with --resume"
        )
    if isinstance(error, KilledWorker):
        return Failure(asked, "every worker that tried it was killed or died (too little memory?)")
    return Failure(asked, f"{type(error).__name__}: {error}")


def _lost(cluster: Cluster) -> InputError:
    return InputError(
        f"the scheduler {cluster.scheduler or 'of this machine'} is gone or restarted; the results so far are kept, "
        "continue with --resume"
    )


class _Watch:
    """Notices, while nothing comes, that the scheduler is gone or that no worker is left."""

    def __init__(self, client: Any, cluster: Cluster) -> None:
        self.client, self.cluster = client, cluster
        self.seen()

    def seen(self) -> None:
        """Something came: all is well."""
        self.well = time.monotonic()

    def check(self) -> None:
        """Raises InputError once the scheduler has been away, or without workers, for longer than is allowed."""
        connected = self.client.status == "running"
        if connected and self.client.scheduler_info(n_workers=-1)["workers"]:
            self.seen()
            return
        away = time.monotonic() - self.well
        if not connected and away > self.cluster.connect_seconds:
            raise _lost(self.cluster)
        if away > self.cluster.idle_seconds:
            raise InputError(
                f"all workers of the scheduler {self.cluster.scheduler or 'of this machine'} are gone, and none came "
                f"for {self.cluster.idle_seconds:g} s; the results so far are kept, continue with --resume"
            )


@contextmanager
def _client(cluster: Cluster) -> Iterator[Any]:
    """A client of the cluster, whose workers run the same code as this process."""
    try:
        distributed = optional("distributed")
    except ImportError:
        raise InputError(
            "dynamap explore runs on Dask, which is not installed: pip install 'dynamap[explore]'"
        ) from None
    for name in ("distributed", "tornado", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        if cluster.scheduler is None:
            folder = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="dynamap-explore-", ignore_cleanup_errors=True)
            )
            stack.enter_context(optional("dask.config").set({"temporary-directory": folder}))
            with signals_later(), _keyboard_blocked():  # behind this there is something to close
                local = distributed.LocalCluster(
                    n_workers=cluster.workers,
                    threads_per_worker=1,
                    processes=True,
                    memory_limit=0,
                    local_directory=folder,
                    dashboard_address=None,
                    # The scheduler serves its state all the same: at a free port, beside other sweeps.
                    scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
                    silence_logs=logging.CRITICAL,
                    preload=["dynamap.planner.explore.cluster.local_worker"],
                )
                address: Any = stack.enter_context(local)
        else:
            address = cluster.scheduler
        try:
            found = distributed.Client(address, timeout=cluster.connect_seconds, set_as_default=False)
            client = stack.enter_context(found)
        except (OSError, ValueError) as error:
            raise InputError(
                f"the scheduler {cluster.scheduler!r} cannot be reached ({in_words(error)}); start one with "
                "`dask scheduler` and give its address as --scheduler tcp://HOST:PORT"
            ) from None
        _require_workers(client, cluster)
        yield client


@contextmanager
def _keyboard_blocked() -> Iterator[None]:
    """Processes that start in here inherit that an interrupt does not reach them, until they say so themselves."""
    if not hasattr(signal, "pthread_sigmask"):  # not on Windows
        yield
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _require_workers(client: Any, cluster: Cluster) -> None:
    """Checks the workers that are there now; those that join later check themselves (``answer_packed``)."""
    try:
        client.wait_for_workers(1, timeout=cluster.idle_seconds)
    except TimeoutError:
        raise InputError(
            f"the scheduler {cluster.scheduler or 'of this machine'} has no workers after {cluster.idle_seconds:g} s; "
            f"start some with `dask worker {cluster.scheduler or ''} --nthreads 1`"
        ) from None
    expected = code_identity()
    for where, found in client.run(code_identity, on_error="return").items():
        if isinstance(found, Exception):
            raise InputError(
                f"the worker {where} has no dynamap that it can import ({found}): install dynamap {expected.version} "
                "where it runs"
            )
        if found != expected:
            raise InputError(
                f"the worker {where} runs {found}, this is {expected}: install the same dynamap on every worker"
            )


def failed(failures: Sequence[Failure]) -> DynamapError:
    """The message for combinations that could not be computed."""
    first = failures[0]
    return DynamapError(
        f"{len(failures)} combinations could not be computed, the first of them {first.asked.model.name} on "
        f"{first.asked.device.name} (combination {first.asked.number}): {first.reason}; all others are written, "
        "continue with --resume"
    )
