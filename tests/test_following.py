"""A run followed as it goes: a real file that another program writes, and a real process that watches it."""

import gzip
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from click.testing import CliRunner

from service.cli import main
from service.cli.growing_file import GrowingFile
from tests.estimate.test_training_log import nanochat
from tests.test_measure import BANNER_D20

COMMAND = "from service.cli import main; main()"


def lines(first, count, total=60):
    return (
        nanochat(count, dt_ms=1_000, tokens_per_s="524,288", first=first).replace("/71680", f"/{total}")
        + "\n"
    )


@pytest.fixture(scope="module")
def database(catalog_copy):
    return catalog_copy()


@pytest.fixture
def follow(database, tmp_path):
    """A process that follows `tmp_path/train.log`; ended with the test at the latest."""
    started = []

    def start(*words):
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "measure", "--follow", "train.log", "--gpu", "rtx-3090", *words],
            cwd=tmp_path,
            env=os.environ | {"HEIMVORTEIL_DATABASE_URL": database, "PYTHONPATH": os.getcwd()},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell's background job leaves Ctrl-C ignored to its children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def test_a_run_is_followed_from_before_its_file_to_its_end(follow, tmp_path):
    """20, then 59 of 60 steps of 1 s at 300 W: 0.005 kWh in all, a fifth of a cent, twice the budget."""
    process = follow("--plug-watts", "300", "--kwh-price", "0.40", "--budget", "0.001")
    assert process.stdout.readline().startswith("train.log: waiting for the file")
    with (tmp_path / "train.log").open("w") as log:
        log.write(BANNER_D20 + lines(0, 21))
        log.flush()
        assert process.stdout.readline().startswith("20 of 60 steps (33%), 524,000 tokens/s, to go 40 sec")
        text = lines(21, 39)
        log.write(text[:333])
        log.flush()
        time.sleep(0.7)
        log.write(text[333:])
    said, warned = process.communicate(timeout=120)
    assert process.returncode == 0
    assert (
        said.startswith("59 of 60 steps (98%)")
        and "0.00492 kWh so far" in said
        and len(said.splitlines()) == 1
    )
    assert "The forecast passes the budget: €0.002 in all" in warned
    assert "The run has ended. To learn from it: heimvorteil measure train.log --gpu rtx-3090" in warned


@pytest.mark.long
def test_ctrl_c_leaves_with_where_it_stands(follow, tmp_path):
    (tmp_path / "train.log").write_text(BANNER_D20 + lines(0, 21))
    process = follow("--lang", "de")
    assert process.stdout.readline().startswith("20 von 60 Schritten")
    with (tmp_path / "train.log").open("a") as log:
        log.write(lines(21, 10))
    time.sleep(1.2)
    process.send_signal(signal.SIGINT)
    said, warned = process.communicate(timeout=120)
    assert process.returncode == 0 and warned == "" and said.startswith("30 von 60 Schritten")


def test_what_the_log_does_not_say_is_one_line(run, tmp_path):
    head = "tokens per iteration will be: 491,520\nnumber of parameters: 123.59M\n"
    log = tmp_path / "train.log"
    log.write_text(head + "".join(f"iter {i}: loss 3.1, time 250.00ms\n" for i in range(90)))
    said = run("measure", "--follow", log, "--gpu", "rtx-3090", code=2).stderr
    assert "how many steps the run has is not known; give --total-steps" in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [(("--json",), "--json"), (("--yes",), "--yes"), (("--tokens-per-s", "9"), "--tokens-per-s"),
     (("--budget", "-1"), "must be above 0"), (("--workload", "nanochat-99"), "nanochat-")],
)  # fmt: skip
def test_options_that_mean_nothing_are_refused(database, monkeypatch, words, said):
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", database)
    found = CliRunner().invoke(main, ["measure", "--follow", "none.log", "--gpu", "rtx-3090", *words])
    assert found.exit_code == 2 and said in found.stderr and len(found.stderr.strip().splitlines()) == 1


def test_what_does_not_grow_is_refused(database, monkeypatch, tmp_path):
    """A pipe cannot be read from its beginning, `-` was waited for as a file, a packed file for ever."""
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", database)
    pipe, packed = tmp_path / "pipe", tmp_path / "train.log.gz"
    os.mkfifo(pipe)
    packed.write_bytes(gzip.compress(b"step 1"))
    for name, said in (
        (pipe, "no file that grows"),
        ("-", "| tee train.log"),
        (packed, "leave out --follow"),
    ):
        found = CliRunner().invoke(main, ["measure", "--follow", str(name), "--gpu", "rtx-3090"])
        assert found.exit_code == 2 and said in found.stderr and found.stderr.count("\n") == 1


def test_a_budget_without_a_run_is_refused(database, monkeypatch):
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", database)
    found = CliRunner().invoke(main, ["measure", "--gpu", "rtx-3090", "--tokens-per-s", "9", "--budget", "5"])
    assert found.exit_code == 2 and "--follow" in found.stderr


def test_a_file_that_is_not_there_grows_is_emptied_and_replaced(tmp_path):
    path = tmp_path / "train.log"
    file = GrowingFile(path)
    assert file.read() == "" and not file.is_there
    path.write_bytes("Zeile äöü\n".encode()[:8])  # the second byte of ö has not come yet
    assert file.read() == "" and file.is_there
    with path.open("ab") as log:
        log.write("Zeile äöü\n".encode()[8:])
    assert file.read() == "Zeile äöü\n"
    with path.open("ab") as log:
        log.write("€".encode()[:1])
    assert file.read() == ""
    with path.open("ab") as log:
        log.write("€".encode()[1:] + b" more\n")
    assert file.read() == "€ more\n" and not file.was_emptied
    path.write_bytes(b"anew\n")
    assert file.read() == "anew\n" and file.was_emptied
    with path.open("ab") as log:
        log.write(b"last of the old\n")
    path.rename(tmp_path / "train.log.1")
    path.write_bytes(b"first of the new\n")
    assert [file.read() for _ in range(3)] == ["last of the old\n", "", "first of the new\n"]
    path.unlink()
    assert file.read() == ""
    file.close()


def test_a_file_in_utf_16_is_read_in_pieces(tmp_path):
    path = tmp_path / "train.log"
    data = ("step 1 | loss 3.1 äöü\r\n" * 3).encode("utf-16")
    file, read = GrowingFile(path), ""
    for end in range(0, len(data) + 1, 7):
        path.write_bytes(data[:end])
        read += file.read()
    path.write_bytes(data)
    read += file.read()
    file.close()
    assert read == "step 1 | loss 3.1 äöü\r\n" * 3


def test_a_writer_beside_loses_no_line(tmp_path):
    path, count = tmp_path / "train.log", 2_000

    def write():
        with path.open("w") as log:
            for i in range(count):
                log.write(f"Schritt {i} größer\n")
                if i % 97 == 0:
                    log.flush()

    writer = threading.Thread(target=write)
    file, read = GrowingFile(path), ""
    writer.start()
    while writer.is_alive():
        read += file.read()
    writer.join()
    read += file.read() + file.read()
    file.close()
    assert read.splitlines() == [f"Schritt {i} größer" for i in range(count)]
