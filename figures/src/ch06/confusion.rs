//! A confusion matrix, and what is read from it.

use ch06_classify::Confusion;

use crate::data::output;
use crate::parts::{Side, Text, brace_of, decimal};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Rect, Style, Words, p, rect, t};

const OUTPUT: &str = include_str!("../../../book/outputs/6_7_small_run.txt");
const CELL: (f64, f64) = (128.0, 92.0);

fn counts() -> Confusion {
    let part = OUTPUT.split_once("%% confusion").map_or("", |(_, rest)| rest);
    let row = |label: &str| {
        let line = output(part).find_map(|line| line.strip_prefix(label)).unwrap_or_default();
        let mut numbers = line.split_whitespace().filter_map(|word| word.parse().ok());
        [(); 2].map(|()| numbers.next().expect("the output has two numbers there"))
    };
    Confusion { counts: [row("ham "), row("spam ")] }
}

pub fn matrix() -> Figure {
    let confusion = counts();
    let [[ham, alarms], [missed, found]] = confusion.counts;
    let percent = |share: f64| format!("{} %", decimal(100.0 * share, 2));
    let mut d = Drawing::new();
    let grid = rect(0.0, 0.0, 2.0 * CELL.0, 2.0 * CELL.1);
    let cells: Vec<Rect> = grid.column(2, 0.0).iter().flat_map(|row| row.row(2, 0.0)).collect();
    let told: [(usize, Words, bool); 4] = [
        (ham, t("✓ right", "✓ 正确"), true),
        (alarms, t("✗ false alarms", "✗ 误报"), false),
        (missed, t("✗ missed", "✗ 漏报"), false),
        (found, t("✓ right", "✓ 正确"), true),
    ];
    for (cell, (count, words, is_right)) in cells.iter().zip(told) {
        let role = if is_right { Role::Output } else { Role::Alert };
        let inside = cell.grow(-3.0);
        d.rect(Layer::Main, inside, 8.0, Style::role(role).width(if is_right { 2.5 } else { 1.5 }));
        Text::new(count.to_string()).size_of(26.0).bold().draw(&mut d, inside.center().shift(0.0, -12.0));
        Text::new(words).size_of(14.0).role(role).draw(&mut d, inside.center().shift(0.0, 20.0));
    }
    let side = |d: &mut Drawing, y: f64, words: &str| Text::new(words).bold().end().draw(d, p(-12.0, y));
    side(&mut d, cells[0].center().y, "ham");
    side(&mut d, cells[2].center().y, "spam");
    let top = |d: &mut Drawing, x: f64, words: Words| Text::new(words).bold().draw(d, p(x, -16.0));
    top(&mut d, cells[0].center().x, t("not spam", "不是 spam"));
    top(&mut d, cells[1].center().x, t("spam", "spam"));
    Text::note(t("what the classifier answers", "分类器的回答")).draw(&mut d, p(grid.center().x, -42.0));
    Text::note(t("what the message is", "消息的标签")).upward().draw(&mut d, p(-70.0, grid.center().y));

    let fraction = |name: Words, sum: String, share: f64| {
        let line = |lang| format!("{}\n{sum}\n= {}", name.get(lang), percent(share));
        Text::new(t(line(crate::Lang::En), line(crate::Lang::Zh))).size_of(14.0)
    };
    let row = rect(grid.x, cells[2].y + 8.0, grid.w + 4.0, cells[2].h - 16.0);
    let recall = fraction(t("recall", "召回率"), format!("{found} ÷ ({found} + {missed})"), confusion.recall());
    brace_of(&mut d, row, Side::Right, recall);
    let column = rect(cells[1].x + 8.0, grid.y, cells[1].w - 16.0, grid.h + 4.0);
    let precision =
        fraction(t("precision", "精确率"), format!("{found} ÷ ({found} + {alarms})"), confusion.precision());
    brace_of(&mut d, column, Side::Below, precision);
    let accuracy = fraction(
        t("accuracy (diagonal)", "准确率（对角线）"),
        format!("({ham} + {found}) ÷ {}", confusion.total()),
        confusion.accuracy(),
    );
    let place = p(grid.x_end() + 26.0, cells[0].center().y);
    accuracy.start().draw(&mut d, place);
    let diagonal = [cells[0].at(0.88, 0.84), cells[3].at(0.12, 0.16)];
    d.line(Layer::Front, &diagonal, Style::line(Paint::Strong(Role::Output)).width(2.5));
    let desc = t(
        format!(
            "A matrix of two rows, what the message is, and two columns, what the classifier answers. Ham answered not spam: {ham}, \
             right. Ham answered spam: {alarms}, false alarms. Spam answered not spam: {missed}, missed. Spam answered spam: \
             {found}, right. A brace under the column spam: precision, {found} of {}, {}. A brace beside the row spam: recall, \
             {found} of {}, {}. Along the diagonal: accuracy, {} of {}, {}.",
            found + alarms,
            percent(confusion.precision()),
            found + missed,
            percent(confusion.recall()),
            ham + found,
            confusion.total(),
            percent(confusion.accuracy())
        ),
        format!(
            "一个矩阵，两行是消息的标签，两列是分类器的回答。ham 答“不是 spam”：{ham}，正确。ham 答“spam”：{alarms}，误报。spam 答“不是 spam”：\
             {missed}，漏报。spam 答“spam”：{found}，正确。spam 那一列下面的花括号：精确率，{} 条中的 {found} 条，{}。spam 那一行旁边的花括号：\
             召回率，{} 条中的 {found} 条，{}。沿对角线：准确率，{} 条中的 {} 条，{}。",
            found + alarms,
            percent(confusion.precision()),
            found + missed,
            percent(confusion.recall()),
            confusion.total(),
            ham + found,
            percent(confusion.accuracy())
        ),
    );
    let title = t(
        "The confusion matrix of a small classifier on the 80 test messages",
        "一个小分类器在 80 条测试消息上的混淆矩阵",
    );
    Figure::new("6-10", title, desc, d)
}
