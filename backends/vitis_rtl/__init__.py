"""A convolution core in SystemVerilog, its simulation by Verilator and its synthesis by Yosys (docs/rtl/index.md).

Not yet a backend: it runs layers of one kind, and no plan is made for it.
"""
