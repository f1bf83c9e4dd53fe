"""``dynamap program PLAN.json``: the overlay program of a plan, readable."""

from __future__ import annotations

import json
from pathlib import Path

from dynamap.planner.plan.plan import load_plan


def program_command(plan: Path, as_json: bool, output: Path | None = None) -> int:
    """Compile a plan and print its program on stdout; ``output`` also gets its bytes.

    Raises DynamapError where the plan or its model cannot be used.
    """
    from dynamap.backends.program.disassemble import disassemble, document
    from dynamap.backends.program.host import prepare
    from dynamap.planner.plan.plan import write_atomically

    program = prepare(load_plan(plan), folder=plan.parent).program
    if output is not None:
        write_atomically(output, program.image)
    if as_json:
        print(json.dumps(document(program)))
    else:
        print("\n".join(disassemble(program)))
    return 0
