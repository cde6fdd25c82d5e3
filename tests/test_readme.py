"""The README says what the code does: commands, routes, settings, sources, tree."""

import re
from pathlib import Path

from click.testing import CliRunner

from pricing.sources import SOURCES
from service.app import create_app
from service.cli import main
from service.settings import SETTINGS, Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_every_command_exists_and_every_subcommand_has_help():
    for words in re.findall(r"`heimvorteil ([a-z][a-z-]*(?: [a-z]+)?)", README):
        parts = words.split()
        command = main
        for part in parts:
            command = getattr(command, "commands", {}).get(part, command)
        assert command is not main, words
    for name, command in main.commands.items():
        assert command.help, name
        assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0


def test_every_setting_source_and_route_is_listed(tmp_path):
    for setting in SETTINGS:
        assert f"`{setting.variable}`" in README, setting.variable
    for source in SOURCES:
        assert f"`{source.name}`" in README
    environment = {"HEIMVORTEIL_DATABASE_URL": f"sqlite:///{tmp_path / 'x.sqlite3'}"}
    app = create_app(Settings.from_environ(environment))
    for rule in (r for r in app.url_map.iter_rules() if r.endpoint != "static"):
        noun = rule.rule.removeprefix("/api/v1").split("/")[1].removesuffix(".csv")
        assert f"/{noun}" in README, rule.rule


def test_the_tree_is_true():
    tree = README.split("```text\nREADME.md")[1].split("```")[0]
    indented = [
        (len(line) - len(line.lstrip()), line.split()) for line in tree.splitlines()[1:] if line.strip()
    ]
    seen, folders = 0, {}
    for indent, words in indented:
        for word in words:
            if not re.fullmatch(r"[\w.-]+(?:\.(?:py|toml|yml|lock)|/)|Dockerfile", word):
                break
            parent = folders.get(indent - 2, ROOT) if indent else ROOT
            assert (parent / word).exists(), parent / word
            if word.endswith("/"):
                folders[indent] = parent / word
            seen += 1
    assert seen > 40


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
