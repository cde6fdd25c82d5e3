"""Which GPUs are in an instance type, for clouds whose price lists do not tell or tell it loosely.

Keyed by hand, 2026-11-24, from what the catalogues of gpuhunt (v3) and SkyPilot (v8) say of the same types.
The clouds' own pages say it first hand and were not at hand then; where they differ, they are right:
AWS https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html
Azure https://learn.microsoft.com/azure/virtual-machines/sizes/overview (GPU accelerated)
Google https://cloud.google.com/compute/docs/gpus
Oracle https://docs.oracle.com/iaas/Content/Compute/References/computeshapes.htm
A share below 1 is a part of a card: no offer of a whole GPU.
"""

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Fitted:
    """The GPUs of an instance type."""

    gpu: str
    """As its maker calls it; gpu_names.py knows the card, or nobody does."""
    memory_gib: float
    """Of one GPU."""
    slug: str | None = None
    """The card of our catalog; None where the catalog has none."""
    count: float | None = None
    """GPUs of the whole instance, below 1 a share of one; None where the type's name does not tell."""


K80 = Fitted("Tesla K80", 12)
M60 = Fitted("Tesla M60", 8)
P100 = Fitted("Tesla P100", 16)
T4 = Fitted("Tesla T4", 16, "t4")
V100_PCIE = Fitted("Tesla V100-PCIE-16GB", 16, "v100-pcie-16gb")
V100_SXM = Fitted("Tesla V100-SXM2-16GB", 16, "v100-sxm-16gb")
V100_SXM_32 = Fitted("Tesla V100-SXM2-32GB", 32, "v100-sxm-32gb")
A10 = Fitted("A10", 24, "a10")
A100_40 = Fitted("A100-SXM4-40GB", 40, "a100-sxm-40gb")
A100_80 = Fitted("A100-SXM4-80GB", 80, "a100-sxm-80gb")
A100_PCIE = Fitted("A100 80GB PCIe", 80, "a100-pcie-80gb")
H100 = Fitted("H100 80GB HBM3", 80, "h100-sxm")
H100_NVL = Fitted("H100 NVL", 94, "h100-nvl")
H200 = Fitted("H200 SXM 141GB", 141, "h200-sxm")
B200 = Fitted("B200 SXM6", 180, "b200-sxm")
B300 = Fitted("B300 SXM6", 270, "b300-sxm")
GB200 = Fitted("GB200", 186, "gb200")
GB300 = Fitted("GB300", 279, "gb300")
L4 = Fitted("L4", 24, "l4")
L40S = Fitted("L40S", 48, "l40s")
PRO_6000 = Fitted("RTX PRO 6000 Blackwell Server Edition", 96, "rtx-pro-6000-blackwell-server")
MI300X = Fitted("MI300X", 192, "mi300x")
MI355X = Fitted("MI355X", 288, "mi355x")


def _of(card: Fitted, count: float) -> Fitted:
    return Fitted(card.gpu, card.memory_gib, card.slug, count)


AWS = {
    r"p2\.": K80, r"g3s?\.": M60, r"p3dn\.": V100_SXM_32, r"p3\.": V100_SXM, r"g4dn\.": T4,
    r"g4ad\.": Fitted("Radeon Pro V520", 8), r"g5\.": Fitted("A10G", 24, "a10g"),
    r"g5g\.": Fitted("T4G", 16), r"g6\.|gr6\.": L4, r"g6e\.": L40S, r"g7e\.": PRO_6000,
    r"g6f\.large|g6f\.xlarge": _of(L4, 1 / 8), r"g6f\.2xlarge": _of(L4, 1 / 4),
    r"g6f\.4xlarge|gr6f\.4xlarge": _of(L4, 1 / 2),
    r"p4d\.": A100_40, r"p4de\.": A100_80, r"p5\.": H100, r"p5en?\.": H200, r"p6-b200\.": B200,
    r"p6-b300\.": B300, r"(p6e|u-p6e)-gb200": GB200,
}  # fmt: skip
AWS_COUNTS = {
    r"p2\.8xlarge|p[345]\w*\.(24|48)xlarge|p6-b\d+\.48xlarge|p3\.16xlarge|g\w+\.48xlarge|g4dn\.metal": 8,
    r"p2\.16xlarge": 16, r"p3\.8xlarge|g(3|4ad)\.16xlarge|g4dn\.12xlarge|g7e\.24xlarge": 4,
    r"g(5|6e?)\.(12|24)xlarge": 4,
    r"(g3|g4ad)\.8xlarge|g5g\.(16xlarge|metal)|g7e\.12xlarge": 2,
    r"g3s\.xlarge|g3\.4xlarge|g4ad\.[24]?xlarge|g(4dn|5|6e?)\.(2|4|8|16)?xlarge|g5g\.[248]?xlarge": 1,
    r"g7e\.[248]xlarge|gr6\.[48]xlarge|p2\.xlarge|p3\.2xlarge|p5\.4xlarge": 1,
}  # fmt: skip
"""GPUs of a size, for families whose name does not tell; checked against Spare Cores' server records of
2026-01-31. A size that is missing here is not told."""
AZURE = {
    r"nc6s_v2": _of(P100, 1), r"nc12s_v2": _of(P100, 2), r"nc24r?s_v2": _of(P100, 4),
    r"nc6": _of(K80, 1), r"nc12": _of(K80, 2), r"nc24r?": _of(K80, 4),
    r"nd6s": _of(Fitted("Tesla P40", 24, "p40"), 1), r"nd12s": _of(Fitted("Tesla P40", 24, "p40"), 2),
    r"nd24r?s": _of(Fitted("Tesla P40", 24, "p40"), 4),
    r"nv6(s_v2)?": _of(M60, 1), r"nv12(s_v2)?": _of(M60, 2), r"nv24(s_v2)?": _of(M60, 4),
    r"nv12s_v3": _of(M60, 1), r"nv24s_v3": _of(M60, 2), r"nv48s_v3": _of(M60, 4),
    r"nv4as_v4": _of(Fitted("Radeon Instinct MI25", 16), 1 / 8),
    r"nv8as_v4": _of(Fitted("Radeon Instinct MI25", 16), 1 / 4),
    r"nv16as_v4": _of(Fitted("Radeon Instinct MI25", 16), 1 / 2),
    r"nv32as_v4": _of(Fitted("Radeon Instinct MI25", 16), 1),
    r"ng8ads_v620_v1": _of(Fitted("Radeon PRO V620", 32), 1 / 4),
    r"ng16ads_v620_v1": _of(Fitted("Radeon PRO V620", 32), 1 / 2),
    r"ng32adm?s_v620_v1": _of(Fitted("Radeon PRO V620", 32), 1),
    r"nc6s_v3": _of(V100_PCIE, 1), r"nc12s_v3": _of(V100_PCIE, 2), r"nc24r?s_v3": _of(V100_PCIE, 4),
    r"nc(4|8|16)as_t4_v3": _of(T4, 1), r"nc64as_t4_v3": _of(T4, 4),
    r"nc(8|16)ads_a10_v4": _of(A10, 1), r"nc32ads_a10_v4": _of(A10, 2),
    r"nv6ads_a10_v5": _of(A10, 1 / 6), r"nv12ads_a10_v5": _of(A10, 1 / 3),
    r"nv18ads_a10_v5": _of(A10, 1 / 2), r"nv36adm?s_a10_v5": _of(A10, 1), r"nv72ads_a10_v5": _of(A10, 2),
    r"nc24ads_a100_v4": _of(A100_PCIE, 1), r"nc48ads_a100_v4": _of(A100_PCIE, 2),
    r"nc96ads_a100_v4": _of(A100_PCIE, 4),
    r"ncc?40ads_h100_v5": _of(H100_NVL, 1), r"nc80adis_h100_v5": _of(H100_NVL, 2),
    r"nd40rs_v2": _of(V100_SXM_32, 8), r"nd96asr_v4": _of(A100_40, 8),
    r"nd96amsr_a100_v4": _of(A100_80, 8), r"nd96isr?_h100_v5": _of(H100, 8),
    r"nd96isr?_h200_v5": _of(H200, 8), r"nd96isr?_mi300x_v5": _of(MI300X, 8),
    r"nd128isr_ndr_gb200_v6": _of(GB200, 4), r"nd128isr_gb300_v6": _of(GB300, 4),
}  # fmt: skip
GOOGLE = {
    r"a2-highgpu-1g": _of(A100_40, 1), r"a2-highgpu-2g": _of(A100_40, 2), r"a2-highgpu-4g": _of(A100_40, 4),
    r"a2-highgpu-8g": _of(A100_40, 8), r"a2-megagpu-16g": _of(A100_40, 16),
    r"a2-ultragpu-1g": _of(A100_80, 1), r"a2-ultragpu-2g": _of(A100_80, 2),
    r"a2-ultragpu-4g": _of(A100_80, 4), r"a2-ultragpu-8g": _of(A100_80, 8),
    r"a3-highgpu-1g": _of(H100, 1), r"a3-highgpu-2g": _of(H100, 2), r"a3-highgpu-4g": _of(H100, 4),
    r"a3-(high|mega|edge)gpu-8g(-nolssd)?": _of(H100, 8), r"a3-ultragpu-8g(-nolssd)?": _of(H200, 8),
    r"a4-highgpu-8g": _of(B200, 8), r"a4x-highgpu-4g": _of(GB200, 4),
    r"g2-standard-(4|8|12|16|32)": _of(L4, 1), r"g2-standard-24": _of(L4, 2),
    r"g2-standard-48": _of(L4, 4), r"g2-standard-96": _of(L4, 8),
    r"g4-standard-6": _of(PRO_6000, 1 / 8), r"g4-standard-12": _of(PRO_6000, 1 / 4),
    r"g4-standard-24": _of(PRO_6000, 1 / 2), r"g4-standard-48": _of(PRO_6000, 1),
    r"g4-standard-96": _of(PRO_6000, 2), r"g4-standard-192": _of(PRO_6000, 4),
    r"g4-standard-384": _of(PRO_6000, 8), r"n1-\w+-\d+ \+ \d+x v100": V100_SXM,
}  # fmt: skip
ORACLE = {
    r"(bm|vm)\.gpu2\.[12]": P100, r"(bm|vm)\.gpu3\.[1248]": V100_SXM, r"bm\.gpu4\.8": A100_40,
    r"bm\.gpu\.a100-v2\.8": A100_80, r"(bm|vm)\.gpu\.a10\.[124]": A10, r"bm\.gpu\.l40s(-nc)?\.4": L40S,
    r"bm\.gpu\.h100t?(-nc)?\.8": H100, r"bm\.gpu\.h200(-nc)?\.8": H200, r"bm\.gpu\.b200\.8": B200,
    r"bm\.gpu\.b300\.8": B300, r"bm\.gpu\.gb200(-v2)?\.4": GB200, r"bm\.gpu\.gb300(-v2)?\.4": GB300,
    r"bm\.gpu\.mi300x\.8": MI300X, r"bm\.gpu\.mi355x(-v1)?\.8": MI355X, r"bm\.gpu\.rtxpro\.8": PRO_6000,
}  # fmt: skip
"""Type name in lower case -> GPU; an AWS pattern tells the family, the others whole names."""

LAMBDA = {
    r"gpu_1x_a100": Fitted("A100 PCIe 40GB", 40, "a100-pcie-40gb", 1), r"gpu_1x_a100_sxm4": _of(A100_40, 1),
    r"gpu_8x_a100": _of(A100_40, 8), r"gpu_8x_a100_80gb(_sxm4)?": _of(A100_80, 8),
}  # fmt: skip
"""As its own descriptions say: "8x A100 (40 GB SXM4)", "1x A100 (40 GB PCIe)"."""
VERDA = {
    r"\d+a100\.40s\.\d+v": A100_40, r"\d+a100\.\d+v": A100_80, r"\d+h100\.80s\.\d+v": H100,
    r"\d+h200\.141s\.\d+v": H200, r"\d+b200\.\d+v": B200, r"\d+b300\.\d+v": B300,
    r"\d+v100\.\d+v": V100_SXM,
}  # fmt: skip
"""As its instance types describe themselves: 1H100.80S.30V is "1x H100 SXM5 80GB"."""
DIGITALOCEAN = {r"gpu-h100x[18]-\d+gb": H100, r"gpu-h200x[18]-\d+gb": H200}

_ALL = tuple(
    (re.compile(pattern), card)
    for pattern, card in (
        *((rf"({family})[\w-]*(\.[\w-]+)?", card) for family, card in AWS.items()),
        *((rf"standard_({size})(_promo)?", card) for size, card in AZURE.items()),
        *GOOGLE.items(),
        *ORACLE.items(),
        *LAMBDA.items(),
        *VERDA.items(),
        *DIGITALOCEAN.items(),
    )
)


_COUNTED = (
    *((re.compile(pattern), count) for pattern, count in AWS_COUNTS.items()),
    (re.compile(r"(?:bm|vm)\.gpu[\w.-]*\.(\d+)"), None),
    *((re.compile(pattern.replace(r"\d+", r"(\d+)", 1)), None) for pattern in VERDA),
    (re.compile(r"(?:.*(?<![a-z\d]))?(\d+)x(?:[-_ .].*)?"), None),
    (re.compile(r"(?:.*[-_ .])?(\d+)gpu(?:[-_ .].*)?"), None),
    (re.compile(r".*(?:\d|sxm|pcie|nvl)x(\d{1,2})(?:[-_ .].*)?"), None),
)
"""Types whose name says how many: BM.GPU.H100.8, 8H200.141S.176V, gpu_8x_h100, gpu-h100x8-640gb."""


@lru_cache(maxsize=16_384)
def gpus_in(instance: str) -> float | None:
    """How many GPUs an instance type has, below 1 a share of one; None where neither tables nor name tell."""
    card = fitted(instance)
    if card is not None and card.count is not None:
        return card.count
    name = instance.strip().lower().split(" (")[0]
    for pattern, count in _COUNTED:
        if told := pattern.fullmatch(name):
            return count or float(told[1])
    return None


@lru_cache(maxsize=16_384)
def fitted(instance: str) -> Fitted | None:
    """The GPUs of an instance type; None for a type that the tables do not hold."""
    name = instance.strip().lower().split(" (")[0]
    return next((card for pattern, card in _ALL if pattern.fullmatch(name)), None)
