"""Optimizers and the bits of their states, as people write them."""

import pytest

from service.estimate.measured_run import recipe_of
from tests.estimate.test_recipe_words import read, run
from tests.facts_for_tests import RTX_4090

EIGHT_BITS = (
    "8-bit AdamW",
    "AdamW 8-bit",
    "AdamW 8bit",
    "AdamW (8-bit)",
    "AdamW 8 bit",
    "Adam 8-bit",
    "AdamW8bit",
    "adamw_8bit",
    "adamw_bnb_8bit",
    "bnb.optim.AdamW8bit",
    "bitsandbytes AdamW 8-bit",
    "AdamW bnb 8-bit",
    "8-bit fused Adam",
    "AdamW, 8-bit",
)
PAGED = (
    "paged AdamW 8bit",
    "Paged AdamW (8bit)",
    "paged 8-bit AdamW",
    "8-bit paged AdamW",
    "paged_adamw_8bit",
    "PagedAdamW8bit",
)


def recipe(**cells):
    return recipe_of(run(**cells), RTX_4090)


@pytest.mark.parametrize("column", ["optimizer", "strategy_as_printed"])
@pytest.mark.parametrize("name", EIGHT_BITS + PAGED)
def test_states_of_8_bits_however_they_are_written(name, column):
    told = read(**{column: name})
    assert (told.run.optimizer_bits, told.remarks) == (8, ())
    plain_name = "paged 8-bit AdamW" if name in PAGED else "8-bit AdamW"
    assert recipe(**{column: name}) == recipe(optimizer=plain_name)


@pytest.mark.parametrize(
    ("name", "optimizer", "bits", "taken_as"),
    [
        ("AdamW 4-bit", "adamw", 4, "8-bit AdamW"),
        ("4bit AdamW", "adamw", 4, "8-bit AdamW"),
        ("Lion 8-bit", "lion", 8, None),
        ("Muon 8-bit", "muon+adamw", 8, None),
        ("Muon (8bit)", "muon+adamw", 8, None),
        ("Lion 4-bit", "lion", 4, "8-bit Lion"),
        ("AdamW", "adamw", None, None),
    ],
)
def test_bits_are_counted_or_remarked(name, optimizer, bits, taken_as):
    told = read(optimizer=name)
    assert recipe(optimizer=name).optimizer == optimizer
    assert told.run.optimizer_bits == bits
    assert recipe(optimizer=name).optimizer_placement == ("8bit" if bits else "gpu")
    assert list(told.remarks) == ([("optimizer", name, taken_as)] if taken_as else [])


@pytest.mark.parametrize(
    "said",
    [
        "LoRA; AdamW; 8-bit base",
        "LoRA; AdamW, 4-bit base",
        "LoRA; AdamW (8-bit base weights)",
        "LoRA; 8-bit model; AdamW",
    ],
)
def test_bits_of_weights_are_none_of_the_optimizer(said):
    assert run(workload="lora", strategy_as_printed=said).optimizer_bits is None


@pytest.mark.parametrize("column", ["optimizer", "strategy_as_printed"])
@pytest.mark.parametrize(
    ("name", "optimizer"),
    [
        ("SGD", "sgd"),
        ("SGD without momentum", "sgd"),
        ("SGD (no momentum)", "sgd"),
        ("SGD momentum=0", "sgd"),
        ("SGD, momentum 0.0", "sgd"),
        ("SGD momentum: 0", "sgd"),
        ("SGD w/o momentum", "sgd"),
        ("SGD momentum 0.9", "sgd-momentum"),
        ("SGD with momentum", "sgd-momentum"),
        ("SGD (momentum=0.95)", "sgd-momentum"),
        ("SGD nesterov", "sgd-momentum"),
        ("SGD with Nesterov momentum", "sgd-momentum"),
    ],
)
def test_sgd_has_a_state_where_it_has_momentum(name, optimizer, column):
    assert recipe(**{column: name}).optimizer == optimizer
    assert read(**{column: name}).remarks == ()


@pytest.mark.parametrize("written", ["none", "None", "no optimizer", "momentum 0.0"])
def test_no_optimizer_has_no_states_and_is_remarked(written):
    assert recipe(optimizer=written).optimizer == "sgd"
    assert list(read(optimizer=written).remarks) == [("optimizer", written, "SGD")]


def test_a_blank_is_no_none():
    assert recipe(optimizer="").optimizer == "adamw"
    assert recipe(optimizer="Adam without momentum").optimizer == "adamw"
