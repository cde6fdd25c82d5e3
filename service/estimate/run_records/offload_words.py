"""What a run is said to leave in host memory: "optimizer to CPU", "cpu_offload=False", "ZeRO-Infinity"."""

import re

from service.estimate.run_records.recipe_words import plain
from service.facts import Offload

NO = r"(?:none|off|false|disabled|0(?![\d.])|no(?! ?\w))\b"
OFFLOAD = r"off-?load\w{0,5}"
WHAT = (
    r"(?:cpu|host|nvme|optim(?:izer)?|param(?:eter)?s?|weights?|gradients?|states?|act(?:ivation)?s?|device)"
)
DENIED = re.compile(
    rf"\b(?:no|non|without|w/o|not using|never|disabled?)[ -]"
    rf"(?:any |{WHAT}[ -]){{0,3}}{OFFLOAD}(?:[ -]{WHAT}\b)?|"
    rf"\b(?:not|never|nothing) {OFFLOAD}|"
    rf"(?:\b{WHAT}[ -]){{0,3}}{OFFLOAD}(?:[ -]{WHAT}\b){{0,3}}[\"']?(?: is| was| =| :|=|:){{0,2}} ?[\"']?{NO}"
)
"""Words that say that nothing, or that one thing, is not offloaded."""
WAITS = (
    r"(?:optim(?:izer)?|opt|param(?:eter)?s?|weights|gradients?|grads?|masters?|adamw?)"
    r"(?:[ -](?:states?|weights|copy|copies))?"
)
ON_HOST = re.compile(
    rf"(?<!no )(?<!without )\b(?:{WAITS}(?:,? (?:and |& ?)?| ?[+/] ?)){{0,3}}{WAITS}"
    r"(?:,? (?:is|are|was|were|kept|held|lives?|stays?|moved|stored|waits?)){0,2}"
    r" (?:on|to|in) (?:the )?(?:cpu|host|nvme|ram|system memory|main memory)\b"
)
ZERO_INFINITY, ZERO_OFFLOAD = r"zero[ -]?inf(?:inity)?\b", r"zero[ -]?offload\b"
CPU_ADAM = r"cpu-?adam|cpu (?:adam|optimizer)"


def without_denied(text: str) -> str:
    """A text, as `plain` writes it, without what it says not to offload."""
    return DENIED.sub(" ", text)


def denies_offload(text: str) -> str | None:
    """The words that say that nothing is offloaded, unless others say what is; activations are not meant."""
    found = next((hit[0].strip() for hit in DENIED.finditer(text) if not re.search(r"\bact", hit[0])), None)
    return found if found and not offload_named_in(without_denied(text)) else None


def offload_of(cell: str) -> Offload | None:
    """What a cell says to wait in host memory; activations alone are none of it."""
    lowered = plain(cell)
    if not lowered:
        return None
    if denies_offload(lowered) or re.fullmatch(
        r"no|none|false|0|n|off|not? \w+|never|disabled|without", lowered
    ):
        return "none"
    lowered = without_denied(lowered)
    if re.search(ZERO_INFINITY, lowered):
        # ZeRO-Infinity (arXiv:2104.07857) moves parameters beside the optimizer.
        return "optimizer+parameters"
    optimizer = bool(re.search(rf"optim|opt-|states|adam|master|{ZERO_OFFLOAD}", lowered))
    gradients = "grad" in lowered
    parameters = bool(re.search(r"param|weight|model", lowered.replace("master weight", "master")))
    if parameters:
        return "optimizer+parameters" if optimizer or gradients else "parameters"
    if gradients:
        return "gradients"
    if optimizer:
        return "optimizer"
    if "everything" in lowered or lowered == "all":
        return "optimizer+parameters"
    if re.search(r"activation|\bacts?\b|residual", lowered):
        return "none"
    return "some" if re.search(r"yes|true|^1$|^y$|^on$|cpu|host|nvme|offload|some|partial", lowered) else None


def offload_in(strategy: str) -> Offload | None:
    """The same from a run's description in free text, as `plain` writes it."""
    if denies_offload(strategy):
        return "none"
    named = offload_named_in(without_denied(strategy))
    if not named:
        return None
    if "fsdp" in strategy and re.search(r"cpu[ -]?offload", strategy) and "optimizer" not in named:
        # FSDP's CPUOffload moves the sharded weights, and the optimizer works where they are.
        return "parameters" if "param" in named else "optimizer+parameters"
    return offload_of(named)


def offload_named_in(strategy: str) -> str:
    """What a text, as `plain` writes it, says of offload."""
    near = (
        r"(?:\w{1,30} (?:and |\+ )?){0,4}(?:cpu[ -]|host )?"
        r"offload(?:s|ing|ed)?(?:[ -](?:of )?[\w-]+(?:(?:,| and|\+) \w+)?)?"
    )
    patterns = (near, ON_HOST.pattern, ZERO_INFINITY, ZERO_OFFLOAD, CPU_ADAM)
    return " ".join(found[0] for pattern in patterns for found in re.finditer(pattern, strategy))
