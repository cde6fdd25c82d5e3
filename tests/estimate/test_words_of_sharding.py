"""How a row says that GPUs share a model: a stage that is named wins over the framework that has it."""

import pytest

from tests.estimate.test_recipe_words import run

STAGES = {
    "DeepSpeed ZeRO-1": "zero-1",
    "DeepSpeed ZeRO stage 1": "zero-1",
    "deepspeed, zero_stage=1": "zero-1",
    "deepspeed zero1": "zero-1",
    "ZeRO-1 (DeepSpeed)": "zero-1",
    "Megatron-DeepSpeed ZeRO-1": "zero-1",
    "DeepSpeed ZeRO-2": "zero-2",
    "DeepSpeed ZeRO stage: 2": "zero-2",
    "FSDP (ZeRO-2)": "zero-2",
    "DeepSpeed ZeRO-3": "fsdp",
    "DeepSpeed zero_3": "fsdp",
    "DeepSpeed ZeRO-Infinity": "fsdp",
    "DeepSpeed ZeRO-Offload": "zero-2",
    "DeepSpeed ZeRO-0": "ddp",
    "FSDP2": "fsdp",
    "FSDP SHARD_GRAD_OP": "zero-2",
    "Megatron distributed optimizer": "zero-1",
}
FRAMEWORKS = {
    "deepspeed": "zero-2",
    "DeepSpeed stage 1": "zero-1",
    "DeepSpeed stage-3": "fsdp",
    "DeepSpeed DDP": "ddp",
    "zero": "zero-1",
    "megatron": "fsdp",
    "fully sharded data parallel": "fsdp",
    "ZeRO-1, TP=2": "fsdp",
}


@pytest.mark.parametrize("said", STAGES)
def test_a_named_stage_wins_in_the_cell_and_in_the_text(said):
    assert run(gpu_count="8", parallelism=said).parallelism == STAGES[said]
    assert run(gpu_count="8", strategy_as_printed=said).parallelism == STAGES[said]


@pytest.mark.parametrize("said", FRAMEWORKS)
def test_a_framework_stands_for_its_usual_stage(said):
    assert run(gpu_count="8", parallelism=said).parallelism == FRAMEWORKS[said]
