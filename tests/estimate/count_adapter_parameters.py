"""How adapter_parameters.csv was counted: PEFT's own adapters on transformers models of the meta device.

Run by hand in a throw-away environment, never by the tests, and no dependency of anything here:

    python -m venv /tmp/oracle && /tmp/oracle/bin/pip install torch==2.13.0 transformers==5.24.0 peft==0.21.2
    /tmp/oracle/bin/python tests/estimate/count_adapter_parameters.py tests/estimate/adapter_parameters.csv

Counts every row of the table again and prints those that changed. Targets of a name with "experts." before it
are PEFT's target_parameters, all others its target_modules.
"""

import csv
import sys
from pathlib import Path
from typing import Any

from count_model_parameters import BOTH_HALVES, MASKED, config_of


def trained(row: dict[str, str]) -> str:
    """Parameters that get a gradient [count]; what PEFT says where it refuses."""
    import peft
    import torch
    import transformers

    config: dict[str, Any] = config_of(row["config"])
    kind = config.pop("model_type")
    maker: Any = transformers.AutoModelForCausalLM
    if kind in MASKED:
        maker = transformers.AutoModelForMaskedLM
    elif kind in BOTH_HALVES:
        maker = transformers.AutoModelForSeq2SeqLM
    with torch.device("meta"):
        model = maker.from_config(transformers.AutoConfig.for_model(kind, **config))
    names = row["targets"].split()
    modules: Any = [name for name in names if "experts." not in name]
    adapters = peft.LoraConfig(
        r=int(row["rank"]),
        target_modules="all-linear" if modules == ["all-linear"] else modules,
        target_parameters=[name for name in names if "experts." in name] or None,
        modules_to_save=row["modules_to_save"].split() or None,
        use_dora=row["dora"] == "true",
        task_type=None if kind in (*MASKED, *BOTH_HALVES) else "CAUSAL_LM",
    )
    try:
        whole = peft.get_peft_model(model, adapters)
    except ValueError as error:
        return f"refused: {type(error).__name__}"
    return str(sum(weight.numel() for weight in whole.parameters() if weight.requires_grad))


def main(path: str) -> None:
    """Count every row of the table again and say what changed."""
    lines = [line for line in Path(path).read_text().splitlines() if not line.startswith("#")]
    for row in csv.DictReader(lines):
        if (counted := trained(row)) != row["trained"]:
            print(",".join([*list(row.values())[:-1], counted]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
