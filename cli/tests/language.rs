//! The reader's language, the form of commands in hints, and what the program shows without a command.

mod common;

use std::path::Path;
use std::process::Output;

use common::{LLM, llm, run, stdout};

fn in_chinese(folder: &Path, args: &[&str]) -> Output {
    llm(folder, args).env("LC_ALL", "zh_CN.UTF-8").output().unwrap()
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

#[test]
fn without_a_command_it_says_what_to_do_first() {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = run(checkout, &[]);
    assert_eq!(output.status.code(), Some(0));
    let text = stdout(&output);
    let is_command = |line: &&str| line.starts_with(LLM) || line.starts_with("cargo");
    let commands: Vec<&str> = lines(&text).into_iter().filter(is_command).collect();
    let expected = [
        format!("{LLM} pretrain"),
        format!("{LLM} generate --model runs/pretrain --prompt \"Every evening\""),
        "cargo book build".to_string(),
        format!("{LLM} book"),
        "cargo run -p ch03-attention --example 3_3_simplified_attention".to_string(),
        format!("{LLM} exercise list"),
        format!("{LLM} exercise show 3.1"),
        format!("{LLM} serve"),
        format!("{LLM} help"),
        format!("{LLM} help pretrain"),
    ];
    assert_eq!(commands, expected, "{text}");

    // As `cargo run` starts it.
    let through_cargo = stdout(&llm(checkout, &[]).env("CARGO_PKG_NAME", "cli").output().unwrap());
    let is_pretrain = |line: &&str| line.starts_with("cargo run ") && line.ends_with("-- pretrain");
    assert!(lines(&through_cargo).iter().any(is_pretrain) && !through_cargo.contains(LLM), "{through_cargo}");

    // Elsewhere there are no exercises.
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = stdout(&in_chinese(folder.path(), &[]));
    assert!(elsewhere.contains("先做这三件事") && elsewhere.contains(&format!("{LLM} data list")), "{elsewhere}");
    assert!(!elsewhere.contains("exercise"), "{elsewhere}");
}

#[test]
fn common_errors_are_in_the_reader_s_language() {
    let folder = tempfile::tempdir().unwrap();
    for (args, english, chinese) in [
        (&["info", "--model", "nowhere"][..], "nowhere", "nowhere 中没有模型"),
        (
            &["pretrain", "--text", "a.txt"],
            "error: cannot read a.txt: ",
            "错误：无法读取 a.txt：没有这个文件或文件夹\n",
        ),
        (&["data", "path", "nothing"], "error: there is no data set 'nothing'", "错误：没有数据集 'nothing'"),
        (&["pretrain", "--dataset", "the-verdict"], "is not on this machine", "错误：本机没有数据集 'the-verdict'"),
        (
            &["pretrain", "--drop-rate", "2"],
            "error: drop_rate is 2, but",
            "错误：drop_rate 是 2，但应为：不小于 0 且小于 1\n",
        ),
    ] {
        let (in_english, in_chinese) = (run(folder.path(), args), in_chinese(folder.path(), args));
        assert_eq!((in_english.status.code(), in_chinese.status.code()), (Some(1), Some(1)), "{args:?}");
        for (output, expected) in [(in_english, english), (in_chinese, chinese)] {
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(stderr.contains(expected), "{args:?}: '{expected}' is missing in: {stderr}");
            assert_eq!(stderr.lines().count(), 1, "{stderr}");
        }
    }
    // A command in an error has the form in which the program was started.
    let missing = String::from_utf8(run(folder.path(), &["data", "path", "the-verdict"]).stderr).unwrap();
    assert!(missing.contains(&format!("`{LLM} data fetch the-verdict`")), "{missing}");
}

#[test]
fn wrong_usage_and_help_are_in_the_reader_s_language() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = |args: &[&str]| {
        let output = in_chinese(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(wrong(&["pretrian"]).starts_with("错误：没有命令 'pretrian'；你要的是 'pretrain' 吗？\n"));
    let device = wrong(&["pretrain", "--device", "abacus"]);
    assert!(device.contains("的值 'abacus' 无效：没有设备 'abacus'；可选的有 auto, cpu"), "{device}");
    assert_eq!(run(folder.path(), &["pretrian"]).status.code(), Some(2));

    let help = in_chinese(folder.path(), &["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(stdout(&help).contains("\n用法：llm ") && stdout(&help).contains("用训练好的模型续写提示"));
    assert!(stdout(&run(folder.path(), &["--help"])).contains("Continue a prompt with a trained model"));
}

#[test]
fn a_shell_learns_the_commands_and_the_options() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = stdout(&run(folder.path(), &["completions", shell]));
        for word in ["pretrain", "predict", "epochs", "temperature", "exercise"] {
            assert!(script.contains(word), "{word} is missing in the script for {shell}");
        }
    }
}
