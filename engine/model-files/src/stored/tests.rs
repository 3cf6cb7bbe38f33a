use super::*;

/// A matrix of whole blocks whose scales are finite: 0x15 as a high byte is a small number.
fn blocks(kind: BlockType, rows: usize, cols: usize) -> (Vec<u8>, Vec<f32>) {
    let bytes = rows * kind.bytes_of(cols).unwrap();
    let bytes: Vec<u8> = (0..bytes).map(|at| if at % 2 == 1 { 0x15 } else { (at * 37 % 251) as u8 }).collect();
    let mut values = vec![0.0; rows * cols];
    kind.dequantize(&bytes, &mut values);
    (bytes, values)
}

/// Tiles are as wide as the largest blocks, bands are shared out to all processors, and neither fits the sizes.
#[test]
fn blocks_are_transposed_and_reordered() {
    for (kind, [rows, cols]) in [
        (BlockType::Q4_0, [8, 32]),
        (BlockType::Q8_0, [132, 160]),
        (BlockType::Q4K, [72, 512]),
        (BlockType::Q5K, [132, 768]),
        (BlockType::Q6K, [200, 512]),
    ] {
        let (bytes, values) = blocks(kind, rows, cols);
        let stored = StoredTensor { shape: vec![rows, cols], encoding: Encoding::Blocks(kind), bytes: &bytes };
        let transposed = |row: &dyn Fn(usize) -> usize| -> Vec<f32> {
            (0..cols * rows).map(|at| values[row(at % rows) * cols + at / rows]).collect()
        };
        for (form, shape, expected) in [
            (StorageForm::AsIs, [rows, cols], values.clone()),
            (StorageForm::OnePlus, [rows, cols], values.iter().map(|value| value - 1.0).collect()),
            (StorageForm::Transposed, [cols, rows], transposed(&|row| row)),
            // Two heads: rows 0, 2, 4, ... of each in the file are its first half.
            (
                StorageForm::Interleaved(rows / 2),
                [cols, rows],
                transposed(&|row| {
                    let (head, row, half) = (row / (rows / 2), row % (rows / 2), rows / 4);
                    head * (rows / 2) + if row < half { 2 * row } else { 2 * (row - half) + 1 }
                }),
            ),
        ] {
            assert_eq!(stored.check(form, &shape), Ok(()));
            assert!(stored.values(form, &shape) == expected, "{kind:?} {form:?}");
        }
    }
}

/// The example of the specification (section 3.2): with heads of width 8, the rows of the file are 0 4 1 5 2 6 3 7.
#[test]
fn interleaved_rows() {
    let in_file = [0, 4, 1, 5, 2, 6, 3, 7];
    for row in 0..16 {
        let stored = interleaved_row(row, 8);
        assert_eq!(stored / 8, row / 8);
        assert_eq!(in_file[stored % 8], row % 8);
    }
}

#[test]
fn rows_of_blocks_are_not_cut() {
    let (bytes, _) = blocks(BlockType::Q8_0, 1, 96);
    let stored = StoredTensor { shape: vec![1, 96], encoding: Encoding::Blocks(BlockType::Q8_0), bytes: &bytes };
    assert_eq!(stored.check(StorageForm::Third(1), &[1, 32]).unwrap_err(), "its rows cannot be cut");
}
