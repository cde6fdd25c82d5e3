"""`heimvorteil_probe.py`: a program that leaves the house, to run wherever a person trains.

It is written here in parts, each a module with types and tests, and handed out as one file that needs
nothing but Python 3.9 and the torch beside it.
"""

import re
from importlib.resources import files

PARTS = ("telling", "drivers", "card", "decoder", "bench", "optimizers", "steps", "running")
"""In order: each uses those before it."""
HEAD = '''#!/usr/bin/env python3
"""heimvorteil probe: what this card does in training, within 90 seconds, as one line of JSON.

Run it with the Python you train with:   python heimvorteil_probe.py > probe.json
Then tell it:                            heimvorteil measure probe.json

It needs PyTorch 2.0 or newer and nothing else: no other package, no network. It trains small decoders on
random tokens for a few steps, at a size that the card's arithmetic bounds and at one that launching kernels
bounds, eager and compiled, and reads memory, board power, and the rates of copies and matrix products. It
changes no setting of the card. Standard output gets one line; what it is doing goes to standard error.
"""

from __future__ import annotations
'''
FROM_EACH_OTHER = re.compile(
    r"^from (?:service\.here\.script\.\w+|__future__) import (?:\([^)]*\)|.*)\n", re.M
)
IMPORTS = re.compile(r"^(?:import|from) .*\n", re.M)


def script() -> str:
    """The program as one file: its parts, without what they import from each other."""
    parts = [(files(__name__) / f"{part}.py").read_text(encoding="utf-8") for part in PARTS]
    alone = [FROM_EACH_OTHER.sub("", part) for part in parts]
    imports = sorted({line for part in alone for line in IMPORTS.findall(part)}, reverse=True)
    bodies = [re.sub(r"\n{4,}", "\n\n\n", IMPORTS.sub("", part)).strip() for part in alone]
    return HEAD + "\n" + "".join(imports) + "\n\n" + "\n\n\n".join(bodies) + "\n"
