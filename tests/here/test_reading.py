"""What this computer has, as its drivers' programs tell it: real programs on a PATH of their own."""

import json
import time

import pytest

from service.here import reading
from service.here.reading import NVIDIA, Said, ask, this_computer
from tests.here.programs import program

RTX_4070 = "NVIDIA GeForce RTX 4070, 12282, 611, 180.00, 200.00, 4, 8, Enabled, 570.86.15, [N/A]"
RTX_3090 = "NVIDIA GeForce RTX 3090, 24576, 3, 350.00, 350.00, 4, 16, Disabled, 570.86.15, [N/A]"
LAPTOP = "NVIDIA GeForce RTX 4060 Laptop GPU, 8188, 0, [N/A], [N/A], 4, 8, Disabled, 560.94, [N/A]"
WSL = "NVIDIA GeForce RTX 3060, 12288, 1024, [N/A], [N/A], [N/A], [N/A], [N/A], 551.23, [N/A]"
MODIFIED = "NVIDIA GeForce RTX 4090, 49140, 4, 450.00, 450.00, 4, 16, Disabled, 570.86.15, [N/A]"
DIVIDED = "NVIDIA H100 80GB HBM3, 81559, 100, 700.00, 700.00, 5, 16, Disabled, 550.90.07, Enabled"
NAMELESS = "NVIDIA Graphics Device 9999, 16384, 4, 450.00, 450.00, 4, 16, Disabled, 570.86.15, [N/A]"
MISMATCH = "Failed to initialize NVML: Driver/library version mismatch"
RADEON = {
    "card0": {
        "Card Series": "AMD Radeon RX 7900 XTX", "VRAM Total Memory (B)": "25753026560",
        "VRAM Total Used Memory (B)": "313524224", "Max Graphics Package Power (W)": "327.0",
    },
    "card1": {"GUID": "1"},
    "system": {"Driver version": "6.12.12"},
}  # fmt: skip


@pytest.fixture
def drivers(tmp_path, monkeypatch):
    """Puts programs on a PATH that has no other driver's."""
    monkeypatch.setattr(reading, "BESIDE_THE_PATH", {})
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(reading, "_free_memory_gib", lambda: 21.7)

    def put(nvidia=None, rocm=None):
        for name, script in (("nvidia-smi", nvidia), ("rocm-smi", rocm)):
            if script is not None:
                monkeypatch.setenv("PATH", program(tmp_path, name, script))

    return put


def printing(*lines):
    return "\n".join(f"echo '{line}'" for line in lines)


def kinds(run):
    return json.loads(run("machine", "--json").stdout)["kinds"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([RTX_4070], "--home rtx-4070 --power-limit 180 --pcie-lanes 8 --host-memory 21 --display-gib 0.6"),
        ([RTX_3090, RTX_3090], "--home rtx-3090 --home-count 2 --host-memory 21"),
        ([LAPTOP], "--home rtx-4060-laptop --host-memory 21"),
        ([WSL], "--home rtx-3060-12gb --host-memory 21"),
    ],
    ids=["one", "two", "laptop", "WSL"],
)
def test_cards_become_options_to_paste(run, drivers, rows, words):
    """What the driver does not say is not made up: the laptop's limit and WSL's slot are left out."""
    drivers(printing(*rows))
    assert [kind["words"] for kind in kinds(run)] == [words]
    shown = run("machine").stdout
    assert f"  {words}\n" in shown and "--home here" in shown
    assert "mit --home here" in run("machine", "--lang", "de").stdout


def test_a_slot_of_an_older_generation_is_worth_fewer_lanes(run, drivers):
    """A 3090 is PCIe 4 with 16 lanes: a slot of PCIe 3 with 16 feeds it as 8 of its own would."""
    drivers(printing(RTX_3090.replace("350.00, 4, 16", "350.00, 3, 16")))
    assert kinds(run)[0]["options"]["pcie_lanes"] == 8


@pytest.mark.parametrize(
    ("row", "nearest", "said"),
    [
        (MODIFIED, "rtx-4090", "in no catalog"),
        (DIVIDED, "h100-sxm", "divided (MIG)"),
    ],
    ids=["modified", "MIG"],
)
def test_what_is_not_quite_a_card_of_the_catalog_is_not_taken_for_it(run, drivers, row, nearest, said):
    drivers(printing(row))
    assert (kinds(run)[0]["gpu"], kinds(run)[0]["nearest"]) == (None, [nearest])
    shown = run("machine").stdout
    assert said in shown and nearest in shown
    refused = run("compare", "--home", "here", code=2).output
    assert refused.count("\n") == 1 and nearest in refused


def test_an_unknown_card_is_told_with_names_like_it(run, drivers):
    drivers(printing(NAMELESS))
    (kind,) = kinds(run)
    assert kind["gpu"] is None and kind["options"] == {} and len(kind["nearest"]) == 3


def test_a_driver_that_knows_no_mig_is_asked_again(run, drivers):
    old = RTX_3090.removesuffix(", [N/A]")
    refusal = 'Field \\"mig.mode.current\\" is not a valid field to query.'
    drivers(f'case "$*" in *mig.mode*) echo "{refusal}"; exit 2;; esac\n{printing(old)}')
    assert kinds(run)[0]["gpu"] == "rtx-3090"


def test_amds_cards_are_found_as_well(run, drivers):
    drivers(
        rocm="echo 'WARNING: AMD GPU device(s) is/are in a low-power state'\n" + printing(json.dumps(RADEON))
    )
    assert [kind["options"]["home"] for kind in kinds(run)] == ["rx-7900-xtx"]


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        (None, "is not installed"),
        (f"echo '{MISMATCH}'; exit 18", MISMATCH),
        (f"echo '{MISMATCH}' >&2; exit 18", MISMATCH),
        ("exit 9", "ended with 9"),
        ("echo 'No devices were found'", "names no card"),
        ("exec sleep 30", "did not answer within 0.3 s"),
    ],
    ids=["missing", "mismatch", "on stderr", "silent", "no card", "hanging"],
)
def test_no_card_is_told_with_why_and_the_way_on(run, drivers, monkeypatch, script, problem):
    monkeypatch.setattr(reading, "PATIENCE_S", 0.3)
    drivers(script)
    began = time.monotonic()
    told = json.loads(run("machine", "--json").stdout)
    assert time.monotonic() - began < 10
    assert (told["kinds"], told["cards"]) == ([], [])
    assert told["problems"][0] == {"program": "nvidia-smi", "problem": problem}
    assert "name yours with --home NAME" in run("machine").stdout
    german = {"is not installed": "ist nicht installiert", "names no card": "nennt keine Karte"}
    assert f"nvidia-smi: {german.get(problem, problem)}\n" in run("machine", "--lang", "de").stdout
    refused = run("compare", "--home", "here", code=2).output
    assert refused.count("\n") == 1 and problem in refused and "--home rtx-4070" in refused


def test_a_file_that_is_no_program_is_said_so(drivers, tmp_path, monkeypatch):
    drivers("")
    (tmp_path / "bin" / "nvidia-smi").write_bytes(b"\x7fELF nothing")
    assert ask(NVIDIA, ()).problem.startswith("cannot be run: ")
    assert ask("no-such-program", ()) == Said(problem="is not installed")


def test_the_processor_and_memory_are_told(drivers):
    drivers()
    computer = this_computer()
    assert computer.host_memory_gib > 0.5 and computer.logical_cores >= 1 and computer.system == "Linux"


def test_here_is_this_computer_and_what_is_said_beside_it_wins(run, drivers):
    drivers(printing(RTX_4070))
    by_hand = ("--power-limit", 180, "--pcie-lanes", 4, "--host-memory", 21, "--display-gib", 0.6)
    here = run("compare", "--home", "here", "--pcie-lanes", 4, "--json")
    assert here.stdout == run("compare", "--home", "rtx-4070", *by_hand, "--json").stdout
    assert "--power-limit 180" in here.stderr and "--pcie-lanes" not in here.stderr


def test_two_cards_here_are_two_at_home_and_one_machine_of_ones_own(run, drivers):
    drivers(printing(RTX_3090, RTX_3090))
    words = ("--host-memory", 21, "--json")
    assert (
        run("compare", "--home", "here", "--json").stdout
        == run("compare", "--home", "rtx-3090", "--home-count", 2, *words).stdout
    )
    own = run("decide", "nanochat-d20", "--own", "here", "--tier", "none", "--json").stdout
    assert own == run("decide", "nanochat-d20", "--own", "2xrtx-3090", "--tier", "none", *words).stdout


def test_what_is_said_of_every_machine_is_not_taken_from_one(run, drivers):
    drivers(printing(RTX_4070))
    words = ("decide", "nanochat-d20", "--own", "here", "--own", "rtx-3090", "--tier", "none", "--json")
    said = run(*words).stderr
    assert "left out, for it would be said of all your machines: --power-limit 180 --pcie-lanes 8" in said


def test_several_kinds_of_cards_are_asked_back(run, drivers):
    drivers(printing(RTX_4070, RTX_3090))
    refused = run("decide", "--own", "here", code=2).output
    assert refused.count("\n") == 1 and "rtx-4070, rtx-3090" in refused and "--own" in refused


def test_a_report_takes_it_too(run, drivers, tmp_path):
    drivers(printing(RTX_4070))
    file = tmp_path / "here.json"
    run("report", "--home", "here", "-o", file)
    assert "RTX 4070" in file.read_text()
