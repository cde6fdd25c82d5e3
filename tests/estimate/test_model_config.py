"""config.json files as Hugging Face publishes them, and what we refuse."""

import pytest

from service.errors import InvalidValue
from service.estimate.architecture import parameters
from service.estimate.model_config import architecture_from_config

GPT2 = {
    "model_type": "gpt2",
    "n_embd": 768,
    "n_head": 12,
    "n_layer": 12,
    "n_positions": 1024,
    "vocab_size": 50257,
}
LLAMA_3_8B = {
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "num_key_value_heads": 8,
    "tie_word_embeddings": False,
    "vocab_size": 128256,
}
QWEN25 = {
    "model_type": "qwen2",
    "hidden_size": 896,
    "intermediate_size": 4864,
    "num_attention_heads": 14,
    "num_hidden_layers": 24,
    "num_key_value_heads": 2,
    "tie_word_embeddings": True,
    "vocab_size": 151936,
}
QWEN3 = {
    "model_type": "qwen3",
    "hidden_size": 1024,
    "intermediate_size": 3072,
    "num_attention_heads": 16,
    "num_hidden_layers": 28,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "tie_word_embeddings": True,
    "vocab_size": 151936,
}
PYTHIA_1B = {
    "model_type": "gpt_neox",
    "hidden_size": 2048,
    "intermediate_size": 8192,
    "num_attention_heads": 8,
    "num_hidden_layers": 16,
    "tie_word_embeddings": False,
    "vocab_size": 50304,
}


@pytest.mark.parametrize(
    ("config", "published"),
    [
        (GPT2, 124_439_808),
        (LLAMA_3_8B, 8_030_261_248),
        (QWEN25, 494_032_768),
        (QWEN3, 596_049_920),
        (PYTHIA_1B, 1_011_781_632),
    ],
    ids=["gpt2", "llama", "qwen2", "qwen3", "gpt_neox"],
)
def test_published_configurations_give_published_parameters(config, published):
    assert parameters(architecture_from_config(config)) == published


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "mamba"}, "model_type = 'mamba'"),
        ({"hidden_size": None}, "hidden_size = None"),
        ({"hidden_size": "4096"}, "whole number"),
        ({"hidden_size": True}, "whole number"),
        ({"num_attention_heads": 33}, "must divide the width"),
        ({"num_attention_heads": 0}, "must divide the width"),
        ({"num_key_value_heads": 7}, "must divide the 32 heads"),
        ({"num_hidden_layers": 0}, "between 1 and"),
        ({"num_hidden_layers": 10**30}, "between 1 and"),
        ({"num_local_experts": 8, "num_experts_per_tok": 9}, "experts"),
        ({"n_shared_experts": 2}, "experts"),
        ({"tie_word_embeddings": "no"}, "true or false"),
    ],
)
def test_what_cannot_be_is_refused_by_name(change, message):
    with pytest.raises(InvalidValue, match=message):
        architecture_from_config({**LLAMA_3_8B, **change})
