"""Three processes and some sixty commands start anew in a run: what they import is compiled once."""

import os
import sys

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
