"""A trainer's file over HTTP: as text or as the object it holds, refused as a problem that names the key."""

import json
from pathlib import Path

import pytest

FILES = Path(__file__).parents[1] / "estimate" / "trainer_files"


def test_over_http_as_text_or_as_an_object(client):
    data = {"examples": 2000, "mean_tokens": 700}
    one = json.loads((FILES / "unsloth.json").read_text())
    bodies = [{"trainer_config": x, "finetune": data} for x in (one, json.dumps(one))]
    given = [client.post("/api/v1/comparisons", json={"workload": body}) for body in bodies]
    assert [answer.status_code for answer in given] == [201, 201]
    first, second = (answer.json["workload"] for answer in given)
    assert first["trainer_file"] == second["trainer_file"] and first["trainer_file"]["trainer"] == "Unsloth"
    beside = json.loads((FILES / "deepspeed.json").read_text())
    body = {"trainer_config": (FILES / "trl.yaml").read_text(), "deepspeed_config": beside, "finetune": data}
    answer = client.post("/api/v1/comparisons", json={"workload": body})
    assert answer.status_code == 201
    keys = {key["key"] for key in answer.json["workload"]["trainer_file"]["taken"]}
    assert "deepspeed.zero_optimization.stage" in keys


@pytest.mark.parametrize(
    ("workload", "field"),
    [
        ({"trainer_config": "a: &a [1]\nb: *a"}, "trainer_config"),
        ({"trainer_config": ["a"]}, "workload.trainer_config"),
        ({"trainer_config": "x" * 100_001}, "trainer_config"),
        ({"trainer_config": {"base_model": "x", "sequence_len": 0}}, "trainer_config.sequence_len"),
        ({"trainer_config": "base_model: x\nsequence_len: 8\nadapter: lora"}, "finetune.examples"),
    ],
)
def test_over_http_a_problem_names_the_field(client, workload, field):
    response = client.post("/api/v1/comparisons", json={"workload": workload})
    assert response.mimetype == "application/problem+json"
    assert response.status_code in (400, 422)
    assert field in json.dumps(response.json)


def test_over_http_what_is_no_fine_tuning_is_a_problem_too(client):
    file = json.loads((FILES / "unsloth.json").read_text())
    for part in ({"finetune": 5}, {"finetune": ["lora"]}, {"recipe": [1], "finetune": {"examples": 9}}):
        response = client.post("/api/v1/comparisons", json={"workload": {"trainer_config": file, **part}})
        assert response.status_code == 422 and next(iter(part)) in json.dumps(response.json)
    wrong = {"config": {"model_type": ["llama"]}, "tokens": 10**10}
    response = client.post("/api/v1/comparisons", json={"workload": wrong})
    assert response.status_code == 422 and response.json["errors"][0]["field"] == "model_type"


def test_a_quoted_number_of_examples_is_the_same_number(client):
    file = {**json.loads((FILES / "unsloth.json").read_text()), "max_steps": 60}
    bodies = ({"examples": 20_000, "mean_tokens": 700}, {"examples": "20000", "mean_tokens": "700"})
    told = [
        client.post("/api/v1/comparisons", json={"workload": {"trainer_config": file, "finetune": data}})
        for data in bodies
    ]
    first, second = (one.json["workload"] for one in told)
    assert first == second and first["steps"] == 60 and first["fine_tuning"]["examples"] == 20_000


def test_over_http_a_misspelt_field_is_told_the_fields_beside_it(client):
    data = {"method": "lora", "examples": 9, "mean_tokens": 9, "lora_ranks": 8}
    response = client.post("/api/v1/comparisons", json={"workload": {"run": "qwen3-8b", "finetune": data}})
    (error,) = response.json["errors"]
    assert error["field"] == "workload.finetune.lora_ranks" and error["choices"][0] == "lora_rank"
