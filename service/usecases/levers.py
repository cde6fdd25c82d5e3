"""The inputs that a choice may hang on: today's value, its range, and what of every plan moves with it."""

from dataclasses import dataclass

import numpy as np

from service.answers.question import AskedDecision
from service.decide.choice import Choice
from service.decide.comparison import RENTED_BY_THE_HOUR
from service.decide.frontier import Limits, Numbers
from service.decide.options import Option
from service.decide.sensitivity import break_even_line, prices_around
from service.decide.turning import Contest, Lever, LeverCode, Question, Swing, Turn, hangs_on
from service.estimate.cloud_bill import CloudBill
from service.estimate.cost import BillLine, conversion
from service.store.snapshot import Snapshot
from service.usecases.candidate_plans import Plans, column_of, per_kwh
from service.usecases.finding import same_configuration
from service.usecases.knowledge import knowledge_of
from service.usecases.past_prices import PastPrices

BothPlans = tuple[tuple[LeverCode, int | None], ...]
"""An input of the chosen plan and the same of the next, with their positions."""


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What the median money of every plan consists of, in the decision's currency; shape (n,) each."""

    rent: Numbers
    """All hours a machine is rented, with their tax."""
    idle: Numbers
    """Of it: failed starts and idle hours."""
    with_hours: Numbers
    """What grows in proportion to the hours of training."""
    electricity: Numbers
    """At home: of the run with its pauses, and of debugging before a rented one."""
    by_watts: Numbers
    """What grows with the watts in training: its electricity, less what heat it replaces."""
    purchase: Numbers
    """What bought cards lose."""
    tied_up: Numbers
    """What the money for all that is bought would have brought elsewhere."""
    tied_up_in_cards: Numbers
    """Of it the cards."""
    price: Numbers
    """What they cost."""

    @staticmethod
    def of(plans: Plans, factor: float) -> "Parts":
        """The parts of all plans; `factor` turns euros into the decision's currency."""
        homes = [option for _, option in plans.homes]
        zero = np.zeros(len(homes))
        running = np.array([_amount(o, "electricity") for o in homes])
        current = running + np.array([_amount(o, "paused") for o in homes])
        heat = np.array([_amount(o, "heat") for o in homes])
        wear = heat + np.array([_amount(o, "wear") for o in homes])
        bought = np.array([_amount(o, "purchase") for o in homes])
        tied = np.array([_amount(o, "capital") for o in homes])
        in_cards = tied * np.array([_share_of_cards(o) for o in homes])
        price = np.array([float(o.purchase.price) if o.purchase else 0.0 for o in homes])
        blocks: list[tuple[Numbers, ...]] = (
            [(zero, zero, current + wear, current, running + heat, bought, tied, in_cards, price)]
            if homes
            else []
        )
        n_rented = len(plans.candidates) - len(homes)
        if plans.rented is not None and n_rented:
            one = _rented(plans.rented.bill, factor)
            blocks.append((*one, *_nothing(len(plans.rented), 6)))
            if plans.hybrid_bill is not None and plans.hybrid_electricity is not None:
                two = _rented(plans.hybrid_bill, factor)
                spent = plans.hybrid_electricity
                blocks.append((*two, spent, spent, *_nothing(len(plans.rented), 4)))
        return Parts(*(np.concatenate(column) for column in zip(*blocks, strict=True)))


def _share_of_cards(option: Option) -> float:
    """Of what was bought; the rest is what is around them."""
    bought = option.purchase
    return float(bought.price) / bought.cash.p50 if bought and bought.cash.p50 else 0.0


def _nothing(n: int, times: int) -> tuple[Numbers, ...]:
    return tuple(np.zeros(n) for _ in range(times))


def _rented(bill: CloudBill, factor: float) -> tuple[Numbers, Numbers, Numbers]:
    """Rent with its tax, of it idle hours, and what grows with the hours: nothing of a term that is paid
    whole."""
    taxed = factor * bill.tax_factor
    rent = sum((getattr(bill, name)[1] for name in RENTED_BY_THE_HOUR), np.zeros(bill.rent.shape[1]))
    by_hours = np.where(bill.commitment[1] > 0, 0.0, rent - bill.set_up[1])
    return rent * taxed, bill.idle[1] * taxed, by_hours * taxed


def _amount(option: Option, code: BillLine) -> float:
    return 0.0 if option.cost is None else option.cost.amount(code)


@dataclass(frozen=True, slots=True)
class Hangs:
    """What a choice hangs on."""

    swings: tuple[Swing, ...] = ()
    turns: tuple[Turn, ...] = ()
    break_even: tuple[tuple[float, float], ...] = ()


def what_it_hangs_on(
    snapshot: Snapshot,
    request: AskedDecision,
    plans: Plans,
    choice: Choice,
    past: PastPrices,
) -> Hangs:
    """Which inputs move the choice, and where it turns; nothing where there is none."""
    if choice.best is None:
        return Hangs()
    knowledge = knowledge_of(snapshot)
    factor = float(conversion("EUR", request.currency, knowledge.exchange_rates).factor)
    parts = Parts.of(plans, factor)
    found = [
        *_rents(snapshot, request, plans, choice, parts, past, factor=factor),
        *_speeds(plans, choice, parts),
        *_at_home(plans, parts),
        *_idle(snapshot, request, parts),
    ]
    question = Question(
        Limits(request.budget, request.deadline_hours), request.weights, request.least_probability
    )
    contest = Contest.of(plans.candidates, choice, question)
    return Hangs(*hangs_on(contest, found), _break_even(snapshot, plans, choice, parts, factor=factor))


def _break_even(
    snapshot: Snapshot, plans: Plans, choice: Choice, parts: Parts, *, factor: float
) -> tuple[tuple[float, float], ...]:
    """For prices per kWh the rent at which the best plan at home and the best rented one cost the same; empty
    unless both keep the limits."""
    cost = plans.candidates.cost[1]
    within = [int(i) for i in np.flatnonzero(choice.within)]
    home = next(iter(sorted((i for i in within if i < len(plans.homes)), key=lambda i: cost[i])), None)
    rented = [i for i in within if i >= len(plans.homes)]
    named = [i for i in (choice.best, choice.rival) if i in rented]
    cloud = next(iter(named or sorted(rented, key=lambda i: cost[i])), None)
    if home is None or cloud is None or not parts.electricity[home] or not parts.rent[cloud]:
        return ()
    per_hour = _rent_today(snapshot, plans, int(cloud), factor)
    price = float(per_kwh(plans.homes[home][1]) or 0)
    return break_even_line(
        (float(cost[home]), float(parts.electricity[home])),
        (float(cost[cloud]), float(parts.rent[cloud]), float(parts.electricity[cloud])),
        (price, per_hour),
        prices_around(price),
    )


def _rent_today(snapshot: Snapshot, plans: Plans, position: int, factor: float) -> float:
    row = plans.row_of(position)
    assert row is not None
    return float(snapshot.offers.price_eur[row]) * factor * plans.instances_of(position)


def _rents(
    snapshot: Snapshot,
    request: AskedDecision,
    plans: Plans,
    choice: Choice,
    parts: Parts,
    past: PastPrices,
    *,
    factor: float,
) -> list[Lever]:
    """The rent of the chosen offer and of the next one, once where one price is both: what others ask for the
    same, what it has cost."""
    found = []
    of_both: BothPlans = (("rent", choice.best), ("rival_rent", choice.rival))
    moved = np.zeros(len(plans.candidates), dtype=np.bool_)
    for code, position in of_both:
        row = None if position is None else plans.row_of(position)
        if position is None or row is None or moved[position]:
            continue
        instances = plans.instances_of(position)
        now = _rent_today(snapshot, plans, position, factor)
        low, high = _rent_range(snapshot, request, row, past, factor=factor * instances, now=now)
        same = plans.same_rent(position)
        moved |= same
        part = np.where(same, parts.rent, 0.0)
        none = np.zeros(len(part))
        found.append(Lever(code, low, now, high, part, part, none))
    return found


def _rent_range(
    snapshot: Snapshot, request: AskedDecision, row: int, past: PastPrices, *, factor: float, now: float
) -> tuple[float, float]:
    """The middle 80 % of what other stored offers of the same GPU, count and tier ask, and everything this
    offer cost within the last year. No forecast."""
    offer = snapshot.offers.row(row)
    if offer.gpu is None:
        return now, now
    rates = knowledge_of(snapshot).exchange_rates
    rows = same_configuration(snapshot, offer.gpu, offer.gpu_count, offer.tier)
    asked = snapshot.offers.price_eur[rows] * factor
    others = [float(np.quantile(asked, q)) for q in (0.1, 0.9)] if len(asked) else []
    own = [
        float(cost * conversion(currency, "EUR", rates).factor) * factor
        for cost, currency in past(offer.slug)
    ]
    rents = (now, *others, *own)
    return min(rents), max(rents)


def _speeds(plans: Plans, choice: Choice, parts: Parts) -> list[Lever]:
    """How long the chosen machine takes, and the next: all plans on the same GPU are as wrong as it."""
    found = []
    gpus = plans.gpu_of_each()
    done: set[str] = set()
    of_both: BothPlans = (("hours", choice.best), ("rival_hours", choice.rival))
    for code, position in of_both:
        if position is None or gpus[position] in done:
            continue
        done.add(gpus[position])
        low, now, high = plans.training_hours(position)
        same = np.array([gpu == gpus[position] for gpu in gpus])
        money = np.where(same, parts.with_hours, 0.0)
        hours = np.where(same, plans.candidates.calendar_hours[1], 0.0)
        found.append(Lever(code, low, now, high, money, money, hours))
    return found


def _at_home(plans: Plans, parts: Parts) -> list[Lever]:
    """Price of a kilowatt-hour, watts at the plug, prices of cards to buy, what money brings elsewhere."""
    none = np.zeros(len(plans.candidates))
    found = []
    home = next((o for _, o in plans.homes if o.cost and per_kwh(o) is not None), None)
    if home is not None and (price := float(per_kwh(home) or 0)):
        low, high = _kwh_range(home, price)
        found.append(Lever("kwh_price", low, price, high, parts.electricity, parts.electricity, none))
        watts = column_of(home.power.watts)
        found.append(Lever("home_watts", *watts, parts.by_watts, parts.by_watts, none))
    bought = next((o for way, o in plans.homes if way == "buy" and o.purchase), None)
    if bought is not None and bought.purchase is not None:
        price = float(bought.purchase.price)
        told = bought.purchase.price_range
        ends = column_of(told) if told else (price, price, price)
        found.append(Lever("card_price", *ends, parts.purchase + parts.tied_up_in_cards, parts.price, none))
        loss = column_of(bought.purchase.loss_per_run)
        found.append(Lever("card_loss", *loss, parts.purchase, none, none))
        if share := bought.purchase.capital_share:
            found.append(Lever("capital_cost", share, share, share, parts.tied_up, none, none))
    return found


def _kwh_range(option: Option, price: float) -> tuple[float, float]:
    """What is doubted of the price: by what a contract may differ from a published mean, and by the days
    known."""
    told = option.price
    if told is None or not told.per_kwh:
        return price, price
    if told.low is not None and told.high is not None:
        scale = price / float(told.per_kwh)
        return float(told.low) * scale, float(told.high) * scale
    return price * told.assumed.p10, price * told.assumed.p90


def _idle(snapshot: Snapshot, request: AskedDecision, parts: Parts) -> list[Lever]:
    """Failed starts and idle hours of rented machines, where nobody has told them."""
    idle = snapshot.figures["cloud_run.idle_share"]
    if "idle_share" in request.rent_terms or idle.low is None or idle.high is None:
        return []
    none = np.zeros(len(parts.idle))
    return [Lever("idle_hours", idle.low, idle.value, idle.high, parts.idle, parts.idle, none)]
