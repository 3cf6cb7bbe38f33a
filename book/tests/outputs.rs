//! Recorded outputs are compared with what the examples and the program print, with cargo and real programs.

mod small;

use small::Small;

const FILE: &str = "book/outputs/3_5_mask.txt";

/// What `cargo book outputs` says. What it builds lies in the folder of the small project, so that nothing of the real one is
/// replaced.
fn outputs(small: &Small, arguments: &[&str]) -> String {
    let mut command = small.command(&["outputs"]);
    command.args(arguments).env("CARGO_TARGET_DIR", small.path("target")).env("EXACT_OUTPUTS", "1");
    let output = command.output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn outputs_are_compared_and_recorded_anew() {
    let small = Small::new();
    let all_good = "1 outputs are as recorded\n";
    assert_eq!(outputs(&small, &["--check"]), all_good, "digits of the time do not count");

    small.replace("ch03-attention/examples/3_5_mask.rs", "[0.4656, 0.1723]", "[0.4656, 0.1724]");
    let found = outputs(&small, &["--check"]);
    let start = format!("{FILE}: the example prints something else now: `cargo book outputs 3_5_mask` records it\n");
    assert!(found.starts_with(&start) && found.contains("\n-[0.4656, 0.1723]\n+[0.4656, 0.1724]"), "{found}");
    assert!(found.ends_with("\n1 problem\n"), "{found}");

    assert_eq!(outputs(&small, &[]), format!("recorded {FILE}\n"));
    let recorded = small.read(FILE);
    assert!(recorded.starts_with("%% title\nMask\n%% row\n[0.4656, 0.1724]\n%~ took "), "{recorded}");
    assert_eq!(outputs(&small, &["--check"]), all_good);

    small.write(FILE, "%! needs-data\n%% a\nMask\n");
    let skipped =
        outputs(&small, &["--check", "3_5_mask"]).starts_with("skipped, because LLM_DATA_DIR names no folder");
    assert_eq!(skipped, std::env::var_os("LLM_DATA_DIR").is_none());

    small.write("ch03-attention/examples/3_5_mask.rs", "fn main() { panic!(\"no\"); }\n");
    small.write(FILE, "Mask\n");
    let found = outputs(&small, &["--check"]);
    assert!(found.starts_with(&format!("{FILE}: the example fails: ")) && found.contains("no"), "{found}");
}

const LLM: &str = "book/outputs/llm-lamp.txt";

/// A program that keeps its arguments in a file, prints the file, and complains without arguments.
const PROGRAM: &str = r#"
use std::io::Read;
fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (package, locale) = (std::env::var("CARGO_PKG_NAME").unwrap(), std::env::var("LC_ALL").unwrap());
    let mut text = std::fs::read_to_string("words").unwrap_or_default();
    text += &words.join("|");
    std::fs::write("words", &text).unwrap();
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input).unwrap();
    println!("{text} {package} {locale} {input:?} ");
    eprintln!("a message");
    if words.is_empty() {
        std::process::exit(1);
    }
}
"#;

const MANIFEST: &str = "[package]\nname = \"cli\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[[bin]]\nname = \"llm\"\npath = \"src/main.rs\"\n";

#[test]
fn calls_of_the_program_are_run_in_order_in_one_folder() {
    let small = Small::new();
    small.write("cli/Cargo.toml", MANIFEST);
    small.write("cli/src/main.rs", PROGRAM);
    small.replace("Cargo.toml", "\"ch03-attention\"", "\"ch03-attention\", \"cli\"");
    // What a writer begins with.
    small.write(LLM, "%! llm: pre \"a b\"\n%! llm: gen\n%! with-stderr\n%! input: x\\ny\n%! llm:\n%! fails\n");
    assert_eq!(outputs(&small, &["llm-lamp"]), format!("recorded {LLM}\n"));
    assert_eq!(
        small.read(LLM),
        "%! llm: pre \"a b\"\npre|a b cli C.UTF-8 \"\"\n%! llm: gen\n%! with-stderr\n%! input: x\\ny\n\
         pre|a bgen cli C.UTF-8 \"x\\ny\\n\"\na message\n%! llm:\n%! fails\npre|a bgen cli C.UTF-8 \"\"\n"
    );

    small.replace(LLM, "a bgen cli", "a b cli");
    let found = outputs(&small, &["--check"]);
    let start = format!("{LLM}: the program prints something else now: `cargo book outputs llm-lamp` records it\n");
    assert!(found.starts_with(&(start + "printf 'x\\ny\\n' | cargo run -- gen\n")), "{found}");

    small.write(LLM, "%! lang: zh\n%! llm: x\n%! fails\n");
    let found = outputs(&small, &["--check"]);
    assert!(found.starts_with(&format!("{LLM}: `cargo run -- x`: the program does not fail: ")), "{found}");
    small.write(LLM, "%! slow\n%! llm:\n");
    assert_eq!(
        outputs(&small, &["--check"]),
        "skipped, because they take minutes: llm-lamp; `cargo book outputs NAME` runs them\n1 outputs are as recorded\n"
    );
    let found = outputs(&small, &["--check", "llm-lamp"]);
    assert_eq!(found, format!("{LLM}: `cargo run`: the program fails: a message\n1 problem\n"));
}
