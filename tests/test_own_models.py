"""A model of one's own, or another recipe: every command that asks takes it, and ignores nothing of it."""

import json
import re
from datetime import date

import pytest

from service.answers.question import AskedDecision, AskedModel
from service.errors import InvalidValue
from service.estimate.model_config import architecture_from_config
from service.estimate.model_notes import model_notes
from service.facts import Recipe
from service.usecases.finding import workload_asked

GEMMA_3_4B = {
    "model_type": "gemma3", "vision_config": {},
    "text_config": {
        "model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240,
        "num_hidden_layers": 34, "sliding_window": 1024,
    },
}  # fmt: skip
DIMENSIONS = ("--dimensions", "n_layers=12,d_model=768,n_heads=12,vocab_size=50304")
DAY = date(2026, 11, 28)
TOKENS = ("--tokens", "10000000000")


@pytest.fixture
def config(tmp_path):
    """A file as Python writes one, with numbers that are none."""
    path = tmp_path / "gemma.json"
    path.write_text(json.dumps({**GEMMA_3_4B, "limit": [0.0, float("inf")], "x": float("nan")}))
    return str(path)


def test_every_command_that_asks_takes_a_config(run, config, tmp_path):
    written = str(tmp_path / "answer.json")
    said = json.loads(run("compare", "--config", config, *TOKENS, "--json").stdout)
    assert said["workload"]["parameters"] == 3_880_263_168
    assert said["workload"]["model_notes"] == ["text-part", "short-windows"]
    assert "The text part alone is counted" in run("compare", "--config", config, *TOKENS).stdout
    decided = json.loads(run("decide", "--config", config, *TOKENS, "--json").stdout)
    assert decided["workload"]["parameters"] == 3_880_263_168
    run("report", "--config", config, *TOKENS, "-o", written)
    run("reports", "schedule", "--config", config, *TOKENS, "--name", "own")
    assert run("reports", "show", "own").stdout.startswith("own:")


def test_dimensions_and_a_recipe_reach_a_decision(run):
    recipe = ("--recipe", "seq_len=1024,micro_batch=16,chunked_cross_entropy=true")
    said = json.loads(run("decide", *DIMENSIONS, *recipe, *TOKENS, "--json").stdout)
    assert (said["workload"]["name"], said["workload"]["seq_len"]) == ("own model", 1024)


def test_a_run_of_the_catalog_takes_another_recipe(run):
    published = json.loads(run("compare", "gpt2-124m", "--json").stdout)
    other = json.loads(run("compare", "gpt2-124m", "--recipe", "micro_batch=1", "--json").stdout)
    assert other["workload"]["name"] == "gpt2-124m, micro_batch=1"
    assert other["workload"]["tokens"] == published["workload"]["tokens"]
    home, published_home = other["options"][0], published["options"][0]
    assert home["fit"]["peak_memory_gib"] < published_home["fit"]["peak_memory_gib"]
    assert next(n for n in other["sources"] if n["name"] == "micro_batch")["basis"] != "derived"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("compare", "--recipe", "nonsense=4"), "recipe = 'nonsense': unknown; valid: engine"),
        (("decide", "--recipe", "micro_batch=x"), "--recipe micro_batch = 'x'"),
        (("decide", "--recipe", "micro_batch=1,micro_batch=2"), "says micro_batch twice"),
        (("decide", "--recipe", "master_weights=4"), "--recipe master_weights = 4: must be true or false"),
        (("decide", "--recipe", "adapter_rank=-1"), "--recipe adapter_rank = -1"),
        (("decide", "--recipe", "frozen_weight_bytes=3"), "valid: 4, 2, 1, 0.5625, 0.52"),
        (("compare", "gpt2-124m", "--recipe", "seq_len=2048"), "1024 learned positions"),
        (("decide", "gpt2-124m", *DIMENSIONS, *TOKENS), "describes another run than gpt2-124m"),
        (("decide", "--dimensions", "n_layer=12", *TOKENS), "'n_layer': unknown; valid: n_layers"),
        (("decide", "--dimensions", "extra_matrices=1", *TOKENS), "'extra_matrices': unknown"),
        (("decide", DIMENSIONS[0], DIMENSIONS[1] + ",block=lama", *TOKENS), "valid: llama"),
        (("decide", *DIMENSIONS), "--tokens: an own model needs a number of tokens"),
        (("report", "0123456789abcdef0123", "--home-count", "2"), "is asked as it was"),
        (("report", "0123456789abcdef0123", "--recipe", "micro_batch=2"), "is asked as it was"),
    ],
)
def test_what_is_not_taken_is_refused(run, words, message):
    result = run(*words, code=2)
    assert message in result.stderr and len(result.stderr.strip().splitlines()) == 1


def test_a_question_on_another_recipe_comes_back_as_it_was():
    asked = AskedDecision.of(workload={"run": "gpt2-124m", "recipe": {"micro_batch": 1}})
    assert AskedDecision.read(asked.kept()) == asked
    with pytest.raises(InvalidValue, match=r"workload\.tokens = None: is missing"):
        AskedDecision.of(workload={"config": GEMMA_3_4B})


def test_another_recipe_is_no_longer_the_published_hours(snapshot):
    one = AskedModel.of(run="nanochat-d32", recipe={"micro_batch": 1})
    changed = workload_asked(snapshot, one, None, DAY)
    published = workload_asked(snapshot, "nanochat-d32", None, DAY)
    assert changed.reference_hours is None and published.reference_hours
    assert changed.sources["recipe.micro_batch"].slug == "user"
    assert changed.sources["recipe.seq_len"] == published.sources["recipe.seq_len"]
    same = AskedModel.of(run="nanochat-d32", recipe={"micro_batch": published.recipe.micro_batch})
    assert workload_asked(snapshot, same, None, DAY) == published


def test_notes_are_those_of_the_model():
    recipe = Recipe("adamw", "bf16", "torch-eager", "flash", 2048, 2**19, 8)
    notes = {
        kind: model_notes(architecture_from_config({"model_type": kind}), recipe)
        for kind in ("llama", "bert", "t5", "deepseek_v3", "llama4_text", "gpt_oss", "gemma3n_text")
    }
    assert notes == {
        "llama": (), "bert": ("encoder",), "t5": ("encoder-decoder",),
        "deepseek_v3": ("latent-attention",), "llama4_text": ("every-expert",),
        "gpt_oss": ("short-windows",), "gemma3n_text": ("short-windows", "streams"),
    }  # fmt: skip


FINE = ("--finetune", "lora", "--examples", "2000", "--mean-tokens", "700")
ASKED = {
    "fine-tuning": ("qwen3-8b", *FINE, "--home", "3xrtx-3090", "--cloud", "1xh200-sxm"),
    "dimensions": (*DIMENSIONS, *TOKENS, "--home-count", "3"),
    "recipe": ("gpt2-124m", "--recipe", "micro_batch=16", "--home-count", "3"),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_a_recipe_that_nobody_published_is_told_as_asked(run, asked):
    told = run("compare", *asked, "--explain").stdout
    german = run("compare", *asked, "--explain", "--lang", "de").stdout
    assert "as asked" in told and "wie angegeben" in german
    for said in (told, german):
        assert not re.search(
            "as published(?! on)|published (batch|recipe)|wie veröffentlicht|veröffentlichte Batch", said
        )


def test_what_nobody_asked_to_change_is_told_as_published(run):
    assert "yes, as published" in run("compare", "gpt2-124m", "--tokens", "1000000000").stdout
    assert "beyond the published recipe" in run("compare", "nanochat-d32").stdout
    own = run("compare", "nanochat-d32", "--recipe", "micro_batch=9").stdout
    assert "changes to the training code beyond what was asked." in own


ADAPTER = {"peft_type": "LORA", "r": 16, "target_modules": ["q_proj"], "base_model_name_or_path": "x/y"}
REFUSED = [
    (("qwen3-8b", *FINE, "--optimizer", "muon"), "--optimizer = 'muon': steps whole matrices"),
    (("qwen3-8b", *FINE, "--tokens", "9"), "--tokens = 9: follows from --examples and --mean-tokens"),
    (("qwen3-8b", *FINE, "--recipe", "seq_len=9"), "--recipe seq_len = 9: follows from --mean-tokens"),
    (("gpt2-124m", "--recipe", "nonsense=4"), "--recipe = 'nonsense': unknown"),
    (("gpt2-124m", "--recipe", "micro_batch=4.5"), "--recipe micro_batch = 4.5: must be a whole number"),
    (("gpt2-124m", "--recipe", "sharding=zero-3"), "is called fsdp here; valid: fsdp"),
    (("gpt2-124m", "--recipe", "optimizer=adamw8bit"), "say optimizer_placement=8bit"),
    (("--dimensions", "n_layers=12 d_model=768", *TOKENS), "n_layers = '12 d_model=768': must be a whole"),
    (("--dimensions", "n_layers=12", *TOKENS), "--dimensions d_model: is missing"),
    (("gpt2-124m", "--trials", "0"), "--trials = 0"),
    (("qwen3-8b", "--finetune", "full", *FINE[2:], "--lora-rank", "16"), "--lora-rank = 16: is of adapters"),
]


@pytest.mark.parametrize(("asked", "line"), REFUSED, ids=[line for _, line in REFUSED])
def test_a_refusal_speaks_of_options(run, asked, line):
    said = run("compare", *asked, code=2).stderr
    assert line in said and said.count("\n") == 1
    assert not re.search(r"finetune\.|recipe\.|architecture\.|workload\.", said)


def test_methods_and_optimizers_are_known_however_they_are_written(run):
    said = run("compare", "qwen3-8b", "--finetune", "QLoRA", *FINE[2:], "--optimizer", "AdamW").stdout
    assert said.startswith("Qwen3 8B, QLoRA, 2,000 examples")


@pytest.mark.parametrize(
    ("file", "what"),
    [
        (ADAPTER, "PEFT's adapter_config.json"),
        ({"weight_map": {"a": "b"}, "metadata": {}}, "the index of a checkpoint's files"),
        ({"tokenizer_class": "LlamaTokenizer"}, "a tokenizer's file"),
        ({"log_history": [], "global_step": 3}, "`heimvorteil measure` learns from it"),
        ({"general.architecture": "llama", "llama.block_count": 32}, "a GGUF's metadata"),
        ({"_class_name": "UNet2DConditionModel", "_diffusers_version": "0.19"}, "an image model"),
        ({"dim": 4096, "n_layers": 32, "n_heads": 32}, "Meta's params.json"),
        ({"eos_token_id": 2, "transformers_version": "4.31"}, "a generation_config.json"),
        ({"per_device_train_batch_size": 8, "optim": "adamw_torch"}, "give it as --trainer-config"),
    ],
)
def test_a_file_that_is_another_one_is_told_what_it_is(run, tmp_path, file, what):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(file))
    assert what in run("compare", "--config", str(path), *FINE, code=2).stderr


def test_a_trainers_file_that_is_none_is_named_and_told_what_it_is(run, tmp_path):
    path = tmp_path / "mine.json"
    for file, what in (
        (
            {"model_type": "llama", "architectures": ["LlamaForCausalLM"]},
            "is a model's config.json; give it as --config",
        ),
        ({"log_history": [], "global_step": 3}, "is a trainer_state.json"),
        ({"zero_optimization": {"stage": 2}, "train_batch_size": "auto"}, "(--deepspeed-config)"),
        ({"base_model": "x/own-7b", "adapter": "lora", "lora_r": 8}, "give its config.json as --config"),
    ):
        path.write_text(json.dumps(file))
        said = run("compare", "--trainer-config", str(path), *FINE[2:], code=2).stderr
        assert what in said and ("mine.json" in said or "own-7b" in said)


@pytest.mark.parametrize(
    ("stored", "method", "needed"),
    [
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "lora", "qlora"),
        ({"quant_method": "gptq", "bits": 4}, "full", "qlora"),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "dora", "lora-8bit"),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "qlora", None),
        ({"quant_method": "fp8", "bits": 8}, "lora", None),
        ("none", "lora", None),
    ],
)
def test_weights_stored_in_few_bits_are_not_taken_for_whole_ones(snapshot, stored, method, needed):
    data = {"method": method, "examples": 2000, "mean_tokens": 700}
    asked = AskedModel.of(config={**GEMMA_3_4B, "quantization_config": stored}, finetune=data)
    if needed is None:
        assert workload_asked(snapshot, asked, None, DAY).fine_tuning.method == method
        return
    with pytest.raises(InvalidValue, match=r"stored in . bits") as refused:
        workload_asked(snapshot, asked, None, DAY)
    assert refused.value.field == "finetune.method" and refused.value.choices == (needed,)
