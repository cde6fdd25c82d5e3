"""The optimizers that code bases step with."""

from __future__ import annotations

from typing import Any

from service.here.script.bench import Bench

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Muon's quintic (Jordan et al., 2024), iterated five times."""


def adamw(torch: Any, parameters: list[Any], on_cuda: bool) -> tuple[Any, bool]:
    """AdamW, and whether it is the fused one."""
    if on_cuda:
        try:
            return torch.optim.AdamW(parameters, lr=1e-4, fused=True), True
        except (RuntimeError, TypeError):
            pass
    return torch.optim.AdamW(parameters, lr=1e-4), False


class MuonAndAdamW:
    """nanochat's two optimizers: Muon for the matrices of the blocks, AdamW for what lies beside them."""

    def __init__(self, torch: Any, matrices: list[Any], beside: Any, dtype: Any, compiled: bool) -> None:
        self.torch, self.matrices, self.beside = torch, matrices, beside
        self.momenta = [torch.zeros_like(p) for p in matrices]

        def orthogonal(update: Any) -> Any:
            a, b, c = NEWTON_SCHULZ
            x = update.to(dtype)
            tall = x.size(-2) > x.size(-1)
            x = x.mT if tall else x
            x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
            for _ in range(5):
                square = x @ x.mT
                x = a * x + (b * square + c * square @ square) @ x
            return x.mT if tall else x

        self.orthogonal = torch.compile(orthogonal, dynamic=False) if compiled else orthogonal

    def step(self) -> None:
        """One update of all weights."""
        self.beside.step()
        with self.torch.no_grad():
            for p, momentum in zip(self.matrices, self.momenta):
                momentum.lerp_(p.grad, 0.05)
                update = self.orthogonal(p.grad.lerp_(momentum, 0.95))
                p.add_(update, alpha=-1e-4 * max(1.0, p.size(-2) / p.size(-1)) ** 0.5)


def muon_and_adamw(torch: Any, model: Any, bench: Bench, compiled: bool) -> tuple[MuonAndAdamW, bool]:
    """nanochat's optimizers for a model, and whether their AdamW is the fused one."""
    matrices = list(model.blocks.parameters())
    rest = [p for p in model.parameters() if not any(p is matrix for matrix in matrices)]
    beside, fused = adamw(torch, rest, bench.on_cuda)
    return MuonAndAdamW(torch, matrices, beside, bench.dtype, compiled), fused
