"""Tables on a terminal: whatever the width, no cell is cut and no number torn."""

import re
from datetime import UTC, datetime

import pytest

from service.reports.document.document import Column, Document, Number, Row, Section, Table, Words
from service.reports.formats import as_terminal

CELLS = (
    "Rented: GeForce RTX 3080 10 GB, Genesis Cloud",
    "yes, with adjustments",
    "2,540 h (2,120–3,050)",
    "1,770 kWh",
    "€313 (€239 – €391)",
)


def table(*titles: str) -> Document:
    columns = (Column("option", ""), *(Column(str(i), title) for i, title in enumerate(titles)))
    cells = (*(Words(text) for text in CELLS), Number(288.0, "kg"))
    rows = (Row("1", cells, is_best=True), Row("2", cells))
    section = Section("glance", "", (Table("glance", "", columns, rows, len(rows)),))
    return Document(
        language="en", title="", subtitle="", name="", made_at=datetime(2026, 11, 28, tzinfo=UTC), made="",
        sections=(), screen=(section,), notes_title="", notes=(), sources_title="", sources=(), labels={},
    )  # fmt: skip


@pytest.mark.parametrize("width", [*range(20, 130), 200])
def test_every_word_of_a_table_stands_at_every_width(width):
    """At 100 columns the last column was cut to two letters: 28 for 288 kg."""
    document = table("Does it fit?", "Hours (p10–p90)", "Energy", "Cost", "CO₂e")
    said = as_terminal.render(document, width).decode()
    assert max(map(len, said.splitlines())) <= width
    expected = re.findall(r"\d[\d,]*|[A-Za-z]{3,}", " ".join(CELLS) + " 288 Energy Cost Hours")
    for word in expected:
        assert re.search(rf"(?<![\w,]){word}(?![\w,])", said.replace(", ", "  ").replace(",\n", "\n")), (
            word,
            said,
        )
    assert "* Rented" in said
