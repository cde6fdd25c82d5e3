"""Three processes and some sixty commands start anew in a run: what they import is compiled once."""

import os
import sys

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Each of them would start a thread per core for linear algebra, and these wait for each other awake: refits
# of the calibration took twice the processor's time. Before numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
