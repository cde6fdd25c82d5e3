"""Dashboard and alert rules ask for what /metrics tells, by labels that it has."""

import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from pricing.registry import register
from service.app import create_app
from service.front.refusals import refused
from service.settings import Settings
from service.store.session import Sessions, engine_for

FOLDER = Path(__file__).parent.parent / "service" / "operations"
DASHBOARD = json.loads((FOLDER / "grafana.json").read_text())
(GROUP,) = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
FUNCTIONS = {
    "sum", "by", "rate", "increase", "histogram_quantile", "absent", "min_over_time", "predict_linear",
    "time",
}  # fmt: skip
OF_PROMETHEUS = {"up": {"job"}}


@pytest.fixture(scope="module")
def told(catalog_copy):
    """Sample name -> labels, of a server that has been asked once and knows its sources."""
    engine = engine_for(catalog_copy())
    sessions = Sessions(engine)
    register(sessions)
    with sessions.begin() as session:
        from datetime import UTC, datetime

        from service.store import refreshes

        now = datetime.now(UTC)
        refreshes.start(session, "ecb", now, None)
        session.connection().exec_driver_sql("INSERT INTO refresh_counts VALUES ('ecb', 'failed', 1)")
        refreshes.add(session, refreshes.Refresh("ecb", now, "ok", now))
    client = create_app(Settings.from_environ({}), sessions).test_client()
    client.get("/ping")
    refused.labels("test").inc()
    families = text_string_to_metric_families(client.get("/metrics").get_data(as_text=True))
    yield {sample.name: set(sample.labels) for family in families for sample in family.samples}
    engine.dispose()


def expressions():
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"], re.findall(r"{{(\w+)}}", target["legendFormat"])
    for rule in GROUP["rules"]:
        words = re.findall(r"\$labels\.(\w+)", str(rule["annotations"]))
        yield rule["alert"], rule["expr"], [word for word in words if word != "instance"]


@pytest.mark.parametrize(("name", "asked", "shown"), list(expressions()))
def test_what_is_asked_for_is_told(told, name, asked, shown):
    plain = re.sub(r'"[^"]*"|\[[^\]]*\]', "", asked)
    known = told | OF_PROMETHEUS
    metrics = [word for word in re.findall(r"\b(?:heimvorteil_\w+|up\b)", plain)]
    assert metrics
    for metric in metrics:
        assert metric in known, f"{name}: nothing tells {metric}"
    labels = {label for metric in metrics for label in known[metric]}
    used = {one for inner in re.findall(r"by \(([^)]*)\)", plain) for one in re.split(r",\s*", inner)}
    used |= set(re.findall(r"[{,]\s*(\w+)(?:=~|!~|!=|=)", plain))
    assert used | set(shown) <= labels, f"{name}: {(used | set(shown)) - labels}"
    assert set(re.findall(r"(\w+)\s*\(", plain)) <= FUNCTIONS
    for opening, closing in ("()", "{}", "[]"):
        assert asked.count(opening) == asked.count(closing)


def test_every_metric_is_on_the_dashboard(told):
    shown = " ".join(asked for _, asked, _ in expressions())
    base = {re.sub(r"_(bucket|count|sum|created)$", "", name) for name in told}
    assert not [name for name in base if name.startswith("heimvorteil") and name not in shown]


def test_every_rule_says_what_to_do():
    assert len({rule["alert"] for rule in GROUP["rules"]}) == len(GROUP["rules"]) > 5
    for rule in GROUP["rules"]:
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}, rule
        assert set(rule["annotations"]) == {"summary", "action"}
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert re.fullmatch(r"\d+[mhd]", rule["for"])


def test_the_metrics_of_memory_are_told_while_the_database_is_away(catalog_copy, monkeypatch):
    engine = engine_for(catalog_copy())
    app = create_app(Settings.from_environ({}), Sessions(engine))

    def away(_session):
        raise RuntimeError("the database is away")

    monkeypatch.setattr("service.store.tallies.tally", away)
    text = app.test_client().get("/metrics").get_data(as_text=True)
    assert "heimvorteil_info{" in text and "heimvorteil_data_version" not in text
    engine.dispose()
