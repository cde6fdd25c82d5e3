"""What rented runs take and cost in each of many equally likely futures, every doubt drawn, none joined."""

from dataclasses import fields
from functools import lru_cache

import numpy as np

from service.estimate.cloud_bill import (
    PRICE_VAT,
    CloudTerms,
    DrawnTerms,
    Numbers,
    Rented,
    interruption_spread,
    interruptions_of,
    rent_and_hours,
)
from service.estimate.futures import (
    FIRST_FREE,
    HOURS,
    INTERRUPTIONS,
    RENT,
    VAT,
    drawn,
    factors,
    normals,
    shares,
)
from service.estimate.quantile import QUANTILE_90
from service.estimate.rent_moves import SHARES


def drawn_terms(terms: CloudTerms) -> DrawnTerms:
    """The terms with every assumption drawn from its own range."""
    names = [field.name for field in fields(DrawnTerms) if field.name != "interruptions_as_told"]
    values: dict[str, Numbers | float] = {name: getattr(terms, name) for name in names}
    for dimension, doubt in enumerate(terms.doubts, FIRST_FREE):
        for name in names:
            low, usual, high = (getattr(of, name) for of in (doubt.low, terms, doubt.high))
            if usual and (low != usual or high != usual):
                values[name] = values[name] * (drawn(dimension, low, usual, high) / usual)
    return DrawnTerms(**values, interruptions_as_told=terms.interruptions_as_told)


def cloud_futures(
    hours: Numbers, rented: Rented, terms: CloudTerms, tax_factor: Numbers
) -> tuple[Numbers, Numbers, Numbers]:
    """Calendar hours and money of rented runs of so many hours of training, shape (3, offers), in each
    future, and the money at rents that stay what was stated: shape (futures, offers) each, in the currency of
    the offers, by the `tax_factor` of their bill."""
    low, middle, high = hours
    down, up = np.log(middle / low) / QUANTILE_90, np.log(high / middle) / QUANTILE_90
    trained, of = middle * factors(HOURS, down, up), drawn_terms(terms)
    lost: Numbers | float = 0.0
    if rented.is_spot.any():
        per_day = interruptions_of(rented, terms)
        lost = normals(INTERRUPTIONS) * interruption_spread(terms, middle, per_day) * trained
    rent, other, calendar = rent_and_hours(trained, rented, of, lost)
    tax = tax_factor * _vat_factors(rented, terms)
    rent, other = rent * tax, other * tax
    stated = rent + other
    moved = stated if rented.rent_moves is None else rent * factors_of(rented.rent_moves) + other
    return calendar, moved, stated


def factors_of(rent_moves: Numbers) -> Numbers:
    """What each rent is in each future over what was stated, shape (futures, offers)."""
    return np.asarray(np.exp(_weights() @ rent_moves))


@lru_cache(maxsize=1)
def _weights() -> Numbers:
    """What each quantile of SHARES counts in each future, linear between two of them, shape (futures, 9)."""
    at = shares(RENT)[:, 0]
    return np.stack([np.interp(at, SHARES, one) for one in np.eye(len(SHARES))], axis=1)


def _vat_factors(rented: Rented, terms: CloudTerms) -> Numbers | float:
    """Lower where a price may hold its VAT already."""
    if terms.vat is None or terms.tax_as_told:
        return 1.0
    shown = np.zeros(len(rented.is_spot), dtype=np.int8) if rented.price_vat is None else rented.price_vat
    down = np.log([terms.vat.doubt_of(price_vat) for price_vat in PRICE_VAT])[shown]
    return factors(VAT, down, 0.0) if down.any() else 1.0
