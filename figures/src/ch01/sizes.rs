//! How large models are.

use crate::parts::{Text, whole};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Style, Words, p, t};

const LEFT: f64 = 190.0;
const DECADE: f64 = 60.0;
const ROW: f64 = 31.0;

/// Name, year, parameters, how it is written, and whether it is from this book.
type Model = (Words, &'static str, u64, Words, bool);

pub fn sizes() -> Figure {
    let mut d = Drawing::new();
    let tiny = parameters(768, 64, 96, 3);
    let small = parameters(50_257, 1024, 768, 12);
    let million = |n: u64| t(format!("{n} million"), format!("{} 亿", n as f64 / 100.0));
    let billion = |n: u64| t(format!("{n} billion"), format!("{} 亿", n * 10));
    let models: Vec<Model> = vec![
        (t("tiny, in 10 seconds", "小模型，十秒训练"), "", tiny, t(whole(tiny), whole(tiny)), true),
        (t("GPT", "GPT"), "2018", 117_000_000, million(117), false),
        (t("chapter 4", "第 4 章"), "", small, t(whole(small), whole(small)), true),
        (t("Transformer, large", "Transformer，大号"), "2017", 213_000_000, million(213), false),
        (t("BERT, large", "BERT，大号"), "2018", 340_000_000, million(340), false),
        (t("GPT-2, largest", "GPT-2，最大号"), "2019", 1_500_000_000, t("1.5 billion", "15 亿"), false),
        (t("GPT-3", "GPT-3"), "2020", 175_000_000_000, billion(175), false),
        (t("Llama 3.1, largest", "Llama 3.1，最大号"), "2024", 405_000_000_000, billion(405), false),
        (t("DeepSeek-V3", "DeepSeek-V3"), "2024", 671_000_000_000, billion(671), false),
    ];
    let height = ROW * models.len() as f64;
    for power in 5..=12 {
        let x = at(10f64.powi(power));
        d.line(Layer::Back, &[p(x, 0.0), p(x, height)], Style::line(Paint::Grid).width(1.0));
        Text::note(format!("10^{{{power}}}")).draw_below(&mut d, p(x, height + 4.0));
    }
    for (i, (name, year, size, written, ours)) in models.iter().enumerate() {
        let y = ROW * (i as f64 + 0.5);
        let (role, x) = (if *ours { Role::Output } else { Role::Weight }, at(*size as f64));
        let label = if year.is_empty() {
            name.clone()
        } else {
            t(format!("{}, {year}", name.get(crate::Lang::En)), format!("{}，{year}", name.get(crate::Lang::Zh)))
        };
        let label = Text::small(label).end();
        let label = if *ours { label.bold() } else { label };
        label.draw(&mut d, p(LEFT - 12.0, y));
        d.line(Layer::Lines, &[p(LEFT, y), p(x, y)], Style::line(Paint::Strong(role)).dash(Dash::Dotted));
        d.circle(Layer::Main, p(x, y), 6.0, Style::fill(Paint::Strong(role)));
        Text::small(written).start().draw(&mut d, p(at(1e12) + 14.0, y));
        if *size == 671_000_000_000 {
            d.circle(Layer::Main, p(at(37e9), y), 6.0, Style::fill(Paint::Paper).outlined(Paint::Strong(role)));
            Text::note(t("37 billion at work", "工作的 370 亿")).end().halo().draw(&mut d, p(at(37e9) - 12.0, y));
        }
    }
    d.line(
        Layer::Lines,
        &[p(LEFT, 0.0), p(LEFT, height), p(at(1e12), height)],
        Style::line(Paint::Strong(Role::Plain)),
    );
    Text::small(t("parameters; each line is ten times the one before", "参数个数；每一格是前一格的十倍"))
        .draw_below(&mut d, p(at(10f64.powf(8.5)), height + 26.0));
    let desc = t(
        "Nine models as dots on a scale of parameters where each line is ten times the one before. The tiny model of the book has \
         488,448, GPT 117 million, the model of chapter 4 163,009,536, the large transformer of 2017 213 million, BERT 340 million, \
         GPT-2 1.5 billion, GPT-3 175 billion, Llama 3.1 405 billion, DeepSeek-V3 671 billion, of which 37 billion are at work \
         for a token.",
        "九个模型，画成参数标尺上的点，每一格是前一格的十倍。本书的小模型有 488,448 个参数，GPT 1.17 亿，第 4 章的模型 163,009,536，2017 年的\
         大号 Transformer 2.13 亿，BERT 3.4 亿，GPT-2 15 亿，GPT-3 1750 亿，Llama 3.1 4050 亿，DeepSeek-V3 6710 亿，其中为一个词元工作的有 370 亿。",
    );
    Figure::new("1-10", t("Sizes of models, over six powers of ten", "模型的大小，跨越六个数量级"), desc, d)
}

/// Where a number of parameters stands on the scale.
fn at(parameters: f64) -> f64 {
    LEFT + DECADE * (parameters.log10() - 5.0)
}

/// The parameters of a GPT like that of chapter 4.
fn parameters(vocabulary: u64, context: u64, width: u64, layers: u64) -> u64 {
    let block = 12 * width * width + 10 * width;
    2 * vocabulary * width + context * width + layers * block + 2 * width
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::tensor::Device;
    use ch04_gpt::GptModel;
    use shared::GptConfig;

    use super::parameters;

    #[test]
    fn parameters_are_those_of_the_model() {
        let tiny = GptConfig::preset("tiny").unwrap();
        let config = GptConfig { vocab_size: 768, context_length: 64, emb_dim: 96, n_heads: 4, n_layers: 3, ..tiny };
        let model = GptModel::new(&config, &Device::flex());
        assert_eq!(model.num_params() as u64, parameters(768, 64, 96, 3));
    }
}
