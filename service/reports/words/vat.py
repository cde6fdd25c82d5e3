"""VAT in words: what of it is in the rent, and what a business was spared."""

from service.answers.answer import AnsweredVat
from service.answers.option import AnsweredOption
from service.answers.parts import AnsweredNumber
from service.estimate.vat import ON_RENT
from service.reports.words.wording import Wording

TAX = ("cloud_run.tax_share", ON_RENT)


def vat_sentences(
    w: Wording, vat: AnsweredVat | None, home: AnsweredOption | None, rented: AnsweredOption | None
) -> list[str]:
    """Whether the rent is with VAT, by whom; what a business does not pay. Nothing in answers of old."""
    if vat is None:
        return []
    tax = _tax(rented)
    if tax is not None and rented is not None and rented.offer is not None:
        if vat.buyer == "private" or tax.value:
            rent = [_rent(w, vat, rented, tax)]
        else:
            rent = [w.say("Prices are without VAT, which a business gets back.")]
    else:
        rent = []
    return [*rent, *(_electricity(w, vat, home) if vat.buyer == "business" else [])]


def share_of_vat(w: Wording, share: float) -> str:
    """19 %, 8.1 %."""
    return w.share(share, 0 if round(share * 100, 1) == round(share * 100) else 1)


def _tax(rented: AnsweredOption | None) -> AnsweredNumber | None:
    if rented is None or rented.cost is None:
        return None
    return next((number for number in rented.sources if number.name in TAX), None)


def _rent(w: Wording, vat: AnsweredVat, rented: AnsweredOption, tax: AnsweredNumber) -> str:
    offer = rented.offer
    assert offer is not None
    share = share_of_vat(w, tax.value)
    if tax.basis == "user":
        if not tax.value:
            return w.say("The rent is without tax, as you said.")
        return w.say("The rent is with {share} tax, as you said.", share=share)
    if vat.share is None:
        if vat.country == "US":
            return w.say(
                "Sales tax is not in the rent: it is the state's and not known here (--rent tax_share=0.06)."
            )
        return w.say(
            "VAT is not in the rent: that of {country} is not known here (--rent tax_share=0.2).",
            country=w.zone(vat.country, vat.country),
        )
    if offer.price_vat == "gross":
        if tax.value:
            return w.say("The rent is without the VAT that {provider} shows.", provider=offer.provider_name)
        return w.say("The rent is with VAT, as {provider} shows it.", provider=offer.provider_name)
    if offer.price_vat is None:
        return w.say(
            "{share} VAT is added to the rent; whether {provider}'s prices include it already is not known.",
            share=share, provider=offer.provider_name,
        )  # fmt: skip
    return w.say("{share} VAT is added to the rent; the price per hour as shown is without it.", share=share)


def _electricity(w: Wording, vat: AnsweredVat, home: AnsweredOption | None) -> list[str]:
    rate = home.rate if home else None
    if rate is None:
        return []
    if rate.kind in ("contract", "time_of_use"):
        return [w.say("Your price per kWh is taken as without VAT.")]
    if vat.electricity_share is None:
        return [w.say("The VAT in the price per kWh is not known and still in it.")]
    return [
        w.say(
            "The price per kWh is without its VAT of {share}.",
            share=share_of_vat(w, vat.electricity_share),
        )
    ]
