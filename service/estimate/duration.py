"""Hours of training: counted work over hardware rates, times a few calibrated terms.

    busy     = matrix products + last waves + attention + memory traffic     per micro-batch, on the GPU
    launched = kernels of blocks, adapters, unpacking, module hooks          per micro-batch, by the host
    t_step   = micro-batches x (longer of busy and launched + the loop)
             + optimizer + exposed exchange between GPUs + exposed offload

Matrix products run at efficiency x peak, where efficiency = common x architecture x GeForce clock x
(watts per TFLOP/s)^e; a fused causal attention kernel does half of the counted FLOPs at its own rate;
everything else moves bytes at the memory's rate (Williams et al., Roofline, 2009, with the parts
added instead of overlapped, which the calibrated terms absorb). Leaves out data loading (hidden on a
sound set-up), warm-up compilation (minutes) and failures.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from service.estimate.machine import Machines
from service.estimate.step_work import Name, Number, StepWork

Terms = Mapping[str, float] | Mapping[str, NDArray[np.float64]]
UNHIDDEN_OPTIMIZER = 0.10
UNHIDDEN_STREAM = 0.25
"""Share of a hidden transfer that is felt all the same; streams are felt more (ZeRO-Infinity is reported to
leave the GPU idle for 40-70 % of the time by LoHan, arXiv:2403.06504). Estimates of ours."""
OVERLAP = 4.0
"""How sharply the longer of two overlapping times hides the shorter; infinity would hide it wholly."""
OVERLAPPED_BACKWARD = 2 / 3
DORA_TIME = 7300 / 3564
"""Time of a DoRA step over that of LoRA: 7,300 and 3,564 tokens/s with Llama 3.1 8B, rank 16 on all matrices,
full checkpointing, 2 x 2,048 tokens (PEFT, eager, autocast, H200, measured by us on 2026-11-28). PEFT writes
out B A and the norms of W + B A in every forward pass, so that smaller micro-batches lose more."""
DORA_SPREAD = 0.25
"""Log standard deviation of that factor elsewhere, 1.5 to 2.8: an estimate of ours from that single size."""
PARTS = ("matmul_s", "attention_s", "memory_s", "micro_batch_s", "optimizer_s", "sharding_s", "offload_s")


@dataclass(frozen=True, slots=True)
class StepTime:
    """Seconds of one optimizer step and where they go; arrays over cases."""

    step_s: Number
    matmul_s: Number
    attention_s: Number
    memory_s: Number
    micro_batch_s: Number
    """What the GPU waits for launches, synchronisation and the loop itself, once per micro-batch."""
    optimizer_s: Number
    sharding_s: Number
    offload_s: Number
    accumulation: Number

    def of(self, case: int) -> "StepSeconds":
        """The parts of one case's step."""

        def one(value: Number) -> float:
            return float(np.broadcast_to(value, np.shape(self.step_s))[case])

        return StepSeconds(**{field.name: one(getattr(self, field.name)) for field in fields(StepTime)})

    def each(self) -> list["StepSeconds"]:
        """The parts of every case's step, in order."""
        shape = np.shape(self.step_s)
        columns = [np.broadcast_to(getattr(self, f.name), shape).tolist() for f in fields(StepTime)]
        return [StepSeconds(*row) for row in zip(*columns, strict=True)]

    def shares(self) -> NDArray[np.float64]:
        """Parts of the step's time by `PARTS` [0-1], shape (cases, parts)."""
        columns = [np.broadcast_to(getattr(self, part), np.shape(self.step_s)) for part in PARTS]
        shares: NDArray[np.float64] = np.stack(columns, axis=-1) / np.asarray(self.step_s)[..., None]
        return shares


@dataclass(frozen=True, slots=True)
class StepSeconds:
    """Seconds of one optimizer step of one case and where they go."""

    step_s: float
    matmul_s: float
    attention_s: float
    memory_s: float
    micro_batch_s: float
    optimizer_s: float
    sharding_s: float
    offload_s: float
    accumulation: float

    def scaled(self, factor: float) -> "StepSeconds":
        """All seconds times a factor."""
        seconds = {f.name: getattr(self, f.name) * factor for f in fields(self) if f.name != "accumulation"}
        return replace(self, **seconds)


def named(terms: Terms, prefix: str, names: Name) -> Number:
    """The term of each case: a number for one name, one column per case for a tuple of names."""
    if isinstance(names, str):
        return terms[prefix + names]
    distinct, numbers = _numbered(names)
    values = [np.atleast_1d(terms[prefix + name]) for name in distinct]
    return np.concatenate(values, axis=-1)[..., numbers]


@lru_cache(maxsize=64)
def _numbered(names: tuple[str, ...]) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """The names without repetition and the place of each among them: the same cases are timed many times."""
    distinct = tuple(dict.fromkeys(names))
    place = {name: number for number, name in enumerate(distinct)}
    return distinct, np.array([place[name] for name in names])


def matmul_flops_per_s(machine: Machines, terms: Terms) -> Number:
    """Rate of large matrix products per GPU [FLOP/s]; for FP8 runs that of their BF16 parts."""
    efficiency = terms["efficiency"] * named(terms, "", machine.efficiency_term)
    efficiency = efficiency * np.where(machine.geforce, terms["geforce_clock"], 1.0)
    efficiency = efficiency * machine.power_ratio ** terms["power_exponent"]
    return efficiency * machine.peak_tflops * 1e12


def longer_of(a: Number, b: Number) -> Number:
    """The longer of two times that overlap, a little more where they are alike: (a^4 + b^4)^(1/4)."""
    return (a**OVERLAP + b**OVERLAP) ** (1 / OVERLAP)


def step_time(work: StepWork, machine: Machines, terms: Terms) -> StepTime:
    """Seconds of one optimizer step of each case, with its parts.

    `work` is one count for all machines or one per machine. `terms` hold a float each, or an array of
    shape (variants, 1) to answer for many variants of the terms at once.
    """
    rate = matmul_flops_per_s(machine, terms)
    bandwidth = machine.bandwidth_gb_per_s * 1e9
    fp8 = np.where(machine.fp8, 2.0 * named(terms, "", machine.fp8_term), 1.0)
    repeated = 1 + work.recomputed / 3 + terms["selective_recompute"] * work.selective
    head = work.head_flops * np.where(work.unaligned_head, terms["unaligned_vocabulary"], 1.0)
    blocks = 1 + work.recomputed * work.forward_share + terms["selective_recompute"] * work.selective
    matmul_s = (work.block_flops * blocks / fp8 + head) / rate * work.tokens
    waves = terms["last_wave"] * work.wave_flops * machine.sm_count / fp8
    matmul_s = matmul_s + waves / rate * work.accumulation

    flash_rate = named(terms, "", machine.flash_term) * np.where(
        work.narrow_heads, named(terms, "", machine.narrow_term), 1.0
    )
    kernel = np.where(work.flash, 0.5 / flash_rate, 1.0)
    attention_s = work.attention_flops * kernel * repeated / rate * work.tokens

    traffic = named(terms, "traffic_", work.engine) * work.layer_channels * repeated
    traffic = traffic + terms["adapter_traffic"] * work.adapted_channels * (
        1 + work.recomputed * work.forward_share
    )
    traffic = traffic + named(terms, "scores_", work.engine) * work.scores
    traffic = traffic * work.activation_width + named(terms, "logits_", work.engine) * work.vocabulary
    memory_s = traffic / bandwidth * work.tokens
    weights = terms["weight_traffic"] * work.weight_traffic_share * work.parameters
    weights = weights + terms["unpacking"] * work.unpacked * (2 + work.recomputed)
    memory_s = memory_s + weights / bandwidth * work.accumulation
    busy_s = matmul_s + attention_s + memory_s
    launches_s = named(terms, "layer_", work.engine) * work.launched_layers
    launches_s = launches_s + terms["adapter"] * work.adapters * work.layers
    launches_s = launches_s + terms["packed_matrix"] * work.packed * work.layers
    launches_s = launches_s * (1 + work.recomputed * work.relaunched)
    launches_s = launches_s + terms["partitioned_layer"] * work.partitioned * work.layers
    loop_s = named(terms, "micro_batch_", work.engine) + terms["framework"] * work.framework
    stepped_s = terms["stepped_tensor"] * work.stepped_tensors
    computed_s = longer_of(busy_s, launches_s * work.accumulation + stepped_s)
    micro_batch_s = computed_s - busy_s + loop_s * work.accumulation

    states = terms["optimizer_traffic"] * work.optimizer_traffic_share * work.parameters / bandwidth
    muon = work.newton_schulz_flops / (rate * terms["newton_schulz"])
    optimizer_s = (states + muon) / work.shards

    sharding_s = exchange_s(work, machine, terms, computed_s)
    offload_s = exposed_offload_s(work, machine, terms, computed_s)
    adapted = np.where(work.decomposed, DORA_TIME, 1.0)
    matmul_s, attention_s, memory_s = matmul_s * adapted, attention_s * adapted, memory_s * adapted
    micro_batch_s = micro_batch_s * adapted
    step_s = matmul_s + attention_s + memory_s + micro_batch_s + optimizer_s + sharding_s + offload_s
    return StepTime(
        step_s=step_s,
        matmul_s=matmul_s,
        attention_s=attention_s,
        memory_s=memory_s,
        micro_batch_s=micro_batch_s,
        optimizer_s=optimizer_s,
        sharding_s=sharding_s,
        offload_s=offload_s,
        accumulation=work.accumulation,
    )


def exchange_s(work: StepWork, machine: Machines, terms: Terms, computed_s: Number) -> Number:
    """Seconds a step waits for what its GPUs send each other.

    Weights that are sharded cross in every micro-batch and overlap with all of it, gradients that are
    all-reduced cross once per step and overlap with the last backward pass (two thirds of a micro-batch).
    Rates: half of the link's two-way figure x link_efficiency; GeForce cards without a link bounce
    through host memory; between nodes the network's share of that. A share of the computation is lost
    as well, for synchronisation and for SMs that copy.
    """
    link = 0.5 * machine.gpu_link_gb_per_s * 1e9 * terms["link_efficiency"]
    over_host = terms["host_exchange"] * machine.host_link_gb_per_s * 1e9
    rate = np.where(machine.gpu_link_gb_per_s > 0, link, over_host)
    rate = rate * np.where(machine.nodes > 1, terms["network"], 1.0)
    each_s = computed_s / work.accumulation
    gathered_s = work.gathered_bytes / rate
    reduced_s = work.reduced_bytes / rate
    window_s = OVERLAPPED_BACKWARD * each_s
    exposed_s = _waited(gathered_s, each_s, terms["exposed_gather"]) * work.accumulation
    exposed_s = exposed_s + _waited(reduced_s, window_s, terms["exposed_reduce"])
    several = np.where(machine.gpu_count > 1, 1.0, 0.0)
    lost = np.where(work.fsdp, terms["sharding_fsdp"], terms["sharding_replicated"]) * several
    lost = lost + terms["sharding_per_node_doubling"] * np.log2(machine.nodes)
    return exposed_s + computed_s * lost


def _waited(transfer_s: Number, computed_s: Number, exposed: Number) -> Number:
    """What a transfer adds to a computation: what is longer than it, and a share of what it hides."""
    together = longer_of(transfer_s, computed_s)
    return together - computed_s + exposed * (transfer_s + computed_s - together)


def exposed_offload_s(work: StepWork, machine: Machines, terms: Terms, computation_s: Number) -> Number:
    """Seconds a step waits for what lives in host memory.

    Streams overlap with the micro-batch they belong to, the optimizer's exchange and its work on the CPU
    with one micro-batch; what is longer than that is waited for, and a share of what is hidden as well.
    Reproduces the amortisation of prime-rl #3234 (44, 90 and 100 % of the speed at 8, 16 and 32 thousand
    tokens a step). Leaves out links and host memory that several machines share.
    """
    micro_batch_s = computation_s / work.accumulation
    link = terms["pcie_efficiency"] * machine.host_link_gb_per_s * 1e9
    host_memory = terms["host_memory_gb_per_s"] * 1e9 * machine.nodes
    optimizer_s = work.host_link_bytes / link + work.host_memory_bytes / host_memory
    streamed_s = work.streamed_bytes / link + work.accumulated_bytes / host_memory
    return _exposed(optimizer_s, micro_batch_s, UNHIDDEN_OPTIMIZER) + work.accumulation * _exposed(
        streamed_s, micro_batch_s, np.where(work.synchronous, 1.0, UNHIDDEN_STREAM)
    )


def _exposed(transfer_s: Number, computation_s: Number, unhidden: Number) -> Number:
    longer = np.maximum(0.0, transfer_s - computation_s)
    return longer + unhidden * np.minimum(transfer_s, computation_s)
