"""A project is written in its folder alone: links, pipes, files and folders in the way, manifests that lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dynamap.backends.project import MANIFEST, write_project
from dynamap.cost.errors import InputError

FILES = {"a.txt": b"a", "src/b.txt": b"b", "src/deep/c.txt": b"c"}
OTHER = {"a.txt": b"new", "src/b.txt": b"new", "src/deep/c.txt": b"new"}


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    (folder / "deep").mkdir(parents=True)
    for path in ("b.txt", "deep/c.txt", "kept.txt"):
        (folder / path).write_bytes(b"theirs")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_project(FILES, tmp_path / "p")
    return tmp_path / "p"


def content(folder: Path) -> dict[str, bytes]:
    """Every file below, by path; a link as what it says."""
    return {
        str(path.relative_to(folder)): os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.parametrize("inner", ["src", "src/deep"])
@pytest.mark.parametrize("force", [True, False])
def test_a_folder_that_is_a_link_is_not_followed(project: Path, outside: Path, inner: str, force: bool) -> None:
    moved = project.parent / "moved"
    (project / inner).rename(moved)
    (project / inner).symlink_to(outside if inner == "src" else outside / "deep")
    before, theirs = content(project), content(outside)
    expected = rf"p/{inner}' is in the way: it is a link, which is not followed" if force else "has other contents"
    with pytest.raises(InputError, match=expected):
        write_project(OTHER, project, force=force)
    assert (content(project), content(outside)) == (before, theirs)


def test_what_lies_behind_a_link_is_not_removed(project: Path, outside: Path) -> None:
    """The manifest lists src/b.txt and src/deep/c.txt, of which the new project has neither."""
    (project / "src").rename(project.parent / "moved")
    (project / "src").symlink_to(outside)
    theirs = content(outside)
    write_project({"a.txt": b"new"}, project, force=True)
    assert content(outside) == theirs
    assert (project / "a.txt").read_bytes() == b"new" and (project / "src").is_symlink()


@pytest.mark.parametrize("path", ["a.txt", "src/b.txt", MANIFEST])
def test_a_file_that_is_a_link_is_not_written_through(project: Path, outside: Path, path: str) -> None:
    (project / path).unlink()
    (project / path).symlink_to(outside / "kept.txt")
    theirs = content(outside)
    if path == MANIFEST:  # nothing says which of the files were generated
        with pytest.raises(InputError, match="is in the way and is not a generated file"):
            write_project(OTHER, project, force=True)
    else:
        write_project(OTHER, project, force=True)
        assert content(project)[path] == b"new"
    assert content(outside) == theirs


def test_the_same_files_behind_links_are_not_the_same_project(project: Path, tmp_path: Path) -> None:
    (tmp_path / "same.txt").write_bytes(b"a")
    (project / "a.txt").unlink()
    (project / "a.txt").symlink_to(tmp_path / "same.txt")
    with pytest.raises(InputError, match="has other contents"):
        write_project(FILES, project)


@pytest.mark.parametrize("path", ["a.txt", MANIFEST])
def test_a_pipe_is_not_read(project: Path, path: str) -> None:
    """Reading it would wait for ever."""
    (project / path).unlink()
    os.mkfifo(project / path)
    with pytest.raises(InputError, match="has other contents"):
        write_project(FILES, project)


def test_a_link_as_the_folder_leads_to_the_project(tmp_path: Path, outside: Path) -> None:
    (tmp_path / "named").symlink_to(tmp_path / "real")
    write_project(FILES, tmp_path / "named")
    assert set(content(tmp_path / "real")) == {*FILES, MANIFEST} and (tmp_path / "named").is_symlink()
    write_project({"a.txt": b"new"}, tmp_path / "named", force=True)
    assert set(content(tmp_path / "real")) == {"a.txt", MANIFEST} and (tmp_path / "named").is_symlink()
    (tmp_path / "theirs").symlink_to(outside)
    before = content(outside)
    for force in (True, False):  # their files are not those of a manifest
        with pytest.raises(InputError, match=r"has other contents|is in the way"):
            write_project({"b.txt": b"new"}, tmp_path / "theirs", force=force)
    assert content(outside) == before


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x").symlink_to(tmp_path / "y")
    (tmp_path / "y").symlink_to(tmp_path / "x")
    with pytest.raises(InputError, match="cannot write the project"):
        write_project(FILES, tmp_path / "x", force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x", "y"]


@pytest.mark.parametrize(
    ("in_the_way", "folder", "message"),
    [("src", False, "it is a file, and the project has a folder there"), ("a.txt", True, "it is a folder, and")],
)
def test_what_is_in_the_way_is_found_before_anything_is_written(
    tmp_path: Path, in_the_way: str, folder: bool, message: str
) -> None:
    write_project({"z.txt": b"z"}, tmp_path / "p")
    place = tmp_path / "p" / in_the_way
    if folder:
        (place / "inner").mkdir(parents=True)
    else:
        place.write_bytes(b"mine")
    before = content(tmp_path / "p")
    with pytest.raises(InputError, match=message):
        write_project(FILES, tmp_path / "p", force=True)
    assert content(tmp_path / "p") == before


@pytest.mark.parametrize(
    "line", ["../outside/kept.txt", "/etc/x", "src/../../outside/kept.txt", "link/kept.txt", "src"]
)
def test_a_manifest_that_lies_removes_nothing_outside(project: Path, outside: Path, line: str) -> None:
    (project / "link").symlink_to(outside)
    (project / "src" / "mine.txt").write_bytes(b"mine")
    with (project / MANIFEST).open("a") as file:
        file.write(f"{'0' * 64}  {line}\n")
    theirs = content(outside)
    write_project({"a.txt": b"new"}, project, force=True)
    assert content(outside) == theirs and (project / "src" / "mine.txt").read_bytes() == b"mine"


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", "", ".", "a//b", "a/", "a\nb", "a\x00b", "a\\b", MANIFEST])
def test_a_path_out_of_the_project_is_an_error(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match="is no path of a file inside a project"):
        write_project({path: b""}, tmp_path / "p", force=True)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_stays_the_same_folder(tmp_path: Path) -> None:
    """Someone may stand in it (``-o .``), it may be a mount, or have an owner and permissions of its own."""
    (tmp_path / "here").mkdir(mode=0o750)
    before = os.stat(tmp_path / "here")
    write_project(FILES, tmp_path / "here")
    after = os.stat(tmp_path / "here")
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert content(tmp_path / "here").keys() == {*FILES, MANIFEST}
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


@pytest.mark.parametrize("failing", range(7))
def test_a_move_that_fails_gives_the_old_project_back(
    project: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """Seven moves: four files of before go out, three come in (a.txt, new/d.txt, the manifest); one of them fails."""
    replace, moves = os.replace, iter(range(100))

    def replacing(source: Path, place: Path) -> None:
        if next(moves) == failing:
            raise OSError(28, "No space left on device")
        replace(source, place)

    before, folders = content(project), sorted(project.rglob("*"))
    monkeypatch.setattr(os, "replace", replacing)
    with pytest.raises(InputError, match="No space left on device"):
        write_project({"a.txt": b"new", "new/d.txt": b"new"}, project, force=True)
    assert (content(project), sorted(project.rglob("*"))) == (before, folders)
    assert next(moves) > failing
