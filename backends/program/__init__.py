"""The overlay program: what a plan is lowered to, and what every executor reads (docs/program.md)."""

from dynamap.backends.program.encoding import Program, decode, read_program
from dynamap.backends.program.specification import (
    AlgorithmCode,
    Command,
    DataflowCode,
    Flag,
    FormatCode,
    Header,
    LayerEntry,
    Mode,
    Op,
    Role,
    Source,
    TensorEntry,
)

__all__ = [
    "AlgorithmCode",
    "Command",
    "DataflowCode",
    "Flag",
    "FormatCode",
    "Header",
    "LayerEntry",
    "Mode",
    "Op",
    "Program",
    "Role",
    "Source",
    "TensorEntry",
    "decode",
    "read_program",
]
