//! Section 5.4: training goes on from a checkpoint, with the optimizer's moments and without them.
//! `cargo run -p ch05-pretrain --example 5_4_resume`

use std::ops::ControlFlow;
use std::path::Path;

use burn::tensor::Device;
use ch04_gpt::GptModel;
use ch05_pretrain::{
    AdamW, Event, Loaders, Run, load_checkpoint, newest_checkpoint, save_checkpoint, train_model_simple,
};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig, data};

fn main() -> anyhow::Result<()> {
    let device = Device::flex().autodiff();
    let text: String = data::find("lamp")?.text()?.chars().take(6000).collect();
    let config = GptConfig { context_length: 32, emb_dim: 32, n_layers: 2, ..GptConfig::preset("tiny")? };
    let training = TrainingConfig { epochs: 4, learning_rate: 2e-3, eval_freq: 100, ..TrainingConfig::book() };
    let loaders = Loaders::new(&text, config.context_length, training.batch_size)?;
    let train = |run: Run, epochs: usize| {
        let training = TrainingConfig { epochs, ..training.clone() };
        let mut losses = Vec::new();
        let run = train_model_simple(run, &loaders, &training, true, &device, |event| {
            if let Event::Step { loss, .. } = event {
                losses.push(loss.clone().into_scalar::<f32>());
            }
            anyhow::Ok(ControlFlow::Continue(()))
        })?;
        anyhow::Ok((run, losses))
    };

    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&config, &device), &mut rng);
    let (run, _) = train(Run::new(model, training.weight_decay, &rng), 3)?;
    let folder = Path::new("runs/5_4_resume");
    std::fs::create_dir_all(folder)?;
    println!("3 epochs, saved in {}", save_checkpoint(folder, &run, &config, &training, ())?.display());

    let (_, without_pause) = train(run, 4)?;
    let (_, run, _) = load_checkpoint::<()>(&newest_checkpoint(folder)?, &device)?;
    let (_, continued) = train(run.clone(), 4)?;
    let forgetful = Run { optimizer: AdamW::new(training.weight_decay), ..run };
    let (_, without_moments) = train(forgetful, 4)?;

    println!("\nThe loss of every third step of the fourth epoch:\nstep  without pause  continued  without moments");
    for step in (0..continued.len()).step_by(3) {
        let (a, b, c) = (without_pause[step], continued[step], without_moments[step]);
        println!("{step:4} {a:14.6} {b:10.6} {c:16.6}");
    }
    Ok(())
}
