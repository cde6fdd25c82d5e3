"""Three values to try out with a slider: price per kWh, hours a day, power limit with its knee.

Each is a form of its own, so that without a script one value is said and the others stay unsaid.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from service.answers.answer import AnsweredDecision
from service.answers.as_written import number_written
from service.answers.option import AnsweredPowerLimit
from service.decide.sensitivity import prices_around
from service.estimate.power_limit import curve_for, power_curves
from service.reports.words.wording import Wording
from service.store.snapshot import Snapshot

CURVE_PX, CURVE_HEIGHT_PX = 1000.0, 100.0
HOURS_A_DAY = 24
WATT_STEP = 5


@dataclass(frozen=True, slots=True)
class Curve:
    """Energy of the run over the limits, in the pixels of its picture, with its knee."""

    points: str
    knee_x: float
    knee_watts: str
    """As the field takes it."""
    told: str


@dataclass(frozen=True, slots=True)
class Slider:
    """One value and what else the question says, to ask again with another."""

    name: str
    label: str
    low: float
    high: float
    step: float
    value: float
    told: str
    unit: str
    others: tuple[tuple[str, str], ...]
    curve: Curve | None = None


def sliders(
    w: Wording,
    snapshot: Snapshot,
    said: Mapping[str, Sequence[str]],
    d: AnsweredDecision,
    advice: AnsweredPowerLimit | None,
) -> list[Slider]:
    """Those that move something: none without a machine at home. `advice` is on its power limit where none
    is asked for."""
    return list(_sliders(w, snapshot, said, d, advice))


def _sliders(
    w: Wording,
    snapshot: Snapshot,
    said: Mapping[str, Sequence[str]],
    d: AnsweredDecision,
    advice: AnsweredPowerLimit | None,
) -> Iterator[Slider]:
    home = d.home
    if home is None:
        return
    price = home.cost.unit_price("electricity") if home.cost else None
    if price is not None:
        around = prices_around(price)
        yield Slider(
            "kwh_price", w.say("Price per kWh"), min(around[0], price), max(around[-1], price),
            around[0] / 5, price, w.unit_price(price, d.currency), d.currency, _others(said, "kwh_price"),
        )  # fmt: skip
    hours = float(number_written(_last(said, "hours_per_day") or f"{HOURS_A_DAY}", "hours_per_day"))
    yield Slider(
        "hours_per_day", w.say("Hours a day"), 1, HOURS_A_DAY, 1, hours,
        w.say("{hours} h", hours=w.exact(hours)), "h", _others(said, "hours_per_day"),
    )  # fmt: skip
    gpu = snapshot.gpus.get(home.gpu)
    curve = curve_for(gpu, power_curves(snapshot.figures)) if gpu else None
    if gpu is None or curve is None:
        return
    least = math.ceil(curve.limits[0] * gpu.board_watts)
    told = next((t.value for t in home.as_told if t.code == "power_limit"), gpu.board_watts)
    yield Slider(
        "power_limit_watts", w.say("Power limit per card"), least, gpu.board_watts, WATT_STEP, told,
        w.say("{watts} W", watts=w.exact(told)), "W", _others(said, "power_limit_watts"),
        _curve(w, advice, least, gpu.board_watts) if advice else None,
    )  # fmt: skip


def _last(said: Mapping[str, Sequence[str]], name: str) -> str:
    return next((one for one in reversed(said.get(name, ())) if one.strip()), "")


def _others(said: Mapping[str, Sequence[str]], name: str) -> tuple[tuple[str, str], ...]:
    return tuple((other, one) for other, values in said.items() if other != name for one in values)


def _curve(w: Wording, advice: AnsweredPowerLimit, least: float, most: float) -> Curve:
    steps = [s for s in advice.steps if least <= s.limit_watts <= most]
    energies = [s.energy_kwh for s in steps]
    low, high = min(energies), max(energies)

    def place(watts: float, energy: float) -> tuple[float, float]:
        across = (watts - least) / ((most - least) or 1.0) * CURVE_PX
        up = (energy - low) / ((high - low) or 1.0)
        return round(across, 1), round((0.1 + 0.8 * (1 - up)) * CURVE_HEIGHT_PX, 1)

    knee, full = advice.best, max(steps, key=lambda s: s.limit_watts)
    x, _ = place(knee.limit_watts, knee.energy_kwh)
    told = w.say(
        "Knee at {watts} W: {less} less energy, {longer} longer",
        watts=w.exact(knee.limit_watts), less=w.percent(1 - knee.energy_kwh / full.energy_kwh),
        longer=w.percent(knee.hours / full.hours - 1),
    )  # fmt: skip
    drawn = " ".join(f"{px},{py}" for px, py in (place(s.limit_watts, s.energy_kwh) for s in steps))
    return Curve(drawn, x, f"{knee.limit_watts:g}", told)
