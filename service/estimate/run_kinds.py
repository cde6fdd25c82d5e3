"""Kinds of runs by which predictions are judged: what makes a run hard to foresee."""

from typing import Literal, get_args

from service.estimate.case import Case
from service.estimate.machine import GPUS_PER_NODE
from service.facts import MeasuredRun

RunKind = Literal[
    "pretraining", "full fine-tuning", "LoRA", "QLoRA", "home card", "several nodes", "small shapes",
    "FP32 or TF32", "FP8", "Muon", "offload",
]  # fmt: skip
RUN_KINDS: tuple[RunKind, ...] = get_args(RunKind)
SMALL_WIDTH, SMALL_MICRO_BATCH_TOKENS = 1024, 2048
"""Up to here the products of a block are too small to fill a large GPU."""
OF_WORKLOAD: dict[str, RunKind] = {"full-finetune": "full fine-tuning", "lora": "LoRA", "qlora": "QLoRA"}


def kinds_of(run: MeasuredRun, case: Case) -> frozenset[RunKind]:
    """Every kind that a run is of; one may be of several."""
    recipe = case.recipe
    found: set[RunKind] = {OF_WORKLOAD.get(run.workload or "", "pretraining")}
    if case.gpu.category != "datacenter":
        found.add("home card")
    if case.gpu_count > GPUS_PER_NODE:
        found.add("several nodes")
    narrow = case.architecture.d_model <= SMALL_WIDTH
    if narrow or recipe.micro_batch * recipe.seq_len <= SMALL_MICRO_BATCH_TOKENS:
        found.add("small shapes")
    if recipe.precision in ("fp32", "tf32"):
        found.add("FP32 or TF32")
    if recipe.precision == "fp8":
        found.add("FP8")
    if recipe.optimizer == "muon+adamw":
        found.add("Muon")
    if recipe.optimizer_placement.startswith("host"):
        found.add("offload")
    return frozenset(found)
