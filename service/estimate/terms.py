"""The few numbers that turn counted work into seconds: what each means and what is believed before any run.

Every prior is a median and a log standard deviation. Matrix-product priors rest on published
measurements of the achievable matrix rate (stas00/ml-engineering@744d01e, "maximum achievable matmul
FLOPS": A100 87 %, H100 80 %, B200 78 %, MI300X 51 %, MI325X 60 %, MI355X 68 % of the dense peak;
Markidis et al., arXiv:1803.04014: cuBLAS on V100 83 of 125 TFLOP/s), the others on counting reads and
writes; what nobody measured keeps a wide prior. There is no table of MFUs: a GPU is known by its
peak, its bandwidth, its board power and its architecture.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Term:
    """One calibrated number: its prior and its unit."""

    median: float
    log_spread: float
    unit: str = "ratio"


TRAFFIC = "B per token, layer and channel"
SCORE = "B per attention score"

TERMS: Mapping[str, Term] = MappingProxyType(
    {
        # Share of the dense peak that large matrix products reach, and how architectures differ from it.
        "efficiency": Term(0.92, 0.06),
        "efficiency_pascal": Term(0.95, 0.15),
        "efficiency_pascal-gp100": Term(0.85, 0.20),
        "efficiency_volta": Term(0.72, 0.15),
        "efficiency_turing": Term(0.85, 0.15),
        "efficiency_ampere": Term(1.0, 0.10),
        "efficiency_ampere-gx100": Term(1.0, 0.10),
        "efficiency_ada": Term(1.0, 0.10),
        "efficiency_hopper": Term(1.0, 0.10),
        "efficiency_blackwell": Term(1.0, 0.10),
        "efficiency_blackwell-dc": Term(1.15, 0.12),
        "efficiency_cdna2": Term(0.70, 0.20),
        "efficiency_cdna3": Term(0.78, 0.15),
        "efficiency_cdna4": Term(1.0, 0.20),
        "efficiency_rdna3": Term(0.60, 0.25),
        "efficiency_rdna4": Term(0.65, 0.25),
        # FP32 products on the shaders, without tensor units.
        "efficiency_fp32": Term(0.90, 0.10),
        # Share of a whole wave that the last tiles of a product idle for.
        "last_wave": Term(0.50, 0.40),
        # GeForce cards hold clocks above the rated boost that their peak is derived from.
        "geforce_clock": Term(1.08, 0.06),
        # Cards with little board power per peak TFLOP/s cannot hold their clock under full load.
        "power_exponent": Term(0.40, 0.50, "exponent"),
        # FP8 doubles the peak; this is the share of the doubling that is left.
        "fp8_datacenter": Term(0.65, 0.15),
        "fp8_consumer": Term(0.80, 0.15),
        # HBM traffic beside the matrix products' own: element-wise kernels, norms, residuals.
        "traffic_torch-compile": Term(200.0, 0.25, TRAFFIC),
        "traffic_native": Term(140.0, 0.25, TRAFFIC),
        "traffic_torch-eager": Term(400.0, 0.25, TRAFFIC),
        "scores_torch-compile": Term(60.0, 0.40, SCORE),
        "scores_torch-eager": Term(130.0, 0.40, SCORE),
        "scores_native": Term(60.0, 0.40, SCORE),
        "logits_torch-compile": Term(12.0, 0.40, "B per token and vocabulary entry"),
        "logits_torch-eager": Term(30.0, 0.40, "B per token and vocabulary entry"),
        "logits_native": Term(8.0, 0.40, "B per token and vocabulary entry"),
        # Matrix rate of flash attention (its causal half only) over that of large matrix products. Common
        # kernels leave the matrix units that came with Hopper unused: 35 % of an H100's peak against 50-73 %
        # of an A100's (Shah et al., FlashAttention-3, arXiv:2407.08608; Dao, FlashAttention-2,
        # arXiv:2307.08691).
        "flash_full_rate": Term(0.65, 0.12),
        "flash_hopper": Term(0.50, 0.15),
        "flash_half_rate": Term(0.95, 0.15),
        # Heads of 64 instead of 128: 205 instead of 370 TFLOP/s on an H200 (measured 2026-11-27, PyTorch
        # 2.11, forward and backward); 0.80 to 0.90 on an A100 (FlashAttention-2, as above, figures 4 to 6).
        "flash_narrow_hopper": Term(0.56, 0.10),
        "flash_narrow_full_rate": Term(0.85, 0.10),
        "flash_narrow_half_rate": Term(0.85, 0.15),
        # A vocabulary that is no multiple of 8 keeps the output matrix off the fast kernels.
        "unaligned_vocabulary": Term(1.5, 0.25),
        # What the host takes to launch a block forward and backward; felt where the GPU would be faster.
        "layer_torch-compile": Term(0.0006, 0.60, "s per layer and micro-batch"),
        "layer_torch-eager": Term(0.0020, 0.50, "s per layer and micro-batch"),
        "layer_native": Term(0.00010, 0.80, "s per layer and micro-batch"),
        # Beside an adapted matrix: its input dropped out and read again, the products of both halves written,
        # scaled and added, forward and backward (PEFT's `lora.Linear`: some 18 B per input, 32 B per output).
        "adapter_traffic": Term(22.0, 0.40, "B per token and channel of an adapted matrix"),
        "adapter": Term(0.00012, 0.60, "s per adapter and micro-batch"),
        "packed_matrix": Term(0.00020, 0.60, "s per frozen matrix of few bits and micro-batch"),
        "stepped_tensor": Term(0.00020, 0.50, "s per tensor and step"),
        "partitioned_layer": Term(0.0080, 0.60, "s per layer and micro-batch"),
        # The loop itself, synchronisation, metrics, data: never hidden.
        "micro_batch_torch-compile": Term(0.003, 0.60, "s per micro-batch"),
        "micro_batch_torch-eager": Term(0.004, 0.60, "s per micro-batch"),
        "micro_batch_native": Term(0.001, 0.80, "s per micro-batch"),
        "framework": Term(0.010, 0.80, "s per micro-batch"),
        # Weights cast and read, gradients added up: once per micro-batch.
        "weight_traffic": Term(14.0, 0.40, "B per parameter and micro-batch"),
        # Frozen 4-bit or 8-bit weights: 0.6 bytes read, 2 written, 2 read back, by kernels that do not reach
        # the memory's rate.
        "unpacking": Term(10.0, 0.50, "B per weight and pass"),
        "optimizer_traffic": Term(28.0, 0.40, "B per parameter and step"),
        # Muon's products are small and symmetric: their rate over that of large ones.
        "newton_schulz": Term(0.60, 0.30),
        # Rates between GPUs over those of their links, and of a node's network over those of its GPUs' links.
        "link_efficiency": Term(0.60, 0.25),
        "host_exchange": Term(0.40, 0.30),
        "network": Term(0.80, 0.40),
        # Share of the exchange that is felt although computation could hide it.
        "exposed_gather": Term(0.30, 0.35),
        "exposed_reduce": Term(0.30, 0.50),
        # What several GPUs lose to each other beside the traffic that computation does not hide.
        "sharding_replicated": Term(0.02, 0.60),
        "sharding_fsdp": Term(0.03, 0.60),
        "sharding_per_node_doubling": Term(0.010, 0.35),
        "selective_recompute": Term(0.12, 0.40, "of the blocks' FLOPs"),
    }
)

HOST_TERMS: Mapping[str, float] = MappingProxyType({"pcie_efficiency": 0.77, "host_memory_gb_per_s": 40.0})
"""Not fitted: share of the PCIe line rate reached (0.75-0.80), DRAM rate of a desktop [GB/s]."""
