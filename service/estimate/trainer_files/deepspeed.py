"""DeepSpeed's JSON, beside a trainer's file or within it: how a run is spread, and what waits on the host.

Keys and their values: deepspeedai/DeepSpeed, docs/_pages/config-json.md (v0.17). "auto" leaves a value to the
trainer. What Axolotl and LLaMA-Factory ship by name: axolotl-ai-cloud/axolotl@58b1d3a deepspeed_configs/ and
hiyouga/LLaMA-Factory@3b80930 examples/deepspeed/.
"""

from service.errors import worded
from service.estimate.trainer_files.readers import Reader, optimizer, refused, when, whole, word_of
from service.estimate.trainer_files.table import Key

STAGES = {"0": "ddp", "1": "zero-1", "2": "zero-2", "3": "fsdp"}
ON_HOST = {"cpu": True, "none": None}
SHIPPED: dict[str, tuple[str, bool, bool]] = {
    "zero1.json": ("zero-1", False, False),
    "zero1_torch_compile.json": ("zero-1", False, False),
    "zero2.json": ("zero-2", False, False),
    "zero2_torch_compile.json": ("zero-2", False, False),
    "zero3.json": ("fsdp", False, False),
    "zero3_bf16.json": ("fsdp", False, False),
    "zero3_bf16_cpuoffload_all.json": ("fsdp", True, True),
    "zero3_bf16_cpuoffload_params.json": ("fsdp", False, True),
    "ds_z0_config.json": ("ddp", False, False),
    "ds_z2_config.json": ("zero-2", False, False),
    "ds_z2_offload_config.json": ("zero-2", True, False),
    "ds_z3_config.json": ("fsdp", False, False),
    "ds_z3_offload_config.json": ("fsdp", True, True),
}
"""Sharding, the optimizer on the host, the parameters on the host."""
MARKS = frozenset({
    "zero_optimization.stage", "train_micro_batch_size_per_gpu", "train_batch_size", "bf16.enabled",
    "fp16.enabled", "zero_allow_untested_optimizer", "wall_clock_breakdown", "gradient_clipping",
})  # fmt: skip


def _named(part: int) -> Reader:
    def read(key: str, value: object) -> object:
        file = str(value).replace("\\", "/").rpartition("/")[2]
        if file not in SHIPPED:
            raise refused(
                key,
                value,
                worded("names a DeepSpeed file that we have not read; give it beside (deepspeed_config)"),
            )
        return SHIPPED[file][part] or None

    return read


KEYS = (
    Key("deepspeed", "sharding", _named(0)),
    Key("deepspeed", "optimizer_on_host", _named(1)),
    Key("deepspeed", "parameters_on_host", _named(2)),
    Key("deepspeed.zero_optimization.stage", "sharding", word_of(STAGES)),
    Key("deepspeed.zero_optimization.offload_optimizer.device", "optimizer_on_host", word_of(ON_HOST)),
    Key("deepspeed.zero_optimization.offload_param.device", "parameters_on_host", word_of(ON_HOST)),
    Key("deepspeed.zero_optimization.cpu_offload", "optimizer_on_host", when(True)),
    Key("deepspeed.train_micro_batch_size_per_gpu", "micro_batch", whole(high=100_000)),
    Key("deepspeed.gradient_accumulation_steps", "accumulation", whole(high=1_000_000)),
    Key("deepspeed.train_batch_size", "batch_sequences", whole(high=10**9)),
    Key("deepspeed.bf16.enabled", "precision", when("bf16")),
    Key("deepspeed.fp16.enabled", "precision", when("fp16")),
    Key("deepspeed.optimizer.type", "optimizer", optimizer),
)
"""As they stand within a trainer's file; one given beside it is put there."""
