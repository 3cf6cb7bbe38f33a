"""The measurements of `llm bench` with PyTorch: one line of JSON each, with the same keys.

    python bench.py train|train-fast|train-llama|generate|prompt-book|load|tokenize [--batch N] [--tokens N] [--prompt N] [--runs N]
                    [--threads N] [--lora RANK] [--device cpu|cuda|mps] [--tf32] [--bf16] [--compile]

train-llama also needs `pip install transformers`, and `peft` with --lora.
"""

import argparse
import ctypes
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

STORY = Path(__file__).parents[2] / "shared/assets/the-clockmakers-lamp.txt"


def timings(runs, work, prepare=lambda: None, warm_ups=1):
    """Seconds of `runs` runs after some that warm up; what `prepare` does before each does not count."""
    for _ in range(warm_ups):
        work()
    seconds = []
    for _ in range(runs):
        prepare()
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return seconds


def train(args, fast):
    import torch
    from model import Config, Gpt

    tokens = args.tokens or 256
    torch.manual_seed(123)
    model = Gpt(Config(context_length=tokens), fast).to(args.device)
    run = torch.compile(model) if args.compile else model
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-4, weight_decay=0.1, fused=True if fast else None)
    ids = torch.randint(0, 50257, (args.batch, tokens + 1)).to(args.device)

    def step():
        optimizer.zero_grad()
        with torch.autocast(args.device, torch.bfloat16, enabled=args.bf16):
            logits = run(ids[:, :-1])
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), ids[:, 1:].flatten())
        loss.backward()
        optimizer.step()
        return loss.item()

    seconds = timings(args.runs, step, warm_ups=args.warm_ups)
    return {"median_s": statistics.median(seconds), "best_s": min(seconds), "peak_bytes": peak_bytes()}


def train_llama(args):
    """SmolLM2-135M of transformers with its own settings, the optimizer fused; LoRA of peft at the seven matrices of a block."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(123)
    config = LlamaConfig(
        vocab_size=49152,
        hidden_size=576,
        intermediate_size=1536,
        num_hidden_layers=30,
        num_attention_heads=9,
        num_key_value_heads=3,
        max_position_embeddings=8192,
        rms_norm_eps=1e-5,
        rope_parameters={"rope_type": "default", "rope_theta": 100000.0},
        tie_word_embeddings=True,
    )
    model = LlamaForCausalLM(config)
    if args.lora:
        from peft import LoraConfig, get_peft_model

        matrices = [f"{name}_proj" for name in ["q", "k", "v", "o", "gate", "up", "down"]]
        model = get_peft_model(model, LoraConfig(r=args.lora, lora_alpha=args.lora, target_modules=matrices))
    model.train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=4e-4, weight_decay=0.1, fused=True)
    ids = torch.randint(0, config.vocab_size, (args.batch, (args.tokens or 256) + 1))

    def step():
        optimizer.zero_grad()
        logits = model(ids[:, :-1], use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
        loss.backward()
        optimizer.step()
        return loss.item()

    seconds = timings(args.runs, step)
    return {"median_s": statistics.median(seconds), "best_s": min(seconds), "peak_bytes": peak_bytes()}


def generate(args):
    import torch
    from model import Config, Gpt

    tokens, prompt = args.tokens or 200, args.prompt
    torch.manual_seed(123)
    model = Gpt(Config(), fast=True).eval().to(args.device, torch.bfloat16 if args.bf16 else torch.float32)
    cached = torch.compile(model.cached, dynamic=True) if args.compile else model.cached
    ids = torch.randint(0, 50257, (1, prompt)).to(args.device)
    first, rest = [], []

    @torch.inference_mode()
    def write():
        start = time.perf_counter()
        cache = model.new_cache()
        new = cached(ids, cache, 0).argmax(-1, keepdim=True)
        new.item()
        begun = time.perf_counter()
        for position in range(prompt, prompt + tokens):
            new = cached(new, cache, position).argmax(-1, keepdim=True)
            new.item()  # a reader sees every token as soon as it is there
        first.append(begun - start)
        rest.append(time.perf_counter() - begun)

    timings(args.runs, write, warm_ups=args.warm_ups)
    return {
        "tokens_per_s": tokens / statistics.median(rest[args.warm_ups :]),
        "prompt_tokens_per_s": prompt / statistics.median(first[args.warm_ups :]),
        "peak_bytes": peak_bytes(),
    }


def prompt_book(args):
    """The book's model: a forward pass over the prompt, with the logits of every token."""
    import torch
    from model import Config, Gpt

    torch.manual_seed(123)
    model = Gpt(Config(), fast=False).eval().to(args.device)
    ids = torch.randint(0, 50257, (1, args.prompt)).to(args.device)

    @torch.inference_mode()
    def first_token():
        model(ids)[:, -1].argmax(-1).item()

    seconds = timings(args.runs, first_token, warm_ups=args.warm_ups)
    return {"prompt_tokens_per_s": args.prompt / statistics.median(seconds), "peak_bytes": peak_bytes()}


def give_back_freed_memory():
    """What is asked for next is new memory, as in a program that has just been started."""
    if hasattr(ctypes.CDLL(None), "malloc_trim"):
        ctypes.CDLL(None).malloc_trim(0)


def load(args):
    import torch
    from model import Config, Gpt

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.pth")
        torch.save(Gpt(Config(), fast=False).state_dict(), path)

        def open_model():
            with torch.device("meta"):
                model = Gpt(Config(), fast=False)
            model.load_state_dict(torch.load(path, weights_only=True), assign=True)

        seconds = timings(args.runs, open_model, give_back_freed_memory)
        return {"median_s": statistics.median(seconds), "best_s": min(seconds), "file_bytes": os.path.getsize(path)}


def tokenize(args):
    import tiktoken

    story = STORY.read_text(encoding="utf-8")
    text = story * -(-10_000_000 // len(story.encode()))
    tokenizer = gpt2_tokenizer(tiktoken)
    seconds = timings(args.runs, lambda: tokenizer.encode_ordinary(text))
    median = statistics.median(seconds)
    return {"median_s": median, "best_s": min(seconds), "mb_per_s": len(text.encode()) / 1e6 / median}


def gpt2_tokenizer(tiktoken):
    """From the two files of OpenAI's release where they lie in $LLM_DATA_DIR, else as tiktoken downloads it."""
    folder = Path(os.environ.get("LLM_DATA_DIR", "")) / "gpt2-bpe"
    if not folder.is_dir():
        return tiktoken.get_encoding("r50k_base")
    from tiktoken.load import data_gym_to_mergeable_bpe_ranks
    from tiktoken_ext.openai_public import r50k_pat_str

    ranks = data_gym_to_mergeable_bpe_ranks(str(folder / "vocab.bpe"), str(folder / "encoder.json"))
    return tiktoken.Encoding("gpt2", pat_str=r50k_pat_str, mergeable_ranks=ranks, special_tokens={"<|endoftext|>": 50256})


def peak_bytes():
    # In kilobytes, but on macOS in bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    work = {
        "train": lambda args: train(args, fast=False),
        "train-fast": lambda args: train(args, fast=True),
        "train-llama": train_llama,
        "generate": generate,
        "prompt-book": prompt_book,
        "load": load,
        "tokenize": tokenize,
    }
    parser.add_argument("what", choices=work)
    parser.add_argument("--tokens", type=int)
    parser.add_argument("--batch", type=int, default=2, help="texts in a batch; for train")
    parser.add_argument("--lora", type=int, metavar="RANK", help="train LoRA layers alone; for train-llama")
    parser.add_argument("--prompt", type=int, default=4)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--device", default="cpu", help="where train and generate compute")
    parser.add_argument("--tf32", action="store_true", help="products round their factors to 10 bits behind the point")
    parser.add_argument("--bf16", action="store_true", help="16-bit numbers for generate, mixed precision for train")
    parser.add_argument("--compile", action="store_true", help="with torch.compile; for train and generate")
    args = parser.parse_args()
    args.warm_ups = 1 if args.device == "cpu" else 3  # a GPU's kernels are chosen and compiled in the first runs
    if args.what != "tokenize":
        import torch

        torch.set_num_threads(args.threads)
        torch.set_float32_matmul_precision("high" if args.tf32 else "highest")
    print(json.dumps({"bench": args.what, **work[args.what](args)}), flush=True)


if __name__ == "__main__":
    main()
