"""Over HTTP as well: every parameter of a list and every field of a question has an effect.

What there is to try is asked of the API's own description and of the questions themselves.
"""

import json
import shlex
from collections.abc import Iterator
from typing import Any, get_args
from urllib.parse import parse_qsl

import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from service.answers.question import AskedComparison, AskedDecision
from service.app import create_app
from service.cli import main
from service.settings import Settings
from service.store import comparisons, session
from service.store.session import Sessions
from tests.effects.looking import bare
from tests.effects.test_questions_asked import QUESTIONS, line

BASE = {"spot-prices": "zone=DE-LU", "grid-carbon": "zone=AT"}
"""What must be given; of the others all rows are looked at."""
PAGED = "limit=2 offset=1"
LISTS = {
    "gpus": "vendor=amd category=geforce architecture=ada memory_gib_min=100 memory_gib_max=8",
    "workloads": "family=gpt2 kind=fine-tuning parameters_min=1e10 parameters_max=1e8",
    "providers": "currency=EUR kind=marketplace",
    "offers": "currency=EUR gpu=h100-sxm nearest=rtx-4090 gpu_count=2 gpu_count_min=4 gpu_count_max=1 "
    "memory_gib_min=100 memory_gib_max=20 total_memory_gib_min=900 total_memory_gib_max=20 provider=lambda "
    "region=asia country=DE tier=spot price_min=50 price_max=1 as_of=2020-01-01 max_age_days=1 unlisted=true "
    "sold_out=true",
    "index": "currency=EUR gpu=h100-sxm tier=spot day=2020-01-01",
    "electricity-rates": "currency=USD zone=FR kind=band taxes=none newest=true",
    "carbon-intensities": "zone=FR year=2020 scope=direct accounting=consumption",
    "spot-prices": "zone=FR from=2099-01-01 to=2020-01-01 currency=USD",
    "grid-carbon": "zone=FR from=2099-01-01 to=2020-01-01",
    "exchange-rates": "quote=USD as_of=2020-01-01",
    "measured-runs": "gpu=rtx-4090 project=llm.c engine=native use_for=memory",
}
ASKED = {"compare": ("comparisons", AskedComparison), "decide": ("decisions", AskedDecision)}
BY_FILE_ALONE = {"workload.finetune.pad_to_max"}


@pytest.fixture(scope="module")
def sessions(database_of_effects, quickly):
    return Sessions(session.prepare(database_of_effects)[0])


@pytest.fixture(scope="module")
def client(sessions):
    return create_app(Settings.from_environ({}), sessions).test_client()


@pytest.mark.parametrize("name", LISTS)
def test_every_parameter_of_a_list_has_an_effect(client, name):
    described = client.get("/api/v1/openapi.json").get_json()["paths"]
    queries = dict(parse_qsl("&".join(f"{PAGED} {LISTS[name]}".split())))
    for path in (f"/api/v1/{name}", f"/api/v1/{name}.csv"):
        assert {one["name"] for one in described[path]["get"]["parameters"]} == queries.keys()
        base = dict(parse_qsl(BASE.get(name, "limit=500")))
        usual, same = client.get(path, query_string=base).data, []
        for parameter, value in queries.items():
            answer = client.get(path, query_string={**base, parameter: value})
            if answer.status_code == 422:
                assert parameter in answer.get_json()["detail"], answer.get_json()
            elif answer.data == usual:
                same.append(parameter)
        assert same == [], path


def test_every_list_with_parameters_of_its_own_is_tried(client):
    described = client.get("/api/v1/openapi.json").get_json()["paths"]
    tables = {
        path.removeprefix("/api/v1/").removesuffix(".csv") for path in described if path.endswith(".csv")
    }
    assert tables - {"offers/all"} == LISTS.keys(), "all offers are asked for as a page of them is"


def fields_of(kind: type[BaseModel], before: str = "") -> Iterator[str]:
    """Every field of a question, those of its parts by their path."""
    for name, field in kind.model_fields.items():
        parts = [x for x in _types(field.annotation) if isinstance(x, type) and issubclass(x, BaseModel)]
        for part in parts:
            yield from fields_of(part, f"{before}{name}.")
        if not parts:
            yield before + name


def _types(annotation: Any) -> Iterator[Any]:
    yield annotation
    for inside in get_args(annotation):
        yield from _types(inside)


def changed(one: Any, other: Any, fields: set[str], before: str = "") -> Iterator[str]:
    """The fields of a question that are said otherwise in another."""
    if before[:-1] in fields:
        if one != other:
            yield before[:-1]
        return
    if isinstance(other, list):
        one, other = {}, (other or [{}])[0]
    for name, value in (other if isinstance(other, dict) else {}).items():
        usual = one.get(name) if isinstance(one, dict) else None
        yield from changed(usual, value, fields, f"{before}{name}.")


@pytest.mark.long
@pytest.mark.parametrize("command", ["compare", "decide"])
def test_every_field_of_a_question_has_an_effect(
    asked, sessions, client, database_of_effects, command, files
):
    path, kind = ASKED[command]
    fields, counted = set(fields_of(kind)), set()
    for option, cases in QUESTIONS[command].items():
        for case in (case for case in cases if not case.refused):
            answers, questions = [], []
            for last in (case.instead, case.option):
                words = line(command, option, case, last).replace("CONFIG", files["CONFIG"])
                words = words.replace("DEEPSPEED", files["DEEPSPEED"])
                told = CliRunner().invoke(
                    main, shlex.split(words), env={"HEIMVORTEIL_DATABASE_URL": database_of_effects}
                )
                with sessions.reading() as reading:
                    kept = comparisons.get(reading, json.loads(told.stdout)["id"], path.removesuffix("s"))
                questions.append(json.loads(kept.request))
                answers.append(client.post(f"/api/v1/{path}", json=questions[-1]))
                assert answers[-1].status_code == 201, answers[-1].get_json()
            assert bare(answers[0].get_json()) != bare(answers[1].get_json()), case
            counted |= set(changed(*questions, fields))
    assert fields - counted - BY_FILE_ALONE == set()
