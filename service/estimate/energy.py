"""Kilowatt-hours at the wall, at home and in a data centre, on the same footing.

Home: (GPUs x share of board power + rest of the PC) / power supply efficiency. Cloud: node power as
a share of the node's rated power, times PUE. Rated node power is GPUs plus a host share as in an
HGX H100 (10.2 kW for 8 x 700 W; Latif et al., IEEE Access 2025, measured 8.4 kW at most in training;
arXiv:2506.14551: 76 % of rated power when training). Leaves out network and storage outside the
node, and cooling of a room at home.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from service.errors import InvalidValue
from service.estimate.duration import StepSeconds
from service.estimate.interval import Interval, around, certain
from service.facts import Figure, Gpu

LARGEST_PLUG_WATTS = 1e7


@dataclass(frozen=True, slots=True)
class WallPower:
    """Power drawn at the meter while training [W], with its parts."""

    watts: Interval
    gpu_watts: float
    """Central estimate of what the GPUs draw."""
    overhead_watts: float
    """Rest of the machine, central estimate, before power supply or PUE."""
    loss_factor: float
    """1 / power supply efficiency at home, PUE in the cloud."""


PART_ACTIVITY: Mapping[str, float] = MappingProxyType(
    {
        "matmul_s": 1.0,
        "attention_s": 1.0,
        "memory_s": 0.85,
        "optimizer_s": 0.85,
        "micro_batch_s": 0.70,
        "sharding_s": 0.50,
        "offload_s": 0.35,
    }
)
"""Draw of a GPU while it does a part of the step, over its draw in matrix products. Estimates of ours: idle
tensor units save most, idle memory some; a GPU that waits still draws a third."""
REFERENCE_ACTIVITY = 0.95
"""Activity of the compute-bound runs that the assumed and measured power shares are about."""
PLUG_SPREAD = 0.03
"""Log spread of a reading at the plug over months."""


def activity(step: StepSeconds) -> float:
    """How hard a GPU works over a step, relative to a compute-bound run [0-1.05]; d32 on a 4070: 1.0."""
    drawn = 0.0
    for part, share in PART_ACTIVITY.items():
        drawn += share * float(getattr(step, part))
    return drawn / step.step_s / REFERENCE_ACTIVITY


def measured_power(plug_watts: float) -> WallPower:
    """A reading at the plug replaces everything that is assumed. Raises InvalidValue for impossible watts."""
    if not 0 < plug_watts <= LARGEST_PLUG_WATTS:
        raise InvalidValue("plug_watts", plug_watts, f"must be above 0 and at most {LARGEST_PLUG_WATTS:g} W")
    return WallPower(around(plug_watts, PLUG_SPREAD), plug_watts, 0.0, 1.0)


def range_of(figure: Figure) -> Interval:
    """A figure's low, value, high as an 80 % interval; certain when it gives no range."""
    if figure.low is None or figure.high is None:
        return certain(figure.value)
    return Interval(figure.low, figure.value, figure.high)


def home_power(
    gpu: Gpu,
    gpu_count: int,
    *,
    gpu_share: Figure,
    rest_of_pc: Figure,
    supply_efficiency: Figure,
    gpu_activity: float = 1.0,
) -> WallPower:
    """Watts at the wall of a PC with these GPUs in training; a 4070 that is kept busy: about 280 W.

    `gpu_activity` is how hard the GPUs work relative to a compute-bound run (see `activity`).
    """
    gpu_watts = gpu_count * gpu.board_watts * gpu_activity

    def at_wall(share: float, rest: float, efficiency: float) -> float:
        return (min(gpu_watts * share, gpu_count * gpu.board_watts) + rest) / efficiency

    share, rest, efficiency = range_of(gpu_share), range_of(rest_of_pc), range_of(supply_efficiency)
    return WallPower(
        Interval(
            at_wall(share.p10, rest.p10, efficiency.p90),
            at_wall(share.p50, rest.p50, efficiency.p50),
            at_wall(share.p90, rest.p90, efficiency.p10),
        ),
        gpu_watts=min(gpu_watts * share.p50, gpu_count * gpu.board_watts),
        overhead_watts=rest.p50,
        loss_factor=1 / efficiency.p50,
    )


def household_power(
    gpu: Gpu,
    gpu_count: int,
    plug_watts: float | None,
    figures: Mapping[str, Figure],
    gpu_activity: float = 1.0,
) -> WallPower:
    """Watts at the wall while training; `plug_watts`, where measured, replaces what is assumed of the parts.

    Raises InvalidValue for impossible watts.
    """
    if plug_watts is not None:
        return measured_power(plug_watts)
    return home_power(
        gpu,
        gpu_count,
        gpu_share=figures["home.gpu_power_share"],
        rest_of_pc=figures["home.rest_of_pc_watts"],
        supply_efficiency=figures["home.psu_efficiency"],
        gpu_activity=gpu_activity,
    )


def cloud_power(
    gpu: Gpu,
    gpu_count: int,
    *,
    node_share: Figure,
    host_watts_per_gpu_watt: Figure,
    pue: Figure,
    gpu_activity: float = 1.0,
) -> WallPower:
    """Watts at the data centre's meter for these GPUs and their share of the node.

    8 H100 SXM: 10.2 kW rated x 0.76 = 7.75 kW, at PUE 1.2 9.3 kW. `gpu_activity` moves the GPUs' part.
    """
    host = gpu.board_watts * host_watts_per_gpu_watt.value
    share, factor = range_of(node_share), range_of(pue)
    return WallPower(
        share.widened(factor) * node_watts(gpu, gpu_count, host_watts_per_gpu_watt, gpu_activity),
        gpu_watts=gpu_count * gpu.board_watts * gpu_activity * share.p50,
        overhead_watts=gpu_count * host * share.p50,
        loss_factor=factor.p50,
    )


def node_watts(gpu: Gpu, gpu_count: int, host_watts_per_gpu_watt: Figure, gpu_activity: float = 1.0) -> float:
    """Rated watts of these GPUs and their share of the node; 8 H100 SXM: 10.2 kW."""
    return gpu_count * gpu.board_watts * (gpu_activity + host_watts_per_gpu_watt.value)


def energy_kwh(hours: Interval, power: WallPower) -> Interval:
    """Energy of a run [kWh]; spreads of hours and watts add in squares."""
    return hours.widened(power.watts) * (1 / 1000)


def co2_kg(energy: Interval, grams_per_kwh: float) -> Interval:
    """Greenhouse gas of that energy [kg CO2e]; 450 kWh at 380.95 g: 171.4275 kg."""
    return energy * (grams_per_kwh / 1000)
