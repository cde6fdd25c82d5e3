"""Five situations, three questions each: the whole verdict in both languages, and why one would act on it.

`python -m tests.answers.situations` writes service/docs/situations.md anew from today's code, as asked of the
shipped facts on one day.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import time_machine
from click.testing import CliRunner

from service.answers.reading import read_comparison, read_decision
from service.cli import main

PAGE = Path(__file__).parents[2] / "service" / "docs" / "situations.md"
ASKED_AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
HEAD = """\
# Fifteen questions

Five people ask three questions each. Below every command stands the whole verdict as it was given on
28 November 2026 by the shipped facts, before any price was refreshed, in both languages; then what one would
do on it.
`python -m tests.answers.situations` writes the verdicts anew.
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as it is typed, and what one would do on its answer."""

    command: str
    so: str


SITUATIONS: tuple[tuple[str, tuple[Asked, ...]], ...] = (
    (
        "One RTX 4070 and little money",
        (
            Asked(
                "decide nanochat-d20 --budget 60",
                "Open GPUHub's page. At 0.38 USD an hour the 5090 does it for 33 EUR of 60 in three "
                "days; if it costs far more by now, start on the own card: 28 EUR and eleven days, and "
                "that is sure.",
            ),
            Asked(
                "compare",
                "Without a deadline train at home: even half of the rent would not turn it (7.15 "
                "of 17.19 EUR). What decides is whether four months and two changes to the "
                "training code are acceptable; if not, 445 EUR buy them off.",
            ),
            Asked(
                "decide --budget 700 --deadline 30d",
                "Open Vultr's page first. At 1.99 USD an hour start today, at more than 1.97 EUR "
                "take the H100 that is named. Little more than half of such half-year-old quotes "
                "would do; that is too few to plan with unseen, and the first line says so.",
            ),
        ),
    ),
    (
        "A budget of 5,000 EUR and a deadline",
        (
            Asked(
                "decide --own none --budget 5000 --deadline 7d",
                "The machine fits the money six times over, so spend 95 EUR more for 32 H100 and "
                "have it within a day's work. That the rent is a fifth of the median says: look "
                "twice whether it is still there.",
            ),
            Asked(
                "decide --own none --buy rtx-5090 --buy 2xrtx-3090=used --runs 5 --budget 5000 "
                "--deadline 90d",
                "Do not buy: five runs do not pay for a card that renting a 5090 undercuts, and "
                "28 days are within 90. Should the 5090 cost more than 0.46 EUR, the 4090 named "
                "is next.",
            ),
            Asked(
                "decide llama-3-8b-lora --own none --budget 5000 --deadline 2d",
                "Take the 5090 for 64 cents more and be done in 8 hours; the cheapest plan is "
                "only named because it is the cheapest.",
            ),
        ),
    ),
    (
        "Two RTX 3090, at night only",
        (
            Asked(
                "compare --home 2xrtx-3090 --hours-per-day 8",
                "Two 3090 at night take 4.5 months for 352 EUR; whoever can wait, waits. The "
                "sentence that one line of the training code changes is the one to check on the "
                "machine first (`heimvorteil probe`).",
            ),
            Asked(
                "decide gpt2-1558m --own 2xrtx-3090 --hours-per-day 8 --deadline 30d",
                "Rent the 5090 for 223 EUR: at night alone the two cards miss the 30 days, and eight "
                "hours of testing at home would save 7.54 EUR. The choice is safe unless the run is a "
                "quarter slower than estimated.",
            ),
            Asked(
                "compare nanochat-d20 --home 2xrtx-3090 --hours-per-day 8 --tariff 22-6=0.24,6-22=0.36",
                "Two weeks of nights, 24 EUR: no reason to rent. The alternative without a change "
                "to the code costs 3.5 hours, so leave the code as it is.",
            ),
        ),
    ),
    (
        "Solar power on the roof",
        (
            Asked(
                "compare --solar-share 0.6",
                "With 60 % of the energy from the roof the run costs 166 EUR; renting would have "
                "to fall below 3.75 EUR for 8 H100. Train at home, if four months are acceptable.",
            ),
            Asked(
                "decide --solar-share 0.6 --hours-per-day 8 --budget 300",
                "The only plan within 300 EUR, for a whole year by day. Whoever cannot wait a "
                "year raises the budget: the answer without the eight hours a day is the one "
                "before it.",
            ),
            Asked(
                "compare gpt2-1558m --home rtx-4090 --solar-share 0.8 --feed-in 0.0778",
                "57 EUR and a month on the own 4090 against 561 EUR and a day. Train at home; the "
                "card is known among the runs that the estimate rests on.",
            ),
        ),
    ),
    (
        "A company in Austria",
        (
            Asked(
                "decide --country AT --business --own none --budget 1000 --deadline 2w",
                "442 EUR net of 1,000, nine days of fourteen: order it once Vultr's page says "
                "1.99 USD. The H100 at Dataoorts is the way out up to the budget.",
            ),
            Asked(
                "compare llama-3-8b-lora --country AT --business --home rtx-6000-ada",
                "13 hours on the own card for 1.34 EUR: start it tonight. Renting would only be "
                "for somebody who needs it within the hour.",
            ),
            Asked(
                "decide gemma-3-27b-qlora --country AT --business --own rtx-4090 --tier any --deadline 3d",
                "Start on the own 4090: 7 EUR, two days. If the third day is a hard limit, 1.34 "
                "EUR more rent an A100 and leave a day and a half of room.",
            ),
        ),
    ),
)


def verdict(command: str, language: str, environment: dict[str, str]) -> str:
    """The verdict of one question."""
    done = CliRunner(env=environment).invoke(main, [*command.split(), "--lang", language, "--json"])
    if done.exit_code:
        raise SystemExit(f"{command}: {done.output}")
    if command.startswith("decide"):
        return read_decision(done.stdout.encode()).summary
    return read_comparison(done.stdout.encode()).verdict.summary


def page() -> Iterator[str]:
    """The lines of the page."""
    yield HEAD
    with tempfile.TemporaryDirectory() as folder, time_machine.travel(ASKED_AT, tick=False):
        environment = {"HEIMVORTEIL_DATABASE_URL": f"sqlite:///{Path(folder) / 'asked.sqlite3'}"}
        CliRunner(env=environment).invoke(main, ["db", "upgrade"])
        for number, (situation, questions) in enumerate(SITUATIONS, 1):
            yield f"## {number}. {situation}\n"
            for asked in questions:
                yield f"```console\n$ heimvorteil {asked.command}\n```\n"
                yield f"> {verdict(asked.command, 'en', environment)}\n"
                yield f"> {verdict(asked.command, 'de', environment)}\n"
                yield f"**So:** {asked.so}\n"


if __name__ == "__main__":
    PAGE.write_text("\n".join(page()).rstrip() + "\n")
