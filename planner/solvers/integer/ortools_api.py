"""The only file that imports OR-tools; each part is loaded when it is first asked for.

OR-tools brings HiGHS and SCIP itself. The package ``highspy`` is never imported: both carry HiGHS, and their
symbols clash within one process.
"""

from __future__ import annotations

from typing import Any


def mathopt() -> Any:
    """The modelling layer over HiGHS, SCIP and GLOP."""
    from ortools.math_opt.python import mathopt as module

    return module


def cp_model() -> Any:
    """The CP-SAT modelling layer."""
    from ortools.sat.python import cp_model as module

    return module


def solve_interrupter() -> Any:
    """What ends a solve of `mathopt` from another thread."""
    from ortools.util.python.solve_interrupter import SolveInterrupter

    return SolveInterrupter()
