"""Fine-tuning as people say it: a method, so many examples of so many tokens, over so many epochs."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from service.answers.asked import Question
from service.errors import worded
from service.facts import Checkpointing

Method = Literal["full", "lora", "qlora", "lora-8bit", "dora"]
FineTuneOptimizer = Literal["adamw", "adamw-8bit", "paged-adamw-8bit", "adafactor", "lion", "sgd", "muon"]
ROLLOUTS = frozenset({"grpo", "ppo", "rloo", "gspo", "dapo", "online-dpo"})
PAIRS_ALONE = frozenset({"orpo", "simpo", "cpo"})
PAIRS_BESIDE_REFERENCE = frozenset({"dpo", "ipo"})
REWARD_MODELS = frozenset({"reward", "reward-model", "rm", "prm"})
UNTOLD = {
    **dict.fromkeys(
        ROLLOUTS,
        worded(
            "a step generates text before it trains on it, and no published run that we know "
            "tells the hours of the two apart; nearest: lora, which counts the training part "
            "alone"
        ),
    ),
    **dict.fromkeys(
        PAIRS_BESIDE_REFERENCE,
        worded(
            "trains on pairs, and no published run that we know is there to hold it against; "
            "nearest: lora with both answers of a pair counted as examples, which leaves out the "
            "reference model's forward pass"
        ),
    ),
    **dict.fromkeys(
        PAIRS_ALONE,
        worded(
            "trains on pairs, and no published run that we know is there to hold it against; "
            "nearest: lora with both answers of a pair counted as examples, for it has no "
            "reference model"
        ),
    ),
    "kto": worded(
        "weighs every answer against a reference model, and no published run that we know is "
        "there to hold it against; nearest: lora, which leaves out the reference model's "
        "forward passes"
    ),
    **dict.fromkeys(
        REWARD_MODELS,
        worded(
            "trains a score on pairs in place of words, and no published run that we know is "
            "there to hold it against; nearest: lora with both answers of a pair counted as "
            "examples, which has a head for words"
        ),
    ),
    "qdora": worded(
        "DoRA norms its matrix in every pass, and what unpacking it from 4 bits adds to that "
        "nobody we know has measured; nearest: dora beside 16-bit weights, or qlora, which "
        "is faster"
    ),
}
SAME_AS: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("rslora", "rs-lora", "lora+", "loraplus", "lora-plus", "pissa"), "lora")
    | dict.fromkeys(("qrslora", "qlora+", "qloraplus"), "qlora")
)
"""Methods that scale, start or step adapters otherwise, at the same cost in time and memory."""


class AskedFineTune(Question):
    """How a model is fine-tuned; `service.usecases.fine_tuning.fine_tuned` makes a run of it."""

    method: Method = Field(
        description="full: all weights; lora and dora beside 16-bit ones, lora-8bit int8, qlora NF4"
    )
    examples: int = Field(ge=1, le=10**12, description="Examples of the data set")
    mean_tokens: float = Field(ge=1, le=10**7, description="Of an example on average, before it is cut off")
    epochs: float = Field(3.0, gt=0, le=10_000, description="How often each is trained on; Trainer's default")
    lora_rank: int = Field(16, ge=1, le=100_000, description="Rank of the adapters")
    lora_targets: str = Field(
        "all-linear",
        description="Matrices that carry an adapter: all-linear, attention, query-value, or the model's own "
        "names between commas (q_proj,v_proj; experts.gate_up_proj for PEFT's target_parameters)",
    )
    modules_to_save: str = Field(
        "", description="Trained in full beside adapters: embed_tokens, lm_head or both between commas"
    )
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

    @field_validator("lora_targets", "modules_to_save", mode="before")
    @classmethod
    def _between_commas(cls, names: Any) -> Any:
        """Names as a list, or with spaces or plus signs between them, are the same names."""
        if isinstance(names, list | tuple) and all(isinstance(name, str) for name in names):
            names = ",".join(names)
        return ",".join(filter(None, re.split(r"[\s,+]+", names))) if isinstance(names, str) else names

    @field_validator("method", mode="before")
    @classmethod
    def _known(cls, method: Any) -> Any:
        """What is asked for and cannot be told is refused with the reason; what costs the same is alike."""
        if not isinstance(method, str):
            return method
        word = re.sub(r"[\s_]+", "-", method.strip().lower())
        if reason := UNTOLD.get(word):
            raise PydanticCustomError("untold", "{reason}", {"reason": reason})
        return SAME_AS.get(word, method.strip().lower())

    @field_validator("optimizer", "checkpointing", mode="before")
    @classmethod
    def _in_small_letters(cls, word: Any) -> Any:
        """AdamW as it is written."""
        return word.strip().lower() if isinstance(word, str) else word
