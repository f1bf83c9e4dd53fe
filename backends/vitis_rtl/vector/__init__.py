"""The vector unit of the RTL: its sizes, what its registers hold for a command, and its cycles (docs/rtl/vector.md)."""
