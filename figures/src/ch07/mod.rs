//! The figures of chapter 7.

use std::sync::LazyLock;

use burn::tensor::{Int, Tensor};
use ch07_instruct::entry::EMBEDDED_NAME;
use ch07_instruct::{Entries, Entry};

use crate::parts::Text;
use crate::theme::{Paint, Role};
use crate::{Dash, Drawing, Figure, Layer, Rect, Style};

mod answer;
mod batch;
mod counted;
mod formats;
mod judge;
mod judges;
mod lengths;
mod loss;
mod overview;
mod preferences;
mod targets;
mod training;

/// All of them, in the order of the pages.
pub fn figures() -> Vec<Figure> {
    vec![
        overview::road_map(),
        formats::two_formats(),
        batch::five_steps(),
        targets::three_versions(),
        loss::ignored_target(),
        counted::one_row(),
        lengths::both_formats(),
        training::gpt2_medium(),
        answer::cut_out(),
        judge::score(),
        preferences::twenty_steps(),
        judges::ten_answers(),
    ]
}

/// The 400 small tasks of the chapter.
static TASKS: LazyLock<Vec<Entry>> = LazyLock::new(|| Entries::load(EMBEDDED_NAME).expect("they are embedded"));

/// Two of the tasks: the plural of "shelf", and "What is 4 plus 8?".
const SHELF: usize = 2;
const SUM: usize = 11;

/// What a cell with an id stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// An id of the text.
    Token,
    /// A target that counts.
    Target,
    /// The first end-of-text token: a target that counts, with a thick outline.
    End,
    /// A target that counts and should not.
    Nonsense,
    /// Padding, hatched.
    Padding,
    /// A target that the loss ignores, struck out.
    Ignored,
    /// Nothing: the place of what has been cut off.
    Gone,
}

/// Draws a cell with an id.
fn cell(d: &mut Drawing, place: Rect, text: &str, look: Look) {
    let place = place.grow(-1.5);
    let style = match look {
        Look::Token => Style::role(Role::Token).width(1.0),
        Look::Target => Style::role(Role::Output).width(1.0),
        Look::End => Style::role(Role::Output).width(2.5),
        Look::Nonsense => Style::role(Role::Alert).dash(Dash::Dashed),
        Look::Padding => Style::role(Role::Mask).width(1.0),
        Look::Ignored | Look::Gone => Style::line(Paint::Strong(Role::Mask)).width(1.0).dash(Dash::Dotted),
    };
    d.rect(Layer::Main, place, 4.0, style);
    let text = Text::new(text).size_of(13.5);
    match look {
        Look::Gone => (),
        Look::Padding => {
            d.rect(Layer::Main, place, 4.0, Style::fill(Paint::Hatch(Role::Mask)));
            text.muted().draw_in(d, place);
        }
        Look::Ignored => {
            let ends = [place.at(0.12, 0.82), place.at(0.88, 0.18)];
            d.line(Layer::Lines, &ends, Style::line(Paint::Strong(Role::Mask)).width(1.2));
            text.muted().draw_in(d, place);
        }
        Look::End => _ = text.bold().draw_in(d, place),
        Look::Token | Look::Target | Look::Nonsense => _ = text.draw_in(d, place),
    }
}

/// The rows of a batch.
fn rows(ids: Tensor<2, Int>) -> Vec<Vec<i32>> {
    let [_, columns] = ids.dims();
    let ids: Vec<i32> = ids.into_data().iter().collect();
    ids.chunks(columns).map(<[i32]>::to_vec).collect()
}

/// An id as it is written: with a true minus sign.
fn written(id: i32) -> String {
    id.to_string().replace('-', "−")
}

/// A text with signs for its line breaks.
fn visible_breaks(text: &str) -> String {
    text.replace('\n', "↵")
}
