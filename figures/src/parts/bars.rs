//! Bars.

use crate::drawing::{Drawing, Layer, Style};
use crate::geometry::{Point, Rect, p, rect};
use crate::lang::Words;
use crate::parts::text::Text;
use crate::theme::{Paint, Role};

/// One bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Its length, in any unit.
    pub value: f64,
    /// What is written at its end.
    pub text: Words,
    /// What it stands for.
    pub role: Role,
    /// Hatched, to differ from a neighbor without color.
    pub hatched: bool,
}

impl Bar {
    /// A bar with its value in words.
    pub fn new(value: f64, text: impl Into<Words>, role: Role) -> Self {
        Self { value, text: text.into(), role, hatched: false }
    }

    /// Hatched.
    pub fn hatched(mut self) -> Self {
        self.hatched = true;
        self
    }

    fn draw(&self, d: &mut Drawing, place: Rect) {
        let fill = if self.hatched { Paint::Hatch(self.role) } else { Paint::Strong(self.role) };
        if self.hatched {
            d.rect(Layer::Main, place, 3.0, Style::fill(Paint::Soft(self.role)));
        }
        let opacity = if self.hatched { 1.0 } else { 0.5 };
        d.rect(Layer::Main, place, 3.0, Style::fill(fill).opacity(opacity));
        d.rect(Layer::Main, place, 3.0, Style::line(Paint::Strong(self.role)));
    }
}

/// Groups of bars, each with a label: `(label, bars)`.
#[derive(Clone, Debug)]
pub struct Bars {
    groups: Vec<(Words, Vec<Bar>)>,
    largest: f64,
    thickness: f64,
    gap: f64,
}

/// Where bars were drawn.
#[derive(Clone, Debug)]
pub struct PlacedBars {
    /// The bars of each group.
    pub bars: Vec<Vec<Rect>>,
    /// Around the place for bars of full length.
    pub field: Rect,
}

impl Bars {
    /// One bar for each label.
    pub fn new<W: Into<Words>>(bars: impl IntoIterator<Item = (W, Bar)>) -> Self {
        Self::groups(bars.into_iter().map(|(label, bar)| (label, vec![bar])))
    }

    /// Several bars for each label.
    pub fn groups<W: Into<Words>>(groups: impl IntoIterator<Item = (W, Vec<Bar>)>) -> Self {
        let groups: Vec<_> = groups.into_iter().map(|(label, bars)| (label.into(), bars)).collect();
        let values = groups.iter().flat_map(|(_, bars)| bars).map(|bar| bar.value);
        let largest = values.fold(f64::MIN_POSITIVE, f64::max);
        Self { groups, largest, thickness: 22.0, gap: 14.0 }
    }

    /// The value of a bar of full length; unless said that of the longest here.
    pub fn largest(mut self, largest: f64) -> Self {
        self.largest = largest;
        self
    }

    /// The thickness of a bar, and the space between two groups.
    pub fn thickness(mut self, thickness: f64, gap: f64) -> Self {
        (self.thickness, self.gap) = (thickness, gap);
        self
    }

    fn group_size(&self, bars: &[Bar]) -> f64 {
        (self.thickness + 3.0) * bars.len() as f64 - 3.0
    }

    /// Draws the bars from left to right, one group below the other: labels on the left of `from`, which is the upper
    /// end of the line where the bars begin; the longest has this length.
    pub fn draw_across(self, d: &mut Drawing, from: Point, length: f64) -> PlacedBars {
        let mut y = from.y;
        let mut placed = Vec::new();
        for (label, bars) in &self.groups {
            let height = self.group_size(bars);
            Text::new(label).size_of(14.0).end().draw(d, p(from.x - 10.0, y + height / 2.0));
            let place = |(i, bar): (usize, &Bar)| {
                let y = y + (self.thickness + 3.0) * i as f64;
                rect(from.x, y, (length * bar.value / self.largest).max(0.5), self.thickness)
            };
            let places: Vec<_> = bars.iter().enumerate().map(place).collect();
            for (bar, place) in bars.iter().zip(&places) {
                bar.draw(d, *place);
                Text::new(&bar.text).size_of(14.0).start().draw(d, place.right().shift(7.0, 0.0));
            }
            placed.push(places);
            y += height + self.gap;
        }
        let field = rect(from.x, from.y, length, y - self.gap - from.y);
        let axis = [p(from.x, field.y - 6.0), p(from.x, field.y_end() + 6.0)];
        d.line(Layer::Lines, &axis, Style::line(Paint::Strong(Role::Plain)));
        PlacedBars { bars: placed, field }
    }

    /// Draws the bars from below upward, one group beside the other: labels under `from`, which is the left end of the
    /// line where the bars begin; the highest has this height.
    pub fn draw_upward(self, d: &mut Drawing, from: Point, height: f64) -> PlacedBars {
        let mut x = from.x + self.gap / 2.0;
        let mut placed = Vec::new();
        for (label, bars) in &self.groups {
            let width = self.group_size(bars);
            Text::new(label).size_of(14.0).draw_below(d, p(x + width / 2.0, from.y + 6.0));
            let place = |(i, bar): (usize, &Bar)| {
                let h = (height * bar.value / self.largest).max(0.5);
                rect(x + (self.thickness + 3.0) * i as f64, from.y - h, self.thickness, h)
            };
            let places: Vec<_> = bars.iter().enumerate().map(place).collect();
            for (bar, place) in bars.iter().zip(&places) {
                bar.draw(d, *place);
                Text::new(&bar.text).size_of(SMALL_VALUE).draw_above(d, place.top().shift(0.0, -3.0));
            }
            placed.push(places);
            x += width + self.gap;
        }
        let field = rect(from.x, from.y - height, x - self.gap / 2.0 - from.x, height);
        d.line(Layer::Lines, &[from, p(field.x_end(), from.y)], Style::line(Paint::Strong(Role::Plain)));
        PlacedBars { bars: placed, field }
    }
}

/// Size of the values above upward bars.
const SMALL_VALUE: f64 = 13.0;
