"""What Google's GPU machine types consist of, for prices that come in parts: reviewed by hand.

vCPUs, memory, GPUs and bundled local SSD as on
https://cloud.google.com/compute/docs/accelerator-optimized-machines and, for N1 machines with GPUs
attached, https://cloud.google.com/compute/docs/gpus (read 2026-11-24). Local SSD that may be added but is
not bundled (G2, G4) costs extra and is not here. A4 machines are priced by slices that hold a GPU with its
share of processor, memory and disk.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine type and the parts it is billed by."""

    name: str
    gpu: str
    """Key of `GPU_SKUS`."""
    gpu_count: int
    family: str
    """Of its processor and memory, as descriptions begin ("A3 Instance Core"); "" where slices hold them."""
    vcpus: int
    ram_gib: int
    local_ssd_gib: int = 0
    """Bundled and billed."""


@dataclass(frozen=True, slots=True)
class GpuSku:
    """A GPU as Google's price list writes it."""

    name: str
    memory_gib: float
    descriptions: tuple[str, ...]
    """What stands before "running in" and "attached to"."""


GPU_SKUS = {
    "t4": GpuSku("T4", 16, ("Nvidia Tesla T4 GPU",)),
    "p100": GpuSku("P100 PCIe", 16, ("Nvidia Tesla P100 GPU",)),
    "v100": GpuSku("V100 SXM2", 16, ("Nvidia Tesla V100 GPU",)),
    "l4": GpuSku("L4", 24, ("Nvidia L4 GPU",)),
    "a100-40gb": GpuSku("A100 SXM4", 40, ("Nvidia Tesla A100 GPU",)),
    "a100-80gb": GpuSku("A100 SXM4", 80, ("Nvidia Tesla A100 80GB GPU", "Nvidia A100 80GB GPU")),
    "h100": GpuSku("H100 SXM5", 80, ("Nvidia H100 80GB GPU",)),
    "h100-mega": GpuSku(
        "H100 SXM5",
        80,
        ("Nvidia H100 80GB Mega GPU", "Nvidia H100 Mega 80GB GPU", "Nvidia H100 80GB Plus GPU"),
    ),
    "h200": GpuSku("H200 SXM", 141, ("H200 141GB GPU", "Nvidia H200 141GB GPU")),
    "b200": GpuSku("B200 SXM", 180, ("A4 Nvidia B200 (1 gpu slice)",)),
    "rtx-pro-6000": GpuSku("RTX PRO 6000 Blackwell Server", 96, ("RTX 6000 96GB",)),
}
"""Descriptions seen in Google's price list of Compute Engine in 2026."""

_N1 = (("t4", (1, 2, 4)), ("p100", (1, 2, 4)), ("v100", (1, 2, 4, 8)))
"""N1 machines take GPUs in these numbers; here each GPU comes with eight vCPUs."""


def _family(
    name: str, gpu: str, family: str, shapes: tuple[tuple[str, int, int, int, int], ...]
) -> list[Machine]:
    """Shapes are size, GPUs, vCPUs, GiB of memory and of local SSD."""
    return [
        Machine(
            name=f"{name}-{size}",
            gpu=gpu,
            gpu_count=n,
            family=family,
            vcpus=cpu,
            ram_gib=ram,
            local_ssd_gib=ssd,
        )
        for size, n, cpu, ram, ssd in shapes
    ]


def _n1() -> list[Machine]:
    return [
        Machine(
            name=f"n1-standard-{8 * n} + {n}x {GPU_SKUS[gpu].name}",
            gpu=gpu,
            gpu_count=n,
            family="N1 Predefined",
            vcpus=8 * n,
            ram_gib=30 * n,
        )
        for gpu, counts in _N1
        for n in counts
    ]


MACHINES: tuple[Machine, ...] = (
    *_family("a2-highgpu", "a100-40gb", "A2", (
        ("1g", 1, 12, 85, 0), ("2g", 2, 24, 170, 0), ("4g", 4, 48, 340, 0), ("8g", 8, 96, 680, 0),
    )),
    *_family("a2-megagpu", "a100-40gb", "A2", (("16g", 16, 96, 1360, 0),)),
    *_family("a2-ultragpu", "a100-80gb", "A2", (
        ("1g", 1, 12, 170, 375), ("2g", 2, 24, 340, 750), ("4g", 4, 48, 680, 1500), ("8g", 8, 96, 1360, 3000),
    )),
    *_family("a3-highgpu", "h100", "A3", (
        ("1g", 1, 26, 234, 750), ("2g", 2, 52, 468, 1500), ("4g", 4, 104, 936, 3000),
        ("8g", 8, 208, 1872, 6000),
    )),
    *_family("a3-megagpu", "h100-mega", "A3Plus", (("8g", 8, 208, 1872, 6000),)),
    *_family("a3-ultragpu", "h200", "A3Ultra", (("8g", 8, 224, 2952, 12000),)),
    *_family("a4-highgpu", "b200", "", (("8g", 8, 224, 3968, 0),)),
    *_family("g2-standard", "l4", "G2", (
        ("4", 1, 4, 16, 0), ("8", 1, 8, 32, 0), ("12", 1, 12, 48, 0), ("16", 1, 16, 64, 0),
        ("32", 1, 32, 128, 0),
        ("24", 2, 24, 96, 0), ("48", 4, 48, 192, 0), ("96", 8, 96, 384, 0),
    )),
    *_family("g4-standard", "rtx-pro-6000", "G4", (
        ("48", 1, 48, 180, 0), ("96", 2, 96, 360, 0), ("192", 4, 192, 720, 0), ("384", 8, 384, 1440, 0),
    )),
    *_n1(),
)  # fmt: skip
