"""Logs of programs made for many GPUs: torchtitan, Megatron-LM, NeMo, DeepSpeed, OLMo and so on.

They print speeds per GPU or batches of the whole, so that the number of GPUs is asked for where it is not
printed.
"""

from service.estimate.run_records.log_formats import LogFormat, StepLine
from service.estimate.run_records.log_quantities import (
    GIB_OF_GB,
    Says,
    cell,
    moment,
    pattern,
    product,
    says,
    scaled,
)

GIB_OF_BYTE = 1 / 2**30
GIB_OF_MIB = 1 / 1024


def _dotted(quantity: str, name: str) -> Says:
    """A row of an argument list: "  seq_length ................ 4096"."""
    return pattern(quantity, name, rf"(?<![\w-]){name} \.{{2,80}} <whole>")


TORCHTITAN = LogFormat(
    "torchtitan",
    "pytorch/torchtitan torchtitan/components/metrics.py@c594d8a",
    steps=(
        StepLine(
            ("step:", "loss:", "memory:", "tps:"),
            (
                pattern("step", "step:", r"\bstep:\s{0,8}<whole>"),
                says("tokens_per_s_gpu", "tps:"),
                # Of the allocator's reserve (max_reserved_gib), not of what was allocated.
                says("reserved_memory_gib", "memory:", 1.0, "GiB"),
                pattern("moment_s", "-", r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)", read=moment),
            ),
        ),
    ),
    head=(
        pattern("n_params", "total parameters", r"size: <whole> total parameters"),
        pattern(
            "gpu_count",
            "device mesh with",
            r"device mesh with \[[^\]]{0,200}\], \[([\d, ]{1,60})\]",
            read=product,
        ),
        pattern(
            "gpu_count",
            "mesh with parallelism:",
            r"parallelism: ((?:[a-z_]{2,12}=\d{1,5}, ){1,6}tp=\d{1,5})",
            read=product,
        ),
        pattern("micro_batch", "local batch size", r"local batch size:? <whole>"),
        pattern("sequences_per_step", "global batch size", r"global batch size:? <whole>"),
        pattern("accumulation", "gradient accumulation", r"gradient accumulation steps:? <whole>"),
        pattern("seq_len", "sequence length", r"sequence length:? <whole>"),
        pattern("total_steps", "total steps", r"total steps:? <whole>"),
    ),
    asks_gpus="always",
    clock_s=1e-3,
)

MEGATRON = LogFormat(
    "Megatron-LM",
    "NVIDIA/Megatron-LM megatron/training/training.py@86df799; its forks print tokens per GPU as well",
    steps=(
        StepLine(
            ("elapsed time per iteration (", "iteration "),
            (
                pattern("step", "iteration ", r"\biteration\s{1,20}<whole>/"),
                pattern("total_steps", "iteration ", r"\biteration\s{1,20}\d{1,18}/\s{0,20}<whole>"),
                says("seconds", "elapsed time per iteration (ms):", 1e-3),
                says("seconds", "elapsed time per iteration (s):"),
                says("tokens_done", "consumed tokens:"),
                says("sequences_per_step", "global batch size:"),
                says("samples_done", "consumed samples:"),
                says("seq_len", "actual seqlen:"),
                says("tokens_per_s_gpu", "throughput (token/sec/GPU):"),
                says("tokens_per_s_gpu", "tokens per gpu per second (tgs):"),
                says("tokens_per_s_gpu", "tokens per GPU (tokens/s/GPU):"),
                says("gpu_watts", "power per GPU (W/GPU):"),
            ),
        ),
    ),
    head=(
        pattern("gpu_count", "using world size:", r"using world size: <whole>"),
        _dotted("gpu_count", "world_size"),
        _dotted("seq_len", "seq_length"),
        _dotted("micro_batch", "micro_batch_size"),
        _dotted("sequences_per_step", "global_batch_size"),
        _dotted("n_layers", "num_layers"),
        _dotted("d_model", "hidden_size"),
        _dotted("n_heads", "num_attention_heads"),
        _dotted("vocab_size", "padded_vocab_size"),
        pattern("peak_memory_gib", "max allocated:", r"max allocated: <number>", GIB_OF_MIB),
        pattern("reserved_memory_gib", "max reserved:", r"max reserved: <number>", GIB_OF_MIB),
    ),
    asks_gpus="always",
    trainer="megatron",
)

NEMO = LogFormat(
    "NeMo",
    "NVIDIA/NeMo nemo/lightning/pytorch/callbacks/progress_printer.py@8e2ee3d",
    steps=(
        StepLine(
            ("train_step_timing in s", "global_step"),
            (
                pattern("step", "global_step", r"global_step[:=]\s{0,2}<whole>"),
                pattern("seconds", "timing in s", r"train_step_timing in s[:=]\s{0,2}([\d.eE+-]{1,20})"),
                pattern("total_steps", "iteration ", r"iteration \d{1,12}/<whole>"),
                pattern("sequences_per_step", "global_batch_size", r"global_batch_size[:=]\s{0,2}<whole>"),
                pattern("samples_done", "consumed_samples", r"consumed_samples[:=]\s{0,2}<number>"),
                says("tokens_per_s_gpu", "tokens_per_sec_per_gpu:"),
                says("peak_memory_gib", "max_memory_allocated:", GIB_OF_BYTE),
                says("peak_memory_gib", "peak_memory_usage:", GIB_OF_BYTE),
                says("reserved_memory_gib", "max_memory_reserved:", GIB_OF_BYTE),
            ),
        ),
    ),
    head=(says("gpu_count", "registered. Starting with", 1.0, "processes"),),
    asks_gpus="always",
    trainer="megatron",
)

DEEPSPEED = LogFormat(
    "DeepSpeed",
    "deepspeedai/DeepSpeed deepspeed/utils/timer.py@cb00352",
    steps=(
        StepLine(
            ("RunningAvgSamplesPerSec=", "CurrSamplesPerSec="),
            (
                says("step", "global_step="),
                pattern("step", "/", r"\d{1,9}/<whole>, RunningAvg"),
                says("samples_per_s", "CurrSamplesPerSec="),
                pattern("peak_memory_gib", "MaxMemAllocated=", r"MaxMemAllocated=<number>GB"),
            ),
        ),
    ),
    head=(
        _dotted("sequences_per_step", "train_batch_size"),
        _dotted("micro_batch", "train_micro_batch_size_per_gpu"),
        _dotted("accumulation", "gradient_accumulation_steps"),
        _dotted("gpu_count", "world_size"),
    ),
    asks_gpus="always",
    trainer="deepspeed",
    lengths_vary=True,
)
"""Its "GB" are GiB (utils/timer.py divides by 1024**3)."""

OLMO = LogFormat(
    "OLMo",
    "allenai/OLMo-core src/olmo_core/train/callbacks/console_logger.py@00e2b7b, "
    "gpu_memory_monitor.py@18b8fb6; allenai/OLMo olmo/train.py@394bb22",
    steps=(
        StepLine(
            ("[step=",),
            (
                pattern("step", "[step=", r"\[step=<whole>/"),
                pattern("total_steps", "[step=", r"\[step=\d{1,18}/<whole>"),
            ),
        ),
    ),
    head=(
        cell("tokens_per_s_gpu", "throughput/device/TPS"),
        cell("tokens_per_s_gpu", "throughput/device/tokens_per_second"),
        cell("tokens_done", "throughput/total tokens"),
        cell("tokens_done", "throughput/total_tokens"),
        pattern("peak_memory_gib", "GPU active mem (GiB)=", r"active mem \(GiB\)=<number>"),
        pattern("reserved_memory_gib", "GPU reserved mem (GiB)=", r"reserved mem \(GiB\)=<number>"),
        pattern("peak_memory_gib", "Peak GPU Memory (MB)=", r"Memory \(MB\)=<number>", 1e-3 * GIB_OF_GB),
        pattern("seq_len", "sequence_length", r"""sequence_length["']?[:=]\s?<whole>"""),
    ),
    asks_gpus="always",
)

COMPOSER = LogFormat(
    "Composer",
    "mosaicml/composer composer/loggers/console_logger.py@2052adc",
    steps=(
        StepLine(
            ("[batch=", "]:"),
            (
                pattern("step", "[batch=", r"\[batch=<whole>/"),
                pattern("total_steps", "[batch=", r"\[batch=\d{1,18}/<whole>\]"),
            ),
        ),
    ),
    head=(
        cell("tokens_per_s", "throughput/tokens_per_sec"),
        cell("tokens_per_s_gpu", "throughput/device/tokens_per_sec"),
        cell("peak_memory_gib", "memory/peak_allocated_mem", GIB_OF_GB),
        cell("reserved_memory_gib", "memory/peak_reserved_mem", GIB_OF_GB),
        cell("seq_len", "max_seq_len"),
        cell("micro_batch", "device_train_microbatch_size"),
        cell("sequences_per_step", "global_train_batch_size"),
    ),
    asks_gpus="always",
)

NANOTRON = LogFormat(
    "nanotron",
    "huggingface/nanotron src/nanotron/trainer.py@b21538c",
    steps=(
        StepLine(
            ("iteration: ", "elapsed_time_per_iteration_ms:"),
            (
                pattern("step", "iteration: ", r"\biteration: <whole> /"),
                pattern("total_steps", "iteration: ", r"\biteration: \d{1,18} / <whole>"),
                pattern("seconds", "iteration_ms:", r"iteration_ms: ([\d.]{1,12}[KMB]?)", 1e-3, scaled),
                pattern(
                    "tokens_per_s", "tokens_per_sec:", r"tokens_per_sec: ([\d.]{1,12}[KMB]?)", read=scaled
                ),
                pattern(
                    "tokens_per_s_gpu",
                    "per_gpu:",
                    r"tokens_per_sec_per_gpu: ([\d.]{1,12}[KMB]?)",
                    read=scaled,
                ),
            ),
        ),
    ),
    asks_gpus="always",
)
"""It prints three digits: times and speeds are as exact as that."""

MAXTEXT = LogFormat(
    "MaxText",
    "AI-Hypercomputer/maxtext MaxText/metric_logger.py",
    steps=(
        StepLine(
            ("completed step:", "seconds:"),
            (
                says("step", "completed step:"),
                says("seconds", "seconds:"),
                says("tokens_per_s_gpu", "Tokens/s/device:"),
            ),
        ),
    ),
    head=(pattern("gpu_count", "num_devices", r"num_devices: <whole>"),),
    asks_gpus="always",
    engine="torch-compile",
)
"""XLA compiles all of it."""
