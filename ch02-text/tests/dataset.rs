//! Windows and batches: sizes at the edge, error texts, what is covered and what is drawn.

use burn::tensor::{Device, s};
use ch02_text::{Batch, DataLoaderOptions, DatasetError, Gpt2Tokenizer, GptDataLoader, GptDataset, create_dataloader};
use shared::Batches;
use shared::rng::TorchRng;

fn windows(tokens: u32, max_length: usize, stride: usize) -> Result<GptDataset, DatasetError> {
    GptDataset::from_ids((0..tokens).collect(), max_length, stride)
}

fn loader(windows: GptDataset, batch_size: usize, shuffle: bool, drop_last: bool) -> GptDataLoader {
    let options = DataLoaderOptions { batch_size, shuffle, drop_last, ..Default::default() };
    GptDataLoader::new(windows, &options).unwrap()
}

/// The first id of every window in one pass.
fn starts(loader: &GptDataLoader, rng: &mut TorchRng) -> Vec<u32> {
    let device = Device::flex();
    let first = |batch: Batch| -> Vec<u32> { batch.inputs.slice(s![.., 0]).into_data().try_into_vec_as().unwrap() };
    loader.iter(rng, &device).flat_map(first).collect()
}

#[test]
fn defaults_are_the_books() {
    let options = DataLoaderOptions::default();
    assert_eq!((options.batch_size, options.max_length, options.stride), (4, 256, 128));
    assert!(options.shuffle && options.drop_last);
}

#[test]
fn a_window_needs_one_token_more_than_its_length() {
    let error = windows(4, 4, 1).unwrap_err();
    assert_eq!(error, DatasetError::TooShort { n: 4, max_length: 4 });
    assert_eq!(error.to_string(), "the text has 4 tokens, but one window of 4 needs at least 5");
    assert!(windows(0, 1, 1).is_err());
    assert!(windows(9, usize::MAX, 1).unwrap_err().to_string().starts_with("the text has 9 tokens"));

    let dataset = windows(5, 4, 1).unwrap();
    assert_eq!((dataset.num_windows(), dataset.num_tokens()), (1, 5));
    assert_eq!(dataset.get(0), (&[0, 1, 2, 3][..], &[1, 2, 3, 4][..]));
}

#[test]
fn sizes_of_zero_are_refused() {
    assert_eq!(windows(9, 0, 1).unwrap_err().to_string(), "max_length is 0, but must be at least 1");
    assert_eq!(windows(9, 1, 0).unwrap_err().to_string(), "stride is 0, but must be at least 1");
    let options = DataLoaderOptions { batch_size: 0, max_length: 2, ..Default::default() };
    let error = create_dataloader("one two three four", &options).unwrap_err();
    assert_eq!(error.to_string(), "batch_size is 0, but must be at least 1");
}

#[test]
fn the_last_window_ends_one_token_before_the_text() {
    for tokens in 2..40 {
        for max_length in 1..tokens as usize {
            for stride in 1..8 {
                let dataset = windows(tokens, max_length, stride).unwrap();
                let by_hand: Vec<usize> = (0..tokens as usize - max_length).step_by(stride).collect();
                assert_eq!(dataset.num_windows(), by_hand.len());
                let (input, target) = dataset.get(dataset.num_windows() - 1);
                assert_eq!(input[0] as usize, by_hand[by_hand.len() - 1]);
                assert!(target[max_length - 1] < tokens);
            }
        }
    }
}

#[test]
fn a_stride_of_the_length_covers_the_text_without_overlap() {
    let dataset = windows(21, 4, 4).unwrap();
    let inputs: Vec<u32> = (0..dataset.num_windows()).flat_map(|i| dataset.get(i).0).copied().collect();
    assert_eq!(inputs, (0..20).collect::<Vec<u32>>());
}

#[test]
fn a_stride_above_the_length_skips_tokens() {
    let dataset = windows(10, 2, 5).unwrap();
    assert_eq!((dataset.num_windows(), dataset.get(1).0), (2, &[5, 6][..]));
}

#[test]
#[should_panic(expected = "there is no window 3; the dataset has 3")]
fn a_window_beyond_the_last() {
    windows(13, 4, 4).unwrap().get(3);
}

#[test]
fn the_end_of_text_marker_is_one_token() {
    let dataset = GptDataset::new("a<|endoftext|>b", &Gpt2Tokenizer::new(), 2, 1).unwrap();
    assert_eq!(dataset.get(0), (&[64, 50256][..], &[50256, 65][..]));
}

#[test]
fn a_last_batch_with_fewer_windows_can_stay() {
    let (device, mut rng) = (Device::flex(), TorchRng::new(1));
    let all = loader(windows(11, 1, 1).unwrap(), 4, false, false);
    let sizes: Vec<[usize; 2]> = all.iter(&mut rng, &device).map(|batch| batch.inputs.dims()).collect();
    assert_eq!(sizes, [[4, 1], [4, 1], [2, 1]]);
    assert_eq!(all.num_batches(), 3);
    assert_eq!(loader(windows(11, 1, 1).unwrap(), 4, false, true).num_batches(), 2);
    assert_eq!(loader(windows(3, 1, 1).unwrap(), 4, false, true).num_batches(), 0);
}

#[test]
fn each_pass_has_a_new_order_of_the_same_windows() {
    let mut rng = TorchRng::new(123);
    let loader = loader(windows(51, 1, 1).unwrap(), 5, true, true);
    let (mut first, mut second) = (starts(&loader, &mut rng), starts(&loader, &mut rng));
    assert_ne!(first, second);
    first.sort_unstable();
    second.sort_unstable();
    assert_eq!(first, (0..50).collect::<Vec<u32>>());
    assert_eq!(first, second);
}

/// PyTorch draws one 64-bit number for a pass without shuffling and two for one with.
#[test]
fn what_a_pass_draws() {
    for (shuffle, draws) in [(false, 1), (true, 2)] {
        let mut rng = TorchRng::new(7);
        let device = Device::flex();
        let loader = loader(windows(9, 2, 2).unwrap(), 2, shuffle, true);
        let pass = loader.iter(&mut rng, &device);
        let mut expected = TorchRng::new(7);
        (0..draws).for_each(|_| {
            expected.random_i64();
        });
        assert_eq!(rng, expected, "the numbers are drawn when the pass begins");
        assert_eq!(pass.count(), 2);
    }
}
