//! Matrices.

use crate::lang::Words;
use crate::parts::numbers::decimal;
use crate::parts::text::Text;
use crate::theme::Role;

/// Size of labels, and of values unless said.
pub(super) const LABEL: f64 = 14.0;

/// Rows and columns of cells with values, the stronger the color the larger the value.
#[derive(Clone, Debug)]
pub struct Matrix {
    pub(super) cells: Vec<Vec<String>>,
    pub(super) role: Role,
    pub(super) row_roles: Vec<(usize, Role)>,
    pub(super) largest: Option<f64>,
    pub(super) flat: bool,
    pub(super) masked: Vec<(usize, usize)>,
    pub(super) row_labels: Vec<Words>,
    pub(super) column_labels: Vec<Words>,
    pub(super) row_sums: Option<usize>,
    pub(super) highlighted: Vec<(Marked, Role)>,
    pub(super) title: Option<Words>,
    pub(super) caption: Option<Words>,
    pub(super) cell: (f64, f64),
    pub(super) mono: bool,
    pub(super) value_size: f64,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Marked {
    Row(usize),
    Column(usize),
    Cell(usize, usize),
}

impl Matrix {
    /// Numbers, written with this many decimals.
    pub fn numbers<R: AsRef<[f32]>>(rows: &[R], decimals: usize) -> Self {
        let row = |row: &R| row.as_ref().iter().map(|value| decimal(f64::from(*value), decimals)).collect();
        Self::texts(rows.iter().map(row).collect())
    }

    /// Texts: where one is a number, the cell is colored by its size.
    pub fn texts(cells: Vec<Vec<String>>) -> Self {
        Self {
            cells,
            role: Role::Score,
            row_roles: vec![],
            largest: None,
            flat: false,
            masked: vec![],
            row_labels: vec![],
            column_labels: vec![],
            row_sums: None,
            highlighted: vec![],
            title: None,
            caption: None,
            cell: (56.0, 34.0),
            mono: false,
            value_size: LABEL,
        }
    }

    /// Empty cells, for a matrix of which only the shape matters.
    pub fn blank(rows: usize, columns: usize) -> Self {
        Self::texts(vec![vec![String::new(); columns]; rows]).flat().cell(26.0, 26.0)
    }

    /// What the values stand for, which gives the cells their color.
    pub fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// The values of one row stand for something else.
    pub fn row_role(mut self, row: usize, role: Role) -> Self {
        self.row_roles.push((row, role));
        self
    }

    /// The size of a value that gets the strongest color; unless said that of the largest value here.
    pub fn largest(mut self, largest: f64) -> Self {
        self.largest = Some(largest);
        self
    }

    /// All cells in the soft color, whatever their values.
    pub fn flat(mut self) -> Self {
        self.flat = true;
        self
    }

    /// Cells that must not be seen: hatched. Their text stays, in gray.
    pub fn masked(mut self, is_masked: impl Fn(usize, usize) -> bool) -> Self {
        let columns = |row: usize| (0..self.cells[row].len()).map(move |column| (row, column));
        self.masked = (0..self.cells.len()).flat_map(columns).filter(|at| is_masked(at.0, at.1)).collect();
        self
    }

    /// Labels on the left of the rows.
    pub fn row_labels<W: Into<Words>>(mut self, labels: impl IntoIterator<Item = W>) -> Self {
        self.row_labels = labels.into_iter().map(Into::into).collect();
        self
    }

    /// Labels above the columns.
    pub fn column_labels<W: Into<Words>>(mut self, labels: impl IntoIterator<Item = W>) -> Self {
        self.column_labels = labels.into_iter().map(Into::into).collect();
        self
    }

    /// With the sum of the written values at the right of each row, masked cells left out, with this many decimals.
    pub fn row_sums(mut self, decimals: usize) -> Self {
        self.row_sums = Some(decimals);
        self
    }

    /// With a frame around a row.
    pub fn mark_row(mut self, row: usize, role: Role) -> Self {
        self.highlighted.push((Marked::Row(row), role));
        self
    }

    /// With a frame around a column.
    pub fn mark_column(mut self, column: usize, role: Role) -> Self {
        self.highlighted.push((Marked::Column(column), role));
        self
    }

    /// With a frame around a cell.
    pub fn mark_cell(mut self, row: usize, column: usize, role: Role) -> Self {
        self.highlighted.push((Marked::Cell(row, column), role));
        self
    }

    /// With a title above.
    pub fn title(mut self, words: impl Into<Words>) -> Self {
        self.title = Some(words.into());
        self
    }

    /// With a remark below, for example its shape.
    pub fn caption(mut self, words: impl Into<Words>) -> Self {
        self.caption = Some(words.into());
        self
    }

    /// With cells of this size.
    pub fn cell(mut self, width: f64, height: f64) -> Self {
        self.cell = (width, height);
        self
    }

    /// Values in a font for code.
    pub fn mono(mut self) -> Self {
        self.mono = true;
        self
    }

    /// Values of this font size: 14 unless said.
    pub fn value_size(mut self, size: f64) -> Self {
        self.value_size = size;
        self
    }

    /// Width and height of the cells alone.
    pub fn grid_size(&self) -> (f64, f64) {
        (self.cell.0 * self.cells[0].len() as f64, self.cell.1 * self.cells.len() as f64)
    }

    /// How wide the labels of the rows are, with the space beside them.
    pub fn label_width(&self) -> f64 {
        let widths = self.row_labels.iter().map(|label| Text::new(label).size_of(LABEL).size().0 + 10.0);
        widths.fold(0.0, f64::max)
    }

    /// How high title and labels above the cells are.
    pub fn head_height(&self) -> f64 {
        let labels = self.column_labels.iter().map(|label| Text::new(label).size_of(LABEL).size().1 + 4.0);
        labels.fold(0.0, f64::max) + self.title.as_ref().map_or(0.0, |title| Text::new(title).size().1 + 6.0)
    }
}
