"""A household's contract in words: its price, whether choosing hours pays, what the run does to its year."""

from datetime import date

from service.answers.hours import AnsweredDayShape, AnsweredPause, AnsweredTariff, AnsweredWhenToRun
from service.answers.option import AnsweredOption, AnsweredRate
from service.answers.parts import AnsweredNumber
from service.estimate.inputs import TARIFF
from service.estimate.tariff import SOLAR_GRAMS
from service.reports.words.sentences import HOURS_PER_DAY, age, calendar_stretch, duration, saved_by_limit
from service.reports.words.source_notes import note_sentence, source_title
from service.reports.words.wording import Wording

ALL_DAY = 0.999
STALE_RATE_DAYS = 400
SHOWN_SHARE = 0.75
"""The rule that is told where none pays: leaving out the dearest quarter of each day."""


def electricity_sentences(w: Wording, option: AnsweredOption, today: date) -> list[str]:
    """What a kilowatt-hour costs at home, by which contract, and what it does to the household's year."""
    if option.rate is None:
        return []
    price = option.tariff
    if price is None or price.kind == "flat":
        lines = [rate_sentence(w, option.rate, today)]
    elif price.kind == "time_of_use":
        lines = [_by_the_clock(w, option, price)]
    else:
        lines = [_by_the_market(w, option, price, today)]
    if price is not None and (solar := _solar(w, option, price)):
        lines[0] += " " + solar
    year = consumption_sentence(w, option)
    return [*lines, year] if year else lines


def rate_sentence(w: Wording, rate: AnsweredRate, today: date) -> str:
    """The price of a kilowatt-hour at home."""
    price = w.unit_price(rate.per_kwh, rate.currency)
    if rate.kind == "contract":
        return w.say("Electricity: {price} per kWh, your own figure.", price=price)
    days = (today - rate.as_of).days
    line = w.say(
        "Electricity: {price} per kWh in {zone}, as of {day} ({age}), {source}.",
        price=price,
        zone=w.zone(rate.zone, rate.zone_name),
        day=w.day(rate.as_of),
        age=age(w, days),
        source=source_title(w, rate.source),
    )
    if rate.note:
        line += " " + note_sentence(w, rate.note)
    if days > STALE_RATE_DAYS:
        line += " " + w.say("That is old.")
    return line + " " + w.say("Your own contract counts: give it with --kwh-price.")


def _by_the_clock(w: Wording, option: AnsweredOption, price: AnsweredTariff) -> str:
    line = w.say(
        "Electricity: {price} per kWh on average, your own prices by the hour of the day.",
        price=w.unit_price(_bought(option, price), price.currency),
    )
    return _with_hours(w, line, option)


def _by_the_market(w: Wording, option: AnsweredOption, price: AnsweredTariff, today: date) -> str:
    terms = _terms(option)
    shape = option.when_to_run.prices if option.when_to_run else None
    low, high = price.low, price.high
    line = w.say(
        "Electricity: {price} per kWh all in, a dynamic contract on the day-ahead prices of {zone}.",
        price=w.unit_price(_bought(option, price), price.currency),
        zone=option.rate.zone if option.rate else "",
    )
    if "dynamic_surcharges_per_kwh" in terms:
        line += " " + w.say(
            "{spot} spot on average plus {surcharges} before {vat} VAT.",
            spot=w.unit_price(terms["spot_per_mwh"].value / 1000, price.currency),
            surcharges=w.money(terms["dynamic_surcharges_per_kwh"].value, price.currency, 4),
            vat=w.percent(terms["vat_share"].value),
        )
    if shape is not None and low is not None and high is not None:
        line += " " + _days_told(w, price, shape, today)
    return _with_hours(w, line, option)


def _days_told(w: Wording, price: AnsweredTariff, shape: AnsweredDayShape, today: date) -> str:
    """Which days stand behind the mean, and how sure it is by them."""
    assert price.low is not None and price.high is not None
    told = {
        "low": w.unit_price(price.low, price.currency), "high": w.unit_price(price.high, price.currency),
        "days": w.counted("{count} whole day", "{count} whole days", shape.days),
        "first": w.day(shape.first_day), "last": w.day(shape.last_day),
        "age": age(w, (today - shape.last_day).days), "source": source_title(w, shape.source),
    }  # fmt: skip
    if shape.is_typical:
        line = w.say(
            "Too few of the last 365 days are stored: typical days of the year from {first} to {last} ("
            "{age}, {source}) stand in. Four days out of five between {low} and {high}.",
            **told,
        )
    else:
        line = w.say(
            "Four days out of five between {low} and {high}; {days} from {first} to {last} "
            "({age}), {source}: what was, no forecast.",
            **told,
        )
    if price.mean_low is None or price.mean_high is None:
        return line
    ends = {
        "low": w.unit_price(price.mean_low, price.currency),
        "high": w.unit_price(price.mean_high, price.currency),
        "zone": shape.zone,
    }
    if shape.is_typical:
        sure = w.say(
            "The mean of the last year lies between {low} and {high} (80 % range, by the age).", **ends
        )
    else:
        sure = w.say(
            "Fewer than 300 days are stored: the mean of a whole year lies between {low} and {high} (80 % "
            "range).",
            **ends,
        )
    fetch = w.say("Fetch the last year: heimvorteil prices refresh --zone {zone}", **ends)
    return f"{line} {sure} {fetch}"


def _with_hours(w: Wording, line: str, option: AnsweredOption) -> str:
    hours = used_hours(option)
    if hours is None:
        return line
    return f"{line} " + w.say(
        "Used of each day: only its cheapest hours, {hours} of 24.", hours=w.exact(hours)
    )


def used_hours(option: AnsweredOption) -> float | None:
    """How many hours of each day the machine runs; None where all of them."""
    share = 1 / calendar_stretch(option)
    return None if share >= ALL_DAY else round(share * HOURS_PER_DAY, 1)


def _terms(option: AnsweredOption) -> dict[str, AnsweredNumber]:
    """What the price of a kilowatt-hour was computed from, by name."""
    return {number.name: number for number in option.sources if number.subject == TARIFF}


def _bought(option: AnsweredOption, price: AnsweredTariff) -> float:
    """What the grid's share of a kilowatt-hour costs."""
    grid = _terms(option).get("bought_per_kwh")
    return float(price.per_kwh) if grid is None else grid.value


def _solar(w: Wording, option: AnsweredOption, price: AnsweredTariff) -> str:
    terms = _terms(option)
    if "solar_share" not in terms:
        return ""
    paid, grams = terms["feed_in_per_kwh"], terms.get(SOLAR_GRAMS)
    clean = ""
    if grams is not None:
        clean = " " + w.say(
            "Its CO₂e is that of its modules over their life, {grams} g/kWh ({source}).",
            grams=w.stated(grams.value), source=grams.source,
        )  # fmt: skip
    line = w.say(
        "{share} of it from your own roof, worth the feed-in payment of {paid} ({source}): {mixed} per kWh.",
        share=w.percent(terms["solar_share"].value),
        paid=w.unit_price(paid.value, price.currency),
        source=source_title(w, paid.source) if paid.basis != "user" else w.say("your own figure"),
        mixed=w.unit_price(price.per_kwh, price.currency),
    )
    return line + clean


def consumption_sentence(w: Wording, option: AnsweredOption) -> str | None:
    """The household's year with the run, and the price of the band it comes into; None where not told."""
    c = option.consumption
    if c is None:
        return None
    line = w.say(
        "With the run your year has {after} kWh instead of {before}",
        after=w.rounded(c.with_run_kwh),
        before=w.number(c.yearly_kwh),
    )
    if c.band == c.band_with_run:
        return line + w.say(": it stays in consumption band {band}.", band=c.band)
    if c.per_kwh is None or c.per_kwh_with_run is None:
        return line + w.say(
            ": it moves from consumption band {band} to {after}; what that changes is not stored.",
            band=c.band, after=c.band_with_run,
        )  # fmt: skip
    return line + w.say(
        ": it moves from consumption band {band} (mean {price} per kWh) to {after} (mean {then}).",
        band=c.band, after=c.band_with_run, price=w.unit_price(c.per_kwh, c.currency),
        then=w.unit_price(c.per_kwh_with_run, c.currency),
    )  # fmt: skip


def when_sentences(w: Wording, option: AnsweredOption) -> list[str]:
    """Whether it pays to choose hours: what leaving out the dearest ones changes, in money and CO2."""
    when = option.when_to_run
    if when is None or option.cost is None or option.calendar_hours is None or option.hours is None:
        return []
    plan = when.best or _shown(when.plans)
    if plan is None:
        return []
    same = [p for p in when.plans if (p.code, p.share) == (plan.code, plan.share)]
    off, suspended, idle = same
    currency = option.cost.currency
    added = duration(w, plan.calendar_hours - option.hours.p50)
    line = w.say(
        "{rule}: electricity {off} with the PC off meanwhile, {suspended} suspended at {watts} W, {idle} "
        "left idle at {idle_watts} W; {added} longer.",
        rule=rule_name(w, plan), off=_change(w, off, currency), suspended=_change(w, suspended, currency),
        idle=_change(w, idle, currency), watts=w.exact(suspended.paused_watts),
        idle_watts=w.exact(idle.paused_watts), added=added,
    )  # fmt: skip
    if plan.break_even_watts is not None and plan.break_even_watts > 0:
        line += " " + w.say(
            "Above {watts} W while it waits it costs more than it saves.",
            watts=w.rounded(plan.break_even_watts),
        )
    lines = [_advice(w, option, when), line]
    cleaner = _shown(when.carbon_plans)
    if cleaner is not None and when.carbon is not None:
        lines.append(
            w.say(
                "Leaving out the dirtiest quarter of each day changes CO₂e by {change} ({source}, {days} "
                "to {last}).",
                change=_signed(w, cleaner.change), source=source_title(w, when.carbon.source),
                days=w.counted("{count} day", "{count} days", when.carbon.days),
                last=w.day(when.carbon.last_day),
            )
        )  # fmt: skip
    return lines


def _advice(w: Wording, option: AnsweredOption, when: AnsweredWhenToRun) -> str:
    """Run through, or not; and the power limit beside it where that saves more."""
    if hours := used_hours(option):
        return w.say(
            "You let it run {hours} of 24 hours; what follows is against running through.",
            hours=w.exact(hours),
        )
    limit, cost = option.power_limit, option.cost
    saved = -when.best.amount if when.best else 0.0
    line = (
        w.say("Run through: choosing hours saves too little to be worth the stops.")
        if when.best is None
        else w.say("Run through, unless the PC can suspend by itself and the time is there.")
    )
    if limit is None or not limit.worth_while or cost is None:
        return line
    per_kwh = cost.unit_price("electricity")
    if per_kwh is None:
        return line
    kwh = limit.energy_kwh_saved
    if (kwh.p10 if limit.stand_in else kwh.p50) * float(per_kwh) <= saved:
        return line
    return f"{line} " + w.say(
        "A power limit of {watts} W saves more ({money}) and takes {added} longer.",
        watts=w.number(limit.best.limit_watts), money=saved_by_limit(w, limit, float(per_kwh), cost.currency),
        added=duration(w, limit.hours_added),
    )  # fmt: skip


def _shown(plans: tuple[AnsweredPause, ...]) -> AnsweredPause | None:
    return next((p for p in plans if p.code == "cheapest" and p.share == SHOWN_SHARE), None)


def rule_name(w: Wording, plan: AnsweredPause) -> str:
    """A rule in a few words."""
    if plan.code == "window":
        return w.say("The cheapest {share} of each day in one piece", share=w.percent(plan.share))
    return w.say("Without the dearest {share} of each day", share=w.percent(1 - plan.share))


def _change(w: Wording, plan: AnsweredPause, currency: str) -> str:
    return f"{_signed(w, plan.change)} ({_sign(plan.amount)}{w.about(abs(plan.amount), currency)})"


def _signed(w: Wording, share: float) -> str:
    return _sign(share) + w.share(abs(share), 1)


def _sign(value: float) -> str:
    return "+" if value >= 0 else "\N{MINUS SIGN}"
