"""Families of models: how each writes its config.json and builds its blocks.

config.py reads keys, family.py says what can be said of a family, dense.py, experts.py and encoders.py say
it; hybrids.py counts what cannot be timed; library_defaults.py holds what a file may leave out.
"""

from collections.abc import Mapping

from service.estimate.model_families.dense import DENSE
from service.estimate.model_families.encoders import ENCODER_DECODERS, ENCODERS
from service.estimate.model_families.experts import EXPERTS
from service.estimate.model_families.family import Family

FAMILIES: Mapping[str, Family] = {**DENSE, **EXPERTS, **ENCODERS, **ENCODER_DECODERS}
"""Every kind of model that is read, by transformers' name of it."""
