"""The event simulator: an overlay program on the machine of docs/overlay.md, cycle by cycle, block by block."""

from dynamap.backends.simulator.simulation import LayerCounters, SimulatedPass, Simulation, simulate
from dynamap.backends.simulator.trace import chrome_trace

__all__ = ["LayerCounters", "SimulatedPass", "Simulation", "chrome_trace", "simulate"]
