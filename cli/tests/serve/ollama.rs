//! What Ollama's clients send, and what they expect. Numbers of tokens are tiktoken's (`encode_ordinary`).

use serde_json::{Value, json};

use crate::common::server::{Server, save_classifier_of, save_follower, save_writer, serve_in};
use crate::error_of;

/// A model of every kind; those that write have a context of 128 tokens.
fn serve() -> Server {
    let folder = tempfile::tempdir().unwrap();
    save_writer(folder.path(), "writer", 128);
    save_follower(folder.path(), "follower", 128);
    save_classifier_of(folder.path(), "judge");
    let models = ["--model", "writer", "--model", "follower", "--model", "judge"];
    serve_in(folder, &[&models[..], &["--max-tokens", "40"]].concat())
}

/// The whole answer to a request.
fn ask(server: &Server, path: &str, mut request: Value) -> Value {
    request["stream"] = false.into();
    let (status, answer) = server.post(path, request);
    assert_eq!(status, 200, "{answer}");
    serde_json::from_str(&answer).unwrap()
}

/// Why a request is refused.
fn refusal(server: &Server, path: &str, request: Value) -> String {
    let (status, answer) = server.post(path, request);
    assert_eq!(status, 400, "{answer}");
    error_of(&answer)
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

#[test]
fn no_message_of_a_conversation_vanishes() {
    let server = serve();
    let (system, user, assistant) =
        (|text| message("system", text), |text| message("user", text), |text| message("assistant", text));
    for (tokens, messages) in [
        (35, vec![user("What is my name?")]),
        (42, vec![user("My name is Kim."), user("What is my name?")]),
        (47, vec![assistant("Hello, I am Rob."), user("What is my name?")]),
        (48, vec![user("Hi."), assistant("Hello."), user("What?")]),
        (54, vec![user("Hi."), assistant("Hello."), assistant("I am Rob."), user("What?")]),
        (17, vec![system("Be brief."), user("Hi.")]),
        (23, vec![system("Answer in French."), system("Be brief."), user("Hi.")]),
        (33, vec![user("Hi."), assistant("Hello")]),
        (9, vec![system("Be brief.")]),
        (
            48,
            vec![
                user("How warm is it?"),
                json!({ "role": "assistant", "content": null }),
                message("tool", "12 degrees"),
            ],
        ),
        (17, vec![system("Be brief."), json!({ "role": "user", "content": "Hi.", "images": [], "tool_calls": null })]),
    ] {
        assert_eq!(chat(&server, "follower", &messages, 1), [tokens, 0, 0], "{messages:?}");
    }
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

    for (path, request) in [
        ("/api/generate", json!({ "prompt": prompt, "truncate": false })),
        ("/api/chat", json!({ "model": "follower", "messages": [longer], "truncate": false })),
    ] {
        let reason = refusal(&server, path, request);
        assert!(reason.contains("the context holds 128") && reason.contains("shorten it"), "{reason}");
    }
}

#[test]
fn special_tokens_that_a_user_types_are_ordinary_text() {
    let server = serve();
    let marked = "What is <|endoftext|>?";
    assert_eq!(chat(&server, "writer", &[message("user", marked)], 1)[0], 11);
    assert_eq!(chat(&server, "follower", &[message("user", marked)], 1)[0], 40);
    let count = |request: Value| ask(&server, "/api/generate", request)["prompt_eval_count"].clone();
    assert_eq!(count(json!({ "model": "writer", "prompt": marked })), 10);
    assert_eq!(count(json!({ "model": "follower", "prompt": marked })), 40);
    assert_eq!(count(json!({ "model": "follower", "prompt": marked, "raw": true })), 10);
    assert_eq!(count(json!({ "model": "writer", "prompt": "Hi.", "system": marked })), 10 + 2 + 2);
    let verdict = ask(&server, "/api/classify", json!({ "text": "What does <|endoftext|> mean?" }));
    assert_eq!(verdict["tokens"], 11);
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
fn without_a_prompt_a_model_is_loaded_or_unloaded() {
    let server = serve();
    for (path, request) in [
        ("/api/generate", json!({ "model": "writer" })),
        ("/api/generate", json!({ "model": "writer", "prompt": "", "stream": false })),
        ("/api/chat", json!({ "model": "writer" })),
        ("/api/chat", json!({ "model": "writer", "messages": [] })),
    ] {
        let field = if path == "/api/chat" { "/message/content" } else { "/response" };
        for (keep_alive, reason) in
            [(json!(null), "load"), (json!("5m"), "load"), (json!(0), "unload"), (json!("0s"), "unload")]
        {
            let mut request = request.clone();
            request["keep_alive"] = keep_alive;
            let (status, answer) = server.post(path, request);
            assert_eq!(status, 200, "{answer}");
            let answer: Value = serde_json::from_str(&answer).unwrap();
            assert_eq!((&answer["done"], &answer["done_reason"]), (&json!(true), &json!(reason)));
            assert_eq!((&answer["model"], answer.pointer(field)), (&json!("writer"), Some(&json!(""))));
        }
    }
    // It is loaded again when it is needed, and is the same.
    let unload = json!({ "model": "writer", "prompt": "The lamp", "keep_alive": 0, "options": { "temperature": 0 } });
    let times = [(); 2].map(|()| ask(&server, "/api/generate", unload.clone()));
    assert_eq!(text(&times[0]), text(&times[1]));
    assert!(times.iter().all(|answer| answer["load_duration"].as_u64() > Some(0)), "{times:?}");
    assert_eq!(write(&server, "The lamp", json!({}))["done_reason"], "length");
    assert_eq!(write(&server, "The lamp", json!({}))["load_duration"], 0, "it is in memory now");
    let reason = refusal(&server, "/api/generate", json!({ "prompt": "a", "keep_alive": "soon" }));
    assert!(reason.contains("keep_alive is \"soon\""), "{reason}");
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
fn limits_on_the_length_of_an_answer() {
    let server = serve();
    let count = |request: Value| ask(&server, "/api/generate", request)["eval_count"].as_u64().unwrap();
    let length = |num_predict: Value| {
        count(json!({ "model": "writer", "prompt": "The lamp", "options": { "num_predict": num_predict, "seed": 5 } }))
    };
    let lengths = [json!(4096), json!(-1), json!(-2), json!(2.0), json!(0), json!(null)].map(length);
    assert_eq!(lengths, [40, 40, 40, 2, 0, 40]);
    let prompt = "word ".repeat(100);
    for (expected, shift, num_predict) in
        [(27, true, -2), (27, false, -1), (27, false, 30), (20, false, 20), (40, true, -1)]
    {
        let options = json!({ "num_predict": num_predict, "seed": 5 });
        let request = json!({ "model": "writer", "prompt": prompt, "options": options, "shift": shift });
        assert_eq!(count(request), expected, "{num_predict}");
    }
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

    let long = write(&server, &"word ".repeat(30), json!({ "num_ctx": 8.0 }));
    assert_eq!((&long["prompt_eval_count"], &long["forgotten_tokens"]), (&json!(8), &json!(23)));
    assert!(same(json!({ "num_ctx": 2048 })), "more than the model has");
    assert!(same(json!({ "num_gpu": 1, "num_thread": 8, "mirostat": 0, "num_keep": 5 })));
    for (options, reason) in [
        (json!({ "temprature": 1 }), "unknown option 'temprature'"),
        (json!({ "mirostat": 1 }), "mirostat is 1, which is not supported; leave it out"),
        (json!({ "num_keep": 5, "num_ctx": 8, "num_predict": 9 }), "prompt and answer must fit into 8 tokens"),
    ] {
        let found = refusal(&server, "/api/generate", json!({ "prompt": "The lamp", "options": options }));
        assert!(found.contains(reason), "{found}");
    }
}

/// A field has an effect, or is refused, or asks for nothing.
#[test]
fn no_field_is_ignored() {
    let server = serve();
    for (field, values, nothing) in [
        ("format", vec![json!("json"), json!({})], vec![json!(null), json!("")]),
        ("think", vec![json!(true), json!("high")], vec![json!(null), json!(false)]),
        ("logprobs", vec![json!(true)], vec![json!(false)]),
        ("top_logprobs", vec![json!(3)], vec![json!(0)]),
        ("tools", vec![json!([{ "type": "function" }])], vec![json!([])]),
        ("_debug_render_only", vec![json!(true)], vec![json!(false)]),
        ("template", vec![json!("{{ .Prompt }}")], vec![json!("")]),
        ("suffix", vec![json!("the end")], vec![json!("")]),
        ("context", vec![json!([1, 2])], vec![json!([]), json!(null)]),
        ("images", vec![json!(["aGk="])], vec![json!([])]),
    ] {
        let requests = [
            ("/api/generate", json!({ "prompt": "The lamp", "options": { "num_predict": 1 } })),
            ("/api/chat", json!({ "messages": [message("user", "Hi.")], "options": { "num_predict": 1 } })),
        ];
        for (path, mut request) in requests {
            for value in &values {
                request[field] = value.clone();
                let reason = refusal(&server, path, request.clone());
                assert!(reason.starts_with(&format!("{field} is not supported: ")), "{reason}");
            }
            for value in &nothing {
                request[field] = value.clone();
                ask(&server, path, request.clone());
            }
        }
    }
    for (path, request, reason) in [
        ("/api/generate", json!({ "promt": "a" }), "unknown field 'promt'; there are "),
        ("/api/generate", json!({ "messages": [] }), "unknown field 'messages'; there are "),
        ("/api/chat", json!({ "prompt": "a" }), "unknown field 'prompt'; there are "),
        ("/api/classify", json!({ "txt": "a" }), "unknown field 'txt'; there are model, text"),
        (
            "/api/classify",
            json!({ "text": "a", "stream": true }),
            "stream is not supported: the answer comes in one piece",
        ),
        ("/api/generate", json!({ "prompt": 5 }), "bad request: prompt: "),
        ("/api/generate", json!({ "prompt": "a", "raw": true, "system": "b" }), "system is not used when raw is true"),
        ("/api/generate", json!([]), "bad request: "),
    ] {
        let found = refusal(&server, path, request);
        assert!(found.starts_with(reason), "{found}");
    }
    let images = json!({ "messages": [{ "role": "user", "content": "What is this?", "images": ["aGk="] }] });
    assert_eq!(refusal(&server, "/api/chat", images), "message 1 has images, but the models here read text only");
}
