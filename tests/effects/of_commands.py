"""Every option of the commands that ask no question about a run."""

from tests.effects.cases import Cases, changes, refused

A_LANGUAGE = (changes("--lang de"), refused("--lang de", "--json"))
AS_JSON = (changes("--json"),)
WIDE = (changes("--wide"), refused("--wide", "--json"))
NUMBER = "--gpu rtx-3090 --workload gpt2-124m --tokens-per-s 60000"
NANOGPT = "NANOGPT --gpu rtx-3090 --workload gpt2-124m --batch-tokens 32768 --gpu-count 1 --dry-run"
NANOCHAT = "NANOCHAT --gpu rtx-3090 --dry-run"
TRIED = f"{NUMBER} --dry-run"
FOLLOWED = "--follow NANOCHAT --gpu rtx-3090"
SHOWN = "offers --gpu h100-sxm --gpu-count 8 --max-price 21"
OF_PROGRESS = "run in progress"

MEASURE: Cases = {
    "logfile": (
        changes("NANOCHAT", "--gpu rtx-3090 --dry-run --workload nanochat-d20 --batch-tokens 8192",
                instead="--tokens-per-s 20000"),
        refused("NANOCHAT", TRIED, says="exactly one"),
        refused("NANOCHAT", FOLLOWED, says="LOGFILE"),
    ),
    "--gpu": (changes("--gpu rtx-4090", "NANOCHAT --dry-run", instead="--gpu rtx-3090"),),
    "--gpu-count": (changes("--gpu-count 2", TRIED),),
    "--workload": (
        changes("--workload gpt2-350m", "--gpu rtx-3090 --tokens-per-s 30000 --dry-run",
                instead="--workload gpt2-124m"),
    ),
    "--tokens-per-s": (
        changes("--tokens-per-s 50000", "--gpu rtx-3090 --workload gpt2-124m --dry-run",
                instead="--tokens-per-s 60000"),
        refused("--tokens-per-s 50000", NANOCHAT, says="exactly one"),
    ),
    "--micro-batch": (changes("--micro-batch 2", TRIED),),
    "--seq-len": (changes("--seq-len 512", TRIED),),
    "--batch-tokens": (changes("--batch-tokens 8192", TRIED), changes("--batch-tokens 16384", NANOGPT)),
    "--total-steps": (
        changes("--total-steps 90000", NANOCHAT),
        refused("--total-steps 90000", TRIED, says=OF_PROGRESS),
    ),
    "--checkpointing": (changes("--checkpointing full", TRIED),),
    "--offload": (changes("--offload optimizer", TRIED),),
    "--optimizer": (changes("--optimizer adamw-8bit", TRIED),),
    "--precision": (changes("--precision fp32", f"{TRIED} --tokens-per-s 20000"),),
    "--engine": (changes("--engine torch-eager", TRIED),),
    "--country": (changes("--country FR", NANOCHAT), refused("--country FR", TRIED, says=OF_PROGRESS)),
    "--currency": (changes("--currency USD", NANOCHAT), refused("--currency USD", TRIED, says=OF_PROGRESS)),
    "--kwh-price": (changes("--kwh-price 0.2", NANOCHAT), refused("--kwh-price 1", TRIED, says=OF_PROGRESS)),
    "--plug-watts": (changes("--plug-watts 410", NANOCHAT), refused("--plug-watts 9", TRIED)),
    "--lang": (changes("--lang de", TRIED),),
    "--dry-run": (changes("--dry-run", NUMBER), refused("--dry-run", FOLLOWED)),
    "--yes": (
        changes("--yes", "--gpu rtx-3090 --workload gpt2-124m --tokens-per-s 9000", usually=2),
    ),
    "--follow": (
        changes("--follow NANOCHAT", "--gpu rtx-3090 --workload nanochat-d20",
                instead="--tokens-per-s 20000 --dry-run"),
        refused("--follow NANOCHAT", "--gpu rtx-3090 --workload gpt2-124m --tokens-per-s 60000"),
    ),
    "--budget": (
        changes("--budget 1", FOLLOWED),
        refused("--budget 3", TRIED, says="--follow"),
        refused("--budget 3", NANOCHAT, says="--follow"),
    ),
    "--forget": (
        changes("--forget MEASURED", instead=TRIED),
        *(refused(one, "--forget MEASURED", says="--forget") for one in ("--json", "NANOCHAT", "--dry-run")),
    ),
    "--json": (changes("--json", TRIED), refused("--json", FOLLOWED)),
}  # fmt: skip

COMMANDS: dict[str, Cases] = {
    "measure": MEASURE,
    "reports list": {},
    "reports show": {"name": (changes("weekly-one", instead="daily-one"),)},
    "reports run": {"name": (changes("weekly-one", instead="daily-one"),)},
    "reports run-due": {},
    "reports pause": {"name": (changes("weekly-one", instead="daily-one"),)},
    "reports resume": {"name": (changes("weekly-one", instead="daily-one"),)},
    "reports remove": {"name": (changes("weekly-one", instead="daily-one"),)},
    "probe": {
        "-o": (changes("-o FOLDER/probe.py"),),
        "--lang": (changes("--lang de", "-o FOLDER/probe.py"), refused("--lang de", says="-o")),
    },
    "machine": {"--json": AS_JSON, "--lang": A_LANGUAGE},
    "measurements list": {"--json": AS_JSON, "--lang": A_LANGUAGE},
    "measurements show": {
        "name": (changes("MEASURED", instead="MEASURED2"),),
        "--json": (changes("--json", "MEASURED"),),
        "--lang": (changes("--lang de", "MEASURED"), refused("--lang de", "MEASURED --json")),
    },
    "measurements remove": {"name": (changes("MEASURED", instead="MEASURED2"),)},
    "validate": {
        "runs": (changes("RUNS"), *(refused(f"--{other}", "RUNS") for other in ("markdown", "figures"))),
        "--leave-out": (
            changes("--leave-out gpu"),
            refused("--leave-out gpu", "RUNS"),
            refused("--leave-out gpu", "--markdown"),
            refused("--leave-out gpu", "--figures"),
        ),
        "--lang": (
            changes("--lang de", "RUNS"),
            *(refused("--lang de", beside) for beside in ("RUNS --json", "--markdown", "--figures")),
        ),
        "--json": (
            changes("--json", "RUNS"), refused("--json", "--markdown"), refused("--json", "--figures"),
        ),
        "--markdown": (changes("--markdown"), refused("--markdown", "--figures")),
        "--figures": (changes("--figures"),),
    },
    "serve": {
        "--host": (changes("--host 0.0.0.0", says="0.0.0.0"),),
        "--port": (changes("--port 0", says="0"),),
        "--workers": (changes("--workers 3", says="3"),),
    },
    "offers": {
        "--gpu": (changes("--gpu h100-sxm"), refused("--gpu a1")),
        "--gpu-count": (changes("--gpu-count 2"), changes("--gpu-count 2", "--nearest rtx-4090")),
        "--nearest": (changes("--nearest rtx-4090"), refused("--nearest rtx-4090", "--gpu h100-sxm")),
        "--min-memory": (changes("--min-memory 90"), changes("--min-memory 90", "--nearest rtx-4090")),
        "--tier": (changes("--tier reserved"), changes("--tier spot", "--nearest rtx-4090")),
        "--provider": (changes("--provider lambda"),),
        "--region": (changes("--region asia"),),
        "--country": (changes("--country DE"),),
        "--max-price": (changes("--max-price 0.1"),),
        "--currency": (changes("--currency EUR"),),
        "--as-of": (changes("--as-of 2024-06-01"), changes("--as-of 2024-06-01", "--nearest rtx-4090")),
        "--max-age": (changes("--max-age 1"), changes("--max-age 1", "--nearest rtx-4090")),
        "--unlisted": (changes("--unlisted", "--provider nebius"),),
        "--sold-out": (changes("--sold-out", "--provider salad"),),
        "--limit": (changes("--limit 3"), changes("--limit 2", "--nearest rtx-4090")),
        "--offset": (changes("--offset 3"), changes("--offset 2", "--nearest rtx-4090")),
        "--wide": WIDE,
        "--json": AS_JSON,
    },
    "price-history": {
        "gpu": (changes("a100-sxm-80gb", instead="h100-sxm"),),
        "--gpu-count": (changes("--gpu-count 8", "h100-sxm"),),
        "--tier": (changes("--tier spot", "h100-sxm"),),
        "--provider": (changes("--provider lambda", "h100-sxm"),),
        "--from": (changes("--from 2026-08-01", "h100-sxm"),),
        "--to": (changes("--to 2026-06-30", "h100-sxm"),),
        "--interval": (changes("--interval week", "h100-sxm"),),
        "--currency": (changes("--currency EUR", "h100-sxm"),),
        "--wide": (changes("--wide", "h100-sxm"), refused("--wide", "h100-sxm --json")),
        "--json": (changes("--json", "h100-sxm"),),
    },
    "gpus": {
        "--category": (changes("--category geforce"), refused("--category gforce")),
        "--wide": WIDE,
        "--json": AS_JSON,
    },
    "workloads": {"--wide": WIDE, "--json": AS_JSON},
    "providers": {
        "name": (changes("lambda"), refused("lamda", says="lambda"), refused("lambda", "--kind gpu-cloud")),
        "--kind": (changes("--kind marketplace"), refused("--kind market")),
        "--json": AS_JSON,
    },
    "prices list": {"--wide": WIDE, "--json": AS_JSON},
    "prices refresh": {
        "names": (changes("ecb"), refused("ebc", says="ecb")),
        "--zone": (
            changes("--zone AT", instead="ecb"),
            refused("--zone ATT", says="AT"),
            refused("--zone AT", "ecb", says="--zone"), refused("--zone AT", "--quick", says="--zone"),
        ),
        "--quick": (changes("--quick"), refused("--quick", "ecb")),
        "--country": (
            changes("--country FR", "--quick"),
            refused("--country FR", says="--quick"),
            refused("--country Atlantis", "--quick"),
        ),
        "--json": AS_JSON,
    },
    "prices check": {
        "names": (changes("ecb"), refused("ebc", says="ecb")),
        "--timeout": (
            changes("--timeout 7", "ecb", says="7.0"), refused("--timeout 0", "ecb", says="timeout"),
        ),
        "--lang": (changes("--lang de", "ecb"), refused("--lang de", "ecb --json")),
        "--json": (changes("--json", "ecb"),),
    },
    "prices show": {
        "name": (changes("ecb", instead="linode"),),
        "--raw": (changes("--raw", "ecb", says="asked"),),
        "--rejected": (changes("--rejected", "linode"), refused("--rejected", "ecb --raw")),
    },
    "prices import": {
        "file": (changes("TWO_PRICES", "--provider lambda --dry-run", instead="ONE_PRICE"),),
        "--format": (changes("JSON_PRICES --format json", "--provider lambda --dry-run", instead="ONE_PRICE"),
                     refused("--format json", "ONE_PRICE --provider lambda --dry-run", says="json"),),
        "--provider": (changes("--provider nebius", "ONE_PRICE", instead="--provider lambda", then=SHOWN),),
        "--new-provider": (
            changes("--new-provider 'My cloud'", "ONE_PRICE --provider my-cloud --dry-run", usually=2),
            refused("--new-provider 'My cloud'", "ONE_PRICE --provider lambda"),
        ),
        "--as-of": (changes("--as-of 2026-01-01", "ONE_PRICE --provider lambda", then=SHOWN),),
        "--dry-run": (changes("--dry-run", "ONE_PRICE --provider lambda"),),
        "--yes": (
            changes("--yes", "HALF_PRICE --provider lambda", usually=2),
            refused("--yes", "ONE_PRICE --provider lambda --dry-run"),
        ),
        "--json": (changes("--json", "ONE_PRICE --provider lambda --dry-run"),),
    },
    "prices unmapped": {},
    "prices conflicts": {},
    "prices map": {
        "name": (changes('"Another Card" rtx-4090', instead='"Some Card" rtx-4090'),),
        "gpu": (changes('"Some Card" rtx-4080', instead='"Some Card" rtx-4090'),),
        "--memory": (changes("--memory 48", '"Some Card" rtx-4090', says="48"),),
    },
    "prices watch": {"names": (changes("ecb"), refused("ebc", says="ecb"))},
    "alerts add": {
        "gpu": (changes("a100-sxm-80gb", "--below 20", instead="h100-sxm"),),
        "--gpu-count": (changes("--gpu-count 8", "h100-sxm --below 20"),),
        "--below": (
            changes("--below 19", "h100-sxm", instead="--below 20"),
            refused("--below 19", "h100-sxm --fall 5", says="threshold"),
        ),
        "--fall": (changes("--fall 5", "h100-sxm", instead="--fall 6"),),
        "--tier": (changes("--tier spot", "h100-sxm --below 20"),),
        "--provider": (changes("--provider lambda", "h100-sxm --below 20"),),
        "--currency": (changes("--currency EUR", "h100-sxm --below 20"),),
        "--name": (changes("--name mine", "h100-sxm --below 20", says="mine"),),
        "--webhook": (changes("--webhook https://example.org/x", "h100-sxm --below 20"),),
    },
    "alerts list": {},
    "alerts remove": {"slug": (changes("ALERT2", instead="ALERT"),)},
    "alerts test": {"slug": (changes("HOOKED", instead="HOOKED2"),)},
    "db upgrade": {},
    "db backup": {"file": (changes("FOLDER/one.zip", instead="FOLDER/two.zip"),)},
    "db restore": {
        "file": (changes("COPY --replace", instead="COPY2 --replace"),),
        "--replace": (changes("--replace", "COPY", usually=2),),
    },
    "db check": {"file": (changes("COPY"),)},
    "db export": {
        "file": (changes("FOLDER/facts.zip", instead="FOLDER/others.zip"),),
        "--format": (
            changes("FOLDER/lines.zip --format jsonl", instead="FOLDER/table.zip", says="as jsonl"),
        ),
    },
    "db prune": {"--dry-run": (changes("--dry-run"),)},
    "doctor": {
        "--network": (changes("--network", says="was reached"),),
        "--json": (changes("--json", says="is_well"),),
        "--lang": (changes("--lang de", says="Uhr"), changes("--lang de", "--json", says="Uhr")),
    },
    "db calibrate": {"--check": (changes("--check"),)},
    "token create": {
        "name": (changes("two", instead="one", then="token list"),),
        "--scope": (changes("--scope read", "one", then="token list"),),
        "--valid-days": (changes("--valid-days 30", "one", then="token list"),),
    },
    "token list": {},
    "token rotate": {
        "name": (changes("TOKEN2", instead="TOKEN", then="token list"),),
        "--overlap-hours": (changes("--overlap-hours 48", "TOKEN", says="48 h"),),
        "--valid-days": (changes("--valid-days 30", "TOKEN", then="token list"),),
    },
    "token revoke": {"name": (changes("TOKEN2", instead="TOKEN"),)},
}  # fmt: skip
