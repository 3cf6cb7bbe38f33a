//! What OpenAI's clients expect, as far as it takes more than one request to see, and that it is what Ollama's get.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::common::llama::{TEMPLATE, save_talking};
use crate::common::server::{Server, save_writer, serve_in};

/// A GPT, and a Llama with a chat template.
fn serve() -> Server {
    let folder = tempfile::tempdir().unwrap();
    save_writer(folder.path(), "writer", 128);
    save_talking(folder.path(), "talker", Some(TEMPLATE));
    serve_in(folder, &["--model", "writer", "--model", "talker", "--max-tokens", "40"])
}

fn ask(server: &Server, path: &str, request: &Value) -> Value {
    let (status, answer) = server.post(path, request.clone());
    assert_eq!(status, 200, "{answer}");
    serde_json::from_str(&answer).unwrap()
}

/// The objects of a stream, without `[DONE]`.
fn stream(server: &Server, path: &str, request: &Value) -> Vec<Value> {
    let mut request = request.clone();
    request["stream"] = true.into();
    let (status, events) = server.post(path, request);
    assert_eq!(status, 200, "{events}");
    let events: Vec<&str> =
        events.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap()).collect();
    let (end, events) = events.split_last().unwrap();
    assert_eq!(*end, "[DONE]");
    events.iter().map(|event| serde_json::from_str(event).unwrap()).collect()
}

/// The choices of a stream put together: text and reason of each.
fn joined(events: &[Value], field: &str, count: usize) -> Vec<(String, Value)> {
    let mut texts = vec![(String::new(), Value::Null); count];
    for choice in events.iter().flat_map(|event| event["choices"].as_array().unwrap()) {
        let (text, reason) = &mut texts[choice["index"].as_u64().unwrap() as usize];
        *text += choice.pointer(field).and_then(Value::as_str).unwrap_or_default();
        if !choice["finish_reason"].is_null() {
            assert!(reason.is_null(), "a text ends once");
            *reason = choice["finish_reason"].clone();
        }
    }
    texts
}

fn whole(answer: &Value, field: &str) -> Vec<(String, Value)> {
    let choice =
        |choice: &Value| (choice.pointer(field).unwrap().as_str().unwrap().into(), choice["finish_reason"].clone());
    answer["choices"].as_array().unwrap().iter().map(choice).collect()
}

#[test]
fn a_conversation_is_the_one_that_ollamas_clients_have() {
    let server = serve();
    let messages = json!([{ "role": "system", "content": "Sag es." }, { "role": "user", "content": "Who?" }]);
    let request = json!({ "model": "talker", "messages": messages, "temperature": 0, "max_tokens": 12,
        "logprobs": true, "top_logprobs": 3 });
    let ollamas = json!({ "model": "talker", "messages": messages, "stream": false, "logprobs": true, "top_logprobs": 3,
        "options": { "temperature": 0, "num_predict": 12 } });
    let (answer, ollamas) = (ask(&server, "/v1/chat/completions", &request), ask(&server, "/api/chat", &ollamas));
    let choice = &answer["choices"][0];
    assert_eq!(choice["message"]["content"], ollamas["message"]["content"]);
    assert_eq!(choice["logprobs"]["content"], ollamas["logprobs"]);
    assert_eq!(answer["usage"]["prompt_tokens"], ollamas["prompt_eval_count"]);

    // The greedy token is the likeliest, and the probabilities of its rivals are in order.
    for entry in choice["logprobs"]["content"].as_array().unwrap() {
        let top: Vec<f64> =
            entry["top_logprobs"].as_array().unwrap().iter().map(|top| top["logprob"].as_f64().unwrap()).collect();
        assert_eq!(entry["logprob"].as_f64().unwrap(), top[0], "{entry}");
        assert!(top[0] >= top[1] && top[1] >= top[2] && top.iter().map(|value| value.exp()).sum::<f64>() <= 1.0 + 1e-6);
    }
}

#[test]
fn several_texts_are_the_same_in_a_stream_and_every_time() {
    let server = serve();
    let chat = json!({ "model": "talker", "messages": [{ "role": "user", "content": "Who?" }] });
    let texts = json!({ "model": "writer", "prompt": ["The lamp", "A boat"], "echo": true });
    for (path, request, field, delta, count) in [
        ("/v1/chat/completions", chat, "/message/content", "/delta/content", 3),
        ("/v1/completions", texts, "/text", "/text", 6),
    ] {
        let mut request = request;
        for (option, value) in
            [("n", json!(3)), ("seed", json!(5)), ("temperature", json!(1.5)), ("max_tokens", json!(8))]
        {
            request[option] = value;
        }
        let found = whole(&ask(&server, path, &request), field);
        assert_eq!(found.len(), count);
        assert!(found[0] != found[1] && found[1] != found[2], "{found:?}");
        assert!(found.iter().all(|(_, reason)| reason == "length" || reason == "stop"), "{found:?}");
        assert_eq!(joined(&stream(&server, path, &request), delta, count), found);
        // The first is the text that the seed gives alone.
        request["n"] = 1.into();
        assert_eq!(whole(&ask(&server, path, &request), field)[0], found[0]);
        request["temperature"] = 0.into();
        request["n"] = 2.into();
        let greedy = whole(&ask(&server, path, &request), field);
        assert_eq!(greedy[0], greedy[1]);
    }
}

/// The places of tokens in the text, in a stream too.
#[test]
fn log_probabilities_stand_where_their_tokens_do() {
    let server = serve();
    let request = json!({ "model": "writer", "prompt": "The lamp", "max_tokens": 8, "temperature": 0, "logprobs": 1 });
    let answer = ask(&server, "/v1/completions", &request);
    let (text, scores) = (answer["choices"][0]["text"].as_str().unwrap(), &answer["choices"][0]["logprobs"]);
    let (tokens, offsets) = (scores["tokens"].as_array().unwrap(), scores["text_offset"].as_array().unwrap());
    for (token, offset) in tokens.iter().zip(offsets) {
        let token = token.as_str().unwrap();
        let there: String = text.chars().skip(offset.as_u64().unwrap() as usize).take(token.chars().count()).collect();
        assert!(there == token || token.starts_with("bytes:"), "{token:?} is not at {offset} in {text:?}");
    }
    let streamed = stream(&server, "/v1/completions", &request);
    let of = |column: &str| -> Vec<Value> {
        let all = streamed.iter().filter_map(|event| event["choices"][0]["logprobs"][column].as_array());
        all.flatten().cloned().collect()
    };
    for column in ["tokens", "token_logprobs", "top_logprobs", "text_offset"] {
        assert_eq!(Value::Array(of(column)), scores[column]);
    }
}

/// The vectors have length 1, and are the same in every form; those of Ollama's older call have the model's own length.
#[test]
fn the_vectors_of_a_text() {
    let server = serve();
    let input = json!(["a cat", "the price of oil"]);
    let vector = |value: &Value| -> Vec<f32> {
        value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap() as f32).collect()
    };
    let norm = |vector: &[f32]| vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    for model in ["writer", "talker"] {
        let plain = ask(&server, "/v1/embeddings", &json!({ "model": model, "input": input }));
        let packed = json!({ "model": model, "input": input, "encoding_format": "base64" });
        let packed = ask(&server, "/v1/embeddings", &packed);
        let ollamas = ask(&server, "/api/embed", &json!({ "model": model, "input": input }));
        for index in [0, 1] {
            let found = vector(&plain["data"][index]["embedding"]);
            assert!((norm(&found) - 1.0).abs() < 1e-5);
            assert_eq!(vector(&ollamas["embeddings"][index]), found);
            let bytes = BASE64_STANDARD.decode(packed["data"][index]["embedding"].as_str().unwrap()).unwrap();
            let unpacked: Vec<f32> =
                bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect();
            assert_eq!(unpacked, found);
            let own = ask(&server, "/api/embeddings", &json!({ "model": model, "prompt": input[index] }));
            let own = vector(&own["embedding"]);
            assert!((norm(&own) - 1.0).abs() > 1e-3, "it is not normalised");
            let length = norm(&own);
            assert!(own.iter().zip(&found).all(|(own, found)| (own / length - found).abs() < 1e-5));
        }
        assert_ne!(plain["data"][0]["embedding"], plain["data"][1]["embedding"]);
    }
}
