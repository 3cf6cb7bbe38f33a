//! Text in a picture.

/// About how wide a text is, in the unit of its font size. Letters of Latin script take 0.6 of it, Chinese ones all.
pub fn text_width(text: &str, font_size: f64) -> f64 {
    text.chars().map(|c| if c < '\u{2e80}' { 0.6 } else { 1.0 }).sum::<f64>() * font_size
}

/// The width of the widest of these texts; 0 if there is none.
pub fn widest<'a>(texts: impl IntoIterator<Item = &'a str>, font_size: f64) -> f64 {
    texts.into_iter().map(|text| text_width(text, font_size)).fold(0.0, f64::max)
}

/// The text with its special characters escaped. Control characters, which XML forbids, become U+FFFD.
pub fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace(|c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'), "\u{fffd}")
}

/// A `<text>` element; `anchor` is `start`, `middle` or `end`.
pub fn text_label(x: f64, y: f64, anchor: &str, text: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>\n", escape(text))
}

/// The name of a vertical axis, from bottom to top around a point near the left edge.
pub fn upward(y: f64, text: &str) -> String {
    format!("<text transform=\"translate(18 {y:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n", escape(text))
}
