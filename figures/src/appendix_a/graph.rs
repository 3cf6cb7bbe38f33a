//! Logistic regression as a computation graph: forward with its numbers, backward with its slopes.

use appendix_burn_intro::logistic::{Forward, forward};
use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Tensor};

use super::number;
use crate::parts::{Arrow, Node, Text, decimal};
use crate::theme::Role;
use crate::{Drawing, Figure, Lang, Point, Rect, Words, p, rect, t};

const X1: f64 = 1.1;
const W1: f64 = 2.2;
const B: f64 = 0.0;
const Y: f64 = 1.0;

/// The numbers of the forward pass and of the backward pass.
struct Numbers {
    u: f64,
    z: f64,
    a: f64,
    loss: f64,
    loss_by_a: f64,
    a_by_z: f64,
    loss_by_z: f64,
    loss_by_w: f64,
    loss_by_b: f64,
}

/// Computed by the appendix and by automatic differentiation.
fn compute() -> Numbers {
    let device = Device::flex().autodiff();
    let scalar = |x: f64| Tensor::<1>::from_floats([x as f32], &device);
    let leaf = |x: f64| scalar(x).require_grad();
    let slope = |of: Tensor<1>, by: &Tensor<1>| {
        let gradients = of.backward();
        number(by.grad(&gradients).expect("the result depends on the leaf"))
    };
    let (w1, b) = (leaf(W1), leaf(B));
    let Forward { z, a, loss } = forward(scalar(X1), w1.clone(), b.clone(), scalar(Y));
    let u = number(scalar(X1) * scalar(W1));
    let [z, a] = [z, a].map(number);
    let gradients = loss.clone().backward();
    let of = |leaf: Tensor<1>| number(leaf.grad(&gradients).expect("the loss depends on the leaf"));
    // The slopes of the single steps: the graph cut in front of each.
    let leaf_a = leaf(a);
    let loss_by_a = slope(-leaf_a.clone().log(), &leaf_a);
    let leaf_z = leaf(z);
    let a_by_z = slope(sigmoid(leaf_z.clone()), &leaf_z);
    let leaf_z = leaf(z);
    let loss_by_z = slope(-sigmoid(leaf_z.clone()).log(), &leaf_z);
    Numbers { u, z, a, loss: number(loss), loss_by_a, a_by_z, loss_by_z, loss_by_w: of(w1), loss_by_b: of(b) }
}

/// The boxes of the graph.
struct Graph {
    x1: Rect,
    w1: Rect,
    b: Rect,
    y: Rect,
    /// Product, sum, sigmoid and loss.
    steps: [Rect; 4],
    /// What comes out.
    end: Rect,
}

/// Width of the boxes; distance from one to the next.
const WIDTH: f64 = 62.0;
const PITCH: f64 = 142.0;
/// The middle of the first box, of the leaves on its left, and of those below.
const FIRST: f64 = 112.0;
const LEAF: (f64, f64) = (76.0, 46.0);
const BELOW: f64 = 106.0;

impl Graph {
    fn draw(d: &mut Drawing, numbers: &Numbers) -> Self {
        let leaf = |d: &mut Drawing, at: Point, text: String, name: Words, role: Role| {
            let node = Node::of(Text::new(text).size_of(14.0)).note(name).role(role).pad(4.0, 4.0);
            if role == Role::Weight { node.heavy() } else { node }.draw(d, Rect::around(at, LEAF))
        };
        let x1 = leaf(d, p(0.0, -38.0), format!("x_{{1}} = {X1}"), t("input", "输入"), Role::Token);
        let w1 = leaf(d, p(0.0, 38.0), format!("w_{{1}} = {W1}"), t("weight", "权重"), Role::Weight);
        let x = |i: usize| FIRST + PITCH * i as f64;
        let b = leaf(d, p(x(1), BELOW), format!("b = {B:.1}"), t("bias", "偏置"), Role::Weight);
        let y = leaf(d, p(x(3), BELOW), format!("y = {Y:.1}"), t("target", "目标"), Role::Output);
        let signs = [
            ("×", t("product", "乘法")),
            ("+", t("sum", "加法")),
            ("σ", t("sigmoid", "sigmoid")),
            ("", t("loss", "损失")),
        ];
        let mut i = 0;
        let steps = signs.map(|(sign, name)| {
            let node =
                if sign.is_empty() { Node::new(name) } else { Node::of(Text::new(sign).size_of(18.0)).note(name) };
            let node = node.pad(4.0, 4.0);
            let placed = node.draw(d, Rect::around(p(x(i), 0.0), (WIDTH, 56.0)));
            i += 1;
            placed
        });
        let end = Rect::around(p(x(3) + WIDTH / 2.0 + 26.0 + 34.0, 0.0), (68.0, 36.0));
        let end = Node::new(decimal(numbers.loss, 4)).role(Role::Score).radius(3.0).pad(4.0, 4.0).draw(d, end);
        Self { x1, w1, b, y, steps, end }
    }
}

pub fn forward_pass() -> Figure {
    let numbers = compute();
    let Numbers { u, z, a, loss, .. } = numbers;
    let mut d = Drawing::new();
    let graph = Graph::draw(&mut d, &numbers);
    let [product, ..] = graph.steps;
    Arrow::new(graph.x1.right(), product.at(0.0, 0.3)).draw(&mut d);
    Arrow::new(graph.w1.right(), product.at(0.0, 0.7)).draw(&mut d);
    Arrow::new(graph.b.top(), graph.steps[1].bottom()).draw(&mut d);
    Arrow::new(graph.y.top(), graph.steps[3].bottom()).draw(&mut d);
    let texts = [format!("u = {}", decimal(u, 2)), format!("z = {}", decimal(z, 2)), format!("a = {}", decimal(a, 4))];
    for (pair, text) in graph.steps.windows(2).zip(&texts) {
        Arrow::new(pair[0].right(), pair[1].left()).draw(&mut d);
        Text::small(text).draw(&mut d, pair[0].right().toward(pair[1].left(), 0.5).shift(0.0, -14.0));
    }
    Arrow::new(graph.steps[3].right(), graph.end.left()).draw(&mut d);
    let desc = t(
        format!(
            "A graph from left to right. The input x₁ = {X1} and the weight w₁ = {W1} enter a box with a multiplication \
             sign; out comes u = {u:.2}. It enters a box with a plus sign, together with the bias b = {B:.1} from below; \
             out comes z = {z:.2}. The sigmoid makes a = {a:.4} of it. The last box, the loss, takes a and, from below, \
             the target y = {Y:.1} and gives {loss:.4}. Weight and bias have heavy frames: they are what is to be learned."
        ),
        format!(
            "从左到右的一张图。输入 x₁ = {X1} 和权重 w₁ = {W1} 进入乘号方框，出来 u = {u:.2}；它与从下方来的偏置 b = {B:.1} \
             一起进入加号方框，出来 z = {z:.2}；sigmoid 把它变成 a = {a:.4}；最后的损失方框收到 a 和从下方来的目标 y = {Y:.1}，\
             给出 {loss:.4}。权重和偏置是粗框：要学的就是它们。"
        ),
    );
    let title = t("The forward pass as a graph, with its numbers", "前向传播的计算图与各处的数值");
    Figure::new("a-03", title, desc, d)
}

pub fn backward_pass() -> Figure {
    let numbers = compute();
    let mut d = Drawing::new();
    let graph = Graph::draw(&mut d, &numbers);
    let [product, sum, sigmoid, loss] = graph.steps;
    // Forward, quietly.
    let up = -10.0;
    let quiet = |d: &mut Drawing, from: Point, to: Point| Arrow::new(from, to).width(1.0).draw(d);
    quiet(&mut d, graph.x1.right(), product.at(0.0, 0.2));
    quiet(&mut d, graph.w1.at(1.0, 0.3), product.at(0.0, 0.55));
    quiet(&mut d, graph.b.top().shift(-10.0, 0.0), sum.bottom().shift(-10.0, 0.0));
    quiet(&mut d, graph.y.top(), loss.bottom());
    for (from, to) in [(product, sum), (sum, sigmoid), (sigmoid, loss), (loss, graph.end)] {
        quiet(&mut d, from.right().shift(0.0, up), to.left().shift(0.0, up));
    }
    // Backward: the product so far.
    let down = 10.0;
    let back = |d: &mut Drawing, from: Point, to: Point| Arrow::new(from, to).role(Role::Score).width(2.5).draw(d);
    let Numbers { loss_by_a, a_by_z, loss_by_z, loss_by_w, loss_by_b, .. } = numbers;
    let so_far = [(graph.end, loss, "1".to_string())]
        .into_iter()
        .chain([(loss, sigmoid, decimal(loss_by_a, 4)), (sigmoid, sum, decimal(loss_by_z, 4))])
        .chain([(sum, product, decimal(loss_by_z, 4))]);
    for (from, to, text) in so_far {
        let ends = (from.left().shift(0.0, down), to.right().shift(0.0, down));
        back(&mut d, ends.0, ends.1);
        Text::small(text).bold().role(Role::Score).draw(&mut d, ends.0.toward(ends.1, 0.5).shift(0.0, 14.0));
    }
    back(&mut d, product.at(0.0, 0.85), graph.w1.at(1.0, 0.6));
    back(&mut d, sum.bottom().shift(10.0, 0.0), graph.b.top().shift(10.0, 0.0));
    // The slope of each box.
    let slopes = [
        (product, "∂u/∂w_{1} = x_{1}", decimal(X1, 1)),
        (sum, "∂z/∂u = ∂z/∂b", "1".to_string()),
        (sigmoid, "∂a/∂z", decimal(a_by_z, 4)),
        (loss, "∂loss/∂a", decimal(loss_by_a, 4)),
    ];
    for (step, name, value) in slopes {
        let top = step.top().shift(0.0, -14.0);
        Text::small(format!("× {value}")).bold().draw(&mut d, top);
        Text::note(name).draw(&mut d, top.shift(0.0, -20.0));
    }
    // What is left in the leaves.
    for (leaf, name, value) in [(graph.w1, "w_{1}", loss_by_w), (graph.b, "b", loss_by_b)] {
        let place = rect(leaf.x, leaf.y_end() + 8.0, leaf.w, 46.0);
        let text = Text::new(decimal(value, 4)).size_of(14.0).bold();
        Node::of(text)
            .note(format!("∂loss/∂{name}"))
            .role(Role::Score)
            .heavy()
            .radius(3.0)
            .pad(4.0, 4.0)
            .draw(&mut d, place);
    }
    let desc = t(
        format!(
            "The graph of the forward pass again, with thin arrows to the right, and thick arrows back to the left that \
             carry the product so far. Over each box stands its local slope. The way begins at the loss with 1. The loss \
             box multiplies by ∂loss/∂a = {loss_by_a:.4}, which gives {loss_by_a:.4} for a; the sigmoid by ∂a/∂z = \
             {a_by_z:.4}, which gives {loss_by_z:.4} for z; the sum by 1, so that b, below it, gets {loss_by_b:.4} and u \
             the same; the product by x₁ = {X1}, so that w₁ gets {loss_by_w:.4}. The results for w₁ and b are framed. No \
             thick arrow leads to the input x₁ or to the target y."
        ),
        format!(
            "还是前向传播的那张图，向右的箭头变细了，另有粗箭头向左走，带着到目前为止的乘积。每个方框上方是它的局部斜率。从损失出发，\
             值是 1。损失方框乘以 ∂loss/∂a = {loss_by_a:.4}，a 得到 {loss_by_a:.4}；sigmoid 乘以 ∂a/∂z = {a_by_z:.4}，z 得到 \
             {loss_by_z:.4}；加法乘以 1，下方的 b 得到 {loss_by_b:.4}，u 也一样；乘法乘以 x₁ = {X1}，w₁ 得到 {loss_by_w:.4}。w₁ 和 \
             b 的结果加了框。没有粗箭头通向输入 x₁ 和目标 y。"
        ),
    );
    let desc = with_minus(desc);
    let title = t("Backward: each step multiplies by one local slope", "反向传播：每一步乘上一个局部斜率");
    Figure::new("a-05", title, desc, d)
}

/// The words with the minus signs of the figures.
fn with_minus(words: Words) -> Words {
    let of = |lang| words.get(lang).replace(" -", " −");
    t(of(Lang::En), of(Lang::Zh))
}
