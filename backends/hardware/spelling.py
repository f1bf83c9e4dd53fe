"""``params.h`` in the kernels' languages: constants and ``static_assert`` in C++, macros and ``#error`` in OpenCL C."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from dynamap.backends.hardware.numbers import Number, Part, Relation
from dynamap.backends.hardware.writers import c_comment, c_string


def cpp_header(parts: Sequence[Part], banner: str, macros: Sequence[str] = ()) -> str:
    """The header for C++. ``banner``: a comment that says where it comes from; ``macros``: lines for pragmas."""
    return _header(
        parts,
        banner,
        lambda number: f"const int {number.name} = {number.value};",
        lambda relation: [f"static_assert({relation.condition}, {c_string(relation.sentence)});"],
        macros,
    )


def opencl_header(parts: Sequence[Part], banner: str) -> str:
    """The header for OpenCL C, whose program scope has no constants in private memory; a C++ host can read it too."""
    return _header(
        parts, banner, _macro, lambda r: [f"#if !({r.condition})", f"#error {c_string(r.sentence)}", "#endif"]
    )


def _macro(number: Number) -> str:
    plain = isinstance(number.value, int) and number.value >= 0
    return f"#define {number.name} {number.value if plain else f'({number.value})'}"


def _header(
    parts: Sequence[Part],
    banner: str,
    define: Callable[[Number], str],
    require: Callable[[Relation], Iterable[str]],
    macros: Sequence[str] = (),
) -> str:
    lines = [c_comment(banner), "#ifndef OVERLAY_PARAMS_H", "#define OVERLAY_PARAMS_H", ""]
    ports = next(number.value for part in parts for number in part.numbers if number.name == "PORTS")
    lines += [
        "// The number of ports as a token, for the macros that repeat something for each.",
        f"#define OVERLAY_PORTS {ports}",
    ]
    for part in parts:
        lines += ["", c_comment(part.title)]
        lines += [f"{define(number)}  {c_comment(number_remark(number))}" for number in part.numbers]
    lines += ["", *macros] if macros else []
    lines.append("")
    lines += [line for part in parts for relation in part.relations for line in require(relation)]
    return "\n".join([*lines, "", "#endif", ""])


def number_remark(number: Number) -> str:
    """What a number means, its unit, and who decided it."""
    return f"{number.meaning} [{number.unit + '; ' if number.unit else ''}{number.origin}]"
