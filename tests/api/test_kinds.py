"""Who answers which route of the real application, as the gate before it is told."""

import pytest

from service.api.kinds import kinds
from service.app import create_app
from service.front.kinds import By
from service.settings import Settings


@pytest.mark.parametrize(
    ("asked", "by"),
    [
        ("GET /ping", By.AT_ONCE),
        ("GET /readyz", By.HEALTH),
        ("GET /api/v1/gpus/rtx-4070", By.LOOK_UP),
        ("HEAD /api/v1/offers?gpu=h100-sxm", By.LOOK_UP),
        ("GET /api/v1/comparisons/0123456789", By.LOOK_UP),
        ("GET /api/v1/comparisons/0123456789.pdf", By.WORK),
        ("GET /api/v1/price-history?gpu=h100-sxm", By.WORK),
        ("POST /api/v1/comparisons", By.WORK),
        ("GET /", By.WORK),
        ("GET /nothing", By.WORK),
    ],
)
def test_only_what_is_looked_up_goes_past_what_is_worked_out(database, asked, by):
    kind_of = kinds(create_app(Settings.from_environ({"HEIMVORTEIL_DATABASE_URL": database})))
    assert kind_of(*asked.split(" ")).by is by
