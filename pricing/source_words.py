"""How price sources stand and how reading them ended, in the words of the reader."""

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


def stage_word(w: "Wording", stage: str) -> str:
    """How far one is that is being read."""
    return {
        "waiting": w.say("waiting"), "asking": w.say("asking"), "reading": w.say("reading"),
        "keeping": w.say("keeping"), "done": w.say("done"),
    }.get(stage, stage)  # fmt: skip
