"""Every format of log that is read, in the order in which a line is offered to them."""

from service.estimate.run_records.formats_of_clusters import (
    COMPOSER,
    DEEPSPEED,
    MAXTEXT,
    MEGATRON,
    NANOTRON,
    NEMO,
    OLMO,
    TORCHTITAN,
)
from service.estimate.run_records.formats_of_loops import (
    AUTORESEARCH,
    BUILD_NANOGPT,
    LEVANTER,
    LLM_C,
    MLX,
    MODDED_NANOGPT,
    NANOCHAT,
    NANOGPT,
)
from service.estimate.run_records.formats_of_trainers import HF_TRAINER, LIGHTNING, LITGPT, TORCHTUNE

FORMATS = (
    NANOCHAT,
    NANOGPT,
    LLM_C,
    TORCHTUNE,
    HF_TRAINER,
    AUTORESEARCH,
    BUILD_NANOGPT,
    MODDED_NANOGPT,
    TORCHTITAN,
    MEGATRON,
    NEMO,
    DEEPSPEED,
    LIGHTNING,
    LITGPT,
    OLMO,
    COMPOSER,
    NANOTRON,
    MAXTEXT,
    MLX,
    LEVANTER,
)
"""A log is of the format that most of its lines fit; of equally many, of the first."""
