//! Batches of messages without the columns that nothing depends on.
//!
//! Chapter 6 pads all messages to one length. Behind the causal mask no token sees what comes after it. So where the last
//! real token of a message is read, the columns that are padding in the whole batch change no result, and need not be
//! computed.

use burn::tensor::{Device, s};
use ch06_classify::dataloader::SpamBatch;
use ch06_classify::{Readout, SpamLoader};
use fast::Accelerated;
use shared::Batches;
use shared::rng::TorchRng;

/// The batches of a loader, each as long as its longest message if model and readout allow it.
#[derive(Clone, Copy, Debug)]
pub struct Cropped<'a> {
    loader: &'a SpamLoader,
    crops: bool,
}

impl<'a> Cropped<'a> {
    /// For a model whose answer is read at `readout`.
    pub fn new(loader: &'a SpamLoader, model: &impl Accelerated, readout: Readout) -> Self {
        Self { loader, crops: readout == Readout::LastReal && model.ignores_what_follows() }
    }
}

impl Batches for Cropped<'_> {
    type Batch = SpamBatch;

    fn num_batches(&self) -> usize {
        self.loader.num_batches()
    }

    fn iter<'a>(&'a self, rng: &mut TorchRng, device: &'a Device) -> Box<dyn Iterator<Item = SpamBatch> + 'a> {
        let batches = self.loader.iter(rng, device);
        if self.crops { Box::new(batches.map(crop)) } else { batches }
    }
}

fn crop(batch: SpamBatch) -> SpamBatch {
    let [_, width] = batch.inputs.dims();
    let ids = batch.inputs.to_data();
    let real = |(at, id): (usize, u32)| (id != batch.pad_token_id).then_some(at % width + 1);
    let longest = ids.iter::<u32>().enumerate().filter_map(real).max().unwrap_or(1);
    SpamBatch { inputs: batch.inputs.slice(s![.., ..longest]), ..batch }
}
