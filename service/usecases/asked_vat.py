"""Which VAT the asker of a question bears, and what of a price at home a business gets back."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from service.answers.question import AskedHousehold
from service.estimate.cloud_bill import CloudTerms
from service.estimate.rental import cloud_terms
from service.estimate.tariff import MarginalPrice
from service.estimate.vat import Vat, vat_of
from service.facts import ElectricityRate, Figure, Workload, given_by_user
from service.store.snapshot import Snapshot
from service.store.vat_rates import vat_rates
from service.usecases.knowledge import knowledge_of, zone_of

PLACES = Decimal("0.000000001")


def asked_vat(snapshot: Snapshot, request: AskedHousehold, today: date) -> Vat:
    """The VAT of the asker's country on a day, for a private person or a business."""
    country = zone_of(snapshot, request.country).split("-")[0]
    return vat_of(vat_rates(), country, today, request.buyer, given_by_user(today))


def asked_terms(snapshot: Snapshot, request: AskedHousehold, workload: Workload, today: date) -> CloudTerms:
    """What a rented run needs beside its hours, with the asker's own terms and VAT, and the doubt of what is
    assumed.

    Raises InvalidValue for a term that is none.
    """
    vat, told = asked_vat(snapshot, request, today), given_by_user(today)
    figures = knowledge_of(snapshot).figures
    return cloud_terms(workload, figures, request.rent_terms, vat=vat, told=told)


def without_vat(rate: ElectricityRate, vat: Vat) -> ElectricityRate:
    """A household's price as a business pays it; as it is for a private person, where it holds no VAT, and
    where the share is not known."""
    share = vat.electricity_share
    if not vat.is_business or share is None or rate.taxes != "all" or rate.kind != "retail":
        return rate
    net = (rate.per_kwh / (1 + Decimal(str(share)))).quantize(PLACES)
    return replace(rate, per_kwh=net, taxes="excl_vat")


def taken_out(price: MarginalPrice, gross: ElectricityRate, vat: Vat) -> MarginalPrice:
    """The price of a business with what it was worked out from: the household's price and its VAT."""
    rate = vat.electricity or vat.standard
    if rate is None or price.per_kwh == gross.per_kwh:
        return price
    said = replace(gross.source, as_of=gross.as_of)
    figures = (
        Figure("gross_per_kwh", float(gross.per_kwh), f"{gross.currency}/kWh", said),
        Figure("electricity_vat_share", rate.share, "share", rate.source),
    )
    return replace(price, figures=(*price.figures, *figures))
