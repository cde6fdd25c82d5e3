"""How price sources stand and how reading them ended, in the words of the reader."""

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.reports.words.wording import Wording


def state_word(w: "Wording", state: str) -> str:
    """How a source stands, or how a refresh of it ended."""
    return {
        "fresh": w.say("fresh"), "stale": w.say("stale"), "failing": w.say("failing"),
        "asleep": w.say("asleep"), "standby": w.say("standby"), "new": w.say("new"),
        "ok": w.say("ok"), "failed": w.say("failed"), "running": w.say("running"),
        "unchanged": w.say("unchanged"),
    }.get(state, state)  # fmt: skip


def span(w: "Wording", time: timedelta) -> str:
    """A span as people say it: 40 min, 6 h, 4.5 days."""
    hours = time.total_seconds() / 3600
    if hours < 1:
        return w.say("{count} min", count=w.number(hours * 60))
    if hours < 48:
        return w.say("{count} h", count=w.exact(float(f"{hours:.3g}")))
    return w.say("{count} days", count=w.exact(float(f"{hours / 24:.3g}")))


def stage_word(w: "Wording", stage: str) -> str:
    """How far one is that is being read."""
    return {
        "waiting": w.say("waiting"), "asking": w.say("asking"), "reading": w.say("reading"),
        "keeping": w.say("keeping"), "done": w.say("done"),
    }.get(stage, stage)  # fmt: skip
