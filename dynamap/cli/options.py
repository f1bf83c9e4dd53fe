"""Arguments and options that several commands have."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Optional, TypeVar, get_type_hints

import typer

from dynamap.backends.range_calibration import CALIBRATION
from dynamap.cli.reading import a_number, one_of, one_word
from dynamap.planner.request.options import ALIKE, OPTIONS, VARIED, Option, Options, given_options

F = TypeVar("F", bound=Callable[..., None])


class Aggregate(str, Enum):
    sum = "sum"
    worst = "worst"


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
PlanFile = Annotated[
    Path,
    typer.Argument(metavar="PLAN", help="What `dynamap plan MODEL -o PLAN.json` wrote.", show_default=False),
]


class HostUse(str, Enum):
    auto = "auto"
    none = "none"


Host = Annotated[
    HostUse,
    typer.Option(
        "--host",
        help="Leave what the overlay cannot run to onnxruntime on the host, or refuse it (none).",
        **one_of("--host", HostUse),
    ),
]


class Comparison(str, Enum):
    onnxruntime = "onnxruntime"
    numpy = "numpy"


LabelFile = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--labels", metavar="FILE", help="The names of the classes, one per line."),
]


def with_plan_options(*names: str) -> Callable[[F], F]:
    """For a command that takes ``**options``: gives it the options of a plan, all or those of these fields."""
    chosen = [option for option in OPTIONS if option.name in names or not names]
    return partial(_with_options, {option.name: _annotation(option) for option in chosen})


def with_sweep_options(command: F) -> F:
    """For a command that takes ``**options``: gives it those of a sweep, several values of what it varies."""
    varied = {option.name: _annotation_of_several(option) for option in VARIED}
    return _with_options({**varied, **{option.name: _annotation(option) for option in ALIKE}}, command)


def with_calibration_options(command: F) -> F:
    """For a command that takes ``**options``: gives it those of a calibration."""
    return _with_options({option.name: _annotation(option) for option in CALIBRATION}, command)


def _with_options(annotations: Mapping[str, Any], command: F) -> F:
    """Puts options, by names and annotations, in front of what commands list last."""
    del command.__annotations__["options"]
    hints = get_type_hints(command, include_extras=True)
    signature = inspect.signature(command)
    own = [
        parameter.replace(annotation=hints[parameter.name])
        for parameter in signature.parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    asked = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in annotations.items()
    ]
    last = [parameter for parameter in own if parameter.name in ("export_pbqp", "output", "as_json")]
    first = [parameter for parameter in own if parameter not in last]
    keyword = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in last]
    command.__signature__ = signature.replace(parameters=[*first, *asked, *keyword])  # type: ignore[attr-defined]
    command.__annotations__.update({parameter.name: parameter.annotation for parameter in (*own, *asked)})
    return command


STDOUT = Path("-")
"""Where a result is asked for on standard output."""

Wide = Annotated[bool, typer.Option("--wide", help="Show tables whole, not fitted to the terminal.")]


def with_width(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with an option that says whether its tables fit the terminal."""

    @functools.wraps(command)
    def fitted(*arguments: Any, wide: bool = False, **options: Any) -> None:
        from dynamap.cli.output import tables_shown

        with tables_shown(wide=wide):
            command(*arguments, **options)

    signature, hints = inspect.signature(command), get_type_hints(command, include_extras=True)
    own = [parameter.replace(annotation=hints[name]) for name, parameter in signature.parameters.items()]
    option = inspect.Parameter("wide", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Wide)
    fitted.__signature__ = signature.replace(parameters=[*own, option])  # type: ignore[attr-defined]
    fitted.__annotations__ = {**command.__annotations__, "wide": Wide}
    return fitted


def _annotation(option: Option) -> Any:
    words = option.kind.words
    how: dict[str, Any] = {"metavar": option.value} if option.value else {}
    kind: Any = words
    if isinstance(words, tuple):
        kind, how = str, one_word(option.called, {word: word for word in words})
    elif words in (int, float):
        how = a_number(option.called, words, option.value)
    if option.kind.repeated:
        kind = list[kind]
    return Annotated[Optional[kind], typer.Option(option.flag, help=option.help, show_default=False, **how)]  # noqa: UP045


def _annotation_of_several(option: Option) -> Any:
    how = typer.Option(option.flag, help=option.varied, show_default=False, metavar=option.value)
    return Annotated[Optional[list[str]], how]  # noqa: UP045


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """What was given of options, in plain words."""
    words = {name: value.value if isinstance(value, Enum) else value for name, value in options.items()}
    return {name: value for name, value in words.items() if value is not None and value != []}


def read_options(options: Mapping[str, Any]) -> Options:
    """What was given of a plan's options, the rest as it is by default.

    Raises:
        InputError: a value cannot be.
    """
    return replace(Options(), **given_options(given(options), Options(), flags=True))
