"""Coverage-guided damage of plans by Atheris, on what reads them: `make fuzz`, or

    python benchmarks/fuzz/plan_reader.py FOLDER -max_total_time=600

``FOLDER`` is the corpus, which the plans of ``support.fuzzing`` begin. A plan may be refused by an `InputError`;
everything else that is raised is a finding. What is read must be written as the same plan again.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "shared"))

with atheris.instrument_imports(include=["dynamap"]):
    from dynamap.cost.errors import DynamapError
    from dynamap.planner.plan.plan import load_plan

from support.fuzzing.campaign import seed_plans

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


def main() -> None:
    """Begin the corpus with the seeds, and run until Atheris ends the process."""
    corpus = next((Path(argument) for argument in sys.argv[1:] if not argument.startswith("-")), None)
    if corpus is not None:
        corpus.mkdir(parents=True, exist_ok=True)
        for number, (_, text) in enumerate(seed_plans()):
            (corpus / f"{number}.json").write_text(text, encoding="utf-8")
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
