"""Counts of several server processes are added up, also while one of them is just beginning to count."""

import shutil
import struct
import subprocess
import sys
from threading import Timer

import pytest

from service.api import metrics

COUNTED = "from service.api.metrics import _requests; _requests.labels('GET', 'ping', 200).observe(0.002)"


@pytest.mark.long
def test_a_file_without_its_head_is_read_again(tmp_path, monkeypatch):
    monkeypatch.setenv(metrics.FOLDER, str(tmp_path))
    subprocess.run([sys.executable, "-c", COUNTED], check=True)
    (written,) = tmp_path.iterdir()
    late = tmp_path / "histogram_999999.db"
    late.touch()
    soon = Timer(0.02, shutil.copy, (written, late))
    soon.start()
    assert b'endpoint="ping",method="GET",status="200"} 2.0' in metrics._added_up()
    soon.join()


def test_a_file_that_stays_broken_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv(metrics.FOLDER, str(tmp_path))
    monkeypatch.setattr(metrics, "WAITS_S", (0.0,))
    (tmp_path / "histogram_999999.db").touch()
    with pytest.raises(struct.error):
        metrics._added_up()
