//! A text for training and for validation.

use shared::BatchLoader;
use shared::rng::TorchRng;

use crate::parts::{Arrow, Text, whole};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Rect, Style, Words, p, rect, t};

/// Characters and tokens of the two parts of The Verdict, with GPT-2's tokenizer.
const CHARACTERS: [usize; 2] = [18_431, 2_048];
const TOKENS: [usize; 2] = [4_612, 534];
const WINDOW: usize = 256;
const BATCH: usize = 2;

/// Width of the two parts together, and the space between them.
const WIDTH: f64 = 590.0;
const GAP: f64 = 12.0;

/// Where the rows begin.
const BAR: f64 = 0.0;
const WINDOWS: f64 = 108.0;
const BATCHES: f64 = 222.0;

pub fn two_parts() -> Figure {
    let mut d = Drawing::new();
    let windows = TOKENS.map(|tokens| (tokens - 1) / WINDOW);
    let rest = [0, 1].map(|part| TOKENS[part] - (windows[part] * WINDOW + 1));
    let mut rng = TorchRng::new(123);
    let order = [true, false].map(|training| {
        let len = windows[usize::from(!training)];
        BatchLoader { len, batch_size: BATCH, shuffle: training, drop_last: training }.batches(&mut rng)
    });
    let share = CHARACTERS[0] as f64 / (CHARACTERS[0] + CHARACTERS[1]) as f64;
    let parts = [rect(0.0, BAR, WIDTH * share, 40.0), rect(WIDTH * share + GAP, BAR, WIDTH * (1.0 - share), 40.0)];
    let names = [t("training part", "训练部分"), t("validation part", "验证部分")];
    for (i, (part, name)) in parts.iter().zip(names).enumerate() {
        let style = look(i);
        d.rect(Layer::Main, *part, 4.0, style);
        let middle = part.center().x;
        let name = Text::new(name).bold().size_of(14.0);
        if i == 0 {
            name.draw(&mut d, p(middle, part.y - 18.0));
        } else {
            name.end().draw(&mut d, p(part.x_end(), part.y - 18.0));
        }
        let inside = Text::new(whole(CHARACTERS[i])).size_of(14.0);
        inside.draw_in(&mut d, *part);
        Text::new(whole(TOKENS[i])).size_of(14.0).draw(&mut d, p(middle, 74.0));
        draw_windows(&mut d, *part, i, windows[i]);
        let left_over = t(format!("rest: {}", rest[i]), format!("剩 {}", rest[i]));
        Text::note(left_over).end().draw(&mut d, p(part.x_end(), WINDOWS + 47.0));
    }
    let batches: Vec<Vec<Rect>> =
        parts.iter().zip(&order).enumerate().map(|(i, (part, order))| draw_batches(&mut d, *part, i, order)).collect();

    let cell = parts[0].w * WINDOW as f64 / TOKENS[0] as f64;
    for (place, window) in order[0][0].iter().enumerate() {
        let from = p(cell * (*window as f64 + 0.5), WINDOWS + 34.0);
        let to = batches[0][0].at(0.26 + 0.48 * place as f64, 0.0);
        Arrow::new(from, to).free().draw(&mut d);
    }
    let shuffled = t("a new order in every pass; here the first", "每一遍都换新顺序；这里是第一遍");
    Text::note(shuffled).start().draw(&mut d, p(268.0, 190.0));
    Text::note(t("in order", "按顺序")).end().draw(&mut d, p(parts[1].x_end(), 190.0));
    let label = |d: &mut Drawing, y: f64, words: Words| {
        Text::small(words).end().draw(d, p(-14.0, y));
    };
    label(&mut d, BAR + 20.0, t("characters", "字符"));
    label(&mut d, 74.0, t("tokens", "词元"));
    label(&mut d, WINDOWS + 17.0, t("windows\nof 256", "长 256\n的窗口"));
    label(&mut d, BATCHES + 19.0, t("batches\nof 2", "每批\n2 个"));
    let pairs: Vec<_> = order[0].iter().map(|pair| format!("{} {}", pair[0], pair[1])).collect();
    let desc = t(
        format!(
            "A bar for the story of 20,479 characters, cut at nine tenths: training part {} characters, validation part \
             {}. Below, the tokens of each part, {} and {}; then windows of 256 tokens side by side, {} for training, \
             numbered 0 to 17, and {} for validation, 0 and 1; {} and {} tokens are left over. At the bottom batches of \
             two windows: nine for training in a random order, {}; arrows show that the first takes the windows 0 and 7. \
             For validation one batch, in order: 0 1.",
            whole(CHARACTERS[0]),
            whole(CHARACTERS[1]),
            whole(TOKENS[0]),
            whole(TOKENS[1]),
            windows[0],
            windows[1],
            rest[0],
            rest[1],
            pairs.join(", ")
        ),
        format!(
            "一根横条表示整篇小说的 20,479 个字符，在十分之九处切开：训练部分 {} 个，验证部分 {} 个。下面是两部分的词元数 {} 和 {}；\
             再下面是一个挨一个、长 256 的窗口，训练部分 {} 个，编号 0 到 17，验证部分 {} 个，编号 0 和 1，各剩下 {} 和 {} 个词元。\
             最下面是批次，每批两个窗口：训练部分九批，顺序随机：{}，箭头表示第一批取了窗口 0 和 7。验证部分一批，按顺序：0 1。",
            whole(CHARACTERS[0]),
            whole(CHARACTERS[1]),
            whole(TOKENS[0]),
            whole(TOKENS[1]),
            windows[0],
            windows[1],
            rest[0],
            rest[1],
            pairs.join("，")
        ),
    );
    let title = t(
        "One story, two parts: nine tenths to learn from, one tenth to be tested on",
        "一篇小说分成两部分：九成用来学，一成用来考",
    );
    Figure::new("5-04", title, desc, d)
}

/// The validation part has a dashed outline.
fn look(part: usize) -> Style {
    let style = Style::role(Role::Token);
    if part == 0 { style } else { style.dash(Dash::Dashed) }
}

/// The windows of a part in true proportion; what is left over is hatched.
fn draw_windows(d: &mut Drawing, part: Rect, i: usize, count: usize) {
    let cell = part.w * WINDOW as f64 / TOKENS[i] as f64;
    for window in 0..count {
        let place = rect(part.x + cell * window as f64, WINDOWS, cell, 34.0).grow(-1.5);
        d.rect(Layer::Main, place, 3.0, look(i).width(1.2));
        Text::small(window.to_string()).draw_in(d, place);
    }
    let begin = part.x + cell * count as f64;
    let rest = rect(begin, WINDOWS + 1.5, part.x_end() - begin, 31.0);
    d.rect(Layer::Main, rest, 0.0, Style::fill(Paint::Strong(Role::Mask)));
}

/// The batches of a part with the numbers of their windows.
fn draw_batches(d: &mut Drawing, part: Rect, i: usize, order: &[Vec<usize>]) -> Vec<Rect> {
    let places = Rect { y: BATCHES, h: 38.0, ..part }.row(order.len(), 4.0);
    for (place, windows) in places.iter().zip(order) {
        d.rect(Layer::Main, *place, 6.0, Style::fill(Paint::Soft(Role::Plain)).outlined(Paint::Grid));
        for (cell, window) in place.grow(-4.0).row(windows.len(), 2.0).into_iter().zip(windows) {
            d.rect(Layer::Main, cell, 3.0, look(i).width(1.2));
            Text::small(window.to_string()).draw_in(d, cell);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use ch02_text::Gpt2Tokenizer;
    use ch05_pretrain::{Loaders, split_text};
    use testkit::{for_test, needs_data};

    use super::{BATCH, CHARACTERS, TOKENS, WINDOW};

    #[needs_data("the-verdict")]
    #[test]
    fn the_story_is_cut_so() {
        let story = for_test("the-verdict");
        let (train, validation) = split_text(&story, 0.9);
        let tokenizer = Gpt2Tokenizer::new();
        for (part, (characters, tokens)) in [train, validation].into_iter().zip(CHARACTERS.into_iter().zip(TOKENS)) {
            assert_eq!((part.chars().count(), tokenizer.encode(part).unwrap().len()), (characters, tokens));
        }
        let loaders = Loaders::new(&story, WINDOW, BATCH).unwrap();
        assert_eq!((loaders.train.dataset().num_windows(), loaders.validation.dataset().num_windows()), (18, 2));
    }
}
