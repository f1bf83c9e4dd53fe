"""The Python hosts' view of a project's data, against the emulator's memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from dynamap.backends.conformance.networks import random_network
from dynamap.backends.data_files import golden_file, image_files, input_file
from dynamap.backends.emulator import Emulator
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import quantise
from support.programs import integer_image, plan_on


@pytest.mark.parametrize("ports", [1, 4])
def test_a_host_loads_the_program_and_finds_the_outputs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], overlay_data: Callable[[Path], ModuleType], ports: int
) -> None:
    """What `load` spreads over the ports is the emulator's memory before it runs; afterwards the outputs are there."""
    network = random_network(5)
    device = "stratix10-gx2800" if ports == 4 else "pynq-z2"
    program = compile_program(plan_on(network, (8, 8), device=device), quantise(network, samples=1))
    image = integer_image(network, 3)
    files = image_files(program) | {"input.bin": input_file(program, image), "golden.bin": golden_file(program, image)}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    emulator = Emulator(program)
    for name, values in image.items():
        emulator.write_input(name, values)
    port_bytes = program.header.memory_word_bytes // ports
    data = overlay_data(tmp_path).OverlayData(tmp_path, ports, port_bytes)
    memories = [memoryview(bytearray(data.bytes_per_port)) for _ in range(ports)]
    data.load(memories)

    def joined() -> bytes:
        """Beat i of the device buffer is beat i / ports of port i % ports."""
        beats = len(emulator.memory.data) // port_bytes
        return b"".join(bytes(memories[i % ports][i // ports * port_bytes :][:port_bytes]) for i in range(beats))

    before = emulator.memory.data.tobytes()
    assert joined() == before[: len(joined())] and len(before) - len(joined()) < port_bytes
    assert not data.outputs_equal(memories)
    assert "MISMATCH channel 0 row 0 column 0: expected" in capsys.readouterr().out
    for _ in emulator.run():
        pass
    data.write(memories, 0, emulator.memory.data.tobytes())
    assert data.outputs_equal(memories)
    assert capsys.readouterr().out == "PASS\n"
