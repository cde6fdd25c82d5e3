"""Every stored offer as a plan: hours, bill and CO2 of a run on each, worked out as arrays.

Plans and step times are computed once per distinct machine and spread over the offers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from service.answers.question import EVERY_OFFER
from service.decide.candidates import SET_ASIDE
from service.decide.frontier import Limits
from service.decide.options import cloud_memory_gib, cloud_watts_without_pue, pue_of
from service.decide.ties import (
    EFFORT_OF_A_CODE_CHANGE,
    EFFORT_OF_AN_OLD_PRICE,
    EFFORT_OF_RENTING,
    EFFORT_OF_SEVERAL_NODES,
    EFFORT_OF_TWICE_THE_GPUS,
    EFFORT_OF_UNKNOWN_STOCK,
)
from service.errors import Field, MissingFact, Several, choice_of, worded
from service.estimate.adjustments import code_changes
from service.estimate.architecture import flops_per_token
from service.estimate.cloud_bill import HOURS_PER_DAY, CloudBill, CloudTerms, Rented, cloud_bill
from service.estimate.hardware import dense_tensor_tflops
from service.estimate.memory_plan import published_plan
from service.estimate.planned_step import PlannedStep
from service.estimate.quantile import QUANTILE_90
from service.estimate.rent_moves import SHARES, RentMoves
from service.estimate.rental import rented_columns, tiers_share
from service.estimate.superseded import OWN
from service.estimate.training_time import TrainingTime, training_time
from service.facts import Gpu, Tier, Workload
from service.store.offer_table import OfferTable
from service.store.snapshot import Snapshot
from service.usecases.finding import LARGEST_COUNT
from service.usecases.knowledge import carbon_of, knowledge_of, plans_of

Numbers = NDArray[np.float64]
Age = tuple[Tier, NDArray[np.intp], Numbers]
"""The offers of a tier that are no quotes of one's own: their places among those looked at, and how many days
ago they were last stated."""
Ages = Sequence[Age]
CLUSTER_SIZES = (2, 4, 8)
"""How many nodes of eight linked GPUs are looked at together: up to 64 GPUs."""
NODE_GPUS = 8
OLD_PRICE_DAYS = 30
LEAST_OF_STATED = 0.7
"""What is paid of a stated rent at least, net of its VAT or somewhat fallen."""


@dataclass(frozen=True, slots=True, eq=False)
class OfferColumns:
    """What the bill and the carbon of every offer of a snapshot need, prices in EUR."""

    rented: Rented
    pue: Numbers
    grams_per_kwh: Numbers
    """NaN where the country is not told or its grid not known."""
    machine: NDArray[np.int64]
    """The same number for offers of one provider, card, count, tier and term, whatever the region."""
    days_known: NDArray[np.int64]
    """date.toordinal() of the day the price was last known for."""


@dataclass(frozen=True, slots=True, eq=False)
class RentedPlans:
    """Offers that can do a run, as columns; `row[i]` is the offer's row in the snapshot's table."""

    row: NDArray[np.intp]
    instances: NDArray[np.int64]
    machine: NDArray[np.intp]
    """Index into `hardware`, `planned` and `times`."""
    hardware: tuple[tuple[Gpu, int], ...]
    planned: tuple[PlannedStep, ...]
    times: tuple[TrainingTime | None, ...]
    hours: Numbers
    """Of training, shape (3, n)."""
    offers: Rented
    """What the bill needs of each, in EUR."""
    bill: CloudBill
    """In EUR."""
    watts: Numbers
    """Median, at the data centre's meter."""
    grams_per_kwh: Numbers
    same_rent: NDArray[np.int64]
    """The same number for offers of one provider, card, count, tier and term, whatever the region."""
    effort: NDArray[np.int64]
    """What a plan asks beside money and time: see service/decide/ties.py."""
    set_aside: NDArray[np.int8]
    """0, or 1 + the place in candidates.SET_ASIDE."""
    considered: int

    def __len__(self) -> int:
        return len(self.row)

    def co2_kg(self, bill: CloudBill) -> Numbers:
        """Of all machine hours of a bill at their median, set-up and idle ones too [kg CO2e]."""
        return np.asarray(self.watts / 1000 * bill.machine_hours[1] * self.grams_per_kwh / 1000)


_COLUMNS: WeakKeyDictionary[Snapshot, OfferColumns] = WeakKeyDictionary()


def offer_columns(snapshot: Snapshot) -> OfferColumns:
    """The columns of a snapshot's offers, worked out once."""
    columns = _COLUMNS.get(snapshot)
    if columns is not None:
        return columns
    offers, knowledge = snapshot.offers, knowledge_of(snapshot)
    fees = rented_columns(
        [(offer, snapshot.providers.get(offer.provider)) for offer in offers.rows(np.arange(len(offers)))],
        "EUR",
        knowledge.exchange_rates,
        skip_unpriced=True,
    )
    kinds = set(zip(offers.provider, offers.gpu.tolist(), strict=True))
    pues = {
        (slug, gpu): pue_of(
            snapshot.providers.get(slug),
            knowledge.figures,
            snapshot.gpus[offers.gpu_slugs[gpu]] if gpu >= 0 else None,
        ).value
        for slug, gpu in kinds
    }
    grams = {country: carbon_of(snapshot, country) for country in set(offers.country)}
    columns = OfferColumns(
        fees,
        np.array([pues[kind] for kind in zip(offers.provider, offers.gpu.tolist(), strict=True)]),
        np.array([c.grams_co2e_per_kwh if (c := grams[k]) else np.nan for k in offers.country]),
        _machines(offers),
        offers.known_ordinal.astype(np.int64),
    )
    _COLUMNS[snapshot] = columns
    return columns


def _machines(offers: OfferTable) -> NDArray[np.int64]:
    places: dict[tuple[object, ...], int] = {}
    keys = zip(
        offers.provider, offers.gpu.tolist(), offers.gpu_count.tolist(), offers.tier.tolist(),
        offers.term_months.tolist(), strict=True,
    )  # fmt: skip
    return np.array([places.setdefault(key, len(places)) for key in keys], dtype=np.int64)


def rented_plans(
    snapshot: Snapshot,
    workload: Workload,
    tier: str,
    terms: CloudTerms,
    today: date,
    *,
    clusters: bool = False,
    provider: str = "",
    within: Limits | None = None,
) -> RentedPlans:
    """Every offer of a tier that holds the run, with its bill, of one provider where it is named; with
    `clusters` also 2 to 8 nodes together. Rents are as sure as they are young on that day. `within` limits,
    in EUR, only those that could keep them if all went well.

    Raises InvalidValue for an unknown tier, MissingFact where there is no offer of it.
    """
    offers = snapshot.offers
    row, instances = _usable(snapshot, workload, tier, clusters, provider)
    if not len(row):
        raise _no_offer(snapshot, workload, tier, provider)
    counts = offers.gpu_count[row].astype(np.int64) * instances
    code = offers.gpu[row].astype(np.int64) * (LARGEST_COUNT + 1) + counts
    distinct, machine = np.unique(code, return_inverse=True)
    hardware = tuple(
        (snapshot.gpus[offers.gpu_slugs[int(c) // (LARGEST_COUNT + 1)]], int(c) % (LARGEST_COUNT + 1))
        for c in distinct
    )
    knowledge = knowledge_of(snapshot)
    machines = tuple((gpu.slug, count, cloud_memory_gib(count, knowledge)) for gpu, count in hardware)
    planned = plans_of(snapshot, workload, machines)
    per_token = flops_per_token(workload.architecture, workload.recipe.seq_len)
    times = tuple(
        None
        if plan.verdict == "does_not_fit"
        else training_time(
            workload, gpu, count, plan, knowledge.calibration, at_home=False,
            counted_flops_per_token=per_token, peak_tflops=dense_tensor_tflops(gpu),
        )
        for (gpu, count), plan in zip(hardware, planned, strict=True)
    )  # fmt: skip
    hours = np.array([(t.hours.p10, t.hours.p50, t.hours.p90) if t else (np.nan,) * 3 for t in times]).T
    fits = np.isfinite(hours[1])[machine]
    considered, columns = len(row), offer_columns(snapshot)
    if within is not None:
        least_rent = LEAST_OF_STATED * hours[0, machine] * columns.rented.price_per_hour[row] * instances
        fits &= hours[0, machine] <= (within.deadline_hours or np.inf)
        fits &= least_rent <= (within.budget or np.inf)
    row, instances, machine, counts = row[fits], instances[fits], machine[fits], counts[fits]
    it_watts = np.full(len(hardware), np.nan)
    for used in np.unique(machine):
        gpu, count = hardware[used]
        it_watts[used] = cloud_watts_without_pue(gpu, count, planned[used], knowledge.figures)
    watts = it_watts[machine] * columns.pue[row]
    share = {slug: tiers_share(p, terms.egress_gb) for slug, p in snapshot.providers.items()}
    shares = np.array([share.get(offers.provider[int(i)], 1.0) for i in row])
    until = days_until(hours[1, machine], columns.rented.term_months[row])
    ages = tuple(_ages(snapshot, row, today))
    picked = _picked(
        columns.rented, row, instances, shares,
        rent_doubt=rents_today(snapshot.rent_moves, ages, len(row)),
        rent_moves=rents_until(snapshot.rent_moves, ages, until),
    )  # fmt: skip
    bill = cloud_bill(hours[:, machine], picked, terms)
    published = published_plan(workload.recipe, workload.architecture.n_layers)
    changes = np.array([code_changes(plan.plan, published) for plan in planned], dtype=np.int64)
    days_behind = columns.days_known[row].max(initial=0) - columns.days_known[row]
    effort = (
        EFFORT_OF_RENTING
        + EFFORT_OF_A_CODE_CHANGE * changes[machine]
        + (EFFORT_OF_SEVERAL_NODES + EFFORT_OF_RENTING * doublings(instances)) * (instances > 1)
        + EFFORT_OF_UNKNOWN_STOCK * ~offers.in_stock[row]
        + EFFORT_OF_AN_OLD_PRICE * (days_behind > OLD_PRICE_DAYS)
        + EFFORT_OF_TWICE_THE_GPUS * doublings(counts)
    )
    return RentedPlans(
        row, instances, machine, hardware, planned, times, hours[:, machine], picked, bill, watts,
        columns.grams_per_kwh[row], columns.machine[row], effort,
        _set_aside(offers, planned, row=row, instances=instances, machine=machine), considered,
    )  # fmt: skip


def doublings(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often one has to be doubled to reach each of these, rounded down."""
    return np.asarray(np.log2(counts).astype(np.int64))


def _set_aside(
    offers: OfferTable,
    planned: tuple[PlannedStep, ...],
    *,
    row: NDArray[np.intp],
    instances: NDArray[np.int64],
    machine: NDArray[np.intp],
) -> NDArray[np.int8]:
    """Which plans are not recommended for their main memory; an unknown one is not held against an offer."""
    needed = np.array([plan.peak.host_memory_gib for plan in planned])[machine]
    short = needed > np.nan_to_num(offers.ram_gib[row], nan=np.inf) * instances
    found = np.where(short, 1 + SET_ASIDE.index("host_memory"), 0)
    return found.astype(np.int8)


def _no_offer(snapshot: Snapshot, workload: Workload, tier: str, provider: str) -> MissingFact:
    """What to do where nothing of a tier is stored: of a provider its other tiers are told."""
    if not provider:
        what = worded("an offer of tier {tier}", tier=tier)
        return MissingFact(what, worded("refresh the prices or choose another tier"))
    what = worded("an offer of tier {tier} of {provider}", tier=tier, provider=provider)
    rows, _ = _usable(snapshot, workload, EVERY_OFFER, False, provider)
    tiers = sorted({snapshot.offers.tiers[int(place)] for place in np.unique(snapshot.offers.tier[rows])})
    if not tiers:
        return MissingFact(worded("an offer of {provider}", provider=provider), worded("refresh the prices"))
    return MissingFact(what, worded("choose {tier} {choices}", tier=Field("tier"), choices=Several(tiers)))


def _usable(
    snapshot: Snapshot, workload: Workload, tier: str, clusters: bool, provider: str
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    offers = snapshot.offers
    most = workload.recipe.global_batch_tokens // workload.recipe.seq_len
    usable = (offers.gpu >= 0) & np.isfinite(offers.price_eur) & ~offers.sold_out
    if choice_of("tier", tier, (*offers.tiers, EVERY_OFFER)) != EVERY_OFFER:
        usable &= offers.tier == offers.tiers.index(tier)
    if provider:
        usable &= np.array(offers.provider) == provider
    single = np.flatnonzero(usable & (offers.gpu_count <= most))
    rows, instances = [single], [np.ones(len(single), dtype=np.int64)]
    if clusters:
        linked = np.array([snapshot.gpus[slug].gpu_link_gb_per_s is not None for slug in offers.gpu_slugs])
        nodes = usable & (offers.gpu_count == NODE_GPUS) & linked[np.maximum(offers.gpu, 0)]
        for size in CLUSTER_SIZES:
            together = np.flatnonzero(nodes & (offers.gpu_count * size <= most))
            rows.append(together)
            instances.append(np.full(len(together), size, dtype=np.int64))
    return np.concatenate(rows), np.concatenate(instances)


def rents_today(moves: RentMoves, ages: Ages, offers: int) -> Numbers:
    """How far the rents of so many offers may have moved since they were last stated, as factors: 10th and
    90th percentile, shape (2, offers). One's own quotes are what they are."""
    spread = np.zeros((2, offers))
    for tier, of_tier, days in ages:
        spread[:, of_tier] = moves.spread(tier, days)
    return np.asarray(np.exp(spread * np.array([[-QUANTILE_90], [QUANTILE_90]])))


def days_until(hours: Numbers, term_months: Numbers) -> Numbers:
    """From today until the rent of a run of so many hours is paid, in the mean: the middle of the run, for it
    is billed by the hour; a term is paid at the price it begins at."""
    return np.where(term_months > 0, 0.0, hours / HOURS_PER_DAY / 2)


def unseen_share(snapshot: Snapshot, row: int, hours: float, today: date) -> float:
    """How often the rent of one offer moves as nobody has seen one move until a run of so many hours on it is
    done; 0 of one's own quotes."""
    rows = np.array([row])
    until = days_until(np.array([hours]), offer_columns(snapshot).rented.term_months[rows])
    for tier, of_tier, days in _ages(snapshot, rows, today):
        return float(snapshot.rent_moves.unseen(tier, days + until[of_tier])[0])
    return 0.0


def rents_until(moves: RentMoves, ages: Ages, until: Numbers) -> Numbers:
    """How far they may have moved from when they were last stated until so many days from today: logarithms
    at each of SHARES, shape (9, n)."""
    logs = np.zeros((len(SHARES), len(until)))
    for tier, of_tier, days in ages:
        logs[:, of_tier] = moves.logs(tier, days + until[of_tier])
    return logs


def _ages(snapshot: Snapshot, row: NDArray[np.intp], today: date) -> Iterator[Age]:
    offers = snapshot.offers
    days = np.maximum(today.toordinal() - offers.known_ordinal[row].astype(np.float64), 0.0)
    own = np.fromiter((offers.origin[i] == OWN for i in row.tolist()), np.bool_, len(row))
    for code, tier in enumerate(offers.tiers):
        of_tier = np.flatnonzero((offers.tier[row] == code) & ~own)
        if len(of_tier):
            yield tier, of_tier, days[of_tier]


def _picked(
    rented: Rented,
    row: NDArray[np.intp],
    instances: NDArray[np.int64],
    tiers: Numbers,
    *,
    rent_doubt: Numbers,
    rent_moves: Numbers,
) -> Rented:
    return Rented(
        price_per_hour=rented.price_per_hour[row] * instances,
        is_spot=rented.is_spot[row],
        term_months=rented.term_months[row],
        billing_increment_s=rented.billing_increment_s[row],
        minimum_billing_s=rented.minimum_billing_s[row],
        egress_per_gb=rented.egress_per_gb[row] * tiers,
        storage_per_gb_month=rented.storage_per_gb_month[row],
        interruptions_per_day=None
        if rented.interruptions_per_day is None
        else rented.interruptions_per_day[row],
        price_vat=None if rented.price_vat is None else rented.price_vat[row],
        rent_doubt=rent_doubt,
        rent_moves=rent_moves,
    )
