"""Configs as nobody should write them: every value of every key is read or refused by name, and at once."""

import math

import pytest

from service.errors import InvalidValue
from service.estimate.model_config import architecture_from_config
from tests.estimate.test_model_config import PUBLIC

ODD = (
    None, True, 0, -1, 1.5, math.nan, math.inf, 10**30, "", "x", "4096", [], [1], ["a"], {},
    {"model_type": "llama"},
)  # fmt: skip
MODELS = (
    "Qwen/Qwen3-30B-A3B", "google/gemma-3-27b-pt (text)", "ai21labs/Jamba-v0.1",
    "Qwen/Qwen3-Next-80B-A3B-Instruct",
)  # fmt: skip
BESIDE = (
    "text_config", "layer_types", "head_dim", "attn_layer_period", "expert_layer_period",
    "decoder_sparse_step", "sliding_window", "num_hidden_layers",
)  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
def test_no_value_of_a_config_is_too_odd_to_be_refused_by_name(model):
    config = PUBLIC[model]
    read = refused = 0
    for key in {*config, *BESIDE}:
        for value in ODD:
            try:
                architecture_from_config({**config, key: value})
                read += 1
            except InvalidValue as error:
                assert str(error)
                refused += 1
    assert read + refused == len({*config, *BESIDE}) * len(ODD) and refused > 100


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("jamba", "attn_layer_period"), ("jamba", "expert_layer_period"),
        ("qwen3_next", "decoder_sparse_step"),
        ("qwen3_next", "num_hidden_layers"), ("mamba", "hidden_size"), ("mamba2", "num_hidden_layers"),
        ("llama4_text", "interleave_moe_layer_step"), ("llama4_text", "no_rope_layer_interval"),
        ("ernie4_5_moe", "moe_layer_interval"), ("modernbert", "global_attn_every_n_layers"),
    ],
)  # fmt: skip
def test_what_is_counted_up_to_or_divided_by_is_refused_where_it_is_none(kind, key):
    with pytest.raises(InvalidValue) as refused:
        architecture_from_config({"model_type": kind, key: 0})
    assert refused.value.field == key and "between 1 and" in refused.value.reason
