//! A file of two tensors, byte by byte.

use crate::parts::{Arrow, Node, Side, Text, brace, decimal};
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Rect, Style, Words, p, rect, t};

const OUTPUT: &str = include_str!("../../../book/outputs/bonus_weight_files.txt");

/// The bytes of the file that the example writes.
fn file() -> Vec<u8> {
    let part = OUTPUT.split("%% bytes\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
    let of = |line: &'static str| line[7..55.min(line.len())].split_whitespace();
    let byte = |text| u8::from_str_radix(text, 16).expect("the output has two digits for a byte");
    part.lines().flat_map(of).map(byte).collect()
}

/// What the header says about a tensor.
struct Tensor {
    name: &'static str,
    dtype: String,
    shape: String,
    /// Where its bytes begin and end, counted from the end of the header.
    place: (usize, usize),
}

fn tensor(header: &str, name: &'static str) -> Tensor {
    let after = |text: &str, key: &str| text.split_once(key).map_or(String::new(), |(_, rest)| rest.to_string());
    let entry = after(header, &format!("\"{name}\":"));
    let until = |text: String, end: char| text.split(end).next().unwrap_or_default().to_string();
    let place = until(after(&entry, "\"data_offsets\":["), ']');
    let (from, to) = place.split_once(',').expect("two offsets");
    let number = |text: &str| text.parse().expect("an offset is a number");
    Tensor {
        name,
        dtype: until(after(&entry, "\"dtype\":\""), '"'),
        shape: until(after(&entry, "\"shape\":["), ']').replace(',', ", "),
        place: (number(from), number(to)),
    }
}

/// Where the bytes begin, and pixels for a byte.
const LEFT: f64 = 168.0;
const BYTE: f64 = 26.0;
/// The middles of the three parts.
const PARTS: [f64; 3] = [22.0, 124.0, 302.0];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// The name of a part, and which bytes of the file it has.
fn part(d: &mut Drawing, number: usize, name: Words, (from, to): (usize, usize)) {
    let middle = p(11.0, PARTS[number]);
    d.circle(Layer::Main, middle.shift(0.0, -10.0), 11.0, Style::fill(Paint::Ink));
    let room = Rect::around(middle.shift(0.0, -10.0), (22.0, 22.0));
    Text::small((number + 1).to_string()).bold().paint(Paint::Paper).draw_in(d, room);
    Text::new(name).size_of(14.0).bold().start().draw(d, middle.shift(20.0, -10.0));
    let words = t(format!("bytes {from} to {to}"), format!("字节 {from} 到 {to}"));
    Text::note(words).start().draw(d, middle.shift(20.0, 10.0));
}

pub fn two_tensors() -> Figure {
    let file = file();
    let length = u64::from_le_bytes(file[..8].try_into().expect("eight bytes")) as usize;
    let header = String::from_utf8_lossy(&file[8..8 + length]).to_string();
    let spaces = length - header.trim_end().len();
    let begin = 8 + length;
    let numbers = &file[begin..];
    let tensors = [tensor(&header, "weight"), tensor(&header, "bias")];

    let mut d = Drawing::new();
    part(&mut d, 0, t("length", "长度"), (0, 8));
    let all = rect(LEFT, PARTS[0] - 18.0, 8.0 * BYTE, 36.0);
    for (byte, place) in file[..8].iter().zip(all.row(8, 0.0)) {
        d.rect(Layer::Main, place.grow(-1.0), 3.0, Style::role(Role::Plain).width(1.0));
        Text::small(hex(&[*byte])).mono().draw_in(&mut d, place);
    }
    let words = t(format!("= {length}: the length of the header"), format!("= {length}：文件头这么长"));
    Text::new(words).size_of(14.0).start().draw(&mut d, all.right().shift(12.0, 0.0));

    part(&mut d, 1, t("header, JSON", "文件头，JSON"), (8, begin));
    let band = rect(LEFT, PARTS[1] - 36.0, 20.0 * BYTE, 72.0);
    d.rect(Layer::Main, band, 4.0, Style::role(Role::Score).width(1.0));
    let inside = band.grow(-8.0);
    let width = 214.0;
    let cards = [rect(inside.x, inside.y, width, inside.h), rect(inside.x + width + 8.0, inside.y, width, inside.h)];
    for (tensor, place) in tensors.iter().zip(cards) {
        let Tensor { name, dtype, shape, place: (from, to) } = tensor;
        let card = Style::fill(Paint::Paper).outlined(Paint::Strong(Role::Score));
        Node::empty().style(card).radius(4.0).draw(&mut d, place);
        let lines = place.grow(-4.0).column(2, 0.0);
        Text::small(format!("\"{name}\": {dtype} [{shape}]")).mono().draw_in(&mut d, lines[0]);
        let words = t(format!("bytes {from} to {to}"), format!("字节 {from} 到 {to}"));
        Text::new(words).size_of(14.0).bold().role(Role::Score).draw_in(&mut d, lines[1]);
    }
    let rest = rect(cards[1].x_end() + 8.0, inside.y, inside.x_end() - cards[1].x_end() - 8.0, inside.h);
    d.rect(Layer::Main, rest, 4.0, Style::fill(Paint::Hatch(Role::Mask)));
    d.rect(Layer::Main, rest, 4.0, Style::line(Paint::Strong(Role::Mask)).dash(Dash::Dashed));
    Text::small(t(format!("{spaces}\nspaces"), format!("{spaces} 个\n空格"))).halo().draw(&mut d, rest.center());

    part(&mut d, 2, t("numbers", "数值"), (begin, file.len()));
    let row = rect(LEFT, PARTS[2] - 26.0, BYTE * numbers.len() as f64, 52.0);
    let mut told = Vec::new();
    for (i, tensor) in tensors.iter().enumerate() {
        let (from, to) = tensor.place;
        let size = if tensor.dtype == "F32" { 4 } else { 2 };
        for at in (from..to).step_by(size) {
            let bytes = &numbers[at..at + size];
            let value = match bytes {
                &[a, b, c, d] => f32::from_le_bytes([a, b, c, d]),
                // BF16 is the upper half of a 32-bit number.
                _ => f32::from_le_bytes([0, 0, bytes[0], bytes[1]]),
            };
            let place = rect(row.x + BYTE * at as f64, row.y, BYTE * size as f64, row.h);
            let style = Style::role(Role::Weight).width(1.5);
            let style = if i == 0 { style } else { style.dash(Dash::Dashed) };
            d.rect(Layer::Main, place.grow(-1.0), 4.0, style);
            let decimals = (0..=4).find(|decimals| {
                let shown: f32 = decimal(value.into(), *decimals).replace('−', "-").parse().unwrap_or(f32::NAN);
                shown == value
            });
            let text = decimal(value.into(), decimals.unwrap_or(4));
            let lines = place.grow(-5.0).column(2, 0.0);
            let look = if size == 4 { Text::new(&text).bold() } else { Text::small(&text) };
            look.draw_in(&mut d, Rect { x: place.x, w: place.w, ..lines[0] });
            Text::note(hex(bytes)).mono().draw_in(&mut d, Rect { x: place.x, w: place.w, ..lines[1] });
            told.push(format!("{text} ({})", hex(bytes)));
            Text::note(at.to_string()).draw(&mut d, p(place.x, row.y - 12.0));
        }
        let group = rect(row.x + BYTE * from as f64, row.y, BYTE * (to - from) as f64, row.h);
        let shown =
            t(format!("{}: {} bytes", tensor.name, to - from), format!("{}：{} 个字节", tensor.name, to - from));
        let named = brace(&mut d, group.shift(0.0, -20.0).grow(-4.0), Side::Above, shown);
        let start = p(named.center().x.min(cards[i].x_end() - 10.0), band.y_end());
        Arrow::new(start, p(named.center().x, named.y)).draw(&mut d);
    }
    Text::note(numbers.len().to_string()).draw(&mut d, p(row.x_end(), row.y - 12.0));
    let desc = t(
        format!(
            "The {} bytes of a file in three numbered parts. 1, length: eight bytes, {}, which are {length}. 2, the header, JSON of \
             {length} bytes, the last {spaces} of them spaces; it has two cards, “weight”: F32 [{}], bytes {} to {}, and “bias”: \
             BF16 [{}], bytes {} to {}. 3, the numbers, {} bytes drawn to scale, with the offsets above: four cells of 4 bytes, \
             {}, and two cells of 2 bytes, {}. Arrows lead from each card to its cells.",
            file.len(),
            hex(&file[..8]),
            tensors[0].shape,
            tensors[0].place.0,
            tensors[0].place.1,
            tensors[1].shape,
            tensors[1].place.0,
            tensors[1].place.1,
            numbers.len(),
            told[..4].join(", "),
            told[4..].join(", ")
        ),
        format!(
            "一个 {} 字节的文件，分成三个编号的部分。1 长度：八个字节 {}，就是 {length}。2 文件头，{length} 个字节的 JSON，最后 {spaces} 个是空格；\
             里面有两张卡片：“weight”：F32 [{}]，字节 {} 到 {}；“bias”：BF16 [{}]，字节 {} 到 {}。3 数值，{} 个字节，按比例画，上面标着偏移量：\
             四格各 4 个字节，{}；两格各 2 个字节，{}。箭头从每张卡片指向它的格子。",
            file.len(),
            hex(&file[..8]),
            tensors[0].shape,
            tensors[0].place.0,
            tensors[0].place.1,
            tensors[1].shape,
            tensors[1].place.0,
            tensors[1].place.1,
            numbers.len(),
            told[..4].join("，"),
            told[4..].join("，")
        ),
    );
    let title = t("A safetensors file of two tensors", "含两个张量的 safetensors 文件");
    Figure::new("5-B2", title, desc, d)
}

#[cfg(test)]
mod tests {
    use super::file;

    #[test]
    fn the_file_is_read_from_the_output() {
        let file = file();
        assert_eq!((file.len(), file[0], file[155]), (156, 0x80, 0x3d));
    }
}
