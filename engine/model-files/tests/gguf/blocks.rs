//! Section 3.2 of the specification, `dequant.json`: the values of blocks, bit for bit.

use model_files::gguf::{BlockType, Gguf};
use serde::Deserialize;

use crate::writer::Writer;
use crate::{from_hex, golden_json};

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    #[serde(rename = "type")]
    name: String,
    type_id: u32,
    block_elements: usize,
    block_bytes: usize,
    note: String,
    hex: String,
    values: Vec<f64>,
}

#[test]
fn blocks_have_the_values_of_ggml() {
    let cases = golden_json::<Golden>("dequant.json").cases;
    assert_eq!(cases.len(), 48);
    for case in cases {
        let block = BlockType::from_id(case.type_id).unwrap();
        assert_eq!(
            (block.name(), block.block_values(), block.block_bytes()),
            (case.name.as_str(), case.block_elements, case.block_bytes)
        );
        let mut values = vec![f32::NAN; case.values.len()];
        block.dequantize(&from_hex(&case.hex), &mut values);
        let bits: Vec<u32> = values.iter().map(|value| value.to_bits()).collect();
        let expected: Vec<u32> = case.values.iter().map(|value| (*value as f32).to_bits()).collect();
        assert_eq!(bits, expected, "{}, {}", case.name, case.note);
    }
}

/// The specification's checks by hand: every byte of the block is its own place, the scales are 1.
#[test]
fn blocks_that_count() {
    let counting = |bytes: u8, scales: &[usize]| -> Vec<u8> {
        let mut block: Vec<u8> = (0..bytes).collect();
        scales.iter().for_each(|&at| block[at..at + 2].copy_from_slice(&[0, 0x3c]));
        block
    };
    let mut values = [0.0; 32];
    BlockType::Q8_0.dequantize(&counting(34, &[0]), &mut values);
    assert_eq!(values.to_vec(), (2..34).map(|value| value as f32).collect::<Vec<_>>());
    BlockType::Q4_0.dequantize(&counting(18, &[0]), &mut values);
    assert_eq!((values[0], values[16]), (-6.0, -8.0));
    BlockType::Q4_1.dequantize(&counting(20, &[0, 2]), &mut values);
    assert_eq!((values[0], values[16]), (5.0, 1.0));
}

#[test]
fn a_scale_that_is_no_number_is_found() {
    for (id, bytes, values, at) in
        [(2, 18, 32, 0), (3, 20, 32, 2), (7, 24, 32, 2), (8, 34, 32, 0), (12, 144, 256, 2), (14, 210, 256, 208)]
    {
        for (bad, shown) in [([0, 0x7c], "inf"), ([0, 0xfc], "-inf"), ([1, 0x7e], "NaN")] {
            let mut blocks = vec![0; 2 * bytes];
            blocks[bytes + at..][..2].copy_from_slice(&bad);
            let file = Writer::default().tensor("t", &[2 * values], id, &blocks).file();
            let error = Gguf::parse(&file).unwrap().tensors()[0].values().unwrap_err();
            assert_eq!(error, format!("the scale of block 1 is {shown}"));
        }
    }
}
