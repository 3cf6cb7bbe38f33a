//! Two judges of the same answers.

use ch07_instruct::bonus::correlation::{kendall, pearson, spearman};

use crate::parts::{Axis, Plot, Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Point, Style, p, rect, t};

const OUTPUT: &str = include_str!("../../../book/outputs/bonus_judges_agree.txt");

/// The scores of one judge.
fn scores(judge: &str) -> Vec<f64> {
    let list = OUTPUT.lines().find_map(|line| line.strip_prefix(judge)).unwrap_or_default();
    let list = list.trim_matches(|c| matches!(c, ':' | ' ' | '[' | ']'));
    list.split(", ").map(|score| score.parse().expect("the output has a list of scores there")).collect()
}

const FIELD: f64 = 340.0;
/// Radius of a dot, and how far two on the same place are moved aside.
const DOT: f64 = 6.0;
const ASIDE: f64 = 14.0;

/// Where the dots stand: those that would touch an earlier one are moved sideways, to the right where the scale begins,
/// to the left where it ends.
fn places(plot: &Plot, pairs: &[(f64, f64)]) -> Vec<Point> {
    let mut placed: Vec<Point> = Vec::new();
    for (x, y) in pairs {
        let mut at = plot.at(*x, *y);
        while placed.iter().any(|other| other.distance(at) < ASIDE - 1.0) {
            at.x += if *x > 50.0 { -ASIDE } else { ASIDE };
        }
        placed.push(at);
    }
    placed
}

pub fn ten_answers() -> Figure {
    let (hosted, local) = (scores("hosted judge"), scores("local judge"));
    let pairs: Vec<_> = hosted.iter().copied().zip(local.iter().copied()).collect();
    let measure = |measure: fn(&[f64], &[f64]) -> Option<f64>| decimal(measure(&hosted, &local).unwrap_or(f64::NAN), 4);
    let measures = [measure(pearson), measure(spearman), measure(kendall)];

    let mut d = Drawing::new();
    let field = rect(0.0, 0.0, FIELD, FIELD);
    let ticks = [0.0, 20.0, 40.0, 60.0, 80.0, 100.0];
    let x = Axis::new((-5.0, 105.0), &ticks, 0, t("score of the hosted judge", "托管的评判给的分"));
    let y = Axis::new((-5.0, 105.0), &ticks, 0, t("score of the local judge", "本地的评判给的分"));
    let plot = Plot::draw(&mut d, field, x, y);
    let diagonal = [plot.at(-5.0, -5.0), plot.at(105.0, 105.0)];
    d.line(Layer::Lines, &diagonal, Style::line(Paint::Strong(Role::Plain)).dash(Dash::Dotted));
    let widest = pairs.iter().map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
    let contrary = [1, 2, 8];
    for (i, (at, (x, y))) in places(&plot, &pairs).into_iter().zip(&pairs).enumerate() {
        let is_widest = (x - y).abs() == widest;
        let role = if is_widest { Role::Alert } else { Role::Score };
        d.circle(Layer::Front, at, DOT, Style::fill(Paint::Strong(role)).outlined(Paint::Paper));
        if is_widest {
            d.circle(Layer::Front, at, DOT + 5.0, Style::line(Paint::Strong(role)).width(2.0));
        }
        if contrary.contains(&i) {
            let words = t(format!("answer {}: ({x}, {y})", i + 1), format!("第 {} 个：({x}, {y})", i + 1));
            let look = Text::small(words).bold().role(role).halo();
            _ = match i {
                1 => look.draw_above(&mut d, at.shift(0.0, -8.0)),
                2 => look.start().draw(&mut d, at.shift(18.0, 0.0)),
                _ => look.end().draw(&mut d, at.shift(-12.0, 0.0)),
            };
        }
    }
    let aside = t("side by side: at the same place, or nearly", "并排的点：位置相同，或几乎相同");
    Text::note(aside).draw_below(&mut d, field.bottom().shift(0.0, 46.0));
    Text::note(t("the same score", "分数相同")).halo().draw(&mut d, plot.at(60.0, 36.0).shift(26.0, 8.0));

    let right = field.x_end() + 44.0;
    let names = [t("Pearson", "皮尔逊"), t("Spearman", "斯皮尔曼"), t("Kendall", "肯德尔")];
    let asks = [
        t("on a line?", "在一条直线上吗？"),
        t("in the same order?", "次序相同吗？"),
        t("which of two?", "两个里选哪个？"),
    ];
    for (i, ((name, ask), value)) in names.into_iter().zip(asks).zip(&measures).enumerate() {
        let y = 66.0 + 88.0 * i as f64;
        Text::new(name).bold().start().draw(&mut d, p(right, y));
        Text::note(ask).start().draw(&mut d, p(right, y + 20.0));
        Text::title(value).start().draw(&mut d, p(right, y + 44.0));
    }
    let list = |scores: &[f64], between: &str| scores.iter().map(f64::to_string).collect::<Vec<_>>().join(between);
    let [r, rho, tau] = measures;
    let desc = t(
        format!(
            "A chart of ten dots, one for each answer: across the score of the hosted judge, {}; upward that of the local judge, \
             {}. A dotted diagonal stands for the same score. Dots at the same place stand side by side. Most lie in two corners: \
             three low on the left, four high on the right. Three answers are named: the second, 50 against 92; the third, 20 \
             against 85, the widest apart, in a ring; the ninth, 100 against 60. Beside the chart: Pearson {r}, Spearman {rho}, \
             Kendall {tau}.",
            list(&hosted, ", "),
            list(&local, ", ")
        ),
        format!(
            "一张图，十个点，一个点是一个回答：横轴是托管的评判给的分，{}；纵轴是本地的评判给的分，{}。点线对角线表示分数相同。位置重合的点并排画。\
             多数点在两个角上：左下三个，右上四个。三个回答写了名字：第二个，50 对 92；第三个，20 对 85，差得最远，加了圈；第九个，100 对 60。\
             图旁边写着：皮尔逊 {r}，斯皮尔曼 {rho}，肯德尔 {tau}。",
            list(&hosted, "、"),
            list(&local, "、")
        ),
    );
    Figure::new("7-B2", t("Ten answers, scored by two judges", "十个回答，两位评判的打分"), desc, d)
}
