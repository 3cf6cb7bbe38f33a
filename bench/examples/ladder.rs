//! The ladder: seconds per step while one operation after the other becomes fast. Median of five steps after one that is
//! not counted. `cargo run --release -p bench --example ladder`

use std::time::Instant;

use burn::tensor::Device;
use ch04_gpt::GptModel;
use ch05_pretrain::AdamW;
use kernels::Kernels::Fused;
use shared::Mode;
use shared::rng::TorchRng;

const STEPS: usize = 5;

/// What changes the model or the optimizer.
type Lever = fn(&mut GptModel, &mut AdamW);

fn main() {
    let levers: [(&str, Lever); 9] = [
        ("the book's formulas", |_, _| ()),
        ("+ memory is kept", |_, _| kernels::memory::keep_freed_memory()),
        ("+ linear layers", |model, _| {
            for block in &mut model.trf_blocks {
                let (att, ff) = (&mut block.att, &mut block.ff);
                let layers = [
                    &mut att.w_query,
                    &mut att.w_key,
                    &mut att.w_value,
                    &mut att.out_proj,
                    &mut ff.expand,
                    &mut ff.contract,
                ];
                for layer in layers {
                    layer.kernels = Fused;
                }
            }
            model.out_head.kernels = Fused;
        }),
        ("+ AdamW in place", |_, optimizer| optimizer.kernels = Fused),
        ("+ GELU", |model, _| model.trf_blocks.iter_mut().for_each(|block| block.ff.kernels = Fused)),
        ("+ attention", |model, _| model.trf_blocks.iter_mut().for_each(|block| block.att.kernels = Fused)),
        ("+ cross-entropy and embedding", |model, _| model.kernels = Fused),
        ("+ dropout", |model, _| {
            model.drop_emb.kernels = Fused;
            model.trf_blocks.iter_mut().for_each(|block| block.drop_shortcut.kernels = Fused);
        }),
        ("+ layer norm", |model, _| {
            for block in &mut model.trf_blocks {
                (block.norm1.kernels, block.norm2.kernels) = (Fused, Fused);
            }
            model.final_norm.kernels = Fused;
        }),
    ];
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(123);
    let config = bench::config();
    let batch = bench::batch(bench::BATCH, &config, &device);
    let mut model = bench::model(&config, &device);
    let mut optimizer = AdamW::new(0.1);
    println!("| version | seconds per step | best |\n|---|---|---|");
    for (name, pull) in levers {
        pull(&mut model, &mut optimizer);
        let mut seconds = Vec::new();
        for i in 0..=STEPS {
            let start = Instant::now();
            let loss;
            (model, loss) = bench::step(model, &mut optimizer, batch.clone(), &mut Mode::Train(&mut rng));
            assert!(loss.is_finite(), "the loss is {loss}");
            if i > 0 {
                seconds.push(start.elapsed().as_secs_f64());
            }
        }
        seconds.sort_by(f64::total_cmp);
        println!("| {name} | {:.2} | {:.2} |", seconds[STEPS / 2], seconds[0]);
    }
}
