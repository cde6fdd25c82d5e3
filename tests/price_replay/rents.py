"""How rents moved in the stored histories: writes service/catalog/rent_moves.csv anew, by command."""

import argparse
import csv
import re
from datetime import date
from pathlib import Path

import numpy as np

from service.estimate.rent_moves import HOSTS, Looks, RentMove, moves_seen
from service.facts import Source
from service.store.models import TIERS
from service.store.rent_moves import COLUMNS, MOVES
from service.store.versions import CATALOG
from tests.price_replay.histories import FOLDER, all_readings
from tests.price_replay.ledger import Reading

SOURCE = "observed-rent-moves-2026-09"
WHOLE_MACHINES_UNTIL = date(2026, 2, 18)
"""Before that day one tracker gave whole machines for one GPU."""


def looks_of(read: list[Reading]) -> Looks:
    """Every rent of every list as a look at an offer."""
    offers: dict[tuple[object, ...], int] = {}
    kinds: dict[tuple[object, ...], int] = {}
    sellers: dict[str | int, int] = {}
    seen: dict[tuple[int, int], tuple[int, int, float, int]] = {}
    for reading in read:
        for said in reading.said:
            if said.list == "getdeploying" and said.day < WHOLE_MACHINES_UNTIL:
                continue
            name = re.sub(r"[^A-Z0-9]", "", said.gpu.upper().replace("NVIDIA", ""))
            key = (said.list, said.provider, said.instance, said.region, said.gpu, said.gpu_count, said.tier,
                   said.term_months)  # fmt: skip
            offer = offers.setdefault(key, len(offers))
            kind = kinds.setdefault((name, said.tier), len(kinds))
            seller = sellers.setdefault(offer if said.tier in HOSTS else said.provider, len(sellers))
            seen[offer, said.day.toordinal()] = kind, TIERS.index(said.tier), said.usd_per_gpu, seller
    places, told = np.array(list(seen), dtype=np.int64).reshape(-1, 2), np.array(list(seen.values()))
    kind_of, tier_of, rent, seller_of = told.reshape(-1, 4).T
    return Looks(
        places[:, 0], kind_of.astype(np.int64), tier_of.astype(np.int64), places[:, 1], rent,
        seller_of.astype(np.int64),
    )  # fmt: skip


def table(moves: tuple[RentMove, ...], last_seen: date) -> list[tuple[object, ...]]:
    """The rows of the catalog's file."""
    return [
        (move.tier, move.days, *(f"{end:.3g}" for end in move.ends), move.blocks, move.offers,
         move.observations, last_seen, SOURCE)
        for move in moves
    ]  # fmt: skip


def main() -> None:
    """Writes the table and prints it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--folder", type=Path, default=FOLDER)
    looks = looks_of(all_readings(arguments.parse_args().folder))
    last_seen = date.fromordinal(int(looks.day.max()))
    seen = moves_seen(looks, TIERS, Source(SOURCE, "", "", last_seen))
    moves = tuple(move for move in seen if move.is_enough)
    with (CATALOG / MOVES).open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(table(moves, last_seen))
    print((CATALOG / MOVES).read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
