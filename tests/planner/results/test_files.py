"""The writer of result files: whole or not at all, through links, into special files, never two on one place."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dynamap.cost.errors import InputError
from dynamap.planner.results.files import Results, descriptor_of, write_file, write_files


def _names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_a_file_is_replaced_whole_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_file(path, b"new")
    assert path.read_bytes() == b"new" and stat.S_IMODE(path.stat().st_mode) == 0o640
    assert _names(tmp_path) == ["a.json"]


def test_a_new_file_has_the_permissions_of_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_file(tmp_path / "a", b"x")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


@pytest.mark.parametrize("fails_at", [0, 1, 2])
@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_full_disk_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, fails_at: int
) -> None:
    """``write`` takes three bytes at a time here, as a system may; the disk is full at some call."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(b"old")
    real_write, real_fsync, calls = os.write, os.fsync, [0]

    def full() -> None:
        calls[0] += 1
        if calls[0] > fails_at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def write(handle: int, data: memoryview) -> int:
        full()
        return real_write(handle, data[:3])

    def fsync(handle: int) -> None:
        full()
        real_fsync(handle)

    monkeypatch.setattr(os, call, write if call == "write" else fsync)
    if call == "fsync" and fails_at == 2:
        write_files({first: b"new first", second: b"new second"})
        assert _names(tmp_path) == ["first", "second"]
        return
    with pytest.raises(InputError, match=r"cannot write '.*(first|second)': No space left on device"):
        write_files({first: b"new first", second: b"new second"})
    assert _names(tmp_path) == ["first"] and first.read_bytes() == b"old"


def test_a_real_limit_of_the_file_size_leaves_nothing(tmp_path: Path) -> None:
    """The system itself takes a part of the write and refuses the rest."""
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from dynamap.planner.results.files import write_file\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "write_file(Path(sys.argv[1]), b'x' * 5000)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a")], capture_output=True, text=True)
    assert "InputError: cannot write" in done.stderr and "File too large" in done.stderr
    assert _names(tmp_path) == []


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Results() as results:
        results.write(tmp_path / "a", b"x")
        raise KeyboardInterrupt
    assert _names(tmp_path) == []


def test_nothing_is_seen_before_all_is_there(tmp_path: Path) -> None:
    with Results() as results:
        results.write(tmp_path / "a", b"x")
        results.write(tmp_path / "b", b"y")
        assert not (tmp_path / "a").exists() and not (tmp_path / "b").exists()
    assert _names(tmp_path) == ["a", "b"]


def test_a_file_that_another_program_writes(tmp_path: Path) -> None:
    with Results() as results:
        place = results.place(tmp_path / "a.bin")
        assert place.parent == tmp_path and place.suffix == ".bin" and _names(tmp_path) == []
        place.write_bytes(b"x")
        assert not (tmp_path / "a.bin").exists()
        with pytest.raises(InputError, match="are one file"):
            results.place(tmp_path / "a.bin")
    assert _names(tmp_path) == ["a.bin"]
    with pytest.raises(InputError, match=r"cannot write .*b\.bin"), Results() as results:
        results.place(tmp_path / "b.bin")
    with pytest.raises(KeyboardInterrupt), Results() as results:
        results.place(tmp_path / "b.bin").write_bytes(b"half")
        raise KeyboardInterrupt
    assert _names(tmp_path) == ["a.bin"]


def test_links_are_followed(tmp_path: Path) -> None:
    """Also to a file that is not there yet, in another folder, through two links."""
    other = tmp_path / "other"
    other.mkdir()
    (tmp_path / "link").symlink_to("second")
    (tmp_path / "second").symlink_to("other/target")
    for content in (b"one", b"two"):
        write_file(tmp_path / "link", content)
        assert (other / "target").read_bytes() == content
    assert (tmp_path / "link").is_symlink() and (tmp_path / "second").is_symlink()
    assert _names(other) == ["target"] and _names(tmp_path) == ["link", "other", "second"]


def test_two_names_of_one_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("a")
    with pytest.raises(InputError, match=r"a' and .*link' are one file"):
        write_files({tmp_path / "a": b"1", tmp_path / "link": b"2"})
    assert _names(tmp_path) == ["link"]


def test_what_is_no_place_for_a_file(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "folder").mkdir()
    for name, reason in (
        ("circle", "symbolic links"),
        ("folder", "Is a directory"),
        ("no/such", "No such file"),
        ("n" * 300, "name too long"),
    ):
        with pytest.raises(InputError, match=rf"cannot write .*{reason}"):
            write_file(tmp_path / name, b"x")
    assert _names(tmp_path) == ["circle", "folder"]


def test_the_longest_name_that_a_file_may_have(tmp_path: Path) -> None:
    write_file(tmp_path / ("n" * 255), b"x")
    assert _names(tmp_path) == ["n" * 255]


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_file(pipe, b"x" * 100_000)  # more than a pipe holds
    reader.join()
    assert read == [b"x" * 100_000] and stat.S_ISFIFO(pipe.stat().st_mode)
    assert _names(tmp_path) == ["pipe"]


def test_device_nodes_are_written_to(tmp_path: Path) -> None:
    (tmp_path / "null").symlink_to("/dev/null")
    (tmp_path / "full").symlink_to("/dev/full")
    write_file(tmp_path / "null", b"x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    with pytest.raises(InputError, match="No space left on device"):
        write_file(tmp_path / "full", b"x")
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode) and _names(tmp_path) == ["full", "null"]


def test_open_descriptors_are_written_to_where_they_are(tmp_path: Path) -> None:
    """A file that the shell has opened is not replaced under it, nor written from its beginning."""
    with (tmp_path / "log").open("wb", buffering=0) as stream:
        stream.write(b"before ")
        write_file(Path(f"/dev/fd/{stream.fileno()}"), b"result")
        stream.write(b" after")
    assert (tmp_path / "log").read_bytes() == b"before result after"


def test_names_of_descriptors(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/stdout")
    assert [descriptor_of(Path(name)) for name in ("/dev/stdout", "/dev/stderr", "/proc/self/fd/7")] == [1, 2, 7]
    assert descriptor_of(tmp_path / "link") == 1
    assert descriptor_of(tmp_path / "1") is None and descriptor_of(Path("/dev/null")) is None


def test_what_may_not_be_written_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The superuser, who runs tests too, may write everything: the system's answer is given here."""
    path = tmp_path / "a"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda file, mode: mode != os.W_OK)
    with pytest.raises(InputError, match="Permission denied"):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
