//! What a model costs: arithmetic, and memory for past tokens.

use ch04_gpt::bonus::cache_memory::{self, CacheShape};
use ch04_gpt::bonus::flops::forward_flops_per_token;
use shared::GptConfig;

use crate::parts::{Bar, Bars, Text, cut_across, decimal, whole};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Style, p, rect, t};

const ROW: f64 = 52.0;

pub fn arithmetic() -> Figure {
    let models = ["gpt2-small", "gpt2-medium", "gpt2-large", "gpt2-xl"];
    let mut d = Drawing::new();
    let field = rect(0.0, 0.0, 360.0, 34.0);
    let mut told = Vec::new();
    let largest = forward_flops_per_token(&preset("gpt2-xl")) as f64;
    for (i, name) in models.into_iter().enumerate() {
        let config = preset(name);
        let total = forward_flops_per_token(&config) as f64;
        let head = forward_flops_per_token(&GptConfig { n_layers: 0, ..config }) as f64;
        let blocks = total - head;
        let place = field.shift(0.0, ROW * i as f64);
        let parts = cut_across(place, &[blocks / 3.0, blocks * 2.0 / 3.0, head]);
        let fills = [
            Style::fill(Paint::Strong(Role::Weight)).opacity(0.42),
            Style::fill(Paint::Strong(Role::Weight)).opacity(0.18),
            Style::fill(Paint::Hatch(Role::Output)),
        ];
        d.rect(Layer::Main, parts[2].grow(-1.0), 3.0, Style::fill(Paint::Soft(Role::Output)));
        let mut percents = Vec::new();
        for (j, ((part, fill), share)) in
            parts.iter().zip(fills).zip([blocks / 3.0, blocks * 2.0 / 3.0, head]).enumerate()
        {
            let role = if j == 2 { Role::Output } else { Role::Weight };
            d.rect(Layer::Main, part.grow(-1.0), 3.0, fill.outlined(Paint::Strong(role)).width(1.0));
            let percent = format!("{} %", decimal(100.0 * share / total, 0));
            let text = Text::new(&percent).size_of(14.0);
            if j < 2 {
                text.draw_in(&mut d, *part);
            } else if part.w > 60.0 {
                text.bold().halo().draw_in(&mut d, *part);
            } else {
                text.bold().role(Role::Output).start().draw(&mut d, part.right().shift(7.0, 0.0));
            }
            percents.push(percent);
        }
        Text::new(name).size_of(14.0).end().draw(&mut d, place.left().shift(-12.0, 0.0));
        let bar = rect(426.0, place.y + 7.0, 110.0 * total / largest, 20.0);
        d.rect(Layer::Main, bar, 3.0, Style::fill(Paint::Strong(Role::Score)).opacity(0.5));
        d.rect(Layer::Main, bar, 3.0, Style::line(Paint::Strong(Role::Score)));
        let total = decimal(total / 1e9, 3);
        Text::new(&total).size_of(14.0).start().draw(&mut d, bar.right().shift(7.0, 0.0));
        told.push((name, percents, total));
    }
    let first = cut_across(field, &[1.0, 2.0, 1.35]);
    for (part, words) in
        first.iter().zip([t("attention", "注意力"), t("feed-forward", "前馈网络"), t("output layer", "输出层")])
    {
        Text::new(words).size_of(14.0).bold().draw(&mut d, part.top().shift(0.0, -18.0));
    }
    let total = Text::new(t("billion operations", "十亿次运算")).size_of(14.0).bold();
    total.start().draw(&mut d, p(426.0, -18.0));
    let en: Vec<_> =
        told.iter().map(|(name, p, total)| format!("{name}: {}, {}, {}, total {total}", p[0], p[1], p[2])).collect();
    let zh: Vec<_> =
        told.iter().map(|(name, p, total)| format!("{name}：{}、{}、{}，总数 {total}", p[0], p[1], p[2])).collect();
    let desc = t(
        format!(
            "Four bars of equal length, each divided into the shares of attention, feed-forward network and output \
             layer in the operations for one token; beside it the total in billions. {}. The share of the output \
             layer, hatched, falls from a third to a twentieth.",
            en.join(". ")
        ),
        format!(
            "四根一样长的横条，各按注意力、前馈网络、输出层在一个词元的运算中所占的份额分段，旁边是总数，单位十亿次。\
             {}。输出层（画斜线）的份额从三分之一降到二十分之一。",
            zh.join("；")
        ),
    );
    Figure::new("4-B1", t("Where the arithmetic of a token goes", "一个词元的计算量花在哪里"), desc, d)
}

fn preset(name: &str) -> GptConfig {
    GptConfig::preset(name).expect("it is one of the presets")
}

pub fn memory() -> Figure {
    let (emb_dim, n_heads, layers, tokens) = (4096, 32, 32, 131_072);
    let head_dim = cache_memory::head_dim(emb_dim, n_heads);
    let shape = CacheShape { batch: 1, tokens, layers, n_heads, head_dim, bytes_per_value: 2 };
    let windows = cache_memory::window_layers(layers, (5, 1));
    let (attention, delta) =
        (CacheShape { layers: layers / 4, ..shape }, CacheShape { layers: layers * 3 / 4, ..shape });
    let bars = [
        (t("full attention", "完整的注意力"), cache_memory::multi_head(&shape)),
        (t("grouped queries:\n8 heads of 32", "分组查询：\n32 个头留 8 个"), cache_memory::grouped_query(&shape, 8)),
        (t("latent vectors,\nwidth 1,024", "潜在向量，\n宽 1,024"), cache_memory::latent(&shape, 1024)),
        (
            t("window of 1,024\nin 5 of 6 layers", "6 层中 5 层\n用窗口 1,024"),
            cache_memory::sliding_window(&shape, n_heads, 1024, windows),
        ),
        (
            t("Gated DeltaNet\nin 3 of 4 layers", "4 层中 3 层\n用 Gated DeltaNet"),
            cache_memory::multi_head(&attention) + cache_memory::delta_net(&delta),
        ),
    ]
    .map(|(name, bytes)| (name, decimal(bytes as f64 / 1e9, 2), bytes as f64));
    let mut d = Drawing::new();
    let drawn = bars.clone().map(|(name, text, bytes)| (name, Bar::new(bytes, format!("{text} GB"), Role::Score)));
    let placed = Bars::new(drawn).thickness(32.0, 22.0).draw_across(&mut d, p(0.0, 0.0), 400.0);
    let model = t(
        format!("{layers} layers, width {}, two bytes per number", whole(emb_dim)),
        format!("{layers} 层，宽 {}，每个数两字节", whole(emb_dim)),
    );
    Text::note(model).draw_below(&mut d, placed.field.bottom().shift(0.0, 18.0));
    let [full, grouped, latent, window, delta] = bars.map(|(_, text, _)| text);
    let desc = t(
        format!(
            "Five bars: gigabytes for 131,072 past tokens in a model of 32 layers and width 4,096. Full attention \
             {full}, grouped queries with 8 of 32 heads {grouped}, latent vectors of width 1,024 {latent}, a window \
             of 1,024 in five of six layers {window}, Gated DeltaNet in three of four layers {delta}. Four of them \
             need between an eighth and a quarter of the first."
        ),
        format!(
            "五根横条：32 层、宽 4,096 的模型保存 131,072 个词元要多少 GB。完整的注意力 {full}，分组查询（32 个头留 \
             8 个）{grouped}，宽 1,024 的潜在向量 {latent}，6 层中 5 层用窗口 1,024 是 {window}，4 层中 3 层用 Gated \
             DeltaNet 是 {delta}。后四种只要第一种的八分之一到四分之一。"
        ),
    );
    Figure::new("4-B2", t("Memory for 131,072 past tokens", "保存 131,072 个词元需要的内存"), desc, d)
}
