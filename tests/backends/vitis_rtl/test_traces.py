"""What the executor says of each record, against the closed form; and its waveform, against what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from dynamap.backends.contract import LayerRun
from dynamap.backends.hardware.sizes import simulated_sizes
from dynamap.backends.vitis_rtl.executor import RtlExecutor
from dynamap.backends.vitis_rtl.kernel_simulation import UNITS, planned_cycles
from dynamap.backends.vitis_rtl.program.folding import folded
from dynamap.backends.vitis_rtl.program.records import RecordOp, records_of
from dynamap.backends.vitis_rtl.program.shape import kernel_shape
from dynamap.backends.vitis_rtl.project import verilated
from dynamap.cost.errors import InputError
from support.rtl_networks import EVERY_OPERATION, parsed
from support.rtl_programs import Case, Convolution, case_of, chain

SMALL = chain((16, 5, 5), [Convolution(16, 3), Convolution(8, 1, 1, "Sigmoid")])


def assert_as_the_closed_form(case: Case, runs: list[LayerRun]) -> None:
    """Unit, cycles and cycles that were waited of every record, in order; each layer's add up to its own."""
    program = folded(case.program)
    records = records_of(program, kernel_shape(program, simulated_sizes(program)))
    expected = [
        (program.layer_names[program.commands[record.command].layer], UNITS[record.op], count.total, count.waited)
        for record, count in zip(records.records, planned_cycles(program, records), strict=True)
    ]
    assert [(run.name, step.unit, step.cycles, step.waited) for run in runs for step in run.steps] == expected
    for run in runs:
        assert run.cycles is not None
        assert sum(step.cycles for step in run.steps) == run.cycles.measured
        assert sum(step.waited for step in run.steps) == run.cycles.waited
        for counter in ("bytes_read", "bytes_written"):
            assert sum(getattr(step, counter) for step in run.steps) == run.counters[counter]


def test_every_record_has_its_cycles(rtl_executor: RtlExecutor) -> None:
    case = case_of(parsed(EVERY_OPERATION))
    runs = list(rtl_executor.run(case.program, case.image))
    assert_as_the_closed_form(case, runs)
    assert {step.unit for run in runs for step in run.steps} == set(UNITS.values())


def changes_of(waveform: Path, signal: str) -> Iterator[tuple[int, str]]:
    """Times and values of a signal of the bench in a waveform of the format VCD (IEEE 1364, section 18)."""
    code, now = "", 0
    with waveform.open() as lines:
        for line in lines:
            declared = re.match(rf"\s*\$var wire\s+1 (\S+) {signal} \$end", line)
            if declared and not code:
                code = declared[1]
            elif line.startswith("#"):
                now = int(line[1:])
            elif code and line[1:].rstrip() == code:
                yield now, line[0]


@pytest.mark.full
def test_a_waveform_has_the_ends_of_the_records(tmp_path: Path) -> None:
    """``record_done_o`` is up for a cycle at the end of each record; a cycle is two steps of time."""
    case, executor = case_of(SMALL), RtlExecutor("-O0")
    waveform = tmp_path / "small.vcd"
    runs = list(executor.run_recorded(case.program, case.image, waveform))
    assert_as_the_closed_form(case, runs)
    for run, plain in zip(runs, RtlExecutor("-O0").run(case.program, case.image), strict=True):
        np.testing.assert_array_equal(run.values, plain.values)
        assert run.steps == plain.steps
    steps = [step for run in runs for step in run.steps]
    assert UNITS[RecordOp.TABLE] in {step.unit for step in steps}
    ends = [time for time, value in changes_of(waveform, "record_done_o") if value == "1"][-len(steps) :]
    assert [(after - before) // 2 for before, after in pairwise(ends)] == [step.cycles for step in steps[1:]]


def test_a_waveform_that_this_machine_cannot_write_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rtl_executor: RtlExecutor
) -> None:
    monkeypatch.setattr(verilated, "_has_headers", lambda wave: wave is not verilated.Wave.FST)
    case = case_of(SMALL)
    with pytest.raises(InputError, match=r"\.fst needs the headers lz4\.h and zlib\.h .*; \.vcd needs none"):
        list(rtl_executor.run_recorded(case.program, case.image, tmp_path / "small.fst"))
    assert not list(tmp_path.iterdir())
