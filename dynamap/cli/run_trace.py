"""``dynamap run --trace``: what an executor with a clock of its own did when, as a Chrome trace or a waveform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dynamap.cli.output import message
from dynamap.cli.places import check_places
from dynamap.cost.errors import InputError
from dynamap.planner.plan.plan import Plan
from dynamap.planner.results.files import Results

if TYPE_CHECKING:
    from dynamap.backends.contract import Executor, Int8Array, LayerRun, Recorder
    from dynamap.backends.program import Program
    from dynamap.backends.timeline.measured import TimedLayer

TIMELINE = ".json"


@dataclass(frozen=True)
class RunFiles:
    """What a run writes: its outputs, the tensors of its layers into a folder, a trace."""

    output: Path | None = None
    trace_layers: Path | None = None
    trace: Path | None = None


class Untraced:
    """An executor as it is."""

    def __init__(self, executor: Executor) -> None:
        self.executor, self.platform = executor, executor.platform

    def run(self, program: Program, inputs: Mapping[str, Int8Array]) -> Iterator[LayerRun]:
        """See `Executor.run`."""
        yield from self.executor.run(program, inputs)

    def finish(self, plan: Plan) -> None:
        """Adds what is not written yet to the results."""

    def tell(self) -> None:
        """Says what was written."""


class _Timed(Untraced):
    """The steps of all layers, as a Chrome trace; of several parts of a model one after the other."""

    def __init__(self, executor: Executor, trace: Path, files: Results) -> None:
        super().__init__(executor)
        self._trace, self._files = trace, files
        self._layers: list[TimedLayer] = []

    def run(self, program: Program, inputs: Mapping[str, Int8Array]) -> Iterator[LayerRun]:
        from dynamap.backends.timeline.measured import TimedLayer

        for done in super().run(program, inputs):
            self._layers.append(TimedLayer(done.name, done.steps))
            yield done

    def finish(self, plan: Plan) -> None:
        from dynamap.backends.timeline.measured import measured_trace

        overlay = plan.overlay
        title = f"{plan.model.name}, {overlay.rows} x {overlay.columns} array: {self.platform}"
        text = measured_trace(self._layers, title, round(overlay.clock_mhz * 1000))
        self._files.write(self._trace, text.encode())

    def tell(self) -> None:
        message(f"wrote {self._trace}: open it in https://ui.perfetto.dev or chrome://tracing")


class _Recorded(Untraced):
    """A waveform, and of several parts of a model one for each: FILE.vcd, FILE-2.vcd, ..."""

    def __init__(self, executor: Recorder, trace: Path, files: Results, read: list[Path | None]) -> None:
        super().__init__(executor)
        self._recorder, self._trace, self._files, self._read = executor, trace, files, read
        self._written: list[Path] = []

    def run(self, program: Program, inputs: Mapping[str, Int8Array]) -> Iterator[LayerRun]:
        trace = self._trace
        if self._written:
            trace = trace.with_name(f"{trace.stem}-{len(self._written) + 1}{trace.suffix}")
        check_places({"--trace": trace}, self._read)
        self._written.append(trace)
        yield from self._recorder.run_recorded(program, inputs, self._files.place(trace))

    def tell(self) -> None:
        for trace in self._written:
            message(f"wrote {trace}: a waveform, of which two steps are a cycle")


def require_trace(trace: Path | None, executor: Executor, name: str) -> None:
    """Checks that the executor of that name can write such a file.

    Raises:
        InputError: it has no trace, or none of this ending.
    """
    endings: tuple[str, ...] = getattr(executor, "traces", ())
    if trace is None or trace.suffix in endings:
        return
    if not endings:
        raise InputError(
            f"--trace: the executor {name!r} has no clock to trace, vitis-rtl has one; "
            "`dynamap simulate PLAN --trace FILE.json` writes the plan's own timeline"
        )
    raise InputError(f"--trace {str(trace)!r}: the name must end in {' or '.join(endings)} with the executor {name!r}")


def traced(executor: Executor, trace: Path | None, files: Results, read: list[Path | None]) -> Untraced:
    """The executor, and what writes its trace among ``files``, none of which may be one of ``read``."""
    if trace is None:
        return Untraced(executor)
    if trace.suffix == TIMELINE:
        return _Timed(executor, trace, files)
    return _Recorded(cast("Recorder", executor), trace, files, read)
