//! What pages are turned into, and what is said when something in them is wrong.

mod small;

use small::Small;

const EN: &str = "book/en/ch03/causal.md";

/// The message about the English page after a change of it.
fn broken(from: &str, to: &str) -> String {
    let small = Small::new();
    small.replace(EN, from, to);
    let problems = small.check();
    let english: Vec<&String> = problems.iter().filter(|problem| problem.starts_with(EN)).collect();
    let unnumbered =
        english.iter().find(|problem| !problem.contains(": the number ") && !problem.contains(": section #"));
    unnumbered.unwrap_or_else(|| panic!("no problem after {to}: {problems:#?}")).to_string()
}

#[test]
fn nothing_is_wrong_with_the_small_book() {
    assert_eq!(Small::new().check_all(), [""; 0]);
}

#[test]
fn a_listing_has_code_a_link_to_its_file_and_a_command() {
    let small = Small::new();
    assert_eq!(small.build(), [""; 0]);
    let page = small.built("en/ch03/causal.html");
    assert!(page.contains(
        "<a class=\"file\" href=\"../source/ch03-attention/src/lib.rs.html#L12\">ch03-attention/src/lib.rs</a>"
    ));
    assert!(page.contains(
        "<code class=\"language-rust\">pub fn hides(&amp;self, row: usize, column: usize) -&gt; bool {\n    let later"
    ));
    assert!(!page.contains("Whether `column` is hidden"), "no doc comment");
    assert!(
        page.contains("<div class=\"command\"><code>cargo run -p ch03-attention --example 3_5_mask</code></div>"),
        "{page}"
    );
    for language in ["en", "zh"] {
        let source = small.built(&format!("{language}/source/ch03-attention/src/lib.rs.html"));
        assert!(
            source.contains("<a id=\"L12\" href=\"#L12\">12</a>") && source.contains("/// Whether `column` is hidden.")
        );
        assert!(source.contains("../../../toc.js"), "the sidebar is the book's");
    }
}

#[test]
fn listings_can_be_cut_and_show_doc_comments_and_tests() {
    let small = Small::new();
    let code = |options: &str| {
        let line = small.read(EN).lines().find(|line| line.starts_with("{{code")).unwrap().to_string();
        small.replace_in_both("ch03/causal.md", &line, &format!("{{{{code ch03-attention/src/lib.rs{options}}}}}"));
        assert_eq!(small.build(), [""; 0]);
        let page = small.built("en/ch03/causal.html");
        let start = page.find("language-rust\">").unwrap() + "language-rust\">".len();
        (page[start..start + page[start..].find("</code>").unwrap()].to_string(), page)
    };
    assert_eq!(
        code("#Mask.hides from=\"let later\" to=\"later &&\"").0,
        "let later = column &gt; row;\nlater &amp;&amp; column &lt; self.size"
    );
    assert!(code("#Mask docs").0.starts_with("/// Hides the future.\n#[derive(Debug)]"));
    let (whole, page) = code(" run=test:the_diagonal_is_seen");
    assert!(whole.starts_with("#[derive(Debug)]\npub struct Mask"), "{whole}");
    assert!(page.contains("<code>cargo test -p ch03-attention the_diagonal_is_seen</code>"));
    let (two, page) = code("#Mask, Mask.hides");
    assert!(two.contains("usize,\n}\n\npub fn hides"), "{two}");
    assert!(page.contains("<span class=\"item\">Mask</span> <span class=\"item\">Mask.hides</span>"));
}

#[test]
fn outputs_figures_boxes_formulas_and_exercises_are_filled_in() {
    let small = Small::new();
    small.build();
    let (page, chinese) = (small.built("en/ch03/causal.html"), small.built("zh/ch03/causal.html"));
    assert!(page.contains("<figure class=\"output\"><figcaption>Output</figcaption>"), "the command stands above");
    assert!(page.contains("[0.4656, 0.1723]\ntook 1500 ns</code>"));
    assert!(page.contains("<figure class=\"figure\" id=\"fig-3-01\"><svg"));
    assert!(page.contains("<figcaption><b>Figure 3.1: </b>A mask</figcaption>"));
    assert!(chinese.contains("<figcaption><b>图 3.1：</b>掩码</figcaption>"));
    assert!(
        small
            .built("en/preface.html")
            .contains("<a class=\"figure-link\" href=\"ch03/causal.html#fig-3-01\">Figure 3.1</a>")
    );
    assert!(page.contains("<span class=\"box-label\">In everyday terms</span> A sheet</p>"));
    assert!(page.contains("of <em>paper</em>\nand <math"));
    assert!(chinese.contains("<span class=\"box-label\">打个比方</span> 一张</p>"));
    assert!(page.contains("<mo>&lt;</mo>") && page.contains("<div class=\"math-display\"><math display=\"block\">"));
    assert!(
        chinese.contains("和这个：") || chinese.contains("</math> 和这个："),
        "the line break between Chinese words is gone"
    );
    assert!(page.contains("<p class=\"question-title\">Question 1</p>") && page.contains("<summary>Answer</summary>"));
    assert!(page.contains(
        "<section class=\"exercise\" id=\"exercise-3-1\">\n<h4 class=\"exercise-title\">Exercise 3.1: A row</h4>"
    ));
    assert!(page.contains("<code>cargo run -- exercise check 3.1</code>"));
    assert!(chinese.contains("练习 3.1：一行") && chinese.contains("用 <code>row</code> 计算一行。"));
    assert!(chinese.contains("<summary>提示</summary>") && chinese.contains("是一。") && chinese.contains("todo!("));
    assert!(!page.contains("<!-- en") && !chinese.contains("<!-- en"), "stamps are not shown");
    assert!(
        small
            .built("zh/preface.html")
            .contains("<tr id=\"term-token\"><td>词元</td><td lang=\"en\">token</td><td>一段文本。</td></tr>")
    );
}

#[test]
fn tables_of_other_files_come_in_the_page_s_language() {
    let small = Small::new();
    small
        .write("bench/README.md", "# Speed\n\n## How fast\n\n| what | s |\n|---|---|\n| one | 1.2345 |\n| two | 2 |\n");
    small.write(
        "bench/README.zh-CN.md",
        "# 速度\n\n## 有多快\n\n| 内容 | 秒 |\n|---|---|\n| 一 | 1.2345 |\n| 二 | 2 |\n",
    );
    let line = small.read(EN).lines().find(|line| line.starts_with("{{out")).unwrap().to_string();
    let with = |directive: &str| format!("{line}\n\n{directive}\n\n1.2345\n");
    let table = "{{table bench/README.md#how-fast rows=1}}";
    small.replace_in_both("ch03/causal.md", &line, &with(table));
    assert_eq!(small.build(), [""; 0]);
    assert_eq!(small.check(), [""; 0], "its numbers have an origin");
    let row = |name: &str| format!("<td>{name}</td><td>1.2345</td>");
    for (page, name, other) in [("en", "one", "two"), ("zh", "一", "二")] {
        let page = small.built(&format!("{page}/ch03/causal.html"));
        assert!(page.contains(&row(name)) && !page.contains(&format!("<td>{other}</td>")), "{page}");
    }

    small.replace("bench/README.zh-CN.md", "| 二 | 2 |\n", "");
    let problems = small.check();
    let expected = "the table `how-fast` has another size in bench/README.zh-CN.md than in bench/README.md";
    assert!(
        problems.iter().any(|problem| problem.starts_with("book/zh") && problem.ends_with(expected)),
        "{problems:#?}"
    );
    small.replace("bench/README.zh-CN.md", "## 有多快", "### 有多快");
    let expected = "bench/README.zh-CN.md has not the same headings as bench/README.md";
    assert!(small.check().iter().any(|problem| problem.ends_with(expected)));
}

#[test]
fn unknown_items_files_lines_and_commands_are_named_with_page_and_line() {
    let line = "{{code ch03-attention/src/lib.rs#Mask.hides}}";
    assert_eq!(
        broken(line, "{{code ch03-attention/src/lib.rs#Mask.hide}}"),
        format!("{EN}:11: no item `Mask.hide` in ch03-attention/src/lib.rs; did you mean `Mask.hides`?")
    );
    assert_eq!(
        broken(line, "{{code ch03-attention/src/lob.rs#Mask}}"),
        format!("{EN}:11: no Rust file ch03-attention/src/lob.rs; did you mean `ch03-attention/src/lib.rs`?")
    );
    assert_eq!(
        broken(line, "{{code ch03-attention/src/lib.rs#Mask.hides from=\"nothing\"}}"),
        format!("{EN}:11: no line of `Mask.hides` contains \"nothing\" (from=)")
    );
    assert_eq!(
        broken(line, "{{code ch03-attention/src/lib.rs#Mask.hides from=\"let\" to=\"nothing\"}}"),
        format!("{EN}:11: no line of `Mask.hides` from line 13 on contains \"nothing\" (to=)")
    );
    assert!(
        broken("<!-- run: 3_5_mask -->\n", "")
            .starts_with(&format!("{EN}:10: the listing has no command: add `run=EXAMPLE`"))
    );
    assert_eq!(
        broken("<!-- run: 3_5_mask -->", "<!-- run: 3_5_masc -->"),
        format!("{EN}:9: no example `3_5_masc` in any crate; did you mean `3_5_mask`?")
    );
    assert_eq!(
        broken(line, "{{code ch03-attention/src/lib.rs#Mask run=test:nothing}}"),
        format!("{EN}:11: no test `nothing` in ch03-attention/tests or ch03-attention/src")
    );
    assert_eq!(broken(line, "{{kode x}}"), format!("{EN}:11: no directive `kode`; did you mean `code`?"));
}

#[test]
fn missing_parts_figures_exercises_and_wrong_formulas_are_named() {
    assert_eq!(
        broken("{{out 3_5_mask#row}}", "{{out 3_5_mask#rows}}"),
        format!("{EN}:13: book/outputs/3_5_mask.txt: no part `rows`; did you mean `row`?")
    );
    assert_eq!(
        broken("{{out 3_5_mask#row}}", "{{out 3_5_mast}}"),
        format!("{EN}:13: no output book/outputs/3_5_mast.txt; did you mean `3_5_mask`?")
    );
    assert_eq!(
        broken("{{fig 3-01}}", "{{fig 3-02}}"),
        format!("{EN}:5: no figure book/figures/en/3-02.svg; there are 3-01")
    );
    assert_eq!(
        broken("{{exercise 3.1}}", "{{exercise 3.2}}"),
        format!("{EN}:36: no exercise 3.2; did you mean `3.1`?")
    );
    assert!(broken("$a < b$", "$\\nothing$").starts_with(&format!("{EN}:15: the formula `\\nothing` is wrong: ")));
    assert!(broken("$a < b$", "$\\frac{a$").starts_with(&format!("{EN}:15: `$` is left in the text: ")));
    assert_eq!(
        broken("and this one:\n\n$$", "and this one: $$"),
        format!("{EN}:15: a formula between `$$` has lines of its own")
    );
}

#[test]
fn boxes_that_lack_something_are_named() {
    assert_eq!(broken("[!PICTURE] A sheet", "[!PICTURE]"), format!("{EN}:21: `[!PICTURE]` wants a title behind it"));
    assert_eq!(
        broken("[!PICTURE] A sheet", "[!PICTUR] x"),
        format!("{EN}:21: no box `[!PICTUR]`; did you mean `PICTURE`?")
    );
    assert_eq!(
        broken("> and $x$.\n\n|", "> and $x$.\nText.\n\n|"),
        format!("{EN}:23: an empty line must follow the box")
    );
    assert_eq!(
        broken("> ---\n", ">\n"),
        format!("{EN}:34: the question has no answer: a line `> ---`, then the answer")
    );
}

#[test]
fn html_pictures_and_typed_rust_are_refused() {
    assert_eq!(broken("A token", "A<br>token"), format!("{EN}:3: no HTML in pages: `<br>`"));
    assert_eq!(broken("A token", "![x](x.png) A token"), format!("{EN}:3: no pictures but `{{{{fig …}}}}`"));
    assert_eq!(
        broken("{{out 3_5_mask#row}}", "```rust\nlet x = 1;\n```"),
        format!("{EN}:13: no Rust in pages: include it with `{{{{code …}}}}`")
    );
    assert!(broken("<!-- run: 3_5_mask -->", "<!-- note -->").starts_with(&format!("{EN}:9: the comment is unknown")));
}

#[test]
fn a_problem_leaves_the_last_build_alone() {
    let small = Small::new();
    assert_eq!(small.check_all(), [""; 0]);
    let before = small.built("en/ch03/causal.html");
    small.replace(EN, "{{fig 3-01}}", "{{fig 3-09}}");
    assert!(!small.check_all().is_empty());
    assert_eq!(small.built("en/ch03/causal.html"), before);
}

#[test]
fn the_first_use_of_a_term_in_a_chapter_leads_to_the_glossary() {
    let small = Small::new();
    let line = "A token sees itself.";
    small.replace(
        EN,
        line,
        "Tokenization and `token`, a token-like [token](#mask); see {{fig 3-01}}: a\nToken sees other tokens.",
    );
    small.replace("book/zh/ch03/causal.md", "词元只看得到自己。", "看**词元**（token）：“词\n元” 与词元不同。");
    small.build();
    let (page, chinese) = (small.built("en/ch03/causal.html"), small.built("zh/ch03/causal.html"));
    let link =
        "<a class=\"term\" href=\"../preface.html#term-token\" title=\"A piece of text.\">Token</a> sees other tokens.";
    assert!(page.contains(link), "{page}");
    let link = "看<a class=\"term\" href=\"../preface.html#term-token\" title=\"一段文本。\"><strong>词元</strong></a>（token）：";
    assert!(chinese.contains(link), "{chinese}");
    for page in [page, chinese] {
        assert_eq!(page.matches("class=\"term\"").count(), 1);
    }
    small.replace("book/terms.toml", "avoid_zh", "unlinked = [\"en\"]\navoid_zh");
    small.build();
    assert!(!small.built("en/ch03/causal.html").contains("class=\"term\""));
    small.replace("book/terms.toml", "unlinked = [\"en\"]", "besides_en = [\"a Token\"]");
    small.build();
    let page = small.built("en/ch03/causal.html");
    assert!(page.contains("a\nToken sees other <a class=\"term\"") && page.contains(">tokens</a>."), "{page}");
}

#[test]
fn outputs_of_the_program_have_their_commands_and_may_be_cut() {
    let small = Small::new();
    let recorded =
        "%! llm: pretrain --text \"a b\"\n%% start\n1.5000\n%% middle\nmuch\n%% end\n2\n%! llm: info\n%% info\n3\n";
    small.write("book/outputs/llm-run.txt", recorded);
    let line = small.read(EN).lines().find(|line| line.starts_with("{{out")).unwrap().to_string();
    let parts = "{{out llm-run#start,end..info}}\n\nThe 1.5000 is there.";
    let part =
        |what: &str| format!("</figcaption>\n<pre><code class=\"language-text nohighlight\">{what}</code></pre>");
    small.replace_in_both("ch03/causal.md", &line, &format!("{line}\n\n{parts}"));
    assert_eq!(small.check(), [""; 0], "its numbers have an origin");
    small.build();
    let page = small.built("en/ch03/causal.html");
    let first = format!("Output of <code>cargo run -- pretrain --text \"a b\"</code>{}", part("1.5000\n…\n2"));
    assert!(page.contains(&first), "{page}");
    assert!(page.contains(&format!("Output of <code>cargo run -- info</code>{}", part("3"))), "{page}");
    // Below the commands there is one output.
    let commands = "```sh\ncargo run -- pretrain --text \"a b\"\ncargo run -- info      # sizes\n```";
    small.replace_in_both("ch03/causal.md", parts, &format!("{commands}\n\n{parts}"));
    small.build();
    let page = small.built("en/ch03/causal.html");
    assert!(page.contains(&format!("<figcaption>Output{}", part("1.5000\n…\n2\n\n3"))), "{page}");
}
