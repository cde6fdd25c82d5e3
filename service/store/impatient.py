"""Connections to PostgreSQL that end by themselves.

A server that hangs accepts connections and bytes and answers nothing; only the client's own clock ends that.
"""

import time
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine

from service.store.waits import Waits

LONGEST_PING_S = 2.0
"""Whether a pooled connection still lives is told at once or not at all."""
GRACE_S = 1.0
"""A statement that takes too long is ended by the server; only one that does not is given up here."""


class ImpatientConnection(psycopg.Connection[Any]):
    """A connection that ends when the server has not answered for too long."""

    longest_s: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """As psycopg's own, for at most `longest_s`; raises OperationalError with the connection closed."""
        if timeout is not None or self.longest_s is None:
            return super().wait(gen, interval, timeout)
        ends = time.monotonic() + self.longest_s
        try:
            return super().wait(gen, interval, self.longest_s)
        except psycopg.OperationalError as error:
            # psycopg's own time-out leaves the connection in the middle of a statement.
            if (
                not self.closed
                and time.monotonic() >= ends
                and not isinstance(error, psycopg.errors.QueryCanceled)
            ):
                self.pgconn.finish()
                raise psycopg.OperationalError(f"no answer within {self.longest_s:g} s") from error
            raise


def postgresql_engine(url: URL, waits: Waits) -> Engine:
    """An engine whose connections end by themselves."""
    given = {} if "connect_timeout" in url.query else {"connect_timeout": waits.connect_s}
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        connect_args=given,
        **waits.of_the_pool,
    )

    def connect(_dialect: Any, _record: Any, arguments: Any, named: Any) -> ImpatientConnection:
        connection = ImpatientConnection.connect(*arguments, **named)
        if waits.statement_s is not None:
            connection.longest_s = waits.statement_s + GRACE_S
            try:
                connection.autocommit = True
                connection.execute(f"SET statement_timeout = {round(waits.statement_s * 1000)}")
                connection.autocommit = False
            except BaseException:
                connection.close()
                raise
        return connection

    ping = engine.dialect.do_ping

    def brief_ping(connection: Any) -> bool:
        before, connection.longest_s = connection.longest_s, LONGEST_PING_S
        try:
            return ping(connection)
        finally:
            connection.longest_s = before

    def set_readonly(connection: Any, value: bool) -> None:
        # Not False: a database that was set read-only (default_transaction_read_only) would be written.
        connection.read_only = value or None

    sa.event.listen(engine, "do_connect", connect)
    engine.dialect.set_readonly = set_readonly  # type: ignore[attr-defined]
    engine.dialect.do_ping = brief_ping  # type: ignore[method-assign,assignment]
    return engine
