"""docker-compose.yml: one image, a database with a volume and a health check, no secret in it."""

import re
from pathlib import Path

import yaml

from pricing.sources import SOURCES
from service.cli import main
from service.settings import SETTINGS

FILE = Path(__file__).parent.parent / "docker-compose.yml"
TEXT = FILE.read_text()
SERVICES = yaml.safe_load(TEXT)["services"]
KEYS = {key for source in SOURCES for key in (source.key, source.optional_key) if key}
SWITCHES = {source.switch for source in SOURCES if source.off_because}


def test_web_and_worker_wait_for_a_migrated_database_that_is_well():
    assert set(SERVICES) == {"postgres", "migrate", "web", "worker"}
    postgres = SERVICES["postgres"]
    assert postgres["volumes"] and "pg_isready" in postgres["healthcheck"]["test"][1]
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("web", "worker"):
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert "/readyz" in SERVICES["web"]["healthcheck"]["test"][-1]


def test_its_commands_and_settings_are_ours():
    known = {setting.variable for setting in SETTINGS}
    for name in ("migrate", "web", "worker"):
        service = SERVICES[name]
        program, command, *words = service["command"]
        assert program == "heimvorteil"
        found = main.commands[command]
        if words and not words[0].startswith("-"):
            assert words[0] in found.commands, words
        assert set(service["environment"]) - KEYS - SWITCHES <= known
        assert (FILE.parent / service["build"]["dockerfile"]).exists()


def test_no_secret_is_in_it():
    password = re.findall(r"POSTGRES_PASSWORD: (.*)", TEXT)
    assert len(password) == 1 and password[0].startswith("${POSTGRES_PASSWORD:?")
    assert re.findall(r"postgresql://heimvorteil:([^@]*)@", TEXT) == ["${POSTGRES_PASSWORD:?}"]


def test_the_worker_alone_gets_the_keys_of_price_sources():
    worker = SERVICES["worker"]["environment"]
    assert {name for name in worker if name.endswith("_KEY")} == KEYS
    assert all(worker[name] == f"${{{name}:-}}" for name in KEYS | SWITCHES)
    assert not (KEYS | SWITCHES) & set(SERVICES["web"]["environment"])


def test_our_containers_may_do_no_more_than_they_need():
    for name in ("migrate", "web", "worker"):
        service = SERVICES[name]
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"] and "cap_add" not in service
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["pids_limit"] <= 256 and service["mem_limit"] and "privileged" not in service
        assert [mount for mount in service["tmpfs"] if mount.startswith("/tmp:size=")]
        assert service["healthcheck"] and "user" not in service
        written = [volume.split(":")[1] for volume in service.get("volumes", ())]
        assert written == (["/reports"] if name == "worker" else [])
    postgres = SERVICES["postgres"]
    assert postgres["cap_drop"] == ["ALL"] and postgres["read_only"] and "ports" not in postgres
    assert postgres["security_opt"] == ["no-new-privileges:true"]


def test_the_image_runs_as_an_ordinary_user_and_tells_how_it_is():
    lines = (FILE.parent / "service" / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == ["10001"] and "--uid 10001" in " ".join(lines)
    assert lines.index("USER 10001") < next(i for i, line in enumerate(lines) if line.startswith("CMD "))
    assert any(line.startswith("HEALTHCHECK ") for line in lines)
    assert not [line for line in lines if line.startswith("ADD ") or "sudo" in line]
    # What is installed is named with its hash.
    assert any("--require-hashes" in line for line in lines)
