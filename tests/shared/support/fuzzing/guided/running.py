"""What every target of Atheris does: begin the corpus, then judge files until Atheris ends the process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import atheris


def fuzz(one_input: Callable[[bytes], None], seeds: Mapping[str, bytes]) -> None:
    """Write the ``seeds`` (by file name) into the corpus, the first argument that is no option, and run."""
    corpus = next((Path(argument) for argument in sys.argv[1:] if not argument.startswith("-")), None)
    if corpus is not None:
        corpus.mkdir(parents=True, exist_ok=True)
        for name, content in seeds.items():
            (corpus / name).write_bytes(content)
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
