"""Every sentence exists in German, with the same placeholders, and none is left over."""

import ast
import re
import string
from pathlib import Path

from babel.messages.pofile import read_po

import pricing
import service.reports
from service.cli import main
from service.cli.helping import help_texts

REPORTS = Path(service.reports.__file__).parent
GERMAN = REPORTS.parent / "translations" / "de.po"
ROOMS = (REPORTS.parent, Path(pricing.__file__).parent)

IN_TEMPLATES = re.compile(r'\bsay\(["\']([^"\']+)["\']')
FORMS = {"say": 1, "counted": 2}
"""How many sentences each way to say something takes: one, or one for a single thing and one for more."""


def said() -> set[str | tuple[str, ...]]:
    """Every sentence that is said, and every paragraph of the command line's help."""
    found: set[str | tuple[str, ...]] = set(help_texts(main))
    for path in sorted(path for room in ROOMS for path in room.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in FORMS
                and node.args
            ):
                said = node.args[: FORMS[node.func.attr]]
                assert all(isinstance(x, ast.Constant) for x in said), f"{path}:{node.lineno}: not a literal"
                words = tuple(x.value for x in said if isinstance(x, ast.Constant))
                found.add(words[0] if len(words) == 1 else words)
    for template in sorted((REPORTS.parent / "templates").rglob("*.html")):
        found.update(IN_TEMPLATES.findall(template.read_text()))
    return found


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_all_sentences_are_translated_and_no_translation_is_idle():
    with GERMAN.open("rb") as file:
        messages = {m.id: m.string for m in read_po(file, locale="de") if m.id}
    sentences = said()
    assert len(sentences) > 40
    assert sentences <= set(messages)
    assert set(messages) <= said()
    for english, german in messages.items():
        pairs = [(english, german)] if isinstance(english, str) else zip(english, german, strict=True)
        for ours, theirs in pairs:
            assert theirs, ours
            assert placeholders(ours) == placeholders(theirs), ours
