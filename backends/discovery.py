"""Finding backends: installed packages announce them as entry points; nothing is imported before it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from dynamap.backends.contract import Backend
from dynamap.backends.guarding import GuardedBackend, guarded
from dynamap.cost.errors import InputError
from dynamap.cost.likeness import suggestion

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
        Announced(point.name, _package(point), (point.dist.version if point.dist else None) or "")
        for point in _points()
    )


def load_backend(name: str) -> Backend:
    """The backend of that name.

    Raises:
        InputError: there is none; two packages have one; or it cannot be loaded, whatever it raises. The message names
            the packages.
    """
    found = [point for point in _points() if point.name == name]
    if not found:
        known = sorted({point.name for point in _points()})
        listed = ", ".join(known) or "none is installed"
        raise InputError(f"there is no backend {name!r}; known: {listed}{suggestion(name, known)}")
    packages = sorted({_package(point) for point in found})
    if len(packages) > 1:
        raise InputError(f"the backend {name!r} is in several packages: {', '.join(packages)}; uninstall all but one")
    who = f"the backend {name!r} of package {packages[0]!r}"
    with guarded(who, "to load"):
        backend = found[0].load()
    return GuardedBackend(backend, name, who)


def _package(point: EntryPoint) -> str:
    """The package of an entry point, or what it loads where the package's own record of itself is damaged."""
    return (point.dist.name if point.dist else None) or point.value


def _points() -> list[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))
