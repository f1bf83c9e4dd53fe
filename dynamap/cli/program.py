"""``dynamap program PLAN.json``: the overlay program of a plan, readable."""

from __future__ import annotations

from pathlib import Path

from dynamap.backends.planned_model import files_of_plan
from dynamap.cli.output import show, show_json
from dynamap.cli.places import check_places
from dynamap.planner.plan.plan import load_plan
from dynamap.planner.results.files import write_file


def program_command(plan: Path, as_json: bool, output: Path | None = None) -> int:
    """Compile a plan and print its program on stdout; ``output`` also gets its bytes.

    Raises DynamapError where the plan or its model cannot be used.
    """
    from dynamap.backends.program.disassemble import disassemble, document
    from dynamap.backends.program.host import prepare

    check_places({"--output": output}, [plan])
    loaded = load_plan(plan)
    check_places({"--output": output}, files_of_plan(loaded, plan.parent))
    program = prepare(loaded, folder=plan.parent).program
    if output is not None:
        write_file(output, program.image)
    if as_json:
        show_json(document(program))
    else:
        show(*disassemble(program))
    return 0
