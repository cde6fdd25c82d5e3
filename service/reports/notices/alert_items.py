"""Alerts as plain values."""

from decimal import Decimal

from service.reports.listings.sourced import amount


def condition(
    *, gpu: str, gpu_count: int, tier: str | None, provider: str | None, currency: str,
    threshold_per_hour: Decimal | None, fall_percent: float | None,
) -> str:  # fmt: skip
    """The rule in words."""
    what = " ".join(filter(None, (f"{gpu_count} x {gpu}", tier, f"from {provider}" if provider else None)))
    if threshold_per_hour is not None:
        return f"{what}: at most {amount(threshold_per_hour)} {currency} per hour"
    return f"{what}: {fall_percent:g} % below the dearest price since it last fired"


def money(value: Decimal | None) -> str | None:
    """An exact amount; None stays unknown."""
    return None if value is None else amount(value)
