"""What a body says of a household: where it is, its contract, its machine's hours, terms of a rented run."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from service.api.contract import Strict
from service.estimate.home_bill import HomeTerms
from service.estimate.tariff import TimeOfUse
from service.usecases.requests import TariffRequest

LARGEST_COUNT = 10**15
PerKwh = Annotated[Decimal, Field(ge=0, le=100, max_digits=16, decimal_places=9)]
ShareOfOne = Annotated[Decimal, Field(ge=0, le=1, max_digits=16, decimal_places=9)]


class Exact(Strict):
    """A body whose money is exact: a JSON number is read by its digits."""

    @field_validator("*", mode="before")
    @classmethod
    def _by_its_digits(cls, value: Any, info: Any) -> Any:
        wants = str(cls.model_fields[info.field_name].annotation)
        return str(value) if isinstance(value, float) and "Decimal" in wants else value


class WindowIn(Exact):
    """A price between two hours of the day."""

    from_hour: int = Field(ge=0, le=23)
    until_hour: int = Field(ge=0, le=24, description="May be past midnight: 22 to 6")
    per_kwh: PerKwh


class TariffIn(Exact):
    """The household's contract."""

    kind: Literal["flat", "time_of_use", "dynamic"] = "flat"
    windows: list[WindowIn] = Field(
        default_factory=list, max_length=24, description="Of time_of_use: a price for every hour of the day"
    )
    zone: str = Field(
        "", max_length=40, description="Of dynamic: bidding zone, e.g. DE-LU; empty takes the country's"
    )
    surcharges_per_kwh: PerKwh | None = Field(
        None, description="Of dynamic: what is added to the spot price before VAT; null takes Germany's usual"
    )
    markup_share: ShareOfOne = Field(Decimal(0), description="Of dynamic: share of the spot price")
    vat_share: ShareOfOne | None = Field(None, description="Of dynamic; null takes Germany's")
    solar_share: float = Field(0.0, ge=0, le=1, description="Share of the energy from one's own roof")
    feed_in_per_kwh: PerKwh | None = Field(None, description="Worth of it; null takes Germany's payment")

    def asked(self) -> TariffRequest:
        """The same as a question has it."""
        return TariffRequest(
            kind=self.kind,
            windows=tuple(TimeOfUse(w.from_hour, w.until_hour, w.per_kwh) for w in self.windows),
            zone=self.zone.strip().upper(),
            surcharges_per_kwh=self.surcharges_per_kwh,
            markup_share=self.markup_share,
            vat_share=self.vat_share,
            solar_share=self.solar_share,
            feed_in_per_kwh=self.feed_in_per_kwh,
        )


class HouseholdIn(Exact):
    """Where and how one lives; every field has a usual value."""

    country: str = Field("DE", min_length=2, max_length=60, description="ISO country, US-STATE, or its name")
    currency: str = Field("EUR", pattern="^[A-Z]{3}$")
    kwh_price: PerKwh | None = Field(None, description="Own price per kWh, in `currency`")
    tariff: TariffIn | None = Field(None, description="Null is a flat contract")
    yearly_kwh: float | None = Field(
        None, ge=0, le=10_000_000, description="What the household uses in a year without the run"
    )
    base_fee_per_month: PerKwh = Field(Decimal(0), description="Shown, not counted")
    hours_per_day: float = Field(24.0, gt=0, le=24, description="How long the machine at home may run")
    paused_watts: float = Field(0.0, ge=0, le=10_000, description="Its draw in the other hours")
    wear_per_hour: Decimal = Field(Decimal(0), ge=0, le=1000, max_digits=16, decimal_places=9)
    heating_share: float = Field(0.0, ge=0, le=1)
    heat_per_kwh: PerKwh = Decimal(0)
    rent_terms: dict[str, Annotated[float, Field(ge=0, le=1e9)]] = Field(
        default_factory=dict, max_length=20, description="Terms of the rented run, e.g. idle_share, tax_share"
    )
    host_memory_gib: float | None = Field(
        None, ge=0, le=100_000, description="Memory of the home PC that offload may use"
    )
    display_gib: float = Field(0.0, ge=0, le=16, description="Memory that a screen on the card takes")
    plug_watts: float | None = Field(
        None, gt=0, le=10_000_000, description="Watts measured at the plug while training; else estimated"
    )
    tokens: int | None = Field(None, ge=1, le=LARGEST_COUNT)
    lang: Literal["en", "de"] = Field("en", description="Language of the sentences in the answer")

    def household(self) -> dict[str, Any]:
        """The fields of a question that these fill."""
        return {
            "country": self.country,
            "currency": self.currency,
            "kwh_price": self.kwh_price,
            "tariff": self.tariff.asked() if self.tariff else TariffRequest(),
            "yearly_kwh": self.yearly_kwh,
            "home_terms": HomeTerms(
                hours_per_day=self.hours_per_day,
                paused_watts=self.paused_watts,
                wear_per_hour=self.wear_per_hour,
                base_fee_per_month=self.base_fee_per_month,
                heating_share=self.heating_share,
                heat_per_kwh=self.heat_per_kwh,
            ),
            "cloud_terms": tuple(sorted(self.rent_terms.items())),
            "host_memory_gib": self.host_memory_gib,
            "display_gib": self.display_gib,
            "plug_watts": self.plug_watts,
            "tokens": self.tokens,
            "language": self.lang,
        }
