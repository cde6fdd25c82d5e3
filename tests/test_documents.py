"""The documents say what the code does: links, commands, routes, settings, sources, paths, numbers."""

import json
import re
import shlex
import tomllib
from copy import copy
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

import click
import pytest

from pricing.registry import register
from pricing.sources import SOURCES
from service.cli import main
from service.cli.web import create_app
from service.estimate.terms import TERMS
from service.settings import SETTINGS, Settings
from service.store import tokens
from service.store.session import Sessions, engine_for

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "service" / "docs"
PAGES = {path: path.read_text() for path in (ROOT / "README.md", *sorted(DOCS.glob("*.md")))}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
MANY = {"links": 60, "commands": 80, "options": 60, "paths": 40, "examples": 12}
"""Fewer than these found means that this file no longer understands the documents."""


def page(name):
    return PAGES[DOCS / name]


def blocks(text, language):
    """The fenced blocks of a language."""
    return [body for kind, body in FENCE.findall(text) if kind == language]


def spans(text):
    """What stands in backticks, fenced blocks left out."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", FENCE.sub("", text))]


def rows(text):
    """The rows of all tables, as their cells."""
    lines = [line for line in FENCE.sub("", text).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def shell_lines(text):
    """The commands of the sh blocks as words, comments left out; a line that begins with a blank goes on."""
    for block in blocks(text, "sh"):
        for line in re.split(r"\n(?!\s)", block.replace("\\\n", " ")):
            yield from simple_commands(line)


def simple_commands(line):
    """A line of shell as the words of its commands, what it redirects left out."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="&|;>")
    lexer.whitespace_split = True
    for is_operator, words in groupby(lexer, lambda word: set(word) <= set("&|;>")):
        if not is_operator:
            yield list(words)


def anchors(text):
    """The fragments by which its headings are reached."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", text), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_linked_from_the_readme():
    assert len(PAGES) >= 8
    for path in DOCS.glob("*.md"):
        assert f"](service/docs/{path.name})" in PAGES[ROOT / "README.md"], path.name


def test_every_relative_link_leads_to_a_file_and_a_heading():
    found = [
        (path, link)
        for path, text in PAGES.items()
        for link in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", text))
        if not re.match(r"https?://", link)
    ]
    assert len(found) > MANY["links"]
    for path, link in found:
        assert leads_somewhere(path, link), f"{path.name}: {link}"


def leads_somewhere(path, link):
    file, _, fragment = link.partition("#")
    target = (path.parent / file).resolve() if file else path
    return target.exists() and (not fragment or fragment in anchors(target.read_text()))


def test_the_addresses_of_our_own_sources_are_pages_of_ours():
    """What no source states has a page of ours as its source."""
    own = re.compile(r'"((?:README|service/docs/[\w-]+)\.md(?:#[\w-]+)?)"')
    files = [path for kind in ("*.toml", "*.py") for path in (ROOT / "service").rglob(kind)]
    found = {address for path in files for address in own.findall(path.read_text())}
    assert len(found) >= 3
    for address in found:
        assert leads_somewhere(ROOT / "README.md", address), address


def shown_commands():
    """Every `heimvorteil ...` of the documents, as words behind the name."""
    for path, text in PAGES.items():
        in_text = [words for span in spans(text) for words in simple_commands(span) if "heimvorteil " in span]
        for words in (*in_text, *shell_lines(text)):
            while words and re.match(r"[A-Z_]+=", words[0]):
                words = words[1:]
            if words[:3] == ["docker", "compose", "exec"]:
                words = words[4:]
            if len(words) > 1 and Path(words[0]).name == "heimvorteil" and words[1] != "COMMAND":
                yield path.name, words[1:]


def test_every_command_line_shown_is_understood_and_every_command_is_shown():
    shown = list(shown_commands())
    assert len(shown) > MANY["commands"]
    reached = set()
    for name, words in shown:
        command, path, rest = main, (), [word for word in words if word != "…"]
        while isinstance(command, click.Group) and rest:
            path, command = (*path, rest[0]), command.commands.get(rest.pop(0))
            assert command is not None, f"{name}: heimvorteil {' '.join(words)}"
        context = click.Context(command)
        try:
            given, left, _ = command.make_parser(context).parse_args(rest)
            for param in command.get_params(context):
                if isinstance(param, click.Option) and not isinstance(param.type, click.Path):
                    param.type_cast_value(context, given.get(param.name))
        except click.UsageError as error:
            pytest.fail(f"{name}: heimvorteil {' '.join(words)}: {error.format_message()}")
        assert not left, f"{name}: heimvorteil {' '.join(words)}: nothing takes {left}"
        reached.add(path)
    there = {path for path, command in commands() if not isinstance(command, click.Group)}
    assert there <= reached, there - reached


def commands(command=main, path=()):
    """The command tree: words and command."""
    yield path, command
    for name, under in getattr(command, "commands", {}).items():
        assert under.help, name
        yield from commands(under, (*path, name))


def test_every_option_shown_exists():
    known = {
        name
        for _, command in commands()
        for param in copy(command).get_params(click.Context(command))
        for name in param.opts
    }
    found = [
        (path.name, word.split("=")[0])
        for path, text in PAGES.items()
        for span in spans(text)
        if span.startswith("-")
        for word in shlex.split(span)
        if re.match(r"--?[a-z]", word)
    ]
    assert len(found) > MANY["options"]
    assert not [(name, option) for name, option in found if option not in known]


def test_every_environment_variable_shown_is_read_and_every_setting_is_shown():
    keys = {key for source in SOURCES for key in (source.key, source.optional_key, source.switch) if key}
    known = {s.variable for s in SETTINGS} | keys | {source.url_setting for source in SOURCES}
    for path, text in PAGES.items():
        shown = set(re.findall(r"HEIMVORTEIL_[A-Z0-9_<>]+", text)) - {"HEIMVORTEIL_SOURCE_<NAME>_URL"}
        assert shown <= known, (path.name, shown - known)
    listed = {cells[0]: cells for cells in rows(page("operations.md")) if "HEIMVORTEIL_" in cells[0]}
    assert len(listed) == len(SETTINGS) + 1
    for setting in SETTINGS:
        _, default, meaning = listed[f"`{setting.variable}`"]
        assert not setting.default or default == f"`{setting.default}`", setting.variable
        same = {word for word in re.findall(r"\w+", setting.meaning.split(":")[0])}
        assert same <= set(re.findall(r"\w+", meaning)), setting.variable


def test_every_price_source_has_a_row_that_is_right():
    listed = {name: cells for cells in rows(page("sources.md")) for name in spans(cells[0])}
    for source in SOURCES:
        _, _, every, key, licence = listed.pop(source.name)
        assert every == cadence(source), source.name
        wanted = source.key or source.optional_key
        assert spans(key) == ([wanted] if wanted else []), source.name
        assert ("if you have one" in key) == bool(source.optional_key), source.name
        assert licence == source.licence.replace(" | ", " / "), source.name
        if source.fallback_for:
            assert "while" in listed_text(source.name), source.name
    assert not {name for name in listed if not name.startswith("service/")}, listed


def test_every_price_source_says_whose_word_it_is_and_against_what_it_was_verified():
    text = page("sources.md")
    told = text.split("## Whose word it is")[1].split("## ")[0]
    names = {name.rstrip("_…"): cells for cells in rows(told) for name in cells[0].split()}
    for source in SOURCES:
        cells = names.get(
            max((n for n in names if f"{source.name}_".startswith(f"{n}_")), key=len, default="")
        )
        assert cells, source.name
        assert cells[1].startswith(("first", "second")) and all(cells), source.name


def listed_text(name):
    return next(cells[1] for cells in rows(page("sources.md")) if name in spans(cells[0]))


def cadence(source):
    if source.market_zone is not None:
        return "day-ahead"
    hours = source.every / timedelta(hours=1)
    if hours < 1:
        return f"{hours * 60:g} min"
    return f"{hours:g} h" if hours <= 24 else f"{hours / 24:g} d"


@pytest.fixture(scope="module")
def client(catalog_copy):
    url = catalog_copy()
    engine = engine_for(url)
    register(Sessions(engine))
    with Sessions(engine).begin() as session:
        token = tokens.create(session, "reader", datetime.now(UTC))
    client = create_app(Settings.from_environ({"HEIMVORTEIL_DATABASE_URL": url})).test_client()
    client.token = token
    yield client
    engine.dispose()


@pytest.fixture(scope="module")
def described(client):
    """Path -> method -> operation, as openapi.json has them."""
    return client.get("/api/v1/openapi.json").get_json()["paths"]


def collections():
    """Name -> filters, from the table of collections."""
    table = page("api.md").split("\n## Collections\n")[1].split("\n## ")[0]
    return {spans(cells[0])[0]: set(spans(cells[1])) for cells in rows(table)[2:]}


def test_every_route_is_in_the_documents_and_no_other(client):
    routes = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in client.application.url_map.iter_rules()
        if rule.endpoint != "static"
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    shown = {
        tuple(span.split("?")[0].split())
        for text in PAGES.values()
        for span in spans(text)
        if re.match(r"(GET|POST|PUT|PATCH|DELETE) /", span) and "NAME" not in span
    }
    assert shown <= routes, shown - routes
    for name in collections():
        shown |= {("GET", f"/api/v1/{name}{more}") for more in ("", ".csv", "/{slug}")}
    assert shown == routes, routes ^ shown


def test_filters_and_tokens_are_as_described(described):
    for name, filters in collections().items():
        asked = {p["name"] for p in described[f"/api/v1/{name}"]["get"]["parameters"] if p["in"] == "query"}
        assert filters == asked - {"limit", "offset"}, name
    told = {}
    for cells in rows(page("api.md")):
        if match := re.fullmatch(r"`(POST|PATCH|DELETE) (/api/\S+)`", cells[0]):
            told[match.groups()] = "needs a token" in cells[1]
    assert len(told) > 10
    for (method, path), needs_token in told.items():
        assert bool(described[path][method.lower()].get("security")) == needs_token, path


def test_every_example_of_the_api_is_answered(client):
    examples = [words for words in shell_lines(page("api.md")) if words[0] == "curl"]
    assert len(examples) >= MANY["examples"]
    for words in examples:
        address = next(word for word in words if word.startswith("localhost:8080/"))
        path = address.removeprefix("localhost:8080")
        headers = [words[i + 1] for i, word in enumerate(words) if word == "-H"]
        sent = {k: v for k, _, v in (h.replace("$TOKEN", client.token).partition(": ") for h in headers)}
        if "-d" in words:
            body = json.loads(words[words.index("-d") + 1])
            answer = client.post(path, json=body, headers=sent)
        else:
            answer = client.get(path, headers=sent)
        assert 200 <= answer.status_code < 300, (words, answer.get_data(as_text=True)[:500])


def test_every_metric_is_listed(client):
    served = re.findall(r"^# HELP (heimvorteil_\w+)", client.get("/metrics").get_data(as_text=True), re.M)
    listed = [span for span in spans(page("operations.md")) if span.startswith("heimvorteil_")]
    assert {name for name in served if not name.endswith("_created")} == set(listed)


def test_the_map_of_the_house_is_true():
    drawn = page("house.md").split("```text\nREADME.md")[1].split("```")[0]
    seen, folders, missing = 0, {}, []
    for line in drawn.splitlines()[1:]:
        indent = len(line) - len(line.lstrip())
        for name in re.split(r" {3,}", line.strip(), maxsplit=1)[0].split():
            path = (folders.get(indent - 2, ROOT) if indent else ROOT) / name
            if not path.exists():
                missing.append(str(path.relative_to(ROOT)))
            if name.endswith("/"):
                folders[indent] = path
            seen += 1
    assert seen > 100
    assert not missing, missing


def test_every_path_named_exists():
    named = [
        (path.name, span)
        for path, text in PAGES.items()
        for span in spans(text)
        if re.fullmatch(r"(?:service|pricing|tests|migrations)/[\w./-]*", span)
    ]
    assert len(named) > MANY["paths"]
    missing = [(name, path) for name, path in named if not (ROOT / path).exists()]
    assert not missing, missing


def test_every_floor_is_drawn():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    floors = next(c["layers"] for c in contracts if c["name"] == "Every room in service/ has a floor")
    drawn = page("house.md").split("\n## The floors\n")[1].split("\n## ")[0]
    words = set(re.findall(r"\w+", drawn.split("```text")[1].split("```")[0]))
    rooms = {room for floor in floors for room in floor.split(" | ")}
    assert len(rooms) > 8 and rooms <= words, rooms - words


def test_the_method_quotes_the_validation():
    """Its table of errors, and how many terms and runs there are."""
    sections = page("validation.md").split("\n## ")[1:4]
    kept = [next(cells for cells in rows(s) if cells[0] == "all: tokens/s") for s in sections]
    quoted = [cells for cells in rows(page("method.md")) if cells[0].endswith("left out")]
    assert len(quoted) == len(kept) == 3
    for there, here in zip(kept, quoted, strict=True):
        assert here[1:4] == [there[2], there[5], there[6]], here
    peers = {cells[0]: cells for cells in rows(sections[0])}
    names = ("6ND at 40 % MFU", "6ND at 50 % MFU", "the note's ratio")
    assert quoted[0][4:7] == [peers[name][2] for name in names]
    memory = peers["all: peak memory"]
    assert f"Peak memory: {memory[2]} at the median over {memory[1]} published peaks" in page("method.md")
    assert f"{len(TERMS)} terms" in page("method.md")
    assert f"the {peers[names[0]][1]} throughput rows" in page("method.md")
