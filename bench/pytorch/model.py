"""GPT-2 for the comparison, written from the book's description in two ways.

`Gpt(c, fast=False)` follows the chapters: separate projections, an explicit mask, a norm and an activation made of single
operations.
`Gpt(c, fast=True)` computes the same with what PyTorch offers for speed: one projection for queries, keys and values,
scaled_dot_product_attention, its own layer norm and activation.
"""

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F


@dataclass
class Config:
    vocab_size: int = 50257
    context_length: int = 1024
    emb_dim: int = 768
    n_heads: int = 12
    n_layers: int = 12
    drop_rate: float = 0.1


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        mean = x.mean(dim=-1, keepdim=True)
        variance = x.var(dim=-1, keepdim=True, unbiased=False)
        return self.scale * (x - mean) / torch.sqrt(variance + 1e-5) + self.shift


class Gelu(nn.Module):
    def forward(self, x):
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * torch.pow(x, 3))))


class BookAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads = c.n_heads
        self.query = nn.Linear(c.emb_dim, c.emb_dim, bias=False)
        self.key = nn.Linear(c.emb_dim, c.emb_dim, bias=False)
        self.value = nn.Linear(c.emb_dim, c.emb_dim, bias=False)
        self.out = nn.Linear(c.emb_dim, c.emb_dim)
        self.dropout = nn.Dropout(c.drop_rate)
        self.register_buffer("mask", torch.ones(c.context_length, c.context_length).triu(1).bool(), persistent=False)

    def forward(self, x):
        batch, tokens, width = x.shape
        split = lambda y: y.view(batch, tokens, self.heads, width // self.heads).transpose(1, 2)
        q, k, v = split(self.query(x)), split(self.key(x)), split(self.value(x))
        scores = q @ k.transpose(2, 3)
        scores.masked_fill_(self.mask[:tokens, :tokens], -torch.inf)
        weights = self.dropout(torch.softmax(scores / k.shape[-1] ** 0.5, dim=-1))
        return self.out((weights @ v).transpose(1, 2).contiguous().view(batch, tokens, width))


class FastAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads, self.rate = c.n_heads, c.drop_rate
        self.qkv = nn.Linear(c.emb_dim, 3 * c.emb_dim, bias=False)
        self.out = nn.Linear(c.emb_dim, c.emb_dim)

    def forward(self, x):
        batch, tokens, width = x.shape
        q, k, v = self.qkv(x).view(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        rate = self.rate if self.training else 0.0
        y = F.scaled_dot_product_attention(q, k, v, dropout_p=rate, is_causal=True)
        return self.out(y.transpose(1, 2).reshape(batch, tokens, width))

    def cached(self, x, cache, start):
        """New tokens of one text; `cache`, [2, 1, heads, context, head_dim], is written in place."""
        _, tokens, width = x.shape
        q, k, v = self.qkv(x).view(1, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        cache[0, :, :, start : start + tokens] = k
        cache[1, :, :, start : start + tokens] = v
        keys, values = cache[:, :, :, : start + tokens]
        # With four dimensions and no dropout this is PyTorch's fused kernel, on a CPU too.
        y = F.scaled_dot_product_attention(q, keys, values, is_causal=tokens > 1)
        return self.out(y.transpose(1, 2).reshape(1, tokens, width))


class Block(nn.Module):
    def __init__(self, c, fast):
        super().__init__()
        self.att = FastAttention(c) if fast else BookAttention(c)
        activation = nn.GELU(approximate="tanh") if fast else Gelu()
        self.ff = nn.Sequential(nn.Linear(c.emb_dim, 4 * c.emb_dim), activation, nn.Linear(4 * c.emb_dim, c.emb_dim))
        norm = nn.LayerNorm if fast else Norm
        self.norm1, self.norm2 = norm(c.emb_dim), norm(c.emb_dim)
        self.drop = nn.Dropout(c.drop_rate)

    def forward(self, x):
        x = x + self.drop(self.att(self.norm1(x)))
        return x + self.drop(self.ff(self.norm2(x)))

    def cached(self, x, cache, start):
        x = x + self.att.cached(self.norm1(x), cache, start)
        return x + self.ff(self.norm2(x))


class Gpt(nn.Module):
    def __init__(self, c, fast):
        super().__init__()
        self.config = c
        self.tok, self.pos = nn.Embedding(c.vocab_size, c.emb_dim), nn.Embedding(c.context_length, c.emb_dim)
        self.drop = nn.Dropout(c.drop_rate)
        self.blocks = nn.ModuleList(Block(c, fast) for _ in range(c.n_layers))
        self.norm = (nn.LayerNorm if fast else Norm)(c.emb_dim)
        self.head = nn.Linear(c.emb_dim, c.vocab_size, bias=False)

    def forward(self, ids):
        x = self.drop(self.tok(ids) + self.pos(torch.arange(ids.shape[1], device=ids.device)))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))

    def new_cache(self):
        c = self.config
        shape = (c.n_layers, 2, 1, c.n_heads, c.context_length, c.emb_dim // c.n_heads)
        return torch.empty(shape, device=self.head.weight.device, dtype=self.head.weight.dtype)

    def cached(self, ids, cache, start):
        """Logits after the last of the new `ids`, [1, tokens]; only the last passes through the head."""
        x = self.tok(ids) + self.pos.weight[start : start + ids.shape[1]]
        for block, kept in zip(self.blocks, cache):
            x = block.cached(x, kept, start)
        return self.head(self.norm(x[:, -1]))
