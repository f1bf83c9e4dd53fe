"""The objective of several networks by hand, and what its slack means."""

from __future__ import annotations

import numpy as np
import pytest

from dynamap.cost.errors import InputError
from dynamap.cost.overlay.bounding.bounds import NEVER
from dynamap.planner.mapping.objective import MOST_WEIGHT, Aggregate, Objective


def test_values_by_hand() -> None:
    cycles = np.array([[100, 30], [7, 50]])
    assert Objective((2, 1)).value(cycles).tolist() == [230, 64]
    assert Objective((2, 1), Aggregate.WORST).value(cycles).tolist() == [200, 50]
    assert Objective().value(np.array([5])) == 5


@pytest.mark.parametrize("aggregate", Aggregate)
def test_slack_is_the_most_that_one_network_may_grow(aggregate: Aggregate) -> None:
    """By trying: with one cycle more than the slack the objective exceeds the best, with the slack it does not."""
    rng = np.random.default_rng(1)
    for _ in range(200):
        weights = tuple(int(w) for w in rng.integers(1, 6, 3))
        objective, cycles = Objective(weights, aggregate), rng.integers(0, 50, 3)
        best = int(rng.integers(0, 400))
        slack = objective.slack(best, cycles)
        feasible = int(objective.value(cycles)) <= best
        assert feasible == bool((slack >= 0).all())
        if not feasible:
            continue
        for network in range(3):
            more = np.eye(3, dtype=np.int64)[network]
            assert objective.value(cycles + slack[network] * more) <= best
            assert objective.value(cycles + (slack[network] + 1) * more) > best


def test_costs_that_mean_never_do_not_overflow() -> None:
    """A network of 10,000 layers of which none runs, with the largest weights allowed."""
    for aggregate in Aggregate:
        objective = Objective((MOST_WEIGHT // 2, MOST_WEIGHT // 2), aggregate)
        assert objective.value(np.array([int(NEVER) * 8000, int(NEVER) * 8000])) >= NEVER
        assert (objective.slack(10**9, np.array([int(NEVER) * 8000, 3])) < 0).all()


def test_weights_that_are_refused() -> None:
    with pytest.raises(InputError, match="--weights must be positive, found 0"):
        Objective((1, 0))
    with pytest.raises(InputError, match="--weights must be positive, found -2"):
        Objective((-2,))
    with pytest.raises(InputError, match="add up to 4096 at most as whole numbers, found 4097"):
        Objective((4096, 1))
