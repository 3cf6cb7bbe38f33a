//! What GPT-3 read.

use crate::parts::{Bar, Bars, Text};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Style, p, rect, t};

/// Name, tokens in billions, share of the training in percent: Brown et al. 2020, table 2.2.
const SETS: [(&str, f64, f64); 5] = [
    ("CommonCrawl", 410.0, 60.0),
    ("WebText2", 19.0, 22.0),
    ("Books1", 12.0, 8.0),
    ("Books2", 55.0, 8.0),
    ("Wikipedia", 3.0, 3.0),
];

pub fn shares() -> Figure {
    let mut d = Drawing::new();
    let all: f64 = SETS.iter().map(|(_, tokens, _)| tokens).sum();
    let groups = SETS.map(|(name, tokens, share)| {
        let size = 100.0 * tokens / all;
        let bars = vec![
            Bar::new(size, format!("{size:.1} %"), Role::Token).hatched(),
            Bar::new(share, format!("{share:.0} %"), Role::Score),
        ];
        (name, bars)
    });
    for (x, role, hatched, words) in [
        (120.0, Role::Token, true, t("share of the 499 billion tokens", "在 4990 亿词元中的份额")),
        (376.0, Role::Score, false, t("share of the training", "在训练中的份额")),
    ] {
        let key = rect(x, -8.0, 24.0, 16.0);
        let area = if hatched { Style::role(role) } else { Style::fill(Paint::Strong(role)).opacity(0.5) };
        d.rect(Layer::Main, key, 3.0, area);
        if hatched {
            d.rect(Layer::Front, key, 3.0, Style::fill(Paint::Hatch(role)));
        }
        Text::small(words).start().draw(&mut d, p(x + 32.0, 0.0));
    }
    Bars::groups(groups).thickness(18.0, 16.0).draw_across(&mut d, p(120.0, 32.0), 440.0);
    let desc = t(
        "Two bars for each of the five sets: its share of all 499 billion tokens, and its share of the training. CommonCrawl 82.2 % \
         and 60 %, WebText2 3.8 % and 22 %, Books1 2.4 % and 8 %, Books2 11.0 % and 8 %, Wikipedia 0.6 % and 3 %.",
        "五个数据集各有两根条形：在全部 4990 亿词元中的份额，以及在训练中的份额。CommonCrawl 82.2 % 与 60 %，WebText2 3.8 % 与 22 %，\
         Books1 2.4 % 与 8 %，Books2 11.0 % 与 8 %，Wikipedia 0.6 % 与 3 %。",
    );
    let title = t("GPT-3's data: how much there was, and how much of it was read", "GPT-3 的数据：有多少，读了多少");
    Figure::new("1-08", title, desc, d)
}
