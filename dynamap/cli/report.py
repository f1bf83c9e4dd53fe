"""``dynamap report``: plans as one HTML page, and beside it the commands that read the reports of vendors' tools.

``report PLAN...`` is the group's own command: whatever is not the name of another command is an argument or an option
of it. A plan in a file called like a command is given with its folder (``./import``).
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Optional

import typer
from typer.core import TyperGroup

from dynamap.cli.options import STDOUT, with_width
from dynamap.cli.reading import a_number, one_of
from dynamap.cost.errors import InputError

PAGE = "html"


class PageOrCommand(TyperGroup):
    """A group of commands one of which, ``html``, need not be named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Puts ``html`` in front of what names no command and asks for no help."""
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = [PAGE, *args]
        return super().parse_args(ctx, args)


report_app = typer.Typer(
    cls=PageOrCommand,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    subcommand_metavar="PLAN... [-o FILE.html] | COMMAND ...",
    help="Write one HTML page that explains a plan.",
    epilog=f"Without a command, `{PAGE}` is meant: `dynamap report PLAN.json` writes PLAN.html beside it, and "
    f"`dynamap report {PAGE} -h` lists its options (-o, --baselines, --time-limit, --verify, --run, --measured).",
)


class Baselines(str, Enum):
    array = "array"
    full = "full"
    none = "none"


@report_app.command(PAGE)
def page(
    plans: Annotated[list[Path], typer.Argument(help="Saved plans; several are compared.", metavar="PLAN")],
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--output", "-o", metavar="FILE.html", help="The page (- is stdout); beside the plan if left out."
        ),
    ] = None,
    baselines: Annotated[
        Baselines,
        typer.Option(
            help="Fixed strategies beside the plan: on its array, each on its best array (slower), or none.",
            **one_of("--baselines", Baselines),
        ),
    ] = Baselines.array,
    time_limit: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            "--time-limit",
            help="Seconds for each strategy's search; what it ends is marked as not proven.",
            **a_number("--time-limit", float, "SECONDS"),
        ),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Also make the checks of `dynamap verify --quick` and show them.")
    ] = False,
    run: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Option(
            metavar="FILE", help="What `dynamap run PLAN --json` printed; once for each plan, in their order."
        ),
    ] = None,
    measured: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Option(metavar="FILE", help="What `dynamap report import` wrote; once for each plan, in their order."),
    ] = None,
) -> None:
    """Write one HTML page that explains a plan, or compares several."""
    from dynamap.backends.evidence.report import Scope, Wanted
    from dynamap.cli.report_page import page_command

    wanted = Wanted(Scope(baselines.value), time_limit, verify)
    raise typer.Exit(page_command(plans, _place(plans, output), wanted, run or [], measured or []))


def _place(plans: list[Path], output: Path | None) -> Path:
    if output is None:
        if len(plans) > 1:
            raise InputError("which file should compare the plans? Name it by -o FILE.html")
        return plans[0].with_suffix(".html")
    return Path("/dev/stdout") if output == STDOUT else output


@report_app.command("import")
@with_width
def import_project(
    project: Annotated[
        Path, typer.Argument(metavar="PROJECT", help="The folder of a generated project.", show_default=False)
    ],
    reports: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FOLDER", help="Where the tools wrote their reports; the project's folder if left out."),
    ] = None,
    write_device: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FILE.toml", help="Write the device with calibration factors as a TOML file."),
    ] = None,
    device: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FILE.toml", help="The device's own TOML file, whose comments --write-device keeps."),
    ] = None,
    name: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="NAME", help="The name of the device that --write-device writes; NAME-calibrated if left out."
        ),
    ] = None,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--output", "-o", metavar="FILE.json", help="Write the comparison as JSON, for `dynamap report --measured`."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
) -> None:
    """Compare the reports of the vendor's tools with what was planned.

    The exit status is 1 if a figure is outside of its interval.
    """
    from dynamap.cli.report_import import import_command

    raise typer.Exit(import_command(project, reports, write_device, device, name, output, as_json))
