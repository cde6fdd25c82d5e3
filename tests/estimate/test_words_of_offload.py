"""What is said to wait in host memory, and what is said not to."""

import pytest

from tests.estimate.test_recipe_words import read, run

DENIED = (
    "cpu_offload=False",
    "cpu offload: false",
    "offload=no",
    "offload none",
    "offload: off",
    "no offload",
    "offload=0",
    "--offload=false",
    "cpu_offload = False",
    "offload_optimizer=False",
    "offload_optimizer: none",
    "offload_param_device=none",
    "optimizer offload: off",
    "without any CPU offload",
    "not offloaded",
    "offloading disabled",
    "no optimizer offload",
    "no offloading to host",
    "FSDP full shard, cpu_offload=False",
    "w/o offload",
    '"offload_optimizer": "none"',
    "nothing offloaded",
    "DeepSpeed ZeRO-3; offload: no",
)
OFFLOADED = {
    "optimizer to CPU": "optimizer",
    "optimizer states on CPU": "optimizer",
    "Adam states kept in host memory": "optimizer",
    "optimizer is on the CPU": "optimizer",
    "master weights on host": "optimizer",
    "ZeRO-Offload": "optimizer",
    "DeepSpeedCPUAdam": "optimizer",
    "offload_optimizer=True, offload_param=False": "optimizer",
    "ZeRO-Infinity": "optimizer+parameters",
    "DeepSpeed ZeRO-Infinity": "optimizer+parameters",
    "parameters and optimizer states on CPU": "optimizer+parameters",
    "params to CPU": "parameters",
    "gradients on host": "gradients",
    "optimizer on NVMe": "optimizer",
    "optimizer offload, no compile": "optimizer",
    "cpu_offload=True": "some",
}


@pytest.mark.parametrize("said", DENIED)
def test_offload_that_is_denied_is_none(said):
    assert read(strategy_as_printed=said, offload="").run.offload == "none"
    assert read(strategy_as_printed=said, offload="").remarks == ()
    assert read(offload=said).run.offload == "none"


@pytest.mark.parametrize("said", OFFLOADED)
def test_what_waits_on_the_host_is_read(said):
    assert run(strategy_as_printed=said).offload == OFFLOADED[said]
    assert run(offload=said).offload == OFFLOADED[said]


@pytest.mark.parametrize(
    "said", ["data on host", "optimizer in bf16", "weights in FP32", "DDP", "model on GPU"]
)
def test_other_words_say_nothing_of_offload(said):
    assert run(strategy_as_printed=said).offload is None


def test_activations_wait_where_they_are_said_to():
    assert run(strategy_as_printed="activation offload").activations_on_host
    for denied in ("no activation offload", "activation offload: off", "activation_offload=False"):
        assert run(strategy_as_printed=denied).activations_on_host is None
        assert run(offload=denied).activations_on_host is None
        assert read(strategy_as_printed=f"optimizer offload, {denied}", offload="optimizer").remarks == ()


def test_a_cell_and_a_text_that_deny_each_other_are_remarked():
    assert ("offload", "yes; offload=no", "optimizer") in read(
        offload="yes", strategy_as_printed="offload=no"
    ).remarks
    assert ("offload", "none; zero-infinity", "none") in read(
        offload="none", strategy_as_printed="ZeRO-Infinity"
    ).remarks
