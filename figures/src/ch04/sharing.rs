//! Query heads that share keys and values.

use ch04_gpt::bonus::cache_memory::{CacheShape, grouped_query};

use crate::parts::{Arrow, Node, Text, whole};
use crate::theme::{Paint, Role};
use crate::{Drawing, Figure, Layer, Rect, Style, p, rect, t};

const HEADS: usize = 8;
/// Size of a head, and from one to the next.
const HEAD: (f64, f64) = (34.0, 28.0);
const STEP: f64 = 42.0;
const ROW: f64 = 172.0;

pub fn sharing() -> Figure {
    let one = CacheShape { batch: 1, tokens: 1, layers: 1, n_heads: HEADS as u64, head_dim: 64, bytes_per_value: 1 };
    let kinds = [(8, t("multi-head", "多头")), (2, t("grouped-query", "分组查询")), (1, t("multi-query", "多查询"))];
    let mut d = Drawing::new();
    let mut kept = Vec::new();
    for (i, (groups, name)) in kinds.into_iter().enumerate() {
        let y = ROW * i as f64;
        let width = STEP * (HEADS as f64 - 1.0) + HEAD.0;
        Text::new(name).bold().end().draw(&mut d, p(-20.0, y + 59.0));
        let per_group = HEADS / groups;
        let center = |head: usize| STEP * head as f64 + HEAD.0 / 2.0;
        for group in 0..groups {
            let first = group * per_group;
            let x = (center(first) + center(first + per_group - 1)) / 2.0;
            let last = Rect::around(p(x, y + 104.0), (HEAD.0, 46.0));
            let words = format!("K_{{{n}}}\nV_{{{n}}}", n = group + 1);
            let node = Node::of(Text::small(words)).role(Role::Token).heavy().radius(5.0).pad(3.0, 3.0);
            node.draw(&mut d, last);
            for head in first..first + per_group {
                let query = rect(STEP * head as f64, y, HEAD.0, HEAD.1);
                let name = Text::small(head.to_string());
                Node::of(name).role(Role::Token).radius(5.0).pad(3.0, 3.0).draw(&mut d, query);
                let reach = 9.0 * (head as f64 - first as f64 - (per_group as f64 - 1.0) / 2.0);
                let reach = if per_group > 4 { reach * 0.4 } else { reach * 0.7 };
                Arrow::new(query.bottom(), last.top().shift(reach, 0.0)).plain().draw(&mut d);
            }
        }
        let numbers = grouped_query(&one, groups as u64);
        let bar = rect(width + 34.0, y + 93.0, 110.0 * numbers as f64 / grouped_query(&one, 8) as f64, 22.0);
        d.rect(Layer::Main, bar, 3.0, Style::fill(Paint::Strong(Role::Score)).opacity(0.5));
        d.rect(Layer::Main, bar, 3.0, Style::line(Paint::Strong(Role::Score)));
        Text::new(whole(numbers)).size_of(14.0).start().draw(&mut d, bar.right().shift(7.0, 0.0));
        if i == 0 {
            for (words, y) in [(t("query heads", "查询头"), HEAD.1 / 2.0), (t("keys, values", "键、值"), 104.0)] {
                Text::note(words).end().draw(&mut d, p(-20.0, y));
            }
            let words = t("numbers kept per\ntoken and layer", "每个词元每层\n要存的数");
            Text::note(words).start().draw(&mut d, p(bar.x, y + 58.0));
        }
        kept.push(whole(numbers));
    }
    let desc = t(
        format!(
            "Three rows, each with eight query heads 0 to 7 on top and heads of keys and values below, which are \
             kept; lines join each query head to the one it uses. Multi-head: eight heads K1, V1 to K8, V8, one \
             each; {} numbers per token and layer with heads of width 64. Grouped-query: two heads; query heads 0 to \
             3 share the first, 4 to 7 the second; {} numbers. Multi-query: all eight share one; {} numbers.",
            kept[0], kept[1], kept[2]
        ),
        format!(
            "三行，每行上方是八个查询头 0 到 7，下方是要存下来的键和值的头，连线表示每个查询头用哪一个。多头：八个 \
             K1、V1 到 K8、V8，一一对应；头宽 64 时，每个词元每层存 {} 个数。分组查询：两个，查询头 0 到 3 共用第一\
             个，4 到 7 共用第二个；{} 个数。多查询：八个共用一个；{} 个数。",
            kept[0], kept[1], kept[2]
        ),
    );
    Figure::new("4-B4", t("Query heads share keys and values", "多个查询头共用键和值"), desc, d)
}
