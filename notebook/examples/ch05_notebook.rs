//! The cells of chapter 5's notebook: `cargo run -p notebook --example ch05_notebook`

#![allow(clippy::approx_constant, reason = "6.28 is a logit")]

use notebook::prelude::*;

fn main() -> Result<()> {
    cell("sizes");
    // Parameters of both models, and the memory of weights, gradients and AdamW's two averages, four bytes each.
    use shared::GptConfig;
    let large: GptConfig = GptConfig { context_length: 256, ..GptConfig::preset("124M")? };
    let tiny: GptConfig = GptConfig { vocab_size: 768, ..GptConfig::preset("tiny")? };
    for (name, config) in [("large", &large), ("tiny", &tiny)] {
        let parameters = config.num_params();
        let gigabytes = (4 * 4 * parameters) as f64 / 1e9;
        println!("{name}: {} parameters, {gigabytes:.3} GB", grouped(parameters));
    }

    cell("cost");
    // What Llama 2 with 7 billion parameters took.
    let tokens: f64 = 2e12;
    let gpu_hours: f64 = 184_320.0;
    let dollars_for_eight: f64 = 30.0;
    println!("{} dollars", gpu_hours / 8.0 * dollars_for_eight);
    println!("{:.1} years on a single GPU", gpu_hours / 24.0 / 365.0);
    println!("{:.0} tokens per second on each GPU", tokens / gpu_hours / 3600.0);

    cell("ids");
    // From a text to the tensor that the model wants, and back.
    use ch02_text::Gpt2Tokenizer;
    use ch05_pretrain::{text_to_token_ids, token_ids_to_text};
    let device: Device = Device::flex();
    let gpt2: Gpt2Tokenizer = Gpt2Tokenizer::new();
    let ids: I2 = text_to_token_ids("Every effort moves you", &gpt2, &device);
    println!("{:?} {:?}", ids.dims(), ids.clone().into_data().iter::<i64>().collect::<Vec<_>>());
    println!("{:?}", token_ids_to_text(ids.clone(), &gpt2)?);

    cell("noise");
    // An untrained model, small but with GPT-2's vocabulary, continues the text.
    use ch04_gpt::{GptModel, generate_text_simple};
    use shared::init::torch_init;
    let seed: u64 = 123;
    let small: GptConfig = GptConfig::preset("tiny")?;
    let untrained: GptModel = torch_init(GptModel::new(&small, &device), &mut TorchRng::new(seed));
    let written: I2 = generate_text_simple(&untrained, ids.clone(), 10, small.context_length);
    println!("{}", token_ids_to_text(written, &gpt2)?);

    cell("targets");
    // Every token but the last asks, every token but the first is an answer. How likely is the right one?
    use burn::tensor::activation::{log_softmax, softmax};
    let sentence: I2 = text_to_token_ids("every effort moves you", &gpt2, &device);
    let inputs: I2 = sentence.clone().slice(s![.., ..-1]);
    let targets: I1 = sentence.slice(s![.., 1..]).squeeze_dim(0);
    let logits: T2 = untrained.forward(inputs, &mut Mode::Eval).squeeze_dim(0); // [tokens, vocab_size]
    let indices: I2 = targets.clone().unsqueeze_dim(1);
    let of_targets: T1 = softmax(logits.clone(), 1).gather(1, indices).squeeze_dim(1);
    for p in of_targets.clone().into_data().iter::<f64>() {
        println!("probability {p:.2e}, its logarithm {:.3}", p.ln());
    }

    cell("three-steps");
    // Logarithm, mean, minus; then the same from the logits with the book's function.
    use ch05_pretrain::{cross_entropy, perplexity};
    let loss: f64 = of_targets.clone().log().mean().neg().into_scalar();
    let from_logits: f64 = cross_entropy(logits.clone(), targets.clone()).into_scalar();
    println!("by hand {loss:.4}, cross_entropy {from_logits:.4}, perplexity {:.0}", perplexity(loss));

    cell("minus-log");
    // The loss of one prediction, and that of probabilities which you choose.
    let given: [f64; 3] = [0.5, 0.25, 0.125];
    let mean: f64 = given.iter().map(|p| -p.ln()).sum::<f64>() / given.len() as f64;
    println!("loss {mean:.3}, perplexity {:.3}", mean.exp());
    curves(
        "The loss of one prediction",
        "Probability of the right token",
        "Loss",
        &[("-ln p", (1..=200).map(|i| f64::from(i) / 200.0).map(|p| (p, -p.ln())).collect())],
    )?;

    cell("own-cross-entropy");
    // The loss in one formula, and in two steps that lose small probabilities.
    fn in_one(logits: T2, targets: I1) -> T1 {
        log_softmax(logits, 1).gather(1, targets.unsqueeze_dim(1)).mean().neg()
    }
    fn in_two(logits: T2, targets: I1) -> T1 {
        softmax(logits, 1).log().gather(1, targets.unsqueeze_dim(1)).mean().neg()
    }
    let gap: f32 = 110.0;
    let unlikely: T2 = Tensor::from_floats([[0.0, -gap]], &device);
    let second: I1 = Tensor::from_ints([1], &device);
    println!("in one formula: {}", in_one(unlikely.clone(), second.clone()).into_scalar::<f32>());
    println!("in two steps:   {}", in_two(unlikely.clone(), second.clone()).into_scalar::<f32>());

    cell("story");
    // The embedded story in two parts, and a vocabulary of its own, learned from the first.
    use ch02_text::bonus::train_bpe;
    use ch05_pretrain::{Loaders, split_text};
    use shared::{Batches, data};
    let story: String = data::find("lamp")?.text()?.into_owned();
    let vocab_size: usize = 512;
    let tokenizer: Gpt2Tokenizer = Gpt2Tokenizer::with_vocabulary(train_bpe(split_text(&story, 0.9).0, vocab_size))?;
    for share in [0.9, 0.5] {
        let (training, validation) = split_text(&story, share);
        let [training, validation] = [training, validation].map(|part| tokenizer.encode_ordinary(part).len());
        println!("{share} of the story: {training} tokens to learn from, {validation} to be measured on");
    }

    cell("windows");
    // Both parts as windows and batches.
    let context_length: usize = 64;
    let batch_size: usize = 4;
    let loaders: Loaders = Loaders::with_tokenizer(&story, &tokenizer, context_length, batch_size)?;
    for (part, loader) in [("training", &loaders.train), ("validation", &loaders.validation)] {
        let (tokens, windows) = (loader.dataset().num_tokens(), loader.dataset().num_windows());
        println!("{part}: {tokens} tokens, {windows} windows, {} batches", loader.num_batches());
    }

    cell("starting-line");
    // The losses before training, beside that of guessing.
    use ch05_pretrain::calc_loss_loader;
    fn fresh(config: &GptConfig, device: &Device) -> GptModel {
        torch_init(GptModel::new(config, device), &mut TorchRng::new(123))
    }
    let config: GptConfig =
        GptConfig { vocab_size, context_length, emb_dim: 64, n_layers: 2, ..GptConfig::preset("tiny")? };
    let start: GptModel = fresh(&config, &device);
    println!("guessing:   {:.3}", (vocab_size as f64).ln());
    println!("training:   {:.3}", calc_loss_loader(&start, &loaders.train, None, &mut TorchRng::new(123), &device));
    println!(
        "validation: {:.3}",
        calc_loss_loader(&start, &loaders.validation, None, &mut TorchRng::new(123), &device)
    );

    cell("random-opinions");
    // The output layer of the same model, made bolder or more cautious.
    let boldness: f64 = 1.0;
    let mut bold: GptModel = start.clone();
    bold.out_head.weight = bold.out_head.weight.map(|weight| weight * boldness);
    let predicted: f64 = (vocab_size as f64).ln() + boldness * boldness / 6.0;
    let measured: f64 = calc_loss_loader(&bold, &loaders.train, None, &mut TorchRng::new(123), &device);
    println!("predicted {predicted:.2}, measured {measured:.2}");

    cell("gradient");
    // What the gradient of one weight promises, and what happens when this weight alone is moved.
    use ch02_text::Batch;
    use ch05_pretrain::calc_loss_batch;
    let recording: Device = device.clone().autodiff();
    let model: GptModel = fresh(&config, &recording);
    let batch: Batch = loaders.train.iter(&mut TorchRng::new(123), &recording).next().context("no batch")?;
    let change: f64 = 0.5;
    {
        let before = calc_loss_batch(&model, batch.clone(), &mut Mode::Eval);
        let gradients = before.backward();
        let gradient = model.final_norm.scale.val().grad(&gradients).context("no gradient")?;
        let gradient: f64 = gradient.slice(0..1).into_scalar();
        let mut moved = model.clone();
        let step = Tensor::zeros([config.emb_dim], &recording).slice_fill(0..1, change);
        moved.final_norm.scale = moved.final_norm.scale.map(|scale| scale + step);
        let after: f64 = calc_loss_batch(&moved, batch.clone(), &mut Mode::Eval).into_scalar();
        println!("gradient {gradient:.4}, promised {:+.4}", gradient * change);
        println!("the loss has changed by {:+.4}", after - before.into_scalar::<f64>());
    }

    cell("descent");
    // Gradient descent from w = 0 towards the lowest point of (w - 3)², with the library's gradients.
    fn descend(learning_rate: f64, device: &Device) -> Vec<(f64, f64)> {
        let mut w: T1 = Tensor::from_floats([0.0], device).require_grad();
        let mut path = Vec::new();
        for step in 0..=12 {
            path.push((f64::from(step), w.clone().into_scalar()));
            let loss = (w.clone() - 3.0).square();
            let slope = w.grad(&loss.backward()).expect("the loss depends on w");
            w = Tensor::from_inner(w.inner() - slope * learning_rate).require_grad();
        }
        path
    }
    let rates: [f64; 3] = [0.05, 0.3, 0.95];
    let names: [String; 3] = rates.map(|rate| format!("learning rate {rate}"));
    let paths: Vec<Vec<(f64, f64)>> = rates.iter().map(|rate| descend(*rate, &recording)).collect();
    curves(
        "Twelve steps of gradient descent",
        "Step",
        "Weight",
        &[(&names[0], paths[0].clone()), (&names[1], paths[1].clone()), (&names[2], paths[2].clone())],
    )?;

    cell("one-batch");
    // Ten steps on the same batch, with three learning rates.
    use ch05_pretrain::AdamW;
    fn learn_one_batch(mut model: GptModel, batch: &Batch, learning_rate: f64) -> Vec<(f64, f64)> {
        let mut optimizer = AdamW::new(0.1);
        let mut losses = Vec::new();
        for step in 0..=10 {
            let loss = calc_loss_batch(&model, batch.clone(), &mut Mode::Eval);
            losses.push((f64::from(step), loss.clone().into_scalar()));
            model = optimizer.step(learning_rate, model, loss.backward());
        }
        losses
    }
    let fast: f64 = 0.1;
    let lines: [Vec<(f64, f64)>; 3] = [2e-4, 2e-3, fast].map(|rate| learn_one_batch(model.clone(), &batch, rate));
    curves(
        "Ten steps on one batch",
        "Step",
        "Loss",
        &[("0.0002", lines[0].clone()), ("0.002", lines[1].clone()), ("fast", lines[2].clone())],
    )?;

    cell("adamw");
    // The four formulas, for one weight that begins at 0 and gets these gradients.
    fn adamw(gradients: &[f64], learning_rate: f64, decay: f64) -> Vec<(f64, f64)> {
        let (mut w, mut m, mut v) = (0.0, 0.0, 0.0);
        let mut path = vec![(0.0, w)];
        for (t, g) in (1..).zip(gradients) {
            w *= 1.0 - learning_rate * decay;
            m = 0.9 * m + 0.1 * g;
            v = 0.999 * v + 0.001 * g * g;
            w -= learning_rate * (m / (1.0 - 0.9f64.powi(t))) / ((v / (1.0 - 0.999f64.powi(t))).sqrt() + 1e-8);
            path.push((f64::from(t), w));
        }
        path
    }

    cell("three-weights");
    // A and B differ by a factor of 100, C changes its mind at every step, D does so once.
    let turn: usize = 10;
    let a: [f64; 20] = [1.0; 20];
    let b: [f64; 20] = [0.01; 20];
    let c: Vec<f64> = [1.0, -1.0].repeat(10);
    let d: Vec<f64> = (0..20).map(|step| if step < turn { 1.0 } else { -1.0 }).collect();
    curves(
        "AdamW moves four weights",
        "Step",
        "Weight",
        &[
            ("A", adamw(&a, 0.1, 0.0)),
            ("B", adamw(&b, 0.1, 0.0)),
            ("C", adamw(&c, 0.1, 0.0)),
            ("D", adamw(&d, 0.1, 0.0)),
        ],
    )?;

    cell("loop");
    // One epoch: predict and measure, get the gradients, update. Also returns the loss of every step.
    fn one_epoch(
        mut model: GptModel,
        optimizer: &mut AdamW,
        loaders: &Loaders,
        learning_rate: f64,
        rng: &mut TorchRng,
        device: &Device,
    ) -> (GptModel, Vec<f64>) {
        let mut losses = Vec::new();
        for batch in loaders.train.iter(rng, device) {
            let loss = calc_loss_batch(&model, batch, &mut Mode::Train(rng)); // [1]
            let gradients = loss.backward();
            model = optimizer.step(learning_rate, model, gradients);
            losses.push(loss.into_scalar());
        }
        (model, losses)
    }

    cell("first-epoch");
    // The losses of the first epoch, and those on both parts after it.
    use ch05_pretrain::evaluate_model;
    let learning_rate: f64 = 6e-3;
    {
        let mut rng = TorchRng::new(123);
        let mut optimizer = AdamW::new(0.1);
        let (model, losses) =
            one_epoch(fresh(&config, &recording), &mut optimizer, &loaders, learning_rate, &mut rng, &recording);
        println!("{losses:.2?}");
        let [training, validation] = evaluate_model(&model, &loaders, 4, &mut rng, &recording);
        println!("after {} steps: training {training:.2}, validation {validation:.2}", losses.len());
    }

    cell("measuring");
    // The order of the next ten windows, after this many evaluations.
    for evaluations in 0..3 {
        let mut rng = TorchRng::new(123);
        for _ in 0..evaluations {
            evaluate_model(&start, &loaders, 1, &mut rng, &device);
        }
        println!("{evaluations} evaluations: {:?}", rng.randperm(10));
    }

    cell("tiny-run");
    // The book's loop with all that belongs to it: evaluations, and a sample after each epoch.
    use ch05_pretrain::sample::generate_sample;
    use ch05_pretrain::{Evaluation, train_model_simple};
    use shared::TrainingConfig;
    let epochs: usize = 8;
    let training: TrainingConfig =
        TrainingConfig { epochs, batch_size, learning_rate, eval_freq: 20, ..TrainingConfig::book() };
    let mut evaluations: Vec<Evaluation> = Vec::new();
    let trained: GptModel = {
        let (model, mut optimizer) = (fresh(&config, &recording), AdamW::new(training.weight_decay));
        let mut rng = TorchRng::new(123);
        let sample = |model: &GptModel| match generate_sample(model, &tokenizer, &recording, "The old clockmaker") {
            Ok(text) => println!("{}", text.split_whitespace().take(12).collect::<Vec<_>>().join(" ")),
            Err(error) => println!("no sample: {error}"),
        };
        let (model, measured) =
            train_model_simple(model, &mut optimizer, &loaders, &training, &mut rng, &recording, sample);
        evaluations.extend(measured);
        model
    };

    cell("tiny-curves");
    // Both losses of the run.
    let of_training: Vec<(f64, f64)> = evaluations.iter().map(|e| (e.step as f64, e.train_loss)).collect();
    let of_validation: Vec<(f64, f64)> = evaluations.iter().map(|e| (e.step as f64, e.val_loss)).collect();
    curves("A tiny run", "Step", "Loss", &[("training", of_training), ("validation", of_validation)])?;
    cell("by-heart");
    // A very small model, a short text, many epochs. Returns the model and its losses after each epoch.
    let pupil: GptConfig =
        GptConfig { vocab_size, context_length: 32, emb_dim: 48, n_layers: 2, ..GptConfig::preset("tiny")? };
    fn by_heart(config: &GptConfig, epochs: usize, few: &Loaders, device: &Device) -> (GptModel, Vec<Evaluation>) {
        let (mut rng, mut optimizer) = (TorchRng::new(123), AdamW::new(0.1));
        let mut model = torch_init(GptModel::new(config, device), &mut rng);
        let mut evaluations = Vec::new();
        for epoch in 1..=epochs {
            (model, _) = one_epoch(model, &mut optimizer, few, 5e-3, &mut rng, device);
            let [train_loss, val_loss] = evaluate_model(&model, few, 5, &mut rng, device);
            evaluations.push(Evaluation { epoch, step: epoch, seen: 0, train_loss, val_loss });
        }
        (model, evaluations)
    }

    cell("dropout-rates");
    // The first 4,000 characters of the story, with three dropout rates.
    let drop_rates: [f64; 3] = [0.0, 0.1, 0.3];
    let beginning: String = story.chars().take(4000).collect();
    let few: Loaders = Loaders::with_tokenizer(&beginning, &tokenizer, 32, 4)?;
    let mut pupils: Vec<GptModel> = Vec::new();
    let mut lines: Vec<Vec<(f64, f64)>> = Vec::new();
    for drop_rate in drop_rates {
        let (model, losses) = by_heart(&GptConfig { drop_rate, ..pupil.clone() }, 12, &few, &recording);
        let (last, lowest) =
            (&losses[losses.len() - 1], losses.iter().map(|e| e.val_loss).fold(f64::INFINITY, f64::min));
        print!("dropout {drop_rate}: lowest validation loss {lowest:.2}, ");
        println!("at the end {:.2}, training loss {:.2}", last.val_loss, last.train_loss);
        lines.push(losses.iter().map(|e| (e.epoch as f64, e.val_loss)).collect());
        pupils.push(model);
    }
    let names: [String; 3] = drop_rates.map(|rate| format!("dropout {rate}"));
    curves(
        "Learning by heart",
        "Epoch",
        "Validation loss",
        &[(&names[0], lines[0].clone()), (&names[1], lines[1].clone()), (&names[2], lines[2].clone())],
    )?;

    cell("copied");
    // The longest run of words in a text that stands in the story word for word.
    fn longest_copy(text: &str, story: &str) -> String {
        let words = |text: &str| text.split_whitespace().map(str::to_string).collect::<Vec<_>>();
        let (text, story) = (words(text), format!(" {} ", words(story).join(" ")));
        let in_story = |run: &[String]| story.contains(&format!(" {} ", run.join(" ")));
        let mut longest = Vec::new();
        for from in 0..text.len() {
            for to in from + longest.len() + 1..=text.len() {
                if in_story(&text[from..to]) {
                    longest = text[from..to].to_vec();
                }
            }
        }
        longest.join(" ")
    }
    let prompt: &'static str = "The town was called";
    for (drop_rate, model) in drop_rates.iter().zip(&pupils) {
        let copy = longest_copy(&generate_sample(model, &tokenizer, &recording, prompt)?, &story);
        println!("dropout {drop_rate}: {} words, \"{copy}\"", copy.split(' ').count());
    }

    cell("words");
    // Nine words and their logits; the greedy choice and one draw.
    use ch05_pretrain::generate::{choose_token, softmax_with_temperature, top_k_filter};
    const WORDS: [&str; 9] = ["closer", "every", "effort", "forward", "inches", "moves", "pizza", "toward", "you"];
    let next: T2 = Tensor::from_floats([[4.51, 0.89, -1.90, 6.75, 1.63, -1.62, -1.89, 6.28, 1.79]], &device);
    let greedy: Vec<u32> = choose_token(next.clone(), 0.0, None, &mut TorchRng::new(123))?;
    println!("greedy: {}", WORDS[greedy[0] as usize]);
    for seed in 1..=5 {
        let drawn = choose_token(next.clone(), 1.0, None, &mut TorchRng::new(seed))?;
        println!("seed {seed}: {}", WORDS[drawn[0] as usize]);
    }

    cell("own-temperature");
    // Divide by the temperature, then softmax as its formula says.
    fn with_temperature(logits: T2, temperature: f64) -> T2 {
        let exp = (logits / temperature).exp();
        exp.clone() / exp.sum_dim(1)
    }
    fn numbers(probabilities: T2) -> Vec<f64> {
        probabilities.into_data().iter().collect()
    }
    let low: f64 = 0.3;
    let high: f64 = 3.0;
    bars(
        "The next word at three temperatures",
        "Probability",
        &WORDS,
        &[
            ("low", numbers(with_temperature(next.clone(), low))),
            ("1", numbers(with_temperature(next.clone(), 1.0))),
            ("high", numbers(with_temperature(next.clone(), high))),
        ],
    );

    cell("draws");
    // How often does each word come in this many draws?
    let draws: usize = 1000;
    let temperature: f64 = 1.0;
    let probabilities: Vec<f32> = with_temperature(next.clone(), temperature).into_data().iter().collect();
    let mut counts: [usize; 9] = [0; 9];
    let mut rng: TorchRng = TorchRng::new(123);
    for _ in 0..draws {
        counts[rng.multinomial(&probabilities)] += 1;
    }
    for (i, word) in WORDS.iter().enumerate() {
        println!("{:5} x {word:8} expected {:.1}", counts[i], probabilities[i] * draws as f32);
    }

    cell("very-cold");
    // A low temperature: the formula, and the book's function, which subtracts the largest logit first.
    let cold: f64 = 0.05;
    println!("formula:  {:.3?}", numbers(with_temperature(next.clone(), cold)));
    println!("function: {:.3?}", numbers(softmax_with_temperature(next.clone(), cold)));

    cell("top-k");
    // Only the k best stay. The book's function, then a smaller one that hides the others by hand.
    let k: usize = 3;
    let kept: T2 = top_k_filter(next.clone(), k);
    println!("{:.2?}", numbers(kept.clone()));
    let order: Vec<i64> = next.clone().argsort_descending(1).into_data().iter().collect();
    let mut own: Vec<f64> = vec![f64::NEG_INFINITY; WORDS.len()];
    for place in order.iter().take(k).map(|id| *id as usize) {
        own[place] = numbers(next.clone())[place];
    }
    println!("{own:.2?}");
    println!("{:.3?}", numbers(with_temperature(kept, 1.0)));

    cell("tail");
    // Three good tokens and a long tail of bad ones: how likely is the tail?
    let tail: f64 = 50_000.0;
    let bad_logit: f64 = -6.0;
    for temperature in [0.7, 1.0, 1.5, 2.0] {
        let good: f64 = [4.51, 6.75, 6.28].iter().map(|z: &f64| (z / temperature).exp()).sum();
        let bad = tail * (bad_logit / temperature).exp();
        println!("temperature {temperature}: {:.1} %", 100.0 * bad / (good + bad));
    }

    cell("top-p");
    // As many of the best words as a share of the probability takes.
    let share: f64 = 0.9;
    for temperature in [0.3, 1.0, 5.0] {
        let all = numbers(with_temperature(next.clone(), temperature));
        let (mut sum, mut words) = (0.0, Vec::new());
        for place in order.iter().map(|id| *id as usize) {
            if sum < share {
                sum += all[place];
                words.push(WORDS[place]);
            }
        }
        println!("temperature {temperature}: {words:?} with {:.0} %", 100.0 * sum);
    }

    cell("own-generate");
    // The loop of chapter 4 with a choice in it.
    fn continue_text(
        model: &GptModel,
        mut ids: I2,
        new_tokens: usize,
        temperature: f64,
        top_k: Option<usize>,
    ) -> Result<I2> {
        let (model, device) = (model.valid(), ids.device());
        let mut rng = TorchRng::new(123);
        for _ in 0..new_tokens {
            let from = ids.dims()[1].saturating_sub(model.context_length());
            let logits = model.forward(ids.clone().slice(s![.., from..]), &mut Mode::Eval); // [1, tokens, vocab_size]
            let last: T2 = logits.slice(s![.., -1.., ..]).squeeze_dim(1); // [1, vocab_size]
            let next = choose_token(last, temperature, top_k, &mut rng)?;
            ids = Tensor::cat(vec![ids, Tensor::from_ints([[next[0] as i32]], &device)], 1);
        }
        Ok(ids)
    }

    cell("three-ways");
    // The tiny model of section 5.2 writes: greedily, drawing from all tokens, drawing from the best ones.
    let beginning_of_text: &'static str = "Every evening";
    let heat: f64 = 1.5;
    let best: usize = 5;
    for (temperature, top_k) in [(0.0, None), (heat, None), (heat, Some(best))] {
        let ids = text_to_token_ids(beginning_of_text, &tokenizer, &device);
        let text = token_ids_to_text(continue_text(&trained, ids, 24, temperature, top_k)?, &tokenizer)?;
        println!("temperature {temperature}, top-k {top_k:?}: {text:?}");
    }

    cell("stop");
    // The crate's function stops before the token that ends a text. Here the full stop plays this part.
    use ch05_pretrain::{GenerateOptions, generate};
    let end: u32 = tokenizer.encode_ordinary(".")[0];
    for eos_id in [None, Some(end)] {
        let options = GenerateOptions { eos_id, ..GenerateOptions::greedy(24, context_length) };
        let ids = text_to_token_ids(beginning_of_text, &tokenizer, &device);
        let written = generate(&trained, ids, &options, &mut TorchRng::new(123))?;
        println!("{} tokens: {:?}", written.dims()[1], token_ids_to_text(written, &tokenizer)?);
    }

    cell("weights-file");
    // Save the trained model, load it into a new one and compare what both write.
    use ch05_pretrain::{load_weights, save_weights};
    use std::path::{Path, PathBuf};
    let folder: PathBuf = std::env::temp_dir().join("llm-notebook-ch05");
    std::fs::create_dir_all(&folder)?;
    save_weights(&folder.join("model.bpk"), &trained)?;
    let loaded: GptModel = load_weights(&folder.join("model.bpk"), GptModel::new(&config, &device))?;
    println!("{} parameters, {} bytes", loaded.num_params(), folder.join("model.bpk").metadata()?.len());
    for model in [&trained, &loaded] {
        println!("{}", generate_sample(model, &tokenizer, &device, "Every evening")?);
    }

    cell("other-sizes");
    // The same file into models of other sizes: an error, or another model.
    for other in [
        GptConfig { n_layers: 3, ..config.clone() },
        GptConfig { emb_dim: 32, ..config.clone() },
        GptConfig { n_heads: 2, ..config.clone() },
    ] {
        match load_weights(&folder.join("model.bpk"), GptModel::new(&other, &device)) {
            Ok(model) => println!("no error: {}", generate_sample(&model, &tokenizer, &device, "Every evening")?),
            Err(error) => println!("error: {}", error.to_string().chars().take(90).collect::<String>()),
        }
    }

    cell("both-in-a-file");
    // Five epochs, then model and optimizer into one file.
    use ch05_pretrain::{load_model_and_optimizer, save_model_and_optimizer};
    let brief: GptConfig =
        GptConfig { vocab_size, context_length: 32, emb_dim: 48, n_layers: 1, ..GptConfig::preset("tiny")? };
    let mut run_rng: TorchRng = TorchRng::new(123);
    let mut optimizer: AdamW = AdamW::new(0.1);
    let mut brief_model: GptModel = fresh(&brief, &recording);
    for _ in 0..5 {
        (brief_model, _) = one_epoch(brief_model, &mut optimizer, &few, 5e-3, &mut run_rng, &recording);
    }
    let both: PathBuf = folder.join("model_and_optimizer.bpk");
    save_model_and_optimizer(&both, &brief_model, &optimizer)?;
    println!("{} bytes in the file, {} in the model", both.metadata()?.len(), 4 * brief_model.num_params());

    cell("three-continuations");
    // Two more epochs: without a pause, from the file, and from the weights in the file with a new optimizer.
    let mut continuations: Vec<Vec<(f64, f64)>> = Vec::new();
    for way in ["no pause", "from the file", "weights alone"] {
        let (mut model, mut optimizer) = match way {
            "no pause" => (brief_model.clone(), optimizer.clone()),
            _ => load_model_and_optimizer(&both, GptModel::new(&brief, &recording), AdamW::new(0.1))?,
        };
        if way == "weights alone" {
            optimizer = AdamW::new(0.1);
        }
        let (mut rng, mut losses) = (run_rng.clone(), Vec::new());
        for _ in 0..2 {
            let epoch: Vec<f64>;
            (model, epoch) = one_epoch(model, &mut optimizer, &few, 5e-3, &mut rng, &recording);
            losses.extend(epoch);
        }
        println!("{way}: {:.3?}", &losses[..6]);
        continuations.push((1..).map(f64::from).zip(losses).collect());
    }
    curves(
        "Two more epochs",
        "Step",
        "Training loss",
        &[("from the file", continuations[1].clone()), ("weights alone", continuations[2].clone())],
    )?;

    cell("four-sizes");
    // GPT-2's four sizes. The published models have biases for queries, keys and values, and no output layer of their own.
    let bytes_each: usize = 4;
    for name in ["124M", "355M", "774M", "1558M"] {
        let size = GptConfig { qkv_bias: true, ..GptConfig::preset(name)? };
        let stored = size.num_params() - size.vocab_size * size.emb_dim;
        println!("{name:>5}: {} numbers in the file, {:.2} GB", grouped(stored), (bytes_each * stored) as f64 / 1e9);
    }

    cell("to-openai-names");
    // A trained model under OpenAI's names, with the figure read backwards. It is the one that knows a piece by heart.
    use ch05_pretrain::gpt2::Params;
    fn as_openai(model: &GptModel) -> Params {
        let mut params = Params::new();
        params.insert("wte".into(), model.tok_emb.weight.val().into_data());
        params.insert("wpe".into(), model.pos_emb.weight.val().into_data());
        params.insert("ln_f/g".into(), model.final_norm.scale.val().into_data());
        params.insert("ln_f/b".into(), model.final_norm.shift.val().into_data());
        for (b, block) in model.trf_blocks.iter().enumerate() {
            let mut put = |name: &str, data: TensorData| params.insert(format!("h{b}/{name}"), data);
            let att = &block.att;
            let side_by_side = [&att.w_query, &att.w_key, &att.w_value].map(|layer| layer.weight.val());
            put("attn/c_attn/w", Tensor::cat(side_by_side.to_vec(), 1).into_data());
            put("attn/c_attn/b", TensorData::zeros::<f32, _>([3 * model.tok_emb.weight.dims()[1]])); // ours has none
            for (name, layer) in
                [("attn/c_proj", &att.out_proj), ("mlp/c_fc", &block.ff.expand), ("mlp/c_proj", &block.ff.contract)]
            {
                put(&format!("{name}/w"), layer.weight.val().into_data());
                put(&format!("{name}/b"), layer.bias.as_ref().expect("a layer with bias").val().into_data());
            }
            for (name, norm) in [("ln_1", &block.norm1), ("ln_2", &block.norm2)] {
                put(&format!("{name}/g"), norm.scale.val().into_data());
                put(&format!("{name}/b"), norm.shift.val().into_data());
            }
        }
        params
    }
    let original: GptModel = pupils[0].valid();
    let params: Params = as_openai(&original);
    for (name, data) in params.iter().filter(|(name, _)| !name.starts_with("h1")) {
        println!("{name:16} {:?}", data.shape().as_slice());
    }

    cell("through-a-file");
    // All numbers one after the other into a file, as OpenAI's, and back: names and shapes are kept apart.
    let numbers_file: PathBuf = folder.join("numbers.bin");
    let bytes: Vec<u8> = params.values().flat_map(|data| data.iter::<f32>()).flat_map(f32::to_le_bytes).collect();
    std::fs::write(&numbers_file, &bytes)?;
    let mut stored: Params = Params::new();
    let mut place: usize = 0;
    let read: Vec<u8> = std::fs::read(&numbers_file)?;
    for (name, data) in &params {
        let length = 4 * data.num_elements();
        let values: Vec<f32> =
            read[place..place + length].as_chunks().0.iter().map(|word| f32::from_le_bytes(*word)).collect();
        stored.insert(name.clone(), TensorData::new(values, data.shape().clone()));
        place += length;
    }
    println!("{} tensors in {} bytes, the same numbers: {}", stored.len(), read.len(), stored == params);

    cell("from-openai-names");
    // The book's function puts every tensor into its field. GPT-2 has no output layer of its own, our model has.
    use ch05_pretrain::load_weights_into_gpt;
    fn from_openai(params: &Params, config: &GptConfig, own: &GptModel) -> Result<GptModel> {
        let config = GptConfig { qkv_bias: true, ..config.clone() };
        let mut model = load_weights_into_gpt(GptModel::new(&config, &Device::flex()), params)?;
        model.out_head = own.out_head.clone();
        Ok(model)
    }
    fn loss_on_story(model: &GptModel, loaders: &Loaders) -> f64 {
        calc_loss_loader(model, &loaders.train, None, &mut TorchRng::new(123), &Device::flex())
    }
    let imported: GptModel = from_openai(&stored, &pupil, &original)?;
    println!("original {:.3}, imported {:.3}", loss_on_story(&original, &few), loss_on_story(&imported, &few));

    cell("mistakes");
    // What can go wrong without an error, and what cannot.
    fn transposed(data: &TensorData) -> TensorData {
        T2::from_data(data.clone(), &Device::flex()).transpose().into_data()
    }
    fn in_another_order(data: &TensorData) -> TensorData {
        let parts = T2::from_data(data.clone(), &Device::flex()).chunk(3, 1);
        Tensor::cat(vec![parts[1].clone(), parts[0].clone(), parts[2].clone()], 1).into_data()
    }
    let wrong_block: usize = 0;
    for (name, mistake) in [
        ("attn/c_proj/w", transposed as fn(&TensorData) -> TensorData),
        ("attn/c_attn/w", in_another_order),
        ("mlp/c_fc/w", transposed),
    ] {
        let mut wrong = stored.clone();
        let name = format!("h{wrong_block}/{name}");
        wrong.insert(name.clone(), mistake(&stored[&name]));
        match from_openai(&wrong, &pupil, &original) {
            Ok(model) => println!("{name}: no error, loss {:.3}", loss_on_story(&model, &few)),
            Err(error) => println!("{error}"),
        }
    }

    cell("known-piece");
    // The piece that we know, from the original, the imported model and one with the queries and keys exchanged.
    let mut exchanged: Params = stored.clone();
    exchanged.insert("h0/attn/c_attn/w".into(), in_another_order(&stored["h0/attn/c_attn/w"]));
    let wrong: GptModel = from_openai(&exchanged, &pupil, &original)?;
    for (name, model) in [("original", &original), ("imported", &imported), ("exchanged", &wrong)] {
        let text = generate_sample(model, &tokenizer, &device, prompt)?;
        println!("{name}: {}", text.split_whitespace().take(16).collect::<Vec<_>>().join(" "));
    }

    cell("hesitation");
    // The losses of the table as perplexities.
    for (name, training, validation) in [
        ("untrained", 10.9876, 10.9811),
        ("the story", 0.404, 6.504),
        ("small", 3.7547, 3.5596),
        ("XL", 3.3046, 3.1195),
    ] {
        println!("{name:>9}: {:8.1} {:8.1}", perplexity(training), perplexity(validation));
    }

    cell("answers");
    // Loss and perplexity of three predictions, without logarithms and with them.
    let right: [f64; 3] = [0.5, 0.25, 0.125];
    let of_text: f64 = right.iter().product();
    println!("loss {:.3}", right.iter().map(|p| -p.ln()).sum::<f64>() / 3.0);
    println!("perplexity {:.3}, once more {:.3}", of_text.powf(-1.0 / 3.0), perplexity(-of_text.ln() / 3.0));

    cell("same-as-greedy");
    // How often are 200 draws the greedy choice?
    for (temperature, top_k) in [(0.0, None), (1.0, Some(1)), (0.1, None), (0.05, None), (1.0, None)] {
        let mut rng = TorchRng::new(123);
        let mut same = 0;
        for _ in 0..200 {
            same += usize::from(choose_token(next.clone(), temperature, top_k, &mut rng)? == greedy);
        }
        println!("temperature {temperature}, top-k {top_k:?}: {same} of 200");
    }

    cell("one-weight");
    // The crate's AdamW, three steps of one weight, with what it remembers.
    let given_gradients: [f64; 3] = [2.0, -0.5, 1.0];
    let mut one: AdamW = AdamW { moments: vec![None], ..AdamW::new(0.1) };
    let mut weight: Param<T1> = Param::from_data([1.0], &recording);
    for gradient in given_gradients {
        weight = one.update(0, 0.1, weight, Tensor::from_floats([gradient as f32], &device));
        let moments = one.moments[0].clone().context("it has had a gradient")?;
        let [m, v] = [moments.first, moments.second].map(|moment| moment.into_scalar::<f64>());
        println!("m {m:.4}, v {v:.4}, weight {:.4}", weight.val().into_scalar::<f64>());
    }

    cell("correction");
    // How much longer the steps would be without the corrections.
    let beta_1: f64 = 0.9;
    let beta_2: f64 = 0.999;
    let factor: Vec<(f64, f64)> =
        (1..=200).map(|t| (f64::from(t), (1.0 - beta_1.powi(t)) / (1.0 - beta_2.powi(t)).sqrt())).collect();
    println!(
        "half of m is forgotten after {:.0} steps, of v after {:.0}",
        0.5f64.ln() / beta_1.ln(),
        0.5f64.ln() / beta_2.ln()
    );
    curves("Without the corrections", "Step", "Times longer", &[("factor", factor)])?;

    cell("two-decays");
    // A weight of 1 whose gradients tremble: decay kept out of the gradient, and decay added to it.
    fn trembling(size: f64, decay: f64, into_gradient: bool) -> f64 {
        let (mut w, mut m, mut v, learning_rate) = (1.0, 0.0, 0.0, 0.01);
        for t in 1..=1000 {
            let mut g = if t % 2 == 1 { size } else { -size };
            if into_gradient {
                g += decay * w;
            } else {
                w *= 1.0 - learning_rate * decay;
            }
            m = 0.9 * m + 0.1 * g;
            v = 0.999 * v + 0.001 * g * g;
            w -= learning_rate * (m / (1.0 - 0.9f64.powi(t))) / ((v / (1.0 - 0.999f64.powi(t))).sqrt() + 1e-8);
        }
        w
    }
    let decay: f64 = 0.1;
    for size in [0.01, 0.1, 1.0, 10.0] {
        println!("±{size}: {:.4} and {:.4}", trembling(size, decay, false), trembling(size, decay, true));
    }

    cell("valley");
    // Thirty steps into the valley (a² + 100 b²) / 2, by gradient descent and by AdamW.
    fn slope([a, b]: [f64; 2], steepness: f64) -> [f64; 2] {
        [a, steepness * b]
    }
    fn walk(steepness: f64, learning_rate: f64, optimizer: Option<AdamW>) -> Vec<(f64, f64)> {
        let mut place = [-4.0, 1.0];
        let mut optimizer = optimizer.map(|settings| AdamW { moments: vec![None], ..settings });
        let mut path = vec![(place[0], place[1])];
        for _ in 0..30 {
            let gradient = slope(place, steepness);
            place = match &mut optimizer {
                None => [place[0] - learning_rate * gradient[0], place[1] - learning_rate * gradient[1]],
                Some(adamw) => {
                    let weights = Param::from_data(place, &Device::flex());
                    let moved = adamw.update(0, learning_rate, weights, T1::from_data(gradient, &Device::flex()));
                    let moved: Vec<f64> = moved.val().into_data().iter().collect();
                    [moved[0], moved[1]]
                }
            };
            path.push((place[0], place[1]));
        }
        path
    }
    let steepness: f64 = 100.0;
    curves(
        "Thirty steps into a valley",
        "a",
        "b",
        &[
            ("gradient descent", walk(steepness, 0.018, None)),
            ("AdamW", walk(steepness, 0.2, Some(AdamW::new(0.0)))),
            ("AdamW without momentum", walk(steepness, 0.2, Some(AdamW { beta_1: 0.0, ..AdamW::new(0.0) }))),
        ],
    )?;

    cell("frozen");
    // One step of the whole model, in which the embeddings of the tokens are frozen.
    let decays: f64 = 0.1;
    {
        let mut model = model.clone();
        model.tok_emb = model.tok_emb.no_grad();
        let before = model.clone();
        let mut optimizer = AdamW::new(decays);
        let gradients = calc_loss_batch(&model, batch.clone(), &mut Mode::Eval).backward();
        let after = optimizer.step(2e-3, model, gradients);
        let largest = |old: T2, new: T2| -> f64 { (old - new).abs().max().into_scalar() };
        println!("token embeddings: {:.4}", largest(before.tok_emb.weight.val(), after.tok_emb.weight.val()));
        println!("output layer:     {:.4}", largest(before.out_head.weight.val(), after.out_head.weight.val()));
        let with = optimizer.moments.iter().filter(|moments| moments.is_some()).count();
        println!("{with} of {} parameters have moments", optimizer.moments.len());
    }

    cell("optimizer-memory");
    // What AdamW and its relatives remember of one matrix of the feed-forward network.
    let rows: usize = 768;
    let columns: usize = 3072;
    for (name, bytes) in [
        ("both averages in 32 bits", 8.0 * (rows * columns) as f64),
        ("both in 8 bits", 2.0 * (rows * columns) as f64),
        ("v by rows and columns, no m", 4.0 * (rows + columns) as f64),
    ] {
        println!("{name}: {:.3} MB", bytes / 1e6);
    }

    cell("run-state");
    // All that a run consists of between two steps.
    #[derive(Clone)]
    struct Run {
        model: GptModel,
        optimizer: AdamW,
        rng: TorchRng,
        epoch_rng: TorchRng,
        batch: usize,
    }
    fn begin_epoch(run: &mut Run, loaders: &Loaders, device: &Device) {
        run.batch = 0;
        run.epoch_rng = run.rng.clone();
        let _ = loaders.train.iter(&mut run.rng, device); // draws the order
    }
    fn go_on(mut run: Run, steps: usize, loaders: &Loaders, device: &Device) -> Run {
        for _ in 0..steps {
            let mut again = loaders.train.iter(&mut run.epoch_rng.clone(), device).skip(run.batch);
            let Some(batch) = again.next() else { break };
            let loss = calc_loss_batch(&run.model, batch, &mut Mode::Train(&mut run.rng));
            run.model = run.optimizer.step(5e-3, run.model, loss.backward());
            run.batch += 1;
            if run.batch == loaders.train.num_batches() {
                begin_epoch(&mut run, loaders, device);
            }
        }
        run
    }

    cell("power-fails");
    // A checkpoint goes into an unfinished folder, which gets its name when it is whole; then the old one is removed.
    fn save_checkpoint(folder: &Path, power_fails_after: usize) -> std::io::Result<()> {
        let (old, unfinished) = (folder.join("step-1"), folder.join("unfinished"));
        let things_to_do: [&dyn Fn() -> std::io::Result<()>; 5] = [
            &|| std::fs::create_dir_all(&unfinished),
            &|| std::fs::write(unfinished.join("weights"), "of step 2"),
            &|| std::fs::write(unfinished.join("moments"), "of step 2"),
            &|| std::fs::rename(&unfinished, folder.join("step-2")),
            &|| std::fs::remove_dir_all(&old),
        ];
        things_to_do.iter().take(power_fails_after).try_for_each(|thing| thing())
    }
    let checkpoints: PathBuf = folder.join("checkpoints");
    for power_fails_after in 0..=5 {
        if checkpoints.exists() {
            std::fs::remove_dir_all(&checkpoints)?;
        }
        std::fs::create_dir_all(checkpoints.join("step-1"))?;
        save_checkpoint(&checkpoints, power_fails_after)?;
        let mut found: Vec<String> = Vec::new();
        for entry in std::fs::read_dir(&checkpoints)? {
            found.push(entry?.file_name().to_string_lossy().into_owned());
        }
        found.sort();
        println!("the power fails after {power_fails_after} things: {found:?}");
    }

    cell("same-bytes");
    // One run of 30 steps, and one that stops after some of them, is cloned and goes on.
    use burn::module::ModuleVisitor;
    struct Values(Vec<f32>);
    impl ModuleVisitor for Values {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.extend(param.val().into_data().iter::<f32>());
        }
    }
    fn different(one: &Run, other: &Run) -> f64 {
        let [one, other] = [one, other].map(|run| {
            let mut values = Values(Vec::new());
            run.model.visit(&mut values);
            values.0
        });
        let count = one.iter().zip(&other).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
        100.0 * count as f64 / one.len() as f64 // in percent
    }
    let stop: usize = 16;
    let begun: Run = {
        let config = GptConfig { emb_dim: 16, n_layers: 1, ..pupil.clone() };
        let rng = TorchRng::new(123);
        let (model, optimizer) = (fresh(&config, &recording), AdamW::new(0.1));
        let mut run = Run { model, optimizer, epoch_rng: rng.clone(), rng, batch: 0 };
        begin_epoch(&mut run, &few, &recording);
        run
    };
    let whole: Run = go_on(begun.clone(), 30, &few, &recording);
    let paused: Run = go_on(begun.clone(), stop, &few, &recording);
    let continued: Run = go_on(paused.clone(), 30 - stop, &few, &recording);
    println!("stopped before batch {} of {}", paused.batch, few.train.num_batches());
    println!("{} % of the weights are different", different(&whole, &continued));

    cell("forgetting");
    // The same, but the run forgets something before it goes on.
    for forgotten in ["nothing", "moments", "generator", "order", "place"] {
        let mut run = paused.clone();
        match forgotten {
            "moments" => run.optimizer.moments.clear(),
            "generator" => run.rng = TorchRng::new(123),
            "order" => run.epoch_rng = TorchRng::new(5),
            "place" => run.batch = 0,
            _ => (),
        }
        let share = different(&whole, &go_on(run, 30 - stop, &few, &recording));
        println!("{forgotten}: about {:.0} % of the weights are different", 10.0 * (share / 10.0).round());
    }

    cell("last-bit");
    // Nothing is forgotten, but one weight is changed by this much. How many weights are different after each step?
    let smallest: f32 = f32::EPSILON;
    let mut changed: Run = paused.clone();
    changed.model.final_norm.scale = changed.model.final_norm.scale.map(|scale| {
        let factors = Tensor::ones([16], &device).slice_fill(0..1, 1.0 + smallest);
        Tensor::from_inner(scale.inner() * factors).require_grad()
    });
    let mut same: Run = paused.clone();
    let mut shares: Vec<(f64, f64)> = Vec::new();
    for step in 0..=60 {
        shares.push((f64::from(step), different(&same, &changed)));
        changed = go_on(changed, 1, &few, &recording);
        same = go_on(same, 1, &few, &recording);
    }
    curves("One bit spreads", "Step", "Different weights, %", &[("different", shares)])?;

    cell("order-of-sums");
    // The same numbers, added from the front, from the back and in pairs.
    fn in_pairs(numbers: &[f32]) -> f32 {
        match numbers {
            [] => 0.0,
            [one] => *one,
            _ => in_pairs(&numbers[..numbers.len() / 2]) + in_pairs(&numbers[numbers.len() / 2..]),
        }
    }
    let how_many: usize = 1000;
    let drawn: Vec<f32> = TorchRng::new(123).rand(how_many);
    println!("from the front: {}", drawn.iter().sum::<f32>());
    println!("from the back:  {}", drawn.iter().rev().sum::<f32>());
    println!("in pairs:       {}", in_pairs(&drawn));
    println!("in 64 bits:     {:.7}", drawn.iter().map(|x| f64::from(*x)).sum::<f64>());

    cell("interruptions");
    // Work that is lost per interruption, and time for saving, as a share of all time.
    let hours_between: f64 = 54.0 * 24.0 / 466.0;
    let minutes_to_save: f64 = 1.0;
    println!("an interruption every {hours_between:.1} hours");
    for minutes in [5.0, 15.0, 30.0, 60.0, 120.0] {
        let lost = minutes / 2.0 / (60.0 * hours_between);
        let saving = minutes_to_save / minutes;
        println!("saved every {minutes} minutes: {:.1} % lost, {:.1} % spent saving", 100.0 * lost, 100.0 * saving);
    }

    cell("own-safetensors");
    // A safetensors file by hand: the length of the header, the header, the numbers.
    let numbers_to_store: [f32; 4] = [1.0, 0.5, -2.0, 0.1];
    let mut header: String = r#"{"weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#.into();
    while !header.len().is_multiple_of(8) {
        header.push(' ');
    }
    let mut file: Vec<u8> = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.bytes());
    file.extend(numbers_to_store.iter().flat_map(|number| number.to_le_bytes()));
    for row in file.chunks(16) {
        let text: String = row.iter().map(|b| if (32..127).contains(b) { char::from(*b) } else { '.' }).collect();
        println!("{:47}  {text}", row.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "));
    }

    cell("read-it-again");
    // Where the numbers begin, and what they are.
    fn read_numbers(file: &[u8]) -> Result<Vec<f32>> {
        let (length, rest) = file.split_first_chunk::<8>().context("there is no length")?;
        let length = usize::try_from(u64::from_le_bytes(*length))?;
        let (header, numbers) = rest.split_at_checked(length).context("the header is cut short")?;
        let header = std::str::from_utf8(header)?;
        let (_, offsets) = header.split_once("\"data_offsets\":[").context("there are no offsets")?;
        let (offsets, _) = offsets.split_once(']').context("the offsets have no end")?;
        let (start, end) = offsets.split_once(',').context("there is a single offset")?;
        let bytes = numbers.get(start.parse()?..end.parse()?).context("the numbers are cut short")?;
        Ok(bytes.as_chunks().0.iter().map(|word| f32::from_le_bytes(*word)).collect())
    }
    println!("{:?}", read_numbers(&file)?);

    cell("number-formats");
    // One number in 16 bits: BF16 by hand, as the upper half of 32 bits, rounded; F16 from the library.
    use burn::tensor::f16;
    fn to_bf16(number: f32) -> u16 {
        let bits = number.to_bits();
        ((bits + 0x7fff + (bits >> 16 & 1)) >> 16) as u16
    }
    fn from_bf16(bits: u16) -> f32 {
        f32::from_bits(u32::from(bits) << 16)
    }
    for number in [0.1, 1.2345, 1e-6, 70_000.0, 1e30] {
        let (bf16, half) = (from_bf16(to_bf16(number)), f16::from_f32(number));
        println!("{number:e}: bits {:032b}, BF16 {bf16:e}, F16 {:e}", number.to_bits(), half.to_f32());
    }

    cell("half-the-bits");
    // The model of section 5.2 with weights in BF16: what does it cost?
    use burn::module::ModuleMapper;
    struct InBf16;
    impl ModuleMapper for InBf16 {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|tensor| {
                let rounded: Vec<f32> = tensor.to_data().iter().map(|number| from_bf16(to_bf16(number))).collect();
                Tensor::from_data(TensorData::new(rounded, tensor.dims()), &tensor.device())
            })
        }
    }
    let rounded: GptModel = trained.valid().map(&mut InBf16);
    println!("F32 {:.3}, BF16 {:.3}", loss_on_story(&trained, &loaders), loss_on_story(&rounded, &loaders));

    cell("field-names");
    // The names of the fields of a model, and those that GPT-2's files have for them.
    struct Names(Vec<String>, Vec<String>);
    impl ModuleVisitor for Names {
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.0.push(name.into());
        }
        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.0.pop();
        }
        fn visit_float<const D: usize>(&mut self, _param: &Param<Tensor<D>>) {
            self.1.push(self.0.join("."));
        }
    }
    let table: Vec<(&'static str, &'static str)> = vec![
        ("trf_blocks.", "h."),
        ("att.out_proj", "attn.c_proj"),
        ("ff.expand", "mlp.c_fc"),
        ("ff.contract", "mlp.c_proj"),
        ("norm1.scale", "ln_1.weight"),
        ("norm1.shift", "ln_1.bias"),
        ("tok_emb", "wte"),
        ("pos_emb", "wpe"),
        ("out_head.weight", "-"),
        ("att.w_query.weight", "attn.c_attn.weight, columns 0 to 48"),
    ];
    let fields: Vec<String> = {
        let mut visitor = Names(Vec::new(), Vec::new());
        original.visit(&mut visitor);
        visitor.1
    };
    for field in fields.iter().filter(|field| !field.starts_with("trf_blocks.1")) {
        let name = table.iter().fold(field.clone(), |name, (ours, theirs)| name.replace(ours, theirs));
        println!("{field:32} {name}");
    }

    cell("varint");
    // Seven bits per byte, the lowest first; the eighth bit says that more follow.
    fn write_varint(mut number: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number >= 128 {
            bytes.push((number % 128) as u8 | 128);
            number /= 128;
        }
        bytes.push(number as u8);
        bytes
    }
    fn read_varint(bytes: &[u8]) -> u64 {
        bytes.iter().rev().fold(0, |number, byte| number * 128 + u64::from(byte & 127))
    }
    for number in [0, 96, 127, 128, 384, 12_288, u64::MAX] {
        let bytes = write_varint(number);
        println!("{number}: {bytes:02x?}, back {}", read_varint(&bytes) == number);
    }

    cell("shared-beginnings");
    // Sorted names, each with the number of bytes that it shares with the one before, and the rest.
    let mut before: String = String::new();
    let mut written: usize = 0;
    for name in params.keys() {
        let shared = before.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
        if !name.starts_with("h1/") {
            println!("{shared:2} {}", &name[shared..]);
        }
        written += 1 + name.len() - shared;
        before = name.clone();
    }
    println!("{written} bytes instead of {}", params.keys().map(String::len).sum::<usize>());

    cell("damage");
    // Every byte of the file is changed, one at a time: how often is it noticed?
    fn outcome(file: &[u8], numbers: &[f32]) -> &'static str {
        match read_numbers(file) {
            Err(_) => "an error",
            Ok(read) if read == numbers => "no effect",
            Ok(_) => "other numbers, and no error",
        }
    }
    for expected in ["an error", "no effect", "other numbers, and no error"] {
        let mut places: Vec<usize> = Vec::new();
        for place in 0..file.len() {
            let mut damaged = file.clone();
            damaged[place] ^= 1;
            if outcome(&damaged, &numbers_to_store) == expected {
                places.push(place);
            }
        }
        println!("{expected}: {} of {} bytes", places.len(), file.len());
    }

    cell("blocks");
    // A weight in few bits: every block of numbers has a scale of its own, and whole numbers.
    fn in_blocks(weight: T2, bits: u32, block: usize) -> T2 {
        let (shape, device) = (weight.dims(), weight.device());
        let largest = (2i32.pow(bits - 1) - 1) as f32;
        let values: Vec<f32> = weight.into_data().iter().collect();
        let rounded: Vec<f32> = values
            .chunks(block)
            .flat_map(|block| {
                let scale = block.iter().fold(0.0f32, |most, x| most.max(x.abs())) / largest;
                block.iter().map(move |x| if scale == 0.0 { 0.0 } else { (x / scale).round() * scale })
            })
            .collect();
        Tensor::from_data(TensorData::new(rounded, shape), &device)
    }
    let block: usize = 32;
    for bits in [8, 6, 4, 3, 2] {
        let mut small = original.clone();
        for trf_block in &mut small.trf_blocks {
            for layer in [&mut trf_block.ff.expand, &mut trf_block.ff.contract, &mut trf_block.att.w_value] {
                layer.weight = layer.weight.clone().map(|weight| in_blocks(weight, bits, block));
            }
        }
        let per_weight = f64::from(bits) + 16.0 / block as f64;
        println!("{bits} bits, {per_weight:.1} with the scales: loss {:.3}", loss_on_story(&small, &few));
    }

    cell("tidy-up");
    // The folder with the files of this notebook goes.
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(())
}
