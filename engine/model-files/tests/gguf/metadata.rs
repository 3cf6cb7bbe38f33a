//! The values of the metadata.

use std::fs;

use model_files::gguf::{BlockType, Gguf, GgufFile, Value, ValueType};

use crate::golden;
use crate::writer::{Writer, array, string};

#[test]
fn values_of_every_type() {
    let file = Writer::default()
        .entry("u8", 0, &[200])
        .entry("i8", 1, &[0xfe])
        .entry("u16", 2, &[1, 2])
        .entry("i16", 3, &[0xff, 0xff])
        .entry("u32", 4, &[0xff; 4])
        .entry("i32", 5, &[0xfd, 0xff, 0xff, 0xff])
        .entry("f32", 6, &1.5_f32.to_le_bytes())
        .entry("no", 7, &[0])
        .entry("yes", 7, &[1])
        .entry("text", 8, &string("Grüße"))
        .entry("u64", 10, &[0xff; 8])
        .entry("i64", 11, &i64::MIN.to_le_bytes())
        .entry("f64", 12, &(-0.1_f64).to_le_bytes())
        .file();
    let gguf = Gguf::parse(&file).unwrap();
    for (key, value) in [
        ("u8", Value::Whole(200)),
        ("i8", Value::Whole(-2)),
        ("u16", Value::Whole(513)),
        ("i16", Value::Whole(-1)),
        ("u32", Value::Whole(u32::MAX.into())),
        ("i32", Value::Whole(-3)),
        ("f32", Value::Float(1.5)),
        ("no", Value::Bool(false)),
        ("yes", Value::Bool(true)),
        ("text", Value::String("Grüße")),
        ("u64", Value::Whole(u64::MAX.into())),
        ("i64", Value::Whole(i64::MIN.into())),
        ("f64", Value::Float(-0.1)),
    ] {
        assert_eq!(gguf.value(key), Some(value), "{key}");
    }
    assert_eq!(gguf.metadata().len(), 13);
    assert!(gguf.tensors().is_empty());
}

#[test]
fn arrays() {
    let file = Writer::default()
        .entry("texts", 9, &array(8, &[string("a"), string(""), string("Ġb")]))
        .entry("floats", 9, &array(6, &[0.5_f32, -1.0].map(|value| value.to_le_bytes().to_vec())))
        .entry("wholes", 9, &array(5, &[1_i32, -7].map(|value| value.to_le_bytes().to_vec())))
        .entry("none", 9, &array(4, &[]))
        .file();
    let gguf = Gguf::parse(&file).unwrap();
    assert_eq!(gguf.strings("texts").unwrap().unwrap(), ["a", "", "Ġb"]);
    assert_eq!(gguf.floats("floats").unwrap().unwrap(), [0.5, -1.0]);
    assert_eq!(gguf.wholes("wholes").unwrap().unwrap(), [1, -7]);
    let none = gguf.array("none").unwrap().unwrap();
    assert_eq!((none.kind(), none.len(), none.is_empty()), (ValueType::U32, 0, true));
    assert_eq!(gguf.strings("absent"), Ok(None));

    let error = gguf.strings("wholes").unwrap_err();
    assert_eq!(error, "wholes must be an array of texts, but its elements are I32");
    assert_eq!(gguf.whole("texts").unwrap_err(), "texts is an array, but must be a whole number that is not negative");
}

#[test]
fn a_value_of_another_type_is_named() {
    let file = Writer::default()
        .entry("negative", 5, &(-3_i32).to_le_bytes())
        .entry("float", 6, &0.5_f32.to_le_bytes())
        .entry("text", 8, &string("x"))
        .file();
    let gguf = Gguf::parse(&file).unwrap();
    assert_eq!(gguf.whole("negative").unwrap_err(), "negative is -3, but must be a whole number that is not negative");
    assert_eq!(gguf.string("float").unwrap_err(), "float is 0.5, but must be a text");
    assert_eq!(gguf.float("text").unwrap_err(), "text is a text, but must be a number with a fraction");
    assert_eq!(gguf.bool("float").unwrap_err(), "float is 0.5, but must be true or false");
    assert_eq!(gguf.array("text").unwrap_err(), "text is a text, but must be an array");
    assert_eq!(gguf.float("float"), Ok(Some(0.5)));
    assert_eq!(gguf.bool("absent"), Ok(None));
}

/// A file with the layout of those that llama.cpp reads: names, shapes and types of its tensors.
#[test]
fn a_mapped_file() {
    let path = golden("qwen3/qwen3-mixed.gguf");
    let file = GgufFile::open(&path).unwrap();
    let gguf = file.read().unwrap();
    assert_eq!(gguf.string("general.architecture"), Ok(Some("qwen3")));
    assert_eq!(gguf.whole("qwen3.attention.key_length"), Ok(Some(32)));
    let tensor = gguf.tensors().iter().find(|tensor| tensor.name == "blk.0.attn_q.weight").unwrap();
    assert_eq!((tensor.shape(), tensor.block_type), (&[128, 64][..], BlockType::Q5_1));
    assert_eq!(tensor.values().unwrap().len(), 128 * 64);
}

#[test]
fn a_file_that_is_not_there_or_of_another_kind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    let error = GgufFile::open(&path).err().unwrap().to_string();
    assert!(error.starts_with(&format!("cannot read {}: ", path.display())), "{error}");

    fs::write(&path, "PK\x03\x04 and so on").unwrap();
    let error = GgufFile::open(&path).unwrap().read().unwrap_err().to_string();
    assert_eq!(error, format!("{} is not a whole GGUF file: it does not begin with GGUF", path.display()));
}
