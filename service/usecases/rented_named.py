"""What was named to be rented, as options: a configuration, an offer, a provider's offers, every offer."""

from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches

import numpy as np

from service.answers.question import EVERY_OFFER, USUAL_LIMIT, AskedComparison
from service.decide.candidates import SET_ASIDE, SetAside, too_long
from service.decide.options import Option, Rental, cloud_memory_gib, cloud_option
from service.decide.practical import is_too_long
from service.errors import MissingFact, UnknownCard, choice_of, worded
from service.estimate.cloud_bill import CloudTerms
from service.estimate.training_time import check_gpu_count
from service.facts import Gpu, Workload
from service.store import providers
from service.store.snapshot import Snapshot
from service.usecases.asked_vat import asked_terms
from service.usecases.finding import (
    machine_called,
    offer_row,
    refuse_tier_beside,
    rental_of,
    same_configuration,
    suggestions,
)
from service.usecases.knowledge import changes_of, knowledge_of, plans_of
from service.usecases.rented_offers import CLUSTER_SIZES, NODE_GPUS, rented_plans, unseen_share
from service.usecases.smaller_models import with_smaller_model

LIKE_A_PROVIDER = 0.7
"""How much alike a name must be to a provider's."""


@dataclass(frozen=True, slots=True)
class RentedNamed:
    """All that was named to be rented, in its order."""

    options: tuple[Option, ...]
    considered: int
    """Offers looked at where a provider or every offer was named; 0 for a single one."""
    is_list: bool
    """Whether any of the names stands for many offers."""


def rented_named(
    snapshot: Snapshot, workload: Workload, request: AskedComparison, today: date
) -> RentedNamed:
    """Every option that the names of `cloud` stand for, each once.

    Raises UnknownName for a name that is none, MissingFact for a provider or a list of which nothing holds
    the run.
    """
    terms = asked_terms(snapshot, request, workload, today)
    found: dict[object, Option] = {}
    considered, is_list = 0, False
    for name in request.cloud:
        provider = providers.called(name, snapshot.providers.values())
        if provider is not None or name.strip().lower() == EVERY_OFFER:
            is_list = True
            listed, looked_at = _cheapest(
                snapshot, workload, request, terms, today=today, provider=provider.slug if provider else ""
            )
            considered += looked_at
        else:
            listed = [_named(snapshot, workload, request, name, today)]
        for one in listed:
            rental = one.rental
            offer = rental.offer if rental else None
            instances = rental.instances if rental else 1
            key = (offer.slug, instances) if offer else (one.gpu.slug, one.gpu_count)
            found.setdefault(key, one)
    return RentedNamed(tuple(found.values()), considered, is_list)


def _named(
    snapshot: Snapshot, workload: Workload, request: AskedComparison, name: str, today: date
) -> Option:
    """One configuration at its cheapest offer, or one offer.

    Without any offer of exactly this GPU and count, alone or as nodes of eight together, the rental carries
    no price, never a guess.
    """
    knowledge, offers = knowledge_of(snapshot), snapshot.offers
    row, nodes, is_sold_out = offer_row(snapshot, name), 1, False
    if row is not None:
        offer = offers.row(row)
        if offer.gpu is None:
            raise MissingFact(
                worded("the GPU of offer {offer}", offer=offer.slug),
                worded("nobody has mapped {gpu_raw_name!r}", gpu_raw_name=offer.gpu_raw_name),
            )
        refuse_tier_beside(request.tier, offer)
        gpu, count = snapshot.gpus[offer.gpu], offer.gpu_count
        is_sold_out = bool(offers.sold_out[row])
        rental = rental_of(snapshot, row, request, today)
    else:
        gpu, count = _machine_or_provider(snapshot, name)
        market = [int(i) for i in same_configuration(snapshot, gpu.slug, count, request.tier)]
        if not market:
            market, nodes = _nodes(snapshot, gpu, count, request.tier)
        if market:
            row = market[0]
            rental = replace(rental_of(snapshot, row, request, today), instances=nodes)
        else:
            is_sold_out = _is_sold_out(snapshot, gpu, count, request.tier)
            rental = Rental(None, suggestions=suggestions(snapshot, gpu, count, request.tier))
    check_gpu_count(workload, count, "cloud")

    def of(run: Workload) -> Option:
        planned = plans_of(snapshot, run, ((gpu.slug, count, cloud_memory_gib(count, knowledge)),))[0]
        return cloud_option(
            run, gpu, count, rental, currency=request.currency, knowledge=knowledge, planned=planned,
            changes=changes_of(snapshot, run, gpu, count, planned),
            terms=asked_terms(snapshot, request, run, today),
        )  # fmt: skip

    option = with_smaller_model(snapshot, workload, of(workload), of)
    if row is None:
        return replace(option, is_sold_out=is_sold_out)
    if option.rental and option.hours:
        share = unseen_share(snapshot, row, option.hours.p50, today)
        option = replace(option, rental=replace(option.rental, unseen_share=share))
    return replace(option, set_aside=_aside(snapshot, option, row, nodes), is_sold_out=is_sold_out)


def _machine_or_provider(snapshot: Snapshot, name: str) -> tuple[Gpu, int]:
    """The machine of that name. Raises what `machine_called` raises; of a name like a provider's its slug
    comes first among the choices."""
    try:
        return machine_called(snapshot, "cloud", name)
    except UnknownCard as error:
        near = get_close_matches(name.strip().lower(), snapshot.providers, n=3, cutoff=LIKE_A_PROVIDER)
        if not near:
            raise
        raise UnknownCard("cloud", name, (*near, *error.choices)) from None


def _nodes(snapshot: Snapshot, gpu: Gpu, count: int, tier: str) -> tuple[list[int], int]:
    """The offers of a node of eight linked GPUs, and how many of them make so many; none where none do."""
    nodes = count // NODE_GPUS
    if count % NODE_GPUS or nodes not in CLUSTER_SIZES or gpu.gpu_link_gb_per_s is None:
        return [], 1
    rows = [int(i) for i in same_configuration(snapshot, gpu.slug, NODE_GPUS, tier)]
    return rows, nodes if rows else 1


def _is_sold_out(snapshot: Snapshot, gpu: Gpu, count: int, tier: str) -> bool:
    """Whether somebody rents out exactly this, and had none when last looked at."""
    offers = snapshot.offers
    if gpu.slug not in offers.gpu_slugs:
        return False
    these = (offers.gpu == offers.gpu_slugs.index(gpu.slug)) & (offers.gpu_count == count) & offers.sold_out
    if tier != EVERY_OFFER:
        these &= offers.tier == offers.tiers.index(choice_of("tier", tier, offers.tiers))
    return bool(these.any())


def _aside(snapshot: Snapshot, option: Option, row: int, nodes: int) -> SetAside | None:
    """Why a rented option is not recommended, whatever it costs."""
    if is_too_long(option.calendar_hours):
        return "too_long"
    memory = snapshot.offers.ram_gib[row] * nodes
    return "host_memory" if option.planned.peak.host_memory_gib > memory else None


def _tier_of(snapshot: Snapshot, tier: str, provider: str) -> str:
    """The tier asked for; every tier of a provider that has nothing of the usual one, which nobody has to
    name."""
    offers = snapshot.offers
    if not provider or tier != AskedComparison.model_fields["tier"].default:
        return tier
    its = np.unique(offers.tier[np.array(offers.provider) == provider])
    return tier if tier in {offers.tiers[int(place)] for place in its} else EVERY_OFFER


def _cheapest(
    snapshot: Snapshot,
    workload: Workload,
    request: AskedComparison,
    terms: CloudTerms,
    *,
    today: date,
    provider: str,
) -> tuple[list[Option], int]:
    """The cheapest offers that can do the run, of one provider or over all that are stored, and how many were
    looked at; what is not recommended comes last.

    Plans and step times are computed once per distinct machine and spread over the offers as arrays.
    """
    tier = _tier_of(snapshot, request.tier, provider)
    plans = rented_plans(snapshot, workload, tier, terms, today, provider=provider)
    aside = too_long(plans.bill.calendar_hours, plans.set_aside)
    total = plans.bill.total[1]
    order = np.lexsort((total, aside > 0))
    order = order[np.isfinite(total[order])][: request.limit or USUAL_LIMIT]
    if not len(order):
        what = (
            worded("an offer of {provider} that holds this run", provider=provider)
            if provider
            else worded("an offer that holds this run")
        )
        raise MissingFact(what, worded("it fits none of the stored offers"))
    options = []
    for position in order:
        machine = int(plans.machine[position])
        (gpu, count), plan = plans.hardware[machine], plans.planned[machine]
        row, hours = int(plans.row[position]), float(plans.hours[1, position])
        rental = rental_of(snapshot, row, request, today)
        rental = replace(rental, unseen_share=unseen_share(snapshot, row, hours, today))
        option = cloud_option(
            workload, gpu, count, rental, currency=request.currency,
            knowledge=knowledge_of(snapshot), planned=plan,
            changes=changes_of(snapshot, workload, gpu, count, plan), terms=terms,
        )  # fmt: skip
        code = int(aside[position])
        options.append(replace(option, set_aside=SET_ASIDE[code - 1] if code else None))
    return options, plans.considered
