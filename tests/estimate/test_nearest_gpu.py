"""Which card is most like another: a distance with its properties, on the cards of the catalog."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.estimate.nearest_gpu import likeness, nearest_gpus
from tests.facts_for_tests import shipped_catalog

GPUS = {gpu.slug: gpu for gpu in shipped_catalog().gpus}
ANY = st.sampled_from(sorted(GPUS)).map(GPUS.__getitem__)


def test_a_card_of_half_the_speed_is_as_far_as_one_of_twice():
    a, b = likeness(GPUS["rtx-4090"], GPUS["rtx-4070"]), likeness(GPUS["rtx-4070"], GPUS["rtx-4090"])
    assert a.distance == pytest.approx(b.distance)
    assert a.memory_ratio == 2 and b.memory_ratio == 0.5
    assert a.peak_ratio == pytest.approx(165.2 / 58.3, rel=0.01)
    assert a.distance == pytest.approx(
        math.sqrt(math.log(2.833) ** 2 + math.log(2) ** 2 + math.log(1008 / 504) ** 2), rel=1e-3
    )


@given(ANY, ANY, ANY)
def test_it_is_a_distance(a, b, c):
    there, back = likeness(a, b), likeness(b, a)
    assert there.distance == pytest.approx(back.distance)
    assert likeness(a, a).distance == 0
    assert there.distance <= likeness(a, c).distance + likeness(c, b).distance + 1e-9
    assert there.peak_ratio * back.peak_ratio == pytest.approx(1)


@given(ANY, st.lists(ANY, unique_by=lambda gpu: gpu.slug), st.none() | st.floats(1, 200))
def test_the_ranking_keeps_exactly_the_cards_with_enough_memory_nearest_first(to, candidates, memory):
    ranked = nearest_gpus(to, candidates, memory)
    least = to.memory_gib if memory is None else memory
    assert {one.gpu for one in ranked} == {gpu.slug for gpu in candidates if gpu.memory_gib >= least}
    assert ranked == sorted(ranked, key=lambda one: (one.distance, one.gpu))
    assert ranked == nearest_gpus(to, list(reversed(candidates)), memory)
    if to in candidates and memory is None:
        assert ranked[0].gpu == to.slug or ranked[0].distance == 0
