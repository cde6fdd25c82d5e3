"""The floors hold: who may import whom is written in pyproject.toml."""

import os
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent


def test_floors_hold():
    # In a process of its own: it silences the loggers of the one it runs in.
    run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports; exit(lint_imports(no_cache=True))"]
    )


def test_nothing_imports_in_a_circle():
    """Whether at the top of a module, inside a function, or for types alone."""
    graph = grimp.build_graph("service", "pricing", cache_dir=None)
    files = [file for wing in ("service", "pricing") for file in (ROOT / wing).rglob("*.py")]
    assert len(graph.modules) == len(files) > 200
    assert imports_downhill(graph)
    # This check would see one: the store as far down as it lies, importing those above it.
    graph.add_import(importer="service.store.leases", imported="pricing.watch")
    with pytest.raises(CycleError, match=r"service\.store\.leases"):
        imports_downhill(graph)


def imports_downhill(graph):
    """Every module after all that it imports; CycleError names a circle."""
    return list(
        TopologicalSorter(
            {m: graph.find_modules_directly_imported_by(m) for m in graph.modules}
        ).static_order()
    )


def test_heavy_imports_stay_out_of_start():
    """The command line must not pay for Alembic, Flask, the HTTP client or another language's words before it
    needs them."""
    code = (
        "import sys; from service.cli import main\n"
        "try: main(['--help'], standalone_mode=False)\n"
        "except SystemExit: pass\n"
        "heavy = {'pandas', 'alembic', 'requests', 'flask', 'granian', 'typst', 'vl_convert', 'xlsxwriter',\n"
        "         'babel'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    english = {**os.environ, "LC_ALL": "C"}
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=english
    )
    assert out.stdout.splitlines()[-1] == "[]"


def test_the_linter_has_nothing_to_say():
    run([sys.executable, "-m", "ruff", "check", "."])
    run([sys.executable, "-m", "ruff", "format", "--check", "."])


@pytest.mark.long
def test_types_are_strict_everywhere():
    run([sys.executable, "-m", "mypy"])


def run(command):
    """The command must succeed; what it prints is the failure's message."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
