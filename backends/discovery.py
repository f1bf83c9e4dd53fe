"""Finding backends: installed packages announce them as entry points; nothing is imported before it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from dynamap.backends.contract import Backend
from dynamap.cost.errors import InputError

GROUP = "dynamap.backends"


@dataclass(frozen=True)
class Announced:
    """A backend that some installed package has: its name, and the package's name and version."""

    name: str
    package: str
    version: str


def announced_backends() -> tuple[Announced, ...]:
    """All backends by name. None is loaded, so that a broken one does no harm here."""
    return tuple(
        Announced(point.name, point.dist.name if point.dist else "unknown", point.dist.version if point.dist else "")
        for point in _points()
    )


def load_backend(name: str) -> Backend:
    """The backend of that name.

    Raises:
        InputError: there is none; two packages have one; or it cannot be loaded. The message names the packages.
    """
    found = [point for point in _points() if point.name == name]
    if not found:
        known = ", ".join(sorted({point.name for point in _points()})) or "none is installed"
        raise InputError(f"there is no backend {name!r}; known: {known}")
    packages = sorted({point.dist.name if point.dist else point.value for point in found})
    if len(packages) > 1:
        raise InputError(f"the backend {name!r} is in several packages: {', '.join(packages)}; uninstall all but one")
    try:
        backend = found[0].load()
    except Exception as error:
        raise InputError(f"the backend {name!r} of package {packages[0]!r} cannot be loaded: {error}") from error
    missing = [part for part in ("vendor", "description", "generate", "executor") if not hasattr(backend, part)]
    if missing:
        raise InputError(f"the backend {name!r} of package {packages[0]!r} is incomplete: it has no {missing[0]!r}")
    loaded: Backend = backend
    return loaded


def _points() -> list[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))
