"""Comparing and estimating: the questions themselves."""

import math
from datetime import date, datetime

import numpy as np

from service.answers.answer import AnsweredComparison, AnsweredEstimates
from service.answers.option import AnsweredExplanation
from service.answers.question import EVERY_OFFER, USUAL_LIMIT, AskedComparison, AskedEstimate
from service.answers.told import tell_comparison, tell_workload
from service.answers.told_option import tell_explanation, tell_numbers, tell_option
from service.decide.comparison import REFERENCE_GPU, Comparison, compare
from service.decide.household import Household
from service.decide.options import (
    Option,
    Rental,
    cloud_memory_gib,
    cloud_option,
)
from service.errors import MissingFact
from service.estimate.explanation import Explanation, explanation
from service.estimate.inputs import workload_inputs
from service.estimate.rental import cloud_terms
from service.estimate.training_time import check_gpu_count
from service.facts import Workload, given_by_user
from service.reports.words.answer_sentences import say_comparison, say_explanation, say_option
from service.reports.words.fine_tuning import titled
from service.reports.words.wording import wording
from service.store.comparisons import StoredComparison
from service.store.session import Sessions
from service.store.snapshot import Snapshot
from service.usecases.answering import kept_answer, with_trainer_file
from service.usecases.finding import (
    checked_count,
    checked_currency,
    find_gpu,
    find_rental,
    household_of,
    rental_of,
    workload_asked,
)
from service.usecases.idle_options import refuse_idle, refuse_idle_terms
from service.usecases.knowledge import changes_of, home_option_of, knowledge_of, plans_of
from service.usecases.market_days import NO_MARKET, MarketDays, market_of
from service.usecases.recent_prices import recent
from service.usecases.rented_offers import rented_plans


def compare_home_with_cloud(
    snapshot: Snapshot, request: AskedComparison, asked_at: datetime, market: MarketDays = NO_MARKET
) -> Comparison:
    """The answer to a request from the facts of one snapshot; `market` are the hours its tariff needs.

    Raises UnknownName for names in no catalog (nearest first), InvalidValue for values out of range,
    MissingFact when nothing rentable or no tariff can be found for what was asked.
    """
    snapshot, prices = recent(snapshot, request, asked_at.date())
    workload = workload_asked(snapshot, request.workload, request.tokens, asked_at.date(), request.trials)
    home_gpu = find_gpu(snapshot, "home", request.home)
    home_count = checked_count("home_count", request.home_count)
    knowledge = knowledge_of(snapshot)
    checked_currency(request.currency, knowledge.exchange_rates)
    refuse_idle(request)
    household = household_of(snapshot, request, asked_at.date(), market)
    check_gpu_count(workload, home_count, "home_count")
    at_home = home_option_of(snapshot, workload, home_gpu, home_count, household, currency=request.currency)
    today = asked_at.date()
    if request.cloud.strip().lower() == EVERY_OFFER:
        rented, considered = cheapest_offers(snapshot, workload, request, today)
    else:
        request = with_usual_cloud(request, workload)
        gpu, count, rental = find_rental(snapshot, request, today)
        check_gpu_count(workload, count, "cloud")
        planned = plans_of(snapshot, workload, ((gpu.slug, count, cloud_memory_gib(count, knowledge)),))[0]
        changes = changes_of(snapshot, workload, gpu, count, planned)
        terms = cloud_terms(workload, knowledge.figures, request.rent_terms, given_by_user(today))
        rented = [
            cloud_option(
                workload,
                gpu,
                count,
                rental,
                currency=request.currency,
                knowledge=knowledge,
                planned=planned,
                changes=changes,
                terms=terms,
            )
        ]
        considered = 0
    offers = (option.rental.offer for option in rented if option.rental)
    refuse_idle_terms(request, {offer.tier for offer in offers if offer})
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
        prices=prices,
    )


def with_usual_cloud(request: AskedComparison, workload: Workload) -> AskedComparison:
    """The question with as many of the usual rented cards as can share a batch: a fine-tune may have two
    sequences. Another machine is taken as it was named."""
    usual = AskedComparison.model_fields["cloud"].default
    count, _, gpu = usual.partition("x")
    most = workload.recipe.global_batch_tokens // workload.recipe.seq_len
    if request.cloud != usual or most >= int(count):
        return request
    return request.model_copy(update={"cloud": f"{2 ** int(math.log2(max(most, 1)))}x{gpu}"})


def compare_from_store(
    sessions: Sessions, snapshot: Snapshot, request: AskedComparison, asked_at: datetime
) -> Comparison:
    """The comparison with the hours of the market that its tariff needs, read from the store."""
    market = market_of(sessions, snapshot, request, asked_at.date())
    return compare_home_with_cloud(snapshot, request, asked_at, market)


def answer(
    sessions: Sessions, snapshot: Snapshot, request: AskedComparison, asked_at: datetime
) -> StoredComparison:
    """The comparison as it is kept.

    The same question on the same data and day has the same identity, is written once and answered as
    it is kept.
    """

    def work_out() -> AnsweredComparison:
        comparison = compare_from_store(sessions, snapshot, request, asked_at)
        return say_comparison(
            wording(request.lang), with_trainer_file(tell_comparison(comparison), request.workload)
        )

    return kept_answer(
        sessions, snapshot, kind="comparison", asked=request.kept(), asked_at=asked_at, work_out=work_out
    )


def estimate(snapshot: Snapshot, request: AskedEstimate, today: date) -> AnsweredEstimates:
    """Fit, hours and energy of a run on each machine, without prices; with `explain` why."""
    workload = workload_asked(snapshot, request.workload, None, today)
    w = wording("en")
    options, told = _estimated(snapshot, request, workload), []
    for option in options:
        answered = say_option(w, tell_option(option))
        if request.explain:
            reason = say_explanation(w, tell_explanation(explain(snapshot, workload, option)))
            answered = answered.model_copy(update={"explanation": reason})
        told.append(answered)
    known = knowledge_of(snapshot)
    inputs = workload_inputs(workload, known.calibration, [o.gpu for o in options], known.figures)
    answered_estimates = AnsweredEstimates(
        workload=titled(w, tell_workload(workload)), estimates=tuple(told), sources=tell_numbers(inputs)
    )
    return with_trainer_file(answered_estimates, request.workload)


def _estimated(snapshot: Snapshot, request: AskedEstimate, workload: Workload) -> list[Option]:
    hardware = [(find_gpu(snapshot, "gpu", m.gpu), m.gpu_count) for m in request.hardware]
    known, nowhere = knowledge_of(snapshot), Household("", None, None)
    options = []
    for gpu, count in hardware:
        check_gpu_count(workload, count)
        if request.at_home:
            options.append(home_option_of(snapshot, workload, gpu, count, nowhere, currency="EUR"))
            continue
        plan = plans_of(snapshot, workload, ((gpu.slug, count, cloud_memory_gib(count, known)),))[0]
        changes = changes_of(snapshot, workload, gpu, count, plan)
        options.append(
            cloud_option(
                workload,
                gpu,
                count,
                Rental(None),
                currency="EUR",
                knowledge=known,
                planned=plan,
                changes=changes,
            )
        )
    return options


def reasons_of(
    sessions: Sessions, snapshot: Snapshot, request: AskedComparison, asked_at: datetime
) -> list[AnsweredExplanation]:
    """Why each option of a comparison takes the time it takes, in their order."""
    comparison = compare_from_store(sessions, snapshot, request, asked_at)
    return [tell_explanation(explain(snapshot, comparison.workload, o)) for o in comparison.options]


def explain(snapshot: Snapshot, workload: Workload, option: Option) -> Explanation:
    """Why an option takes the time it takes, and where its doubt comes from."""
    known = knowledge_of(snapshot).calibration.posterior
    return explanation(workload, option.gpu, option.gpu_count, option.planned, known)


def cheapest_offers(
    snapshot: Snapshot, workload: Workload, request: AskedComparison, today: date
) -> tuple[list[Option], int]:
    """The cheapest offers that can do the run, over all that are stored, and how many were looked at.

    Plans and step times are computed once per distinct machine and spread over the offers as arrays.
    """
    known = knowledge_of(snapshot)
    terms = cloud_terms(workload, known.figures, request.rent_terms, given_by_user(today))
    plans = rented_plans(snapshot, workload, request.tier, terms, today)
    total = plans.bill.total[1]
    order = np.argsort(total, kind="stable")[: request.limit or USUAL_LIMIT]
    order = order[np.isfinite(total[order])]
    if not len(order):
        raise MissingFact("an offer that holds this run", "it fits none of the stored offers")
    options = []
    for position in order:
        machine = int(plans.machine[position])
        (gpu, count), plan = plans.hardware[machine], plans.planned[machine]
        options.append(
            cloud_option(
                workload,
                gpu,
                count,
                rental_of(snapshot, int(plans.row[position]), request, today),
                currency=request.currency,
                knowledge=known,
                planned=plan,
                changes=changes_of(snapshot, workload, gpu, count, plan),
                terms=terms,
            )
        )
    return options, plans.considered
