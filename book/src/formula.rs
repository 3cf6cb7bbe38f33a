//! LaTeX as MathML.

use anyhow::{Result, bail};
use pulldown_latex::config::DisplayMode;
use pulldown_latex::{Parser, RenderConfig, Storage, push_mathml};

use crate::html::shield;

/// The MathML of a formula.
///
/// # Errors
/// If a command is unknown or something is not closed.
pub fn mathml(tex: &str, display: bool) -> Result<String> {
    let tex = tex.trim();
    let storage = Storage::new();
    for event in Parser::new(tex, &storage) {
        if let Err(error) = event {
            let error = error.to_string();
            let first = error.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_string();
            bail!("the formula `{tex}` is wrong: {first}");
        }
    }
    let mode = if display { DisplayMode::Block } else { DisplayMode::Inline };
    let config = RenderConfig { display_mode: mode, ..RenderConfig::default() };
    let mut html = String::new();
    push_mathml(&mut html, Parser::new(tex, &storage), config)?;
    // pulldown-latex 0.8 puts the space before an operator into its index.
    if ["<msub><mspace", "<msup><mspace", "<msubsup><mspace"].iter().any(|wrong| html.contains(wrong)) {
        bail!("the formula `{tex}` has an index at `\\operatorname`, which comes out wrong: write `\\mathrm`");
    }
    Ok(shield(&html.replace('\n', " ")))
}

/// A formula without the words in it, which differ between languages, and with spaces only where they part commands.
#[must_use]
pub fn normalized(tex: &str) -> String {
    let mut result = String::new();
    let mut rest = tex;
    while let Some(start) = rest.find("\\text{") {
        result.push_str(&rest[..start]);
        result.push_str("\\text{}");
        let mut depth = 0;
        let end = rest[start..].find(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == '}' && depth == 0
        });
        rest = end.map_or("", |end| &rest[start + end + 1..]);
    }
    result.push_str(rest);
    result.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_becomes_mathml_in_which_nothing_is_markdown() {
        let html = mathml(r"\frac{a_1*b}{\sqrt{d_k}}", false).unwrap();
        assert!(html.starts_with("<math") && html.ends_with("</math>"), "{html}");
        assert!(!html.contains("\n") && !html.contains(">*<"), "{html}");
        assert!(mathml("a < b", false).unwrap().contains("<mo>&#60;</mo>"));
        assert!(mathml("x", true).unwrap().contains("display=\"block\""));
        let wrong = mathml(r"a \operatorname{norm}_q b", false).unwrap_err().to_string();
        assert!(wrong.ends_with(r"write `\mathrm`"), "{wrong}");
    }

    #[test]
    fn a_wrong_formula_is_an_error() {
        for wrong in [r"\frac{a", r"\nosuchcommand{x}", "a_"] {
            let error = mathml(wrong, false).unwrap_err().to_string();
            assert!(error.starts_with(&format!("the formula `{wrong}` is wrong: ")), "{error}");
        }
    }

    #[test]
    fn words_are_left_out_of_the_comparison() {
        assert_eq!(normalized(r"d_\text{in {x}} + \text{头}"), normalized(r"d_\text{out}  + \text{heads}"));
        assert_ne!(normalized("a + b"), normalized("a - b"));
    }
}
