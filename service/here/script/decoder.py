"""Small decoders, written as the code bases that people train with write theirs."""

from __future__ import annotations

from typing import Any

Shape = tuple[int, int, int, int, int, int, int]
"""Layers, width, heads, key-value heads, vocabulary, sequence, micro-batch."""


def mlp_width(style: str, width: int) -> int:
    """Of Llama 8/3 of the width, to a multiple of 128 as it is for 2,048: 5,632; of the others 4 times."""
    return (11 * width // 4 + 127) // 128 * 128 if style == "llama" else 4 * width


def decoder(torch: Any, style: str, shape: Shape) -> Any:
    """A decoder with causal attention, in the style of "llama", "nanochat" or "gpt2".

    llama: RMS norm, rotary positions, SwiGLU, untied head. nanochat: RMS norm without weights, of queries and
    keys too, rotary positions, squared ReLU, untied head, capped logits. gpt2: layer norm, learnt positions,
    GELU, the head tied to the embedding.
    """
    layers, width, heads, kv_heads, vocabulary, sequence, _ = shape
    nn, F = torch.nn, torch.nn.functional
    size, mlp = width // heads, mlp_width(style, width)

    def linear(a: int, b: int) -> Any:
        return nn.Linear(a, b, bias=False)

    def rms(x: Any) -> Any:
        wide = x.float()
        return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)).to(x.dtype)

    class Learnt(nn.Module):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(width))

        def forward(self, x: Any) -> Any:
            return self.weight * rms(x)

    class Plain(nn.Module):  # type: ignore[name-defined,misc]
        def forward(self, x: Any) -> Any:
            return rms(x)

    def norm() -> Any:
        return nn.LayerNorm(width) if style == "gpt2" else Plain() if style == "nanochat" else Learnt()

    def turned(x: Any, cos: Any, sin: Any) -> Any:
        one, two = x.chunk(2, dim=-1)
        return x * cos + torch.cat((-two, one), dim=-1) * sin

    class Attention(nn.Module):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            self.sides = [heads * size, kv_heads * size, kv_heads * size]
            if style == "gpt2":
                self.qkv = linear(width, sum(self.sides))
            else:
                self.q, self.k, self.v = (linear(width, side) for side in self.sides)
            self.out = linear(heads * size, width)

        def forward(self, x: Any, cos: Any, sin: Any) -> Any:
            b, t, _ = x.shape
            if style == "gpt2":
                q, k, v = self.qkv(x).split(self.sides, dim=2)
            else:
                q, k, v = self.q(x), self.k(x), self.v(x)
            q = q.view(b, t, heads, size).transpose(1, 2)
            k = k.view(b, t, kv_heads, size).transpose(1, 2)
            v = v.view(b, t, kv_heads, size).transpose(1, 2)
            if style != "gpt2":
                q, k = turned(q, cos, sin), turned(k, cos, sin)
            if style == "nanochat":
                q, k = rms(q), rms(k)
            y = F.scaled_dot_product_attention(q.to(v.dtype), k.to(v.dtype), v, is_causal=True)
            return self.out(y.transpose(1, 2).reshape(b, t, heads * size))

    class Mlp(nn.Module):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            self.up, self.down = linear(width, mlp), linear(mlp, width)
            if style == "llama":
                self.gate = linear(width, mlp)

        def forward(self, x: Any) -> Any:
            if style == "llama":
                return self.down(F.silu(self.gate(x)) * self.up(x))
            return self.down(F.gelu(self.up(x)) if style == "gpt2" else F.relu(self.up(x)).square())

    class Block(nn.Module):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            self.before_attention, self.attention = norm(), Attention()
            self.before_mlp, self.mlp = norm(), Mlp()

        def forward(self, x: Any, cos: Any, sin: Any) -> Any:
            x = x + self.attention(self.before_attention(x), cos, sin)
            return x + self.mlp(self.before_mlp(x))

    class Decoder(nn.Module):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(vocabulary, width)
            nn.init.normal_(self.embedding.weight, std=0.02)
            self.blocks = nn.ModuleList([Block() for _ in range(layers)])
            self.norm, self.head = norm(), linear(width, vocabulary)
            if style == "gpt2":
                self.positions = nn.Embedding(sequence, width)
                self.head.weight = self.embedding.weight
            inverse = 1.0 / 10000 ** (torch.arange(0, size, 2).float() / size)
            angles = torch.outer(torch.arange(sequence).float(), inverse)
            angles = torch.cat((angles, angles), dim=-1)
            self.register_buffer("cos", angles.cos(), persistent=False)
            self.register_buffer("sin", angles.sin(), persistent=False)

        def forward(self, tokens: Any, targets: Any) -> Any:
            x = self.embedding(tokens)
            if style == "gpt2":
                x = x + self.positions.weight
            if style == "nanochat":
                x = rms(x)
            cos, sin = self.cos.to(x.dtype), self.sin.to(x.dtype)
            for block in self.blocks:
                x = block(x, cos, sin)
            logits = self.head(self.norm(x))
            if style == "nanochat":
                logits = 15 * torch.tanh(logits / 15)
            return F.cross_entropy(logits.float().view(-1, vocabulary), targets.view(-1))

    return Decoder()
