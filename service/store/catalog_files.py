"""The catalog's files, read into facts; every number must have its source and its day."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast, get_args, get_type_hints

from service.countries import code_of
from service.facts import (
    Accounting,
    Architecture,
    Basis,
    CarbonIntensity,
    CloudOffer,
    EgressTier,
    ElectricityRate,
    ExchangeRate,
    Figure,
    Gpu,
    GpuClass,
    MeasuredRun,
    PriceVat,
    Provider,
    RateKind,
    Recipe,
    Scope,
    Source,
    Taxes,
    Tier,
    Workload,
)
from service.store.catalog_fields import CsvRow, Sources, TomlTable, as_number, rows, source_of, wrong
from service.store.offer_intake import offer_slug
from service.store.sources import stated
from service.store.versions import CATALOG

GPU_WORDS, PROVIDER_WORDS = get_type_hints(Gpu), get_type_hints(Provider)
WRITTEN_ON = date(2026, 11, 28)
OWN_MEASUREMENT = "measured for this project"
"""The day the catalog was written: a measured run dated with a year alone is not dated after it."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything the catalog says."""

    sources: tuple[Source, ...]
    gpus: tuple[Gpu, ...]
    workloads: tuple[Workload, ...]
    providers: tuple[Provider, ...]
    offers: tuple[CloudOffer, ...]
    electricity: tuple[ElectricityRate, ...]
    carbon: tuple[CarbonIntensity, ...]
    exchange_rates: tuple[ExchangeRate, ...]
    figures: tuple[Figure, ...]
    measured_runs: tuple[MeasuredRun, ...]


def load_catalog(path: Path = CATALOG) -> Catalog:
    """The catalog in that folder. Raises InvalidValue naming the file, the field and the value that is
    missing, misspelt, of the wrong type or without a source."""
    sources = sources_of_catalog(path)
    figures = [
        *_figures("assumptions.toml", _toml(path / "assumptions.toml"), sources),
        *_figures("calibration.toml", _toml(path / "calibration.toml"), sources),
        *_figures("track_record.toml", _toml(path / "track_record.toml"), sources),
    ]
    return Catalog(
        sources=tuple(sources[slug] for slug in sorted(sources)),
        gpus=tuple(_gpu(file, sources) for file in _files(path / "gpus")),
        workloads=tuple(_workload(file, sources) for file in _files(path / "workloads")),
        providers=tuple(_providers(_toml(path / "providers.toml"), sources)),
        offers=tuple(_offers(path / "offers.csv", sources)),
        electricity=tuple(_electricity(path / "household_rates.csv", sources)),
        carbon=tuple(_carbon(path / "carbon.csv", sources)),
        exchange_rates=tuple(_exchange_rates(path / "exchange_rates.csv", sources)),
        figures=tuple(figures),
        measured_runs=tuple(measured_runs_in(path / "measured_runs.csv")),
    )


def sources_of_catalog(path: Path = CATALOG) -> Sources:
    """Every source that the catalog in that folder names, by slug."""
    return MappingProxyType(dict(_sources(path)))


def _files(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.toml"))
    if not found:
        raise wrong(folder.name, "*.toml", str(folder), "no file there")
    return found


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise wrong(file.name, "file", str(file), "missing") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise wrong(file.name, "file", str(file), f"not TOML: {error}") from None


def _csv(file: Path, columns: str) -> list[CsvRow]:
    if not file.is_file():
        raise wrong(file.name, "file", str(file), "missing")
    with file.open(encoding="utf-8", newline="") as lines:
        return rows(file.name, lines, columns.split(","))


def _sources(path: Path) -> Iterator[tuple[str, Source]]:
    seen: set[str] = set()
    for file in _files(path / "sources"):
        for slug, values in _toml(file).items():
            if slug in seen:
                raise wrong(file.name, slug, slug, "a source of that name is in the catalog already")
            seen.add(slug)
            table = TomlTable(file.name, values, {}, prefix=f"{slug}.")
            source = Source(
                slug,
                table.plain("title", str),
                table.plain("url", str),
                table.plain("published", date),
                table.plain("licence", str),
            )
            table.done()
            yield slug, source


def _gpu(file: Path, sources: Sources) -> Gpu:
    table = TomlTable(f"gpus/{file.name}", _toml(file), sources)
    gpu = Gpu(
        slug=file.stem,
        name=table.plain("name", str),
        vendor=table.plain("vendor", str),
        category=table.word("category", GpuClass),
        architecture=table.plain("architecture", str),
        tensor_rate=table.word("tensor_rate", GPU_WORDS["tensor_rate"]),
        aliases=tuple(table.plain("aliases", list, [])),
        compute_capability=table.plain("compute_capability", str, ""),
        released=table.plain("released", date, None),
        note=table.plain("note", str, ""),
        sm_count=table.number("sm_count", int),
        boost_clock_mhz=table.number("boost_clock_mhz", float),
        memory_gib=table.number("memory_gib", float),
        memory_bandwidth_gb_per_s=table.number("memory_bandwidth_gb_per_s", float),
        board_watts=table.number("board_watts", float),
        pcie_generation=table.number("pcie_generation", int, None),
        pcie_lanes=table.number("pcie_lanes", int, None),
        gpu_link_gb_per_s=table.number("gpu_link_gb_per_s", float, None),
        bridge_gb_per_s=table.number("bridge_gb_per_s", float, None),
        bridged_cards=table.number("bridged_cards", int, None),
        published_tensor_tflops=table.number("published_tensor_tflops", float, None),
        sources=MappingProxyType(table.sources),
    )
    table.done()
    return gpu


def _workload(file: Path, sources: Sources) -> Workload:
    where = f"workloads/{file.name}"
    table = TomlTable(where, _toml(file), sources)
    default = source_of(where, "source", table.plain("source", str), sources)
    table.default = stated(default, default.as_of, table.plain("read_on", date))
    architecture, recipe = table.inner("architecture"), table.inner("recipe")
    reference = table.inner("reference", {})
    if slug := reference.plain("source", str, None):
        said = source_of(where, "reference.source", slug, sources)
        reference.default = stated(said, said.as_of, table.default.read_on)
    workload = Workload(
        slug=file.stem,
        name=table.plain("name", str),
        family=table.plain("family", str),
        kind=table.plain("kind", str),
        aliases=tuple(table.plain("aliases", list, [])),
        note=table.plain("note", str, ""),
        tokens=table.number("tokens", int),
        architecture=architecture.record(Architecture),
        recipe=recipe.record(Recipe),
        other_stages_fraction=table.number("other_stages_fraction", float, 0.0),
        reference_hours=reference.number("hours", float, None),
        reference_gpu=reference.plain("gpu", str, None),
        reference_gpu_count=reference.number("gpu_count", int, None),
        sources={},
    )
    reference.done()
    table.done()
    said_of_reference = {
        name.replace("reference.", "reference_"): source for name, source in reference.sources.items()
    }
    said_of_all = table.sources | architecture.sources | recipe.sources | said_of_reference
    return replace(workload, sources=MappingProxyType(said_of_all))


def _providers(values: Mapping[str, Any], sources: Sources) -> Iterator[Provider]:
    for slug, inner in values.items():
        table = TomlTable(f"providers.toml [{slug}]", inner, sources)
        pue, basis = table.number("pue", float, None, {"basis": str})
        egress, egress_in = table.number("egress_per_gb", Decimal, None, {"currency": str})
        storage, storage_in = table.number("storage_per_gb_month", Decimal, None, {"currency": str})
        currencies = {fee["currency"] for fee in (egress_in, storage_in) if fee}
        if len(currencies) > 1:
            raise wrong(table.where, "currency", sorted(currencies), "a provider's fees have one currency")
        included = table.stated("includes", "processor", "memory", "local_disk")
        for key, value in included.items():
            if not isinstance(value, bool | None):
                raise wrong(table.where, f"includes.{key}", value, "must be true or false")
        provider = Provider(
            slug=slug,
            name=table.plain("name", str),
            url=table.plain("url", str),
            kind=table.word("kind", PROVIDER_WORDS["kind"]),
            headquarters=_country(table),
            price_vat=_price_vat(table),
            billing_increment_s=table.number("billing_increment_s", float, None),
            minimum_billing_s=table.number("minimum_billing_s", float, None),
            includes_processor=included["processor"],
            includes_memory=included["memory"],
            includes_local_disk=included["local_disk"],
            pue=pue,
            pue_basis=basis.get("basis", "assumed"),
            egress_per_gb=egress,
            egress_tiers=_egress_tiers(table, egress),
            storage_per_gb_month=storage,
            fee_currency=next(iter(currencies), None),
            sources=MappingProxyType(table.sources),
        )
        table.done()
        yield provider


def _country(table: TomlTable) -> str | None:
    code = table.stated("headquarters", "value")["value"]
    if code is not None and (not isinstance(code, str) or code_of(code) != code):
        raise wrong(table.where, "headquarters", code, "must be an ISO 3166 code of a country, such as DE")
    return code


def _price_vat(table: TomlTable) -> PriceVat | None:
    word = table.stated("price_vat", "value")["value"]
    if word is not None and word not in get_args(PriceVat):
        raise wrong(table.where, "price_vat", word, "unknown", get_args(PriceVat))
    return cast(PriceVat | None, word)


def _egress_tiers(table: TomlTable, first_per_gb: Decimal | None) -> tuple[EgressTier, ...]:
    """Pairs [from GB, per GB] after the first tier, which is `egress_per_gb` and has their source."""
    given = table.plain("egress_tiers", list, [])
    if given and first_per_gb is None:
        raise wrong(table.where, "egress_tiers", given, "goes with egress_per_gb")
    tiers = []
    for pair in given:
        if not isinstance(pair, list) or len(pair) != 2:
            raise wrong(table.where, "egress_tiers", pair, "must be [from GB, price per GB]")
        tiers.append(EgressTier(*(as_number(table.where, "egress_tiers", part, Decimal) for part in pair)))
    starts = [Decimal(0), *(tier.from_gb for tier in tiers)]
    if starts != sorted(set(starts)):
        raise wrong(table.where, "egress_tiers", given, "must begin later and later")
    return tuple(tiers)


def _offers(file: Path, sources: Sources) -> Iterator[CloudOffer]:
    columns = (
        "provider,instance,region,country,gpu,gpu_raw_name,gpu_count,memory_gib_per_gpu,vcpus,ram_gib,"
        "tier,term_months,hourly_price,currency,as_of,source,note"
    )
    seen: set[tuple[str, date]] = set()
    for row in _csv(file, columns):
        as_of = row.known_day("as_of")
        source = source_of(row.where, "source", row.text("source"), sources)
        offer = CloudOffer(
            provider=row.known("provider"),
            instance=row.known("instance"),
            region=row.text("region"),
            country=row.text("country") or None,
            gpu=row.text("gpu") or None,
            gpu_raw_name=row.known("gpu_raw_name"),
            gpu_count=row.known_number("gpu_count", int),
            memory_gib_per_gpu=row.number("memory_gib_per_gpu", float),
            vcpus=row.number("vcpus", int),
            ram_gib=row.number("ram_gib", float),
            tier=row.word("tier", Tier),
            term_months=row.number("term_months", int) or None,
            hourly_price=row.known_number("hourly_price", Decimal),
            currency=row.known("currency"),
            as_of=as_of,
            source=stated(source, as_of),
            note=row.text("note"),
        )
        if offer.hourly_price <= 0:
            raise wrong(row.where, "hourly_price", offer.hourly_price, "a price is more than 0")
        key = (offer_slug(offer), as_of)
        if key in seen:
            raise wrong(row.where, "as_of", as_of, f"a second price of {offer.instance} for that day")
        seen.add(key)
        yield offer


def _electricity(file: Path, sources: Sources) -> Iterator[ElectricityRate]:
    columns = "zone,zone_name,kind,currency,per_kwh,taxes,band,valid_from,valid_until,as_of,source,note"
    for row in _csv(file, columns):
        as_of = row.known_day("as_of")
        yield ElectricityRate(
            zone=row.known("zone"),
            zone_name=row.known("zone_name"),
            kind=row.word("kind", RateKind),
            currency=row.known("currency"),
            per_kwh=row.known_number("per_kwh", Decimal),
            taxes=row.word("taxes", Taxes),
            band=row.text("band"),
            valid_from=row.day("valid_from"),
            valid_until=row.day("valid_until"),
            as_of=as_of,
            source=stated(source_of(row.where, "source", row.text("source"), sources), as_of),
            note=row.text("note"),
        )


def _carbon(file: Path, sources: Sources) -> Iterator[CarbonIntensity]:
    columns = "zone,zone_name,year,grams_co2e_per_kwh,scope,accounting,as_of,source,note"
    for row in _csv(file, columns):
        as_of = row.known_day("as_of")
        yield CarbonIntensity(
            zone=row.known("zone"),
            zone_name=row.known("zone_name"),
            year=row.known_number("year", int),
            grams_co2e_per_kwh=row.known_number("grams_co2e_per_kwh", float),
            scope=row.word("scope", Scope),
            accounting=row.word("accounting", Accounting),
            as_of=as_of,
            source=stated(source_of(row.where, "source", row.text("source"), sources), as_of),
            note=row.text("note"),
        )


def _exchange_rates(file: Path, sources: Sources) -> Iterator[ExchangeRate]:
    for row in _csv(file, "base,quote,rate,as_of,source"):
        as_of = row.known_day("as_of")
        source = stated(source_of(row.where, "source", row.text("source"), sources), as_of)
        rate = row.known_number("rate", Decimal)
        yield ExchangeRate(row.known("base"), row.known("quote"), rate, as_of, source)


def _figures(where: str, values: Mapping[str, Any], sources: Sources, prefix: str = "") -> Iterator[Figure]:
    for key, inner in values.items():
        name = prefix + key
        if not isinstance(inner, dict):
            raise wrong(where, name, inner, "a number needs a source and the day it was read")
        if "value" not in inner:
            yield from _figures(where, inner, sources, f"{name}.")
            continue
        table = TomlTable(where, inner, sources, prefix=f"{name}.")
        said = source_of(where, f"{name}.source", table.plain("source", str), sources)
        numbers = {
            field: as_number(where, f"{name}.{field}", given, float)
            for field in ("value", "low", "high")
            if (given := table.plain(field, (int, float), None)) is not None
        }
        figure = Figure(
            name=name,
            unit=table.plain("unit", str),
            basis=table.word("basis", Basis),
            source=stated(said, said.as_of, table.plain("read_on", date)),
            **numbers,
        )
        table.done()
        yield figure


def measured_runs_in(file: Path) -> Iterator[MeasuredRun]:
    """The runs of a table in the catalog's columns."""
    hints = get_type_hints(MeasuredRun)
    plain = [field.name for field in fields(MeasuredRun) if field.name not in ("source", "use_for", "shape")]
    for row in _csv(file, ",".join((*plain, "use_for", "source_url"))):
        year = row.known_number("year", int)
        values = {name: row.optional(name, hints[name]) for name in plain}
        title = f"{row.known('project')}: {row.known('model')}"
        slug, as_of = row.known("slug"), min(date(year, 12, 31), WRITTEN_ON)
        url, licence = row.text("source_url"), ""
        if not url.startswith("http"):
            licence = "own" if url.startswith(OWN_MEASUREMENT) else ""
            title, url = f"{url}: {title}", ""
        source = Source(f"run:{slug}", title, url, as_of, licence)
        yield MeasuredRun(**values, source=source, use_for=frozenset(row.text("use_for").split("+")) - {""})
