"""Which VAT the asker of a question bears, in a price at home too."""

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


def as_paid(rate: ElectricityRate, vat: Vat) -> ElectricityRate:
    """A household's price as the asker pays it: a business without VAT, a private person with it; as it is
    told where that is so already, and where the share is not known."""
    share = vat.electricity_share
    told = "all" if vat.is_business else "excl_vat"
    if share is None or rate.taxes != told or rate.kind != "retail":
        return rate
    factor = 1 + Decimal(str(share))
    if vat.is_business:
        return replace(rate, per_kwh=(rate.per_kwh / factor).quantize(PLACES), taxes="excl_vat")
    return replace(rate, per_kwh=(rate.per_kwh * factor).quantize(PLACES), taxes="all")


def with_told(price: MarginalPrice, told: ElectricityRate, vat: Vat) -> MarginalPrice:
    """The price as the asker pays it with what it was worked out from: the household's price as it was told,
    and its VAT."""
    rate = vat.electricity or vat.standard
    if rate is None or price.per_kwh == told.per_kwh:
        return price
    said = replace(told.source, as_of=told.as_of)
    name = "gross_per_kwh" if told.taxes == "all" else "net_per_kwh"
    figures = (
        Figure(name, float(told.per_kwh), f"{told.currency}/kWh", said),
        Figure("electricity_vat_share", rate.share, "share", rate.source),
    )
    return replace(price, figures=(*price.figures, *figures))
