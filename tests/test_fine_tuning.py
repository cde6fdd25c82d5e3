"""Fine-tuning as people say it: data sets as runs, the commonest questions, what is refused and why."""

import json
import math
import re
from datetime import date, datetime

import numpy as np
import pytest

from service.answers.question import AskedComparison, AskedDecision, AskedModel
from service.errors import InvalidValue, UnknownName
from service.estimate.architecture import parameters, steps
from service.estimate.memory import peak_memory, with_context
from service.estimate.memory_plan import published_plan
from service.estimate.padding import expected_longest
from service.estimate.step_work import trained_parameters
from service.usecases.comparing import compare_home_with_cloud
from service.usecases.finding import find_workload, workload_asked
from tests.estimate.test_model_config import PUBLIC

ASKED_AT = datetime(2026, 11, 28)

DAY = date(2026, 11, 28)
DATA = {"examples": 20_000, "mean_tokens": 700, "epochs": 3}
SAID = ("--examples", "20000", "--mean-tokens", "700", "--epochs", "3")
PAGES = {
    "qwen3-8b": "Qwen/Qwen3-8B", "qwen3-30b-a3b": "Qwen/Qwen3-30B-A3B", "phi-4": "microsoft/phi-4",
    "gemma-3-27b": "google/gemma-3-27b-pt (text)", "mistral-7b": "mistralai/Mistral-7B-v0.1",
    "mistral-7b-v0.3": "mistralai/Mistral-7B-v0.3", "smollm3-3b": "HuggingFaceTB/SmolLM3-3B",
    "mistral-small-24b": "mistralai/Mistral-Small-24B-Base-2501", "gpt-oss-20b": "openai/gpt-oss-20b",
    "qwen3-4b": "Qwen/Qwen3-4B", "qwen3-14b": "Qwen/Qwen3-14B", "qwen3-32b": "Qwen/Qwen3-32B",
    "qwen2.5-32b": "Qwen/Qwen2.5-32B", "qwen2.5-3b": "Qwen/Qwen2.5-3B",
    "gemma-3-4b": "google/gemma-3-4b-pt (text)", "gemma-3-1b": "google/gemma-3-1b-pt",
    "gemma-3-12b": "google/gemma-3-12b-pt (text)", "qwen2.5-7b": "Qwen/Qwen2.5-7B",
    "llama-3.1-8b": "meta-llama/Llama-3.1-8B", "llama-3.2-1b": "meta-llama/Llama-3.2-1B",
    "llama-3.2-3b": "meta-llama/Llama-3.2-3B",
}  # fmt: skip


def tuned(snapshot, run="qwen3-8b", recipe=None, **said):
    """The run that a fine-tuning of this model makes."""
    asked = AskedModel.of(run=run, finetune={"method": "qlora", **DATA, **said}, recipe=recipe or {})
    return workload_asked(snapshot, asked, None, DAY)


def test_the_longest_of_a_micro_batch_is_what_drawing_examples_says():
    rng = np.random.default_rng(12)
    for mean, longest, count in ((700, 2048, 1), (700, 2048, 2), (300, 512, 8), (1000, 100_000, 16)):
        lengths = rng.lognormal(math.log(mean) - 0.7**2 / 2, 0.7, (40_000, count)).clip(max=longest)
        assert expected_longest(mean, longest, count) == pytest.approx(lengths.max(axis=1).mean(), rel=0.01)


def test_a_data_set_makes_the_steps_that_the_trainer_makes(snapshot):
    w = tuned(snapshot)
    data, recipe = w.fine_tuning, w.recipe
    assert w.name == "Qwen3 8B, QLoRA" and w.architecture == find_workload(snapshot, "qwen3-8b").architecture
    assert steps(w.tokens, recipe.global_batch_tokens) == 3 * 20_000 / 16 == 3750
    assert (recipe.micro_batch, recipe.seq_len, recipe.max_seq_len) == (2, 923, 2048)
    assert data.padding_share == pytest.approx(0.265, abs=0.001)
    assert data.padding_share_low < data.padding_share < data.padding_share_high
    assert w.tokens * (1 - data.padding_share) == pytest.approx(data.trained_tokens, rel=0.002)
    assert (recipe.trained, recipe.checkpointing, recipe.trainer) == ("qlora", "full", "hf-trainer")
    few = tuned(snapshot, examples=5, epochs=1)
    assert steps(few.tokens, few.recipe.global_batch_tokens) == 1
    partial = tuned(snapshot, examples=33, epochs=2.5)
    assert steps(partial.tokens, partial.recipe.global_batch_tokens) == math.ceil(2.5 * 3)


def test_packing_spares_the_padding_and_larger_micro_batches_pad_more(snapshot):
    packed, padded = tuned(snapshot, pack=True), tuned(snapshot)
    assert packed.fine_tuning.padding_share == 0 and packed.recipe.seq_len == 2048
    assert packed.tokens == pytest.approx(padded.fine_tuning.trained_tokens, rel=0.001)
    assert tuned(snapshot, per_device_batch=8).tokens > padded.tokens > packed.tokens
    alone = tuned(snapshot, per_device_batch=1)
    assert alone.fine_tuning.padding_share == 0
    assert alone.recipe.global_batch_tokens == 16 * alone.recipe.seq_len
    assert tuned(snapshot, per_device_batch=4, accumulate=2).recipe.global_batch_tokens == 8 * 1193


def test_memory_holds_the_longest_example_and_time_pays_for_the_mean(snapshot):
    def peak(w):
        plan = published_plan(w.recipe, w.architecture.n_layers)
        return with_context(peak_memory(w.architecture, w.recipe, plan), 1).p50

    padded, packed = tuned(snapshot), tuned(snapshot, pack=True)
    assert peak(padded) == pytest.approx(peak(packed), rel=0.001)
    assert peak(tuned(snapshot, max_length=1024)) < peak(padded) - 3


def test_rank_targets_method_and_optimizer_reach_the_estimate(snapshot):
    def trained(**said):
        w = tuned(snapshot, **said)
        return trained_parameters(w.architecture, w.recipe)

    assert trained(lora_rank=64) == 4 * trained()
    assert trained(lora_targets="query-value") < trained(lora_targets="attention") < trained()
    assert trained(method="full") == 8_190_735_360
    recipes = [tuned(snapshot, **said).recipe for said in (
        {"method": "lora-8bit"}, {"method": "lora"}, {"method": "dora"}, {"optimizer": "paged-adamw-8bit"},
        {"method": "full", "optimizer": "muon"}, {"checkpointing": "none"},
    )]  # fmt: skip
    assert [r.frozen_bytes for r in recipes[:3]] == [1, 2, 2]
    assert recipes[2].decomposed and not recipes[1].decomposed
    assert recipes[3].optimizer_placement == "8bit-paged" and recipes[4].optimizer == "muon+adamw"
    assert recipes[5].checkpointing == "none"


def test_methods_that_start_or_step_adapters_otherwise_cost_the_same(snapshot):
    for word, same in {"rsLoRA": "lora", "LoRA+": "lora", "pissa": "lora", "qlora+": "qlora"}.items():
        assert tuned(snapshot, method=word) == tuned(snapshot, method=same)


def hours(snapshot, **asked):
    c = compare_home_with_cloud(snapshot, AskedComparison.of(**asked), asked_at=datetime(2026, 11, 28))
    return c.options


def test_dora_takes_twice_the_time_of_lora_and_is_less_certain(snapshot):
    def on_a_card(method):
        model = {"run": "llama-3-8b", "finetune": {"method": method, **DATA, "max_length": 1024}}
        return hours(snapshot, workload=model, home="rtx-6000-ada", cloud="1xh200-sxm")[1].hours

    lora, dora = on_a_card("lora"), on_a_card("dora")
    assert dora.p50 / lora.p50 == pytest.approx(7300 / 3564, rel=0.02)
    assert math.log(dora.p90 / dora.p10) > math.log(lora.p90 / lora.p10) + 0.1


@pytest.mark.parametrize(("slug", "page"), PAGES.items())
def test_the_models_people_fine_tune_are_in_the_catalog_to_the_last_parameter(snapshot, slug, page):
    from service.estimate.model_config import architecture_from_config

    shape = architecture_from_config(PUBLIC[page])
    assert parameters(find_workload(snapshot, slug).architecture) == parameters(shape)
    assert find_workload(snapshot, slug).architecture == shape


def test_a_name_of_two_versions_of_a_model_is_not_one_of_them(snapshot):
    """Mistral 7B v0.3 has no window and more tokens; "gpt-oss" and "mistral-small" are several sizes."""
    first, third = (find_workload(snapshot, name).architecture for name in ("mistral-7b", "mistral-7b-v0.3"))
    assert (first.window_tokens, first.vocab_size) == (4096, 32_000)
    assert (third.window_tokens, third.vocab_size) == (0, 32_768)
    for name in ("gpt-oss", "mistral-small"):
        with pytest.raises(UnknownName) as refused:
            find_workload(snapshot, name)
        assert next(iter(refused.value.choices)).startswith(name)


COMMONEST = [
    ("qwen3-8b --finetune qlora --home rtx-3060-12gb", {"marginal", "does_not_fit"}, None),
    ("qwen3-8b --finetune qlora --home rtx-3060-12gb --recipe code_base=unsloth,chunked_cross_entropy=true",
     {"fits", "fits_with_adjustments"}, (25, 75)),
    ("qwen3-8b --finetune qlora --home rtx-4060-ti-16gb", {"marginal", "fits_with_adjustments"}, (20, 80)),
    ("qwen3-8b --finetune qlora --home rtx-4090", {"fits", "fits_with_adjustments"}, (6, 18)),
    ("llama-3.1-8b --finetune lora --home rtx-4090", {"fits", "fits_with_adjustments"}, (4, 12)),
    ("llama-3.2-1b --finetune full --home rtx-3060-12gb", {"fits_with_adjustments"}, (4, 12)),
    ("qwen3-32b --finetune qlora --home rtx-4090", {"does_not_fit"}, None),
    ("qwen3-32b --finetune qlora --home rtx-5090 --recipe code_base=unsloth", {"fits_with_adjustments"},
     (15, 50)),
    ("qwen3-30b-a3b --finetune lora --lora-targets attention --home rtx-pro-6000-blackwell",
     {"fits", "fits_with_adjustments"}, (1.5, 12)),
]  # fmt: skip


@pytest.mark.parametrize(("words", "fits", "between"), COMMONEST)
def test_the_commonest_questions_are_answered_in_one_line(run, words, fits, between):
    told = json.loads(run("compare", *words.split(), *SAID, "--cloud", "1xh100-sxm", "--json").stdout)
    home = told["options"][0]
    assert home["fit"]["verdict"] in fits
    assert re.fullmatch(
        r"[\w .-]+, (QLoRA|LoRA|full fine-tuning), 20,000 examples × 3 epochs", told["workload"]["name"]
    )
    if between:
        assert between[0] < home["hours"]["p50"] < between[1]
    assert told["workload"]["fine_tuning"]["padding_share"] < 0.3
    assert any(n["name"] == "length_spread" and n["basis"] == "assumed" for n in told["sources"])


def test_a_person_reads_what_became_of_the_data(run):
    said = run(
        "compare", "qwen3-8b", "--finetune", "qlora", *SAID, "--home", "rtx-4090", "--lang", "de"
    ).stdout
    said = " ".join(said.split())
    assert "Qwen3 8B, QLoRA, 20.000 Beispiele × 3 Epochen" in said
    assert "3.750 Schritten zu 16 Sequenzen, je 2 auf einmal" in said
    assert "26 % des Gerechneten sind Auffüllung" in said and "14 % bis 33 %" in said


def test_decisions_and_files_of_ones_own_take_it_too(run, tmp_path):
    config = tmp_path / "config.json"
    config.write_text(json.dumps(PUBLIC["Qwen/Qwen3-8B"]))
    told = json.loads(
        run("decide", "--config", str(config), "--finetune", "lora", *SAID, "--pack", "--json").stdout
    )
    assert told["workload"]["name"].endswith(", LoRA, 20,000 examples × 3 epochs")
    assert told["workload"]["parameters"] == 8_190_735_360 and told["workload"]["fine_tuning"]["packed"]


def test_trials_cost_what_so_many_cost(snapshot, run):
    one, six = (hours(snapshot, workload="gpt2-124m", trials=n, home="rtx-4090") for n in (1, 6))
    for single, all_of_them in zip(one, six, strict=True):
        assert all_of_them.hours.p50 == pytest.approx(6 * single.hours.p50, rel=0.02)
    # A rented machine draws during its set-up too, which six runs need but once.
    assert six[0].energy_kwh.p50 == pytest.approx(6 * one[0].energy_kwh.p50, rel=0.02)
    assert six[1].energy_kwh.p50 < 6 * one[1].energy_kwh.p50
    assert six[0].cost.total.p50 == pytest.approx(6 * one[0].cost.total.p50, rel=0.02)
    said = " ".join(run("compare", "gpt2-124m", "--trials", "6").stdout.split())
    assert "GPT-2 124M, 6 runs:" in said and "those of all 6 runs" in said
    assert "trials = 0: must be between 1 and 1000" in run("compare", "--trials", "0", code=2).stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("qwen3-8b", "--finetune", "grpo", *SAID), "generates text before it trains"),
        (("qwen3-8b", "--finetune", "dpo", *SAID), "trains on pairs"),
        (("qwen3-8b", "--finetune", "ORPO", *SAID), "has no reference model"),
        (("qwen3-8b", "--finetune", "kto", *SAID), "weighs every answer against a reference model"),
        (("qwen3-8b", "--finetune", "reward_model", *SAID), "trains a score on pairs"),
        (("qwen3-8b", "--finetune", "qdora", *SAID), "nearest: dora beside 16-bit weights, or qlora"),
        (("qwen3-8b", "--finetune", "qlra", *SAID), "--finetune = 'qlra': unknown; valid: qlora"),
        (("qwen3-8b", "--finetune", "qlora", "--examples", "5"), "--mean-tokens: is missing"),
        (("qwen3-8b", "--examples", "5"), "--examples = 5: belongs to --finetune METHOD"),
        (("qwen3-8b", "--finetune", "lora", *SAID, "--tokens", "5000000"), "follows from --examples"),
        (("qwen3-8b", "--finetune", "lora", *SAID, "--recipe", "micro_batch=4"), "--per-device-batch"),
        (("qwen3-8b", "--finetune", "lora", *SAID, "--optimizer", "muon"), "steps whole matrices"),
        (("qwen3-8b", "--finetune", "full", *SAID, "--lora-rank", "8"), "is of adapters"),
        (("gpt2-124m", "--finetune", "full", *SAID, "--max-length", "4096"), "1024 learned positions"),
        (("sdxl",), "makes images"),
        (("FLUX.1-dev",), "makes images"),
        (("grpo-qwen",), "generates text before it trains"),
    ],
)
def test_what_cannot_be_told_is_refused_with_the_reason(run, words, message):
    result = run("compare", *words, code=2)
    assert message in result.stderr and len(result.stderr.strip().splitlines()) == 1


def test_a_kept_answer_is_not_asked_otherwise(run):
    result = run("report", "0123456789abcdef0123", "--finetune", "qlora", code=2)
    assert "--finetune = 'qlora'" in result.stderr and "is asked as it was" in result.stderr


def test_what_was_said_and_what_was_assumed_are_told_apart(snapshot):
    w = tuned(snapshot, lora_rank=32)
    assert w.sources["recipe.adapter_rank"].slug == w.sources["tokens"].slug == "user"
    assert w.sources["recipe.micro_batch"].slug == "heimvorteil-assumption-recipe"
    assert w.sources["architecture.d_model"].slug == "qwen3-report"


def test_a_fine_tuning_comes_back_as_it_was_asked():
    asked = AskedDecision.of(workload={"run": "qwen3-8b", "finetune": {"method": "dora", **DATA}})
    assert AskedDecision.read(asked.kept()) == asked
    with pytest.raises(InvalidValue, match=r"workload\.finetune\.method = 'lroa': unknown; valid: lora"):
        AskedDecision.of(workload={"run": "qwen3-8b", "finetune": {"method": "lroa", **DATA}})


def test_a_batch_takes_no_more_than_the_data_set_has(snapshot):
    whole = tuned(snapshot, method="lora", examples=20, per_device_batch=20, accumulate=1)
    for batch in ({"per_device_batch": 100_000}, {"per_device_batch": 20, "accumulate": 64}):
        assert tuned(snapshot, method="lora", examples=20, **batch).tokens == whole.tokens
    few = tuned(snapshot, method="lora", examples=3, mean_tokens=20)
    assert few.tokens == 3 * 4 * few.recipe.seq_len and few.recipe.micro_batch == 2
    packed = tuned(snapshot, method="lora", examples=6, pack=True)
    assert packed.tokens == 3 * 2 * 2048


def test_the_usual_rent_is_of_as_many_cards_as_share_a_batch(snapshot):
    """Two sequences a step: two cards, not a refusal of eight that nobody asked for; what is named stays."""
    of_two = compare_home_with_cloud(snapshot, AskedComparison.of(workload="llama-3-8b-full"), ASKED_AT)
    assert [option.gpu_count for option in of_two.options] == [1, 2]
    named = AskedComparison.of(workload="llama-3-8b-full", cloud="4xh100-sxm")
    with pytest.raises(InvalidValue, match="only 2 sequences"):
        compare_home_with_cloud(snapshot, named, ASKED_AT)
