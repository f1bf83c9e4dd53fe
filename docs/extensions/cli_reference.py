"""The command line's reference in Markdown, from the functions that the typer application registers."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import typer
from typer.models import ArgumentInfo, OptionInfo

VALUES = {str: "TEXT", int: "INTEGER", float: "NUMBER", Path: "PATH"}


@dataclass(frozen=True)
class Parameter:
    """One argument or option: how it is written, what is taken if it is left out, and its help."""

    name: str
    is_option: bool
    flags: tuple[str, ...]
    off_flags: tuple[str, ...]
    value: str
    repeatable: bool
    required: bool
    default: Any
    help: str

    @property
    def usage(self) -> str:
        """As in a line of usage."""
        if self.is_option:
            return " ".join(part for part in (self.flags[0], self.value) if part)
        shown = self.name.upper().removesuffix("...") + ("..." if self.repeatable else "")
        return shown if self.required else f"[{shown}]"

    @property
    def written_default(self) -> str:
        """The default in Markdown; empty where leaving it out means what the help says."""
        if self.required:
            return "required"
        if isinstance(self.default, bool):
            flags = self.flags if self.default else self.off_flags
            return f"`{flags[0]}`" if flags and self.off_flags else ""
        default = self.default.value if isinstance(self.default, Enum) else self.default
        return "" if default is None or default == [] else f"`{default}`"


@dataclass(frozen=True)
class Command:
    """One command: its name, its help, its parameters in order, and the help of the group that it is in."""

    name: str
    help: str
    parameters: tuple[Parameter, ...]
    group_help: str = ""


def commands(app: typer.Typer) -> Iterator[Command]:
    """Every command of the application and of its groups (``report import``), in the order of their registration."""
    for registered in app.registered_commands:
        callback = registered.callback
        if callback is not None and not registered.hidden:
            name = registered.name or callback.__name__.replace("_", "-")
            text = registered.help or inspect.getdoc(callback) or ""
            yield Command(name, text.split("\f")[0].strip(), tuple(_parameters(callback)))
    for group in app.registered_groups:
        if group.typer_instance is not None:
            prefix = group.name or group.typer_instance.info.name
            group_help = str(group.typer_instance.info.help or "")
            for command in commands(group.typer_instance):
                yield Command(f"{prefix} {command.name}", command.help, command.parameters, group_help)


def _parameters(callback: Any) -> Iterator[Parameter]:
    hints = get_type_hints(callback, include_extras=True)
    for parameter in inspect.signature(callback).parameters.values():
        hint = hints[parameter.name]
        kind, *notes = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        infos = [note for note in notes if isinstance(note, (ArgumentInfo, OptionInfo))]
        if not infos:  # typer's own context
            continue
        info = infos[0]
        if not info.hidden:
            yield _parameter(parameter, kind, info)


def _parameter(parameter: inspect.Parameter, kind: Any, info: ArgumentInfo | OptionInfo) -> Parameter:
    required = parameter.default is inspect.Parameter.empty
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(part for part in get_args(kind) if part is not type(None))
    repeatable = get_origin(kind) is list
    if repeatable:
        (kind,) = get_args(kind)
    is_option = isinstance(info, OptionInfo)
    value = "" if is_option and kind is bool else info.metavar or _value(kind)
    # typer.Option("--json", "-j") inside Annotated: the first name arrives where a default would stand.
    declared = [name for name in (info.default, *(info.param_decls or ())) if isinstance(name, str)]
    flags, off_flags = _flags(parameter.name, kind, declared) if is_option else ((), ())
    default = None if required else parameter.default
    return Parameter(
        info.metavar or parameter.name if not is_option else parameter.name,
        is_option,
        flags,
        off_flags,
        value,
        repeatable,
        required,
        default,
        " ".join((info.help or "").split()),
    )


def _value(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "|".join(str(member.value) for member in kind)
    return VALUES[kind]


def _flags(name: str, kind: Any, declared: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What switches an option on, and what off."""
    long = "--" + name.replace("_", "-")
    written = [flag for flag in declared if flag.startswith("-")]
    if not written:
        written = [f"{long}/--no-{long[2:]}" if kind is bool else long]
    on = tuple(flag.split("/")[0].strip() for flag in written)
    off = tuple(flag.split("/")[1].strip() for flag in written if "/" in flag)
    return on, off


def cli_page(app: typer.Typer) -> str:
    """One section for each command: usage, help, arguments, options."""
    parts: list[str] = []
    for command in commands(app):
        must = [p for p in command.parameters if not p.is_option or p.required]
        may = [p for p in command.parameters if p.is_option and not p.required]
        usage = " ".join(["dynamap", command.name, *(p.usage for p in must), *(["[OPTIONS]"] if may else [])])
        parts += [f"## dynamap {command.name}\n", f"```text\n{usage}\n```\n", f"{command.help}\n"]
        if command.group_help:
            parts.append(f"(`{command.name.split()[0]}`: {command.group_help})\n")
        arguments = [(f"`{p.usage}`", p.help) for p in command.parameters if not p.is_option]
        options = [(_written(p), p.written_default, p.help) for p in command.parameters if p.is_option]
        if arguments:
            parts.append(_table(("argument", "meaning"), arguments))
        if options:
            parts.append(_table(("option", "default", "meaning"), options))
    return "\n".join(parts)


def _written(parameter: Parameter) -> str:
    names = ", ".join(f"`{flag}`" for flag in (*parameter.flags, *parameter.off_flags))
    value = f" `{parameter.value}`" if parameter.value else ""
    return f"{names}{value}{', repeatable' if parameter.repeatable else ''}"


def _table(headings: tuple[str, ...], rows: list[Any]) -> str:
    lines = [headings, tuple("---" for _ in headings), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
