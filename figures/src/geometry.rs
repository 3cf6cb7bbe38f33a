//! Points and rectangles, and how one stands beside the other. Units are pixels; y grows downward.

/// A point of a drawing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// From left to right.
    pub x: f64,
    /// From top to bottom.
    pub y: f64,
}

/// A point.
pub const fn p(x: f64, y: f64) -> Point {
    Point { x, y }
}

impl Point {
    /// The point moved by this much.
    pub const fn shift(self, dx: f64, dy: f64) -> Self {
        p(self.x + dx, self.y + dy)
    }

    /// The distance to another point.
    pub fn distance(self, other: Self) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// The point at this share of the way to another one.
    pub fn toward(self, other: Self, share: f64) -> Self {
        self.shift((other.x - self.x) * share, (other.y - self.y) * share)
    }
}

/// A rectangle: its left upper corner and its size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    /// The left edge.
    pub x: f64,
    /// The upper edge.
    pub y: f64,
    /// The width.
    pub w: f64,
    /// The height.
    pub h: f64,
}

/// A rectangle.
pub const fn rect(x: f64, y: f64, w: f64, h: f64) -> Rect {
    Rect { x, y, w, h }
}

impl Rect {
    /// The rectangle around a point.
    pub const fn around(center: Point, (w, h): (f64, f64)) -> Self {
        rect(center.x - w / 2.0, center.y - h / 2.0, w, h)
    }

    /// The rectangle between two opposite corners.
    pub fn between(a: Point, b: Point) -> Self {
        rect(a.x.min(b.x), a.y.min(b.y), (a.x - b.x).abs(), (a.y - b.y).abs())
    }

    /// The smallest rectangle around all of these.
    ///
    /// # Panics
    /// If there is none.
    pub fn bounds(rects: impl IntoIterator<Item = Self>) -> Self {
        rects.into_iter().reduce(Self::union).expect("there is at least one rectangle")
    }

    /// The smallest rectangle around this one and another.
    pub fn union(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        rect(x, y, self.x_end().max(other.x_end()) - x, self.y_end().max(other.y_end()) - y)
    }

    /// The right edge.
    pub const fn x_end(&self) -> f64 {
        self.x + self.w
    }

    /// The lower edge.
    pub const fn y_end(&self) -> f64 {
        self.y + self.h
    }

    /// The point at these shares of width and height: (0, 0) is the left upper corner, (1, 1) the right lower one.
    pub const fn at(&self, across: f64, down: f64) -> Point {
        p(self.x + self.w * across, self.y + self.h * down)
    }

    /// The middle.
    pub const fn center(&self) -> Point {
        self.at(0.5, 0.5)
    }

    /// The middle of the left edge.
    pub const fn left(&self) -> Point {
        self.at(0.0, 0.5)
    }

    /// The middle of the right edge.
    pub const fn right(&self) -> Point {
        self.at(1.0, 0.5)
    }

    /// The middle of the upper edge.
    pub const fn top(&self) -> Point {
        self.at(0.5, 0.0)
    }

    /// The middle of the lower edge.
    pub const fn bottom(&self) -> Point {
        self.at(0.5, 1.0)
    }

    /// The rectangle moved by this much.
    pub const fn shift(&self, dx: f64, dy: f64) -> Self {
        rect(self.x + dx, self.y + dy, self.w, self.h)
    }

    /// The rectangle grown by this much on all sides (shrunk if it is negative).
    pub const fn grow(&self, by: f64) -> Self {
        rect(self.x - by, self.y - by, self.w + 2.0 * by, self.h + 2.0 * by)
    }

    /// A rectangle of this size on the right, both middles at the same height.
    pub const fn right_of(&self, gap: f64, (w, h): (f64, f64)) -> Self {
        rect(self.x_end() + gap, self.y + (self.h - h) / 2.0, w, h)
    }

    /// A rectangle of this size on the left, both middles at the same height.
    pub const fn left_of(&self, gap: f64, (w, h): (f64, f64)) -> Self {
        rect(self.x - gap - w, self.y + (self.h - h) / 2.0, w, h)
    }

    /// A rectangle of this size below, one middle under the other.
    pub const fn below(&self, gap: f64, (w, h): (f64, f64)) -> Self {
        rect(self.x + (self.w - w) / 2.0, self.y_end() + gap, w, h)
    }

    /// A rectangle of this size above, one middle over the other.
    pub const fn above(&self, gap: f64, (w, h): (f64, f64)) -> Self {
        rect(self.x + (self.w - w) / 2.0, self.y - gap - h, w, h)
    }

    /// The rectangle cut into `n` of equal width beside each other.
    pub fn row(&self, n: usize, gap: f64) -> Vec<Self> {
        let w = (self.w - gap * (n as f64 - 1.0)) / n as f64;
        (0..n).map(|i| rect(self.x + (w + gap) * i as f64, self.y, w, self.h)).collect()
    }

    /// The rectangle cut into `n` of equal height below each other.
    pub fn column(&self, n: usize, gap: f64) -> Vec<Self> {
        let h = (self.h - gap * (n as f64 - 1.0)) / n as f64;
        (0..n).map(|i| rect(self.x, self.y + (h + gap) * i as f64, self.w, h)).collect()
    }

    /// Whether a point is in the rectangle or on its edge.
    pub fn contains(&self, point: Point) -> bool {
        (self.x..=self.x_end()).contains(&point.x) && (self.y..=self.y_end()).contains(&point.y)
    }

    /// Whether the two share more than an edge.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.x < other.x_end() && other.x < self.x_end() && self.y < other.y_end() && other.y < self.y_end()
    }
}

/// Rectangles of these sizes beside each other from a left upper corner, their middles at the same height.
pub fn row(from: Point, sizes: &[(f64, f64)], gap: f64) -> Vec<Rect> {
    let height = sizes.iter().map(|size| size.1).fold(0.0, f64::max);
    let mut x = from.x;
    let place = |(w, h): &(f64, f64)| {
        let placed = rect(x, from.y + (height - h) / 2.0, *w, *h);
        x += w + gap;
        placed
    };
    sizes.iter().map(place).collect()
}

/// Rectangles of these sizes below each other from a left upper corner, their left edges at the same place.
pub fn column(from: Point, sizes: &[(f64, f64)], gap: f64) -> Vec<Rect> {
    let mut y = from.y;
    let place = |(w, h): &(f64, f64)| {
        let placed = rect(from.x, y, *w, *h);
        y += h + gap;
        placed
    };
    sizes.iter().map(place).collect()
}
