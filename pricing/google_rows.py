"""Google Cloud in SkyPilot's table: the GPUs and the machine they are in are rows of their own.

Their sum is what one pays: a2-highgpu-1g alone looks like 0.94 USD an hour, with its A100 it is 3.67.
A GPU that is attached to a machine of one's choice is summed with an n1-highmem of 4 vCPUs per GPU
(8 for a V100), and the instance is named so. TPUs are no GPUs.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from pricing.instances import fitted
from pricing.source import Rejected
from service.errors import worded
from service.facts import Tier

LEAST_LIST_PRICE_USD = {
    "A100": Decimal("2.9339"), "A100-80GB": Decimal("4.4242"), "H100": Decimal("9.7966"),
    "H100-MEGA": Decimal("10.3443"), "H200": Decimal("9.3117"), "L4": Decimal("0.5582"),
    "T4": Decimal("0.35"), "V100": Decimal("2.48"), "P100": Decimal("1.46"), "P4": Decimal("0.60"),
}  # fmt: skip
"""Google's on-demand price of one GPU and hour in its cheapest regions (us-central1, us-east4, us-east5)
without the machine. Checked against the whole machines of Cyclenerd's pricing.yml of 2026-07-30."""
LEAST_SHARE = Decimal("0.85")
"""The table has picked prices of committed or calendar use ("DWS") for on-demand ones: 0.34 to 0.72 of the
least list price in the copies seen, where true ones were 0.99 and more."""
ATTACHED = {"T4": 4, "P4": 4, "P100": 4, "V100": 8}
"""GPUs that are attached to an n1 machine -> its vCPUs per GPU."""

Row = Mapping[str, str | None]
Price = Decimal | None


class Hosts:
    """The machine rows of the table, by type and zone, with their prices."""

    def __init__(self) -> None:
        self._prices: dict[tuple[str, str], tuple[Row, Price, Price]] = {}
        self._by_gpus: dict[tuple[str, int], set[str]] = {}

    def add(self, instance: str, zone: str, row: Row, on_demand: Price, spot: Price) -> None:
        """Remember a machine that has GPUs or may be given some."""
        card = fitted(instance)
        if card is None and not instance.startswith("n1-highmem-"):
            return
        self._prices[instance, zone] = (row, on_demand, spot)
        if card is not None and card.slug and card.count:
            self._by_gpus.setdefault((card.slug, int(card.count)), set()).add(instance)

    def of(self, gpu: str, count: int, zone: str) -> Sequence[tuple[str, Row, Price, Price]]:
        """The machines in that zone with so many of these GPUs: type, row, on-demand and spot price."""
        if gpu in ATTACHED:
            names = {f"n1-highmem-{ATTACHED[gpu] * count}"}
        else:
            names = {n for n in self._by_gpus.get((_slug(gpu), count), set()) if _is_of(n, gpu)}
        return [(n, *self._prices[n, zone]) for n in sorted(names) if (n, zone) in self._prices]


def summed(
    gpu: str, count: int, on_demand: Price, spot: Price, *, host: tuple[str, Row, Price, Price], raw: str
) -> Iterator[tuple[Tier, Price] | Rejected]:
    """Tier and price of the whole machine, or the reason why there is none."""
    _, _, host_on_demand, host_spot = host
    if host_on_demand is None and host_spot is None:
        yield Rejected(raw, worded("the price of its machine {machine} is not known", machine=host[0]))
        return
    least = LEAST_LIST_PRICE_USD.get(gpu)
    if on_demand is not None and least is not None and on_demand < LEAST_SHARE * least * count:
        reason = worded(
            "{price:.2f} USD per GPU is no on-demand price: Google's least is {least} (committed or calendar "
            "use)",
            price=on_demand / count,
            least=least,
        )
        yield Rejected(raw, reason)
        on_demand = None
    whole = on_demand + host_on_demand if on_demand is not None and host_on_demand is not None else None
    whole_spot = spot + host_spot if spot is not None and host_spot is not None else None
    if whole is not None and whole_spot is not None and whole_spot > whole:
        yield Rejected(raw, worded("spot {spot} above on-demand {firm}", spot=whole_spot, firm=whole))
        whole_spot = None
    priced: tuple[tuple[Tier, Price], ...] = (("on_demand", whole), ("spot", whole_spot))
    for tier, price in priced:
        if price is not None:
            yield tier, price


def _slug(gpu: str) -> str:
    return {
        "A100": "a100-sxm-40gb", "A100-80GB": "a100-sxm-80gb", "H100": "h100-sxm", "H100-MEGA": "h100-sxm",
        "H200": "h200-sxm", "B200": "b200-sxm", "L4": "l4", "RTX-PRO-6000": "rtx-pro-6000-blackwell-server",
    }.get(gpu, "")  # fmt: skip


def _is_of(instance: str, gpu: str) -> bool:
    """a3-megagpu is the machine of H100-MEGA alone; a3-edgegpu has prices of its own, which are not here."""
    if "edgegpu" in instance or instance.endswith("-nolssd"):
        return False
    return ("mega" in instance and instance.startswith("a3")) == (gpu == "H100-MEGA")
