//! The checks of exercise 7.3: of `solutions/ex7_3.rs`, or with the feature `my-solutions` of your file in `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex7_3.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex7_3.rs", allow(unused))]
mod ex7_3;

use burn::tensor::Device;
use ch07_instruct::{Entries, Entry};
use shared::Batches;
use shared::rng::TorchRng;

// 中文：计算 logits 占用的字节
#[test]
fn ex7_3_measures_the_logits() {
    assert_eq!(ex7_3::logit_bytes(8, 1024), 1_646_821_376, "rows · tokens · vocabulary · 4 bytes");
    assert_eq!(ex7_3::logit_bytes(4, 512) * 4, ex7_3::logit_bytes(8, 1024), "half the rows, half the tokens");
}

// 中文：批次足够小
#[test]
fn ex7_3_makes_small_batches() {
    let mut entries: Vec<Entry> = (0..100).map(|i| Entry::new(format!("Say {i}."), "", i.to_string())).collect();
    entries[7].output = "word ".repeat(700);
    entries[99].output = "word ".repeat(700);
    let loaders = ex7_3::alpaca_loaders(&Entries::to_json(&entries)).expect("a hundred good entries");
    assert_eq!(loaders.train.num_batches(), 21, "85 entries in full batches of 4");
    assert_eq!(loaders.validation.num_batches(), 2, "5 entries, the last batch too");
    let device = Device::flex();
    for loader in [&loaders.train, &loaders.validation] {
        let shapes: Vec<[usize; 2]> =
            loader.iter(&mut TorchRng::new(123), &device).map(|batch| batch.inputs.dims()).collect();
        assert_eq!(shapes.iter().map(|shape| shape[1]).max(), Some(512), "the long entry is cut to 512 tokens");
        assert!(shapes.iter().any(|shape| shape[1] < 60), "other batches stay short: {shapes:?}");
    }
}

// 中文：文件有问题时报错
#[test]
fn ex7_3_says_when_the_file_is_bad() {
    assert!(ex7_3::alpaca_loaders("[").is_err(), "half a JSON text");
    assert!(ex7_3::alpaca_loaders("[]").is_err(), "no entries");
}
