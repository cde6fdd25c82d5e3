"""What a home machine draws: as measured at the plug, or as assumed of its parts."""

from collections.abc import Mapping

from service.estimate.energy import WallPower, home_power, measured_power
from service.facts import Figure, Gpu


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
        figures["home.gpu_power_share"],
        figures["home.rest_of_pc_watts"],
        figures["home.psu_efficiency"],
        gpu_activity,
    )
