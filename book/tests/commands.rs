//! The commands as a reader calls them.

mod small;

use std::process::Output;

use small::Small;

fn book(small: &Small, arguments: &[&str]) -> Output {
    small.command(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn check_says_what_is_wrong_and_fails() {
    let small = Small::new();
    let written = text(&book(&small, &["notebooks"]).stdout);
    assert_eq!(written, "wrote book/notebooks/en/ch03.ipynb\nwrote book/notebooks/zh/ch03.ipynb\n");
    let good = book(&small, &["check", "--no-outputs"]);
    assert!(good.status.success(), "{good:?}");
    assert!(text(&good.stdout).starts_with("the book is in order ("), "{good:?}");

    small.replace("book/en/ch03/causal.md", "{{fig 3-01}}", "{{fig 3-09}}");
    small.replace("book/zh/ch03/causal.md", "$a < b$", "$\\nothing$");
    let bad = book(&small, &["check", "--no-outputs"]);
    assert_eq!(bad.status.code(), Some(1));
    let said = text(&bad.stdout);
    assert!(said.contains("book/en/ch03/causal.md:5: no figure book/figures/en/3-09.svg"), "{said}");
    assert!(said.contains("book/zh/ch03/causal.md:17: the formula `\\nothing` is wrong"), "all at once: {said}");
    assert!(said.trim().ends_with("problems"), "{said}");
}

#[test]
fn build_writes_nothing_if_something_is_wrong_unless_told_to_go_on() {
    let small = Small::new();
    small.replace("book/en/ch03/causal.md", "{{fig 3-01}}", "{{fig 3-09}}");
    let bad = book(&small, &["build"]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(!small.path("book/build").exists(), "nothing half-written");
    let told = book(&small, &["build", "--keep-going"]);
    assert_eq!(told.status.code(), Some(1));
    assert!(
        small.built("en/ch03/causal.html").contains("<strong class=\"problem\">no figure book/figures/en/3-09.svg")
    );
    assert!(small.built("index.html").contains("en/"));
}

#[test]
fn stamp_lists_what_it_did() {
    let small = Small::new();
    small.replace("book/en/ch03/causal.md", "A token sees", "A token always sees");
    let stamped = book(&small, &["stamp"]);
    let said = text(&stamped.stdout);
    assert_eq!(
        said,
        "stale   ch03/causal.md#causal: bring the text up to date, then `cargo book stamp ch03/causal.md#causal`\n"
    );
    assert_eq!(text(&book(&small, &["stamp", "--all"]).stdout), "stamped ch03/causal.md#causal\n");
    let unknown = book(&small, &["stamp", "ch03/nothing.md"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).starts_with("error: no page ch03/nothing.md in book/en"), "{unknown:?}");
}

#[test]
fn pdf_and_epub_say_what_is_missing() {
    let small = Small::new();
    let run = |what: &str, path: &str| {
        let output = small.command(&[what]).env_remove("CHROMIUM").env("PATH", path).output().unwrap();
        text(&output.stderr)
    };
    let missing = run("pdf", "/nothing");
    assert!(
        missing.starts_with("error: Chromium prints the book, and none was found: install it (Debian: "),
        "{missing}"
    );
    small.write("bin/chromium", "");
    let missing = run("pdf", &small.path("bin").to_string_lossy());
    assert_eq!(missing, "error: book/build/en/print.html is missing: run `cargo book build` first\n");
    let missing = run("epub", "/nothing");
    assert_eq!(missing, "error: book/build/en/preface.html is missing: run `cargo book build` first\n");
}

/// A browser that "prints" the page which it is given, and puts a number into the name of the copy that it keeps.
#[cfg(unix)]
const BROWSER: &str = "#!/bin/sh\nfor word; do case $word in --print-to-pdf=*) pdf=${word#*=};; file://*) page=${word#file://};; esac; done\n\
                       { echo %PDF; cat \"$page\"; } >\"$pdf\"\n";

#[cfg(unix)]
#[test]
fn pdf_prints_cover_contents_and_chapters() {
    use std::os::unix::fs::PermissionsExt;

    let small = Small::new();
    small.build();
    small.write("book/theme/pdf.css", ".of-pdf {}");
    small.write("book/theme/cover-en.svg", "<?xml?><svg><style>text{}</style><rect id=\"cover\"/></svg>");
    small.write("chromium", BROWSER);
    std::fs::set_permissions(small.path("chromium"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = small.command(&["pdf"]).env("CHROMIUM", small.path("chromium")).output().unwrap();
    let said = text(&output.stdout);
    assert_eq!(said, "book/build/llm-from-scratch-rs-en.pdf\nbook/build/llm-from-scratch-rs-zh.pdf\n", "{output:?}");
    assert!(!small.path("book/build/en/paper.html").exists(), "what was printed is gone");
    let printed = small.built("llm-from-scratch-rs-en.pdf");
    assert!(
        printed.contains(".of-pdf {}")
            && printed.contains("<div class=\"paper-cover\"><svg><rect id=\"cover\"/></svg></div>")
    );
    assert!(
        printed.contains("<a class=\"depth-0\" href=\"#causal\"><span>3 Attention</span><i></i><b></b></a>"),
        "{printed}"
    );
    assert!(printed.contains("@page chapter-2 { @top-right { content: \"3 Attention\"; } }"));
    assert!(printed.contains("<span class=\"file\">ch03-attention/src/lib.rs</span>"), "no links to files");
    assert_eq!(printed.matches("<main ").count(), 2);
}

#[test]
fn serve_shows_the_book_and_builds_it_again_after_a_change() {
    let small = Small::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = small.command(&["serve", "--port", &port.to_string()]);
    let server = Server(command.stdout(std::process::Stdio::null()).spawn().unwrap());
    let get = |path: &str| {
        let mut answer = ureq::get(format!("http://127.0.0.1:{port}/{path}")).call().ok()?;
        answer.body_mut().read_to_string().ok()
    };
    wait(|| get("en/ch03/causal.html").is_some_and(|page| page.contains(" sees itself.")));
    assert!(get("en/nothing.html").is_none() && get("../../Cargo.toml").is_none());
    small.replace("book/en/ch03/causal.md", "A token sees itself.", "A token sees the past.");
    wait(|| get("en/ch03/causal.html").is_some_and(|page| page.contains(" sees the past.")));
    drop(server);
}

/// Ends with the test.
struct Server(std::process::Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait(mut is_so: impl FnMut() -> bool) {
    for _ in 0..600 {
        if is_so() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("it did not happen within a minute");
}
