//! Every primitive in one picture, printed as SVG: `cargo run -p figures --example gallery > gallery.svg`.
//! With the argument `zh` in Chinese.

use figures::parts::{
    Arrow, Axis, Bar, Bars, Group, Matrix, Node, Plot, RoadMap, Side, Text, Tokens, brace, nodes_in_row, treemap,
    visible,
};
use figures::theme::{Paint, Role};
use figures::{Dash, Drawing, Figure, Lang, Layer, Style, p, rect, t};

fn main() {
    let lang = if std::env::args().nth(1).as_deref() == Some("zh") { Lang::Zh } else { Lang::En };
    let mut d = Drawing::new();
    boxes_and_arrows(&mut d);
    tokens(&mut d);
    matrices(&mut d);
    bars(&mut d);
    plot(&mut d);
    areas(&mut d);
    RoadMap::at_chapter(4).draw(&mut d, p(0.0, 1010.0));
    let desc = t("One picture with every primitive of the crate.", "一张图里有这个 crate 的每种图元。");
    print!("{}", Figure::new("0-00", t("Gallery", "图元一览"), desc, d).svg(lang));
}

fn boxes_and_arrows(d: &mut Drawing) {
    let nodes = [
        Node::new(t("token ids", "词元 ID")).role(Role::Token).note("[2, 4]"),
        Node::new(t("embedding", "嵌入")).role(Role::Weight).heavy(),
        Node::new(t("scores", "分数")).role(Role::Score),
        Node::new("logits").role(Role::Output),
    ];
    let places = nodes_in_row(d, p(0.0, 0.0), 48.0, nodes);
    for pair in places.windows(2) {
        Arrow::new(pair[0].right(), pair[1].left()).draw(d);
    }
    Arrow::new(places[3].bottom(), places[0].bottom())
        .via([places[3].bottom().shift(0.0, 34.0), places[0].bottom().shift(0.0, 34.0)])
        .below(t("appended", "接在后面"))
        .draw(d);
    let plus = Node::sign("+").draw_at(d, p(600.0, 20.0));
    Arrow::new(places[3].right(), plus.left()).curved(14.0).dashed().draw(d);
    Node::new(t("hidden", "遮住")).role(Role::Mask).draw_from(d, p(640.0, 80.0));
    Node::new(t("unknown", "未知")).role(Role::Alert).dashed().draw_from(d, p(540.0, 80.0));
    Group::around([places[1], places[2]]).dashed().draw(d);
}

fn tokens(d: &mut Drawing) {
    let tokens = ["Every", " effort", " moves", " you"].map(visible);
    let placed = Tokens::new(tokens)
        .ids(["6109", "3626", "6100", "345"])
        .role_of(3, Role::Output)
        .heavy(3)
        .draw(d, p(0.0, 150.0));
    brace(
        d,
        rect(placed.cells[0].x, placed.bounds.y, placed.cells[2].x_end() - placed.cells[0].x, placed.bounds.h),
        Side::Below,
        t("input", "输入"),
    );
    Text::new("z^{(2)} = α_{21} x^{(1)} + …").draw(d, p(500.0, 165.0));
    Text::new(t("code", "代码")).mono().role(Role::Weight).draw(d, p(640.0, 165.0));
}

fn matrices(d: &mut Drawing) {
    let rows = [[1.0f32, 0.0, 0.0], [0.55, 0.45, 0.0], [0.38, 0.31, 0.31]];
    Matrix::numbers(&rows, 2)
        .masked(|row, column| column > row)
        .row_labels(["Your", "journey", "starts"])
        .column_labels(["Your", "journey", "starts"])
        .row_sums(2)
        .mark_row(1, Role::Score)
        .title(t("Attention weights", "注意力权重"))
        .caption("3 × 3")
        .draw_from(d, p(0.0, 270.0));
    let placed = Matrix::blank(4, 3).role(Role::Weight).title("W_{q}").caption("4 × 3").draw_from(d, p(400.0, 270.0));
    Text::note("×").draw(d, placed.grid.right().shift(20.0, 0.0));
    Matrix::numbers(&[[-0.5f32, 0.25], [2.0, 1.0]], 2)
        .role(Role::Output)
        .mark_cell(1, 0, Role::Output)
        .draw_from(d, p(560.0, 300.0));
}

fn bars(d: &mut Drawing) {
    let bar = |value: f64, role| Bar::new(value, format!("{value:.1}"), role);
    Bars::groups([
        ("small", vec![bar(2.0, Role::Token), bar(1.0, Role::Score).hatched()]),
        ("large", vec![bar(5.0, Role::Token), bar(3.5, Role::Score).hatched()]),
    ])
    .draw_across(d, p(60.0, 480.0), 220.0);
    let upward = [("a", 0.2), ("b", 0.5), ("c", 0.3)].map(|(label, value)| (label, bar(value, Role::Score)));
    Bars::new(upward).thickness(40.0, 20.0).draw_upward(d, p(440.0, 590.0), 100.0);
}

fn plot(d: &mut Drawing) {
    let x = Axis::new((-3.0, 3.0), &[-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0], 0, t("input", "输入"));
    let y = Axis::new((-0.5, 3.0), &[0.0, 1.0, 2.0, 3.0], 0, t("output", "输出"));
    let plot = Plot::draw(d, rect(60.0, 660.0, 280.0, 180.0), x, y);
    let points = || (-30..=30).map(|i| f64::from(i) / 10.0);
    plot.curve(d, points().map(|x| (x, x.max(0.0))), Role::Token, Dash::Solid);
    plot.curve(d, points().map(|x| (x, x / (1.0 + (-x).exp()))), Role::Weight, Dash::Dashed);
    plot.name(d, (1.6, 1.2), (6.0, 6.0), "SiLU", Role::Weight);
    plot.dot(d, (2.0, 2.0), Role::Token);
}

fn areas(d: &mut Drawing) {
    let names = ["85.0", "38.6", "38.6", "0.8"];
    let parts = treemap(rect(420.0, 660.0, 300.0, 200.0), &[85.0, 38.6, 38.6, 0.8]);
    for (part, name) in parts.iter().zip(names) {
        d.rect(Layer::Main, part.grow(-1.5), 4.0, Style::role(Role::Weight));
        if part.w > 40.0 {
            Text::new(name).draw_in(d, *part);
        }
    }
    d.rect(
        Layer::Main,
        rect(420.0, 880.0, 300.0, 40.0),
        4.0,
        Style::fill(Paint::Hatch(Role::Mask)).outlined(Paint::Strong(Role::Mask)),
    );
}
