//! `llm book`: opening and serving the built book.

mod common;

use std::fs;

use common::server::Server;
use common::{assert_one_line_error, llm, run, stdout};

/// A checkout with a book of two pages.
fn checkout() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("ch02-text/exercises")).unwrap();
    for (page, text) in [
        ("index.html", "both"),
        ("en/index.html", "attention"),
        ("zh/index.html", "注意力"),
        ("en/ch03/index.html", "chapter 3"),
        ("en/ch03/causal.html", "section 3.5"),
        ("en/appendix-a/index.html", "appendix A"),
    ] {
        let page = folder.path().join("book/build").join(page);
        fs::create_dir_all(page.parent().unwrap()).unwrap();
        fs::write(page, text).unwrap();
    }
    fs::write(folder.path().join("book/secret.txt"), "not a page").unwrap();
    folder
}

#[test]
fn without_a_built_book_it_says_how_to_build_it() {
    let folder = tempfile::tempdir().unwrap();
    assert_one_line_error(&run(folder.path(), &["book"]), 1, &["inside its checkout"]);
    let folder = checkout();
    fs::remove_file(folder.path().join("book/build/index.html")).unwrap();
    for args in [&["book"][..], &["book", "--serve", "--port", "0"]] {
        assert_one_line_error(&run(folder.path(), args), 1, &["not built yet", "`cargo book build`"]);
    }
    let chinese = llm(folder.path(), &["book"]).env("LC_ALL", "zh_CN.UTF-8").output().unwrap();
    assert_one_line_error(&chinese, 1, &["还没有构建", "`cargo book build`"]);
}

#[test]
fn without_a_browser_it_names_the_file_and_the_other_way() {
    let folder = checkout();
    let opened = |locale: &str| llm(folder.path(), &["book"]).env("PATH", "").env("LC_ALL", locale).output().unwrap();
    let output = opened("C");
    let page = |pages: &str| folder.path().join("book/build").join(pages).join("index.html").display().to_string();
    assert_eq!(stdout(&output).trim_end(), page("en"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("book --serve"), "{output:?}");
    assert_eq!(stdout(&opened("zh_CN.UTF-8")).trim_end(), page("zh"));
}

#[test]
fn a_page_is_found_by_its_name_or_the_chapters_are_listed() {
    let folder = checkout();
    let opened = |page: &str| llm(folder.path(), &["book", page]).env("PATH", "").output().unwrap();
    for (name, page) in [
        ("ch03", "en/ch03/index.html"),
        ("ch03/", "en/ch03/index.html"),
        ("ch03/causal", "en/ch03/causal.html"),
        ("ch03/causal.md", "en/ch03/causal.html"),
    ] {
        let expected = folder.path().join("book/build").join(page).display().to_string();
        assert_eq!(stdout(&opened(name)).trim_end(), expected, "{name}");
    }
    for name in ["ch99", "../zh"] {
        assert_one_line_error(&opened(name), 1, &["no page", "its chapters are ch03, appendix-a"]);
    }
}

#[test]
fn the_pages_are_served_and_nothing_else() {
    let server = Server::start(checkout(), &["book", "--serve", "--port", "0"]);
    assert_eq!(server.path, "/en/index.html");
    let get = |path: &str| server.ask("GET", path, "", "");
    assert_eq!(get("/en/"), (200, "attention".to_string()));
    assert_eq!(get("/zh/index.html"), (200, "注意力".to_string()));
    for path in ["/fr/", "/../secret.txt", "/en/%2e%2e/%2e%2e/secret.txt"] {
        assert_eq!(get(path).0, 404, "{path}");
    }
}
