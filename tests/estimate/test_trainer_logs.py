"""Logs of the Hugging Face Trainer and of what is built on it: totals, bars, counted tokens, pauses.

The inputs are made up in the shape of its print statements (`HF_TRAINER.printed_by`).
"""

import pytest

from service.errors import InvalidValue, MissingFact
from service.estimate.run_records.training_log import read_log

TRAINER_HEAD = """***** Running training *****
  Num examples = 4,000
  Instantaneous batch size per device = 4
  Total train batch size (w. parallel, distributed & accumulation) = 32
  Gradient Accumulation steps = 4
  Total optimization steps = 500
  Number of trainable parameters = 124,439,808
"""
TRAINER_END = (
    "{'train_runtime': '1000', 'train_samples_per_second': '16', 'train_steps_per_second': '0.5', "
    "'train_loss': '2.1', 'epoch': '4'}\n"
)


def bars(pace_s, first=0, last=500, total=500, rate="9.99s/it", pause=(0, 0)):
    """tqdm's bars of a run at this pace, which waits at one step for some seconds."""
    lines = []
    for step in range(first, last + 1, 5):
        seconds = int((step - first) * pace_s + (pause[1] if step > pause[0] else 0))
        clock = f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        lines.append(f" {100 * step // total}%|██▏  | {step}/{total} [{clock}<1:00:00,  {rate}]")
    return "\r".join(lines) + "\n"


def test_a_trainers_totals_win_over_its_smoothed_bar():
    log = read_log(TRAINER_HEAD + bars(2.0) + TRAINER_END, seq_len=512)
    assert (log.speed_from, log.step_s, log.last_step, log.total_steps) == ("totals", 2.0, 500, 500)
    assert log.tokens_per_s == 16 * 512
    assert log.global_batch_tokens == 32 * 512
    assert log.facts["gpu_count"] == 2  # 32 of 4 x 4 each
    assert not log.gpus_assumed
    bare = read_log(TRAINER_HEAD + " 100%|███| 500/500 [16:40<00:00,  9.99s/it]", seq_len=512)
    assert (bare.speed_from, bare.step_s) == ("totals", 2.0)


def test_pauses_and_taken_up_runs_do_not_count():
    """An evaluation of 400 s in the middle; totals that hold steps of an earlier start."""
    paused = TRAINER_HEAD + bars(2.0, pause=(250, 400)) + TRAINER_END.replace("1000", "1400")
    log = read_log(paused, seq_len=512)
    assert (log.speed_from, log.step_s) == ("elapsed", pytest.approx(2.0, rel=0.02))
    assert [note.code for note in log.notes] == ["pauses", "full_sequences"]
    assert log.tokens_per_s == pytest.approx(32 * 512 / 2.0, rel=0.02)
    again = TRAINER_HEAD + bars(2.0, first=400) + TRAINER_END.replace("'1000'", "'200'")
    assert read_log(again, seq_len=512).step_s == pytest.approx(2.0, rel=0.02)


def test_the_tail_of_a_log_does_not_speak_for_the_run():
    """Its last tenth was a fifth slower; the totals are of all of it."""
    log = read_log(TRAINER_HEAD + bars(2.4, first=450) + TRAINER_END, seq_len=512)
    assert (log.speed_from, log.step_s) == ("totals", 2.0)


def test_a_run_in_progress_counts_tokens_by_its_clock():
    """Without a summary yet: 320 tokens a step by TRL's count, 2 s a step by the bar's clock."""
    text = "".join(
        bars(2.0, first=0, last=step).split("\r")[-1]
        + f"{{'loss': '1.9', 'num_tokens': '{320 * step}', 'epoch': '0.1'}}\n"
        for step in range(10, 300, 10)
    )
    log = read_log(text)
    assert (log.last_step, log.total_steps, log.global_batch_tokens) == (290, 500, 320)
    assert log.tokens_per_s == pytest.approx(160, rel=0.02)


def test_bars_of_evaluations_and_downloads_are_not_the_run():
    noise = "Loading checkpoint shards: 100%|██| 4/4 [00:05<00:00,  1.25s/it]\n"
    noise += "Map: 100%|██| 51760/51760 [00:10<00:00, 5000.00 examples/s]\n"
    evals = "\r".join(f"{i}%|██| {i}/100 [00:0{i % 9}<00:01, 30.0it/s]" for i in range(100)) + "\n"
    log = read_log(noise + bars(2.0, last=250) + evals + bars(2.0, first=255), batch_tokens=16_384)
    assert (log.total_steps, log.last_step) == (500, 500)
    assert log.tokens_per_s == pytest.approx(16_384 / 2.0, rel=0.03)


def test_a_bar_alone_says_that_its_rate_is_smoothed():
    log = read_log(" 10%|██ | 50/500 [01:40<15:00,  2.00s/it]\n", batch_tokens=1_000)
    assert (log.speed_from, log.tokens_per_s) == ("bar", 500.0)


def test_trl_counts_the_tokens_themselves():
    """Quoted numbers; 100 steps of 8 examples, 160,000 tokens that are no padding, in 400 s."""
    lines = "".join(
        f"{{'loss': '1.9', 'grad_norm': '0.1', 'num_tokens': '{1.6e4 * i:.4g}', 'epoch': '{i / 10}'}}\n"
        for i in range(1, 11)
    )
    end = "{'train_runtime': '400', 'train_samples_per_second': '2', 'train_steps_per_second': '0.25', "
    end += "'train_loss': '1.1', 'num_tokens': '1.6e+05', 'epoch': '1'}\n"
    log = read_log(lines + end + "100%|███| 100/100 [06:40<00:00,  3.5s/it]\n")
    assert log.tokens_per_s == 400.0
    assert (log.facts["sequences_per_step"], log.facts["seq_len"]) == (8, 200)
    assert log.global_batch_tokens == 1600 and log.gpus_assumed


def test_llama_factory_lines_with_elapsed_time():
    """4 s a step; the last line's clock is past a day."""
    lines = [
        f'{{"current_steps": {i}, "total_steps": 30000, "loss": 1.5, "epoch": 0.1, '
        f'"elapsed_time": "{i * 4 // 3600}:{i * 4 // 60 % 60:02d}:{i * 4 % 60:02d}", '
        '"remaining_time": "1 day, 5:06:09"}'
        for i in range(10, 400, 10)
    ]
    lines.append('{"current_steps": 25000, "loss": null, "elapsed_time": "1 day, 3:46:40"}')
    log = read_log("\n".join(lines), batch_tokens=32_768)
    assert (log.speed_from, log.last_step, log.total_steps) == ("elapsed", 25_000, 30_000)
    assert log.tokens_per_s == pytest.approx(8192)
    with pytest.raises(MissingFact, match="--batch-tokens"):
        read_log("\n".join(lines))


STATE = """{
 "epoch": 2.0, "global_step": 1000,
 "log_history": [
  {"epoch": 0.5, "loss": 1.7, "step": 250},
  {"epoch": 0.5, "eval_loss": 1.6, "step": 250},
  {"epoch": 1.0, "loss": 1.5, "step": 500},
  {"epoch": 2.0, "step": 1000, "total_flos": 1.1e+18, "train_loss": 1.4, "train_runtime": 4000.5,
   "train_samples_per_second": 7.999, "train_steps_per_second": 0.25}
 ],
 "max_steps": 1000, "num_train_epochs": 2, "train_batch_size": 8
}"""


@pytest.mark.parametrize("text", [STATE, " ".join(STATE.split())])
def test_a_trainer_state_json_on_many_lines_or_on_one(text):
    log = read_log(text, seq_len=256)
    assert (log.project, log.last_step, log.total_steps) == ("HF Trainer", 1000, 1000)
    assert log.tokens_per_s == pytest.approx(8 * 256, rel=1e-3)
    assert log.global_batch_tokens == 4 * 8 * 256
    with pytest.raises(MissingFact, match="--seq-len"):
        read_log(text)


def test_a_notebooks_last_cell_and_its_bar():
    said = "Step\tTraining Loss\n10\t1.2\nTrainOutput(global_step=200, training_loss=0.3, metrics="
    said += "{'train_runtime': 800.0, 'train_samples_per_second': 4.0, 'train_steps_per_second': 0.25})"
    log = read_log(said, seq_len=100)
    assert (log.tokens_per_s, log.last_step, log.total_steps) == (400.0, 200, 200)
    bar = "\n".join(
        f"[{i}/200 {i * 4 // 60:02d}:{i * 4 % 60:02d} < 01:00, 0.25 it/s, Epoch 1/2]" for i in (50, 200)
    )
    assert read_log(bar, batch_tokens=1600).tokens_per_s == 400.0


def test_unsloth_says_what_it_trains_and_holds():
    text = """==((====))==  Unsloth - 2x faster free finetuning | Num GPUs used = 1
   \\\\   /|    Num examples = 2,000 | Num Epochs = 1 | Total steps = 250
O^O/ \\_/ \\    Batch size per device = 2 | Gradient accumulation steps = 4
\\        /    Data Parallel GPUs = 1 | Total batch size (2 x 4 x 1) = 8
 "-____-"     Trainable parameters = 41,943,040 of 8,072,204,288 (0.52% trained)
"""
    log = read_log(
        text + TRAINER_END.replace("1000", "500") + "Peak reserved memory = 7.4 GB.\n", seq_len=2048
    )
    assert (log.facts["n_params"], log.facts["n_params_trained"]) == (8_072_204_288, 41_943_040)
    assert (log.facts["gpu_count"], log.facts["micro_batch"], log.global_batch_tokens) == (1, 2, 8 * 2048)
    assert log.reserved_memory_gib == 7.4 and log.peak_memory_gib is None


def test_axolotl_counts_tokens_per_gpu_and_memory():
    text = "\n".join(
        f"{{'loss': 1.2, 'memory/max_active (GiB)': 19.9, 'memory/max_allocated (GiB)': 18.{i % 7}, "
        f"'memory/device_reserved (GiB)': 21.5, 'tokens/train_per_sec_per_gpu': 1500.5, 'epoch': 0.{i}}}"
        for i in range(1, 9)
    )
    log = read_log(text, gpu_count=2)
    assert (log.tokens_per_s, log.speed_from) == (3001.0, "printed")
    assert (log.peak_memory_gib, log.reserved_memory_gib) == (18.6, 21.5)


def test_llama_factorys_console_prints_its_metrics_as_a_block():
    head = "[INFO|trainer.py:2407] 2025-01-01 >>   Total train batch size (w. parallel, distributed) = 16\n"
    lines = (
        "[INFO|2025-01-01 12:00:00] llamafactory.train.callbacks:143 >> {'loss': 1.1, 'epoch': 0.01}\n" * 5
    )
    block = """***** train metrics *****
  epoch                    =        3.0
  total_flos               = 11234567GF
  train_loss               =     1.2345
  train_runtime            = 0:26:40.00
  train_samples_per_second =       4.00
  train_steps_per_second   =       0.25
"""
    log = read_log(head + lines + bars(3.9, last=400, total=400) + block, seq_len=1000)
    assert (log.tokens_per_s, log.total_steps) == (4000.0, 400)
    assert (log.step_s, log.notes[0].code) == (4.0, "full_sequences")


def test_a_dict_behind_a_bar_on_one_line():
    """Terminals and web pages lose the carriage return between them."""
    text = " 100%|███| 500/500 [16:40<00:00,  9.99s/it]                    " + TRAINER_END
    assert read_log(TRAINER_HEAD + text, seq_len=512).tokens_per_s == 16 * 512


def test_ranks_of_a_data_parallel_run_are_counted_by_the_batch():
    text = TRAINER_HEAD.replace("accumulation) = 32", "accumulation) = 128")
    assert read_log(text + TRAINER_END, seq_len=512).facts["gpu_count"] == 8


def drawn(steps, total, seconds, before=0.0):
    return "".join(
        f"\r {100 * i // total:3d}%|▌    | {i}/{total} [{clock_at(before + seconds * i)}<16:00,  1.00s/it]"
        for i in range(1, steps + 1)
    )


def clock_at(seconds):
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"


BATCH_64 = "Total train batch size (w. parallel, distributed & accumulation) = 64\n"


def test_of_several_runs_in_one_log_the_last_counts_and_no_totals_of_an_earlier():
    """500 steps of 8 s and their summary, then 60 of 6 s of a run that goes on."""
    first = (
        drawn(500, 500, 8) + "\n{'train_runtime': 4000.0, 'train_samples_per_second': 8.0, 'epoch': 1.0}\n"
    )
    log = read_log(BATCH_64 + first + BATCH_64 + drawn(60, 500, 6), seq_len=512)
    assert (log.last_step, log.total_steps, log.step_s) == (60, 500, 6.0)
    assert "train_runtime_s" not in log.facts and log.tokens_per_s == pytest.approx(64 * 512 / 6)
    assert ("several_starts", (1.0,)) in [(note.code, note.numbers) for note in log.notes]
    whole = read_log(BATCH_64 + drawn(60, 500, 6) + first, seq_len=512)
    assert (whole.last_step, whole.facts["train_runtime_s"], whole.speed_from) == (500, 4000.0, "totals")


def test_an_evaluation_is_no_other_run():
    """Its bar begins anew in the midst of the run, and the run goes on behind it."""
    between = drawn(100, 500, 8) + drawn(50, 50, 1) + drawn(200, 500, 8).rpartition("100/500")[2]
    log = read_log(BATCH_64 + between + "\n" + drawn(50, 50, 1), seq_len=512)
    assert (log.last_step, log.step_s) == (200, 8.0)
    assert "several_starts" not in [note.code for note in log.notes]


@pytest.mark.parametrize("before", ["", "Training: ", "Train:  ", "Steps: "])
def test_the_bar_of_a_training_may_say_so(before):
    text = drawn(60, 500, 2).replace("\r", "\n" + before)
    assert read_log(text, batch_tokens=8192, gpu_count=1).step_s == 2.0


@pytest.mark.parametrize("before", ["Evaluating: ", "Map (num_proc=8): ", "Loading checkpoint shards: "])
def test_the_bar_of_something_else_is_no_training(before):
    with pytest.raises(InvalidValue, match="no step of a known format"):
        read_log(drawn(60, 500, 2).replace("\r", "\n" + before), batch_tokens=8192, gpu_count=1)


def test_lightnings_rich_bar():
    text = "\r".join(
        f"Epoch 3/9 ━━━╺━━━━ {i}/1000 0:{i // 240:02d}:{i // 4 % 60:02d} • 0:03:20 4.00it/s v_num: 0.000"
        for i in range(1, 400)
    )
    log = read_log(text, batch_tokens=4096, gpu_count=2)
    assert (log.project, log.step_s, log.last_step, log.total_steps) == ("Lightning", 0.25, 399, None)
