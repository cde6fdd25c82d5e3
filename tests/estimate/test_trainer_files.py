"""Files of trainers as people have them: every key has an effect, what cannot be is one line."""

import math
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from service.answers.trainer_file import completed, read_file
from service.answers.trainer_text import mapping_of, text_of
from service.errors import InvalidValue
from service.estimate.trainer_files.all_trainers import TRAINERS, read_trainer_file, recognised
from service.estimate.trainer_files.as_asked import FIELD_OF, fine_tuning_of, names_of_base, recipe_of_file
from service.estimate.trainer_files.table import read

FILES = Path(__file__).parent / "trainer_files"
BASES = {
    "torchtune": {
        "model": {"_component_": "torchtune.models.llama3.lora_llama3_8b"},
        "tokenizer": {"_component_": "x.y"},
    },
    "axolotl": {"base_model": "a/b-8B", "sequence_len": 512},
    "llama-factory": {"finetuning_type": "lora", "cutoff_len": 64},
    "unsloth": {"random_state": 1, "use_rslora": False},
    "trl": {"dataset_text_field": "text", "padding_free": False},
    "transformers": {"output_dir": "x", "lr_scheduler_type": "linear"},
}  # fmt: skip
CANDIDATES = (
    True, False, 3, 7, 0.5, "4", "8", "1", "2", "3", "lora", "full", "none", "unsloth", "offload", "cpu",
    "zero3_bf16_cpuoffload_all.json", "ds_z2_config.json", "paged_adamw_8bit", "adafactor", "eager", "sdpa",
    ["k_proj"], ["lm_head"], ["mlp.experts.down_proj"],
    "bf16", "fp16", "fp32", "some/Model-7B", "full_shard offload", "shard_grad_op",
    "nf4", "chunked_nll", "torchtune.models.llama3.qlora_llama3_70b", "float32", "selective",
    "x.LinearCrossEntropyLoss", "torch.optim.SGD", "bitsandbytes.optim.PagedAdamW8bit",
)  # fmt: skip


def of(name):
    return read_file((FILES / name).read_text(), None)


def with_key(base, key, value):
    head, _, rest = key.partition(".")
    if not rest:
        return {**base, head: value}
    inside = base.get(head)
    return {**base, head: with_key(inside if isinstance(inside, dict) else {}, rest, value)}


@pytest.mark.parametrize(
    ("table", "key"),
    [(table, key) for table in TRAINERS for key in table.keys],
    ids=lambda x: getattr(x, "slug", None) or f"{x.name}-{x.sets}",
)
def test_every_key_has_an_effect(table, key):
    """Alone beside what a file must have, some value of the key moves the very field that it sets."""
    beside = {"adapter": "lora"} if (table.slug, key.sets) == ("axolotl", "base_bits") else {}
    beside |= {"bf16": False} if (table.slug, key.name) == ("axolotl", "tf32") else {}
    base = BASES[table.slug] | beside
    field = key.sets.partition(".")[0]
    table = replace(table, usual={}, usual_beside=lambda flat, found: {})
    plain = asdict(read(table, base).settings)[field]
    moved = []
    for value in CANDIDATES:
        try:
            file = read(table, with_key(base, key.name, value))
        except InvalidValue:
            continue
        if asdict(file.settings)[field] != plain:
            moved.append(value)
            assert key.name not in file.left
    assert moved


@pytest.mark.parametrize("table", TRAINERS, ids=lambda t: t.slug)
def test_every_setting_of_a_file_reaches_the_question(table):
    """Nothing is taken that the fine-tuning, the recipe, the base or the data set's part does not use."""
    asked = {
        "method", "lora_rank", "lora_targets", "pack", "max_length", "pad_to_max", "per_device_batch",
        "accumulate", "optimizer", "checkpointing", "epochs", "examples", "base_model", "modules_to_save",
        "precision", "attention", "sharding", "chunked_cross_entropy", "engine", "activations_on_host",
        "gradient_release", "weight_bytes", "optimizer_on_host", "parameters_on_host",
    }  # fmt: skip
    for key in table.keys:
        field = key.sets.partition(".")[0]
        assert FIELD_OF.get(field, field) in asked, key


def test_axolotl():
    file = of("axolotl.yml")
    asked = fine_tuning_of(file.settings, 20_000, 700.0)
    assert asked == {
        "method": "qlora", "lora_rank": 32, "lora_targets": "all-linear", "pack": True, "max_length": 4096,
        "pad_to_max": True, "per_device_batch": 2, "accumulate": 4, "optimizer": "paged-adamw-8bit",
        "checkpointing": "full", "epochs": 4, "examples": 20_000, "mean_tokens": 700.0,
    }  # fmt: skip
    assert file.settings.base_model == "NousResearch/Meta-Llama-3.1-8B-Instruct"
    assert {"learning_rate", "datasets", "special_tokens"} <= set(file.left)
    assert file.uncounted == ("val_set_size",)
    assert {one.meaning for one in file.usual} == {"sharding", "compiled", "chunked_loss", "dora"}


def test_adapters_scaled_or_stepped_otherwise_cost_the_same():
    table = next(t for t in TRAINERS if t.slug == "axolotl")
    plain = read(table, BASES["axolotl"])
    other = read(table, {**BASES["axolotl"], "peft_use_rslora": True, "loraplus_lr_ratio": 16})
    assert other.settings == plain.settings and set(other.left) - set(plain.left)


def test_llama_factory():
    file = of("llama_factory.yaml")
    asked = fine_tuning_of(file.settings, 20_000, 300.0)
    assert (asked["method"], asked["lora_targets"], asked["max_length"]) == ("lora", "query-value", 1024)
    assert asked["examples"] == 1000  # of two data sets 500 each
    assert fine_tuning_of(file.settings, 800, 300.0)["examples"] == 800
    recipe = recipe_of_file(file)
    assert (recipe["sharding"], recipe["optimizer_placement"], recipe["trainer"]) == (
        "zero-2",
        "host",
        "deepspeed",
    )
    assert recipe["chunked_cross_entropy"] is True


def test_transformers_says_neither_model_nor_adapters():
    file = of("transformers.json")
    recipe = recipe_of_file(file)
    assert (recipe["sharding"], recipe["optimizer_placement"]) == ("fsdp", "host+parameters")
    assert file.settings.optimizer_bits == 8 and file.settings.seq_len is None
    with pytest.raises(InvalidValue, match="--finetune"):
        completed({"trainer_config": (FILES / "transformers.json").read_text()})


def test_trl_says_steps():
    file = of("trl.yaml")
    assert fine_tuning_of(file.settings, None, 2048.0)["examples"] >= 300 * 8
    asked = fine_tuning_of(file.settings, 50_000, 512.0)
    assert (asked["method"], asked["lora_targets"], asked["lora_rank"]) == ("lora-8bit", "attention", 64)
    assert asked["epochs"] < 1
    assert asked["modules_to_save"] == "lm_head" and file.uncounted == ()


def test_torchtune():
    file = of("torchtune.yaml")
    asked = fine_tuning_of(file.settings, 10_000, 200.0)
    targets = "q_proj,v_proj,o_proj"
    assert (asked["method"], asked["lora_targets"], asked["epochs"]) == ("dora", targets, 100 / 1250)
    taken = {one.key: one.taken_as for one in file.taken}
    assert taken["model.lora_attn_modules"] == targets
    assert taken["model.apply_lora_to_mlp"] == "false"
    assert file.settings.base_model == "llama3.1-8b"
    recipe = recipe_of_file(file)
    assert (recipe["engine"], recipe["trainer"], recipe["activations_on_host"]) == (
        "torch-compile",
        "loop",
        True,
    )


def test_unsloth_by_groups():
    file = of("unsloth.json")
    asked = fine_tuning_of(file.settings, None, 400.0)
    assert (asked["method"], asked["examples"], asked["epochs"]) == ("qlora", 480, 1.0)
    assert asked["optimizer"] == "adamw-8bit"
    assert recipe_of_file(file)["activations_on_host"] is True


def settings_of(slug, **more):
    return read_trainer_file({**BASES[slug], **more}).settings


def test_defaults_are_those_of_the_trainers_code():
    """Read on 2026-11-28; where in each trainer's table is said in its file."""
    trl = settings_of("trl", use_peft=True)
    assert (trl.lora_rank, trl.lora_modules) == (16, ("query-value",))
    assert settings_of("trl", peft_config={"target_modules": ["q_proj"]}).lora_rank == 8
    assert trl.chunked_loss and settings_of("trl", use_liger_kernel=False).chunked_loss
    assert settings_of("trl", use_liger_kernel=True, loss_type="nll").chunked_loss
    assert settings_of("trl", loss_type="nll").chunked_loss is False
    unsloth = settings_of("unsloth")
    assert (unsloth.micro_batch, unsloth.accumulation, unsloth.optimizer_bits, unsloth.seq_len) == (
        4,
        2,
        8,
        2048,
    )
    assert settings_of("llama-factory", stage="pt").packing and not settings_of("llama-factory").packing
    axolotl = settings_of("axolotl", adapter="lora", tf32=True)
    assert (axolotl.precision, axolotl.lora_modules, axolotl.lora_rank) == ("bf16", None, None)
    assert settings_of("axolotl", bf16=False, tf32=True).precision == "tf32"
    assert settings_of("axolotl", bf16=False).precision == "fp32"
    plain = settings_of("transformers", r=None, target_modules=["q_proj"])
    assert (plain.lora_rank, plain.micro_batch, plain.epochs, plain.checkpointing) == (8, 8, 3.0, "none")
    assert settings_of("torchtune").accumulation is None
    for table in TRAINERS:
        assert table.defaults_from.url.startswith("https://github.com/") and table.defaults_from.read_on


def test_deepspeed_beside():
    beside = mapping_of("deepspeed_config", (FILES / "deepspeed.json").read_text())
    mapping = {**mapping_of("x", (FILES / "trl.yaml").read_text()), "deepspeed": "my_own.json"}
    with pytest.raises(InvalidValue, match="deepspeed_config"):
        read_trainer_file(mapping)
    file = read_trainer_file(mapping, beside)
    assert file.settings.sharding == "zero-2"
    assert "deepspeed.zero_optimization.stage" in {one.key for one in file.taken}
    with pytest.raises(InvalidValue, match=r"DeepSpeed's; give it beside"):
        read_trainer_file(beside)
    with pytest.raises(InvalidValue, match="nothing that torchtune takes"):
        read_trainer_file(BASES["torchtune"], beside)


@pytest.mark.parametrize(
    ("slug", "more", "words"),
    [
        ("axolotl", {"bf16": True, "fp16": True}, ("fp16", "contradicts bf16")),
        ("axolotl", {"load_in_4bit": True}, ("load_in_4bit", "adapter: qlora")),
        ("axolotl", {"adapter": "qlora"}, ("adapter", "load_in_4bit: true")),
        ("axolotl", {"adapter": "lorra"}, ("adapter = 'lorra'", "valid: lora")),
        ("axolotl", {"rl": "dpo"}, ("rl = 'dpo'", "preference training")),
        ("axolotl", {"rl": "orpo"}, ("rl = 'orpo'", "nearest: supervised training")),
        ("llama-factory", {"stage": "rm"}, ("stage = 'rm'", "nearest: supervised training")),
        ("axolotl", {"adapter": "qlora", "load_in_4bit": True, "peft_use_dora": True},
         ("peft_use_dora", "weights of 4 bits", "load 16 bits")),
        ("axolotl", {"micro_batch_size": 0}, ("micro_batch_size = 0", "between 1 and")),
        ("axolotl", {"sequence_len": float("inf")}, ("sequence_len", "finite")),
        ("axolotl", {"optimizer": "adamw_tork"}, None),
        ("axolotl", {"optimizer": "galore_adamw"}, ("optimizer", "valid: adamw_torch")),
        ("axolotl", {"batch_size": 8, "gradient_accumulation_steps": 2}, ("batch_size", "keep one")),
        ("llama-factory", {"stage": "dpo"}, ("stage = 'dpo'", "valid: pt, sft")),
        ("llama-factory", {"finetuning_type": "freeze"}, ("freeze", "valid: ")),
        ("llama-factory", {"finetuning_type": "full", "quantization_bit": 4}, ("quantization_bit", "full")),
        ("torchtune", {"optimizer_in_bwd": True, "gradient_accumulation_steps": 4}, ("in_bwd", "needs 1")),
        ("unsloth", {"full_finetuning": True, "load_in_8bit": True}, ("load_in_8bit", "full_finetuning")),
        ("transformers", {"load_in_4bit": True, "load_in_8bit": True}, ("load_in_8bit", "load_in_4bit")),
        ("transformers", {"lora_target_modules": ["q_prj"]}, ("q_prj", "valid: q_proj")),
        ("trl", {"max_steps": "many"}, ("max_steps = 'many'", "is not a number")),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(slug, more, words):
    table = next(t for t in TRAINERS if t.slug == slug)
    if words is None:
        read(table, {**BASES[slug], **more})
        return
    with pytest.raises(InvalidValue) as refused:
        read(table, {**BASES[slug], **more})
    line = str(refused.value)
    assert line.startswith("trainer_config.") and "\n" not in line
    assert all(word in line for word in words), line


def test_whose_file_it_is():
    for table in TRAINERS:
        assert recognised(BASES[table.slug]).slug == table.slug
    with pytest.raises(InvalidValue, match="no trainer we know; valid: torchtune"):
        recognised({"version": 2, "services": {"web": {}}})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]", "an anchor is used"),
        ("a: &a {x: 1}\nb:\n  <<: *a", "an anchor is used"),
        ("a: !!python/object/apply:os.system ['true']", "constructor for the tag"),
        ("a: 1\nb: 2\na: 3", "says a twice"),
        ('{"a": 1, "a": 2}', "says a twice"),
        ("- a\n- b", "is not a mapping"),
        ("", "is not a mapping"),
        ("a:\n\tb: 1", r"line 2"),
        ("[" * 50_000, "deeper than 12"),
        ('{"a":' * 15_000, "deeper than 12"),
        ("a: \x00", "is not YAML"),
        ("a: 1\n---\nb: 2", "another document"),
        ("a: " + "9" * 90_000, "a number is too long"),
        ('{"a": ' + "9" * 90_000 + "}", "is not JSON"),
        ("? [a, b]\n: 1", "unhashable"),
        ("a: [" + "1," * 40_000 + "]", "more than 2,000"),
        ("".join(f"k{i}: 1\n" for i in range(9000)), "more than 2,000"),
        ("x" * 200_000, "is longer than"),
    ],
    ids=range(18),
)  # fmt: skip
def test_hostile_texts_are_one_line_at_once(text, reason):
    began = time.process_time()
    with pytest.raises(InvalidValue, match=reason) as refused:
        mapping_of("trainer_config", text)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 500
    assert time.process_time() - began < 3


def test_texts_however_they_were_saved():
    assert mapping_of("x", text_of("x", b"\xef\xbb\xbfa: 1\r\nb: true\r\n")) == {"a": 1, "b": True}
    assert mapping_of("x", text_of("x", "a: 1".encode("utf-16"))) == {"a": 1}
    for data in (b"a: \xe9", b"\x80\x02}q\x00", b"\xff\xfea"):
        with pytest.raises(InvalidValue, match="is not UTF-8 text"):
            text_of("x", data)
    with pytest.raises(InvalidValue, match="is longer than"):
        text_of("x", b"a" * 300_000)
    with pytest.raises(InvalidValue, match="finite"):
        read_file("base_model: x\nsequence_len: 1.0e+999", None)


def test_names_of_a_base():
    names = [*names_of_base("unsloth/Qwen3-4B-Instruct-2507-unsloth-bnb-4bit")]
    assert names[0] == "Qwen3-4B-Instruct-2507-unsloth-bnb-4bit" and names[-1] == "Qwen3-4B"
    assert "Llama-3.1-8B" in names_of_base("C:\\models\\Meta-Llama-3.1-8B-Instruct\\")
    assert "Hermes-3-Llama-3.1-8B" in names_of_base("NousResearch/Hermes-3-Llama-3.1-8B")


def test_a_number_that_is_none_contradicts_nothing():
    """Python writes NaN into JSON, and NaN is unlike itself."""
    file = {"base_model": "x", "adapter": "lora", "lora_r": 8, "micro_batch_size": 2, "val": math.nan}
    assert read_trainer_file(file).left == ("val",)
