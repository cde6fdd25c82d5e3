"""Debugging at home before anything is rented: what it takes, and what it saves of the rented hours."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from service.estimate.cloud_bill import CloudTerms
from service.facts import Figure


@dataclass(frozen=True, slots=True)
class Debugging:
    """A run that is debugged at home before anything is rented."""

    hours: float
    """At home."""
    terms: CloudTerms
    """Of the rented run: with the idle hours that are left."""


def debugging_of(terms: CloudTerms, figures: Mapping[str, Figure]) -> Debugging:
    """What debugging at home takes, and what it leaves of the idle hours of a rented machine."""
    left = 1 - figures["cloud_run.debugged_share"].value
    return Debugging(
        figures["cloud_run.debug_hours"].value, replace(terms, idle_share=terms.idle_share * left)
    )
