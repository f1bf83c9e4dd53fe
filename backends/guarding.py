"""A backend of somebody else: whatever it raises is one message that names it, and what it returns is looked at.

Anything may happen in foreign code, ``sys.exit`` included. An `InputError` or `InfeasibleError` is its answer and is
passed on; an interrupt is the user's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from dynamap.backends.contract import Executor, Int8Array, LayerRun, TimedStep
from dynamap.backends.program import Program
from dynamap.backends.program.specification import NONE
from dynamap.backends.project import require_inside
from dynamap.cost.errors import DynamapError, InputError
from dynamap.cost.words import shown
from dynamap.planner.plan.plan import Plan

_LONGEST = 300


@contextmanager
def guarded(who: str, doing: str) -> Iterator[None]:
    """What is raised inside becomes a message that ``who`` failed ``doing`` something.

    Raises:
        InputError: instead of everything but interrupts and the errors that are meant for users.
    """
    try:
        yield
    except (DynamapError, KeyboardInterrupt):
        raise
    except BaseException as error:  # somebody else's code raises what it likes, SystemExit included
        raise InputError(f"{who} failed {doing}: {_told(error)} (a defect of that package)") from error


def _told(error: BaseException) -> str:
    """The error in words; even asking it for them may fail."""
    kind = type(error).__name__
    try:
        words = " ".join(str(error).split())
    except Exception:  # likewise
        return kind
    return f"{kind}: {words[:_LONGEST]}{'...' if len(words) > _LONGEST else ''}" if words else kind


class GuardedBackend:
    """A backend as `Backend` describes it; ``who`` is how messages call it.

    Raises:
        InputError: from each member, where the backend fails or returns what it must not.
    """

    def __init__(self, backend: Any, name: str, who: str) -> None:
        self.name, self._backend, self._who = name, backend, who
        for part in ("vendor", "description", "generate", "executor"):
            with guarded(who, f"when asked for its {part!r}"):
                there = hasattr(backend, part)
            if not there:
                raise InputError(f"{who} is incomplete: it has no {part!r}")
        self.vendor: str = _text(backend, "vendor", who)
        self.description: str = _text(backend, "description", who)

    def generate(self, plan: Plan, program: Program, inputs: Mapping[str, Int8Array]) -> Mapping[str, bytes]:
        """See `Backend.generate`."""
        with guarded(self._who, "while it generated the project"):
            files = dict(self._backend.generate(plan, program, inputs))
        for path, content in files.items():
            try:
                require_inside(path)
            except InputError as error:
                raise InputError(f"{self._who} names a file wrongly: {error}") from None
            if not isinstance(content, bytes):
                raise InputError(f"{self._who} returns {type(content).__name__} for the file {path!r}, not bytes")
        return files

    def executor(self) -> Executor:
        """See `Backend.executor`."""
        with guarded(self._who, "while it made its executor"):
            executor = self._backend.executor()
        return GuardedExecutor(executor, self._who)


class GuardedExecutor:
    """An executor as `Executor` describes it.

    Raises:
        InputError: from each member, where the executor fails or yields what it must not.
    """

    def __init__(self, executor: Any, who: str) -> None:
        self._executor, self._who = executor, who
        self.platform: str = _text(executor, "platform", who)
        with guarded(who, "when asked for its 'largest_packing'"):
            self.largest_packing: int = getattr(executor, "largest_packing", 2)
        with guarded(who, "when asked for its 'least_packing'"):
            self.least_packing: int = getattr(executor, "least_packing", 1)
        with guarded(who, "when asked for its 'traces'"):
            self.traces: tuple[str, ...] = tuple(getattr(executor, "traces", ()))

    def run(self, program: Program, inputs: Mapping[str, Int8Array]) -> Iterator[LayerRun]:
        """See `Executor.run`."""
        return self._layers(program, lambda: self._executor.run(program, inputs))

    def run_recorded(self, program: Program, inputs: Mapping[str, Int8Array], waveform: Path) -> Iterator[LayerRun]:
        """See `Recorder.run_recorded`."""
        return self._layers(program, lambda: self._executor.run_recorded(program, inputs, waveform))

    def _layers(self, program: Program, run: Callable[[], Iterator[LayerRun]]) -> Iterator[LayerRun]:
        with guarded(self._who, "while it ran the program"):
            layers = iter(run())
        left = _expected(program)
        while True:
            with guarded(self._who, "while it ran the program"):
                done = next(layers, None)
            if done is None:
                break
            yield self._looked_at(done, left)
        if left:
            raise InputError(f"{self._who} ended without the layer {shown(next(iter(left)))}")

    def _looked_at(self, done: Any, left: dict[str, tuple[str, tuple[int, int, int]]]) -> LayerRun:
        """What was yielded, which is no longer among the layers that are left."""
        if not isinstance(done, LayerRun):
            raise InputError(f"{self._who} yields {type(done).__name__}, not a LayerRun")
        if done.name not in left:
            raise InputError(f"{self._who} ran a layer {shown(done.name)}, which is not one that the program has left")
        tensor, shape = left.pop(done.name)
        values = done.values
        right = isinstance(values, np.ndarray) and values.dtype == np.int8 and values.shape == shape
        if done.tensor != tensor or not right:
            raise InputError(f"{self._who} must give tensor {tensor!r} of layer {done.name!r} as int8 {shape}")
        if not isinstance(done.counters, Mapping) or not all(isinstance(n, int) for n in done.counters.values()):
            raise InputError(f"{self._who} must give the counters of layer {done.name!r} as integers by name")
        if not all(isinstance(step, TimedStep) for step in done.steps):
            raise InputError(f"{self._who} must give the steps of layer {done.name!r} as TimedStep")
        return done


def _expected(program: Program) -> dict[str, tuple[str, tuple[int, int, int]]]:
    """The tensor that each layer of the overlay writes, and its shape."""
    expected = {}
    for name, entry in zip(program.layer_names, program.layers, strict=True):
        if entry.output != NONE:
            tensor = program.tensors[entry.output]
            expected[name] = (program.tensor_names[entry.output], (tensor.channels, tensor.height, tensor.width))
    return expected


def _text(part: Any, name: str, who: str) -> str:
    with guarded(who, f"when asked for its {name!r}"):
        text = getattr(part, name)
    if not isinstance(text, str):
        raise InputError(f"{who} has a {name!r} that is no text but {type(text).__name__}")
    return text
