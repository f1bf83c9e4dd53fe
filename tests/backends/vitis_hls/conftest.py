"""Which cases of the conformance suite on memories that check their ports are among the heavy proofs."""

from __future__ import annotations

import pytest

HEAVY = ("one product", "test_tiles_that_are_fed_more_slowly_than_computed")
"""They have kernels of their own, and the emulators run the same cases."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.name == "test_conformance_ports.py" and any(part in item.nodeid for part in HEAVY):
            item.add_marker(pytest.mark.full)
