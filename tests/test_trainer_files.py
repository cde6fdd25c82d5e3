"""A trainer's file asked with: by command and over HTTP, in both languages, with the options beside it."""

import json
from dataclasses import fields
from datetime import date
from pathlib import Path

from service.answers.question import AskedComparison, AskedModel
from service.estimate.trainer_files.settings import Settings
from service.reports.words.trainer_defaults import in_words
from service.reports.words.wording import wording
from service.usecases.finding import workload_asked

FILES = Path(__file__).parent / "estimate" / "trainer_files"
AXOLOTL = FILES / "axolotl.yml"
DATA = ("--examples", "2000", "--mean-tokens", "700")


def test_compare_reads_a_file_and_accounts_for_it(run):
    words = run("compare", "--trainer-config", AXOLOTL, *DATA, "--home", "rtx-4090", "--json").stdout
    workload = json.loads(words)["workload"]
    assert "Llama 3 8B" in workload["name"] and "QLoRA" in workload["name"]
    assert workload["fine_tuning"]["max_length"] == 4096 and workload["fine_tuning"]["adapter_rank"] == 32
    account = workload["trainer_file"]
    assert {"key": "lora_r", "value": "32", "meaning": "lora_rank", "taken_as": "32"} in account["taken"]
    assert "learning_rate" in account["left"] and account["uncounted"] == ["val_set_size"]


def test_both_languages_say_what_was_taken_and_left(run):
    german = run("compare", "--trainer-config", AXOLOTL, *DATA, "--lang", "de").stdout
    said = " ".join(german.split())
    assert "Aus der Datei für Axolotl übernommen: base_model =" in said
    assert "Weggelassen, weil ohne Einfluss auf Dauer und Speicher oder uns unbekannt: model_type" in said
    english = " ".join(run("compare", "--trainer-config", AXOLOTL, *DATA).stdout.split())
    assert "optimizer = paged_adamw_8bit (adamw, 8 bit)" in english


def test_an_option_wins_over_the_file(run):
    words = ("--trainer-config", AXOLOTL, *DATA, "--lora-rank", "64", "--recipe", "precision=fp16", "--json")
    workload = json.loads(run("compare", *words).stdout)["workload"]
    assert workload["fine_tuning"]["adapter_rank"] == 64 and workload["precision"] == "fp16"
    account = workload["trainer_file"]
    assert {"lora_r", "bf16"} <= set(account["left"])
    assert not {"lora_rank", "precision"} & {one["meaning"] for one in account["taken"]}


def test_full_training_takes_no_adapters_from_the_file(run):
    words = ("--trainer-config", FILES / "trl.yaml", *DATA, "--finetune", "full", "--json")
    data = json.loads(run("compare", *words).stdout)["workload"]["fine_tuning"]
    assert data["method"] == "full" and data["adapter_rank"] is None


def test_the_model_named_beside_the_file_is_meant(run):
    words = ("qwen3-8b", "--trainer-config", AXOLOTL, *DATA, "--json")
    workload = json.loads(run("compare", *words).stdout)["workload"]
    assert workload["name"].startswith("Qwen3 8B")
    assert "base_model" in workload["trainer_file"]["left"]


def test_what_no_file_knows_is_asked_by_its_option(run, tmp_path):
    assert "--examples: the Axolotl file cannot know how many examples" in run(
        "compare", "--trainer-config", AXOLOTL, code=2
    ).stderr.replace("\n", " ")
    run("compare", "--trainer-config", AXOLOTL, "--examples", "10", code=2)
    unknown = tmp_path / "mine.yml"
    unknown.write_text(
        AXOLOTL.read_text().replace("NousResearch/Meta-Llama-3.1-8B-Instruct", "/data/my-model")
    )
    said = run("compare", "--trainer-config", unknown, *DATA, code=2).stderr
    assert "/data/my-model" in said and "config.json" in said
    said = run("compare", "--deepspeed-config", FILES / "deepspeed.json", code=2).stderr
    assert "belongs to --trainer-config" in said


def test_decide_report_and_schedules_take_it_too(run, tmp_path):
    file = ("--trainer-config", FILES / "llama_factory.yaml", *DATA)
    decided = json.loads(run("decide", *file, "--tier", "none", "--json").stdout)
    assert decided["workload"]["trainer_file"]["trainer"] == "LLaMA-Factory"
    run("report", *file, "-o", tmp_path / "r.md")
    assert "LLaMA-Factory" in (tmp_path / "r.md").read_text()
    run("reports", "schedule", *file, "--tier", "none", "--every", "weekly")


def test_a_hostile_file_is_one_line(run, tmp_path):
    file = tmp_path / "bad.yml"
    for data in (b"a: &a [1]\nb: *a", b"a: \xff\xfe\xe9", b"- x", b"x" * 10**6, b"a: 1\na: 2", b""):
        file.write_bytes(data)
        said = run("compare", "--trainer-config", file, *DATA, code=2).stderr
        assert len(said.strip().splitlines()) == 1 and "Traceback" not in said


def test_a_kept_question_is_the_same_question():
    asked = AskedComparison.of(
        workload={"trainer_config": AXOLOTL.read_text(), "finetune": {"examples": 2000, "mean_tokens": 700}}
    )
    assert AskedComparison.read(asked.kept()) == asked


def test_what_the_trainer_supplies_is_its_default_and_not_the_readers_word(snapshot):
    file = {
        "base_model": "Qwen/Qwen3-8B",
        "adapter": "qlora",
        "load_in_4bit": True,
        "lora_r": 16,
        "epochs": 1,
    }
    file |= {"sequence_len": 1024, "micro_batch_size": 2, "lora_target_linear": True}
    asked = AskedModel.of(trainer_config=file, finetune={"examples": 2000, "mean_tokens": 700})
    said = workload_asked(snapshot, asked, None, date(2026, 11, 28)).sources
    by_reader = {
        said[f"recipe.{name}"].slug for name in ("micro_batch", "max_seq_len", "adapter_rank", "trained")
    }
    assert by_reader == {"user"} == {said["tokens"].slug, said["recipe.adapter_targets"].slug}
    supplied = ("recipe.precision", "recipe.checkpointing", "recipe.global_batch_tokens", "finetune.epochs")
    assert {said[name].title for name in supplied} == {"Axolotl's default"}
    assert "axolotl/tree/" in said["finetune.epochs"].url
    other = AskedModel.of(
        trainer_config=file, finetune={"examples": 2000, "mean_tokens": 700, "epochs": 2, "accumulate": 3}
    )
    said = workload_asked(snapshot, other, None, date(2026, 11, 28)).sources
    assert {said[name].slug for name in ("finetune.epochs", "recipe.global_batch_tokens")} == {"user"}


def test_an_answer_says_whose_default_it_is(run, tmp_path):
    file = tmp_path / "args.json"
    file.write_text('{"output_dir": "x", "lr_scheduler_type": "linear", "per_device_train_batch_size": 4}')
    words = ("qwen3-0.6b", "--trainer-config", file, "--finetune", "full", *DATA, "--cloud", "1xh100-sxm")
    told = {one["name"]: one for one in json.loads(run("compare", *words, "--json").stdout)["sources"]}
    assert told["epochs"]["source"] == "Hugging Face Trainer's default" != told["micro_batch"]["source"]
    assert (told["epochs"]["basis"], told["micro_batch"]["basis"]) == ("published", "user")
    said = " ".join(run("compare", *words, "--explain", "--lang", "de").stdout.split())
    assert "Voreinstellung von Hugging Face Trainer" in said


def test_what_a_trainer_does_by_itself_is_said_in_words(run):
    """No field of ours, `chunked_loss = false`, stands in the account of a file, in either language."""
    said = " ".join(run("compare", "--trainer-config", AXOLOTL, *DATA).stdout.split())
    default = said.split("as Axolotl does: ")[1].split(". ")[0]
    assert "no torch.compile" in default or "whole logits stored" in default
    for language in ("en", "de"):
        w = wording(language)
        for field in {field.name for field in fields(Settings)} - {"base_model"}:
            said_as = {in_words(w, field, value) for value in ("true", "none", "16")}
            assert not said_as <= {"true", "none", "16"}, field
            assert not any("_" in words or " = " in words for words in said_as)
    assert in_words(wording("de"), "chunked_loss", "false") == "ganze Logits gespeichert"


def test_one_step_and_epochs_that_steps_make_are_said_plainly(run, tmp_path):
    """60 steps of 8 sequences over 409 examples are 1.15 epochs, not 1.153846."""
    file = tmp_path / "unsloth.json"
    file.write_text(
        json.dumps(
            {
                "model_name": "unsloth/llama-3-8b-bnb-4bit",
                "max_seq_length": 2048,
                "load_in_4bit": True,
                "r": 16,
                "target_modules": [
                    "q_proj",
                    "k_proj",
                    "v_proj",
                    "o_proj",
                    "gate_proj",
                    "up_proj",
                    "down_proj",
                ],
                "per_device_train_batch_size": 2,
                "gradient_accumulation_steps": 4,
                "max_steps": 60,
            }
        )
    )
    said = run("compare", "--trainer-config", file, "--examples", "409", "--mean-tokens", "300").stdout
    assert "409 examples × 1.15 epochs" in " ".join(said.split())
    every = "target_modules = q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, load_in_4bit"
    assert every in " ".join(said.split())
    words = ("qwen3-1.7b", "--finetune", "lora", "--examples", "1", "--mean-tokens", "300", "--epochs", "1")
    said = " ".join(run("compare", *words).stdout.split())
    assert "1 step, " in said and "in 1 step of" in said and "1 steps" not in said
    said = " ".join(run("compare", *words, "--lang", "de").stdout.split())
    assert "1 Schritt, " in said and "in 1 Schritt zu" in said
