//! `llm serve` over real connections: answers, streams, limits, foreign pages, Ctrl-C in the middle of a stream.

#[path = "serve/batch.rs"]
mod batch;
mod common;
#[path = "serve/llama.rs"]
mod llama;
#[path = "serve/look.rs"]
mod look;
#[path = "serve/ollama.rs"]
mod ollama;
#[path = "serve/openai.rs"]
mod openai;
#[path = "serve/rules.rs"]
mod rules;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use common::server::{Server, save_classifier_of, save_follower, save_writer, serve, serve_all, serve_in};
use common::{assert_one_line_error, run, stdout};
use serde_json::{Value, json};

#[test]
fn a_stream_and_a_whole_answer_say_the_same() {
    let server = serve(&[]);
    let request = |stream: bool| json!({ "prompt": "The lamp", "stream": stream, "options": { "seed": 5, "num_predict": 12, "top_k": 50 } });
    let (status, whole) = server.post("/api/generate", request(false));
    assert_eq!(status, 200, "{whole}");
    let whole: Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(whole["done"], true);
    assert_eq!((&whole["eval_count"], &whole["prompt_eval_count"]), (&json!(12), &json!(2)));
    assert_eq!((&whole["done_reason"], &whole["model"]), (&json!("length"), &json!("model")));

    let (status, lines) = server.post("/api/generate", request(true));
    assert_eq!(status, 200);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let text: String = lines.iter().map(|line| line["response"].as_str().unwrap()).collect();
    assert_eq!(text, whole["response"].as_str().unwrap());
    let (last, others) = lines.split_last().unwrap();
    assert!(others.len() > 3 && others.iter().all(|line| line["done"] == false));
    assert_eq!(last["done"], true);

    let chat = json!({ "messages": [{ "role": "user", "content": "Hello" }], "stream": false });
    let (status, answer) = server.post("/api/chat", chat);
    assert_eq!(status, 200, "{answer}");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["message"]["role"], "assistant");
}

/// The weights are made smaller once; both answers are those of `llm generate` with such weights.
#[test]
fn smaller_weights_serve_every_request() {
    let folder = tempfile::tempdir().unwrap();
    save_writer(folder.path(), "model", 64);
    let served = serve(&["--weights", "int8"]);
    // With a temperature below 1, small differences between the logits count for more.
    let sampling = json!({ "seed": 5, "num_predict": 30, "temperature": 0.01, "top_k": 40 });
    let mut differ = 0;
    for prompt in ["The lamp", "A boat came home"] {
        let request = json!({ "prompt": prompt, "stream": false, "options": sampling });
        let (status, answer) = served.post("/api/generate", request);
        assert_eq!(status, 200, "{answer}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let of = |weights: &str| {
            let drawn = ["--seed", "5", "--max-new-tokens", "30", "--temperature", "0.01", "--top-k", "40"];
            let how = ["generate", "--model", "model", "--device", "cpu", "--weights", weights, "--prompt", prompt];
            stdout(&run(folder.path(), &[&how[..], &drawn].concat()))
        };
        let text = format!("{prompt}{}\n", answer["response"].as_str().unwrap());
        assert_eq!(text, of("int8"));
        differ += usize::from(text != of("f32"));
    }
    assert!(differ > 0, "a wrong precision would not be seen");
    let halves =
        run(folder.path(), &["serve", "--model", "model", "--port", "0", "--weights", "f16", "--device", "cpu"]);
    assert_one_line_error(&halves, 1, &["--weights f16 is for GPUs"]);
}

/// A fine-tuned model gets the prompt that it was trained with. Token counts tell which prompt it was.
#[test]
fn a_fine_tuned_model_gets_its_prompt_format() {
    let folder = tempfile::tempdir().unwrap();
    save_follower(folder.path(), "follower", 128);
    let server = serve_in(folder, &["--model", "follower"]);
    let tokens = |path: &str, mut body: Value| {
        body["stream"] = false.into();
        body["options"] = json!({ "num_predict": 1, "temperature": 0 });
        let (status, answer) = server.post(path, body);
        assert_eq!(status, 200, "{answer}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        (answer["prompt_eval_count"].as_u64().unwrap(), answer["forgotten_turns"].as_u64().unwrap())
    };
    let count = |text: &str| ch02_text::Gpt2Tokenizer::new().encode(text).unwrap().len() as u64;
    let opening = "Below is an instruction that describes a task. Write a response that appropriately completes the \
                   request.\n\n";
    let task = |text: &str| format!("### Instruction:\n{text}\n\n### Response:\n");
    let user = |text: &str| json!({ "role": "user", "content": text });
    let assistant = json!({ "role": "assistant", "content": "Two." });

    assert_eq!(
        tokens("/api/generate", json!({ "prompt": "Say one." })),
        (count(&(opening.to_string() + &task("Say one."))), 0)
    );
    assert_eq!(tokens("/api/generate", json!({ "prompt": "Say one.", "raw": true })), (count("Say one."), 0));
    let system = format!("Be brief.\n\n{}", task("Say one."));
    assert_eq!(tokens("/api/generate", json!({ "prompt": "Say one.", "system": "Be brief." })), (count(&system), 0));
    let messages = json!([{ "role": "system", "content": "Be brief." }, user("Say one.")]);
    assert_eq!(tokens("/api/chat", json!({ "messages": messages })), (count(&system), 0));
    let past = format!("{opening}{}Two.\n\n{}", task("Say two."), task("Say one."));
    let messages = json!([user("Say two."), assistant, user("Say one.")]);
    assert_eq!(tokens("/api/chat", json!({ "messages": messages })), (count(&past), 0));

    // Of a long conversation the oldest turns are forgotten.
    let long = user(&"word ".repeat(80));
    let messages = json!([long, assistant, user("Say two."), assistant, user("Say one.")]);
    assert_eq!(tokens("/api/chat", json!({ "messages": messages })), (count(&past), 1));
}

#[test]
fn every_model_does_what_it_can() {
    let server = serve_all(&[]);
    let (_, list) = server.ask("GET", "/api/tags", "", "");
    let list: Value = serde_json::from_str(&list).unwrap();
    let can: Vec<(&str, &Value)> = list["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| (model["name"].as_str().unwrap(), &model["capabilities"]))
        .collect();
    let (writes, judges, follows) = (json!(["completion"]), json!(["classification"]), json!(["completion", "chat"]));
    assert_eq!(can, [("writer", &writes), ("judge", &judges), ("follower", &follows)]);

    let whole = |path: &str, mut body: Value| {
        body["stream"] = false.into();
        let (status, answer) = server.post(path, body);
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str::<Value>(&answer).unwrap()
    };
    let message = json!([{ "role": "user", "content": "Hello" }]);
    assert_eq!(whole("/api/generate", json!({ "prompt": "Hello" }))["model"], "writer");
    assert_eq!(whole("/api/chat", json!({ "messages": message }))["model"], "follower", "it has learnt to answer");
    assert_eq!(whole("/api/chat", json!({ "messages": message, "model": "writer" }))["model"], "writer");

    let verdict = whole("/api/classify", json!({ "text": "You have won" }));
    let share = |label: &str| verdict["probabilities"][label].as_f64().unwrap();
    assert!((share("ham") + share("spam") - 1.0).abs() < 1e-5, "{verdict}");
    assert_eq!(verdict["label"], if share("spam") > share("ham") { "spam" } else { "ham" });
    assert_eq!((&verdict["model"], &verdict["tokens"]), (&json!("judge"), &json!(3)));
}

/// A browser gets the page, whatever else asks the words by which Ollama's clients know that it runs.
#[test]
fn the_page_is_for_browsers() {
    let server = serve(&[]);
    let accepts = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
    let (status, page) = server.ask("GET", "/", accepts, "");
    assert_eq!(status, 200);
    assert!(page.contains("<!DOCTYPE html>") && page.contains("续写"));
    for outside in ["src=", "href=\"http", "@import", "url("] {
        assert!(!page.contains(outside), "the page needs nothing from elsewhere, but has {outside}");
    }
    for headers in ["", "Accept: */*\r\n", "Accept: application/json\r\n"] {
        assert_eq!(server.ask("GET", "/", headers, ""), (200, "Ollama is running".to_string()));
    }
    assert_eq!(server.ask("HEAD", "/", "", ""), (200, String::new()));
}

/// The reason in an answer that refuses.
fn error_of(answer: &str) -> String {
    serde_json::from_str::<Value>(answer).unwrap()["error"].as_str().unwrap().to_string()
}

#[test]
fn a_body_that_is_no_json_or_too_long() {
    let server = serve(&[]);
    assert_eq!(server.ask("POST", "/api/generate", "", "{").0, 400);
    let (status, answer) = server.post("/api/classify", json!({ "text": "a" }));
    assert_eq!((status, error_of(&answer)), (400, "no model of this server can classify messages".to_string()));
    let long = json!({ "prompt": "a".repeat(2 << 20) }).to_string();
    let (status, answer) = server.ask("POST", "/api/generate", "", &long);
    assert_eq!((status, error_of(&answer).contains("limit")), (413, true), "{answer}");
    let (status, answer) = server.ask("POST", "/v1/completions", "", &long);
    let error = &serde_json::from_str::<Value>(&answer).unwrap()["error"];
    assert_eq!((status, &error["type"]), (413, &json!("invalid_request_error")), "each interface has its own form");
}

/// With a key, programs need it; the page does not, and asks its reader. Neither the key nor what users say is written down.
#[test]
fn a_server_with_a_key() {
    let folder = tempfile::tempdir().unwrap();
    save_writer(folder.path(), "model", 64);
    let server = serve_in(folder, &["--model", "model", "--api-key", "open sesame"]);
    let ask = |method: &str, path: &str, headers: &str| server.ask(method, path, headers, "{\"prompt\": \"The lamp\"}");
    let right = "Authorization: Bearer open sesame\r\n";
    for (method, path) in
        [("GET", "/api/tags"), ("POST", "/api/generate"), ("GET", "/v1/models"), ("POST", "/v1/completions")]
    {
        assert_eq!(ask(method, path, right).0, 200, "{path}");
        for headers in ["", "Authorization: Bearer open\r\n", "Authorization: Basic open sesame\r\n"] {
            let (status, answer) = ask(method, path, headers);
            assert_eq!(status, 401, "{path}");
            let error = &serde_json::from_str::<Value>(&answer).unwrap()["error"];
            let reason = if path.starts_with("/v1") { &error["message"] } else { error };
            assert!(reason.as_str().unwrap().contains("`Authorization: Bearer KEY`"), "{answer}");
            assert!(path.starts_with("/api") || error["code"] == "invalid_api_key", "{answer}");
        }
    }
    for path in ["/", "/look.js", "/look.css"] {
        assert_eq!(server.ask("GET", path, "", "").0, 200, "{path}");
    }
    assert_eq!(
        ask("GET", "/api/tags", &format!("{right}Origin: http://evil.example\r\n")).0,
        403,
        "a key is no permission"
    );
}

#[test]
fn the_key_can_stand_in_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    save_writer(folder.path(), "model", 64);
    let server =
        Server::start_with(folder, &["serve", "--port", "0", "--model", "model"], &[("LLM_API_KEY", "sesame")]);
    assert_eq!(server.ask("GET", "/api/tags", "", "").0, 401);
    assert_eq!(server.ask("GET", "/api/tags", "Authorization: Bearer sesame\r\n", "").0, 200);
    let folder = tempfile::tempdir().unwrap();
    let empty = run(folder.path(), &["serve", "--port", "0", "--api-key", ""]);
    assert_one_line_error(&empty, 1, &["the key of --api-key or LLM_API_KEY is empty"]);
}

#[test]
fn pages_of_other_sites_are_turned_away() {
    let server = serve(&[]);
    let body = json!({ "prompt": "a", "stream": false }).to_string();
    let status = |headers: &str| server.ask("POST", "/api/generate", headers, &body).0;
    assert_eq!(status(&format!("Origin: http://{}\r\n", server.address)), 200);
    assert_eq!(status("Origin: http://evil.example\r\n"), 403);
    assert_eq!(status("Origin: null\r\n"), 403);
    assert_eq!(status("Host: evil.example\r\n"), 403);
    let port = server.address.rsplit(':').next().unwrap();
    assert_eq!(status(&format!("Host: localhost:{port}\r\n")), 200);
    // A form or a plain-text request of another page needs no permission of the browser to be sent, but has its origin.
    let plain = "Content-Type: text/plain\r\n";
    assert_eq!(status(&format!("{plain}Origin: http://evil.example\r\n")), 403);
    assert_eq!(status(&format!("{plain}Origin: http://localhost:1\r\n")), 403);
    assert_eq!(status(plain), 200, "curl -d sends no origin");
    assert_eq!(server.ask("GET", "/", "Host: evil.example\r\n", "").0, 403);
}

/// On all addresses it says one that a browser can open, and answers under the others too.
#[test]
fn a_server_for_the_whole_network_is_reached_from_there() {
    let server = serve(&["--host", "0.0.0.0", "--allow-host", "box.lan"]);
    assert!(server.address.starts_with("127.0.0.1:"), "{}", server.address);
    let status = |headers: &str| server.ask("GET", "/api/tags", headers, "").0;
    assert_eq!(status(""), 200);
    assert_eq!(status("Host: 192.168.1.5:9000\r\nOrigin: http://192.168.1.5:9000\r\n"), 200);
    assert_eq!(status("Host: box.lan\r\nOrigin: https://box.lan\r\n"), 200);
    assert_eq!(status("Host: evil.example\r\n"), 403);
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["serve", "--allow-host", "http://box.lan"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("NAME or NAME:PORT"));
}

/// As long as a request may be. Encoding it anew for every turn that is forgotten would take minutes.
#[test]
fn a_conversation_of_thousands_of_turns_is_answered() {
    let server = serve_all(&[]);
    let roles = ["assistant", "user"];
    let turns = |count: usize, words: usize| {
        let message = |i: usize| json!({ "role": roles[i % 2], "content": "word ".repeat(words) });
        let messages: Vec<Value> =
            (1..count).map(message).chain([json!({ "role": "user", "content": "Why?" })]).collect();
        json!({ "messages": messages, "stream": false, "options": { "num_predict": 1 } })
    };
    let start = Instant::now();
    let (status, answer) = server.post("/api/chat", turns(4096, 40));
    assert_eq!(status, 200, "{answer}");
    assert!(serde_json::from_str::<Value>(&answer).unwrap()["forgotten_turns"].as_u64().unwrap() > 2000, "{answer}");
    // It takes a second; a machine under load may need several.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    let (status, answer) = server.post("/api/chat", turns(15_000, 1));
    assert_eq!((status, error_of(&answer).contains("there are 15000 messages; give at most 4096")), (400, true));
}

#[test]
fn too_many_requests_are_told_to_wait() {
    let server = serve(&["--max-tokens", "100000", "--parallel", "1", "--queue", "4"]);
    let body = json!({ "prompt": "a", "options": { "num_predict": 100_000 } }).to_string();
    // One is being answered, four wait, the others must be refused.
    let mut open: Vec<TcpStream> = (0..8).map(|_| server.send("POST", "/api/generate", "", &body)).collect();
    let mut refused = 0;
    for stream in &mut open {
        let mut line = String::new();
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        // A request that waits has no answer yet.
        let _ = BufReader::new(stream).read_line(&mut line);
        refused += usize::from(line.contains("503"));
    }
    assert_eq!(refused, 3);
    let mut answer = String::new();
    server.send("POST", "/v1/completions", "", "{\"prompt\": \"a\"}").read_to_string(&mut answer).unwrap();
    assert!(answer.contains("503") && answer.contains("retry-after: 1"), "clients come again: {answer}");
}

/// Ctrl-C.
#[cfg(unix)]
fn interrupt(server: &Server) {
    let kill = std::process::Command::new("kill").args(["-INT", &server.child.id().to_string()]).status().unwrap();
    assert!(kill.success());
}

/// The end of the program, which must come soon.
fn wait(server: &mut Server) -> std::process::ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = server.child.try_wait().unwrap() {
            return status;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "the program goes on");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The stream ends, and so does the program, although ten thousand tokens are still to come.
#[cfg(unix)]
#[test]
fn an_interrupt_in_the_middle_of_a_stream_ends_cleanly() {
    let mut server = serve(&["--max-tokens", "100000"]);
    let body = json!({ "prompt": "a", "options": { "num_predict": 100_000 } }).to_string();
    let mut reader = BufReader::new(server.send("POST", "/api/generate", "", &body));
    let mut line = String::new();
    while !line.contains("\"response\"") {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0);
    }
    interrupt(&server);
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("\"done\":true"), "the stream was cut off");
    assert_eq!(wait(&mut server).code(), Some(0));
}

/// A client that never finishes its request, and one that never reads its answer, do not keep the program alive.
#[cfg(unix)]
#[test]
fn silent_clients_do_not_keep_the_server_alive() {
    let mut server = serve(&["--max-tokens", "100000"]);
    let body = json!({ "prompt": "a", "options": { "num_predict": 100_000 } }).to_string();
    let _unread = server.send("POST", "/api/generate", "", &body);
    let mut half = TcpStream::connect(&server.address).unwrap();
    write!(half, "POST /api/generate HTTP/1.1\r\nHost: {}\r\nContent-Length: 100\r\n\r\n{{", server.address).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    interrupt(&server);
    assert_eq!(wait(&mut server).code(), Some(0));
}

/// Requests that do not come to their end are given up; an answer that takes its time is not.
#[test]
fn unfinished_requests_are_given_up_in_time() {
    let server = serve(&["--max-tokens", "100000"]);
    let open = |request: &str| {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "{request}").unwrap();
        stream
    };
    let half_a_head = "POST /api/generate HTTP/1.1\r\nHost:";
    let half_a_body = format!("POST /api/generate HTTP/1.1\r\nHost: {}\r\nContent-Length: 9\r\n\r\n{{", server.address);
    let body = json!({ "prompt": "a", "options": { "num_predict": 100_000 } }).to_string();
    let mut long = BufReader::new(server.send("POST", "/api/generate", "", &body));
    let start = Instant::now();
    for mut stream in ["", half_a_head, &half_a_body].map(open) {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert!(start.elapsed() < Duration::from_secs(25), "{:?}", start.elapsed());
    let given_up = humantime::format_rfc3339_millis(std::time::SystemTime::now()).to_string();
    let mut line = Value::Null;
    while line["created_at"].as_str().is_none_or(|time| time < given_up.as_str()) {
        let mut text = String::new();
        assert!(long.read_line(&mut text).unwrap() > 0, "the long answer was cut off");
        // Between the lines stand the lengths of their pieces.
        line = serde_json::from_str(&text).unwrap_or_default();
    }
    assert_eq!(line["done"], false, "the answer was not long enough for this test");
}

#[test]
fn an_occupied_port_and_a_missing_model_are_named() {
    let folder = tempfile::tempdir().unwrap();
    save_writer(folder.path(), "model", 64);
    let occupied = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = occupied.local_addr().unwrap().port().to_string();
    let output = run(folder.path(), &["serve", "--model", "model", "--port", &port]);
    assert_one_line_error(&output, 1, &["cannot listen on 127.0.0.1", &port, "--port"]);
    let serve = |args: &[&str]| run(folder.path(), &[&["serve", "--port", "0"], args].concat());
    assert_one_line_error(&serve(&["--model", "absent"]), 1, &["absent holds no model"]);
    assert_one_line_error(&serve(&[]), 1, &["there is no model in runs/pretrain", "llm pretrain", "--model"]);
    fs::create_dir(folder.path().join("other")).unwrap();
    save_writer(&folder.path().join("other"), "model", 64);
    let twice = serve(&["--model", "model", "--model", "other/model"]);
    assert_one_line_error(&twice, 1, &["two models are called 'model'"]);
    fs::write(folder.path().join("model/instruct.json"), "{}").unwrap();
    assert_one_line_error(&serve(&["--model", "model"]), 1, &["instruct.json does not name a prompt format"]);
}

/// Without --model, what the other commands have left is served.
#[test]
fn the_usual_folders_are_found() {
    let folder = tempfile::tempdir().unwrap();
    save_follower(folder.path(), "runs/instruct", 64);
    save_classifier_of(folder.path(), "runs/classify");
    // What an interrupted run leaves.
    fs::create_dir_all(folder.path().join("runs/pretrain/checkpoint-000006")).unwrap();
    let server = serve_in(folder, &[]);
    let (_, list) = server.ask("GET", "/api/tags", "", "");
    assert!(list.contains("\"classify\"") && list.contains("\"instruct\"") && !list.contains("pretrain"), "{list}");
}

/// One instance of the program judges the answers of another: every question reaches the judge, and what an untrained
/// model says is counted as it is.
#[test]
fn one_instance_judges_another() {
    let judge = tempfile::tempdir().unwrap();
    save_follower(judge.path(), "judge", 512);
    let judge = serve_in(judge, &["--model", "judge"]);

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_follower(folder, "tuned", 64);
    let tasks: Vec<Value> = (0..20)
        .map(|i| json!({ "instruction": format!("Add 1 to {i}."), "input": "", "output": (i + 1).to_string() }))
        .collect();
    fs::write(folder.join("tasks.json"), Value::from(tasks).to_string()).unwrap();
    let respond = [
        "instruct",
        "respond",
        "--model",
        "tuned",
        "--data",
        "tasks.json",
        "--out",
        "answers.json",
        "--max-new-tokens",
        "8",
    ];
    assert!(run(folder, &respond).status.success());
    let url = format!("http://{}", judge.address);
    let evaluate = |model: &str| {
        run(
            folder,
            &["instruct", "evaluate", "--responses", "answers.json", "--judge-url", &url, "--judge-model", model],
        )
    };
    assert_one_line_error(&evaluate("llama3"), 1, &["HTTP 404", "model 'llama3' not found; this server has judge"]);
    let output = evaluate("judge");
    let told = stdout(&output);
    let number = |label: &str| -> usize {
        let line = told.lines().find_map(|line| line.strip_prefix(label)).unwrap();
        line.split(' ').next().unwrap().parse().unwrap()
    };
    let (scores, failures) = (number("Number of scores: "), number("Failures: "));
    assert_eq!(scores + failures, 2, "{told}");
    assert_eq!(output.status.code(), Some(i32::from(scores == 0)), "{}", String::from_utf8_lossy(&output.stderr));
    let scores: Value = serde_json::from_slice(&fs::read(folder.join("answers-scores.json")).unwrap()).unwrap();
    assert!(scores["verdicts"].as_array().unwrap().iter().all(|verdict| verdict["reply"].is_string()), "{scores}");
}
