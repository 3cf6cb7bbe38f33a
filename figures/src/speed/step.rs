//! Where the time of a training step goes.

use shared::GptConfig;

use super::{BENCH, number, table};
use crate::drawing::point;
use crate::parts::{Side, Text, brace_of, decimal};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Lang, Layer, Rect, Style, Words, p, rect, t};

/// A part of a step: its name, its look, and its seconds before and after.
struct Part {
    name: Words,
    role: Role,
    hatched: bool,
    seconds: [f64; 2],
}

/// The parts, and the seconds of the whole step.
fn parts() -> (Vec<Part>, [f64; 2]) {
    let ladder = table(BENCH, "Where the time of a training step goes", "version");
    let row = |name: &str| ladder.iter().find(|row| row[0] == name).map_or(f64::NAN, |row| number(row[1]));
    let totals = [row("+ memory is kept"), row(ladder[ladder.len() - 1][0])];
    let operations = table(BENCH, "Where the time of a training step goes", "operation");
    let times = |name: &str, count: f64| -> [f64; 2] {
        let row = operations.iter().find(|row| row[0].starts_with(name)).expect("the table has the operation");
        [1, 2].map(|column| count * number(row[column]) / 1000.0)
    };
    let config = GptConfig { context_length: 256, ..GptConfig::preset("124M").expect("it is one of the presets") };
    let one_block_less = GptConfig { n_layers: config.n_layers - 1, ..config.clone() };
    let block = config.num_params() - one_block_less.num_params();
    let layers = config.n_layers as f64;
    let small =
        [times("layer norm", 2.0 * layers + 1.0), times("dropout and shortcut", 2.0 * layers), times("embedding", 1.0)];
    let part = |name, role, hatched, seconds| Part { name, role, hatched, seconds };
    let mut parts = vec![
        part(
            t("attention with\nits linear layers", "注意力及其\n线性层"),
            Role::Weight,
            false,
            times("attention", layers),
        ),
        part(
            t("linear layers\n768 × 3072", "线性层\n768 × 3072"),
            Role::Weight,
            true,
            times("linear layer", 2.0 * layers),
        ),
        part(t("output\nlayer etc.", "输出层\n等"), Role::Weight, false, [0.0; 2]),
        part("GELU".into(), Role::Score, false, times("GELU", layers)),
        part(t("cross-entropy", "交叉熵"), Role::Score, true, times("cross-entropy", 1.0)),
        part("AdamW".into(), Role::Token, false, times("AdamW", config.num_params() as f64 / block as f64)),
        part(t("small parts", "其余小项"), Role::Plain, true, [0, 1].map(|i| small.iter().map(|part| part[i]).sum())),
    ];
    let known = |i: usize| parts.iter().map(|part| part.seconds[i]).sum::<f64>();
    parts[2].seconds = [totals[0] - known(0), totals[1] - known(1)];
    (parts, totals)
}

/// Pixels for a second, height of a bar, and where the two begin.
const SCALE: f64 = 128.0;
const HEIGHT: f64 = 50.0;
const BARS: [f64; 2] = [0.0, 156.0];
/// How many of the parts are mainly products.
const PRODUCTS: usize = 3;

pub fn before_and_after() -> Figure {
    let (parts, totals) = parts();
    let mut d = Drawing::new();
    let mut x = [0.0; 2];
    let mut places: [Vec<Rect>; 2] = [vec![], vec![]];
    for (i, part) in parts.iter().enumerate() {
        let both = [0, 1].map(|bar| rect(x[bar], BARS[bar], SCALE * part.seconds[bar], HEIGHT));
        let band = [both[0].at(0.0, 1.0), both[0].at(1.0, 1.0), both[1].at(1.0, 0.0), both[1].at(0.0, 0.0)];
        let path: Vec<_> = band.map(point).into();
        let bounds = Rect::bounds(band.map(|corner| Rect::between(corner, corner)));
        d.path(
            Layer::Back,
            format!("M{}Z", path.join("L")),
            bounds,
            Style::fill(Paint::Soft(part.role)).outlined(Paint::Grid).width(1.0),
        );
        for (bar, place) in both.into_iter().enumerate() {
            let opacity = if part.hatched { 0.14 } else { 0.42 };
            d.rect(Layer::Main, place, 0.0, Style::fill(Paint::Strong(part.role)).opacity(opacity));
            if part.hatched {
                d.rect(Layer::Main, place, 0.0, Style::fill(Paint::Hatch(part.role)));
            }
            d.rect(Layer::Main, place, 0.0, Style::line(Paint::Strong(part.role)).width(1.2));
            let seconds = Text::new(decimal(part.seconds[bar], 2));
            if place.w > 44.0 {
                seconds.size_of(14.0).bold().halo().draw(&mut d, place.center());
            } else if place.w > 27.0 {
                seconds.size_of(12.0).halo().draw(&mut d, place.center());
            }
            x[bar] += place.w;
            places[bar].push(place);
        }
        let top = both[0].top();
        let name = Text::small(&part.name);
        if i > PRODUCTS && i != 5 {
            let raised = top.shift(if i == 6 { 24.0 } else { 0.0 }, -30.0);
            d.line(
                Layer::Lines,
                &[top.shift(0.0, -2.0), p(top.x, raised.y + 2.0)],
                Style::line(Paint::Strong(Role::Plain)).width(1.0),
            );
            name.draw_above(&mut d, raised);
        } else {
            name.draw_above(&mut d, top.shift(0.0, -6.0));
        }
    }
    let sums = [0, 1].map(|bar| {
        let products: f64 = parts[..PRODUCTS].iter().map(|part| part.seconds[bar]).sum();
        [decimal(products, 2), decimal(totals[bar] - products, 2)]
    });
    let halves = [0, 1]
        .map(|bar| [Rect::bounds(places[bar][..PRODUCTS].to_vec()), Rect::bounds(places[bar][PRODUCTS..].to_vec())]);
    let bold = |words: Words| Text::new(words).size_of(14.0).bold();
    for (bar, side) in [Side::Above, Side::Below].into_iter().enumerate() {
        let lift = if bar == 0 { 50.0 } else { 0.0 };
        let [left, right] = halves[bar].map(|half| rect(half.x + 3.0, half.y - lift, half.w - 6.0, half.h + lift));
        let words = t(format!("mainly products: {} s", sums[bar][0]), format!("主要是乘法：{} 秒", sums[bar][0]));
        brace_of(&mut d, left, side, bold(words));
        let words = t(format!("everything else: {} s", sums[bar][1]), format!("其余一切：{} 秒", sums[bar][1]));
        if bar == 0 {
            brace_of(&mut d, right, side, bold(words));
        } else {
            bold(words).start().draw(&mut d, right.right().shift(14.0, 0.0));
        }
    }
    let names = [t("the book's\nformulas,\nmemory kept", "书中的公式，\n保留内存"), t("fast\noperations", "快速运算")];
    for (bar, name) in names.into_iter().enumerate() {
        let total = decimal(totals[bar], 2);
        let line = |lang: Lang, unit: &str| format!("{}\n{total} {unit}", name.get(lang));
        let words = t(line(Lang::En, "s"), line(Lang::Zh, "秒"));
        Text::new(words).size_of(14.0).bold().end().draw(&mut d, p(-14.0, BARS[bar] + HEIGHT / 2.0));
    }
    let line = |lang: Lang, bar: usize| -> String {
        let one = |part: &Part| {
            let name = part.name.get(lang).replace('\n', if lang == Lang::En { " " } else { "" });
            format!("{name} {}", decimal(part.seconds[bar], 2))
        };
        parts.iter().map(one).collect::<Vec<_>>().join(if lang == Lang::En { ", " } else { "，" })
    };
    let [before, after] = totals.map(|total| decimal(total, 2));
    let desc = t(
        format!(
            "Two bars on one scale, seconds of a training step, cut into the same seven parts; bands connect each part with itself. \
             Above, the book's formulas with memory kept, {before} seconds: {}. Below, the fast operations, {after} seconds: {}. \
             Braces: mainly products {} and {}, everything else {} and {}. What is not products has become thin.",
            line(Lang::En, 0),
            line(Lang::En, 1),
            sums[0][0],
            sums[1][0],
            sums[0][1],
            sums[1][1]
        ),
        format!(
            "同一比例尺的两根横条，一个训练步的秒数，切成同样的七部分，每部分用色带上下相连。上面是书中的公式，保留内存，{before} 秒：{}。\
             下面是快速运算，{after} 秒：{}。花括号：主要是乘法的 {} 秒和 {} 秒，其余一切 {} 秒和 {} 秒。不是乘法的部分都变薄了。",
            line(Lang::Zh, 0),
            line(Lang::Zh, 1),
            sums[0][0],
            sums[1][0],
            sums[0][1],
            sums[1][1]
        ),
    );
    let title = t("Where the time of a step goes, before and after", "一个训练步的时间花在哪里：之前与之后");
    Figure::new("s-02", title, desc, d)
}
