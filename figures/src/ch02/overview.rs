//! Figures of the chapter's first pages.

use burn::tensor::Device;
use shared::init;
use shared::rng::TorchRng;

use super::{gpt2_ids, gpt2_text, rows};
use crate::parts::{Arrow, Node, RoadMap, Text, visible};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Point, Rect, Style, p, rect, t};

pub fn road_map() -> Figure {
    let mut d = Drawing::new();
    RoadMap::at_chapter(2).draw(&mut d, p(0.0, 0.0));
    let desc = t(
        "The nine steps of the book in three stages. Build the model: 1 text to numbers (this chapter), 2 attention, 3 the \
         GPT model. Pretrain it: 4 loss, 5 training loop, 6 writing text, 7 loading weights. Fine-tune it: 8 a \
         classifier, 9 an assistant. Step 1 is marked; all others are still to come.",
        "全书分三个阶段，共九步。搭建模型：1 从文本到数字（本章），2 注意力，3 GPT 模型。预训练：4 损失，5 训练循环，6 生成文本，\
         7 加载权重。微调：8 分类器，9 助手。标出的是第 1 步，其余各步还在后面。",
    );
    Figure::new("2-01", t("Where we are: text becomes numbers", "我们在哪里：把文本变成数字"), desc, d)
}

/// Where the columns of the pipeline have their middle, and how wide their boxes are.
const COLUMNS: [f64; 4] = [200.0, 296.0, 392.0, 488.0];
const CELL: f64 = 82.0;

pub fn pipeline() -> Figure {
    let mut d = Drawing::new();
    let text = "In the heart of";
    let ids = gpt2_ids(text);
    let all = rect(COLUMNS[0] - CELL / 2.0, 0.0, COLUMNS[3] - COLUMNS[0] + CELL, 40.0);
    Node::new(text).role(Role::Token).draw(&mut d, all);
    let tokens = row_of(&mut d, 84.0, |i| Node::new(visible(&gpt2_text(ids[i]))).role(Role::Token).radius(5.0));
    let numbers = row_of(&mut d, 162.0, |i| Node::new(ids[i].to_string()).role(Role::Token).radius(5.0));

    let table = rows(init::embedding(8, 5, &mut TorchRng::new(123), &Device::flex()).weight.val());
    let vectors = strips(&mut d, 246.0, &table[..4], Role::Token);
    let positions = strips(&mut d, 312.0, &table[4..], Role::Weight);
    let sums: Vec<Vec<f32>> =
        (0..4).map(|i| table[i].iter().zip(&table[4 + i]).map(|(a, b)| a + b).collect()).collect();
    let inputs = strips(&mut d, 378.0, &sums, Role::Output);
    for i in 0..4 {
        let center = |rect: &Rect| p(COLUMNS[i], rect.y);
        Arrow::new(p(COLUMNS[i], all.y_end()), center(&tokens[i])).draw(&mut d);
        Arrow::new(tokens[i].bottom(), numbers[i].top()).draw(&mut d);
        Arrow::new(numbers[i].bottom(), center(&vectors[i])).draw(&mut d);
        Text::new("+").draw(&mut d, vectors[i].bottom().toward(positions[i].top(), 0.5));
        Text::new("=").draw(&mut d, positions[i].bottom().toward(inputs[i].top(), 0.5));
    }
    let attention = Node::new(t("attention, chapter 3", "注意力，第 3 章")).dashed();
    let attention = attention.draw(&mut d, rect(all.x, 446.0, all.w, 40.0));
    for input in &inputs {
        Arrow::new(input.bottom(), p(input.center().x, attention.y)).draw(&mut d);
    }
    let batches = Node::new(t("batches", "批次")).note(t("inputs,\ntargets\n2.6", "输入\n与目标\n2.6"));
    let size = batches.size();
    let batches = batches.draw(&mut d, numbers[3].right_of(34.0, size));
    Arrow::new(numbers[3].right(), batches.left()).draw(&mut d);

    stage_names(&mut d, all.x - 18.0);
    let desc = t(
        "From top to bottom. The text “In the heart of” is cut into four tokens, In, ␣the, ␣heart and ␣of. Each has an id: \
         818, 262, 2612, 286; batches of inputs and targets are made of these. Each id becomes a vector, the token \
         embedding; the vector of its position is added; the sum, the input embedding, goes to the attention of chapter 3.",
        "从上到下：文本 “In the heart of” 被切成四个词元 In、␣the、␣heart、␣of。每个词元有一个 ID：818、262、2612、286，\
         输入与目标的批次由这些 ID 组成。每个 ID 变成一个向量，即词元嵌入；再加上所在位置的向量；两者之和是输入嵌入，送往第 3 章的注意力。",
    );
    let title = t("From text to vectors: the five stages of this chapter", "从文本到向量：本章的五个阶段");
    Figure::new("2-02", title, desc, d)
}

/// The names of the rows, ending here, with their sections.
fn stage_names(d: &mut Drawing, x: f64) {
    let labels = [
        (20.0, t("text", "文本"), t("", "")),
        (101.0, t("tokens", "词元"), t("2.2, 2.5", "2.2、2.5")),
        (179.0, t("token ids", "词元 ID"), t("2.3–2.5", "2.3–2.5")),
        (257.0, t("token embedding", "词元嵌入"), t("2.7", "2.7")),
        (323.0, t("position embedding", "位置嵌入"), t("2.8", "2.8")),
        (389.0, t("input embedding", "输入嵌入"), t("2.8", "2.8")),
    ];
    for (y, name, section) in labels {
        let has_section = !section.get(crate::Lang::En).is_empty();
        let up = if has_section { 9.0 } else { 0.0 };
        Text::new(name).size_of(14.0).end().draw(d, p(x, y - up));
        if has_section {
            Text::note(section).end().draw(d, p(x, y + 9.0));
        }
    }
}

fn row_of(d: &mut Drawing, y: f64, node: impl Fn(usize) -> Node) -> Vec<Rect> {
    (0..4).map(|i| node(i).draw(d, rect(COLUMNS[i] - CELL / 2.0, y, CELL, 34.0))).collect()
}

/// A vector in each column, as five squares without numbers.
fn strips(d: &mut Drawing, y: f64, vectors: &[Vec<f32>], role: Role) -> Vec<Rect> {
    let strip = |(i, vector): (usize, &Vec<f32>)| {
        let place = rect(COLUMNS[i] - CELL / 2.0 + 1.0, y, CELL - 2.0, 22.0);
        for (cell, value) in place.row(vector.len(), 2.0).iter().zip(vector) {
            let share = f64::from((value.abs() / 3.0).min(1.0));
            d.rect(Layer::Main, *cell, 3.0, Style::fill(Paint::Strong(role)).opacity(0.12 + 0.6 * share));
        }
        d.rect(Layer::Main, place.grow(2.0), 5.0, Style::line(Paint::Strong(role)).width(1.0));
        place.grow(2.0)
    };
    vectors.iter().enumerate().map(strip).collect()
}

pub fn words_as_points() -> Figure {
    let mut d = Drawing::new();
    let at = |x: f64, y: f64| p(150.0 * x, -150.0 * y);
    let clusters: [(_, Role, [(_, f64, f64); 3]); 3] = [
        (
            t("drinks", "饮料"),
            Role::Token,
            [(t("tea", "茶"), 0.8, 1.9), (t("coffee", "咖啡"), 1.2, 2.1), (t("milk", "牛奶"), 0.6, 2.25)],
        ),
        (
            t("travel by train", "乘火车"),
            Role::Weight,
            [(t("train", "火车"), 2.8, 0.55), (t("station", "车站"), 3.2, 0.8), (t("ticket", "车票"), 2.7, 0.95)],
        ),
        (
            t("colours", "颜色"),
            Role::Score,
            [(t("red", "红"), 2.9, 2.0), (t("green", "绿"), 3.3, 2.25), (t("blue", "蓝"), 2.95, 2.45)],
        ),
    ];
    Arrow::new(at(0.0, 0.0), at(4.2, 0.0)).free().draw(&mut d);
    Arrow::new(at(0.0, 0.0), at(0.0, 2.85)).free().draw(&mut d);
    Text::small(t("dimension 1", "第 1 维")).end().draw_below(&mut d, at(4.2, 0.0).shift(0.0, 8.0));
    Text::small(t("dimension 2", "第 2 维")).upward().end().draw(&mut d, at(0.0, 2.8).shift(-14.0, 0.0));
    let tea = at(0.8, 1.9);
    let dashed = Style::line(Paint::Strong(Role::Token)).dash(Dash::Dashed);
    d.line(Layer::Lines, &[Point { y: 0.0, ..tea }, tea, Point { x: 0.0, ..tea }], dashed);
    Text::small("0.8").bold().role(Role::Token).draw_below(&mut d, p(tea.x, 8.0));
    Text::small("1.9").bold().role(Role::Token).end().draw(&mut d, p(-8.0, tea.y));
    for (name, role, words) in clusters {
        let points = words.iter().map(|(_, x, y)| Rect::around(at(*x, *y), (0.0, 0.0)));
        let bounds = Rect::bounds(points);
        let frame = Rect { w: bounds.w + 58.0, ..bounds }.grow(24.0);
        d.rect(Layer::Back, frame, 24.0, Style::fill(Paint::Soft(role)));
        Text::note(name).draw_above(&mut d, frame.top().shift(0.0, -3.0));
        for (word, x, y) in words {
            d.circle(Layer::Main, at(x, y), 5.0, Style::fill(Paint::Strong(role)));
            Text::new(word).start().draw(&mut d, at(x, y).shift(11.0, 0.0));
        }
    }
    Text::note(t(
        "illustration:\n2 numbers for each word,\n768 in the smallest GPT-2",
        "示意：\n每个词 2 个数，\n最小的 GPT-2 用 768 个",
    ))
    .start()
    .draw(&mut d, at(0.95, 0.75));
    let desc = t(
        "A plane with two dimensions, as an illustration. Words lie in three groups: tea, coffee and milk; train, station \
         and ticket; red, green and blue. Dashed lines lead from tea to its two coordinates, 0.8 and 1.9.",
        "一个二维平面，仅作示意。词分成三群：茶、咖啡、牛奶；火车、车站、车票；红、绿、蓝。从“茶”引出的虚线指向它的两个坐标 0.8 和 1.9。",
    );
    let title = t("Words as points: what is used alike lies close together", "词是平面上的点：用法相近的词靠在一起");
    Figure::new("2-03", title, desc, d)
}
