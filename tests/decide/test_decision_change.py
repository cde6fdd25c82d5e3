"""Did the verdict change, and what changed it? Answers made by hand, each with one difference."""

from dataclasses import replace
from decimal import Decimal

from service.decide.decision_change import AnswerSeen, Dated, PlanSeen, verdict_changed, what_changed

HOME = PlanSeen(
    "own", "RTX 4070", "rtx-4070", 1, 1, cost=313.0, hours=2970.0, energy_kwh=841.0, probability=0.9,
    rate=Dated(Decimal("0.372"), "EUR", "BDEW", "2026-01-15"), per_kwh=Decimal("0.372"),
)  # fmt: skip
RENT = PlanSeen(
    "rent", "8 x H100 SXM", "h100-sxm", 8, 1, cost=300.0, hours=33.0, energy_kwh=333.0, probability=0.95,
    offer="nebula-8h", provider="nebula", provider_name="Nebula", instance="8h", region="eu", tier="spot",
    rent=Dated(Decimal("8.00"), "USD", "Nebula's list", "2026-11-24"),
)  # fmt: skip
RATES = {"USD per EUR": Dated(Decimal("1.10"), "", "ECB", "2026-11-24")}
BEFORE = AnswerSeen("EUR", 0.8, RENT, (RENT, HOME), RATES, "4")
DEARER = Dated(Decimal("9.50"), "USD", "Nebula's list", "2026-12-01")
LISTED = {"nebula-8h": RENT.rent}


def codes(changes):
    return [change.code for change in changes]


def test_nothing_changed():
    assert not verdict_changed(BEFORE, BEFORE)
    assert what_changed(BEFORE, BEFORE, LISTED, LISTED) == ()


def test_the_rent_rose_and_home_wins():
    dearer = replace(RENT, rent=DEARER, cost=356.0)
    after = replace(BEFORE, best=HOME, plans=(HOME, dearer))
    assert verdict_changed(BEFORE, after)
    rent, cost = what_changed(BEFORE, after, LISTED, {"nebula-8h": DEARER})
    assert (rent.code, rent.before, rent.after, rent.unit) == (
        "rent",
        Decimal("8.00"),
        Decimal("9.50"),
        "USD",
    )
    assert (rent.source, rent.as_of, rent.subject) == ("Nebula's list", "2026-12-01", "Nebula 8h eu")
    assert (cost.code, cost.before, cost.after, cost.unit) == ("cost", 300.0, 356.0, "EUR")


def test_a_dearer_rent_of_the_same_plan_is_no_other_verdict():
    dearer = replace(RENT, rent=DEARER, cost=310.0)
    after = replace(BEFORE, best=dearer, plans=(dearer, HOME))
    assert not verdict_changed(BEFORE, after)
    assert codes(what_changed(BEFORE, after, LISTED, {"nebula-8h": DEARER})) == ["rent", "cost"]


def test_the_offer_is_gone():
    after = replace(BEFORE, best=HOME, plans=(HOME,))
    (gone,) = what_changed(BEFORE, after, LISTED, {})
    assert (gone.code, gone.subject, gone.before, gone.after) == (
        "offer_gone",
        "Nebula 8h eu",
        Decimal("8.00"),
        None,
    )


def test_a_new_offer_is_cheaper_and_a_known_one_fell():
    other = replace(RENT, offer="cheap-8h", provider="cheap", provider_name="Cheap", rent=DEARER, cost=250.0)
    after = replace(BEFORE, best=other, plans=(other, RENT, HOME))
    assert verdict_changed(BEFORE, after)
    now = LISTED | {"cheap-8h": DEARER}
    (new,) = what_changed(BEFORE, after, LISTED, now)
    assert (new.code, new.before, new.after) == ("offer_new", None, Decimal("9.50"))
    (fell,) = what_changed(BEFORE, after, LISTED | {"cheap-8h": Dated(Decimal(12), "USD")}, now)
    assert (fell.code, fell.before, fell.after) == ("rent", Decimal(12), Decimal("9.50"))


def test_no_plan_any_more_and_back():
    unlikely = replace(RENT, probability=0.4)
    none = replace(BEFORE, best=None, plans=(unlikely, HOME))
    assert verdict_changed(BEFORE, none) and verdict_changed(none, BEFORE)
    assert not verdict_changed(none, none)
    (chance,) = what_changed(BEFORE, none, LISTED, LISTED)
    assert (chance.code, chance.before, chance.after) == ("chance", 0.95, 0.4)


def test_electricity_by_tariff_then_by_what_it_comes_to():
    at_home = replace(BEFORE, best=HOME)
    rate = Dated(Decimal("0.40"), "EUR", "BDEW", "2026-12-01")
    dearer = replace(HOME, rate=rate, per_kwh=Decimal("0.40"), cost=336.0)
    changes = what_changed(at_home, replace(at_home, best=dearer, plans=(dearer, RENT)), {}, {})
    assert codes(changes) == ["electricity", "cost"] and changes[0].source == "BDEW"
    spot, later = (replace(HOME, rate=None, per_kwh=Decimal(p)) for p in ("0.30", "0.25"))
    before, after = (replace(BEFORE, best=p, plans=(p,)) for p in (spot, later))
    (only,) = what_changed(before, after, {}, {})
    assert (only.code, only.before, only.after, only.source) == (
        "electricity",
        Decimal("0.30"),
        Decimal("0.25"),
        "",
    )


def test_in_a_foreign_currency_the_exchange_rate_is_named_and_not_the_tariff():
    ours = replace(BEFORE, currency="USD", best=HOME)
    moved = replace(HOME, per_kwh=Decimal("0.45"))
    after = replace(
        ours, best=moved, plans=(moved, RENT), exchange_rates={"USD per EUR": Dated(Decimal("1.21"), "")}
    )
    (rate,) = what_changed(ours, after, {}, {})
    assert (rate.code, rate.subject, rate.before, rate.after) == (
        "exchange_rate",
        "USD per EUR",
        Decimal("1.10"),
        Decimal("1.21"),
    )


def test_the_estimate_itself_changed_and_why():
    faster = replace(RENT, hours=30.0, energy_kwh=300.0)
    after = replace(BEFORE, best=faster, plans=(faster, replace(HOME, hours=1.0)))
    hours, energy = what_changed(BEFORE, after, LISTED, LISTED)
    assert (hours.code, hours.subject, hours.before, hours.after, hours.cause) == (
        "hours",
        "8 x H100 SXM",
        33.0,
        30.0,
        "calibration",
    )
    assert (energy.code, energy.unit) == ("energy", "kWh")
    newer = replace(after, code_version="5")
    assert what_changed(BEFORE, newer, LISTED, LISTED)[0].cause == "code"
    rounded = replace(RENT, hours=33.01)
    assert what_changed(BEFORE, replace(BEFORE, best=rounded, plans=(rounded, HOME)), LISTED, LISTED) == ()


def test_a_card_to_buy_became_dearer():
    card, dearer = (
        replace(HOME, way="buy", loss_per_run=Decimal(loss), cost=cost)
        for loss, cost in ((100, 413.0), (140, 453.0))
    )
    before, after = (replace(BEFORE, best=p, plans=(p, RENT)) for p in (card, dearer))
    assert codes(what_changed(before, after, {}, {})) == ["card", "cost"]


def test_a_change_that_nothing_explains_is_said_to_be_one():
    after = replace(BEFORE, best=HOME)
    assert codes(what_changed(BEFORE, after, LISTED, LISTED)) == ["other"]


def test_more_cards_another_region_or_another_term_is_another_plan():
    for change in (
        {"gpu_count": 4}, {"instances": 2}, {"region": "us"}, {"tier": "on_demand"}, {"term_months": 12},
        {"way": "hybrid"}, {"instance": "8h-b"}, {"provider": "x"}, {"gpu": "h200-sxm"},
    ):  # fmt: skip
        assert verdict_changed(BEFORE, replace(BEFORE, best=replace(RENT, **change))), change
    for price in (
        {"cost": 1.0},
        {"hours": 1.0},
        {"rent": DEARER},
        {"label": "another word"},
        {"probability": 0.8},
    ):
        assert not verdict_changed(BEFORE, replace(BEFORE, best=replace(RENT, **price))), price
