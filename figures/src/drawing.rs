//! A drawing: what the parts leave behind, in the order of its layers.

use crate::geometry::{Point, Rect, p};
use crate::lang::Words;
use crate::theme::{Paint, Role};

/// What lies below what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Frames and areas behind everything.
    Back,
    /// Lines.
    Lines,
    /// All else.
    Main,
    /// What must not be covered, as a frame around a row.
    Front,
}

/// How the line of a shape is broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dash {
    /// Not at all.
    #[default]
    Solid,
    /// Into dashes.
    Dashed,
    /// Into dots.
    Dotted,
    /// Into dashes and dots in turn.
    DashDotted,
}

/// Area and outline of a shape.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    pub(crate) fill: Option<Paint>,
    pub(crate) opacity: f64,
    pub(crate) stroke: Option<Paint>,
    pub(crate) width: f64,
    pub(crate) dash: Dash,
}

impl Style {
    /// An area without an outline.
    pub fn fill(paint: Paint) -> Self {
        Self { fill: Some(paint), opacity: 1.0, ..Self::default() }
    }

    /// A line of 1.5 px without an area.
    pub fn line(paint: Paint) -> Self {
        Self { stroke: Some(paint), opacity: 1.0, width: 1.5, ..Self::default() }
    }

    /// The usual look of a role: a soft area with a strong outline.
    pub fn role(role: Role) -> Self {
        Self { fill: Some(Paint::Soft(role)), ..Self::line(Paint::Strong(role)) }
    }

    /// The style with an outline of 1.5 px.
    pub fn outlined(self, paint: Paint) -> Self {
        Self { stroke: Some(paint), width: 1.5, ..self }
    }

    /// The style with an outline of this width.
    pub fn width(self, width: f64) -> Self {
        Self { width, ..self }
    }

    /// The style with a broken outline.
    pub fn dash(self, dash: Dash) -> Self {
        Self { dash, ..self }
    }

    /// The style with an area that lets this share through: 1 is opaque, 0 is invisible.
    pub fn opacity(self, opacity: f64) -> Self {
        Self { opacity, ..self }
    }
}

/// The outline of a shape.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    /// A rectangle with round corners of this radius.
    Rect(Rect, f64),
    Circle(Point, f64),
    /// SVG's path data.
    Path(String),
}

#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub form: Form,
    pub style: Style,
    pub bounds: Rect,
}

/// Where the line of a text begins, ends or has its middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Type {
    pub size: f64,
    pub bold: bool,
    pub mono: bool,
    pub paint: Paint,
    pub align: Align,
    /// From bottom to top.
    pub upward: bool,
    /// With a seam of background, so that it is readable on a line.
    pub halo: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Label {
    pub words: Words,
    pub look: Type,
    /// The middle of the block of lines in height; its start, middle or end in width.
    pub at: Point,
    /// The shape that the text must fit into.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the test that it does"))]
    pub room: Option<Rect>,
}

#[derive(Clone, Debug)]
pub(crate) enum Element {
    Shape(Shape),
    Text(Label),
}

/// The parts of a figure, as they are drawn.
#[derive(Clone, Debug, Default)]
pub struct Drawing {
    pub(crate) elements: Vec<(Layer, Element)>,
    /// Where arrows begin and end, for the test that they do so at something.
    pub(crate) arrow_ends: Vec<Point>,
    /// The lines of arrows, for the test that they cross no text.
    pub(crate) arrow_lines: Vec<(Point, Point)>,
}

impl Drawing {
    /// An empty drawing. Its size follows from what is drawn.
    pub fn new() -> Self {
        Self::default()
    }

    /// A rectangle; `radius` is that of its corners.
    pub fn rect(&mut self, layer: Layer, rect: Rect, radius: f64, style: Style) {
        self.shape(layer, Form::Rect(rect, radius), style, rect);
    }

    /// A circle.
    pub fn circle(&mut self, layer: Layer, center: Point, radius: f64, style: Style) {
        let bounds = Rect::around(center, (2.0 * radius, 2.0 * radius));
        self.shape(layer, Form::Circle(center, radius), style, bounds);
    }

    /// A line through these points.
    ///
    /// # Panics
    /// If there is no point.
    pub fn line(&mut self, layer: Layer, points: &[Point], style: Style) {
        let path: Vec<_> = points.iter().map(|point| format!("{} {}", number(point.x), number(point.y))).collect();
        let bounds = Rect::bounds(points.iter().map(|point| Rect::between(*point, *point)));
        self.path(layer, format!("M{}", path.join("L")), bounds, style);
    }

    /// A shape with SVG's path data, in coordinates written by [`number`], within `bounds`.
    pub fn path(&mut self, layer: Layer, path: String, bounds: Rect, style: Style) {
        self.shape(layer, Form::Path(path), style, bounds);
    }

    fn shape(&mut self, layer: Layer, form: Form, style: Style, bounds: Rect) {
        self.elements.push((layer, Element::Shape(Shape { form, style, bounds })));
    }

    pub(crate) fn label(&mut self, label: Label) {
        self.elements.push((Layer::Main, Element::Text(label)));
    }

    pub(crate) fn shapes(&self) -> impl Iterator<Item = &Shape> {
        self.elements.iter().filter_map(|(_, element)| match element {
            Element::Shape(shape) => Some(shape),
            Element::Text(_) => None,
        })
    }

    pub(crate) fn labels(&self) -> impl Iterator<Item = &Label> {
        self.elements.iter().filter_map(|(_, element)| match element {
            Element::Shape(_) => None,
            Element::Text(label) => Some(label),
        })
    }

    /// The smallest rectangle around everything, in both languages.
    pub fn bounds(&self) -> Rect {
        let shapes = self.shapes().map(|shape| shape.bounds.grow(shape.style.width / 2.0));
        Rect::bounds(shapes.chain(self.labels().map(Label::bounds)))
    }
}

/// A coordinate with one decimal at most.
pub fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    match text.strip_suffix(".0").unwrap_or(&text) {
        "-0" => "0".into(),
        text => text.into(),
    }
}

/// A point in path data.
pub(crate) fn point(point: Point) -> String {
    format!("{} {}", number(point.x), number(point.y))
}

/// The unit vector from one point to another.
pub(crate) fn direction(from: Point, to: Point) -> Point {
    let length = from.distance(to).max(1e-9);
    p((to.x - from.x) / length, (to.y - from.y) / length)
}
