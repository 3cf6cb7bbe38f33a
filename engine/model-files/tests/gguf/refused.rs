//! Section 3.3 of the specification, `hostile.json`: every damaged file is refused with the reason, every odd one read.

use std::collections::BTreeMap;

use model_files::gguf::{BlockType, Gguf};
use serde::Deserialize;

use crate::writer::{Writer, array, string};
use crate::{from_hex, golden_json};

#[derive(Deserialize)]
struct Case {
    name: String,
    format: String,
    hex: String,
    expect: String,
}

fn cases(expect: &str) -> Vec<(String, Vec<u8>)> {
    let all: Vec<Case> = golden_json("hostile.json");
    let wanted = all.into_iter().filter(|case| case.format == "gguf" && case.expect == expect);
    wanted.map(|case| (case.name, from_hex(&case.hex))).collect()
}

#[test]
fn odd_files_are_read() {
    let cases = cases("accept");
    assert_eq!(cases.len(), 5);
    for (name, file) in cases {
        let gguf = Gguf::parse(&file).unwrap_or_else(|reason| panic!("{name}: {reason}"));
        if name == "valid no tensors" {
            assert!(gguf.tensors().is_empty());
            continue;
        }
        let [a, b] = gguf.tensors() else { panic!("{name}: two tensors") };
        assert_eq!((a.name, a.shape(), a.block_type), ("a", &[4][..], BlockType::F32), "{name}");
        assert_eq!(a.values().unwrap(), [1.0, 2.0, 3.0, 4.0], "{name}");
        assert_eq!((b.name, b.shape(), b.block_type), ("b", &[2, 32][..], BlockType::Q8_0), "{name}");
        let row = (0..32).map(|value| value as f32);
        assert_eq!(b.values().unwrap(), row.clone().chain(row).collect::<Vec<_>>(), "{name}");
    }
}

/// What is said about each damaged file.
const REASONS: [(&str, &str); 37] = [
    ("empty", "at byte 0, 4 bytes should follow, but there are 0"),
    ("short header", "at byte 8, 8 bytes should follow, but there are 2"),
    ("magic", "it does not begin with GGUF"),
    ("big endian", "it is big-endian, which this program does not read"),
    ("version 1", "it is of version 1, which is obsolete; versions 2 and 3 are read"),
    ("version 4", "it is of version 4, but versions 2 and 3 are read"),
    ("tensor count 2^63", "9223372036854775808 tensors should follow, but only"),
    ("kv count 2^62", "4611686018427387904 entries of metadata should follow, but only"),
    // The tensor is read as an entry, and what follows is not a tensor.
    ("kv count one too many", "tensor 0 has no name"),
    ("string length 2^64-1", "18446744073709551615 bytes should follow, but there are"),
    ("key length 2^40", "1099511627776 bytes should follow, but there are"),
    ("array count 2^60", "1152921504606846976 elements of an array should follow, but only"),
    ("array of strings 2^32", "4294967296 elements of an array should follow, but only"),
    ("metadata type 13", "a value is of type 13, which does not exist"),
    ("array of arrays", "it holds an array of arrays"),
    ("tensor type 99", "its values are of type 99, which does not exist"),
    ("tensor type 4", "its values are of type 4, which the format no longer has"),
    ("five dims", "it has 5 dimensions, but must have 1 to 4"),
    ("n_dims 2^31", "it has 2147483648 dimensions, but must have 1 to 4"),
    ("dims overflow", "which is too large"),
    ("zero dim", "but no dimension can be 0"),
    ("offset beyond file", "of the data, which has"),
    ("offset wraps", "of the data, which has"),
    ("offset unaligned", "it begins at byte 4 of the data, not at a multiple of 32"),
    ("overlap", "tensors a and b overlap"),
    ("data cut", "of the data, which has"),
    ("duplicate tensor", "two tensors are named a"),
    ("duplicate key", "twice"),
    ("alignment 0", "general.alignment is 0, but must be a power of two"),
    ("alignment 24", "general.alignment is 24, but must be a power of two"),
    ("alignment 2^31", "its data would begin beyond its end, at a multiple of 2147483648"),
    ("alignment string", "general.alignment is a text, but must be a power of two"),
    ("q8_0 row 33", "its rows of 33 values are not whole blocks of Q8_0, which have 32"),
    ("q4_k row 128", "its rows of 128 values are not whole blocks of Q4_K, which have 256"),
    ("key not utf-8", "is not UTF-8"),
    ("tensor name 64 bytes", "the name of tensor 0 has 64 bytes, more than 63"),
    ("empty key", "entry 0 of the metadata has no key"),
];

#[test]
fn damaged_files_are_refused() {
    let cases = cases("refuse");
    let reasons = BTreeMap::from(REASONS);
    assert_eq!(cases.len(), reasons.len());
    for (name, file) in cases {
        let reason = Gguf::parse(&file).err().unwrap_or_else(|| panic!("{name} was read"));
        assert!(reason.contains(reasons[name.as_str()]), "{name}: {reason}");
    }
}

#[test]
fn every_shorter_file_is_refused() {
    let (_, whole) = cases("accept").into_iter().find(|(name, _)| name == "valid without end padding").unwrap();
    for length in 0..whole.len() {
        assert!(Gguf::parse(&whole[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn types_of_other_files_are_named() {
    for (id, name) in [(9, "Q8_1"), (10, "Q2_K"), (20, "IQ4_NL"), (23, "IQ4_XS"), (39, "MXFP4"), (41, "Q1_0")] {
        let file = Writer::default().tensor("t", &[256], id, &[0; 256]).file();
        assert_eq!(
            Gguf::parse(&file).unwrap_err(),
            format!(
                "tensor t: its values are of type {name}, which this program does not read; it reads F32, F16, BF16, Q4_0, \
                 Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K"
            )
        );
    }
}

#[test]
fn a_truth_value_that_is_neither() {
    let file = Writer::default().entry("b", 7, &[2]).file();
    let reason = "the value of b in the metadata: a value that is true (1) or false (0) is 2";
    assert_eq!(Gguf::parse(&file).unwrap_err(), reason);
    let file = Writer::default().entry("b", 9, &array(7, &[vec![1], vec![3]])).file();
    assert!(Gguf::parse(&file).unwrap_err().ends_with("is 3"));
}

#[test]
fn texts_in_arrays_are_checked_too() {
    let mut bad = string("ab");
    bad[9] = 0xff;
    let file = Writer::default().entry("tokens", 9, &array(8, &[string("ok"), bad])).file();
    assert!(Gguf::parse(&file).unwrap_err().ends_with("is not UTF-8"));
}
