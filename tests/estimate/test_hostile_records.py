"""Reading takes time proportional to what is read, whatever it is: no pattern looks back over what it read.

Four times the text may take four times as long; a pattern that backtracks takes sixteen times. The bounds
are tens of times what the readers take.
"""

import contextlib
import time
from datetime import date

import pytest

from service.errors import HeimvorteilError
from service.estimate.named_model import active_in, size_in
from service.estimate.run_records.all_formats import FORMATS
from service.estimate.run_records.gpu_as_printed import core, count_in
from service.estimate.run_records.recipe_text import understood
from service.estimate.run_records.recipe_words import CHECKPOINTING, WORKLOADS, meaning
from service.estimate.run_records.table_cells import as_number
from service.estimate.run_records.training_log import read_log
from service.facts import MeasuredRun, Source

LINE = 20_000
SECONDS = 2.0
NOISE = (
    "9",
    " ",
    "1,",
    "step ",
    "step 1/",
    "|",
    "%|",
    "[",
    "{",
    "'loss': ",
    "dt: ",
    "GPU: ",
    "\t",
    "e",
    "\x1b[",
)
BEGINNINGS = ["", *("".join(kind.signs) for form in FORMATS for kind in form.steps)]
RUN = MeasuredRun(
    "x", "p", "m", None, 1, Source("s", "t", "", date(2026, 1, 1)), frozenset({"throughput"})
)  # fmt: skip


def seconds(read, text):
    begin = time.process_time()
    with contextlib.suppress(HeimvorteilError, ValueError):
        read(text)
    return time.process_time() - begin


@pytest.mark.parametrize("noise", NOISE)
def test_a_hostile_line_after_any_beginning(noise):
    """The nanochat pattern took 12 s for one line of 20,000 digits; all beginnings together take 0.3 s."""
    lines = "\n".join(begin + (noise * LINE)[:LINE] for begin in BEGINNINGS)
    assert seconds(read_log, lines) < SECONDS


@pytest.mark.parametrize("noise", NOISE)
def test_a_hostile_file_of_one_line_and_of_many(noise):
    assert seconds(read_log, (noise * 200_000)[:200_000]) < SECONDS
    assert seconds(read_log, "\n".join([(noise * 2_000)[:2_000]] * 100)) < SECONDS


READERS = {
    "text": lambda text: understood(RUN, text, text, text, text),
    "checkpointing": lambda text: meaning(CHECKPOINTING, text),
    "workload": lambda text: meaning(WORKLOADS, text),
    "number": as_number,
    "count": count_in,
    "card": core,
    "size": size_in,
    "active": active_in,
}


@pytest.mark.parametrize("reader", READERS)
def test_hostile_cells_of_a_table(reader):
    """A cell of 12,000 digits took 13 s, one of "remat" 5 s."""
    for noise in ("9", " ", "1 ", "(", "-", "remat", "checkpoint", "offload", "mem ", "full "):
        assert seconds(READERS[reader], "1" + (noise * 12_000)[:12_000] + "!") < SECONDS, noise
