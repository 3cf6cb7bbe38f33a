//! The judge: what is asked, how replies are read, and what happens when nobody or nonsense answers.

mod common;

use std::time::Duration;

use ch07_instruct::judge::{score_prompt, verbose_score_prompt};
use ch07_instruct::*;
use common::{Answer, Server};
use serde_json::Value;

fn entry() -> Entry {
    Entry { model_response: Some("1 2".into()), ..Entry::new("Sort the numbers.", "2 1", "1, 2") }
}

#[test]
fn the_question_is_the_book_s() {
    let verbose = "Given the input `Below is an instruction that describes a task. Write a response that appropriately \
                   completes the request.\n\n### Instruction:\nSort the numbers.\n\n### Input:\n2 1` and correct \
                   output `1, 2`, score the model response `1 2` on a scale from 0 to 100, where 100 is the best \
                   score. ";
    assert_eq!(verbose_score_prompt(&entry(), "1 2"), verbose);
    assert_eq!(score_prompt(&entry(), "1 2"), format!("{verbose}Respond with the integer number only."));
}

#[test]
fn a_reply_counts_if_it_has_one_number() {
    for (reply, score) in [
        ("85", Some(85)),
        (" 0\n", Some(0)),
        ("100", Some(100)),
        ("Score: 85", Some(85)),
        ("**85**", Some(85)),
        ("85/100", Some(85)),
        ("I would give it 85 out of 100.", Some(85)),
        ("On a scale from 0 to 100, I say 40.", Some(40)),
        ("100 out of 100", Some(100)),
        ("77.6", Some(78)),
        ("85%. Yes, 85", Some(85)),
        ("101", None),
        ("-5", None),
        ("", None),
        ("a good answer", None),
        ("between 40 and 60", None),
        ("99999999999999999999999", None),
    ] {
        assert_eq!(parse_score(reply), score, "{reply:?}");
    }
}

#[test]
fn the_mean_leaves_failures_out() {
    let verdict = |score| Verdict { score, reply: String::new() };
    let summary = Summary::of(&[verdict(Some(50)), verdict(None), verdict(Some(100))]);
    assert_eq!((summary.mean, summary.scored, summary.failures(), summary.total), (Some(75.0), 2, 1, 3));
    assert_eq!(Summary::of(&[verdict(None)]).mean, None);
}

fn judge(server: &Server) -> Judge {
    Judge::new(&server.url, "llama3", Duration::from_secs(5))
}

#[test]
fn the_request_has_the_deterministic_options_and_pieces_are_joined() {
    let server = Server::start(|_, _| Answer::pieces(&["8", "5"]));
    let verdict = judge(&server).score(&entry()).unwrap();
    assert_eq!((verdict.score, verdict.reply.as_str()), (Some(85), "85"));
    let requests = server.requests();
    let [(line, body)] = &requests[..] else { panic!("one request, not {requests:?}") };
    assert!(line.starts_with("POST /api/chat "), "{line}");
    let body: Value = serde_json::from_str(body).unwrap();
    let expected = serde_json::json!({
        "model": "llama3",
        "messages": [{"role": "user", "content": score_prompt(&entry(), "1 2")}],
        "options": {"seed": 123, "temperature": 0, "num_ctx": 2048},
    });
    assert_eq!(body, expected);
}

#[test]
fn an_empty_response_is_worth_0_without_asking() {
    let server = Server::start(|_, _| Answer::pieces(&["90"]));
    let empty = Entry { model_response: Some(" ".into()), ..entry() };
    assert_eq!(judge(&server).score(&empty).unwrap().score, Some(0));
    assert!(server.requests().is_empty());
}

#[test]
fn a_passing_failure_is_asked_again() {
    let server = Server::start(|n, _| if n < 2 { Answer::new(503, "loading") } else { Answer::pieces(&["70"]) });
    assert_eq!(judge(&server).score(&entry()).unwrap().score, Some(70));
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_missing_model_is_said_at_once() {
    let server = Server::start(|_, _| Answer::new(404, r#"{"error":"model 'llama3' not found"}"#));
    let error = judge(&server).query("hi").unwrap_err().to_string();
    assert!(error.contains("HTTP 404") && error.contains("model 'llama3' not found"), "{error}");
    assert_eq!(server.requests().len(), 1);
}

/// What is too long for the judge is about this question only; a judge without its model answers none.
#[test]
fn a_refusal_of_one_question_is_told_from_one_of_all() {
    for (status, body, about_the_question) in [
        (400, r#"{"error":"the input length exceeds the context length"}"#, true),
        (500, r#"{"error":"llama runner process has terminated"}"#, true),
        (200, r#"{"error":"context canceled"}"#, true),
        (200, r#"{"message":{"role":"assistant","content":" "},"done":true}"#, true),
        (404, r#"{"error":"model 'llama3' not found"}"#, false),
        (401, r#"{"error":"unauthorized"}"#, false),
        (200, "<html>", false),
        (200, "", false),
    ] {
        let server = Server::start(move |_, _| Answer::new(status, body));
        let error = judge(&server).query("hi").unwrap_err();
        assert_eq!(error.is_about_the_question(), about_the_question, "{error}");
    }
}

#[test]
fn an_address_without_a_scheme_is_named() {
    for url in ["localhost:11434", "127.0.0.1:11434/", "ollama", "ftp://localhost"] {
        let judge = Judge::new(url, "llama3", Duration::from_secs(5));
        let error = judge.query("hi").unwrap_err();
        assert!(!error.is_about_the_question());
        let (url, error) = (url.trim_end_matches('/'), error.to_string());
        let expected = format!(
            "the judge's address is {url}, but must begin with http:// or https://, as in http://localhost:11434"
        );
        assert_eq!(error, expected);
    }
}

#[test]
fn nonsense_is_named() {
    for nonsense in ["<html>hello</html>", "{\"choices\": []}", "", "[]"] {
        let server = Server::start(move |_, _| Answer::new(200, nonsense));
        let error = judge(&server).query("hi").unwrap_err().to_string();
        assert!(error.contains("does not answer as an Ollama server"), "{nonsense}: {error}");
    }
}

#[test]
fn a_slow_judge_and_no_judge() {
    let server = Server::start(|_, _| Answer::after(Duration::from_millis(600), &["90"]));
    let slow = Judge::new(&server.url, "llama3", Duration::from_millis(100)).query("hi").unwrap_err().to_string();
    assert!(slow.contains("did not answer within 0.1 s"), "{slow}");

    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/");
    let down = Judge::new(&url, "llama3", Duration::from_secs(5)).query("hi").unwrap_err().to_string();
    assert!(down.starts_with(&format!("no judge answers at {url}api/chat")), "{down}");
    assert_eq!(down.lines().count(), 1);
}
