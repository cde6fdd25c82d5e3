"""A document as Markdown, to be pasted into an issue: tables with pipes, charts in words."""

import re

from service.reports.document.document import Document
from service.reports.document.page import Page, page

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")
LINE_START = re.compile(r"^(\s*)([-+=]|\d+[.)])")


def render(document: Document) -> bytes:
    """The text in UTF-8; nothing in it is read as markup, mentions nobody and links to no other issue."""
    content = page(document)
    lines = [f"# {escaped(content['title'])}", "", escaped(content["subtitle"])]
    for section in content["sections"]:
        lines += ["", f"## {escaped(section['title'])}"]
        texts = [block.get("text") for block in section["blocks"]]
        for block in section["blocks"]:
            if not block.get("alt") or block["alt"] not in texts:
                lines += ["", *_block(block)]
    if content["notes"]:
        lines += ["", f"## {escaped(content['notes_title'])}", ""]
        lines += [f"{sign} {escaped(note)}  " for sign, note in content["notes"]]
    if content["sources"]:
        lines += ["", f"## {escaped(content['sources_title'])}", ""]
        for s in content["sources"]:
            line = f"{escaped(s['title'])}; {escaped(s['provenance'])}. {_address(s['url'])}".rstrip()
            lines.append(f"- \\[{s['number']}\\] {line}")
    return ("\n".join([*lines, "", "---", "", escaped(content["made"])]) + "\n").encode()


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, in one line."""
    flat = SPECIAL.sub(r"\\\1", " ".join(text.split())).replace("&", "&amp;").replace("@", "&#64;")
    return LINE_START.sub(r"\1\\\2", flat) if not flat[:1].isdigit() else flat


def _address(url: str) -> str:
    return f"<{url}>" if re.fullmatch(r"https://[^\s<>]+", url) else escaped(url)


def _block(block: Page) -> list[str]:
    heading = [f"### {escaped(block['title'])}", ""] if block.get("title") else []
    match block["kind"]:
        case "lead":
            return [f"**{escaped(block['text'])}**"]
        case "paragraph":
            return [escaped(block["text"])]
        case "bullets":
            return [f"- {escaped(item)}" for item in block["items"]]
        case "chart":
            return [*heading, f"*{escaped(block['alt'])}*"]
        case _:
            return heading + _table(block)


def _table(block: Page) -> list[str]:
    columns = block["columns"]
    lines = [
        "| " + " | ".join(escaped(c["title"]) for c in columns) + " |",
        "| " + " | ".join("---:" if c["is_number"] else "---" for c in columns) + " |",
    ]
    for row in block["rows"]:
        cells = [_cell(cell["text"], cell["below"], is_bold=row["is_strong"]) for cell in row["cells"]]
        lines.append("| " + " | ".join(cells) + " |")
    return lines + (["", escaped(block["more"])] if block["more"] else [])


def _cell(text: str, below: str, *, is_bold: bool) -> str:
    words = escaped(text)
    words = f"**{words}**" if is_bold and words else words
    return f"{words} ({escaped(below)})" if below else words
