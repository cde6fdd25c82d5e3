"""What an estimate leaves out, or takes to be so, of a model that is no plain decoder."""

from typing import Literal

from service.facts import Architecture, Recipe

ModelNote = Literal[
    "text-part", "short-windows", "encoder", "encoder-decoder", "latent-attention", "every-expert", "streams"
]


def model_notes(a: Architecture, recipe: Recipe) -> tuple[ModelNote, ...]:
    """The notes that belong to an estimate of this model with this recipe, in the order they are told."""
    is_encoder = a.bidirectional_layers == a.n_layers
    notes: tuple[tuple[ModelNote, bool], ...] = (
        ("text-part", a.text_part),
        ("short-windows", 0 < a.window_tokens < recipe.seq_len),
        ("encoder", is_encoder),
        ("encoder-decoder", a.cross_attention),
        ("latent-attention", a.block.startswith("deepseek")),
        ("every-expert", a.block == "llama4_text"),
        ("streams", a.block == "gemma3n_text"),
    )
    return tuple(note for note, applies in notes if applies)
