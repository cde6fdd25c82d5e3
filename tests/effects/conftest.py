"""The command line on one database, quickly: its facts are read once for each of their versions."""

import json
import re
import shlex
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from service.cli import main
from service.facts import GridCarbon, SpotPrice
from service.store import grid_carbon, refreshes, report_schedules, session, spot_prices, versions
from service.store.session import Sessions, engine_for
from tests import facts_kept
from tests.effects.looking import bare
from tests.estimate.test_training_log import nanochat
from tests.test_measure import BANNER_D20
from tests.test_tariffs import GRID, SPOT, TODAY, hourly

UNLISTED = "UPDATE offers SET unlisted_since = :now WHERE slug LIKE 'nebius%'"
SOLD_OUT = "UPDATE offers SET in_stock = :no WHERE slug LIKE 'salad%'"
Told = Callable[[str], tuple[int, object]]
LLAMA_1B = {
    "model_type": "llama", "hidden_size": 2048, "intermediate_size": 5632, "num_attention_heads": 32,
    "num_hidden_layers": 22, "num_key_value_heads": 4, "vocab_size": 32000,
}  # fmt: skip


@pytest.fixture(scope="package")
def database_of_effects(catalog_copy) -> str:
    """The catalog with ten days of two markets."""
    url = catalog_copy()
    engine, now = engine_for(url), datetime.now(UTC)
    days = [TODAY - timedelta(days=n) for n in range(1, 11)]
    with Sessions(engine).begin() as writing:
        for zone, shift in (("AT", 10), ("DE-LU", 0)):
            prices = [
                SpotPrice(zone, start, end, Decimal(price + shift), "EUR", SPOT, now)
                for day in days
                for start, end, price in hourly(day, lambda hour: 50 if hour < 12 else 150)
            ]
            spot_prices.put_all(writing, prices)
        hours_all_in = [
            SpotPrice("GB-AGILE-C", start, end, Decimal(price), "GBP", SPOT, now, "all")
            for start, end, price in hourly(days[0], lambda hour: 200)
        ]
        spot_prices.put_all(writing, hours_all_in)
        hours = [slot for day in days for slot in hourly(day, lambda hour: 100.0 + hour)]
        grams = (GridCarbon("AT", *slot, "lifecycle", "production", False, GRID, now) for slot in hours)
        grid_carbon.put_all(writing, list(grams))
        writing.execute(sa.text(UNLISTED), {"now": f"{now:%Y-%m-%d %H:%M:%S.%f}"})
        writing.execute(sa.text(SOLD_OUT), {"no": False})
        versions.bump(writing)
    engine.dispose()
    return url


@pytest.fixture(scope="package")
def quickly():
    """Engines are kept."""
    engines, prepare = {}, session.prepare

    def prepare_once(url):
        if url not in engines:
            engines[url] = prepare(url)
        return engines[url][0], False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "prepare", prepare_once)
        yield
    for engine, _ in engines.values():
        engine.dispose()


@pytest.fixture(scope="package")
def files(tmp_path_factory) -> dict[str, str]:
    """What stands in capitals in a case, and the file that it is."""
    folder = tmp_path_factory.mktemp("effects")
    log = BANNER_D20 + nanochat(40, dt_ms=30_000, tokens_per_s="17,476", first=4000).replace(
        "/71680", "/21400"
    )
    nanogpt = [f"iter {i}: loss 3.{i:03d}, time 500.00ms, mfu 20.00%" for i in range(100, 160)]
    offload = {"zero_optimization": {"stage": 3, "offload_optimizer": {"device": "cpu"}}}
    written = {
        "CONFIG": json.dumps(LLAMA_1B),
        "DEEPSPEED": json.dumps(offload),
        "NANOCHAT": log,
        "NANOGPT": "\n".join(nanogpt) + "\n",
    }
    for name, text in written.items():
        (folder / name).write_text(text)
    return {"FOLDER": str(folder), **{name: str(folder / name) for name in written}}


@pytest.fixture(scope="package")
def asked(database_of_effects, quickly, files) -> Told:
    """What a line that asks a question answers: exit code, and the answer or what it says."""
    known: dict[str, tuple[int, object]] = {}
    url = {"HEIMVORTEIL_DATABASE_URL": database_of_effects}
    offers = CliRunner().invoke(main, shlex.split("offers --gpu h100-sxm --tier on_demand --json"), env=url)
    words = {**files, "OFFER": json.loads(offers.stdout)[0]["slug"]}

    def answer(line: str) -> tuple[int, object]:
        line = re.sub(r"\b[A-Z]{4,}\b", lambda match: words.get(match[0], match[0]), line)
        if line not in known:
            known[line] = _answer(line, url)
        return known[line]

    return answer


def _answer(line: str, env: dict[str, str]) -> tuple[int, object]:
    done = CliRunner().invoke(main, shlex.split(line), env=env)
    assert done.exit_code in (0, 2), (line, done.output, done.exception)
    if done.exit_code:
        return done.exit_code, done.stderr
    if line.startswith("reports schedule"):
        return 0, _scheduled(env["HEIMVORTEIL_DATABASE_URL"], done.stdout.split(":")[0])
    try:
        return 0, bare(json.loads(done.stdout))
    except ValueError:
        return 0, done.stdout


def _scheduled(url: str, slug: str) -> object:
    """The decision that will be asked again, as it was answered, and where it goes."""
    from service.store import comparisons

    sessions = Sessions(session.prepare(url)[0])
    with sessions.reading() as reading:
        order = report_schedules.get(reading, slug).order
        decision = comparisons.get(reading, order.decision_id, "decision")
    return (
        bare(json.loads(decision.answer)),
        order.cadence,
        order.format,
        order.language,
        order.folder,
        slug[:4],
        str(order.first_at)[:10],
        order.webhook_url,
    )


MUTE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d|signed with \S+ ")
"""Times of the day and secrets: other ones each time."""
READING = (
    "probe", "machine", "measurements list", "measurements show", "validate", "serve", "offers", "providers",
    "price-history",
    "gpus", "workloads", "prices list", "prices refresh", "prices check", "prices show", "prices watch",
)  # fmt: skip
HOOK = "--webhook https://example.org/x"
A_PRICE = {"instance": "a", "gpu": "H100 SXM", "gpu_count": 8, "price_per_hour": "20", "currency": "USD"}
ONE_PRICE = "instance,gpu,gpu_count,price_per_hour,currency\na,H100 SXM,8,20,USD\n"
RUNS = "id,gpu,n_layers,d_model,vocab,seq_len,tokens_per_s\na,rtx-3090,12,768,50304,1024,60000\n"


@pytest.fixture(scope="package")
def world(catalog_copy, quickly, files) -> tuple[Path, dict[str, str]]:
    """A database in which something was measured, scheduled, watched and rejected; how it is called there."""
    url = catalog_copy()
    folder, words = Path(files["FOLDER"]), dict(files)
    for name, text in {
        "ONE_PRICE": ONE_PRICE,
        "HALF_PRICE": ONE_PRICE + "b,L40S,1,0.25,USD\n",
        "TWO_PRICES": ONE_PRICE + "b,A100 SXM,8,10,USD\n",
        "JSON_PRICES": json.dumps([A_PRICE, {**A_PRICE, "instance": "b"}]),
        "RUNS": RUNS,
    }.items():
        (folder / name).write_text(text)
        words[name] = str(folder / name)

    def done(line: str) -> str:
        told = CliRunner().invoke(main, shlex.split(line), env={"HEIMVORTEIL_DATABASE_URL": url})
        assert told.exit_code == 0, (line, told.output)
        return told.stdout

    measured = "measure --gpu rtx-3090 --workload gpt2-124m --json --tokens-per-s"
    words |= {"MEASURED": json.loads(done(f"{measured} 60000"))["id"]}
    words |= {"MEASURED2": json.loads(done(f"{measured} 61000"))["id"]}
    for name in ("daily one", "weekly one"):
        done(f"reports schedule gpt2-124m --tier none --name '{name}' --every {name.split()[0]}")
    done("reports pause weekly-one")
    for name, more in {"ALERT": "", "ALERT2": "", "HOOKED": HOOK, "HOOKED2": f"{HOOK}y"}.items():
        words[name] = done(f"alerts add h100-sxm --below 20 {more}").split(":")[0]
    for copy in ("COPY", "COPY2"):
        done(f"token create {copy.replace('COPY', 'TOKEN')}")
        words[copy] = str(folder / f"{copy}.zip")
        done(f"db backup {words[copy]}")
    with Sessions(session.prepare(url)[0]).begin() as writing:
        now = datetime.now(UTC)
        writing.execute(sa.text(UNLISTED), {"now": f"{now:%Y-%m-%d %H:%M:%S.%f}"})
        writing.execute(sa.text(SOLD_OUT), {"no": False})
        versions.bump(writing)
        number = refreshes.add(writing, refreshes.Refresh("linode", now, "ok", now, accepted=1, rejected=1))
        refreshes.add_rejected(writing, number, [refreshes.RejectedRow("no price", "a row as it was")])
    with session.prepare(url)[0].connect() as connection:
        connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
    file = Path(url.removeprefix("sqlite:///"))
    facts_kept.of_copies(file)
    return file, words


@pytest.fixture(autouse=True)
def folder_of_its_own(monkeypatch, tmp_path):
    """A report without a name is written where one stands."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="package")
def outside():
    """What a command does beyond the database is told instead: nothing is served or sent."""
    from types import SimpleNamespace

    import click

    import pricing.alerts
    import pricing.commands
    import pricing.first_contact
    import pricing.reachable
    import pricing.rounds
    import pricing.watch
    import pricing.zone_days
    import service.serving
    from service.cli import following
    from service.reports.listings.price_check import SourceCheck
    from service.store import calibration_file
    from service.usecases import own_measurements, validating

    def refreshed(_sessions, sources, *_):
        none = {"accepted": 0, "rejected": 0, "changed": 0, "seconds": 0.0, "error": ""}
        return [SimpleNamespace(source=one.name, outcome="unchanged", **none) for one in sources]

    def called(source, _names, _now, _settings, longest_s):
        return SourceCheck(source.name, True, True, 1, 0, longest_s)

    def filled(_sessions, zone, *_):
        return SimpleNamespace(zone=zone, before=0, known=400, remarks=(), is_enough=True)

    def left(_seconds):
        raise KeyboardInterrupt

    def shipped(snapshot, leave_out="run"):
        return validating.validate_file(snapshot, RUNS.replace("a,", f"{leave_out},"))

    def left_out(snapshot):
        return validating.LeftOut(
            *(shipped(snapshot, group) for group in ("run", "gpu", "project", "reporter"))
        )

    def believed(snapshot, runs, fitted=own_measurements.taught_by, kept=[]):  # noqa: B006
        kept.extend([] if kept else [fitted(snapshot, runs)])
        return kept[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEIMVORTEIL_SCHEDULER", "off")
        patch.setattr(service.serving, "own", lambda *said: said)
        patch.setattr(service.serving, "serve", lambda *said: click.echo(f"served {said}"))
        patch.setattr(pricing.rounds, "refresh_all", refreshed)
        patch.setattr(pricing.first_contact, "call_one", called)
        patch.setattr(pricing.zone_days, "fetch_zone", filled)
        patch.setattr(pricing.commands, "_print_raw", lambda _, source: click.echo(f"asked {source.name}"))
        watched = lambda _, sources, *__: click.echo(f"watched {[one.name for one in sources]}")  # noqa: E731
        patch.setattr(pricing.watch, "watch", watched)
        patch.setattr(pricing.alerts, "send", lambda alert, *_: (200, ""))
        patch.setattr(calibration_file, "refit", lambda _, write: click.echo(f"written: {write}") or ())
        patch.setattr(validating, "validate_shipped", shipped)
        patch.setattr(validating, "validate_left_out", left_out)
        patch.setattr(own_measurements, "taught_by", believed)  # fitted once: a second each time
        patch.setattr(following.time, "sleep", left)
        patch.setattr(pricing.reachable, "reach", lambda _: pricing.reachable.Reached("ECB", 0.5, None))
        yield


@pytest.fixture(scope="package")
def said(world, outside, tmp_path_factory) -> Told:
    """What a line answers in the world: exit code, and what it prints. Who writes has one alone."""
    source, words = world
    folder = tmp_path_factory.mktemp("worlds")
    known: dict[str, tuple[int, object]] = {}

    def answer(line: str) -> tuple[int, object]:
        line = re.sub(r"\b[A-Z][A-Z_]{3,}2?\b", lambda match: words.get(match[0], match[0]), line)
        if line in known:
            return known[line]
        file = source
        reads = line.startswith(READING) or "--dry-run" in line or "--follow" in line
        if not reads:
            file = folder / f"{len(known)}.sqlite3"
            shutil.copy(source, file)
        for part in line.split(" then "):
            done = CliRunner().invoke(
                main, shlex.split(part), env={"HEIMVORTEIL_DATABASE_URL": f"sqlite:///{file}"}
            )
            assert done.exit_code in (0, 2), (line, done.output, done.exception)
        told = done.stderr if done.exit_code else MUTE.sub("", done.stdout + done.stderr)
        known[line] = done.exit_code, told.replace(str(file), "")
        return known[line]

    return answer
