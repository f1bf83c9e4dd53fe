"""The Intel OpenCL backend: a project for Intel devices that builds the overlay, and Intel's FPGA emulator here."""
