"""Rows whose numbers cannot be or deny each other: remarked, and no such number is believed."""

import pytest

from tests.estimate.test_recipe_words import read, run

TEXT = "strategy_as_printed"


def lora(said):
    return read(workload="lora", strategy_as_printed=said)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("LoRA; rank 0", "rank 0"),
        ("LoRA; rank -4", "rank -4"),
        ("LoRA. rank: 0", "rank: 0"),
        ("LoRA (rank=-4)", "lora (rank=-4"),
        ("LoRA; r=0", "r=0"),
        ("LoRA; r 0", "r 0"),
        ("LoRA; rank 100000", "rank 100000"),
        ("LoRA; r=100000", "rank 100000"),
        ("LoRA, rank 1281", "rank 1281"),
    ],
)
def test_a_rank_that_cannot_be_is_remarked_and_not_believed(said, words):
    told = lora(said)
    assert list(told.remarks) == [(TEXT, words, "")]
    assert told.run.adapter_rank is None


@pytest.mark.parametrize(
    ("said", "rank"),
    [
        ("LoRA; r 64, alpha 16", 64),
        ("LoRA r=64, alpha=16", 64),
        ("LoRA; r: 8", 8),
        ("LoRA; r16", 16),
        ("LoRA; rank is 32", 32),
        ("LoRA; rank-16", 16),
        ("LoRA; rank 8; peak on rank 0", 8),
        ("LoRA; deepseek-r1", None),
        ("LoRA; alpha 16", None),
        ("LoRA; memory of rank 0", None),
    ],
)
def test_a_rank_is_read_however_it_is_written(said, rank):
    assert lora(said).run.adapter_rank == rank
    assert lora(said).remarks == ()


@pytest.mark.parametrize(
    ("cells", "remark"),
    [
        ({"workload": "pretrain", TEXT: "QLoRA rank 8"}, (TEXT, "qlora rank 8", "pretrain")),
        ({"workload": "pretrain", TEXT: "nf4"}, (TEXT, "nf4", "pretrain")),
        ({"workload": "finetune", TEXT: "load_in_4bit"}, (TEXT, "load-in-4bit", "full-finetune")),
        ({"workload": "pretrain", "precision": "nf4"}, ("precision", "nf4", "bf16")),
        ({"n_params": "7e9"}, ("n_params", "7e9", "692M")),
        ({"n_params": "100M"}, ("n_params", "100M", "477M")),
        ({"gpu_count": "8", "nodes": "3"}, ("nodes", "3; 8 GPUs", "")),
        ({"gpu_count": "2", "nodes": "4"}, ("nodes", "4; 2 GPUs", "")),
        ({"seq_len": "nan"}, ("seq_len", "nan", "2048")),
        ({"gpu_count": "8", "parallelism": "single"}, ("parallelism", "single; 8 GPUs", "zero-1")),
        ({"global_batch_tokens": "512"}, ("global_batch_tokens", "512; 4 x 2048", "")),
        ({"use_for": "banana"}, ("use_for", "banana", "")),
        ({"use_for": "oom; banana"}, ("use_for", "banana", "")),
        ({"workload": "lora", TEXT: "LoRA on mlp"}, (TEXT, "mlp", "all-linear")),
        ({"workload": "lora", TEXT: "LoRA; mlp only"}, (TEXT, "mlp", "all-linear")),
        ({"workload": "lora", TEXT: "LoRA; Wqkv"}, (TEXT, "wqkv", "attention")),
        ({"workload": "lora", TEXT: "LoRA targets qkv"}, (TEXT, "qkv", "attention")),
        ({"workload": "lora", TEXT: "LoRA on q, k, v"}, (TEXT, "q, k, v", "attention")),
        ({"workload": "lora", TEXT: "LoRA; target_modules: embeddings"}, (TEXT, "embeddings", "all-linear")),
        ({"workload": "lora", TEXT: "LoRA on q and v and embeddings"}, (TEXT, "embeddings", "query-value")),
    ],
)
def test_what_denies_the_rest_of_its_row_is_remarked(cells, remark):
    assert list(read(**cells).remarks) == [remark]


@pytest.mark.parametrize(
    "cells",
    [
        {"n_params": "563M"},
        {"n_params": "700M"},
        {"n_params": "47e9", "model": "Mixtral-8x7B"},
        {"gpu_count": "8", "nodes": "2"},
        {"seq_len": ""},
        {"gpu_count": "8", "parallelism": "ddp"},
        {"parallelism": "single"},
        {"global_batch_tokens": "8192"},
        {"workload": "pretrain", TEXT: "AdamW 8-bit; no LoRA"},
        {"workload": "lora", TEXT: "LoRA on q,k,v,o,gate,up,down"},
        {"workload": "lora", TEXT: "LoRA on q_proj, k_proj, v_proj, o_proj"},
        {"workload": "lora", TEXT: "LoRA rank 8 on all linear layers; tied embeddings; gated MLP, SwiGLU"},
    ],
)
def test_what_agrees_is_not_doubted(cells):
    assert read(**cells).remarks == ()


def test_numbers_that_are_denied_are_left_out():
    assert run(gpu_count="8", nodes="3").nodes is None
    assert run(global_batch_tokens="512").global_batch_tokens is None
    assert run(global_batch_tokens="8192").global_batch_tokens == 8192


@pytest.mark.parametrize(
    ("written", "uses"),
    [
        ("OOM", {"oom"}),
        ("Out of memory", {"oom"}),
        ("out-of-memory", {"oom"}),
        ("oom;memory", {"oom", "memory"}),
        ("oom, memory", {"oom", "memory"}),
        ("oom+memory", {"oom", "memory"}),
        ("OOM / Memory", {"oom", "memory"}),
        ("oom memory", {"oom", "memory"}),
        ("oom|memory", {"oom", "memory"}),
        ("oom and memory", {"oom", "memory"}),
        ("power limit", {"power_limit"}),
        ("power_limit", {"power_limit"}),
        ("Power-Limit; power", {"power", "power_limit"}),
        ("fits", {"fit"}),
        ("none", {"none"}),
        ("", {"throughput", "memory"}),
        ("n/a", {"throughput", "memory"}),
        ("throughput+memory", {"throughput", "memory"}),
    ],
)
def test_uses_are_understood_however_they_are_divided(written, uses):
    told = read(use_for=written)
    assert (told.run.use_for, told.remarks) == (uses, ())


def test_an_unknown_use_leaves_the_known_ones():
    assert run(use_for="oom; banana").use_for == {"oom"}
    assert run(use_for="banana").use_for == {"throughput", "memory"}
