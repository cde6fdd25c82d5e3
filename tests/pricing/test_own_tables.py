"""Tables as people write them, and what an import does with every row."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from pricing.importing import take_in
from pricing.own_tables import (
    Said,
    csv_table,
    decoded,
    json_table,
    json_text_table,
    own_offers,
)
from pricing.source import Rejected, UnreadablePayload
from service.cli import main
from service.errors import InvalidValue, UnknownName
from service.facts import CloudOffer, Source
from service.store import offers, providers
from service.store.session import Sessions
from service.usecases.price_imports import PriceTable

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SAID = Said("lambda", DAY, Source("import:lambda", "a quote", "", DAY, "own"), NOW.date())
HEAD = "instance,gpu,gpu_count,price_per_hour,currency"


def read(table):
    found = list(own_offers(table, SAID))
    return (
        [row for row in found if isinstance(row, CloudOffer)],
        [row for row in found if isinstance(row, Rejected)],
    )


def test_a_german_spreadsheet_is_read_as_meant():
    text = (
        "Instanz;GPU;Anzahl;Preis pro Stunde;Währung;Land;Tarif;Stand;Bemerkung\r\n"
        'Kiste A;H100 SXM;8;12,34;€;de;on-demand;19.11.2026;"Angebot; mündlich"\r\n'
        "Kiste B;RTX 4090;2;1.234,50;EUR;DE;Spot;;\r\n"
        "Kiste C;RTX 4090;1;0,345;eur;DE;;2026-11-18;\r\n"
        ";;;;;;;;\r\n"
    )
    for content in (text.encode("utf-8-sig"), text.encode("utf-16"), text.encode("cp1252")):
        kept, refused = read(csv_table(decoded(content)))
        assert not refused
        assert [(o.instance, o.hourly_price, o.currency, o.tier, o.country, o.as_of) for o in kept] == [
            ("Kiste A", Decimal("12.34"), "EUR", "on_demand", "DE", date(2026, 11, 19)),
            ("Kiste B", Decimal("1234.50"), "EUR", "spot", "DE", DAY),
            ("Kiste C", Decimal("0.345"), "EUR", "on_demand", "DE", date(2026, 11, 18)),
        ]
        assert kept[0].note == "Angebot; mündlich"


@pytest.mark.parametrize(
    ("delimiter", "prices", "meant"),
    [
        (",", ["12.34", "2.345", "1000"], ["12.34", "2.345", "1000"]),
        (",", ['"12,34"', '"1,234"', '"1,234.50"'], ["12.34", "1234", "1234.50"]),
        (";", ["12,34", "2,345", "1.234"], ["12.34", "2.345", "1234"]),
        (";", ["12.34", "2.345", "1,234"], ["12.34", "2.345", "1234"]),
        ("\t", ["1.234,5", "2,345", "1.234.567"], ["1234.5", "2.345", None]),
        (";", ["2.345", "3", "0.345"], ["2.345", "3", "0.345"]),
        (";", ["2.345", "3", "4"], [None, "3", "4"]),
        (";", ["12,34", "12.34", "2.345"], ["12.34", "12.34", None]),
        (",", ["1'234.5", "2 000", "1e2"], ["1234.5", "2000", "100"]),
        (",", ["twelve", "-3", "1.2.3"], [None, None, None]),
    ],
)
def test_numbers_are_understood_or_refused_never_guessed(delimiter, prices, meant):
    lines = [HEAD.replace(",", delimiter)]
    lines += [delimiter.join((f"x{i}", "H100 SXM", "1", price, "USD")) for i, price in enumerate(prices)]
    kept, refused = read(csv_table("\n".join(lines)))
    found = {offer.instance: offer.hourly_price for offer in kept}
    expected = [None if price is None else Decimal(price) for price in meant]
    assert [found.get(f"x{i}") for i in range(len(prices))] == expected
    assert len(kept) + len(refused) == len(prices) and all(row.reason for row in refused)


def test_what_may_mean_two_numbers_says_which():
    _, (refused,) = read(csv_table(f"{HEAD.replace(',', ';')}\nx;H100 SXM;1;2.345;USD\n"))
    assert refused.reason == "2.345 may be 2.345 or 2345: write 2345 or 2.3450"
    assert refused.raw == "x,H100 SXM,1,2.345,USD"


@given(st.decimals(min_value="0.0001", max_value="99999", places=4))
def test_a_price_survives_every_way_of_writing_it(price):
    english, german = f"{price:,.4f}", f"{price:.4f}".replace(".", ",")
    for table in (
        csv_table(f'{HEAD}\nx,H100 SXM,1,"{english}",USD\n'),
        csv_table(f"{HEAD.replace(',', ';')}\nx;H100 SXM;1;{german};USD\n"),
        json_table([{"gpu": "H100 SXM", "gpu_count": 1, "price_per_hour": str(price), "currency": "USD"}]),
    ):
        (kept,), refused = read(table)
        assert kept.hourly_price == price and not refused


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"price_per_hour": 0}, "the price is not known"),
        ({"price_per_hour": None}, "the price is not known"),
        ({"gpu": ""}, "no GPU"),
        ({"gpu_count": 0.5}, "gpu_count = 0.5: must be a whole number from 1 to 1,024"),
        ({"gpu_count": True}, "gpu_count = True: not a number"),
        ({"gpu_count": 5000}, "from 1 to 1,024"),
        ({"currency": "Dollar"}, "currency = Dollar: three letters"),
        ({"currency": ""}, "three letters"),
        ({"country": "Germany"}, "country = Germany: two letters"),
        ({"tier": "cheap"}, "tier = cheap: unknown; valid: on_demand, spot, reserved"),
        ({"tier": "reserved"}, "term_months goes with tier reserved"),
        ({"term_months": 12}, "term_months goes with tier reserved"),
        ({"as_of": "yesterday"}, "as_of = yesterday: not a day"),
        ({"as_of": "31.02.2026"}, "as_of = 31.02.2026: not a day"),
        ({"as_of": "2999-01-01"}, "is in the future"),
    ],
)
def test_a_bad_row_is_refused_naming_field_and_value(change, reason):
    row = {"gpu": "H100 SXM", "gpu_count": 8, "price_per_hour": 12.34, "currency": "USD"}
    _, (refused,) = read(json_table([{**row, **change}]))
    assert reason in refused.reason
    (kept,), _ = read(json_table([{**row, "tier": "Reserved", "term_months": "12"}]))
    assert (kept.tier, kept.term_months, kept.instance) == ("reserved", 12, "8x H100 SXM")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no column instance"),
        ("a,b\n1,2\n", "no column instance; needed: instance, gpu"),
        ("instance,gpu,gpu_count,price_per_hour\n", "no column currency"),
        (f"{HEAD},gpu\n", "two columns gpu"),
    ],
)
def test_a_table_without_its_columns_is_refused_whole(text, why):
    with pytest.raises(UnreadablePayload, match=why):
        csv_table(text)


def test_what_is_no_list_or_no_text_is_refused_whole():
    for broken in ("", "{}", "[1]", "[" * 100_000, '["\\ud800"]'):
        with pytest.raises(UnreadablePayload):
            json_text_table(broken)
    with pytest.raises(UnreadablePayload, match="half a character"):
        json_text_table('[{"gpu": "\\ud800"}]')
    with pytest.raises(UnreadablePayload, match="not a text"):
        decoded(b"a\0b")


def run(*words, code=0):
    result = CliRunner().invoke(main, ["prices", "import", *map(str, words)])
    assert result.exit_code == code, result.output
    return result.output


def test_an_import_from_a_file_answers_and_names_its_rejects(database, tmp_path):
    file = tmp_path / "quote.csv"
    file.write_text(
        f"{HEAD}\nbox,H100 SXM,8,12.34,USD\nodd,Abacus 3000,1,1.00,USD\nfree,H100 SXM,8,0,USD\n"
        "far,H100 SXM,8,12,XTS\n"
    )
    words = (file, "--provider", "lambda", "--as-of", "2026-11-20")
    assert "2 offers would be kept (2 new or changed)" in run(*words, "--dry-run")
    said = run(*words)
    assert "2 offers kept (2 new or changed), 2 rows rejected, 1 GPU name that nobody has mapped" in said
    assert "the price is not known" in said and "free,H100 SXM,8,0,USD" in said
    assert "no exchange rate of XTS is stored" in said and "Abacus 3000" in said
    assert "(0 new or changed)" in run(*words) and "(0 new or changed)" in run(*words, "--dry-run")
    result = json.loads(run(*words, "--json"))
    assert (result["accepted"], result["changed"], result["rejected"]) == (2, 0, 2)
    assert result["unmapped"] == ["Abacus 3000"] and len(result["offers"]) == 2
    with database.reading() as session:
        found = offers.search(session, offers.OfferFilter(gpu="h100-sxm", provider="lambda"), limit=99).offers
    assert Decimal("12.34") in {o.hourly_price for o in found}
    assert "valid: lambda" in run(file, "--provider", "lambada", code=2)
    assert "is in the future" in run(file, "--provider", "lambda", "--as-of", "2999-01-01", code=2)
    file.write_text("nothing,here\n")
    assert "no column instance" in run(file, "--provider", "lambda", code=2)


def taken(sessions, rows, as_of=DAY, now=NOW, dry_run=False):
    table = PriceTable("a test", "json", "lambda", as_of, rows=rows)
    return take_in(sessions, table, now, dry_run=dry_run)


def row(price, **more):
    return {
        "instance": "box",
        "gpu": "H100 SXM",
        "gpu_count": 8,
        "price_per_hour": price,
        "currency": "USD",
    } | more


def test_a_correction_replaces_the_price_and_keeps_the_history(database):
    def price_and_history():
        with database.reading() as session:
            found = offers.search(session, offers.OfferFilter(provider="lambda"), limit=500).offers
            (mine,) = [o for o in found if o.origin == "own"]
            return mine.hourly_price, len(offers.history(session, mine.slug))

    assert taken(database, [row(12)]).changed == 1
    assert taken(database, [row(12)]).changed == 0
    later = NOW.replace(hour=13)
    assert taken(database, [row(13)], now=later).changed == 1, "the same day, read later: a correction"
    assert price_and_history() == (13, 2)
    assert taken(database, [row(9)], as_of=date(2026, 11, 1), now=later).accepted == 1
    assert price_and_history() == (13, 3), "an older quote is history and no new price"
    assert taken(database, [row(14)], as_of=NOW.date(), now=later, dry_run=True).changed == 1
    assert price_and_history() == (13, 3), "a dry run keeps nothing"


@pytest.mark.long
def test_thousands_of_rows_and_too_many_decimals(database):
    rows = [row("12.345678901234", instance=f"box {i}") for i in range(5_000)]
    rows += [row("x", instance=f"bad {i}") for i in range(2_000)]
    done = taken(database, rows)
    assert (done.accepted, done.changed, done.rejected) == (5_000, 5_000, 2_000)
    assert done.reasons == {"price_per_hour = x: not a number": 2_000} and len(done.refused) == 1_000
    assert taken(database, rows).changed == 0


def test_an_unreadable_table_keeps_nothing(database):
    for table, field in (
        (PriceTable("t", "json", "lambda", DAY, rows=[]), "table"),
        (PriceTable("t", "csv", "lambda", DAY, text="a,b\n"), "table"),
        (PriceTable("t", "xlsx", "lambda", DAY), "format"),
        (PriceTable("t", "json", "lambda", date(2999, 1, 1), rows=[row(1)]), "as_of"),
        (PriceTable("t", "json", "lamda", DAY, rows=[row(1)]), "provider"),
    ):
        with pytest.raises(InvalidValue) as refused:
            take_in(database, table, NOW, dry_run=False)
        assert refused.value.field == field
        assert isinstance(refused.value, UnknownName) == (field in ("format", "provider"))
    with database.reading() as session:
        assert not [
            o for o in offers.search(session, offers.OfferFilter(), limit=9999).offers if o.origin == "own"
        ]


def test_units_beside_numbers_are_read_and_must_not_contradict_their_column():
    text = (
        "Instance,GPU Model,GPUs,Price ($/h),Currency\n"
        "a,H100 SXM,8x,16.00 USD/h,USD\nb,H100 SXM,8,$16.00,USD\nc,H100 SXM,8,$16.00,EUR\n"
        "d,H100 SXM,8,16.00 EUR,USD\ne,H100 SXM,8,16.00 a day,USD\nf,H100 SXM,8,$16,CAD\n"
    )
    kept, refused = read(csv_table(text))
    assert [(o.instance, o.gpu_count, o.hourly_price) for o in kept] == [
        ("a", 8, Decimal("16.00")), ("b", 8, Decimal("16.00")), ("f", 8, Decimal(16)),
    ]  # fmt: skip
    assert [row.reason for row in refused] == [
        "price_per_hour = $16.00: but currency = EUR",
        "price_per_hour = 16.00 EUR: but currency = USD",
        "price_per_hour = 16.00 a day: but currency = USD",
    ]


def test_a_quote_of_a_provider_in_no_list_brings_it_along(catalog_engine):
    sessions = Sessions(catalog_engine)
    rows = [{"instance": "a", "gpu": "H100 SXM", "gpu_count": 8, "price_per_hour": "20", "currency": "USD"}]
    table = PriceTable("a request", "json", "my-cloud", NOW.date(), rows=rows, new_provider="My cloud")
    assert take_in(sessions, table, NOW, dry_run=True).accepted == 1
    with sessions.reading() as session:
        assert "my-cloud" not in providers.ids(session)
    assert take_in(sessions, table, NOW, dry_run=False).changed == 1
    with sessions.reading() as session:
        assert providers.get(session, "My cloud").billing_increment_s is None
    with pytest.raises(InvalidValue, match=r"new_provider = '  ': .* blank"):
        take_in(sessions, replace(table, provider="her-cloud", new_provider="  "), NOW, dry_run=False)
    with pytest.raises(UnknownName, match="--new-provider"):
        take_in(sessions, replace(table, provider="her-cloud", new_provider=""), NOW, dry_run=False)
    with pytest.raises(InvalidValue, match="new_provider"):
        take_in(sessions, table, NOW, dry_run=False)
    with pytest.raises(InvalidValue, match="slug"):
        take_in(sessions, replace(table, provider="My_cloud"), NOW, dry_run=False)


@pytest.mark.parametrize("price", ["NaN", "inf", "11520/month", "0.40 per minute"])
def test_what_is_no_price_per_hour_is_not_called_another_currency(price):
    _, refused = read(csv_table(f"{HEAD}\na,H100 SXM,8,{price},USD\n"))
    assert [row.reason for row in refused] == [f"price_per_hour = {price}: not a number"]


def test_two_prices_of_one_thing_on_one_day_are_both_refused():
    text = (
        f"{HEAD},as_of\na,H100 SXM,8,16,USD,\na,H100 SXM,8,17,USD,\na,H100 SXM,8,16.0,USD,\n"
        "b,H100 SXM,8,16,USD,\nb,H100 SXM,8,16.00,USD,\n"
        "c,H100 SXM,8,16,USD,\nc,H100 SXM,8,15,USD,2026-11-01\n"
    )
    kept, refused = read(csv_table(text))
    assert [offer.instance for offer in kept] == ["b", "b", "c", "c"]
    assert {row.reason for row in refused} == {"the table has 2 prices of it: 16 USD and 17 USD"}
    assert len(refused) == 3


def test_every_import_is_told_with_its_own_file(database):
    for file, instance in (("first.csv", "one"), ("second.csv", "two")):
        table = PriceTable(file, "json", "lambda", DAY, rows=[row(12, instance=instance)])
        take_in(database, table, NOW, dry_run=False)
    with database.reading() as session:
        found = offers.search(session, offers.OfferFilter(provider="lambda"), limit=500).offers
    assert {o.instance: o.source.title for o in found if o.origin == "own"} == {
        "one": "lambda prices from first.csv", "two": "lambda prices from second.csv",
    }  # fmt: skip
