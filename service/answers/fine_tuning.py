"""Fine-tuning as people say it: a method, so many examples of so many tokens, over so many epochs."""

from typing import Any, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from service.answers.asked import Question
from service.facts import AdapterTargets, Checkpointing

Method = Literal["full", "lora", "qlora", "lora-8bit", "dora"]
FineTuneOptimizer = Literal["adamw", "adamw-8bit", "paged-adamw-8bit", "adafactor", "lion", "sgd", "muon"]
ROLLOUTS = frozenset({"grpo", "ppo", "rloo", "gspo", "dapo", "online-dpo"})
PREFERENCES = frozenset({"dpo", "orpo", "kto", "simpo"})
UNTOLD = {
    **dict.fromkeys(
        ROLLOUTS,
        "a step generates text before it trains on it, and no published run that we know tells the hours of "
        "the two apart; nearest: lora, which counts the training part alone",
    ),
    **dict.fromkeys(
        PREFERENCES,
        "trains on pairs, and no published run that we know is there to hold it against; nearest: lora with "
        "both answers of a pair counted as examples, which leaves out the reference model's forward pass",
    ),
}


class AskedFineTune(Question):
    """How a model is fine-tuned; `service.usecases.fine_tuning.fine_tuned` makes a run of it."""

    method: Method = Field(
        description="full: all weights; lora and dora beside 16-bit ones, lora-8bit int8, qlora NF4"
    )
    examples: int = Field(ge=1, le=10**12, description="Examples of the data set")
    mean_tokens: float = Field(ge=1, le=10**7, description="Of an example on average, before it is cut off")
    epochs: float = Field(3.0, gt=0, le=10_000, description="How often each is trained on; Trainer's default")
    lora_rank: int = Field(16, ge=1, le=100_000, description="Rank of the adapters")
    lora_targets: AdapterTargets = Field("all-linear", description="Matrices that carry an adapter")
    pack: bool = Field(False, description="Examples fill sequences of `max_length`; else padded")
    pad_to_max: bool = Field(False, description="Padded to `max_length` each, not to a micro-batch's longest")
    max_length: int | None = Field(
        None,
        ge=8,
        le=10_000_000,
        description="Tokens at which an example is cut off; else 2,048, or more where the mean needs it",
    )
    per_device_batch: int | None = Field(
        None, ge=1, le=100_000, description="Sequences per GPU and forward pass; else 2, of full 1"
    )
    accumulate: int | None = Field(
        None, ge=1, le=1_000_000, description="Forward passes of one GPU per step; else 16 sequences a step"
    )
    optimizer: FineTuneOptimizer = "adamw"
    checkpointing: Checkpointing = Field("full", description="On, as trainers of transformers set it")

    @field_validator("method", mode="before")
    @classmethod
    def _known(cls, method: Any) -> Any:
        """What is asked for and cannot be told is refused with the reason."""
        if isinstance(method, str) and (reason := UNTOLD.get(method.strip().lower())):
            raise PydanticCustomError("untold", "{reason}", {"reason": reason})
        return method.strip().lower() if isinstance(method, str) else method

    @field_validator("lora_targets", "optimizer", "checkpointing", mode="before")
    @classmethod
    def _in_small_letters(cls, word: Any) -> Any:
        """AdamW as it is written."""
        return word.strip().lower() if isinstance(word, str) else word
