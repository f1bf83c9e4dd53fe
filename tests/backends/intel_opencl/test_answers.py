"""What the executor reads from its process, a fake one: answers that come together, in pieces, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from dynamap.backends.conformance.checking import WIDE
from dynamap.backends.conformance.networks import random_network
from dynamap.backends.conformance.plans import SMALL, integer_image, plan_on
from dynamap.backends.contract import LayerRun
from dynamap.backends.intel_opencl import executor as module
from dynamap.backends.intel_opencl.executor import CHILD, EmulatorExecutor
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import quantise
from dynamap.cost.errors import InputError

FAKE = """
import json, os, sys, time
os.write(1, b'{"built": true}\\n')
for line in sys.stdin:
    request = json.loads(line)
    with open(request["results"], "wb") as results:
        for number, (_, _, _, size) in enumerate(request["layers"], 1):
            results.write(bytes([number]) * size)
    answer, count = b'{"counters": []}\\n', len(request["layers"])
"""
"""A process whose n-th tensor holds n in each byte; how it gives ``answer``, ``count`` times, is added."""

Runner = Callable[[str], list[LayerRun]]


@pytest.fixture
def run_with(monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Runs a network of several layers on the fake process, which answers by the given statement."""
    network = random_network(0)
    program = compile_program(plan_on(network, (8, 8), SMALL, WIDE), quantise(network, samples=1))
    files = module.package_files

    def run(answering: str) -> list[LayerRun]:
        def package_files(package: str, folder: str, names: list[str]) -> dict[str, bytes]:
            return {CHILD: f"{FAKE}    {answering}\n".encode()} if names == [CHILD] else files(package, folder, names)

        monkeypatch.setattr(module, "package_files", package_files)
        monkeypatch.setattr(module, "emulator_environment", lambda: dict(os.environ))
        return list(EmulatorExecutor(layer_seconds=20).run(program, integer_image(network, 0)))

    return run


@pytest.mark.parametrize(
    "answering",
    ["os.write(1, answer * count)", "[(os.write(1, bytes([byte])), time.sleep(0.001)) for byte in answer * count]"],
    ids=["all at once", "byte by byte"],
)
def test_answers_are_read_however_they_come(run_with: Runner, answering: str) -> None:
    """A process that is faster than its reader has written several; none may be waited for when it is here."""
    runs = run_with(answering)
    assert len(runs) > 1
    for number, run in enumerate(runs, 1):
        assert (run.values == number).all()


@pytest.mark.parametrize("answering", ["os.write(1, answer)", "os.write(1, answer + answer[:5])"])
def test_a_missing_answer_is_said_when_the_process_ends(run_with: Runner, answering: str) -> None:
    with pytest.raises(InputError, match=r"ended by itself \(status 0\): it said nothing"):
        run_with(f"{answering}; sys.exit()")
