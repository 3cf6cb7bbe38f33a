//! Gradient descent and AdamW in a narrow valley.

use crate::parts::{Axis, Plot, Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Point, Style, Words, p, rect, t};

/// Weights and their gradients: along the valley, and across.
type Pair = [f64; 2];

const START: Pair = [-4.0, 1.0];
const STEPS: usize = 30;
const STEEP: f64 = 100.0;
/// Learning rates of gradient descent and of AdamW.
const RATES: [f64; 2] = [0.018, 0.2];

fn loss([a, b]: Pair) -> f64 {
    (a * a + STEEP * b * b) / 2.0
}

fn gradient([a, b]: Pair) -> Pair {
    [a, STEEP * b]
}

fn by_descent() -> Vec<Pair> {
    let mut at = START;
    let step = |()| {
        let gradient = gradient(at);
        at = [0, 1].map(|i| at[i] - RATES[0] * gradient[i]);
        at
    };
    std::iter::once(START).chain([(); STEPS].map(step)).collect()
}

/// AdamW without decay, as in chapter 5, but in 64 bits: so its path has the same bytes on every processor.
fn by_adamw() -> Vec<Pair> {
    let (mut at, mut first, mut second) = (START, [0.0; 2], [0.0; 2]);
    let (mut kept_1, mut kept_2) = (1.0, 1.0);
    let step = |()| {
        let gradient = gradient(at);
        (kept_1, kept_2) = (kept_1 * 0.9, kept_2 * 0.999);
        for i in 0..2 {
            first[i] = 0.9 * first[i] + 0.1 * gradient[i];
            second[i] = 0.999 * second[i] + 0.001 * gradient[i] * gradient[i];
            at[i] -= RATES[1] * (first[i] / (1.0 - kept_1)) / ((second[i] / (1.0 - kept_2)).sqrt() + 1e-8);
        }
        at
    };
    std::iter::once(START).chain([(); STEPS].map(step)).collect()
}

/// Where the field ends: along and across.
const ALONG: (f64, f64) = (-4.5, 1.2);
const ACROSS: (f64, f64) = (-1.15, 1.15);

/// The places of equal loss, as far as they lie in the field: the upper half or the lower one.
fn contour(plot: &Plot, loss: f64, sign: f64) -> Vec<Point> {
    let reach = (2.0 * loss).sqrt();
    let (from, to) = (ALONG.0.max(-reach), ALONG.1.min(reach));
    let share = |i: i32| f64::from(i) / 100.0;
    let a = |share: f64| {
        // Near a tip the curve is steep, so the points lie closer there.
        let eased = share * share * (3.0 - 2.0 * share);
        from + (to - from) * eased
    };
    let b = |a: f64| sign * ((2.0 * loss - a * a).max(0.0) / STEEP).sqrt();
    (0..=100)
        .map(share)
        .map(a)
        .map(|a| (a, b(a)))
        .filter(|(_, b)| b.abs() <= ACROSS.1)
        .map(|(a, b)| plot.at(a, b))
        .collect()
}

fn path(d: &mut Drawing, plot: &Plot, path: &[Pair], role: Role, dash: Dash) {
    let points: Vec<_> = path.iter().map(|[a, b]| plot.at(*a, *b)).collect();
    d.line(Layer::Main, &points, Style::line(Paint::Strong(role)).width(1.8).dash(dash));
    for point in points {
        if dash == Dash::Solid {
            d.circle(Layer::Front, point, 3.2, Style::fill(Paint::Strong(role)));
        } else {
            d.circle(Layer::Front, point, 3.2, Style::fill(Paint::Paper).outlined(Paint::Strong(role)));
        }
    }
}

pub fn two_ways() -> Figure {
    let (descent, adamw) = (by_descent(), by_adamw());
    let mut d = Drawing::new();
    let field = rect(0.0, 0.0, 590.0, 270.0);
    let x = Axis::new(ALONG, &[-4.0, -3.0, -2.0, -1.0, 0.0, 1.0], 0, t("a, along the valley", "a，顺着山谷"));
    let y = Axis::new(ACROSS, &[-1.0, 0.0, 1.0], 0, t("b, across", "b，横穿山谷"));
    let plot = Plot::draw(&mut d, field, x, y);
    for height in [1.0, 4.0, 12.0, 30.0, 60.0] {
        for sign in [1.0, -1.0] {
            let points = contour(&plot, height, sign);
            d.line(Layer::Back, &points, Style::line(Paint::Strong(Role::Score)).width(0.8));
        }
        let end = contour(&plot, height, 1.0).last().copied().unwrap_or(field.center());
        if end.x > field.x_end() - 1.0 {
            Text::small(decimal(height, 0)).role(Role::Score).start().draw(&mut d, end.shift(6.0, 0.0));
        }
    }
    Text::small(t("loss", "损失")).role(Role::Score).start().draw(&mut d, p(field.x_end() + 6.0, -8.0));

    path(&mut d, &plot, &descent, Role::Token, Dash::Solid);
    path(&mut d, &plot, &adamw, Role::Output, Dash::Dashed);
    let lowest = plot.at(0.0, 0.0);
    for (dx, dy) in [(7.0, 7.0), (7.0, -7.0)] {
        let ends = [lowest.shift(-dx, -dy), lowest.shift(dx, dy)];
        d.line(Layer::Front, &ends, Style::line(Paint::Ink).width(2.5));
    }
    let at_end = |path: &[Pair]| decimal(loss(path[STEPS]), 2);
    let ends = [at_end(&descent), at_end(&adamw)];
    let named = |d: &mut Drawing, at: Point, name: (&str, &str), end: &str, role: Role| {
        let words =
            t(format!("{}\nafter {STEPS} steps: loss {end}", name.0), format!("{}\n{STEPS} 步后：损失 {end}", name.1));
        Text::new(words).size_of(14.0).bold().role(role).halo().draw(d, at);
    };
    let [place_descent, place_adamw] = [descent[STEPS], adamw[STEPS]].map(|[a, b]| plot.at(a, b));
    named(&mut d, place_descent.shift(16.0, -56.0), ("gradient descent", "梯度下降"), &ends[0], Role::Token);
    named(&mut d, place_adamw.shift(-50.0, -60.0), ("AdamW", "AdamW"), &ends[1], Role::Output);
    let note = |d: &mut Drawing, at: Point, words: Words| Text::small(words).bold().halo().draw(d, at);
    note(&mut d, lowest.shift(0.0, 27.0), t("lowest point", "最低点"));
    let start = plot.at(START[0], START[1]);
    let words =
        t(format!("start, loss {}", decimal(loss(START), 0)), format!("起点，损失 {}", decimal(loss(START), 0)));
    Text::small(words).bold().start().halo().draw(&mut d, start.shift(10.0, -4.0));
    let place = |[a, b]: Pair| format!("({}, {})", decimal(a, 2), decimal(b, 2));
    let (end_descent, end_adamw) = (place(descent[STEPS]), place(adamw[STEPS]));
    let desc = t(
        format!(
            "A map of a long narrow valley: a along it, b across, with lines of equal loss, long flat ellipses around the lowest \
             point at (0, 0). Two paths of {STEPS} steps begin at (−4, 1), where the loss is {}. Gradient descent, a solid line \
             with filled dots, jumps from one side to the other, less far each time, then creeps along the floor; it ends far \
             from the goal, at {end_descent}, loss {}. AdamW, a dashed line with open dots, goes straight down to the floor, swings \
             across it and back, runs along it, and ends a little beyond the lowest point, at {end_adamw}, loss {}.",
            decimal(loss(START), 0),
            ends[0],
            ends[1]
        ),
        format!(
            "一条狭长山谷的地图：a 顺着山谷，b 横穿山谷，损失相等的线是围着最低点 (0, 0) 的扁长椭圆。两条路各走 {STEPS} 步，都从 (−4, 1) \
             出发，那里的损失是 {}。梯度下降，实线和实心点，从一侧跳到另一侧，一次比一次近，然后沿谷底慢慢挪，终点 {end_descent} 离目标还很远，\
             损失 {}。AdamW，虚线和空心点，直下谷底，冲过去又摆回来，沿着谷底跑，终点 {end_adamw} 稍稍越过最低点，损失 {}。",
            decimal(loss(START), 0),
            ends[0],
            ends[1]
        ),
    );
    let title = t("Two ways into a narrow valley", "走进狭长山谷的两种方式");
    Figure::new("5-B1", title, desc, d)
}

#[cfg(test)]
mod tests {
    use super::{Pair, STEPS, by_adamw, by_descent};

    /// Both paths are those of the example, which takes chapter 5's optimizer.
    #[test]
    fn the_paths_are_those_of_the_example() {
        let output = include_str!("../../../book/outputs/bonus_adamw.txt");
        let valley = output.split("%% valley\n").nth(1).expect("the part");
        let (descent, adamw) = (by_descent(), by_adamw());
        let mut last = 0;
        for line in valley.lines().skip(1) {
            let numbers: Vec<f64> = line
                .split([' ', '(', ')', ','])
                .filter(|text| !text.is_empty())
                .map(|text| text.parse().unwrap())
                .collect();
            let near = |found: Pair, expected: &[f64]| {
                let is_near = |i: usize| (found[i] - expected[i]).abs() < 0.0051;
                assert!(is_near(0) && is_near(1), "{found:?}: {line}");
            };
            last = numbers[0] as usize;
            near(descent[last], &numbers[1..3]);
            near(adamw[last], &numbers[4..6]);
        }
        assert_eq!(last, STEPS);
    }
}
