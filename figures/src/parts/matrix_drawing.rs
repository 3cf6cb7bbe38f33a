//! How a [`Matrix`] is drawn.

use crate::drawing::{Drawing, Layer, Style};
use crate::geometry::{Point, Rect, rect};
use crate::lang::{Words, t};
use crate::parts::matrix::{LABEL, Marked, Matrix};
use crate::parts::numbers::{decimal, value};
use crate::parts::text::{BODY, Text};
use crate::theme::{CELL_OPACITY, Paint, Role};

/// Where a matrix was drawn.
#[derive(Clone, Debug)]
pub struct PlacedMatrix {
    /// Around the cells.
    pub grid: Rect,
    /// Around all of it, with labels and sums.
    pub bounds: Rect,
    rows: usize,
    columns: usize,
}

impl PlacedMatrix {
    /// A cell.
    pub fn cell(&self, row: usize, column: usize) -> Rect {
        self.row(row).row(self.columns, 0.0)[column]
    }

    /// The cells of a row.
    pub fn row(&self, row: usize) -> Rect {
        self.grid.column(self.rows, 0.0)[row]
    }

    /// The cells of a column.
    pub fn column(&self, column: usize) -> Rect {
        self.grid.row(self.columns, 0.0)[column]
    }
}

impl Matrix {
    /// Draws it with the left upper corner of its cells here; labels and title stand outside.
    pub fn draw(self, d: &mut Drawing, from: Point) -> PlacedMatrix {
        let (w, h) = self.grid_size();
        let grid = rect(from.x, from.y, w, h);
        let (rows, columns) = (self.cells.len(), self.cells[0].len());
        let mut placed = PlacedMatrix { grid, bounds: grid, rows, columns };
        let largest = self.largest.unwrap_or_else(|| self.largest_value());
        for row in 0..rows {
            for column in 0..columns {
                self.draw_cell(d, placed.cell(row, column), (row, column), largest);
            }
        }
        for (marked, role) in &self.highlighted {
            let frame = match *marked {
                Marked::Row(row) => placed.row(row),
                Marked::Column(column) => placed.column(column),
                Marked::Cell(row, column) => placed.cell(row, column),
            };
            d.rect(Layer::Front, frame, 4.0, Style::line(Paint::Strong(*role)).width(2.5));
        }
        let around = self.draw_labels(d, &placed);
        placed.bounds = Rect::bounds(around).union(grid);
        placed
    }

    /// Draws it with the left upper corner of all of it here.
    pub fn draw_from(self, d: &mut Drawing, corner: Point) -> PlacedMatrix {
        let from = corner.shift(self.label_width(), self.head_height());
        self.draw(d, from)
    }

    fn draw_cell(&self, d: &mut Drawing, place: Rect, at: (usize, usize), largest: f64) {
        let text = &self.cells[at.0][at.1];
        let role = self.row_roles.iter().find(|(row, _)| *row == at.0).map_or(self.role, |(_, role)| *role);
        let inside = place.grow(-1.0);
        let is_masked = self.masked.contains(&at);
        if is_masked {
            d.rect(Layer::Main, inside, 3.0, Style::fill(Paint::Soft(Role::Mask)));
            d.rect(Layer::Main, inside, 3.0, Style::fill(Paint::Hatch(Role::Mask)));
        } else if self.flat {
            d.rect(Layer::Main, inside, 3.0, Style::fill(Paint::Soft(role)));
        } else {
            let share = value(text).map_or(0.0, |value| (value.abs() / largest).min(1.0));
            let opacity = CELL_OPACITY.0 + (CELL_OPACITY.1 - CELL_OPACITY.0) * share;
            d.rect(Layer::Main, inside, 3.0, Style::fill(Paint::Strong(role)).opacity(opacity));
        }
        if !text.is_empty() {
            let look = Text::new(text).size_of(self.value_size);
            let look = if self.mono { look.mono() } else { look };
            let look = if is_masked { look.muted() } else { look };
            look.draw_in(d, place);
        }
    }

    fn draw_labels(&self, d: &mut Drawing, placed: &PlacedMatrix) -> Vec<Rect> {
        let label = |words: &Words| Text::new(words).size_of(LABEL);
        let mut around = Vec::new();
        for (row, words) in self.row_labels.iter().enumerate() {
            around.push(label(words).end().draw(d, placed.row(row).left().shift(-10.0, 0.0)));
        }
        for (column, words) in self.column_labels.iter().enumerate() {
            around.push(label(words).draw_above(d, placed.column(column).top().shift(0.0, -4.0)));
        }
        let grid = placed.grid;
        if let Some(decimals) = self.row_sums {
            let column = rect(grid.x_end() + 14.0, grid.y, self.cell.0, grid.h);
            let heading = label(&t("sum", "和")).muted();
            around.push(heading.draw_above(d, column.top().shift(0.0, -4.0)));
            for (row, place) in column.column(placed.rows, 0.0).into_iter().enumerate() {
                let text = decimal(self.row_sum(row), decimals);
                around.push(Text::new(text).size_of(self.value_size).bold().draw_in(d, place));
            }
        }
        if let Some(title) = &self.title {
            let top = around.iter().map(|rect| rect.y).fold(grid.y, f64::min);
            around.push(Text::new(title).size_of(BODY).bold().draw_above(d, grid.top().shift(0.0, top - grid.y - 6.0)));
        }
        if let Some(caption) = &self.caption {
            around.push(Text::note(caption).draw_below(d, grid.bottom().shift(0.0, 6.0)));
        }
        around.push(grid);
        around
    }

    /// The sum of the values as they are written.
    fn row_sum(&self, row: usize) -> f64 {
        let seen = |column: &usize| !self.masked.contains(&(row, *column));
        (0..self.cells[row].len()).filter(seen).filter_map(|column| value(&self.cells[row][column])).sum()
    }

    fn largest_value(&self) -> f64 {
        let values = self.cells.iter().flatten().filter_map(|text| value(text));
        values.map(f64::abs).fold(f64::MIN_POSITIVE, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_leave_out_what_is_masked() {
        let matrix = Matrix::numbers(&[[0.25f32, 0.5], [0.1, 0.2]], 2).masked(|row, column| column > row);
        assert!((matrix.row_sum(0) - 0.25).abs() < 1e-9 && (matrix.row_sum(1) - 0.3).abs() < 1e-9);
    }
}
