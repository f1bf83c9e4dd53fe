"""Plans with one value changed at random: shown as they are or refused in one sentence, never a page that is broken."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from support.report_page import data_of, dynamap, read_page

STRANGE: tuple[Any, ...] = (
    *(None, True, "", " ", "</script>", "\ud800", "a\x00b", "x" * 3000, -1, 0, 1, 2**62, 10**30, 1e-300, 1e300, -0.5),
    *([], {}, [1, 2, 3], {"a": 1}, ["\u202e"]),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in ((*path, key), *places(value[key], (*path, key)))]


def changed(document: Any, rng: random.Random) -> tuple[Any, ...]:
    """Puts something strange in one place, or takes it away."""
    everywhere = places(document)
    # Half of the time not in one of the many layers.
    outside = [place for place in everywhere if place[0] not in ("layers", "device")]
    place = rng.choice(rng.choice((everywhere, outside)))
    part = document
    for key in place[:-1]:
        part = part[key]
    if isinstance(part, dict) and rng.random() < 0.1:
        del part[place[-1]]
        return (*place, "removed")
    value = rng.choice(STRANGE)
    part[place[-1]] = value
    return (*place, value)


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_plan_is_shown_or_refused(hostile_file: Path, tmp_path: Path, seed: int) -> None:
    for path in hostile_file.parent.iterdir():
        shutil.copy(path, tmp_path / path.name)
    rng = random.Random(seed)
    original = (tmp_path / "plan.json").read_text()
    for _ in range(20):
        document = json.loads(original)
        what = [changed(document, rng) for _ in range(rng.choice((1, 1, 2)))]
        (tmp_path / "plan.json").write_text(json.dumps(document))
        done = dynamap("report", "plan.json", "--baselines", "none", "-o", "p.html", cwd=tmp_path)
        assert "internal error" not in done.stderr, (what, done.stderr)
        assert done.returncode in (0, 2), (what, done.stderr)
        if done.returncode:
            assert done.stderr.count("error: ") == 1 and len(done.stderr) < 6000, what
            continue
        page = read_page((tmp_path / "p.html").read_text(encoding="utf-8"))
        assert len(data_of(page)[0]["layers"]) == len(document["layers"]), what
        (tmp_path / "p.html").unlink()
