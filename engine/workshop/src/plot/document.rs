//! The outermost element of a picture.

use super::text::escape;
use super::theme::{BACKGROUND, FOREGROUND, hex, style_sheet};

/// A whole picture with its title above the elements of `content`.
pub fn document(width: f64, height: f64, title: &str, description: &str, content: &str) -> String {
    let (foreground, background) = (hex(FOREGROUND.light), hex(BACKGROUND.light));
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"sans-serif\" font-size=\"13\" fill=\"{foreground}\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"{background}\"/>\n\
         <text x=\"{:.1}\" y=\"28\" text-anchor=\"middle\" font-size=\"16\">{}</text>\n{content}</svg>\n",
        width / 2.0,
        escape(title)
    );
    finish(&svg, title, description)
}

/// Adds to a picture what screen readers say, and the colors on a dark background.
pub fn finish(svg: &str, title: &str, description: &str) -> String {
    let (root, content) = svg.split_once('>').expect("a picture begins with the tag of its root");
    let root = root.replacen("<svg", "<svg role=\"img\"", 1);
    let (title, description, style) = (escape(title), escape(description), style_sheet());
    format!("{root}>\n<title>{title}</title>\n<desc>{description}</desc>\n<style>\n{style}\n</style>{content}")
}
