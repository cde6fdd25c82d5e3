"""Who rents out GPUs, and on which terms: `providers`."""

from typing import TYPE_CHECKING, Any

import click

from service.cli.opening import open_facts
from service.errors import worded
from service.reports.words.spoken import words

if TYPE_CHECKING:
    from service.reports.words.wording import Wording

UNKNOWN = "-"
KINDS = "hyperscaler | gpu-cloud | marketplace"


@click.command()
@click.argument("name", required=False)
@click.option("--kind", help=KINDS)
@click.option("--json", "as_json", is_flag=True, help="The items of GET /api/v1/providers.")
def providers(*, name: str | None, kind: str | None, as_json: bool) -> None:
    """List who rents out GPUs: seat, VAT, billing steps, what an hour includes, fees.

    - is unknown, 0 is free. VAT: the prices it shows are net (VAT comes on top) or gross. Of one NAME alone
    every value with who said so and when it was read.
    """
    from typing import get_args

    import orjson

    from service.api.providers import provider_item
    from service.errors import InvalidValue, UnknownName, choice_of
    from service.facts import ProviderKind
    from service.reports.listings.as_table import print_json, print_table
    from service.store.providers import called

    _, snapshot = open_facts()
    if kind is not None:
        choice_of("kind", kind, get_args(ProviderKind))
    shown = [p for p in snapshot.providers.values() if kind in (None, p.kind)]
    if name is not None:
        if kind is not None:
            raise InvalidValue("--kind", kind, worded("is of the list; {name} is named", name=name))
        found = called(name, shown)
        if found is None:
            raise UnknownName("provider", name, snapshot.providers)
        shown = [found]
    items = [provider_item(snapshot, provider, None) for provider in shown]
    if as_json:
        print_json(orjson.dumps(items))
        return
    w = words()
    if name is not None:
        titles = [w.say("what"), w.say("value"), w.say("told by"), w.say("on"), w.say("read on")]
        print_table(titles, _told(w, items[0]), set())
        return
    titles = [
        w.say("slug"),
        w.say("name"),
        w.say("kind"),
        w.say("seat"),
        w.say("VAT"),
        w.say("billed per s"),
        w.say("at least s"),
        w.say("an hour includes"),
        w.say("egress/GB"),
        w.say("storage/GB-month"),
        "",
        w.say("sources"),
    ]
    print_table(titles, [_row(w, item) for item in items], {5, 6, 8, 9, 11})


def _row(w: "Wording", item: dict[str, Any]) -> list[str]:
    return [
        item["slug"],
        item["name"],
        _word(w, item["kind"]),
        item["headquarters"] or UNKNOWN,
        _word(w, item["price_vat"]) if item["price_vat"] else UNKNOWN,
        *(_number(w, item[name]) for name in ("billing_increment_s", "minimum_billing_s")),
        _included(w, item["includes"]),
        *(_number(w, item[name]) for name in ("egress_per_gb", "storage_per_gb_month")),
        item["fee_currency"] or "",
        str(len({source["source"] for source in item["sources"].values()})),
    ]


def _word(w: "Wording", code: str) -> str:
    """A kind of provider, or of price; what we have no word for by its code."""
    return {
        "hyperscaler": w.say("hyperscaler"), "gpu-cloud": w.say("gpu-cloud"),
        "marketplace": w.say("marketplace"), "net": w.say("net"), "gross": w.say("gross"),
    }.get(code, code)  # fmt: skip


def _number(w: "Wording", value: str | float | None) -> str:
    return UNKNOWN if value is None else w.exact(float(value))


def _told(w: "Wording", item: dict[str, Any]) -> list[list[str]]:
    """Every value of one provider that somebody said: who, for which day, and when it was read."""
    values = {**item, **{f"includes_{part}": value for part, value in item["includes"].items()}}
    return [
        [
            _field(w, field),
            _value(w, values[field]) + (f" {item['fee_currency']}" if "_per_gb" in field else ""),
            source["source"],
            w.day(source["as_of"]),
            w.day(source["read_on"]) if source["read_on"] else UNKNOWN,
        ]
        for field, source in item["sources"].items()
    ]


def _field(w: "Wording", field: str) -> str:
    """What a value of a provider is about; what we have no words for by its name."""
    return {
        "headquarters": w.say("seat"),
        "price_vat": w.say("VAT"),
        "billing_increment_s": w.say("billed per s"),
        "minimum_billing_s": w.say("at least s"),
        "includes_processor": w.say("an hour includes the processor"),
        "includes_memory": w.say("an hour includes the memory"),
        "includes_local_disk": w.say("an hour includes a disk"),
        "egress_per_gb": w.say("egress/GB"),
        "storage_per_gb_month": w.say("storage/GB-month"),
    }.get(field, field)


def _value(w: "Wording", value: Any) -> str:
    if isinstance(value, bool):
        return w.say("yes") if value else w.say("no")
    return _word(w, value) if isinstance(value, str) and not value[:1].isdigit() else _number(w, value)


def _included(w: "Wording", includes: dict[str, bool | None]) -> str:
    """What an hour contains, and behind it what is billed apart; of what is unknown nothing is said."""
    parts = {"processor": w.say("processor"), "memory": w.say("memory"), "local_disk": w.say("disk")}
    within = [name for part, name in parts.items() if includes[part]]
    apart = [name for part, name in parts.items() if includes[part] is False]
    said = [", ".join(within), w.say("apart: {parts}", parts=", ".join(apart)) if apart else ""]
    return "; ".join(filter(None, said)) or UNKNOWN
