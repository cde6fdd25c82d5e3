"""How oracle_peaks.csv was counted: eager training steps of real transformers models on fake tensors.

Run by hand in a throw-away environment, never by the tests, and no dependency of anything here:

    python -m venv /tmp/oracle && /tmp/oracle/bin/pip install torch==2.13.0 transformers accelerate
    /tmp/oracle/bin/python tests/estimate/count_oracle_peaks.py tests/estimate/oracle_peaks.csv

Counts every row of the table again and prints those that changed. A storage counts, rounded up to 512
bytes, from its first appearance until Python frees it; the peak is that of two whole steps, with
optimizer states from the end of the first on. Two corrections make the CPU's answer that of a GPU
(eight steps measured on an H200 with PyTorch 2.11 lie within 0.3 % of it; without the first one they are
counted up to 5.7 % too high): fused attention reads grouped keys and values in place instead of repeating
them, and autocast computes powers in FP32. FP32 attention is a fused kernel on repeated keys here.
"""

import csv
import os
import sys
import weakref
from pathlib import Path
from typing import Any

GIB = 2**30
ROUNDED_TO = 512
WORKSPACE_GIB = 0.04
STATES = {"adamw": 2, "none": 0}
SPECIAL: dict[str, dict[str, Any]] = {
    "gpt2": {"resid_pdrop": 0, "embd_pdrop": 0, "attn_pdrop": 0},
    "mistral": {"sliding_window": None},
    "phi": {"partial_rotary_factor": 0.4},
    "phi3": {"pad_token_id": 0},
    "opt": {"dropout": 0.0, "attention_dropout": 0.0},
    "starcoder2": {
        "residual_dropout": 0.0, "embedding_dropout": 0.0, "attention_dropout": 0.0, "sliding_window": None,
    },
    "bloom": {"hidden_dropout": 0.0, "attention_dropout": 0.0},
    "falcon": {"multi_query": True, "parallel_attn": True, "new_decoder_architecture": False, "bias": False},
    "cohere": {"logit_scale": 0.0625},
}  # fmt: skip


def config_of(row: dict[str, str]) -> dict[str, Any]:
    """The keyword arguments of transformers' configuration for a row of the table."""
    layers, width, heads = int(row["n_layers"]), int(row["d_model"]), int(row["n_heads"])
    kind, shape = row["block"], {"vocab_size": int(row["vocab_size"])}
    if kind in ("gpt2", "bloom"):
        shape |= {"n_layer": layers, "n_head": heads}
        shape |= {"hidden_size": width} if kind == "bloom" else {"n_embd": width, "n_positions": 2048}
    else:
        shape |= {"num_hidden_layers": layers, "num_attention_heads": heads, "hidden_size": width}
        shape |= {"tie_word_embeddings": row["tied_embeddings"] == "1"}
        if kind == "opt":
            shape |= {"ffn_dim": int(row["d_ff"]), "word_embed_proj_dim": width}
        elif kind != "falcon":
            shape |= {"intermediate_size": int(row["d_ff"])}
        if kind not in ("opt", "falcon", "gpt_neox"):
            shape |= {"num_key_value_heads": int(row["n_kv_heads"])}
        if int(row["head_dim"]) * heads != width or kind.startswith(("gemma", "qwen3")):
            shape |= {"head_dim": int(row["head_dim"])}
    return {**shape, **SPECIAL.get(kind, {})}


def peak_gib(row: dict[str, str]) -> float:
    """The peak of one row of the table [GiB]."""
    import torch
    import transformers
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    precision, autocasts = row["precision"], row["precision"] == "amp"
    fused = row["attention"] == "flash"

    class Ledger(TorchDispatchMode):
        def __init__(self) -> None:
            super().__init__()
            self.entries: Any = weakref.WeakKeyDictionary()
            self.alive = self.most = 0

        def enter(self, tensor: Any) -> None:
            storage = tensor.untyped_storage()
            if storage not in self.entries:
                size = -(-storage.nbytes() // ROUNDED_TO) * ROUNDED_TO
                self.entries[storage] = size
                self.alive += size
                self.most = max(self.most, self.alive)
                weakref.finalize(storage, self.leave, size)

        def leave(self, size: int) -> None:
            self.alive -= size

        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = function(*args, **(kwargs or {}))
            for leaf in tree_leaves(result):
                if isinstance(leaf, torch.Tensor):
                    self.enter(leaf)
            return result

    functional = torch.nn.functional
    attention, loss_of, power = functional.scaled_dot_product_attention, functional.cross_entropy, torch.pow

    def flash(q: Any, k: Any, v: Any, *_: Any, scale: Any = None, **__: Any) -> Any:
        if precision == "fp32":
            times = q.shape[1] // k.shape[1]
            k, v = (x.repeat_interleave(times, 1) if times > 1 else x for x in (k, v))
            return attention(q, k, v, is_causal=True, scale=scale)
        q, k, v = (x.to(torch.bfloat16) for x in (q, k, v))
        return torch.ops.aten._scaled_dot_product_flash_attention(q, k, v, 0.0, True, False, scale=scale)[0]

    def fp32_power(base: Any, exponent: Any) -> Any:
        return power(base.float() if isinstance(base, torch.Tensor) else base, exponent)

    os.environ["TRANSFORMERS_SDPA_FORCE_GQA"] = "0" if precision == "fp32" else "1"
    config = transformers.AutoConfig.for_model(row["block"], **config_of(row))
    config._attn_implementation, config.use_cache = ("sdpa" if fused else "eager"), False
    functional.cross_entropy = lambda x, *a, **k: loss_of(x.float(), *a, **k)
    if fused:
        functional.scaled_dot_product_attention = flash
    if autocasts:
        torch.pow = fp32_power
    try:
        with FakeTensorMode(allow_non_fake_inputs=True), Ledger() as ledger:
            torch.set_default_dtype(torch.bfloat16 if precision == "bf16" else torch.float32)
            model = transformers.AutoModelForCausalLM.from_config(config)
            torch.set_default_dtype(torch.float32)
            model.train()
            if row["checkpointing"] == "full":
                model.gradient_checkpointing_enable()
            for tensor in (*model.parameters(), *model.buffers()):
                ledger.enter(tensor)
            text = torch.zeros(int(row["micro_batch"]), int(row["seq_len"]), dtype=torch.long)
            states: list[Any] = []
            ledger.most = ledger.alive
            for _step in range(2):
                with torch.autocast("cpu", torch.bfloat16, enabled=autocasts):
                    loss = model(input_ids=text, labels=text).loss
                loss.backward()
                del loss
                states = states or [
                    torch.zeros_like(p) for p in model.parameters() for _ in range(STATES[row["optimizer"]])
                ]
                if row["accumulates"] == "0":
                    model.zero_grad(set_to_none=True)
            return float(ledger.most / GIB + WORKSPACE_GIB)
    finally:
        functional.scaled_dot_product_attention, functional.cross_entropy = attention, loss_of
        torch.pow = power
        torch.set_default_dtype(torch.float32)


def main(path: str) -> None:
    """Count every row of the table again and say what changed."""
    lines = [line for line in Path(path).read_text().splitlines() if not line.startswith("#")]
    for row in csv.DictReader(lines):
        counted = peak_gib(row)
        if abs(counted - float(row["peak_gib"])) > 0.005:
            print(row["family"], {k: row[k] for k in list(row)[16:]}, f"counted {counted:.4f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
