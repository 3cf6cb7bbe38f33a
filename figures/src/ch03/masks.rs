//! Hiding the future.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor, s};
use ch03_attention::causal_mask::{renormalise, simple_mask};
use ch03_attention::running_example::TOKENS;
use ch03_attention::simplified::softmax_naive;
use ch03_attention::{SelfAttentionV2, SelfAttentionV2Config};
use shared::init::torch_init;
use shared::rng::TorchRng;

use super::{QUERY, draw_sums, inputs, rows, values};
use crate::parts::{Arrow, Bar, Bars, Matrix, PlacedMatrix, Side, Text, brace, decimal};
use crate::theme::Role;
use crate::{Drawing, Figure, Point, Words, p, rect, t};

/// The scores of the sentence, `[6, 6]`, from queries and keys of an untrained module.
pub(super) fn scores() -> Tensor<2> {
    let module = SelfAttentionV2::new(&SelfAttentionV2Config::new(3, 2), &Device::flex());
    let attention = torch_init(module, &mut TorchRng::new(789));
    attention.w_query.forward(inputs()).matmul(attention.w_key.forward(inputs()).transpose())
}

/// Their weights, `[6, 6]`.
pub(super) fn weights(scores: Tensor<2>) -> Tensor<2> {
    softmax(scores / 2f64.sqrt(), 1)
}

/// Width and height of a cell, and the height of a matrix of the figure.
const CELL: (f64, f64) = (41.0, 27.0);
const GRID: f64 = 6.0 * CELL.1;

pub fn two_ways() -> Figure {
    let all = weights(scores());
    let masked = all.clone() * simple_mask(6, &Device::flex());
    let divided = rows(renormalise(masked.clone()));
    let (all, masked) = (rows(all), rows(masked));
    let mut d = Drawing::new();
    let (second, third, right) = (GRID + 82.0, 2.0 * GRID + 176.0, 338.0);

    let a_all = matrix(&all, None, t("weights", "权重")).row_labels(TOKENS).draw(&mut d, p(0.0, 0.0));
    let a_masked = matrix(&masked, Some("0"), t("zeros above the diagonal", "对角线以上置零"));
    let a_masked = a_masked.row_labels(TOKENS).draw(&mut d, p(0.0, second));
    let scores = rows(scores());
    let b_all = matrix(&scores, None, t("scores", "分数")).draw(&mut d, p(right, 0.0));
    let b_masked = matrix(&scores, Some("−∞"), t("−∞ above the diagonal", "对角线以上变成 −∞"));
    let b_masked = b_masked.draw(&mut d, p(right, second));
    let end = matrix(&divided, Some("0"), t("causal weights", "因果权重")).row_labels(TOKENS);
    let end = end.draw(&mut d, p((right + a_all.grid.w) / 2.0 - a_all.grid.w / 2.0, third));
    for (placed, rows) in [(&a_all, &all), (&a_masked, &masked), (&end, &divided)] {
        draw_sums(&mut d, placed, rows);
    }

    for (name, placed) in [(t("Way A", "方法 A"), &a_all), (t("Way B", "方法 B"), &b_all)] {
        Text::title(name).draw(&mut d, placed.grid.top().shift(0.0, -50.0));
    }
    for (from, to) in [(&a_all, &a_masked), (&b_all, &b_masked)] {
        Arrow::new(from.grid.bottom(), to.grid.top().shift(0.0, -28.0)).draw(&mut d);
    }
    for (from, across, words) in [
        (&a_masked, 0.12, t("each row ÷ its sum", "每行除以自己的和")),
        (&b_masked, 0.88, t("÷ √2, softmax per row", "÷ √2，逐行 softmax")),
    ] {
        let (from, to) = (from.grid.bottom(), end.grid.at(across, 0.0));
        Arrow::new(from, to).via([from.shift(0.0, 54.0), p(to.x, from.y + 54.0)]).draw(&mut d);
        let label = Text::small(words);
        if across < 0.5 { label.end() } else { label.start() }
            .draw(&mut d, from.shift(if across < 0.5 { -12.0 } else { 12.0 }, 26.0));
    }
    let sums = |rows: &[Vec<f32>]| {
        let sum = |row: &Vec<f32>| decimal(f64::from(row.iter().sum::<f32>()), 2);
        rows.iter().map(sum).collect::<Vec<_>>().join(", ")
    };
    let second_row = [0, 1].map(|column| decimal(f64::from(divided[QUERY][column]), 2)).join(", ");
    let desc = t(
        format!(
            "Tables of 6 × 6 numbers in two lanes that meet in one table. Way A: weights, in which each row sums to 1; then zeros above \
             the diagonal, and the rows sum to {}; then each row is divided by its sum. Way B: scores; then −∞ above the diagonal; then \
             division by the root of 2 and softmax in each row. Both end in the same causal weights: the upper right triangle is 0, each row \
             sums to 1, the second row begins with {second_row}.",
            sums(&masked)
        ),
        format!(
            "6 × 6 的数表分成两路，最后汇到同一张表。方法 A：先是权重，每行的和为 1；再把对角线以上置零，各行的和变成 {}；然后每行除以自己的和。\
             方法 B：先是分数；再把对角线以上变成 −∞；然后除以根号 2，逐行做 softmax。两路得到同样的因果权重：右上三角是 0，每行的和为 1，\
             第二行以 {second_row} 开头。",
            sums(&masked)
        ),
    );
    let title = t("Two ways to hide the future; the weights are the same", "遮住未来的两种方法，权重相同");
    Figure::new("3-14", title, desc, d)
}

/// Numbers of all pairs; above the diagonal this text, hatched, if it is given.
fn matrix(rows: &[Vec<f32>], hidden: Option<&str>, title: Words) -> Matrix {
    let text = |row: usize, column: usize| match hidden {
        Some(hidden) if column > row => hidden.to_string(),
        _ => decimal(f64::from(rows[row][column]), 2),
    };
    let texts = (0..rows.len()).map(|row| (0..rows.len()).map(|column| text(row, column)).collect()).collect();
    let matrix = Matrix::texts(texts).largest(0.6).cell(CELL.0, CELL.1).value_size(13.0).title(title);
    if hidden.is_some() { matrix.masked(|row, column| column > row) } else { matrix }
}

pub fn why_they_agree() -> Figure {
    let of_query = scores().slice(s![QUERY, ..]).squeeze_dim::<1>(0) / 2f64.sqrt();
    let exponentials = values(of_query.clone().exp());
    let seen = QUERY + 1;
    let (sum_all, sum_seen): (f32, f32) = (exponentials.iter().sum(), exponentials[..seen].iter().sum());
    let before = &values(softmax_naive(of_query.clone()))[..seen];
    let after = values(softmax_naive(of_query.slice(s![0..seen])));
    let left: f32 = before.iter().sum();
    let number = |value: f32| decimal(f64::from(value), 4);

    let mut d = Drawing::new();
    let bar = |(i, value): (usize, &f32)| {
        let bar = Bar::new(f64::from(*value), number(*value), if i < seen { Role::Score } else { Role::Mask });
        (TOKENS[i], if i < seen { bar } else { bar.hatched() })
    };
    let bars = Bars::new(exponentials.iter().enumerate().map(bar)).thickness(56.0, 36.0);
    let bars = bars.draw_upward(&mut d, p(0.0, 0.0), 92.0);
    let formula = t("row “journey”: exp(score / √2)", "“journey” 一行：exp(分数 / √2)");
    Text::new(formula).size_of(14.0).bold().start().draw(&mut d, p(18.0, -130.0));
    let under = |from: usize, to: usize, y: f64| {
        rect(bars.bars[from][0].x, y, bars.bars[to][0].x_end() - bars.bars[from][0].x, 0.0)
    };
    let visible = t(format!("visible: {}", number(sum_seen)), format!("看得见的：{}", number(sum_seen)));
    brace(&mut d, under(0, seen - 1, 26.0), Side::Below, visible);
    let all = t(format!("all six: {}", number(sum_all)), format!("全部六个：{}", number(sum_all)));
    brace(&mut d, under(0, TOKENS.len() - 1, 68.0), Side::Below, all);

    let middle = 196.0;
    let start = pair(&mut d, &exponentials[..seen], p(0.0, middle), Role::Score, true);
    let halfway = pair(&mut d, before, p(216.0, middle - 42.0), Role::Score, false);
    let end = pair(&mut d, &after, p(432.0, middle), Role::Output, true);
    let top = halfway.grid.center().y;
    let (turn, out) = (start.grid.x_end() + 16.0, end.grid.x - 16.0);
    let [high, low] = [start.grid.at(1.0, 0.28), start.grid.at(1.0, 0.72)];
    Arrow::new(high, halfway.grid.left()).via([p(turn, high.y), p(turn, top)]).draw(&mut d);
    let into = end.grid.at(0.0, 0.28);
    Arrow::new(halfway.grid.right(), into).via([p(out, top), p(out, into.y)]).draw(&mut d);
    let (bottom, into) = (middle + 78.0, end.grid.at(0.0, 0.72));
    Arrow::new(low, into).via([p(turn, low.y), p(turn, bottom), p(out, bottom), p(out, into.y)]).draw(&mut d);
    let mut label = |words: String, x: f64, y: f64| Text::small(words).bold().draw_above(&mut d, p(x, y - 4.0));
    label(format!("÷ {}", number(sum_all)), (turn + halfway.grid.x) / 2.0 - 3.0, top - 2.0);
    label(format!("÷ {}", number(left)), (out + halfway.grid.x_end()) / 2.0 + 3.0, top - 2.0);
    label(format!("÷ {}", number(sum_seen)), (turn + out) / 2.0, bottom);
    let way = |d: &mut Drawing, words: Words, y: f64| Text::note(words).draw_below(d, p((turn + out) / 2.0, y));
    way(&mut d, t("way A", "方法 A"), halfway.grid.y_end() + 3.0);
    way(&mut d, t("way B", "方法 B"), bottom + 4.0);
    let fraction = format!("{} = {} / {}", number(left), number(sum_seen), number(sum_all));
    let cancels = t(
        format!("{fraction}, so {} cancels", number(sum_all)),
        format!("{fraction}，所以 {} 被约掉", number(sum_all)),
    );
    Text::new(cancels).size_of(14.0).draw(&mut d, p(bars.field.center().x, bottom + 50.0));

    let list = |numbers: &[f32]| numbers.iter().map(|value| number(*value)).collect::<Vec<_>>().join(", ");
    let (six, first, last) = (list(&exponentials), list(before), list(&after));
    let (all, seen, left) = (number(sum_all), number(sum_seen), number(left));
    let desc = t(
        format!(
            "Six bars, the exponentials of the scores of “journey”: {six}; the last four are hatched, for they are hidden. All six sum to \
             {all}, the first two to {seen}. Below, two ways from the first two: way A divides by {all}, which gives {first}, and then by \
             their sum {left}; way B divides by {seen}. Both give {last}."
        ),
        format!(
            "六个条形是 “journey” 各分数的指数：{six}；后四个画了斜线，表示被遮住。六个之和是 {all}，前两个之和是 {seen}。\
             下面从前两个数出发有两条路：方法 A 先除以 {all}，得到 {first}，再除以它们的和 {left}；方法 B 直接除以 {seen}。两条路都得到 {last}。"
        ),
    );
    let title =
        t("Why both ways agree: the common divisor of the row cancels", "两种方法为何一致：整行的公共除数被约掉");
    Figure::new("3-15", title, desc, d)
}

/// The numbers of the two visible tokens beside each other, from the left middle.
fn pair(d: &mut Drawing, numbers: &[f32], left: Point, role: Role, named: bool) -> PlacedMatrix {
    let pair = Matrix::numbers(&[numbers.to_vec()], 4).role(role).flat().cell(60.0, 32.0);
    let pair = if named { pair.column_labels(TOKENS.into_iter().take(numbers.len())) } else { pair };
    pair.draw(d, left.shift(0.0, -16.0))
}
