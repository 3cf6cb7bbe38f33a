//! The ladder of a training step.

use super::{BENCH, BENCH_ZH, number, table};
use crate::parts::{Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Style, p, rect, t};

/// Distance of two bars, thickness of a bar, and pixels for a second.
const ROW: f64 = 36.0;
const BAR: f64 = 24.0;
const SCALE: f64 = 82.0;

pub fn rungs() -> Figure {
    let ladder = table(BENCH, "Where the time of a training step goes", "version");
    let names = table(BENCH_ZH, "训练步的时间花在哪里", "版本");
    let seconds: Vec<f64> = ladder.iter().map(|row| number(row[1])).collect();
    let compared = table(BENCH, "Beside PyTorch", "what");
    let products =
        compared.iter().find(|row| row[0].starts_with("its matrix products alone")).map_or(0.0, |row| number(row[1]));

    let mut d = Drawing::new();
    let mut listed = Vec::new();
    for (i, (row, value)) in ladder.iter().zip(&seconds).enumerate() {
        let bar = rect(0.0, ROW * i as f64, SCALE * value, BAR);
        let label = Text::new(t(row[0], names[i][0])).size_of(14.0).end();
        let label = if i == 0 { label.bold() } else { label };
        label.draw(&mut d, bar.left().shift(-10.0, 0.0));
        d.rect(Layer::Main, bar, 2.0, Style::fill(Paint::Strong(Role::Score)).opacity(0.5));
        d.rect(Layer::Main, bar, 2.0, Style::line(Paint::Strong(Role::Score)).width(1.2));
        Text::new(decimal(*value, 2)).size_of(14.0).bold().start().draw(&mut d, bar.left().shift(10.0, 0.0));
        if let Some(before) = i.checked_sub(1).map(|before| seconds[before]) {
            let gone = rect(bar.x_end(), bar.y, SCALE * (before - value), BAR);
            d.rect(Layer::Main, gone, 0.0, Style::fill(Paint::Hatch(Role::Mask)));
            d.rect(Layer::Main, gone, 0.0, Style::line(Paint::Strong(Role::Mask)).width(1.0).dash(Dash::Dashed));
            let less = decimal(value - before, 2);
            Text::small(&less).muted().start().draw(&mut d, gone.right().shift(7.0, 0.0));
            listed.push(less);
        }
    }
    let foot = ROW * ladder.len() as f64 + 4.0;
    let axis = [p(0.0, -8.0), p(0.0, foot)];
    d.line(Layer::Lines, &axis, Style::line(Paint::Strong(Role::Plain)));
    let line = [p(SCALE * products, -8.0), p(SCALE * products, foot + 4.0)];
    d.line(Layer::Front, &line, Style::line(Paint::Strong(Role::Weight)).width(2.0).dash(Dash::Dashed));
    let words = t(
        format!("the matrix products alone: {} s", decimal(products, 2)),
        format!("仅矩阵乘法：{} 秒", decimal(products, 2)),
    );
    Text::new(words).size_of(14.0).bold().role(Role::Weight).draw_below(&mut d, p(SCALE * products, foot + 8.0));
    let all: Vec<_> = seconds.iter().map(|value| decimal(*value, 2)).collect();
    let products = decimal(products, 2);
    let desc = t(
        format!(
            "Nine horizontal bars, seconds per training step, each with one more part made fast. The book's formulas {}; then with \
             memory kept {}, linear layers {}, AdamW in place {}, GELU {}, attention {}, cross-entropy and embedding {}, dropout \
             {}, layer norm {}. A hatched piece at the end of each bar shows what has gone: {}. A dashed line at {products} seconds \
             marks the matrix products alone; the last bar nearly reaches down to it.",
            all[0],
            all[1],
            all[2],
            all[3],
            all[4],
            all[5],
            all[6],
            all[7],
            all[8],
            listed.join(", ")
        ),
        format!(
            "九根横条，每个训练步的秒数，逐级多换一项快速运算。书中的公式 {}；保留内存 {}，线性层 {}，原地 AdamW {}，GELU {}，注意力 {}，\
             交叉熵与嵌入 {}，dropout {}，层归一化 {}。每根横条末尾画斜线的一段是省掉的时间：{}。{products} 秒处的虚线是仅矩阵乘法，\
             最后一根横条已经接近它。",
            all[0],
            all[1],
            all[2],
            all[3],
            all[4],
            all[5],
            all[6],
            all[7],
            all[8],
            listed.join("、")
        ),
    );
    let title = t("The ladder: seconds per training step", "阶梯：一个训练步的秒数");
    Figure::new("s-01", title, desc, d)
}
