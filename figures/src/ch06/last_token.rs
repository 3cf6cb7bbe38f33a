//! Which position answers.

use super::SPAM;
use crate::parts::{Arrow, Matrix, Node, Side, Text, brace, decimal, visible};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Rect, Style, p, t};

const TOKENS: [&str; 4] = ["Do", " you", " have", " time"];
/// GPT-2 (124M) with a head from seed 123: the original's output, which the test n6_5_outputs_and_n6_6_label of
/// ch06-classify compares with ours (it needs GPT-2's weights).
const LOGITS: [[f32; 2]; 4] = [[-1.5854, 0.9904], [-3.7235, 7.4548], [-2.2661, 6.6049], [-3.5983, 3.9902]];
const ROW: f64 = 44.0;

pub fn who_has_seen_all() -> Figure {
    let mut d = Drawing::new();
    let mask = Matrix::texts(vec![vec![String::new(); 4]; 4]).role(Role::Token).flat().cell(52.0, ROW);
    let mask =
        mask.masked(|row, column| column > row).row_labels(TOKENS.map(visible)).column_labels(TOKENS.map(visible));
    let mask = mask.draw(&mut d, p(0.0, 0.0));
    for row in 0..4 {
        for column in 0..=row {
            let cell = mask.cell(row, column).grow(-1.0);
            d.rect(Layer::Main, cell, 3.0, Style::fill(Paint::Strong(Role::Token)).opacity(0.45));
        }
    }
    let head = |d: &mut Drawing, x: f64, words| Text::new(words).size_of(14.0).bold().draw(d, p(x, -46.0));
    head(&mut d, mask.grid.center().x, t("attention", "注意力"));
    let seen = mask.grid.x_end() + 50.0;
    head(&mut d, seen, t("has seen", "看到了"));
    for row in 0..4 {
        let words =
            t(if row == 0 { "1 token".into() } else { format!("{} tokens", row + 1) }, format!("{} 个词元", row + 1));
        let text = Text::new(words).size_of(14.0);
        let text = if row == 3 { text.bold() } else { text.muted() };
        text.draw(&mut d, p(seen, mask.row(row).center().y));
    }
    let logits = Matrix::numbers(&LOGITS, 4).role(Role::Output).flat().cell(78.0, ROW).column_labels(["ham", "spam"]);
    let logits = (0..3).fold(logits, |logits, row| logits.row_role(row, Role::Plain)).mark_row(3, Role::Output);
    let logits = logits.draw(&mut d, p(seen + 52.0, 0.0));
    head(&mut d, logits.grid.center().x, t("logits", "logits"));
    let answer = Node::of(Text::new("spam").bold()).role(SPAM).heavy().min_width(78.0);
    let size = answer.size();
    let answer = answer.draw(&mut d, logits.row(3).right_of(44.0, size));
    Arrow::new(logits.row(3).right(), answer.left()).width(2.5).draw(&mut d);
    Text::small(t("the answer", "答案")).bold().draw(&mut d, answer.top().shift(0.0, -14.0));
    let wrong = t("✗ wrong: head\nnot trained yet", "✗ 错：输出头\n尚未训练");
    Text::small(wrong).role(Role::Alert).draw_below(&mut d, answer.bottom().shift(0.0, 6.0));
    let others = Rect::bounds([logits.row(0), logits.row(2)]);
    let words = t("answers about\nbeginnings", "只看到开头\n的答案");
    brace(&mut d, Rect { x: others.x_end() - 6.0, w: 6.0, y: others.y + 6.0, h: others.h - 12.0 }, Side::Right, words);
    let rows = LOGITS.map(|[ham, spam]| format!("{}, {}", decimal(ham.into(), 4), decimal(spam.into(), 4)));
    let desc = t(
        format!(
            "Left, the causal mask of the four tokens Do, you, have, time: row 1 has one filled cell, row 2 two, row 3 three, \
             row 4 all four; the rest is hatched. Beside it, what each position has seen: 1, 2, 3, 4 tokens. Right, two \
             logits for each position, ham and spam: {}; {}; {}; {}. The first three rows are gray: answers about beginnings. \
             The last row is framed, an arrow leads from it to the answer, spam, which is wrong: the head is not trained yet.",
            rows[0], rows[1], rows[2], rows[3]
        ),
        format!(
            "左边是四个词元 Do、you、have、time 的因果掩码：第 1 行涂了一格，第 2 行两格，第 3 行三格，第 4 行四格，其余画斜线。旁边是每个位置\
             看到了多少：1、2、3、4 个词元。右边是每个位置的两个 logits，ham 和 spam：{}；{}；{}；{}。前三行是灰色，只看到开头的答案；\
             最后一行加了框，箭头从它指向答案 spam。这个答案是错的：输出头尚未训练。",
            rows[0], rows[1], rows[2], rows[3]
        ),
    );
    let title = t("Only the last token has seen the whole message", "只有最后一个词元看到了整条消息");
    Figure::new("6-09", title, desc, d)
}
