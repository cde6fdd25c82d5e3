"""A card to buy in words: its price and day, what it brings when it is sold."""

import math

from service.answers.option import AnsweredOption, AnsweredPurchase
from service.reports.words.sentences import HOURS_PER_YEAR, duration
from service.reports.words.source_notes import source_title
from service.reports.words.vat import share_of_vat
from service.reports.words.wording import Wording


def purchase_sentences(w: Wording, option: AnsweredOption, bought: AnsweredPurchase) -> list[str]:
    """What a card costs by whom and when, and what it loses; a price of old is to be looked at again."""
    lines = [_price(w, option, bought)]
    if bought.years_kept is not None:
        lines.append(_resale(w, bought))
    lines += filter(None, [too_many_runs_sentence(w, option), *_around(w, bought)])
    return lines


def too_many_runs_sentence(w: Wording, option: AnsweredOption) -> str:
    """That a bought card does not as many runs as were asked for before it is sold; empty where it does, and
    of an old answer."""
    bought, hours = option.purchase, option.elapsed_hours
    if bought is None or hours is None or not bought.runs or not bought.runs_asked:
        return ""
    all_hours = hours.p50 * bought.runs_asked
    return w.counted(
        "{runs} such runs take {time}; the card is sold before, and its loss falls on one. To keep it "
        "longer: {longer}.",
        "{runs} such runs take {time}; the card is sold before, and its loss falls on {count}. To keep it "
        "longer: {longer}.",
        bought.runs,
        runs=w.number(bought.runs_asked), time=duration(w, all_hours),
        longer=f"--years-kept {math.ceil(all_hours / HOURS_PER_YEAR)}",
    )  # fmt: skip


def _around(w: Wording, bought: AnsweredPurchase) -> list[str]:
    """The rest of the PC, where it is bought too, and what the money would have brought elsewhere."""
    lines, rest = [], bought.rest_of_pc
    if rest is not None:
        share = rest.resale_share
        phrases = {
            "price": w.about(rest.price.p50, bought.currency), "share": w.share(share.p50),
            "least": w.share(share.p10), "most": w.share(share.p90),
        }  # fmt: skip
        if rest.is_told:
            line = w.say(
                "The rest of the PC is bought too: {price}, as you said; sold for {share} of it ({least} to "
                "{most}), our own estimate.",
                **phrases,
            )
        else:
            low, high = w.about_ends(rest.price.p10, rest.price.p90, bought.currency)
            line = w.say(
                "The rest of the PC is bought too: {price} ({low} to {high}), sold for {share} of it "
                "({least} to {most}), our own estimate; say yours with --rest-of-pc-price, 0 for a PC you "
                "have.",
                low=low, high=high, **phrases,
            )  # fmt: skip
        lines.append(line)
    if bought.capital_cost:
        lines.append(
            w.say(
                "Money tied up until all is sold counts {share} a year.",
                share=w.share(bought.capital_cost, 1),
            )
        )
    return lines


def _price(w: Wording, option: AnsweredOption, bought: AnsweredPurchase) -> str:
    price, currency = bought.price, bought.currency
    if bought.usd_per_card is None:
        return w.say(
            "Card: {label}, {kind}, {price}, as you said.",
            label=option.label, kind=kind_word(w, bought), price=w.about(price.p50, currency),
        )  # fmt: skip
    low, high = w.about_ends(price.p10, price.p90, currency)
    line = w.say(
        "Card: {label}, {kind}, {price} ({low} to {high}): {usd} a card, as of {day}, {source}.",
        label=option.label, kind=kind_word(w, bought), price=w.about(price.p50, currency),
        low=low, high=high,
        usd=w.about(bought.usd_per_card, "USD"), day=w.day(bought.as_of),
        source=source_title(w, bought.source),
    )  # fmt: skip
    if bought.months_old:
        line += " " + w.counted(
            "The price is {count} month old: the range holds how far such prices moved since.",
            "The price is {count} months old: the range holds how far such prices moved since.",
            bought.months_old,
        )
    if bought.vat_share is not None:
        return line + " " + w.say(
            "The price is with {share} VAT, which prices from the USA leave out.",
            share=share_of_vat(w, bought.vat_share),
        )  # fmt: skip
    if bought.bought == "used":
        return (
            line
            + " "
            + w.say("Prices from the USA are without sales tax; a private seller adds no VAT to a used card.")
        )
    return line + " " + w.say("Prices from the USA are without sales tax or VAT, and none is added.")


def _resale(w: Wording, bought: AnsweredPurchase) -> str:
    share, years = bought.resale_share, bought.years_kept or 0.0
    part = {"share": w.share(share.p50), "low": w.share(share.p10), "high": w.share(share.p90)}
    if years == 1:
        line = w.say("Sold after one year for {share} of its price ({low} to {high}).", **part)
    else:
        line = w.say(
            "Sold after {years} years for {share} of its price ({low} to {high}).",
            years=w.number(years, 0 if years == round(years) else 1), **part,
        )  # fmt: skip
    if bought.has_history:
        return line + " " + w.say("Known from its own price history and that of its class.")
    return (
        line
        + " "
        + w.say(
            "Known from other cards of its class: its own price history is too short, so the range is wider."
        )
    )


def kind_word(w: Wording, bought: AnsweredPurchase) -> str:
    """Whether a card is bought new or used."""
    return w.say("used") if bought.bought == "used" else w.say("new")
