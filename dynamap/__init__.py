"""DYNAMAP: plan a CNN for an FPGA overlay, prove the plan, and generate the project that builds it."""
