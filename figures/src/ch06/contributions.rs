//! What each token of a message contributed, and what is lost without it. From the recorded output of the example.

use crate::data::output;
use crate::drawing::Layer;
use crate::parts::{Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Rect, Style, p, rect, t};

const OUTPUT: &str = include_str!("../../../book/outputs/bonus_contributions.txt");
const MESSAGE: &str = "You have won a prize!";
/// Length of a bar of 1.
const UNIT: f64 = 165.0;
const THICKNESS: f64 = 13.0;
const PITCH: f64 = 39.0;

/// Token, contribution, and what is lost without it.
fn tokens() -> Vec<(String, f64, f64)> {
    let lines = output(OUTPUT).skip_while(|line| !line.starts_with(MESSAGE)).skip(3);
    let row = |line: &str| {
        let [token, contributed, lost] = line.split_whitespace().collect::<Vec<_>>().try_into().ok()?;
        Some((token.replace('_', "␣"), contributed.parse().ok()?, lost.parse().ok()?))
    };
    lines.map_while(row).collect()
}

/// A bar, hatched where the number is not the method's.
fn bar(d: &mut Drawing, place: Rect, role: Role) {
    if role == Role::Plain {
        d.rect(Layer::Main, place, 3.0, Style::fill(Paint::Soft(role)));
        d.rect(Layer::Main, place, 3.0, Style::fill(Paint::Hatch(role)));
    } else {
        d.rect(Layer::Main, place, 3.0, Style::fill(Paint::Strong(role)).opacity(0.5));
    }
    d.rect(Layer::Main, place, 3.0, Style::line(Paint::Strong(role)));
}

pub fn contributions() -> Figure {
    let tokens = tokens();
    let mut d = Drawing::new();
    for (i, (token, contributed, lost)) in tokens.iter().enumerate() {
        let y = PITCH * i as f64;
        Text::new(token).mono().end().draw(&mut d, p(-0.42 * UNIT - 40.0, y + THICKNESS + 1.5));
        for (line, (value, role)) in [(*contributed, Role::Score), (*lost, Role::Plain)].into_iter().enumerate() {
            let y = y + (THICKNESS + 3.0) * line as f64;
            let place = rect(UNIT * value.min(0.0), y, (UNIT * value.abs()).max(0.5), THICKNESS);
            bar(&mut d, place, role);
            let text = Text::new(decimal(value, 2)).size_of(13.0);
            if value < 0.0 {
                text.end().draw(&mut d, place.left().shift(-6.0, 0.0));
            } else {
                text.start().draw(&mut d, place.right().shift(6.0, 0.0));
            }
        }
    }
    let height = PITCH * tokens.len() as f64;
    d.line(Layer::Lines, &[p(0.0, -8.0), p(0.0, height)], Style::line(Paint::Strong(Role::Plain)));
    let legend = [
        (Role::Score, t("contributed: gradient × input", "贡献：梯度 × 输入")),
        (Role::Plain, t("lost without the token: computed", "没有这个词元时少了多少：实际计算")),
    ];
    for (i, (role, words)) in legend.into_iter().enumerate() {
        let place = rect(12.0, -66.0 + 24.0 * i as f64, 24.0, THICKNESS);
        bar(&mut d, place, role);
        Text::small(words).start().draw(&mut d, place.right().shift(8.0, 0.0));
    }
    let list = |with: fn(&(String, f64, f64)) -> f64| {
        tokens.iter().map(|token| format!("{} {}", token.0, decimal(with(token), 2))).collect::<Vec<_>>()
    };
    let (contributed, lost) = (list(|token| token.1), list(|token| token.2));
    let desc = t(
        format!(
            "Two bars for each token of the message “You have won a prize! Reply YES to claim it.”, to the right for spam, to the left \
             against it. What it contributed, by gradient × input: {}. How much of the lead is lost when its vector is 0: {}. Most pairs point to \
             the same side; “it” does not, and for the full stop the second bar is more than four times as long.",
            contributed.join(", "),
            lost.join(", ")
        ),
        format!(
            "消息 “You have won a prize! Reply YES to claim it.” 的每个词元有两根条，向右支持 spam，向左反对。按梯度 × 输入算的贡献：{}。\
             把它的向量设为 0 之后差距少了多少：{}。多数成对的条方向一致；“it” 的两根方向相反，句点的第二根是第一根的四倍多。",
            contributed.join("、"),
            lost.join("、")
        ),
    );
    Figure::new(
        "6-B1",
        t("What each token contributed, and what is lost without it", "每个词元的贡献，以及没有它会少多少"),
        desc,
        d,
    )
}
