//! What has to be kept of a run.

use shared::GptConfig;

use crate::parts::{Group, Side, Text, brace_of, decimal, whole};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Style, Words, p, rect, t};

/// Bytes of a number.
const BYTES: usize = 4;
/// Size of a box for the weights, and the space between two.
const BOX: (f64, f64) = (122.0, 132.0);
const GAP: f64 = 6.0;

pub fn what_a_file_holds() -> Figure {
    let config = GptConfig { context_length: 256, ..GptConfig::preset("124M").expect("it is one of the presets") };
    let count = config.num_params();
    let megabytes = decimal((BYTES * count) as f64 / 1e6, 2);
    let all = decimal((3 * BYTES * count) as f64 / 1e9, 2);
    let mut d = Drawing::new();
    let names = [t("weights", "权重"), t("first\nmoments m", "一阶矩 m"), t("second\nmoments v", "二阶矩 v")];
    let mut places = Vec::new();
    for (i, name) in names.into_iter().enumerate() {
        let place = rect((BOX.0 + GAP) * i as f64, 0.0, BOX.0, BOX.1);
        let role = if i == 0 { Role::Weight } else { Role::Score };
        d.rect(Layer::Main, place, 6.0, Style::role(role).width(if i == 0 { 2.5 } else { 1.5 }));
        let lines = place.grow(-8.0).column(3, 0.0);
        Text::new(name).size_of(14.0).bold().draw_in(&mut d, lines[0]);
        let numbers = t(format!("{}\nnumbers", whole(count)), format!("{}\n个数", whole(count)));
        Text::small(numbers).draw_in(&mut d, lines[1]);
        Text::small(format!("{megabytes} MB")).draw_in(&mut d, lines[2]);
        places.push(place);
    }
    let end = places[2].x_end();
    let sliver = rect(end + GAP, 0.0, 2.0, BOX.1);
    d.rect(Layer::Main, sliver, 0.0, Style::fill(Paint::Strong(Role::Score)));
    let steps = Text::small(t("step\ncounts", "步数")).start().draw(&mut d, p(sliver.x_end() + 8.0, sliver.center().y));
    let text = |words: Words| Text::new(words).size_of(14.0).bold();
    brace_of(&mut d, places[0], Side::Above, text(t("enough to write", "够写文本")));
    let tensors = rect(0.0, 0.0, sliver.x_end(), BOX.1);
    let words = t(format!("enough to train on: {all} GB"), format!("够继续训练：{all} GB"));
    brace_of(&mut d, tensors, Side::Below, text(words));

    let left = steps.x_end() + 44.0;
    let lines = [
        t("configuration (sizes)", "配置（各种大小）"),
        t("state of the random\nnumber generator", "随机数生成器\n的状态"),
        t("place in the text", "文本中的位置"),
    ];
    let mut y = 24.0;
    let mut written = Vec::new();
    for line in lines {
        let line = Text::small(line).start();
        let height = line.size().1;
        written.push(line.draw_below(&mut d, p(left, y)));
        y += height + 9.0;
    }
    Group::around(written).title(t("not tensors", "不是张量")).dashed().draw(&mut d);
    let desc = t(
        format!(
            "Three boxes of equal size: weights, first moments m, second moments v, each with {count} numbers, {megabytes} \
             MB; then a sliver, the step counts. A brace over the weights alone: enough to write. A brace under all of \
             them: enough to train on, {all} GB. Apart, in a dashed frame, what is not a tensor: the configuration with \
             the sizes, the state of the random number generator, and the place in the text.",
            count = whole(count)
        ),
        format!(
            "三个同样大的方框：权重、一阶矩 m、二阶矩 v，各 {count} 个数，{megabytes} MB；后面是窄窄的一条，步数。权重上方的花括号：够写文本。\
             全部下方的花括号：够继续训练，{all} GB。旁边的虚线框里不是张量：配置（各种大小）、随机数生成器的状态、文本中的位置。",
            count = whole(count)
        ),
    );
    let title = t("What a run consists of, and what a file must hold", "一次训练由什么组成，文件里要存什么");
    Figure::new("5-11", title, desc, d)
}
