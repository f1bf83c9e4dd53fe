"""The checks of a plan whose overlay was sized for several networks: that the choice was the best for all of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dynamap.backends.evidence.verification.differences import first_difference
from dynamap.backends.evidence.verification.report import Mismatch, require_equal
from dynamap.backends.evidence.verification.subject import Subject, with_own_words
from dynamap.planner.studies.together import plan_together


def check_together(subject: Subject) -> str:
    """What the plan says of all its networks, with itself: objective, bound, status, and its own share."""
    plan, together, said = subject.plan, subject.request.together, subject.plan.together
    if together is None or said is None:
        present, missing = ("request.together", "together") if said is None else ("together", "request.together")
        raise Mismatch(f"the plan has the key {present} and lacks {missing}")
    this = together.models[together.this]
    for key in ("name", "source", "sha256", "seed"):
        require_equal(f"request.together.models[{together.this}].{key}", getattr(this, key), getattr(plan.model, key))
    if len(said.cycles) != len(together.models):
        raise Mismatch(f"together.cycles has {len(said.cycles)} entries for {len(together.models)} models")
    require_equal(f"together.cycles[{together.this}]", said.cycles[together.this], plan.solver.objective)
    value = int(together.shared_objective().value(np.array(said.cycles, np.int64)))
    require_equal("together.objective", said.objective, value)
    if said.bound > said.objective:
        raise Mismatch(f"together.bound {said.bound} is above together.objective {said.objective}")
    require_equal("together.status", said.status, "optimal" if said.bound == said.objective else "feasible")
    words = "the weighted sum" if together.objective.value == "sum" else "the largest of the weighted cycles"
    return f"{words} of {len(together.models)} models is {value:,}, bound {said.bound:,}"


def check_shared_search(subject: Subject) -> str:
    """The whole search again, over every overlay that was to choose from, for all networks."""
    plan, together, said = subject.plan, subject.request.together, subject.plan.together
    assert together is not None and said is not None
    for number, (model, network) in enumerate(zip(together.models, subject.sharing, strict=True)):
        require_equal(f"request.together.models[{number}].name", model.name, network.name)
        require_equal(f"request.together.models[{number}].sha256", model.sha256, network.sha256)
    weights = [model.weight for model in together.models]
    request = replace(subject.request, together=None)
    again = plan_together(subject.sharing, subject.board, request, weights=weights, objective=together.objective)[
        together.this
    ]
    assert again.together is not None
    if said.status != "optimal":
        found = again.together.objective
        if not said.bound <= found <= said.objective:
            raise Mismatch(
                f"the search for all models, repeated without a time limit, finds {found}, which is not between "
                f"together.bound {said.bound} and together.objective {said.objective}"
            )
        return f"the search for all models, repeated without a time limit, finds {found:,}: between bound and objective"
    difference = first_difference(
        plan.document(), with_own_words(replace(again, request=plan.request), plan).document()
    )
    if difference:
        raise Mismatch(difference)
    return (
        f"the search for all {len(weights)} models, repeated over {again.solver.arrays_considered:,} arrays, gives the "
        "same plan"
    )
