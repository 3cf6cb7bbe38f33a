//! A figure, and the SVG that it becomes.

use std::collections::BTreeSet;

use crate::drawing::{Align, Dash, Drawing, Element, Form, Label, Shape, number};
use crate::geometry::Rect;
use crate::lang::{Lang, Words};
use crate::parts::text::{Piece, SCRIPT, pieces};
use crate::theme::{Paint, dark_declarations, hex};

/// Space around the drawing.
const MARGIN: f64 = 12.0;

const SANS: &str = "system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",\"PingFang SC\",\"Hiragino Sans GB\",\
                    \"Microsoft YaHei\",\"Noto Sans CJK SC\",sans-serif";
const MONO: &str = "ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",\"PingFang SC\",\
                    \"Microsoft YaHei\",\"Noto Sans CJK SC\",monospace";

/// A drawing with its number, its title and a description for those who do not see it.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Chapter and number: `3-07`; `3-B1` on a bonus page.
    pub id: &'static str,
    /// The caption.
    pub title: Words,
    /// What is to be seen, in words.
    pub desc: Words,
    pub(crate) drawing: Drawing,
}

impl Figure {
    /// A figure.
    pub fn new(id: &'static str, title: Words, desc: Words, drawing: Drawing) -> Self {
        Self { id, title, desc, drawing }
    }

    /// The part of the plane that is shown.
    pub(crate) fn view(&self) -> Rect {
        let bounds = self.drawing.bounds().grow(MARGIN);
        let (x, y) = (bounds.x.floor(), bounds.y.floor());
        Rect { x, y, w: (bounds.x_end() - x).ceil(), h: (bounds.y_end() - y).ceil() }
    }

    /// The figure as a file, and as a part of a page: no line of it is empty.
    pub fn svg(&self, lang: Lang) -> String {
        let (view, id, tag) = (self.view(), format!("fig-{}", self.id), lang.tag());
        let (x, y, w, h) = (number(view.x), number(view.y), number(view.w), number(view.h));
        let mut page = Page { id: &id, lang, used: BTreeSet::new(), hatches: BTreeSet::new() };
        let mut elements: Vec<_> = self.drawing.elements.iter().collect();
        elements.sort_by_key(|(layer, _)| *layer);
        let background = page.fill(Paint::Paper);
        let content: String = elements.iter().map(|(_, element)| page.element(element)).collect();
        let (hatches, style) = (page.hatches(), page.style());
        let (title, desc) = (escape(self.title.get(lang)), escape(self.desc.get(lang)));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"fig\" width=\"{w}\" height=\"{h}\" \
             viewBox=\"{x} {y} {w} {h}\" lang=\"{tag}\" xml:lang=\"{tag}\" role=\"img\" \
             aria-labelledby=\"{id}-title {id}-desc\">\n<title id=\"{id}-title\">{title}</title>\n\
             <desc id=\"{id}-desc\">{desc}</desc>\n<style>\n{style}</style>\n{hatches}\
             <rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" {background}/>\n{content}</svg>\n"
        )
    }
}

/// The text with its special characters escaped.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What the elements written so far need in the head of the file.
struct Page<'a> {
    id: &'a str,
    lang: Lang,
    /// Classes with their rules.
    used: BTreeSet<String>,
    /// Names of the colors of hatchings.
    hatches: BTreeSet<&'static str>,
}

impl Page<'_> {
    /// The class of a color as `fill` or `stroke`.
    fn class(&mut self, property: &str, paint: Paint) -> String {
        let (name, light) = (paint.name(), hex(paint.variable().light));
        let class = format!("{}-{name}", &property[..1]);
        self.used.insert(format!(".fig .{class}{{{property}:var(--fig-{name},{light})}}\n"));
        class
    }

    fn fill(&mut self, paint: Paint) -> String {
        if let Paint::Hatch(_) = paint {
            self.class("stroke", paint);
            self.hatches.insert(paint.name());
            return format!("fill=\"url(#{}-hatch-{})\"", self.id, paint.name());
        }
        format!("class=\"{}\"", self.class("fill", paint))
    }

    fn element(&mut self, element: &Element) -> String {
        match element {
            Element::Shape(shape) => self.shape(shape),
            Element::Text(label) => self.text(label),
        }
    }

    fn shape(&mut self, Shape { form, style, .. }: &Shape) -> String {
        let mut classes = Vec::new();
        let mut look = String::new();
        match style.fill {
            Some(Paint::Hatch(_)) => look = format!(" {}", self.fill(style.fill.unwrap_or(Paint::Ink))),
            Some(paint) => classes.push(self.class("fill", paint)),
            None => look = " fill=\"none\"".into(),
        }
        if let Some(paint) = style.stroke {
            classes.push(self.class("stroke", paint));
            look += &format!(" stroke-width=\"{}\"", number(style.width));
        }
        if style.opacity < 1.0 && style.fill.is_some() {
            look += &format!(" fill-opacity=\"{:.2}\"", style.opacity);
        }
        look += match style.dash {
            Dash::Solid => "",
            Dash::Dashed => " stroke-dasharray=\"6 4\"",
            Dash::Dotted => " stroke-dasharray=\"2 3.5\"",
            Dash::DashDotted => " stroke-dasharray=\"8 3 2 3\"",
        };
        let class = if classes.is_empty() { String::new() } else { format!(" class=\"{}\"", classes.join(" ")) };
        let geometry = match form {
            Form::Rect(rect, radius) => {
                let [x, y, w, h, r] = [rect.x, rect.y, rect.w, rect.h, *radius].map(number);
                format!("rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"{r}\"")
            }
            Form::Circle(center, radius) => {
                let [x, y, r] = [center.x, center.y, *radius].map(number);
                format!("circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\"")
            }
            Form::Path(path) => format!("path d=\"{path}\""),
        };
        format!("<{geometry}{class}{look}/>\n")
    }

    fn text(&mut self, label: &Label) -> String {
        let look = label.look;
        let mut class = self.class("fill", look.paint);
        for (is_so, name) in [(look.mono, " mono"), (look.halo, " halo"), (look.bold, " bold")] {
            class += if is_so { name } else { "" };
        }
        let anchor = match look.align {
            Align::Start => "start",
            Align::Middle => "middle",
            Align::End => "end",
        };
        let turn = if look.upward {
            format!(" transform=\"rotate(-90 {} {})\"", number(label.at.x), number(label.at.y))
        } else {
            String::new()
        };
        let line = |(line, rect): (&str, Rect)| {
            let (x, y) = (number(label.at.x), number(rect.center().y + 0.355 * look.size));
            let size = number(look.size);
            let text = inner(line, look.size);
            format!(
                "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{anchor}\"{turn}>{text}</text>\n"
            )
        };
        label.lines(self.lang).into_iter().map(line).collect()
    }

    /// The patterns of the hatchings.
    fn hatches(&self) -> String {
        let pattern = |name: &&str| {
            format!(
                "<pattern id=\"{}-hatch-{name}\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" \
                 patternTransform=\"rotate(45)\"><path class=\"s-{name}\" d=\"M3.5 0V7\" stroke-width=\"1.3\" \
                 stroke-opacity=\"0.55\"/></pattern>\n",
                self.id
            )
        };
        let patterns: String = self.hatches.iter().map(pattern).collect();
        if patterns.is_empty() { patterns } else { format!("<defs>\n{patterns}</defs>\n") }
    }

    /// The style sheet. In a page, the last rule does not apply, since the figure is not the root.
    fn style(&self) -> String {
        let rules: String = self.used.iter().map(String::as_str).collect();
        format!(
            ".fig{{max-width:100%;height:auto}}\n.fig text{{font-family:{SANS};font-variant-numeric:tabular-nums}}\n\
             .fig .mono{{font-family:{MONO}}}\n.fig .bold{{font-weight:600}}\n\
             .fig .halo{{paint-order:stroke;stroke:var(--fig-paper,#ffffff);stroke-width:5px;stroke-linejoin:round}}\n\
             {rules}@media (prefers-color-scheme:dark){{svg.fig:root{{{}}}}}\n",
            dark_declarations()
        )
    }
}

/// A line with its subscripts and superscripts.
fn inner(line: &str, size: f64) -> String {
    let mut text = String::new();
    let mut raised = 0.0;
    for piece in pieces(line) {
        let (height, content, font) = match piece {
            Piece::Plain(content) => (0.0, content, None),
            Piece::Sub(content) => (0.26 * size, content, Some(SCRIPT * size)),
            Piece::Super(content) => (-0.36 * size, content, Some(SCRIPT * size)),
        };
        let shift = height - raised;
        if shift == 0.0 && font.is_none() {
            text += &escape(content);
        } else {
            let font = font.map_or(String::new(), |font| format!(" font-size=\"{}\"", number(font)));
            text += &format!("<tspan dy=\"{}\"{font}>{}</tspan>", number(shift), escape(content));
        }
        raised = height;
    }
    text
}
