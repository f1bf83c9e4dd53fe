"""The overlay's systolic array in SystemVerilog, its simulation by Verilator and its synthesis by Yosys.

Not yet a backend: it has the array of docs/rtl/index.md and nothing around it, and no plan is made for it.
"""
