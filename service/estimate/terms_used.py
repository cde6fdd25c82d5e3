"""Which calibrated terms the time of a workload on some GPUs rests on."""

from collections.abc import Sequence

from service.estimate.hardware import precision_used
from service.estimate.machine import efficiency_term, flash_term, narrow_term
from service.estimate.step_work import ALIGNED_VOCABULARY, NARROW_HEADS
from service.facts import Gpu, Workload

ALWAYS = frozenset(
    {"efficiency", "last_wave", "power_exponent", "weight_traffic", "optimizer_traffic", "stepped_tensor"}
)
BETWEEN_GPUS = frozenset(
    {"link_efficiency", "host_exchange", "network", "sharding_per_node_doubling"}
)  # fmt: skip
SHARDED = frozenset({"exposed_gather", "sharding_fsdp"})
REPLICATED = frozenset({"exposed_reduce", "sharding_replicated"})
OF_ENGINE = ("traffic", "logits", "micro_batch", "layer")


def terms_used(workload: Workload, gpus: Sequence[Gpu]) -> frozenset[str]:
    """Names of the terms in `terms.TERMS` that this workload's step on these GPUs depends on."""
    recipe, a = workload.recipe, workload.architecture
    used = set(ALWAYS) | BETWEEN_GPUS | {f"{kind}_{recipe.engine}" for kind in OF_ENGINE}
    used |= {efficiency_term(gpu, precision_used(gpu, recipe.precision)) for gpu in gpus}
    used |= SHARDED if recipe.sharding == "fsdp" else REPLICATED
    if any(gpu.category.startswith("geforce") for gpu in gpus):
        used.add("geforce_clock")
    if recipe.precision == "fp8":
        used |= {"fp8_datacenter", "fp8_consumer"}
    if recipe.attention == "flash":
        used |= {flash_term(gpu) for gpu in gpus}
        if a.head_dim < NARROW_HEADS:
            used |= {narrow_term(gpu) for gpu in gpus}
    else:
        used.add(f"scores_{recipe.engine}")
    if recipe.checkpointing == "selective":
        used.add("selective_recompute")
    if a.vocab_size % ALIGNED_VOCABULARY:
        used.add("unaligned_vocabulary")
    if recipe.optimizer == "muon+adamw":
        used.add("newton_schulz")
    if recipe.trained != "all":
        used |= {"adapter", "adapter_traffic"}
        if recipe.frozen_bytes < 2:
            used |= {"unpacking", "packed_matrix"}
    if recipe.trainer in ("hf-trainer", "deepspeed"):
        used.add("framework")
    if recipe.trainer == "deepspeed" and recipe.sharding == "fsdp":
        used.add("partitioned_layer")
    return frozenset(used)
