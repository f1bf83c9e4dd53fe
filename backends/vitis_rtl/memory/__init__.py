"""The memory ports of the RTL: runs, bursts, and the cycle of every word (docs/rtl/memory-ports.md)."""
