"""Each program's lines as its print statements write them: speed, batch, GPUs, memory, or what is asked for.

The inputs are made up in the shape of those statements; `LogFormat.printed_by` says where they stand.
"""

from pathlib import Path

import pytest

from service.errors import InvalidValue, MissingFact
from service.estimate.run_records.all_formats import FORMATS
from service.estimate.run_records.log_lines import decoded
from service.estimate.run_records.training_log import LogReader, Told, read_log

SHARED = Path(__file__).parents[3] / "shared" / "cases" / "logs"
NANOCHAT_2026 = """GPU: NVIDIA GeForce RTX 3090 | Peak FLOPS (BF16): 7.10e+13
Distributed world size: 1
Vocab size: 32,768
Model config:
{
  "sequence_len": 1024,
  "vocab_size": 32768,
  "n_layer": 12,
  "n_head": 6,
  "n_kv_head": 6,
  "n_embd": 768,
  "window_pattern": "SSSL"
}
Parameter counts:
wte                     : 25,165,824
total                   : 286,262,424
Tokens / micro-batch / rank: 16 x 1024 = 16,384
Tokens / micro-batch: 16,384
Total batch size 131,072 => gradient accumulation steps: 8
Step 00000 | Validation bpb: 3.241170
"""


def test_todays_nanochat_prints_its_model_as_json():
    steps = "".join(
        f"step {i:05d}/02000 ({i / 20:.2f}%) | loss: 9.0 | lrm: 0.03 | dt: {9000 if i < 2 else 2000}.00ms | "
        "tok/sec: 65,536 | bf16_mfu: 40.1 | epoch: 1 pq: 0 rg: 1 | total time: 0.00m | eta: 18.6m\n"
        for i in range(30)
    )
    log = read_log(NANOCHAT_2026 + steps + "Peak memory usage: 0.00MiB\n")
    assert (log.tokens_per_s, log.global_batch_tokens, log.total_steps) == (65_536, 131_072, 2000)
    shape = ("n_layers", "d_model", "n_heads", "n_kv_heads", "vocab_size", "seq_len", "n_params", "gpu_count")
    assert [log.facts[name] for name in shape] == [12, 768, 6, 6, 32_768, 1024, 286_262_424, 1]
    assert log.peak_memory_gib is None  # zero is what a CPU prints, not a measurement
    assert log.card == "NVIDIA GeForce RTX 3090" and log.notes == ()


def test_autoresearch_and_build_nanogpt_are_not_nanochat():
    config = (
        "Model config: {'sequence_len': 1024, 'vocab_size': 8192, 'n_layer': 8, 'n_head': 4, 'n_embd': 512}\n"
    )
    steps = "".join(
        f"\rstep {i:05d} (9.8%) | loss: 3.4 | lrm: 0.00 | dt: 500ms | tok/sec: 262,001 | mfu: 18.3% | "
        "epoch: 1 | remaining: 0s      "
        for i in range(30)
    )
    log = read_log(config + steps + "\n---\npeak_vram_mb:     8192.0\n")
    assert (log.project, log.tokens_per_s, log.global_batch_tokens) == ("autoresearch", 262_001, 131_072)
    assert (log.facts["gpu_count"], log.facts["n_layers"], log.peak_memory_gib) == (1, 8, 8.0)
    with pytest.raises(InvalidValue, match="gpu_count = 2"):
        read_log(steps, gpu_count=2)
    built = "total desired batch size: 524288\n=> calculated gradient accumulation steps: 32\n" + "".join(
        f"step {i:5d} | loss: 9.1 | lr 6.0e-04 | norm: 1.2 | dt: 4000.00ms | tok/sec: 131072.00\n"
        for i in range(30)
    )
    log = read_log(built)
    assert (log.project, log.tokens_per_s, log.global_batch_tokens) == ("build-nanogpt", 131_072, 524_288)


def test_llm_c_of_many_processes_is_never_one_gpu():
    head = "num_parameters: 124475904 => bytes: 248951808\n"
    head += "batch_size B=64 * seq_len T=1024 * num_processes=4 and total_batch_size=524288\n"
    steps = "".join(
        f"step {i:4d}/18865 | loss 7.6 (+nanz)| norm 1.1 (+nanz)| lr 1.7e-05 | "
        f"{900 if i == 1 else 300}.00 ms | 54.2% bf16 MFU | 1747626 tok/s\n"
        for i in range(1, 20)
    )
    log = read_log(head + steps)
    assert (log.facts["gpu_count"], log.facts["n_params"]) == (4, 124_475_904)
    assert log.tokens_per_s == pytest.approx(524_288 / 0.3)
    with pytest.raises(InvalidValue, match="gpu_count = 1: the log says 4; valid: 4"):
        read_log(head + steps, gpu_count=1)


def test_nanogpt_without_its_head_asks_for_batch_and_gpus():
    text = "\n".join(f"iter {i}: loss 3.9, time 250.00ms" for i in range(1600, 1640))
    with pytest.raises(MissingFact, match=r"--batch-tokens .* and --gpu-count"):
        read_log(text)
    with pytest.raises(MissingFact, match=r"the number of GPUs .*--gpu-count"):
        read_log(text, batch_tokens=491_520)
    assert read_log(text, batch_tokens=491_520, gpu_count=4).tokens_per_s == 491_520 / 0.25


def test_modded_nanogpt_times_itself_between_lines():
    """Its step_avg is smoothed by the start; 100 ms a step after ten slow ones."""
    clock, lines = 0, []
    for i in range(1, 1400):
        clock += 2000 if i <= 10 else 100
        lines.append(f"step:{i}/1390 train_time:{clock}ms step_avg:{clock / i:.2f}ms")
    text = "\n".join(lines) + "\npeak memory allocated: 30720 MiB reserved: 40960 MiB"
    with pytest.raises(MissingFact, match=r"--batch-tokens .* and --gpu-count"):
        read_log(text)
    log = read_log(text, gpu_count=8, batch_tokens=393_216)
    assert log.tokens_per_s == pytest.approx(3_932_160)
    assert (log.peak_memory_gib, log.reserved_memory_gib) == (30.0, 40.0)


def torchtitan(prefix="[rank0]:[titan] "):
    return "".join(
        f"{prefix}2025-06-16 22:{30 + i // 3}:{i % 3 * 20:02d},000 - root - INFO - \x1b[31mstep: {10 * i:2}  "
        f"\x1b[32mloss:  6.1  \x1b[38;2;54;234;195mmemory: 49.66GiB(52.28%)  \x1b[34mtps: 4,096  "
        "tflops: 339.16  mfu: 34.29%\x1b[39m\n"
        for i in range(1, 30)
    )


def test_torchtitan_counts_per_gpu_and_asks_how_many():
    """8,192 tokens per GPU and step: 4,096 a second, ten steps in 20 s by its clock."""
    with pytest.raises(MissingFact, match="--gpu-count"):
        read_log(torchtitan())
    log = read_log(torchtitan(), gpu_count=8)
    assert (log.tokens_per_s, log.speed_from, log.step_s) == (32_768, "printed", 2.0)
    assert log.global_batch_tokens == 65_536
    assert log.reserved_memory_gib == 49.66 and log.peak_memory_gib is None
    head = "[titan] Building 2-D device mesh with ['dp_replicate', 'dp_shard'], [2, 4]\n"
    head += "Model llama3 8B size: 8,030,261,248 total parameters\n"
    log = read_log(head + torchtitan())
    assert (log.facts["gpu_count"], log.facts["n_params"]) == (8, 8_030_261_248)
    newer = (
        "Building device mesh with parallelism: pp=1, dp_replicate=2, dp_shard=8, cp=1, tp=1, ep=4, etp=1\n"
    )
    assert read_log(newer + torchtitan()).facts["gpu_count"] == 16


def test_ranks_that_talk_at_once_are_one_run():
    each = [torchtitan(f"[rank{rank}]:[titan] ").splitlines() for rank in range(4)]
    log = read_log("\n".join(line for lines in zip(*each, strict=True) for line in lines))
    assert (log.facts["gpu_count"], log.tokens_per_s, log.step_s) == (4, 16_384, 2.0)


MEGATRON = (
    " [2025-08-13 03:42:28] iteration {:8d}/     500 | consumed samples: {:12d} | elapsed time per iteration "
    "(ms): {:.1f} | throughput per GPU (TFLOP/s/GPU): 400.1 | energy per GPU (J/iter/GPU): 5000.0 | power "
    "per GPU (W/GPU): 625.0 | learning rate: 9.9E-05 | global batch size:   128 | lm loss: 7.2E+00 |\n"
)


def test_megatron_wants_length_and_gpus_and_prints_watts():
    text = "".join(MEGATRON.format(i, 128 * i, 60_000 if i == 1 else 8000) for i in range(1, 30))
    with pytest.raises(MissingFact, match=r"--seq-len .* or --batch-tokens .* and --gpu-count"):
        read_log(text)
    log = read_log(text, seq_len=4096, gpu_count=8)
    assert (log.tokens_per_s, log.global_batch_tokens, log.gpu_watts) == (65_536, 524_288, 625.0)
    head = "using world size: 8, data-parallel size: 8\n  seq_length .............................. 4096\n"
    head += "[Rank 0] (after 2 iterations) memory (MB) | allocated: 1.0 | max allocated: 61440.0 | "
    head += "reserved: 2.0 | max reserved: 71680.0\n"
    log = read_log(head + text)
    assert (log.facts["gpu_count"], log.tokens_per_s) == (8, 65_536)
    assert (log.peak_memory_gib, log.reserved_memory_gib) == (60.0, 70.0)


def test_megatrons_older_lines_count_tokens():
    """BigScience's print seconds and consumed tokens, and so need no sequence length."""
    text = "".join(
        f" iteration {i:8d}/  317892 | consumed samples: {512 * i:12d} | "
        f"consumed tokens: {512 * 2048 * i:12d} | "
        "elapsed time per iteration (s): 64.00 | learning rate: 2.4E-04 | global batch size:   512 |\n"
        for i in range(100, 120)
    )
    log = read_log(text, gpu_count=64)
    assert (log.tokens_per_s, log.global_batch_tokens) == (16_384, 512 * 2048)


def repeated(line, steps=range(1, 30)):
    return "".join(line.format(i=i) + "\n" for i in steps)


OTHERS = {
    "NeMo": (
        "0: All distributed processes registered. Starting with 8 processes\n"
        + repeated(
            "0: Training epoch 0, iteration {i}/99 | lr: 1e-06 | global_batch_size: 128 | global_step: {i} | "
            "max_memory_reserved: 85899345920 | max_memory_allocated: 64424509440 | "
            "reduced_train_loss: 11.9 | train_step_timing in s: 4.0 | TFLOPS_per_GPU: 1.2e+03"
        ),
        {"seq_len": 8192},
        (128 * 8192 / 4.0, 128 * 8192, 8, 60.0),
    ),
    "DeepSpeed": (
        "[INFO] [config.py:1003:print]   world_size ................... 2\n"
        "[INFO] [config.py:1003:print]   train_batch_size ............. 64\n"
        + repeated(
            "[2023-11-07 01:55:23,714] [INFO] [timer.py:260:stop] epoch=0/micro_step=40/global_step={i}, "
            "RunningAvgSamplesPerSec=20.0, CurrSamplesPerSec=25.5, MemAllocated=4.32GB, "
            "MaxMemAllocated=38.5GB"
        ),
        {"seq_len": 1000},
        (25_500, 64_000, 2, 38.5),
    ),
    "Lightning": (
        "All distributed processes registered. Starting with 2 processes\n"
        + repeated("Epoch 0:   5%|▌    | {i}/1000 [00:08<16:00,  4.00it/s, v_num=0, train_loss=2.3]"),
        {"batch_tokens": 4096},
        (16_384, 4096, 2, None),
    ),
    "litgpt": (
        "Number of trainable parameters: 124,439,808\n"
        + "".join(
            f"Epoch 1 | iter {4 * i} step {i} | loss train: 2.1, val: n/a | iter time: 250.00 ms (step) "
            "remaining time: 0:12:34\n"
            for i in range(1, 30)
        )
        + "| - Memory Used              :  21.47483648 GB\n",
        {"batch_tokens": 8192},
        (8192, 8192, 1, 20.0),
    ),
    "OLMo": (
        "".join(
            f"2025-03-01 10:00:00\tolmo_core:1\tINFO\t[step={i}/9000,epoch=1,eta=1d2h]\n"
            "    train/CE loss=2.5\n    throughput/device/TPS=8,000\n"
            f"    throughput/total tokens={65536 * i:,}\n"
            "    gpu_memory/GPU active mem (GiB)=41.5\n"
            for i in range(1, 30)
        ),
        {"gpu_count": 4},
        (32_000, 65_536, 4, 41.5),
    ),
    "Composer": (
        "".join(
            f"[batch={i}/4800]:\n\t Train memory/peak_allocated_mem: 21.47483648\n"
            "\t Train throughput/tokens_per_sec: 50000.0\n"
            "\t Train throughput/device/tokens_per_sec: 12500.0\n"
            for i in range(1, 30)
        ),
        {},
        (50_000, None, 4, 20.0),
    ),
    "nanotron": (
        repeated(
            "[INFO|DP=0|PP=0|TP=0]: iteration: {i} / 1000 | consumed_tokens: 2.6M | "
            "elapsed_time_per_iteration_ms: 1.2K | tokens_per_sec: 219K | tokens_per_sec_per_gpu: 27.4K | "
            "global_batch_size: 262K | lm_loss: 10.5"
        ),
        {},
        (219_000, 262_144, 8, None),
    ),
    "MLX": (
        "Trainable parameters: 0.071% (5.243M/7241.732M)\nStarting training..., iters: 600\n"
        + "".join(
            f"Iter {10 * i}: Train loss 2.3, Learning Rate 1.0e-05, It/sec 0.500, Tokens/sec 210.5, "
            f"Trained Tokens {4210 * i}, Peak mem 21.47483648 GB\n"
            for i in range(1, 30)
        ),
        {},
        (210.5, 421, 1, 20.0),
    ),
    "levanter": (
        repeated(
            "Progress on:train {i}.0it/10.0kit rate:2.0s/it remaining:1:05:15 elapsed:31:40 postfix:loss=2"
        ),
        {"gpu_count": 4, "batch_tokens": 100_000},
        (50_000, 100_000, 4, None),
    ),
    "MaxText": (
        repeated(
            "completed step: {i}, seconds: 2.000, TFLOP/s/device: 150.1, Tokens/s/device: 4096.000, "
            "total_weights: 65536, loss: 9.1"
        ),
        {"gpu_count": 8},
        (32_768, 65_536, 8, None),
    ),
    "torchtune": (
        repeated(
            "Step {i} | loss:1.2 lr:2e-05 tokens_per_second_per_gpu:1500 peak_memory_active:20.5 "
            "peak_memory_alloc:19.5 peak_memory_reserved:22.5"
        ),
        {"gpu_count": 2},
        (3000, None, 2, 20.5),
    ),
}


@pytest.mark.parametrize("project", OTHERS)
def test_more_programs_of_the_field(project):
    text, told, (speed, batch, gpus, peak) = OTHERS[project]
    log = read_log(text, **told)
    assert (log.project, log.facts["gpu_count"]) == (project, gpus)
    assert log.tokens_per_s == pytest.approx(speed, rel=1e-3)
    assert log.global_batch_tokens == (batch and pytest.approx(batch, rel=1e-3))
    assert log.peak_memory_gib == (peak and pytest.approx(peak, rel=1e-3))


@pytest.mark.parametrize("project", ["NeMo", "DeepSpeed", "Lightning", "litgpt", "OLMo", "levanter"])
def test_what_these_do_not_print_is_asked_for(project):
    with pytest.raises(MissingFact, match=r"--(seq-len|batch-tokens|gpu-count) \(field "):
        read_log(OTHERS[project][0])


def test_losses_alone_tell_no_time():
    with pytest.raises(MissingFact, match=r"time per step.*--tokens-per-s"):
        read_log("{'loss': 2.1, 'learning_rate': 1e-05, 'epoch': 0.1}\n" * 5, seq_len=512)


def test_what_is_said_beside_the_log_is_used_and_the_difference_told():
    text = "Tokens / micro-batch / rank: 8 x 1024 = 8,192\nTokens / micro-batch: 8,192\n"
    text += "Total batch size 65,536 => accumulation steps: 8\n"
    text += "".join(f"step {i:05d}/9 | dt: 1000.00ms | tok/sec: 65,536\n" for i in range(30))
    log = read_log(text, seq_len=2048, batch_tokens=131_072)
    assert log.tokens_per_s == 131_072
    assert (log.facts["seq_len"], log.facts["gpu_count"]) == (2048, 1)
    assert [(n.code, n.text, n.numbers) for n in log.notes] == [
        ("told_otherwise", "seq_len", (2048, 1024)),
        ("told_otherwise", "batch_tokens", (131_072, 65_536)),
    ]


@pytest.mark.parametrize(
    "data",
    [
        ("\ufeff" + NANOCHAT_2026).encode("utf-16-le"),
        NANOCHAT_2026.encode("utf-16-le"),
        NANOCHAT_2026.encode("utf-16-be"),
        NANOCHAT_2026.encode("utf-8-sig"),
        NANOCHAT_2026.replace("\n", "\r\n").encode(),
    ],
)
def test_files_as_powershell_and_others_write_them(data):
    steps = "step 00012/02000 | dt: 2000.00ms | tok/sec: 65,536\r\nstep 00013/02000 | dt: 2000.00ms | tok/s"
    log = read_log(decoded(data) + steps)
    assert (log.tokens_per_s, log.facts["n_layers"], log.last_step) == (65_536, 12, 13)


def test_a_log_is_read_as_it_grows():
    text = NANOCHAT_2026 + "".join(
        f"step {i:05d}/02000 | dt: 2000.00ms | tok/sec: 65,536\n" for i in range(30)
    )
    reader, seen = LogReader(), []
    for begin in range(0, len(text), 97):
        reader.feed(text[begin : begin + 97])
        if begin > len(NANOCHAT_2026) + 200:
            seen.append(reader.log().last_step)
    reader.finish()
    assert seen == sorted(seen) and seen[-1] >= 28
    assert reader.log() == read_log(text)


def test_a_bar_redrawn_in_place_is_followed_as_it_is_drawn():
    reader = LogReader()
    for step in range(1, 400):
        reader.feed(f"\r {step // 10}%|██ | {step}/1000 [{step // 30}:{2 * step % 60:02d}<30:00,  2.00s/it]")
        if step > 300:
            assert reader.log(Told(batch_tokens=1000)).last_step == step - 1


def test_every_format_says_where_it_is_printed_and_is_named_once():
    assert len({form.project for form in FORMATS}) == len(FORMATS)
    assert all("/" in form.printed_by for form in FORMATS)


REAL = {
    "autoresearch-arc.log": ({}, 129_238, 1, 131_072),
    "hf-head-tqdm.log": ({"seq_len": 1024}, 0.887 * 1024, 1, 2048),
    "hf-trl-gemma2-lora.log": ({}, 515_300 / 1575, 1, 1951),
    "llamafactory-trainer_log.jsonl": ({"batch_tokens": 65_536}, 65_536 * 8712 / 371_992, 1, 65_536),
    "llmc-8xh100-1558M.log": ({}, 1_048_576 / 2.7515, 8, 1_048_576),
    "megatron-mi300-llama2-7b.log": ({"seq_len": 4096, "gpu_count": 8}, 1_048_576 / 10.2358, 8, 1_048_576),
    "nanochat-2026.log": ({}, 7000, 1, 16_384),
    "nanogpt-8xa100.log": ({"batch_tokens": 491_520, "gpu_count": 8}, 491_520 / 0.56273, 8, 491_520),
    "notebook.log": ({"seq_len": 512}, 1.333 * 512, 1, 4096),
    "torchtitan-8b.log": ({"gpu_count": 8}, 8 * 5868, 8, 65_536),
    "trainer_state.json": ({"seq_len": 2048}, 0.749 * 2048, 1, 65_536),
}


@pytest.mark.parametrize("name", REAL)
def test_real_files(name):
    file = SHARED / name
    if not file.exists():
        pytest.skip("the shared logs are not here")
    told, speed, gpus, batch = REAL[name]
    log = read_log(decoded(file.read_bytes()), **told)
    assert log.tokens_per_s == pytest.approx(speed, rel=2e-3)
    assert (log.facts["gpu_count"], log.global_batch_tokens) == (gpus, batch)


BEFORE_EACH_LINE = (
    "2026-11-28T09:00:01.123456789Z ",
    "2026-11-28T09:00:01.1+01:00 stdout F ",
    "[2026-11-28 09:00:01] ",
    "2026-11-28 09:00:01,123 ",
    "Nov 28 09:00:01 box python[1234]: ",
    "Nov  8 09:00:01 ",
    "[pod/trainer-0/main] ",
    "trainer-1  | ",
    "[pod/trainer-0/main] 2026-11-28T09:00:01Z [rank0]: ",
    "0: 09:00:01 ",
)


@pytest.mark.parametrize("before", BEFORE_EACH_LINE)
def test_what_keepers_of_logs_write_before_each_line_hides_nothing(before):
    """Docker, Kubernetes, Compose, journalctl, ts, Slurm, torchrun: formats are told by how lines begin."""
    loop = "tokens per iteration will be: 491,520\n" + "".join(
        f"iter {i}: loss 3.9, time 250.00ms\n" for i in range(30)
    )
    bars = "Total train batch size (w. parallel, distributed & accumulation) = 64\n" + "".join(
        f" 5%|▌    | {i}/1000 [{2 * i // 60:02d}:{2 * i % 60:02d}<16:00,  2.00s/it]\n" for i in range(1, 60)
    )
    table = "| sequence length T     | 1024 |\n" + "".join(
        f"step {i:4d}/99 | loss 7.6 | 300.00 ms | 54.2% bf16 MFU | 1747626 tok/s\n" for i in range(1, 30)
    )
    for text, told in ((loop, {}), (bars, {"seq_len": 512}), (table, {"gpu_count": 1})):
        stamped = "".join(before + line + "\n" for line in text.splitlines())
        plain, read = read_log(text, **told), read_log(stamped, **told)
        assert (read.project, read.tokens_per_s, read.last_step, read.total_steps) == (
            plain.project, plain.tokens_per_s, plain.last_step, plain.total_steps,
        )  # fmt: skip


def test_a_clock_that_the_program_itself_prints_stays():
    """torchtitan times its steps by nothing else."""
    bare = torchtitan(prefix="")
    assert read_log(bare, gpu_count=8).step_s == 2.0


def test_holes_of_zeros_are_passed_over():
    """A crash leaves them at the end; a rotation that empties a file under its writer, at the beginning."""
    steps = "".join(f"step {i:05d}/02000 | dt: 2000.00ms | tok/sec: 65,536\n" for i in range(30))
    for data in (steps.encode() + b"\0" * 9_000, b"\0" * 9_000 + steps.encode()):
        assert read_log(decoded(data)) == read_log(steps)
