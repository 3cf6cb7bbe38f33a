//! Generating text: one step, and six.

use crate::parts::{Arrow, Bar, Bars, Matrix, Node, Text, Tokens, decimal, visible, whole};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Style, p, rect, t};

/// The three best tokens of six steps, as the full model finds them. (It has 163 million parameters: too much for drawing.)
const OUTPUT: &str = include_str!("../../../book/outputs/4_7_step_by_step.txt");

/// The first three and the last three of the 50,257 logits behind “Hello, I am”, which a test of chapter 4 checks.
const LOGITS: [f64; 6] = [-0.6430, -0.1466, -0.1405, 1.5849, -0.9539, -0.8765];

const PROMPT: [(&str, u32); 4] = [("Hello", 15496), (",", 11), (" I", 314), (" am", 716)];
const VOCABULARY: u32 = 50_257;

/// A token that could come next.
#[derive(Clone, Debug)]
struct Candidate {
    id: u32,
    text: String,
    logit: f64,
    probability: f64,
}

/// The candidates of each step, best one first.
fn steps() -> Vec<Vec<Candidate>> {
    let number =
        |line: &str, name: &str| -> Option<f64> { line.split(name).nth(1)?.split_whitespace().next()?.parse().ok() };
    let candidate = |line: &str| {
        let text = line.split('"').nth(1)?.to_string();
        let id = line.split_whitespace().next()?.parse().ok()?;
        Some(Candidate { id, text, logit: number(line, "logit")?, probability: number(line, "probability")? })
    };
    let step = |step: &str| step.lines().filter_map(candidate).collect();
    OUTPUT.split("\nStep ").skip(1).map(step).collect()
}

/// Width of a cell of the logits.
const CELL: f64 = 66.0;

pub fn one_step() -> Figure {
    let candidates = steps().swap_remove(0);
    let best = &candidates[0];
    let mut d = Drawing::new();
    let ids = Tokens::new(PROMPT.map(|(text, _)| visible(text))).ids(PROMPT.map(|(_, id)| id.to_string()));
    let ids = ids.min_width(60.0).gap(10.0).draw(&mut d, p(70.0, 0.0));
    let model = rect(70.0, 86.0, 8.0 * CELL, 40.0);
    let model = Node::new(t("GPT model", "GPT 模型")).role(Role::Weight).heavy().draw(&mut d, model);
    for foot in &ids.feet {
        Arrow::new(*foot, p(foot.x, model.y)).draw(&mut d);
    }
    let logits = logits(&mut d, best);
    Arrow::new(model.bottom(), p(model.center().x, logits.grid.y - 26.0)).free().draw(&mut d);
    let shape = t("logits [1, 4, 50257]", "logits [1, 4, 50257]");
    Text::small(shape)
        .mono()
        .muted()
        .start()
        .draw(&mut d, p(model.center().x + 14.0, (model.y_end() + logits.grid.y) / 2.0 - 12.0));

    let top = logits.grid.y_end() + 84.0;
    let left = 278.0;
    let soft = Node::new("softmax").draw_at(&mut d, p(left + 95.0, logits.grid.y_end() + 42.0));
    Arrow::new(p(soft.center().x, logits.grid.y_end()), soft.top()).draw(&mut d);
    let columns = [(118.0, t("token", "词元")), (186.0, t("id", "ID")), (258.0, t("logit", "logit"))];
    for (x, name) in &columns {
        Text::note(name).end().draw(&mut d, p(*x, top));
    }
    Text::note(t("probability", "概率")).start().draw(&mut d, p(left, top));
    let bars = candidates.iter().enumerate().map(|(i, candidate)| {
        let role = if i == 0 { Role::Output } else { Role::Score };
        ("", Bar::new(candidate.probability, decimal(candidate.probability, 6), role))
    });
    let bars = Bars::new(bars).thickness(20.0, 8.0).draw_across(&mut d, p(left, top + 20.0), 190.0);
    for (candidate, bar) in candidates.iter().zip(&bars.bars) {
        let texts = [visible(&candidate.text), candidate.id.to_string(), decimal(candidate.logit, 4)];
        for ((x, _), text) in columns.iter().zip(texts) {
            Text::new(text).size_of(14.0).end().draw(&mut d, p(*x, bar[0].center().y));
        }
    }
    Arrow::new(soft.bottom(), p(soft.center().x, bars.field.y - 8.0)).free().draw(&mut d);
    let even = 1.0 / f64::from(VOCABULARY);
    let x = left + 190.0 * even / best.probability;
    let line = [p(x, bars.field.y - 6.0), p(x, bars.field.y_end() + 14.0)];
    d.line(Layer::Front, &line, Style::line(Paint::Ink).dash(Dash::Dotted));
    let words = t(
        format!("if all {} were equally likely: {}", whole(VOCABULARY), decimal(even, 6)),
        format!("如果 {} 个词元机会均等：{}", whole(VOCABULARY), decimal(even, 6)),
    );
    Text::note(words).start().draw_below(&mut d, p(x - 6.0, bars.field.y_end() + 16.0));

    let right = logits.grid.x_end() + 30.0;
    let new = Tokens::new([visible(&best.text)]).ids([best.id.to_string()]).role(Role::Output).heavy(0);
    let new = new.draw(&mut d, p(ids.bounds.x_end() + 22.0, 0.0));
    let from = p(bars.bars[0][0].x_end() + 76.0, bars.bars[0][0].center().y);
    Arrow::new(from, new.cells[0].right())
        .via([p(right, from.y), p(right, new.cells[0].center().y)])
        .role(Role::Output)
        .draw(&mut d);
    let appended = Text::note(t("argmax, appended", "argmax，接在后面"));
    appended.end().draw(&mut d, p(right - 8.0, new.cells[0].center().y - 14.0));
    let desc = t(
        "The ids 15496, 11, 314, 716 of Hello, comma, I, am go into the GPT model. Out comes a table of logits with \
         four rows and 50,257 columns. The first three rows are pale and not used. The last row, framed, is −0.6430, \
         −0.1466, −0.1405, … 2.4972 in column 27018, …, −0.9539, −0.8765. Softmax makes probabilities of it; the \
         three best are 27018 Feature with 0.000205, 40179 with 0.000150, 42473 with 0.000143; equally likely would \
         be 0.000020. The best one, Feature, is appended to the ids, which makes five.",
        "“Hello”、逗号、“ I”、“ am” 的 ID 15496、11、314、716 进入 GPT 模型，得到一张 logits 表，4 行 50,257 列。前三\
         行很淡，没有用到。最后一行加了框：−0.6430、−0.1466、−0.1405、……第 27018 列是 2.4972、……、−0.9539、−0.8765。\
         softmax 把它变成概率；最高的三个是 27018 “ Feature” 0.000205、40179 0.000150、42473 0.000143；机会均等时是 \
         0.000020。最好的 “ Feature” 接到 ID 后面，现在有五个。",
    );
    let title =
        t("One step of generation: only the last row of logits decides", "生成一步：只有最后一行 logits 说了算");
    Figure::new("4-13", title, desc, d)
}

/// Four rows of logits: the last with its numbers, the others pale.
fn logits(d: &mut Drawing, best: &Candidate) -> crate::parts::PlacedMatrix {
    let [a, b, c, _, y, z] = LOGITS.map(|value| decimal(value, 4));
    let dots = || "…".to_string();
    let last = vec![a, b, c, dots(), decimal(best.logit, 4), dots(), y, z];
    let pale = || last.iter().map(|_| String::new()).collect::<Vec<_>>();
    let columns = ["0".into(), "1".into(), "2".into(), dots(), best.id.to_string(), dots()];
    let columns = columns.into_iter().chain([VOCABULARY - 2, VOCABULARY - 1].map(|id| id.to_string()));
    Matrix::texts(vec![pale(), pale(), pale(), last.clone()])
        .role(Role::Output)
        .row_labels(PROMPT.map(|(text, _)| visible(text)))
        .column_labels(columns)
        .cell(CELL, 28.0)
        .value_size(13.0)
        .mark_row(3, Role::Output)
        .draw(d, p(70.0, 186.0))
}

pub fn six_steps() -> Figure {
    let steps = steps();
    let mut d = Drawing::new();
    let mut texts: Vec<String> = PROMPT.iter().map(|(text, _)| visible(text)).collect();
    let leads: Vec<f64> = steps.iter().map(|step| step[0].logit - step[1].logit).collect();
    let bar = 566.0;
    for (i, step) in steps.iter().enumerate() {
        texts.push(visible(&step[0].text));
        let y = 62.0 * i as f64;
        let last = texts.len() - 1;
        let row = Tokens::new(texts.clone()).pad(4.0).gap(3.0).role_of(last, Role::Output).heavy(last);
        let row = row.draw(&mut d, p(0.0, y));
        Text::note(step[0].id.to_string()).draw_below(&mut d, row.cells[last].bottom().shift(0.0, 3.0));
        Text::small((i + 1).to_string()).bold().end().draw(&mut d, row.cells[0].left().shift(-14.0, 0.0));
        let place = rect(bar, y + 8.0, (130.0 * leads[i]).max(1.0), 18.0);
        d.rect(Layer::Main, place, 3.0, Style::fill(Paint::Strong(Role::Score)).opacity(0.5));
        d.rect(Layer::Main, place, 3.0, Style::line(Paint::Strong(Role::Score)));
        Text::small(decimal(leads[i], 4)).start().draw(&mut d, place.right().shift(6.0, 0.0));
    }
    Text::note(t("step", "步")).end().draw(&mut d, p(-6.0, -22.0));
    Text::note(t("lead of the\nbest logit", "最高 logit\n领先多少")).start().draw(&mut d, p(bar, -30.0));
    let listed: Vec<_> = steps.iter().map(|step| (step[0].id, step[0].text.trim().to_string())).collect();
    let listed = listed.iter().map(|(id, text)| format!("{text} ({id})")).collect::<Vec<_>>().join(", ");
    let leads: Vec<_> = leads.iter().map(|lead| decimal(*lead, 4)).collect();
    let desc = t(
        format!(
            "Six rows, like stairs: each shows the tokens so far, with one more at the end, framed, its id below. \
             The prompt is Hello, comma, I, am. New are, one after the other, {listed}. At the right of each row a \
             bar shows by how much the best logit leads over the second: {}. Step 5 is the closest.",
            leads.join(", ")
        ),
        format!(
            "六行，像台阶：每行是目前的词元，末尾多出一个，加了框，下面是它的 ID。提示是 “Hello”、逗号、“ I”、“ am”，\
             依次新增 {listed}。每行右边的条形是最高的 logit 比第二名高出多少：{}。第 5 步最接近。",
            leads.join("、")
        ),
    );
    let title = t("Six steps of greedy generation by the untrained model", "未经训练的模型贪心生成六步");
    Figure::new("4-14", title, desc, d)
}

#[cfg(test)]
mod tests {
    use super::{LOGITS, steps};

    /// The full model is tested in chapter 4; here, that this is what is tested there.
    #[test]
    fn the_logits_are_those_of_the_chapters_test() {
        let tests = include_str!("../../../ch04-gpt/tests/book_numbers.rs");
        let expected: Vec<_> = LOGITS.iter().map(|logit| format!("{logit:.4}")).collect();
        assert!(tests.contains(&format!("[{}]", expected.join(", "))));
    }

    #[test]
    fn six_steps_with_three_candidates_each_are_read() {
        let steps = steps();
        assert_eq!(steps.iter().map(Vec::len).collect::<Vec<_>>(), [3; 6]);
        assert_eq!((steps[0][0].id, steps[0][0].text.as_str()), (27018, " Feature"));
    }
}
