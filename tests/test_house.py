"""The floors hold: who may import whom is written in pyproject.toml."""

import subprocess
import sys

from importlinter.cli import lint_imports


def test_floors_hold():
    assert lint_imports(no_cache=True) == 0


def test_heavy_imports_stay_out_of_start():
    """The command line must not pay for Alembic, Flask or the HTTP client before it needs them."""
    code = (
        "import sys; from service.cli import main\n"
        "try: main(['--help'], standalone_mode=False)\n"
        "except SystemExit: pass\n"
        "print(sorted({'pandas', 'alembic', 'requests', 'flask', 'granian'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "[]"
