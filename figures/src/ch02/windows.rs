//! Windows over a text.

use ch02_text::GptDataset;

use super::{STORY, STORY_TOKENS, gpt2_ids, gpt2_text};
use crate::parts::{Arrow, Node, Text, Tokens, visible, whole};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Style, p, rect, t};

pub fn prefixes() -> Figure {
    let ids = gpt2_ids(" and established himself in a");
    let texts: Vec<_> = ids.iter().map(|id| visible(&gpt2_text(*id))).collect();
    let last = ids.len() - 1;
    let mut d = Drawing::new();
    Text::note(t("context", "上下文")).start().draw(&mut d, p(0.0, -18.0));
    for target in 1..=last {
        let mut tokens = Tokens::new(texts.clone()).gap(34.0).role_of(target, Role::Output).heavy(target);
        for hidden in target + 1..=last {
            tokens = tokens.role_of(hidden, Role::Mask);
        }
        let placed = tokens.draw(&mut d, p(0.0, 50.0 * (target as f64 - 1.0)));
        Arrow::new(placed.cells[target - 1].right(), placed.cells[target].left()).role(Role::Output).draw(&mut d);
        if target == 1 {
            Text::note(t("target", "目标")).draw(&mut d, p(placed.cells[1].center().x, -18.0));
        }
        let question = t(format!("question {target}"), format!("第 {target} 题"));
        Text::note(question).end().draw(&mut d, p(-16.0, placed.cells[0].center().y));
    }
    draw_pair(&mut d, &ids, 50.0 * last as f64 + 34.0);
    let desc = t(
        "Four questions from the tokens ␣and ␣established ␣himself ␣in ␣a. The context ␣and asks for ␣established; with \
         ␣established, for ␣himself; with ␣himself, for ␣in; with ␣in, for ␣a; later tokens are hidden. Below, all four as \
         one pair of rows: input 290 4920 2241 287, target 4920 2241 287 257.",
        "由词元 ␣and ␣established ␣himself ␣in ␣a 得到四道题：上文是 ␣and，答案是 ␣established；加上 ␣established，答案是 ␣himself；\
         再加 ␣himself，答案是 ␣in；再加 ␣in，答案是 ␣a；后面的词元都遮住。下面把四道题写成一对行：输入 290 4920 2241 287，目标 4920 2241 287 257。",
    );
    let title = t(
        "Every prefix of a window is a question, the next token its answer",
        "窗口的每个前缀都是一道题，下一个词元是答案",
    );
    Figure::new("2-10", title, desc, d)
}

/// Input and target of the window, one below the other.
fn draw_pair(d: &mut Drawing, ids: &[u32], top: f64) {
    let text = t("the same four as one pair of rows", "同样四道题，写成一对行");
    Text::note(text).start().draw(d, p(0.0, top));
    let last = ids.len() - 1;
    let row = |d: &mut Drawing, ids: &[u32], role, y| {
        Tokens::new(ids.iter().map(u32::to_string)).role(role).min_width(76.0).gap(14.0).draw(d, p(0.0, y))
    };
    let inputs = row(d, &ids[..last], Role::Token, top + 18.0);
    let targets = row(d, &ids[1..], Role::Output, top + 94.0);
    for (input, target) in inputs.cells.iter().zip(&targets.cells) {
        Arrow::new(input.bottom(), target.top()).role(Role::Output).draw(d);
    }
    Text::note(t("input", "输入")).end().draw(d, p(-16.0, inputs.bounds.center().y));
    Text::note(t("target", "目标")).end().draw(d, p(-16.0, targets.bounds.center().y));
}

/// Width of an id, length of a window.
const CELL: f64 = 44.0;
const LENGTH: usize = 4;

pub fn strides() -> Figure {
    let ids = &gpt2_ids(STORY)[..12];
    let mut d = Drawing::new();
    for (at, id) in ids.iter().enumerate() {
        let place = rect(CELL * at as f64 + 1.0, 0.0, CELL - 2.0, 34.0);
        let text = Text::new(id.to_string()).size_of(12.0);
        Node::of(text).role(Role::Token).radius(4.0).pad(0.0, 4.0).draw(&mut d, place);
    }
    Text::note(t("token ids", "词元 ID")).end().draw(&mut d, p(-14.0, 17.0));
    let right = CELL * ids.len() as f64 + 18.0;
    Text::note(t("windows in\nthe whole story", "整篇小说\n的窗口数")).start().draw(&mut d, p(right, 17.0));
    let mut y = 50.0;
    for stride in [1, 2, LENGTH] {
        let story = GptDataset::from_ids(vec![0; STORY_TOKENS], LENGTH, stride).expect("the story is long enough");
        let line = [p(-80.0, y), p(right + 100.0, y)];
        d.line(Layer::Back, &line, Style::line(Paint::Grid).width(1.0));
        let (shown, lines) = if stride == LENGTH { (3, 1) } else { (4, 4) };
        let band = rect(0.0, y, CELL * ids.len() as f64, f64::max(15.0 * lines as f64, 38.0) + 24.0);
        let top = band.center().y - 7.5 * lines as f64;
        for window in 0..shown {
            draw_window(&mut d, window * stride, top + 15.0 * (window % lines) as f64);
        }
        let name = Text::new(t(format!("stride {stride}"), format!("步幅 {stride}")));
        name.end().draw(&mut d, band.left().shift(-14.0, 0.0));
        let windows = Text::new(whole(story.num_windows())).bold();
        windows.start().draw(&mut d, p(right, band.center().y - 9.0));
        let overlap = LENGTH - stride;
        let overlap = t(format!("overlap {overlap}"), format!("重叠 {overlap}"));
        Text::note(overlap).start().draw(&mut d, p(right, band.center().y + 9.0));
        y = band.y_end();
    }
    let desc = t(
        "The first twelve ids of the story, 40 to 7026, and windows of four below them. Stride 1: windows begin at every \
         token and share three tokens with the next; 5,141 windows in the story. Stride 2: they begin at every second token, \
         overlap 2; 2,571 windows. Stride 4: one directly after the other, overlap 0; 1,286 windows.",
        "小说的前十二个 ID，从 40 到 7026，下面是长度为四的窗口。步幅 1：每个词元处都开始一个窗口，与下一个共用三个词元；整篇有 5,141 个窗口。\
         步幅 2：每隔一个词元开始，重叠 2 个；2,571 个窗口。步幅 4：一个紧接一个，重叠 0；1,286 个窗口。",
    );
    let title = t("The stride says how far the window moves", "步幅决定窗口每次移动多远");
    Figure::new("2-11", title, desc, d)
}

/// A window as a bar under its tokens, cut at the tokens.
fn draw_window(d: &mut Drawing, start: usize, y: f64) {
    let bar = rect(CELL * start as f64, y, CELL * LENGTH as f64, 15.0).grow(-2.0);
    d.rect(Layer::Main, bar, 5.0, Style::role(Role::Score));
}
