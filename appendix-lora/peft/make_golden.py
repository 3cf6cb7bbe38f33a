"""Makes adapters for Hugging Face's GPT-2 with the real `peft` library, and what the library itself makes of the files.

    pip install torch transformers peft safetensors
    python appendix-lora/peft/make_golden.py

The folders in engine/model-files/tests/golden/peft come from here. Each expected.json holds the logits after the last of
some ids and a greedy continuation, computed by a model that `PeftModel.from_pretrained` has loaded from the folder.
"""

import json
import shutil
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import GPT2LMHeadModel

GOLDEN = Path(__file__).parents[2] / "engine/model-files/tests/golden"
CONTEXT = 24
# GPT-2's linear layers; c_proj is in the attention and in the feed-forward part.
LAYERS = ["c_attn", "c_proj", "c_fc"]
CASES = {
    "linear": dict(r=4, lora_alpha=8, target_modules=LAYERS),
    "rslora": dict(r=4, lora_alpha=4, target_modules=["c_attn", "c_fc"], use_rslora=True),
    "patterns": dict(
        r=4,
        lora_alpha=6,
        target_modules=LAYERS,
        rank_pattern={"h.1.attn.c_attn": 2, "c_fc": 1},
        alpha_pattern={"mlp.c_proj": 3, r"h\.[01]\.attn\.c_proj": 20, "^transformer.h.0.mlp.c_fc": 5},
    ),
    "head": dict(r=2, lora_alpha=4, target_modules=["c_attn", "lm_head"]),
    "whole": dict(r=2, lora_alpha=4, target_modules=["c_attn"], bias="all", modules_to_save=["ln_f", "wpe"]),
    "lora-only": dict(r=2, lora_alpha=4, target_modules=["c_attn"], bias="lora_only"),
    "f16": dict(r=2, lora_alpha=4, target_modules=["c_attn"]),
    "bf16": dict(r=2, lora_alpha=4, target_modules=["c_attn"]),
}
DTYPES = {"f16": torch.float16, "bf16": torch.bfloat16}


def base():
    return GPT2LMHeadModel.from_pretrained(GOLDEN / "gpt2-tiny-hf").eval()


def logits_of(model, ids):
    with torch.no_grad():
        return model(input_ids=torch.tensor([ids[-CONTEXT:]])).logits[0, -1]


def train(model):
    """As if it had been trained: a fresh B is 0 and would hide every mistake."""
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            scale = 0.5 if "lora_A" in name else 0.2
            parameter.data += scale * torch.randn_like(parameter)


def main():
    ids = json.loads((GOLDEN / "gpt2-tiny-hf/expected.json").read_text())["ids"][0]
    for number, (name, settings) in enumerate(CASES.items()):
        torch.manual_seed(number)
        folder = GOLDEN / "peft" / name
        shutil.rmtree(folder, ignore_errors=True)
        trained = get_peft_model(base(), LoraConfig(task_type="CAUSAL_LM", **settings))
        train(trained)
        trained = trained.to(DTYPES.get(name, torch.float32))
        trained.save_pretrained(folder)
        (folder / "README.md").unlink()

        loaded = PeftModel.from_pretrained(base(), folder).float().eval()
        change = (logits_of(loaded, ids) - logits_of(base(), ids)).abs().max().item()
        greedy = ids[:4]
        while len(greedy) < 40:
            greedy.append(logits_of(loaded, greedy).argmax().item())
        expected = {"ids": ids, "logits": logits_of(loaded, ids).tolist(), "greedy": greedy}
        (folder / "expected.json").write_text(json.dumps(expected))
        print(f"{name}: largest effect on a logit {change:.3f}")
        assert change > 0.05


if __name__ == "__main__":
    main()
