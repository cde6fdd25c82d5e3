"""config.json files as Hugging Face publishes them, and what we refuse."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from service.errors import InvalidValue
from service.estimate.architecture import (
    attention_flops_per_token,
    flops_per_token,
    matmul_parameters,
    parameter_groups,
    parameters,
)
from service.estimate.memory_plan import published_plan
from service.estimate.model_config import architecture_from_config, model_types
from service.estimate.model_families import FAMILIES
from service.estimate.model_families.hybrids import HYBRIDS
from service.estimate.step_work import count_step
from service.facts import Recipe
from tests.estimate.count_model_parameters import config_of

TABLE = (Path(__file__).parent / "model_parameters.csv").read_text().splitlines()
COUNTED = list(csv.DictReader(line for line in TABLE if not line.startswith("#")))
PUBLIC = {row["model"]: config_of(row["config"]) for row in COUNTED if row["model"]}

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
        ({"num_experts": 8}, "num_experts = 8: experts that a model of kind llama"),
        ({"model_type": "mixtral", "n_shared_experts": 2}, "experts that a model of kind mixtral"),
        ({"model_type": "qwen3", "layer_types": ["full_attention"]}, "one for each of 32 layers"),
        ({"model_type": "qwen3", "layer_types": ["linear_attention"] * 32}, "linear_attention"),
        ({"model_type": "qwen3", "layer_types": 7}, "must be a list of words"),
        ({"model_type": "opt", "word_embed_proj_dim": 512}, "must be hidden_size"),
        ({"model_type": "qwen2_moe", "mlp_only_layers": ["a"]}, "must be a list of layers"),
        ({"model_type": "gpt_neo", "attention_types": [3]}, "attention_types"),
    ],
)
def test_what_cannot_be_is_refused_by_name(change, message):
    with pytest.raises(InvalidValue, match=message):
        architecture_from_config({**LLAMA_3_8B, **change})


@pytest.mark.parametrize("row", COUNTED, ids=lambda row: row["model"] or row["config"][11:60])
def test_every_kind_has_the_parameters_that_transformers_makes(row):
    """Exact to the last one; a kind whose time is not told names the same number in its refusal."""
    config, counted = config_of(row["config"]), int(row["parameters"])
    try:
        a = architecture_from_config(config)
    except InvalidValue as error:
        assert config["model_type"] in HYBRIDS and f"{counted:,} parameters" in str(error)
        return
    assert parameters(a) == counted
    assert matmul_parameters(a) > 0 and parameter_groups(a).matrices > 0


def test_every_kind_is_counted_and_so_are_its_switches():
    kinds = [config_of(row["config"])["model_type"] for row in COUNTED]
    assert set(kinds) == {*FAMILIES, *HYBRIDS}
    assert len(kinds) > 240 and len(set(kinds)) > 70 and len(PUBLIC) > 110


def test_flan_t5_is_as_published_with_a_head_of_its_own():
    """T5 1.1 does not share its head (its README); transformers 5 ties it whatever the file says."""
    flan = {
        "model_type": "t5", "d_model": 768, "d_kv": 64, "d_ff": 2048, "num_layers": 12, "num_heads": 12,
        "vocab_size": 32128, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False,
    }  # fmt: skip
    assert parameters(architecture_from_config(flan)) == 247_577_856


@pytest.mark.parametrize(
    ("model", "published"),
    [
        ("mistralai/Mixtral-8x7B-v0.1", 12.9), ("mistralai/Mixtral-8x22B-v0.1", 39),
        ("Qwen/Qwen1.5-MoE-A2.7B", 2.7), ("Qwen/Qwen3-30B-A3B", 3.3), ("Qwen/Qwen3-235B-A22B", 22),
        ("allenai/OLMoE-1B-7B-0924", 1.3), ("deepseek-ai/DeepSeek-V2-Lite", 2.4),
        ("deepseek-ai/DeepSeek-V2", 21), ("deepseek-ai/DeepSeek-V3", 37), ("moonshotai/Kimi-K2-Base", 32),
        ("openai/gpt-oss-20b", 3.6), ("openai/gpt-oss-120b", 5.1), ("microsoft/Phi-3.5-MoE-instruct", 6.6),
        ("meta-llama/Llama-4-Scout-17B-16E (text)", 17), ("zai-org/GLM-4.5-Air", 12),
        ("meta-llama/Llama-4-Maverick-17B-128E (text)", 17),
    ],
)  # fmt: skip
def test_active_parameters_are_the_published_ones(model, published):
    """Billions on the models' pages; some count the embedding and the head, some one of them or neither."""
    a = architecture_from_config(PUBLIC[model])
    active, table = matmul_parameters(a) / 1e9, a.vocab_size * a.d_model / 1e9
    rounding = 0.5 if isinstance(published, int) else 0.05
    assert min(abs(x - published) for x in (active - table, active, active + table)) <= rounding + 0.02


def test_biases_of_a_llama_are_counted():
    """Queries 4,096, keys and values 2 x 1,024, output 4,096; MLP 2 x 14,336 + 4,096, in 32 layers."""
    both = {**LLAMA_3_8B, "attention_bias": True, "mlp_bias": True}
    more = 32 * (4096 + 2 * 1024 + 4096 + 2 * 14336 + 4096)
    assert parameters(architecture_from_config(both)) == 8_030_261_248 + more


def test_the_text_part_of_a_model_that_sees_is_read_where_it_says_only_what_differs():
    """Gemma 3 4B's file leaves out heads and vocabulary, which are the library's."""
    text = {
        "model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240,
        "num_hidden_layers": 34, "sliding_window": 1024,
    }  # fmt: skip
    a = architecture_from_config({"model_type": "gemma3", "text_config": text, "vision_config": {}})
    assert parameters(a) == 3_880_263_168 and a.text_part
    alone = architecture_from_config(text)
    assert replace(a, text_part=False) == alone


def test_text_parts_that_stand_at_the_top_or_name_no_kind():
    old = {**QWEN25, "model_type": "qwen2_vl", "vision_config": {"depth": 32}}
    assert parameters(architecture_from_config(old)) == 494_032_768
    llava = {"model_type": "llava", "text_config": {"vocab_size": 32064}}
    llama = {"model_type": "llama", "vocab_size": 32064}
    assert parameters(architecture_from_config(llava)) == parameters(architecture_from_config(llama))
    tied = {"model_type": "mistral3", "tie_word_embeddings": True, "text_config": {"model_type": "mistral"}}
    assert architecture_from_config(tied).tied_embeddings


def test_windows_are_those_of_the_file():
    gemma = architecture_from_config(PUBLIC["google/gemma-3-1b-pt"])
    assert (gemma.window_pattern, gemma.window_tokens) == ("SSSSSL", 512)
    scout = architecture_from_config(PUBLIC["meta-llama/Llama-4-Scout-17B-16E (text)"])
    assert (scout.window_pattern, scout.window_tokens) == ("CCCL", 8192)
    turns = {"layer_types": ["sliding_attention", "full_attention"] * 16, "sliding_window": 100}
    assert architecture_from_config({**LLAMA_3_8B, **turns}).window_pattern == "L"
    listed = architecture_from_config({**QWEN3, "layer_types": ["sliding_attention", "full_attention"] * 14})
    assert (listed.window_pattern, listed.window_tokens) == ("SL", 4096)


def test_a_window_costs_what_its_tokens_meet():
    """Mistral 7B at 8,192 tokens: the first 4,096 meet 2,048 on average, the rest 4,096, together 3,072 of
    the 4,096 without a window; within the window nothing changes; chunks of 4,096 meet 2,048."""
    mistral = architecture_from_config(PUBLIC["mistralai/Mistral-7B-v0.1"])
    full = replace(mistral, window_pattern="L")
    share = attention_flops_per_token(mistral, 8192) / attention_flops_per_token(full, 8192)
    assert share == pytest.approx(3072 / 4096)
    assert attention_flops_per_token(mistral, 4096) == attention_flops_per_token(full, 4096)
    chunks = replace(mistral, window_pattern="C")
    assert attention_flops_per_token(chunks, 8192) / attention_flops_per_token(full, 8192) == 0.5


def recipe(**changed) -> Recipe:
    return replace(Recipe("adamw", "bf16", "torch-eager", "flash", 512, 512 * 32, 8), **changed)


def test_an_encoder_attends_to_both_sides():
    """BERT base: 6 FLOPs per weight, and of attention all that a causal kernel computes the half of."""
    bert = architecture_from_config(PUBLIC["google-bert/bert-base-uncased"])
    assert bert.bidirectional_layers == 12
    masked = replace(bert, bidirectional_layers=0)
    assert flops_per_token(bert, 512) == flops_per_token(masked, 512)
    plan = published_plan(recipe(), 12)
    both, half = (count_step(a, recipe(), plan, 1.0).attention_flops for a in (bert, masked))
    assert both == 2 * half == 2 * 12 * 12 * 64 * 12 * 512
    stored = [count_step(a, recipe(attention="naive"), plan, 1.0).attention_flops for a in (bert, masked)]
    assert stored[0] == stored[1]


def test_a_decoder_that_reads_an_encoder_attends_twice():
    """T5 small: six layers of 8 x 64 read the text, six more themselves and the text."""
    t5 = architecture_from_config(PUBLIC["google-t5/t5-small"])
    assert (t5.n_layers, t5.bidirectional_layers, t5.cross_attention) == (12, 6, True)
    assert attention_flops_per_token(t5, 512) == 12 * 512 * (6 + 6 + 6) * 512
    work = count_step(t5, recipe(), published_plan(recipe(), 12), 1.0)
    assert work.attention_flops == 12 * 512 * (2 * 6 + 6 + 2 * 6) * 512


def test_latent_attention_costs_what_its_unpacked_heads_do():
    """DeepSeek-V3 (arXiv:2412.19437): 128 heads of 192 channels for keys and 128 for values."""
    a = architecture_from_config(PUBLIC["deepseek-ai/DeepSeek-V3"])
    assert attention_flops_per_token(a, 4096) == 6 * 128 * (192 + 128) * 61 * 4096
    assert (a.dense_layers, a.dense_d_ff, a.shared_d_ff) == (3, 18432, 2048)


def test_what_is_unknown_names_the_nearest_and_the_way_out():
    with pytest.raises(InvalidValue, match=r"--dimensions .*valid: qwen3") as refused:
        architecture_from_config({"model_type": "qwen33"})
    assert refused.value.choices[0].startswith("qwen3") and set(refused.value.choices) == set(model_types())
    with pytest.raises(InvalidValue, match=r"is missing; its shape can be given with --dimensions"):
        architecture_from_config({"hidden_size": 64})
    with pytest.raises(InvalidValue, match=r"2,077,995,776 parameters .* state-space layers"):
        architecture_from_config({
            "model_type": "nemotron_h", "layers_block_type": ["mamba", "mlp", "attention", "mamba", "moe"],
        })  # fmt: skip


def test_numbers_that_are_none_are_named_and_whole_ones_taken():
    assert parameters(architecture_from_config({**LLAMA_3_8B, "hidden_size": 4096.0})) == 8_030_261_248
    for value in (float("nan"), float("inf"), 4096.5):
        with pytest.raises(InvalidValue, match=r"hidden_size = .*: must be a whole number"):
            architecture_from_config({**LLAMA_3_8B, "hidden_size": value})
    unread = {"time_step_limit": [0.0, float("inf")], "rope_theta": float("inf"), "quantization_config": {}}
    assert parameters(architecture_from_config({**LLAMA_3_8B, **unread})) == 8_030_261_248
