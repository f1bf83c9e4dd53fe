"""Records to bytes and back, their limits, and programs that must be refused."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamap.backends.program import fields, specification
from dynamap.backends.program.encoding import HEADER_BYTES, decode, read_program
from dynamap.backends.program.specification import (
    COMMAND_WORDS,
    HEADER_WORDS,
    LAYER_WORDS,
    SOURCE_WORDS,
    TENSOR_WORDS,
    Command,
    Flag,
    Header,
    LayerEntry,
    Source,
    TensorEntry,
)
from dynamap.cost.errors import InputError
from support.repository import ROOT

RECORDS = {
    Header: HEADER_WORDS,
    Command: COMMAND_WORDS,
    Source: SOURCE_WORDS,
    LayerEntry: LAYER_WORDS,
    TensorEntry: TENSOR_WORDS,
}


def values_of(field: fields.Word) -> st.SearchStrategy[Any]:
    if field.enumeration is Flag:
        return st.integers(0, int(sum(Flag))).map(Flag)
    if field.enumeration is not None:
        return st.sampled_from(list(field.enumeration))
    return st.integers(field.low, field.high)


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(deadline=None)
def test_records_come_back_as_they_were(kind: type[Any], data: st.DataObject) -> None:
    record = kind(**{field.name: data.draw(values_of(field), field.name) for field in fields.words_of(kind)})
    encoded = fields.encode_record(record, RECORDS[kind], "record")
    assert len(encoded) == 4 * RECORDS[kind]
    assert fields.decode_record(kind, encoded, RECORDS[kind], "record") == record


def lowest(kind: type[Any]) -> Any:
    values = {
        f.name: f.enumeration(max(f.low, 0) if f.enumeration is Flag else f.low) if f.enumeration else f.low
        for f in fields.words_of(kind)
    }
    return kind(**values)


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
def test_every_limit_is_enforced_and_named(kind: type[Any]) -> None:
    record = lowest(kind)
    for field in fields.words_of(kind):
        for value in (field.low - 1, field.high + 1):
            broken = replace(record, **{field.name: value})
            with pytest.raises(InputError, match=rf"layer 'x': {field.name} .* is {value}; .*{field.low}\.\."):
                fields.encode_record(broken, RECORDS[kind], "layer 'x'")
        assert fields.encode_record(replace(record, **{field.name: field.high}), RECORDS[kind], "")


def test_words_are_little_endian_in_the_order_of_the_page() -> None:
    """Places are counted by hand from docs/program.md."""
    command = replace(lowest(Command), op=specification.Op.LRN, layer=0x1234, input_address=0xABCD_0000_0040)
    encoded = fields.encode_record(replace(command, pad_value=-3), COMMAND_WORDS, "")
    assert encoded[:8] == bytes([8, 0, 0, 0, 0x34, 0x12, 0, 0])
    assert encoded[40:48] == bytes([0x40, 0, 0, 0, 0xCD, 0xAB, 0, 0])  # words 10 and 11
    names = [field.name for field in fields.words_of(Command)]
    index = fields.words_of(Command)[names.index("pad_value")].index
    assert encoded[4 * index : 4 * index + 4] == b"\xfd\xff\xff\xff"


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
def test_the_page_shows_every_field(kind: type[Any]) -> None:
    page = (ROOT / "docs" / "program.md").read_text()
    assert fields.field_table(kind) in page


def test_records_of_the_page_have_the_sizes_of_the_code() -> None:
    page = (ROOT / "docs" / "program.md").read_text()
    for words, name in ((HEADER_WORDS, ""), (COMMAND_WORDS, "records of "), (LAYER_WORDS, "records of ")):
        assert f"{name}{words} words" in page
    for kind, size in RECORDS.items():
        last = fields.words_of(kind)[-1]
        assert last.index + last.words <= size


def test_a_reserved_word_must_be_zero() -> None:
    encoded = bytearray(fields.encode_record(lowest(Source), SOURCE_WORDS, ""))
    encoded[-1] = 1
    with pytest.raises(InputError, match="reserved word"):
        fields.decode_record(Source, bytes(encoded), SOURCE_WORDS, "source 0")


def test_a_damaged_choice_is_refused() -> None:
    encoded = bytearray(fields.encode_record(lowest(Command), COMMAND_WORDS, ""))
    encoded[0] = 99
    with pytest.raises(InputError, match="command 3: op is 99"):
        fields.decode_record(Command, bytes(encoded), COMMAND_WORDS, "command 3")


class TestDamagedPrograms:
    def test_foreign_bytes(self) -> None:
        for data in (b"", b"PK\x03\x04", bytes(4096)):
            with pytest.raises(InputError, match="not an overlay program"):
                decode(data)

    def test_another_version(self, small_image: bytes) -> None:
        other = small_image[:4] + struct.pack("<I", 6) + small_image[8:]
        with pytest.raises(InputError, match="version 6 and this is version 5: make it from its plan again"):
            decode(other)

    def test_a_flipped_bit(self, small_image: bytes) -> None:
        for place in (HEADER_BYTES, HEADER_BYTES + 100, len(small_image) - 1):
            broken = bytearray(small_image)
            broken[place] ^= 4
            with pytest.raises(InputError, match="checksum"):
                decode(bytes(broken))

    def test_a_truncated_file(self, small_image: bytes) -> None:
        with pytest.raises(InputError, match=f"{len(small_image)} bytes and has {len(small_image) - 64}"):
            decode(small_image[:-64])

    def test_commands_of_a_layer_that_does_not_exist(self, small_image: bytes) -> None:
        broken = bytearray(small_image)
        broken[HEADER_BYTES + 4] = 77  # word 1 of the first command
        broken[8:12] = struct.pack("<I", zlib.crc32(bytes(broken[HEADER_BYTES:])))
        with pytest.raises(InputError, match="command 0 refers to a layer"):
            decode(bytes(broken))

    def test_the_whole_one_is_read(self, small_image: bytes) -> None:
        program = read_program(small_image)
        assert program.layer_names == ("conv",)
        assert program.tensor_names == ("input", "output")
        assert decode(small_image) == program.commands
