//! Fields, one inside the other.

use crate::parts::Text;
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Rect, Style, Words, p, rect, t};

pub fn fields() -> Figure {
    let mut d = Drawing::new();
    let ai = frame(&mut d, rect(0.0, 0.0, 700.0, 366.0), Role::Plain);
    name(&mut d, ai, t("Artificial intelligence", "人工智能"), t("rules that somebody wrote", "人写下的规则"));
    let ml = frame(&mut d, rect(18.0, 70.0, 664.0, 280.0), Role::Score);
    name(&mut d, ml, t("Machine learning", "机器学习"), t("rules that come from data", "规则来自数据"));
    let dl = frame(&mut d, rect(36.0, 150.0, 628.0, 184.0), Role::Token);
    name(&mut d, dl, t("Deep learning", "深度学习"), t("networks of several layers", "多层网络"));
    let llm = frame(&mut d, rect(344.0, 226.0, 302.0, 92.0), Role::Weight);
    name(&mut d, llm, t("Large language models", "大语言模型"), t("GPT, Llama, Qwen", "GPT、Llama、Qwen"));
    let generative = rect(326.0, 80.0, 330.0, 246.0);
    d.rect(Layer::Front, generative, 14.0, Style::line(Paint::Strong(Role::Output)).width(2.0).dash(Dash::Dashed));
    let corner = p(generative.x + 16.0, generative.y + 22.0);
    Text::new(t("Generative AI", "生成式人工智能")).bold().role(Role::Output).start().draw(&mut d, corner);
    Text::note(t("our counting model", "我们的计数模型")).start().draw(&mut d, corner.shift(0.0, 24.0));
    Text::note(t("networks for pictures and sound", "产生图像和声音的网络"))
        .start()
        .draw(&mut d, p(corner.x, dl.y + 24.0));
    let desc = t(
        "Four nested frames: artificial intelligence (rules that somebody wrote), in it machine learning (rules that come from \
         data), in it deep learning (networks of several layers), in it large language models (GPT, Llama, Qwen). A dashed \
         frame, generative AI, lies across the inner three: it holds the counting model, which is machine learning, networks \
         for pictures and sound, which are deep learning, and the language models.",
        "四个层层相套的框：人工智能（人写下的规则），其中是机器学习（规则来自数据），其中是深度学习（多层网络），其中是大语言模型（GPT、\
         Llama、Qwen）。虚线框“生成式人工智能”横跨里面三层：其中有属于机器学习的计数模型，属于深度学习的图像和声音网络，以及语言模型。",
    );
    let title =
        t("Four fields, one inside the other, and one that lies across them", "四个领域层层相套，还有一个横跨其间");
    Figure::new("1-04", title, desc, d)
}

fn frame(d: &mut Drawing, at: Rect, role: Role) -> Rect {
    d.rect(Layer::Back, at, 14.0, Style::role(role));
    at
}

fn name(d: &mut Drawing, frame: Rect, title: Words, note: Words) {
    let corner = p(frame.x + 18.0, frame.y + 24.0);
    Text::new(title).bold().start().draw(d, corner);
    Text::note(note).start().draw(d, corner.shift(0.0, 24.0));
}
