"""Encoders that are trained on masked words, and encoders with decoders, as transformers 5.24 builds them."""

from collections.abc import Mapping
from dataclasses import replace

from service.estimate.model_families.config import Config
from service.estimate.model_families.dense import BIASED
from service.estimate.model_families.family import Beside, Family, Keys
from service.estimate.model_families.windows import Windows, global_first
from service.facts import Architecture


def _word_types(c: Config, a: Architecture) -> Beside:
    """A table of word types, and the layer that masked words are told from."""
    return Beside(a.d_model**2, a.d_model, c.count("type_vocab_size", 0) * a.d_model)


def _modern(c: Config, a: Architecture) -> Beside:
    """The first layer has no norm before its attention, for the embeddings have one."""
    each = (1 + c.flag("norm_bias")) * a.d_model
    rest = each * (2 * a.n_layers + 2) - (2 * a.n_layers + 3) * a.d_model
    return Beside(a.d_model**2, rest + a.d_model * c.flag("classifier_bias"))


def _with_decoder(c: Config, a: Architecture) -> Architecture:
    decoders = c.count("num_decoder_layers", a.n_layers)
    return replace(
        a, n_layers=a.n_layers + decoders, bidirectional_layers=a.n_layers, cross_attention=True,
        gated_mlp=str(c.given("feed_forward_proj")).startswith("gated"),
    )  # fmt: skip


def _t5(c: Config, a: Architecture) -> Beside:
    """Cross attention, its norms, and the biases of relative positions: of the first layer of each half, in
    UMT5 of every layer."""
    decoders = a.n_layers - a.bidirectional_layers
    tables = a.n_layers if c.model_type == "umt5" else 2
    biases = tables * c.count("relative_attention_num_buckets") * a.n_heads
    return Beside(decoders * 4 * a.d_model * a.n_heads * a.head_dim, decoders * a.d_model + biases)


BERT = replace(
    BIASED, keys=Keys(positions="max_position_embeddings"), d_ff=None, final_norms=2, head_bias=True,
    bidirectional=True, beside=_word_types,
)  # fmt: skip
T5 = Family(
    Keys("num_layers", "d_model", "num_heads", head_dim="d_kv", d_ff="d_ff"), final_norms=2,
    reshaped=_with_decoder, beside=_t5,
)  # fmt: skip
ENCODERS: Mapping[str, Family] = {
    "bert": BERT,
    "roberta": BERT,
    "xlm-roberta": BERT,
    "camembert": BERT,
    "distilbert": replace(
        BERT, keys=Keys("n_layers", "dim", "n_heads", d_ff="hidden_dim", positions="max_position_embeddings")
    ),
    "modernbert": Family(
        norm="unbiased", qkv_bias="attention_bias", output_bias="attention_bias", mlp_bias="mlp_bias",
        head_bias="decoder_bias", final_norms=3, bidirectional=True, beside=_modern,
        windows=Windows(global_first, "local_attention"),
    ),
}  # fmt: skip
ENCODER_DECODERS: Mapping[str, Family] = {"t5": T5, "mt5": T5, "umt5": T5}
