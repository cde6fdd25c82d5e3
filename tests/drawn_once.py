"""A chart is drawn once a process: again it gives the same bytes, as another process is asked to show."""

import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from service.reports.charts import drawing

AT_MOST = 200
_draw = drawing.draw
_drawn: OrderedDict[str, str] = OrderedDict()


def install() -> None:
    """From now on; before any room of the reports is imported."""
    drawing.draw = _kept


def _kept(spec: Mapping[str, Any], language: str, font: str, key: str) -> str:
    asked = json.dumps([dict(spec), language, font, key], default=repr)
    if asked not in _drawn:
        _drawn[asked] = _draw(spec, language, font, key)
        while len(_drawn) > AT_MOST:
            _drawn.popitem(last=False)
    return _drawn[asked]
