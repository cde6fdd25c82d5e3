"""Logs of trainers that people fine-tune with: the Hugging Face Trainer and its kin, torchtune, litgpt.

TRL, Unsloth, Axolotl, LLaMA-Factory and the example scripts of transformers and accelerate all print the
Trainer's bars, dicts and summary; each adds a few words of its own.
"""

import re

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

BAR = r"\d{1,3}%\|[^|]{0,400}\|\s{0,4}"
RATED = r"\[[^\]]{0,300}?(?:it/s|s/it)"
"""A bar of steps: those of downloads and of data count bytes or examples."""
ELAPSED = r"((?:\d{1,4}:){1,2}\d{2})"


OF_TRAINING = r"^\s{0,40}(?:(?:[Tt]rain(?:ing)?|[Ss]teps):\s{1,8})?"
"""What scripts with accelerate write before their bar; others evaluate, load or map."""


def bar(start: str) -> tuple[Says, ...]:
    """tqdm's bar (tqdm/std.py format_meter), after what stands before the percentage.

    Its rate is smoothed over the last few updates (smoothing 0.3), its elapsed time is not.
    """
    return (
        pattern("step", "%|", rf"{start}{BAR}(\d[\d,]{{0,17}})/\s{{0,4}}\d[\d,]{{0,17}}\s{{0,2}}{RATED}"),
        pattern("total_steps", "%|", rf"{start}{BAR}\d[\d,]{{0,17}}/\s{{0,4}}(\d[\d,]{{0,17}})\s{{0,2}}\["),
        pattern("elapsed_s", "<", rf"\[{ELAPSED}<", read=duration),
        pattern("rate_s", "s/it", r"(?<![\d.,])<number>\s?s/it"),
        often("rate_s", "it/s", r"(?<![\d.,])<number>\s?it/s"),
    )


def _behind(quantity: str, key: str) -> Says:
    """A number under a key that holds more than letters."""
    return pattern(quantity, key, re.escape(key) + r"""["']\s{0,2}:\s{0,2}["']?<number>""")


CELLS = (
    cell("step", "current_steps"),
    cell("step", "global_step"),
    cell("step", "step"),
    cell("total_steps", "total_steps"),
    cell("total_steps", "max_steps"),
    cell("elapsed_s", "elapsed_time", read=duration),
    cell("tokens_per_s", "throughput"),
    cell("tokens_per_s", "train_tokens_per_second"),
    cell("tokens_per_s", "tokens_per_second"),
    cell("tokens_per_s", "tokens_per_sec"),
    cell("tokens_per_s_gpu", "tokens_per_second_per_gpu"),
    _behind("tokens_per_s_gpu", "tokens/train_per_sec_per_gpu"),
    cell("tokens_done", "num_tokens"),
    cell("tokens_done", "num_input_tokens_seen"),
    cell("tokens_done", "total_tokens"),
    _behind("peak_memory_gib", "memory/max_allocated (GiB)"),
    _behind("peak_memory_gib", "memory/max_mem_allocated(gib)"),
    _behind("reserved_memory_gib", "memory/device_reserved (GiB)"),
    _behind("reserved_memory_gib", "memory/device_mem_reserved(gib)"),
)
"""What the Trainer's dicts and LLaMA-Factory's JSON lines say; of Axolotl tokens per GPU and memory."""

HF_TRAINER = LogFormat(
    "HF Trainer",
    "huggingface/transformers src/transformers/trainer_utils.py@c599e98; trl/trainer/sft_trainer.py@d11f0f5; "
    "hiyouga/LLaMA-Factory src/llamafactory/train/callbacks.py@b230bbb; axolotl-ai-cloud/axolotl "
    "src/axolotl/core/trainers/base.py@70be546",
    steps=(
        StepLine(("%|", "/"), bar(OF_TRAINING)),
        StepLine(("{", "'loss':"), CELLS, step_needed=False),
        StepLine(("{", '"loss":'), CELLS, step_needed=False),
        StepLine(
            ("[", "Epoch "),
            (
                pattern("step", "Epoch", rf"\[\s{{0,4}}<whole>/\d{{1,12}} {ELAPSED}[^\]]{{0,60}}Epoch"),
                pattern("total_steps", "Epoch", r"\[\s{0,4}\d{1,12}/<whole> \d"),
                pattern("elapsed_s", "Epoch", rf"\[\s{{0,4}}\d{{1,12}}/\d{{1,12}} {ELAPSED}", read=duration),
            ),
        ),
    ),
    head=(
        says("micro_batch", "Instantaneous batch size per device ="),
        pattern("sequences_per_step", "Total train batch", r"Total train batch[^=]{0,80}=\s{0,4}<whole>"),
        says("accumulation", "Gradient Accumulation steps ="),
        says("total_steps", "Total optimization steps ="),
        says("n_params_trained", "Number of trainable parameters ="),
        says("n_params_trained", "trainable params:"),
        says("n_params", "all params:"),
        # Unsloth's head (unsloth/models/_utils.py), in its older and newer words.
        says("micro_batch", "Batch size per device ="),
        says("accumulation", "Gradient accumulation steps ="),
        pattern("sequences_per_step", "Total batch size", r"Total batch size[^=]{0,80}=\s{0,4}<whole>"),
        says("total_steps", "Total steps ="),
        says("gpu_count", "Data Parallel GPUs ="),
        pattern("gpu_count", "Num GPUs =", r"finetuning \| Num GPUs = <whole>"),
        says("n_params_trained", "Trainable parameters ="),
        pattern("n_params", "Trainable parameters", r"Trainable parameters = [\d,]{1,20}(?: of |/)<whole>"),
        says("reserved_memory_gib", "Peak reserved memory =", 1.0, "GB"),
        # The summary, as a dict, as log_metrics prints it, or in a notebook's TrainOutput.
        cell("train_runtime_s", "train_runtime", read=duration),
        cell("train_samples_per_s", "train_samples_per_second"),
        cell("train_steps_per_s", "train_steps_per_second"),
        cell("train_tokens_per_s", "train_tokens_per_second"),
        cell("train_tokens", "num_tokens"),
        cell("train_tokens", "num_input_tokens_seen"),
        cell("steps_done", "global_step"),
        pattern("steps_done", '"step"', r'"step": <whole>'),
        cell("total_steps", "max_steps"),
        cell("micro_batch", "train_batch_size"),
    ),
    trainer="hf-trainer",
    lengths_vary=True,
)

TORCHTUNE = LogFormat(
    "torchtune",
    "pytorch/torchtune torchtune/training/metric_logging.py@9d571d9",
    steps=(
        StepLine(
            ("Step ", "tokens_per_second_per_gpu:"),
            (
                pattern("step", "Step ", r"^\s{0,40}Step <whole>"),
                says("tokens_per_s_gpu", "tokens_per_second_per_gpu:"),
                says("peak_memory_gib", "peak_memory_active:"),
                says("peak_memory_gib", "peak_memory_alloc:"),
                says("peak_memory_gib", "peak_memory_allocated:"),
                says("reserved_memory_gib", "peak_memory_reserved:"),
            ),
        ),
        StepLine(("|Loss: ", "%|"), bar(r"^\s{0,8}\d{1,6}\|\d{1,12}\|Loss: [\d.]{1,12}:\s{1,8}")),
    ),
    head=(
        pattern("micro_batch", "batch_size:", r"^\s{0,40}batch_size:\s{0,8}<whole>"),
        pattern("seq_len", "max_seq_len:", r"^\s{0,40}max_seq_len:\s{0,8}<whole>"),
        pattern(
            "accumulation", "accumulation_steps:", r"^\s{0,40}gradient_accumulation_steps:\s{0,8}<whole>"
        ),
    ),
    begins="Step ",
    lengths_vary=True,
    bar_of_an_epoch=True,
)

LITGPT = LogFormat(
    "litgpt",
    "Lightning-AI/litgpt litgpt/pretrain.py@0363060, litgpt/finetune/lora.py@c16c72c",
    steps=(
        StepLine(
            ("Epoch ", "| iter ", "iter time:"),
            (
                pattern("step", "step ", r"\| iter \d{1,12} step <whole>"),
                pattern("iterations", "| iter ", r"\| iter <whole> step"),
                says("iteration_s", "iter time:", 1e-3, "ms"),
            ),
        ),
    ),
    head=(
        says("n_params_trained", "Number of trainable parameters:"),
        says("n_params", "Total parameters:"),
        pattern("train_tokens_per_s", "Tok/sec", r"Tok/sec\s{0,40}:\s{0,4}<number>"),
        pattern("train_runtime_s", "Training Time", r"Training Time\s{0,40}:\s{0,4}<number> ?s"),
        pattern("train_runtime_s", "Training time:", r"Training time: <number>s"),
        pattern("peak_memory_gib", "Memory Used", r"Memory Used\s{0,40}:\s{0,4}<number> GB", GIB_OF_GB),
        pattern("peak_memory_gib", "Memory used:", r"Memory used: <number> GB", GIB_OF_GB),
        says("gpu_count", "Starting with", 1.0, "processes"),
        cell("micro_batch", "micro_batch_size"),
    ),
    lengths_vary=True,
)

RICH = r"^\s{0,8}Epoch \d{1,6}/\d{1,6} [^\s\d]{1,400} {1,4}"
LIGHTNING = LogFormat(
    "Lightning",
    "Lightning-AI/pytorch-lightning src/lightning/pytorch/callbacks/progress/tqdm_progress.py@d4a30c9",
    steps=(
        StepLine(("Epoch ", "%|"), bar(r"^\s{0,8}Epoch \d{1,6}:\s{1,8}")),
        StepLine(
            ("Epoch ", "\N{BULLET}", "it/s"),  # progress/rich_progress.py
            (
                pattern("step", "Epoch ", rf"{RICH}<whole>/\d"),
                pattern("total_steps", "Epoch ", rf"{RICH}\d{{1,12}}/<whole> "),
                pattern("elapsed_s", "Epoch ", rf"{RICH}\d{{1,12}}/\d{{1,12}} {ELAPSED} ", read=duration),
                often("rate_s", "it/s", r"(?<![\d.,])<number>\s?it/s"),
            ),
        ),
    ),
    head=(
        says("gpu_count", "registered. Starting with", 1.0, "processes"),
        pattern(
            "n_params_trained",
            "Trainable params",
            r"^([\d.]{1,9} {1,3}[KMB]) {1,9}Trainable params",
            read=scaled,
        ),
        pattern("n_params", "Total params", r"^([\d.]{1,9} {1,3}[KMB]) {1,9}Total params", read=scaled),
    ),
    bar_of_an_epoch=True,
    lengths_vary=True,
)
"""Its bar counts batches of an epoch and begins anew with each."""
