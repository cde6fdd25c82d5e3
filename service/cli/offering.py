"""What can be rented, and what it cost before: `offers`, `price-history`."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, get_args

import click

from service.cli.amounts import Amount
from service.cli.beside import WIDE_IS_OF_TABLES, refuse_given
from service.cli.opening import open_facts
from service.cli.progress import working
from service.facts import Tier
from service.reports.words.spoken import words

if TYPE_CHECKING:
    from service.reports.words.wording import Wording

UNKNOWN = "-"
FAR = 9.995
"""Times another card's: from here on one decimal is enough."""
ROOM_FOR_LIKENESS = 115
"""Letters of a line below which what is alike has no columns of its own for tier, days, source."""
TIERS = " | ".join(get_args(Tier))


@click.command()
@click.option("--gpu", help="GPU by slug or alias, e.g. h100-sxm; exact, never a part of a name.")
@click.option("--gpu-count", type=click.IntRange(1, 1024), help="GPUs of the machine.")
@click.option("--nearest", metavar="GPU", help="Instead of --gpu: the GPUs most like it, one offer each.")
@click.option("--min-memory", type=float, help="GiB per GPU; with --nearest instead of that GPU's own.")
@click.option("--tier", help=TIERS)
@click.option("--provider", help="Only offers of this provider.")
@click.option("--region", help="A region's name, or a part of the world: eu, europe, us, asia, ...")
@click.option("--country", help="ISO country, e.g. DE.")
@click.option("--max-price", type=Amount(), help="Per hour of the whole instance, in --currency.")
@click.option("--currency", default="USD", show_default=True, help="Of the prices.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Prices as known on that day.")
@click.option("--max-age", type=click.IntRange(0, 36_500), help="Days that a price may be old; else any.")
@click.option("--unlisted", is_flag=True, help="Also those that are left out of their list or superseded.")
@click.option("--sold-out", is_flag=True, help="Also those that were last seen without stock.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500), help="Show so many.")
@click.option("--offset", default=0, type=click.IntRange(0), help="Skip so many.")
@click.option("--wide", is_flag=True, help="Every column.")
@click.option("--json", "as_json", is_flag=True, help="The items of GET /api/v1/offers.")
def offers(
    *,
    gpu: str | None,
    gpu_count: int | None,
    nearest: str | None,
    min_memory: float | None,
    tier: str | None,
    provider: str | None,
    region: str | None,
    country: str | None,
    max_price: Decimal | None,
    currency: str,
    as_of: datetime | None,
    max_age: int | None,
    unlisted: bool,
    sold_out: bool,
    limit: int,
    offset: int,
    wide: bool,
    as_json: bool,
) -> None:
    """List stored cloud offers, cheapest first, each with source and day."""
    from service.reports.listings.as_table import print_json
    from service.store.offers import OfferFilter
    from service.usecases.offers import find_offers, not_older, offer_items

    sessions, snapshot = open_facts()
    currency = currency.strip().upper()
    wanted = OfferFilter(
        gpu=gpu,
        gpu_count_min=gpu_count,
        gpu_count_max=gpu_count,
        memory_gib_per_gpu_min=min_memory,
        tier=tier,
        provider=provider,
        region=region,
        country=country,
        price_max=max_price,
        currency=currency,
        as_of=as_of.date() if as_of else None,
        unlisted=unlisted,
        sold_out=sold_out,
    )
    now = datetime.now(UTC).date()
    wanted = not_older(wanted, max_age, now)
    w = words()
    with working(lambda: w.say("looking through the offers")):
        page = find_offers(
            sessions, snapshot, wanted, currency=currency, nearest=nearest, limit=limit, offset=offset
        )
        items = offer_items(page, currency)
    if as_json:
        refuse_given("wide", WIDE_IS_OF_TABLES)
        import orjson

        print_json(orjson.dumps(items))
        return
    today = as_of.date() if as_of else now
    if items:
        _print_offers(w, items, currency, today, alike=nearest is not None, wide=wide)
    shown = w.number(len(items))
    click.echo(w.counted("{shown} of {count} offer", "{shown} of {count} offers", page.total, shown=shown))


@click.command("price-history")
@click.argument("gpu")
@click.option("--gpu-count", type=click.IntRange(1, 1024), help="GPUs of the machine.")
@click.option("--tier", help=TIERS)
@click.option("--provider", help="Only offers of this provider.")
@click.option("--from", "first_day", type=click.DateTime(["%Y-%m-%d"]), help="First day; a year back.")
@click.option(
    "--to", "last_day", type=click.DateTime(["%Y-%m-%d"]), help="Last day; that of the newest price."
)
@click.option("--interval", default="month", show_default=True, help="day | week | month")
@click.option("--currency", default="USD", show_default=True, help="Of the prices.")
@click.option("--wide", is_flag=True, help="Every column.")
@click.option("--json", "as_json", is_flag=True, help="The answer of GET /api/v1/price-history.")
def price_history(
    *,
    gpu: str,
    gpu_count: int | None,
    tier: str | None,
    provider: str | None,
    first_day: datetime | None,
    last_day: datetime | None,
    interval: str,
    currency: str,
    wide: bool,
    as_json: bool,
) -> None:
    """Show what GPU cost over time: smallest, median and largest price of its offers per interval.

    Each tier and term of months is a series of its own, always over the same offers.
    """
    from service.reports.listings.as_table import print_below, print_json, print_table
    from service.reports.words.source_notes import source_title
    from service.usecases.offers import price_history_of

    sessions, snapshot = open_facts()
    w = words()
    with working(lambda: w.say("looking through the prices")):
        history = price_history_of(
            sessions, snapshot, gpu=gpu, gpu_count=gpu_count, tier=tier, provider=provider,
            first_day=first_day.date() if first_day else None, last_day=last_day.date() if last_day else None,
            interval=interval, currency=currency.strip().upper(),
        )  # fmt: skip
    if as_json:
        refuse_given("wide", WIDE_IS_OF_TABLES)
        import orjson

        print_json(orjson.dumps(history))
        return
    rows = []
    for series in history["series"]:
        for period in series["periods"] if series["offers"] else ():
            hour, per_gpu = period["price_per_hour"] or {}, period["price_per_gpu_hour"] or {}
            prices = [_price(w, hour.get(name), 2) for name in ("min", "median", "max")]
            prices += [_price(w, per_gpu.get(name), 3) for name in ("min", "median", "max")]
            days = (w.day(period["first_day"]), w.day(period["last_day"]))
            rows.append([_kind(w, series), *days, w.number(period["offers"]), *prices])
    unit = history["currency"]  # of a whole machine only where it is wide: machines of many sizes are mixed
    spread = (w.say("median"), w.say("max"))
    per_hour = w.say("min {currency}/h", currency=unit)
    per_gpu_hour = w.say("min {currency}/GPU-h", currency=unit)
    titles = [w.say("tier"), w.say("from"), w.say("to"), w.say("offers"), per_hour, *spread, per_gpu_hour,
              *spread]  # fmt: skip
    if rows:
        print_table(titles, rows, set(range(3, 10)), spare={2, 4, 5, 6}, wide=wide)
    if history["series"]:
        counted = w.say(
            "Counted are the offers with a price in at least two thirds of the intervals in which any of "
            "their tier has one; where fewer than half of them have a price, there is a gap."
        )
        print_below([counted, *(_counted(w, series) for series in history["series"])])
    else:
        click.echo(w.say("No price of it in this time."))
    print_below(
        w.say(
            "{source}, as of {day}. {url}", source=s["source"], day=w.day(s["as_of"]), url=s["url"]
        ).rstrip()
        for s in history["sources"]
    )
    print_below(
        w.say(
            "{rate} {quote} per {base}, {source}, {day}",
            rate=w.exact(Decimal(r["rate"])), quote=r["quote"], base=r["base"],
            source=source_title(w, r["source"]), day=w.day(r["as_of"]),
        )
        for r in history["exchange_rates"]
    )  # fmt: skip


def _kind(w: "Wording", series: dict[str, Any]) -> str:
    """Tier and term: on demand, reserved 12 months."""
    from service.reports.words.prices import tier_name

    tier, months = tier_name(w, series["tier"]), series["term_months"]
    if not months:
        return tier
    return w.counted("{tier} {count} month", "{tier} {count} months", months, tier=tier)


def _counted(w: "Wording", series: dict[str, Any]) -> str:
    """How many of how many offers a series is of, and why nothing is told where there are none."""
    offers = w.counted("{count} offer", "{count} offers", series["offers_priced"])
    intervals = w.counted("{count} interval", "{count} intervals", series["intervals_priced"])
    said = {"kind": _kind(w, series), "offers": offers, "intervals": intervals}
    if series["offers"]:
        some = w.number(series["offers"])
        return w.say("{kind}: {some} of {offers} in {intervals} with prices", some=some, **said)
    return w.say(
        "{kind}: none of {offers} in {intervals} with prices, all come and go: a shorter time may have a "
        "median",
        **said,
    )


def _sources_with_days(w: "Wording", items: list[dict[str, Any]]) -> dict[str, str]:
    """Each source in one line: the day its offers are of, or from when to when how many of them are."""
    from service.reports.words.source_notes import source_title

    days: dict[str, list[date]] = {}
    for item in items:
        days.setdefault(item["source"], []).append(item["as_of"])
    return {
        source: w.say(
            "{source}, {first} to {last}, {count} offers",
            source=source_title(w, source), first=w.day(min(of)), last=w.day(max(of)), count=len(of),
        )
        if len(set(of)) > 1
        else f"{source_title(w, source)}, {w.day(of[0])}"
        for source, of in days.items()
    }  # fmt: skip


def _of_one_day(items: list[dict[str, Any]]) -> bool:
    """Whether the offers of each source are of one day."""
    return len({(i["source"], i["as_of"]) for i in items}) == len({i["source"] for i in items})


def _print_offers(
    w: "Wording", items: list[dict[str, Any]], currency: str, today: date, *, alike: bool, wide: bool
) -> None:
    """The table, and below it what is to be known of single rows, by their number.

    What is `alike` takes three columns more: on a narrow screen the tier stands with the provider, and the
    sources are told by their rows.
    """
    from service.countries import place
    from service.reports.listings.as_table import PIPED, numbered_sources, print_below, print_table
    from service.reports.listings.on_terminal import columns
    from service.reports.words.prices import tier_name

    rows = []
    tight = alike and not wide and columns(PIPED) < ROOM_FOR_LIKENESS
    told = _sources_with_days(w, items)
    cited, sources = numbered_sources([told[item["source"]] for item in items])
    remarks: dict[str, list[int]] = {}
    of_source: dict[str, list[int]] = {}
    for number, item in enumerate(items, 1):
        of_source.setdefault(told[item["source"]], []).append(number)
        for remark in _remarks(w, item):
            remarks.setdefault(remark, []).append(number)
        row = [
            str(number),
            f"{item['provider']}, {tier_name(w, item['tier'])}" if tight else item["provider"],
            item["instance"],
            place(item["region"], item["country"], w.language) or UNKNOWN,
            item["gpu"] or f"? {item['gpu_raw_name']}",
            w.number(item["gpu_count"]),
            tier_name(w, item["tier"]),
            _price(w, item["price_per_hour"], 2),
            _price(w, item["price_per_gpu_hour"], 3),
            w.day(item["as_of"]),
            w.number(days) if (days := (today - item["as_of"]).days) >= 0 else UNKNOWN,
            cited[number - 1],
        ]
        rows.append([*row[:5], *(_alike(w, item["likeness"]) if alike else ()), *row[5:]])
    like = [w.say("peak"), "GiB", "GB/s"] if alike else []
    titles = ["", w.say("provider"), w.say("instance"), w.say("where"), "GPU", *like, w.say("n"),
              w.say("tier"), f"{currency}/h", w.say("per GPU"), w.say("as of"), w.say("days"),
              w.say("source")]  # fmt: skip
    shift = len(like)
    numeric = {0, *range(5, 6 + shift), 7 + shift, 8 + shift, 10 + shift}
    spare = {2, 3, 9 + shift, *((6 + shift, 11 + shift) if tight else ())}
    if tight or columns(PIPED) < PIPED:
        spare.add(8 + shift)  # what is paid per hour and for how many GPUs is beside it
        if tight or _of_one_day(items):
            spare.add(10 + shift)  # the sources below have their day
    print_table(titles, rows, numeric, spare=spare, wide=wide, hyphenated=() if wide else {4})
    if alike and items:
        other = items[0]["likeness"]["to"]
        print_below([w.say("peak, GiB and GB/s: each GPU's over those of {gpu}", gpu=other)])
    print_below(_of_rows(remarks))
    print_below(_of_rows(of_source) if tight else sources)
    newest = max((item["as_of"] for item in items), default=today)
    if newest > today:
        said = w.say(
            "a price is of {newest}, and this computer says that it is {today}: its clock is wrong",
            newest=w.day(newest),
            today=w.day(today),
        )
        click.echo(f"heimvorteil: {said}", err=True)


def _of_rows(told: dict[str, list[int]]) -> Iterator[str]:
    """What is said of rows, behind their numbers: 1–3, 5: as follows."""
    for said, numbers in told.items():
        runs: list[list[int]] = []
        for number in numbers:
            if runs and number == runs[-1][-1] + 1:
                runs[-1].append(number)
            else:
                runs.append([number])
        shown = (f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)
        yield f"{', '.join(shown)}: {said}"


def _remarks(w: "Wording", item: dict[str, Any]) -> list[str]:
    from service.reports.words.source_notes import note_text, source_title

    remarks = [note_text(w, item["note"])] if item["note"] else []
    if item["unlisted_since"]:
        since = w.day(item["unlisted_since"].date())
        remarks.append(w.say("no longer on its list since {day}", day=since))
    if item["superseded_by"]:
        since = w.day(item["superseded_since"].date())
        remarks.append(w.say("superseded by {other} since {day}", other=item["superseded_by"], day=since))
    if stock := _stock(w, item):
        remarks.append(stock)
    for other in item["conflicts"]:
        remarks.append(
            w.say(
                "another list says {price} {currency}/h ({ratio} times): {source}, {day}",
                price=_price(w, other["price_per_hour"], 2),
                currency=other["currency"],
                ratio=w.number(other["ratio"], 2),
                source=source_title(w, other["source"]),
                day=w.day(other["as_of"]),
            )
        )
    return remarks


def _stock(w: "Wording", item: dict[str, Any]) -> str:
    """What its source told of its stock; empty where it told nothing."""
    seen, count = item["seen_rentable_at"], item["rentable_count"]
    at = w.minute(seen) if seen else ""
    if item["in_stock"] is False:
        read = w.minute(item["fetched_at"])
        if not seen:
            return w.say("nothing free when last read, {read}", read=read)
        return w.say("nothing free when last read, {read}, last seen rentable {seen}", read=read, seen=at)
    if not seen:
        return ""
    if not count:
        return w.say("seen rentable {seen}", seen=at)
    return w.say("seen rentable {seen}, {count} free", seen=at, count=w.number(count))


def _alike(w: "Wording", likeness: dict[str, Any] | None) -> list[str]:
    if likeness is None:
        return [UNKNOWN] * 3
    ratios = ("peak_bf16_ratio", "memory_ratio", "memory_bandwidth_ratio")
    return [f"×{w.number(likeness[name], 2 if likeness[name] < FAR else 1)}" for name in ratios]


def _price(w: "Wording", text: str | None, digits: int) -> str:
    return UNKNOWN if text is None else w.number(Decimal(text), digits)
