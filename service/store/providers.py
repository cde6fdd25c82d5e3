"""Providers: rows in, facts out."""

from collections.abc import Iterable
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.errors import UnknownName
from service.estimate.alias_key import alias_key
from service.facts import EgressTier, Provider
from service.store import sources, versions
from service.store.models import ProviderRow, ProviderSourceRow

_providers: sa.Table = ProviderRow.__table__  # type: ignore[assignment]
_COLUMNS = tuple(column.name for column in _providers.c if column.name != "id")


def all(session: Session) -> list[Provider]:
    """Every provider, by slug."""
    said = sources.of_fields(session, ProviderSourceRow, "provider_id")
    return [
        Provider(
            **{column: row[column] for column in _COLUMNS if column != "egress_tiers"},
            egress_tiers=_tiers(row["egress_tiers"]),
            sources=said.get(row["id"], {}),
        )
        for row in session.execute(sa.select(_providers).order_by(_providers.c.slug)).mappings()
    ]


def get(session: Session, name: str) -> Provider:
    """The provider of that slug or name; UnknownName lists all slugs, the nearest first."""
    known = all(session)
    found = called(name, known)
    if found is None:
        raise UnknownName("provider", name, [provider.slug for provider in known])
    return found


def called(name: str, known: Iterable[Provider]) -> Provider | None:
    """The one of these of that slug or name, however it is written; None for none."""
    key = alias_key(name)
    return next((p for p in known if key in (alias_key(p.slug), alias_key(p.name))), None)


def put(session: Session, provider: Provider) -> bool:
    """Store the provider as given; True if that changed anything (and the data version)."""
    versions.lock(session)
    values = {column: getattr(provider, column) for column in _COLUMNS}
    values["egress_tiers"] = " ".join(f"{tier.from_gb}:{tier.per_gb}" for tier in provider.egress_tiers)
    row_id = session.execute(sa.select(_providers.c.id).where(_providers.c.slug == provider.slug)).scalar()
    if row_id is None:
        row_id = session.execute(sa.insert(_providers).values(values).returning(_providers.c.id)).scalar_one()
    elif provider in all(session):
        return False
    else:
        session.execute(sa.update(_providers).where(_providers.c.id == row_id).values(values))
    sources.put_fields(session, ProviderSourceRow, "provider_id", row_id, provider.sources)
    versions.bump(session)
    return True


def _tiers(text: str) -> tuple[EgressTier, ...]:
    pairs = (part.split(":") for part in text.split())
    return tuple(EgressTier(Decimal(from_gb), Decimal(per_gb)) for from_gb, per_gb in pairs)


def ids(session: Session) -> dict[str, int]:
    """Slug -> row id of every provider."""
    return {slug: row_id for slug, row_id in session.execute(sa.select(_providers.c.slug, _providers.c.id))}
