"""Reading what others wrote takes time in proportion to its length.

A pattern that looks back again and again takes ten seconds for such lines; one that does not, a blink. The
limit is far from both, and it is of the processor's time: a busy machine changes nothing.
"""

import time

import pytest

from pricing.countries import country_of
from pricing.gpu_names import GpuNames, family_key
from pricing.instances import fitted, gpus_in
from pricing.own_tables import csv_table
from service.answers.times_written import hours_of
from service.errors import HeimvorteilError
from service.estimate.run_records.all_formats import FORMATS
from service.estimate.run_records.gpu_as_printed import core, count_in
from service.estimate.run_records.offload_words import offload_in
from service.estimate.run_records.optimizer_words import optimizer_bits_of, optimizer_of
from service.estimate.run_records.recipe_text import believed
from service.estimate.run_records.recipe_words import (
    adapter_rank_in,
    adapter_targets_in,
    checkpointed_part,
    model_parallel,
    plain,
    trainer_of,
)
from service.estimate.run_records.table_cells import NUMBER as CELL
from service.estimate.run_records.training_log import read_log
from service.estimate.run_records.width_words import frozen_bits_in, weights_in

LIMIT_S = 2.5
LETTERS = 12_000
PUMPS = ("1", " ", "a", "-", "(", "1 ", "a ", "a-", "1x", "(~", "\t", ".", "1,", "1.1", "pro1111-", "A ", "=")
READERS = {
    "country": lambda text: country_of("runpod", text),
    "family": family_key,
    "gpu name": lambda text: GpuNames(()).named(text),
    "instance": lambda text: (fitted(text), gpus_in(text)),
    "card as printed": lambda text: (core(text), count_in(text)),
    "deadline": hours_of,
    "offload": lambda text: offload_in(plain(text)),
    "optimizer": lambda text: (optimizer_of(text), optimizer_bits_of(text)),
    "notes": believed,
    "parallelism": lambda text: model_parallel(plain(text)),
    "checkpointing": lambda text: checkpointed_part(plain(text), 32),
    "trainer": trainer_of,
    "adapters": lambda text: (adapter_rank_in(plain(text)), adapter_targets_in(plain(text))),
    "widths": lambda text: (weights_in(plain(text)), frozen_bits_in(plain(text))),
    "cell": lambda text: CELL.fullmatch(text),
    "table": csv_table,
}


def in_time(read, text):
    began = time.process_time()
    try:
        read(text)
    except (HeimvorteilError, ValueError):
        pass
    except Exception as error:
        assert type(error).__name__ in ("UnreadablePayload", "_Refused"), error
    assert time.process_time() - began < LIMIT_S


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_takes_time_in_proportion(reader):
    for pump in PUMPS:
        for before in ("", "pro 1111"):
            in_time(READERS[reader], before + pump * (LETTERS // len(pump)) + "\0!")


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.project)
def test_a_log_line_takes_time_in_proportion(form):
    """It was twelve seconds for a line of nanochat's of 20 KB."""
    for kind in form.steps:
        signs, words = " ".join(kind.signs), {*kind.signs, *(says.word for says in kind.says)}
        lines = [
            signs + " " + (word + pump) * (19_000 // len(word + pump))
            for word in sorted(words)
            for pump in ("", "1", " ", "1,")
        ]
        in_time(read_log, "\n".join(lines))
