"""Every sentence exists in German, with the same placeholders, and none is left over."""

import ast
import string
from pathlib import Path

from babel.messages.pofile import read_po

import service.reports

REPORTS = Path(service.reports.__file__).parent
GERMAN = REPORTS.parent / "translations" / "de.po"


def said() -> set[str]:
    found = set()
    for path in sorted(REPORTS.parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "say"
                and node.args
            ):
                assert isinstance(node.args[0], ast.Constant), f"{path}:{node.lineno}: not a literal"
                found.add(node.args[0].value)
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
        assert german, english
        assert placeholders(english) == placeholders(german), english
