//! The steps before and after the model: normalizer, pre-tokenizer and post-processor.

use serde_json::Value;

use crate::TokenizerError;
use crate::normalize::Normalizer;
use crate::pieces::{Cut, GPT2, Pattern};
use crate::vocabulary::{SPACE_MARK, Spelling};

/// How deep sequences of sequences are followed.
const DEPTH: usize = 8;

/// A step, in its own words, that is none of the known ones.
fn unsupported(part: &'static str, step: &Value, known: &'static str) -> TokenizerError {
    let mut found = step.to_string();
    if found.len() > 200 {
        found.truncate(found.floor_char_boundary(200));
        found.push('…');
    }
    TokenizerError::Unsupported { part, found, known }
}

fn kind(step: &Value) -> &str {
    step["type"].as_str().unwrap_or_default()
}

/// The single steps, in order, of a step that may be a sequence of others in its field `field`.
fn flat<'s>(step: &'s Value, field: &str, depth: usize, steps: &mut Vec<&'s Value>) {
    match step[field].as_array() {
        Some(parts) if kind(step) == "Sequence" && depth > 0 => {
            parts.iter().for_each(|part| flat(part, field, depth - 1, steps));
        }
        _ if step.is_null() => {}
        _ => steps.push(step),
    }
}

fn steps<'s>(step: &'s Value, field: &str) -> Vec<&'s Value> {
    let mut steps = Vec::new();
    flat(step, field, DEPTH, &mut steps);
    steps
}

/// How text is cut into pieces, and how the vocabulary spells.
pub(super) fn cuts(pre_tokenizer: &Value, byte_fallback: bool) -> Result<(Vec<Cut>, Spelling), TokenizerError> {
    const KNOWN: &str = "ByteLevel, Digits and Split at a pattern; or a model with byte_fallback that splits at spaces";
    let (mut cuts, mut spelling) = (Vec::new(), None);
    for step in steps(pre_tokenizer, "pretokenizers") {
        let refused = || unsupported("pre_tokenizer", step, KNOWN);
        let is = |field: &str| step[field].as_bool();
        match kind(step) {
            // What comes after this step would see the alphabet of bytes.
            _ if spelling.is_some() => return Err(refused()),
            "ByteLevel" if is("add_prefix_space") == Some(false) => {
                spelling = Some(Spelling::Bytes);
                if is("use_regex") != Some(false) {
                    cuts.push(Cut::Pattern(Pattern::new(GPT2)?));
                }
            }
            "Digits" if is("individual_digits") == Some(true) => cuts.push(Cut::Digits),
            "Split" if is("invert") != Some(true) => match &step["pattern"] {
                // Gemma: after its normalizer there are no spaces.
                pattern if byte_fallback && pattern["String"] == " " => {}
                pattern if step["behavior"] == "Isolated" => {
                    let pattern = pattern["Regex"].as_str().ok_or_else(refused)?;
                    cuts.push(Cut::Pattern(Pattern::new(pattern)?));
                }
                _ => return Err(refused()),
            },
            _ => return Err(refused()),
        }
    }
    match spelling {
        Some(spelling) => Ok((cuts, spelling)),
        None if byte_fallback && cuts.is_empty() => Ok((cuts, Spelling::SpaceMarks)),
        None => Err(unsupported("pre_tokenizer", pre_tokenizer, KNOWN)),
    }
}

/// What happens to a text first.
pub(super) fn normalizer(normalizer: &Value, spelling: Spelling) -> Result<Normalizer, TokenizerError> {
    let mark = SPACE_MARK.to_string();
    let is_marks =
        |step: &Value| kind(step) == "Replace" && step["pattern"]["String"] == " " && step["content"] == mark.as_str();
    let is_before = |step: &Value| kind(step) == "Prepend" && step["prepend"] == mark.as_str();
    match (spelling, steps(normalizer, "normalizers").as_slice()) {
        (Spelling::Bytes, []) => Ok(Normalizer::None),
        (Spelling::Bytes, [step]) if kind(step) == "NFC" => Ok(Normalizer::Composed),
        (Spelling::SpaceMarks, [step]) if is_marks(step) => Ok(Normalizer::SpaceMarks { before: false }),
        (Spelling::SpaceMarks, [first, second]) if is_before(first) && is_marks(second) => {
            Ok(Normalizer::SpaceMarks { before: true })
        }
        _ => Err(unsupported("normalizer", normalizer, "none, NFC and the replacement of spaces by ▁")),
    }
}

/// The control tokens that are put before a text.
pub(super) fn before_text(post_processor: &Value) -> Result<Vec<String>, TokenizerError> {
    let mut tokens = Vec::new();
    for step in steps(post_processor, "processors") {
        let refused = || unsupported("post_processor", step, "ByteLevel and TemplateProcessing with begin tokens");
        match kind(step) {
            "ByteLevel" => {}
            "TemplateProcessing" => {
                let parts = step["single"].as_array().ok_or_else(refused)?;
                for part in parts.iter().take_while(|part| part.get("Sequence").is_none()) {
                    tokens.push(part["SpecialToken"]["id"].as_str().ok_or_else(refused)?.to_string());
                }
            }
            _ => return Err(refused()),
        }
    }
    Ok(tokens)
}
