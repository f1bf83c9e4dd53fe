"""The event simulator: an overlay program on the machine of docs/overlay.md, cycle by cycle, block by block."""

from dynamap.backends.simulator.simulation import (
    COUNTERS,
    LayerCounters,
    SimulatedPass,
    Simulation,
    differing_layers,
    simulate,
    simulate_plan,
)
from dynamap.backends.simulator.trace import chrome_trace

__all__ = [
    "COUNTERS",
    "LayerCounters",
    "SimulatedPass",
    "Simulation",
    "chrome_trace",
    "differing_layers",
    "simulate",
    "simulate_plan",
]
