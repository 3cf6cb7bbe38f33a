//! A vector, or many, times a matrix.

use std::sync::LazyLock;

use rayon::prelude::*;

use super::BLOCK;
#[cfg(target_arch = "x86_64")]
use super::avx2::{self, avx_vnni, avx2};
#[cfg(target_arch = "x86_64")]
use super::avx512::{self, avx512_vnni};
use super::kernel::Block;
use super::portable::portable;
use super::vectors::VectorBlock;
use crate::decode::compressed::PANEL;
use crate::product::OutputPointer;

/// Panels that are read together. They lie far apart, so that memory is read in as many long streams.
pub const STREAMS: usize = 4;

/// Vectors that are multiplied with a panel at once, where few are.
pub const TILE: usize = 4;

/// What the products are computed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionSet {
    Avx512Vnni,
    AvxVnni,
    Avx2,
    Portable,
}

static BEST: LazyLock<InstructionSet> = LazyLock::new(|| InstructionSet::supported()[0]);

impl InstructionSet {
    /// Those of this processor, the best one first.
    pub fn supported() -> Vec<Self> {
        let all = [Self::Avx512Vnni, Self::AvxVnni, Self::Avx2, Self::Portable];
        all.into_iter().filter(|set| set.is_supported()).collect()
    }

    #[cfg(target_arch = "x86_64")]
    fn is_supported(self) -> bool {
        match self {
            Self::Avx512Vnni => avx512::is_supported(),
            Self::AvxVnni => avx2::is_vnni_supported(),
            Self::Avx2 => avx2::is_supported(),
            Self::Portable => true,
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn is_supported(self) -> bool {
        self == Self::Portable
    }

    /// The best one of this processor.
    pub fn best() -> Self {
        *BEST
    }

    /// The products of each vector and each column of some panels, which have as many blocks as the vectors.
    ///
    /// # Safety
    /// The processor must have the instructions.
    unsafe fn sums<B: Block, const N: usize, const T: usize>(
        self,
        panels: [&[B]; N],
        x: [&[VectorBlock]; T],
        out: &mut [[[f32; PANEL]; T]; N],
    ) {
        // SAFETY: the caller's promise.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            match self {
                Self::Avx512Vnni => return avx512_vnni(panels, x, out),
                Self::AvxVnni => return avx_vnni(panels, x, out),
                Self::Avx2 => return avx2(panels, x, out),
                Self::Portable => {}
            }
        }
        portable(panels, x, out);
    }

    /// The products of some vectors and each column of some panels, which have as many blocks as the vectors: of one vector and
    /// up to [`STREAMS`] panels, or of up to [`TILE`] vectors and one panel. A vector's sums are the same whatever is computed
    /// with them.
    ///
    /// # Panics
    /// If there are more of both.
    pub fn sums_of_panels<B: Block>(self, panels: &[&[B]], x: &[&[VectorBlock]], sums: &mut [[f32; PANEL]]) {
        assert!(self.is_supported());
        // SAFETY: the assertion before.
        unsafe {
            match (panels.len(), x.len()) {
                (1, 1) => self.some::<B, 1, 1>(panels, x, sums),
                (2, 1) => self.some::<B, 2, 1>(panels, x, sums),
                (3, 1) => self.some::<B, 3, 1>(panels, x, sums),
                (STREAMS, 1) => self.some::<B, STREAMS, 1>(panels, x, sums),
                (1, 2) => self.some::<B, 1, 2>(panels, x, sums),
                (1, 3) => self.some::<B, 1, 3>(panels, x, sums),
                (1, TILE) => self.some::<B, 1, TILE>(panels, x, sums),
                (n, t) => panic!("{n} panels with {t} vectors"),
            }
        }
    }

    /// As [`sums_of_panels`](Self::sums_of_panels), for exactly `N` panels and `T` vectors.
    ///
    /// # Safety
    /// The processor must have the instructions.
    unsafe fn some<B: Block, const N: usize, const T: usize>(
        self,
        panels: &[&[B]],
        x: &[&[VectorBlock]],
        out: &mut [[f32; PANEL]],
    ) {
        let mut sums = [[[0.0; PANEL]; T]; N];
        let (panels, x) = (std::array::from_fn(|index| panels[index]), std::array::from_fn(|index| x[index]));
        // SAFETY: the caller's promise.
        unsafe { self.sums::<B, N, T>(panels, x, &mut sums) };
        out.copy_from_slice(sums.as_flattened());
    }

    /// `x W` for many vectors. `finish` gets a panel and the products with its columns.
    ///
    /// # Shapes
    /// - `x`: `[n, rows]`; `blocks`: `[panels, blocks of rows]`; result: `[n, cols]`.
    pub fn product<B: Block>(
        self,
        x: &[f32],
        blocks: &[B],
        [rows, cols]: [usize; 2],
        finish: impl Fn(usize, &mut [f32; PANEL]) + Sync,
    ) -> Vec<f32> {
        assert!(self.is_supported());
        let per_vector = rows.div_ceil(BLOCK);
        let mut vectors = vec![VectorBlock::default(); x.len() / rows * per_vector];
        let pairs = vectors.par_chunks_mut(per_vector).zip(x.par_chunks(rows)).with_min_len(16);
        pairs.for_each(|(blocks, x)| VectorBlock::fill(x, blocks));
        let vectors: Vec<&[VectorBlock]> = vectors.chunks_exact(per_vector).collect();
        // SAFETY: the assertion before.
        unsafe {
            match self {
                // The sums of six vectors fill 24 of 32 registers, those of four vectors half of 16.
                Self::Avx512Vnni => self.tiles::<B, 6>(&vectors, blocks, cols, finish),
                _ => self.tiles::<B, 4>(&vectors, blocks, cols, finish),
            }
        }
    }

    /// As [`product`](Self::product), for `T` vectors at once. A thread computes some panels; a panel stays in the cache until
    /// it was multiplied with all vectors.
    ///
    /// # Safety
    /// The processor must have the instructions.
    unsafe fn tiles<B: Block, const T: usize>(
        self,
        vectors: &[&[VectorBlock]],
        blocks: &[B],
        cols: usize,
        finish: impl Fn(usize, &mut [f32; PANEL]) + Sync,
    ) -> Vec<f32> {
        let n = vectors.len();
        if n == 0 {
            return Vec::new();
        }
        let mut out: Vec<f32> = Vec::with_capacity(n * cols);
        let pointer = OutputPointer(out.as_mut_ptr());
        let panels = blocks.par_chunks_exact(vectors[0].len()).enumerate();
        panels.for_each(|(index, panel)| {
            let (first, pointer) = (index * PANEL, &pointer);
            let width = PANEL.min(cols - first);
            let mut sums = [[[0.0; PANEL]; T]];
            for start in (0..n).step_by(T) {
                // The last vector again where there are no more.
                let tile = std::array::from_fn(|i| vectors[(start + i).min(n - 1)]);
                // SAFETY: the caller's promise.
                unsafe { self.sums::<B, 1, T>([panel], tile, &mut sums) };
                for (row, sums) in (start..n).zip(&mut sums[0]) {
                    finish(index, sums);
                    // SAFETY: the row and the panel's columns lie within the n * cols numbers that `out` has room for, and no
                    // other thread writes to this panel's columns.
                    unsafe { pointer.0.add(row * cols + first).copy_from_nonoverlapping(sums.as_ptr(), width) };
                }
            }
        });
        // SAFETY: every row of every panel was written.
        unsafe { out.set_len(n * cols) };
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::int4::Int4Matrix;
    use super::super::int8::Int8Matrix;
    use super::super::pack::RowMajor;
    use super::*;
    use crate::testing::numbers;

    /// The products of the rounded vectors and weights in 64 bits.
    fn check<B: Block>(x: &[f32], blocks: &[B], [rows, cols]: [usize; 2], scales: &[[f32; PANEL]]) {
        let per_panel = rows.div_ceil(BLOCK);
        let finish =
            |panel: usize, sums: &mut [f32; PANEL]| sums.iter_mut().zip(&scales[panel]).for_each(|(s, f)| *s *= f);
        let products: Vec<Vec<f32>> =
            InstructionSet::supported().into_iter().map(|set| set.product(x, blocks, [rows, cols], finish)).collect();
        for (row, x) in x.chunks_exact(rows).enumerate() {
            let x = VectorBlock::blocks(x, 0);
            for col in 0..cols {
                let (mut sum, mut size) = (0.0, 0.0);
                for index in 0..rows {
                    let (block, row) = (index / BLOCK, index % BLOCK);
                    let weight = blocks[col / PANEL * per_panel + block].value(row, col % PANEL)
                        * scales[col / PANEL][col % PANEL];
                    let x = f64::from(x[block].values.as_flattened()[row]) * f64::from(x[block].scale);
                    sum += f64::from(weight) * x;
                    size += (f64::from(weight) * x).abs();
                }
                let found = f64::from(products[0][row * cols + col]);
                assert!((found - sum).abs() <= 2e-6 * size + 1e-9, "{rows} x {cols}: {found} instead of {sum}");
            }
        }
        for (found, set) in products.iter().zip(InstructionSet::supported()) {
            assert_eq!(found, &products[0], "{set:?}");
        }
        // One vector and several panels at once, or one panel and several vectors: the same bits.
        let x: Vec<Vec<VectorBlock>> = x.chunks_exact(rows).map(|x| VectorBlock::blocks(x, 0)).collect();
        let x: Vec<&[VectorBlock]> = x.iter().map(|x| &x[..]).collect();
        let panels: Vec<&[B]> = blocks.chunks_exact(per_panel).collect();
        for (set, [together, tile]) in InstructionSet::supported()
            .into_iter()
            .flat_map(|set| [[STREAMS, 1], [1, TILE], [1, 3], [1, 2]].map(|n| (set, n)))
        {
            for (index, panels) in panels.chunks(together).enumerate() {
                for (first, x) in x.chunks(tile).enumerate() {
                    let mut sums = vec![[0.0; PANEL]; panels.len() * x.len()];
                    set.sums_of_panels(panels, x, &mut sums);
                    for (i, mut sums) in sums.into_iter().enumerate() {
                        let (panel, row) = (together * index + i / x.len(), tile * first + i % x.len());
                        finish(panel, &mut sums);
                        let expected = &products[0][row * cols..][panel * PANEL..cols.min((panel + 1) * PANEL)];
                        assert_eq!(&sums[..expected.len()], expected, "{set:?}, {together} panels, {tile} vectors");
                    }
                }
            }
        }
    }

    #[test]
    fn all_instruction_sets_give_the_same_bits() {
        for (n, rows, cols) in [(1, 1, 1), (5, 7, 33), (6, 32, 64), (13, 65, 20), (7, 96, 300)] {
            let (x, weights) = (numbers(n * rows, 1), numbers(rows * cols, 2));
            let int8 = Int8Matrix::new([rows, cols], &RowMajor { values: &weights, cols });
            check(&x, &int8.blocks, [rows, cols], &int8.scales);
            let int4 = Int4Matrix::new([rows, cols], &RowMajor { values: &weights, cols });
            check(&x, &int4.blocks, [rows, cols], &vec![[1.0; PANEL]; cols.div_ceil(PANEL)]);
        }
    }

    /// No sum of AVX2's 16-bit numbers may overflow.
    #[test]
    fn the_largest_integers() {
        let signs = |i: usize| if i.is_multiple_of(3) { -1.0 } else { 1.0 };
        for alike in [false, true] {
            let sign = |i: usize| if alike { 1.0 } else { signs(i) };
            let x: Vec<f32> = (0..64).map(sign).collect();
            let weights: Vec<f32> = (0..64 * 32).map(|i| sign(i / 32 + i % 32)).collect();
            let int8 = Int8Matrix::new([64, 32], &RowMajor { values: &weights, cols: 32 });
            check(&x, &int8.blocks, [64, 32], &int8.scales);
            // The minimum is 0, so that all other integers are 15.
            let weights: Vec<f32> = (0..64 * 32).map(|i| if i / 32 % 32 == 0 { 0.0 } else { 1.0 }).collect();
            let int4 = Int4Matrix::new([64, 32], &RowMajor { values: &weights, cols: 32 });
            check(&x, &int4.blocks, [64, 32], &[[1.0; PANEL]]);
        }
    }
}
