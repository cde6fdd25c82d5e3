"""What the answer says in words, on the shipped facts: it must read true for every kind of question."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import orjson
import pytest

from service.answers.told_option import tell_explanation
from service.reports.comparison_report import comparison_document
from service.reports.document.document import Bullets
from service.reports.words.bill import uncounted_sentence
from service.reports.words.prices import suggestion_sentence
from service.reports.words.sentences import power_limit_sentences, reference_sentences, trust_sentence
from service.reports.words.verdict import break_even_sentence
from service.reports.words.wording import wording
from service.usecases import AskedComparison, compare_home_with_cloud, explain
from tests.reports.told_for_tests import answered, screen

ASKED_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
SHOWN = "0fbd8b1ccc4378cfbcd5"
"""The id that the documents show."""
ONE_SCREEN = 57
"""Lines of 100 columns: a terminal on a whole screen."""


@pytest.fixture(scope="module")
def ask(catalog_copy):
    from service.store.session import Sessions, engine_for
    from service.store.snapshot import load

    engine = engine_for(catalog_copy())
    snapshot = load(Sessions(engine))

    def answer(language="en", explained=False, **question):
        c = compare_home_with_cloud(snapshot, AskedComparison.of(**question), ASKED_AT)
        reasons = [tell_explanation(explain(snapshot, c.workload, o)) for o in c.options]
        told = answered(c, language).model_copy(update={"id": SHOWN})
        text = screen(told, language, reasons=reasons if explained else None)
        assert max(map(len, text.splitlines())) <= 100 or explained
        return told, text, " ".join(text.split())

    yield answer
    engine.dispose()


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_headline_fits_one_screen(ask, language):
    assert len(ask(language)[1].splitlines()) <= ONE_SCREEN


def test_the_documents_show_the_answer_as_it_is(ask):
    """The guide all of it, the README its first lines."""
    root, said = Path(__file__).parent.parent, ask()[1]
    guide = (root / "service" / "docs" / "guide.md").read_text()
    assert said in guide, "guide.md shows another answer than `heimvorteil compare` gives"
    shown = (root / "README.md").read_text().split("```text\n")[1].split("…\n```")[0]
    assert shown.count("\n") >= 15
    assert said.startswith(shown), "README.md shows another answer than `heimvorteil compare` gives"


def test_the_prices_of_now_stand_beside_those_where_the_verdict_turns(ask):
    c, _, said = ask()
    assert "per rented hour (now €17.19) or at" in said and "per kWh (now €0.372)" in said
    assert "18 offers of this configuration (on demand)" in said and "Germany, 2026-11-24" in said
    assert f"{float(c.break_even.rent_per_hour):.2f}" in said


def test_offers_of_another_tier_are_called_what_they_are(ask):
    spot = ask(tier="spot")[2]
    assert "configuration (spot)" in spot and "what interruptions cost is estimated" in spot
    reserved = ask(tier="reserved")[2]
    assert "configuration (reserved)" in reserved
    assert "Reserved for 36 months: all of them are billed" in reserved


def test_a_run_that_fits_unchanged_is_not_said_to_need_code(ask):
    """nanochat d12 trains on a 4070 with a smaller micro-batch, as its logs show."""
    c, _, said = ask(workload="nanochat-d12")
    assert any(a.needs_code_change for a in c.options[0].fit.adjustments)
    assert "with smaller micro-batches alone it fits too and takes" in said and "only with" not in said
    assert "only with 2 changes to the training code" in ask()[2]


def test_what_may_run_out_of_memory_is_said_in_the_verdict(ask):
    c, _, said = ask(
        workload="llama-2-7b", home="v100-sxm-16gb", home_count=8, cloud="8xa100-sxm-80gb", country="US-CA",
        tokens=10**11,
    )  # fmt: skip
    assert c.options[0].fit.verdict == "marginal"
    assert "perhaps (62%)" in said and "may run out of memory: the chance that it fits is 62%" in said
    assert "With 87.9 GiB of host memory it would fit (--host-memory)" in said
    more = ask(
        workload="llama-2-7b", home="v100-sxm-16gb", home_count=8, cloud="8xa100-sxm-80gb", host_memory_gib=96
    )
    assert more[0].options[0].fit.verdict == "fits_with_adjustments"


def test_what_does_not_fit_says_what_would_and_what_the_other_takes(ask):
    c, text, said = ask(workload="llama-2-7b", home="rtx-4090")
    assert "GeForce RTX 4090 cannot hold this run" in said and "With 87.9 GiB of host memory" in said
    assert "8 x H100 SXM can: it takes" in said and "and costs about €" in said
    assert re.search(r" At the wall +– ", text)
    assert "Adjustments" not in text
    assert "can: it takes" in c.verdict.summary
    hopeless = ask(workload="llama-2-70b", home="rtx-4070", cloud="rtx-4070")[2]
    assert hopeless.count("cannot hold this run") == 2 and "can: it takes" not in hopeless


def test_equal_hours_have_no_winner(ask):
    said = ask(workload="nanochat-d12", home="rtx-4070", cloud="rtx-4070")[2]
    assert "Both take about as long" in said and "1.00 times" not in said


def test_the_note_is_not_blamed_for_what_did_not_happen(ask):
    said = ask(home="h200-sxm", home_count=8)[2]
    assert "force the adjustments" not in said and "the whole machine draws" in said
    assert "scaled by the cards' dense peaks" in said and "1-1 days" not in said and "5,600 W" in said
    assert "scaled by" not in ask()[2]


def test_many_options_stand_below_each_other_and_nothing_is_cut_off(ask):
    c, text, said = ask(workload="gpt2-124m", home="rtx-5090", home_count=3, cloud="any", limit=8)
    assert "…" not in text and len(c.options) == 9
    for option in c.options[1:]:
        assert option.offer.provider_name in text
    assert f"Offers looked at: {c.considered_offers}. Listed, the cheapest first: 8." in said
    assert said.count("Check the price before you rent.") == 1
    assert "The published batch of 512 sequences does not divide evenly by 3 × 64." in said


def test_the_ladder_keeps_all_its_columns(ask):
    _, text, _ = ask(workload="llama-2-7b", home="rtx-4090", explained=True)
    ladder = text[text.index("Every way to fit") :]
    row = next(x for x in ladder.splitlines() if re.match(r" optimizer and +1 ", x))
    assert "Change the" in ladder and row.rstrip().endswith("yes")


@pytest.mark.parametrize(
    ("country", "zone"),
    [
        ("UK", "GB"), ("el", "GR"), ("Germany", "DE"), ("switzerland", "CH"), ("California", "US-CA"),
        ("Deutschland", "DE"),
    ],
)  # fmt: skip
def test_a_country_is_found_by_its_name_and_by_eurostats_code(ask, country, zone):
    assert ask(country=country)[0].zone == zone


def test_a_laptop_is_not_taken_for_a_desktop_in_silence(ask):
    assert "counted as a desktop's" in ask(home="rtx-4090-laptop")[2]
    assert "counted as a desktop's" not in ask(home="rtx-4090")[2]


def test_an_old_tariff_is_called_old(ask):
    assert "(1,059 days old)" in ask(country="US-TX")[2] and "That is old." in ask(country="US-TX")[2]
    assert "That is old." not in ask()[2]


def test_json_has_no_noise_of_arithmetic(ask):
    note = ask()[0].reference_method
    assert (note.energy_kwh_low, note.energy_kwh_high) == (422.4, 475.2)


@pytest.mark.parametrize(("language", "card"), [("en", "rtx-4070"), ("de", "rtx-4070"), ("en", "a40")])
def test_a_power_limit_saves_a_range_where_another_cards_curve_stands_in(ask, language, card):
    c, w = ask(language, home=card)[0], wording(language)
    (option,) = [o for o in c.options if o.power_limit]
    advice, saved = option.power_limit, option.power_limit.energy_kwh_saved
    price = float(option.cost.unit_price("electricity"))
    (sentence,) = power_limit_sentences(w, [option], c.currency)
    assert advice.stand_in == (card != "a40") and saved.p10 < saved.p90
    if advice.stand_in:
        kwh, money = w.between(saved), w.about_between(saved * price, c.currency)
    else:
        kwh, money = w.rounded(saved.p50), w.about(saved.p50 * price, c.currency)
    assert f" {money} ({kwh} kWh)" in sentence.replace("\N{NO-BREAK SPACE}kWh", " kWh")


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"workload": "nanochat-d12"},
        {"workload": "llama-2-7b", "home": "rtx-4090"},
        {"tier": "spot"},
        {"cloud": "8xrtx-4070"},
    ],
    ids=["headline", "fits unchanged", "does not fit", "spot", "nobody rents it out"],
)
@pytest.mark.parametrize("language", ["en", "de"])
def test_the_report_the_summary_and_the_screen_say_the_same(ask, question, language):
    """The screen is written from the answer as computed, the other two from its JSON."""
    c, _, said = ask(language, **question)
    w, answer = wording(language), json.loads(c.model_dump_json())
    assert answer["verdict"]["summary"] in said
    document = comparison_document(orjson.dumps(answer), language)
    blocks = [block for section in document.sections for block in section.blocks]
    told = [item for block in blocks if isinstance(block, Bullets) for item in block.items]
    shared = [
        break_even_sentence(w, c),
        uncounted_sentence(w, c.options),
        *power_limit_sentences(w, c.options, c.currency),
        *reference_sentences(w, c),
        *(trust_sentence(w, o, c.workload) for o in c.options),
    ]
    assert sum(map(bool, shared)) >= 2
    for option in c.options:
        if option.suggestions:
            shared.append(suggestion_sentence(w, option))
    for sentence in filter(None, shared):
        assert sentence in told and sentence in said
    assert blocks[0].text.split(". ")[0] in said


def test_a_number_that_was_told_is_of_the_day_it_was_told(ask):
    """Not of 1970, as the watts at the plug once were."""
    answer = json.loads(ask(plug_watts=300.0, tokens=10**9, kwh_price=Decimal("0.30"))[0].model_dump_json())
    numbers = answer["sources"] + [n for option in answer["options"] for n in option["sources"]]
    told = {n["name"]: n["as_of"] for n in numbers if n["source"] == "given by you"}
    assert set(told.values()) == {ASKED_AT.date().isoformat()} and {"plug_watts", "tokens"} <= set(told)
