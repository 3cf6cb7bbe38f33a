//! The road of the book.

use crate::parts::{Arrow, Group, Node};
use crate::theme::Role;
use crate::{Drawing, Figure, Rect, Words, p, rect, t};

/// Size of a box; where the columns and the stages begin.
const BOX: (f64, f64) = (120.0, 64.0);
const COLUMNS: [f64; 5] = [0.0, 142.0, 284.0, 426.0, 568.0];
const STAGES: [f64; 3] = [0.0, 158.0, 316.0];

pub fn road() -> Figure {
    let mut d = Drawing::new();
    let text = plain(&mut d, 0, 0, t("a text", "一段文本"), Role::Token);
    let vectors = chapter(&mut d, 1, 0, t("tokens,\nvectors", "词元、\n向量"), 2);
    let attention = chapter(&mut d, 2, 0, t("attention", "注意力"), 3);
    let gpt = chapter(&mut d, 3, 0, t("the whole\nGPT", "完整的\nGPT"), 4);
    let noise = plain(&mut d, 4, 0, t("noise", "噪声"), Role::Mask);

    let story = plain(&mut d, 2, 1, t("many texts", "许多文本"), Role::Token);
    let pretrained = chapter(&mut d, 3, 1, t("training", "训练"), 5);
    let sentences = plain(&mut d, 4, 1, t("sentences", "句子"), Role::Output);

    let verdict = plain(&mut d, 0, 2, t("spam?", "垃圾消息？"), Role::Output);
    let classifier = chapter(&mut d, 1, 2, t("classifier", "分类器"), 6);
    let assistant = chapter(&mut d, 3, 2, t("assistant", "助手"), 7);
    let answers = plain(&mut d, 4, 2, t("answers", "回答"), Role::Output);

    let across = [
        (text, vectors),
        (vectors, attention),
        (attention, gpt),
        (gpt, noise),
        (story, pretrained),
        (pretrained, sentences),
        (assistant, answers),
    ];
    for (from, to) in across {
        Arrow::new(from.right(), to.left()).draw(&mut d);
    }
    Arrow::new(classifier.left(), verdict.right()).draw(&mut d);
    Arrow::new(gpt.bottom(), pretrained.top()).draw(&mut d);
    Arrow::new(pretrained.bottom(), assistant.top()).draw(&mut d);
    let fork = pretrained.bottom().y + 30.0;
    let corners = [p(pretrained.center().x, fork), p(classifier.center().x, fork)];
    Arrow::new(pretrained.bottom(), classifier.top()).via(corners).draw(&mut d);

    let titles = [t("1 Build", "1 搭建"), t("2 Pretrain", "2 预训练"), t("3 Fine-tune", "3 微调")];
    for (title, y) in titles.into_iter().zip(STAGES) {
        let all = rect(COLUMNS[0], y, COLUMNS[4] + BOX.0, BOX.1);
        Group::around([all]).title(title).draw(&mut d);
    }
    let desc = t(
        "Three stages. Build: a text goes through chapter 2 (tokens, vectors), chapter 3 (attention) and chapter 4 (the \
         whole GPT); what comes out is noise. Pretrain: chapter 5 trains this GPT on many texts, and sentences come out. \
         Fine-tune: from the trained model, chapter 6 makes a classifier that answers “spam?”, and chapter 7 an assistant \
         that gives answers.",
        "三个阶段。搭建：一段文本经过第 2 章（词元、向量）、第 3 章（注意力）和第 4 章（完整的 GPT），得到的是噪声。预训练：第 5 章用许多\
         文本训练这个 GPT，得到句子。微调：从训练好的模型出发，第 6 章做出判断垃圾消息的分类器，第 7 章做出给出回答的助手。",
    );
    let title = t(
        "The road of this book: what goes in, what each chapter adds, what comes out",
        "全书路线：输入什么，每一章添上什么，得到什么",
    );
    Figure::new("1-01", title, desc, d)
}

fn place(column: usize, stage: usize) -> Rect {
    rect(COLUMNS[column], STAGES[stage], BOX.0, BOX.1)
}

/// What goes in or comes out.
fn plain(d: &mut Drawing, column: usize, stage: usize, words: Words, role: Role) -> Rect {
    Node::new(words).role(role).draw(d, Rect::around(place(column, stage).center(), (108.0, 38.0)))
}

/// What a chapter builds.
fn chapter(d: &mut Drawing, column: usize, stage: usize, words: Words, number: u32) -> Rect {
    let note = t(format!("chapter {number}"), format!("第 {number} 章"));
    Node::new(words).role(Role::Weight).note(note).draw(d, place(column, stage))
}
