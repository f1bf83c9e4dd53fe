"""Which code computed a result: the version, and a digest of the sources of the cost model and the planner."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path


@dataclass(frozen=True)
class CodeIdentity:
    """``version`` of the installed package; ``sha256`` of its modules ``dynamap.cost`` and ``dynamap.planner``."""

    version: str
    sha256: str

    def __str__(self) -> str:
        return f"dynamap {self.version} (cost model and planner {self.sha256[:12]})"


@cache
def code_identity() -> CodeIdentity:
    """That of this process: two processes with the same one plan alike."""
    import dynamap.cost
    import dynamap.planner

    digest = hashlib.sha256()
    for package in (dynamap.cost, dynamap.planner):
        folder = Path(str(package.__file__)).parent
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
    return CodeIdentity(metadata.version("dynamap"), digest.hexdigest())
