"""Logs as projects print them, and as they arrive: old, cut off, garbled, mixed, hostile."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import InvalidValue, MissingFact
from service.estimate.run_records.training_log import MOST_DROPPED_SHOWN, read_log

NANOCHAT_BANNER = """Vocab size: 65,536
num_layers: 32
model_dim: 2048
num_heads: 16
num_kv_heads: 16
Tokens / micro-batch / rank: 8 x 2048 = 16,384
Tokens / micro-batch: 131,072
Total batch size 524,288 => gradient accumulation steps: 4
Number of parameters: 1,879,048,192
"""


def nanochat(steps, dt_ms=1571.88, tokens_per_s="333,541", first=0):
    lines = []
    for i in range(first, first + steps):
        took = 25_000.0 if i == 0 else dt_ms
        lines.append(
            f"step {i:05d}/71680 ({i / 716.8:.2f}%) | loss: 8.098712 | lrm: 1.00 | dt: {took:.2f}ms | "
            f"tok/sec: {tokens_per_s} | mfu: 50.92 | total time: 0.11m"
        )
    return "\n".join(lines)


def test_nanochat():
    log = read_log(NANOCHAT_BANNER + nanochat(50) + "\nPeak memory usage: 75422.02MiB\n")
    assert (log.project, log.steps, log.last_step, log.total_steps) == ("nanochat", 50, 49, 71_680)
    assert log.tokens_per_s == pytest.approx(333_542, rel=1e-4)
    assert log.global_batch_tokens == 524_288
    assert log.facts["gpu_count"] == 8  # 131,072 tokens of 8 x 2048 each
    assert log.facts["n_layers"] == 32 and log.facts["vocab_size"] == 65_536
    assert log.peak_memory_gib == pytest.approx(73.65, abs=0.01)
    assert log.notes == () and log.dropped_count == 0


def test_old_nanochat_logs_leave_out_gradient_accumulation():
    """d32 on 8 H100 printed 83,385 tok/sec where 333,500 were trained; its dt is right."""
    with_banner = read_log(NANOCHAT_BANNER + nanochat(50, tokens_per_s="83,385"))
    assert with_banner.tokens_per_s == pytest.approx(333_542, rel=1e-4)
    assert [note.code for note in with_banner.notes] == ["old_nanochat"]
    bare = read_log(nanochat(50, tokens_per_s="83,385"))
    assert bare.tokens_per_s == pytest.approx(333_542, rel=1e-3)
    assert [(note.code, note.numbers[0]) for note in bare.notes] == [("old_nanochat_default_batch", 4)]
    rtx_4090 = read_log(nanochat(50, dt_ms=13_777, tokens_per_s="594"))
    assert rtx_4090.tokens_per_s == pytest.approx(38_056, rel=1e-3)


def test_the_first_steps_and_single_long_ones_do_not_count():
    """Compilation makes the first step 25 s long, an evaluation every tenth one."""
    lines = nanochat(100).splitlines()
    lines[40] = lines[40].replace("1571.88", "90000.00")
    assert read_log("\n".join(lines)).step_s == pytest.approx(1.57188)


def test_nanogpt():
    text = "tokens per iteration will be: 491,520\nnumber of parameters: 123.59M\n"
    text += "\n".join(f"iter {i}: loss 3.1234, time 250.00ms, mfu 40.10%" for i in range(30))
    log = read_log(text)
    assert (log.project, log.tokens_per_s, log.total_steps) == ("nanoGPT", 1_966_080.0, None)


def test_nanogpt_without_a_batch_says_what_is_missing():
    text = "\n".join(f"iter {i}: loss 3.1234, time 250.00ms, mfu 40.10%" for i in range(30))
    with pytest.raises(MissingFact, match="batch"):
        read_log(text)


def test_llm_c():
    banner = "| micro batch size B    | 16 |\n| sequence length T     | 1024 |\n| num_layers L | 48 |\n"
    text = banner + "\n".join(
        f"step {i:4d}/19560 | loss 7.31 (+0.20z)| norm 2.9 (+1.00z)| lr 5.2e-05 | 2700.00 ms | "
        "37.5% bf16 MFU | 388361 tok/s"
        for i in range(1, 30)
    )
    log = read_log(text)
    assert (log.project, log.total_steps, log.tokens_per_s) == ("llm.c", 19_560, 388_361.0)
    assert log.facts["n_layers"] == 48 and log.facts["micro_batch"] == 16


def test_torchtune_counts_per_gpu():
    text = "batch_size: 2\n" + "\n".join(
        f"Step {i} | loss:1.23 lr:2e-05 tokens_per_second_per_gpu:1650.3 peak_memory_active:18.9"
        for i in range(1, 30)
    )
    log = read_log(text, gpu_count=2)
    assert log.tokens_per_s == pytest.approx(3300.6)
    assert log.peak_memory_gib == 18.9


def test_hf_trainer_progress_bars():
    text = "Total train batch size (w. parallel, distributed & accumulation) = 64\n" + "\r".join(
        f" {i // 10}%|█▏        | {i}/1000 [02:00<14:40,  1.25s/it]" for i in range(20, 60)
    )
    log = read_log(text, seq_len=512)
    assert (log.project, log.total_steps, log.last_step) == ("HF Trainer", 1000, 59)
    assert log.tokens_per_s == pytest.approx(64 * 512 / 1.25)
    faster = text.replace("1.25s/it", "4.00it/s")
    assert read_log(faster, seq_len=512).tokens_per_s == pytest.approx(64 * 512 * 4)


def test_hf_trainer_json_lines_and_printed_dicts():
    """trainer_log.jsonl of LLaMA-Factory, the Trainer's own dicts, and the summary at the end alone."""
    kept = "\n".join(
        f'{{"current_steps": {i}, "total_steps": 500, "loss": 1.2, "epoch": 0.1, "throughput": 5000.5}}'
        for i in range(10, 60)
    )
    log = read_log(kept)
    assert (log.project, log.last_step, log.total_steps) == ("HF Trainer", 59, 500)
    assert log.tokens_per_s == 5000.5
    printed = "\n".join(
        f"{{'loss': 2.1, 'grad_norm': 1.0, 'learning_rate': 1e-05, 'epoch': {i / 10}}}" for i in range(5)
    )
    end = "\n{'train_runtime': 1234.5, 'train_steps_per_second': 0.5, 'train_loss': 2.0, 'epoch': 1.0}"
    with pytest.raises(MissingFact, match="batch"):
        read_log(printed + end)
    batch = "Total train batch size (w. parallel, distributed & accumulation) = 64\n"
    assert read_log(batch + printed + end, seq_len=512).tokens_per_s == 64 * 512 * 0.5
    bad = read_log(kept + '\n{"current_steps": 60, "loss": 1.2, "throughput": NaN}')
    assert bad.steps == 50 and [(d.code, d.value) for d in bad.dropped] == [("no_speed", "NaN")]


def test_of_too_many_steps_the_first_are_read_and_the_log_says_so(monkeypatch):
    monkeypatch.setattr("service.estimate.run_records.training_log.MOST_STEPS", 20)
    log = read_log(NANOCHAT_BANNER + nanochat(30))
    assert log.steps == 20 and [note.code for note in log.notes] == ["too_many_steps"]


def test_unusable_lines_are_dropped_and_named():
    text = NANOCHAT_BANNER + nanochat(30)
    text += "\nstep 00030/71680 (0.04%) | loss: nan | dt: nanms | tok/sec: 0\nstep 00031/716"
    text += "\nstep 00032/71680 | loss: 1 | dt: 999999999999.0ms | tok/sec: 0"
    log = read_log(text)
    assert log.steps == 30 and log.dropped_count == 3
    assert {d.line for d in log.dropped} == {40, 41, 42}
    assert {(d.code, d.value) for d in log.dropped} == {
        ("no_time", "nan"),
        ("cut_off", ""),
        ("no_time", "999999999999.0"),
    }
    many = read_log(text + "\nstep 00031/716" * 500)
    assert many.dropped_count == 503 and len(many.dropped) == MOST_DROPPED_SHOWN


def test_a_mixed_log_is_read_as_what_most_of_it_is():
    text = nanochat(30) + "\niter 1: loss 3.1, time 250.00ms, mfu 40.10%"
    log = read_log(text)
    assert log.project == "nanochat"
    assert [(note.code, note.text) for note in log.notes] == [("mixed", "1 of nanoGPT")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not the text"),
        ("   \n \n", "is not the text"),
        ("\x00\x01\x02" * 500, "is not the text"),
        ("Dear diary,\ntoday nothing was trained.", "no step of a known format"),
        ("step 00001/100 | loss: nan | dt: nanms | tok/sec: nan", "none of them can be used"),
    ],
)
def test_what_is_no_log_is_refused(text, said):
    with pytest.raises(InvalidValue, match=said):
        read_log(text)


@pytest.mark.parametrize("printed", ["1e-300", "1e300", "9" * 308])
def test_numbers_that_nothing_measures_are_none(printed):
    """Products of them were 0 or infinite, and what was divided by them failed."""
    lines = nanochat(30, tokens_per_s=printed).replace("1571.88", "1e-300")
    with pytest.raises(InvalidValue, match="none of them can be used"):
        read_log(lines.replace("25000.00", "nan"))
    batch = f"Total train batch size (accumulation) = {'9' * 306}\n"
    with pytest.raises(MissingFact, match="batch"):
        read_log(batch + " 1%|█ | 3/1000 [02:00<14:40,  1.25s/it]", seq_len=512)


@pytest.mark.parametrize(
    ("printed", "instead"), [("num_layers: 32", "num_layers: 9999999999"), ("65,536", "65,536,000,000")]
)
def test_a_model_beyond_all_size_is_refused(printed, instead):
    """Ten billion layers were counted one by one, until memory was full."""
    with pytest.raises(InvalidValue, match=rf"{instead}.*must be at most"):
        read_log(NANOCHAT_BANNER.replace(printed, instead) + nanochat(30))


@pytest.mark.parametrize(
    ("printed", "seconds"),
    [("2000.50", 2.0005), ("2000,50", 2.0005), ("2,000.50", 2.0005), ("2,000", 2.0), ("20,5", 0.0205),
     ("12,000,000", 12_000.0)],
)  # fmt: skip
def test_a_comma_separates_thousands_or_where_it_cannot_decimals(printed, seconds):
    """As in German: read as thousands, 2000,50 ms were 200 s."""
    lines = "".join(f"iter {i}: loss 3.1, time {printed}ms\n" for i in range(30))
    assert read_log("tokens per iteration will be: 1,024\n" + lines).step_s == pytest.approx(seconds)


@pytest.mark.parametrize("line", ["Total batch size 524.288 => accumulation steps: 1", "num_layers: 12.5"])
def test_a_count_that_is_not_whole_is_refused(line):
    """524.288 tokens were cut to 524, and the run told a thousand times slower."""
    with pytest.raises(InvalidValue, match=r"= (524\.288|12\.5) must be a whole number, thousands separated"):
        read_log(line + "\n" + nanochat(30))


@pytest.mark.parametrize("count", ["9" * 25, "9" * 5_000, ","])
def test_steps_that_nobody_counts_are_no_steps(count):
    """Longer than a JSON number, longer than Python reads, no number at all."""
    hf = "Total train batch size (accumulation) = 64\n"
    hf += "\n".join(f" 1%|█ | {step}/1000 [02:00<14:40,  1.25s/it]" for step in (1, 2, count))
    log = read_log(hf, seq_len=512)
    assert (log.steps, log.last_step) == (2, 2)
    log = read_log(nanochat(30) + f"\nstep {count}/{count} | dt: 1571.88ms | tok/sec: 333,541")
    assert (log.steps, log.last_step, log.total_steps) == (30, 29, 71_680)


@settings(max_examples=150)
@given(st.text(max_size=400), st.integers(0, 30))
def test_noise_around_a_log_never_breaks_it(noise, cut):
    lines = nanochat(30).splitlines()
    lines.insert(cut, noise)
    try:
        log = read_log("\n".join(lines))
    except InvalidValue:
        return
    assert log.step_s == pytest.approx(1.57188, rel=0.5)
    assert log.tokens_per_s > 0
