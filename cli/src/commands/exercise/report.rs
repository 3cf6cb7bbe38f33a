//! Reads the report of Rust's test runner.

/// The outcome of one check.
#[derive(Debug, PartialEq)]
pub struct CheckResult {
    /// Name of the test function.
    pub name: String,
    /// What it complained about.
    pub failure: Option<String>,
}

/// The outcomes of the tests whose names begin with `prefix`; `None` if the report has no end, because a test has ended
/// the whole program.
pub fn parse_results(report: &str, prefix: &str) -> Option<Vec<CheckResult>> {
    let complaint = |name: &str| {
        let start = report.find(&format!("---- {name} stdout ----"))?;
        let lines = report[start..].lines().skip(1).take_while(|line| !line.starts_with("---- "));
        let told: Vec<&str> = lines
            .take_while(|line| *line != "failures:")
            .filter(|line| !line.trim().is_empty() && !line.starts_with("note: ") && !line.starts_with("thread '"))
            .collect();
        Some(told.join("\n"))
    };
    let is_whole = report.lines().any(|line| line.starts_with("test result: "));
    let results = report
        .lines()
        .filter_map(|line| line.strip_prefix("test ")?.split_once(" ... "))
        .filter(|(name, outcome)| name.starts_with(prefix) && !outcome.starts_with("ignored"))
        .map(|(name, outcome)| CheckResult {
            name: name.to_string(),
            failure: (outcome.trim() != "ok").then(|| complaint(name).unwrap_or_default()),
        });
    is_whole.then(|| results.collect())
}

/// What a check checks, in words: in Chinese the comment `// 中文：` above the test, else the name of the function without
/// the prefix.
pub fn describe(name: &str, prefix: &str, chinese_of: Option<&str>) -> String {
    let chinese = chinese_of.and_then(|source| {
        let function = format!("fn {name}(");
        let above: Vec<&str> = source.lines().map(str::trim).take_while(|line| !line.starts_with(&function)).collect();
        above.iter().rev().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix("// 中文："))
    });
    chinese.map_or_else(|| name.trim_start_matches(prefix).replace('_', " "), String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_becomes_results() {
        let report = "\nrunning 2 tests\ntest ex2_1_ids_match ... ok\ntest ex2_1_text_comes_back ... FAILED\n\n\
                      failures:\n\n---- ex2_1_text_comes_back stdout ----\n\nthread 'x' panicked at a.rs:1:1:\n\
                      the text is 'a'\nnote: run with `RUST_BACKTRACE=1`\n\n\nfailures:\n    ex2_1_text_comes_back\n";
        let whole = format!("{report}\ntest result: FAILED. 1 passed; 1 failed\n");
        let expected = vec![
            CheckResult { name: "ex2_1_ids_match".into(), failure: None },
            CheckResult { name: "ex2_1_text_comes_back".into(), failure: Some("the text is 'a'".into()) },
        ];
        assert_eq!(parse_results(&whole, "ex2_1_"), Some(expected));
        assert_eq!(parse_results(report, "ex2_1_"), None, "the program has ended before the report");
    }

    #[test]
    fn a_check_is_described_in_both_languages() {
        let source = "// 中文：另一个\n#[test]\nfn ex2_1_another() {}\n\n/// Why.\n// 中文：ID 相同\n#[test]\n\
                      fn ex2_1_ids_match() {\n";
        assert_eq!(describe("ex2_1_ids_match", "ex2_1_", None), "ids match");
        assert_eq!(describe("ex2_1_ids_match", "ex2_1_", Some(source)), "ID 相同");
        assert_eq!(describe("ex2_1_new", "ex2_1_", Some("#[test]\nfn ex2_1_new() {}")), "new", "not translated");
    }
}
