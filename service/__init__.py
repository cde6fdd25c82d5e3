"""Train at home or rent: the web service, the command line and everything they stand on."""

import os

# OpenBLAS's own threads crash a worker whose request threads invert a matrix at the same moment (seen as
# a segmentation fault under load, numpy 2.x). Our matrices have a hundred rows: one thread is faster,
# and gives the same bits everywhere. Must be said before numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
