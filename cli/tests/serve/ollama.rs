//! What Ollama's clients expect, as far as it takes more than one request to see. Numbers of tokens are tiktoken's
//! (`encode_ordinary`).

use serde_json::{Value, json};

use crate::common::server::{Server, save_follower, save_writer, serve_in};

/// A model that continues texts and one that follows instructions, with contexts of 128 tokens.
fn serve() -> Server {
    let folder = tempfile::tempdir().unwrap();
    save_writer(folder.path(), "writer", 128);
    save_follower(folder.path(), "follower", 128);
    let models = ["--model", "writer", "--model", "follower"];
    serve_in(folder, &[&models[..], &["--max-tokens", "40"]].concat())
}

/// The whole answer to a request.
fn ask(server: &Server, path: &str, mut request: Value) -> Value {
    request["stream"] = false.into();
    let (status, answer) = server.post(path, request);
    assert_eq!(status, 200, "{answer}");
    serde_json::from_str(&answer).unwrap()
}

/// What the writer makes of a prompt; every time the same.
fn write(server: &Server, prompt: &str, mut options: Value) -> Value {
    for (name, value) in [("seed", json!(5)), ("num_predict", json!(12)), ("temperature", json!(0))] {
        options.as_object_mut().unwrap().entry(name).or_insert(value);
    }
    ask(server, "/api/generate", json!({ "model": "writer:latest", "prompt": prompt, "options": options }))
}

fn text(answer: &Value) -> &str {
    answer["response"].as_str().unwrap()
}

fn message(role: &str, content: &str) -> Value {
    json!({ "role": role, "content": content })
}

/// Tokens of the prompt, forgotten turns and forgotten tokens of a conversation.
fn chat(server: &Server, model: &str, messages: &[Value], num_predict: usize) -> [u64; 3] {
    let options = json!({ "num_predict": num_predict, "temperature": 0 });
    let answer = ask(server, "/api/chat", json!({ "model": model, "messages": messages, "options": options }));
    ["prompt_eval_count", "forgotten_turns", "forgotten_tokens"].map(|field| answer[field].as_u64().unwrap())
}

/// The oldest turns go first; a message that is too long alone loses its beginning.
#[test]
fn what_is_left_out_is_counted() {
    let server = serve();
    let long = "word ".repeat(100);
    let greeting = message("assistant", "Hello, I am Rob.");
    let (ask, answer) = (message("user", "What is my name?"), message("assistant", "Kim."));
    let turns = [greeting.clone(), message("user", &long), answer.clone(), ask.clone()];
    assert_eq!(chat(&server, "follower", &turns, 1), [35, 2, 0]);
    assert_eq!(chat(&server, "writer", &turns, 40)[1..], [2, 0]);
    // Half of the context is for the prompt, however long the answer can be.
    let turns = [ask.clone(), answer, ask.clone()];
    assert_eq!(chat(&server, "follower", &turns, 40), [54, 0, 0]);

    let longer = message("user", &("word ".repeat(200) + "and Peru?"));
    let turns = [greeting, longer.clone()];
    assert_eq!(chat(&server, "follower", &turns, 1), [128, 1, 203 + 30 - 128]);
    assert_eq!(chat(&server, "writer", &turns, 1), [128, 1, 204 - 128]);
    let prompt = "word ".repeat(200) + "and Peru?";
    let generated = write(&server, &prompt, json!({}));
    assert_eq!((&generated["prompt_eval_count"], &generated["forgotten_tokens"]), (&json!(128), &json!(203 - 128)));
    let (beginning, end) = ("word ".repeat(127) + "word", " word".repeat(125) + " and Peru?");
    assert_eq!(text(&generated), text(&write(&server, &end, json!({}))));
    assert_ne!(text(&generated), text(&write(&server, &beginning, json!({}))));
}

#[test]
fn an_answer_ends_before_a_stop_text() {
    let server = serve();
    let whole = write(&server, "The lamp", json!({ "temperature": 1.5 }));
    assert_eq!(whole["done_reason"], "length");
    let whole = text(&whole);
    // From the middle of one token to the middle of another.
    let places: Vec<usize> = whole.char_indices().map(|(at, _)| at).collect();
    let (from, to) = (places[places.len() / 3], places[places.len() / 3 + 9]);
    let (stop, expected) = (&whole[from..to], &whole[..whole.find(&whole[from..to]).unwrap()]);
    for stop in [json!(stop), json!([stop]), json!(["never in the text", stop])] {
        let answer = write(&server, "The lamp", json!({ "temperature": 1.5, "stop": stop }));
        assert_eq!((text(&answer), &answer["done_reason"]), (expected, &json!("stop")));
        assert!(answer["eval_count"].as_u64().unwrap() < 12, "{answer}");
    }

    let options = json!({ "seed": 5, "num_predict": 12, "temperature": 1.5, "stop": [stop] });
    let request = json!({ "model": "writer", "prompt": "The lamp", "options": options });
    let (status, lines) = server.post("/api/generate", request);
    assert_eq!(status, 200, "{lines}");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(text).collect::<String>(), expected);
    assert_eq!(lines.last().unwrap()["done_reason"], "stop");
    let never = write(&server, "The lamp", json!({ "temperature": 1.5, "stop": ["never in the text"] }));
    assert_eq!((text(&never), &never["done_reason"]), (whole, &json!("length")));
}

#[test]
fn a_model_that_was_unloaded_is_loaded_again() {
    let server = serve();
    assert_eq!(ask(&server, "/api/generate", json!({ "model": "writer", "keep_alive": 0 }))["done_reason"], "unload");
    let unload = json!({ "model": "writer", "prompt": "The lamp", "keep_alive": 0, "options": { "temperature": 0 } });
    let times = [(); 2].map(|()| ask(&server, "/api/generate", unload.clone()));
    assert_eq!(text(&times[0]), text(&times[1]));
    assert!(times.iter().all(|answer| answer["load_duration"].as_u64() > Some(0)), "{times:?}");
    assert_eq!(write(&server, "The lamp", json!({}))["done_reason"], "length");
    assert_eq!(write(&server, "The lamp", json!({}))["load_duration"], 0, "it is in memory now");
}

#[test]
fn times_are_in_nanoseconds_and_add_up() {
    let server = serve();
    let answer = write(&server, "The lamp", json!({ "num_predict": 40 }));
    let time = |name: &str| answer[name].as_u64().unwrap();
    let parts = [time("load_duration"), time("prompt_eval_duration"), time("eval_duration")];
    assert!(parts[1] > 0 && parts[2] > 0 && parts.iter().sum::<u64>() <= time("total_duration"), "{answer}");
    let rate = 40.0 / (time("eval_duration") as f64 / 1e9);
    assert!((10.0..1e6).contains(&rate), "{rate} tokens a second");
}

#[test]
fn options_change_the_answer_as_they_should() {
    let server = serve();
    let greedy = write(&server, "The lamp", json!({}));
    let of = |options: Value| write(&server, "The lamp", options);
    let same = |options: Value| text(&of(options)) == text(&greedy);
    for hot in [1.0, 1e38, 1e39, f64::MAX] {
        for only_the_best in [json!({ "top_k": 1 }), json!({ "top_p": 0 }), json!({ "min_p": 1 })] {
            let mut options = only_the_best;
            options["temperature"] = hot.into();
            // Whoever is as likely as the best when everything is equally likely can be drawn.
            let all_are_the_best = hot > 1.0 && options["min_p"] == 1;
            assert_eq!(same(options.clone()), !all_are_the_best, "{options}");
        }
        assert!(!same(json!({ "temperature": hot, "top_k": 0 })), "{hot}");
    }
    let all = json!({ "temperature": 1, "top_k": 0 });
    for top_k in [-1, 50257, 60000] {
        assert_eq!(text(&of(json!({ "temperature": 1, "top_k": top_k }))), text(&of(all.clone())));
    }
    // Penalties that reward a token for being there already.
    for (penalty, reward) in [("repeat_penalty", 0.001), ("presence_penalty", -1000.0), ("frequency_penalty", -1000.0)]
    {
        assert!(!same(json!({ penalty: reward, "repeat_last_n": -1 })), "{penalty}");
        assert!(same(json!({ penalty: reward, "repeat_last_n": 0 })), "{penalty} looks at no token");
    }
    let seeds = [json!(42), json!(42.0), json!(9_223_372_036_854_775_808_u64)];
    let [one, other, large] = seeds.map(|seed| of(json!({ "temperature": 1, "seed": seed })));
    assert_eq!(text(&one), text(&other));
    assert_ne!(text(&one), text(&large));

    assert!(same(json!({ "num_ctx": 2048 })), "more than the model has");
}
