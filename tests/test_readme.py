"""The README stays short: two commands, a map of the rooms, and links to everything else."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
MOST_LINES = 160


def test_it_is_short():
    assert len(README.splitlines()) <= MOST_LINES


def test_the_map_has_every_room_and_no_other():
    drawn = README.split("```text\nservice/")[1].split("```")[0]
    rooms, folders = set(), {}
    for line in f"service/{drawn}".splitlines():
        indent = len(line) - len(line.lstrip())
        for word in line.split():
            if not re.fullmatch(r"\w+/", word):
                break
            folders[indent] = folders.get(indent - 2, ROOT) / word if indent else ROOT / word
            rooms.add(folders[indent])
    assert all(room.is_dir() for room in rooms), [str(room) for room in rooms if not room.is_dir()]
    packages = {path.parent for wing in ("service", "pricing") for path in (ROOT / wing).rglob("__init__.py")}
    assert len(packages) > 15
    assert packages <= rooms, sorted(str(path.relative_to(ROOT)) for path in packages - rooms)
    assert {ROOT / "migrations", ROOT / "tests", ROOT / "service" / "docs"} <= rooms


def test_the_top_level_is_the_house():
    visible = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    allowed = {
        "README.md",
        "pyproject.toml",
        "docker-compose.yml",
        "service",
        "pricing",
        "migrations",
        "tests",
    }
    assert visible - allowed <= {"heimvorteil.egg-info", "build"}
    assert allowed <= visible


def test_the_test_command_is_what_ci_runs():
    script = (ROOT / ".ci" / "run").read_text()
    assert "<!-- test-command -->" in script and "README.md" in script
    assert README.count("<!-- test-command -->") == 1
    shown = README.split("<!-- test-command -->")[1].split("```")[1].removeprefix("sh\n").strip()
    assert shown.startswith("python3") and "\n" not in shown
