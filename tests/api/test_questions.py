"""Estimates and comparisons over REST: answered, kept, refused by name."""

import pytest

from tests.api.conftest import assert_problem

CONFIG = {
    "model_type": "llama",
    "hidden_size": 2048,
    "intermediate_size": 5632,
    "num_attention_heads": 32,
    "num_hidden_layers": 22,
    "num_key_value_heads": 4,
    "vocab_size": 32000,
}


def test_the_headline_is_kept_under_its_address(client):
    response = client.post("/api/v1/comparisons", json={})
    assert response.status_code == 201
    answer = response.get_json()
    home, cloud = answer["options"]
    assert (home["kind"], cloud["kind"]) == ("home", "cloud")
    assert home["gpu"] == "rtx-4070" and cloud["gpu"] == "h100-sxm" and cloud["gpu_count"] == 8
    assert 115 * 24 < home["hours"]["p50"] < 140 * 24
    assert answer["reference_method"]["gpu_hours"] == 264
    kept = client.get(response.headers["Location"])
    assert kept.data == response.data
    assert client.get(response.headers["Location"] + ".json").data == response.data
    again = client.get(response.headers["Location"], headers={"If-None-Match": kept.headers["ETag"]})
    assert again.status_code == 304


def test_a_fine_tuning_is_a_workload(client):
    finetune = {"method": "qlora", "examples": 2000, "mean_tokens": 700, "epochs": 2}
    body = {"workload": {"run": "qwen3-8b", "finetune": finetune}, "home": "rtx-4090", "cloud": "1xh100-sxm"}
    workload = client.post("/api/v1/comparisons", json=body).get_json()["workload"]
    assert workload["name"] == "Qwen3 8B, QLoRA, 2,000 examples × 2 epochs" and workload["steps"] == 250
    assert workload["fine_tuning"]["adapter_rank"] == 16
    finetune["method"] = "grpo"
    assert_problem(client.post("/api/v1/comparisons", json=body), 422, "workload.finetune.method")
    machine = {
        "hardware": [{"gpu": "rtx-4090"}],
        "workload": {"run": "qwen3-8b", "finetune": {**finetune, "method": "lora"}},
    }
    told = client.post("/api/v1/estimates", json=machine).get_json()
    assert told["workload"]["name"].endswith("2,000 examples × 2 epochs")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"power_limit_watts": 80}, "power_limit_watts"),
        ({"pcie_lanes": 3}, "pcie_lanes"),
        ({"home": "rtx-4090", "home_count": 2, "nvlink": "yes"}, "nvlink"),
        ({"home": "h100-sxm", "home_count": 8, "nvlink": "no"}, "nvlink"),
    ],
)
def test_cards_that_cannot_be_built_in_so_are_refused(client, body, field):
    assert_problem(client.post("/api/v1/comparisons", json=body), 422, field)


def test_what_is_said_of_the_cards_is_in_the_answer(client):
    body = {"home": "rtx-3090", "home_count": 2, "nvlink": "yes", "power_limit_watts": 250}
    home = client.post("/api/v1/comparisons", json=body).get_json()["options"][0]
    limit, link = home["as_told"]
    assert (limit["code"], limit["value"], limit["unit"]) == ("power_limit", 250, "W")
    assert (link["code"], link["value"]) == ("nvlink", 2) and "NVLink" in link["text"]
    assert limit["time_factor"] > 1 > link["time_factor"]
    assert {"power_limit_watts", "nvlink"} <= {s["name"] for s in home["sources"] if s["basis"] == "user"}


def test_the_same_question_has_the_same_identity_another_one_another(client):
    def identity(**body):
        return client.post("/api/v1/comparisons", json=body).get_json()["id"]

    assert identity() == identity() == identity(home="RTX-4070".lower())
    assert identity() != identity(country="FR")


def test_every_stored_offer_can_be_compared(client):
    answer = client.post("/api/v1/comparisons", json={"cloud": "any", "tier": "any", "limit": 10}).get_json()
    assert answer["considered_offers"] > 300
    costs = [o["cost"]["p50"] for o in answer["options"] if o["kind"] == "cloud"]
    assert len(costs) == 10 and costs == sorted(costs)


def test_one_offer_by_its_slug(client):
    slug = client.get("/api/v1/offers?gpu=h100-sxm&gpu_count_min=8&provider=lambda").get_json()["items"][0][
        "slug"
    ]
    cloud = client.post("/api/v1/comparisons", json={"cloud": slug}).get_json()["options"][1]
    assert cloud["offer"]["provider"] == "lambda" and cloud["offer"]["hourly_price"] == "31.92"


def test_ones_own_contract_wins(client):
    answer = client.post("/api/v1/comparisons", json={"kwh_price": 0.25}).get_json()
    home = answer["options"][0]
    assert home["cost"]["p50"] == pytest.approx(home["energy_kwh"]["p50"] * 0.25, rel=1e-3)
    price = next(n for n in home["sources"] if n["name"] == "per_kwh")
    assert price["basis"] == "user" and price["value"] == 0.25


def test_a_pc_with_little_memory_cannot_offload(client):
    home = client.post("/api/v1/comparisons", json={"host_memory_gib": 16}).get_json()["options"][0]
    assert home["fit"]["verdict"] == "does_not_fit" and home["hours"] is None and home["cost"] is None


def test_a_configuration_without_an_offer_has_no_price(client):
    cloud = client.post("/api/v1/comparisons", json={"cloud": "64xmi355x"}).get_json()["options"][1]
    assert cloud["cost"] is None and cloud["offer"] is None and cloud["hours"]
    assert cloud["suggestions"] == []


def test_what_comes_closest_is_suggested_and_never_put_in_its_place(client):
    cloud = client.post("/api/v1/comparisons", json={"cloud": "1xrtx-4070-ti"}).get_json()["options"][1]
    assert cloud["gpu"] == "rtx-4070-ti" and cloud["cost"] is None and cloud["offer"] is None
    named = cloud["suggestions"]
    assert 1 <= len(named) <= 3 and all(one["tier"] == "on_demand" for one in named)
    assert all(one["gpu_count"] == 1 and one["likeness"]["memory_ratio"] >= 1 for one in named)
    distances = [one["likeness"]["distance"] for one in named]
    assert distances == sorted(distances)
    assert client.get(f"/api/v1/offers/{named[0]['slug']}").get_json()["gpu"] == named[0]["gpu"]
    rented = client.post("/api/v1/comparisons", json={}).get_json()["options"][1]
    assert rented["offer"] and rented["suggestions"] == []


def test_an_own_model_by_config_or_dimensions(client):
    body = {
        "workload": {"config": CONFIG, "tokens": 10**9, "recipe": {"seq_len": 2048}},
        "hardware": [{"gpu": "rtx-4090"}, {"gpu": "h100-sxm", "gpu_count": 8}],
    }
    answer = client.post("/api/v1/estimates", json=body).get_json()
    assert answer["workload"]["parameters"] == 1_100_048_384
    one, eight = answer["estimates"]
    assert one["hours"]["p50"] > 4 * eight["hours"]["p50"]
    assert one["cost"] is None and one["energy_kwh"]["p50"] > 0
    assumed = next(n for n in answer["sources"] if n["name"] == "micro_batch")
    assert "assumed" in assumed["source"]
    dimensions = {"n_layers": 12, "d_model": 768, "n_heads": 12, "vocab_size": 50257}
    body["workload"] = {"architecture": dimensions, "tokens": 10**9}
    assert client.post("/api/v1/estimates", json=body).status_code == 200


def test_a_run_of_the_catalog_takes_another_recipe(client):
    body = {"workload": {"run": "gpt2-124m", "recipe": {"micro_batch": 1}}, "hardware": [{"gpu": "rtx-4070"}]}
    answer = client.post("/api/v1/estimates", json=body)
    assert answer.status_code == 200
    assert answer.get_json()["workload"]["name"].startswith("GPT-2 124M")
    body["workload"] = {"run": "gpt2-124m", "config": CONFIG}
    assert "neither dimensions nor config" in client.post("/api/v1/estimates", json=body).get_json()["detail"]
    body["workload"] = {"run": "gpt2-124m", "recipe": {"nonsense": 4}}
    assert (
        "'nonsense': unknown; valid: engine"
        in client.post("/api/v1/estimates", json=body).get_json()["detail"]
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"home": "rtx-407"}, "home"),
        ({"workload": "nanochat-d31"}, "workload"),
        ({"cloud": "8xh10"}, "cloud"),
        ({"cloud": "0xh100-sxm"}, "cloud"),
        ({"country": "ZZ"}, "country"),
        ({"currency": "EUROPA"}, "currency"),
        ({"home_count": 0}, "home_count"),
        ({"home_count": 1000}, "home_count"),
        ({"tokens": -1}, "tokens"),
        ({"tokens": 10**30}, "tokens"),
        ({"tokens": 5}, "tokens"),
        ({"tokens": 1.5}, "tokens"),
        ({"kwh_price": -0.1}, "kwh_price"),
        ({"kwh_price": "1e99"}, "kwh_price"),
        ({"kwh_price": "NaN"}, "kwh_price"),
        ({"host_memory_gib": -1}, "host_memory_gib"),
        ({"lang": "fr"}, "lang"),
        ({"tier": "cheap"}, "tier"),
        ({"colour": "red"}, "colour"),
        ({"workload": {"tokens": 10**9}}, "workload"),
        ({"workload": {"config": {"model_type": "mamba"}, "tokens": 10**9}}, "model_type"),
        ({"workload": {"architecture": {"n_layers": -1, "d_model": 8, "n_heads": 1, "vocab_size": 9},
                       "tokens": 10**9}}, "n_layers"),
        ({"workload": {"architecture": {"depth": 1}, "tokens": 10**9}}, "architecture"),
        ({"workload": {"config": CONFIG, "tokens": 10**9, "recipe": {"engine": "jax"}}}, "recipe.engine"),
        ({"workload": {"config": CONFIG, "tokens": 10**9, "recipe": {"micro_batch": 10**30}}},
         "recipe.micro_batch"),
    ],
)  # fmt: skip
def test_bad_bodies_name_the_field(client, body, field):
    problem = client.post("/api/v1/comparisons", json=body)
    named = [e["field"] for e in assert_problem(problem, 422)["errors"]]
    assert any(name.endswith(field) for name in named), named


def test_a_misspelt_field_lists_the_nearest_first(client):
    url = "/api/v1/comparisons"
    error = assert_problem(client.post(url, json={"contry": "DE"}), 422)["errors"][0]
    assert error["field"] == "contry" and error["choices"][0] == "country"
    nested = {"workload": {"tokns": 10**9, "tokens": 10**9}}
    errors = assert_problem(client.post(url, json=nested), 422)["errors"]
    assert [e["field"] for e in errors] == ["workload.tokns"] and errors[0]["choices"][0] == "tokens"
    error = assert_problem(client.post(url, json={"currency": "EUU"}), 422, "currency")["errors"][0]
    assert error["choices"][0] == "EUR"


def test_bodies_that_are_not_a_question(client):
    url = "/api/v1/comparisons"
    assert (
        "char" in assert_problem(client.post(url, data="{", content_type="application/json"), 400)["detail"]
    )
    assert_problem(client.post(url, data='{"tokens": NaN}', content_type="application/json"), 400)
    assert_problem(client.post(url, data="[]", content_type="application/json"), 422)
    assert_problem(client.post(url, data="a=1"), 415)
    assert_problem(client.post(url, data="x" * 300_000, content_type="application/json"), 413)
    assert_problem(client.get("/api/v1/comparisons/nope"), 404)
    refused = client.put(url, json={})
    assert_problem(refused, 405)
    assert "POST" in refused.headers["Allow"]
    assert_problem(client.get("/api/v1/nothing"), 404)


def test_german_sentences_on_request(client):
    answer = client.post("/api/v1/comparisons", json={"lang": "de"}).get_json()
    assert "Miete" in answer["verdict"]["summary"]


@pytest.mark.parametrize("path", ["comparisons", "decisions"])
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"hours_per_day": 1e-310}, "hours_per_day"),
        ({"rent_terms": {"download_mbit_per_s": 1e-310}}, "download_mbit_per_s"),
        ({"rent_terms": {"checkpoint_interval_hours": 1e-310}, "tier": "spot"}, "checkpoint_interval_hours"),
    ],
)
def test_a_number_next_to_nothing_is_refused_and_no_fault(client, path, body, field):
    """Hours divided by it were infinite, and no sentence has words for that."""
    assert field in assert_problem(client.post(f"/api/v1/{path}", json=body), 422)["detail"]
