//! OpenAI's rules.

use serde_json::{Value, json};

use super::Is::{Absent, Equal, Many, Positive, Text, With};
use super::{Is, hold, says, serve};

fn openai_error(reason: &'static str, field: Value, code: Value) -> Vec<(&'static str, Is)> {
    vec![
        ("/error/message", With(reason)),
        ("/error/type", Equal("invalid_request_error".into())),
        ("/error/param", Equal(field)),
        ("/error/code", Equal(code)),
    ]
}

/// A conversation with `talker`, of four tokens.
fn ask(more: Value) -> Value {
    let mut request = json!({ "model": "talker", "messages": [says("user", "Hi")], "max_tokens": 4, "temperature": 0 });
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request
}

#[rustfmt::skip]
#[test]
fn openais_conversations() {
    let path = "POST /v1/chat/completions";
    // <|im_start|>user\n…<|im_end|>\n<|im_start|>assistant\n
    let around = (1 + 5 + 2) + (1 + 10);
    let reads = |tokens: u64| vec![("/usage/prompt_tokens", Equal(tokens.into()))];
    let wrong = |field: &'static str, reason: &'static str| openai_error(reason, field.into(), json!(null));
    let parts =
        json!([{ "role": "user", "content": [{ "type": "text", "text": "H" }, { "type": "text", "text": "i" }] }]);
    let image = json!([{ "role": "user", "content": [{ "type": "image_url", "image_url": { "url": "" } }] }]);
    hold(&serve(), vec![
        ("an answer", path, ask(json!({})), 200, vec![
            ("/object", Equal("chat.completion".into())), ("/id", With("chatcmpl-")), ("/created", Positive),
            ("/model", Equal("talker".into())), ("/choices", Many(1)), ("/choices/0/index", Equal(0.into())),
            ("/choices/0/message/role", Equal("assistant".into())), ("/choices/0/message/content", Text),
            ("/choices/0/message/refusal", Equal(json!(null))), ("/choices/0/logprobs", Equal(json!(null))),
            ("/choices/0/finish_reason", Equal("length".into())), ("/usage/prompt_tokens", Equal((around + 2).into())),
            ("/usage/completion_tokens", Equal(4.into())), ("/usage/total_tokens", Equal((around + 6).into())),
        ]),
        ("max_completion_tokens is the newer name", path, ask(json!({ "max_completion_tokens": 2 })), 200,
            vec![("/usage/completion_tokens", Equal(2.into()))]),
        ("a stream says who speaks, and ends with [DONE]", path, ask(json!({ "stream": true })), 200, vec![
            ("/0/object", Equal("chat.completion.chunk".into())),
            ("/0/choices/0/delta/role", Equal("assistant".into())), ("/0/choices/0/delta/content", Equal("".into())),
            ("/1/choices/0/delta/content", Text), ("/1/choices/0/delta/role", Absent),
            ("/1/choices/0/finish_reason", Equal(json!(null))), ("/0/usage", Absent), ("/-1", Equal("[DONE]".into())),
        ]),
        ("and with the usage if that is wanted", path,
            ask(json!({ "stream": true, "stream_options": { "include_usage": true }, "max_tokens": 1 })), 200, vec![
            ("/0/usage", Equal(json!(null))), ("/2/choices/0/finish_reason", Equal("length".into())),
            ("/3/choices", Many(0)), ("/3/usage/completion_tokens", Equal(1.into())), ("/-1", Equal("[DONE]".into())),
        ]),
        ("several answers", path, ask(json!({ "n": 3 })), 200, vec![
            ("/choices", Many(3)), ("/choices/2/index", Equal(2.into())), ("/choices/2/message/content", Text),
            ("/usage/prompt_tokens", Equal((around + 2).into())), ("/usage/completion_tokens", Equal(12.into())),
        ]),
        ("log probabilities", path, ask(json!({ "logprobs": true, "top_logprobs": 2 })), 200, vec![
            ("/choices/0/logprobs/content", Many(4)), ("/choices/0/logprobs/content/0/top_logprobs", Many(2)),
            ("/choices/0/logprobs/content/0/bytes", Many(1)), ("/choices/0/logprobs/refusal", Equal(json!(null))),
        ]),
        ("content in parts", path, ask(json!({ "messages": parts })), 200, reads(around + 2)),
        ("a developer is the system", path,
            ask(json!({ "messages": [says("developer", "No"), says("user", "Hi")] })), 200,
            reads(around + 2 + 4 + "system".len() as u64 + 2)),
        ("fields that ask for nothing", path,
            ask(json!({ "user": "somebody", "metadata": { "a": "b" }, "store": false,
                "response_format": { "type": "text" }, "tools": [], "tool_choice": "none", "logit_bias": {},
                "stop": null, "parallel_tool_calls": true, "service_tier": "auto", "modalities": ["text"],
                "reasoning_effort": "none", "seed": 5, "top_p": 1, "presence_penalty": 0, "frequency_penalty": 0,
                "audio": null, "verbosity": "medium" })), 200, vec![]),
        ("options of other servers", path,
            ask(json!({ "top_k": 5, "min_p": 0.1, "repetition_penalty": 1.1, "typical_p": 1 })), 200, vec![]),
        ("a model that is not here", path, ask(json!({ "model": "gpt-4" })), 404,
            openai_error("model 'gpt-4' not found", "model".into(), "model_not_found".into())),
        ("a prompt that is too long", path, ask(json!({ "messages": [says("user", &"X".repeat(200))] })), 400,
            openai_error("this model's maximum context length is 128 tokens", json!(null), "context_length_exceeded".into())),
        ("no messages", path, ask(json!({ "messages": [] })), 400, wrong("messages", "messages is empty")),
        ("an image", path, ask(json!({ "messages": image })), 400, wrong("messages", "read text only")),
        ("a role that does not exist", path, ask(json!({ "messages": [says("judge", "")] })), 400,
            wrong("messages", "'judge' is unknown")),
        ("no answer", path, ask(json!({ "n": 0 })), 400, wrong("n", "n is 0, but must be from 1 to 64")),
        ("an option is named as in the request", path, ask(json!({ "max_tokens": 2.5 })), 400,
            wrong("max_tokens", "max_tokens is 2.5, but must be a whole number")),
        ("an option out of its range", path, ask(json!({ "temperature": -1 })), 400,
            wrong("temperature", "temperature is -1")),
        ("a format", path, ask(json!({ "response_format": { "type": "json_object" } })), 400,
            wrong("response_format", "ask for it in a message")),
        ("tools", path, ask(json!({ "tools": [{ "type": "function" }] })), 400,
            wrong("tools", "cannot call tools; leave it out")),
        ("a tool that must be called", path, ask(json!({ "tool_choice": "required" })), 400,
            wrong("tool_choice", "not supported")),
        ("logit_bias", path, ask(json!({ "logit_bias": { "5": 100 } })), 400, wrong("logit_bias", "leave it out")),
        ("thinking", path, ask(json!({ "reasoning_effort": "high" })), 400,
            wrong("reasoning_effort", "without thinking")),
        ("too many log probabilities", path, ask(json!({ "logprobs": true, "top_logprobs": 21 })), 400,
            wrong("top_logprobs", "must be from 0 to 20")),
        ("top_logprobs without logprobs", path, ask(json!({ "top_logprobs": 1 })), 400,
            wrong("top_logprobs", "when logprobs is true")),
        ("a field that does not exist", path, ask(json!({ "top_q": 1 })), 400,
            wrong("top_q", "unknown field 'top_q'; there are ")),
        ("a body that is no object", path, json!([]), 400, openai_error("bad request: ", json!(null), json!(null))),
        ("another method", "GET /v1/chat/completions", json!(null), 405, openai_error("POST", json!(null), json!(null))),
    ]);
}

#[rustfmt::skip]
#[test]
fn openais_other_calls() {
    let complete = |request: Value| {
        let mut request = request;
        request["model"] = "writer".into();
        request
    };
    let embed = |request: Value| {
        let mut request = request;
        request["model"] = "base".into();
        request
    };
    let wrong = |field: &'static str, reason: &'static str| openai_error(reason, field.into(), json!(null));
    let (texts, vectors) = ("POST /v1/completions", "POST /v1/embeddings");
    hold(&serve(), vec![
        ("the models", "GET /v1/models", json!(null), 200, vec![
            ("/object", Equal("list".into())), ("/data", Many(5)), ("/data/0/id", Equal("writer".into())),
            ("/data/0/object", Equal("model".into())), ("/data/0/created", Positive), ("/data/0/owned_by", Text),
        ]),
        ("a model", "GET /v1/models/talker", json!(null), 200, vec![("/id", Equal("talker".into()))]),
        ("a model that is not here", "GET /v1/models/gpt-4", json!(null), 404,
            openai_error("model 'gpt-4' not found", "model".into(), "model_not_found".into())),
        ("a text is continued with 16 tokens", texts, complete(json!({ "prompt": "The lamp" })), 200, vec![
            ("/object", Equal("text_completion".into())), ("/id", With("cmpl-")), ("/choices/0/text", Text),
            ("/choices/0/finish_reason", Equal("length".into())), ("/choices/0/logprobs", Equal(json!(null))),
            ("/usage/prompt_tokens", Equal(2.into())), ("/usage/completion_tokens", Equal(16.into())),
        ]),
        ("several texts, twice each", texts,
            complete(json!({ "prompt": ["The lamp", "A boat came"], "n": 2, "best_of": 2, "max_tokens": 1 })), 200, vec![
            ("/choices", Many(4)), ("/choices/3/index", Equal(3.into())), ("/usage/prompt_tokens", Equal(5.into())),
        ]),
        ("whole numbers can be floats", texts,
            complete(json!({ "prompt": "The lamp", "max_tokens": 2.0, "n": 1.0, "best_of": 1.0, "logprobs": 1.0,
                "seed": 3.0 })), 200,
            vec![("/usage/completion_tokens", Equal(2.into())), ("/choices/0/logprobs/top_logprobs/0", Many(1))]),
        ("a number that is not whole", texts, complete(json!({ "prompt": "a", "n": 1.5 })), 400,
            wrong("n", "n is 1.5, but must be a whole number")),
        ("special tokens that a user types are text", texts,
            complete(json!({ "prompt": "What is <|endoftext|>?", "max_tokens": 1 })), 200,
            vec![("/usage/prompt_tokens", Equal(10.into()))]),
        ("ids", texts, complete(json!({ "prompt": [464, 20450], "max_tokens": 1 })), 200,
            vec![("/usage/prompt_tokens", Equal(2.into()))]),
        ("several texts of ids", texts, complete(json!({ "prompt": [[464, 20450], [32]], "max_tokens": 1 })), 200,
            vec![("/choices", Many(2))]),
        ("echo", texts, complete(json!({ "prompt": [464, 20450], "max_tokens": 0, "echo": true })), 200,
            vec![("/choices/0/text", Equal("The lamp".into())), ("/usage/completion_tokens", Equal(0.into()))]),
        ("echo in a stream", texts,
            complete(json!({ "prompt": "The lamp", "max_tokens": 1, "echo": true, "stream": true })), 200, vec![
            ("/0/choices/0/text", Equal("The lamp".into())), ("/0/object", Equal("text_completion".into())),
            ("/-1", Equal("[DONE]".into())),
        ]),
        ("log probabilities in columns", texts,
            complete(json!({ "prompt": "The lamp", "max_tokens": 3, "logprobs": 2 })), 200, vec![
            ("/choices/0/logprobs/tokens", Many(3)), ("/choices/0/logprobs/token_logprobs", Many(3)),
            ("/choices/0/logprobs/top_logprobs/2", Many(2)), ("/choices/0/logprobs/text_offset/0", Equal(0.into())),
            ("/choices/0/logprobs/text_offset/1", Positive),
        ]),
        ("no prompt", texts, complete(json!({})), 400, wrong("prompt", "prompt is missing")),
        ("an empty list", texts, complete(json!({ "prompt": [] })), 400, wrong("prompt", "prompt is an empty list")),
        ("an empty text", texts, complete(json!({ "prompt": "" })), 400,
            openai_error("the prompt is empty", json!(null), json!(null))),
        ("something else", texts, complete(json!({ "prompt": { "a": 1 } })), 400,
            wrong("prompt", "prompt must be a text, a list of texts")),
        ("an id that is not in the vocabulary", texts, complete(json!({ "prompt": [50257] })), 400,
            openai_error("the id 50257 is not in the model's vocabulary", json!(null), json!(null))),
        ("a prompt that is too long", texts, complete(json!({ "prompt": "word ".repeat(200) })), 400,
            openai_error("this model's maximum context length is 128 tokens", json!(null), "context_length_exceeded".into())),
        ("too many texts", texts, complete(json!({ "prompt": ["a", "b"], "n": 33 })), 400,
            wrong("prompt", "these are 66 texts")),
        ("suffix", texts, complete(json!({ "prompt": "a", "suffix": "b" })), 400,
            wrong("suffix", "no model here fills a gap")),
        ("best_of", texts, complete(json!({ "prompt": "a", "best_of": 3 })), 400, wrong("best_of", "best_of is 3")),
        ("echo with log probabilities", texts, complete(json!({ "prompt": "a", "echo": true, "logprobs": 1 })), 400,
            wrong("logprobs", "leave echo out, or logprobs")),
        ("a vector for a text", vectors, embed(json!({ "input": "a cat" })), 200, vec![
            ("/object", Equal("list".into())), ("/data", Many(1)), ("/data/0/object", Equal("embedding".into())),
            ("/data/0/index", Equal(0.into())), ("/data/0/embedding", Many(64)), ("/model", Equal("base".into())),
            ("/usage/prompt_tokens", Equal(4.into())), ("/usage/total_tokens", Equal(4.into())),
        ]),
        ("in Base64", vectors, embed(json!({ "input": "a cat", "encoding_format": "base64" })), 200,
            vec![("/data/0/embedding", Text)]),
        ("ids", vectors, embed(json!({ "input": [[1, 2, 3], [4]] })), 200,
            vec![("/data", Many(2)), ("/usage/prompt_tokens", Equal(4.into()))]),
        ("another encoding", vectors, embed(json!({ "input": "a", "encoding_format": "hex" })), 400,
            wrong("encoding_format", "must be \"float\" or \"base64\"")),
        ("an empty text", vectors, embed(json!({ "input": "" })), 400, wrong("input", "text 1 of input is empty")),
        ("dimensions", vectors, embed(json!({ "input": "a", "dimensions": 5 })), 400,
            wrong("dimensions", "leave it out")),
        ("a text that is too long", vectors, embed(json!({ "input": "X".repeat(129) })), 400,
            openai_error("this model's maximum context length is 128 tokens", "input".into(),
                "context_length_exceeded".into())),
        ("a path that is not here", "POST /v1/responses", json!({}), 404,
            openai_error("this server has /v1/chat/completions", json!(null), "unknown_url".into())),
    ]);
}
