"""Sphinx extension: writes the reference pages from the code, before Sphinx looks for pages.

``docs/generated/cli.md`` lists every command of ``dynamap``; ``docs/generated/PACKAGE.rst``, one for each package, lets
autodoc describe every module of it. They are as new as the code, and not kept in version control.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType

from cli_reference import cli_page
from sphinx.addnodes import desc_annotation, pending_xref
from sphinx.application import Sphinx
from sphinx.ext.napoleon.docstring import GoogleDocstring
from sphinx.transforms.post_transforms import SphinxPostTransform

PACKAGES = ("dynamap.cost", "dynamap.planner", "dynamap.backends")
"""Each lies in a folder of its own; ``dynamap`` has a module beside them, and the command line with its own page."""


ARRAY = re.compile(r"~?numpy\.ndarray\[tuple\[~?typing\.Any, \.\.\.\], ~?numpy\.dtype\[([^\[\]]+)\]\]")

LONGEST_VALUE = 100
"""Characters of a constant that are shown."""


def public_modules() -> Iterator[str]:
    """Every module of the API, packages included, by its dotted name."""
    yield from ("dynamap", "dynamap.plans")
    for package in PACKAGES:
        yield package
        yield from (found.name for found in pkgutil.walk_packages(import_module(package).__path__, f"{package}."))


def api_pages() -> dict[str, str]:
    """The text of each package's page, by the package's name."""
    pages: dict[str, list[str]] = {}
    for name in public_modules():
        package = name if hasattr(import_module(name), "__path__") else name.rpartition(".")[0]
        pages.setdefault(package, []).append(name)
    return {package: _api_page(package, sorted(modules)) for package, modules in pages.items()}


def _api_page(package: str, modules: list[str]) -> str:
    parts = [_heading(package, "=")]
    for name in modules:
        if name != package:
            parts.append(_heading(name, "-"))
        parts.append(f".. automodule:: {name}\n")
        if elsewhere := _defined_elsewhere(import_module(name)):
            parts.append(f"Imported from here, described there: {elsewhere}.\n")
    return "\n".join(parts)


def _defined_elsewhere(module: ModuleType) -> str:
    """The names of ``__all__`` that other modules define, as links."""
    values = {name: vars(module)[name] for name in getattr(module, "__all__", ())}
    homes = {name: getattr(value, "__module__", module.__name__) for name, value in values.items()}
    return ", ".join(f":py:obj:`~{home}.{name}`" for name, home in homes.items() if home != module.__name__)


def _heading(name: str, line: str) -> str:
    return f"{name}\n{line * len(name)}\n"


def make_annotations_known(name: str) -> None:
    """Imports what a module imports under TYPE_CHECKING only, so that its annotations can be read."""
    module = import_module(name)
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            exec(compile(ast.Module(node.body, []), name, "exec"), vars(module))


def write_pages(folder: Path, pages: Mapping[str, str]) -> None:
    """Writes what has changed and removes what is gone, so that Sphinx builds again only what it must."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def whole_sentences() -> None:
    """Napoleon takes what stands before a colon in an attribute's first line for its type; here it is a sentence."""

    def lines(self: GoogleDocstring) -> list[str]:
        return self._dedent(self._consume_to_end())

    GoogleDocstring._parse_attribute_docstring = lines  # type: ignore[method-assign]


def is_foreign(name: str) -> bool:
    """Whether a name in a signature is one of Python's own or of another library's (those have dots)."""
    return hasattr(builtins, name) or ("." in name and not name.startswith("dynamap."))


class PlainForeignNames(SphinxPostTransform):
    """Names of other libraries in signatures stay text: there is nothing to link to without a network."""

    default_priority = 5  # before references are resolved

    def run(self, **_kwargs: object) -> None:
        """Replaces the references by what they would show, and leaves long values of constants out."""
        for node in list(self.document.findall(pending_xref)):
            if is_foreign(node.get("reftarget", "")):
                node.replace_self(node.children)
        for value in list(self.document.findall(desc_annotation)):
            if value.astext().startswith(" = ") and len(value.astext()) > LONGEST_VALUE:
                value.parent.remove(value)


def readable_signature(
    _app: Sphinx, _what: str, _name: str, _value: object, _options: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """Writes arrays as in the source, ``NDArray[int8]``, and what a factory makes as ``...``."""

    def readable(text: str | None) -> str | None:
        return text and ARRAY.sub(r"~numpy.typing.NDArray[\1]", text).replace("<factory>", "...")

    return readable(signature), readable(returns)


def generate(app: Sphinx) -> None:
    """Called by Sphinx before it looks for pages."""
    from dynamap.cli.app import app as command_line

    for name in public_modules():
        make_annotations_known(name)
    pages = {f"{package}.rst": text for package, text in api_pages().items()}
    pages["cli.md"] = cli_page(command_line)
    write_pages(Path(app.srcdir) / "generated", pages)


def setup(app: Sphinx) -> dict[str, bool]:
    """Registers the hooks."""
    app.connect("builder-inited", generate)
    app.add_post_transform(PlainForeignNames)
    whole_sentences()
    app.connect("autodoc-process-signature", readable_signature)
    return {"parallel_read_safe": True}
