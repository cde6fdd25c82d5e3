"""What one's own run teaches every later answer, and where a run stands: told by command line and REST."""

import gzip
import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from service.app import create_app
from service.cli import main
from service.settings import Settings
from service.state import EXTENSION
from service.store import tokens
from tests.by_options import by_options
from tests.estimate.test_training_log import NANOCHAT_BANNER, nanochat

BANNER_D20 = (
    NANOCHAT_BANNER.replace("num_layers: 32", "num_layers: 20")
    .replace("2048\nnum_heads: 16\nnum_kv_heads: 16", "1280\nnum_heads: 10\nnum_kv_heads: 10")
    .replace("8 x 2048 = 16,384", "4 x 2048 = 8,192")
    .replace("131,072", "8,192")
    .replace("1,879,048,192", "560,988,160")
)


@pytest.fixture
def log(tmp_path):
    """nanochat d20 on an RTX 3090 that does 17,476 tokens/s, at step 4,039 of 21,400."""
    file = tmp_path / "train.log"
    lines = nanochat(40, dt_ms=30_000, tokens_per_s="17,476", first=4000).replace("/71680", "/21400")
    file.write_text(BANNER_D20 + lines)
    return file


def speed_at_home(run, workload):
    answer = json.loads(run("compare", workload, "--home", "rtx-3090", "--json").stdout)
    return answer["options"][0]["tokens_per_s"]


def test_a_log_teaches_every_later_answer_and_can_be_forgotten(run, log):
    before = speed_at_home(run, "nanochat-d26")
    learnt = json.loads(run("measure", log, "--gpu", "rtx-3090", "--json").stdout)
    speed = learnt["tokens_per_s"]
    assert learnt["kept"] and speed["measured"] == pytest.approx(17_476, rel=1e-3)
    faster = speed["believed_before"]["p50"] < 17_476
    assert faster == (speed["believed_before"]["p50"] < speed["believed_after"]["p50"])
    assert speed["believed_after"]["p50"] == pytest.approx(17_476, rel=0.03)
    width = [speed[k]["p90"] / speed[k]["p10"] for k in ("believed_before", "believed_after")]
    assert width[1] < width[0]
    after = speed_at_home(run, "nanochat-d26")
    assert faster == (after > before) and after != pytest.approx(before, rel=1e-3)
    run("measure", "--forget", learnt["id"])
    assert speed_at_home(run, "nanochat-d26") == before
    assert "there is no measurement" in run("measure", "--forget", learnt["id"], code=2).output
    assert "there is no" in run("measure", "--forget", "nanochat-d32-run1000", code=2).output


def test_a_run_in_progress(run, log):
    """17,361 steps of 30 s are left: 144.7 h; at 300 W at the plug 43.4 kWh, at 0.40 a kWh 17.36."""
    words = ("measure", log, "--gpu", "rtx-3090", "--dry-run", "--plug-watts", 300, "--kwh-price", "0.40")
    answer = json.loads(run(*words, "--json").stdout)
    assert answer["kept"] is False
    where = answer["progress"]
    assert (where["steps_done"], where["steps_total"]) == (4039, 21_400)
    assert where["hours_done"] == pytest.approx(33.66, abs=0.01)
    assert where["hours_left"]["p50"] == pytest.approx(144.7, abs=0.1)
    assert where["hours_left"]["p10"] < 144.7 < where["hours_left"]["p90"]
    assert where["energy_kwh_left"]["p50"] == pytest.approx(43.4, abs=0.1)
    assert where["cost_left"]["p50"] == pytest.approx(17.36, abs=0.05)
    text = run(*words, "--lang", "de").stdout
    assert "4.039 von 21.400 Schritten" in text and "Nicht behalten" in text


def test_three_numbers_do_as_well(run):
    words = (
        "measure",
        "--gpu",
        "RTX 3090",
        "--workload",
        "nanochat-d26",
        "--tokens-per-s",
        "9000",
        "--dry-run",
    )
    answer = json.loads(run(*words, "--json").stdout)
    assert answer["log"] is None and answer["progress"] is None
    assert answer["tokens_per_s"]["believed_after"]["p50"] == pytest.approx(9_000, rel=0.03)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--tokens-per-s", "9000"], "--gpu"),
        (["--gpu", "rtx-3090"], "exactly one of them"),
        (["--gpu", "rtx-3099", "--tokens-per-s", "9"], "valid: rtx-3090"),
        (
            ["--gpu", "rtx-3090", "--tokens-per-s", "nan", "--workload", "nanochat-d26"],
            "--tokens-per-s = nan",
        ),
        (["--gpu", "rtx-3090", "--tokens-per-s", "9000"], "name it with --workload"),
        (["--gpu", "rtx-3090", "--tokens-per-s", "9", "--workload", "nanochat-99"], "nanochat-"),
    ],
)
def test_what_is_missing_or_wrong_is_one_line(run, words, said):
    output = run("measure", *words, code=2).output
    assert said in output and len(output.strip().splitlines()) == 1


def test_hostile_files_are_one_line(run, tmp_path):
    file = tmp_path / "train.log"
    file.write_bytes(bytes(range(256)) * 100)
    assert "is not the text of a training log" in run("measure", file, "--gpu", "rtx-3090", code=2).output
    file.write_bytes(b"")
    assert "is not the text" in run("measure", file, "--gpu", "rtx-3090", code=2).output
    with file.open("wb") as out:
        out.truncate(5_000_000_000)
    assert "more than 200,000,000" in run("measure", file, "--gpu", "rtx-3090", code=2).output


def test_a_packed_log_is_unpacked_and_a_bomb_is_not(run, log):
    words = (log, "--gpu", "rtx-3090", "--dry-run", "--json")
    plain = json.loads(run("measure", *words).stdout)
    packed = gzip.compress(log.read_bytes())
    log.write_bytes(packed)
    assert json.loads(run("measure", *words).stdout) == plain
    log.write_bytes(packed[:-20])  # copied while it was written
    assert json.loads(run("measure", *words).stdout)["log"]["format"] == "nanochat"
    log.write_bytes(gzip.compress(bytes(201_000_000), 1))
    assert "more than 200,000,000 bytes" in run("measure", *words, code=2).stderr
    log.write_bytes(packed[:10] + b"\xff" * 50)
    assert "cannot be unpacked" in run("measure", *words, code=2).stderr


def test_a_log_without_the_models_whole_shape_still_teaches(run, tmp_path):
    """nanoGPT prints a parameter count and nothing else of its model."""
    file = tmp_path / "nanogpt.log"
    lines = "\n".join(f"iter {i}: loss 3.1, time 2800.00ms, mfu 38.10%" for i in range(0, 400, 10))
    file.write_text(f"tokens per iteration will be: 491,520\nnumber of parameters: 123.59M\n{lines}")
    speed = json.loads(run("measure", file, "--gpu", "a100-sxm-80gb", "--dry-run", "--json").stdout)[
        "tokens_per_s"
    ]
    assert speed["measured"] == pytest.approx(491_520 / 2.8, rel=1e-3)
    assert speed["believed_after"]["p50"] == pytest.approx(speed["measured"], rel=0.05)
    assert speed["believed_before"]["p50"] > 1.1 * speed["measured"]


def test_a_measured_adapter_run_teaches_adapters_and_says_what_it_needs(run, tmp_path):
    file = tmp_path / "tune.log"
    file.write_text(
        "\n".join(f"Step {i} | loss:1.2 lr:2e-05 tokens_per_second_per_gpu:2900.0" for i in range(1, 40))
    )
    error = run("measure", file, "--gpu", "rtx-4090", "--dry-run", code=2).output
    assert "the model that was trained is not known; name it with --workload" in error
    words = ("--gpu", "rtx-4090", "--dry-run", "--json", "--workload", "llama-3-8b-lora")
    speed = json.loads(run("measure", file, *words).stdout)["tokens_per_s"]
    assert speed["believed_after"]["p50"] == pytest.approx(2900, rel=0.05)
    assert 1_500 < speed["believed_before"]["p50"] < 6_000


@pytest.fixture(scope="module")
def rest(database):
    """The same database over REST: `rest(method, path, body)`, with a token."""
    environment = {"HEIMVORTEIL_DATABASE_URL": database, "HEIMVORTEIL_SNAPSHOT_CHECK_SECONDS": "0"}
    CliRunner().invoke(main, ["gpus"], env=environment)
    app = create_app(Settings.from_environ(environment))
    with app.extensions[EXTENSION].sessions.begin() as session:
        token = {"Authorization": f"Bearer {tokens.create(session, 'measure', datetime.now(UTC))}"}

    def ask(method, path="measured-runs", body=None, headers=token):
        return app.test_client().open(f"/api/v1/{path}", method=method, json=body, headers=headers)

    return ask


LIVES = ("--country", "Germany", "--currency", "USD", "--kwh-price", "0.40", "--plug-watts", "300")
LIVES_BODY = {"country": "Germany", "currency": "USD", "kwh_price": 0.40, "plug_watts": 300}


HEADLESS = "".join(f"iter {i}: loss 3.1, time 250.00ms\n" for i in range(1600, 1640))
ADAPTERS = """Data Parallel GPUs = 1 | Total batch size (2 x 4 x 1) = 8
Trainable parameters = 41,943,040 of 8,072,204,288 (0.52% trained)
{'train_runtime': 1000.0, 'train_samples_per_second': 2.0, 'train_steps_per_second': 0.25, 'epoch': 1.0}
Peak reserved memory = 17.5 GB.
"""


@pytest.mark.parametrize(
    ("text", "told", "asked"),
    [
        (HEADLESS, {}, "--batch-tokens and --gpu-count"),
        (HEADLESS, {"batch_tokens": 491_520}, "give --gpu-count"),
        (HEADLESS, {"batch_tokens": 491_520, "gpu_count": 8}, "name it with --workload"),
        (ADAPTERS, {}, "--seq-len"),
        (ADAPTERS, {"seq_len": 1024}, "name a LoRA or QLoRA workload"),
        (ADAPTERS, {"seq_len": 1024, "workload": "llama-3-8b"}, "name a LoRA or QLoRA workload"),
        (ADAPTERS, {"seq_len": 1024, "workload": "llama-3-8b-qlora", "gpu_count": 2}, "the log says 1"),
        (NANOCHAT_BANNER + nanochat(20), {"workload": "gpt2-124m"}, "the log's model 1,879,048,192"),
    ],
)
def test_both_fronts_ask_for_what_a_log_does_not_say(run, rest, tmp_path, text, told, asked):
    file = tmp_path / "train.log"
    file.write_text(text)
    words = [word for name, value in told.items() for word in (f"--{name.replace('_', '-')}", value)]
    said = run("measure", file, "--gpu", "rtx-3090", *words, "--dry-run", code=2).stderr.strip()
    problem = rest("POST", body={"gpu": "rtx-3090", "log": text, "keep": False, **told})
    assert problem.status_code == 422
    assert said == by_options(problem.get_json()["detail"]) and asked in said


def test_memory_and_what_is_assumed_are_told_and_kept(run, rest, tmp_path):
    """Unsloth's summary in the UTF-16 of PowerShell; its card is named by a line of its banner."""
    file = tmp_path / "train.log"
    file.write_text("|    Tesla T4. Num GPUs = 1. Max memory: 14.7 GB.\n" + ADAPTERS, encoding="utf-16")
    words = (file, "--gpu", "rtx-3090", "--workload", "llama-3-8b-qlora", "--seq-len", "1024", "--yes")
    learnt = json.loads(run("measure", *words, "--json").stdout)
    assert learnt["tokens_per_s"]["measured"] == 2048 and learnt["gpu_count"] == 1
    log = learnt["log"]
    assert (log["reserved_memory_gib"], log["peak_memory_gib"]) == (17.5, None)
    assert log["speed_from"] == "its own totals"
    assert "another card: Tesla T4" in log["note"] and "counted as 1,024 tokens" in log["note"]
    kept = rest("GET", f"measured-runs/{learnt['id']}").get_json()
    assert (kept["reserved_memory_gib"], kept["peak_memory_gib"]) == (17.5, 17.5)
    assert (kept["use_for"], kept["trainer"]) == (["memory", "throughput"], "hf-trainer")
    assert (kept["global_batch_tokens"], kept["workload"]) == (8192, "qlora")
    german = run("measure", *words[:-1], "--dry-run", "--lang", "de").stdout
    assert "Durchsatz: seine eigenen Summen." in german and "reservierter Speicher 17,5 GiB" in german
    run("measure", "--forget", learnt["id"])


def test_a_run_that_is_over_and_counted_no_steps_is_not_told_to_be_at_its_beginning(run, tmp_path):
    """It was told to have done 0 of the 12,500 steps that the workload's tokens take."""
    file = tmp_path / "train.log"
    file.write_text(
        "{'loss': 1.1, 'epoch': 0.5}\n{'train_runtime': 400.0, 'train_samples_per_second': 8.0, "
        "'train_steps_per_second': 1.0, 'num_tokens': 800000.0, 'epoch': 1.0}\n"
    )
    words = ("--gpu", "rtx-4090", "--workload", "llama-3-8b-lora", "--dry-run", "--json")
    answer = json.loads(run("measure", file, *words).stdout)
    assert answer["tokens_per_s"]["measured"] == 2000 and answer["progress"] is None


def test_a_number_of_gpus_that_nobody_says_is_told_to_be_assumed(run, tmp_path):
    file = tmp_path / "train.log"
    one_card = HEADLESS.replace("250.00ms", "2500.00ms")
    file.write_text("tokens per iteration will be: 491,520\nnumber of parameters: 123.59M\n" + one_card)
    text = run("measure", file, "--gpu", "a100-sxm-80gb", "--dry-run").stdout
    assert "how many GPUs there were; one is assumed (--gpu-count, field gpu_count)" in text


@pytest.mark.parametrize(
    ("words", "body"),
    [
        ((), {}),
        (LIVES, LIVES_BODY),
        (("--country", "US-CA", "--total-steps", "30000", "--gpu-count", "2", "--micro-batch", "2"),
         {"country": "US-CA", "total_steps": 30_000, "gpu_count": 2, "micro_batch": 2}),
        (("--workload", "nanochat-d20", "--seq-len", "1024", "--lang", "de"),
         {"workload": "nanochat-d20", "seq_len": 1024, "lang": "de"}),
    ],
)  # fmt: skip
def test_both_fronts_answer_one_log_with_the_same_numbers(run, rest, log, words, body):
    log.write_text(log.read_text().replace("17,476", "4,369") + "\nstep 04040/21400 | dt: nanms")
    told = json.loads(run("measure", log, "--gpu", "rtx-3090", *words, "--dry-run", "--json").stdout)
    answer = rest("POST", body={"gpu": "rtx-3090", "log": log.read_text(), "keep": False, **body})
    assert answer.status_code == 201 and answer.get_json() == told
    assert told["log"]["note"] and told["log"]["dropped_lines"] and told["progress"]["cost_left"]


def test_over_rest_ones_own_price_counts_and_a_country_has_a_name(rest, log):
    """43.4 kWh at 300 W are left; at 0.40 dollars each that is 17.36 dollars, wherever one lives."""
    asked = {"gpu": "rtx-3090", "log": log.read_text(), "keep": False}
    cost = rest("POST", body=asked | LIVES_BODY).get_json()["progress"]["cost_left"]
    assert (cost["currency"], cost["p50"]) == ("USD", pytest.approx(17.36, abs=0.05))
    by_name, by_code = (
        rest("POST", body=asked | {"country": country}).get_json()["progress"]["cost_left"]
        for country in ("Germany", "DE")
    )
    assert by_name == by_code != cost


def test_both_fronts_answer_a_speed_with_the_same_numbers(run, rest):
    """What is told beside a speed counts as much as beside a log: twice the sequence is another run."""
    words = ("--gpu", "RTX 3090", "--workload", "nanochat-d26", "--tokens-per-s", "9000")
    body = {"gpu": "RTX 3090", "workload": "nanochat-d26", "tokens_per_s": 9000, "keep": False}
    told = [
        json.loads(run("measure", *words, *more, "--dry-run", "--json").stdout)
        for more in ((), ("--seq-len", "4096"))
    ]
    assert told == [rest("POST", body=body | more).get_json() for more in ({}, {"seq_len": 4096})]
    assert told[0]["id"] != told[1]["id"]


@pytest.mark.parametrize(
    ("words", "body"),
    [
        ((), {}),
        (("LOG", "--tokens-per-s", "9"), {"log": "LOG", "tokens_per_s": 9}),
        (("LOG", "--gpu", "rtx-3099"), {"log": "LOG", "gpu": "rtx-3099"}),
        (("LOG", "--workload", "nanochat-99"), {"log": "LOG", "workload": "nanochat-99"}),
        (("LOG", "--country", "Atlantis"), {"log": "LOG", "country": "Atlantis"}),
        (("LOG", "--currency", "xyz"), {"log": "LOG", "currency": "XYZ"}),
        (("LOG", "--total-steps", "7"), {"log": "LOG", "total_steps": 7}),
        (("--tokens-per-s", "9000"), {"tokens_per_s": 9000}),
    ],
)
def test_both_fronts_refuse_with_the_same_words(run, rest, log, words, body):
    words = ("--gpu", "rtx-3090", *(log if word == "LOG" else word for word in words))
    body = {"gpu": "rtx-3090"} | body | ({"log": log.read_text()} if "log" in body else {})
    problem = rest("POST", body=body)
    assert problem.status_code == 422
    assert run("measure", *words, code=2).stderr.strip() == by_options(problem.get_json()["detail"])


@pytest.mark.parametrize("option", ["--gpu-count", "--micro-batch", "--seq-len", "--total-steps"])
def test_counts_below_one_are_refused(run, log, option):
    said = run("measure", log, "--gpu", "rtx-3090", "--dry-run", option, 0, code=2).output
    assert "= 0: must be between 1 and" in said and option in said


def test_a_measurement_is_taken_back_over_rest(run, rest, log):
    kept = rest("POST", body={"gpu": "rtx-3090", "log": log.read_text()})
    address = f"measured-runs/{kept.get_json()['id']}"
    assert rest("DELETE", address, headers=None).status_code == 401
    assert rest("GET", address).status_code == 200
    assert rest("DELETE", address).status_code == 204
    assert rest("GET", address).status_code == 404
    for slug in (kept.get_json()["id"], "nanochat-d32-run1000"):
        problem = rest("DELETE", f"measured-runs/{slug}")
        assert problem.status_code == 404
        said = run("measure", "--forget", slug, code=2).stderr.strip()
        assert said == by_options(problem.get_json()["detail"])


def test_a_measurement_takes_what_a_comparison_takes_where_it_asks_the_same(rest):
    schemas = rest("GET", "openapi.json").get_json()["components"]["schemas"]
    measurement, comparison = (
        schemas[name]["properties"] for name in ("AskedMeasurement", "AskedComparison")
    )
    for field in ("country", "currency", "kwh_price", "plug_watts", "lang"):
        one, other = ({**of[field], "description": ""} for of in (measurement, comparison))
        assert one == other, field
    assert schemas["AskedMeasurement"]["required"] == ["gpu"]


def test_a_run_that_is_over_has_nothing_to_go(run, tmp_path):
    log = tmp_path / "notebook.log"
    metrics = {"train_runtime": 30.0, "train_samples_per_second": 0.5, "train_steps_per_second": 0.033}
    log.write_text(f"TrainOutput(global_step=1, training_loss=0.3, metrics={metrics})\n")
    words = ("measure", log, "--gpu", "t4", "--workload", "llama-3.2-1b", "--batch-tokens", "15360")
    said = run(*words, "--dry-run", "--yes").stdout
    assert "from 1 step of a log" in said and "Done: 1 of 1 step (100%)" in said
    assert "to go" not in said and " kWh.\n" in said and "Money: €0" in said
    german = run(*words, "--dry-run", "--yes", "--lang", "de").stdout
    assert "aus 1 Schritt eines" in german and "noch" not in german and "Kosten: 0" in german


def test_steps_that_follow_from_the_workload_are_told_as_such(run, tmp_path):
    """A torchtitan log says no number of steps: of 15 T tokens 229 million are left, which nobody asked."""
    file = tmp_path / "train.log"
    file.write_text(
        "".join(
            f"[titan] INFO - step: {n:2}  loss:  8.0  memory: 40.0GiB(50.0%)  tps: 5,868  mfu: 30%\n"
            for n in range(10, 60, 10)
        )
    )
    words = (file, "--gpu", "h100-sxm", "--gpu-count", "8", "--workload", "llama-3-8b", "--seq-len", "8192",
             "--batch-tokens", "65536", "--dry-run")  # fmt: skip
    assert "they follow from the workload's tokens; --total-steps counts" in run("measure", *words).stdout
    assert "folgen aus den Tokens" in run("measure", *words, "--lang", "de").stdout
    assert "follow from the workload" not in run("measure", *words, "--total-steps", "1000").stdout
