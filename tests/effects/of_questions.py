"""Every option of the questions: compare and report, decide and reports schedule."""

from tests.effects.cases import TRAINER_FILES, Cases, changes, refused

DYNAMIC = "--country AT --tariff dynamic --surcharges 0.1 --vat 0.2"
ALL_IN = "--tariff dynamic:GB-AGILE-C"
DATA = "--examples 2000 --mean-tokens 700"
LORA = f"--finetune lora {DATA}"
LLAMA = "qwen3-8b"
AXOLOTL = TRAINER_FILES / "axolotl.yml"
BY_FILE = f"--trainer-config {AXOLOTL} {DATA}"
LLAMA_FACTORY = TRAINER_FILES / "llama_factory.yaml"
DIMENSIONS = "n_layers=12,d_model=768,n_heads=12,vocab_size=50304"
OTHER_DIMENSIONS = DIMENSIONS.replace("12", "8")
TINY = "--tokens 1000000000"


def of_fine_tuning(option: str, *others: str) -> tuple:
    """Counts with --finetune, is refused without it."""
    return (
        *(changes(one, LORA, workload=LLAMA) for one in (option, *others)),
        refused(option, says="--finetune"),
    )


HOUSEHOLD: Cases = {
    "--country": (changes("--country FR"), changes("--country US-CA")),
    "--currency": (changes("--currency USD"),),
    "--kwh-price": (changes("--kwh-price 0.25"), refused("--kwh-price 0.25", DYNAMIC)),
    "--plug-watts": (changes("--plug-watts 333"),),
    "--lang": (changes("--lang de"),),
    "--tariff": (changes("--tariff dynamic:DE-LU"), changes("--tariff 22-6=0.2,6-22=0.4")),
    "--surcharges": (
        changes("--surcharges 0.15", DYNAMIC),
        refused("--surcharges 0.15", says="dynamic"),
        refused("--surcharges 0.15", ALL_IN, says="already"),
    ),
    "--markup": (
        changes("--markup 0.02", DYNAMIC),
        refused("--markup 0.02", says="dynamic"),
        refused("--markup 0.02", ALL_IN, says="already"),
    ),
    "--vat": (
        changes("--vat 0.1", DYNAMIC),
        refused("--vat 0.1", "--tariff 22-6=0.2,6-22=0.4"),
        refused("--vat 0.1", ALL_IN, says="already"),
    ),
    "--solar-share": (changes("--solar-share 0.4"),),
    "--feed-in": (changes("--feed-in 0.02", "--solar-share 0.4"), refused("--feed-in 0.02")),
    "--yearly-kwh": (changes("--yearly-kwh 2500"),),
    "--base-fee": (changes("--base-fee 12"),),
    "--hours-per-day": (changes("--hours-per-day 10"), changes("--hours-per-day 10", DYNAMIC)),
    "--paused-watts": (
        changes("--paused-watts 30", "--hours-per-day 10"),
        refused("--paused-watts 30", says="--hours-per-day"),
    ),
    "--wear-per-hour": (changes("--wear-per-hour 0.05"),),
    "--heating-share": (
        changes("--heating-share 0.4", "--heat-price 0.1", instead="--heating-share 0.2"),
        refused("--heating-share 0.4", says="--heat-price"),
    ),
    "--heat-price": (
        changes("--heat-price 0.1", "--heating-share 0.4", instead="--heat-price 0.2"),
        refused("--heat-price 0.1", says="--heating-share"),
    ),
    "--rent": (
        changes("--rent idle_share=0.5"),
        changes("--rent tax_share=0.07"),
        refused("--rent restart_hours=3", says="spot"),
        refused("--rent idle_shares=0.5", says="idle_share"),
    ),
    "--host-memory": (changes("--host-memory 4", workload="nanochat-d32"),),
    "--display-gib": (changes("--display-gib 1", workload="nanochat-d32"),),
    "--rest-of-pc-watts": (
        changes("--rest-of-pc-watts 200"),
        refused("--rest-of-pc-watts 200", "--plug-watts 333"),
    ),
    "--power-limit": (changes("--power-limit 140"),),
    "--pcie-lanes": (changes("--pcie-lanes 4", workload="nanochat-d32"), refused("--pcie-lanes 3")),
    "--tokens": (changes("--tokens 2000000000"), refused("--tokens 2000000000", LORA, workload=LLAMA)),
    "--trials": (changes("--trials 3"),),
    "--business": (
        changes("--business"),
        changes("--business", "--country FR --kwh-price 0.2"),
        changes("--business", ALL_IN),
        changes("--business", "--tariff dynamic:DE-LU"),
        changes("--business", "--country US-CA"),
    ),
    "--failed-runs": (changes("--failed-runs 0.2"), refused("--failed-runs 1")),
    "--what-if": (
        changes("--what-if kwh-price=0.25"),
        changes("--what-if hours-per-day=8,solar-share=0.4", says="solar-share"),
        changes("--what-if kwh-price=0.25 --what-if trials=2", instead="--what-if kwh-price=0.25"),
        refused("--what-if kwh-prize=0.25", says="valid: kwh-price"),
        refused("--what-if kwh-price=101", says="--what-if kwh-price"),
        refused("--what-if trials=x", says="--trials"),
        refused("--what-if trials=1", says="already"),
        refused("--what-if currency=USD", says="--what-if currency"),
        refused("--what-if country=Atlantis", says="--what-if country"),
        refused("--what-if trials"),
        refused("--what-if kwh-price=0.25", DYNAMIC),
    ),
    "--max-age": (changes("--max-age 1"), refused("--max-age -1")),
}
MODEL: Cases = {
    "--config": (
        changes("--config CONFIG", TINY, workload=""),
        refused("--config CONFIG", TINY, says="gpt2-124m"),
        refused("--config CONFIG"),
    ),
    "--dimensions": (
        changes(f"--dimensions {OTHER_DIMENSIONS}", TINY, workload=""),
        refused(f"--dimensions {DIMENSIONS}", TINY, says="gpt2-124m"),
        refused(f"--dimensions {DIMENSIONS}", f"--config CONFIG {TINY}", workload=""),
        refused(f"--dimensions {DIMENSIONS}", f"--config CONFIG {BY_FILE}", workload=""),
    ),
    "--recipe": (
        changes("--recipe micro_batch=4"),
        changes("--recipe micro_batch=4", f"--config CONFIG {TINY}", workload=""),
        changes("--recipe micro_batch=4", f"--dimensions {DIMENSIONS} {TINY}", workload=""),
        changes("--recipe attention=naive", LORA, workload=LLAMA),
        changes("--recipe attention=naive", f"--trainer-config {AXOLOTL} {DATA}", workload=""),
        refused("--recipe micro_batch=4", LORA, workload=LLAMA, says="per-device-batch"),
        refused("--recipe nonsense=4", says="nonsense"),
    ),
    "--finetune": (
        changes(f"--finetune qlora {DATA}", workload=LLAMA, instead=LORA),
        changes(f"--finetune full {DATA}", workload=LLAMA, instead=LORA),
        changes(f"--finetune dora {DATA}", workload=LLAMA, instead=LORA),
        changes(f"--finetune lora-8bit {DATA}", workload=LLAMA, instead=LORA),
        refused("--finetune lora", says="--examples"),
    ),
    "--examples": of_fine_tuning("--examples 3000"),
    "--mean-tokens": of_fine_tuning("--mean-tokens 300"),
    "--epochs": of_fine_tuning("--epochs 5"),
    "--lora-rank": of_fine_tuning("--lora-rank 64"),
    "--lora-targets": of_fine_tuning("--lora-targets attention", "--lora-targets query-value"),
    "--modules-to-save": of_fine_tuning("--modules-to-save embed_tokens"),
    "--pack": of_fine_tuning("--pack"),
    "--max-length": of_fine_tuning("--max-length 512"),
    "--per-device-batch": of_fine_tuning("--per-device-batch 1"),
    "--accumulate": of_fine_tuning("--accumulate 16"),
    "--optimizer": of_fine_tuning("--optimizer sgd"),
    "--checkpointing": of_fine_tuning("--checkpointing none", "--checkpointing selective"),
    "--trainer-config": (
        changes(f"--trainer-config {AXOLOTL} {DATA}", workload=LLAMA, instead=LORA),
        refused(f"--trainer-config {AXOLOTL}", says="--examples"),
    ),
    "--deepspeed-config": (
        changes("--deepspeed-config DEEPSPEED", f"--trainer-config {LLAMA_FACTORY} {DATA}", workload=LLAMA),
        refused("--deepspeed-config DEEPSPEED", says="--trainer-config"),
    ),
}  # fmt: skip
WORKLOAD = (
    changes("nanochat-d20", workload="", instead="gpt2-124m"),
    refused("nanochat-d31", workload="", says="nanochat-d31"),
)
BUY: Cases = {
    "--buy": (
        changes("--buy rtx-4090"),
        changes("--buy rtx-4090=1500", instead="--buy rtx-4090"),
        changes("--buy rtx-4090=new", instead="--buy rtx-4090=used"),
        changes("--buy rtx-4090=1500:used", instead="--buy rtx-4090=1500"),
        refused("--buy h200-nvl", says="dated price"),
        refused("--buy rtx-a6000=used", says="--buy rtx-a6000=new"),
        refused("--buy rtx-4090=cheap", says="GPU=used"),
    ),
    "--years-kept": (
        changes("--years-kept 3", "--buy rtx-4090"),
        refused("--years-kept 3", says="buy"),
        refused("--years-kept 5", "--buy rtx-4090"),
    ),
    "--rest-of-pc-price": (
        changes("--rest-of-pc-price 700", "--buy rtx-4090"),
        refused("--rest-of-pc-price 700", says="buy"),
    ),
    "--capital-cost": (
        changes("--capital-cost 0.05", "--buy rtx-4090"),
        refused("--capital-cost 0.05", says="buy"),
        refused("--capital-cost 0.05", "--buy rtx-4090 --years-kept 0", says="--years-kept"),
        refused("--capital-cost 5", "--buy rtx-4090"),
    ),
    "--runs": (changes("--runs 5", "--buy rtx-4090"), refused("--runs 5", says="buy")),
}
COMPARISON: Cases = {
    "--home": (
        changes("--home rtx-3090"),
        changes("--home 2xrtx-3090", instead="--home rtx-3090"),
        changes("--home rtx-3090 --home rtx-4070", instead="--home rtx-3090"),
        refused("--home rtx-407"),
    ),
    "--home-count": (
        changes("--home-count 2"),
        refused("--home-count 2", "--home 2xrtx-3090"),
        refused("--home-count 2", "--home rtx-3090 --home rtx-4070"),
    ),
    "--cloud": (
        changes("--cloud 1xl40s"),
        changes("--cloud any"),
        changes("--cloud lambda"),
        changes("--cloud 16xh100-sxm"),
        changes("--cloud 1xl40s --cloud 8xh100-sxm", instead="--cloud 1xl40s"),
        refused("--cloud lambada"),
    ),
    **BUY,
    "--tier": (
        changes("--tier spot"),
        changes("--tier any", "--cloud any"),
        refused("--tier spot", "--cloud OFFER", says="on_demand"),
    ),
    "--limit": (changes("--limit 2", "--cloud any"), refused("--limit 2", says="any")),
    "--nvlink": (
        changes("--nvlink yes", "--home rtx-3090 --home-count 2"),
        refused("--nvlink yes", "--home rtx-4070 --home-count 2"),
        refused("--nvlink yes", "--home rtx-3090"),
    ),
    **HOUSEHOLD,
    **MODEL,
    "--max-age": (changes("--max-age 1"), refused("--max-age 1", "--cloud OFFER", says="old")),
}
NO_HOME = "--own none"
OF_HOME = (
    "--kwh-price 0.25", "--plug-watts 333", "--tariff dynamic:DE-LU", "--solar-share 0.4", 
    "--yearly-kwh 2500", "--base-fee 12", "--hours-per-day 10", "--wear-per-hour 0.05", "--host-memory 4",
    "--display-gib 1",
    "--rest-of-pc-watts 200", "--power-limit 140", "--pcie-lanes 4", "--nvlink yes",
)  # fmt: skip
DECISION: Cases = {
    "--own": (changes("--own rtx-3090"), changes("--own none"), refused("--own rtx-407")),
    **BUY,
    "--budget": (changes("--budget 3"),),
    "--deadline": (changes("--deadline 3h"),),
    "--weights": (changes("--weights 1,2,1"),),
    "--probability": (
        changes("--probability 0.5", "--deadline 16h --tier none"),
        refused("--probability 0.5", says="budget"),
    ),
    "--tier": (changes("--tier spot"), changes("--tier none"), changes("--tier any")),
    **HOUSEHOLD,
    **MODEL,
    "--nvlink": (
        changes("--nvlink yes", "--own 2xrtx-3090"),
        refused("--nvlink yes", "--own 2xrtx-4070"),
    ),
}
DECISION = {
    name: (*cases, *(refused(one, NO_HOME, says="own") for one in OF_HOME if one.split()[0] == name))
    for name, cases in DECISION.items()
}
DECISION["--max-age"] = (
    *DECISION["--max-age"],
    refused("--max-age 9", "--tier none", says="tier"),
)
DECISION["--rent"] = (*DECISION["--rent"], refused("--rent idle_share=0.5", "--tier none", says="tier"))
