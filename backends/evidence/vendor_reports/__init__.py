"""Reports of the vendors' tools (Vitis HLS, Vivado, v++, aoc, Quartus): reading them, and comparing them with a plan.

The modules that read and compare use the standard library alone: a generated project carries copies of them
(``standalone.py``), so that there is one parser for `dynamap report import` and for the project's `make compare`.
"""
