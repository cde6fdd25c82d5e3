"""What tests of the command line and of refreshes stand on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.store.session import Sessions, prepare


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sessions]:
    """A SQLite file of its own with the shipped catalog; commands use it too."""
    url = f"sqlite:///{tmp_path / 'facts.sqlite3'}"
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", url)
    engine, _ = prepare(url)
    yield Sessions(engine)
    engine.dispose()
