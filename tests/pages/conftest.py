"""The app on the real catalog, as a browser without scripts sees it."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.settings import Settings
from service.store.session import Sessions, engine_for


@pytest.fixture(scope="package")
def page_sessions(catalog_copy) -> Iterator[Sessions]:
    engine = engine_for(catalog_copy())
    yield Sessions(engine)
    engine.dispose()


@pytest.fixture
def client(page_sessions) -> FlaskClient:
    return create_app(Settings.from_environ({}), page_sessions).test_client()


def text_of(html: str, tag: str) -> list[str]:
    """What stands in every such element, without marks, in one line each."""
    found = re.findall(rf"<{tag}[ >][^<]*?>?(.*?)</{tag}>", html, re.S)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", one)).split()) for one in found]
