"""The first page against the JSON of the same decision, in process: every question new, in turn.

`python -m tests.bench.pages`: median milliseconds of each, their ratio, and bytes over the wire.
"""

import gzip
import statistics
import tempfile
import time
from pathlib import Path

from service.app import create_app
from service.settings import Settings
from service.store.session import Sessions, engine_for
from tests.bench.synthetic import database

ROUNDS, OFFERS = 15, 5_000
MOST_TIMES, MOST_BYTES = 3.0, 120_000
PAGES_FILES = ("page.css", "live.js", "icon.svg")


def main() -> None:
    """Print them; exit code 1 where the page takes too long or is too large."""
    with tempfile.TemporaryDirectory() as folder:
        engine = engine_for(database(Path(folder), OFFERS))
        client = create_app(Settings.from_environ({}), Sessions(engine)).test_client()
        client.get("/")
        page, told = [], []
        for budget in range(700, 700 + ROUNDS):
            before = time.perf_counter()
            client.get(f"/?budget={budget}&deadline_hours=30d")
            between = time.perf_counter()
            asked = {"budget": budget + 0.5, "deadline_hours": 720}
            assert client.post("/api/v1/decisions", json=asked).status_code == 201
            page.append(between - before)
            told.append(time.perf_counter() - between)
        first = client.get("/").data
        files = [client.get(f"/static/pages/{name}", buffered=True).data for name in PAGES_FILES]
        engine.dispose()
    sent, packed = sum(map(len, (first, *files))), sum(len(gzip.compress(one)) for one in (first, *files))
    times = statistics.median(page) / statistics.median(told)
    print(
        f"page {1000 * statistics.median(page):.0f} ms, JSON {1000 * statistics.median(told):.0f} ms: ",
        end="",
    )
    print(f"{times:.2f} times (at most {MOST_TIMES:g})")
    print(f"bytes of page, style and script: {sent:,}, packed {packed:,} (at most {MOST_BYTES:,})")
    if times > MOST_TIMES or sent > MOST_BYTES:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
