"""Connections leave the process that has all of them."""

from multiprocessing import get_context

from service.front.share import AT_ONCE, EVERY_S, Share


class Process:
    """One that shares; its clock and its use of a processor are ours."""

    def __init__(self, file):
        self.now_s = self.used_s = 100.0
        self.share = Share(file, lambda: self.now_s, lambda: self.used_s)

    def closes(self, part):
        """Of a hundred answers, after a while in which it used that part of a processor."""
        self.now_s += EVERY_S
        self.used_s += EVERY_S * part
        return sum(not self.share.may_keep() for _ in range(100))


def two(file, monkeypatch):
    Share.create(file, 2)
    places = iter((0, 1))
    monkeypatch.setattr(Share, "_place", lambda _self, _places: next(places))
    return Process(file), Process(file)


def test_a_busy_process_gives_some_connections_away_while_another_idles(tmp_path, monkeypatch):
    one, other = two(tmp_path / "share", monkeypatch)
    assert one.closes(0.9) == AT_ONCE
    assert (other.closes(0.6), one.closes(0.9)) == (0, 0)
    # It says nothing any more: nobody asks it.
    for _ in range(4):
        one.closes(0.9)
    assert one.closes(0.9) == AT_ONCE


def test_who_does_next_to_nothing_keeps_them(tmp_path, monkeypatch):
    one, _other = two(tmp_path / "share", monkeypatch)
    assert one.closes(0.05) == 0


def test_one_process_alone_keeps_all(tmp_path):
    Share.create(tmp_path / "share", 1)
    assert Process(tmp_path / "share").closes(1.0) == 0


def test_each_process_has_a_place_of_its_own_that_its_end_frees(tmp_path):
    file = tmp_path / "share"
    Share.create(file, 2)
    share, context = Share(file), get_context("fork")
    for _ in range(2):
        told = context.SimpleQueue()
        child = context.Process(target=lambda told=told: told.put(Share(file)._mine))
        child.start()
        assert told.get() == 1
        child.join()
    assert share._mine == 0
