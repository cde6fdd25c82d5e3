"""How training programs print their steps and what their banners tell: one format each."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

LONGEST_STEP_S = 86_400.0
SMALLEST, LARGEST = 1e-9, 1e18
"""Of what a log can mean: products and ratios of such numbers stay numbers."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A line of the log that could not be used."""

    line: int
    code: str
    """cut_off | no_time | no_speed"""
    value: str = ""
    """What stands where a number should."""


@dataclass(frozen=True, slots=True)
class LogStep:
    """One optimizer step as printed; None what the line does not say."""

    line: int
    step: int
    seconds: float | None = None
    tokens_per_s: float | None = None
    total_steps: int | None = None


Read = Callable[[int, re.Match[str], int], LogStep | Dropped]
"""Makes a step of a line's number, what its pattern found, and the step before it."""


@dataclass(frozen=True, slots=True)
class LogFormat:
    """What one program prints."""

    project: str
    begins: str
    """How a step's line begins, even one that is cut off; "" where there is no such word."""
    step_line: re.Pattern[str]
    read: Read
    banner: Mapping[str, re.Pattern[str]]
    """By fact: dimensions, micro-batch, parameters, GPUs."""
    speed_per_gpu: bool = False
    """Whether the printed speed is of one GPU instead of all."""


def number(text: str | None) -> float | None:
    """A printed number with thousands separators; None for nan, zero or less, and what nothing measures."""
    try:
        value = float((text or "").replace(",", ""))
    except ValueError:
        return None
    return value if SMALLEST <= value <= LARGEST else None


def _timed(line: int, found: re.Match[str], _before: int) -> LogStep | Dropped:
    """A line with milliseconds and perhaps tokens per second."""
    said = found.groupdict()
    ms = number(said["ms"])
    if ms is None or ms / 1000 > LONGEST_STEP_S:
        return Dropped(line, "no_time", said["ms"])
    total = said.get("total")
    return LogStep(
        line, int(said["step"]), ms / 1000, number(said.get("speed")), int(total) if total else None
    )


def _at_speed(line: int, found: re.Match[str], _before: int) -> LogStep | Dropped:
    """A line with tokens per second and no time."""
    speed = number(found["speed"])
    if speed is None:
        return Dropped(line, "no_speed", found["speed"])
    return LogStep(line, int(found["step"]), None, speed)


def _trainer(line: int, found: re.Match[str], before: int) -> LogStep | Dropped:
    """The Trainer's progress bar or a line of its words; where that prints no step, the one before counts."""
    if found["unit"]:
        rate = number(found["rate"])  # "?" until the first step is done
        seconds = None if rate is None else rate if found["unit"] == "s/it" else 1 / rate
        done, of = (int(found[name].replace(",", "")) for name in ("step", "total"))
        return LogStep(line, done, seconds, None, of)
    speed, step, total = (pattern.search(found.string) for pattern in (HF_SPEED, HF_STEP, HF_TOTAL))
    value = number(speed[1]) if speed else None
    if speed and value is None:
        return Dropped(line, "no_speed", speed[1])
    return LogStep(line, int(step[1]) if step else before, None, value, int(total[1]) if total else None)


NUMBER = r"[-+]?[\d,]*\.?\d+(?:[eE][-+]?\d+)?|nan|inf|-inf"
COUNT = r"\d{1,18}(?!\d)"
"""No longer than a JSON number can be."""
MS, SPEED = rf"(?P<ms>{NUMBER})\s*ms", rf"(?P<speed>{NUMBER})"
HF_WORDS = r"""\{.*["'](?:loss|train_loss|train_runtime|current_steps)["']\s*:"""
"""Printed as a dict or kept as JSON (trainer_log.jsonl)."""
COUNTED = r"\d[\d,]{0,17}(?!\d)"
HF_BAR = rf"\d{{1,3}}%\|.*?\|\s*(?P<step>{COUNTED})/(?P<total>{COUNTED})\s*\[.*?,"
HF_BAR += r"\s*(?P<rate>[\d.]+|\?)\s*(?P<unit>s/it|it/s)"
HF_CELL = r"""["'](?:%s)["']\s*:\s*["']?"""
HF_STEP = re.compile(HF_CELL % "step|global_step|current_steps" + r"(\d{1,12})")
HF_TOTAL = re.compile(HF_CELL % "total_steps|max_steps" + r"(\d{1,12})")
HF_SPEED = re.compile(
    HF_CELL % "train_tokens_per_second|tokens_per_second|tokens_per_sec|throughput" + f"({NUMBER})", re.I
)


def _banner(**patterns: str) -> Mapping[str, re.Pattern[str]]:
    return {fact: re.compile(pattern) for fact, pattern in patterns.items()}


FORMATS = (
    LogFormat(
        "nanochat",
        "step ",
        re.compile(
            rf"\s*step\s+(?P<step>{COUNT})(?:/(?P<total>{COUNT}))?.*?\bdt:\s*{MS}(?:.*?\btok/sec:\s*{SPEED})?"
        ),
        _timed,
        _banner(
            vocab_size=r"[Vv]ocab size:\s*([\d,]+)",
            n_layers=r"num_layers:\s*(\d+)",
            d_model=r"model_dim:\s*(\d+)",
            n_heads=r"num_heads:\s*(\d+)",
            n_kv_heads=r"num_kv_heads:\s*(\d+)",
            micro_batch=r"Tokens / micro-batch / rank:\s*([\d,]+) x",
            seq_len=r"Tokens / micro-batch / rank:\s*[\d,]+ x ([\d,]+)",
            micro_batch_tokens_all=r"Tokens / micro-batch:\s*([\d,]+)",
            global_batch_tokens=r"Total batch size\s*([\d,]+)",
            n_params=r"Number of parameters:\s*([\d,]+)",
            peak_memory_mib=r"Peak memory usage:\s*([\d.,]+)\s*MiB",
        ),
    ),
    LogFormat(
        "nanoGPT",
        "iter ",
        re.compile(rf"\s*iter\s+(?P<step>{COUNT}):\s*loss\s+\S+,\s*time\s+{MS}"),
        _timed,
        _banner(
            global_batch_tokens=r"tokens per iteration will be:\s*([\d,]+)",
            n_params_millions=r"number of parameters:\s*([\d.]+)M",
            micro_batch=r"batch_size = (\d+)",
            seq_len=r"block_size = (\d+)",
        ),
    ),
    LogFormat(
        "llm.c",
        "step ",
        re.compile(
            rf"\s*step\s+(?P<step>{COUNT})/(?P<total>{COUNT})\s*\|.*?\|\s*\(?{MS}\b(?:.*?\|\s*{SPEED}\s*tok/s)?"
        ),
        _timed,
        _banner(
            micro_batch=r"\|\s*(?:micro )?batch size B?\s*\|\s*(\d+)",
            seq_len=r"\|\s*sequence length T?\s*\|\s*(\d+)",
            global_batch_tokens=r"\|\s*total batch size\s*\|\s*(\d+)",
            n_layers=r"\|\s*num_layers L?\s*\|\s*(\d+)",
            n_heads=r"\|\s*num_heads NH?\s*\|\s*(\d+)",
            d_model=r"\|\s*channels C?\s*\|\s*(\d+)",
            vocab_size=r"\|\s*vocab_size V?\s*\|\s*(\d+)",
            gpu_count=r"\|\s*num_processes\s*\|\s*(\d+)",
        ),
    ),
    LogFormat(
        "torchtune",
        "Step ",
        re.compile(rf"\s*Step\s+(?P<step>{COUNT})\s*\|.*?\btokens_per_second_per_gpu:\s*{SPEED}"),
        _at_speed,
        _banner(
            micro_batch=r"^\s*batch_size:\s*(\d+)",
            seq_len=r"^\s*max_seq_len:\s*(\d+)",
            peak_memory_gib=r"peak_memory_(?:active|alloc|allocated):\s*([\d.]+)",
        ),
        speed_per_gpu=True,
    ),
    LogFormat(
        "HF Trainer",
        "",
        re.compile(rf"\s*(?:{HF_BAR}|{HF_WORDS})"),
        _trainer,
        _banner(
            micro_batch=r"Instantaneous batch size per device\s*=\s*([\d,]+)",
            sequences_per_step=r"Total train batch size.*?=\s*([\d,]+)",
            total_steps=r"Total optimization steps\s*=\s*([\d,]+)",
            n_params=r"Number of trainable parameters\s*=\s*([\d,]+)",
            train_tokens_per_s=HF_CELL % "train_tokens_per_second" + r"([\d.]+)",
            train_steps_per_s=HF_CELL % "train_steps_per_second" + r"([\d.]+)",
        ),
    ),
)
"""A log is of the format that most of its lines fit; of equally many, of the first."""
