//! Byte pair encoding learns merges.

use ch02_text::bonus::pairs::{Pair, count_pairs, most_frequent, replace_pair};

use crate::parts::{Arrow, Text, Tokens, decimal};
use crate::theme::Role;
use crate::{Drawing, Figure, Rect, p, t};

/// Characters are their own ids; new tokens get ids from here on.
const FIRST_NEW: u32 = 0x11_0000;

/// What training has learnt so far.
#[derive(Clone)]
struct Step {
    /// The ids of each word.
    words: Vec<Vec<u32>>,
    /// The most frequent pair and how often it occurs.
    best: Option<(Pair, usize)>,
    /// The ids that were merged to reach this step.
    merged: Option<u32>,
}

/// The words, how often each occurs, and the texts of the tokens that have been learnt.
struct Training {
    counts: Vec<usize>,
    learnt: Vec<String>,
    steps: Vec<Step>,
}

impl Training {
    /// Merges the most frequent pair until none occurs more than once, `most` times at most.
    fn run(words: &[(&str, usize)], most: usize) -> Self {
        let mut training = Self { counts: words.iter().map(|word| word.1).collect(), learnt: vec![], steps: vec![] };
        let mut words: Vec<Vec<u32>> = words.iter().map(|(word, _)| word.chars().map(u32::from).collect()).collect();
        let mut merged = None;
        loop {
            let counts = count_pairs(words.iter().map(Vec::as_slice).zip(training.counts.iter().copied()));
            let best = most_frequent(&counts).filter(|_| training.learnt.len() < most);
            let best = best.and_then(|best| counts.iter().copied().find(|(pair, count)| *pair == best && *count > 1));
            training.steps.push(Step { words: words.clone(), best, merged });
            let Some((pair, _)) = best else { return training };
            let id = FIRST_NEW + training.learnt.len() as u32;
            training.learnt.push(training.text(pair.0) + &training.text(pair.1));
            words = words.iter().map(|ids| replace_pair(ids, pair, id)).collect();
            merged = Some(id);
        }
    }

    fn text(&self, id: u32) -> String {
        match char::from_u32(id) {
            Some(character) => character.to_string(),
            None => self.learnt[(id - FIRST_NEW) as usize].clone(),
        }
    }

    /// The pieces of a word as boxes; those of the new token are marked.
    fn tokens(&self, ids: &[u32], merged: Option<u32>) -> Tokens {
        let mut tokens =
            Tokens::new(ids.iter().map(|id| self.text(*id))).gap(3.0).pad(7.0).min_width(25.0).height(30.0);
        for at in (0..ids.len()).filter(|at| Some(ids[*at]) == merged) {
            tokens = tokens.role_of(at, Role::Output).heavy(at);
        }
        tokens
    }
}

pub fn learning_merges() -> Figure {
    let words = [("tea", 3), ("team", 1), ("steam", 2), ("seat", 1)];
    let training = Training::run(&words, 4);
    let mut d = Drawing::new();
    let lefts = [0.0, 102.0, 234.0, 394.0];
    for ((word, count), left) in words.iter().zip(lefts) {
        Text::new(format!("{word} ×{count}")).bold().start().draw(&mut d, p(left, -22.0));
    }
    Text::note(t("most frequent\npair", "最常见的\n相邻对")).start().draw(&mut d, p(530.0, -26.0));
    for (i, step) in training.steps.iter().enumerate() {
        let y = 58.0 * i as f64;
        let name = if i == 0 { t("start", "开始") } else { t(format!("merge {i}"), format!("合并 {i}")) };
        Text::note(name).end().draw(&mut d, p(-18.0, y + 15.0));
        for (ids, left) in step.words.iter().zip(lefts) {
            training.tokens(ids, step.merged).draw(&mut d, p(left, y));
        }
        if let Some((pair, count)) = step.best {
            let parts = format!("{} + {}", training.text(pair.0), training.text(pair.1));
            let parts = Text::new(parts).start().draw(&mut d, p(530.0, y + 15.0));
            Text::new(format!("{count}×"))
                .bold()
                .role(Role::Score)
                .start()
                .draw(&mut d, parts.right().shift(12.0, 0.0));
        }
    }
    let desc = t(
        "Four words with their counts, tea 3, team 1, steam 2, seat 1, as single letters. Each step merges the most frequent \
         pair of neighbours: e and a, 7 times, become ea; t and ea, 6 times, become tea; tea and m, 3 times, become team; \
         s and team, 2 times, become steam. At the end tea, team and steam are one token each; seat is s, ea, t.",
        "四个词及其次数：tea 3、team 1、steam 2、seat 1，开始时都是单个字母。每一步合并出现最多的相邻对：e 和 a 出现 7 次，合成 ea；\
         t 和 ea 6 次，合成 tea；tea 和 m 3 次，合成 team；s 和 team 2 次，合成 steam。最后 tea、team、steam 各是一个词元，seat 是 s、ea、t。",
    );
    let title =
        t("Learning merges: the most frequent pair becomes a token", "学习合并规则：出现最多的相邻对成为新词元");
    Figure::new("2-07", title, desc, d)
}

pub fn training_on_a_sentence() -> Figure {
    let text = "the cat in the hat".replace(' ', "␣");
    let training = Training::run(&[(&text, 1)], usize::MAX);
    let mut d = Drawing::new();
    Text::note(t("tokens", "词元数")).end().draw(&mut d, p(-18.0, -20.0));
    Text::note(t("pair merged next", "接下来合并")).start().draw(&mut d, p(532.0, -20.0));
    let mut above: Option<Rect> = None;
    for (i, step) in training.steps.iter().enumerate() {
        let y = 56.0 * i as f64;
        let ids = &step.words[0];
        Text::new(decimal(ids.len() as f64, 0)).bold().end().draw(&mut d, p(-18.0, y + 15.0));
        let placed = training.tokens(ids, step.merged).draw(&mut d, p(0.0, y));
        if let Some(above) = above {
            let x = placed.bounds.x + 20.0;
            Arrow::new(p(x, above.y_end()), p(x, placed.bounds.y)).draw(&mut d);
        }
        above = Some(placed.bounds);
        let next = p(532.0, y + 15.0);
        match step.best {
            Some((pair, count)) => {
                let parts = format!("{} + {}", training.text(pair.0), training.text(pair.1));
                let parts = Text::new(parts).start().draw(&mut d, next);
                let count = Text::new(format!("{count}×")).bold().role(Role::Score).start();
                count.draw(&mut d, parts.right().shift(12.0, 0.0));
            }
            None => _ = Text::note(t("no pair twice: done", "没有重复的对：结束")).start().draw(&mut d, next),
        }
    }
    let desc = t(
        "Training on “the cat in the hat”, one row for each step. 18 characters; t and h, twice, become th: 16 tokens; th and \
         e become the: 14; the and the space become the␣: 12; a and t become at: 10 tokens. Then no pair occurs twice.",
        "在 “the cat in the hat” 上训练，每步一行。开始是 18 个字符；t 和 h 出现两次，合成 th：16 个词元；th 和 e 合成 the：14 个；\
         the 和空格合成 the␣：12 个；a 和 t 合成 at：10 个词元。此后没有出现两次的对。",
    );
    Figure::new("2-B1", t("Byte pair encoding learns four tokens", "字节对编码学会四个词元"), desc, d)
}
