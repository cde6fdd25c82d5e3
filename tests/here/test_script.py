"""The script of `heimvorteil probe`: one file for any Python, one line whatever happens."""

import ast
import importlib.util
import json
import math
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from service.estimate.run_records.probe_result import SCHEMA, read_probe
from service.here.script import script
from service.here.script.card import card, precision_of
from service.here.script.decoder import mlp_width
from service.here.script.drivers import Sampler, chosen_row, number, rocm_values, rocm_watts
from service.here.script.steps import CASES, LADDERS, TINY, first_that_fits, likely_gib
from service.here.script.telling import Report, clean, reason
from tests.here.programs import program

OLDEST = (3, 9)
ALONE = {"ctypes", "torch", "triton"}
NO_TORCH = "no Python with torch here: install it, or name one in HEIMVORTEIL_TEST_TORCH_PYTHON"


def python_with_torch():
    named = os.environ.get("HEIMVORTEIL_TEST_TORCH_PYTHON")
    return named or (sys.executable if importlib.util.find_spec("torch") else None)


@pytest.fixture
def written(tmp_path):
    file = tmp_path / "heimvorteil_probe.py"
    file.write_text(script())
    return file


def run(python, file, *words, path="", expect=0):
    """The script's own standard output and error; one thread, for tests share a machine."""
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env = {**usual, "OMP_NUM_THREADS": "1", "PATH": path + os.pathsep + os.environ["PATH"]}
    done = subprocess.run(
        [python, file, *words], env=env, capture_output=True, text=True, timeout=300, cwd=file.parent
    )
    assert done.returncode == expect, done.stderr
    return done.stdout, done.stderr


def test_it_is_one_file_for_any_python_with_nothing_but_torch():
    tree = ast.parse(script(), feature_version=OLDEST)
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported - ALONE <= sys.stdlib_module_names
    assert not imported & {"service", "socket", "urllib", "http", "requests"}
    assert script().count('if __name__ == "__main__":') == 1
    changes = ("set_float32_matmul_precision", "allow_tf32", "-pl", "--power-limit", "set_per_process")
    assert not [word for word in changes if word in script()]


def test_without_torch_it_says_so_in_one_line(written):
    """-S -I: a Python without any package."""
    done = subprocess.run([sys.executable, "-S", "-I", written], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "PyTorch cannot be imported" in done.stderr


def test_it_trains_for_real_on_a_processor(written, tmp_path):
    python = python_with_torch()
    if python is None:
        pytest.skip(NO_TORCH)
    out, err = run(python, written, "--device", "cpu", "--seconds", "60")
    assert out.count("\n") == 1, "standard output holds one line"
    told = json.loads(out)
    probe = read_probe(told)
    assert (told["schema"], probe.kind) == (SCHEMA, "cpu") and "left out: compiled steps" in err
    assert {(s.size, s.style) for s in probe.steps} == {
        ("compute-bound", "llama"), ("launch-bound", "llama"), ("between", "gpt2")
    }  # fmt: skip
    for step in probe.steps:
        assert not step.compiled and step.precision == "fp32" and step.step_s > 0 and step.gpu_watts is None
        assert step.parameters == counted_parameters(step)
    # A model that knows nothing gives every word the same chance.
    for step in told["steps"]:
        assert step["first_loss"] == pytest.approx(math.log(step["vocabulary"]), rel=0.05)


def counted_parameters(step):
    """Matrices by hand; norms of d weights (Llama) or 2 d (GPT-2), two a layer and one at the end."""
    d, layers = step.d_model, step.n_layers
    attention, mlp = 4 * d * d, (3 if step.style == "llama" else 2) * d * step.d_ff
    norms = (2 * layers + 1) * d * (1 if step.style == "llama" else 2)
    beside = step.vocab_size * d * (2 if step.style == "llama" else 1)
    positions = step.seq_len * d if step.style == "gpt2" else 0
    return layers * (attention + mlp) + norms + beside + positions


def test_the_end_of_the_time_prints_what_is_known(written):
    """Whatever hangs: one line, in time, saying what is missing."""
    hanging = written.read_text().replace("    import torch\n", "    time.sleep(60)\n", 1)
    hanging = hanging.replace("SPARE_S = 3.0", "SPARE_S = 9.0")
    assert "time.sleep(60)" in hanging
    written.write_text(hanging)
    began = time.monotonic()
    out, _ = run(sys.executable, written, "--seconds", "10")
    assert time.monotonic() - began < 30
    told = json.loads(out)
    assert told["left_out"] == [{"what": "importing torch", "why": "not done within 1 s"}]


def test_a_line_is_printed_once_and_without_nan(tmp_path):
    with (tmp_path / "out").open("w+b") as out:
        report = Report(90, out.fileno())
        report.known["rates"] = {"a": math.nan, "b": math.inf, "c": 1 / 3, "d": (1, None)}
        report.finish()
        report.finish(interrupted=True)
        told = json.loads((tmp_path / "out").read_text())
    assert told["rates"] == {"a": None, "b": None, "c": 0.333333, "d": [1, None]}
    assert clean({1: True}) == {"1": True}
    assert (
        reason(ValueError("first\n\nsecond")) == "ValueError: first"
        and reason(ValueError()) == "ValueError: "
    )


def test_a_full_card_hands_on_to_the_next_size_and_says_so(monkeypatch, tmp_path):
    """20 GiB are free: what 85 % of it is likely to hold is tried; what fails there leads to the next."""
    tried = []

    def train(_bench, _style, shape, *_):
        tried.append(shape[6])
        if shape[6] > 1:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
        return {"step_s": 1.0}

    monkeypatch.setattr("service.here.script.steps.train", train)
    torch = SimpleNamespace(cuda=SimpleNamespace())
    bench = SimpleNamespace(free_gib=lambda: 20.0, torch=torch, forget=lambda: None)
    with (tmp_path / "out").open("w") as out:
        report = Report(90, out.fileno())
    case = ("compute-bound", "llama", "fp32", False)
    told, shape = first_that_fits(bench, report, case, LADDERS["compute-bound", "llama"], 1.0)
    assert tried == [4, 2, 1] and told == {"step_s": 1.0, "size": "compute-bound"} and shape[:2] == (6, 2048)
    assert [
        one["why"].startswith("RuntimeError: CUDA out of memory") for one in report.known["left_out"]
    ] == [True] * 2

    def broken(*_):
        raise RuntimeError("Cannot find a working triton installation")

    monkeypatch.setattr("service.here.script.steps.train", broken)
    assert first_that_fits(bench, report, case, LADDERS["compute-bound", "llama"], 1.0) == (None, None)
    assert report.known["left_out"][-1]["why"] == "RuntimeError: Cannot find a working triton installation"
    assert len(report.known["left_out"]) == 3, "a smaller size would not mend that"


@pytest.mark.parametrize("key", sorted(LADDERS), ids=" ".join)
def test_sizes_shrink_and_suit_small_cards(key):
    ladder = [likely_gib(shape) for shape in LADDERS[key]]
    assert ladder == sorted(ladder, reverse=True) and ladder[0] < 0.85 * 79, "an H100 takes the largest"
    if key[0] != "between":
        assert ladder[-1] < 0.85 * 3.4, "a card of 4 GB takes the smallest"
    assert {case[:2] for case in CASES} == set(LADDERS) == set(TINY)


def test_likely_memory_is_about_what_an_h200_used():
    """22.35 GiB of Llama's six layers at micro-batch 8, recorded."""
    assert likely_gib((6, 2048, 16, 16, 32000, 2048, 8)) == pytest.approx(22.35, rel=0.1)


def test_widths_are_those_of_the_code_bases():
    assert [mlp_width("llama", d) for d in (2048, 1024)] == [5632, 2816]
    assert mlp_width("gpt2", 768) == 3072 and mlp_width("nanochat", 1280) == 5120


def test_which_row_of_nvidia_smi_is_torchs_card():
    rows = [["0", "GPU-aa", "NVIDIA GeForce RTX 3060"], ["1", "GPU-bb", "NVIDIA GeForce RTX 4090"]]
    assert chosen_row(rows, "bb", "NVIDIA GeForce RTX 3060", None) is rows[1], "the UUID wins"
    assert chosen_row(rows, None, "NVIDIA GeForce RTX 4090", "1,0") is rows[1]
    assert chosen_row(rows, None, "NVIDIA GeForce RTX 4090", "GPU-b") is rows[1]
    assert chosen_row(rows, None, "NVIDIA GeForce RTX 4090", None) is rows[1], (
        "torch counts the fastest first"
    )
    assert chosen_row(rows, None, "another", None) is rows[0] and chosen_row([], "aa", "x", "0") is None


@pytest.mark.parametrize(
    ("printed", "value"),
    [("180.00", 180.0), ("1,024 MiB", 1024.0), ("[N/A]", None), ("[Unknown Error]", None), ("", None)],
)  # fmt: skip
def test_numbers_as_drivers_print_them(printed, value):
    assert number(printed) == value


def test_a_sampler_leaves_out_how_an_interval_begins():
    sampler = Sampler(lambda: None)
    sampler.samples = [
        (t, {"power_w": w}) for t, w in ((0.5, 100), (1.5, 300), (2.5, 320), (9, 50), (2.6, None))
    ]
    assert sampler.mean("power_w", 0, 3) == 310 and sampler.largest("power_w") == 320
    assert sampler.mean("power_w", 20, 30) is None and sampler.largest("pcie_gen") is None


H200_ROW = "0, GPU-aa, NVIDIA H200, 580.159.04, 143771, 500.00, 700.00, 700.00, 5, 16, 3"


def fake_torch(name="NVIDIA H200", major=9, hip=None, arch="gfx1100"):
    properties = SimpleNamespace(
        name=name, major=major, minor=0, multi_processor_count=132, uuid="aa", gcnArchName=arch
    )
    return SimpleNamespace(
        cuda=SimpleNamespace(
            get_device_properties=lambda _: properties,
            get_device_capability=lambda _: (major, 0),
            mem_get_info=lambda _: (2**30, 2**31),
            device_count=lambda: 1,
        ),
        version=SimpleNamespace(hip=hip),
    )


def test_what_the_driver_says_of_the_card(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", program(tmp_path, "nvidia-smi", f"echo '{H200_ROW}'"))
    versions = {}
    facts, read = card(fake_torch(), "cuda", versions)
    assert (facts["power_limit_w"], facts["power_default_limit_w"], facts["pcie_gen_max"]) == (500, 700, 5)
    assert facts["busy_before_percent"] == 3 and versions["driver"] == "580.159.04" and read is not None
    assert facts["memory_free_gib"] == 1 and facts["memory_driver_gib"] == pytest.approx(140.4, abs=0.01)
    assert card(fake_torch("NVIDIA A100-SXM4-40GB MIG 1g.5gb"), "cuda", {})[1] is None, (
        "not the board's watts"
    )
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    facts, read = card(fake_torch(), "cuda", {})
    assert read is None and facts["name"] == "NVIDIA H200" and "power_limit_w" not in facts


@pytest.mark.parametrize(("major", "precision"), [(9, "bf16"), (8, "bf16"), (7, "fp16"), (6, "fp32")])
def test_precision_follows_the_card(major, precision):
    assert precision_of(fake_torch(major=major), "cuda") == precision
    assert precision_of(fake_torch(), "cpu") == precision_of(fake_torch(), "mps") == "fp32"


@pytest.mark.parametrize(
    ("arch", "precision"),
    [("gfx1100", "bf16"), ("gfx942:sramecc+", "bf16"), ("gfx1030", "fp16"), ("gfx906", "fp16")],
)
def test_precision_follows_amds_architecture(arch, precision):
    assert precision_of(fake_torch(arch=arch), "rocm") == precision


def test_rocm_says_its_watts_in_several_words(tmp_path, monkeypatch):
    said = {
        "card0": {"Average Graphics Package Power (W)": "41.0", "Max Graphics Package Power (W)": "327.0"},
        "system": {"Driver version": "6.12.12"},
    }
    monkeypatch.setenv("PATH", program(tmp_path, "rocm-smi", f"echo '{json.dumps(said)}'"))
    values = rocm_values()
    assert (rocm_watts(values, most=False), rocm_watts(values, most=True)) == (41, 327)
    assert rocm_watts({"Current Socket Graphics Package Power (W)": "N/A"}, most=False) is None
    facts, read = card(fake_torch(hip="6.3"), "rocm", versions := {})
    assert facts["power_limit_w"] == 327 and versions["driver"] == "6.12.12" and read() == {"power_w": 41}
