"""Whether what is learnt of rents is right as often as it says, on histories whose truth is known: many
worlds, each with few independent cards, each card with many offers that move as one and windows that overlap.
"""

from dataclasses import replace

import numpy as np
import pytest

from service.estimate import rent_moves
from service.estimate.rent_moves import SHARES, Looks, RentMoves, moves_seen
from tests.facts_for_tests import SOURCE

CARDS, DAYS, OFFERS, WORLDS = 6, 61, 4, 150
AGES = (7, 14, 30, 60, 120)
LIMITS = np.log([1.05, 1.2, 1.5, 1.9, 2.1, 2.6, 3.5])
SURE = 0.8
AGREED = 0.03
"""What was told less what held, in the mean over worlds and limits."""


def jumps(random, shape):
    """A list price: once in 150 days it rises by a half or doubles, or falls as far."""
    moves = random.choice(np.log([0.5, 1.5, 2.0, 2.0]), shape)
    return np.where(random.random(shape) < 1 / 150, moves, 0.0)


def walk(random, shape):
    """A market: 4 % a day."""
    return 0.04 * random.standard_normal(shape)


def still(random, shape):
    """Nothing ever moves."""
    return np.zeros(shape)


def seen_of(logs):
    """Looks on every day at all the offers of each card, which all ask the same; logarithms of rents in
    shape (cards, days)."""
    card, offer, day = (of.ravel() for of in np.indices((CARDS, OFFERS, DAYS)))
    number = card * OFFERS + offer
    return Looks(number, card, np.zeros(len(card), dtype=np.int64), day, np.exp(logs[card, day]), number)


def together(random, shape):
    """All cards jump on the same day."""
    return np.broadcast_to(jumps(random, (1, shape[1])), shape) if shape[0] == CARDS else jumps(random, shape)


def told(moves, days):
    """How surely a rent so many days old is within each limit: as futures find it, and as is allowed."""
    at = np.array([float(days)])
    ends = np.maximum.accumulate(moves.logs("on_demand", at)[:, 0]) + 1e-9 * np.arange(len(SHARES))
    return np.interp(LIMITS, ends, SHARES, left=0, right=1)


def too_sure(steps, change=lambda move: move):
    """By how much what was told of SURE and more was more than what then held, by the age of rents that were
    not looked at; positive where too much was said."""
    random = np.random.default_rng(11)
    found = {days: [] for days in AGES}
    for _ in range(WORLDS):
        logs = np.cumsum(steps(random, (CARDS, DAYS)), axis=1)
        seen = moves_seen(seen_of(logs), ("on_demand",), SOURCE)
        moves = RentMoves([change(move) for move in seen])
        for days, differences in found.items():
            sure, later = told(moves, days), steps(random, (200, days)).sum(axis=1)
            kept = (later[:, None] <= LIMITS).mean(axis=0)
            differences += list((sure - kept)[sure >= SURE])
    return {days: float(np.mean(of)) for days, of in found.items() if of}


@pytest.mark.parametrize("steps", [jumps, walk, still, together])
def test_of_few_cards_and_windows_that_overlap_no_more_is_said_than_holds(steps):
    """A month on two months of looks, and ages that nobody looked at: beyond what was seen it may be too
    careful, never too sure."""
    found = too_sure(steps)
    assert {7, 30} <= set(found) and max(found.values()) < AGREED
    assert found[7] > -2 * AGREED and found[30] > -3 * AGREED


def test_that_every_pair_of_looks_counts_says_too_much(monkeypatch):
    """What the rule is for: dozens of pairs of six cards are told as if they were dozens of cards, and what
    was not seen as if it could not be."""
    monkeypatch.setattr(rent_moves, "UNSEEN", 0.0)
    found = too_sure(jumps, lambda move: replace(move, blocks=move.observations))
    assert min(found[days] for days in (60, 120)) > AGREED
