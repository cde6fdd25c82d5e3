"""Where an answer's prices come from, and how old they are."""

from datetime import date

from service.answers.answer import AnsweredComparison
from service.answers.option import AnsweredExchange, AnsweredOffer, AnsweredOption
from service.countries import place
from service.estimate.cost import RATE_IS_OLD_AFTER_DAYS
from service.reports.words.bill import bill_sentence
from service.reports.words.card_prices import purchase_sentences
from service.reports.words.sentences import age
from service.reports.words.source_notes import note_sentence, source_title
from service.reports.words.tariff_sentences import electricity_sentences
from service.reports.words.wording import Wording

STALE_OFFER_DAYS = 45
MUCH_CHEAPER, MUCH_DEARER = 2 / 3, 1.5
"""Of the median of such offers: what is said of a rent beyond."""
LEAST_FOR_A_MEDIAN = 4
AS_GOOD_AS = 0.08
"""How far a share may be from the fraction that it is called by."""


def price_sentences(w: Wording, c: AnsweredComparison) -> list[str]:
    """Electricity, rents and exchange rates, each once, with source and age."""
    today = c.asked_at.date()
    rents = [o for o in c.options if o.kind == "cloud"]
    lines = [line for o in c.options for line in electricity_sentences(w, o, today)]
    lines += [line for o in c.options if o.purchase for line in purchase_sentences(w, o, o.purchase)]
    if c.considered_offers:
        lines.append(
            w.say(
                "Offers looked at: {all}. Listed, the cheapest first: {shown}.",
                shown=w.number(len(rents)),
                all=w.number(c.considered_offers),
            )
        )
        tiers = dict.fromkeys(o.offer.tier for o in rents if o.offer)
        if list(tiers) != ["on_demand"]:
            lines.append(w.say("Rented as: {tiers}.", tiers=", ".join(tier_name(w, tier) for tier in tiers)))
    lines += [rent_sentence(w, o, today, alone=len(rents) == 1) for o in rents]
    if len(rents) == 1 and rents[0].cost:
        lines.append(bill_sentence(w, rents[0].cost))
    stale = [o.offer for o in rents if o.offer and (today - o.offer.as_of).days > STALE_OFFER_DAYS]
    if stale and len(rents) > 1:
        lines.append(w.say("Check the price before you rent."))
    rates: list[AnsweredExchange] = [r for o in c.options if o.cost for r in o.cost.exchange_rates]
    return list(dict.fromkeys([*lines, *(exchange_sentence(w, rate, today) for rate in rates)]))


def option_price_sentences(w: Wording, option: AnsweredOption, today: date) -> list[str]:
    """Where the price of one option comes from, what its bill consists of."""
    lines = electricity_sentences(w, option, today)
    if option.purchase:
        lines += purchase_sentences(w, option, option.purchase)
    if option.kind == "cloud":
        lines.append(rent_sentence(w, option, today, alone=True))
        if option.cost:
            lines.append(bill_sentence(w, option.cost))
    return [
        *lines,
        *(exchange_sentence(w, r, today) for r in (option.cost.exchange_rates if option.cost else ())),
    ]


def rent_sentence(w: Wording, option: AnsweredOption, today: date, *, alone: bool) -> str:
    """The price of a rented hour; of the only rental also its market and a warning when it is old."""
    offer = option.offer
    if offer is None:
        line = w.say("Rent: no price known for {label}.", label=option.label)
        if option.suggestions:
            line += " " + suggestion_sentence(w, option)
        return line
    days = (today - offer.as_of).days
    line = w.say(
        "Rent: {price} per hour, {provider} {instance}, as of {day} ({age}), {source}.",
        price=rent_per_hour(w, option),
        provider=offer.provider_name,
        instance=f"{offer.instance} {place(offer.region, None, w.language)}".strip() + main_memory(w, offer),
        day=w.day(offer.as_of),
        age=age(w, days),
        source=source_title(w, offer.source),
    )
    if stock := stock_sentence(w, offer):
        line += " " + stock
    if offer.note:
        line += " " + note_sentence(w, offer.note)
    if offer.term_months:
        line += " " + w.counted(
            "Reserved for {count} month: all of it is billed, used or not.",
            "Reserved for {count} months: all of them are billed, used or not.",
            offer.term_months,
        )
    if alone and days > STALE_OFFER_DAYS:
        line += " " + w.say("Check the price before you rent.")
    if alone and (elsewhere := market_sentence(w, offer)):
        line += " " + elsewhere
    return line


def rent_per_hour(w: Wording, option: AnsweredOption) -> str:
    """What an hour of all that is rented costs, in the bill's currency; the provider's own in brackets where
    that is another, alone where there is no bill."""
    offer = option.offer
    assert offer is not None
    own = w.unit_price(offer.hourly_price * offer.instances, offer.currency)
    told = option.cost.unit_price("rent") if option.cost else None
    if told is None or option.cost is None or option.cost.currency == offer.currency:
        return own
    return f"{w.unit_price(told, option.cost.currency)} ({own})"


def stock_sentence(w: Wording, offer: AnsweredOffer) -> str:
    """When it was last seen rentable, and how many; empty where no source tells."""
    seen = offer.seen_rentable_at
    if offer.in_stock is False:
        line = w.say("Nothing of it was free when it was last read: look again before you plan with it.")
        return line + " " + w.say("Last seen rentable on {day}.", day=w.day(seen.date())) if seen else line
    if seen is None:
        return ""
    at = {"day": w.day(seen.date()), "time": f"{seen:%H:%M}"}
    if offer.rentable_count is None:
        return w.say("Seen rentable on {day}, {time} UTC.", **at)
    return w.say(
        "Seen rentable on {day}, {time} UTC, {count} free.", count=w.number(offer.rentable_count), **at
    )


def main_memory(w: Wording, offer: AnsweredOffer) -> str:
    """The main memory of an instance in brackets, to stand behind its name; empty where it is not said."""
    return "" if offer.ram_gib is None else f" ({w.number(offer.ram_gib)} GiB RAM)"


def suggestion_sentence(w: Wording, option: AnsweredOption) -> str:
    """What comes closest to a configuration that nobody rents out."""
    listed = "; ".join(
        w.say(
            "{gpu} (peak ×{peak}, memory ×{memory}, bandwidth ×{bandwidth}) {price} per hour, {offer}, {day}",
            gpu=one.gpu_name,
            peak=w.number(one.likeness.peak_bf16_ratio, 2),
            memory=w.number(one.likeness.memory_ratio, 2),
            bandwidth=w.number(one.likeness.memory_bandwidth_ratio, 2),
            price=w.unit_price(one.hourly_price, one.currency),
            offer=one.slug,
            day=w.day(one.as_of),
        )
        for one in option.suggestions
    )
    return w.say(
        "Nobody rents out {label} in this tier. Nearest with as much memory: {listed}. "
        "Ask again with one of these.",
        label=option.label,
        listed=listed,
    )


def market_sentence(w: Wording, offer: AnsweredOffer | None) -> str:
    """What the same configuration costs elsewhere, of several machines one; empty where it is not offered
    elsewhere."""
    market = offer.market if offer else None
    if offer is None or market is None or market.offers < 2:
        return ""
    said = {
        "offers": w.number(market.offers),
        "tier": tier_name(w, market.tier),
        "low": w.unit_price(market.cheapest_per_hour, market.currency),
        "high": w.unit_price(market.dearest_per_hour, market.currency),
        "median": w.unit_price(market.median_per_hour, market.currency),
    }
    if offer.instances > 1:
        return w.say(
            "{count} such machines are rented; for one there are {offers} offers ({tier}), {low} to {high}, "
            "median {median}.",
            count=w.number(offer.instances), **said,
        )  # fmt: skip
    return w.say("{offers} offers of this configuration ({tier}), {low} to {high}, median {median}.", **said)


def rent_distance_sentence(w: Wording, offer: AnsweredOffer | None) -> str:
    """How far a rent is from the median of its kind; empty where it is near it, or too few are known."""
    market = offer.market if offer else None
    if market is None or market.of_median is None or market.offers < LEAST_FOR_A_MEDIAN:
        return ""
    of, count = market.of_median, w.number(market.offers)
    if of > MUCH_DEARER:
        return w.say(
            "The rent is {times} times the median of {count} such offers.", times=w.number(of, 1), count=count
        )
    if of >= MUCH_CHEAPER:
        return ""
    return w.say(
        "The rent is {part} of the median of {count} such offers.", part=fraction(w, of), count=count
    )


def fraction(w: Wording, share: float) -> str:
    """A share below two thirds as people say it: half, a third, ... a tenth; else in percent."""
    names = (
        w.say("half"), w.say("a third"), w.say("a quarter"), w.say("a fifth"), w.say("a sixth"),
        w.say("a seventh"), w.say("an eighth"), w.say("a ninth"), w.say("a tenth"),
    )  # fmt: skip
    parts = round(1 / share) if share > 0 else 0
    near = 2 <= parts <= 1 + len(names) and abs(share * parts - 1) <= AS_GOOD_AS
    return names[parts - 2] if near else w.part(share)


def tier_name(w: Wording, tier: str) -> str:
    """A tier in words; a tier we have no word for by its code."""
    return {
        "on_demand": w.say("on demand"),
        "spot": w.say("spot"),
        "reserved": w.say("reserved"),
        "community": w.say("community"),
        "marketplace": w.say("marketplace"),
        "any": w.say("any tier"),
    }.get(tier, tier)


def average_tariff_sentence(w: Wording, home: AnsweredOption | None) -> str:
    """That the price per kWh is not the reader's own; empty where it is."""
    if home is None or home.rate is None or home.rate.kind != "retail":
        return ""
    return w.say("The electricity price is an average over many tariffs; your own contract counts.")


def exchange_sentence(w: Wording, rate: AnsweredExchange, today: date) -> str:
    """A dated exchange rate, and its age once it is no longer the newest there can be."""
    days = (today - rate.as_of).days
    day = w.day(rate.as_of)
    if days > RATE_IS_OLD_AFTER_DAYS:
        day = f"{day} ({age(w, days)})"
    return w.say(
        "Exchange rate: {rate} {quote} per {base}, {source}, {day}.",
        rate=w.exact(rate.rate),
        quote=rate.quote,
        base=rate.base,
        source=source_title(w, rate.source),
        day=day,
    )
