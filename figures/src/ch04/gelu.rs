//! GELU and ReLU.

use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use ch04_gpt::gelu;

use super::values;
use crate::parts::{Axis, Plot, Text, decimal};
use crate::theme::Role;
use crate::{Dash, Drawing, Figure, p, rect, t};

/// Half of the range, and points per unit.
const REACH: i32 = 3;
const PER_UNIT: i32 = 400;

/// GELU and its slope at points between -3 and 3.
struct Curve {
    x: Vec<f64>,
    value: Vec<f64>,
    slope: Vec<f64>,
}

impl Curve {
    /// Values by the chapter's function, slopes by automatic differentiation.
    fn of_gelu() -> Self {
        let x: Vec<f64> = (-REACH * PER_UNIT..=REACH * PER_UNIT).map(|i| f64::from(i) / f64::from(PER_UNIT)).collect();
        let points: Vec<f32> = x.iter().map(|x| *x as f32).collect();
        let input = Tensor::<1>::from_floats(points.as_slice(), &Device::flex().autodiff()).require_grad();
        let output = gelu(input.clone());
        let gradients = output.clone().sum().backward();
        let slope = input.grad(&gradients).expect("the output depends on the input");
        let wide = |values: Vec<f32>| values.into_iter().map(f64::from).collect();
        Self { x, value: wide(values(output)), slope: wide(values(slope)) }
    }

    /// The index of a point.
    fn index(x: f64) -> usize {
        ((x + f64::from(REACH)) * f64::from(PER_UNIT)).round() as usize
    }

    /// Some points of a curve, enough to draw it.
    fn some<'a>(&'a self, y: &'a [f64]) -> impl Iterator<Item = (f64, f64)> + 'a {
        self.x.iter().copied().zip(y.iter().copied()).step_by(40)
    }

    /// Where the slope changes its sign: the lowest point.
    fn lowest(&self) -> (f64, f64) {
        let at = (1..self.x.len()).find(|i| self.slope[i - 1] < 0.0 && self.slope[*i] >= 0.0).unwrap_or(0);
        let share = self.slope[at - 1] / (self.slope[at - 1] - self.slope[at]);
        (self.x[at - 1] + share * (self.x[at] - self.x[at - 1]), self.value[at])
    }

    /// The extremes of the slope: the lowest and the highest.
    fn steepest(&self) -> [(f64, f64); 2] {
        let by_slope = |a: &usize, b: &usize| self.slope[*a].total_cmp(&self.slope[*b]);
        let (low, high) = ((0..self.x.len()).min_by(by_slope), (0..self.x.len()).max_by(by_slope));
        [low, high].map(|at| at.unwrap_or(0)).map(|at| (self.x[at], self.slope[at]))
    }
}

pub fn values_and_slopes() -> Figure {
    let curve = Curve::of_gelu();
    let mut d = Drawing::new();
    let ticks = [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0];
    let x = || Axis::new((-3.0, 3.0), &ticks, 0, "x");

    let left = rect(0.0, 0.0, 290.0, 260.0);
    let plot = Plot::draw(&mut d, left, x(), Axis::new((-0.5, 3.0), &[0.0, 1.0, 2.0, 3.0], 0, ""));
    Text::new(t("value", "函数值")).bold().draw(&mut d, left.top().shift(0.0, -18.0));
    plot.curve(&mut d, curve.some(&curve.value), Role::Token, Dash::Solid);
    let relu_of = |x: f64| f64::from(values(relu(Tensor::<1>::from_floats([x as f32], &Device::flex())))[0]);
    plot.curve(&mut d, [-3.0, 0.0, 3.0].map(|x| (x, relu_of(x))), Role::Plain, Dash::Dashed);
    plot.name(&mut d, (1.8, 1.5), (4.0, 8.0), "GELU", Role::Token);
    plot.name(&mut d, (1.35, 1.35), (-54.0, -4.0), "ReLU", Role::Plain);
    let lowest = curve.lowest();
    let at = |x: f64| (x, curve.value[Curve::index(x)]);
    for (point, shift, words) in [
        (at(1.0), (10.0, 10.0), decimal(at(1.0).1, 4)),
        (at(-1.0), (-60.0, 16.0), decimal(at(-1.0).1, 4)),
        (lowest, (4.0, 16.0), format!("({}, {})", decimal(lowest.0, 4), decimal(lowest.1, 4))),
    ] {
        plot.dot(&mut d, point, Role::Token);
        Text::small(words).start().halo().draw(&mut d, plot.at(point.0, point.1).shift(shift.0, shift.1));
    }

    let right = rect(372.0, 0.0, 290.0, 260.0);
    let y = Axis::new((-0.3, 1.3), &[0.0, 0.5, 1.0], 1, "");
    let plot = Plot::draw(&mut d, right, x(), y);
    Text::new(t("slope", "斜率")).bold().draw(&mut d, right.top().shift(0.0, -18.0));
    plot.curve(&mut d, curve.some(&curve.slope), Role::Token, Dash::Solid);
    plot.curve(&mut d, [(-3.0, 0.0), (0.0, 0.0)], Role::Plain, Dash::Dashed);
    plot.curve(&mut d, [(0.0, 1.0), (3.0, 1.0)], Role::Plain, Dash::Dashed);
    plot.name(&mut d, (-1.9, 0.0), (0.0, -14.0), "ReLU", Role::Plain);
    plot.name(&mut d, (0.55, 0.82), (12.0, 0.0), "GELU", Role::Token);
    let [low, high] = curve.steepest();
    let half = (0.0, curve.slope[Curve::index(0.0)]);
    for (point, shift, words) in [
        (low, (-14.0, 17.0), decimal(low.1, 3)),
        ((lowest.0, 0.0), (6.0, 15.0), decimal(lowest.0, 4)),
        (half, (12.0, 4.0), decimal(half.1, 1)),
        (high, (-14.0, -17.0), decimal(high.1, 3)),
    ] {
        plot.dot(&mut d, point, Role::Token);
        Text::small(words).start().halo().draw(&mut d, plot.at(point.0, point.1).shift(shift.0, shift.1));
    }
    let jump = [plot.at(0.0, 0.0), plot.at(0.0, 1.0)];
    for end in jump {
        d.circle(crate::Layer::Front, end, 3.5, crate::Style::fill(crate::theme::Paint::Strong(Role::Plain)));
    }
    let jumps = Text::note(t("a jump", "跳跃"));
    jumps.end().draw(&mut d, p(jump[0].x - 8.0, jump[1].y));
    let desc = t(
        format!(
            "Two charts for x from −3 to 3, GELU solid, ReLU dashed. Left, the values: ReLU is 0 up to x = 0 and \
             then x. GELU is smooth: from nearly 0 it sinks to {} at x = {}, passes {} at −1 and 0 at 0, reaches {} \
             at 1 and approaches x. Right, the slopes: that of ReLU jumps from 0 to 1 at x = 0. That of GELU sinks \
             to {} near x = {}, is 0 at {} only, {} at x = 0, rises to {} near {} and approaches 1.",
            decimal(lowest.1, 4),
            decimal(lowest.0, 4),
            decimal(at(-1.0).1, 4),
            decimal(at(1.0).1, 4),
            decimal(low.1, 3),
            decimal(low.0, 1),
            decimal(lowest.0, 4),
            decimal(half.1, 1),
            decimal(high.1, 3),
            decimal(high.0, 1)
        ),
        format!(
            "两张图，x 从 −3 到 3，GELU 是实线，ReLU 是虚线。左边是函数值：ReLU 在 x = 0 之前都是 0，之后等于 x。\
             GELU 是光滑的：从接近 0 降到 x = {} 处的 {}，在 −1 处是 {}，在 0 处是 0，在 1 处是 {}，然后逼近 x。右边\
             是斜率：ReLU 的斜率在 x = 0 处从 0 跳到 1；GELU 的斜率在 x = {} 附近降到 {}，只在 {} 处为 0，在 x = 0 处\
             是 {}，在 {} 附近升到 {}，然后逼近 1。",
            decimal(lowest.0, 4),
            decimal(lowest.1, 4),
            decimal(at(-1.0).1, 4),
            decimal(at(1.0).1, 4),
            decimal(low.0, 1),
            decimal(low.1, 3),
            decimal(lowest.0, 4),
            decimal(half.1, 1),
            decimal(high.0, 1),
            decimal(high.1, 3)
        ),
    );
    let title = t("GELU and ReLU (left), and their slopes (right)", "GELU 与 ReLU（左），以及它们的斜率（右）");
    Figure::new("4-06", title, desc, d)
}
