//! Numbers in a text.

use std::sync::LazyLock;

use regex::Regex;

use crate::document::{Document, Item, Kind};

/// The digits of a number as they are compared.
#[must_use]
pub fn plain(number: &str) -> String {
    number.trim_start_matches(['-', '−', '+']).replace([',', '_'], "")
}

/// The numbers in an item that a reader reads as text.
#[must_use]
pub fn numbers_of(document: &Document, item: &Item) -> Vec<Number> {
    let is_text = match &item.kind {
        Kind::Prose { external } => !external,
        Kind::Code | Kind::Formula { .. } | Kind::BoxStart { .. } => true,
        Kind::Fence { info } => info == "text",
        _ => false,
    };
    if !is_text {
        return Vec::new();
    }
    let mut found = numbers_in(document.slice(item));
    for number in &mut found {
        number.at += item.range.start;
    }
    found
}

/// A number in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// Where it stands.
    pub at: usize,
    /// How it is written: `0.4656`, `1024`, `124,412,160`, `50_257`.
    pub text: String,
    /// How many zeros the word behind it stands for: 9 for billion, 8 for 亿.
    pub zeros: usize,
}

/// Words that stand for zeros. Chinese counts in ten thousands.
const UNITS: [(&str, usize); 7] =
    [("thousand", 3), ("million", 6), ("billion", 9), ("trillion", 12), ("万亿", 12), ("亿", 8), ("万", 4)];

impl Number {
    /// Whether the text must say where it comes from: three decimals or more, or four digits or more. Years do not, nor do
    /// round ones: `1750 亿` is the Chinese for 175 billion.
    #[must_use]
    pub fn needs_origin(&self) -> bool {
        let number = plain(&self.text);
        let (whole, decimals) = number.split_once('.').unwrap_or((&number, ""));
        let is_year = decimals.is_empty() && whole.len() == 4 && (whole.starts_with("19") || whole.starts_with("20"));
        let is_round = self.zeros > 0 && whole.len() <= 4;
        decimals.len() >= 3 || (whole.len() >= 4 && !is_year && !is_round)
    }

    /// Its digits, with the zeros.
    #[must_use]
    pub fn value(&self) -> String {
        let number = plain(&self.text);
        if self.zeros == 0 {
            return number;
        }
        let (whole, decimals) = number.split_once('.').unwrap_or((&number, ""));
        let decimals = decimals.trim_end_matches('0');
        match self.zeros.checked_sub(decimals.len()) {
            Some(zeros) => format!("{whole}{decimals}{}", "0".repeat(zeros)).trim_start_matches('0').to_string(),
            None => number,
        }
    }
}

/// All numbers in a text. Digits that belong to a name, a version or a serial number are none.
#[must_use]
pub fn numbers_in(text: &str) -> Vec<Number> {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\d[\d,._]*").expect("a valid pattern"));
    static GROUPS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^\d{1,3}([,_]\d{3})+(\.\d+)?$").expect("a valid pattern"));
    let mut found = Vec::new();
    for run in NUMBER.find_iter(text) {
        let before = text[..run.start()].chars().next_back();
        if before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
            continue;
        }
        let whole = run.as_str().trim_end_matches([',', '.', '_']);
        let parts: Vec<&str> = if GROUPS.is_match(whole) { vec![whole] } else { whole.split(',').collect() };
        let mut at = run.start();
        for part in parts {
            if is_number(part) {
                found.push(Number { at, text: part.to_string(), zeros: zeros(&text[at + part.len()..]) });
            }
            at += part.len() + 1;
        }
    }
    found
}

/// Whether digits with commas, points and underscores are a number.
fn is_number(text: &str) -> bool {
    let is_serial = text.len() > 1 && text.starts_with('0') && !text.starts_with("0.");
    let is_version = text.matches('.').count() > 1;
    !text.is_empty() && !text.starts_with('.') && !is_serial && !is_version
}

/// The zeros that the word at the beginning of a text stands for.
fn zeros(text: &str) -> usize {
    let text = text.trim_start_matches([' ', '-', '\u{a0}', '\n']);
    UNITS.iter().find(|(word, _)| text.starts_with(word)).map_or(0, |(_, zeros)| *zeros)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        numbers_in(text).into_iter().map(|number| number.text).collect()
    }

    #[test]
    fn numbers_are_found_but_not_in_names_and_versions() {
        assert_eq!(found("0.4656，124,412,160 and −0.5, 1024."), ["0.4656", "124,412,160", "0.5", "1024"]);
        assert_eq!(found("[1,2,3000] [0.123,0.456] 50_257"), ["1", "2", "3000", "0.123", "0.456", "50_257"]);
        assert_eq!(found("i64 gpt2 x_1234 0.22.1 ex3_1 step 000010"), Vec::<String>::new());
        assert_eq!(found("词元12345个"), ["12345"]);
        assert_eq!(numbers_in("a 77")[0].at, 2);
    }

    #[test]
    fn long_numbers_need_an_origin_and_years_do_not() {
        let need = |text: &str| numbers_in(text)[0].needs_origin();
        assert!(
            need("0.465") && need("1024") && need("124,412,160") && need("1899") && need("2100") && need("1750 个")
        );
        assert!(!need("0.46") && !need("768") && !need("2017") && !need("1999") && !need("99.99") && !need("1750 亿"));
        assert!(need("2.788 trillion") && need("2017.125"));
    }

    #[test]
    fn words_for_zeros_count() {
        let value = |text: &str| numbers_in(text)[0].value();
        assert_eq!(value("175 billion"), value("1750 亿"));
        assert_eq!(value("2.788 trillion"), value("27,880 亿"));
        assert_eq!(value("250,000"), value("25 万"));
        assert_eq!(value("0.5 million"), "500000");
        assert_eq!(value("2.0000"), "2.0000");
    }
}
