"""Files that lie beside a config.json or a trainer's file and are handed over by mistake: what they are."""

from collections.abc import Mapping

from service.errors import Worded, worded

KNOWN: tuple[tuple[tuple[str, ...], Worded], ...] = (
    (
        ("peft_type",),
        worded(
            "PEFT's adapter_config.json, which tells the adapters and not the model; give it as "
            "trainer_config, and the model's own config.json where its base is not in the catalog"
        ),
    ),
    (("weight_map",), worded("the index of a checkpoint's files; its config.json lies beside it")),
    (("tokenizer_class",), worded("a tokenizer's file; the model's config.json lies beside it")),
    (("added_tokens_decoder",), worded("a tokenizer's file; the model's config.json lies beside it")),
    (("log_history", "global_step"), worded("a trainer_state.json; `heimvorteil measure` learns from it")),
    (
        ("general.architecture",),
        worded("a GGUF's metadata; the config.json of the model it was made from is needed"),
    ),
    (
        ("_class_name", "_diffusers_version"),
        worded("of an image model (diffusers), which we cannot estimate"),
    ),
    (
        ("dim", "n_layers", "n_heads"),
        worded("Meta's params.json; the same model's config.json of transformers is needed"),
    ),
    (("zero_optimization",), worded("DeepSpeed's; it goes beside a trainer's file, as deepspeed_config")),
    (
        ("eos_token_id", "transformers_version"),
        worded("a generation_config.json; the model's config.json lies beside it"),
    ),
    (("per_device_train_batch_size",), worded("a trainer's file; give it as trainer_config")),
    (("base_model", "micro_batch_size"), worded("a trainer's file; give it as trainer_config")),
)
"""Keys that such a file has, and what it is. config.json itself has several of them, and goes first."""


def what_it_is(keys: Mapping[str, object]) -> Worded | None:
    """What a file with these keys is; None where nobody knows."""
    if isinstance(keys.get("model_type"), str) and "architectures" in keys:
        return worded("a model's config.json; give it as config")
    return next((what for marks, what in KNOWN if all(mark in keys for mark in marks)), None)
