"""A database's faults in one line, with the exit code of what may pass; a gate that shuts and opens."""

import pytest

from service.errors import DatabaseAway, DatabaseNotReady, InvalidValue
from service.store.faults import LONGEST_SHUT_S, Gate
from service.store.session import engine_for
from tests.database_faults import fill, small_disk, use_up_pages


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://me:secret@127.0.0.1:port/facts", "not a database URL"),
        ("postgresql://me:secret@127.0.0.1:99999/facts", "a port is from 1 to 65535"),
        ("postgresql://me:secret@127.0.0.1:0/facts", "a port is from 1 to 65535"),
        ("mysql://me:secret@127.0.0.1/facts", "unknown database"),
        ("me:secret@nowhere", "not a database URL"),
    ],
)
def test_a_url_that_is_none_is_refused_without_its_password(url, said, run, monkeypatch):
    with pytest.raises(InvalidValue, match=said) as refused:
        engine_for(url)
    assert "secret" not in str(refused.value)
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", url)
    for words in (("compare",), ("db", "upgrade"), ("prices", "list"), ("token", "list")):
        line = run(*words, code=2).stderr
        assert said in line and len(line.splitlines()) == 1 and "secret" not in line


def test_a_server_that_is_not_there_is_one_line_and_an_exit_code_of_its_own(run, monkeypatch):
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/facts")
    for words in (("compare",), ("db", "upgrade"), ("prices", "list"), ("token", "create", "me")):
        line = run(*words, code=3).stderr
        assert "cannot reach" in line and len(line.splitlines()) == 1 and "secret" not in line


def test_a_file_that_is_no_database_will_not_be_one_later(run, monkeypatch, tmp_path):
    (tmp_path / "facts.sqlite3").write_bytes(b"not a database at all" * 1000)
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", f"sqlite:///{tmp_path / 'facts.sqlite3'}")
    line = run("compare", code=2).stderr
    assert "no SQLite database" in line and len(line.splitlines()) == 1


def test_on_a_full_disk_an_answer_is_told_and_what_must_be_written_refused(
    run, monkeypatch, tmp_path, sqlite_catalog_template
):
    disk = tmp_path / "disk"
    disk.mkdir()
    with small_disk(disk):
        (disk / "facts.sqlite3").write_bytes(sqlite_catalog_template.read_bytes())
        url = f"sqlite:///{disk / 'facts.sqlite3'}"
        monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", url)
        use_up_pages(url)
        fill(disk / "others")
        told = run("compare", "--kwh-price", "0.117")
        assert "RTX 4070" in told.stdout and "not kept" in told.stderr and len(told.stderr.splitlines()) == 1
        refused = run("token", "create", "me", code=3).stderr
        assert "full" in refused and len(refused.splitlines()) == 1


def test_a_gate_is_shut_for_as_long_as_the_last_one_waited_and_lets_one_try():
    now = [0.0]
    gate = Gate(lambda: now[0])
    gate.pass_through()
    gate.shut(DatabaseAway("hangs"), 3.0)
    now[0] = 2.9
    with pytest.raises(DatabaseNotReady, match="hangs"):
        gate.pass_through()
    now[0] = 3.0
    gate.pass_through()
    with pytest.raises(DatabaseAway, match="hangs"):
        gate.pass_through()  # another one is trying
    gate.open()
    gate.pass_through()
    gate.shut(DatabaseAway("hangs"), 600.0)
    now[0] += LONGEST_SHUT_S
    gate.pass_through()
