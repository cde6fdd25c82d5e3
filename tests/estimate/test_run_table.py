"""Tables of runs as people write them: every row that can be predicted is, with sane numbers."""

import csv
import io
import itertools
import math

import pytest

from service.errors import InvalidValue
from service.estimate.measured_run import architecture_of, with_shape
from service.estimate.named_model import active_in, experts_of, size_in
from service.estimate.run_records.gpu_as_printed import PrintedGpus, count_in
from service.estimate.run_records.imputation import kin_of, model_key, with_kin
from service.estimate.run_records.recipe_words import (
    ATTENTION,
    CHECKPOINTING,
    ENGINES,
    PARALLELISM,
    PRECISIONS,
    WORKLOADS,
    meaning,
    model_parallel,
)
from service.estimate.run_records.run_table import read_runs
from service.estimate.run_records.table_cells import as_number
from service.store.session import Sessions, engine_for
from service.store.snapshot import load
from service.usecases.validating import csv_rows, validate_file

WHOLE = {
    "id": "mine",
    "project": "somebody's trainer",
    "model": "Llama-3.1-8B",
    "n_params": "8030261248",
    "n_layers": "32",
    "d_model": "4096",
    "n_heads": "32",
    "n_kv_heads": "8",
    "d_ff": "14336",
    "vocab": "128256",
    "seq_len": "8192",
    "gpu": "h100-sxm",
    "gpu_count": "8",
    "nodes": "1",
    "precision": "bf16",
    "optimizer": "AdamW",
    "engine": "torch-compile",
    "attention": "flash",
    "checkpointing": "full",
    "parallelism": "fsdp",
    "micro_batch": "2",
    "global_batch_tokens": "524288",
    "tokens_per_s": "",
    "peak_mem_gib": "",
}


@pytest.fixture(scope="module")
def snapshot(catalog_copy):
    engine = engine_for(catalog_copy())
    return load(Sessions(engine))


@pytest.fixture(scope="module")
def gpu_of_run(snapshot):
    return PrintedGpus(snapshot.gpus.values()).gpu


def table(*rows, **layout):
    text = io.StringIO()
    writer = csv.DictWriter(text, [*dict.fromkeys(itertools.chain(*rows))], **layout)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def predicted(snapshot, *cells, **layout):
    rows = [WHOLE | {"id": f"row {number}"} | cell for number, cell in enumerate(cells)]
    return validate_file(snapshot, table(*rows, **layout)).rows


def sane(row):
    assert row.problem is None, (row.id, row.problem)
    speed, peak = row.tokens_per_s, row.peak_memory_gib
    assert 0 < speed.p10 < speed.p50 < speed.p90 < math.inf
    assert speed.p90 / speed.p10 < 10
    assert 0 < peak.p10 <= peak.p50 <= peak.p90 < math.inf
    return True


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("NVIDIA GeForce RTX 5090", "rtx-5090"),
        ("H100-SXM5-80GB", "h100-sxm"),
        ("NVIDIA H100 80GB HBM3", "h100-sxm"),
        ("8x H100", "h100-sxm"),
        ("H100 SXM5 80GB (HGX)", "h100-sxm"),
        ("H100 80GB PCIe Gen5", "h100-pcie"),
        ("H100 NVL", "h100-nvl"),
        ("H100 96GB HBM2e SXM (500W power limit)", "h100-sxm-96gb"),
        ("A100", "a100-sxm-80gb"),
        ("A100 80GB PCIe", "a100-pcie-80gb"),
        ("nvidia a100-sxm4-40gb", "a100-sxm-40gb"),
        ("RTX PRO 6000", "rtx-pro-6000-blackwell"),
        ("9070 XT", "rx-9070-xt"),
        ("7900 XT", "rx-7900-xt"),
        ("4xT4", "t4"),
        ("PRO 6000 Blackwell", "rtx-pro-6000-blackwell"),
        ("L40S", "l40s"),
        ("MI300X", "mi300x"),
        ("AMD Instinct MI325X", "mi325x"),
        ("RTX 3060 12GB", "rtx-3060-12gb"),
        ("4090", "rtx-4090"),
        ("GeForce 4090", "rtx-4090"),
        ("RTX_3090", "rtx-3090"),
        ("RTX 4090 Laptop GPU", "rtx-4090-laptop"),
        ("RTX 3080 mobile", "rtx-3080-laptop"),
        ("4070 Ti Super 16GB", "rtx-4070-ti-super"),
        ("GH200 480GB", "gh200-96gb"),
        ("A6000", "rtx-a6000"),
        ("RTX 6000 Ada", "rtx-6000-ada"),
        ("Quadro RTX 6000", "quadro-rtx-6000"),
        ("Tesla T4", "t4"),
        ("V100", "v100-sxm-32gb"),
        ("Tesla V100-PCIE-16GB", "v100-pcie-16gb"),
        ("B200", "b200-sxm"),
        ("HGX H200", "h200-sxm"),
        ("GB10", "gb10"),
        ("rtx titan", "titan-rtx"),
    ],
)
def test_cards_are_known_by_the_names_people_give_them(gpu_of_run, name, slug):
    assert gpu_of_run(name).slug == slug


def test_what_is_printed_tells_the_kind_of_a_card(gpu_of_run):
    assert gpu_of_run("a100", "A100 40GB").slug == "a100-sxm-40gb"
    assert gpu_of_run("abacus", "RTX 4090 24GB").slug == "rtx-4090"
    with pytest.raises(InvalidValue, match="TPU v6e"):
        gpu_of_run("TPU v6e-8")
    for unlike in ("A10", "L4", "B300", "GB200"):
        assert alike(unlike, gpu_of_run(unlike).slug)
    assert [count_in(name) for name in ("8x H100", "H100 x 4", "RTX 4090")] == [8, 4, None]


def alike(name, slug):
    return slug.split("-")[0] == name.lower()


@pytest.mark.parametrize(
    ("patterns", "words"),
    [
        (PRECISIONS, {"bf16-mixed": "bf16", "int8": "int8",
                      "mxfp8": "fp8", "nvfp4": "fp8", "16-mixed": "fp16",
                      "FP8 (E4M3)": "fp8", "fp32/bf16 mixed": "bf16", "float32": "fp32", "nf4": "nf4"}),
        (ENGINES, {"deepspeed": "torch-eager", "torch.compile": "torch-compile", "torch-eager": "torch-eager",
                   "eager (no compile)": "torch-eager", "C++/CUDA": "native", "native": "native",
                   "magic": None}),
        (ATTENTION, {"flash-attention-2": "flash", "SDPA": "flash", "FA3": "flash", "naive": "naive",
                     "eager": "naive", "weird": None}),
        (CHECKPOINTING, {"yes": "full", "No": "none", "selective AC": "selective",
                         "every 2 layers": "selective"}),
        (PARALLELISM, {"FSDP2": "fsdp", "ZeRO-3": "fsdp", "zero_stage_2": "zero-2", "tp=8 pp=4": "fsdp",
                       "DDP": "ddp", "HSDP": "fsdp", "zero-1": "zero-1", "single": "single", "magic": None}),
        (WORKLOADS, {"QLoRA": "qlora", "LoRA finetuning": "lora", "SFT": "full-finetune"}),
    ],
)  # fmt: skip
def test_words_mean_what_people_mean(patterns, words):
    assert {word: meaning(patterns, word) for word in words} == words


def test_numbers_are_read_as_people_write_them():
    written = {"524,288": 524_288, "7.6B": 7.6e9, "124M": 1.24e8, "1e9": 1e9, "~55k": 55_000, "8.0": 8}
    assert {text: as_number(text) for text in written} == written
    for text in ("many", "1,2,3", "--5", ""):
        with pytest.raises(ValueError):
            as_number(text)
    assert model_parallel("FSDP 8 x TP 8 x PP 8") == 64 and model_parallel("DDP") == 1


def test_words_nobody_knows_are_left_out_with_a_remark(snapshot):
    odd = {"engine": "magic", "precision": "bf16-mixed", "parallelism": "FSDP2", "tokens_per_s": "-5"}
    (row,) = predicted(snapshot, odd)
    assert sane(row) and row.measured_tokens_per_s is None
    assert set(row.remarks) == {
        ("engine", "magic", ""),
        ("precision", "bf16-mixed", "bf16"),
        ("parallelism", "FSDP2", "fsdp"),
        ("tokens_per_s", "-5", ""),
    }
    assert row.tokens_per_s.p90 / row.tokens_per_s.p10 > 1.2


def test_every_single_cell_and_every_pair_may_be_empty(snapshot):
    spare = [name for name in WHOLE if name not in ("id", "gpu")]
    blanks = [*itertools.combinations(spare, 1), *itertools.combinations(spare, 2), tuple(spare[2:])]
    rows = predicted(snapshot, *({name: "" for name in names} for names in blanks))
    assert len(rows) == len(blanks) > 200 and all(sane(row) for row in rows)


def test_little_is_enough(snapshot):
    """A size and a card; a well-known name and a card; but not a card alone."""
    bare = dict.fromkeys(WHOLE, "") | {"gpu": "h100"}
    sized = bare | {"n_params": "7B", "seq_len": "2048"}
    named = bare | {"model": "meta-llama/Llama-3.1-8B-Instruct"}
    size_in_name = bare | {"model": "Unheard-of 3B"}
    *fine, nothing = predicted(snapshot, sized, named, size_in_name, bare)
    assert all(sane(row) for row in fine)
    assert 3_000 < fine[0].tokens_per_s.p50 < 20_000
    assert fine[0].tokens_per_s.p90 / fine[0].tokens_per_s.p10 > 1.5
    assert "is not known" in nothing.problem


@pytest.mark.long
def test_a_file_may_come_from_any_program(snapshot):
    """Byte order mark, CRLF, quotes, semicolons, capital titles, a cell of a megabyte, the same id twice."""
    plain = predicted(snapshot, {})[0].tokens_per_s
    rows = [WHOLE, WHOLE | {"notes": "x" * 1_000_000}]
    for layout in ({}, {"lineterminator": "\r\n", "quoting": csv.QUOTE_ALL}, {"delimiter": ";"}):
        text = table(*rows, **layout)
        for written in (text, "\ufeff" + text, text.replace("micro_batch", " Micro_Batch")):
            found = validate_file(snapshot, written).rows
            assert [row.tokens_per_s.p50 for row in found] == pytest.approx([plain.p50] * 2)


@pytest.mark.long
def test_thousands_of_rows_and_contradictions(snapshot):
    rows = predicted(snapshot, *({"seq_len": str(512 * (1 + i % 8))} for i in range(4_000)))
    assert len(rows) == 4_000 and all(row.tokens_per_s for row in rows)
    good, bad = predicted(snapshot, {"n_heads": "", "n_kv_heads": "20"}, {"n_heads": "7", "n_kv_heads": "2"})
    assert sane(good) and "does not divide" in bad.problem


def test_gpus_that_share_a_micro_batch_hold_a_part_of_it_each(snapshot):
    """torchtitan's Llama 3.1 70B, FSDP 32 x TP 8 at micro-batch 16: 67.6 GiB per GPU."""
    cells = {"n_layers": "80", "d_model": "8192", "n_heads": "64", "d_ff": "28672", "n_params": "70553706496",
             "model": "Llama 3.1 70B", "gpu_count": "256", "nodes": "32", "micro_batch": "16",
             "global_batch_tokens": "4194304", "parallelism": "FSDP 32 x TP 8"}  # fmt: skip
    sharded, alone = predicted(snapshot, cells, cells | {"parallelism": "fsdp"})
    assert 40 < sharded.peak_memory_gib.p50 < 90 < alone.peak_memory_gib.p50


def test_experts_cost_time_by_the_active_and_memory_by_all(snapshot, gpu_of_run):
    mixtral = {"model": "Mixtral-8x7B", "n_params": "46.7B", "vocab": "32000", "gpu_count": "64"}
    dense = {"model": "dense", "n_params": "46.7B", "n_layers": "60", "d_model": "8192", "n_heads": "64",
             "d_ff": "28672", "vocab": "32000", "gpu_count": "64"}  # fmt: skip
    whole, shapeless, other = predicted(
        snapshot, mixtral, mixtral | dict.fromkeys(("n_layers", "d_model", "n_heads", "d_ff"), ""), dense
    )
    for row in (whole, shapeless):
        # All experts cross between the GPUs, so that a quarter of the work is not four times the speed.
        assert sane(row) and row.tokens_per_s.p50 > 1.7 * other.tokens_per_s.p50
    run = with_shape(read_runs(csv_rows(table(WHOLE | mixtral)), gpu_of_run)[0].run)
    a = architecture_of(run, "hopper")
    assert (a.n_experts, a.experts_per_token) == (8, 2)
    assert size_in("Mixtral-8x7B") == pytest.approx(46.7e9, rel=0.02)
    assert size_in("GPT-2 124M") == 1.24e8 and size_in("nanochat d20") is None
    assert active_in("Qwen3-30B-A3B") == 3e9
    assert experts_of(run, gated=True) == (8, 2)


def test_blanks_come_from_the_model_of_that_name_and_the_habits_of_the_code(snapshot, gpu_of_run):
    kin = kin_of(snapshot.measured_runs, snapshot.workloads.values())
    assert model_key("meta-llama/Llama-3.1-8B-Instruct") == model_key("Llama 3.1 8B") == "llama318b"
    rows = csv_rows(table(WHOLE | {"project": "LLM.Q", "engine": "", "d_ff": "", "vocab": ""}))
    (found,) = read_runs(rows, gpu_of_run, completed=lambda run: with_kin(run, kin))
    assert (found.run.engine, found.run.d_ff, found.run.vocab_size) == ("native", 14_336, 128_256)
    rows = csv_rows(table(WHOLE | {"d_model": "2048", "d_ff": "", "n_params": ""}))
    (found,) = read_runs(rows, gpu_of_run, completed=lambda run: with_kin(run, kin))
    assert found.run.d_ff is None, "another width is another model"
