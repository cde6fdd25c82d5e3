"""A published run, read as an architecture and a recipe that the formulas understand."""

from service.errors import MissingFact
from service.facts import Architecture, MeasuredRun, Recipe

DEFAULT_MICRO_BATCH = 8
TIED = frozenset({"LLM.Q", "nanoGPT", "llm.c", "llm-foundry (MPT)"})
UNTIED_VOCABULARY = 152_064
"""Qwen2.5 unties its embeddings from 7 B on, where the padded vocabulary has this size."""
VALUE_EMBEDDING_VOCABULARIES = frozenset({32_768, 8_192})


def architecture_of(run: MeasuredRun, gpu_architecture: str) -> Architecture:
    """The model's shape as far as the row tells it, defaults of its project where it does not.

    nanochat since 2026 has value embeddings and, on Hopper with FlashAttention 3, short windows in
    three of four layers; elsewhere its runs use full windows. Raises MissingFact without layers,
    width, vocabulary or sequence length.
    """
    if not (run.n_layers and run.d_model and run.vocab_size and run.seq_len):
        raise MissingFact(f"the shape of {run.slug}", "it needs layers, width, vocabulary, sequence length")
    heads = run.n_heads or max(1, run.d_model // 128)
    nanochat_2026 = (
        run.project.startswith(("nanochat", "autoresearch"))
        and run.vocab_size in VALUE_EMBEDDING_VOCABULARIES
    )
    model = run.model.lower()
    return Architecture(
        n_layers=run.n_layers,
        d_model=run.d_model,
        n_heads=heads,
        n_kv_heads=run.n_kv_heads or heads,
        head_dim=run.d_model // heads,
        d_ff=run.d_ff or 4 * run.d_model,
        vocab_size=run.vocab_size,
        tied_embeddings=run.project in TIED and run.vocab_size != UNTIED_VOCABULARY,
        gated_mlp="llama" in model or "qwen" in model,
        norm="none" if run.project.startswith(("nanochat", "autoresearch")) else "rmsnorm",
        value_embedding_layers=-(-run.n_layers // 2) if nanochat_2026 else 0,
        window_pattern="SSSL" if nanochat_2026 and gpu_architecture == "hopper" else "L",
    )


def recipe_of(run: MeasuredRun) -> Recipe:
    """How the run was trained; unknown engine means eager PyTorch, unknown attention means flash."""
    if not run.seq_len:
        raise MissingFact(f"the sequence length of {run.slug}", "add seq_len")
    micro_batch = run.micro_batch or DEFAULT_MICRO_BATCH
    gpus = run.gpu_count or 1
    return Recipe(
        optimizer="muon+adamw" if "Muon" in (run.optimizer or "") else "adamw",
        precision="bf16" if run.precision in (None, "nf4") else run.precision,
        engine=run.engine or "torch-eager",
        attention="naive" if run.attention == "naive" else "flash",
        seq_len=run.seq_len,
        global_batch_tokens=run.global_batch_tokens or gpus * micro_batch * run.seq_len,
        micro_batch=micro_batch,
        sharding=run.parallelism if run.parallelism in ("ddp", "zero-1", "zero-2", "fsdp") else "zero-1",
        checkpointing=run.checkpointing or "none",
    )


def checkpointed_layers(run: MeasuredRun) -> int:
    """Layers the run recomputes in full."""
    return run.n_layers or 0 if run.checkpointing == "full" else 0
