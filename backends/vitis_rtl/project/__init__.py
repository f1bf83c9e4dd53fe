"""A project of the RTL: ``params.svh``, the tools' settings, and the simulation that it ships (docs/rtl/program.md)."""
