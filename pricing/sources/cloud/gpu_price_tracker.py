"""GPU Price Tracker: gpuhunt's tables twice a day, a data set on the Hugging Face hub, CC BY 4.0.

The set is Parquet, which nothing here reads: the hub's data set viewer gives the rows as JSON, 100 at a time,
filtered and in order. Read is the newest snapshot of the last three days, of the clouds that gpuhunt's own
tables do not hold (Vast.ai aside, whose terms others say forbid gathering); the rest comes from those tables.
`price_per_hour` is USD for the whole instance, `gpu_memory_gb` of one GPU; `available` is called best effort
by its author: false is believed, true is not taken for seen rentable.

Verified against the set's card with a row of it, and its method (alex-hubbard/gpu_price_tracker
dataset_card.md, methodology.md 76ca4626), and for the viewer huggingface.co/docs/dataset-viewer and its own
code (`rows` of `row_idx` and `row`, `num_rows_total`). Nobody was seen to read this set through the viewer.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from pricing.json_answers import (
    MOST_PAGES,
    Row,
    Unusable,
    joined,
    offers_of,
    opened,
    price_of,
    rows_under,
    stated,
    whole_card,
    whole_gpus,
)
from pricing.sellers import seller
from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut, with_query
from service.countries import code_of
from service.facts import CloudOffer

NAME = "gpu_price_tracker"
TITLE = "GPU Price Tracker data set, Alex Hubbard"
PAGE = "https://huggingface.co/datasets/afhubbard/gpu-prices"
URL = "https://datasets-server.huggingface.co/filter?dataset=afhubbard/gpu-prices&config=default&split=train"
LICENCE = "CC BY 4.0, Alex Hubbard, GPU Price Tracker"
WANTED = ("cudo", "tensordock", "vultr")
ROWS_A_PAGE = 100
LOOKED_BACK = timedelta(days=3)


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """The pages of the newest snapshot. Raises UnreadablePayload for pages without end."""
    clouds = " OR ".join(f"\"provider\"='{name}'" for name in WANTED)
    since = f"{asked.now - LOOKED_BACK:%Y-%m-%dT%H:%M:%S}"
    where = f"\"timestamp\">='{since}' AND \"quality\"='ok' AND ({clouds})"
    pages: list[Payload] = []
    while len(pages) < MOST_PAGES:
        offset = str(len(pages) * ROWS_A_PAGE)
        url = with_query(
            asked.url, where=where, orderby='"timestamp" DESC', offset=offset, length=str(ROWS_A_PAGE)
        )
        pages.append(way_out.get(url))
        if _is_last(pages[0], pages[-1]):
            return pages[0] if len(pages) == 1 else joined(pages, asked)
    raise UnreadablePayload(f"more than {MOST_PAGES} pages")


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """Every instance of the newest snapshot. Raises UnreadablePayload."""
    source = stated("gpu-price-tracker", TITLE, PAGE, LICENCE, payload)
    rows = _rows(payload)
    newest = max(_moment(row) for row in rows)

    def read(row: Row) -> Iterator[CloudOffer]:
        if row["quality"] != "ok":
            raise Unusable(f"its collector calls it {row['quality']}")
        country = str(row.get("country") or "")
        yield CloudOffer(
            provider=seller(row["provider"]),
            instance=str(row["instance_type"]),
            region=str(row.get("region") or ""),
            country=code_of(country),
            gpu=None,
            gpu_raw_name=whole_card(str(row["gpu_type"])),
            gpu_count=whole_gpus(row["gpu_count"]),
            memory_gib_per_gpu=float(row["gpu_memory_gb"]) if row.get("gpu_memory_gb") else None,
            tier="spot" if row["is_spot"] else "on_demand",
            hourly_price=price_of(row["price_per_hour"]),
            currency="USD",
            as_of=min(date.fromisoformat(_moment(row)[:10]), source.as_of),
            source=source,
            vcpus=int(row["vcpus"]) if row.get("vcpus") else None,
            ram_gib=float(row["ram_gb"]) if row.get("ram_gb") else None,
            in_stock=False if row.get("available") is False else None,
        )

    return offers_of((row for row in rows if _moment(row) == newest), read)


def _rows(payload: Payload) -> list[Row]:
    """The rows out of their envelopes; raises UnreadablePayload where there are none."""
    rows = [row.get("row") for row in rows_under(payload.content, "rows") if isinstance(row, dict)]
    known: list[Row] = [row for row in rows if isinstance(row, dict)]
    if not known or not any(map(_moment, known)):
        raise UnreadablePayload("no row with its time in it")
    return known


def _moment(row: Row) -> str:
    return str(row.get("timestamp") or "")


def _is_last(first: Payload, page: Payload) -> bool:
    """Whether there are no more rows, or those that follow are of an older snapshot."""
    rows = opened(page.content).get("rows") or []
    return len(rows) < ROWS_A_PAGE or _moment(rows[-1]["row"]) < _moment(_rows(first)[0])


SOURCE = PriceSource(
    NAME, TITLE, URL, timedelta(hours=12), parse, LICENCE, fetch=fetch, states_its_day=True, is_slow=True,
)  # fmt: skip
