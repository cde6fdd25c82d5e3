"""One row per thing: a provider's own list first, then the younger of others, in whatever order read."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.estimate.superseded import CATALOG, OWN, SAME_TIME, Coverage, Quote, superseded

TODAY = date(2026, 11, 28)
ALL = ("on_demand", "spot", "community")


def quote(origin, instance="big", gpu="h100-sxm", region="", **fields):
    told = {"gpu_count": 8, "tier": "on_demand", "term_months": 0, "as_of": TODAY} | fields
    slug = f"{origin} {instance} {region} {told['tier']} {gpu}"
    return Quote(slug=slug, origin=origin, instance=instance, region=region, gpu=gpu, **told)


def gone(*quotes, **own_lists):
    """origin and instance of what is superseded -> by whom."""
    by = superseded(quotes, own_lists)
    return {(q.origin, q.instance): by[q.slug] for q in quotes if q.slug in by}


def test_what_a_complete_list_does_not_name_is_not_for_rent():
    mine, dropped = quote("mine", "new"), quote(CATALOG, "old", gpu="gh200", region="us")
    complete = (Coverage("p", ("on_demand",)),)
    assert gone(mine, dropped, mine=complete) == {(CATALOG, "old"): "mine"}
    assert gone(mine, replace(dropped, tier="spot"), mine=complete) == {}
    assert gone(mine, dropped) == {}


def test_a_list_of_some_regions_says_nothing_about_the_others():
    mine = quote("mine", "new", region="eu")
    there, elsewhere = (quote("others", r, gpu="a100", region=r) for r in ("EU", "us"))
    partial = (Coverage("p", ALL, regions="named"),)
    assert gone(mine, there, elsewhere, mine=partial) == {("others", "EU"): "mine"}


def test_a_list_of_some_gpus_says_nothing_about_the_others_but_a_dropped_one_is_gone():
    mine, sold_out = quote("mine", "a"), quote("mine", "b", gpu="a100", is_listed=False)
    dropped, never = quote("others", "c", gpu="a100"), quote("others", "d", gpu="l4")
    partial = (Coverage("p", ALL, gpus="named"),)
    assert gone(mine, sold_out, dropped, never, mine=partial) == {("others", "c"): "mine"}


def test_a_list_of_single_gpus_says_nothing_about_machines_with_several():
    mine = quote("mine", "1x", gpu_count=1)
    one, eight = quote("others", "a", gpu="a100", gpu_count=1), quote("others", "b", gpu="a100")
    single = (Coverage("p", ALL, counts="named"),)
    assert gone(mine, one, eight, mine=single) == {("others", "a"): "mine"}


def test_the_first_by_name_of_lists_of_one_time_else_the_younger():
    first, second = quote("a list"), quote("b list", "other name")
    assert gone(first, second) == {("b list", "other name"): "a list"}
    yesterday = replace(first, as_of=TODAY - SAME_TIME)
    assert gone(yesterday, second) == {("b list", "other name"): "a list"}
    old = replace(first, as_of=TODAY - SAME_TIME - timedelta(days=1))
    assert gone(old, second) == {("a list", "big"): "b list"}


def test_lists_that_call_instances_alike_are_compared_by_instance():
    small, large = quote("a list", "g5.xlarge"), quote("b list", "g5.xlarge")
    larger = quote("b list", "g5.2xlarge")
    assert gone(small, large, larger) == {("b list", "g5.xlarge"): "a list"}
    assert gone(small, larger) == {("b list", "g5.2xlarge"): "a list"}


def test_another_region_is_another_thing_unless_the_list_is_old():
    here, there = quote("a list", region="eu"), quote("b list", region="us")
    assert gone(here, there) == {}
    shipped = quote(CATALOG, region="us", as_of=TODAY - timedelta(days=187))
    assert gone(here, shipped) == {(CATALOG, "big"): "a list"}
    assert gone(here, shipped, **{"a list": (Coverage("p", ALL, regions="named"),)}) == {}
    assert gone(here, quote("b list")) == {("b list", "big"): "a list"}


def test_private_quotes_stand_beside_all_lists():
    assert gone(quote(OWN), quote("mine"), mine=(Coverage("p", ALL),)) == {}


def test_what_the_better_list_has_dropped_is_told_by_the_next_one_again():
    first, second = quote("a list", is_listed=False), quote("b list")
    assert gone(first, second) == {}


QUOTES = st.lists(
    st.builds(
        quote,
        st.sampled_from([CATALOG, "a list", "b list", "mine", OWN]),
        instance=st.sampled_from(["x", "y", "z"]),
        gpu=st.sampled_from(["a100", "h100-sxm"]),
        region=st.sampled_from(["", "eu", "us"]),
        tier=st.sampled_from(["on_demand", "spot"]),
        as_of=st.sampled_from([TODAY, TODAY - timedelta(days=3), TODAY - timedelta(days=100)]),
    ),
    unique_by=lambda q: q.slug,
)


@given(QUOTES, st.booleans(), st.randoms())
def test_whatever_is_superseded_a_current_price_or_the_own_list_stands_in_its_place(quotes, is_whole, random):
    covers = (Coverage("p", ("on_demand",)),) if is_whole else ()
    own_lists = {"mine": covers}
    found = superseded(quotes, own_lists)
    by_slug = {q.slug: q for q in quotes}
    current = [q for q in quotes if q.slug not in found]
    for slug, by in found.items():
        assert by_slug[slug].origin not in (OWN, "mine") and by not in (OWN, by_slug[slug].origin)
        has_place = any(q.origin == by and q.tier == by_slug[slug].tier for q in current)
        assert has_place or (by == "mine" and is_whole)
    # One list's answer alone tells of a thing, and the order of reading does not matter.
    told = {}
    for q in (q for q in current if q.origin != OWN):
        assert told.setdefault((q.instance, q.region, q.tier), q.origin) == q.origin
    random.shuffle(quotes)
    assert superseded(quotes, own_lists) == found
