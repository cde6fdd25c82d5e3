"""What is refused, in the words of the command line: options where the question speaks of its fields."""

import re

from service.cli.fine_tuning import option_of

OPTIONS = {
    "recipe": "--recipe", "architecture": "--dimensions", "trainer_config": "--trainer-config",
    "deepspeed_config": "--deepspeed-config", "tokens": "--tokens", "trials": "--trials",
    "workload.run": "WORKLOAD", "run": "WORKLOAD", "config": "--config",
}  # fmt: skip
FIELD = re.compile(
    r"(?P<fine>(?:workload\.)?finetune\.(?P<name>[a-z_]+))|(?P<part>recipe|architecture|trainer_config)\.(?=[\w-])"
)
ALTERNATIVE = re.compile(r"what_if\.\d+(?:\.(?P<field>.+))?")
MENTIONED = re.compile(
    r"\bas (?P<field>trainer_config|deepspeed_config|config)\b|\((?P<beside>deepspeed_config)\)"
)


def as_options(line: str) -> str:
    """The line of an error: `finetune.lora_rank = 0: ...` as `--lora-rank = 0: ...`, and so on."""
    field, equals, rest = line.partition(" = ")
    if not equals or " " in field:
        return line
    if alternative := ALTERNATIVE.fullmatch(field):
        field = " ".join(("--what-if", *filter(None, [(alternative["field"] or "").replace("_", "-")])))
    field = OPTIONS.get(field) or FIELD.sub(_option, field)
    value, colon, reason = rest.partition(": ")
    return field + equals + value + colon + MENTIONED.sub(_mentioned, FIELD.sub(_option, reason))


def _option(found: re.Match[str]) -> str:
    return option_of(found["name"]) if found["fine"] else OPTIONS[found["part"]] + " "


def _mentioned(found: re.Match[str]) -> str:
    if found["beside"]:
        return f"({OPTIONS[found['beside']]})"
    return f"as {OPTIONS[found['field']]}"
