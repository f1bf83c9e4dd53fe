"""The paper's own budget: GoogleNet and Inception-v4 on 6,072 multipliers at 286 MHz, one product per multiplier.

Prints, for each network, the planned latency of the overlay (all arrays considered, proven), the paper's figure, and
the least latency that any machine with so many multipliers could have with the algorithms offered here (the compute
limit of ``planner.baselines.physical_limits``). Writes benchmarks/results/paper_budget.json.
"""

from __future__ import annotations

from common import provenance, write_results

from dynamap.cost.device import load_device
from dynamap.planner.models import resolve
from dynamap.planner.planning import plan_network
from dynamap.planner.request.request import Request
from dynamap.planner.studies.baselines import physical_limits

MULTIPLIERS = 6072  # 92 x 66, the paper's array for GoogleNet
CLOCK_MHZ = 286
PAPER_MS = {"googlenet": 1.34, "inception-v4": 4.39}  # as recalled of the paper's evaluation


def main() -> None:
    """Plans both networks, prints a table and writes the results."""
    rows = []
    for name, paper_ms in PAPER_MS.items():
        network = resolve(name, weights=False)
        request = Request(multipliers=MULTIPLIERS, fill_percent=100, clock_mhz=CLOCK_MHZ, packing=False)
        plan = plan_network(network, "u200", request)
        board = load_device("u200").with_overrides(CLOCK_MHZ, None, MULTIPLIERS)
        limit_ms = physical_limits(network, board, Request(packing=False)).compute_ms
        rows.append(
            {
                "model": name,
                "array": f"{plan.overlay.rows}x{plan.overlay.columns}",
                "latency_ms": plan.latency_ms,
                "status": plan.solver.status,
                "paper_ms": paper_ms,
                "limit_ms": limit_ms,
            }
        )
        print(
            f"{name}: {plan.latency_ms:.3f} ms on {rows[-1]['array']} ({plan.solver.status}); paper {paper_ms} ms; "
            f"no machine with {MULTIPLIERS} multipliers and these algorithms is below {limit_ms:.3f} ms"
        )
    document = provenance(seed=0, command="python benchmarks/paper_budget.py")
    write_results("paper_budget", {**document, "results": rows})


if __name__ == "__main__":
    main()
