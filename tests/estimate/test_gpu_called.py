"""Cards as people type them: one card, several that are told apart, none with the nearest first."""

import time

import pytest

from service.errors import CardNotTold, SeveralMeant, UnknownCard
from service.estimate.alias_key import alias_key
from service.estimate.gpu_called import MODIFIED, SAME_NAME, called
from service.store.untold_cards import refuse_untold, untold
from service.usecases.finding import CONFIGURATION, configuration
from tests.facts_for_tests import shipped_catalog

CARDS = shipped_catalog().gpus
SLUGS = {card.slug for card in CARDS}

ONE = {
    "4070ti super": "rtx-4070-ti-super",
    "rtx4090": "rtx-4090",
    "4090": "rtx-4090",
    "NVIDIA GeForce RTX 4090": "rtx-4090",
    "4090 24gb": "rtx-4090",
    "4090 48gb": "rtx-4090-48gb",
    "3090ti": "rtx-3090-ti",
    "7900xtx": "rx-7900-xtx",
    "7900 xtx": "rx-7900-xtx",
    "9070xt": "rx-9070-xt",
    "rx 7800xt": "rx-7800-xt",
    "gtx 1080ti": "gtx-1080-ti",
    "gtx 1060 6gb": "gtx-1060-6gb",
    "1660s": "gtx-1660-super",
    "gtx 1660 super": "gtx-1660-super",
    "2080ti 22gb": "rtx-2080-ti-22gb",
    "2080ti": "rtx-2080-ti",
    "4060ti 16gb": "rtx-4060-ti-16gb",
    "5060ti 8gb": "rtx-5060-ti-8gb",
    "3080 12gb": "rtx-3080-12gb",
    "4090 laptop": "rtx-4090-laptop",
    "rtx 4090 mobile": "rtx-4090-laptop",
    "nvidia geforce rtx 3070 ti laptop gpu": "rtx-3070-ti-laptop",
    "3070 notebook": "rtx-3070-laptop",
    "h100 pcie": "h100-pcie",
    "H100 NVL": "h100-nvl",
    "NVIDIA H100 80GB HBM3": "h100-sxm",
    "a100 pcie 40gb": "a100-pcie-40gb",
    "NVIDIA A100-SXM4-80GB": "a100-sxm-80gb",
    "A10": "a10",
    "l20": "l20",
    "tesla t4": "t4",
    "a6000": "rtx-a6000",
    "rtx 6000 ada": "rtx-6000-ada",
    "rtx pro 6000 max-q": "rtx-pro-6000-blackwell-max-q",
    "rtx pro 6000 server edition": "rtx-pro-6000-blackwell-server",
    "rtx pro 6000 workstation": "rtx-pro-6000-blackwell",
    "rtx 8000": "quadro-rtx-8000",
    "W7900": "radeon-pro-w7900",
    "r9700": "radeon-ai-pro-r9700",
    "mi100": "mi100",
    "TITAN X (Pascal)": "titan-x-pascal",
    "NVIDIA TITAN X (Pascal)": "titan-x-pascal",
    "titan xp": "titan-xp",
    "P100 12GB": "p100-pcie-12gb",
    "Tesla P100-PCIE-16GB": "p100-pcie",
    "strix halo": "ryzen-ai-max-395",
    "ryzen ai max+ 395": "ryzen-ai-max-395",
    "dgx spark": "gb10",
}
SEVERAL = {
    "A100": {"a100-pcie-40gb", "a100-pcie-80gb", "a100-sxm-40gb", "a100-sxm-80gb"},
    "a100 80gb": {"a100-pcie-80gb", "a100-sxm-80gb"},
    "A100 40GB": {"a100-pcie-40gb", "a100-sxm-40gb"},
    "a100 sxm": {"a100-sxm-40gb", "a100-sxm-80gb"},
    "V100": {"v100-pcie-16gb", "v100-pcie-32gb", "v100-sxm-16gb", "v100-sxm-32gb"},
    "P100": {"p100-pcie", "p100-pcie-12gb", "p100-sxm"},
    "H100": {"h100-nvl", "h100-pcie", "h100-sxm", "h100-sxm-96gb"},
    "H200": {"h200-nvl", "h200-sxm"},
    "RTX 4060 Ti": {"rtx-4060-ti-8gb", "rtx-4060-ti-16gb"},
    "5060ti": {"rtx-5060-ti-8gb", "rtx-5060-ti-16gb"},
    "RTX 3080": {"rtx-3080-10gb", "rtx-3080-12gb", "rtx-3080-20gb"},
    "3060": {"rtx-3060-8gb", "rtx-3060-12gb"},
    "rtx 2060": {"rtx-2060-6gb", "rtx-2060-12gb"},
    "gtx1060": {"gtx-1060-3gb", "gtx-1060-6gb"},
    "w7800": {"radeon-pro-w7800-32gb", "radeon-pro-w7800-48gb"},
    "RTX PRO 6000": {
        "rtx-pro-6000-blackwell",
        "rtx-pro-6000-blackwell-max-q",
        "rtx-pro-6000-blackwell-server",
    },
    "rtx 6000": {"quadro-rtx-6000", "rtx-6000-ada", "rtx-pro-6000-blackwell"},
    "titan x": {"gtx-titan-x", "titan-x-pascal"},
}
NOT_TOLD = {
    "m4 max 64gb": ("Apple M4 Max trains over MPS or MLX", "ryzen-ai-max-395"),
    "macbook pro m2 max": ("Apple M2 Max", "ryzen-ai-max-395"),
    "Apple M3": ("Apple M3 trains over MPS or MLX", "l4"),
    "m9 ultra": ("it trains over MPS or MLX", None),
    "Intel Arc A770 16GB": ("Intel Arc A770 trains over XPU", "rx-7900-gre"),
    "b580": ("Intel Arc B580 trains over XPU", "rx-7700-xt"),
    "Jetson AGX Orin": ("NVIDIA Jetson AGX Orin 64 GB is a board for inference", "ryzen-ai-max-395"),
    "orin nano": ("NVIDIA Jetson Orin Nano 8 GB", "rtx-3050-8gb"),
    "tpu v5e": ("is no GPU", None),
    "gaudi 2": ("maker that is not covered: cards of NVIDIA and AMD are", None),
}


@pytest.mark.parametrize(("name", "slug"), ONE.items())
def test_what_people_type_is_one_card(name, slug):
    refuse_untold(CARDS, "home", name)
    assert called(CARDS, "home", name).slug == slug


@pytest.mark.parametrize(("name", "slugs"), SEVERAL.items())
def test_a_name_of_several_cards_asks_which(name, slugs):
    with pytest.raises(SeveralMeant) as refused:
        called(CARDS, "home", name)
    assert set(refused.value.choices) == slugs == set(refused.value.differences)
    assert len(set(refused.value.differences.values())) == len(slugs) or name == "RTX PRO 6000"
    assert all(slug in str(refused.value) for slug in slugs)


def test_the_difference_is_what_differs():
    with pytest.raises(SeveralMeant) as refused:
        called(CARDS, "home", "A100 40GB")
    assert str(refused.value) == (
        "home = 'A100 40GB': means several cards, say which: a100-pcie-40gb (250 W, PCIe), "
        "a100-sxm-40gb (400 W, NVLink 600 GB/s)"
    )


def test_no_alias_picks_one_of_several_cards():
    """A name without memory or form that another made card of the family would have as well is nobody's."""
    for name in SEVERAL:
        owners = [c for c in CARDS if alias_key(name) in map(alias_key, (c.slug, c.name, *c.aliases))]
        assert not owners, (name, owners)


@pytest.mark.parametrize(("name", "said"), NOT_TOLD.items())
def test_what_cannot_be_told_is_refused_in_a_line(name, said):
    reason, nearest = said
    with pytest.raises(CardNotTold) as refused:
        refuse_untold(CARDS, "home", name)
    assert reason in str(refused.value) and "\n" not in str(refused.value)
    assert (refused.value.choices or (None,))[0] == nearest
    assert len(refused.value.choices) <= 3 and set(refused.value.choices) <= SLUGS


def test_no_card_of_the_catalog_is_refused():
    for card in CARDS:
        for name in (card.slug, card.name, *card.aliases):
            refuse_untold(CARDS, "home", name)
            assert called(CARDS, "home", name) == card
    for card in untold().cards:
        assert card.sources.keys() >= {"memory_gib"}
        for name in (card.name, *card.aliases):
            assert untold().card(name) == card, name


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("rtx 4075", "rtx-4070"),
        ("gtx 980 ti", "gtx-1050-ti"),
        ("4090 96gb", "rtx-4090-48gb"),
        ("rx 7950 xt", "rx-7900-xt"),
        ("h900", "h800-sxm"),
    ],
)
def test_unknown_names_get_the_nearest_number_first(name, nearest):
    with pytest.raises(UnknownCard) as refused:
        called(CARDS, "home", name)
    assert refused.value.choices[0] == nearest and set(refused.value.choices) == SLUGS
    assert "cards of NVIDIA and AMD" in str(refused.value)


def test_a_count_is_no_part_of_a_radeons_name():
    assert CONFIGURATION.fullmatch("7900 xtx") is None and CONFIGURATION.fullmatch("9070xt") is None
    assert CONFIGURATION.fullmatch("2x 7900xtx").groups() == ("2", "7900xtx")
    assert CONFIGURATION.fullmatch("4xT4").groups() == ("4", "T4")


@pytest.mark.parametrize(
    ("name", "count", "gpu"),
    [
        ("2xrtx-3090", "2", "rtx-3090"), ("2 RTX 3090", "2", "RTX 3090"), ("2*rtx-3090", "2", "rtx-3090"),
        ("8\u00d7h100-sxm", "8", "h100-sxm"), ("rtx-3090 x2", "2", "rtx-3090"),
        ("H100 SXM x 8", "8", "H100 SXM"),
        ("16 x H100", "16", "H100"),
    ],
)  # fmt: skip
def test_a_count_is_read_before_and_behind_the_name(name, count, gpu):
    found = configuration(name)
    assert found and (found["count"], found["gpu"]) == (count, gpu)


@pytest.mark.parametrize(
    "name", ["4070 ti super", "gtx 970", "rx 580", "7900 xtx", "24 GB 3090", "3090", "rx 7900 xt"]
)
def test_a_number_of_a_name_is_no_count(name):
    assert configuration(name) is None


def test_long_and_hostile_names_are_refused_at_once():
    begun = time.process_time()
    for name in ("4" * 5000, "x" * 5000, "rtx " * 2000, "(" * 4000, "m1 " * 3000, ""):
        with pytest.raises(UnknownCard):
            refuse_untold(CARDS, "home", name)
            called(CARDS, "home", name)
    assert time.process_time() - begun < 5


def test_what_is_written_here_is_in_the_catalog():
    assert MODIFIED | {slug for slugs in SAME_NAME.values() for slug in slugs} <= SLUGS
