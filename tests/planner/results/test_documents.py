"""JSON that every reader takes, arrays under any name, and names that do nothing where they are shown."""

from __future__ import annotations

import io
import json
import math
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamap.cost.errors import InputError
from dynamap.planner.results.arrays import arrays_file
from dynamap.planner.results.documents import json_file, json_text
from dynamap.planner.results.visible import visible

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=20)


@given(st.dictionaries(st.text(max_size=20), SCALARS | st.lists(SCALARS, max_size=5), max_size=5))
def test_documents_read_back(document: dict[str, object]) -> None:
    text = json_text(document)
    assert json.loads(text) == document and text.isascii() and "\n" not in text


def test_numbers_that_json_has_not_are_null() -> None:
    found = json.loads(json_file({"a": [1.5, math.nan], "b": {"c": -math.inf}}), parse_constant=pytest.fail)
    assert found == {"a": [1.5, None], "b": {"c": None}}


@given(st.text())
def test_what_is_shown_is_one_line_and_turns_nothing(name: str) -> None:
    shown = visible(name)
    assert shown.isprintable() and len(shown.splitlines()) <= 1
    assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp", "Cs") for letter in shown)
    assert shown == name or not name.isprintable()


def test_outputs_of_any_name() -> None:
    """``file`` is an argument of ``numpy.savez``; the others are no names of files."""
    values = {
        name: np.full((1, 2, 1, 1), index, np.int8) for index, name in enumerate(("file", "../up", "a/b", "", "é"))
    }
    loaded = np.load(io.BytesIO(arrays_file(values)))
    assert {name: loaded[name].tolist() for name in loaded.files} == {k: v.tolist() for k, v in values.items()}
    assert arrays_file(values) == arrays_file(dict(values))


@pytest.mark.parametrize("name", ["a\0b", "n" * 70_000])
def test_outputs_that_no_archive_can_name(name: str) -> None:
    with pytest.raises(InputError, match=r"cannot be named in an \.npz file"):
        arrays_file({name: np.zeros(1), "b": np.zeros(1)})
