//! Text in a picture.

/// About how wide a text is, in the unit of its font size. Letters of Latin script take 0.6 of it, Chinese ones all.
pub fn text_width(text: &str, font_size: f64) -> f64 {
    text.chars().map(|c| if c < '\u{2e80}' { 0.6 } else { 1.0 }).sum::<f64>() * font_size
}

/// The text with its special characters escaped.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
