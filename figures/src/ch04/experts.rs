//! A mixture of experts: where six tokens go.

use burn::tensor::{Device, Tensor};
use ch04_gpt::bonus::{MoeFeedForward, MoeFeedForwardConfig};
use shared::init::{randn, torch_init};
use shared::rng::TorchRng;

use super::rows;
use crate::parts::{Arrow, Matrix, Node, Text, decimal};
use crate::theme::Role;
use crate::{Drawing, Figure, Rect, p, rect, t};

const TOKENS: usize = 6;
const EXPERTS: usize = 4;
const CELL: (f64, f64) = (96.0, 32.0);

pub fn experts() -> Figure {
    let (weights, chosen) = route();
    let mut d = Drawing::new();
    let weight = |token: usize, expert: usize| {
        chosen[token].iter().position(|chosen| *chosen == expert).map(|at| f64::from(weights[token][at]))
    };
    let text = |token, expert| weight(token, expert).map_or("–".to_string(), |weight| decimal(weight, 4));
    let cells = (0..TOKENS).map(|token| (0..EXPERTS).map(|expert| text(token, expert)).collect()).collect();
    let mut router = Matrix::texts(cells).cell(CELL.0, CELL.1).largest(1.0);
    for (token, chosen) in chosen.iter().enumerate() {
        for expert in chosen {
            router = router.mark_cell(token, *expert, Role::Score);
        }
    }
    let router = router.draw(&mut d, p(0.0, 0.0));
    Text::new(t("router: the weights of the chosen experts", "路由器：选中的专家各占多少"))
        .bold()
        .draw(&mut d, router.grid.top().shift(0.0, -20.0));
    Text::note(t("token", "词元")).draw(&mut d, p(-59.0, -18.0));
    for token in 0..TOKENS {
        let place = Rect::around(p(-59.0, router.row(token).center().y), (34.0, 26.0));
        let node = Node::new(token.to_string()).role(Role::Token).radius(5.0).pad(3.0, 2.0).draw(&mut d, place);
        Arrow::new(node.right(), router.row(token).left()).draw(&mut d);
    }
    let mut visits = Vec::new();
    for expert in 0..EXPERTS {
        let column = router.column(expert);
        let place = rect(column.x + 4.0, column.y_end() + 36.0, column.w - 8.0, 44.0);
        let name = t(format!("expert {expert}"), format!("专家 {expert}"));
        let place = Node::of(Text::new(name).size_of(14.0)).role(Role::Weight).pad(6.0, 4.0).draw(&mut d, place);
        Arrow::new(column.bottom(), place.top()).draw(&mut d);
        let visitors: Vec<usize> = (0..TOKENS).filter(|token| weight(*token, expert).is_some()).collect();
        for (i, token) in visitors.iter().enumerate() {
            let chip = rect(place.center().x - 17.0, place.y_end() + 10.0 + 30.0 * i as f64, 34.0, 26.0);
            Node::new(token.to_string()).role(Role::Token).radius(5.0).pad(3.0, 2.0).draw(&mut d, chip);
        }
        visits.push(visitors);
    }
    let of = router.grid.y_end() + 36.0 + 44.0 + 10.0 + 13.0;
    Text::note(t("visitors", "来访者")).draw(&mut d, p(-59.0, of));

    let told = |and: &str| {
        let list = |visitors: &Vec<usize>| visitors.iter().map(usize::to_string).collect::<Vec<_>>().join(and);
        visits.iter().map(list).collect::<Vec<_>>()
    };
    let (en, zh) = (told(", "), told("、"));
    let desc = t(
        format!(
            "Six tokens, 0 to 5, as the rows of a table with a column for each of four experts. In each row two \
             cells are filled and framed, the weights of the two chosen experts, which sum to 1; token 0, for \
             example, goes to expert 0 with {} and to expert 1 with {}. Under each column its expert and the tokens \
             that visit it. Expert 0: {}. Expert 1: {}. Expert 2: {}. Expert 3: {}. The load is uneven.",
            text(0, 0),
            text(0, 1),
            en[0],
            en[1],
            en[2],
            en[3]
        ),
        format!(
            "六个词元 0 到 5 是表的各行，四个专家各占一列。每行有两格填了数、加了框，是选中的两个专家的权重，和为 1；\
             例如词元 0 去专家 0 的权重是 {}，去专家 1 的是 {}。每列下面是专家和来访的词元。专家 0：{}。专家 1：{}。\
             专家 2：{}。专家 3：{}。忙闲不均。",
            text(0, 0),
            text(0, 1),
            zh[0],
            zh[1],
            zh[2],
            zh[3]
        ),
    );
    Figure::new("4-B7", t("Every token goes to two of four experts", "每个词元去四个专家中的两个"), desc, d)
}

/// The weights and the experts of each token, as the chapter's example draws them.
fn route() -> (Vec<Vec<f32>>, Vec<Vec<usize>>) {
    let device = Device::flex();
    let experts = MoeFeedForward::new(&MoeFeedForwardConfig::new(8, 16, EXPERTS, 2), &device);
    let experts = torch_init(experts, &mut TorchRng::new(123));
    let x: Tensor<2> = randn([TOKENS, 8], &mut TorchRng::new(456), &device);
    let (weights, chosen) = experts.route(x);
    let chosen: Vec<u32> = chosen.into_data().iter().collect();
    let chosen = chosen.chunks(2).map(|pair| pair.iter().map(|expert| *expert as usize).collect()).collect();
    (rows(weights), chosen)
}
