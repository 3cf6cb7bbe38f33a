//! What holds for every figure, in both languages.

use std::collections::HashSet;
use std::sync::LazyLock;

use roxmltree::Document;

use crate::drawing::{Form, Label, Style};
use crate::geometry::{Point, Rect, p};
use crate::lang::Lang;
use crate::theme::Paint;
use crate::{Figure, all};

static FIGURES: LazyLock<Vec<Figure>> = LazyLock::new(all);

/// All figures in both languages.
fn each() -> impl Iterator<Item = (&'static Figure, Lang)> {
    FIGURES.iter().flat_map(|figure| Lang::ALL.map(|lang| (figure, lang)))
}

/// Each line of text with its rectangle and its label.
fn lines(figure: &Figure, lang: Lang) -> Vec<(&str, Rect, &Label)> {
    let of = |label| Label::lines(label, lang).into_iter().map(move |(line, rect)| (line, label.seen(rect), label));
    figure.drawing.labels().flat_map(of).filter(|(line, ..)| !line.is_empty()).collect()
}

/// Fails with all that is wrong, so that one run shows it.
fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Capitals and digits stand in the middle of a line: this much above and below them is empty.
fn ink(line: Rect, label: &Label) -> Rect {
    let empty = (line.h.min(line.w) / 1.32 * 0.16).min(3.0);
    if label.look.upward {
        Rect { x: line.x + empty, w: line.w - 2.0 * empty, ..line }
    } else {
        Rect { y: line.y + empty, h: line.h - 2.0 * empty, ..line }
    }
}

#[test]
fn every_text_fits_its_box() {
    let mut wrong = Vec::new();
    for (figure, lang) in each() {
        for (line, rect, label) in lines(figure, lang) {
            let Some(room) = label.room else { continue };
            let seen = ink(rect, label);
            let fits = seen.x >= room.x - 0.01
                && seen.x_end() <= room.x_end() + 0.01
                && seen.y >= room.y - 0.01
                && seen.y_end() <= room.y_end() + 0.01;
            if !fits {
                wrong.push(format!("{} {lang:?}: '{line}' is {rect:?}, its box {room:?}", figure.id));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn no_two_texts_overlap() {
    let mut wrong = Vec::new();
    for (figure, lang) in each() {
        let lines = lines(figure, lang);
        for (i, (a, rect_a, label_a)) in lines.iter().enumerate() {
            for (b, rect_b, label_b) in &lines[..i] {
                if ink(*rect_a, label_a).overlaps(&ink(*rect_b, label_b)) {
                    wrong.push(format!("{} {lang:?}: '{a}' and '{b}'", figure.id));
                }
            }
        }
    }
    assert_none(&wrong);
}

/// A text outside of a shape does not run over its edge.
#[test]
fn no_text_crosses_the_edge_of_a_shape() {
    let mut wrong = Vec::new();
    for (figure, lang) in each() {
        let shapes: Vec<_> = figure.drawing.shapes().filter_map(edges).collect();
        for (line, rect, label) in lines(figure, lang) {
            let seen = ink(rect, label);
            let crosses = |shape: &&Rect| {
                let inside = seen.x >= shape.x - 0.5
                    && seen.x_end() <= shape.x_end() + 0.5
                    && seen.y >= shape.y - 0.5
                    && seen.y_end() <= shape.y_end() + 0.5;
                let around = shape.x >= seen.x && shape.x_end() <= seen.x_end();
                seen.overlaps(&shape.grow(-0.5)) && !inside && !around
            };
            if let Some(shape) = shapes.iter().find(crosses).filter(|_| !label.look.halo) {
                wrong.push(format!("{} {lang:?}: '{line}' at {seen:?} crosses {shape:?}", figure.id));
            }
        }
    }
    assert_none(&wrong);
}

/// The rectangle of a shape that has an outline.
fn edges(shape: &crate::drawing::Shape) -> Option<Rect> {
    let Style { stroke, .. } = shape.style;
    match shape.form {
        Form::Rect(rect, _) => stroke.filter(|paint| *paint != Paint::Grid).map(|_| rect),
        Form::Circle(..) | Form::Path(_) => None,
    }
}

#[test]
fn arrows_cross_no_text() {
    let mut wrong = Vec::new();
    for (figure, lang) in each() {
        for (line, rect, label) in lines(figure, lang) {
            let seen = ink(rect, label).grow(-1.0);
            let crosses = |(from, to): &(Point, Point)| {
                let steps = (from.distance(*to) / 2.0).ceil() as u32;
                (0..=steps).any(|i| seen.contains(from.toward(*to, f64::from(i) / f64::from(steps.max(1)))))
            };
            if !label.look.halo && figure.drawing.arrow_lines.iter().any(crosses) {
                wrong.push(format!("{} {lang:?}: an arrow crosses '{line}'", figure.id));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn arrows_begin_and_end_at_something() {
    let mut wrong = Vec::new();
    for (figure, lang) in each() {
        let texts = lines(figure, lang).into_iter().map(|(_, rect, _)| rect);
        let shapes =
            figure.drawing.shapes().filter(|shape| !matches!(shape.form, Form::Path(_))).map(|shape| shape.bounds);
        let things: Vec<_> = texts.chain(shapes).collect();
        let near = |end: &Point| things.iter().any(|thing| distance_to_edge(*end, *thing) <= 8.0);
        let free = figure.drawing.arrow_ends.iter().filter(|end| !near(end));
        wrong.extend(free.map(|end| format!("{} {lang:?}: nothing at {end:?}", figure.id)));
    }
    assert_none(&wrong);
}

fn distance_to_edge(point: Point, rect: Rect) -> f64 {
    let nearest = p(point.x.clamp(rect.x, rect.x_end()), point.y.clamp(rect.y, rect.y_end()));
    if nearest != point {
        return nearest.distance(point);
    }
    let sides = [point.x - rect.x, rect.x_end() - point.x, point.y - rect.y, rect.y_end() - point.y];
    sides.into_iter().fold(f64::INFINITY, f64::min)
}

/// On a phone a figure is about 350 px wide.
#[test]
fn figures_are_narrow_and_texts_large_enough() {
    let mut wrong = Vec::new();
    for figure in FIGURES.iter() {
        let view = figure.view();
        if view.w > 760.0 || view.h > 1100.0 {
            wrong.push(format!("{}: {} × {}", figure.id, view.w, view.h));
        }
        for (lang, label) in figure.drawing.labels().flat_map(|label| Lang::ALL.map(|lang| (lang, label))) {
            let inside = label.lines(lang).into_iter().all(|(_, line)| {
                let line = label.seen(line);
                view.contains(p(line.x, line.y)) && view.contains(p(line.x_end(), line.y_end()))
            });
            if label.look.size < 12.0 || !inside {
                wrong.push(format!("{} {lang:?}: {:?}", figure.id, label.words.get(lang)));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn a_figure_is_xml_with_a_title_and_a_description() {
    let mut ids = HashSet::new();
    for (figure, lang) in each() {
        let svg = figure.svg(lang);
        let document = Document::parse(&svg).unwrap_or_else(|error| panic!("{}: {error}", figure.id));
        let root = document.root_element();
        let text_of = |id: String| {
            let node = document.descendants().find(|node| node.attribute("id") == Some(&id));
            node.and_then(|node| node.text()).unwrap_or_default()
        };
        let (title, desc) = (text_of(format!("fig-{}-title", figure.id)), text_of(format!("fig-{}-desc", figure.id)));
        assert_eq!((title, desc), (figure.title.get(lang), figure.desc.get(lang)), "{}", figure.id);
        assert!(!title.is_empty() && !title.ends_with(['.', '。']), "{}: '{title}'", figure.id);
        let least = if lang == Lang::En { 60 } else { 25 };
        assert!(desc.chars().count() >= least, "{} {lang:?}: '{desc}' says too little", figure.id);
        assert_eq!(root.attribute("role"), Some("img"));
        assert!(svg.lines().all(|line| !line.trim().is_empty()), "{}: an empty line", figure.id);
        for node in document.descendants() {
            if let Some(id) = node.attribute("id") {
                assert!(lang == Lang::Zh || ids.insert(id.to_string()), "{id} is there twice");
            }
            let fill = node.attribute("fill").unwrap_or("none");
            assert!(fill == "none" || fill.starts_with("url(#fig-"), "{}: {fill}", figure.id);
        }
    }
}

/// Chinese text that has been forgotten stands there in English.
#[test]
fn words_are_translated() {
    let is_word = |word: &str| word.len() > 3 && word.chars().all(|c| c.is_ascii_lowercase());
    let mut wrong = Vec::new();
    for figure in FIGURES.iter() {
        for label in figure.drawing.labels().filter(|label| !label.look.mono && label.room.is_none()) {
            let (en, zh) = (label.words.get(Lang::En), label.words.get(Lang::Zh));
            if en == zh && en.split_whitespace().filter(|word| is_word(word)).count() >= 2 {
                wrong.push(format!("{}: '{en}'", figure.id));
            }
        }
        for words in [&figure.title, &figure.desc] {
            if !words.get(Lang::Zh).chars().any(|c| c >= '\u{2e80}') {
                wrong.push(format!("{}: '{}'", figure.id, words.get(Lang::Zh)));
            }
        }
    }
    assert_none(&wrong);
}
