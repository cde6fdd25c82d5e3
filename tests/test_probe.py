"""What a probe teaches: a real one of an H200 (recorded), and those that must not be believed.

The recorded one is of 2026-11-28; a step of compiled GPT-2, which the script no longer takes, is left out.
"""

import json
import math
import statistics
from copy import deepcopy
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.answers.question import AskedMeasurement
from service.cli import main
from service.errors import InvalidValue
from service.estimate.calibration import evidence_of, fit_terms, predict, usable, with_terms
from service.estimate.case import case_of, own_reporter, side_by_side
from service.estimate.probed_runs import runs_of
from service.estimate.run_records.probe_result import read_probe
from service.store.catalog_files import measured_runs_in
from service.store.session import Sessions, prepare
from service.store.snapshot import load
from service.usecases.measuring import measure
from service.usecases.probing import probe_in
from tests.facts_for_tests import shipped_catalog

RECORDED = Path(__file__).parent / "here" / "h200.json"
AFTERWARDS = Path(__file__).parent / "here" / "h200_after_the_probe.csv"
"""Real training on the same machine, minutes after the probe; nothing is learnt from these runs."""
TOLD = json.loads(RECORDED.read_text())
NAME = "own-h200-sxm-probe"


@pytest.fixture(scope="module")
def database(catalog_copy):
    return catalog_copy()


@pytest.fixture
def run(database, monkeypatch):
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", database)

    def invoke(*words, code=0, given=None):
        result = CliRunner().invoke(main, [str(word) for word in words], input=given)
        assert result.exit_code == code, result.output
        return result

    return invoke


@pytest.fixture
def forgotten(run):
    """Whatever a test taught is forgotten after it."""
    yield
    CliRunner().invoke(main, ["measure", "--forget", NAME])


def changed(*path, value):
    """The recorded probe with another value at that path."""
    told = deepcopy(TOLD)
    inside = told
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] = value
    return told


def written(tmp_path, told):
    file = tmp_path / "probe.json"
    file.write_text(json.dumps(told))
    return file


def speed(run, workload, gpu):
    answer = json.loads(run("compare", workload, "--home", gpu, "--json").stdout)
    return answer["options"][0]["tokens_per_s"]


def test_the_script_is_written_with_what_to_do_next(run, tmp_path):
    file = tmp_path / "probe.py"
    said = run("probe", "-o", file).stdout
    assert file.read_text() == run("probe").stdout
    assert f"python {file} > probe.json" in said and "heimvorteil measure probe.json" in said
    assert "Führen Sie es" in run("probe", "-o", file, "--lang", "de").stdout
    refused = run("probe", "-o", tmp_path / "nowhere" / "x.py", code=2).output
    assert refused.count("\n") == 1 and "cannot be written" in refused


def test_a_probe_teaches_every_later_answer_on_its_card_and_can_be_forgotten(run, forgotten):
    before = [speed(run, "nanochat-d20", gpu) for gpu in ("h200-sxm", "rtx-4070")]
    learnt = json.loads(run("measure", RECORDED, "--json").stdout)
    assert (learnt["id"], learnt["kept"], learnt["gpu"]) == (NAME, True, "h200-sxm")
    assert len(learnt["steps"]) == len(TOLD["steps"]) == 6
    for step in learnt["steps"]:
        believed = step["tokens_per_s"]
        nearer = [
            abs(math.log(believed[when]["p50"] / believed["measured"]))
            for when in ("believed_before", "believed_after")
        ]
        assert nearer[1] < max(nearer[0], 0.05) and nearer[1] < 0.08, step["id"]
        widths = [
            believed[when]["p90"] / believed[when]["p10"] for when in ("believed_before", "believed_after")
        ]
        assert widths[1] < widths[0]
    after = [speed(run, "nanochat-d20", gpu) for gpu in ("h200-sxm", "rtx-4070")]
    assert after[0] != before[0]
    assert after[1] == pytest.approx(before[1], rel=0.02), "another card's probe moves this one little"
    run("measure", "--forget", NAME)
    assert [speed(run, "nanochat-d20", gpu) for gpu in ("h200-sxm", "rtx-4070")] == before
    assert "there is no measurement" in run("measure", "--forget", NAME, code=2).output


def test_a_later_probe_takes_the_place_of_an_older_one(run, forgotten, tmp_path):
    run("measure", RECORDED)
    fewer = deepcopy(TOLD)
    fewer["steps"] = [dict(fewer["steps"][0], step_s=2 * fewer["steps"][0]["step_s"])]
    learnt = json.loads(run("measure", written(tmp_path, fewer), "--yes", "--json").stdout)
    (step,) = learnt["steps"]
    assert step["tokens_per_s"]["believed_before"]["p50"] > 1.5 * step["tokens_per_s"]["measured"]
    again = json.loads(run("measure", RECORDED, "--dry-run", "--json").stdout)
    assert again["kept"] is False
    first = json.loads(run("measure", written(tmp_path, fewer), "--dry-run", "--json").stdout)
    assert first["steps"][0]["tokens_per_s"]["believed_before"] == step["tokens_per_s"]["believed_before"], (
        "an older probe of the same card is no evidence beside a new one"
    )


def test_what_is_hard_to_believe_is_asked_back_and_kept_on_request(run, tmp_path):
    """One of seven kinds of steps ten times slower than foreseen: the card was used otherwise."""
    slow = written(tmp_path, changed("steps", 0, "step_s", value=10 * TOLD["steps"][0]["step_s"]))
    said = run("measure", slow, code=2).output
    assert said.count("\n") == 1 and "98 % interval" in said and "1 of 6 kinds of steps" in said
    assert "probe.steps compute-bound-llama-eager-fp32" in said and "--yes" in said
    assert "there is no" in run("measure", "--forget", NAME, code=2).output, "and nothing was kept"
    assert "98-%-Bereich" in run("measure", slow, "--lang", "de", code=2).output
    told = json.loads(run("measure", slow, "--dry-run", "--json").stdout)
    assert [bool(step["doubt"]) for step in told["steps"]] == [True] + 5 * [False]
    assert "Doubtful: outside" in run("measure", slow, "--dry-run").stdout
    assert json.loads(run("measure", slow, "--yes", "--json").stdout)["kept"]
    run("measure", "--forget", NAME)


def test_it_is_read_from_standard_input_and_among_other_lines(run):
    noisy = f"loading cuda\n{json.dumps(TOLD)}\nbye\n"
    told = json.loads(run("measure", "-", "--dry-run", "--json", given=noisy).stdout)
    assert told["gpu"] == "h200-sxm" and not told["kept"]
    assert probe_in(json.dumps(TOLD, indent=2)) == TOLD, "a person laid it out"
    assert probe_in(f"2026-11-28T09:00:00Z {json.dumps(TOLD)}") == TOLD, "docker logs -t"
    assert probe_in("step 1 | heimvorteil-probe/1") is None and probe_in('{"schema": 3}') is None


def test_it_is_told_in_both_languages(run):
    said = run("measure", RECORDED, "--dry-run").stdout
    assert "Tried: NVIDIA H200 with PyTorch 2.11.0+cu130" in said
    assert "Large matrix products: 680 TFLOP/s." in said and "Link to the PC: 55.4 GB/s" in said
    assert (
        "Its steps took unequally long: Llama, eager, BF16, bound by launching from 9.67 to 12.6 ms" in said
    )
    assert "Not kept" in said
    german = run("measure", RECORDED, "--dry-run", "--lang", "de").stdout
    assert (
        "Ausprobiert: NVIDIA H200" in german
        and "nicht kompiliert" in german
        and "begrenzt vom Rechnen" in german
    )


def test_a_lowered_power_limit_and_what_was_left_out_are_told(run, tmp_path):
    told = changed("card", "power_limit_w", value=450.0)
    told["left_out"] = [{"what": "between gpt2, compiled", "why": "BackendCompilerFailed: no C compiler"}]
    said = run("measure", written(tmp_path, told), "--dry-run").stdout
    assert "limited to 450 W" in said
    assert "Left out: between gpt2, compiled (BackendCompilerFailed: no C compiler)." in said
    runs = runs_of(read_probe(told), GPUS["h200-sxm"])
    assert {one.power_limit_watts for one in runs} == {450.0}
    assert {one.power_limit_watts for one in runs_of(read_probe(TOLD), GPUS["h200-sxm"])} == {None}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (changed("card", "kind", value="cpu"), "without a GPU"),
        (changed("schema", value="heimvorteil-probe/9"), "heimvorteil-probe/1"),
        (changed("steps", value=[]), "nothing was trained"),
        (changed("card", value=None), "probe.card"),
        (changed("card", "name", value="Voodoo 3 3000"), "Voodoo 3 3000"),
        (changed("steps", 0, "step_s", value=0.001), "was it another card?"),
        (changed("steps", 0, "peak_allocated_gib", value=500.0), "more than the 141 GiB"),
        (changed("steps", 0, "mean_power_w", value=1200.0), "1.4 times the board power"),
        (changed("steps", 0, "step_s", value=-1), "probe.step_s"),
        (changed("steps", 0, "step_s", value=True), "probe.step_s"),
        (changed("steps", 0, "layers", value=6.5), "whole number"),
        (changed("steps", 0, "model", value="bert"), "llama, nanochat, gpt2"),
        (changed("steps", 0, "heads", value=5000), "n_heads"),
        (changed("steps", 0, "layers", value=10**14), "up to 1,000"),
        (changed("steps", 0, "vocabulary", value=1e300), "probe.vocabulary"),
        (changed("steps", 0, "size", value="../x"), "compute-bound"),
        (changed("steps", value=TOLD["steps"] * 2), "the same twice"),
        (changed("steps", value=[7]), "probe.steps"),
        (changed("rates", "matmul", "tflop_per_s", value=5000.0), "was it another card?"),
        (changed("read_on", value="yesterday"), "yesterday"),
        (changed("card", "name", value="NVIDIA GeForce GTX 1080"), "was it another card?"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_is_refused_in_one_line(run, tmp_path, told, said):
    refused = run("measure", written(tmp_path, told), code=2).output
    assert refused.count("\n") == 1 and said in refused
    assert "there is no" in run("measure", "--forget", NAME, code=2).output, "and nothing was kept"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--workload", "nanochat-d20"), "--workload"),
        (("--tokens-per-s", "100"), "--tokens-per-s"),
        (("--gpu-count", "2"), "--gpu-count"),
        (("--gpu", "rtx-4070"), "h200-sxm"),
        (("--gpu", "no-such-card"), "no-such-card"),
    ],
    ids=lambda words: words[0] if isinstance(words, tuple) else "",
)
def test_no_option_is_ignored(run, words, said):
    refused = run("measure", RECORDED, *words, code=2).output
    assert refused.count("\n") == 1 and said in refused


def test_what_a_file_holds_is_shown_as_one_harmless_line():
    told = changed("card", "name", value="NVIDIA\x1b[31m H200\n rest")
    told["left_out"] = [{"what": "a" * 1000, "why": "x\r\ny"}, 3]
    probe = read_probe(told)
    assert probe.card == "NVIDIA[31m H200 rest" and probe.left_out == (("a" * 200, "x y"),)


def test_a_card_of_another_name_is_told_by_option(run, tmp_path):
    nameless = written(tmp_path, changed("card", "name", value="NVIDIA Graphics Device"))
    assert "valid: " in run("measure", nameless, code=2).output
    told = json.loads(run("measure", nameless, "--gpu", "h200-sxm", "--dry-run", "--json").stdout)
    assert told["gpu"] == "h200-sxm"


def test_over_http_a_probe_is_refused_with_the_way_on(database):
    asked = AskedMeasurement.of(gpu="h200-sxm", log=RECORDED.read_text())
    sessions = Sessions(prepare(database)[0])
    with pytest.raises(InvalidValue, match="heimvorteil measure FILE"):
        measure(sessions, load(sessions), asked, date(2026, 11, 28))


CATALOG = shipped_catalog()
GPUS = CATALOG.gpus if isinstance(CATALOG.gpus, dict) else {gpu.slug: gpu for gpu in CATALOG.gpus}
H200 = GPUS["h200-sxm"]
OF_OUR_H200 = [run for run in usable(CATALOG.measured_runs, GPUS) if run.slug.startswith("h200-")]
OTHERS = [run for run in CATALOG.measured_runs if not run.slug.startswith("h200-")]


@pytest.fixture(scope="module")
def terms_of_others():
    """Fitted without any run of our H200."""
    cases, measured = evidence_of(usable(OTHERS, GPUS), GPUS)
    return fit_terms(cases, measured)


def missed(terms, taught, runs=OF_OUR_H200):
    """Predicted over measured speed of runs on our H200s, less 1, by what others and `taught` say."""
    posterior = with_terms(terms, [*OTHERS, *taught], GPUS).posterior
    asked = [replace(case_of(run, H200), reporter=own_reporter(H200)) for run in runs]
    told = predict(posterior, side_by_side(asked))
    pairs = zip(runs, told.median, strict=True)
    return {run.slug.removeprefix("h200-"): float(median) / run.tokens_per_s - 1 for run, median in pairs}


def median(values):
    return statistics.median(values)


def fills_the_card(run):
    """All weights trained on the card, and no step that waits for the host, which no probe imitates."""
    at_work = run.micro_batch > 1 and run.attention != "naive" and run.offload in (None, "none")
    return at_work and run.workload in (None, "pretrain", "full-finetune")


@pytest.mark.long
def test_after_the_probe_runs_that_fill_the_card_are_told_within_a_few_percent(terms_of_others):
    """nanochat, nanoGPT and transformers on H200s that the evidence lacks, in other machines."""
    before = missed(terms_of_others, [])
    after = missed(terms_of_others, runs_of(read_probe(TOLD), H200))
    filled = [run.slug.removeprefix("h200-") for run in OF_OUR_H200 if fills_the_card(run)]
    assert len(filled) >= 20
    errors = [[abs(told[name]) for name in filled] for told in (before, after)]
    assert median(errors[1]) <= 0.05 and median(errors[1]) < median(errors[0])
    assert max(errors[1]) < 0.15 and max(errors[0]) > 0.25
    assert median([abs(after[name]) for name in filled if name.startswith("A-")]) <= 0.06, "nanochat"
    for name in ("B-gpt2-124m-mb12-eager", "C-tinyllama-fp32amp-mb8", "C-tinyllama-bf16-mb8"):
        assert abs(after[name]) <= 0.05, name


@pytest.mark.long
def test_after_the_probe_training_on_that_machine_is_told_within_a_few_percent(terms_of_others):
    """nanochat, nanoGPT and transformers, full and LoRA, before and after."""
    runs = list(measured_runs_in(AFTERWARDS))
    before, after = (missed(terms_of_others, t, runs) for t in ([], runs_of(read_probe(TOLD), H200)))
    errors = [sorted(map(abs, told.values())) for told in (before, after)]
    assert len(runs) == 12 and max(errors[0]) > 0.2
    assert median(errors[1]) <= 0.035 and max(errors[1]) <= 0.1
    assert sum(errors[1]) < 0.65 * sum(errors[0]) and sum(error <= 0.05 for error in errors[1]) >= 7


@pytest.mark.long
def test_nanochat_of_the_probe_stands_for_nanochat_where_it_steps_with_muon():
    by_name = {run.slug.removeprefix(f"{NAME}-"): run for run in runs_of(read_probe(TOLD), H200)}
    muon = by_name["compute-bound-nanochat-compiled-fp32"]
    assert (muon.project, muon.optimizer) == ("nanochat (probe)", "Muon+AdamW")
    assert by_name["launch-bound-nanochat-compiled-fp32"].project == "heimvorteil probe"
    at = next(i for i, step in enumerate(TOLD["steps"]) if step["model"] == "nanochat")
    plain = read_probe(changed("steps", at, "optimizer", value="adamw"))
    run = runs_of(plain, H200)[at]
    assert (run.project, run.optimizer) == ("heimvorteil probe", "AdamW")
