//! What people do in a terminal: texts through pipes, Ctrl-C, manual pages, commands that can be copied, no colours where
//! nobody sees them.

mod common;

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use common::inputs::{SENTENCE, folder_with, pretrain};
use common::llama::{TEMPLATE, save_talking};
use common::server::{save_classifier_of, save_follower, save_writer};
use common::{LLM, assert_one_line_error, llm, run, stdout};
use serde_json::Value;

/// Runs the program with this on standard input.
fn pipe(folder: &Path, args: &[&str], input: &[u8]) -> Output {
    pipe_in("C", folder, args, input)
}

fn pipe_in(language: &str, folder: &Path, args: &[&str], input: &[u8]) -> Output {
    let mut program = llm(folder, args);
    let program = program.env("LC_ALL", language).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = program.spawn().unwrap();
    // It may end without reading.
    let _ = program.stdin.take().unwrap().write_all(input);
    program.wait_with_output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn succeeds(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    stdout(output)
}

/// The line about a text that was written, and the one before it.
fn how(output: &Output) -> String {
    succeeds(output);
    stderr(output).lines().last().unwrap_or_default().to_string()
}

// Texts from standard input

#[test]
fn a_prompt_from_standard_input_is_the_text_without_its_last_line_break() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_writer(folder, "gpt", 64);
    save_talking(folder, "llama", None);
    for model in ["gpt", "llama"] {
        let generate = ["generate", "--model", model, "--max-new-tokens", "3", "--json"];
        let ids = |output: Output| {
            let json: Value = serde_json::from_str(&succeeds(&output)).unwrap();
            json["ids"].clone()
        };
        let given = |prompt: &str| ids(run(folder, &[&generate[..], &["--prompt", prompt]].concat()));
        let piped = |input: &[u8]| ids(pipe(folder, &[&generate[..], &["--prompt", "-"]].concat(), input));
        for (input, prompt) in [
            ("Every evening", "Every evening"),
            ("Every evening\n", "Every evening"),
            ("Every evening\r\n", "Every evening"),
            ("\u{feff}Every\r\nevening\n\n", "Every\nevening\n"),
            ("\nEvery evening", "\nEvery evening"),
            ("-5 degrees", "-5 degrees"),
            ("每天晚上\n", "每天晚上"),
        ] {
            assert_eq!(piped(input.as_bytes()), given(prompt), "{model}: {input:?}");
        }
        let hyphen = pipe(folder, &[&generate[..], &["--prompt=-"]].concat(), b"-\n");
        let hyphen: Value = serde_json::from_str(&succeeds(&hyphen)).unwrap();
        assert!(hyphen["text"].as_str().unwrap().starts_with('-'), "{hyphen}");
        let fails = |input: &[u8], parts: &[&str]| {
            assert_one_line_error(&pipe(folder, &[&generate[..], &["--prompt", "-"]].concat(), input), 1, parts);
        };
        fails(b"caf\xe9\n", &["error: standard input: not UTF-8 text: the first bad byte is at offset 3"]);
        fails(b"\xff\xfea\0", &["error: standard input: UTF-16 text, not UTF-8; save it as UTF-8"]);
        let args = [&generate[..], &["--prompt", "-"]].concat();
        assert_one_line_error(&pipe_in("zh_CN.UTF-8", folder, &args, b"caf\xe9"), 1, &["错误：标准输入", "UTF-8"]);
    }
    let empty = pipe(folder, &["generate", "--model", "gpt", "--prompt", "-"], b"\n");
    assert_eq!(stderr(&empty), stderr(&run(folder, &["generate", "--model", "gpt", "--prompt", ""])));
}

#[test]
fn a_text_from_standard_input_is_that_of_a_file() {
    let folder = folder_with("{}", &SENTENCE.repeat(40));
    let folder = folder.path();
    let text = fs::read(folder.join("text.txt")).unwrap();
    save_writer(folder, "model", 64);
    let eval = |file: &'static str| ["eval", "--model", "model", "--json", "--device", "cpu", "--text", file];
    assert_eq!(succeeds(&pipe(folder, &eval("-"), &text)), succeeds(&run(folder, &eval("text.txt"))));
    assert_one_line_error(&pipe(folder, &eval("-"), b" \n"), 1, &["there is no text on standard input"]);
    assert_one_line_error(&pipe(folder, &eval("-"), b"\xff"), 1, &["standard input", "not UTF-8"]);
    assert_one_line_error(&pipe(folder, &eval("-"), b"a"), 1, &["standard input has 1 token"]);

    let train = |out: &'static str, file: &'static str| {
        ["tokenizer", "train", "--vocab-size", "270", "--out", out, "--text", file]
    };
    let told = succeeds(&pipe(folder, &train("piped", "-"), &text));
    assert!(told.contains("standard input: ") && told.contains("pretrain --text FILE --tokenizer piped"), "{told}");
    succeeds(&run(folder, &train("read", "text.txt")));
    let merges = |out: &str| fs::read(folder.join(out).join("merges.txt")).unwrap();
    assert_eq!(merges("piped"), merges("read"));

    assert_eq!(
        succeeds(&pipe(folder, &["tokenizer", "encode", "--ids", "-"], b"Hello\n")),
        succeeds(&pipe(folder, &["tokenizer", "encode", "--ids"], b"Hello\n")),
    );
    assert_eq!(succeeds(&pipe(folder, &["tokenizer", "decode", "-"], b"15496, 11\n")), "Hello,\n");
    save_classifier_of(folder, "spam");
    let predict =
        |texts: &[&'static str]| [&["classify", "predict", "--model", "spam", "--device", "cpu"], texts].concat();
    let both = succeeds(&pipe(folder, &predict(&["-"]), b"one\ntwo\n"));
    assert_eq!(both, succeeds(&run(folder, &predict(&["one", "two"]))));
    assert_one_line_error(&pipe(folder, &predict(&["one", "-"]), b"two"), 1, &["- stands for standard input"]);
}

/// A run remembers what it was trained on, and a text that was piped must be given again.
#[test]
fn a_run_on_standard_input_is_continued_with_the_same_text() {
    const CONFIG: &str = r#"{"model": {"vocab_size": 50257, "context_length": 16, "emb_dim": 8, "n_heads": 2, "n_layers": 1,
        "drop_rate": 0.1, "qkv_bias": false}, "training": {"batch_size": 2, "learning_rate": 0.01, "weight_decay": 0.1,
        "epochs": 1, "eval_freq": 100, "eval_iter": 1}}"#;
    let folder = folder_with(CONFIG, &SENTENCE.repeat(20));
    let folder = folder.path();
    let text = fs::read(folder.join("text.txt")).unwrap();
    let piped: Vec<&str> = pretrain(&[]).into_iter().map(|part| if part == "text.txt" { "-" } else { part }).collect();
    let losses = |log: &str| {
        let log = fs::read_to_string(folder.join(log)).unwrap();
        log.lines().filter(|line| line.contains("\"step\",")).map(str::to_string).collect::<Vec<_>>()
    };
    succeeds(&pipe(folder, &piped, &text));
    let of_the_pipe = losses("log.jsonl");
    fs::remove_file(folder.join("log.jsonl")).unwrap();
    succeeds(&run(folder, &pretrain(&[])));
    assert!(!of_the_pipe.is_empty());
    assert_eq!(losses("log.jsonl"), of_the_pipe);

    succeeds(&pipe(folder, &piped, &text));
    let resume = ["pretrain", "--resume", "out", "--epochs", "2", "--device", "cpu"];
    assert_one_line_error(&run(folder, &resume), 1, &["came from standard input", "--text FILE"]);
    let other = pipe(folder, &[&resume[..], &["--text", "-"]].concat(), b"Another text, which is not the same.");
    assert_one_line_error(&other, 1, &["the text has changed since the run began"]);
    succeeds(&pipe(folder, &[&resume[..], &["--text", "-"]].concat(), &text));
    succeeds(&run(folder, &["pretrain", "--resume", "out", "--epochs", "3", "--text", "text.txt", "--device", "cpu"]));
    // From now on it is a file's.
    succeeds(&run(folder, &["pretrain", "--resume", "out", "--epochs", "4", "--device", "cpu"]));

    let both: Vec<&str> = piped.iter().map(|&part| if part == "The boats" { "-" } else { part }).collect();
    assert_one_line_error(&pipe(folder, &both, &text), 1, &["--text and --prompt cannot both be standard input"]);
}

#[test]
fn standard_input_is_read_for_one_thing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_talking(folder, "llama", Some(TEMPLATE));
    let chat = pipe(folder, &["chat", "--model", "llama", "--system", "-"], b"Be brief.");
    assert_one_line_error(&chat, 1, &["standard input has the messages", "--system \"$(cat FILE)\""]);
    save_follower(folder, "gpt", 64);
    let chat = pipe(folder, &["instruct", "chat", "--model", "gpt", "--input", "-"], b"one");
    assert_one_line_error(&chat, 1, &["standard input has the messages", "--input \"$(cat FILE)\""]);
}

// How a text was written

#[test]
fn after_a_text_it_says_how_fast_it_was_and_why_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_writer(folder, "gpt", 64);
    save_talking(folder, "llama", None);
    let generate = |model: &str, extra: &[&str]| {
        run(folder, &[&["generate", "--model", model, "--prompt", "a bee", "--device", "cpu"], extra].concat())
    };
    let short = ["--max-new-tokens", "4"];
    for model in ["gpt", "llama"] {
        for form in [&[][..], &["--stream"], &["--json"]] {
            let output = generate(model, &[&short[..], form].concat());
            let how = how(&output);
            assert!(how.starts_with("[4 tokens, ") && how.contains(" per second, after reading "), "{model}: {how}");
            assert!(how.ends_with(" s; cut off at --max-new-tokens]"), "{how}");
            assert!(!stdout(&output).contains("per second"), "{output:?}");
        }
        assert!(how(&generate(model, &["--max-new-tokens", "0"])).starts_with("[0 tokens, after reading "));
        let json: Value = serde_json::from_str(&stdout(&generate(model, &[&short[..], &["--json"]].concat()))).unwrap();
        assert_eq!(json["finish_reason"], "length");
    }
    // Five tokens of 'a bee', and 123 new ones; then the model can read no more.
    let full = generate("llama", &["--max-new-tokens", "500", "--json"]);
    assert!(how(&full).ends_with("; cut off because the context of 128 tokens is full]"), "{}", how(&full));
    let all: Value = serde_json::from_str(&stdout(&full)).unwrap();
    assert_eq!(all["finish_reason"], "length");
    let ids: Vec<u64> = all["ids"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect();
    assert_eq!(ids.len(), 128);
    // The third new token ends the text, once it is a stop id; it is not part of it.
    let prompt = succeeds(&generate("llama", &["--max-new-tokens", "0", "--json"]));
    let prompt: Value = serde_json::from_str(&prompt).unwrap();
    let new = &ids[prompt["ids"].as_array().unwrap().len()..];
    let first = new.iter().position(|id| *id == new[2]).unwrap();
    fs::write(folder.join("llama/generation_config.json"), format!("{{\"eos_token_id\": {}}}", new[2])).unwrap();
    let stopped = generate("llama", &["--json"]);
    let how = how(&stopped);
    assert!(how.ends_with("; the model ended the text]") && how.starts_with(&format!("[{first} token")), "{how}");
    let json: Value = serde_json::from_str(&stdout(&stopped)).unwrap();
    assert_eq!(json["finish_reason"], "stop");

    let chinese = llm(folder, &["generate", "--model", "gpt", "--prompt", "a", "--max-new-tokens", "4"])
        .env("LC_ALL", "zh_CN.UTF-8")
        .output()
        .unwrap();
    let how = stderr(&chinese);
    assert!(how.contains("[4 个词元，每秒 ") && how.contains("达到 --max-new-tokens，已截断]"), "{how}");
}

/// In a chat an answer has at most a quarter of the context, whatever `--max-new-tokens` says.
#[test]
fn an_answer_says_what_has_cut_it_off() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_talking(folder, "llama", Some(TEMPLATE));
    save_follower(folder, "gpt", 64);
    for chat in [&["chat", "--model", "llama"][..], &["instruct", "chat", "--model", "gpt", "--device", "cpu"]] {
        let of = |tokens: &str| how(&pipe(folder, &[chat, &["--max-new-tokens", tokens]].concat(), b"Hello\n"));
        let (few, many) = (of("3"), of("1000"));
        let ended = ["; the model ended the text]", "; cut off at a quarter of the context]"];
        assert!(few.contains("cut off at --max-new-tokens]") || few.ends_with(ended[0]), "{few}");
        assert!(ended.iter().any(|ending| many.ends_with(ending)), "{many}");
    }
}

/// What there is of the text is printed.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_text() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_writer(folder, "gpt", 64);
    let args = ["generate", "--model", "gpt", "--prompt", "a", "--max-new-tokens", "1000000", "--stream"];
    let mut program = llm(folder, &args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut begun = [0; 40];
    program.stdout.as_mut().unwrap().read_exact(&mut begun).unwrap();
    assert!(Command::new("kill").args(["-INT", &program.id().to_string()]).status().unwrap().success());
    let output = program.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stderr(&output).ends_with("; stopped with Ctrl-C]\n"), "{}", stderr(&output));
    assert!(output.stdout.ends_with(b"\n"));
}

// Chats

#[test]
fn a_message_can_have_several_lines() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_talking(folder, "model", Some(TEMPLATE));
    let talk = |lines: &str| {
        let output = pipe(folder, &["chat", "--model", "model", "--max-new-tokens", "1"], lines.as_bytes());
        succeeds(&output);
        stderr(&output)
    };
    let read = |lines: &str| {
        let told = talk(lines);
        let read = told.split("after reading ").skip(1).map(|rest| rest.split(' ').next().unwrap().to_string());
        read.collect::<Vec<_>>()
    };
    // A token for each character: 19 around the message, as in `tests/chat.rs`.
    assert_eq!(read("\"\"\"Hi\n/new\n\nHo\"\"\"\n"), ["30"]);
    assert_eq!(read("\"\"\"\nHi\n\"\"\"\n"), read("Hi\n"));
    let unclosed = talk("\"\"\"Hi\n/quit\n");
    assert!(unclosed.contains("[the text after \"\"\" has no end") && !unclosed.contains("reading"), "{unclosed}");
    // A chat about no tasks has no inputs.
    assert!(talk("/input a\n").contains("[there is no command /input a. "));
}

/// Qwen3's template has a choice to think, and every other answers at once.
#[test]
fn thinking_is_a_choice() {
    const THINKER: &str = "{% for message in messages %}{{ bos_token + message['content'] + eos_token }}{% endfor %}\
        {{ bos_token + ('' if enable_thinking == false else '?') }}";
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_talking(folder, "thinker", Some(THINKER));
    save_talking(folder, "other", Some(TEMPLATE));
    let talk = |model: &str, extra: &[&str]| {
        let args = [&["chat", "--model", model, "--max-new-tokens", "1"], extra].concat();
        let output = pipe(folder, &args, b"Hi\n");
        succeeds(&output);
        stderr(&output)
    };
    assert!(talk("thinker", &[]).contains("after reading 5 in"), "it answers at once, as in the server");
    let thinking = talk("thinker", &["--think"]);
    assert!(thinking.contains("after reading 6 in") && !thinking.contains("note: "), "{thinking}");
    let without = talk("other", &["--think"]);
    assert!(without.contains("note: the template of other knows no thinking"), "{without}");
}

// Manual pages

/// The names of the commands that `help` lists, with those below them.
fn commands(folder: &Path, above: &[&str]) -> Vec<String> {
    let help = succeeds(&run(folder, &[above, &["--help"]].concat()));
    let Some((_, list)) = help.split_once("Commands:\n") else { return Vec::new() };
    let names =
        list.lines().take_while(|line| line.starts_with("  ")).filter_map(|line| line.split_whitespace().next());
    let mut all = Vec::new();
    for name in names.filter(|name| *name != "help") {
        let path = [above, &[name]].concat();
        all.push(path.join("-"));
        all.extend(commands(folder, &path));
    }
    all
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let told = succeeds(&run(folder, &["man", "--out", "deep/man1"]));
    let expected = commands(folder, &[]);
    assert!(expected.len() > 35 && expected.contains(&"instruct-train".to_string()), "{expected:?}");
    assert!(told.contains(&format!("{} pages: deep/man1", expected.len() + 1)), "{told}");
    for command in expected.iter().map(|name| format!("llm-{name}")).chain(["llm".to_string()]) {
        let page = fs::read_to_string(folder.join(format!("deep/man1/{command}.1"))).unwrap();
        assert!(page.contains(&format!(".TH {command} 1 ")), "{page}");
    }
    let printed = succeeds(&run(folder, &["man", "instruct", "train"]));
    assert_eq!(printed, fs::read_to_string(folder.join("deep/man1/llm-instruct-train.1")).unwrap());
    assert!(printed.contains("mask\\-instruction"), "{printed}");
    assert!(succeeds(&run(folder, &["man"])).contains("llm\\-pretrain(1)"));
    let chinese = llm(folder, &["man"]).env("LC_ALL", "zh_CN.UTF-8").output().unwrap();
    assert!(succeeds(&chinese).contains("用训练好的模型续写提示"));

    assert_one_line_error(&run(folder, &["man", "trian"]), 1, &["no command 'trian' of llm", "pretrain"]);
    assert_one_line_error(&run(folder, &["man", "generate", "x"]), 1, &["llm generate has no commands of its own"]);
}

// Commands that can be copied

/// The program is started as cargo does it: a file in `target/PROFILE`, and a variable with the name of the package.
#[test]
fn a_hint_can_be_copied_however_the_program_was_started() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (profile, expected) in
        [("debug", "cargo run"), ("release", "cargo run --release"), ("quick", "cargo run --profile quick")]
    {
        let program = folder.join("target").join(profile).join("llm");
        fs::create_dir_all(program.parent().unwrap()).unwrap();
        // A copy, where the file cannot have two names.
        fs::hard_link(LLM, &program).or_else(|_| fs::copy(LLM, &program).map(drop)).unwrap();
        let start = |by_cargo: bool, args: &[&str]| {
            let mut command = Command::new(&program);
            let command = command.current_dir(folder).args(args).env("LC_ALL", "C").env_remove("LLM_DATA_DIR");
            let command = command.env("XDG_DATA_HOME", folder.join("no-data")).env_remove("CARGO_PKG_NAME");
            if by_cargo { command.env("CARGO_PKG_NAME", "cli") } else { command }.output().unwrap()
        };
        let path = program.display().to_string();
        for (by_cargo, form) in [(true, expected), (false, &path)] {
            // What is said without a command, in an error of a library, in one of the program, in help.
            let hint = |args: &[&str], what: &str| {
                let output = start(by_cargo, args);
                let said = stdout(&output) + &stderr(&output);
                // The features are part of a command of cargo's.
                let words: Vec<&str> = said.split(['`', '\n']).filter(|part| part.ends_with(what)).collect();
                let is_so = |part: &&str| part.trim().starts_with(form) && part.contains("--") == by_cargo;
                assert!(!words.is_empty() && words.iter().all(is_so), "{args:?}: {form}: {words:?} in {said}");
            };
            hint(&[], " serve");
            hint(&["data", "path", "the-verdict"], " data fetch the-verdict");
            hint(&["generate", "--prompt", "a"], " pretrain");
            hint(&["pretrain", "--help"], " tokenizer train");
        }
    }
    // A program of another package of cargo's.
    let other = llm(folder, &[]).env("CARGO_PKG_NAME", "another").output().unwrap();
    assert!(stdout(&other).contains(&format!("{LLM} serve")));
}

// Colours

/// Sequences for terminals begin with this.
const ESCAPE: char = '\u{1b}';

/// Runs the program in a terminal: `script` shows what it writes. `None` without such a program.
#[cfg(target_os = "linux")]
fn in_terminal(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> Option<String> {
    let line: Vec<String> = [LLM].iter().chain(args).map(|word| format!("'{word}'")).collect();
    let mut script = Command::new("script");
    let script = script.current_dir(folder).args(["-qec", &line.join(" "), "/dev/null"]).stdin(Stdio::null());
    // `CI` too: its logs show colours whatever the terminal, and clap knows that.
    for variable in ["CI", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LLM_DATA_DIR", "CARGO_PKG_NAME"] {
        script.env_remove(variable);
    }
    let script = script.env("LC_ALL", "C").env("TERM", "xterm-256color").envs(variables.iter().copied());
    match script.output() {
        Ok(output) => Some(String::from_utf8(output.stdout).unwrap()),
        Err(error) => {
            eprintln!("skipped: script: {error}");
            None
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn colours_and_moving_bars_are_for_terminals_that_can_show_them() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let help = ["--help"];
    let wrong = ["generate", "--promt", "a"];
    let train = ["tokenizer", "train", "--vocab-size", "300", "--out", "v"];
    let Some(coloured) = in_terminal(folder, &help, &[]) else { return };
    assert!(coloured.contains(ESCAPE), "help has colours in a terminal: {coloured}");
    assert!(in_terminal(folder, &wrong, &[]).unwrap().contains(ESCAPE));
    assert!(in_terminal(folder, &train, &[]).unwrap().contains(ESCAPE), "a bar is redrawn");
    for plain in [("NO_COLOR", "1"), ("CLICOLOR", "0"), ("TERM", "dumb")] {
        for args in [&help[..], &wrong] {
            let shown = in_terminal(folder, args, &[plain]).unwrap();
            assert!(!shown.contains(ESCAPE) && shown.contains("--help"), "{plain:?}: {shown:?}");
        }
    }
    // A bar has no colours, but moves: only a terminal that cannot do that gets none.
    let moving = in_terminal(folder, &train, &[("NO_COLOR", "1")]).unwrap();
    assert!(!moving.contains("\u{1b}[3") && !moving.contains("\u{1b}[1m"), "{moving:?}");
    assert!(!in_terminal(folder, &train, &[("TERM", "dumb")]).unwrap().contains(ESCAPE));
}

/// A model can write any character: `\u{1b}[2J` would clear the screen.
#[cfg(target_os = "linux")]
#[test]
fn a_text_does_not_control_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let ids = succeeds(&pipe(folder, &["tokenizer", "encode", "--ids"], b"a\x1b[2J\tb"));
    let decode = ["tokenizer", "decode", ids.trim()];
    assert_eq!(succeeds(&run(folder, &decode)), "a\u{1b}[2J\tb\n", "a file gets the text as it is");
    let Some(shown) = in_terminal(folder, &decode, &[]) else { return };
    assert_eq!(shown, "a\\u{1b}[2J\tb\r\n");

    save_writer(folder, "gpt", 64);
    save_follower(folder, "follower", 64);
    save_talking(folder, "llama", Some(TEMPLATE));
    save_classifier_of(folder, "spam");
    let few = ["--max-new-tokens", "1"];
    for args in [
        &[&["generate", "--model", "gpt", "--prompt", "a\u{1b}[2Jb"], &few[..]].concat()[..],
        &[&["generate", "--stream", "--model", "gpt", "--prompt", "a\u{1b}[2Jb"], &few[..]].concat(),
        &[&["generate", "--model", "llama", "--prompt", "a\u{1b}[2Jb"], &few[..]].concat(),
        &[&["generate", "--stream", "--model", "llama", "--prompt", "a\u{1b}[2Jb"], &few[..]].concat(),
        &["classify", "predict", "--model", "spam", "a\u{1b}[2Jb"],
    ] {
        let shown = in_terminal(folder, args, &[]).unwrap();
        assert!(shown.contains("a\\u{1b}[2Jb") && !shown.contains(ESCAPE), "{args:?}: {shown:?}");
    }
}

#[test]
fn nothing_but_text_goes_to_files_and_pipes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for args in [
        &["--help"][..],
        &["generate", "--promt", "a"],
        &["generate", "--prompt", "a"],
        &["tokenizer", "train", "--vocab-size", "300", "--out", "v"],
        &["help", "pretrain"],
    ] {
        let output = llm(folder, args).env("TERM", "xterm-256color").env_remove("CLICOLOR_FORCE").output().unwrap();
        assert!(!(stdout(&output) + &stderr(&output)).contains(ESCAPE), "{args:?}: {output:?}");
    }
}
