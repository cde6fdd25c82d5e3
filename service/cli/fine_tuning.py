"""The options that say a fine-tuning: a method, a data set, adapters, batches."""

from typing import TYPE_CHECKING, Any

import click

from service.errors import InvalidValue, worded

if TYPE_CHECKING:
    from service.answers.fine_tuning import AskedFineTune

METHOD = "finetune"
FINE_TUNING = (
    click.option(
        "--finetune",
        metavar="METHOD",
        help="Fine-tune WORKLOAD's model: full | lora | qlora | lora-8bit | dora; needs --examples and "
        "--mean-tokens.",
    ),
    click.option("--examples", type=int, help="Of --finetune: examples of the data set."),
    click.option("--mean-tokens", type=float, help="Of --finetune: tokens of an example on average."),
    click.option("--epochs", type=float, help="Of --finetune: how often each is trained on; usual: 3."),
    click.option("--lora-rank", type=int, help="Of --finetune: rank of the adapters; usual: 16."),
    click.option(
        "--lora-targets",
        metavar="MATRICES",
        help="Of --finetune: all-linear | attention | query-value, or names: q_proj,v_proj.",
    ),
    click.option(
        "--modules-to-save",
        metavar="NAMES",
        help="Of --finetune: trained in full beside adapters, embed_tokens,lm_head.",
    ),
    click.option("--pack/--no-pack", default=None, help="Of --finetune: fill sequences instead of padding."),
    click.option(
        "--max-length", type=int, help="Of --finetune: tokens at which an example is cut off; usual: 2,048."
    ),
    click.option(
        "--per-device-batch", type=int, help="Of --finetune: sequences per GPU and forward pass; usual: 2."
    ),
    click.option(
        "--accumulate", type=int, help="Of --finetune: forward passes per step; usual: 16 sequences a step."
    ),
    click.option(
        "--optimizer",
        metavar="NAME",
        help="Of --finetune: adamw | adamw-8bit | paged-adamw-8bit | adafactor | lion | sgd | muon.",
    ),
    click.option("--checkpointing", metavar="HOW", help="Of --finetune: none | selective | full (usual)."),
)
OPTION_OF = {"method": METHOD}
FIELDS = (
    "method", "examples", "mean_tokens", "epochs", "lora_rank", "lora_targets", "modules_to_save", "pack",
    "max_length", "per_device_batch", "accumulate", "optimizer", "checkpointing",
)  # fmt: skip


def fine_tuning_said(options: dict[str, Any]) -> dict[str, Any]:
    """What the options say of a fine-tuning, taken out of them."""
    said = {name: options.pop(OPTION_OF.get(name, name), None) for name in FIELDS}
    return {name: value for name, value in said.items() if value is not None}


def fine_tuning_meant(options: dict[str, Any]) -> "AskedFineTune | None":
    """The fine-tuning that the options describe, taken out of them; None where none is asked for.

    Raises InvalidValue for the option that cannot be, or that belongs to none.
    """
    given = fine_tuning_said(options)
    if not given:
        return None
    if "method" not in given:
        name = next(iter(given))
        raise InvalidValue(
            option_of(name), given[name], worded("belongs to --finetune METHOD, which is not named")
        )
    if given["method"].strip().lower() == "full":
        for name in set(given) & {"lora_rank", "lora_targets"}:
            raise InvalidValue(
                option_of(name), given[name], worded("is of adapters; --finetune full has none")
            )
    from service.answers.fine_tuning import AskedFineTune

    try:
        return AskedFineTune.of(**given)
    except InvalidValue as error:
        raise InvalidValue(option_of(error.field), error.value, error.reason, error.choices) from None


def option_of(field: str) -> str:
    """What a field of a fine-tuning is called on the command line."""
    return "--" + OPTION_OF.get(field, field).replace("_", "-")
