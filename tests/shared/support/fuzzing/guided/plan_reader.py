"""Coverage-guided damage of plans by Atheris, on what reads them: `make fuzz`, or

    PYTHONPATH=tests/shared python -m support.fuzzing.guided.plan_reader FOLDER -max_total_time=600

``FOLDER`` is the corpus, which the plans of ``support.fuzzing`` begin. A plan may be refused by an `InputError`;
everything else that is raised is a finding. What is read must be written as the same plan again.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["dynamap"]):
    from dynamap.cost.errors import DynamapError
    from dynamap.planner.plan.plan import load_plan

from support.fuzzing.campaign import seed_plans
from support.fuzzing.guided.running import fuzz

_SCRATCH = Path(tempfile.mkdtemp(prefix="dynamap-fuzz-"))


def one_input(data: bytes) -> None:
    """Read a plan; nothing but a refusal may be raised, and what is read survives being written."""
    path = _SCRATCH / "plan.json"
    path.write_bytes(data)
    try:
        plan = load_plan(path)
    except DynamapError:
        return
    content = plan.content()
    path.write_bytes(content)
    if load_plan(path).content() != content:
        raise AssertionError("a plan that is written and read is another plan")


if __name__ == "__main__":
    fuzz(one_input, {f"{number}.json": text.encode() for number, (_, text) in enumerate(seed_plans())})
