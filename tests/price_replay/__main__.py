"""The full replay, by command: prints what was judged and what was found wrong."""

import argparse
import tempfile
import time
from collections import Counter
from datetime import date
from pathlib import Path

from service.store.session import Sessions, prepare
from tests.price_replay.histories import FOLDER, all_readings
from tests.price_replay.judging import replayed, shown_of
from tests.price_replay.living import sundays
from tests.price_replay.oracle import Oracle

LAST = date(2026, 9, 13)
WEEKS = 54


def main() -> None:
    """Prints counts, every kind of fault with examples, and what was refused."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--weeks", type=int, default=WEEKS)
    arguments.add_argument("--folder", type=Path, default=FOLDER)
    asked = arguments.parse_args()
    begun, read = time.monotonic(), all_readings(asked.folder)
    print(f"{len(read)} readings, {sum(len(r.said) for r in read)} statements")
    with tempfile.TemporaryDirectory() as folder:
        engine, _ = prepare(f"sqlite:///{Path(folder) / 'replay.sqlite3'}")
        life, answers = replayed(Sessions(engine), read, sundays(LAST, asked.weeks))
        engine.dispose()
    oracle = Oracle(read)
    shown = [shown_of(one) for one in answers]
    questions = {(one.on, one.question) for one in answers}
    print(
        f"{asked.weeks} weeks, {len(questions)} answered questions, {len(answers)} recommendations judged, "
        f"{sum(oracle.is_judged_by_others(one) for one in shown)} also against a median; "
        f"{len({one.on for one in answers})} weeks with any"
    )
    kinds: Counter[str] = Counter()
    examples: dict[str, dict[str, int]] = {}
    for one, said in zip(answers, shown, strict=True):
        for fault in oracle.faults(said):
            kind = fault.split(":")[0] + (" (best)" if one.is_best else "")
            kinds[kind] += 1
            line = (f"{said.list} {said.provider} {said.instance} {said.region} {said.tier} {said.gpu} "
                    f"{said.usd_per_hour:g}: {fault}")  # fmt: skip
            found = examples.setdefault(kind, {})
            found[line] = found.get(line, 0) + 1
    print("wrong:", dict(kinds))
    for kind, found in examples.items():
        for line, times in sorted(found.items(), key=lambda pair: -pair[1])[:40]:
            print(f"  {kind} {times}x {line}")
    print(f"{len(life.refused)} rows refused")
    for reason, times in Counter(f"{r.list}: {r.reason}" for r in life.refused).most_common(60):
        print(f"  {times}x {reason}")
    print(f"{time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
