//! Ollama's rules, and those of this server's own `/api/classify`.

use serde_json::{Value, json};

use super::Is::{Absent, Equal, Many, Positive, Text, With};
use super::{Is, Rule, hold, says, serve};
use crate::common::llama::TEMPLATE;

/// Ollama's conversations; `model` answers in one piece with one token.
fn chat(model: &str, messages: Value) -> Value {
    json!({ "model": model, "messages": messages, "stream": false, "options": { "num_predict": 1, "temperature": 0 } })
}

fn generate(mut request: Value) -> Value {
    for (field, value) in [("model", json!("writer")), ("stream", json!(false)), ("prompt", json!("The lamp"))] {
        request.as_object_mut().unwrap().entry(field).or_insert(value);
    }
    request
}

/// The number of tokens tells what the model has read: tiktoken's numbers for `follower`, bytes for `talker`.
fn reads(tokens: u64) -> Vec<(&'static str, Is)> {
    vec![
        ("/prompt_eval_count", Equal(tokens.into())),
        ("/forgotten_turns", Equal(0.into())),
        ("/forgotten_tokens", Equal(0.into())),
    ]
}

fn because(reason: &'static str) -> Vec<(&'static str, Is)> {
    vec![("/error", With(reason))]
}

#[rustfmt::skip]
#[test]
fn ollamas_conversations() {
    let (user, assistant, system) =
        (|text| says("user", text), |text| says("assistant", text), |text| says("system", text));
    let path = "POST /api/chat";
    hold(&serve(), vec![
        ("a message", path, chat("follower", json!([user("What is my name?")])), 200, reads(35)),
        ("a version after the name", path, chat("follower:latest", json!([user("What is my name?")])), 200, reads(35)),
        ("messages of one side in a row are joined", path,
            chat("follower", json!([user("My name is Kim."), user("What is my name?")])), 200, reads(42)),
        ("a greeting counts", path,
            chat("follower", json!([assistant("Hello, I am Rob."), user("What is my name?")])), 200, reads(47)),
        ("an answer counts", path, chat("follower", json!([user("Hi."), assistant("Hello."), user("What?")])), 200,
            reads(48)),
        ("answers in a row are joined", path,
            chat("follower", json!([user("Hi."), assistant("Hello."), assistant("I am Rob."), user("What?")])), 200,
            reads(54)),
        ("a system message", path, chat("follower", json!([system("Be brief."), user("Hi.")])), 200, reads(17)),
        ("all system messages count", path,
            chat("follower", json!([system("Answer in French."), system("Be brief."), user("Hi.")])), 200, reads(23)),
        ("an answer at the end is continued", path, chat("follower", json!([user("Hi."), assistant("Hello")])), 200,
            reads(33)),
        ("a system message alone", path, chat("follower", json!([system("Be brief.")])), 200, reads(9)),
        ("what a tool says, and no content", path,
            chat("follower", json!([user("How warm is it?"), { "role": "assistant", "content": null }, says("tool",
                "12 degrees")])), 200, reads(48)),
        ("empty fields of a message", path,
            chat("follower", json!([system("Be brief."), { "role": "user", "content": "Hi.", "images": [],
                "tool_calls": null }])), 200, reads(17)),
        ("special tokens that a user types are text", path,
            chat("follower", json!([user("What is <|endoftext|>?")])), 200, reads(40)),
        ("a model that was not tuned gets the messages line by line", path,
            chat("writer", json!([user("What is <|endoftext|>?")])), 200, reads(11)),
        ("a template writes the prompt", path, chat("talker", json!([user("Hi")])), 200,
            reads((1 + 5 + 2) + (1 + 10) + 2)),
        ("an answer has a message, and times in nanoseconds", path, chat("follower", json!([user("Hi.")])), 200, vec![
            ("/model", Equal("follower".into())), ("/created_at", Text), ("/message/role", Equal("assistant".into())),
            ("/message/content", Text), ("/done", Equal(true.into())), ("/done_reason", Equal("length".into())),
            ("/total_duration", Positive), ("/prompt_eval_duration", Positive), ("/eval_duration", Positive),
            ("/load_duration", Equal(0.into())), ("/eval_count", Equal(1.into())), ("/logprobs", Absent),
        ]),
        ("a stream is lines, and the last one is done", path,
            json!({ "model": "follower", "messages": [user("Hi.")], "options": { "num_predict": 2, "seed": 1 } }), 200, vec![
            ("/0/done", Equal(false.into())), ("/0/message/content", Text), ("/0/eval_count", Absent),
            ("/-1/done", Equal(true.into())), ("/-1/message/content", Equal("".into())),
            ("/-1/eval_count", Equal(2.into())),
        ]),
        ("a role that does not exist", path, chat("follower", json!([says("judge", "")])), 400,
            because("'judge' is unknown")),
        ("images", path,
            chat("follower", json!([{ "role": "user", "content": "What is this?", "images": ["aGk="] }])), 400,
            because("message 1 has images, but the models here read text only")),
        ("nothing to continue", path, chat("writer", json!([assistant("")])), 400,
            because("the prompt is empty; give at least one token")),
        ("a model without a template", path, chat("base", json!([user("Hi")])), 400,
            because("the model has no chat template")),
        ("a template that refuses", path, chat("talker", json!([user("refuse")])), 400,
            because("the chat template refuses this conversation: not that word")),
        ("too many messages", path, chat("follower", vec![user("a"); 4097].into()), 400,
            because("there are 4097 messages; give at most 4096")),
    ]);
}

#[rustfmt::skip]
#[test]
fn ollamas_texts() {
    let path = "POST /api/generate";
    let marked = "What is <|endoftext|>?";
    let with = |options: Value| generate(json!({ "options": options }));
    let long = "word ".repeat(100);
    let longer = |options: Value, shift: bool| generate(json!({ "prompt": long, "options": options, "shift": shift }));
    let written = |tokens: u64| vec![("/eval_count", Equal(tokens.into()))];
    hold(&serve(), vec![
        ("a text is continued", path, with(json!({ "num_predict": 3 })), 200, vec![
            ("/response", Text), ("/done", Equal(true.into())), ("/done_reason", Equal("length".into())),
            ("/prompt_eval_count", Equal(2.into())), ("/eval_count", Equal(3.into())), ("/context", Absent),
        ]),
        ("a model that follows instructions gets its format", path,
            generate(json!({ "model": "follower", "prompt": marked })), 200, reads(40)),
        ("raw is without it", path, generate(json!({ "model": "follower", "prompt": marked, "raw": true })), 200,
            reads(10)),
        ("the system text goes before a plain prompt", path,
            generate(json!({ "prompt": "Hi.", "system": marked })), 200, reads(10 + 2 + 2)),
        ("num_predict above the limit is an upper limit", path, with(json!({ "num_predict": 4096 })), 200, written(40)),
        ("num_predict -1: as many as possible", path, with(json!({ "num_predict": -1 })), 200, written(40)),
        ("num_predict -2: as many as the context holds", path, with(json!({ "num_predict": -2 })), 200, written(40)),
        ("a whole number can be a float", path, with(json!({ "num_predict": 2.0, "seed": 4.0, "top_k": 5.0 })), 200,
            written(2)),
        ("no token at all", path, with(json!({ "num_predict": 0 })), 200, written(0)),
        ("null is no option", path, with(json!({ "num_predict": null, "temperature": null, "stop": null })), 200,
            written(40)),
        ("num_predict -2 ends at the context", path, longer(json!({ "num_predict": -2 }), true), 200, written(27)),
        ("without shift the answer ends at the context", path, longer(json!({ "num_predict": -1 }), false), 200,
            written(27)),
        ("with it the context slides", path, longer(json!({ "num_predict": -1 }), true), 200, written(40)),
        ("num_ctx makes the context smaller", path,
            generate(json!({ "prompt": "word ".repeat(30), "options": { "num_ctx": 8.0 } })), 200,
            vec![("/prompt_eval_count", Equal(8.into())), ("/forgotten_tokens", Equal(23.into()))]),
        ("a prompt that is too long is refused without truncate", path,
            generate(json!({ "prompt": "word ".repeat(200), "truncate": false })), 400,
            because("maximum context length is 128 tokens, but the prompt has 201; shorten it, or leave truncate out")),
        ("options of the machine have no effect", path,
            with(json!({ "num_predict": 1, "num_gpu": 1, "num_thread": 8, "use_mmap": true, "num_batch": 512,
                "num_gqa": 8, "low_vram": false, "mirostat": 0, "tfs_z": 1.0, "num_keep": 4 })), 200, written(1)),
        ("log probabilities", path,
            generate(json!({ "logprobs": true, "top_logprobs": 2, "options": { "num_predict": 2 } })), 200, vec![
            ("/logprobs", Many(2)), ("/logprobs/0/token", Text), ("/logprobs/0/top_logprobs", Many(2)),
            ("/logprobs/0/top_logprobs/0/token", Text), ("/logprobs/1/bytes/0", Positive),
        ]),
        ("top_logprobs has a limit", path, generate(json!({ "logprobs": true, "top_logprobs": 21 })), 400,
            because("top_logprobs is 21, but must be from 0 to 20")),
        ("top_logprobs without logprobs", path, generate(json!({ "top_logprobs": 2 })), 400,
            because("top_logprobs only counts when logprobs is true")),
        ("an option that does not exist", path, with(json!({ "temprature": 1 })), 400,
            because("unknown option 'temprature'")),
        ("an option that cannot be honoured", path, with(json!({ "mirostat": 1 })), 400,
            because("mirostat is 1, which is not supported; leave it out")),
        ("an option out of its range", path, with(json!({ "temperature": -1 })), 400, because("temperature is -1")),
        ("an option of another type", path, with(json!({ "top_k": 2.5 })), 400,
            because("top_k is 2.5, but must be a whole number")),
        ("num_keep where the beginning is lost", path,
            with(json!({ "num_keep": 5, "num_ctx": 8, "num_predict": 9 })), 400,
            because("prompt and answer must fit into 8 tokens")),
        ("a field that does not exist", path, generate(json!({ "promt": "a" })), 400,
            because("unknown field 'promt'; there are ")),
        ("a field of another call", path, generate(json!({ "messages": [] })), 400, because("unknown field 'messages'")),
        ("a field of another type", path, generate(json!({ "prompt": 5 })), 400, because("bad request: prompt: ")),
        ("system with raw", path, generate(json!({ "raw": true, "system": "b" })), 400,
            because("system is not used when raw is true")),
        ("keep_alive that is no time", path, generate(json!({ "keep_alive": "soon" })), 400,
            because("keep_alive is \"soon\"")),
        ("a body that is no object", path, json!([]), 400, because("bad request: ")),
        ("a model that is not here", path, generate(json!({ "model": "llama3" })), 404,
            because("model 'llama3' not found; this server has writer, follower, talker, base, judge")),
        ("a model that does not write", path, generate(json!({ "model": "judge" })), 400,
            because("the model 'judge' cannot write text")),
        ("another method", "GET /api/generate", json!(null), 405, because("POST")),
        ("without a prompt the model is loaded", path, json!({ "model": "writer" }), 200, vec![
            ("/done", Equal(true.into())), ("/done_reason", Equal("load".into())), ("/response", Equal("".into())),
        ]),
        ("and an empty prompt is none", path, generate(json!({ "prompt": "", "keep_alive": "5m" })), 200,
            vec![("/done_reason", Equal("load".into()))]),
        ("keep_alive 0 unloads it", path, json!({ "model": "writer", "keep_alive": 0 }), 200,
            vec![("/done_reason", Equal("unload".into())), ("/response", Equal("".into()))]),
        ("a conversation without messages loads", "POST /api/chat", json!({ "model": "writer", "messages": [] }), 200,
            vec![("/done_reason", Equal("load".into())), ("/message/content", Equal("".into()))]),
        ("and unloads", "POST /api/chat", json!({ "model": "writer", "keep_alive": "0s" }), 200,
            vec![("/done_reason", Equal("unload".into())), ("/message/content", Equal("".into()))]),
    ]);
}

/// A field that cannot be honoured is refused, with what to do instead, unless it asks for nothing.
#[test]
fn no_field_of_ollamas_is_ignored() {
    let mut rules: Vec<Rule> = Vec::new();
    for (field, values, nothing) in [
        ("format", vec![json!("json"), json!({}), json!({ "type": "object" })], vec![json!(null), json!("")]),
        ("think", vec![json!(true), json!("high")], vec![json!(null), json!(false)]),
        ("tools", vec![json!([{ "type": "function" }])], vec![json!([]), json!(null)]),
        ("template", vec![json!("{{ .Prompt }}")], vec![json!("")]),
        ("suffix", vec![json!("the end")], vec![json!("")]),
        ("context", vec![json!([1, 2])], vec![json!([]), json!(null)]),
        ("images", vec![json!(["aGk="])], vec![json!([])]),
        ("width", vec![json!(64)], vec![json!(0)]),
        ("_debug_render_only", vec![json!(true)], vec![json!(false)]),
    ] {
        for path in ["POST /api/generate", "POST /api/chat"] {
            let request = |value: &Value| {
                let mut request = match path {
                    "POST /api/chat" => chat("follower", json!([says("user", "Hi.")])),
                    _ => generate(json!({ "options": { "num_predict": 1 } })),
                };
                request[field] = value.clone();
                request
            };
            rules.extend(values.iter().map(|value| (field, path, request(value), 400, because("is not supported: "))));
            rules.extend(
                nothing.iter().map(|value| (field, path, request(value), 200, vec![("/done", Equal(true.into()))])),
            );
        }
    }
    hold(&serve(), rules);
}

#[rustfmt::skip]
#[test]
fn ollamas_other_calls() {
    let embed = |request: Value| {
        let mut request = request;
        request["model"] = "base".into();
        request
    };
    let path = "POST /api/embed";
    hold(&serve(), vec![
        ("the version", "GET /api/version", json!(null), 200, vec![("/version", Text)]),
        ("the models", "GET /api/tags", json!(null), 200, vec![
            ("/models", Many(5)), ("/models/0/name", Equal("writer".into())),
            ("/models/0/model", Equal("writer".into())), ("/models/0/size", Positive), ("/models/0/digest", Text),
            ("/models/0/modified_at", With("T")), ("/models/0/details/format", Equal("safetensors".into())),
            ("/models/0/details/family", Equal("gpt2".into())),
            ("/models/0/capabilities", Equal(json!(["completion"]))),
            ("/models/2/details/families", Equal(json!(["llama"]))),
            ("/models/2/capabilities", Equal(json!(["completion", "chat"]))),
            ("/models/4/capabilities", Equal(json!(["classification"]))),
            ("/models/0/defaults/num_predict", Equal(40.into())), ("/book", Equal(false.into())),
        ]),
        ("all are in memory at first", "GET /api/ps", json!(null), 200, vec![
            ("/models", Many(5)), ("/models/0/name", Equal("writer".into())), ("/models/0/size", Positive),
            ("/models/0/digest", Text), ("/models/0/expires_at", With("T")),
            ("/models/0/context_length", Equal(128.into())),
        ]),
        ("a model", "POST /api/show", json!({ "model": "talker:latest", "verbose": true }), 200, vec![
            ("/template", Equal(TEMPLATE.into())), ("/model_info/general.architecture", Equal("llama".into())),
            ("/model_info/llama.context_length", Equal(128.into())), ("/details/parameter_size", Text),
        ]),
        ("its older name for the name", "POST /api/show", json!({ "name": "talker" }), 200,
            vec![("/details/format", Text)]),
        ("a model that is not here", "POST /api/show", json!({ "model": "llama3" }), 404, because("not found")),
        ("no model", "POST /api/show", json!({}), 400, because("missing field `model`")),
        ("a vector for a text", path, embed(json!({ "input": "a cat" })), 200, vec![
            ("/embeddings", Many(1)), ("/embeddings/0", Many(64)), ("/prompt_eval_count", Equal(4.into())),
            ("/total_duration", Positive), ("/model", Equal("base".into())),
        ]),
        ("one for each", path, embed(json!({ "input": ["a cat", "a dog"] })), 200, vec![("/embeddings", Many(2))]),
        ("special tokens that a user types are text", path,
            json!({ "input": "What is <|endoftext|>?", "model": "writer" }), 200,
            vec![("/prompt_eval_count", Equal(10.into()))]),
        ("none for an empty text", path, embed(json!({ "input": "" })), 200, vec![("/embeddings", Many(0))]),
        ("an empty text among others", path, embed(json!({ "input": ["a", ""] })), 400,
            because("text 2 of input is empty")),
        ("the end of a long text is left out", path,
            embed(json!({ "input": "X".repeat(300), "options": { "temperature": 0.5 } })), 200,
            vec![("/prompt_eval_count", Equal(128.into()))]),
        ("unless that is not wanted", path, embed(json!({ "input": "X".repeat(300), "truncate": false })), 400,
            because("text 1 of input has 300 tokens, but this model's maximum context length is 128")),
        ("dimensions", path, embed(json!({ "input": "a", "dimensions": 5 })), 400,
            because("dimensions is not supported")),
        ("no input", path, embed(json!({})), 400, because("missing field `input`")),
        ("a classifier", path, json!({ "input": "a", "model": "judge" }), 400,
            because("the model 'judge' cannot embed texts")),
        ("the older call", "POST /api/embeddings", embed(json!({ "prompt": "a cat" })), 200,
            vec![("/embedding", Many(64))]),
        ("with nothing", "POST /api/embeddings", embed(json!({ "prompt": "" })), 200, vec![("/embedding", Many(0))]),
        ("a model that is here needs no download", "POST /api/pull", json!({ "model": "base", "stream": false }), 200,
            vec![("/status", Equal("success".into()))]),
        ("another is not downloaded", "POST /api/pull", json!({ "model": "llama3" }), 404,
            because("it downloads none: start it with --model PATH")),
        ("nothing is made", "POST /api/create", json!({ "model": "x", "from": "base" }), 501,
            because("does not change its models")),
        ("nothing is copied", "POST /api/copy", json!({ "source": "base", "destination": "x" }), 501,
            because("/api/copy does nothing")),
        ("nothing is deleted", "DELETE /api/delete", json!({ "model": "base" }), 501, because("--model PATH")),
        ("nothing is published", "POST /api/push", json!({ "model": "base" }), 501,
            because("does not change its models")),
        ("nothing is uploaded", "POST /api/blobs/sha256:1", json!(null), 501, because("does not change its models")),
        ("a path that is not here", "GET /api/absent", json!(null), 404, because("/api/generate, /api/chat")),
        ("this server's own: a label", "POST /api/classify", json!({ "text": "What does <|endoftext|> mean?" }), 200, vec![
            ("/model", Equal("judge".into())), ("/tokens", Equal(11.into())), ("/truncated", Equal(false.into())),
            ("/probabilities/ham", Positive), ("/probabilities/spam", Positive),
        ]),
        ("only a part of a long message counts", "POST /api/classify", json!({ "text": "word ".repeat(30) }), 200,
            vec![("/truncated", Equal(true.into()))]),
        ("no message", "POST /api/classify", json!({ "text": "" }), 400, because("the message is empty")),
        ("no text", "POST /api/classify", json!({}), 400, because("missing field `text`")),
        ("a misspelt field", "POST /api/classify", json!({ "txt": "a" }), 400,
            because("unknown field 'txt'; there are model, text")),
        ("no stream", "POST /api/classify", json!({ "text": "a", "stream": true }), 400,
            because("stream is not supported")),
        ("a model that writes", "POST /api/classify", json!({ "text": "a", "model": "writer" }), 400,
            because("the model 'writer' cannot classify messages")),
    ]);
}
