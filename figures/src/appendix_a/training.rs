//! The four steps of the training loop, and the losses of six rounds.

use appendix_burn_intro::train::Step;
use appendix_burn_intro::{NeuralNetwork, ToyDataset, ToyLoader, train};
use burn::tensor::Device;
use shared::init::torch_init;
use shared::rng::TorchRng;

use crate::parts::{Arrow, Bar, Bars, Node, Side, Text, brace, decimal};
use crate::theme::Role;
use crate::{Drawing, Figure, Point, Rect, Words, p, rect, t};

const EPOCHS: usize = 3;

/// The network and the loader of section A.7, the generator after the first values were drawn, and the device.
pub fn setting() -> (NeuralNetwork, ToyLoader, TorchRng, Device) {
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(123);
    let model = torch_init(NeuralNetwork::new(2, 2, &device), &mut rng);
    (model, ToyLoader::new(ToyDataset::train(), true, true), rng, device)
}

/// The network after training, and the losses on the way.
pub fn trained() -> (NeuralNetwork, Vec<Step>) {
    let (model, loader, mut rng, device) = setting();
    train(model, &loader, 0.5, EPOCHS, &mut rng, &device)
}

/// Size of a station; the middles of the two columns and rows of stations.
const STATION: (f64, f64) = (214.0, 66.0);
const COLUMNS: [f64; 2] = [107.0, 513.0];
const ROWS: [f64; 2] = [132.0, 308.0];

pub fn cycle() -> Figure {
    let (_, steps) = trained();
    let mut d = Drawing::new();
    let forward = station(&mut d, (0, 0), t("1  forward", "1  前向"), "model.forward(features)", Role::Plain);
    let loss = station(&mut d, (1, 0), t("2  loss", "2  损失"), "cross_entropy", Role::Plain);
    let backward = station(&mut d, (1, 1), t("3  backward", "3  反向"), "loss.backward()", Role::Plain);
    let update = station(&mut d, (0, 1), t("4  update", "4  更新"), "optimizer.step", Role::Plain);
    let middle = f64::midpoint(COLUMNS[0], COLUMNS[1]);
    let batch = Node::of(Text::new(t("batch", "批次")).bold()).role(Role::Token).min_width(120.0);
    let batch = batch.draw_at(&mut d, p(middle, 20.0));
    let ring = |from: Point, to: Point| Arrow::new(from, to).width(2.5);
    ring(batch.left(), forward.top()).corner_across().role(Role::Token).draw(&mut d);
    ring(batch.right(), loss.top()).corner_across().role(Role::Token).draw(&mut d);
    let label = |d: &mut Drawing, at: Point, words: Words| Text::note(words).draw(d, at);
    label(&mut d, p(f64::midpoint(forward.center().x, batch.x), 8.0), t("features [2, 2]", "特征 [2, 2]"));
    label(&mut d, p(f64::midpoint(loss.center().x, batch.x_end()), 8.0), t("labels [2]", "标签 [2]"));
    ring(forward.right(), loss.left()).above(t("logits\n[2, 2]", "logits\n[2, 2]")).role(Role::Output).draw(&mut d);
    ring(loss.bottom(), backward.top()).right(t("one number", "一个数")).role(Role::Score).draw(&mut d);
    let words = t("gradients,\none for each\nparameter", "梯度，\n每个参数\n一个");
    ring(backward.left(), update.right()).below(words).role(Role::Score).draw(&mut d);
    let (down, up) = (0.72, 0.28);
    let old = Arrow::new(forward.at(down, 1.0), update.at(down, 0.0)).role(Role::Weight).dashed();
    old.right(t("the old model,\nused up", "旧模型，\n用掉了")).draw(&mut d);
    let new = ring(update.at(up, 0.0), forward.at(up, 1.0)).role(Role::Weight);
    new.left(t("a new\nmodel", "新模型")).draw(&mut d);

    let floor = 516.0;
    let bar = |step: &Step| {
        // As it is written: then the bars are the same on every processor.
        let value = (100.0 * f64::from(step.loss)).round() / 100.0;
        (format!("{}", step.batch), Bar::new(value, decimal(value, 2), Role::Score))
    };
    let left = 250.0;
    let bars = Bars::new(steps.iter().map(bar)).thickness(36.0, 26.0).largest(0.8);
    let placed = bars.draw_upward(&mut d, p(left, floor), 88.0);
    for (epoch, pair) in placed.bars.chunks(2).enumerate() {
        let around = rect(pair[0][0].x, floor + 22.0, pair[1][0].x_end() - pair[0][0].x, 4.0);
        brace(&mut d, around, Side::Below, t(format!("epoch {}", epoch + 1), format!("第 {} 轮", epoch + 1)));
    }
    Text::note(t("batch", "批")).end().draw(&mut d, p(left - 8.0, floor + 16.0));
    let words = t(
        format!("once around per batch:\n{EPOCHS} epochs × 2 batches\n= {} updates", steps.len()),
        format!("每批转一圈：\n{EPOCHS} 轮 × 每轮 2 批\n= {} 次更新", steps.len()),
    );
    Text::small(words).start().draw(&mut d, p(0.0, floor - 62.0));
    Text::small(t("the six losses", "六个损失")).bold().role(Role::Score).start().draw(&mut d, p(0.0, floor - 14.0));

    let losses = steps.iter().map(|step| decimal(f64::from(step.loss), 2)).collect::<Vec<_>>();
    let desc = t(
        format!(
            "A ring of four steps, clockwise. A batch comes in from above: its features [2, 2] go to step 1, its labels \
             [2] to step 2. Step 1, forward, model.forward, gives logits [2, 2]. Step 2, loss, cross_entropy, makes one \
             number of them. Step 3, backward, loss.backward(), gives gradients, one for each parameter. Step 4, update, \
             optimizer.step, takes the old model, which is used up, and gives a new one back to step 1. The ring is run \
             once per batch: {EPOCHS} epochs of 2 batches are {} updates. Bars show the six losses: {}.",
            steps.len(),
            losses.join(", ")
        ),
        format!(
            "四个步骤按顺时针围成一圈。批次从上方进来：特征 [2, 2] 进第 1 步，标签 [2] 进第 2 步。第 1 步前向，model.forward，\
             给出 logits [2, 2]。第 2 步损失，cross_entropy，把它们变成一个数。第 3 步反向，loss.backward()，给出梯度，每个参数\
             一个。第 4 步更新，optimizer.step，拿走旧模型，把它用掉，再交给第 1 步一个新模型。每批转一圈：{EPOCHS} 轮，每轮 2 批，\
             一共更新 {} 次。下面的条形是六个损失：{}。",
            steps.len(),
            losses.join("、")
        ),
    );
    let title = t("The training loop: what each step takes and gives", "训练循环：每一步拿什么、给什么");
    Figure::new("a-08", title, desc, d)
}

fn station(d: &mut Drawing, (column, row): (usize, usize), name: Words, code: &str, role: Role) -> Rect {
    let place = Rect::around(p(COLUMNS[column], ROWS[row]), STATION);
    Node::empty().role(role).draw(d, place);
    Text::new(name).bold().draw_in(d, rect(place.x, place.y + 8.0, place.w, 24.0));
    Text::small(code).mono().muted().draw_in(d, rect(place.x, place.y + 34.0, place.w, 22.0));
    place
}
