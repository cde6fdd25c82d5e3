"""Parts of the layers, offload without a name, and what a row cannot mean."""

import pytest

from service.estimate.case import case_of
from service.estimate.measured_run import plan_of, recipe_of
from service.estimate.printed_memory import memory_of
from tests.estimate.test_recipe_words import read, run
from tests.facts_for_tests import RTX_4090

LORA = {"workload": "lora"}


@pytest.mark.parametrize(
    ("said", "word", "layers"),
    [
        ("17 of 20 layers checkpointed", "17/20", 17),
        ("gradient checkpointing on 17 of 20 layers", "17/20", 17),
        ("activation checkpointing, 5/20 layers", "5/20", 5),
        ("recompute every second layer", "1/2", 10),
        ("selective AC every 2 layers", "1/2", 10),
        ("selective checkpointing on 4 layers", "4/20", 4),
        ("checkpointing of half of the layers", "1/2", 10),
        ("activation checkpointing of 25 % of layers", "25/100", 5),
        ("recompute 20 of 20 layers", "full", 20),
        ("gradient checkpointing; 17/20 layers", "17/20", 17),
        ("gradient checkpointing (17 of 20)", "17/20", 17),
        ("the first 4 layers use gradient checkpointing", "4/20", 4),
        ("17/20 layers frozen", None, 0),
        ("gradient checkpointing; model of 20 layers", "full", 20),
        ("saves half of the layers to disk", None, 0),
    ],
)
def test_a_part_of_the_layers_is_no_whole(said, word, layers):
    told = run(strategy_as_printed=said)
    assert told.checkpointing == word
    assert plan_of(told, recipe_of(told, RTX_4090)).checkpointed_layers == layers


def test_a_cell_may_say_a_part_and_a_text_names_it():
    assert run(checkpointing="17/20 layers").checkpointing == "17/20"
    assert run(checkpointing="full", strategy_as_printed="4 layers checkpointed").checkpointing == "4/20"
    assert run(checkpointing="full", strategy_as_printed="DDP; 17/20 layers").checkpointing == "17/20"
    assert run(checkpointing="4 layers").checkpointing == "4/20"
    shapeless = run(n_layers="", n_params="1e9", strategy_as_printed="20 layers, gradient checkpointing")
    assert shapeless.checkpointing == "full"
    assert run(checkpointing="every other layer").checkpointing == run(checkpointing="half").checkpointing
    assert run(checkpointing="17/20").checkpointing == run(checkpointing="17 of 20").checkpointing == "17/20"
    some, every = run(checkpointing="10 of 20 layers"), run(checkpointing="full")
    assert memory_of(some, RTX_4090).peak_gib.p50 > memory_of(every, RTX_4090).peak_gib.p50


@pytest.mark.parametrize(
    ("cells", "remark"),
    [
        ({"strategy_as_printed": "checkpointing of 40 of 20 layers"},
         ("strategy_as_printed", "40 of 20 layers", "")),
        ({"checkpointing": "4 layers", "n_layers": "", "n_params": "1e9"},
         ("checkpointing", "4 layers", "")),
        (LORA | {"strategy_as_printed": "LoRA rank 0"}, ("strategy_as_printed", "lora rank 0", "")),
        (LORA | {"strategy_as_printed": "LoRA, r=-8"}, ("strategy_as_printed", "lora, r=-8", "")),
        ({"notes": "capped at 0 GiB"}, ("notes", "capped at 0 gib", "")),
        ({"notes": "power limit 0 W"}, ("notes", "power limit 0 w", "")),
        ({"strategy_as_printed": "DDP on 0 GPUs"}, ("strategy_as_printed", "0 gpus", "")),
        ({"strategy_as_printed": "micro-batch 0"}, ("strategy_as_printed", "micro-batch 0", "")),
        ({"strategy_as_printed": "gradient accumulation steps = 0"},
         ("strategy_as_printed", "accumulation steps = 0", "")),
        ({"workload": "full-finetune", "strategy_as_printed": "full fine-tuning with LoRA rank 8"},
         ("strategy_as_printed", "full fine-tuning; lora rank 8", "full-finetune")),
        ({"workload": "finetune", "strategy_as_printed": "no LoRA, rank 8"},
         ("strategy_as_printed", "no lora; rank 8", "full-finetune")),
        ({"offload": "none", "strategy_as_printed": "cpu offload"}, ("offload", "none; cpu offload", "none")),
        ({"offload": "yes", "strategy_as_printed": "no offload"},
         ("offload", "yes; no offload", "optimizer")),
        ({"checkpointing": "none", "strategy_as_printed": "gradient checkpointing"},
         ("checkpointing", "none; gradient checkpointing", "none")),
        ({"offload": "yes"}, ("offload", "yes", "optimizer")),
        ({"offload": "nvme"}, ("offload", "nvme", "host memory")),
        (LORA | {"offload": "cpu", "strategy_as_printed": "LoRA; FSDP"}, None),
        (LORA | {"offload": "cpu", "strategy_as_printed": "LoRA; DeepSpeed ZeRO-3"},
         ("offload", "cpu", "optimizer")),
    ],
)  # fmt: skip
def test_what_cannot_be_is_remarked_with_its_words(cells, remark):
    assert (remark is None) == (not read(**cells).remarks)
    assert remark is None or remark in read(**cells).remarks


def test_what_cannot_be_is_not_believed():
    assert run(notes="capped at 0 GiB").memory_cap_gib is None
    assert run(**LORA, strategy_as_printed="LoRA rank 0").adapter_rank is None
    assert run(workload="finetune", strategy_as_printed="no LoRA, rank 8").workload == "full-finetune"
    assert run(notes="reserved 0 GiB").reserved_memory_gib is None
    assert run(strategy_as_printed="checkpointing of 40 of 20 layers").checkpointing is None


@pytest.mark.parametrize(
    "said",
    ["LoRA rank 8, all linear layers; peak on rank 0", "lr=0.1, beta 0.9; 10 GPUs", "power limit 280 W",
     "gradient checkpointing off", "micro-batch 4 x 0.5M tokens"],
)  # fmt: skip
def test_sound_words_are_not_doubted(said):
    workload = "lora" if "LoRA" in said else "pretrain"
    assert read(workload=workload, checkpointing="none", strategy_as_printed=said).remarks == ()


@pytest.mark.parametrize("micro_batch", ["4", ""])
@pytest.mark.parametrize("offload", ["", "yes", "cpu", "nvme", "optimizer"])
def test_the_same_row_takes_the_same_time_whatever_it_is_used_for(offload, micro_batch):
    asked, ran = (
        case_of(run(offload=offload, micro_batch=micro_batch, use_for=use), RTX_4090)
        for use in ("oom", "throughput")
    )
    assert asked == ran
    assert (ran.plan.optimizer == "gpu") == (offload == "")


def test_offload_beside_adapters_moves_the_frozen_weights():
    def placed(**cells):
        return recipe_of(run(workload="lora", **cells), RTX_4090).optimizer_placement

    assert placed(offload="yes") == placed(offload="cpu", strategy_as_printed="FSDP") == "host+parameters"
    assert placed(offload="yes", strategy_as_printed="DeepSpeed ZeRO-3") == "host"
    quantized = recipe_of(run(offload="yes", optimizer="8-bit AdamW"), RTX_4090)
    assert quantized.optimizer_placement == "8bit-paged"
    fsdp = run(offload="cpu", strategy_as_printed="FSDP full shard")
    assert recipe_of(fsdp, RTX_4090).optimizer_placement == "host+parameters"
