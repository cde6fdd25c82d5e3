"""What a trainer's file says of a run, in our words, and what of the file was taken, supplied or left."""

from dataclasses import dataclass
from datetime import date

from service.facts import Checkpointing, Optimizer, Precision, Sharding, Source

FIELD = "trainer_config"
"""As the option and the REST field are called; a key of the file stands behind it: trainer_config.optim."""
DEEPSPEED_FIELD = "deepspeed_config"
READ_ON = date(2026, 11, 28)
"""When the trainers' code was read for their defaults; no commit told its own day."""
DEFAULT = "'s default"
LARGEST_CHARACTERS = 100_000
MOST_KEYS = 2_000
"""Of a file, and of the values in it: far beyond any that a trainer is given."""


def defaults_of(slug: str, name: str, url: str) -> Source:
    """The source of what a trainer does where its file says nothing: its code, as we read it."""
    return Source(f"{slug}-defaults", f"{name}{DEFAULT}", url, READ_ON, "facts re-keyed", READ_ON)


@dataclass(frozen=True, slots=True)
class Settings:
    """How a run is trained; None where neither the file nor its trainer's own defaults say."""

    base_model: str | None = None
    adapter: bool | None = None
    """LoRA matrices beside a frozen base; False trains every weight."""
    base_bits: int | None = None
    """Of a frozen weight: 4 (NF4), 8 or 16."""
    lora_rank: int | None = None
    lora_modules: tuple[str, ...] | None = None
    """Matrices with an adapter, by their names in the model's code; ALL_LINEAR for every linear one."""
    trained_beside: tuple[str, ...] | None = None
    """Trained in full beside the adapters: embed_tokens, lm_head."""
    dora: bool | None = None
    seq_len: int | None = None
    """The longest sequence [tokens]; with packing every one."""
    micro_batch: int | None = None
    """Sequences per GPU and forward pass."""
    accumulation: int | None = None
    """Forward passes per optimizer step."""
    batch_sequences: int | None = None
    """Sequences per optimizer step over all GPUs."""
    examples: int | None = None
    """At most so many of them."""
    epochs: float | None = None
    max_steps: int | None = None
    """Optimizer steps of the whole run; they win over epochs."""
    steps_per_epoch: int | None = None
    packing: bool | None = None
    pads_to_seq_len: bool | None = None
    """Whether a sequence that is not packed is filled up to `seq_len`."""
    precision: Precision | None = None
    weight_bits: int | None = None
    """Of a trained weight where all are trained: 16, or 32 under mixed precision."""
    optimizer: Optimizer | None = None
    optimizer_bits: int | None = None
    """Of a state element: 8 or 32."""
    optimizer_paged: bool | None = None
    """The states move to host memory when the GPU's runs short."""
    gradient_release: bool | None = None
    checkpointing: Checkpointing | None = None
    activations_on_host: bool | None = None
    sharding: Sharding | None = None
    optimizer_on_host: bool | None = None
    """Where its states and step are; FSDP moves them with the parameters."""
    parameters_on_host: bool | None = None
    attention: str | None = None
    """flash (any fused kernel) or naive (scores are stored)."""
    chunked_loss: bool | None = None
    """Whole logits are never stored (Liger, Cut Cross Entropy, Unsloth)."""
    compiled: bool | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A key that was understood, as the file writes it, and what it was taken for."""

    key: str
    value: str
    meaning: str
    """A field of `Settings`, or "" where the value asks for nothing: `load_in_8bit: false`."""
    taken_as: str


@dataclass(frozen=True, slots=True)
class TrainerFile:
    """A file read: whose it is, what it says, and an account of all its keys."""

    trainer: str
    """Slug of the trainer: axolotl, llama-factory, transformers, trl, torchtune, unsloth."""
    name: str
    settings: Settings
    said: Settings
    """Of them what the file itself says; the others are the trainer's defaults."""
    defaults_from: Source
    taken: tuple[Taken, ...]
    usual: tuple[Taken, ...]
    """What the trainer does where its file says nothing; `value` is empty."""
    left: tuple[str, ...]
    """Keys with no bearing on time, memory or money, and those we do not know."""
    uncounted: tuple[str, ...] = ()
    """Keys that do bear on them, and that the estimate leaves out."""
