"""A convolution core in SystemVerilog, its simulation by Verilator and its synthesis by Yosys (docs/rtl/index.md).

The backend is ``dynamap.backends.vitis_rtl.backend``. It runs layers of some kinds, and no plan is made for it yet.
"""
