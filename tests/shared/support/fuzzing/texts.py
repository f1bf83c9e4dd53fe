"""Mutations of documents (JSON, TOML) as trees, and of lines of numbers (PBQP)."""

from __future__ import annotations

import copy
import json
import random
import re
from typing import Any

from support.fuzzing.values import FLOATS, TEXTS, few, mutated_bytes, near, some_integer

Node = Any


def mutated_json(rng: random.Random, text: str) -> bytes:
    """A JSON document with one to three values replaced, removed, repeated or exchanged; or damaged as bytes."""
    if rng.random() < 0.15:
        return mutated_bytes(rng, text.encode(), text.encode())
    if rng.random() < 0.05:
        return _extreme_json(rng, text)
    document = json.loads(text)
    for _ in range(few(rng)):
        _mutate_tree(rng, document)
    return json.dumps(document, indent=1, allow_nan=True).encode("utf-8", "surrogatepass")


def mutated_toml(rng: random.Random, text: str) -> bytes:
    """A TOML document with one to three lines changed; or damaged as bytes."""
    if rng.random() < 0.2:
        return mutated_bytes(rng, text.encode(), text.encode())
    lines = text.splitlines()
    for _ in range(few(rng)):
        settings = [index for index, line in enumerate(lines) if "=" in line or line.startswith("[")]
        if not settings:
            break
        at = rng.choice(settings)
        key, separator, value = lines[at].partition("=")
        what = rng.randrange(7)
        if what == 0:
            del lines[at]
        elif what == 1:
            lines.insert(rng.randrange(len(lines) + 1), lines[at])
        elif what == 2:
            lines[at] = key + rng.choice(("", "x", ".y", " z", "]")) + separator + value
        elif what == 3:
            source = rng.choice(settings)
            lines[at] = f"{key}={lines[source].partition('=')[2]}"
        else:
            lines[at] = f"{key}= {_toml_value(rng, value)}"
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def mutated_numbers(rng: random.Random, text: str) -> bytes:
    """Lines of numbers with one to four of them replaced, removed, repeated or exchanged; or damaged as bytes."""
    if rng.random() < 0.15:
        return mutated_bytes(rng, text.encode(), text.encode())
    lines = [line.split(" ") for line in text.splitlines()]
    for _ in range(few(rng)):
        line = rng.choice(lines)
        at = rng.randrange(len(line))
        what = rng.randrange(16)
        if what == 0:
            del line[at]
            line.append("") if not line else None
        elif what == 1:
            line.insert(at, rng.choice(line))
        elif what == 2:
            lines.insert(rng.randrange(len(lines)), list(rng.choice(lines)))
        elif what == 3 and len(lines) > 1:
            lines.remove(line)
        elif what == 4:
            line[at] = rng.choice(("inf", "-inf", "nan", "1e3", "0x10", "1_0", "٣", "", "-", "9" * 5000, "1.5", "#"))
        else:
            old = int(line[at]) if line[at].isdecimal() and len(line[at]) < 20 else 0
            line[at] = str(rng.choice((some_integer(rng), near(rng, old))))
    return "\n".join(" ".join(line) for line in lines).encode()


def _mutate_tree(rng: random.Random, document: Node) -> None:
    """Change one place of a tree of dictionaries and lists, in place."""
    holder, key = rng.choice(list(_places(document)))
    what = rng.randrange(10)
    if what == 0:
        del holder[key]
    elif what == 1:
        other, place = rng.choice(list(_places(document)))
        holder[key] = copy.deepcopy(other[place])
    elif what == 2 and isinstance(holder, dict):
        holder[rng.choice(TEXTS)] = copy.deepcopy(holder[key])
    elif what == 3 and isinstance(holder, list):
        holder.extend(copy.deepcopy(holder) * rng.choice((1, 3)))
    elif what == 4 and isinstance(holder, list):
        rng.shuffle(holder)
    else:
        holder[key] = _json_value(rng, holder[key])


def _places(tree: Node) -> list[tuple[Node, Any]]:
    found: list[tuple[Node, Any]] = []
    keys = tree.keys() if isinstance(tree, dict) else range(len(tree))
    for key in keys:
        found.append((tree, key))
        if isinstance(tree[key], (dict, list)):
            found += _places(tree[key])
    return found or [({"": 0}, "")]


def _json_value(rng: random.Random, old: Node) -> Node:
    if isinstance(old, (int, float)) and rng.random() < 0.6:
        return rng.choice((some_integer(rng), near(rng, old), near(rng, old), float(old)))
    if isinstance(old, str) and rng.random() < 0.5:
        return rng.choice(TEXTS)
    return rng.choice(
        (None, True, False, [], {}, [[]], some_integer(rng), rng.choice(FLOATS), rng.choice(TEXTS), [old], {"a": old})
    )


def _extreme_json(rng: random.Random, text: str) -> bytes:
    """What a reader must bear: nesting, integers of thousands of digits, keys twice, another encoding."""
    what = rng.randrange(5)
    if what == 0:
        return b"[" * 100_000
    if what == 1:
        return re.sub(r"\d+", "9" * 5000, text, count=rng.randint(1, 40)).encode()
    if what == 2:
        return ("{" + text.strip()[1:-1] + "," + text.strip()[1:-1] + "}").encode()
    if what == 3:
        return text.encode(rng.choice(("utf-16", "utf-8-sig", "utf-32")))
    return rng.choice((b"", b"null", b"[]", b"{}", b"0", b'"x"', b"\x00", b'{"schema": "dynamap.plan/1"}'))


def _toml_value(rng: random.Random, old: str) -> str:
    number = old.strip().replace("_", "")
    if re.fullmatch(r"\d+(\.\d+)?", number) and rng.random() < 0.6:
        return str(near(rng, float(number) if "." in number else int(number)))
    what = rng.randrange(6)
    if what == 0:
        return str(some_integer(rng))
    if what == 1:
        return str(rng.choice(FLOATS))
    if what == 2:
        return json.dumps(rng.choice(TEXTS), ensure_ascii=rng.random() < 0.5)
    if what == 3:
        return rng.choice(
            ("true", "false", "[]", "{}", "[1, 2]", '["a", 1]', '["a"]', "1979-05-27", "''", "", "x", "=")
        )
    if what == 4:
        return "9" * rng.choice((20, 400, 5000))
    return str(rng.choice((rng.randint(1, 100), rng.random() * 10, -rng.random())))
