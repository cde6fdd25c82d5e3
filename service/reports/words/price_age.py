"""How old the rent of a verdict is, and how to have today's."""

from datetime import date
from shlex import quote

from service.answers.answer import AnsweredPrices
from service.answers.option import AnsweredOption
from service.estimate.price_age import USUAL_MAX_AGE_DAYS
from service.reports.words.sentences import age
from service.reports.words.wording import Wording

REFRESH = "heimvorteil prices refresh --quick"


def refresh_command(country: str) -> str:
    """The command that reads today's prices, those of the country's electricity with them."""
    return REFRESH if country == "DE" else f"{REFRESH} --country {quote(country)}"


def too_cheap_sentence(w: Wording, prices: AnsweredPrices | None) -> str:
    """How many offers were not believed; empty where all were."""
    if prices is None or not prices.too_cheap:
        return ""
    return w.counted(
        "One offer was left out: its rent is too far below what others ask to be true.",
        "{count} offers were left out: their rents are too far below what others ask to be true.",
        prices.too_cheap,
    )


def price_age_sentences(
    w: Wording, prices: AnsweredPrices | None, rented: AnsweredOption | None, today: date
) -> list[str]:
    """What a verdict says of its rent's age; nothing where it is recent."""
    if prices is None:
        return []
    offer = rented.offer if rented else None
    if offer is None:
        if not prices.left_out or prices.max_age_days is None:
            return []
        return [
            w.counted(
                "One offer older than {limit} days was left out (--max-age); {refresh} reads today's prices.",
                "{count} offers older than {limit} days were left out (--max-age); {refresh} reads today's "
                "prices.",
                prices.left_out,
                limit=w.number(prices.max_age_days),
                refresh=REFRESH,
            )
        ]
    days = (today - offer.as_of).days
    if days <= USUAL_MAX_AGE_DAYS:
        return []
    said = {"day": w.day(offer.as_of), "age": age(w, days), "refresh": REFRESH}
    if prices.is_refreshed:
        return [w.say("The rent is of {day} ({age}); {refresh} reads today's prices.", **said)]
    return [
        w.say(
            "The rent is {age}, as shipped: {refresh} reads today's.",
            **said,
        )
    ]
