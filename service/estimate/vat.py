"""What VAT is in a price for the asker: a private person bears it, a business gets it back."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from service.facts import Buyer, Figure, PriceVat, Source, VatKind, VatRate

ON_RENT = "vat_on_rent"
"""What the figure of a known VAT on rented hours is called."""


@dataclass(frozen=True, slots=True)
class Vat:
    """The asker's VAT on the day of the question.

    Leaves out small sellers who may not charge it, and tax numbers that a provider asks for first.
    """

    buyer: Buyer
    country: str
    """ISO 3166 code of where the asker lives: rented hours bear that country's VAT (Directive 2006/112/EC,
    article 58)."""
    standard: VatRate | None
    """None where the country has none that is known: sales tax in the USA is the states'."""
    electricity: VatRate | None
    said: Source
    """Of the asker being what he says he is."""

    @property
    def is_business(self) -> bool:
        """Whether VAT is got back."""
        return self.buyer == "business"

    def on(self, price_vat: PriceVat | None) -> float:
        """What is added to a price shown net or gross, as its share: 0.19, for a business 0, of a gross price
        less than 0. One of which neither is known is taken as net. 0 where the country's VAT is not known.
        """
        if self.standard is None:
            return 0.0
        share = self.standard.share
        if price_vat == "gross":
            return -share / (1 + share) if self.is_business else 0.0
        return 0.0 if self.is_business else share

    def figure(self, price_vat: PriceVat | None, usual: Figure) -> Figure:
        """The same with its source; `usual` is what stands for a tax that is not known."""
        if self.is_business and price_vat != "gross":
            return replace(usual, value=0.0, low=None, high=None, source=self.said, basis="user")
        if self.standard is None:
            return usual
        share, source = self.on(price_vat), self.standard.source
        if price_vat is None:
            return Figure(ON_RENT, share, usual.unit, source, 0.0, share, "assumed")
        return Figure(ON_RENT, share, usual.unit, source)

    def doubt_of(self, price_vat: PriceVat | None) -> float:
        """By how much a bill with VAT may be too large, as a factor from 1 on: nobody has said whether the
        price holds it already."""
        return 1.0 if price_vat is not None else 1 + max(self.on(None), 0.0)

    @property
    def electricity_share(self) -> float | None:
        """Of a kilowatt-hour at home, of its price before it; None where it is not known."""
        rate = self.electricity or self.standard
        return None if rate is None else rate.share


def vat_of(rates: Iterable[VatRate], country: str, day: date, buyer: Buyer, said: Source) -> Vat:
    """The VAT of a country on a day. Of several rates of a kind the one that began last."""
    known = [r for r in rates if r.country == country and (r.valid_from is None or r.valid_from <= day)]

    def newest(kind: VatKind) -> VatRate | None:
        of_kind = (rate for rate in known if rate.kind == kind)
        return max(of_kind, key=lambda rate: rate.valid_from or date.min, default=None)

    return Vat(buyer, country, newest("standard"), newest("electricity"), said)
