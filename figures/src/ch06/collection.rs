//! The messages, balanced and cut into three parts.

use super::{HAM, SPAM};
use crate::data::output;
use crate::drawing::point;
use crate::parts::{Arrow, Node, Text, cut_across, whole};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Rect, Style, p, rect, t};

/// Ham and spam of the whole collection, of the balanced one, and of the three parts.
const OUTPUT: &str = include_str!("../../../book/outputs/6_2_prepare.txt");

fn counts(beginning: &str) -> [usize; 2] {
    let line = output(OUTPUT).find_map(|line| line.strip_prefix(beginning)).unwrap_or_default();
    let of = |label: &str| {
        let before = line.split_once(label).map_or("", |(before, _)| before);
        before.trim().rsplit(' ').next().and_then(|number| number.parse().ok()).expect("the output has a number there")
    };
    [of(" ham"), of(" spam")]
}

fn parts() -> [[usize; 2]; 3] {
    ["train", "validation", "test"].map(|part| counts(&format!("runs/6_2/{part}.csv: ")))
}

/// A bar or a piece of one.
fn bar(d: &mut Drawing, place: Rect, role: Role) {
    d.rect(Layer::Main, place, 2.0, Style::fill(Paint::Strong(role)).opacity(if role == SPAM { 0.5 } else { 0.3 }));
    d.rect(Layer::Main, place, 2.0, Style::line(Paint::Strong(role)).width(1.5));
}

const LENGTH: f64 = 520.0;
const THICK: f64 = 26.0;

pub fn balanced_and_cut() -> Figure {
    let (all, balanced, parts) = (counts("All: "), counts("Balanced: "), parts());
    let left_out = all[0] - balanced[0];
    let scale = LENGTH / all[0] as f64;
    let mut d = Drawing::new();
    let mut y = 0.0;
    let mut bottom = rect(0.0, 0.0, 0.0, 0.0);
    for (counts, heading) in [(all, t("all", "全部")), (balanced, t("balanced", "平衡后"))] {
        Text::new(heading).bold().end().draw(&mut d, p(-72.0, y + THICK + 2.0));
        for (i, (label, role)) in [("ham", HAM), ("spam", SPAM)].into_iter().enumerate() {
            let place = rect(0.0, y + (THICK + 5.0) * i as f64, counts[i] as f64 * scale, THICK);
            bar(&mut d, place, role);
            Text::new(label).size_of(14.0).end().draw(&mut d, place.left().shift(-10.0, 0.0));
            let number = Text::new(whole(counts[i])).size_of(14.0).bold();
            number.draw_in(&mut d, place);
            if counts == balanced && i == 0 {
                let ghost = rect(place.x_end(), place.y, left_out as f64 * scale, THICK);
                d.rect(Layer::Main, ghost, 2.0, Style::fill(Paint::Hatch(Role::Mask)));
                d.rect(Layer::Main, ghost, 2.0, Style::line(Paint::Strong(Role::Mask)).dash(Dash::Dashed));
                let words = t(format!("left out: {}", whole(left_out)), format!("舍弃：{}", whole(left_out)));
                Text::new(words).size_of(14.0).halo().draw(&mut d, ghost.center());
            }
            bottom = place;
        }
        y += 2.0 * THICK + 29.0;
    }

    let band = rect(0.0, y + 92.0, LENGTH, 44.0);
    let zoom = [bottom.at(0.0, 1.0), bottom.at(1.0, 1.0), band.at(1.0, 0.0), band.at(0.0, 0.0)];
    let path: Vec<_> = zoom.map(point).into();
    let bounds = rect(0.0, bottom.y_end(), LENGTH, band.y - bottom.y_end());
    d.path(Layer::Back, format!("M{}Z", path.join("L")), bounds, Style::fill(Paint::Soft(Role::Plain)));
    let enlarged = t("the balanced messages, enlarged and cut", "平衡后的消息，放大后切开");
    Text::note(enlarged).start().draw(&mut d, p(12.0, band.y - 42.0));
    let sums = parts.map(|[ham, spam]| ham + spam);
    let shares = cut_across(band, &sums.map(|sum| sum as f64));
    let names = [t("training", "训练集"), t("validation", "验证集"), t("test", "测试集")];
    for (((counts, sum), share), name) in parts.iter().zip(sums).zip(&shares).zip(names) {
        let pieces = cut_across(share.grow(-2.0), &counts.map(|count| count as f64));
        for ((piece, count), role) in pieces.iter().zip(counts).zip([HAM, SPAM]) {
            bar(&mut d, *piece, role);
            Text::small(whole(*count)).bold().draw_in(&mut d, *piece);
        }
        let middle = share.center().x;
        if share.w > 200.0 {
            for (piece, label) in pieces.iter().zip(["ham", "spam"]) {
                Text::small(label).draw(&mut d, p(piece.center().x, band.y - 10.0));
            }
        }
        let text = Text::new(t(
            format!("{}\n{}", name.get(crate::Lang::En), whole(sum)),
            format!("{}\n{}", name.get(crate::Lang::Zh), whole(sum)),
        ));
        text.size_of(14.0).bold().draw_below(&mut d, p(middle, band.y_end() + 6.0));
    }
    let three = t("three\nparts", "三份");
    Text::new(three).bold().end().draw(&mut d, p(-72.0, band.center().y));
    let desc = t(
        format!(
            "Bars on one scale. All messages: {} ham, a very long bar, and {} spam, a short one. Balanced: {} of each; the \
             {} ham messages left out are a hatched ghost behind the ham bar. Below, the {} balanced messages enlarged and \
             cut into three parts, each with ham on the left and spam on the right: training {} + {}, validation {} + {}, \
             test {} + {}.",
            whole(all[0]),
            all[1],
            balanced[0],
            whole(left_out),
            whole(balanced[0] + balanced[1]),
            parts[0][0],
            parts[0][1],
            parts[1][0],
            parts[1][1],
            parts[2][0],
            parts[2][1]
        ),
        format!(
            "同一比例尺的横条。全部消息：ham {} 条，横条很长；spam {} 条，很短。平衡后：各 {} 条，舍弃的 {} 条 ham 画成带斜线的虚影，\
             接在 ham 横条后面。下面把平衡后的 {} 条消息放大，切成三份，每份左边是 ham，右边是 spam：训练集 {} + {}，验证集 {} + {}，测试集 {} + {}。",
            whole(all[0]),
            all[1],
            balanced[0],
            whole(left_out),
            whole(balanced[0] + balanced[1]),
            parts[0][0],
            parts[0][1],
            parts[1][0],
            parts[1][1],
            parts[2][0],
            parts[2][1]
        ),
    );
    let title = t(
        "The collection, balanced, and cut into three parts (numbers of messages)",
        "数据集：平衡，再切成三份（消息条数）",
    );
    Figure::new("6-03", title, desc, d)
}

pub fn three_jobs() -> Figure {
    let sums = parts().map(|[ham, spam]| ham + spam);
    let mut d = Drawing::new();
    let gap = 60.0;
    let widths = cut_across(rect(0.0, 0.0, 596.0, 44.0), &sums.map(|sum| sum as f64));
    let bands = [widths[0], widths[1].shift(gap, 0.0), widths[2].shift(gap + 10.0, 0.0)];
    let names = [t("training", "训练集"), t("validation", "验证集"), t("test", "测试集")];
    for ((band, sum), name) in bands.iter().zip(sums).zip(names) {
        d.rect(Layer::Main, *band, 4.0, Style::role(Role::Token));
        Text::new(whole(sum)).draw_in(&mut d, *band);
        Text::new(name).bold().draw(&mut d, p(band.center().x, -18.0));
    }
    let wall = bands[0].x_end() + gap / 2.0;
    for dx in [-2.5, 2.5] {
        let ends = [p(wall + dx, -44.0), p(wall + dx, 64.0)];
        d.line(Layer::Main, &ends, Style::line(Paint::Strong(Role::Alert)).width(2.0));
    }
    let words = t("no message\non both sides", "同一条消息\n不能两边都有");
    Text::small(words).bold().role(Role::Alert).draw_above(&mut d, p(wall, -50.0));

    let y = 152.0;
    let centers = [bands[0].center().x, bands[1].center().x, bands[2].center().x];
    let model = Node::of(Text::new(t("model", "模型")).bold()).role(Role::Weight).heavy();
    let model = model.draw(&mut d, Rect::around(p(centers[0] - 60.0, y), (120.0, 52.0)));
    let you = Node::of(Text::new(t("you", "你")).bold());
    let you = you.draw(&mut d, Rect::around(p(centers[1], y), (66.0, 52.0)));
    let number = Node::of(Text::new(t("the number\nyou report", "报告的数")).size_of(14.0)).role(Role::Output).heavy();
    let number = number.draw(&mut d, Rect::around(p(centers[2] + 14.0, y), (112.0, 52.0)));
    let from = |band: usize, to: Rect| p(to.center().x, bands[band].y_end());
    let arrow = Arrow::new(from(0, model), model.top()).width(2.5);
    arrow.right(t("changes the weights,\nin every step", "每一步都\n改变权重")).draw(&mut d);
    let arrow = Arrow::new(from(1, you), you.top()).dashed();
    arrow.left(t("measured during\nthe run", "训练中\n测量")).draw(&mut d);
    let arrow = Arrow::new(from(2, number), number.top()).width(2.5);
    arrow.right(t("once, at\nthe end", "最后\n测一次")).draw(&mut d);
    let decides = Arrow::new(you.left(), model.right()).dashed();
    decides.below(t("you choose epochs,\nlearning rate, layers", "由你选定轮数、\n学习率、层")).draw(&mut d);
    let desc = t(
        format!(
            "A band of messages in true proportion: training {}, validation {}, test {}. A red double line stands between \
             the training part and the others: no message on both sides. From training an arrow leads to the model: it \
             changes the weights, in every step. From validation a dashed arrow leads to a box, you: it is measured during \
             the run, and from you a dashed arrow leads to the model, because you choose epochs, rate and layers by it. \
             From test an arrow leads to the number you report: once, at the end.",
            whole(sums[0]),
            sums[1],
            sums[2]
        ),
        format!(
            "一条按真实比例画的消息带：训练集 {}，验证集 {}，测试集 {}。训练集和其余两份之间是一道红色双线：同一条消息不能两边都有。\
             箭头从训练集指向模型：每一步都改变权重。虚线箭头从验证集指向“你”：训练中测量；再从“你”指向模型，因为你据此选定轮数、学习率、层。\
             箭头从测试集指向报告的数：最后测一次。",
            whole(sums[0]),
            sums[1],
            sums[2]
        ),
    );
    Figure::new("6-04", t("Three parts, three jobs", "三个部分，三种任务"), desc, d)
}

#[cfg(test)]
mod tests {
    use ch06_classify::{Label, Split, read_messages};
    use testkit::{for_test, needs_data};

    use super::parts;

    #[needs_data("sms-spam")]
    #[test]
    fn the_collection_is_cut_so() {
        let split = Split::of_collection(&read_messages(&for_test("sms-spam")).unwrap()).unwrap();
        for ((_, part), expected) in split.parts().into_iter().zip(parts()) {
            let count = |label| part.iter().filter(|message| message.label == label).count();
            assert_eq!(Label::ALL.map(count), expected);
        }
    }
}
