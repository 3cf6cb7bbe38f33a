//! How many parameters are trained with each rank.

use super::{RANK, Sizes};
use crate::parts::{Bar, Bars, Text, decimal, whole};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Style, p, rect, t};

const RANKS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Length of the longest bar.
const LENGTH: f64 = 300.0;

pub fn ranks() -> Figure {
    let sizes = Sizes::of_the_classifier();
    let share = |count: usize| decimal(100.0 * count as f64 / sizes.parameters as f64, 2);
    let text = |count: usize, share: String| {
        t(format!("{}  ({share} %)", whole(count)), format!("{}（{share}%）", whole(count)))
    };
    let mut bars: Vec<_> = RANKS
        .into_iter()
        .map(|rank| {
            let count = sizes.trained(rank);
            let bar = Bar::new(count as f64, text(count, share(count)), Role::Weight);
            (t(format!("rank {rank}"), format!("秩 {rank}")), bar)
        })
        .collect();
    let all = Bar::new(sizes.parameters as f64, text(sizes.parameters, "100".into()), Role::Mask);
    bars.push((t("all parameters", "全部参数"), all.hatched()));
    let mut d = Drawing::new();
    let placed = Bars::new(bars).draw_across(&mut d, p(0.0, 0.0), LENGTH);
    let usual = RANKS.iter().position(|rank| *rank == RANK).unwrap_or(0);
    let bar = placed.bars[usual][0];
    let row = rect(-126.0, bar.y - 5.0, LENGTH + 126.0 + 178.0, bar.h + 10.0);
    d.rect(Layer::Back, row, 8.0, Style::fill(Paint::Soft(Role::Weight)).outlined(Paint::Strong(Role::Weight)));
    Text::small(t("the book's run", "书中所用"))
        .bold()
        .role(Role::Weight)
        .end()
        .draw(&mut d, p(row.x_end() - 12.0, bar.center().y));
    let one = whole(sizes.trained(1));
    let y = placed.field.y_end() + 32.0;
    let words = t(format!("{one} for each unit of the rank"), format!("秩每加 1，多 {one} 个"));
    Text::note(words).start().draw(&mut d, p(0.0, y));
    let list = |rank_is: &str, colon: &str, end: &str, percent: &str| {
        let one = |rank: &usize| {
            format!("{rank_is}{rank}{colon}{} ({}{percent})", whole(sizes.trained(*rank)), share(sizes.trained(*rank)))
        };
        RANKS.iter().map(one).collect::<Vec<_>>().join(end)
    };
    let desc = t(
        format!(
            "Bars for the number of trained parameters, by rank, on one scale with all {} parameters of GPT-2 small as a \
             classifier. {}. The first bars are hardly thicker than the axis, and even that of rank 64 is a twelfth of \
             the last one, which is hatched. Rank {RANK}, the one of the book's run, is framed. The numbers grow evenly, \
             by {one} for each unit of the rank.",
            whole(sizes.parameters),
            list("Rank ", ": ", "; ", " percent").replace("; Rank", "; rank")
        ),
        format!(
            "各个秩对应的可训练参数个数画成条形，与 GPT-2 small 分类器的全部 {} 个参数用同一刻度。{}。前几条几乎只有坐标轴那么宽，秩 64 \
             的也只有最后一条（画了斜线）的十二分之一。书中所用的秩 {RANK} 加了框。个数均匀增长，秩每加 1，多 {one} 个。",
            whole(sizes.parameters),
            list("秩 ", "：", "，", "%")
        ),
    );
    let title =
        t("Trainable parameters by rank: GPT-2 small as a classifier", "可训练参数随秩的变化：GPT-2 small 分类器");
    Figure::new("e-03", title, desc, d)
}
