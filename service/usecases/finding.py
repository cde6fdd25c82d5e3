"""Here names become facts, and nowhere else: GPUs, workloads, households, rentals."""

import re
import statistics
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from service import countries
from service.answers.question import EVERY_OFFER, AskedComparison, AskedDecision, AskedModel
from service.answers.trainer_file import sources_in_file
from service.decide.household import Household
from service.decide.options import Market, Rental, Suggestion
from service.decide.own_card import OwnCard
from service.errors import (
    InvalidValue,
    MissingFact,
    UnknownName,
    UnknownPlace,
    Worded,
    choice_of,
    nearest_first,
    worded,
)
from service.estimate.alias_key import alias_key
from service.estimate.cost import conversion
from service.estimate.energy import measured_power
from service.estimate.gpu_called import called
from service.estimate.nearest_gpu import nearest_gpus
from service.estimate.superseded import OWN
from service.estimate.trainer_files.as_asked import names_of_base
from service.facts import (
    CloudOffer,
    ElectricityRate,
    ExchangeRate,
    Figure,
    Gpu,
    Source,
    Taxes,
    Workload,
    given_by_user,
)
from service.store.snapshot import Snapshot
from service.store.untold_cards import refuse_untold
from service.usecases.asked_vat import as_paid, asked_vat, with_told
from service.usecases.custom_workload import custom_workload, shape_of, with_recipe
from service.usecases.fine_tuning import check_stored_bits, fine_tuned
from service.usecases.knowledge import band_rates, carbon_of, knowledge_of, retail_rate, zone_of
from service.usecases.market_days import NO_MARKET, MarketDays
from service.usecases.tariffs import contract_of

TIMES = r"(?:[xX](?![tT][xX]?\b)|[\u00d7*])"
CONFIGURATION = re.compile(
    rf"(?P<count>\d{{1,2}}(?=\s+(?!gi?b\b)[a-wyz])|\d{{1,4}}(?=\s*{TIMES}))\s*{TIMES}?\s*(?P<gpu>.+)",
    re.IGNORECASE,
)
COUNT_BEHIND = re.compile(r"(?P<gpu>.*\S)(?:\s+[xX]|\s*[\u00d7*])\s*(?P<count>\d{1,3})")
HERE = "here"
"""What the command line calls the computer it runs on."""
LONGEST_CODE = 5
"""Of a country or a state: US-CA."""
LARGEST_COUNT = 1024
LARGEST_TOKENS = 10**15
LARGEST_PER_KWH = Decimal(1_000_000)
LARGEST_HOST_GIB = 100_000
LARGEST_DISPLAY_GIB = 16
MOST_SUGGESTED = 3
OF_THE_COMMAND_LINE = worded(
    "is this computer to --home and --own of compare, decide and report alone, not over HTTP"
)
_IMAGES = worded(
    "makes images; what one step takes of it we cannot count, and no published run that we know is there to "
    "hold a guess against. Nearest: a language model of its size with --finetune lora, which is another run"
)
_ROLLOUTS = worded(
    "a step generates text before it trains on it, and no published run that we know tells the hours of the "
    "two apart. Nearest: the model with --finetune lora, which counts the training part alone"
)
UNTOLD: Mapping[str, Worded] = MappingProxyType(
    dict.fromkeys(("sdxl", "flux", "stablediffusion", "sd15", "sd35"), _IMAGES) | {"grpo": _ROLLOUTS}
)
"""What people ask for by names that stand in no catalog, by a part of the name, and why it is not there."""


def find_gpu(snapshot: Snapshot, field: str, name: str) -> Gpu:
    """A GPU by slug, name, alias, or as people write it.

    Raises SeveralMeant for a name of several, CardNotTold for one whose time cannot be told, UnknownCard
    for another, the nearest slugs first, InvalidValue for `here`: only the command line knows whose machine
    that is.
    """
    if name.strip().lower() == HERE and HERE not in snapshot.gpu_by_alias:
        raise InvalidValue(field, name, OF_THE_COMMAND_LINE)
    try:
        return snapshot.gpu(name)
    except UnknownName:
        refuse_untold(snapshot.gpus.values(), field, name)
        return called(snapshot.gpus.values(), field, name)


def find_workload(snapshot: Snapshot, asked: str | Workload) -> Workload:
    """A workload by slug or alias, or the custom one handed in. Raises UnknownName, the nearest first."""
    if isinstance(asked, Workload):
        return asked
    if reason := next((said for name, said in UNTOLD.items() if name in alias_key(asked)), None):
        raise InvalidValue("workload", asked, reason)
    return snapshot.workload(asked)


def workload_asked(
    snapshot: Snapshot,
    asked: str | AskedModel,
    tokens: int | None,
    today: date,
    trials: int = 1,
    failed_runs: float = 0.0,
) -> Workload:
    """The run of a question: by name or of one's own, on as many tokens as were asked for, so many times.

    Raises UnknownName, the nearest first, and InvalidValue for a model or a number of tokens that cannot be.
    """
    return with_trials(_one_run(snapshot, asked, tokens, today), trials, failed_runs)


def _one_run(snapshot: Snapshot, asked: str | AskedModel, tokens: int | None, today: date) -> Workload:
    if isinstance(asked, AskedModel) and asked.finetune is not None:
        return _fine_tuned(snapshot, asked, tokens, today)
    if isinstance(asked, AskedModel) and asked.run is not None:
        if asked.architecture is not None or asked.config is not None:
            raise InvalidValue("workload.run", asked.run, worded("needs neither dimensions nor config"))
        run = with_recipe(find_workload(snapshot, asked.run), asked.recipe, name=asked.name, today=today)
        return with_tokens(run, asked.tokens if tokens is None else tokens, today)
    if isinstance(asked, AskedModel):
        model = custom_workload(
            asked.architecture,
            asked.config,
            recipe=asked.recipe,
            tokens=asked.tokens or 0,
            today=today,
            name=asked.name,
        )
        return with_tokens(model, tokens, today)
    return with_tokens(find_workload(snapshot, asked), tokens, today)


def _base(snapshot: Snapshot, asked: AskedModel) -> Workload:
    """The run whose model is fine-tuned; a trainer's file calls it as its checkpoint is called."""
    assert asked.run is not None
    if asked.trainer_config is None:
        return find_workload(snapshot, asked.run)
    for name in names_of_base(asked.run):
        with suppress(UnknownName):
            return find_workload(snapshot, name)
    known = nearest_first(name, snapshot.workloads)
    raise InvalidValue(
        "workload.run", asked.run, worded("is no model of the catalog; give its config.json as config"), known
    )


def with_trials(workload: Workload, trials: int, failed_runs: float = 0.0) -> Workload:
    """So many runs, one after another, as one of all their steps: hours, energy and money are those of all,
    and of a share of failed runs those that broke off, on average halfway.

    What is paid once per run, the start of a rented machine, is counted once. Raises InvalidValue for more
    tokens than can be.
    """
    if trials == 1 and not failed_runs:
        return workload
    all_of_them = replace(workload, trials=trials, failed_runs=failed_runs)
    batch = workload.recipe.global_batch_tokens
    tokens = round(workload.tokens // batch * all_of_them.runs_computed) * batch
    if tokens > LARGEST_TOKENS:
        raise InvalidValue("trials", trials, worded("make more than 10^15 tokens"))
    return replace(all_of_them, tokens=tokens, reference_hours=None)


def _fine_tuned(snapshot: Snapshot, asked: AskedModel, tokens: int | None, today: date) -> Workload:
    """A model of the catalog or of one's own, fine-tuned as asked; its tokens follow from the data set."""
    assert asked.finetune is not None
    if tokens is None:
        tokens = asked.tokens
    if tokens is not None:
        raise InvalidValue(
            "tokens", tokens, worded("follows from finetune.examples and finetune.mean_tokens")
        )
    by_user = replace(given_by_user(today), read_on=today)
    if asked.run is None:
        shape, name = shape_of(asked.architecture, asked.config, asked.name), asked.name
        check_stored_bits(asked.config or {}, asked.finetune.method)
        sources = {f"architecture.{field.name}": by_user for field in fields(shape)}
    else:
        if asked.architecture is not None or asked.config is not None:
            raise InvalidValue("workload.run", asked.run, worded("needs neither dimensions nor config"))
        base = _base(snapshot, asked)
        shape, name = base.architecture, base.name.split(",")[0]
        sources = {key: said for key, said in base.sources.items() if key.startswith("architecture.")}
    from_file: Mapping[str, Source] = {}
    if asked.trainer_config is not None:
        told = {**asked.finetune.model_dump(), **asked.recipe}
        from_file = sources_in_file(asked.trainer_config, asked.deepspeed_config, told, by_user)
    return fine_tuned(
        name, shape, asked.finetune, recipe=asked.recipe, sources=sources, today=today, from_file=from_file
    )


def with_tokens(workload: Workload, tokens: int | None, today: date) -> Workload:
    """The run on as many tokens, said today; as it is where none are. Raises InvalidValue for too few."""
    if tokens is None:
        return workload
    least = workload.recipe.global_batch_tokens
    if not least <= tokens <= LARGEST_TOKENS:
        raise InvalidValue(
            "tokens", tokens, worded("must be between one batch ({least}) and 10^15", least=least)
        )
    sources = {**workload.sources, "tokens": given_by_user(today)}
    return replace(workload, tokens=tokens, reference_hours=None, sources=sources)


def checked_currency(currency: str, rates: Sequence[ExchangeRate]) -> str:
    """The currency, or UnknownName with those that the stored exchange rates reach."""
    reached = {"EUR", *(rate.quote for rate in rates if rate.base == "EUR")}
    if currency not in reached:
        raise UnknownName("currency", currency, reached)
    return currency


def household_of(
    snapshot: Snapshot,
    request: AskedComparison | AskedDecision,
    today: date,
    market: MarketDays = NO_MARKET,
) -> Household:
    """Tariff and grid of a country or US state; one's own price wins over every stored one.

    `market` are the stored hours that a contract needs whose price changes by the hour.

    Raises UnknownName for a zone nobody has told us of, MissingFact where only its price is unknown.
    """
    zone = zone_of(snapshot, request.country)
    vat = asked_vat(snapshot, request, today)
    stored, carbon = retail_rate(snapshot, zone), carbon_of(snapshot, zone)
    rate = None if stored is None else as_paid(stored, vat)
    if request.kwh_price is not None:
        if not Decimal(0) <= request.kwh_price <= LARGEST_PER_KWH:
            raise InvalidValue(
                "kwh_price",
                str(request.kwh_price),
                worded("must be between 0 and {most}", most=LARGEST_PER_KWH),
            )
        source = given_by_user(today)
        taxes: Taxes = "excl_vat" if vat.is_business else "all"
        rate = ElectricityRate(
            zone, zone, "contract", request.currency, request.kwh_price, taxes, today, source
        )
    if rate is None and carbon is None:
        zones = {*snapshot.electricity, *snapshot.carbon}
        # A code says what a name of more letters is like; only a name does.
        named = {fact.zone_name for facts in snapshot.carbon.values() for fact in facts}
        named |= {name for zone in zones if (name := countries.name_of(zone, "de"))}
        is_code = len(request.country.strip()) <= LONGEST_CODE
        raise UnknownPlace("country", request.country, zones if is_code else named)
    contract = contract_of(snapshot, request, rate, zone=zone, market=market, today=today, vat=vat)
    if contract is not None and stored is not None and contract.rate is rate and rate is not stored:
        contract = replace(contract, price=with_told(contract.price, stored, vat))
    if contract is None:
        raise MissingFact(
            worded("a household electricity price for {zone}", zone=zone),
            worded("give your own price per kWh"),
        )
    spare = request.host_memory_gib
    if spare is not None and not 0 <= spare <= LARGEST_HOST_GIB:
        raise InvalidValue(
            "host_memory_gib", spare, worded("must be from 0 to {most} GiB", most=LARGEST_HOST_GIB)
        )
    plug = None
    if request.plug_watts is not None:
        measured_power(request.plug_watts)
        plug = Figure("plug_watts", request.plug_watts, "W", given_by_user(today), basis="user")
    own_figures = {}
    if request.rest_of_pc_watts is not None:
        if plug is not None:
            reason = worded("is part of what was measured at the plug; give one of the two")
            raise InvalidValue("rest_of_pc_watts", request.rest_of_pc_watts, reason)
        name, source = "home.rest_of_pc_watts", given_by_user(today)
        own_figures[name] = Figure(name, request.rest_of_pc_watts, "W", source, basis="user")
    if not 0 <= request.display_gib <= LARGEST_DISPLAY_GIB:
        raise InvalidValue(
            "display_gib",
            request.display_gib,
            worded("must be from 0 to {most} GiB", most=LARGEST_DISPLAY_GIB),
        )
    bridged = None if request.nvlink is None else request.nvlink == "yes"
    told = (request.power_limit_watts, request.pcie_lanes, bridged)
    own_card = OwnCard(given_by_user(today), *told) if told != (None, None, None) else None
    return Household(
        zone=zone,
        rate=contract.rate,
        carbon=carbon,
        host_memory_gib=spare,
        display_gib=request.display_gib,
        plug_watts=plug,
        own_figures=own_figures,
        own_card=own_card,
        price=contract.price,
        shape=contract.shape,
        grid_shape=contract.grid_shape,
        yearly_kwh=request.yearly_kwh,
        band_rates={band: as_paid(rate, vat) for band, rate in band_rates(snapshot, zone).items()}
        if request.yearly_kwh is not None
        else {},
        terms=request.home_terms,
    )


def offer_row(snapshot: Snapshot, name: str) -> int | None:
    """The place of the offer of that slug; None where there is none."""
    asked, slugs = name.strip(), snapshot.offers.slug
    row = bisect_left(slugs, asked)
    return row if row < len(slugs) and slugs[row] == asked else None


def refuse_tier_beside(tier: str, offer: CloudOffer) -> None:
    """Raises InvalidValue for a tier that an offer named by its slug is not of."""
    usual = AskedComparison.model_fields["tier"].default
    if tier not in (usual, offer.tier):
        reason = worded(
            "is not that of {offer}, which is {tier}; name a GPU to choose the tier",
            offer=offer.slug,
            tier=offer.tier,
        )
        raise InvalidValue("tier", tier, reason)


def configuration(name: str) -> re.Match[str] | None:
    """COUNT and GPU of `2xrtx-3090`, `2 RTX 3090` or `RTX 3090 x2`; None for a name that says no count."""
    return CONFIGURATION.fullmatch(name.strip()) or COUNT_BEHIND.fullmatch(name.strip())


def machine_called(snapshot: Snapshot, field: str, name: str) -> tuple[Gpu, int]:
    """COUNTxGPU, or one GPU. Raises what `find_gpu` raises, InvalidValue for a count that cannot be."""
    match = configuration(name)
    gpu = find_gpu(snapshot, field, match["gpu"].strip() if match else name.strip())
    return gpu, checked_count(field, int(match["count"]) if match else 1)


def suggestions(snapshot: Snapshot, gpu: Gpu, count: int, tier: str) -> tuple[Suggestion, ...]:
    """The cheapest offers of the GPUs most like this one with at least its memory, so many at once."""
    offered: list[Suggestion] = []
    for one in nearest_gpus(gpu, (snapshot.gpus[slug] for slug in snapshot.offers.gpu_slugs)):
        rows = same_configuration(snapshot, one.gpu, count, tier)
        if len(rows):
            offered.append(Suggestion(snapshot.offers.row(int(rows[0])), snapshot.gpus[one.gpu], one))
        if len(offered) == MOST_SUGGESTED:
            break
    return tuple(offered)


def same_configuration(snapshot: Snapshot, gpu: str, count: int, tier: str) -> NDArray[np.intp]:
    """Rows of the offers of exactly this GPU, count and tier that can be rented, as far as is told;
    cheapest first, equal ones by slug."""
    offers = snapshot.offers
    choice_of("tier", tier, (*offers.tiers, EVERY_OFFER))
    if gpu not in offers.gpu_slugs:
        return np.array([], dtype=np.intp)
    wanted = (offers.gpu == offers.gpu_slugs.index(gpu)) & (offers.gpu_count == count)
    wanted &= np.isfinite(offers.price_eur) & ~offers.sold_out
    if tier != EVERY_OFFER:
        wanted &= offers.tier == offers.tiers.index(tier)
    rows = np.flatnonzero(wanted)
    return rows[np.argsort(offers.price_eur[rows], kind="stable")]


def rental_of(
    snapshot: Snapshot,
    row: int,
    request: AskedComparison | AskedDecision,
    today: date,
) -> Rental:
    """An offer with its provider, the grid of its country, how far its rent may have moved by today, and what
    the same costs elsewhere. `row` is its place among the snapshot's offers.
    """
    offer, days = snapshot.offers.row(row), today.toordinal() - int(snapshot.offers.known_ordinal[row])
    moved = None if offer.origin == OWN else snapshot.rent_moves.figure(offer.tier, max(days, 0))
    longest = snapshot.rent_moves.longest_days(offer.tier)
    seen = longest if moved and longest and days > longest else None
    provider, carbon = snapshot.providers.get(offer.provider), carbon_of(snapshot, offer.country)
    market = _market_of(snapshot, offer, request.currency)
    return Rental(offer, provider, carbon, market, rent_today=moved, rents_seen_days=seen)


def _market_of(snapshot: Snapshot, offer: CloudOffer, currency: str) -> Market | None:
    """What others ask for the same GPU, count and tier; None where nobody offers it now."""
    if offer.gpu is None:
        return None
    rows = same_configuration(snapshot, offer.gpu, offer.gpu_count, offer.tier)
    if not len(rows):
        return None
    rates = knowledge_of(snapshot).exchange_rates

    def asked(quoted: tuple[Decimal, str]) -> Decimal:
        return quoted[0] * conversion(quoted[1], currency, rates).factor

    half = len(rows) // 2
    low, high, *middle = (
        asked(snapshot.offers.quoted(int(rows[i]))) for i in (0, -1, half, (len(rows) - 1) // 2)
    )
    median = statistics.median(middle)
    own = asked((offer.hourly_price, offer.currency))
    return Market(len(rows), low, median, high, currency, offer.tier, float(own / median) if median else None)


def checked_count(field: str, count: int) -> int:
    """The count, or InvalidValue outside 1 to 1,024."""
    if not 1 <= count <= LARGEST_COUNT:
        raise InvalidValue(field, count, worded("must be between 1 and {most}", most=LARGEST_COUNT))
    return count
