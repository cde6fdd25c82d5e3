"""Every reader of bytes that others wrote reads them or refuses them, soon and in little room.

A table of readers, each with documents as they should be; what is tried is these, changed.
"""

import json
import resource
import shutil
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing import own_tables
from pricing.checks import Known, check
from pricing.refresh import from_list
from pricing.source import Payload, PriceSource, UnreadablePayload
from pricing.sources import SOURCES
from service.answers.trainer_text import mapping_of, text_of
from service.errors import DatabaseNotReady, HeimvorteilError, InvalidValue
from service.estimate.architecture import parameters
from service.estimate.model_config import architecture_from_config
from service.estimate.run_records import log_lines
from service.estimate.run_records.driver_report import cards_of_nvidia, cards_of_rocm
from service.estimate.run_records.gpu_as_printed import PrintedGpus
from service.estimate.run_records.probe_result import read_probe
from service.estimate.run_records.run_table import read_runs
from service.estimate.run_records.training_log import read_log
from service.estimate.trainer_files.all_trainers import read_trainer_file
from service.facts import Source
from service.store import tokens
from service.store.backup import back_up, lines_of
from service.store.restoring import restore
from service.store.session import Sessions, engine_for
from service.store.tables import Base
from service.usecases.probing import probe_in
from service.usecases.validating import csv_rows
from tests.estimate.test_log_formats import MEGATRON, OTHERS, torchtitan
from tests.estimate.test_model_config import GPT2, LLAMA_3_8B, PUBLIC
from tests.estimate.test_run_table import WHOLE
from tests.estimate.test_trainer_logs import STATE, TRAINER_HEAD, bars
from tests.estimate.test_training_log import nanochat
from tests.facts_for_tests import shipped_catalog
from tests.fuzz.changing import changed
from tests.here.test_reading import LAPTOP, MODIFIED, RADEON
from tests.pricing.replay import recorded_bytes

TESTS = Path(__file__).parents[1]
NOW = datetime(2026, 10, 30, 18, tzinfo=UTC)
SECONDS, MIB = 5.0, 400
FEW, MANY = 4, 40
SAID = own_tables.Said("me", date(2026, 10, 1), Source("s", "t", "", date(2026, 10, 1)), NOW.date())
OWN_CSV = (
    "instance;gpu;gpu_count;price_per_hour;currency;region;tier;term_months;as_of;note\n"
    "a;H100 SXM;8;16,00 EUR/h;EUR;eu;reserved;12;2026-10-01;x\n"
    "b;RTX 4090;1x;0,44;EUR;;on-demand;;24.10.2026;\n"
)
OWN_JSON = [{"instance": "a", "gpu": "H100", "gpu_count": 1, "price_per_hour": 2.5, "currency": "USD"}] * 2
LOGS = (
    nanochat(30),
    torchtitan(),
    STATE,
    TRAINER_HEAD + bars(2.0),
    "".join(MEGATRON.format(i, i * 128, 900.0) for i in range(1, 20)),
    *(log for log, *_ in OTHERS.values()),
)
RUNS = "\n".join((",".join(WHOLE), ",".join(WHOLE.values()), ",".join(WHOLE.values())))
KNOWN_GPUS = tuple(shipped_catalog().gpus)


def source_reader(source: PriceSource) -> Callable[[bytes], object]:
    """As a refresh reads its answer: parsed, and each row held against what can be."""

    def read(content: bytes) -> object:
        rows = source.read(Payload(content, source.url, NOW))
        return check([from_list(source, row) for row in rows], Known())

    return read


def of_model(content: bytes) -> object:
    return parameters(architecture_from_config(json_object(content)))


def json_object(content: bytes) -> dict[str, object]:
    """As the command line and Flask open it, in front of the reader."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadablePayload(str(error)) from error
    if not isinstance(found, dict):
        raise UnreadablePayload("no object")
    return found


def of_runs(content: bytes) -> object:
    gpus = PrintedGpus(KNOWN_GPUS)
    return read_runs(csv_rows(content.decode(errors="replace")), gpus.gpu)


def of_probe(content: bytes) -> object:
    told = probe_in(log_lines.decoded(content))
    return told and read_probe(told)


def of_own_csv(content: bytes) -> object:
    return list(own_tables.own_offers(own_tables.csv_table(own_tables.decoded(content)), SAID))


def of_own_json(content: bytes) -> object:
    return list(own_tables.own_offers(own_tables.json_text_table(own_tables.decoded(content)), SAID))


READERS: dict[str, tuple[Callable[[bytes], object], list[bytes]]] = {
    "log": (
        lambda content: read_log(log_lines.decoded(content), 2048, 8, 524_288),
        [log.encode() for log in LOGS],
    ),
    "config.json": (of_model, [json.dumps(one).encode() for one in (GPT2, LLAMA_3_8B, *PUBLIC.values())]),
    "trainer's file": (
        lambda content: read_trainer_file(mapping_of("f", text_of("f", content))),
        [file.read_bytes() for file in sorted((TESTS / "estimate" / "trainer_files").iterdir())],
    ),
    "table of runs": (of_runs, [RUNS.encode(), RUNS.replace(",", ";").encode()]),
    "probe": (of_probe, [(TESTS / "here" / "h200.json").read_bytes()]),
    "nvidia-smi": (
        lambda content: cards_of_nvidia(content.decode(errors="replace")),
        [f"{LAPTOP}\n{MODIFIED}".encode()],
    ),
    "rocm-smi": (lambda content: cards_of_rocm(json_object(content)), [json.dumps(RADEON).encode()]),
    "own prices, CSV": (of_own_csv, [OWN_CSV.encode(), OWN_CSV.replace(";", "\t").encode("utf-16")]),
    "own prices, JSON": (of_own_json, [json.dumps(OWN_JSON).encode()]),
    **{source.name: (source_reader(source), [recorded_bytes(source.name)]) for source in SOURCES},
}
"""Who reads, and what it reads well."""


FORMS = {source.parse.__module__ + source.parse.__qualname__: source.name for source in reversed(SOURCES)}
QUICK = READERS.keys() - {source.name for source in SOURCES} | set(FORMS.values())
"""Of sources that are read by the same lines one is tried quickly."""


@pytest.mark.parametrize(
    ("name", "tries"),
    [(name, FEW) for name in sorted(QUICK)]
    + [pytest.param(name, MANY, marks=pytest.mark.long) for name in READERS],
)
def test_it_reads_or_refuses_soon_and_in_little_room(name, tries):
    reader, documents = READERS[name]
    room = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    @settings(max_examples=tries)
    @given(document=st.sampled_from(range(len(documents))), seed=st.integers(0, 2**48))
    def holds(document, seed):
        content, began = changed(documents[document], seed), time.process_time()
        try:
            reader(content)
        except (HeimvorteilError, UnreadablePayload) as refused:
            assert str(refused) and len(str(refused)) < 3000
        assert time.process_time() - began < SECONDS

    holds()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - room < MIB * 1024


def rows(url: str) -> dict[str, list[bytes]]:
    """All that a database holds but the version of its facts, which a restored one may count on."""
    engine = engine_for(url)
    with Sessions(engine).reading() as session:
        found = {table.name: sorted(lines_of(session, table)) for table in Base.metadata.sorted_tables}
    engine.dispose()
    del found["data_version"]
    return found


@pytest.mark.parametrize("tries", [8, pytest.param(60, marks=pytest.mark.long)])
def test_a_changed_copy_of_a_database_is_refused_or_the_same_rows(sqlite_template, tmp_path, tries):
    whole, file = tmp_path / "whole.zip", tmp_path / "changed.zip"
    full, empty = (f"sqlite:///{shutil.copy(sqlite_template, tmp_path / name)}" for name in ("full", "empty"))
    engine = engine_for(full)
    with Sessions(engine).begin() as session:
        tokens.create(session, "me", NOW)
    back_up(Sessions(engine), whole, NOW)
    engine.dispose()
    there, nothing = rows(full), rows(empty)

    @settings(max_examples=tries)
    @given(seed=st.integers(0, 2**48))
    def holds(seed):
        file.write_bytes(changed(whole.read_bytes(), seed))
        try:
            restore(empty, file, replace=True)
        except (InvalidValue, DatabaseNotReady):
            assert rows(empty) in (nothing, there)
        else:
            assert rows(empty) == there

    holds()
