"""What a body may ask: a workload by name, by dimensions or by config.json, and the rest."""

from typing import Annotated, Any, Literal

from pydantic import Field

from service.api.contract import Strict
from service.api.households import LARGEST_COUNT, HouseholdIn
from service.facts import Workload
from service.usecases import custom_workload

Slug = Annotated[str, Field(min_length=1, max_length=120)]


class WorkloadIn(Strict):
    """A model of one's own: exactly one of `architecture` and `config`."""

    architecture: dict[str, Any] | None = Field(
        None,
        description="n_layers, d_model, n_heads, vocab_size and, where they differ from GPT-2's "
        "habits, n_kv_heads, head_dim, d_ff, tied_embeddings, gated_mlp, norm, …",
        max_length=40,
    )
    config: dict[str, Any] | None = Field(None, description="A Hugging Face config.json", max_length=400)
    recipe: dict[str, Any] = Field(
        default_factory=dict,
        max_length=40,
        description="seq_len, global_batch_tokens, micro_batch, optimizer, precision, engine, attention, "
        "sharding, checkpointing; what is left out is assumed and shown as such",
    )
    tokens: int = Field(ge=1, le=LARGEST_COUNT)
    name: str = Field("own model", min_length=1, max_length=80)


class ComparisonIn(HouseholdIn):
    """Home against cloud; every field has the headline's value as its default."""

    workload: Slug | WorkloadIn = "nanochat-d32"
    home: Slug = "rtx-4070"
    home_count: int = Field(1, ge=1, le=1024)
    cloud: Slug = Field("8xh100-sxm", description="COUNTxGPU, an offer's slug, or any for every stored offer")
    tier: Literal["on_demand", "spot", "reserved", "community", "marketplace", "any"] = "on_demand"
    limit: int = Field(20, ge=1, le=100, description="With cloud any: how many of the cheapest offers")


class MachineIn(Strict):
    """GPUs in one machine."""

    gpu: Slug
    gpu_count: int = Field(1, ge=1, le=1024)


class EstimateIn(Strict):
    """A run on machines, without prices."""

    workload: Slug | WorkloadIn = "nanochat-d32"
    hardware: list[MachineIn] = Field(min_length=1, max_length=100)
    at_home: bool = Field(True, description="Energy as a PC at home draws it, else as in a data centre")
    explain: bool = Field(False, description="Say where time and doubt come from, and on which runs it rests")


def workload_asked(asked: "str | WorkloadIn", today: Any) -> str | Workload:
    """The name, or the workload that a body describes."""
    if isinstance(asked, str):
        return asked
    return custom_workload(
        asked.architecture,
        asked.config,
        recipe=asked.recipe,
        tokens=asked.tokens,
        today=today,
        name=asked.name,
    )
