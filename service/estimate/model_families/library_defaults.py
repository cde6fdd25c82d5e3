"""What a model's code takes where its config.json says nothing: defaults of transformers 5.24's classes.

A file of an older version, or the nested `text_config` of a model that sees as well, leaves out what equals
them. Keys that default to false or to nothing are left out here.
"""

from collections.abc import Mapping


def _of(
    vocab_size: int, hidden_size: int, intermediate_size: int, num_hidden_layers: int,
    num_attention_heads: int, num_key_value_heads: int | None = None, **others: object,
) -> Mapping[str, object]:  # fmt: skip
    named = {
        "vocab_size": vocab_size, "hidden_size": hidden_size, "intermediate_size": intermediate_size,
        "num_hidden_layers": num_hidden_layers, "num_attention_heads": num_attention_heads,
    }  # fmt: skip
    if num_key_value_heads is not None:
        named["num_key_value_heads"] = num_key_value_heads
    return {**named, **others}


LIBRARY_DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "llama": _of(32000, 4096, 11008, 32, 32),
    "mistral": _of(32000, 4096, 14336, 32, 32, 8, sliding_window=4096),
    "ministral": _of(32000, 4096, 14336, 32, 32, 8, sliding_window=4096),
    "ministral3": _of(131072, 4096, 14336, 34, 32, 8, head_dim=128),
    "qwen2": _of(151936, 4096, 22016, 32, 32, 32, sliding_window=4096, max_window_layers=28),
    "qwen3": _of(151936, 4096, 22016, 32, 32, 32, head_dim=128, sliding_window=4096, max_window_layers=28),
    "qwen2_vl_text": _of(152064, 8192, 29568, 80, 64, 8, sliding_window=4096, max_window_layers=80),
    "qwen2_5_vl_text": _of(152064, 8192, 29568, 80, 64, 8, sliding_window=4096, max_window_layers=80),
    "qwen3_vl_text": _of(151936, 4096, 22016, 32, 32, 32, head_dim=128),
    "gemma": _of(256000, 3072, 24576, 28, 16, 16, head_dim=256, tie_word_embeddings=True),
    "gemma2": _of(256000, 2304, 9216, 26, 8, 4, head_dim=256, tie_word_embeddings=True, sliding_window=4096),
    "gemma3_text": _of(
        262208, 2304, 9216, 26, 8, 4, head_dim=256, tie_word_embeddings=True, sliding_window=4096,
        sliding_window_pattern=6,
    ),
    "gemma3n_text": _of(
        262400, 2048, 16384, 35, 8, 2, head_dim=256, tie_word_embeddings=True, sliding_window=512,
        vocab_size_per_layer_input=262144, hidden_size_per_layer_input=256, altup_num_inputs=4,
        num_kv_shared_layers=15, laurel_rank=64,
    ),
    "phi": _of(51200, 2048, 8192, 24, 32),
    "phi3": _of(32064, 3072, 8192, 32, 32),
    "olmo": _of(50304, 4096, 11008, 32, 32),
    "olmo2": _of(50304, 4096, 11008, 32, 32),
    "olmo3": _of(50304, 4096, 11008, 32, 32, sliding_window=4096),
    "smollm3": _of(128256, 2048, 11008, 36, 16, 4, no_rope_layer_interval=4, tie_word_embeddings=True),
    "granite": _of(32000, 4096, 11008, 32, 32),
    "falcon": dict(
        vocab_size=65024, hidden_size=4544, num_hidden_layers=32, num_attention_heads=71,
        multi_query=True, parallel_attn=True, tie_word_embeddings=True,
    ),
    "bloom": dict(vocab_size=250880, hidden_size=64, n_layer=2, n_head=8, tie_word_embeddings=True),
    "opt": dict(
        vocab_size=50272, hidden_size=768, num_hidden_layers=12, ffn_dim=3072,
        max_position_embeddings=2048, do_layer_norm_before=True, num_attention_heads=12,
        enable_bias=True, layer_norm_elementwise_affine=True, tie_word_embeddings=True,
    ),
    "cohere": _of(256000, 8192, 22528, 40, 64, tie_word_embeddings=True),
    "cohere2": _of(
        256000, 8192, 22528, 40, 64, tie_word_embeddings=True, sliding_window=4096,
        sliding_window_pattern=4,
    ),
    "glm": _of(151552, 4096, 13696, 40, 32, 2, head_dim=128, attention_bias=True),
    "glm4": _of(151552, 4096, 13696, 40, 32, 2, head_dim=128, attention_bias=True),
    "exaone4": _of(102400, 4096, 16384, 32, 32, 32, sliding_window=4096, sliding_window_pattern=4),
    "exaone": _of(102400, 4096, 14336, 32, 32, 8),
    "starcoder2": _of(49152, 3072, 12288, 30, 24, 2, use_bias=True, tie_word_embeddings=True),
    "stablelm": _of(50304, 2560, 6912, 32, 32, 32),
    "gpt2": dict(
        vocab_size=50257, n_positions=1024, n_embd=768, n_layer=12, n_head=12,
        tie_word_embeddings=True,
    ),
    "gpt_neo": dict(
        vocab_size=50257, max_position_embeddings=2048, hidden_size=2048, num_layers=24,
        num_heads=16, window_size=256, tie_word_embeddings=True,
    ),
    "gpt_neox": _of(50432, 6144, 24576, 44, 64, use_parallel_residual=True, attention_bias=True),
    "gpt_bigcode": dict(
        vocab_size=50257, n_positions=1024, n_embd=768, n_layer=12, n_head=12, multi_query=True,
        tie_word_embeddings=True,
    ),
    "gptj": dict(vocab_size=50400, n_positions=2048, n_embd=4096, n_layer=28, n_head=16),
    "codegen": dict(vocab_size=50400, n_positions=2048, n_embd=4096, n_layer=28, n_head=16),
    "mpt": dict(
        d_model=2048, n_heads=16, n_layers=24, expansion_ratio=4, vocab_size=50368,
        tie_word_embeddings=True,
    ),
    "seed_oss": _of(155136, 4096, 27648, 64, 80, 8, attention_bias=True, head_dim=128),
    "nemotron": _of(256000, 6144, 24576, 32, 48),
    "ernie4_5": _of(103424, 1024, 3072, 18, 16, 2, tie_word_embeddings=True, head_dim=128),
    "helium": _of(48000, 2560, 7040, 24, 20, 20, head_dim=128),
    "arcee": _of(32000, 2560, 18432, 32, 32),
    "apertus": _of(131072, 4096, 14336, 32, 32),
    "persimmon": _of(262144, 4096, 16384, 36, 64, qk_layernorm=True),
    "hunyuan_v1_dense": _of(290943, 4096, 11008, 32, 32),
    "mixtral": _of(32000, 4096, 14336, 32, 32, 8, num_experts_per_tok=2, num_local_experts=8),
    "qwen2_moe": _of(
        151936, 2048, 5632, 24, 16, 16, sliding_window=4096, max_window_layers=28,
        decoder_sparse_step=1, moe_intermediate_size=1408, shared_expert_intermediate_size=5632,
        num_experts_per_tok=4, num_experts=60, qkv_bias=True,
    ),
    "qwen3_moe": _of(
        151936, 2048, 6144, 24, 32, 4, sliding_window=4096, decoder_sparse_step=1,
        moe_intermediate_size=768, num_experts_per_tok=8, num_experts=128,
    ),
    "qwen3_vl_moe_text": _of(
        151936, 2048, 5632, 24, 16, 16, tie_word_embeddings=True, decoder_sparse_step=1,
        moe_intermediate_size=1408, num_experts_per_tok=4, num_experts=60,
    ),
    "olmoe": _of(50304, 2048, 2048, 16, 16, num_experts_per_tok=8, num_experts=64),
    "flex_olmo": _of(100352, 4096, 11008, 32, 32, num_experts_per_tok=5, num_experts=7),
    "deepseek_v2": _of(
        102400, 4096, 11008, 32, 32, first_k_dense_replace=0, kv_lora_rank=512, q_lora_rank=1536,
        n_routed_experts=64, n_shared_experts=2, qk_nope_head_dim=128, qk_rope_head_dim=64,
        v_head_dim=128, moe_intermediate_size=1407,
    ),
    "deepseek_v3": _of(
        129280, 7168, 18432, 61, 128, 128, moe_intermediate_size=2048, n_shared_experts=1,
        n_routed_experts=256, kv_lora_rank=512, q_lora_rank=1536, qk_rope_head_dim=64,
        v_head_dim=128, qk_nope_head_dim=128, num_experts_per_tok=8, first_k_dense_replace=3,
    ),
    "gpt_oss": _of(
        201088, 2880, 2880, 36, 64, 8, num_local_experts=128, head_dim=64, sliding_window=128,
        num_experts_per_tok=4, attention_bias=True,
    ),
    "llama4_text": _of(
        202048, 5120, 8192, 48, 40, 8, intermediate_size_mlp=16384, head_dim=128,
        num_experts_per_tok=1, num_local_experts=16, interleave_moe_layer_step=1, use_qk_norm=True,
        no_rope_layer_interval=4, attention_chunk_size=8192,
    ),
    "granitemoe": _of(32000, 4096, 11008, 32, 32, num_local_experts=8, num_experts_per_tok=2),
    "granitemoeshared": _of(
        32000, 4096, 11008, 32, 32, num_local_experts=8, num_experts_per_tok=2,
        shared_intermediate_size=0,
    ),
    "phimoe": _of(32064, 4096, 6400, 32, 32, 8, num_experts_per_tok=2, num_local_experts=16),
    "glm4_moe": _of(
        151552, 4096, 10944, 46, 96, 8, moe_intermediate_size=1408, num_experts_per_tok=8,
        n_shared_experts=1, n_routed_experts=128, first_k_dense_replace=1,
    ),
    "ernie4_5_moe": _of(
        103424, 2560, 12288, 28, 20, 4, tie_word_embeddings=True, moe_intermediate_size=1536,
        moe_k=6, moe_num_experts=64, moe_num_shared_experts=2, moe_layer_start_index=1,
        moe_layer_end_index=-1, moe_layer_interval=1,
    ),
    "minimax_m2": _of(
        200064, 3072, 1536, 62, 48, 8, head_dim=128, num_experts_per_tok=8, num_local_experts=256,
    ),
    "bert": _of(
        30522, 768, 3072, 12, 12, max_position_embeddings=512, type_vocab_size=2,
        tie_word_embeddings=True,
    ),
    "roberta": _of(
        50265, 768, 3072, 12, 12, max_position_embeddings=512, type_vocab_size=2,
        tie_word_embeddings=True,
    ),
    "xlm-roberta": _of(
        30522, 768, 3072, 12, 12, max_position_embeddings=512, type_vocab_size=2,
        tie_word_embeddings=True,
    ),
    "camembert": _of(
        30522, 768, 3072, 12, 12, max_position_embeddings=512, type_vocab_size=2,
        tie_word_embeddings=True,
    ),
    "distilbert": dict(
        vocab_size=30522, max_position_embeddings=512, n_layers=6, n_heads=12, dim=768,
        hidden_dim=3072, tie_word_embeddings=True,
    ),
    "modernbert": _of(
        50368, 768, 1152, 22, 12, local_attention=128, decoder_bias=True, tie_word_embeddings=True,
        global_attn_every_n_layers=3,
    ),
    "t5": dict(
        vocab_size=32128, d_model=512, d_kv=64, d_ff=2048, num_layers=6, num_heads=8,
        relative_attention_num_buckets=32, feed_forward_proj="relu", tie_word_embeddings=True,
    ),
    "mt5": dict(
        vocab_size=250112, d_model=512, d_kv=64, d_ff=1024, num_layers=8, num_heads=6,
        relative_attention_num_buckets=32, feed_forward_proj="gated-gelu", tie_word_embeddings=True,
    ),
    "umt5": dict(
        vocab_size=250112, d_model=512, d_kv=64, d_ff=1024, num_layers=8, num_heads=6,
        relative_attention_num_buckets=32, feed_forward_proj="gated-gelu", tie_word_embeddings=True,
    ),
    "mamba": dict(
        vocab_size=50280, hidden_size=768, state_size=16, num_hidden_layers=32, expand=2,
        conv_kernel=4, use_conv_bias=True, tie_word_embeddings=True,
    ),
    "mamba2": dict(
        num_heads=128, head_dim=64, vocab_size=32768, hidden_size=4096, state_size=128,
        num_hidden_layers=64, expand=2, conv_kernel=4, n_groups=8, use_conv_bias=True,
    ),
    "falcon_mamba": dict(
        vocab_size=50280, hidden_size=768, state_size=16, num_hidden_layers=32, expand=2,
        conv_kernel=4, use_conv_bias=True, tie_word_embeddings=True,
    ),
    "jamba": _of(
        65536, 4096, 14336, 32, 32, 8, num_experts_per_tok=2, num_experts=16, expert_layer_period=2,
        expert_layer_offset=1, attn_layer_period=8, attn_layer_offset=4, mamba_d_state=16,
        mamba_d_conv=4, mamba_expand=2, mamba_conv_bias=True,
    ),
    "qwen3_next": _of(
        151936, 2048, 5632, 48, 16, 2, head_dim=256, linear_conv_kernel_dim=4,
        linear_key_head_dim=128, linear_value_head_dim=128, linear_num_key_heads=16,
        linear_num_value_heads=32, decoder_sparse_step=1, moe_intermediate_size=512,
        shared_expert_intermediate_size=512, num_experts_per_tok=10, num_experts=512,
    ),
    "falcon_h1": _of(
        128000, 4096, 14336, 32, 32, 8, mamba_d_ssm=1024, mamba_n_heads=128, mamba_n_groups=1,
        mamba_d_state=256, mamba_d_conv=4, mamba_expand=2, mamba_conv_bias=True,
    ),
    "nemotron_h": dict(
        vocab_size=131072, hidden_size=4096, num_attention_heads=32, num_key_value_heads=8,
        head_dim=128, intermediate_size=21504, ssm_state_size=128, mamba_num_heads=128,
        mamba_head_dim=64, n_groups=8, conv_kernel=4, expand=2, use_conv_bias=True,
        n_routed_experts=8, n_shared_experts=1, moe_intermediate_size=7688,
        moe_shared_expert_intermediate_size=7688, num_experts_per_tok=2,
    ),
    "bamba": _of(
        128000, 4096, 14336, 32, 32, 8, mamba_n_heads=128, mamba_n_groups=1, mamba_d_state=256,
        mamba_d_conv=4, mamba_expand=2, mamba_conv_bias=True,
    ),
    "granitemoehybrid": _of(
        32000, 4096, 11008, 32, 32, num_local_experts=8, num_experts_per_tok=2,
        shared_intermediate_size=1024, mamba_n_heads=128, mamba_n_groups=1, mamba_d_state=256,
        mamba_d_conv=4, mamba_expand=2, mamba_conv_bias=True,
    ),
}  # fmt: skip
