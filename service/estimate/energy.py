"""Kilowatt-hours at the wall, at home and in a data centre, on the same footing.

Home: (boards of the GPUs + rest of the PC) x watts at the plug per watt inside. 78 readings at the plug
of a desktop with an RTX 4090 (raphischer/ai-energy-validation) fit 16 W + 1.20 x (GPU + processor +
memory, as their sensors say) with a median residual of 0.7 %; the 16 W, board and drives, are part of
the rest of the PC here. The factor is more than a power supply's loss of a tenth: voltage regulators and
fans take their share. Nobody has published a reading at the plug of a 4070 in training, nor what a
processor draws beside one.

Cloud: node power as a share of the node's rated power, times PUE. Rated node power is GPUs plus a host
share as in an HGX H100 (10.2 kW for 8 x 700 W; Latif et al., IEEE Access 2025, measured 8.4 kW at most in
training; arXiv:2506.14551: 76 % of rated power when training). A consumer card that is rented sits in a PC,
which draws what one at home does; the watts of a superchip are those of its CPU and memory too. Leaves out
network and storage outside the node, what a superchip has around it, and cooling of a room at home.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from service.errors import InvalidValue, worded
from service.estimate.interval import Interval, around, certain
from service.facts import Figure, Gpu, GpuClass

LARGEST_PLUG_WATTS = 1e7
WHOLE_MODULES = frozenset({"gh200-96gb"})
"""Whose board watts are those of CPU and memory too, by their makers; no host is added to them."""


@dataclass(frozen=True, slots=True)
class WallPower:
    """Power drawn at the meter while training [W], with its parts."""

    watts: Interval
    gpu_watts: float
    """Central estimate of what the boards of the GPUs draw."""
    overhead_watts: float
    """Rest of the machine, central estimate, before losses or PUE."""
    loss_factor: float
    """Watts at the plug per watt inside at home, PUE in the cloud, both of a rented PC."""

    def cooled(self, pue: Figure) -> "WallPower":
        """The same with a data centre's overhead on top."""
        factor = range_of(pue)
        return WallPower(
            self.watts.widened(factor), self.gpu_watts, self.overhead_watts, self.loss_factor * factor.p50
        )


PC_CLASSES: frozenset[GpuClass] = frozenset({"geforce", "geforce-laptop", "radeon"})
PLUG_SPREAD = 0.03
"""Log spread of a reading at the plug over months."""


def measured_power(plug_watts: float) -> WallPower:
    """A reading at the plug replaces everything that is assumed. Raises InvalidValue for impossible watts."""
    if not 0 < plug_watts <= LARGEST_PLUG_WATTS:
        raise InvalidValue(
            "plug_watts",
            plug_watts,
            worded(
                "must be above 0 and at most {largest_plug_watts:g} W", largest_plug_watts=LARGEST_PLUG_WATTS
            ),
        )
    return WallPower(around(plug_watts, PLUG_SPREAD), plug_watts, 0.0, 1.0)


def range_of(figure: Figure) -> Interval:
    """A figure's low, value, high as an 80 % interval; certain when it gives no range."""
    if figure.low is None or figure.high is None:
        return certain(figure.value)
    return Interval(figure.low, figure.value, figure.high)


def home_power(board: Interval, gpu_count: int, *, rest_of_pc: Figure, plug_factor: Figure) -> WallPower:
    """Watts at the wall of a PC whose GPUs draw `board` watts each.

    190 W of a 4070 kept busy and 53 W of the PC, 1.2 times: 292 W.
    """
    boards, factor = board * gpu_count, range_of(plug_factor)
    return WallPower(
        (boards + range_of(rest_of_pc)).widened(factor),
        gpu_watts=boards.p50,
        overhead_watts=rest_of_pc.value,
        loss_factor=factor.p50,
    )


def household_power(
    board: Interval, gpu_count: int, plug_watts: float | None, figures: Mapping[str, Figure]
) -> WallPower:
    """Watts at the wall while training; `plug_watts`, where measured, replaces what is assumed of the parts.

    Raises InvalidValue for impossible watts.
    """
    if plug_watts is not None:
        return measured_power(plug_watts)
    return home_power(
        board,
        gpu_count,
        rest_of_pc=figures["home.rest_of_pc_watts"],
        plug_factor=figures["home.plug_factor"],
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
    host = gpu.board_watts * _host_share(gpu, host_watts_per_gpu_watt)
    share, factor = range_of(node_share), range_of(pue)
    return WallPower(
        share.widened(factor) * node_watts(gpu, gpu_count, host_watts_per_gpu_watt, gpu_activity),
        gpu_watts=gpu_count * gpu.board_watts * gpu_activity * share.p50,
        overhead_watts=gpu_count * host * share.p50,
        loss_factor=factor.p50,
    )


def node_watts(gpu: Gpu, gpu_count: int, host_watts_per_gpu_watt: Figure, gpu_activity: float = 1.0) -> float:
    """Rated watts of these GPUs and their share of the node; 8 H100 SXM: 10.2 kW."""
    return gpu_count * gpu.board_watts * (gpu_activity + _host_share(gpu, host_watts_per_gpu_watt))


def _host_share(gpu: Gpu, host_watts_per_gpu_watt: Figure) -> float:
    return 0.0 if gpu.slug in WHOLE_MODULES else host_watts_per_gpu_watt.value


def is_pc(gpu: Gpu) -> bool:
    """Whether a rented machine with such cards is a PC: consumer cards are built into nothing else."""
    return gpu.category in PC_CLASSES


def energy_kwh(hours: Interval, power: WallPower) -> Interval:
    """Energy of a run [kWh]; spreads of hours and watts add in squares."""
    return hours.widened(power.watts) * (1 / 1000)


def co2_kg(energy: Interval, grams_per_kwh: float) -> Interval:
    """Greenhouse gas of that energy [kg CO2e]; 450 kWh at 380.95 g: 171.4275 kg."""
    return energy * (grams_per_kwh / 1000)
