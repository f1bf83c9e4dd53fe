"""``dynamap simulate``: a plan's program on the machine, block by block."""

from __future__ import annotations

from pathlib import Path

from rich.console import Group
from rich.text import Text

from dynamap.backends.planned_model import files_of_plan, network_of_plan
from dynamap.backends.simulator import Simulation, chrome_trace, differing_layers, simulate_plan
from dynamap.cli.output import message, show, show_json
from dynamap.cli.places import check_places
from dynamap.cli.tables import Column, Content, FittedTable
from dynamap.planner.plan.plan import Plan, load_plan
from dynamap.planner.plan.words import op_word
from dynamap.planner.results.files import write_file


def simulate_command(plan: Path, trace: Path | None, as_json: bool) -> int:
    """Simulates a saved plan, prints the counters and writes the trace; 1 where they are not what the plan says.

    Raises:
        InputError: the plan, its model or the trace's path is wrong, or the plan is of the published cost model.
        InfeasibleError: the program does not fit the device's memory.
    """
    check_places({"--trace": trace}, [plan])
    loaded = load_plan(plan)
    check_places({"--trace": trace}, files_of_plan(loaded, plan.parent))
    simulation = simulate_plan(loaded, network_of_plan(loaded, weights=False, folder=plan.parent))
    if trace is not None:
        title = f"{loaded.model.name}, {loaded.overlay.rows} x {loaded.overlay.columns} array"
        write_file(trace, chrome_trace(simulation, title).encode())
    if as_json:
        show_json(simulation.document())
    else:
        show(simulation_report(loaded, simulation))
    if trace is not None:
        message(f"wrote {trace}: open it in https://ui.perfetto.dev or chrome://tracing")
    differing = differing_layers(loaded, simulation)
    for difference in differing[:5]:
        message(f"not what the plan says: {difference}")
    if len(differing) > 5:
        message(f"and {len(differing) - 5} more counters; `dynamap verify` checks the whole plan")
    return 1 if differing else 0


_COLUMNS = (
    Column("layer", content=Content.NAMES),
    Column("op", rank=1),
    Column("passes", right=True, rank=4),
    Column("compute", right=True),
    Column("load", right=True, rank=2),
    Column("store", right=True, rank=2),
    Column("cycles", right=True),
    Column("bytes read", right=True, rank=3),
    Column("bytes written", right=True, rank=3),
)


def simulation_report(plan: Plan, simulation: Simulation) -> Group:
    """One row per layer that takes time, and the sums."""
    passes = [0] * len(simulation.layers)
    for step in simulation.passes:
        passes[step.layer] += 1
    rows = []
    for planned, layer, count in zip(plan.layers, simulation.layers, passes, strict=True):
        if count:
            numbers = (count, layer.compute_cycles, layer.load_cycles, layer.store_cycles, layer.cycles)
            moved = (layer.bytes_read, layer.bytes_written)
            rows.append((layer.name, op_word(planned), *(f"{number:,}" for number in (*numbers, *moved))))
    table = FittedTable(_COLUMNS, rows, title=f"{plan.model.name}, simulated block by block")
    total = f"{simulation.cycles:,} cycles, {simulation.latency_ms:.6f} ms in {len(simulation.passes)} passes"
    return Group(table, Text(total))
