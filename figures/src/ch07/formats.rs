//! A task as text.

use ch07_instruct::PromptFormat;

use super::{SHELF, TASKS, visible_breaks};
use crate::ch02::GPT2;
use crate::parts::{Arrow, Group, Side, Text, brace};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Point, Rect, Style, Words, p, rect, t};

const LINE: f64 = 24.0;
/// Width of a character of the sheets, and characters of a line; longer ones are wrapped.
const CHARACTER: f64 = 0.61 * 13.0;
const CHARACTERS: usize = 34;
const PAD: f64 = 14.0;
/// Space above the first and below the last line.
const EDGE: f64 = 8.0;

/// The three fields of an entry, each with a look of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Instruction,
    Input,
    Output,
}

impl Field {
    const ALL: [Self; 3] = [Self::Instruction, Self::Input, Self::Output];

    fn text(self) -> &'static str {
        let entry = &TASKS[SHELF];
        match self {
            Self::Instruction => &entry.instruction,
            Self::Input => &entry.input,
            Self::Output => &entry.output,
        }
    }

    fn name(self) -> Words {
        match self {
            Self::Instruction => t("instruction", "指令"),
            Self::Input => t("input", "输入"),
            Self::Output => t("output", "输出"),
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Instruction => Style::role(Role::Token),
            Self::Input => Style::role(Role::Token).dash(Dash::Dashed),
            Self::Output => Style::role(Role::Output).width(2.5),
        }
    }

    fn width(self) -> f64 {
        CHARACTER * self.text().chars().count() as f64 + 10.0
    }

    fn draw(self, d: &mut Drawing, corner: Point) -> Rect {
        let chip = rect(corner.x, corner.y + 2.0, self.width(), LINE - 4.0);
        d.rect(Layer::Main, chip, 4.0, self.style());
        Text::small(self.text()).mono().draw_in(d, chip);
        chip
    }
}

/// The lines of a text as they are drawn: line breaks are visible, long lines wrapped.
fn lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        while rest.chars().count() > CHARACTERS {
            let end = rest[..CHARACTERS].rfind(' ').map_or(CHARACTERS, |space| space + 1);
            lines.push(rest[..end].trim_end().to_string());
            rest = &rest[end..];
        }
        lines.push(visible_breaks(rest));
    }
    lines
}

/// Draws lines from a left upper corner; fields are framed, the template is gray.
fn draw_lines(d: &mut Drawing, lines: &[String], corner: Point) {
    for (i, line) in lines.iter().enumerate() {
        let y = corner.y + LINE * i as f64;
        let bare = line.trim_end_matches('↵');
        let mut x = corner.x;
        let mut rest = line.as_str();
        if let Some(field) = Field::ALL.into_iter().find(|field| field.text() == bare) {
            x = field.draw(d, p(corner.x - 5.0, y)).x_end() + 3.0;
            rest = &line[bare.len()..];
        }
        if !rest.is_empty() {
            Text::note(rest).mono().start().draw(d, p(x, y + LINE / 2.0));
        }
    }
}

/// How many tokens the task has in a format.
fn tokens(format: PromptFormat) -> usize {
    let entry = &TASKS[SHELF];
    GPT2.encode_ordinary(&(format.format_input(entry) + &format.format_response(&entry.output))).len()
}

/// Draws a sheet whose prompt ends at `border`, and says where the prompt and the rest are.
fn sheet(d: &mut Drawing, format: PromptFormat, name: &str, x: f64, width: f64, border: f64) -> [Rect; 2] {
    let entry = &TASKS[SHELF];
    let (prompt, answer) = (format.format_input(entry), format.format_response(&entry.output));
    let tokens = tokens(format);
    let (prompt, answer) = (lines(&prompt), lines(&answer));
    let height = |lines: &[String]| LINE * lines.len() as f64 + 2.0 * EDGE;
    let upper = rect(x, border - height(&prompt), width, height(&prompt));
    let lower = rect(x, border, width, height(&answer));
    d.rect(Layer::Back, upper.union(lower), 6.0, Style::fill(Paint::Soft(Role::Plain)).outlined(Paint::Grid));
    draw_lines(d, &prompt, p(x + PAD, upper.y + EDGE));
    draw_lines(d, &answer, p(x + PAD, border + EDGE));
    Text::new(name).bold().draw_above(d, upper.top().shift(0.0, -6.0));
    let count = t(format!("{tokens} tokens"), format!("{tokens} 个词元"));
    Text::new(count).bold().draw_below(d, lower.bottom().shift(0.0, 10.0));
    [upper, lower]
}

pub fn two_formats() -> Figure {
    let mut d = Drawing::new();
    let (left, gap) = (118.0, 36.0);
    let widths = [CHARACTER * CHARACTERS as f64 + 2.0 * PAD, CHARACTER * 31.0 + 2.0 * PAD];
    let right = left + widths[0] + gap;

    for (field, middle) in Field::ALL.into_iter().zip([0.27, 0.6, 0.82]) {
        let middle = left + (right + widths[1] - left) * middle;
        Text::small(field.name()).bold().draw_above(&mut d, p(middle, 22.0));
        field.draw(&mut d, p(middle - field.width() / 2.0, 24.0));
    }
    let entry = Group::around([rect(left + 12.0, 4.0, right + widths[1] - left - 24.0, LINE + 20.0)]);
    let entry = entry.pad(12.0).draw(&mut d);
    Text::new(t("entry", "条目")).bold().end().draw(&mut d, entry.left().shift(-14.0, 0.0));

    let border = 400.0;
    let alpaca = sheet(&mut d, PromptFormat::Alpaca, "Alpaca", left, widths[0], border);
    let phi3 = sheet(&mut d, PromptFormat::Phi3, "Phi-3", right, widths[1], border);
    for [upper, _] in [alpaca, phi3] {
        Arrow::new(p(upper.center().x, entry.y_end()), p(upper.center().x, upper.y - 26.0)).draw(&mut d);
    }
    let line = [p(left - 118.0, border), p(right + widths[1] + 8.0, border)];
    d.line(Layer::Front, &line, Style::line(Paint::Strong(Role::Plain)).dash(Dash::Dashed));
    brace(&mut d, alpaca[0].grow(-6.0).shift(-9.0, 0.0), Side::Left, t("given:\nthe prompt", "给定：\n提示"));
    brace(
        &mut d,
        alpaca[1].grow(-6.0).shift(-9.0, 0.0),
        Side::Left,
        t("the model is\nto write this", "这部分\n由模型写"),
    );
    let [instruction, input, output] = Field::ALL.map(Field::text);
    let [many, few] = [PromptFormat::Alpaca, PromptFormat::Phi3].map(tokens);
    let desc = t(
        format!(
            "Above, an entry with three framed fields: instruction “{instruction}”, input “{input}”, output “{output}”. Arrows \
             lead to two sheets with the same task as text; line breaks are visible, the fields keep their frames, all else is \
             gray. Alpaca: an opening sentence, “Below is an instruction …”, then the headings ### Instruction:, ### Input: and \
             ### Response: with a field below each; {many} tokens. Phi-3: the marker <|user|> above instruction and input, the \
             marker <|assistant|>: above the output; {few} tokens. A dashed line runs across both sheets behind “{input}”: what \
             stands above it is given, the prompt; what stands below it, from the line break and the marker on, the model is to \
             write."
        ),
        format!(
            "上面是一个条目，三个带框的字段：指令“{instruction}”，输入“{input}”，输出“{output}”。箭头指向两张纸，是写成文本的同一个任务；\
             换行看得见，字段仍带着框，其余都是灰色。Alpaca：开头一句“Below is an instruction ……”，然后是标题 ### Instruction:、\
             ### Input: 和 ### Response:，下面各有一个字段，共 {many} 个词元。Phi-3：指令和输入上面是标记 <|user|>，输出上面是标记 \
             <|assistant|>:，共 {few} 个词元。一条虚线在“{input}”后面横穿两张纸：线上是给定的提示；线下从换行和标记开始，由模型来写。"
        ),
    );
    let title = t("The same task in the Alpaca and in the Phi-3 format", "同一个任务，Alpaca 格式和 Phi-3 格式");
    Figure::new("7-02", title, desc, d)
}
