"""Loads an adapter of this project with the real `peft` library and compares the answers.

    pip install torch peft safetensors
    cargo run -p appendix-lora --example bonus_peft -- runs/peft
    python appendix-lora/peft/check.py runs/peft

The model is put together here from PyTorch's own layers, with the names of the weights in the file.
"""

import json
import sys
from pathlib import Path

import torch
from peft import PeftModel
from safetensors.torch import load_file
from torch import nn


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        return nn.functional.layer_norm(x, x.shape[-1:], self.scale, self.shift, 1e-5)


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        width, self.heads = config["emb_dim"], config["n_heads"]
        self.W_query, self.W_key, self.W_value = (nn.Linear(width, width, config["qkv_bias"]) for _ in range(3))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x):
        parts = (layer(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for layer in (self.W_query, self.W_key, self.W_value))
        y = nn.functional.scaled_dot_product_attention(*parts, is_causal=True)
        return self.out_proj(y.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU("tanh"), nn.Linear(4 * width, width))

    def forward(self, x):
        return self.layers(x)


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        width = config["emb_dim"]
        self.att, self.ff, self.norm1, self.norm2 = Attention(config), FeedForward(width), Norm(width), Norm(width)

    def forward(self, x):
        x = x + self.att(self.norm1(x))
        return x + self.ff(self.norm2(x))


class Model(nn.Module):
    def __init__(self, config):
        super().__init__()
        width = config["emb_dim"]
        self.tok_emb = nn.Embedding(config["vocab_size"], width)
        self.pos_emb = nn.Embedding(config["context_length"], width)
        self.trf_blocks = nn.ModuleList(Block(config) for _ in range(config["n_layers"]))
        self.final_norm = Norm(width)
        self.out_head = nn.Linear(width, config["vocab_size"], bias=False)

    def forward(self, ids):
        x = self.tok_emb(ids) + self.pos_emb(torch.arange(ids.shape[1]))
        for block in self.trf_blocks:
            x = block(x)
        return self.out_head(self.final_norm(x))


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/peft")
    model = Model(json.loads((folder / "base/config.json").read_text()))
    model.load_state_dict(load_file(folder / "base/model.safetensors"))
    answer = json.loads((folder / "answer.json").read_text())
    ids, expected = torch.tensor([answer["ids"]]), torch.tensor(answer["logits"])
    with torch.no_grad():
        change = (model(ids).flatten() - expected).abs().max().item()
        adapted = PeftModel.from_pretrained(model, folder / "adapter").eval()
        gap = (adapted(ids).flatten() - expected).abs().max().item()
        merged = adapted.merge_and_unload()
        gap_merged = (merged(ids).flatten() - expected).abs().max().item()
    print(f"largest effect of the adapter {change:.4f}, gap with peft {gap:.2e}, merged by peft {gap_merged:.2e}")
    assert change > 0.1 and gap < 1e-5 and gap_merged < 1e-5


if __name__ == "__main__":
    main()
