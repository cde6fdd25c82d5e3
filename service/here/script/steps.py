"""Real training steps: which, how long, how much memory, how many watts."""

from __future__ import annotations

import contextlib
import statistics
import time
from typing import Any

from service.here.script.bench import Bench
from service.here.script.decoder import Shape, decoder, mlp_width
from service.here.script.drivers import GIB
from service.here.script.optimizers import adamw, muon_and_adamw
from service.here.script.telling import Report, reason, say

Case = tuple[str, str, str, bool]
"""A size, the style of the model, what its weights are kept in, whether compiled."""

# Largest first: the first that the free memory is likely to hold is tried; one that runs out of memory hands
# on to the next.
LADDERS: dict[tuple[str, str], list[Shape]] = {
    ("compute-bound", "llama"): [
        (6, 2048, 16, 16, 32000, 2048, 8),
        (6, 2048, 16, 16, 32000, 2048, 4),
        (6, 2048, 16, 16, 32000, 2048, 2),
        (6, 2048, 16, 16, 32000, 2048, 1),
        (6, 1024, 8, 8, 32000, 2048, 2),
        (6, 1024, 8, 8, 32000, 2048, 1),
        (4, 512, 4, 4, 16000, 1024, 1),
    ],
    ("compute-bound", "nanochat"): [
        (6, 1280, 10, 10, 65536, 2048, 16),
        (6, 1280, 10, 10, 65536, 2048, 8),
        (6, 1280, 10, 10, 65536, 2048, 4),
        (6, 1280, 10, 10, 65536, 2048, 2),
        (6, 1280, 10, 10, 65536, 2048, 1),
        (6, 768, 6, 6, 65536, 2048, 1),
        (4, 512, 4, 4, 16000, 1024, 1),
    ],
    ("between", "gpt2"): [
        (12, 768, 12, 12, 50304, 1024, 12),
        (12, 768, 12, 12, 50304, 1024, 4),
        (12, 768, 12, 12, 50304, 1024, 1),
    ],
    ("launch-bound", "llama"): [(4, 512, 4, 4, 16000, 256, 1)],
    ("launch-bound", "nanochat"): [(2, 512, 4, 4, 16000, 256, 1)],
}
"""Shapes as people train them, with fewer layers: TinyLlama's width, nanochat d20's, GPT-2 124M itself."""
TINY: dict[tuple[str, str], list[Shape]] = {
    ("compute-bound", "llama"): [(2, 128, 4, 4, 512, 128, 2)],
    ("compute-bound", "nanochat"): [(2, 128, 4, 4, 512, 128, 2)],
    ("between", "gpt2"): [(2, 96, 3, 3, 512, 64, 2)],
    ("launch-bound", "llama"): [(2, 64, 2, 2, 256, 32, 1)],
    ("launch-bound", "nanochat"): [(2, 64, 2, 2, 256, 32, 1)],
}
"""The same for what is no graphics card."""
CASES: list[Case] = [
    ("compute-bound", "llama", "fp32", False),
    ("launch-bound", "llama", "fp32", False),
    ("compute-bound", "nanochat", "fp32", True),
    ("compute-bound", "llama", "bf16", False),
    ("between", "gpt2", "fp32", False),
    ("launch-bound", "nanochat", "fp32", True),
]
"""What is trained, in order. Each style is written as its code base writes it: transformers' Llama, which
people train eagerly; nanochat of 2025, which is compiled; GPT-2 as nanoGPT has it, eager: compiled, twelve
layers took half a minute to compile and six told less of larger ones (350M then +22 %, else within 4 %)."""
COMPILED_LAYER_S = 2.0
"""Seconds that compiling a layer is thought to take, until one has been compiled here."""
CASE_S = 5.0
"""Seconds that must be left before anything is trained, beside compiling it."""
STEPPING_S = 1.2
"""How long the steps of one case are timed, and then, as long, watched for what they draw."""
CLIPPING = ("gpt2", "nanochat")
"""Code bases that clip gradients to a norm of 1."""


def likely_gib(shape: Shape) -> float:
    """Rough peak of a step with FP32 weights under autocast [GiB]: only to choose where to begin."""
    layers, width, heads, kv_heads, vocabulary, sequence, micro_batch = shape
    weights = layers * width * width * (2 * (1 + kv_heads / heads) + 8.25) + 2 * vocabulary * width
    activations = layers * 50 * width + 14 * vocabulary
    return (18 * weights + micro_batch * sequence * activations) / GIB + 0.5


def out_of_memory(torch: Any, error: Exception) -> bool:
    """Whether an error means that the card's memory is full."""
    kind = getattr(torch.cuda, "OutOfMemoryError", None)
    return (kind is not None and isinstance(error, kind)) or "out of memory" in str(error).lower()


def attention_kernel(bench: Bench, shape: Shape) -> str:
    """Which kernel torch picks for causal attention of this shape: flash, efficient, cudnn or math."""
    _, width, heads, _, _, sequence, _ = shape
    size = (1, heads, sequence, width // heads)
    torch, how = bench.torch, {"device": bench.device, "dtype": bench.dtype, "requires_grad": True}
    q, k, v = (torch.randn(size, **how) for _ in range(3))
    out = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    name = str(out.grad_fn.name()).lower()
    for known in ("flash", "efficient", "cudnn"):
        if known in name:
            return known
    return "math"


class Training:
    """A model with its optimizer and tokens, ready to step."""

    def __init__(self, bench: Bench, style: str, shape: Shape, weights: str, compiled: bool) -> None:
        torch = self.torch = bench.torch
        self.bench, self.style = bench, style
        torch.manual_seed(20260101)
        with torch.device(bench.device):
            model = decoder(torch, style, shape)
        self.model = model.to(bench.dtype) if weights == "bf16" else model
        if style == "nanochat" and bench.precision == "bf16":
            self.model.embedding.to(bench.dtype)
        self.parameters = sum(p.numel() for p in self.model.parameters())
        self.with_muon = style == "nanochat" and bench.precision == "bf16"
        if self.with_muon:
            self.optimizer, self.fused = muon_and_adamw(torch, self.model, bench, compiled)
        else:
            self.optimizer, self.fused = adamw(torch, list(self.model.parameters()), bench.on_cuda)
        self.autocast = weights == "fp32" and bench.precision != "fp32"
        self.scaler = self.loss_scaler() if self.autocast and bench.precision == "fp16" else None
        vocabulary, sequence, micro_batch = shape[4:]
        drawn = torch.randint(0, vocabulary, (micro_batch, sequence + 1), device=bench.device)
        self.tokens, self.targets = drawn[:, :-1].contiguous(), drawn[:, 1:].contiguous()
        self.forward = torch.compile(self.model, dynamic=False) if compiled else self.model

    def loss_scaler(self) -> Any:
        """What keeps FP16 gradients from vanishing."""
        amp: Any = getattr(self.torch, "amp", None)
        return amp.GradScaler("cuda") if hasattr(amp, "GradScaler") else self.torch.cuda.amp.GradScaler()

    def cast(self) -> Any:
        """Autocast to 16 bits, or nothing."""
        if not self.autocast:
            return contextlib.nullcontext()
        return self.torch.autocast("cuda", dtype=self.bench.dtype)

    def step(self) -> Any:
        """One optimizer step on one micro-batch; its loss."""
        with self.cast():
            loss = self.forward(self.tokens, self.targets)
        if self.scaler is None:
            loss.backward()
            self.clip()
            self.optimizer.step()
        else:
            self.scaler.scale(loss).backward()
            self.scaler.unscale_(self.optimizer)
            self.clip()
            self.scaler.step(self.optimizer)
            self.scaler.update()
        self.model.zero_grad(set_to_none=True)
        if self.style == "nanochat":
            self.bench.wait()  # as its loop does, to take the time
        return loss

    def clip(self) -> None:
        """Limit the gradients, where the code base does."""
        if self.style in CLIPPING:
            self.torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)

    def optimizer_s(self) -> float | None:
        """Seconds of the optimizer alone, one update of all weights; None where that does not fit."""
        try:
            for p in self.model.parameters():
                p.grad = self.torch.zeros_like(p)
            return self.bench.lap_s(self.optimizer.step, 0.3, most=50)
        except RuntimeError:
            return None


def train(
    bench: Bench, style: str, shape: Shape, weights: str, compiled: bool, seconds: float
) -> dict[str, Any]:
    """Real training steps of one model: how long, how much memory, how many watts."""
    torch = bench.torch
    if bench.on_cuda:
        torch.cuda.reset_peak_memory_stats()
    began = time.monotonic()
    training = Training(bench, style, shape, weights, compiled)
    first = training.step()
    loss = float(first.detach())
    ready_s = time.monotonic() - began
    bench.laps(training.step, 3)
    once = max(statistics.median(bench.laps(training.step, 3)), 1e-6)
    count = int(min(max(seconds / once, 5), 600))
    laps = bench.laps(training.step, count)
    with bench.watched() as seen:
        bench.laps(training.step, count)
    layers, width, heads, kv_heads, vocabulary, sequence, micro_batch = shape
    ordered = sorted(laps)
    step_s = statistics.median(laps)
    told = {
        "model": style, "layers": layers, "width": width, "heads": heads, "kv_heads": kv_heads,
        "mlp_width": mlp_width(style, width),
        "vocabulary": vocabulary, "sequence": sequence, "micro_batch": micro_batch,
        "parameters": training.parameters, "precision": bench.precision,
        "weights": bench.precision if weights == "bf16" else "fp32",
        "optimizer": "muon+adamw" if training.with_muon else "adamw",
        "fused_optimizer": training.fused, "compiled": compiled,
        "attention": attention_kernel(bench, shape),
        "steps": count, "step_s": step_s, "step_s_mean": sum(laps) / len(laps),
        "step_s_p10": ordered[len(ordered) // 10], "step_s_p90": ordered[(len(ordered) * 9) // 10],
        "tokens_per_s": micro_batch * sequence / step_s, "first_step_s": ready_s, "first_loss": loss,
        "peak_allocated_gib": torch.cuda.max_memory_allocated() / GIB if bench.on_cuda else None,
        "peak_reserved_gib": torch.cuda.max_memory_reserved() / GIB if bench.on_cuda else None,
    }  # fmt: skip
    told.update(seen)
    told["optimizer_step_s"] = None if compiled else training.optimizer_s()
    return told


def first_that_fits(
    bench: Bench, report: Report, case: Case, shapes: list[Shape], seconds: float
) -> tuple[dict[str, Any] | None, Shape | None]:
    """Train the first of `shapes` that the card holds; what it told with its shape, or two Nones."""
    what, style, weights, compiled = case
    free = bench.free_gib()
    likely = [s for s in shapes if free is None or likely_gib(s) < 0.85 * free] or shapes[-1:]
    for shape in likely:
        label = f"{named(case)}, width {shape[1]}, micro-batch {shape[6]}"
        say(label)
        try:
            return dict(train(bench, style, shape, weights, compiled, seconds), size=what), shape
        except Exception as error:
            report.leave_out(label, reason(error))
            again = out_of_memory(bench.torch, error)
        bench.forget()
        if not again:
            break
    return None, None


def named(case: Case) -> str:
    """A case in words."""
    what, style, weights, compiled = case
    return f"{what} {style}, {'compiled' if compiled else 'eager'}, weights in {weights}"


def train_all(bench: Bench, report: Report, compile_too: bool) -> None:
    """Steps of every case that there is time for; the sizes that fitted once are where the next begins."""
    tiny = not bench.on_cuda
    layer_s = COMPILED_LAYER_S
    fits = TINY if tiny else dict(LADDERS)
    for case in CASES:
        what, style, weights, compiled = case
        if (compiled and not compile_too) or (weights == "bf16" and bench.precision != "bf16"):
            continue
        report.doing = named(case)
        compiling_s = layer_s * fits[what, style][0][0] if compiled else 0.0
        if report.left() < (1.0 if tiny else CASE_S) + compiling_s:
            report.leave_out(named(case), f"{report.left():.0f} s were left")
            continue
        told, shape = first_that_fits(bench, report, case, fits[what, style], 0.4 if tiny else STEPPING_S)
        bench.forget()
        if told and shape:
            report.known["steps"].append(told)
            if compiled:
                layer_s = told["first_step_s"] / told["layers"]
            fits[what, style] = fits[what, style][fits[what, style].index(shape) :]
    if not compile_too:
        report.leave_out("compiled steps", f"not asked for on {bench.kind}")
