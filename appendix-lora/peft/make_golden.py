"""Makes adapters for small models of Hugging Face (GPT-2, Llama, Qwen3, Gemma 3) with the real `peft` library, and what the
library itself makes of the files.

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
from transformers import AutoModelForCausalLM

GOLDEN = Path(__file__).parents[2] / "engine/model-files/tests/golden"
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
DTYPES = {"f16": torch.float16, "bf16": torch.bfloat16, "qwen3": torch.float16, "gemma3": torch.bfloat16}
# The linear layers of the models after GPT-2.
SEVEN = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
AFTER_GPT2 = {
    "llama-tied": dict(r=1, lora_alpha=0.5, target_modules=SEVEN),
    "llama3-untied": dict(r=2, lora_alpha=3, target_modules=["q_proj", "v_proj", "lm_head"], use_rslora=True),
    "qwen3": dict(
        r=2,
        lora_alpha=1,
        target_modules=SEVEN,
        rank_pattern={"layers.1.self_attn.q_proj": 3, "k_proj": 1},
        alpha_pattern={"mlp.up_proj": 2, r"layers\.[01]\.self_attn\.o_proj": 4, "^model.layers.0.mlp.down_proj": 3},
    ),
    "gemma3": dict(r=2, lora_alpha=4, target_modules=SEVEN, modules_to_save=["norm"]),
}


def base(folder):
    return AutoModelForCausalLM.from_pretrained(GOLDEN / folder, dtype=torch.float32).eval()


def logits_of(model, ids):
    with torch.no_grad():
        return model(input_ids=torch.tensor([ids[-model.config.max_position_embeddings :]])).logits[0, -1]


def train(model):
    """As if it had been trained: a fresh B is 0 and would hide every mistake."""
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            scale = 0.5 if "lora_A" in name else 0.2
            parameter.data += scale * torch.randn_like(parameter)


def make(name, folder, ids, settings):
    """Writes the adapter `name` for the model in `folder`, and what `peft` computes with it."""
    adapter = GOLDEN / "peft" / name
    shutil.rmtree(adapter, ignore_errors=True)
    trained = get_peft_model(base(folder), LoraConfig(task_type="CAUSAL_LM", **settings))
    train(trained)
    trained.peft_config["default"].base_model_name_or_path = Path(folder).name
    trained = trained.to(DTYPES.get(name, torch.float32))
    # By default the file of an adapted head has the head, too.
    trained.save_pretrained(adapter, save_embedding_layers=False if name == "llama3-untied" else "auto")
    (adapter / "README.md").unlink()

    loaded = PeftModel.from_pretrained(base(folder), adapter).float().eval()
    change = (logits_of(loaded, ids) - logits_of(base(folder), ids)).abs().max().item()
    greedy = ids[:4]
    while len(greedy) < 40:
        greedy.append(logits_of(loaded, greedy).argmax().item())
    expected = {"ids": ids, "logits": logits_of(loaded, ids).tolist(), "greedy": greedy}
    (adapter / "expected.json").write_text(json.dumps(expected))
    print(f"{name}: largest effect on a logit {change:.3f}")
    assert change > 0.05


def main():
    ids = json.loads((GOLDEN / "gpt2-tiny-hf/expected.json").read_text())["ids"][0]
    for number, (name, settings) in enumerate(CASES.items()):
        torch.manual_seed(number)
        make(name, "gpt2-tiny-hf", ids, settings)
    for number, (name, settings) in enumerate(AFTER_GPT2.items()):
        torch.manual_seed(number)
        ids = json.loads((GOLDEN / f"real/{name}/expected.json").read_text())["ids"]
        make(name, f"real/{name}", ids, settings)


if __name__ == "__main__":
    main()
