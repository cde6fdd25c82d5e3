"""What the numbers behind an answer are called in words, and which of them a page has room for."""

import re
from collections.abc import Mapping
from functools import lru_cache

from service.answers.parts import AnsweredNumber
from service.estimate.inputs import TARIFF as CONTRACT
from service.facts import Basis
from service.reports.words.wording import Wording

EXCHANGE = "exchange rate"
OF_ONE = {"share", "of pretraining time", "of the price", "of the bill"}
GRID = re.compile(r"(home|cloud) grid (.+)")
TARIFF = re.compile(r"electricity (.+)")


@lru_cache(maxsize=4)
def names(w: Wording) -> Mapping[str, str]:
    """Numbers a reader may dispute or knows better, the weightiest first, by their names in an answer."""
    pue = w.say("data centre, PUE")
    return {
        "per_kwh": w.say("electricity per kWh"),
        "spot_per_mwh": w.say("day-ahead price on average"),
        "spot_low_factor": w.say("the last year's mean at least, times theirs"),
        "spot_high_factor": w.say("the last year's mean at most, times theirs"),
        "dynamic_surcharges_per_kwh": w.say("surcharges before VAT"),
        "markup_share": w.say("markup on the day-ahead price"),
        "vat_share": w.say("VAT"),
        "gross_per_kwh": w.say("electricity with VAT"),
        "net_per_kwh": w.say("electricity without VAT"),
        "electricity_vat_share": w.say("VAT of electricity"),
        "vat_on_rent": w.say("VAT on the rent"),
        "bought_per_kwh": w.say("electricity from the grid"),
        "solar_share": w.say("share of own solar power"),
        "solar_grams_per_kwh": w.say("CO₂e of own solar power"),
        "feed_in_per_kwh": w.say("feed-in payment"),
        "card_price": w.say("price of the card to buy"),
        "rest_of_pc_price": w.say("price of the rest of the PC"),
        "rest_of_pc_kept_per_year": w.say("what the rest of the PC keeps of its price"),
        "resale_share": w.say("what the card brings when it is sold"),
        "hourly_price": w.say("rent per hour"),
        EXCHANGE: w.say("exchange rate"),
        "billing_increment_s": w.say("billed in steps of"),
        "minimum_billing_s": w.say("billed for at least"),
        "tokens": w.say("training tokens"),
        "other_stages_fraction": w.say("evaluation and later stages"),
        "plug_watts": w.say("measured at the plug"),
        "gpu_power_share": w.say("draw in training, of the limit"),
        "rest_of_pc_watts": w.say("rest of the PC"),
        "psu_efficiency": w.say("efficiency of the power supply"),
        "plug_factor": w.say("watts at the plug per watt inside"),
        "host_memory_gib": w.say("main memory to spare"),
        "node_power_share_of_tdp": w.say("draw in training, of the limit"),
        "node_overhead_watts_per_gpu": w.say("rest of the rented node per GPU"),
        "pue": pue,
        "pue_hyperscaler": pue,
        "pue_gpu_cloud": pue,
        "pue_unpublished": pue,
        "host_memory_gib_per_gpu": w.say("main memory to spare per GPU"),
        "grams_co2e_per_kwh": w.say("greenhouse gas of the grid"),
        "memory_gib": w.say("memory of the card"),
        "board_watts": w.say("power limit of the card"),
        "peak_bf16_tflops": w.say("dense BF16 peak of the card"),
    }


def key_of(number: AnsweredNumber) -> str:
    """The number's name among `names`."""
    return EXCHANGE if number.subject == EXCHANGE else number.name.rsplit(".", 1)[-1]


def subject_in_words(w: Wording, number: AnsweredNumber) -> str:
    """Of what it is a number; nothing where its name says so already."""
    subject = number.subject
    if subject == EXCHANGE:
        return ""
    if grid := GRID.fullmatch(subject):
        where = w.say("at home") if grid[1] == "home" else w.say("rented")
        return f"{where}, {w.zone(grid[2], grid[2])}"
    if tariff := TARIFF.fullmatch(subject):
        return w.zone(tariff[1], tariff[1])
    words = {
        "home": w.say("at home"),
        "cloud": w.say("rented"),
        "rented run": w.say("rented"),
        CONTRACT: w.say("tariff"),
        "purchase": w.say("purchase"),
    }
    return words.get(subject, subject)


def basis_in_words(w: Wording, basis: Basis) -> str:
    """How a number follows from its source; nothing for one that simply stands there."""
    return {
        "derived": w.say("derived"),
        "estimate": w.say("our estimate"),
        "assumed": w.say("assumed"),
        "measured": w.say("measured"),
        "fitted": w.say("fitted"),
        "user": w.say("your own figure"),
    }.get(basis, "")
