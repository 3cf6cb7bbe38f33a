//! The original's experiments.

use crate::data::{rows, value};
use crate::parts::{Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Point, Style, Words, p, t};

const ACCURACIES: &str = include_str!("../../data/experiments-gpt2-small.tsv");
/// Messages of the test part.
const MESSAGES: f64 = 300.0;

/// Left and right end of the scale in percent, and its length.
const RANGE: (f64, f64) = (68.0, 100.0);
const LENGTH: f64 = 420.0;
const ROW: f64 = 27.0;

/// A heading, and names with the name in the recorded table.
type Group = (Words, Vec<(Words, &'static str)>);

fn groups() -> Vec<Group> {
    vec![
        (
            t("which part is trained", "训练哪一部分"),
            vec![
                (t("head only", "只有输出头"), "head"),
                (t("last block", "最后一个块"), "last block"),
                (t("everything", "全部"), "everything"),
                (t("LoRA", "LoRA"), "LoRA"),
                (t("last two blocks", "最后两个块"), "last two blocks"),
            ],
        ),
        (
            t("which position answers", "哪个位置回答"),
            vec![
                (t("first", "第一个"), "first token"),
                (t("last", "最后一个"), "last token"),
                (t("mean of all", "全部平均"), "mean"),
                (t("last real token", "最后一个真词元"), "last real token"),
            ],
        ),
        (
            t("padding", "填充"),
            vec![
                (t("to 1,024", "到 1,024"), "padded to 1,024"),
                (t("to 120", "到 120"), "padded to 120"),
                (t("none", "不填充"), "not padded"),
            ],
        ),
        (
            t("other", "其他"),
            vec![
                (t("random weights", "随机权重"), "random weights"),
                (t("no causal mask", "没有因果掩码"), "no causal mask"),
            ],
        ),
    ]
}

pub fn experiments() -> Figure {
    let recorded = rows(ACCURACIES);
    let accuracy = |name: &str| {
        let row = recorded.iter().find(|row| row[0] == name).expect("the experiment is recorded");
        value(row, 1)
    };
    let usual = accuracy("last block");
    let at = |percent: f64| LENGTH * (percent - RANGE.0) / (RANGE.1 - RANGE.0);
    let mut d = Drawing::new();
    let mut y = 0.0;
    let (mut en, mut zh) = (Vec::new(), Vec::new());
    for (heading, members) in groups() {
        Text::small(&heading).bold().end().draw(&mut d, p(-14.0, y));
        y += 25.0;
        let (mut told_en, mut told_zh) = (Vec::new(), Vec::new());
        for (name, key) in members {
            let percent = accuracy(key);
            let is_usual = matches!(key, "last block" | "last token" | "padded to 120");
            let share = percent / 100.0;
            let sigma = 100.0 * (share * (1.0 - share) / MESSAGES).sqrt();
            spread(&mut d, [p(at(percent - sigma), y), p(at(percent + sigma), y)]);
            let dot = Style::fill(if is_usual { Paint::Paper } else { Paint::Strong(Role::Score) });
            d.circle(Layer::Main, p(at(percent), y), 5.5, dot.outlined(Paint::Strong(Role::Score)).width(2.0));
            Text::new(&name).size_of(14.0).end().draw(&mut d, p(-14.0, y));
            let number = Text::new(decimal(percent, 2)).size_of(14.0).start();
            let number = if is_usual { number.bold() } else { number };
            number.draw(&mut d, p(LENGTH + 16.0, y));
            told_en.push(format!("{} {}", name.get(crate::Lang::En), decimal(percent, 2)));
            told_zh.push(format!("{} {}", name.get(crate::Lang::Zh), decimal(percent, 2)));
            y += ROW;
        }
        y += 12.0;
        en.push(format!("{}: {}", heading.get(crate::Lang::En), told_en.join(", ")));
        zh.push(format!("{}：{}", heading.get(crate::Lang::Zh), told_zh.join("，")));
    }
    let bottom = y - 14.0;
    for tick in [70.0, 75.0, 80.0, 85.0, 90.0, 95.0, 100.0] {
        d.line(Layer::Back, &[p(at(tick), -8.0), p(at(tick), bottom)], Style::line(Paint::Grid).width(1.0));
        Text::note(decimal(tick, 0)).draw_below(&mut d, p(at(tick), bottom + 4.0));
    }
    let line = [p(at(usual), -8.0), p(at(usual), bottom)];
    d.line(Layer::Back, &line, Style::line(Paint::Strong(Role::Plain)).dash(Dash::Dashed));
    Text::small(t("the chapter's way: 95.00", "本章的做法：95.00")).bold().draw_above(&mut d, p(at(usual), -12.0));
    Text::small(t("test accuracy, %", "测试准确率，%")).draw_below(&mut d, p(LENGTH / 2.0, bottom + 24.0));
    let key = p(LENGTH / 2.0 - 110.0, bottom + 62.0);
    spread(&mut d, [key.shift(-14.0, 0.0), key.shift(14.0, 0.0)]);
    d.circle(Layer::Main, key, 5.5, Style::fill(Paint::Strong(Role::Score)));
    let words = t("one standard deviation to each side", "左右各一个标准差");
    Text::note(words).start().draw(&mut d, key.shift(24.0, 0.0));
    let desc = t(
        format!(
            "Test accuracies as dots on a scale from 68 to 100 percent, in four groups, each with a line of one standard \
             deviation to both sides. {}. A dashed line through all groups at 95.00 marks the chapter's way: last block, last \
             token, padded to 120, drawn as open dots.",
            en.join(". ")
        ),
        format!(
            "测试准确率画成圆点，刻度从 68 % 到 100 %，分四组，每个点左右各有一个标准差的线段。{}。95.00 处的虚线贯穿各组，是本章的做法\
             （最后一个块、最后一个词元、填充到 120），画成空心圆点。",
            zh.join("；")
        ),
    );
    let title = t(
        "Test accuracy of the original's experiments with GPT-2 small (124M)",
        "原书用 GPT-2 small（124M）所做实验的测试准确率",
    );
    Figure::new("6-13", title, desc, d)
}

/// A line with a short bar at both ends.
fn spread(d: &mut Drawing, ends: [Point; 2]) {
    let style = Style::line(Paint::Strong(Role::Score));
    d.line(Layer::Lines, &ends, style.width(2.0));
    for end in ends {
        d.line(Layer::Lines, &[end.shift(0.0, -4.0), end.shift(0.0, 4.0)], style);
    }
}

#[cfg(test)]
mod tests {
    use super::ACCURACIES;
    use crate::data::rows;

    /// The recorded accuracies are those of the page's table.
    #[test]
    fn the_page_has_the_same_accuracies() {
        let page = include_str!("../../../book/en/ch06/summary.md");
        for row in rows(ACCURACIES) {
            assert!(page.contains(&format!(" | {} | ", row[1])), "{row:?}");
        }
    }
}
