"""What the numbers behind an answer are called in words, and which of them a page has room for."""

from service.reports.answered import AnsweredNumber
from service.reports.wording import Wording

EXCHANGE = "exchange rate"
POWER_CURVE = "power limit"
RATIO = ("share", "ratio")


def name_in_words(w: Wording, number: AnsweredNumber) -> str | None:
    """The number's name for a reader; None for one that only the workbook lists, under its own name."""
    if number.subject == EXCHANGE:
        return w.say("exchange rate")
    return {
        "per_kwh": w.say("electricity per kWh"),
        "hourly_price": w.say("rent per hour"),
        "billing_increment_s": w.say("billed in steps of"),
        "minimum_billing_s": w.say("billed for at least"),
        "grams_co2e_per_kwh": w.say("greenhouse gas of the grid"),
        "gpu_power_share": w.say("draw of the card in training, of its limit"),
        "rest_of_pc_watts": w.say("rest of the PC"),
        "psu_efficiency": w.say("efficiency of the power supply"),
        "plug_watts": w.say("measured at the plug"),
        "host_memory_gib": w.say("main memory to spare"),
        "host_memory_gib_per_gpu": w.say("main memory to spare per GPU"),
        "node_power_share_of_tdp": w.say("draw of the rented cards, of their limit"),
        "node_overhead_watts_per_gpu": w.say("rest of the rented node per GPU"),
        "pue": w.say("overhead of the data centre (PUE)"),
        "pue_hyperscaler": w.say("overhead of the data centre (PUE)"),
        "pue_gpu_cloud": w.say("overhead of the data centre (PUE)"),
        "pue_unpublished": w.say("overhead of the data centre (PUE)"),
        "tokens": w.say("training tokens"),
        "other_stages_fraction": w.say("evaluation and later stages"),
        "memory_gib": w.say("memory of the card"),
        "board_watts": w.say("power limit of the card"),
        "peak_bf16_tflops": w.say("dense BF16 peak of the card"),
    }.get(number.name.rsplit(".", 1)[-1])


def basis_in_words(w: Wording, basis: str) -> str:
    """How a number follows from its source; nothing for one that simply stands there."""
    return {
        "derived": w.say("derived"),
        "estimate": w.say("our estimate"),
        "assumed": w.say("assumed"),
        "measured": w.say("measured"),
        "fitted": w.say("fitted"),
        "user": w.say("your own figure"),
    }.get(basis, "")


def unit_in_words(w: Wording, unit: str) -> str:
    """The unit in a reader's language; one without words in it stays."""
    words = {
        "share": w.say("of 1"),
        "ratio": "",
        "tokens": w.say("tokens"),
        "of pretraining time": w.say("of pretraining time"),
        "TFLOP/s dense": "TFLOP/s",
    }
    if unit.startswith("g CO2e/kWh"):
        return "g CO₂e/kWh"
    return words.get(unit, unit)
