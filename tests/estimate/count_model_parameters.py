"""How model_parameters.csv was counted: real transformers models without weights, on PyTorch's meta device.

Run by hand in a throw-away environment, never by the tests, and no dependency of anything here:

    python -m venv /tmp/oracle && /tmp/oracle/bin/pip install torch==2.13.0 transformers==5.24.0
    /tmp/oracle/bin/python tests/estimate/count_model_parameters.py tests/estimate/model_parameters.csv

Counts every row of the table again and prints those that changed. Encoders are counted with the head that
tells masked words, T5 with its language head, the text part of a model that sees with a head of its own.
"""

import csv
import json
import sys
from pathlib import Path
from typing import Any

MASKED = ("bert", "roberta", "xlm-roberta", "camembert", "distilbert", "modernbert")
BOTH_HALVES = ("t5", "mt5", "umt5")
WITHOUT_HEAD = ("qwen2_vl_text", "qwen2_5_vl_text", "qwen3_vl_text", "qwen3_vl_moe_text")


def config_of(cell: str) -> dict[str, Any]:
    """The configuration that a cell writes as key=value;key=value."""
    pairs = (part.partition("=") for part in cell.split(";"))
    return {key: value if key == "model_type" else json.loads(value) for key, _, value in pairs}


def parameters(config: dict[str, Any]) -> int:
    """All parameters of the model that transformers makes of a configuration [count]."""
    import torch
    import transformers

    kind = config.pop("model_type")
    known = transformers.AutoConfig.for_model(kind, **config)
    maker: Any = transformers.AutoModelForCausalLM
    if kind in MASKED:
        maker = transformers.AutoModelForMaskedLM
    elif kind in BOTH_HALVES:
        maker = transformers.AutoModelForSeq2SeqLM
    elif kind in WITHOUT_HEAD:
        maker = transformers.AutoModel
    with torch.device("meta"):
        model = maker.from_config(known)
    counted = sum(weight.numel() for weight in model.parameters())
    if kind in WITHOUT_HEAD and not config.get("tie_word_embeddings", kind == "qwen3_vl_moe_text"):
        counted += known.vocab_size * known.hidden_size
    return int(counted)


def main(path: str) -> None:
    """Count every row of the table again and say what changed."""
    lines = [line for line in Path(path).read_text().splitlines() if not line.startswith("#")]
    for row in csv.DictReader(lines):
        counted = parameters(config_of(row["config"]))
        if str(counted) != row["parameters"]:
            print(f"{row['model']},{row['config']},{counted}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
