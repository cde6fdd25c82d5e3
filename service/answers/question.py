"""THE QUESTIONS, each option once: name, type, unit, range, help, default.

REST bodies are these models, the command line's options and forms are made from their fields, and what is
kept of a question is what they say of themselves.
"""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticKnownError

from service.answers.as_written import currency_meant
from service.answers.asked import AS_KEPT, Flag, Question
from service.answers.fine_tuning import AskedFineTune
from service.answers.trainer_file import completed
from service.answers.what_if import WithAlternatives, one_or_several
from service.errors import InvalidValue
from service.estimate.believable import doubt_of, refuse_unbelievable
from service.estimate.home_bill import HomeTerms
from service.estimate.run_records.training_log import LARGEST_LOG_CHARACTERS
from service.estimate.tariff import TimeOfUse
from service.estimate.trainer_files.settings import LARGEST_CHARACTERS, MOST_KEYS
from service.facts import Buyer, Tier

EVERY_OFFER = "any"
"""As `cloud`: every stored offer. As `tier`: every tier."""
LARGEST_COUNT = 10**15
LARGEST_MONEY = 1e9
LARGEST_HOURS = 1e6
MOST_OPTIONS, USUAL_LIMIT = 500, 20
LONGEST_NAME = 80
LONGEST_AGE_DAYS = 36_500
SMALLEST_TOKENS_PER_S = 0.001
LARGEST_TOKENS_PER_S = 1e9
Slug = Annotated[str, Field(max_length=120)]
"""A name in a catalog; an empty one is refused where all names are known, with the valid ones."""
PerKwh = Annotated[Decimal, Field(ge=0, le=1_000_000, max_digits=16, decimal_places=9)]
PerMonth = Annotated[Decimal, Field(ge=0, le=LARGEST_MONEY, max_digits=20, decimal_places=9)]
ShareOfOne = Annotated[Decimal, Field(ge=0, le=1, max_digits=16, decimal_places=9)]
Names = Annotated[
    tuple[Slug, ...], BeforeValidator(one_or_several, json_schema_input_type=Slug | tuple[Slug, ...])
]
"""Names in a catalog; one alone may stand without a list."""
Weight = Annotated[float, Field(ge=0, le=1000)]
TrainerConfig = (
    Annotated[str, Field(max_length=LARGEST_CHARACTERS)]
    | Annotated[dict[str, Any], Field(max_length=MOST_KEYS)]
)
RentedTier = Literal[Tier, "any"]


def _as_one_word(tier: Any) -> Any:
    """on_demand of "On demand" and on-demand."""
    return re.sub(r"[\s-]+", "_", tier.strip().lower()) if isinstance(tier, str) else tier


AnyTier = Annotated[RentedTier, BeforeValidator(_as_one_word)]
NONE = Decimal(0)


class AskedModel(Question):
    """A model of one's own, or a run of the catalog with another recipe: exactly one of `architecture`,
    `config` and `run`."""

    architecture: dict[str, Any] | None = Field(
        None,
        description="n_layers, d_model, n_heads, vocab_size and, where they differ from GPT-2's "
        "habits, n_kv_heads, head_dim, d_ff, tied_embeddings, gated_mlp, norm, …",
        max_length=40,
    )
    config: dict[str, Any] | None = Field(None, description="A Hugging Face config.json", max_length=400)
    run: Slug | None = Field(None, description="A run of the catalog, by slug or alias")
    recipe: dict[str, Any] = Field(
        default_factory=dict,
        max_length=40,
        description="seq_len, global_batch_tokens, micro_batch, optimizer, precision, engine, attention, "
        "sharding, checkpointing; what is left out is the run's, or assumed and shown as such",
    )
    finetune: AskedFineTune | None = Field(
        None, description="The model is fine-tuned so: steps and tokens follow"
    )
    trainer_config: TrainerConfig | None = Field(
        None,
        description="File of Axolotl, LLaMA-Factory, transformers, TRL, torchtune or Unsloth, as text (YAML "
        "or JSON) or as the object it holds: model, fine-tuning and recipe, where they do not say it",
    )
    deepspeed_config: TrainerConfig | None = Field(
        None, description="DeepSpeed's JSON, where the trainer's file names it"
    )
    tokens: int | None = Field(
        None,
        ge=1,
        le=LARGEST_COUNT,
        validate_default=True,
        description="To train on; of a run of the catalog else its own",
    )
    name: str = Field("own model", min_length=1, max_length=LONGEST_NAME)

    @model_validator(mode="before")
    @classmethod
    def _completed(cls, values: Any) -> Any:
        """With what a trainer's file says."""
        if not isinstance(values, dict) or values.get("trainer_config") is None:
            return values
        return completed(values)

    @field_validator("tokens")
    @classmethod
    def _of_a_run(cls, tokens: int | None, info: ValidationInfo) -> int | None:
        """Only a run of the catalog has a number of its own, and of a fine-tuning it follows."""
        if tokens is None and info.data.get("run") is None and info.data.get("finetune") is None:
            raise PydanticKnownError("missing")
        return tokens


class AskedWindow(Question):
    """A price between two hours of the day."""

    from_hour: int = Field(ge=0, le=23)
    until_hour: int = Field(ge=0, le=24, description="May be past midnight: 22 to 6")
    per_kwh: PerKwh


class AskedTariff(Question):
    """The household's contract; money is in the contract's currency."""

    kind: Literal["flat", "time_of_use", "dynamic"] = "flat"
    windows: tuple[AskedWindow, ...] = Field(
        (),
        max_length=24,
        description="Of time_of_use: a price for every hour of the day, in the currency of the answer",
    )
    zone: str = Field(
        "", max_length=40, description="Of dynamic: bidding zone, e.g. DE-LU; empty takes the country's"
    )
    surcharges_per_kwh: Annotated[PerKwh | None, Flag("--surcharges")] = Field(
        None, description="Of dynamic: what is added to the spot price before VAT; else Germany's usual"
    )
    markup_share: Annotated[ShareOfOne, Flag("--markup")] = Field(
        NONE, description="Of dynamic: share of the spot price, e.g. 0.02"
    )
    vat_share: Annotated[ShareOfOne | None, Flag("--vat")] = Field(
        None, description="Of dynamic, e.g. 0.19; else Germany's"
    )
    solar_share: Annotated[float, Flag()] = Field(
        0.0, ge=0, le=1, description="Share of the energy from your own roof"
    )
    feed_in_per_kwh: Annotated[PerKwh | None, Flag("--feed-in")] = Field(
        None, description="What the grid pays for a kWh of it; else Germany's payment"
    )

    @field_validator("zone")
    @classmethod
    def _as_written(cls, zone: str) -> str:
        return zone.strip().upper()

    @property
    def hours(self) -> tuple[TimeOfUse, ...]:
        """The windows as a contract has them."""
        return tuple(TimeOfUse(w.from_hour, w.until_hour, w.per_kwh) for w in self.windows)


class AskedPlace(Question):
    """Where a machine at home stands, and in which words the answer is given."""

    country: Annotated[str, Flag()] = Field(
        "DE", max_length=60, description="Where home is: ISO country, US-STATE, or its name"
    )
    currency: Annotated[str, Flag()] = Field("EUR", max_length=20, description="Currency of the answer")
    kwh_price: Annotated[PerKwh | None, Flag()] = Field(
        None, description="Your own price per kWh, in the answer's currency; it wins over every stored one"
    )
    plug_watts: Annotated[float | None, Flag()] = Field(
        None, gt=0, le=10_000_000, description="Watts measured at your plug while training; else estimated"
    )
    lang: Annotated[Literal["en", "de"], Flag(is_choice=True)] = Field(
        "en", description="Language of the sentences in the answer"
    )

    @field_validator("currency")
    @classmethod
    def _as_written(cls, currency: str) -> str:
        return currency_meant(currency)

    @model_validator(mode="after")
    def _money_is_believable(self, info: ValidationInfo) -> Self:
        """Raises InvalidValue for an amount that must be a slip, a price in cents for instance."""
        if info.context is not AS_KEPT:
            refuse_unbelievable(self, "", self.currency)
            if contract := getattr(self, "tariff", None):
                refuse_unbelievable(contract, "tariff.", self.currency)
        return self


class AskedHousehold(AskedPlace, WithAlternatives):
    """How one lives there; every field has a usual value."""

    tariff: Annotated[AskedTariff | None, Flag(metavar="CONTRACT")] = Field(
        None, description="The contract; null is a flat one"
    )
    yearly_kwh: Annotated[float | None, Flag()] = Field(
        None, ge=0, le=10_000_000, description="What the household uses in a year without the run"
    )
    base_fee_per_month: Annotated[PerMonth, Flag("--base-fee")] = Field(
        NONE, description="Per month; shown, not counted"
    )
    hours_per_day: Annotated[float, Flag()] = Field(
        24.0,
        gt=0,
        le=24,
        description="How long the machine at home may run; with hourly prices in the cheapest hours",
    )
    paused_watts: Annotated[float, Flag()] = Field(
        0.0, ge=0, le=10_000, description="What the PC draws in the other hours"
    )
    wear_per_hour: Annotated[Decimal, Flag()] = Field(
        NONE, ge=0, le=1_000_000, max_digits=16, decimal_places=9,
        description="Loss of value of your own card per hour",
    )  # fmt: skip
    heating_share: Annotated[float, Flag()] = Field(
        0.0, ge=0, le=1, description="Share of the energy that replaces heating"
    )
    heat_per_kwh: Annotated[PerKwh, Flag("--heat-price")] = Field(
        NONE, description="What a kWh of heat costs otherwise"
    )
    rent_terms: Annotated[
        dict[str, Annotated[float, Field(ge=0, le=1e9)]], Flag("--rent", metavar="NAME=VALUE")
    ] = Field(
        default_factory=dict,
        max_length=20,
        description="Terms of the rented run, e.g. idle_share, egress_gb, tax_share",
    )
    host_memory_gib: Annotated[float | None, Flag("--host-memory")] = Field(
        None, ge=0, le=100_000, description="GiB of your PC that offload may use; usual: 64"
    )
    display_gib: Annotated[float, Flag()] = Field(
        0.0, ge=0, le=16, description="GiB that a screen on the card takes, usually 0.3 to 1"
    )
    rest_of_pc_watts: Annotated[float | None, Flag()] = Field(
        None, ge=0, le=100_000, description="Watts of your PC beside the GPUs while training; else estimated"
    )
    power_limit_watts: Annotated[float | None, Flag("--power-limit")] = Field(
        None,
        ge=10,
        le=10_000,
        description="Watts that each of your cards is limited to; else the board's",
    )
    pcie_lanes: Annotated[int | None, Flag()] = Field(
        None, ge=1, le=16, description="Lanes of your cards' slots: 1, 2, 4, 8 or 16; else the card's own"
    )
    nvlink: Annotated[Literal["yes", "no"] | None, Flag(is_choice=True)] = Field(
        None, description="Whether your cards are bridged by NVLink; else as the card usually is"
    )
    tokens: Annotated[int | None, Flag()] = Field(
        None, ge=1, le=LARGEST_COUNT, description="Train on this many tokens instead of the published number"
    )
    trials: Annotated[int, Flag()] = Field(
        1, ge=1, le=1000, description="How many such runs, one after another; all numbers are those of all"
    )

    buyer: Annotated[Buyer, Flag("--business")] = Field(
        "private", description="Who pays: a private person with the country's VAT, a business without any"
    )
    failed_runs: Annotated[float, Flag(metavar="SHARE")] = Field(
        0.0,
        ge=0,
        le=0.9,
        description="Share of all runs started that break off, on average halfway, and are started again",
    )
    max_age_days: Annotated[int | None, Flag("--max-age", metavar="DAYS")] = Field(
        None,
        ge=0,
        le=LONGEST_AGE_DAYS,
        description="How old a rent may be, in days; usual: 30 once prices have been refreshed, else any",
    )

    @field_validator("rent_terms")
    @classmethod
    def _in_order(cls, terms: dict[str, float], info: ValidationInfo) -> dict[str, float]:
        """The same terms are the same question, however they were listed. What is beyond belief is asked
        back."""
        for name, value in terms.items() if info.context is not AS_KEPT else ():
            if doubt := doubt_of(f"rent_terms.{name}", value):
                raise InvalidValue(f"rent_terms.{name}", value, doubt)
        return dict(sorted(terms.items()))

    @property
    def contract(self) -> AskedTariff:
        """The tariff; a flat one where none is named."""
        return self.tariff or AskedTariff.of()

    @property
    def home_terms(self) -> HomeTerms:
        """What is added to the price of a kilowatt-hour. Raises InvalidValue for terms that cannot be."""
        return HomeTerms(
            hours_per_day=self.hours_per_day,
            paused_watts=self.paused_watts,
            wear_per_hour=self.wear_per_hour,
            base_fee_per_month=self.base_fee_per_month,
            heating_share=self.heating_share,
            heat_per_kwh=self.heat_per_kwh,
        )


class AskedBuying(AskedHousehold):
    """Cards that one could buy."""

    buy: Annotated[tuple[Slug, ...], Flag()] = Field(
        (),
        max_length=20,
        description="A machine you could buy: GPU at its youngest dated price, GPU=new or GPU=used at that "
        "of new or used ones, GPU=PRICE per card (new), GPU=PRICE:used",
    )
    runs: Annotated[int, Flag()] = Field(
        1, ge=1, le=10_000, description="Over how many such runs a bought card loses its value"
    )
    years_kept: Annotated[float, Flag()] = Field(
        1, ge=0, le=4, description="After how many years a bought card is sold"
    )
    rest_of_pc_price: Annotated[Decimal | None, Flag()] = Field(
        None, ge=0, le=LARGEST_MONEY, max_digits=20, decimal_places=9,
        description="What the rest of the PC costs that is bought around the cards; 0 where one has a PC; "
        "usual: an estimate, without a machine of one's own",
    )  # fmt: skip
    capital_cost: Annotated[float, Flag()] = Field(
        0.0, ge=0, le=1,
        description="Share a year that money tied up in bought things would bring elsewhere, e.g. 0.04",
    )  # fmt: skip


class AskedComparison(AskedBuying):
    """Home against cloud; every field has the headline's value as its default."""

    workload: Slug | AskedModel = "nanochat-d32"
    home: Annotated[Names, Flag()] = Field(
        ("rtx-4070",), max_length=20, description="A machine at home: GPU or COUNTxGPU"
    )
    home_count: Annotated[int, Flag()] = Field(
        1, ge=1, le=1024, description="How many of them in one machine, where its name does not say it"
    )
    cloud: Annotated[Names, Flag()] = Field(
        ("8xh100-sxm",),
        min_length=1,
        max_length=20,
        description="Rented: COUNTxGPU, an offer's slug, a provider for its cheapest offers, or any for "
        "every stored offer; usual: 8xh100-sxm, fewer where a batch has fewer sequences",
    )
    tier: Annotated[AnyTier, Flag()] = Field(
        "on_demand", description="Of rented machines; any for every tier"
    )
    limit: Annotated[int | None, Flag()] = Field(
        None,
        ge=1,
        le=MOST_OPTIONS,
        description="With cloud any or a provider: how many of the cheapest offers; usual: 20, by command 5 "
        "of any",
    )

    @field_validator("limit", mode="after")
    @classmethod
    def _usual_limit_is_unsaid(cls, limit: int | None) -> int | None:
        """Questions that were kept while 20 was the default say so, of any cloud."""
        return None if limit == USUAL_LIMIT else limit


class AskedDecision(AskedBuying):
    """A run, what one has, and what it may cost and take; every field has a usual value."""

    workload: Slug | AskedModel = "nanochat-d32"
    own: Annotated[tuple[Slug, ...], Flag()] = Field(
        ("rtx-4070",), max_length=20, description="A machine you have: GPU or COUNTxGPU"
    )
    budget: Annotated[float | None, Flag()] = Field(
        None, gt=0, le=LARGEST_MONEY, description="Most it may cost, in the answer's currency"
    )
    deadline_hours: Annotated[float | None, Flag("--deadline", metavar="36h|30d|2w")] = Field(
        None, gt=0, le=LARGEST_HOURS, description="When it must be done"
    )
    weights: Annotated[tuple[Weight, Weight, Weight] | None, Flag(metavar="COST,TIME,CO2")] = Field(
        None, description="Weights of cost, time and CO2 instead of the cheapest or fastest"
    )
    least_probability: Annotated[float, Flag("--probability")] = Field(
        0.8, gt=0, le=0.99, description="How surely a plan must keep its limits"
    )
    tier: Annotated[Literal[RentedTier, "none"], BeforeValidator(_as_one_word), Flag()] = Field(
        "on_demand", description="Of rented machines; any for every tier, none for no rent"
    )

    @property
    def has_limits(self) -> bool:
        """Whether a budget or a deadline is named."""
        return self.budget is not None or self.deadline_hours is not None


class AskedMachine(Question):
    """GPUs in one machine."""

    gpu: Slug
    gpu_count: int = Field(1, ge=1, le=1024)


class AskedEstimate(Question):
    """A run on machines, without prices."""

    workload: Slug | AskedModel = "nanochat-d32"
    hardware: tuple[AskedMachine, ...] = Field(min_length=1, max_length=100)
    at_home: bool = Field(True, description="Energy as a PC at home draws it, else as in a data centre")
    explain: bool = Field(False, description="Say where time and doubt come from, and on which runs it rests")


class AskedMeasurement(AskedPlace):
    """A measurement of one's own: a log as text, or tokens per second; exactly one of them."""

    gpu: Annotated[Slug, Flag()] = Field(description="The card it was measured on, by name or slug")
    gpu_count: Annotated[int | None, Flag()] = Field(
        None, ge=1, le=1024, description="How many of them, where the log does not say it"
    )
    workload: Annotated[Slug | None, Flag()] = Field(
        None, description="What was trained, where the log does not print the model's shape"
    )
    log: str | None = Field(
        None,
        max_length=LARGEST_LOG_CHARACTERS,
        description="Text of a log, a trainer_state.json or LLaMA-Factory's JSON lines",
    )
    tokens_per_s: Annotated[float | None, Flag()] = Field(
        None,
        ge=SMALLEST_TOKENS_PER_S,
        le=LARGEST_TOKENS_PER_S,
        description="Instead of a log: tokens per second of the whole machine",
    )
    micro_batch: Annotated[int | None, Flag()] = Field(
        None, ge=1, le=100_000, description="Sequences per GPU and forward pass"
    )
    seq_len: Annotated[int | None, Flag()] = Field(
        None, ge=1, le=10_000_000, description="Tokens per sequence, where the log does not print it"
    )
    batch_tokens: Annotated[int | None, Flag()] = Field(
        None,
        ge=1,
        le=10**12,
        description="Tokens of one optimizer step on all GPUs, where the log does not print them",
    )
    total_steps: Annotated[int | None, Flag()] = Field(
        None, ge=1, le=10**12, description="Steps of the whole run, where the log does not print them"
    )
    checkpointing: Annotated[str | None, Flag(metavar="none|selective|full|LAYERS")] = Field(
        None, max_length=20, description="Layers whose activations are recomputed"
    )
    offload: Annotated[
        Literal["none", "optimizer", "gradients", "parameters"] | None, Flag(is_choice=True)
    ] = Field(None, description="What waits in host memory; each takes what stands before it along")
    optimizer: Annotated[str | None, Flag()] = Field(
        None, max_length=40, description="E.g. adamw, adamw-8bit, paged-adamw-8bit, muon, adafactor"
    )
    precision: Annotated[Literal["bf16", "fp16", "fp32", "tf32", "fp8"] | None, Flag(is_choice=True)] = Field(
        None, description="Arithmetic of the matrix products"
    )
    engine: Annotated[Literal["torch-compile", "torch-eager", "native"] | None, Flag(is_choice=True)] = Field(
        None, description="What runs the kernels"
    )
    keep: bool = Field(True, description="False shows what it would teach and forgets it")
    yes: bool = Field(
        False, description="Keep it even where it lies outside the 98 % interval of what we believe"
    )
