"""How large a run can be. What is beyond is a slip or a trap: a model's layers are counted one by one."""

LARGEST = {
    "n_layers": 10_000,
    "d_model": 1_000_000,
    "n_heads": 10_000,
    "n_kv_heads": 10_000,
    "d_ff": 10_000_000,
    "vocab_size": 100_000_000,
    "seq_len": 100_000_000,
    "gpu_count": 100_000,
    "micro_batch": 1_000_000,
    "global_batch_tokens": 10**12,
}
"""By a run's field [count]."""
