"""What a GPU can reach at most, derived from SMs, clock and architecture.

Peaks are dense and accumulate in FP32. NVIDIA's GeForce cards run tensor products with FP32
accumulate at half rate, which spec sheets that quote FP16 accumulate or sparsity hide: an
RTX 4070 has 58 TFLOP/s, not 117 or 233. References: NVIDIA whitepapers for Volta (2017), Turing
(2018), A100 (2020), GA102 (2020), Ada (2023), H100 (2022), RTX Blackwell (2025); AMD CDNA2/3/4 and
RDNA3/4 whitepapers. Leaves out clocks that real cards hold above or below the rated boost; the
calibrated efficiency absorbs that.
"""

from typing import get_args

from service.errors import InvalidValue, choice_of, worded
from service.facts import Gpu, Precision

# Dense FP16/BF16 FLOPs per SM (AMD: compute unit) and clock at full rate, FP32 accumulate. Pascal has no
# tensor units: GP100 runs FP16 at twice the FP32 rate, its siblings only by way of FP32. Nor have the GTX 16
# series and GCN 5, which run FP16 at twice the FP32 rate.
TENSOR_FLOPS_PER_SM_AND_CLOCK = {
    "pascal": 256,
    "pascal-gp100": 256,
    "volta": 1024,
    "turing": 1024,
    "turing-gtx16": 256,
    "ampere": 1024,
    "ampere-gx100": 2048,
    "ada": 1024,
    "hopper": 4096,
    "blackwell": 1024,
    "blackwell-dc": 8192,
    "gcn5": 256,
    "cdna1": 1024,
    "cdna2": 1024,
    "cdna3": 2048,
    "cdna4": 4096,
    "rdna3": 512,
    "rdna3.5": 512,
    "rdna4": 1024,
}
FP32_FLOPS_PER_SM_AND_CLOCK = {
    "pascal": 256,
    "pascal-gp100": 128,
    "volta": 128,
    "turing": 128,
    "turing-gtx16": 128,
    "ampere": 256,
    "ampere-gx100": 128,
    "ada": 256,
    "hopper": 256,
    "blackwell": 256,
    "blackwell-dc": 256,
    "gcn5": 128,
    "cdna1": 256,
    "cdna2": 256,
    "cdna3": 256,
    "cdna4": 256,
    "rdna3": 256,
    "rdna3.5": 256,
    "rdna4": 256,
}
TENSOR_RATE = {"full": 1.0, "half": 0.5, "quarter": 0.25}
WITHOUT_BF16 = frozenset({"pascal", "pascal-gp100", "volta", "turing", "turing-gtx16", "gcn5"})
HALF_RATE_BF16 = frozenset({"cdna1"})
"""Architectures that run BF16 at half their FP16 rate (AMD CDNA whitepaper, 2020: 92.3 of 184.6 TFLOP/s)."""
WITH_FP8 = frozenset({"ada", "hopper", "blackwell", "blackwell-dc", "cdna3", "cdna4", "rdna4"})
WITHOUT_TF32 = WITHOUT_BF16 | {"cdna1", "cdna2", "rdna3", "rdna3.5", "rdna4"}
SHARES_HOST_MEMORY = frozenset({"rdna3.5"})
"""Architectures whose memory is the processor's own: what lies in it can be moved nowhere else."""
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

# GB/s of payload-free line rate per lane and direction, by PCIe generation.
PCIE_GB_PER_S_PER_LANE = {2: 0.5, 3: 0.985, 4: 1.969, 5: 3.938, 6: 7.563}

# Memory that the driver leaves a process, estimates of ours from what PyTorch reports of such cards:
# 14.7 GiB of a T4, 22.0 of an L4 or A10G, 44.4 of an L40S or A40; 79.1 of an H100, 39.4 of an A100 40 GB,
# 139.8 of an H200; 23.55 of a GeForce card of 24 GB, 11.65 of 12, 7.7 of 8.
LEFT_WITH_ECC = 0.92
"""Share left of GDDR memory whose error correction keeps a part: data-centre cards without HBM."""
LEFT_OF_HBM = 0.988
DRIVER_KEEPS_GIB, DRIVER_KEEPS_SHARE = 0.25, 0.0083
"""What the driver keeps of other cards: so much, and this share."""
WITH_GDDR = frozenset(
    {"pascal", "turing", "turing-gtx16", "ampere", "ada", "blackwell", "rdna3", "rdna3.5", "rdna4"}
)
"""Architectures whose cards have GDDR memory, or LPDDR; the others' have HBM."""


def dense_tensor_tflops(gpu: Gpu) -> float:
    """Dense FP16/BF16 tensor peak with FP32 accumulate [TFLOP/s]; RTX 4070: 58.3.

    Within 1 % of every vendor figure in the catalog (`published_tensor_tflops`).
    """
    per_clock = TENSOR_FLOPS_PER_SM_AND_CLOCK[gpu.architecture] * TENSOR_RATE[gpu.tensor_rate]
    return gpu.sm_count * gpu.boost_clock_mhz * 1e6 * per_clock / 1e12


def runs_precision(gpu: Gpu, precision: Precision) -> bool:
    """Whether the card's tensor units (or for fp32 its shaders) compute in this precision."""
    if precision == "bf16":
        return gpu.architecture not in WITHOUT_BF16
    if precision == "fp8":
        return gpu.architecture in WITH_FP8
    if precision == "tf32":
        return gpu.architecture not in WITHOUT_TF32
    return True


def precision_used(gpu: Gpu, precision: str) -> Precision:
    """The precision a run falls back to on this card: BF16 becomes FP16 before Ampere, FP8 becomes BF16.

    Raises InvalidValue for a precision that is none of `PRECISIONS`.
    """
    asked = choice_of("precision", precision, PRECISIONS)
    if runs_precision(gpu, asked):
        return asked
    if asked == "tf32":
        return "fp32"
    return "bf16" if asked == "fp8" and runs_precision(gpu, "bf16") else "fp16"


def peak_tflops(gpu: Gpu, precision: Precision) -> float:
    """Dense peak of matrix products in a precision the card runs [TFLOP/s].

    FP8 is counted at twice, TF32 at half the BF16 rate (whitepapers as above). Raises InvalidValue
    when the card does not run it; `precision_used` names the fall-back.
    """
    if not runs_precision(gpu, precision):
        choices = [p for p in PRECISIONS if runs_precision(gpu, p)]
        raise InvalidValue("precision", precision, worded("{gpu} does not run it", gpu=gpu.name), choices)
    if precision == "fp32":
        flops = FP32_FLOPS_PER_SM_AND_CLOCK[gpu.architecture]
        return gpu.sm_count * gpu.boost_clock_mhz * 1e6 * flops / 1e12
    bf16 = 0.5 if gpu.architecture in HALF_RATE_BF16 else 1.0
    factor = {"bf16": bf16, "fp16": 1.0, "fp8": 2.0, "tf32": 0.5}[precision]
    return dense_tensor_tflops(gpu) * factor


def host_memory_for_offload_gib(gpu: Gpu, host_memory_gib: float) -> float:
    """What a machine's own memory can take over from this card [GiB]: nothing where both are one memory."""
    return 0.0 if gpu.architecture in SHARES_HOST_MEMORY else host_memory_gib


def available_memory_gib(gpu: Gpu) -> float:
    """Memory that a card without a display leaves to training processes, CUDA context included [GiB]."""
    if gpu.architecture not in WITH_GDDR:
        return gpu.memory_gib * LEFT_OF_HBM
    if gpu.category == "datacenter":
        return gpu.memory_gib * LEFT_WITH_ECC
    return gpu.memory_gib * (1 - DRIVER_KEEPS_SHARE) - DRIVER_KEEPS_GIB


def host_link_gb_per_s(gpu: Gpu) -> float | None:
    """Line rate between GPU and host per direction [GB/s]; None where the catalog does not say."""
    if gpu.pcie_generation is None or gpu.pcie_lanes is None:
        return None
    return PCIE_GB_PER_S_PER_LANE[gpu.pcie_generation] * gpu.pcie_lanes
