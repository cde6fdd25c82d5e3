"""How one's own run held its training step: what was said of it, what its workload publishes, what is taken.

A measurement belongs to a plan. Where the published one cannot have fitted the card and nobody said another,
the run is taken with the plan that a comparison on that card chooses: the forecast told back is no news.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from service.errors import InvalidValue, worded
from service.estimate.case import Case
from service.estimate.hardware import available_memory_gib
from service.estimate.machine import machines
from service.estimate.memory import fit_verdict, peak_memory, with_context
from service.estimate.memory_plan import MemoryPlan
from service.estimate.memory_plan_search import families, search
from service.estimate.run_records.optimizer_words import optimizer_bits_of, optimizer_of
from service.facts import FOUR_BIT_WEIGHT, Architecture, MeasuredRun, Recipe, Workload

OFFLOAD_OF = {"host": "optimizer", "host+gradients": "gradients", "host+parameters": "optimizer+parameters"}
BITS_OF_FROZEN = {FOUR_BIT_WEIGHT: 4, 1.0: 8, 2.0: 16, 4.0: 32}
CHECKPOINTING_WORDS = ("none", "selective", "full", "a number of layers")
OPTIMIZER_WORDS = (
    "adamw", "adamw-8bit", "paged-adamw-8bit", "muon", "adafactor", "lion", "lamb", "sgd", "sgd-momentum",
)  # fmt: skip
NAMES_OF_OPTIMIZERS = {"muon+adamw": "Muon+AdamW", "adamw": "AdamW"}


@dataclass(frozen=True, slots=True)
class PlanTaken:
    """The plan that a measurement is taken with, where it is not the published one."""

    micro_batch: int
    checkpointed_layers: int
    n_layers: int
    offload: str
    optimizer_bits: int | None
    chunked_cross_entropy: bool


def published_fields(recipe: Recipe, architecture: Architecture) -> dict[str, Any]:
    """What a row of a run says of a published recipe beside its batch: so much that it is read back alike."""
    weights = "fp32" if recipe.weight_bytes == 4 else "16-bit+master" if recipe.master_weights else "16-bit"
    usual_bytes = 2 if weights == "16-bit" else 4
    bits = None if recipe.state_bytes == usual_bytes else 8 * recipe.state_bytes
    fields: dict[str, Any] = {
        "parallelism": recipe.sharding,
        "weights_in": weights,
        "optimizer": NAMES_OF_OPTIMIZERS.get(recipe.optimizer, recipe.optimizer),
        "chunked_cross_entropy": recipe.chunked_cross_entropy,
        "gradient_release": recipe.gradient_release,
        "activations_on_host": recipe.activations_on_host,
        "trainer": recipe.trainer,
        "gated_mlp": architecture.gated_mlp,
        "tied_embeddings": architecture.tied_embeddings,
    }
    if recipe.trained != "all":
        fields |= {
            "adapter_rank": recipe.adapter_rank,
            "adapter_targets": recipe.adapter_targets,
            "frozen_bits": BITS_OF_FROZEN.get(recipe.frozen_weight_bytes or 0.0),
        }
    placed = _placement_fields(recipe.optimizer_placement, str(fields["optimizer"]))
    return fields | {"optimizer_bits": bits} | placed


def _placement_fields(placement: str, optimizer: str) -> dict[str, Any]:
    """Where an optimizer works, as a row of a run says it."""
    if placement in OFFLOAD_OF:
        return {"offload": OFFLOAD_OF[placement]}
    if placement == "8bit":
        return {"offload": "none", "optimizer_bits": 8}
    if placement == "8bit-paged":
        paged = optimizer if "paged" in optimizer.lower() else f"paged {optimizer}"
        return {"offload": "none", "optimizer_bits": 8, "optimizer": paged}
    return {"offload": "none"}


def said_fields(said: Mapping[str, Any], n_layers: int | None) -> dict[str, Any]:
    """What was said of a plan, as a row of a run says it.

    Raises InvalidValue, with what would be valid, for words that mean nothing and for more layers than there
    are.
    """
    fields = {name: value for name, value in said.items() if value is not None}
    if "checkpointing" in fields:
        fields["checkpointing"] = _checkpointing(str(fields["checkpointing"]), n_layers)
    if "optimizer" in fields:
        word = str(fields["optimizer"])
        if optimizer_of(word.lower()) is None:
            raise InvalidValue("optimizer", word, worded("unknown"), OPTIMIZER_WORDS)
        fields["optimizer_bits"] = optimizer_bits_of(word.lower())
    return fields


def _checkpointing(said: str, n_layers: int | None) -> str:
    """none, selective, full, or so many layers of all of them."""
    if not said.isdigit():
        if said in CHECKPOINTING_WORDS:
            return said
        raise InvalidValue("checkpointing", said, worded("unknown"), CHECKPOINTING_WORDS)
    layers = int(said)
    if n_layers is None or layers > n_layers:
        reason = (
            worded("how many layers the model has is not known")
            if n_layers is None
            else worded("the model has {n_layers} layers", n_layers=n_layers)
        )
        raise InvalidValue("checkpointing", said, reason, CHECKPOINTING_WORDS)
    return "none" if layers == 0 else "full" if layers == n_layers else f"{layers}/{n_layers}"


def taken(
    run: MeasuredRun,
    case: Case,
    said: frozenset[str],
    *,
    chosen: MemoryPlan | None,
    terms: Mapping[str, float],
    host_memory_gib: float,
) -> tuple[MeasuredRun, PlanTaken | None]:
    """The run with the plan it can have had, and that plan where it is not the published one.

    `said` are the fields of the row that somebody told; `chosen` is what a comparison chooses on that
    machine, taken where nothing of the plan was told.
    """
    plan = case.plan
    if not said and chosen is not None:
        plan = chosen
    elif not _fits(case):
        plan = _that_fits(case, said, terms, host_memory_gib) or case.plan
    if plan == case.plan:
        return run, None
    layers, optimizer = case.architecture.n_layers, run.optimizer or case.recipe.optimizer
    part = {0: "none", layers: "full"}.get(plan.checkpointed_layers, f"{plan.checkpointed_layers}/{layers}")
    fields: dict[str, Any] = {
        "micro_batch": plan.micro_batch,
        "chunked_cross_entropy": plan.chunked_cross_entropy,
        "checkpointing": part if plan.checkpointed_layers != case.plan.checkpointed_layers else None,
        "parallelism": plan.sharding or None,
    }
    if plan.optimizer != case.plan.optimizer:
        fields |= _placement_fields(plan.optimizer, str(optimizer))
    changed = {name: value for name, value in fields.items() if value is not None}
    told = replace(run, **changed)
    return told, PlanTaken(
        micro_batch=plan.micro_batch,
        checkpointed_layers=plan.checkpointed_layers,
        n_layers=layers,
        offload=OFFLOAD_OF.get(plan.optimizer, "none"),
        optimizer_bits=8 if plan.optimizer.startswith("8bit") else None,
        chunked_cross_entropy=plan.chunked_cross_entropy,
    )


def _fits(case: Case) -> bool:
    peak = with_context(
        peak_memory(case.architecture, case.recipe, case.plan, case.gpu_count), case.gpu_count
    )
    return fit_verdict(peak, available_memory_gib(case.gpu)) != "does_not_fit"


def _that_fits(
    case: Case, said: frozenset[str], terms: Mapping[str, float], host_memory_gib: float
) -> MemoryPlan | None:
    """The fastest plan that fits and leaves alone what was said; None where there is none."""
    recipe, count = case.recipe, case.gpu_count
    candidates: Sequence[MemoryPlan] = families(recipe, count)
    if said & {"offload", "optimizer"}:
        candidates = [plan for plan in candidates if plan.optimizer == case.plan.optimizer]
    found = search(
        Workload("", "", "", case.architecture, recipe, 0, {}),
        candidates,
        machines([(case.gpu, count)], [recipe.precision], [case.power_limit_watts]),
        counts=[count],
        terms=terms,
        available_gib=np.array([available_memory_gib(case.gpu)]),
        host_memory_gib=np.array([host_memory_gib]),
        batches=[recipe.micro_batch] if "micro_batch" in said else None,
        may_checkpoint="checkpointing" not in said,
    )
    if not found.fitting[0]:
        return None
    plan = found.plan(0)
    if "checkpointing" in said:  # a part of the layers is none of the search's choices
        plan = replace(plan, checkpointed_layers=case.plan.checkpointed_layers)
    return plan
