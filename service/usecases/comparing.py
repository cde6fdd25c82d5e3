"""Comparing and estimating: the questions themselves."""

import hashlib
from datetime import datetime

import numpy as np
import orjson

from service.decide.comparison import REFERENCE_GPU, Comparison, compare
from service.decide.options import (
    Household,
    Option,
    Rental,
    cloud_memory_gib,
    cloud_option,
    home_memory_gib,
    home_option,
)
from service.errors import InvalidValue, MissingFact
from service.estimate.cost import conversion
from service.estimate.explanation import Explanation, explanation
from service.estimate.training_time import check_gpu_count
from service.facts import Workload
from service.reports import as_json
from service.store import comparisons
from service.store.comparisons import StoredComparison
from service.store.session import Sessions
from service.store.snapshot import Snapshot
from service.usecases.finding import (
    LARGEST_COUNT,
    checked_count,
    find_gpu,
    find_rental,
    find_workload,
    household_of,
    rental_of,
)
from service.usecases.knowledge import changes_of, knowledge_of, plans_of, rungs_of
from service.usecases.requests import EVERY_OFFER, ComparisonRequest, EstimateRequest, request_as_json

MOST_OPTIONS = 500
CODE_VERSION = "3"
"""Raised when the same facts would give another answer; part of a stored comparison's identity."""


def compare_home_with_cloud(snapshot: Snapshot, request: ComparisonRequest, asked_at: datetime) -> Comparison:
    """The answer to a request from the facts of one snapshot.

    Raises UnknownName for names in no catalog (nearest first), InvalidValue for values out of range,
    MissingFact when nothing rentable or no tariff can be found for what was asked.
    """
    workload = find_workload(snapshot, request.workload, request.tokens)
    home_gpu = find_gpu(snapshot, "home", request.home)
    home_count = checked_count("home_count", request.home_count)
    knowledge = knowledge_of(snapshot)
    household = household_of(snapshot, request, asked_at.date())
    conversion(
        household.rate.currency if household.rate else "EUR", request.currency, knowledge.exchange_rates
    )
    check_gpu_count(workload, home_count)
    spare = home_memory_gib(household, knowledge)
    machine = ((home_gpu.slug, home_count, spare),)
    planned = plans_of(snapshot, workload, machine, household.display_gib)[0]
    at_home = home_option(
        workload,
        home_gpu,
        home_count,
        household,
        request.currency,
        knowledge,
        planned,
        changes_of(snapshot, workload, home_gpu, home_count, planned),
        rungs_of(snapshot, workload, home_gpu, home_count, planned, spare),
    )
    if request.cloud.strip().lower() == EVERY_OFFER:
        rented, considered = cheapest_offers(snapshot, workload, request)
    else:
        gpu, count, rental = find_rental(snapshot, request)
        check_gpu_count(workload, count)
        planned = plans_of(snapshot, workload, ((gpu.slug, count, cloud_memory_gib(count, knowledge)),))[0]
        changes = changes_of(snapshot, workload, gpu, count, planned)
        rented = [cloud_option(workload, gpu, count, rental, request.currency, knowledge, planned, changes)]
        considered = 0
    return compare(
        workload,
        [at_home, *rented],
        asked_at=asked_at,
        currency=request.currency,
        zone=household.zone,
        knowledge=knowledge,
        data_version=snapshot.data_version,
        reference_ratio=knowledge.figures.get("reference.ratio"),
        reference_card=snapshot.gpus.get(REFERENCE_GPU),
        considered=considered,
    )


def answer(
    sessions: Sessions, snapshot: Snapshot, request: ComparisonRequest, asked_at: datetime
) -> StoredComparison:
    """The comparison as JSON, kept with the facts it was computed from.

    The same question on the same data and day has the same identity and is written once.
    """
    comparison = compare_home_with_cloud(snapshot, request, asked_at)
    asked = orjson.dumps(request_as_json(request))
    identity = hashlib.sha256(
        b"\0".join(
            [
                asked,
                str(snapshot.data_version).encode(),
                asked_at.date().isoformat().encode(),
                CODE_VERSION.encode(),
            ]
        )
    ).hexdigest()[:20]
    rendered = as_json.render(comparison, request.language)
    numbers = rendered["sources"] + [n for o in rendered["options"] for n in o["sources"]]
    stored = StoredComparison(
        id=identity,
        asked_at=asked_at,
        request=asked,
        answer=orjson.dumps({"id": identity, **rendered}),
        inputs=orjson.dumps(numbers),
        data_version=snapshot.data_version,
        code_version=CODE_VERSION,
    )
    with sessions.begin() as session:
        comparisons.add(session, stored)
    return stored


def estimate(snapshot: Snapshot, request: EstimateRequest) -> list[Option]:
    """Fit, hours and energy of a run on each machine, without prices."""
    workload = find_workload(snapshot, request.workload)
    hardware = [
        (find_gpu(snapshot, "gpu", name), checked_count("gpu_count", count))
        for name, count in request.hardware
    ]
    known, nowhere = knowledge_of(snapshot), Household("", None, None)
    options = []
    for gpu, count in hardware:
        check_gpu_count(workload, count)
        spare = home_memory_gib(nowhere, known) if request.at_home else cloud_memory_gib(count, known)
        plan = plans_of(snapshot, workload, ((gpu.slug, count, spare),))[0]
        changes = changes_of(snapshot, workload, gpu, count, plan)
        if request.at_home:
            rungs = rungs_of(snapshot, workload, gpu, count, plan, spare)
            options.append(home_option(workload, gpu, count, nowhere, "EUR", known, plan, changes, rungs))
        else:
            options.append(cloud_option(workload, gpu, count, Rental(None), "EUR", known, plan, changes))
    return options


def explain(snapshot: Snapshot, workload: Workload, option: Option) -> Explanation:
    """Why an option takes the time it takes, and where its doubt comes from."""
    known = knowledge_of(snapshot).calibration.posterior
    return explanation(workload, option.gpu, option.gpu_count, option.planned, known)


def cheapest_offers(
    snapshot: Snapshot, workload: Workload, request: ComparisonRequest
) -> tuple[list[Option], int]:
    """The cheapest offers that can do the run, over all that are stored, and how many were looked at.

    Plans and step times are computed once per distinct machine and spread over the offers as arrays.
    """
    offers = snapshot.offers
    most = workload.recipe.global_batch_tokens // workload.recipe.seq_len
    usable = (offers.gpu >= 0) & (offers.gpu_count <= most) & np.isfinite(offers.price_eur)
    if request.tier != EVERY_OFFER:
        if request.tier not in offers.tiers:
            raise InvalidValue("tier", request.tier, "unknown", (*offers.tiers, EVERY_OFFER))
        usable &= offers.tier == offers.tiers.index(request.tier)
    rows = np.flatnonzero(usable)
    if not len(rows):
        raise MissingFact(f"an offer of tier {request.tier}", "refresh the prices or choose another tier")
    code = offers.gpu[rows].astype(np.int64) * (LARGEST_COUNT + 1) + offers.gpu_count[rows]
    distinct, machine = np.unique(code, return_inverse=True)
    hardware = tuple(
        (offers.gpu_slugs[int(c) // (LARGEST_COUNT + 1)], int(c) % (LARGEST_COUNT + 1)) for c in distinct
    )
    known = knowledge_of(snapshot)
    machines = tuple((slug, count, cloud_memory_gib(count, known)) for slug, count in hardware)
    planned = plans_of(snapshot, workload, machines)
    seconds = np.array([np.inf if p.verdict == "does_not_fit" else p.step.step_s for p in planned])
    cost = seconds[machine] * offers.price_eur[rows]
    order = np.argsort(cost, kind="stable")[: max(1, min(request.limit, MOST_OPTIONS))]
    order = order[np.isfinite(cost[order])]
    if not len(order):
        raise MissingFact("an offer that holds this run", "it fits none of the stored offers")
    options = []
    for position in order:
        slug, count = hardware[int(machine[position])]
        gpu, plan = snapshot.gpus[slug], planned[int(machine[position])]
        options.append(
            cloud_option(
                workload,
                gpu,
                count,
                rental_of(snapshot, offers.row(int(rows[position])), request),
                request.currency,
                known,
                plan,
                changes_of(snapshot, workload, gpu, count, plan),
            )
        )
    return options, len(rows)
