"""However it is said what is trained: every option counts beside it, or is refused."""

import pytest

from tests.effects.of_questions import AXOLOTL, COMPARISON, DATA, DIMENSIONS, LORA, MODEL, TINY

MODELS = {
    "a config.json": f"--config CONFIG {TINY}",
    "dimensions": f"--dimensions {DIMENSIONS} {TINY}",
    "another recipe": "gpt2-124m --recipe micro_batch=4",
    "a fine-tuning": f"qwen3-8b {LORA} --home rtx-4090",
    "a trainer's file": f"--trainer-config {AXOLOTL} {DATA} --home rtx-4090",
}
MAY_NOT_BIND = frozenset({"--host-memory", "--pcie-lanes", "--display-gib", "--config", "--tier", "--nvlink"})
"""What counts only where the memory or the slot is short; and what is said of the model already."""
OF_THE_FILE = ("--finetune", "--pack", "--trainer-config")
SAID_BY_IT = {("another recipe", "--recipe"), *(("a trainer's file", one) for one in OF_THE_FILE)}


QUICK = ("another recipe",)


@pytest.mark.parametrize(
    "model", [pytest.param(one, marks=() if one in QUICK else pytest.mark.long) for one in MODELS]
)
def test_every_option_counts(asked, model):
    ignored = []
    for option, tried in COMPARISON.items():
        case = next(case for case in tried if not case.refused)
        if option in MAY_NOT_BIND or (model, option) in SAID_BY_IT:
            continue
        beside = "" if option in MODEL else case.beside
        code, usual = asked(f"compare {MODELS[model]} --json {beside} {case.instead if beside else ''}")
        assert code == 0, usual
        code, answer = asked(f"compare {MODELS[model]} --json {beside} {case.option}")
        if answer == usual:
            ignored.append(case.option)
        elif code:
            assert code == 2 and str(answer).count("\n") == 1, answer
    assert ignored == []
