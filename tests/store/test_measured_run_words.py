"""Revision 0012: what older rows say of offload is kept, and the way down keeps what a boolean can say."""

from datetime import date

import pytest
import sqlalchemy as sa
from alembic import command

from service.store.session import HEAD_REVISION, engine_for, upgrade
from tests.store.test_schema import alembic, revision

SAID = {"yes": True, "no": False, "blank": None}


@pytest.mark.long
def test_offload_becomes_a_word_and_goes_back(empty_database_url):
    command.upgrade(alembic(empty_database_url), "0011")
    engine = engine_for(empty_database_url)

    def offloads():
        with engine.connect() as connection:
            return dict(list(connection.execute(sa.text("SELECT slug, offload FROM measured_runs"))))

    tables = sa.MetaData()
    with engine.begin() as connection:
        tables.reflect(connection, only=("sources", "measured_runs"))
        sources, runs = tables.tables["sources"], tables.tables["measured_runs"]
        said = {"slug": "x", "title": "x", "url": "", "licence": "", "published": date(2026, 1, 1)}
        source = connection.execute(sa.insert(sources).values(said).returning(sources.c.id)).scalar_one()
        for slug, offload in SAID.items():
            run = {"slug": slug, "project": "p", "model": "m", "use_for": "memory", "source_id": source}
            connection.execute(sa.insert(runs).values({**run, "offload": offload}))
    upgrade(empty_database_url)
    assert revision(empty_database_url) == HEAD_REVISION
    command.check(alembic(empty_database_url))
    assert offloads() == {"yes": "some", "no": "none", "blank": None}
    with engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE measured_runs SET offload = 'parameters', adapter_rank = 8 WHERE slug = 'yes'")
        )
    command.downgrade(alembic(empty_database_url), "0011")
    assert offloads() == SAID
    upgrade(empty_database_url)
    assert offloads() == {"yes": "some", "no": "none", "blank": None}
    engine.dispose()
