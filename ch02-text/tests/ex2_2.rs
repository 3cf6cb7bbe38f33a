//! The checks of exercise 2.2: of `solutions/ex2_2.rs`, or with the feature `my-solutions` of your file in
//! `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex2_2.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex2_2.rs", allow(unused))]
mod ex2_2;

use burn::tensor::{Device, Int, Tensor};

/// How the book's story begins: enough for one batch.
const STORY: &str =
    "I HAD always thought Jack Gisburn rather a cheap genius--though a good fellow enough--so it was no ";

type Rows = Vec<Vec<u32>>;

fn rows(ids: Tensor<2, Int>) -> Rows {
    let [_, tokens] = ids.dims();
    let ids: Vec<u32> = ids.into_data().try_into_vec_as().expect("ids are integers");
    ids.chunks(tokens).map(<[u32]>::to_vec).collect()
}

fn first_batch(max_length: usize, stride: usize) -> (Rows, Rows) {
    let batch = ex2_2::first_batch(STORY, max_length, stride, &Device::flex());
    let batch = batch.expect("the sizes are fine").expect("the text is long enough for a batch of 4 windows");
    (rows(batch.inputs), rows(batch.targets))
}

// 中文：长度为 2 的窗口
#[test]
fn ex2_2_windows_of_two() {
    let (inputs, targets) = first_batch(2, 2);
    let expected = [[40, 367], [2885, 1464], [1807, 3619], [402, 271]];
    assert_eq!(inputs, expected, "inputs for length 2, stride 2, batches of 4, in order");
    let expected = [[367, 2885], [1464, 1807], [3619, 402], [271, 10899]];
    assert_eq!(targets, expected, "targets are the inputs shifted by one token");
}

// 中文：长度为 8 的窗口
#[test]
fn ex2_2_windows_of_eight() {
    let (inputs, _) = first_batch(8, 2);
    let expected = [
        [40, 367, 2885, 1464, 1807, 3619, 402, 271],
        [2885, 1464, 1807, 3619, 402, 271, 10899, 2138],
        [1807, 3619, 402, 271, 10899, 2138, 257, 7026],
        [402, 271, 10899, 2138, 257, 7026, 15632, 438],
    ];
    assert_eq!(inputs, expected, "inputs for length 8, stride 2, batches of 4, in order");
}

// 中文：计算重叠
#[test]
fn ex2_2_overlap() {
    assert_eq!(ex2_2::overlap(8, 2), 6, "windows of 8 that begin 2 apart share 6 tokens");
    assert_eq!(ex2_2::overlap(2, 2), 0, "windows side by side share nothing");
    assert_eq!(ex2_2::overlap(4, 1), 3, "windows of 4 that begin 1 apart share 3 tokens");
    assert_eq!(ex2_2::overlap(2, 5), 0, "with a stride above the length tokens are skipped, and nothing is shared");
}

// 中文：算出的重叠与批次中的一致
#[test]
fn ex2_2_overlap_is_what_the_batches_show() {
    for (max_length, stride) in [(2, 2), (8, 2), (3, 1)] {
        let shared = ex2_2::overlap(max_length, stride);
        let (inputs, _) = first_batch(max_length, stride);
        let (end, start) = (&inputs[0][max_length - shared..], &inputs[1][..shared]);
        assert_eq!(end, start, "the last {shared} tokens of a window should begin the next one");
    }
}

// 中文：把错误传递给调用者
#[test]
fn ex2_2_passes_errors_on() {
    let device = Device::flex();
    assert!(ex2_2::first_batch(STORY, 2, 0, &device).is_err(), "a stride of 0 should be an error");
    let short = ex2_2::first_batch("I HAD always", 2, 2, &device).expect("one window fits");
    assert!(short.is_none(), "a text with fewer than 4 windows has no full batch");
}
