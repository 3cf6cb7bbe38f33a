//! From the scores of one query to its context vector, with all numbers.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor, s};
use ch03_attention::running_example::TOKENS;
use ch03_attention::simplified::{context_vector, scores_of_query};
use shared::init::rand;
use shared::rng::TorchRng;

use super::{QUERY, inputs, rows, values};
use crate::parts::{Arrow, Matrix, PlacedMatrix, Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Point, Rect, Style, Words, p, rect, t};

/// Height of a row, and the longest bar.
const ROW: f64 = 32.0;
const BAR: f64 = 40.0;

pub fn simplified() -> Figure {
    let query: Tensor<1> = inputs().slice(s![QUERY, ..]).squeeze_dim(0);
    let scores = scores_of_query(query.clone(), inputs());
    let weights = softmax(scores.clone(), 0);
    let weighted = inputs() * weights.clone().unsqueeze_dim::<2>(1);
    let context = values(context_vector(weights.clone(), inputs()));
    let (scores, weights, weighted) = (values(scores), values(weights), rows(weighted));

    let mut d = Drawing::new();
    let inputs = table(&rows(inputs()), 2, Role::Token, 42.0).row_labels(TOKENS).mark_row(QUERY, Role::Token);
    let inputs = inputs.draw(&mut d, p(0.0, 0.0));
    heading(&mut d, &inputs, t("inputs", "输入"), "x^{(j)}");
    let scores_at = column(&mut d, &scores, inputs.grid.x_end() + 30.0);
    heading(&mut d, &scores_at, t("① scores", "① 分数"), "x^{(2)} · x^{(j)}");
    let weights_at = column(&mut d, &weights, scores_at.grid.x_end() + 30.0);
    heading(&mut d, &weights_at, t("② weights", "② 权重"), "softmax");
    let bars = bars(&mut d, &weights, &weights_at);
    let weighted = table(&weighted, 4, Role::Output, 56.0).draw(&mut d, p(bars.x_end() + 28.0, 0.0));
    heading(&mut d, &weighted, t("③ weight × input", "③ 权重 × 输入"), "α_{2j} x^{(j)}");

    let asked = query_row(&mut d, &values(query), 2, "x^{(2)}", &inputs);
    compare(&mut d, asked, &scores_at);
    for (from, to) in [(&inputs, &scores_at), (&scores_at, &weights_at)] {
        Arrow::new(from.grid.right(), to.grid.left()).draw(&mut d);
    }
    Arrow::new(bars.right(), weighted.grid.left()).free().draw(&mut d);
    sum_of(&mut d, &weights, &weights_at);
    result(&mut d, &context, &weighted, t("added up:\ncontext vector z^{(2)}", "相加：\n上下文向量 z^{(2)}"));

    let (scores, weights, context) = (listed(&scores), listed(&weights), listed(&context));
    let desc = t(
        format!(
            "A table with a row for each of the six tokens. The query is “journey”, 0.55, 0.87, 0.66; its row of the inputs is \
             framed. Step 1, scores, the dot products with all inputs: {scores}. Step 2, weights by softmax, also as bars: {weights}; \
             they sum to 1. Step 3, each input times its weight; added up, the columns give the context vector {context}."
        ),
        format!(
            "一张表，六个词元各占一行。查询是 “journey”，0.55、0.87、0.66，它在输入中的那一行加了框。第一步，分数，即查询与所有输入的点积：\
             {scores}。第二步，softmax 得到权重，旁边画成条形：{weights}，总和为 1。第三步，每个输入乘以自己的权重；\
             各列相加，得到上下文向量 {context}。"
        ),
    );
    let title = t(
        "From six scores to one context vector, for the query “journey”",
        "查询为 “journey” 时，从六个分数到一个上下文向量",
    );
    Figure::new("3-05", title, desc, d)
}

pub fn with_keys_and_values() -> Figure {
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let [w_query, w_key, w_value] = [(); 3].map(|()| rand::<2>([3, 2], &mut rng, &device));
    let query: Tensor<1> = inputs().slice(s![QUERY, ..]).matmul(w_query).squeeze_dim(0);
    let (keys, of_tokens) = (inputs().matmul(w_key), inputs().matmul(w_value));
    let scores = scores_of_query(query.clone(), keys.clone());
    let scaled = scores.clone() / 2f64.sqrt();
    let weights = softmax(scaled.clone(), 0);
    let context = values(context_vector(weights.clone(), of_tokens.clone()));
    let (query, scores, scaled, weights) = (values(query), values(scores), values(scaled), values(weights));

    let mut d = Drawing::new();
    let keys = table(&rows(keys), 4, Role::Token, 56.0).row_labels(TOKENS).draw(&mut d, p(0.0, 0.0));
    heading(&mut d, &keys, t("keys", "键"), "k^{(j)}");
    let scores_at = column(&mut d, &scores, keys.grid.x_end() + 30.0);
    heading(&mut d, &scores_at, t("① scores", "① 分数"), "q^{(2)} · k^{(j)}");
    let scaled_at = column(&mut d, &scaled, scores_at.grid.x_end() + 30.0);
    heading(&mut d, &scaled_at, t("② ÷ √2", "② ÷ √2"), "√d_{k}");
    let weights_at = column(&mut d, &weights, scaled_at.grid.x_end() + 30.0);
    heading(&mut d, &weights_at, t("③ weights", "③ 权重"), "softmax");
    let bars = bars(&mut d, &weights, &weights_at);
    let values_at = table(&rows(of_tokens), 4, Role::Token, 56.0).draw(&mut d, p(bars.x_end() + 28.0, 0.0));
    heading(&mut d, &values_at, t("values", "值"), "v^{(j)}");

    let asked = query_row(&mut d, &query, 4, "q^{(2)}", &keys);
    compare(&mut d, asked, &scores_at);
    for (from, to) in [(&keys, &scores_at), (&scores_at, &scaled_at), (&scaled_at, &weights_at)] {
        Arrow::new(from.grid.right(), to.grid.left()).draw(&mut d);
    }
    Text::new("×").size_of(20.0).draw(&mut d, p((bars.x_end() + values_at.grid.x) / 2.0, values_at.grid.center().y));
    sum_of(&mut d, &weights, &weights_at);
    let words = t("④ weights × values, added up:\ncontext vector z^{(2)}", "④ 权重 × 值，相加：\n上下文向量 z^{(2)}");
    result(&mut d, &context, &values_at, words);

    let (query, scores, scaled) = (listed(&query), listed(&scores), listed(&scaled));
    let (weights, context) = (listed(&weights), listed(&context));
    let desc = t(
        format!(
            "A table with a row for each of the six tokens. The query of “journey” is {query}. Step 1, its dot products with the six \
             keys: {scores}. Step 2, divided by the root of 2: {scaled}. Step 3, softmax gives the weights, also as bars: {weights}; they \
             sum to 1. Step 4, each value times its weight, added up: the context vector {context}."
        ),
        format!(
            "一张表，六个词元各占一行。“journey” 的查询是 {query}。第一步，它与六个键的点积：{scores}。第二步，除以根号 2：{scaled}。\
             第三步，softmax 得到权重，旁边画成条形：{weights}，总和为 1。第四步，每个值乘以自己的权重再相加，得到上下文向量 {context}。"
        ),
    );
    let title = t(
        "The query of “journey” meets six keys; the weights mix six values",
        "“journey” 的查询与六个键相遇；权重把六个值混合起来",
    );
    Figure::new("3-10", title, desc, d)
}

fn table(rows: &[Vec<f32>], decimals: usize, role: Role, width: f64) -> Matrix {
    Matrix::numbers(rows, decimals).role(role).flat().cell(width, ROW)
}

/// One number for each token.
fn column(d: &mut Drawing, numbers: &[f32], x: f64) -> PlacedMatrix {
    let rows: Vec<_> = numbers.iter().map(|number| vec![*number]).collect();
    table(&rows, 4, Role::Score, 58.0).draw(d, p(x, 0.0))
}

/// What a column holds, and its formula.
fn heading(d: &mut Drawing, of: &PlacedMatrix, name: Words, formula: &str) {
    Text::new(name).size_of(14.0).bold().draw(d, of.grid.top().shift(0.0, -36.0));
    Text::note(formula).draw(d, of.grid.top().shift(0.0, -16.0));
}

/// The weights as bars beside their numbers; the place of the bars.
fn bars(d: &mut Drawing, weights: &[f32], beside: &PlacedMatrix) -> Rect {
    let largest = weights.iter().copied().fold(0.0, f32::max);
    let left = beside.grid.x_end() + 6.0;
    for (row, weight) in weights.iter().enumerate() {
        let width = BAR * f64::from(weight / largest);
        let place = rect(left, beside.row(row).y + 7.0, width, ROW - 14.0);
        d.rect(Layer::Main, place, 3.0, Style::fill(Paint::Strong(Role::Score)).opacity(0.6));
    }
    rect(left, beside.grid.y, BAR, beside.grid.h)
}

/// The vector of the query, above its column.
fn query_row(d: &mut Drawing, query: &[f32], decimals: usize, formula: &str, above: &PlacedMatrix) -> Rect {
    let width = above.grid.w / query.len() as f64;
    let placed = table(&[query.to_vec()], decimals, Role::Token, width).mark_row(0, Role::Token);
    let placed = placed.draw(d, p(above.grid.x, -96.0)).grid;
    Text::new(t("query", "查询")).size_of(14.0).bold().end().draw(d, placed.left().shift(-10.0, -8.0));
    Text::note(formula).end().draw(d, placed.left().shift(-10.0, 9.0));
    placed
}

/// The query goes to the scores.
fn compare(d: &mut Drawing, query: Rect, scores: &PlacedMatrix) {
    let to = scores.grid.top().shift(0.0, -48.0);
    Arrow::new(query.right(), to).corner_across().role(Role::Token).width(2.0).draw(d);
}

fn sum_of(d: &mut Drawing, weights: &[f32], below: &PlacedMatrix) {
    let sum = decimal(weights.iter().map(|weight| f64::from(*weight)).sum(), 4);
    Text::small(t(format!("sum {sum}"), format!("和 {sum}"))).draw_below(d, below.grid.bottom().shift(0.0, 6.0));
}

/// The context vector below its columns.
fn result(d: &mut Drawing, context: &[f32], below: &PlacedMatrix, words: Words) {
    let from: Point = p(below.grid.x, below.grid.y_end() + 34.0);
    let placed = table(&[context.to_vec()], 4, Role::Output, 56.0).mark_row(0, Role::Output).draw(d, from).grid;
    Arrow::new(below.grid.bottom(), placed.top()).role(Role::Output).width(2.0).draw(d);
    Text::new(words).size_of(14.0).bold().role(Role::Output).end().draw(d, placed.left().shift(-14.0, 0.0));
}

fn listed(numbers: &[f32]) -> String {
    numbers.iter().map(|number| decimal(f64::from(*number), 4)).collect::<Vec<_>>().join(", ")
}
