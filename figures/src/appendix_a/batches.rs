//! Which points go into which batch.

use appendix_burn_intro::{NeuralNetwork, ToyDataset, ToyLoader};
use burn::tensor::Device;
use shared::init::torch_init;
use shared::rng::TorchRng;

use super::points::numbered;
use crate::parts::{Text, decimal};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Rect, Style, p, t};

const EPOCHS: usize = 3;
/// Distance of the rows of both halves.
const ROW: f64 = 58.0;
/// Where the right half begins; the frame of a point; the space between two batches.
const RIGHT: f64 = 330.0;
const POINT: f64 = 50.0;
const GAP: f64 = 20.0;

/// The batches of each epoch in the training of section A.7; the last one, with a single point, is dropped there.
fn orders() -> Vec<Vec<Vec<usize>>> {
    let device = Device::flex();
    let mut rng = TorchRng::new(123);
    // The first values of the network are drawn from the same generator.
    torch_init(NeuralNetwork::new(2, 2, &device), &mut rng);
    let all = ToyLoader::new(ToyDataset::train(), true, false);
    (0..EPOCHS).map(|_| all.order.batches(&mut rng)).collect()
}

pub fn three_epochs() -> Figure {
    let data = ToyDataset::train();
    let orders = orders();
    let mut d = Drawing::new();
    let head = -40.0;
    Text::new(t("five points", "五个点")).bold().start().draw(&mut d, p(-17.0, head));
    for i in 0..data.len() {
        let y = 10.0 + 44.0 * i as f64;
        let ([a, b], class) = data.get(i);
        numbered(&mut d, p(0.0, y), i, class);
        let [a, b] = [a, b].map(|x| decimal(f64::from(x), 1));
        Text::new(format!("({a}, {b})")).start().draw(&mut d, p(34.0, y));
        Text::note(t(format!("label {class}"), format!("标签 {class}"))).start().draw(&mut d, p(140.0, y));
    }
    let widths = [2.0 * POINT, 2.0 * POINT, POINT];
    let heads = [t("batch 1", "第 1 批"), t("batch 2", "第 2 批"), t("left out", "丢掉")];
    let place = |column: usize, y: f64| {
        let x = RIGHT + widths[..column].iter().sum::<f64>() + GAP * column as f64;
        Rect::around(p(x + widths[column] / 2.0, y), (widths[column], POINT))
    };
    for (column, words) in heads.into_iter().enumerate() {
        let text = Text::new(words).bold();
        let text = if column == 2 { text.muted() } else { text };
        text.draw(&mut d, p(place(column, 0.0).center().x, head));
    }
    for (epoch, batches) in orders.iter().enumerate() {
        let y = 26.0 + 1.25 * ROW * epoch as f64;
        let words = t(format!("epoch {}", epoch + 1), format!("第 {} 轮", epoch + 1));
        Text::new(words).end().draw(&mut d, p(RIGHT - 18.0, y));
        for (column, batch) in batches.iter().enumerate() {
            let frame = place(column, y);
            if column == 2 {
                d.rect(Layer::Back, frame, 8.0, Style::fill(Paint::Soft(Role::Mask)));
                let hatch = Style::fill(Paint::Hatch(Role::Mask)).outlined(Paint::Strong(Role::Mask));
                d.rect(Layer::Back, frame, 8.0, hatch.dash(Dash::Dashed));
            } else {
                d.rect(Layer::Back, frame, 8.0, Style::role(Role::Plain));
            }
            for (cell, index) in frame.row(batch.len(), 0.0).into_iter().zip(batch) {
                numbered(&mut d, cell.center(), *index, data.get(*index).1);
            }
        }
    }
    let last = place(2, 26.0 + 1.25 * ROW * 2.0);
    Text::small("drop_last").mono().muted().draw(&mut d, p(last.center().x, last.y_end() + 16.0));
    let order = |lang_is_english: bool| {
        let row = |(epoch, batches): (usize, &Vec<Vec<usize>>)| {
            let batches: Vec<_> =
                batches.iter().map(|batch| batch.iter().map(usize::to_string).collect::<Vec<_>>()).collect();
            if lang_is_english {
                let [a, b, c] = [0, 1, 2].map(|i| batches[i].join(" and "));
                format!("Epoch {}: {a}; then {b}; {c} is left out.", epoch + 1)
            } else {
                let [a, b, c] = [0, 1, 2].map(|i| batches[i].join(" 和 "));
                format!("第 {} 轮：{a}，然后 {b}，丢掉 {c}。", epoch + 1)
            }
        };
        orders.iter().enumerate().map(row).collect::<Vec<_>>()
    };
    let desc = t(
        format!(
            "Left, the five training points with their indices: 0, 1 and 2, circles, at (−1.2, 3.1), (−0.9, 2.9), (−0.5, \
             2.6) with label 0; 3 and 4, squares, at (2.3, −1.1) and (2.7, −1.5) with label 1. Right, three epochs, each \
             with two batches of two points and a single last one, which is hatched: drop_last leaves it out. {}",
            order(true).join(" ")
        ),
        format!(
            "左边是五个训练点和它们的编号：0、1、2 是圆，位于 (−1.2, 3.1)、(−0.9, 2.9)、(−0.5, 2.6)，标签 0；3、4 是方，位于 \
             (2.3, −1.1)、(2.7, −1.5)，标签 1。右边是三轮，每轮两批，每批两个点，最后剩下一个画了斜线：drop_last 把它丢掉。{}",
            order(false).join("")
        ),
    );
    let title =
        t("Five points in batches of two: three epochs, each in another order", "五个点，每批两个：三轮，每轮顺序不同");
    Figure::new("a-07", title, desc, d)
}
