"""Logs of programs that are one file and train from scratch: nanochat and its kin, nanoGPT, llm.c, MLX."""

from service.estimate.run_records.log_formats import LogFormat, StepLine
from service.estimate.run_records.log_quantities import (
    GIB_OF_GB,
    Says,
    cell,
    duration,
    often,
    pattern,
    says,
    scaled,
)
from service.facts import Engine

GIB_OF_MIB = 1 / 1024
COMPILED: Engine = "torch-compile"


def _step_of(word: str) -> tuple[Says, Says]:
    """The step and perhaps the total behind a word at the line's beginning: "step 00012/00500"."""
    start = rf"^\s{{0,40}}{word}\s{{0,12}}"
    return (
        pattern("step", word, start + "<whole>"),
        pattern("total_steps", word, start + r"\d{1,18}/\s{0,12}" + "<whole>"),
    )


def _table(quantity: str, name: str) -> Says:
    """A row of llm.c's table: "| sequence length T     | 1024 |"."""
    return pattern(
        quantity, name, rf"\|\s{{0,8}}(?:micro )?{name}(?: [A-Z]{{1,2}})?\s{{1,60}}\|\s{{1,60}}(\d{{1,18}})"
    )


SHAPE = tuple(
    cell(quantity, name)
    for quantity, name in (
        ("seq_len", "sequence_len"),
        ("vocab_size", "vocab_size"),
        ("n_layers", "n_layer"),
        ("n_heads", "n_head"),
        ("n_kv_heads", "n_kv_head"),
        ("d_model", "n_embd"),
    )
)
"""A GPTConfig as nanochat and autoresearch print it: as JSON over several lines, or as a dict in one."""
NANOCHAT_TIMES = (*_step_of("step"), says("seconds", "dt:", 1e-3, "ms"), says("tokens_per_s", "tok/sec:"))
WORLD = (
    says("gpu_count", "Distributed world size:"),
    says("gpu_count", "world_size:"),
    pattern("gpu_count", "world_size=", r"\bworld_size=<whole>"),
)

NANOCHAT = LogFormat(
    "nanochat",
    "karpathy/nanochat scripts/base_train.py@00255c1",
    steps=(StepLine(("step ", "dt:"), NANOCHAT_TIMES, unless=("| norm", "remaining:")),),
    head=(
        *SHAPE,
        says("vocab_size", "ocab size:"),
        says("n_layers", "num_layers:"),
        says("d_model", "model_dim:"),
        says("n_heads", "num_heads:"),
        says("n_kv_heads", "num_kv_heads:"),
        says("micro_batch", "Tokens / micro-batch / rank:"),
        pattern("seq_len", "micro-batch / rank:", r"micro-batch / rank:\s{0,4}[\d,]{1,18} x <whole>"),
        says("micro_batch_tokens_all", "Tokens / micro-batch:"),
        says("global_batch_tokens", "Total batch size"),
        says("n_params", "Number of parameters:"),
        pattern("n_params", "total", r"^total\s{1,40}:\s{0,4}<whole>"),
        says("total_steps", "number of iterations:"),
        says("peak_memory_gib", "Peak memory usage:", GIB_OF_MIB, "MiB"),
        *WORLD,
    ),
    begins="step ",
    engine=COMPILED,
)

AUTORESEARCH = LogFormat(
    "autoresearch",
    "karpathy/autoresearch train.py@cfee5cc",
    steps=(StepLine(("step ", "dt:", "remaining:"), NANOCHAT_TIMES),),
    head=(
        *SHAPE,
        says("vocab_size", "ocab size:"),
        pattern("n_params", "total", r"^\s{0,8}total\s{1,40}:\s{0,4}<whole>"),
        says("accumulation", "Gradient accumulation steps:"),
        says("peak_memory_gib", "peak_vram_mb:", GIB_OF_MIB),
    ),
    begins="step ",
    always={"gpu_count": 1.0},
    engine=COMPILED,
)

BUILD_NANOGPT = LogFormat(
    "build-nanogpt",
    "karpathy/build-nanogpt train_gpt2.py@ec39245",
    steps=(StepLine(("step ", "dt:", "tok/sec:", "| norm"), NANOCHAT_TIMES),),
    head=(
        says("global_batch_tokens", "total desired batch size:"),
        says("accumulation", "calculated gradient accumulation steps:"),
        *WORLD,
    ),
    begins="step ",
    engine=COMPILED,
)

MODDED_NANOGPT = LogFormat(
    "modded-nanogpt",
    "KellerJordan/modded-nanogpt train_gpt.py (as in records/*/*.txt)",
    steps=(
        StepLine(
            ("step:", "train_time:", "step_avg:"),
            (
                *_step_of("step:"),
                says("elapsed_s", "train_time:", 1e-3, "ms"),
                says("elapsed_s", "train_time:", 1, "s\\b"),
            ),
        ),
    ),
    head=(
        says("peak_memory_gib", "peak memory allocated:", GIB_OF_MIB, "MiB"),
        says("peak_memory_gib", "peak memory consumption:", GIB_OF_MIB, "MiB"),
        pattern("reserved_memory_gib", "reserved:", r"MiB reserved: <whole> MiB", GIB_OF_MIB),
        *WORLD,
    ),
    asks_gpus="always",
    engine=COMPILED,
    clock_s=1e-3,
)

NANOGPT = LogFormat(
    "nanoGPT",
    "karpathy/nanoGPT train.py@e222131",
    steps=(
        StepLine(
            ("iter ", "time "),
            (
                pattern("step", "iter ", r"^\s{0,40}iter\s{1,8}<whole>:\s{0,4}loss"),
                says("seconds", ", time", 1e-3, "ms"),
            ),
        ),
    ),
    head=(
        says("global_batch_tokens", "tokens per iteration will be:"),
        pattern(
            "n_params", "number of parameters:", r"number of parameters: ([\d.,]{1,20}[MB]?)", read=scaled
        ),
        pattern("micro_batch", "batch_size = ", r"^batch_size = <whole>"),
        pattern("seq_len", "block_size = ", r"^block_size = <whole>"),
        pattern("n_layers", "n_layer = ", r"^n_layer = <whole>"),
        pattern("n_heads", "n_head = ", r"^n_head = <whole>"),
        pattern("d_model", "n_embd = ", r"^n_embd = <whole>"),
        pattern("total_steps", "max_iters = ", r"^max_iters = <whole>"),
        *WORLD,
    ),
    begins="iter ",
    asks_gpus="headless",
    engine=COMPILED,
)

LLM_C = LogFormat(
    "llm.c",
    "karpathy/llm.c train_gpt2.cu@5afc570",
    steps=(
        StepLine(
            ("step ", "|", " ms", "tok/s"),
            (
                *_step_of("step"),
                pattern("seconds", " ms", r"\|\s{0,8}\(?(\d[\d,]{0,15}(?:\.\d{0,9})?|nan|inf) ms\b", 1e-3),
                pattern("tokens_per_s", "tok/s", r"\|\s{0,8}(\d[\d,]{0,15}(?:\.\d{0,9})?) tok/s"),
            ),
            unless=("dt:",),
        ),
    ),
    head=(
        says("micro_batch", "batch_size B="),
        says("seq_len", "seq_len T="),
        says("gpu_count", "num_processes="),
        says("global_batch_tokens", "total_batch_size="),
        says("n_params", "num_parameters:"),
        _table("micro_batch", "batch size"),
        _table("seq_len", "sequence length"),
        _table("global_batch_tokens", "total batch size"),
        _table("n_layers", "num_layers"),
        _table("n_heads", "num_heads"),
        _table("d_model", "channels"),
        _table("vocab_size", "vocab_size"),
        _table("gpu_count", "num_processes"),
    ),
    begins="step ",
    asks_gpus="headless",
    engine="native",
)

MLX = LogFormat(
    "MLX",
    "ml-explore/mlx-lm mlx_lm/tuner/trainer.py@056bf1d",
    steps=(
        StepLine(
            ("Iter ", "It/sec", "Tokens/sec"),
            (
                pattern("step", "Iter ", r"^\s{0,8}Iter <whole>:"),
                often("seconds", "It/sec", r"It/sec (\d{1,9}(?:\.\d{1,9})?)"),
                says("tokens_per_s", "Tokens/sec"),
                says("tokens_done", "Trained Tokens"),
                says("peak_memory_gib", "Peak mem", GIB_OF_GB, "GB"),
            ),
        ),
    ),
    head=(
        pattern("total_steps", "iters: ", r"Starting training\.{0,3}, iters: <whole>"),
        pattern(
            "n_params_trained",
            "Trainable parameters:",
            r"Trainable parameters: [\d.]{1,9}% \(([\d.]{1,12}M)/",
            read=scaled,
        ),
        pattern(
            "n_params",
            "Trainable parameters:",
            r"Trainable parameters: [\d.]{1,9}% \([\d.]{1,12}M/([\d.]{1,12}M)\)",
            read=scaled,
        ),
    ),
    engine=COMPILED,
    lengths_vary=True,
)

LEVANTER = LogFormat(
    "levanter",
    "stanford-crfm/levanter src/levanter/callbacks (progress bar)",
    steps=(
        StepLine(
            ("Progress on:train", "rate:"),
            (
                pattern("step", "train", r"on:train ([\d.]{1,12}k?)it/", read=scaled),
                pattern("total_steps", "train", r"on:train [\d.]{1,12}k?it/([\d.]{1,12}k?)it", read=scaled),
                pattern("rate_s", "s/it", r"rate:<number>s/it"),
                often("rate_s", "it/s", r"rate:<number>it/s"),
                pattern("elapsed_s", "elapsed:", r"elapsed:((?:\d{1,4}:){1,2}\d{2})", read=duration),
            ),
        ),
    ),
    asks_gpus="always",
    engine=COMPILED,
)
