//! The cells of appendix D's notebook: `cargo run -p notebook --example appendix_d_notebook`

use notebook::prelude::*;

fn main() -> Result<()> {
    cell("first-step");
    // Four weights at 0, with gradients of very different sizes. How far does AdamW's first step move each?
    use burn::tensor::Gradients;
    use ch05_pretrain::AdamW;
    let device: Device = Device::flex().autodiff();
    let learning_rate: f64 = 0.1;
    let sizes: T1 = T1::from_floats([10.0, 0.5, -0.5, 0.000001], &device);
    let weights: Param<T1> = Param::from_data([0.0; 4], &device);
    let gradients: Gradients = (weights.val() * sizes).sum().backward();
    let moved: Param<T1> = AdamW::new(0.0).step(learning_rate, weights, gradients);
    print_tensor("weights after the first step", moved.val());

    cell("fresh-weights");
    // The weights of a fresh linear layer, and the first step beside them.
    use shared::init::linear;
    let width: usize = 32;
    let fresh: T2 = linear(width, width, false, &mut TorchRng::new(123), &device).weight.val();
    let mean: f64 = fresh.abs().mean().into_scalar::<f64>();
    for learning_rate in [0.001, 0.01, 0.1] {
        println!("mean weight {mean:.3}; a step of {learning_rate} is {:.2} times that", learning_rate / mean);
    }

    cell("warm-up");
    // The same increment in every step, until the peak is reached.
    fn warm_up(step: usize, warmup_steps: usize, initial: f64, peak: f64) -> f64 {
        initial + step as f64 * (peak - initial) / warmup_steps as f64
    }
    let warmup_steps: usize = 27;
    for step in [0, 1, 2, 13, 26, 27] {
        println!("step {step:2}: {:.8}", warm_up(step, warmup_steps, 0.0001, 0.01));
    }

    cell("decay");
    // Half a cosine and a straight line between the same two points.
    use std::f64::consts::PI;
    fn cosine(progress: f64, peak: f64, min: f64) -> f64 {
        min + (peak - min) * (1.0 + (PI * progress).cos()) / 2.0
    }
    fn line(progress: f64, peak: f64, min: f64) -> f64 {
        min + (peak - min) * (1.0 - progress)
    }
    let warmup_steps: usize = 27;
    let total_steps: usize = 135;
    let step: usize = 54;
    let progress: f64 = (step - warmup_steps) as f64 / (total_steps - warmup_steps) as f64;
    println!("step {step}, progress {progress:.3}");
    println!("cosine {:.8}, line {:.8}", cosine(progress, 0.01, 0.00001), line(progress, 0.01, 0.00001));

    cell("schedules");
    // The crate's schedules over the whole run.
    use appendix_train_tricks::{Decay, Schedule};
    fn rates(decay: Decay, warmup_steps: usize, total_steps: usize) -> Vec<f64> {
        let schedule = Schedule { warmup_steps, initial_lr: 0.0001, min_lr: 0.00001, decay };
        (0..total_steps).map(|step| schedule.learning_rate(step, 0.01, total_steps)).collect()
    }
    fn by_step(values: &[f64]) -> Vec<(f64, f64)> {
        values.iter().enumerate().map(|(step, value)| (step as f64, *value)).collect()
    }
    let warmup: usize = 27;
    let constant_rates: Vec<f64> = rates(Decay::Constant, warmup, total_steps);
    let cosine_rates: Vec<f64> = rates(Decay::Cosine, warmup, total_steps);
    let linear_rates: Vec<f64> = rates(Decay::Linear, warmup, total_steps);
    curves(
        "Learning rate",
        "Step",
        "Learning rate",
        &[
            ("constant", by_step(&constant_rates)),
            ("cosine", by_step(&cosine_rates)),
            ("linear", by_step(&linear_rates)),
        ],
    )?;

    cell("validate");
    // Which warm-ups does the recipe accept for 15 epochs of 9 batches?
    use appendix_train_tricks::Recipe;
    for warmup_steps in [1, 134, 135] {
        let schedule = Schedule { warmup_steps, initial_lr: 0.0001, min_lr: 0.00001, decay: Decay::Cosine };
        match (Recipe { schedule, ..Recipe::default() }).validate(0.01, 9, 15) {
            Ok(()) => println!("{warmup_steps}: accepted"),
            Err(error) => println!("{warmup_steps}: {error}"),
        }
    }

    cell("distance");
    // The sum of all rates: about how far a weight can go.
    let all_at_the_peak: f64 = 0.01 * total_steps as f64;
    for (name, rates) in [("constant", &constant_rates), ("cosine", &cosine_rates), ("linear", &linear_rates)] {
        let sum: f64 = rates.iter().sum();
        println!("{name:8} {sum:.3}, {:.0} % of {total_steps} steps at the peak", 100.0 * sum / all_at_the_peak);
    }

    cell("stable-decay");
    // Warm-up, a flat part, and a short line down at the end.
    let down: f64 = 0.2;
    let flat_until: f64 = (1.0 - down) * total_steps as f64;
    let stable_rates: Vec<f64> = (0..total_steps)
        .map(|step| match (step as f64 - flat_until) / (down * total_steps as f64) {
            progress if progress > 0.0 => line(progress, 0.01, 0.00001),
            _ => constant_rates[step],
        })
        .collect();
    println!("sum of the rates {:.3}", stable_rates.iter().sum::<f64>());
    curves(
        "Two ways down",
        "Step",
        "Learning rate",
        &[("cosine", by_step(&cosine_rates)), ("warm-up, flat, down", by_step(&stable_rates))],
    )?;

    cell("clip-matrix");
    // All gradients as one vector: its length, and the factor that shortens it to the limit.
    let limit: f64 = 1.0;
    let gradient: T2 = T2::from_floats([[1.0, 2.0], [2.0, 4.0]], &Device::flex());
    let norm: f64 = gradient.clone().square().sum().sqrt().into_scalar::<f64>();
    let factor: f64 = (limit / (norm + 0.000001)).min(1.0);
    println!("norm {norm:.2}, factor {factor:.2}");
    print_tensor("clipped", gradient * factor);

    cell("clip-function");
    // The same for the gradients of several parameters.
    fn norm_of(gradients: &[T1]) -> f64 {
        gradients.iter().map(|gradient| gradient.clone().square().sum().into_scalar::<f64>()).sum::<f64>().sqrt()
    }
    fn clip(gradients: &[T1], limit: f64) -> Vec<T1> {
        let factor = (limit / (norm_of(gradients) + 0.000001)).min(1.0);
        gradients.iter().map(|gradient| gradient.clone() * factor).collect()
    }
    let a: T1 = T1::from_floats([3.0, 0.0], &Device::flex());
    let b: T1 = T1::from_floats([4.0], &Device::flex());
    let pair: Vec<T1> = vec![a, b];
    let together: Vec<T1> = clip(&pair, 1.0);
    println!("norm {:.2}, clipped {:.2}", norm_of(&pair), norm_of(&together));
    print_tensor("a", together[0].clone());
    print_tensor("b", together[1].clone());

    cell("clip-each");
    // Each parameter by itself: what becomes of the length of all, and of the direction?
    fn cosine_of_angle(one: &[T1], other: &[T1]) -> f64 {
        let products = one.iter().zip(other).map(|(x, y)| (x.clone() * y.clone()).sum().into_scalar::<f64>());
        products.sum::<f64>() / (norm_of(one) * norm_of(other))
    }
    let each: Vec<T1> = pair.iter().flat_map(|gradient| clip(std::slice::from_ref(gradient), 1.0)).collect();
    for (name, clipped) in [("together", &together), ("each by itself", &each)] {
        let degrees = cosine_of_angle(clipped, &pair).min(1.0).acos().to_degrees();
        println!("{name:14}: norm {:.2}, turned by {degrees:.1} degrees", norm_of(clipped));
    }

    cell("small-model");
    // A GPT with one block for the embedded story, and batches of eight windows.
    use ch02_text::Gpt2Tokenizer;
    use ch02_text::bonus::train_bpe;
    use ch04_gpt::GptModel;
    use ch05_pretrain::{Loaders, split_text};
    use shared::init::torch_init;
    use shared::{Batches, GptConfig, data};
    let story: String = data::find("lamp")?.text()?.to_string();
    let tokenizer: Gpt2Tokenizer = Gpt2Tokenizer::with_vocabulary(train_bpe(split_text(&story, 0.9).0, 512))?;
    let config: GptConfig = GptConfig {
        vocab_size: 512,
        context_length: 32,
        emb_dim: 32,
        n_heads: 2,
        n_layers: 1,
        drop_rate: 0.0,
        qkv_bias: false,
    };
    let loaders: Loaders = Loaders::with_tokenizer(&story, &tokenizer, config.context_length, 8)?;
    let model: GptModel = torch_init(GptModel::new(&config, &device), &mut TorchRng::new(123));
    println!("{} parameters, {} batches in an epoch", model.num_params(), loaders.train.num_batches());

    cell("model-norm");
    // The norm of all gradients of a batch, before and after clipping, beside the largest single one.
    use appendix_train_tricks::{clip_grad_norm, find_highest_gradient, grad_norm};
    use ch05_pretrain::calc_loss_batch;
    let max_norm: f64 = 0.4;
    for batch in loaders.train.iter(&mut TorchRng::new(123), &device).take(3) {
        let mut gradients = calc_loss_batch(&model, batch, &mut Mode::Eval).backward();
        let highest = find_highest_gradient(&model, &gradients).unwrap_or(f32::NAN);
        let before: f32 = clip_grad_norm(&model, &mut gradients, max_norm).into_scalar();
        let after: f32 = grad_norm(&model, &gradients).into_scalar();
        println!("norm {before:.3}, clipped {after:.3}; largest gradient {highest:.3}");
    }

    cell("outlier");
    // AdamW's steps for one weight, in units of the learning rate.
    fn changes(gradients: &[f64], limit: f64) -> Vec<f64> {
        let (mut m, mut v) = (0.0, 0.0);
        let step = |(t, g): (i32, &f64)| {
            let g = g * (limit / (g.abs() + 0.000001)).min(1.0);
            (m, v) = (0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g);
            (m / (1.0 - 0.9f64.powi(t))) / ((v / (1.0 - 0.999f64.powi(t))).sqrt() + 0.00000001)
        };
        (1..).zip(gradients).map(step).collect()
    }
    let outlier: f64 = 25.0;
    let mut twelve: Vec<f64> = vec![0.5; 12];
    twelve[4] = outlier;
    for (step, (plain, clipped)) in changes(&twelve, f64::INFINITY).iter().zip(changes(&twelve, 1.0)).enumerate() {
        println!("step {step:2}: gradient {:4}, change {plain:7.4}, with clipping {clipped:7.4}", twelve[step]);
    }

    cell("recovery");
    // The same weight for three thousand steps: when is it back at its pace?
    let mut many: Vec<f64> = vec![0.5; 3000];
    many[4] = outlier;
    let plain_pace: Vec<f64> = changes(&many, f64::INFINITY);
    let clipped_pace: Vec<f64> = changes(&many, 1.0);
    for pace in [0.5, 0.9] {
        let slow = plain_pace.iter().rposition(|change| *change < pace).map_or(0, |step| step + 1);
        println!("at {pace} of its pace from step {slow} on");
    }
    curves(
        "After an outlier",
        "Step",
        "Step length in learning rates",
        &[("without clipping", by_step(&plain_pace)), ("with clipping", by_step(&clipped_pace))],
    )?;

    cell("constant-factor");
    // All gradients a hundred times smaller: does AdamW notice?
    let share: f64 = 0.01;
    let six: Vec<f64> = vec![0.3, -0.8, 0.5, 0.4, -0.1, 0.6];
    let shrunk: Vec<f64> = six.iter().map(|g| share * g).collect();
    println!("as they are: {:.4?}", changes(&six, f64::INFINITY));
    println!("shrunk:      {:.4?}", changes(&shrunk, f64::INFINITY));

    cell("infinite");
    // One gradient is infinite.
    let three: [f64; 3] = [0.5, f64::INFINITY, -0.25];
    let norm: f64 = three.iter().map(|g| g * g).sum::<f64>().sqrt();
    let factor: f64 = (1.0 / (norm + 0.000001)).min(1.0);
    println!("norm {norm}, factor {factor}, clipped {:?}", three.map(|g| g * factor));

    cell("train");
    // The loop: a rate for every step, and perhaps clipping between backward() and the update.
    use ch05_pretrain::evaluate_model;
    struct Run {
        losses: Vec<f64>,
        norms: Vec<f64>,
        validation: Vec<(f64, f64)>,
    }
    fn train(
        recipe: &Recipe,
        peak: f64,
        epochs: usize,
        eval_freq: usize,
        loaders: &Loaders,
        config: &GptConfig,
    ) -> Run {
        let device = Device::flex().autodiff();
        let mut rng = TorchRng::new(123);
        let mut model = torch_init(GptModel::new(config, &device), &mut rng);
        let mut optimizer = AdamW::new(0.1);
        let total_steps = loaders.train.num_batches() * epochs;
        let mut run = Run { losses: vec![], norms: vec![], validation: vec![] };
        for _ in 0..epochs {
            for batch in loaders.train.iter(&mut rng, &device) {
                let step = run.losses.len();
                let learning_rate = recipe.schedule.learning_rate(step, peak, total_steps);
                let loss = calc_loss_batch(&model, batch, &mut Mode::Train(&mut rng));
                let mut gradients = loss.backward();
                let norm = match recipe.clip {
                    Some(clip) if step >= clip.first_step => clip_grad_norm(&model, &mut gradients, clip.max_norm),
                    _ => grad_norm(&model, &gradients),
                };
                model = optimizer.step(learning_rate, model, gradients);
                run.losses.push(loss.into_scalar());
                run.norms.push(norm.into_scalar());
                if step.is_multiple_of(eval_freq) || step + 1 == total_steps {
                    let [_, validation] = evaluate_model(&model, loaders, 4, &mut rng, &device);
                    run.validation.push((step as f64, validation));
                }
            }
        }
        run
    }
    let plain_run: Run = train(&Recipe::default(), 0.03, 1, 1000, &loaders, &config);
    for step in [0, 5, 10, 15, 20, 26] {
        println!("step {step:2}: loss {:.2}, norm {:.2}", plain_run.losses[step], plain_run.norms[step]);
    }

    cell("each-alone");
    // None of the three, each alone, and all: four epochs with this peak.
    use appendix_train_tricks::Clip;
    fn recipes(peak: f64, warmup_steps: usize) -> [(&'static str, Recipe); 5] {
        let low = peak / 100.0;
        let schedule = |warmup_steps, decay| Schedule { warmup_steps, initial_lr: low, min_lr: low, decay };
        let clip = Some(Clip { max_norm: 1.0, first_step: 0 });
        let none = Recipe::default();
        [
            ("none", none.clone()),
            ("warm-up", Recipe { schedule: schedule(warmup_steps, Decay::Constant), ..none.clone() }),
            ("decay", Recipe { schedule: schedule(0, Decay::Cosine), ..none.clone() }),
            ("clipping", Recipe { clip, ..none.clone() }),
            ("all three", Recipe { schedule: schedule(warmup_steps, Decay::Cosine), clip, ..none }),
        ]
    }
    let peak: f64 = 0.1;
    let epochs: usize = 4;
    let mut runs: Vec<(&'static str, Run)> = Vec::new();
    for (name, recipe) in recipes(peak, 27 * epochs / 5) {
        let run = train(&recipe, peak, epochs, 1000, &loaders, &config);
        let last = run.validation.last().map_or(f64::NAN, |(_, loss)| *loss);
        let longest = run.norms.iter().copied().fold(0.0, f64::max);
        println!("{name:10} validation {last:.3}, longest gradient {longest:.2}");
        runs.push((name, run));
    }

    cell("losses");
    // The training losses of these runs, each the mean of nine steps.
    fn smooth(values: &[f64]) -> Vec<(f64, f64)> {
        let mean = |window: &[f64]| window.iter().sum::<f64>() / window.len() as f64;
        values.windows(9).enumerate().map(|(i, window)| (i as f64 + 4.0, mean(window))).collect()
    }
    let lines: Vec<(&'static str, Vec<(f64, f64)>)> =
        runs.iter().filter(|(name, _)| *name != "clipping").map(|(name, run)| (*name, smooth(&run.losses))).collect();
    curves("Training losses", "Step", "Loss", &lines)?;

    cell("norms");
    // How long the gradients were, before any clipping.
    let lines: Vec<(&'static str, Vec<(f64, f64)>)> =
        runs.iter().take(2).map(|(name, run)| (*name, by_step(&run.norms))).collect();
    curves("Norm of the gradients", "Step", "Norm", &lines)?;

    cell("settling");
    // A long run: validation with all three, and with the peak's rate in every step.
    let long: usize = 8;
    let all_three: Run = train(&recipes(0.03, 27 * long / 5)[4].1, 0.03, long, 9, &loaders, &config);
    let constant: Run = train(&Recipe::default(), 0.03, long, 9, &loaders, &config);
    for (name, run) in [("all three", &all_three), ("none", &constant)] {
        let lowest = run.validation.iter().map(|(_, loss)| *loss).fold(f64::INFINITY, f64::min);
        let last = run.validation.last().map_or(f64::NAN, |(_, loss)| *loss);
        println!("{name:9}: lowest {lowest:.2}, at the end {last:.2}");
    }
    curves(
        "Validation loss",
        "Step",
        "Loss",
        &[("all three", all_three.validation.clone()), ("none", constant.validation.clone())],
    )?;

    cell("clipped-steps");
    // How many steps of the long run would a limit have clipped?
    for limit in [0.2, 0.35, 0.5, 1.0] {
        let clipped = all_three.norms.iter().filter(|norm| **norm > limit).count();
        println!("limit {limit:4}: {clipped} of {} steps", all_three.norms.len());
    }

    cell("book-distance");
    // How far could the weights go in the original's two runs? Nine batches an epoch.
    let peak: f64 = 0.001;
    let schedule: Schedule = Schedule { warmup_steps: 27, initial_lr: 0.00001, min_lr: 0.00001, decay: Decay::Cosine };
    let with_tricks: f64 = (0..135).map(|step| schedule.learning_rate(step, peak, 135)).sum();
    let chapter_5: f64 = 90.0 * 0.0004;
    println!("with the tricks {with_tricks:.3}, chapter 5 {chapter_5:.3}");

    cell("shares");
    // Losses of three batches with different numbers of targets, and the loss of all in one batch.
    let batches: [(f64, f64); 3] = [(100.0, 2.0), (100.0, 3.0), (20.0, 8.0)];
    let targets: f64 = batches.iter().map(|(targets, _)| targets).sum();
    let whole: f64 = batches.iter().map(|(number, loss)| number / targets * loss).sum();
    let plain_mean: f64 = batches.iter().map(|(_, loss)| loss).sum::<f64>() / 3.0;
    println!("one batch {whole:.2}, plain mean {plain_mean:.2}");

    cell("accumulate");
    // Eight windows at once, and the same in four batches of two: the gradient of the output layer.
    use ch02_text::Batch;
    fn head_gradient(model: &GptModel, batch: Batch, share: f64) -> T2 {
        let loss = calc_loss_batch(model, batch, &mut Mode::Eval) * share;
        let gradients = loss.backward();
        model.out_head.weight.val().grad(&gradients).expect("the output layer is trained")
    }
    fn join(batches: &[Batch]) -> Batch {
        Batch {
            inputs: Tensor::cat(batches.iter().map(|batch| batch.inputs.clone()).collect(), 0),
            targets: Tensor::cat(batches.iter().map(|batch| batch.targets.clone()).collect(), 0),
        }
    }
    let pairs: Loaders = Loaders::with_tokenizer(&story, &tokenizer, config.context_length, 2)?;
    let small: Vec<Batch> = pairs.train.iter(&mut TorchRng::new(123), &device).take(4).collect();
    let at_once: T2 = head_gradient(&model, join(&small), 1.0);
    let mut sum: T2 = at_once.zeros_like();
    for batch in &small {
        sum = sum + head_gradient(&model, batch.clone(), 0.25);
    }
    let gap: f64 = (sum - at_once.clone()).abs().max().into_scalar::<f64>();
    println!("largest gradient {:.4}", at_once.abs().max().into_scalar::<f64>());
    println!("the same within a millionth: {}", gap < 0.000001);

    cell("padding");
    // In the last batch only a few targets of each window count. Shares of a quarter, and shares of the targets:
    use shared::IGNORE_INDEX;
    let counted: usize = 4;
    let mut padded: Vec<Batch> = small.clone();
    padded[3].targets = small[3].targets.clone().slice_fill(s![.., counted..], IGNORE_INDEX);
    let at_once: T2 = head_gradient(&model, join(&padded), 1.0);
    let numbers: [f64; 4] = [64.0, 64.0, 64.0, 2.0 * counted as f64];
    let total: f64 = numbers.iter().sum();
    for (name, shares) in [("a quarter each", [0.25; 4]), ("by targets", numbers.map(|n| n / total))] {
        let parts = padded.iter().zip(shares).map(|(batch, share)| head_gradient(&model, batch.clone(), share));
        let sum = parts.fold(at_once.zeros_like(), |sum, part| sum + part);
        let gap: f64 = (sum - at_once.clone()).square().sum().sqrt().into_scalar();
        let length: f64 = at_once.clone().square().sum().sqrt().into_scalar();
        println!("{name:14}: {:.1} % away from the gradient of one batch", 100.0 * gap / length);
    }

    cell("clip-order");
    // Two small batches, the second with a long gradient: clipping each, or only the mean.
    let first: T1 = T1::from_floats([0.6, 0.8], &Device::flex());
    let second: T1 = T1::from_floats([8.0, 0.0], &Device::flex());
    let mean: T1 = (first.clone() + second.clone()) / 2.0;
    let each_clipped: Vec<T1> = [first, second].iter().flat_map(|g| clip(std::slice::from_ref(g), 1.0)).collect();
    let clipped_first: T1 = (each_clipped[0].clone() + each_clipped[1].clone()) / 2.0;
    print_tensor("mean, then clipped", clip(std::slice::from_ref(&mean), 1.0).remove(0));
    print_tensor("each clipped, then the mean", clipped_first.clone());
    println!("turned by {:.1} degrees", cosine_of_angle(&[clipped_first], &[mean]).acos().to_degrees());

    Ok(())
}
