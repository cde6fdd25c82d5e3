"""What weights are kept in, trained ones and frozen ones, as people write it."""

import pytest

from service.estimate.measured_run import recipe_of, weights_of
from tests.estimate.test_recipe_words import read, run
from tests.facts_for_tests import RTX_4090

FP32 = (
    "weights in FP32",
    "model loaded in fp32",
    "fp32 model",
    "FP32 weights",
    "params in float32",
    "weights are kept in fp32",
    "model weights: fp32",
    "mixed precision",
    "bf16-mixed",
    "16-mixed",
    "amp",
    "torch.amp",
    "autocast",
    "bf16 mixed precision",
    "mixed bf16",
    "fp32 master weights, bf16 autocast",
    "not pure bf16",
    "torch_dtype=float32",
)
HALF = (
    "all in bf16, no fp32 master weights",
    "bf16 without fp32 master weights",
    "pure bf16",
    "weights in bf16",
    "params in bfloat16",
    "bf16-true",
    "everything in bf16",
    "bf16; no master weights",
    "model in fp16",
    "bf16, w/o an fp32 master copy",
    "fp32 master weights: no; bf16",
    "model loaded in bf16",
    "bf16 only",
    "torch_dtype=torch.bfloat16",
)


@pytest.mark.parametrize("workload", ["full-finetune", "pretrain"])
@pytest.mark.parametrize(("said", "expected"), [(s, "fp32") for s in FP32] + [(s, "16-bit") for s in HALF])
def test_trained_weights_are_kept_as_said(said, expected, workload):
    assert weights_of(run(workload=workload, strategy_as_printed=said, precision="")) == expected
    assert weights_of(run(workload=workload, strategy_as_printed=said, precision="bf16")) == expected


@pytest.mark.parametrize("workload", ["full-finetune", "pretrain"])
@pytest.mark.parametrize(
    ("cell", "products", "expected"),
    [
        ("mixed", "bf16", "fp32"),
        ("bf16-mixed", "bf16", "fp32"),
        ("16-mixed", "fp16", "fp32"),
        ("amp", "bf16", "fp32"),
        ("mixed precision", "bf16", "fp32"),
        ("autocast", "bf16", "fp32"),
        ("bf16-true", "bf16", "16-bit"),
        ("pure bf16", "bf16", "16-bit"),
        ("fp32", "fp32", "fp32"),
    ],
)
def test_the_cell_of_precision_says_it_too(cell, products, expected, workload):
    told = run(workload=workload, precision=cell)
    assert (told.precision, weights_of(told)) == (products, expected)


def test_mixed_precision_of_others_keeps_masters():
    for trainer in ("DeepSpeed ZeRO-2", "Megatron-LM"):
        assert weights_of(run(strategy_as_printed=f"{trainer}; mixed precision")) == "16-bit+master"
        assert weights_of(run(strategy_as_printed=f"{trainer}; fp32 weights")) == "fp32"
    assert weights_of(run(strategy_as_printed="fp32; no master weights", precision="fp32")) == "fp32"


@pytest.mark.parametrize(
    ("cells", "bits"),
    [
        ({"precision": "fp32"}, 32),
        ({"precision": "tf32"}, 32),
        ({"precision": "fp32", "strategy_as_printed": "LoRA; base in bf16"}, 16),
        ({"strategy_as_printed": "LoRA; frozen weights in FP32"}, 32),
        ({"strategy_as_printed": "LoRA; weights in FP32"}, 32),
        ({"strategy_as_printed": "LoRA; base fp32"}, 32),
        ({"strategy_as_printed": "LoRA; base in fp32"}, 32),
        ({"strategy_as_printed": "LoRA; base model is kept in fp32"}, 32),
        ({"strategy_as_printed": "LoRA; fp32 base"}, 32),
        ({"strategy_as_printed": "LoRA; model loaded in fp32"}, 32),
        ({"strategy_as_printed": "LoRA; weights in bf16"}, 16),
        ({"strategy_as_printed": "LoRA; adapters in fp32"}, None),
        ({"strategy_as_printed": "LoRA weights in fp32"}, None),
        ({"strategy_as_printed": "LoRA; 8-bit base"}, 8),
        ({"strategy_as_printed": "LoRA; load_in_8bit=True"}, 8),
        ({"strategy_as_printed": "LoRA; load_in_4bit=False"}, None),
        ({"strategy_as_printed": "LoRA; AdamW 4-bit"}, None),
        ({"strategy_as_printed": "LoRA, not quantized"}, None),
    ],
)
def test_frozen_weights_are_kept_as_said(cells, bits):
    told = run(workload="lora", **cells)
    assert (told.workload, told.frozen_bits) == ("lora", bits)
    assert recipe_of(told, RTX_4090).frozen_weight_bytes == (bits / 8 if bits else None)


@pytest.mark.parametrize(
    "said",
    [
        "LoRA; load_in_4bit",
        "LoRA; load_in_4bit=True",
        "LoRA; 4-bit base",
        "LoRA; base in 4 bit",
        "LoRA, 4 bits base",
        "LoRA; 4bit quantized base",
        "LoRA; bnb 4-bit",
        "LoRA; NF4 base",
        "LoRA on a base quantized to 4 bits",
        "LoRA; bnb fp4",
        "QLoRA",
        "LoRA; AdamW 8-bit; 4-bit base",
    ],
)
@pytest.mark.parametrize("workload", ["lora", "finetune", "qlora", ""])
def test_adapters_beside_4_bits_are_qlora_however_they_are_written(said, workload):
    told = run(workload=workload, strategy_as_printed=said)
    assert (told.workload, told.frozen_bits) == ("qlora", 4)
    same = run(workload="qlora", optimizer_bits="", optimizer="8-bit AdamW" if "8-bit" in said else "")
    assert recipe_of(told, RTX_4090) == recipe_of(same, RTX_4090)


@pytest.mark.parametrize("cell", ["fp4", "nf4", "int4", "4bit", "4 bit", "bnb-4bit", "bnb fp4"])
@pytest.mark.parametrize("workload", ["lora", "qlora"])
def test_a_precision_of_4_bits_is_that_of_frozen_weights(cell, workload):
    told = read(workload=workload, precision=cell)
    assert (told.run.workload, told.run.frozen_bits) == ("qlora", 4)
    assert recipe_of(told.run, RTX_4090).precision == "bf16"
    assert all(remark.taken_as != "fp8" for remark in told.remarks)


def test_products_of_4_bits_are_taken_for_fp8():
    for cell in ("fp4", "nvfp4"):
        assert list(read(workload="pretrain", precision=cell).remarks) == [("precision", cell, "fp8")]
