//! Layer normalization: what it does to two vectors, and along which direction.

use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use ch04_gpt::LayerNorm;
use shared::init::{linear, randn};
use shared::rng::TorchRng;

use super::{rows, values};
use crate::parts::{Arrow, Matrix, Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Rect, Style, p, rect, t};

/// The two vectors of the section: random inputs behind a linear layer and ReLU.
fn layer_outputs() -> Tensor<2> {
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let inputs: Tensor<2> = randn([2, 5], &mut rng, &device);
    let layer = linear(5, 6, true, &mut rng, &device);
    relu(layer.forward(inputs))
}

/// From one bar to the next, and height of a chart.
const PITCH: f64 = 46.0;
const HEIGHT: f64 = 136.0;

pub fn before_and_after() -> Figure {
    let before = layer_outputs();
    let after = LayerNorm::new(6, &Device::flex()).forward(before.clone());
    let mut d = Drawing::new();
    let columns = [
        (0.0, before, (-0.06, 0.56), vec![0.0, 0.2, 0.4], 1, t("before", "之前")),
        (386.0, after, (-1.55, 1.85), vec![-1.0, 0.0, 1.0], 0, t("after", "之后")),
    ];
    for (x, vectors, range, ticks, decimals, name) in columns {
        let (variance, mean) = vectors.clone().var_mean_bias(1);
        let (means, deviations) = (values(mean), values(variance.sqrt()));
        Text::title(name).draw(&mut d, p(x + 3.0 * PITCH, -34.0));
        for (row, bars) in rows(vectors).iter().enumerate() {
            let (mean, deviation) = (f64::from(means[row]), f64::from(deviations[row]));
            let chart = Chart { field: rect(x, 222.0 * row as f64 + 22.0, 6.0 * PITCH, HEIGHT), range };
            chart.draw(&mut d, bars, (mean, deviation), &ticks, decimals);
            let (mean, deviation) = (decimal(mean, 4), decimal(deviation, 4));
            let words =
                t(format!("mean {mean}, standard deviation {deviation}"), format!("均值 {mean}，标准差 {deviation}"));
            Text::small(words).draw(&mut d, p(x + 3.0 * PITCH, chart.field.y - 14.0));
        }
    }
    for row in 0..2 {
        let y = 222.0 * f64::from(row) + 22.0 + HEIGHT / 2.0;
        let vector = t(format!("vector {}", row + 1), format!("向量 {}", row + 1));
        Text::new(vector).size_of(14.0).bold().upward().draw(&mut d, p(-46.0, y));
        Arrow::new(p(6.0 * PITCH + 8.0, y), p(346.0, y)).above(t("layer\nnorm", "层\n归一化")).free().draw(&mut d);
    }
    legend(&mut d, p(140.0, 446.0));
    let desc = t(
        "Four bar charts of six bars. Vector 1 before: 0.2260, 0.3470, 0, 0.2216, 0, 0, mean 0.1324, standard \
         deviation 0.1386; after: 0.6745, 1.5470, −0.9549, 0.6431, −0.9549, −0.9549. Vector 2 before: 0.2133, \
         0.2394, 0, 0.5198, 0.3297, 0, mean 0.2170, standard deviation 0.1822; after: −0.0207, 0.1228, −1.1913, \
         1.6619, 0.6186, −1.1913. Afterwards both have mean 0 and a standard deviation of nearly 1. Each bar keeps \
         its rank; the former zeros reach below 0. A line marks the mean, a band one standard deviation on both \
         sides.",
        "四张柱状图，每张六根柱子。向量 1 之前：0.2260、0.3470、0、0.2216、0、0，均值 0.1324，标准差 0.1386；之后：\
         0.6745、1.5470、−0.9549、0.6431、−0.9549、−0.9549。向量 2 之前：0.2133、0.2394、0、0.5198、0.3297、0，均值 \
         0.2170，标准差 0.1822；之后：−0.0207、0.1228、−1.1913、1.6619、0.6186、−1.1913。之后两者均值都是 0，标准\
         差都接近 1。柱子的高低次序不变，原来的零都伸到了 0 以下。横线标出均值，色带是上下各一个标准差。",
    );
    let title = t("Two vectors before and after layer normalization", "两个向量，层归一化之前与之后");
    Figure::new("4-04", title, desc, d)
}

/// A place for bars, and the values at its lower and upper edge.
struct Chart {
    field: Rect,
    range: (f64, f64),
}

impl Chart {
    fn y(&self, value: f64) -> f64 {
        self.field.y_end() - self.field.h * (value - self.range.0) / (self.range.1 - self.range.0)
    }

    fn draw(&self, d: &mut Drawing, bars: &[f32], (mean, deviation): (f64, f64), ticks: &[f64], decimals: usize) {
        let field = self.field;
        let across = |value: f64| [p(field.x, self.y(value)), p(field.x_end(), self.y(value))];
        let (top, bottom) = (self.y(mean + deviation), self.y(mean - deviation));
        let band = rect(field.x, top, field.w, bottom - top);
        d.rect(Layer::Back, band, 0.0, Style::fill(Paint::Soft(Role::Score)));
        for value in ticks {
            d.line(Layer::Back, &across(*value), Style::line(Paint::Grid).width(1.0));
            Text::note(decimal(*value, decimals)).end().draw(d, across(*value)[0].shift(-8.0, 0.0));
        }
        d.line(Layer::Lines, &across(0.0), Style::line(Paint::Strong(Role::Plain)));
        d.line(Layer::Front, &across(mean), Style::line(Paint::Strong(Role::Score)).width(2.0).dash(Dash::Dashed));
        for (bar, place) in bars.iter().zip(field.row(bars.len(), 0.0)) {
            let (value, zero) = (self.y(f64::from(*bar)), self.y(0.0));
            let bar_place = rect(place.x + 9.0, value.min(zero), place.w - 18.0, (value - zero).abs().max(0.5));
            d.rect(Layer::Main, bar_place, 2.0, Style::fill(Paint::Strong(Role::Token)).opacity(0.5));
            d.rect(Layer::Main, bar_place, 2.0, Style::line(Paint::Strong(Role::Token)));
            Text::small(decimal(f64::from(*bar), 2)).draw_below(d, p(place.center().x, field.y_end() + 4.0));
        }
    }
}

fn legend(d: &mut Drawing, at: crate::Point) {
    let mean = [at, at.shift(30.0, 0.0)];
    d.line(Layer::Front, &mean, Style::line(Paint::Strong(Role::Score)).width(2.0).dash(Dash::Dashed));
    let words = Text::note(t("mean", "均值")).start().draw(d, at.shift(38.0, 0.0));
    let band = rect(words.x_end() + 32.0, at.y - 9.0, 30.0, 18.0);
    d.rect(Layer::Back, band, 0.0, Style::fill(Paint::Soft(Role::Score)));
    let words = t("one standard deviation up and down", "上下各一个标准差");
    Text::note(words).start().draw(d, band.right().shift(8.0, 0.0));
}

pub fn rows_and_columns() -> Figure {
    let vectors = layer_outputs();
    let (variance, mean) = vectors.clone().var_mean_bias(1);
    let of_rows: Vec<_> = values(mean).into_iter().zip(values(variance)).map(|(m, v)| vec![m, v]).collect();
    let (variance, mean) = vectors.clone().var_mean_bias(0);
    let of_columns = vec![values(mean), values(variance)];
    let vectors = rows(vectors);
    let matrix = || {
        Matrix::numbers(&vectors, 4)
            .role(Role::Token)
            .flat()
            .cell(64.0, 34.0)
            .row_labels([t("vector 1", "向量 1"), t("vector 2", "向量 2")])
            .column_labels(["1", "2", "3", "4", "5", "6"])
    };
    let statistics = [t("mean", "均值"), t("variance", "方差")];

    let mut d = Drawing::new();
    let upper = matrix().draw(&mut d, p(0.0, 0.0));
    let framed = |role| Style::line(Paint::Strong(role)).width(2.0);
    let title = Text::new(t("layer normalization: along each row", "层归一化：沿着每一行")).bold();
    title.role(Role::Output).start().draw(&mut d, upper.grid.at(0.0, 0.0).shift(0.0, -46.0));
    let result = Matrix::numbers(&of_rows, 4).role(Role::Score).flat().cell(72.0, 34.0);
    let result = result.column_labels(statistics.clone()).draw(&mut d, upper.grid.at(1.0, 0.0).shift(48.0, 0.0));
    for row in 0..2 {
        d.rect(Layer::Front, upper.row(row).grow(-1.5), 4.0, framed(Role::Output));
        Arrow::new(upper.row(row).right(), result.row(row).left()).role(Role::Output).draw(&mut d);
    }
    let alone = t("a row needs nothing from the other rows", "一行不需要别的行");
    Text::note(alone).start().draw_below(&mut d, upper.grid.at(0.0, 1.0).shift(0.0, 8.0));

    let lower = matrix().draw(&mut d, p(0.0, 182.0));
    let title = Text::new(t("batch normalization: along each column", "批归一化：沿着每一列")).bold();
    title.start().draw(&mut d, lower.grid.at(0.0, 0.0).shift(0.0, -46.0));
    let result = Matrix::numbers(&of_columns, 4).role(Role::Score).flat().cell(64.0, 34.0).row_labels(statistics);
    let result = result.draw(&mut d, lower.grid.at(0.0, 1.0).shift(0.0, 40.0));
    for column in 0..6 {
        d.rect(Layer::Front, lower.column(column).grow(-1.5), 4.0, framed(Role::Plain).dash(Dash::Dashed));
        Arrow::new(lower.column(column).bottom(), result.column(column).top()).dashed().draw(&mut d);
    }
    let company = t("another vector in the batch\nchanges every column", "批次里换一个向量，\n每一列都跟着变");
    Text::note(company).start().draw(&mut d, lower.grid.right().shift(16.0, 0.0));
    Text::note(t("features", "特征")).end().draw(&mut d, upper.grid.at(0.0, 0.0).shift(-10.0, -14.0));
    Text::note(t("features", "特征")).end().draw(&mut d, lower.grid.at(0.0, 0.0).shift(-10.0, -14.0));
    let means = |vectors: &[Vec<f32>]| vectors.iter().map(|row| decimal(f64::from(row[0]), 4)).collect::<Vec<_>>();
    let of_columns: Vec<_> = of_columns[0].iter().map(|mean| decimal(f64::from(*mean), 4)).collect();
    let (of_rows, variances) =
        (means(&of_rows), of_rows.iter().map(|row| decimal(f64::from(row[1]), 4)).collect::<Vec<_>>());
    let desc = t(
        format!(
            "The same table of two vectors with six features twice. Above, for layer normalization, each row is \
             framed, and an arrow leads to its mean and variance: {} and {} for vector 1, {} and {} for vector 2. A \
             row needs nothing from the other rows. Below, for batch normalization, each column has a dashed frame \
             and an arrow to its own mean and variance; the means are {}. Another vector in the batch would change \
             every column.",
            of_rows[0],
            variances[0],
            of_rows[1],
            variances[1],
            of_columns.join(", ")
        ),
        format!(
            "同一张表画了两遍：两个向量，各六个特征。上面是层归一化，每一行加了框，箭头指向这一行的均值和方差：向量 \
             1 是 {} 和 {}，向量 2 是 {} 和 {}。一行不需要别的行。下面是批归一化，每一列有虚线框，箭头指向这一列的平\
             均值和方差，其中均值是 {}。批次里换一个向量，每一列都跟着变。",
            of_rows[0],
            variances[0],
            of_rows[1],
            variances[1],
            of_columns.join("、")
        ),
    );
    let title = t(
        "Layer normalization takes mean and variance of each row; batch normalization would take those of each column",
        "层归一化对每一行求均值和方差；批归一化则对每一列求",
    );
    Figure::new("4-05", title, desc, d)
}
