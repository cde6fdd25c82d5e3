"""At home or rented: two ways to do one run, side by side, and where the verdict turns.

Everything here is computed from facts handed in; nothing knows the clock, the network or a file.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from service.decide.frontier import CERTAIN
from service.decide.knowledge import Knowledge
from service.decide.options import Option, Side
from service.decide.why_not import WhyNot, first_the_best, reasons_beside
from service.errors import MissingFact, worded
from service.estimate.cost import BillLine, Cost
from service.estimate.hardware import dense_tensor_tflops
from service.estimate.inputs import Input, workload_inputs
from service.estimate.interval import Interval
from service.estimate.price_age import PricesUsed
from service.estimate.reference_run import ReferenceMethod, rule_of_three
from service.estimate.rent_moves import FURTHEST
from service.estimate.vat import Vat
from service.facts import (
    Figure,
    Gpu,
    Workload,
)

RENTED_BY_THE_HOUR: tuple[BillLine, ...] = ("rent", "set_up", "idle", "interruptions", "commitment")
CURRENT: tuple[BillLine, ...] = ("electricity", "paused")
REFERENCE_GPU = "rtx-4070"
"""The card whose ratio to an H100 the note gives; other cards are scaled by their dense peak."""


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Prices at which home and cloud cost the same, at median hours and energy."""

    rent_per_hour: Decimal | None
    """Whole rented configuration per hour; cheaper than this, renting wins."""
    per_kwh: Decimal | None
    """Electricity at home; dearer than this, renting wins."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which option wins on money and on time, and how surely."""

    cheaper: Side | None
    faster: Side | None
    cheaper_probability: float | None
    saving: float | None
    """Median difference of cost, in the comparison's currency."""
    slow_down: float | None
    """Median hours of the slower over the faster option."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One question answered: the options, the verdict, and the well-known rule of three beside it."""

    asked_at: datetime
    workload: Workload
    currency: str
    zone: str
    options: tuple[Option, ...]
    verdict: Verdict
    break_even: BreakEven
    reference: ReferenceMethod | None
    inputs: tuple[Input, ...]
    data_version: int
    why_not: tuple[WhyNot | None, ...] = ()
    """Why each option is not the one to take, in their order; None for the one that is."""
    considered: int = 0
    """Offers looked at when the question was about a provider's or every offer; 0 for single ones."""
    prices: PricesUsed | None = None
    vat: Vat | None = None
    """The asker's."""


def compare(
    workload: Workload,
    options: Sequence[Option],
    *,
    asked_at: datetime,
    currency: str,
    zone: str,
    knowledge: Knowledge,
    data_version: int,
    reference_ratio: Figure | None = None,
    reference_card: Gpu | None = None,
    considered: int = 0,
    prices: PricesUsed | None = None,
    vat: Vat | None = None,
) -> Comparison:
    """The cheapest home option against the cheapest cloud option; the others follow by cost, and last those
    that cannot be taken.

    Raises MissingFact when there is not at least one of each kind.
    """
    homes = first_the_best(option for option in options if option.kind == "home")
    clouds = first_the_best(option for option in options if option.kind == "cloud")
    if not homes or not clouds:
        raise MissingFact(worded("a home and a cloud option"), worded("name one of each"))
    home, cloud, options = homes[0], clouds[0], [*homes, *clouds]
    return Comparison(
        asked_at=asked_at,
        workload=workload,
        currency=currency,
        zone=zone,
        options=tuple(options),
        verdict=verdict_of(home, cloud),
        break_even=break_even_of(home, cloud),
        reference=reference_method(workload, home, reference_ratio, reference_card),
        inputs=workload_inputs(workload, knowledge.calibration, [o.gpu for o in options], knowledge.figures),
        data_version=data_version,
        why_not=reasons_beside(options),
        considered=considered,
        prices=prices,
        vat=vat,
    )


def verdict_of(home: Option, cloud: Option) -> Verdict:
    """Who is cheaper and who is faster by the medians; None where one side is unknown, or takes so long that
    nobody would wait for it.

    The probability treats the two costs as independent log-normals, which overstates doubt a little because
    both share the calibration. Where the rent would turn the verdict if it moved as nobody has seen one move,
    it is no surer than that is rare.
    """
    cheaper: Side | None = None
    faster: Side | None = None
    probability = saving = slow_down = None
    if home.practical or cloud.practical:
        return Verdict(None, None, None, None, None)
    if home.cost and cloud.cost:
        home_cost, cloud_cost = home.cost.total, cloud.cost.total
        cheaper = "home" if home_cost.p50 <= cloud_cost.p50 else "cloud"
        saving = abs(cloud_cost.p50 - home_cost.p50)
        ordered = (home_cost, cloud_cost) if cheaper == "home" else (cloud_cost, home_cost)
        probability = min(CERTAIN, 1 - _unseen_share(home, cloud), _probability_less(*ordered))
    if home.elapsed_hours and cloud.elapsed_hours:
        at_home, rented = home.elapsed_hours.p50, cloud.elapsed_hours.p50
        faster = "home" if at_home <= rented else "cloud"
        slow_down = max(at_home, rented) / min(at_home, rented)
    return Verdict(cheaper, faster, probability, saving, slow_down)


def _unseen_share(home: Option, cloud: Option) -> float:
    """How often the rent turns the verdict by moving as nobody has seen one move."""
    if cloud.rental is None or home.cost is None or cloud.cost is None:
        return 0.0
    _hours, other = cloud.cost.split(RENTED_BY_THE_HOUR)
    rent = cloud.cost.total.p50 / cloud.cost.tax_factor - other
    turns_at = home.cost.total.p50 / cloud.cost.tax_factor - other
    return cloud.rental.unseen_share if rent / FURTHEST <= turns_at <= rent * FURTHEST else 0.0


def _probability_less(a: Interval, b: Interval) -> float:
    """Probability that log-normal `a` is below log-normal `b`, using the spreads that face each other."""
    if a.p50 <= 0 or b.p50 <= 0:
        return 1.0 if a.p50 < b.p50 else 0.5
    spread = math.hypot(a.spread()[1], b.spread()[0])
    if spread == 0:
        return 1.0 if a.p50 < b.p50 else 0.5
    return 0.5 * (1 + math.erf(math.log(b.p50 / a.p50) / spread / math.sqrt(2)))


def break_even_of(home: Option, cloud: Option) -> BreakEven:
    """Where the verdict turns, at median hours and energy, every other line of both bills as it is."""
    rent = per_kwh = None
    if home.cost and cloud.cost and not (home.practical or cloud.practical):
        hours, other = cloud.cost.split(RENTED_BY_THE_HOUR)
        taxed = cloud.cost.tax_factor
        if hours > 0:
            rent = _exact((home.cost.total.p50 / taxed - other) / hours)
        per_kwh = _exact(_turning_per_kwh(home.cost, cloud.cost.total.p50))
    return BreakEven(rent, per_kwh)


def _turning_per_kwh(at_home: Cost, rented: float) -> float:
    """The price per kWh at which home costs as much; what the PC draws while it is paused moves along, and
    what heat is worth does not: other fuels have other prices. 0 where no price would do."""
    energy, other = at_home.split(CURRENT)
    if energy <= 0:
        return 0.0
    now = next((float(i.unit_price) for i in at_home.items if i.code == "electricity" and i.unit_price), 0.0)
    paid = sum(at_home.amount(code) for code in CURRENT)
    # The hours of a changing price are not dearer by the same amount, but by the same factor.
    return now * (rented - other) / paid if now and paid > 0 else (rented - other) / energy


def _exact(value: float) -> Decimal | None:
    """The price as a decimal; None where no price above nothing would do."""
    return Decimal(repr(value)) if value > 0 else None


def reference_method(
    workload: Workload, home: Option, ratio: Figure | None, card: Gpu | None
) -> ReferenceMethod | None:
    """The rule of three for this home machine; None for a workload without a published run on H100s.

    The note gives the ratio for an RTX 4070; for another card it is scaled by the dense peaks.
    """
    if not (
        ratio
        and ratio.low
        and ratio.high
        and card
        and workload.reference_hours
        and workload.reference_gpu_count
        and workload.reference_gpu == "h100-sxm"
    ):
        return None
    scale = dense_tensor_tflops(card) / dense_tensor_tflops(home.gpu)
    return rule_of_three(
        workload.reference_hours,
        workload.reference_gpu_count,
        (ratio.low * scale, ratio.high * scale),
        home.gpu.board_watts,
        home.gpu_count,
    )
