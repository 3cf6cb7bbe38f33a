//! What is checked in each page: headings, numbers, links, words, typography, figures, outputs.

mod small;

use small::Small;

const EN: &str = "book/en/ch03/causal.md";
const ZH: &str = "book/zh/ch03/causal.md";

/// The small book after the same change of both languages.
fn changed(from: &str, to: &str) -> Vec<String> {
    let small = Small::new();
    small.replace_in_both("ch03/causal.md", from, to);
    small.check()
}

#[test]
fn headings_need_ids_and_pages_one_title() {
    let found = changed(" {#mask}", "");
    assert!(
        found.contains(&format!(
            "{EN}:7: the heading has no id: write `## Title {{#the-id}}`, the same id in both languages"
        )),
        "{found:#?}"
    );
    let found = changed("{#questions}", "{#mask}");
    assert!(found.contains(&format!("{EN}:29: two headings of the page have the id `mask`")), "{found:#?}");
    let found = changed("{#questions}", "{#Questions}");
    assert!(
        found.contains(&format!("{EN}:29: the id `Questions` is not of the form `causal-attention`")),
        "{found:#?}"
    );
    let found = changed("# ", "## ");
    assert!(found.contains(&format!("{EN}:1: the page has 0 titles (`# …`); it needs one")), "{found:#?}");
    let found = changed("### ", "#### ");
    assert!(found.contains(&format!("{EN}:29: a heading of level 4; the book has `#`, `##` and `###`")), "{found:#?}");
}

#[test]
fn numbers_need_a_listing_an_output_a_figure_or_an_origin() {
    let small = Small::new();
    small.replace_in_both("ch03/causal.md", "0.3292", "0.3291");
    let origin = "or give its origin in book/numbers/: [\"ch03/causal.md\"] \"0.3291\" = { is = \"…\" }, { file = \"…\" } or { source = \"…\" }";
    assert_eq!(
        small.check(),
        [
            format!("{EN}:3: the number 0.3291 stands in no listing, output or figure of the page; {origin}"),
            "book/numbers/ch03.toml:2: the number 0.3292 is not in the text of ch03/causal.md".to_string(),
            format!("{ZH}:3: the number 0.3291 stands in no listing, output or figure of the page; {origin}"),
        ]
    );
}

#[test]
fn the_nearest_number_of_the_page_is_named() {
    let small = Small::new();
    small.replace(EN, "0.4656", "0.4657");
    let found = small.check();
    assert!(found.iter().any(|problem| {
        problem.contains("0.4657 stands in no listing, output or figure of the page (the nearest is 0.4656)")
    }));
    assert!(
        found.iter().any(|problem| problem.starts_with(&format!("{EN}:1: section #causal lacks the number 0.4656"))),
        "{found:#?}"
    );
}

#[test]
fn numbers_of_other_files_must_stand_there() {
    let small = Small::new();
    small.write("README.md", "It is 0.3292.\n");
    small.replace("book/numbers/ch03.toml", "is = \"0.4656 / sqrt(2)\"", "file = \"README.md\"");
    assert_eq!(small.check(), [""; 0]);
    small.write("README.md", "It is 0.32921.\n");
    assert_eq!(small.problem(), "book/numbers/ch03.toml:2: 0.3292 is not in README.md");
}

#[test]
fn calculations_and_files_of_numbers_are_checked() {
    let small = Small::new();
    small.replace("book/numbers/ch03.toml", "sqrt(2)", "sqrt(3)");
    assert_eq!(small.problem(), "book/numbers/ch03.toml:2: 0.3292 is not 0.4656 / sqrt(3), which is 0.2688");
    small.replace("book/numbers/ch03.toml", "sqrt(3)", "sqrt(");
    assert!(small.problem().starts_with("book/numbers/ch03.toml:2: `0.4656 / sqrt(` cannot be computed: "));
    small.replace("book/numbers/ch03.toml", "sqrt(", "sqrt(2)");
    small.replace("book/numbers/ch03.toml", "source", "sources");
    let problem = small.problem();
    assert!(
        problem.starts_with("book/numbers/ch03.toml: TOML parse error at line 3")
            && problem.contains("unknown field `sources`")
    );
}

#[test]
fn links_lead_somewhere() {
    let small = Small::new();
    let preface = "book/en/preface.md";
    let wrong = |target: &str| {
        let line = small.read(preface).lines().nth(2).unwrap().to_string();
        small.replace_in_both("preface.md", line.split(['(', ')']).nth(1).unwrap_or("ch03/causal.md#mask"), target);
        small.check().into_iter().find(|problem| problem.starts_with(preface)).unwrap()
    };
    assert_eq!(
        wrong("ch03/causal.md#masc"),
        format!(
            "{preface}:3: the link ch03/causal.md#masc leads to no heading: ch03/causal.md has no #masc; did you mean `mask`?"
        )
    );
    assert_eq!(
        wrong("ch03/casual.md"),
        format!(
            "{preface}:3: the link ch03/casual.md leads to no page: ch03/casual.md; did you mean `ch03/causal.md`?"
        )
    );
    assert_eq!(wrong("http://a.org"), format!("{preface}:3: the link http://a.org should begin with https://"));
}

#[test]
fn words_that_are_forbidden_are_found_in_pages_and_figures() {
    let small = Small::new();
    small.replace(ZH, "词元只看", "令牌只看");
    small.replace("book/figures/zh/3-01.svg", ">掩码<", ">令牌<");
    small.replace(EN, "A token", "A word piece");
    let found = small.check();
    assert!(found.contains(&format!("{ZH}:3: “令牌” should be “词元” (book/terms.toml)")), "{found:#?}");
    assert!(
        found.contains(&"book/figures/zh/3-01.svg: “令牌” should be “词元” (book/terms.toml)".to_string()),
        "{found:#?}"
    );
    assert!(found.contains(&format!("{EN}:3: “word piece” should be “token” (book/terms.toml)")), "{found:#?}");
}

#[test]
fn typography_and_broken_emphasis_are_found() {
    let small = Small::new();
    small.replace(ZH, "词元只看得到自己。", "词元只看得到GPT自己。");
    assert_eq!(
        small.problem(),
        format!("{ZH}:3: write `词元只看得到GPT自己。掩码里` as `词元只看得到 GPT 自己。掩码里`")
    );
    small.replace(ZH, "得到GPT自己。", "得到**自己。**而且");
    assert!(
        small.problem().starts_with(&format!("{ZH}:3: `**` is left in the text: no space or full-width punctuation"))
    );
}

#[test]
fn figures_need_a_title_a_description_and_a_page() {
    let small = Small::new();
    small.replace("book/figures/en/3-01.svg", "Ones and zeros.", "");
    assert_eq!(small.problem(), "book/figures/en/3-01.svg: <desc> is missing or empty: what a screen reader says");
    small.replace("book/figures/en/3-01.svg", "<desc>", "<desc>Ones and zeros.");
    let svg = small.read("book/figures/en/3-01.svg");
    small.write("book/figures/en/3-02.svg", &svg);
    assert_eq!(
        small.problem(),
        "book/figures/en/3-02.svg: the figure stands on no page: `{{fig 3-02}}` on a line of its own"
    );
    std::fs::remove_file(small.path("book/figures/en/3-02.svg")).unwrap();
    small.replace("book/en/preface.md", "{{glossary}}", "{{fig 3-01}}\n\n{{glossary}}");
    assert!(
        small
            .check()
            .contains(&format!("{EN}:5: the figure 3-01 stands in preface.md already: mention it in a sentence"))
    );
}

#[test]
fn figures_are_numbered_in_the_order_of_the_pages() {
    let small = Small::new();
    for language in ["en", "zh"] {
        let svg = small.read(&format!("book/figures/{language}/3-01.svg"));
        for id in ["3-02", "3-B1"] {
            small.write(&format!("book/figures/{language}/{id}.svg"), &svg);
        }
    }
    small.replace_in_both("ch03/causal.md", "\n\n{{fig 3-01}}\n", "\n\n{{fig 3-B1}}\n\n{{fig 3-02}}\n\n{{fig 3-01}}\n");
    let wrong = "the figure 3-01 comes after 3-02: number them in the order of the pages";
    assert_eq!(small.check(), [format!("{EN}:9: {wrong}"), format!("{ZH}:9: {wrong}")]);
}

#[test]
fn links_of_the_guides_lead_to_a_file_and_a_heading() {
    let small = Small::new();
    let page = "book/en/ch03/causal.md";
    small.write(
        "ch03-attention/README.md",
        &format!("[1](../{page}), [2](../{page}#the-mask-masc)\n\n```\n[3](none.md)\n```\n"),
    );
    assert_eq!(
        small.problem(),
        "ch03-attention/README.md:1: the link ../book/en/ch03/causal.md#the-mask-masc leads to no heading; did you mean `the-mask-mask`?"
    );
    small.write("ch03-attention/README.md", "\n[1](../book/none.md) and [2](https://example.org/none)\n");
    assert_eq!(small.problem(), "ch03-attention/README.md:2: the link ../book/none.md leads to no file");
}

#[test]
fn pages_need_an_entry_in_the_summary() {
    let small = Small::new();
    small.write("book/zh/ch03/more.md", "# 更多 {#more}\n");
    assert_eq!(small.problem(), "book/zh/ch03/more.md: the file is not in SUMMARY.md");
}

#[test]
fn outputs_need_a_page_and_an_example() {
    let small = Small::new();
    small.write("book/outputs/3_6_gone.txt", "1\n");
    let file = "book/outputs/3_6_gone.txt";
    assert_eq!(
        small.check(),
        [
            format!("{file}: no example `3_6_gone` in any crate; there are 3_5_mask"),
            format!("{file}: no page shows it: `{{{{out 3_6_gone}}}}`")
        ]
    );
}

#[test]
fn a_figure_that_asks_for_something_from_elsewhere_is_found_in_the_built_page() {
    let small = Small::new();
    small.replace("book/figures/en/3-01.svg", "<text>", "<image href=\"https://a.org/x.png\"/><text>");
    let found = small.check_all();
    assert!(
        found.contains(
            &"book/build/en/ch03/causal.html: <image> asks for https://a.org/x.png from another site".to_string()
        ),
        "{found:#?}"
    );
    small.replace("book/figures/en/3-01.svg", "https://a.org/x.png", "x.png");
    let found = small.check_all();
    assert!(
        found.contains(&"book/build/en/ch03/causal.html: <image> leads to x.png, which is not there".to_string()),
        "{found:#?}"
    );
}
