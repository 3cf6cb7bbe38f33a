//! The HTML around the contents of boxes.

use anyhow::{Result, bail};

use crate::document::BoxKind;
use crate::html::inline_markdown;
use crate::language::Language;

/// A box that is open.
#[derive(Debug)]
pub struct OpenBox {
    /// Its kind.
    pub kind: BoxKind,
    divided: bool,
}

/// The label of a kind of box.
#[must_use]
pub fn label(kind: BoxKind, language: Language) -> &'static str {
    match kind {
        BoxKind::Try => language.pick("Try it", "动手试试"),
        BoxKind::Check => language.pick("Check by hand", "手算验证"),
        BoxKind::Pytorch => language.pick("If you know PyTorch", "熟悉 PyTorch 的读者"),
        BoxKind::Erratum => language.pick("Different from the book", "与原书不同"),
        BoxKind::Picture => language.pick("In everyday terms", "打个比方"),
        BoxKind::Note => language.pick("Note", "注意"),
        BoxKind::Detail => language.pick("For the curious", "想深入了解"),
        BoxKind::Question => language.pick("Question", "思考题"),
        BoxKind::Notebook => language.pick("In the notebook", "在笔记本里"),
    }
}

impl OpenBox {
    /// The beginning of a box, and what remembers that it is open. `number` is that of a question.
    ///
    /// # Errors
    /// If it lacks a title.
    pub fn open(kind: BoxKind, title: &str, number: usize, language: Language) -> Result<(Self, String)> {
        let (label, class) = (label(kind, language), kind.word().to_lowercase());
        if title.contains('$') || title.contains("{{") {
            bail!("the title of a box is plain text, without formulas and directives");
        }
        let own = inline_markdown(title, language);
        let html = match kind {
            BoxKind::Question => format!(
                "<div class=\"question\" id=\"question-{number}\"><p class=\"question-title\">{label} {number}</p><div class=\"asked\">"
            ),
            BoxKind::Detail if title.is_empty() => {
                bail!("`[!DETAIL]` wants a title behind it: it is all that is seen when folded")
            }
            BoxKind::Picture | BoxKind::Notebook if title.is_empty() => {
                bail!("`[!{}]` wants a title behind it", kind.word())
            }
            BoxKind::Detail | BoxKind::Notebook => format!(
                "<details class=\"box box-{class}\"><summary class=\"box-title\"><span class=\"box-label\">{label}</span> {own}</summary>"
            ),
            _ if title.is_empty() => format!("<div class=\"box box-{class}\"><p class=\"box-title\">{label}</p>"),
            _ => format!(
                "<div class=\"box box-{class}\"><p class=\"box-title\"><span class=\"box-label\">{label}</span> {own}</p>"
            ),
        };
        Ok((Self { kind, divided: false }, html))
    }

    /// What stands between a question and its answer.
    ///
    /// # Errors
    /// If the box is no question, or has an answer already.
    pub fn divide(&mut self, language: Language) -> Result<String> {
        if self.kind != BoxKind::Question || self.divided {
            bail!("`---` parts a question from its answer, once, in `[!QUESTION]` only");
        }
        self.divided = true;
        let answer = language.pick("Answer", "答案");
        Ok(format!("</div><details class=\"answer\"><summary>{answer}</summary>"))
    }

    /// The end of the box.
    ///
    /// # Errors
    /// If it is a question without an answer.
    pub fn close(&self) -> Result<&'static str> {
        match self.kind {
            BoxKind::Question if !self.divided => bail!("the question has no answer: a line `> ---`, then the answer"),
            BoxKind::Question => Ok("</details></div>"),
            BoxKind::Detail | BoxKind::Notebook => Ok("</details>"),
            _ => Ok("</div>"),
        }
    }
}
