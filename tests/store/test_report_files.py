"""Report files: whole or not there, under a name of their own, none overwritten."""

import os
import threading

import pytest

from service.errors import InvalidValue
from service.store import report_files
from service.store.report_files import checked_folder, put


def test_a_file_is_written_and_one_of_that_name_with_other_content_stays(tmp_path):
    assert put(str(tmp_path), "plan_2026-12-07_0001", "pdf", b"new") == "plan_2026-12-07_0001.pdf"
    assert put(str(tmp_path), "plan_2026-12-07_0001", "pdf", b"other") == "plan_2026-12-07_0001_2.pdf"
    assert put(str(tmp_path), "plan_2026-12-07_0001", "pdf", b"third") == "plan_2026-12-07_0001_3.pdf"
    kept = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert sorted(kept.values()) == [b"new", b"other", b"third"]
    assert kept["plan_2026-12-07_0001.pdf"] == b"new"


def test_what_an_earlier_try_has_left_is_enough(tmp_path):
    first = put(str(tmp_path), "plan", "md", b"same")
    inode = (tmp_path / first).stat().st_ino
    assert put(str(tmp_path), "plan", "md", b"same") == first
    assert [file.name for file in tmp_path.iterdir()] == [first]
    assert (tmp_path / first).stat().st_ino == inode


def test_others_may_read_it(tmp_path):
    assert (tmp_path / put(str(tmp_path), "plan", "md", b"x")).stat().st_mode & 0o777 == 0o644


def test_a_file_system_without_hard_links_does_as_well(tmp_path, monkeypatch):
    def no_links(*_args):
        raise PermissionError("not here")

    monkeypatch.setattr(report_files.os, "link", no_links)
    assert put(str(tmp_path), "plan", "md", b"one") == "plan.md"
    assert put(str(tmp_path), "plan", "md", b"two") == "plan_2.md"
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        "plan.md": b"one",
        "plan_2.md": b"two",
    }


def test_many_at_once_overwrite_nothing(tmp_path):
    names = []
    threads = [
        threading.Thread(target=lambda n=n: names.append(put(str(tmp_path), "plan", "md", b"%d" % n)))
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(file.read_bytes() for file in tmp_path.iterdir()) == sorted(b"%d" % n for n in range(12))
    assert len(set(names)) == 12


@pytest.mark.parametrize("steps", [["fsync"], ["link", "replace"]])
def test_where_it_cannot_be_written_nothing_is_left(tmp_path, monkeypatch, steps):
    def full(*_args):
        raise OSError(28, "No space left on device")

    for step in steps:
        monkeypatch.setattr(report_files.os, step, full)
    with pytest.raises(OSError, match="No space"):
        put(str(tmp_path), "plan", "md", b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_checked_by_writing_into_it(tmp_path):
    assert checked_folder(tmp_path) == str(tmp_path.resolve())
    assert os.listdir(tmp_path) == []
    (tmp_path / "file").touch()
    for folder, said in ((tmp_path / "none", "does not exist"), (tmp_path / "file", "is no folder")):
        with pytest.raises(InvalidValue, match=said):
            checked_folder(folder)
    with pytest.raises(InvalidValue, match="cannot be written into"):
        checked_folder("/proc")
