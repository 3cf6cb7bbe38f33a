//! The map of the book.

use crate::drawing::{Dash, Drawing, Layer, Style};
use crate::geometry::{Point, Rect, p, rect};
use crate::lang::{Words, t};
use crate::parts::group::Group;
use crate::parts::text::Text;
use crate::theme::{Paint, Role};

const STEP: (f64, f64) = (196.0, 38.0);

/// The nine steps of the book in its three stages, with what is done and where the reader is.
#[derive(Clone, Copy, Debug)]
pub struct RoadMap {
    chapter: u32,
}

impl RoadMap {
    /// The map at the start of a chapter. In chapter 1 nothing is done yet.
    pub fn at_chapter(chapter: u32) -> Self {
        Self { chapter }
    }

    /// Draws it from a left upper corner.
    pub fn draw(self, d: &mut Drawing, from: Point) -> Rect {
        let mut corner = from.shift(14.0, 38.0);
        let mut frames = Vec::new();
        for (title, steps) in stages() {
            let places = rect(corner.x, corner.y, STEP.0, 4.0 * STEP.1 + 30.0).column(4, 10.0);
            for ((number, chapter, words), place) in steps.iter().zip(&places) {
                self.draw_step(d, *place, (*number, *chapter), words);
            }
            let all = Rect::bounds(places);
            frames.push(Group::around([all]).title(title).draw(d));
            corner.x += STEP.0 + 52.0;
        }
        for pair in frames.windows(2) {
            crate::parts::Arrow::new(pair[0].right(), pair[1].left()).draw(d);
        }
        Rect::bounds(frames)
    }

    fn draw_step(self, d: &mut Drawing, place: Rect, (number, chapter): (u32, u32), words: &Words) {
        let is_here = chapter == self.chapter;
        let is_done = chapter < self.chapter;
        let (style, ink) = if is_here {
            (Style::fill(Paint::Ink).outlined(Paint::Ink), Paint::Paper)
        } else if is_done {
            (Style::fill(Paint::Paper).outlined(Paint::Strong(Role::Plain)), Paint::Ink)
        } else {
            (Style::fill(Paint::Paper).outlined(Paint::Strong(Role::Mask)).dash(Dash::Dashed), Paint::Muted)
        };
        d.rect(Layer::Main, place, 8.0, style);
        let label = |words: Words| Text::new(words).size_of(14.0).paint(ink);
        let number = Text::small(number.to_string()).bold().paint(ink);
        number.draw_in(d, rect(place.x + 6.0, place.y, 18.0, place.h));
        let label = if is_here { label(words.clone()).bold() } else { label(words.clone()) };
        label.start().draw_in(d, rect(place.x + 32.0, place.y, place.w - 38.0 - 18.0, place.h));
        let mark = p(place.x_end() - 17.0, place.center().y);
        let line = |paint| Style::line(paint).width(2.0);
        if is_done {
            let tick = [mark.shift(-5.0, 0.0), mark.shift(-1.5, 4.0), mark.shift(5.0, -4.5)];
            d.line(Layer::Front, &tick, line(Paint::Strong(Role::Output)));
        } else if is_here {
            let pointer = [mark.shift(4.0, -6.0), mark.shift(-4.0, 0.0), mark.shift(4.0, 6.0)];
            d.line(Layer::Front, &pointer, line(Paint::Paper));
        }
    }
}

/// Number, chapter and name of a step.
type Step = (u32, u32, Words);

/// The title of each stage, and its steps.
fn stages() -> [(Words, Vec<Step>); 3] {
    [
        (
            t("Build the model", "搭建模型"),
            vec![
                (1, 2, t("Text to numbers", "从文本到数字")),
                (2, 3, t("Attention", "注意力")),
                (3, 4, t("The GPT model", "GPT 模型")),
            ],
        ),
        (
            t("Pretrain it", "预训练"),
            vec![
                (4, 5, t("Loss", "损失")),
                (5, 5, t("Training loop", "训练循环")),
                (6, 5, t("Writing text", "生成文本")),
                (7, 5, t("Loading weights", "加载权重")),
            ],
        ),
        (t("Fine-tune it", "微调"), vec![(8, 6, t("A classifier", "分类器")), (9, 7, t("An assistant", "助手"))]),
    ]
}
