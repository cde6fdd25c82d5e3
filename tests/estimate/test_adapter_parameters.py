"""Adapters on any list of a model's matrices, held against what PEFT counts of the same model."""

import csv
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from service.answers.question import AskedModel
from service.errors import InvalidValue
from service.estimate.block_matrices import modules_saved
from service.estimate.memory_plan import published_plan
from service.estimate.model_config import architecture_from_config
from service.estimate.step_work import count_step, trained_parameters
from service.estimate.training_state import training_state
from service.facts import Recipe
from service.usecases.finding import workload_asked
from tests.estimate.count_model_parameters import config_of

TABLE = Path(__file__).parent / "adapter_parameters.csv"
ROWS = list(csv.DictReader(line for line in TABLE.read_text().splitlines() if not line.startswith("#")))
RECIPE = Recipe("adamw", "bf16", "torch-eager", "flash", 512, 8192, 2, trained="lora")


def recipe(row):
    return replace(
        RECIPE,
        adapter_rank=int(row["rank"]),
        adapter_targets=",".join(row["targets"].split()),
        modules_to_save=modules_saved(",".join(row["modules_to_save"].split())),
        decomposed=row["dora"] == "true",
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r['config'].split(';')[0][11:]} {r['targets']}")
def test_a_list_of_matrices_has_the_adapters_that_peft_makes(row):
    a = architecture_from_config(config_of(row["config"]))
    if row["trained"].startswith("refused"):
        with pytest.raises(InvalidValue):
            trained_parameters(a, recipe(row))
    else:
        assert trained_parameters(a, recipe(row)) == int(row["trained"])


def asked(snapshot, run, **said):
    model = AskedModel.of(run=run, finetune={"method": "lora", "examples": 5000, "mean_tokens": 600, **said})
    return workload_asked(snapshot, model, None, date(2026, 11, 28))


def state(workload):
    plan = published_plan(workload.recipe, workload.architecture.n_layers)
    return training_state(workload.architecture, workload.recipe, plan, 1)


def test_names_count_what_the_word_for_them_counts(snapshot):
    for word, names in {
        "query-value": "q_proj,v_proj", "attention": "q_proj,k_proj,v_proj,o_proj",
        "all-linear": "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj",
    }.items():  # fmt: skip
        a, b = (asked(snapshot, "qwen3-8b", lora_targets=said) for said in (word, names))
        assert trained_parameters(a.architecture, a.recipe) == trained_parameters(b.architecture, b.recipe)
        assert state(a) == state(b)
        assert count_step(a.architecture, a.recipe, plan_of(a), 1) == count_step(
            b.architecture, b.recipe, plan_of(b), 1
        )
    by_hand = 36 * 16 * (4096 + 4096 + 4096 + 1024)
    told = asked(snapshot, "qwen3-8b", lora_targets=["q_proj", "v_proj"])
    assert trained_parameters(told.architecture, told.recipe) == by_hand


def plan_of(workload):
    return published_plan(workload.recipe, workload.architecture.n_layers)


def test_what_is_trained_in_full_is_a_16_bit_copy_with_gradients_and_states(snapshot):
    """Qwen3 8B's head is 151,936 x 4,096 weights: copy, gradient and two states of 2 bytes each."""
    plain = state(asked(snapshot, "qwen3-8b", lora_targets="q_proj"))
    saved = state(asked(snapshot, "qwen3-8b", lora_targets="q_proj", modules_to_save="lm_head"))
    each = 2 * 151_936 * 4096
    assert saved.weights - plain.weights == each and saved.gradients - plain.gradients == each
    assert saved.states - plain.states == 2 * each
    both = asked(snapshot, "qwen3-8b", lora_targets="q_proj", modules_to_save=["lm_head", "embed_tokens"])
    assert state(both).weights - plain.weights == 2 * each
    assert both.recipe.modules_to_save == "embed_tokens,lm_head"
    few_bits = asked(snapshot, "qwen3-8b", method="qlora", modules_to_save="lm_head")
    without = asked(snapshot, "qwen3-8b", method="qlora")
    assert state(few_bits).weights - state(without).weights == 2 * each


def test_the_head_trained_in_full_takes_the_time_of_its_gradient(snapshot):
    def flops(**said):
        w = asked(snapshot, "qwen3-8b", lora_targets="q_proj", **said)
        return count_step(w.architecture, w.recipe, plan_of(w), 1).head_flops

    assert flops(modules_to_save="lm_head") == pytest.approx(1.5 * flops())
    assert flops(modules_to_save="embed_tokens") == flops()


@pytest.mark.parametrize(
    ("run_of", "said", "message"),
    [
        (
            "qwen3-8b",
            "q_prj,v_proj",
            "--lora-targets = 'q_prj': no linear matrix of this model; valid: ",
        ),
        ("phi-4", "q_proj,v_proj", "'q_proj': no linear matrix of this model (phi3); valid: qkv_proj"),
        ("qwen3-8b", "layers.3.q_proj", "adapters on single layers are not counted"),
        ("qwen3-30b-a3b", "gate_proj", "is one matrix with up_proj of experts; name both"),
        ("gpt-oss-20b", "gate_proj,up_proj", "this model's experts are fused tensors"),
    ],
)
def test_names_that_a_model_does_not_have_are_refused_with_the_nearest(run, run_of, said, message):
    words = ("--finetune", "lora", "--examples", "5000", "--mean-tokens", "600", "--lora-targets", said)
    stderr = run("compare", run_of, *words, code=2).stderr
    assert message in stderr and len(stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--modules-to-save", "mlp"),
            "--modules-to-save = 'mlp': trained in full beside adapters it is not",
        ),
        (("--recipe", "adapter_targets=q_prj"), "--recipe adapter_targets = 'q_prj'"),
    ],
)
def test_bad_names_elsewhere_are_refused_by_their_own_field(run, words, message):
    finetune = () if words[0] == "--recipe" else (
        "--finetune", "lora", "--examples", "5000", "--mean-tokens", "600")  # fmt: skip
    model = "qwen3-8b-lora" if not finetune else "qwen3-8b"
    assert message in run("compare", model, *finetune, *words, code=2).stderr


@pytest.mark.parametrize(
    ("model", "targets", "says"),
    [
        ("qwen3-8b", "q_proj,v_proj", "adapters of rank 16 on q_proj, v_proj."),
        ("qwen3-30b-a3b", "all-linear", "Every expert carries adapters"),
        ("gpt-oss-20b", "q_proj,gate_proj,up_proj,down_proj", "Experts carry no adapter"),
        ("phi-4", "qkv_proj,o_proj", "adapters of rank 16 on qkv_proj, o_proj."),
    ],
)
def test_a_person_reads_which_matrices_and_how_many_parameters(run, model, targets, says):
    words = ("--finetune", "lora", "--examples", "5000", "--mean-tokens", "600", "--lora-targets", targets)
    said = " ".join(run("compare", model, *words, "--home", "rtx-pro-6000-blackwell").stdout.split())
    assert says in said and "parameters are trained" in said


def test_a_trainers_file_names_modules_too(run, tmp_path):
    file = tmp_path / "axolotl.yml"
    file.write_text(
        "base_model: Qwen/Qwen3-8B\nadapter: lora\nlora_r: 16\nsequence_len: 2048\nmicro_batch_size: 2\n"
        "gradient_accumulation_steps: 8\n"
        "lora_target_modules: [q_proj, v_proj, down_proj]\nlora_modules_to_save: [embed_tokens, lm_head]\n"
    )
    data = ("--examples", "5000", "--mean-tokens", "600", "--home", "rtx-pro-6000-blackwell")
    told = json.loads(run("compare", "--trainer-config", str(file), *data, "--json").stdout)
    tuning = told["workload"]["fine_tuning"]
    low_rank = 36 * 16 * (4096 + 4096 + 4096 + 1024 + 12_288 + 4096)
    assert tuning["trained_parameters"] == low_rank + 2 * 151_936 * 4096
    assert tuning["adapter_targets"] == "q_proj,v_proj,down_proj"
    assert told["workload"]["trainer_file"]["uncounted"] == []


def test_every_workload_of_the_catalog_names_matrices_that_it_has(snapshot):
    for workload in snapshot.workloads.values():
        assert trained_parameters(workload.architecture, workload.recipe) > 0
