//! Both languages are held in step: the skeleton of pages, and stamps.

mod small;

use book::stamp::{self, Report, Which};
use small::Small;

const EN: &str = "book/en/ch03/causal.md";
const ZH: &str = "book/zh/ch03/causal.md";

/// The messages after a change of the Chinese page.
fn changed(from: &str, to: &str) -> Vec<String> {
    let small = Small::new();
    small.replace(ZH, from, to);
    small.check()
}

#[test]
fn other_headings_are_named() {
    assert_eq!(
        changed("### 问题 {#questions}", "## 问题 {#questions}"),
        [format!("{ZH}:34: `## {{#questions}}` where {EN}:29 has `### {{#questions}}`")]
    );
    let small = Small::new();
    let text = small.read(ZH);
    small.write(ZH, &text[..text.find("### 问题").unwrap()]);
    assert_eq!(small.check(), [format!("{EN}:29: `### {{#questions}}` is missing in {ZH}")]);
}

#[test]
fn blocks_that_are_missing_or_different_are_named() {
    assert_eq!(
        changed("{{out 3_5_mask#row}}", "{{out 3_5_mask}}"),
        [format!("{ZH}:15: {{{{out 3_5_mask#row}}}} should come here, as in {EN}:13, not {{{{out 3_5_mask}}}}")]
    );
    assert_eq!(
        changed("> [!PICTURE] 一张", "> [!NOTE] 一张"),
        [format!("{ZH}:24: a box `[!PICTURE]` should come here, as in {EN}:21, not a box `[!NOTE]`")]
    );
    assert_eq!(
        changed("| 1 | 2 |\n", "| 1 | 2 |\n| 3 | 4 |\n"),
        [format!(
            "{ZH}:28: a table of 2 rows and 2 columns should come here, as in {EN}:25, not a table of 3 rows and 2 columns"
        )]
    );
    assert_eq!(
        changed("{{exercise 3.1}}\n", "\n"),
        [format!("{ZH}:34: {{{{exercise 3.1}}}} should come here, as in {EN}:36")]
    );
    assert_eq!(
        changed("{{exercise 3.1}}", "{{exercise 3.1}}\n\n```sh\nls\n```"),
        [format!("{ZH}:43: a block ```sh is missing in section #questions of {EN}")]
    );
}

#[test]
fn formulas_links_mentions_and_numbers_are_compared_in_each_section() {
    let section = |id: &str, line: usize| format!("{ZH}:{line}: section #{id} lacks ");
    let found = changed("$a < b$", "$a > b$");
    assert!(found.contains(&format!("{}the formula `a < b`, which {EN}:15 has", section("mask", 9))), "{found:#?}");
    assert!(
        found.contains(&format!("{EN}:7: section #mask lacks the formula `a > b`, which {ZH}:17 has")),
        "{found:#?}"
    );
    let found = changed("[上文](#mask)", "[上文](#causal)");
    assert!(found.contains(&format!("{}a link to #mask, which {EN}:34 has", section("questions", 34))), "{found:#?}");
    let found = changed("0.5517 是什么", "它是什么");
    assert_eq!(found, [format!("{}the number 0.5517, which {EN}:32 has", section("questions", 34))]);
    assert_eq!(changed("看得见}", "别的}"), [""; 0], "words in formulas may differ");
}

#[test]
fn a_page_that_only_one_language_has_is_named() {
    let small = Small::new();
    small.replace("book/en/SUMMARY.md", "- [3", "- [2 More](more.md)\n- [3");
    small.write("book/en/more.md", "# More {#more}\n");
    assert!(small.check().contains(&"book/en/more.md: there is no such page in book/zh".to_string()));
    std::fs::remove_file(small.path("book/en/more.md")).unwrap();
    assert_eq!(small.problem(), "book/en/SUMMARY.md: the page book/en/more.md is missing");
}

#[test]
fn a_changed_english_section_makes_the_stamp_stale_but_other_line_breaks_do_not() {
    let small = Small::new();
    small.replace(EN, "A token sees itself.", "A token\nsees  itself.");
    assert_eq!(small.check(), [""; 0]);
    small.replace(EN, "sees  itself", "sees only itself");
    let at = small.read(ZH).lines().position(|line| line.starts_with("<!-- en")).unwrap() + 1;
    assert_eq!(
        small.problem(),
        format!(
            "{ZH}:{at}: section #causal of {EN} has changed since this was written: bring the text up to date, then \
             `cargo book stamp ch03/causal.md#causal`"
        )
    );
    let stale = Report { written: vec![], stale: vec!["ch03/causal.md#causal".to_string()] };
    assert_eq!(stamp::write(&small.project, &Which::Missing).unwrap(), stale, "left as it is");
    assert_eq!(small.check().len(), 1);
    let of = Which::Of(vec!["ch03/causal.md#causal".to_string()]);
    assert_eq!(stamp::write(&small.project, &of).unwrap().written, ["ch03/causal.md#causal"]);
    assert_eq!(small.check(), [""; 0]);
}

#[test]
fn missing_stamps_are_named_and_written_at_the_end_of_sections() {
    let small = Small::new();
    let good = small.read(ZH);
    let without: Vec<&str> = good.lines().filter(|line| !line.starts_with("<!-- en")).collect();
    small.write(ZH, &(without.join("\n").replace("\n\n\n", "\n\n").trim_end().to_string() + "\n"));
    let problems = small.check();
    assert_eq!(problems.len(), 3, "{problems:#?}");
    assert_eq!(problems[1], format!("{ZH}:7: the section has no stamp: `cargo book stamp ch03/causal.md#mask`"));
    let report = stamp::write(&small.project, &Which::Missing).unwrap();
    assert_eq!(report.written, ["ch03/causal.md#causal", "ch03/causal.md#mask", "ch03/causal.md#questions"]);
    assert_eq!(small.read(ZH), good);
}

#[test]
fn stamps_of_unknown_sections_are_refused() {
    let small = Small::new();
    let error = |name: &str| stamp::write(&small.project, &Which::Of(vec![name.to_string()])).unwrap_err().to_string();
    assert_eq!(error("ch03/casual.md"), "no page ch03/casual.md in book/en; did you mean `ch03/causal.md`?");
    assert_eq!(error("ch03/causal.md#masks"), format!("no section #masks in {EN}; did you mean `mask`?"));
}
