"""The answer to one combination: its plan, or why there is none. This is what workers run."""

from __future__ import annotations

import time
from functools import lru_cache

from dynamap.cost.errors import DynamapError, TimeLimitError
from dynamap.planner.explore.cluster.transport import unpack
from dynamap.planner.explore.identity import CodeIdentity, code_identity
from dynamap.planner.explore.row import Row, RowStatus, row_of, row_without_plan
from dynamap.planner.explore.sweep import Combination, fingerprint
from dynamap.planner.network.network import Network
from dynamap.planner.plan.plan import Plan
from dynamap.planner.planning import plan_network


class OtherCodeError(DynamapError):
    """A worker runs another version of dynamap than the sweep."""


def answer(network: Network, asked: Combination) -> Row:
    """The row of one combination; what cannot be built is an answer too."""
    started = time.perf_counter()
    try:
        plan = plan_network(network, asked.device, asked.request)
    except TimeLimitError as error:
        return row_without_plan(asked, RowStatus.UNKNOWN, str(error), time.perf_counter() - started)
    except DynamapError as error:
        return row_without_plan(asked, RowStatus.INFEASIBLE, str(error), time.perf_counter() - started)
    return row_of(asked, plan, plan_sha256(plan), time.perf_counter() - started)


def answer_packed(packed: bytes, asked: Combination, identity: CodeIdentity) -> Row:
    """The same in another process, which reads each network once.

    Raises:
        OtherCodeError: this process runs other code than ``identity``.
    """
    if code_identity() != identity:
        raise OtherCodeError(f"a worker runs {code_identity()} and the sweep needs {identity}")
    return answer(_network(packed), asked)


def plan_sha256(plan: Plan) -> str:
    """The digest of what a plan says, the time to find it left out."""
    document = plan.document()
    document["solver"]["seconds"] = 0
    return fingerprint(document)


@lru_cache(maxsize=32)
def _network(packed: bytes) -> Network:
    return unpack(packed)
