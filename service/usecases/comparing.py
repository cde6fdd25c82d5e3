"""Comparing and estimating: the questions themselves."""

import math
from datetime import date, datetime

from service.answers.answer import AnsweredComparison, AnsweredEstimates
from service.answers.option import AnsweredExplanation
from service.answers.question import EVERY_OFFER, AskedComparison, AskedEstimate
from service.answers.told import tell_comparison, tell_workload
from service.answers.told_alternative import tell_compared
from service.answers.told_option import tell_explanation, tell_numbers, tell_option
from service.decide.comparison import REFERENCE_GPU, Comparison, compare
from service.decide.household import Household
from service.decide.options import (
    Option,
    Rental,
    cloud_memory_gib,
    cloud_option,
)
from service.errors import InvalidValue, worded
from service.estimate.explanation import Explanation, explanation
from service.estimate.inputs import workload_inputs
from service.estimate.training_time import check_gpu_count
from service.facts import Gpu, Workload
from service.reports.words.answer_sentences import say_comparison, say_explanation, say_option
from service.reports.words.fine_tuning import titled
from service.reports.words.wording import wording
from service.store.answer_room import AnswerRoom
from service.store.comparisons import StoredComparison
from service.store.session import Sessions
from service.store.snapshot import Snapshot
from service.usecases.answering import kept_answer, with_trainer_file
from service.usecases.asked_vat import asked_vat
from service.usecases.candidate_plans import home_plans
from service.usecases.finding import (
    checked_count,
    checked_currency,
    configuration,
    find_gpu,
    household_of,
    machine_called,
    workload_asked,
)
from service.usecases.idle_options import refuse_idle, refuse_idle_terms, refuse_said
from service.usecases.knowledge import changes_of, home_option_of, knowledge_of, plans_of
from service.usecases.market_days import NO_MARKET, MarketDays, market_of
from service.usecases.recent_prices import recent
from service.usecases.rented_named import rented_named
from service.usecases.what_if import alternatives_of


def compare_home_with_cloud(
    snapshot: Snapshot, request: AskedComparison, asked_at: datetime, market: MarketDays = NO_MARKET
) -> Comparison:
    """The answer to a request from the facts of one snapshot; `market` are the hours its tariff needs.

    Raises UnknownName for names in no catalog (nearest first), InvalidValue for values out of range,
    MissingFact when nothing rentable or no tariff can be found for what was asked.
    """
    snapshot, prices = recent(snapshot, request, asked_at.date())
    workload = workload_asked(
        snapshot, request.workload, request.tokens, asked_at.date(), request.trials, request.failed_runs
    )
    own = homes_named(snapshot, request)
    knowledge = knowledge_of(snapshot)
    checked_currency(request.currency, knowledge.exchange_rates)
    refuse_idle(request)
    household = household_of(snapshot, request, asked_at.date(), market)
    for _, count in own:
        check_gpu_count(workload, count, "home_count" if request.home_count > 1 else "home")
    homes = home_plans(snapshot, request, workload, own, household, asked_at.date())
    request = with_usual_cloud(request, workload)
    rented = rented_named(snapshot, workload, request, asked_at.date())
    if not rented.is_list:
        reason = worded(
            "is of cloud {every_offer} or a provider, and {names} is named",
            every_offer=EVERY_OFFER,
            names=", ".join(request.cloud),
        )
        refuse_said(request, ("limit",), reason)
    rentals = (option.rental for option in rented.options)
    refuse_idle_terms(request, {rental.offer.tier for rental in rentals if rental and rental.offer})
    return compare(
        workload,
        [*(option for _, option in homes), *rented.options],
        asked_at=asked_at,
        currency=request.currency,
        zone=household.zone,
        knowledge=knowledge,
        data_version=snapshot.data_version,
        reference_ratio=knowledge.figures.get("reference.ratio"),
        reference_card=snapshot.gpus.get(REFERENCE_GPU),
        considered=rented.considered,
        prices=prices,
        vat=asked_vat(snapshot, request, asked_at.date()),
    )


def homes_named(snapshot: Snapshot, request: AskedComparison) -> list[tuple[Gpu, int]]:
    """The machines at home. Raises InvalidValue for a count beside names that say theirs, or of several."""
    machines = [machine_called(snapshot, "home", name) for name in request.home]
    if request.home_count == 1:
        return machines
    if len(machines) != 1:
        reason = worded("is of one machine at home; name each as COUNTxGPU")
        raise InvalidValue("home_count", request.home_count, reason)
    ((gpu, _),) = machines
    if configuration(request.home[0]):
        reason = worded("is said by {machine} already; keep one of the two", machine=request.home[0].strip())
        raise InvalidValue("home_count", request.home_count, reason)
    return [(gpu, checked_count("home_count", request.home_count))]


def with_usual_cloud(request: AskedComparison, workload: Workload) -> AskedComparison:
    """The question with as many of the usual rented cards as can share a batch: a fine-tune may have two
    sequences. Another machine is taken as it was named."""
    usual = AskedComparison.model_fields["cloud"].default
    count, _, gpu = usual[0].partition("x")
    most = workload.recipe.global_batch_tokens // workload.recipe.seq_len
    if request.cloud != usual or most >= int(count):
        return request
    return request.model_copy(update={"cloud": (f"{2 ** int(math.log2(max(most, 1)))}x{gpu}",)})


def compare_from_store(
    sessions: Sessions, snapshot: Snapshot, request: AskedComparison, asked_at: datetime
) -> Comparison:
    """The comparison with the hours of the market that its tariff needs, read from the store."""
    market = market_of(sessions, snapshot, request, asked_at.date())
    return compare_home_with_cloud(snapshot, request, asked_at, market)


def answer(
    sessions: Sessions,
    snapshot: Snapshot,
    request: AskedComparison,
    asked_at: datetime,
    room: AnswerRoom | None = None,
) -> StoredComparison:
    """The comparison as it is kept: in the `room` for a while, without one for good.

    The same question on the same data and day has the same identity, is written once and answered as
    it is kept.
    """

    def work_out() -> AnsweredComparison:
        def work(asked: AskedComparison) -> Comparison:
            return compare_from_store(sessions, snapshot, asked, asked_at)

        comparison = work(request)
        others = (tell_compared(comparison, o, changes) for o, changes in alternatives_of(request, work))
        told = tell_comparison(comparison).model_copy(update={"what_if": tuple(others)})
        return say_comparison(wording(request.lang), with_trainer_file(told, request.workload))

    return kept_answer(
        sessions,
        snapshot,
        kind="comparison",
        asked=request.kept(),
        asked_at=asked_at,
        work_out=work_out,
        room=room,
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
