"""The adjustable part of a training step's memory, in the order of the ladder."""

from dataclasses import dataclass
from typing import Literal

from service.facts import Recipe

OptimizerPlacement = Literal["gpu", "8bit", "8bit-paged", "host", "host+gradients", "host+parameters"]


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Where the pieces of a training step lie."""

    micro_batch: int
    checkpointed_layers: int = 0
    chunked_cross_entropy: bool = False
    optimizer: OptimizerPlacement = "gpu"
    """gpu as published | 8bit states | 8bit-paged: 8-bit states in unified memory | host: master
    weights and states in host memory, BF16 weights and gradients on the GPU | host+gradients:
    gradients streamed to the host as well | host+parameters: weights streamed layer by layer too"""
    gradient_release: bool = False
    """The optimizer steps inside the backward pass, so that a layer's gradient is freed at once."""
    activations_on_host: bool = False
    """Checkpoints of the activations wait in host memory."""
    sharding: Literal["", "fsdp"] = ""
    """How several GPUs divide the model where that is not the recipe's own way."""


def published_plan(recipe: Recipe, n_layers: int) -> MemoryPlan:
    """The recipe as its project publishes it."""
    return MemoryPlan(
        micro_batch=recipe.micro_batch,
        checkpointed_layers=n_layers if recipe.checkpointing == "full" else 0,
        chunked_cross_entropy=recipe.chunked_cross_entropy,
        optimizer=recipe.optimizer_placement,
        gradient_release=recipe.gradient_release,
        activations_on_host=recipe.activations_on_host,
    )
