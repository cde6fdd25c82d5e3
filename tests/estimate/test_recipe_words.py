"""Words of recipes, as the tables of published runs write them, and what each is read for."""

import pytest

from service.errors import UnknownName
from service.estimate.measured_run import memory_plan_of, recipe_of, weights_of, with_shape
from service.estimate.run_records.offload_words import offload_in, offload_of
from service.estimate.run_records.optimizer_words import optimizer_bits_of, optimizer_of
from service.estimate.run_records.recipe_text import believed, understood
from service.estimate.run_records.recipe_words import (
    ATTENTION,
    CHECKPOINTING,
    PARALLELISM,
    PRECISIONS,
    WORKLOADS,
    adapter_rank_in,
    adapter_targets_in,
    meaning,
    model_parallel,
    trainer_of,
)
from service.estimate.run_records.run_table import read_runs
from service.estimate.run_records.width_words import frozen_bits_in, weights_in
from tests.facts_for_tests import GPUS, RTX_4090, RUNS

CELLS = {"id": "mine", "project": "p", "model": "m", "gpu": "rtx-4090", "gpu_count": "1",
         "n_layers": "20",
         "d_model": "1280", "n_heads": "10", "vocab": "65536", "seq_len": "2048",
         "micro_batch": "4"}  # fmt: skip


def gpu(name, *_):
    if name not in GPUS:
        raise UnknownName("gpu", name, GPUS)
    return GPUS[name]


def read(**cells):
    cells = CELLS | cells
    (row,) = read_runs([list(cells), list(cells.values())], gpu)
    assert row.problem is None, row.problem
    return row


def run(**cells):
    return read(**cells).run


@pytest.mark.parametrize(
    ("reader", "words"),
    [
        (optimizer_of, {"Adam": "adamw", "AdamW": "adamw", "DecoupledAdamW": "adamw", "fused LAMB": "lamb",
                        "SGD": "sgd", "Lion": "lion", "Adafactor": "adafactor", "Muon+Adam": "muon+adamw",
                        "8-bit AdamW": "adamw", "paged AdamW 32-bit": "adamw", "adamw_bnb_8bit": "adamw",
                        "no optimizer step": "sgd", "SOAP": None, "millions": None}),
        (optimizer_bits_of, {"8-bit AdamW": 8, "4-bit AdamW": 4, "AdamW (bf16 states)": 16, "adamw_8bit": 8,
                             "AdamW (fp32 states)": 32, "paged_adamw_8bit": 8, "paged/8-bit optimizer": 8,
                             "AdamW": None, "8-bit base weights": None, "LLM.int8 weights": None}),
        (offload_of, {"yes": "some", "none": "none", "no": "none", "parameters": "parameters", "": None,
                      "optimizer": "optimizer", "optimizer to CPU": "optimizer", "gradients": "gradients",
                      "params+optimizer to CPU": "optimizer+parameters", "cpu": "some", "magic": None,
                      "parameters, activations": "parameters", "activations": "none"}),
        (offload_in, {"deepspeed zero-2 with optimizer offload": "optimizer", "no offload": "none",
                      "optimizer and parameter offload": "optimizer+parameters", "offloads": "some",
                      "fsdp full-shard, cpu offload of parameters (fsdp cpuoffload)": "parameters",
                      "fsdp full-shard auto-wrap with cpu offload": "optimizer+parameters",
                      "--offload-master --offload-opt-v": "optimizer", "--offload-residual": "none",
                      "everything offloaded to host": "optimizer+parameters", "single gpu": None,
                      "optimizer state cpu offload": "optimizer", "compile, act offload": "none"}),
        (adapter_rank_in, {"LoRA rank 64, all linear layers": 64, "r=16": 16, "lora_r: 8": 8, "rank of 4": 4,
                           "rank and targets not printed": None, "DDP": None}),
        (adapter_targets_in, {"rank 16 on all linear layers": "all-linear", "on q and v": "query-value",
                              "on c_attn, c_proj, w1, w2": "all-linear", "q_proj, v_proj": "query-value",
                              "query_key_value": "attention", "q_proj,k_proj,v_proj,o_proj": "attention",
                              "q,k,v,o,gate,up,down": "all-linear", "default targets": "query-value",
                              "rank 8": None}),
        (frozen_bits_in, {"QLoRA nf4": 4, "Q-LoRA int4 (GPTQ base model)": 4, "beside LLM.int8 weights": 8,
                          "LoRA on bf16 weights": 16, "LoRA on float16 weights": 16, "LoRA": None,
                          "LoRA on fp32 weights": 32, "LoRA, 8-bit AdamW": None}),
        (weights_in, {"fp32 master weights + bf16 autocast": "fp32", "fp16 autocast, fp32 weights": "fp32",
                      "bf16 (autocast over fp32 weights)": "fp32", "pure bf16 not set": "fp32", "AMP": "fp32",
                      "bf16-mixed": "fp32", "pure bf16: weights, gradients, states": "16-bit",
                      "weights and AdamW states bf16": "16-bit", "bf16-true": "16-bit", "flash": None,
                      "weights, gradients and optimizer states bf16": "16-bit",
                      "bf16 weights with fp32 master": "16-bit+master"}),
        (trainer_of, {"HF Trainer": "hf-trainer", "Hugging Face Trainer": "hf-trainer",
                      "Accelerate": "hf-trainer",
                      "HF Trainer; DeepSpeed ZeRO-3": "deepspeed", "Megatron-DeepSpeed": "megatron",
                      "Megatron-LM": "megatron", "plain PyTorch script": "loop", "own trainer": "loop",
                      "torchtune": "loop", "somebody": None}),
        (model_parallel, {"TP4, tensor parallel 4": 4, "cp=2": 2, "context parallel 4": 4, "TP 4 x PP 12": 48,
                          "tensor_model_parallel_size=8": 8, "2-way tensor parallel": 2,
                          "TP1 PP1": 1, "DDP": 1}),
    ],
)  # fmt: skip
def test_a_word_is_read_for_what_it_means(reader, words):
    assert {word: reader(word) for word in words} == words


@pytest.mark.parametrize(
    ("patterns", "words"),
    [
        (CHECKPOINTING, {"none": "none", "off": "none", "gradient checkpointing off": "none", "full": "full",
                         "without": "none", "no gradient checkpointing": "none",
                         "every 2nd layer": "selective",
                         "remat minimal": "selective", "gradient checkpointing": "full"}),
        (PRECISIONS, {"int8": "int8", "nf4": "nf4", "int4": "nf4", "fp8": "fp8", "bf16-true": "bf16"}),
        (PARALLELISM, {"FSDP SHARD_GRAD_OP": "zero-2", "FSDP NO_SHARD": "ddp", "DeepSpeed ZeRO-3": "fsdp",
                       "ZeRO stage 2": "zero-2", "cp=4": "fsdp"}),
        (ATTENTION, {"not fused": "naive", "flash": "flash", "no flash": "naive",
                     "flash attention off": "naive"}),
        (WORKLOADS, {"dpo": "full-finetune", "sft": "full-finetune", "finetune": "full-finetune"}),
    ],
)  # fmt: skip
def test_a_cell_is_read_for_what_it_means(patterns, words):
    assert {word: meaning(patterns, word) for word in words} == words


@pytest.mark.parametrize(
    ("said", "field", "expected"),
    [
        ("no gradient checkpointing", "checkpointing", "none"),
        ("without activation checkpointing", "checkpointing", "none"),
        ("gradient checkpointing off", "checkpointing", "none"),
        ("gradient_checkpointing=False", "checkpointing", "none"),
        ("gradient checkpointing", "checkpointing", "full"),
        ("grad_checkpoint=True", "checkpointing", "full"),
        ("MLP and L-attention checkpoints", "checkpointing", "selective"),
        ("activation checkpointing of every 2nd layer", "checkpointing", "1/2"),
        ("Liger kernels", "chunked_cross_entropy", True),
        ("fused linear cross entropy", "chunked_cross_entropy", True),
        ("no fused cross-entropy (fp32 logits)", "chunked_cross_entropy", False),
        ("JAX, XLA", "engine", "torch-compile"),
        ("DDP, compile off", "engine", "torch-eager"),
        ("attention eager", "engine", None),
        ("attention eager", "attention", "naive"),
        ("use_flash False", "attention", "naive"),
        ("SDPA (EFFICIENT_ATTENTION; no FLASH)", "attention", "flash"),
        ("activation CPU offload", "activations_on_host", True),
        ("SwiGLU", "gated_mlp", True),
        ("tied embeddings", "tied_embeddings", True),
        ("untied embeddings", "tied_embeddings", False),
        ("HF Trainer; 8-bit AdamW", "optimizer", "8-bit adamw"),
        ("DeepSpeed ZeRO-2", "parallelism", "zero-2"),
        ("power limit 280 W of 350 W", "power_limit_watts", 280.0),
        ("2x 3090 without NVLink, power limited to 280W", "power_limit_watts", 280.0),
        ("enforced limit 117.9 W", "power_limit_watts", 117.9),
        ("stock limit 390 W, maximum 480 W", "power_limit_watts", None),
        ("2x 3090 without NVLink", "gpu_link", False),
        ("NVLink bridge", "gpu_link", True),
        ("capped at 11.4 GiB of allocations", "memory_cap_gib", 11.4),
        ("reserved at the end 11.0488 GiB", "reserved_memory_gib", 11.0488),
        ("nothing of the kind", "weights_in", None),
    ],
)
def test_text_fills_what_has_no_column(said, field, expected):
    assert getattr(run(strategy_as_printed=said), field) == expected


def test_none_is_a_word_where_the_column_has_one():
    said = run(checkpointing="none", offload="none", attention="none", parallelism="none")
    assert (said.checkpointing, said.offload) == ("none", "none")
    assert said.attention is None and said.parallelism is None
    assert run(checkpointing="", offload="").offload is None


def test_notes_are_believed_where_they_do_not_guess():
    notes = "GUESSED: full checkpointing, rank 8; checkpointing not printed; [oom] naive attention. SwiGLU"
    assert believed(notes) == ["swiglu"]
    assert run(notes="nanoops with offload fits").offload is None
    assert run(notes="peak memory is reserved memory per GPU", peak_mem_gib="9.5").reserved_memory_gib == 9.5


def test_int8_is_no_fp8():
    """LLM.int8 weights are frozen beside adapters that train in 16 bits; integer products are remarked."""
    adapters = read(precision="int8", workload="finetune", strategy_as_printed="LoRA beside LLM.int8; fp16")
    assert (adapters.run.workload, adapters.run.precision, adapters.run.frozen_bits) == ("lora", "fp16", 8)
    assert ("precision", "int8", "fp16") in adapters.remarks
    assert ("precision", "int8", "fp8") in read(precision="int8", workload="pretrain").remarks


@pytest.mark.parametrize(
    ("cells", "workload", "remarks"),
    [
        ({"workload": "sft", "strategy_as_printed": "LoRA rank 8"}, "lora", []),
        ({"workload": "sft"}, "full-finetune", []),
        ({"workload": "finetune", "precision": "nf4", "strategy_as_printed": "LoRA"}, "qlora", []),
        ({"workload": "dpo"}, "full-finetune", [("workload", "dpo", "full-finetune")]),
        ({"workload": "rlhf"}, "rlhf", [("workload", "rlhf", "")]),
        ({"optimizer": "SOAP"}, None, [("optimizer", "SOAP", "AdamW")]),
        ({"optimizer": "4-bit AdamW"}, None, [("optimizer", "4-bit AdamW", "8-bit AdamW")]),
        ({"offload": "magic"}, None, [("offload", "magic", "")]),
    ],
)
def test_what_is_taken_for_something_else_is_remarked(cells, workload, remarks):
    found = read(**cells)
    assert found.run.workload == workload and list(found.remarks) == remarks


def test_a_sharing_of_micro_batches_is_counted_once():
    cells = {"gpu_count": "8", "micro_batch": "8", "parallelism": "TP4"}
    assert run(**cells, strategy_as_printed="TP4, tensor parallel 4").micro_batch == 2
    assert run(gpu_count="8", micro_batch="8", strategy_as_printed="context parallel 4").micro_batch == 2


def test_accumulation_makes_the_batch():
    said = run(micro_batch="2", strategy_as_printed="HF Trainer, gradient accumulation 4")
    assert said.global_batch_tokens == 2 * 4 * 2048


@pytest.mark.parametrize(
    ("cells", "weights", "expected"),
    [
        ({"precision": "bf16", "workload": "pretrain"}, "fp32", (4, 4, False)),
        ({"precision": "bf16", "workload": "full-finetune"}, "16-bit", (2, 2, False)),
        ({"precision": "fp32", "workload": "full-finetune"}, "fp32", (4, 4, False)),
        ({"precision": "bf16", "workload": "full-finetune", "strategy_as_printed": "HF Trainer"}, "fp32",
         (4, 4, False)),
        ({"precision": "fp16", "workload": "pretrain", "project": "Megatron-DeepSpeed"}, "16-bit+master",
         (2, 4, True)),
        ({"workload": "finetune", "strategy_as_printed": "DeepSpeed ZeRO-2"}, "16-bit+master", (2, 4, True)),
        ({"optimizer": "AdamW (bf16 states)", "workload": "pretrain"}, "16-bit", (2, 2, False)),
    ],
)  # fmt: skip
def test_weights_are_kept_as_said_or_as_the_trainer_does(cells, weights, expected):
    told = run(**cells)
    recipe = recipe_of(told, RTX_4090)
    assert weights_of(told) == weights
    assert (recipe.weight_bytes, recipe.state_bytes, recipe.master_weights) == expected


def test_adapters_and_what_waits_on_the_host_reach_the_recipe():
    told = run(
        workload="lora", strategy_as_printed="LoRA rank 8 on q and v beside LLM.int8 weights; HF Trainer"
    )
    recipe = recipe_of(told, RTX_4090)
    assert (recipe.adapter_rank, recipe.adapter_targets, recipe.frozen_weight_bytes) == (8, "query-value", 1)
    assert (recipe.trained, recipe.trainer) == ("lora", "hf-trainer")
    placed = {
        words: recipe_of(run(offload=words), RTX_4090).optimizer_placement
        for words in ("none", "yes", "optimizer", "gradients", "parameters", "params+optimizer to CPU")
    }
    assert placed == {
        "none": "gpu", "yes": "host", "optimizer": "host", "gradients": "host+gradients",
        "parameters": "host+parameters", "params+optimizer to CPU": "host+parameters",
    }  # fmt: skip
    deepspeed = run(strategy_as_printed="DeepSpeed ZeRO-2 with optimizer offload")
    assert recipe_of(deepspeed, RTX_4090).optimizer_placement == "host+gradients"
    quantized = recipe_of(run(optimizer="paged 8-bit AdamW"), RTX_4090)
    assert quantized.optimizer_placement == "8bit-paged"


def test_a_run_that_ran_out_of_memory_stays_as_it_was_asked():
    """7 billion parameters in FP32 on 24 GiB: no 16 bits, no checkpointing, no host is invented for it."""
    cells = {"model": "7B", "n_layers": "32", "d_model": "4096", "n_heads": "32", "checkpointing": "",
             "micro_batch": "1", "precision": "bf16"}  # fmt: skip
    asked, repaired = run(**cells, use_for="oom"), run(**cells, use_for="memory")
    recipe = recipe_of(with_shape(asked), RTX_4090)
    assert (recipe.weight_bytes, recipe.checkpointing, recipe.optimizer_placement) == (4, "none", "gpu")
    assert memory_plan_of(asked, recipe, RTX_4090).optimizer == "gpu"
    assert recipe_of(with_shape(repaired), RTX_4090).weight_bytes == 2


def test_a_column_is_named_by_its_text():
    said = understood(RUNS[0], "optimizer state CPU offload")
    assert said.offload == "optimizer"
    assert run(offload="yes", strategy_as_printed="--offload-residual").offload == "none"
    assert run(offload="yes", strategy_as_printed="single GPU").offload == "some"


def test_a_guessed_cell_is_unknown_and_what_a_script_says_is_not():
    told = {"checkpointing": "full", "engine": "eager", "micro_batch": "16"}
    guessed = run(
        **told, derived_fields="gpu;checkpointing", notes="GUESSED: gpu, checkpointing not printed."
    )
    assert (guessed.checkpointing, guessed.engine, guessed.micro_batch) == (None, "torch-eager", 16)
    script = run(**told, derived_fields="checkpointing", notes="GUESSED: checkpointing and ZeRO from run.sh")
    assert script.checkpointing == "full"
    assert run(**told, notes="bs may be accumulated").micro_batch is None


def test_three_kinds_of_recomputed_operators_are_a_recomputed_block():
    flags = "flags: --recompute-ffn --recompute-qkv --recompute-norm --offload-opt-m --offload-master"
    kept = run(checkpointing="selective", offload="yes", strategy_as_printed=flags)
    assert (kept.checkpointing, kept.offload) == ("full", "optimizer")
    streamed = run(offload="yes", gpu_count="1", strategy_as_printed=f"{flags} --shard-weights")
    assert streamed.offload == "optimizer+parameters"
    assert run(checkpointing="selective", strategy_as_printed="--recompute-ffn").checkpointing == "selective"


def test_gptq_is_no_nf4():
    assert run(workload="qlora", precision="nf4", strategy_as_printed="GPTQ base model").precision == "int4"
