"""Whether a plan is true: recomputed, solved again, replayed and simulated."""

from __future__ import annotations

from pathlib import Path

from dynamap.backends.evidence.verification.overlay_plan import overlay_checks
from dynamap.backends.evidence.verification.paper_plan import paper_checks
from dynamap.backends.evidence.verification.report import Verification
from dynamap.backends.evidence.verification.subject import read_subject
from dynamap.backends.planned_model import network_of_plan, networks_together
from dynamap.cost.errors import InputError
from dynamap.planner.network.network import Network
from dynamap.planner.plan.plan import Plan
from dynamap.planner.request.replanning import stored_request


def verify_plan(
    plan: Plan,
    network: Network | None = None,
    *,
    full: bool = True,
    folder: Path | None = None,
    sharing: tuple[Network, ...] | None = None,
) -> Verification:
    """Checks every number of a plan.

    Args:
        plan: the plan.
        network: its network; without it the model is loaded from where the plan says, or from ``folder``.
        full: also search all arrays again, which takes as long as planning did; without it, that no other array is
            better is taken on trust.
        folder: where to look for the model's file, usually the plan's own folder.
        sharing: all networks for which the plan's overlay was sized, in the order of its request; without them, a full
            verification loads them as it loads the plan's own.

    Raises:
        InputError: a model is gone or another one, or the plan's device, request or cost model cannot be read.
    """
    found = network_of_plan(plan, weights=False, folder=folder) if network is None else network
    if found.sha256 != plan.model.sha256:
        raise InputError(f"the plan was made for another model: its model.sha256 is not that of {found.name!r}")
    if sharing is None:
        asked = full and stored_request(plan).together is not None
        sharing = networks_together(plan, weights=False, folder=folder) if asked else ()
    subject = read_subject(plan, found, sharing)
    together = subject.request.together
    if together is not None and full and len(sharing) != len(together.models):
        raise InputError(
            f"the plan's overlay was sized for {len(together.models)} networks, and {len(sharing)} are given"
        )
    if plan.cost_model == "paper":
        return Verification(tuple(paper_checks(subject, full=full).made))
    if plan.cost_model != "overlay":
        raise InputError(f"the plan's cost model is {plan.cost_model!r}, which is unknown: overlay or paper")
    return Verification(tuple(overlay_checks(subject, full=full).made))
