//! The cells of appendix E's notebook: `cargo run -p notebook --example appendix_e_notebook`

use notebook::prelude::*;

fn main() -> Result<()> {
    cell("counts");
    // Numbers to train for one layer: all of it, or A and B.
    let d_in: usize = 768;
    let d_out: usize = 768;
    println!("the layer has {} numbers", grouped(d_in * d_out));
    for rank in [1, 4, 16, 64, 384] {
        let both = rank * (d_in + d_out);
        println!("rank {rank:3}: {:>9}, {:6.2} %", grouped(both), 100.0 * both as f64 / (d_in * d_out) as f64);
    }

    cell("rank-one");
    // One column times one row.
    let device: Device = Device::flex().autodiff();
    let column: T2 = T2::from_floats([[1.0], [2.0], [-1.0], [0.5]], &device);
    let row: T2 = T2::from_floats([[2.0, 3.0, 1.0, -2.0, 4.0]], &device);
    print_tensor("A B", column.clone().matmul(row.clone()));

    cell("rank-two");
    // A second column and a second row.
    let a: T2 = Tensor::cat(vec![column, T2::from_floats([[0.0], [1.0], [3.0], [0.0]], &device)], 1);
    let b: T2 = Tensor::cat(vec![row, T2::from_floats([[1.0, 1.0, 0.0, 0.0, -1.0]], &device)], 0);
    print_tensor("A B", a.clone().matmul(b.clone()));

    cell("drawing");
    // A matrix that is a drawing, to be made of thin matrices.
    let rows: [&'static str; 7] = [".##.##.", "#######", "#######", ".#####.", "..###..", "...#...", "......."];
    let pixels: Vec<f32> = rows.concat().chars().map(|pixel| f32::from(u8::from(pixel == '#'))).collect();
    let drawing: T2 = Tensor::from_data(TensorData::new(pixels, [7, 7]), &device);
    let places: [usize; 7] = [1, 2, 3, 4, 5, 6, 7];
    heatmap("Drawing", ("Row", &places), ("Column", &places), drawing.clone())?;

    cell("fit");
    // A starts random and B at zero; both learn until their product looks like the drawing.
    use ch05_pretrain::AdamW;
    use shared::init::randn;
    fn fit(target: &T2, rank: usize, device: &Device) -> T2 {
        let [d_in, d_out] = target.dims();
        let a = Param::from_tensor(randn([d_in, rank], &mut TorchRng::new(123), device));
        let b = Param::from_tensor(Tensor::zeros([rank, d_out], device));
        let (mut both, mut optimizer) = (vec![a, b], AdamW::new(0.0));
        for _ in 0..500 {
            let error = both[0].val().matmul(both[1].val()) - target.clone();
            let gradients = error.square().mean().backward();
            both = optimizer.step(0.03, both, gradients);
        }
        both[0].val().matmul(both[1].val()).detach()
    }
    let rank: usize = 2;
    for rank in 1..=6 {
        let gap = fit(&drawing, rank, &device) - drawing.clone();
        println!("rank {rank}: mean error {:.3}", gap.abs().mean().into_scalar::<f64>());
    }
    heatmap("Made of thin matrices", ("Row", &places), ("Column", &places), fit(&drawing, rank, &device))?;

    cell("two-ways");
    // The sum of the matrices first, or the two ways of the input.
    let w: T2 = T2::from_floats(
        [[1.0, 0.0, 2.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0, 3.0], [2.0, 1.0, 0.0, 1.0, 1.0], [1.0, 2.0, 0.0, 0.0, 1.0]],
        &device,
    );
    let x: T2 = T2::from_floats([[1.0, 0.0, 2.0, -2.0]], &device);
    print_tensor("x (W + A B)", x.clone().matmul(w.clone() + a.clone().matmul(b.clone())));
    print_tensor("x A", x.clone().matmul(a.clone()));
    print_tensor("x W + (x A) B", x.clone().matmul(w) + x.matmul(a).matmul(b));

    cell("brackets");
    // Multiplications for one token, with the brackets in either place.
    let width: usize = 768;
    let rank: usize = 16;
    println!("(x A) B: {}", grouped(width * rank + rank * width));
    println!("x (A B): {}", grouped(width * rank * width + width * width));
    println!("x W:     {}", grouped(width * width));

    cell("change");
    // A layer of random weights before a fixed head is trained whole. What has changed?
    use shared::cross_entropy;
    let classes: usize = 2;
    let mut rng: TorchRng = TorchRng::new(123);
    let inputs: T2 = randn([200, 16], &mut rng, &device);
    let labels: I1 = inputs.clone().matmul(randn([16, classes], &mut rng, &device)).argmax(1).squeeze_dim(1);
    let head: T2 = randn([16, classes], &mut rng, &device);
    let before: T2 = randn([16, 16], &mut rng, &device) / 4.0;
    let mut weight: Param<T2> = Param::from_tensor(before.clone());
    for step in 0..=300 {
        let logits = inputs.clone().matmul(weight.val()).matmul(head.clone());
        let loss = cross_entropy(logits, labels.clone());
        if step % 100 == 0 {
            println!("step {step:3}: loss {:.2}", loss.clone().into_scalar::<f64>());
        }
        let gradient = weight.val().grad(&loss.backward()).context("the weight has a gradient")?;
        weight = weight.map(|weight| Tensor::from_inner(weight.inner() - gradient * 0.2).require_grad());
    }
    let change: T2 = weight.val().detach() - before.clone();

    cell("directions");
    // How much of a matrix lies in its strongest direction, in the next one, and so on.
    fn directions(mut matrix: T2, count: usize) -> Vec<f64> {
        let total: f64 = matrix.clone().square().sum().into_scalar();
        let [_, columns] = matrix.dims();
        let mut shares = Vec::new();
        for _ in 0..count {
            let mut v = Tensor::ones([columns, 1], &matrix.device());
            for _ in 0..200 {
                v = matrix.clone().transpose().matmul(matrix.clone().matmul(v));
                v = v.clone() / v.square().sum().sqrt().unsqueeze();
            }
            let found = matrix.clone().matmul(v.clone());
            shares.push(100.0 * found.clone().square().sum().into_scalar::<f64>() / total);
            matrix = matrix - found.matmul(v.transpose());
        }
        shares
    }
    let of_weight: Vec<f64> = directions(before.clone(), 5);
    let of_change: Vec<f64> = directions(change.clone(), 5);
    println!("W before: {of_weight:.0?} per cent");
    println!("change:   {of_change:.0?} per cent");

    cell("memory");
    // GPT-2 as a classifier, 32-bit numbers: weights, and for each trained number its gradient and two moments.
    use shared::GptConfig;
    fn whole(config: &GptConfig) -> usize {
        config.num_params() - config.vocab_size * config.emb_dim + 2 * config.emb_dim + 2
    }
    fn of_lora(config: &GptConfig, rank: usize) -> usize {
        rank * (18 * config.emb_dim * config.n_layers + config.emb_dim + 2)
    }
    let gpt2: GptConfig = GptConfig { qkv_bias: true, ..GptConfig::preset("124M")? };
    let all: usize = whole(&gpt2);
    println!("everything: {:.2} GB", 16.0 * all as f64 / 1e9);
    for rank in [4, 16, 64, 256] {
        let lora = of_lora(&gpt2, rank);
        println!("rank {rank:3}: {:>11} trained, {:.2} GB", grouped(lora), (4 * all + 16 * lora) as f64 / 1e9);
    }

    cell("messages");
    // The embedded messages in three parts.
    use ch06_classify::{EMBEDDED_MESSAGES, Label, Split, read_messages};
    let split: Split = Split::of_collection(&read_messages(EMBEDDED_MESSAGES)?)?;
    for (name, messages) in split.parts() {
        let spam = messages.iter().filter(|message| message.label == Label::Spam).count();
        println!("{name:10}: {} messages, {spam} spam", messages.len());
    }
    let number: usize = 0;
    println!("{}: {}", split.train[number].label.name(), split.train[number].text);

    cell("loaders");
    // A vocabulary of their own, which keeps the model small, and batches of sixteen.
    use ch02_text::Gpt2Tokenizer;
    use ch02_text::bonus::train_bpe;
    use ch06_classify::{Length, SpamLoaders};
    use shared::Batches;
    let texts: Vec<String> = split.train.iter().map(|message| message.text.clone()).collect();
    let tokenizer: Gpt2Tokenizer = Gpt2Tokenizer::with_vocabulary(train_bpe(&texts.join("\n"), 768))?;
    let loaders: SpamLoaders = SpamLoaders::new(&split, &tokenizer, Length::Exactly(48), 16, 64)?;
    let tokens: usize = tokenizer.encode_ordinary(&split.train[number].text).len();
    println!("{} tokens in the vocabulary, {tokens} in the message above", tokenizer.vocab_size());
    println!("{} batches for training", loaders.train.num_batches());

    cell("untrained");
    // A model with random weights and a new head. How often is it right?
    use ch04_gpt::GptModel;
    use ch06_classify::{Confusion, Readout, SpamLoader, add_classification_head, confusion};
    use shared::init::torch_init;
    fn classifier(config: &GptConfig, seed: u64) -> GptModel {
        let (device, mut rng) = (Device::flex().autodiff(), TorchRng::new(seed));
        let model = torch_init(GptModel::new(config, &device), &mut rng);
        add_classification_head(model, &mut rng, &device)
    }
    fn answers(model: &GptModel, part: &SpamLoader) -> Confusion {
        confusion(model, part, None, Readout::Last, &mut TorchRng::new(123), &Device::flex())
    }
    let config: GptConfig = GptConfig {
        vocab_size: tokenizer.vocab_size(),
        context_length: 64,
        emb_dim: 32,
        n_heads: 4,
        n_layers: 1,
        drop_rate: 0.0,
        qkv_bias: false,
    };
    for seed in [123, 7, 42] {
        let found = answers(&classifier(&config, seed), &loaders.test);
        let called_spam = found.counts[0][1] + found.counts[1][1];
        println!("seed {seed:3}: {:.2} % right, {called_spam} of 80 called spam", 100.0 * found.accuracy());
    }

    cell("thin-layer");
    // Two matrices and a number. B begins with zeros.
    #[derive(Module, Debug)]
    struct ThinLayer {
        a: Param<T2>,
        b: Param<T2>,
        scale: f64,
    }
    impl ThinLayer {
        fn new(d_in: usize, d_out: usize, rank: usize, alpha: f64, rng: &mut TorchRng, device: &Device) -> Self {
            let bound = 1.0 / (rank as f32).sqrt();
            let a = TensorData::new(rng.uniform(d_in * rank, -bound, bound), [d_in, rank]);
            Self {
                a: Param::from_tensor(Tensor::from_data(a, device)),
                b: Param::from_tensor(Tensor::zeros([rank, d_out], device)),
                scale: alpha / rank as f64,
            }
        }
        fn forward(&self, x: T2) -> T2 {
            x.matmul(self.a.val()).matmul(self.b.val()) * self.scale
        }
    }
    let fresh: ThinLayer = ThinLayer::new(768, 768, 16, 16.0, &mut TorchRng::new(123), &device);
    let ones: T2 = Tensor::ones([1, 768], &device);
    print_tensor("first values of A", fresh.a.val().slice(s![0, 0..4]));
    println!("largest output {}", fresh.forward(ones).abs().max().into_scalar::<f32>());

    cell("by-hand");
    // Small enough for a pencil.
    let mut small: ThinLayer = ThinLayer::new(3, 2, 2, 4.0, &mut TorchRng::new(123), &device);
    small.a = Param::from_data([[0.1, -0.2], [0.3, 0.4], [-0.5, 0.6]], &device);
    small.b = Param::from_data([[1.0, 2.0], [3.0, -1.0]], &device);
    print_tensor("output", small.forward(T2::from_floats([[1.0, 2.0, 3.0]], &device)));

    cell("who-learns");
    // How large are the gradients of A and B in the first three steps, if both, one or neither is zero?
    fn gradient_sizes(a_is_zero: bool, b_is_zero: bool) -> Vec<[f64; 2]> {
        let (device, mut rng) = (Device::flex().autodiff(), TorchRng::new(123));
        let mut start = |shape: [usize; 2], zero: bool| {
            let values: T2 = randn(shape, &mut rng, &device);
            Param::from_tensor(if zero { values.zeros_like() } else { values })
        };
        let mut both = vec![start([6, 2], a_is_zero), start([2, 6], b_is_zero)];
        let (x, target): (T2, T2) = (Tensor::ones([1, 6], &device), Tensor::ones([1, 6], &device));
        let (mut optimizer, mut sizes) = (AdamW::new(0.0), Vec::new());
        for _ in 0..3 {
            let y = x.clone().matmul(both[0].val()).matmul(both[1].val());
            let gradients = (y - target.clone()).square().sum().backward();
            let size = |matrix: &Param<T2>| {
                matrix.val().grad(&gradients).map_or(0.0, |gradient| gradient.abs().max().into_scalar::<f64>())
            };
            sizes.push([size(&both[0]), size(&both[1])]);
            both = optimizer.step(0.1, both, gradients);
        }
        sizes
    }
    for (name, a_is_zero, b_is_zero) in [("B zero", false, true), ("A zero", true, false), ("both zero", true, true)] {
        println!("{name:9}: largest gradients of A and B {:.2?}", gradient_sizes(a_is_zero, b_is_zero));
    }

    cell("volume");
    // How loud is scale · A B at each rank? With columns drawn one by one, or with the same column each time.
    let alike: bool = false;
    println!("rank   alpha   alpha / rank   alpha / root of the rank");
    for rank in [1, 4, 16, 64, 256] {
        let mut rng = TorchRng::new(123);
        let drawn = if alike { 1 } else { rank };
        let a: T2 = randn([64, drawn], &mut rng, &device);
        let b: T2 = randn([drawn, 64], &mut rng, &device);
        let product = a.expand([64, drawn]).matmul(b) * (rank / drawn) as f64;
        let size: f64 = product.square().mean().sqrt().into_scalar();
        let r = rank as f64;
        println!("{rank:4}   {:5.1}   {:12.2}   {:10.2}", 16.0 * size, 16.0 * size / r, 16.0 * size / r.sqrt());
    }

    cell("attach");
    // A linear layer and a LoRA layer side by side, and the same attached to the weight.
    use appendix_lora::{LinearWithLora, LoraLayer, LoraSettings, Scale, attach_layers};
    use shared::init::linear;
    let settings: LoraSettings = LoraSettings { rank: 2, alpha: 4.0, scale: Scale::AlphaOverRank };
    let layer: shared::Linear = linear(4, 3, true, &mut TorchRng::new(123), &device);
    let mut lora: LoraLayer = LoraLayer::new(4, 3, &settings, &mut TorchRng::new(5), &device);
    lora.b = Param::from_tensor(randn([2, 3], &mut TorchRng::new(6), &device));
    let x: T2 = Tensor::ones([1, 4], &device);
    let side_by_side: LinearWithLora = LinearWithLora { linear: layer.clone(), lora: lora.clone() };
    let attached: shared::Linear = attach_layers(layer, |_, _| Some(lora.clone()));
    print_tensor("side by side", side_by_side.forward(x.clone()));
    print_tensor("attached", attached.forward(x));
    print_tensor("the weight as the layer sees it", attached.weight.val());
    print_tensor("the weight alone", attached.weight.base());

    cell("order");
    // First freeze, then attach; and the other way round.
    use appendix_lora::{attach_lora, freeze};
    use ch06_classify::num_trainable;
    fn with_lora(model: GptModel, rank: usize) -> GptModel {
        let settings = LoraSettings { rank, alpha: rank as f64, scale: Scale::AlphaOverRank };
        attach_lora(model, &settings, &mut TorchRng::new(123), &Device::flex().autodiff())
    }
    let model: GptModel = classifier(&config, 123);
    println!("trainable: {}", num_trainable(&model));
    println!("frozen, then attached: {}", num_trainable(&with_lora(freeze(model.clone()), 4)));
    println!("attached, then frozen: {}", num_trainable(&freeze(with_lora(model.clone(), 4))));

    cell("count-layers");
    // The linear layers of the small model, and what LoRA adds to each.
    use appendix_lora::linear_weights;
    let rank: usize = 4;
    let mut sum: usize = 0;
    for (path, [d_in, d_out]) in linear_weights(&model) {
        let numbers = rank * (d_in + d_out);
        sum += numbers;
        println!("{path:33} {d_in:3} x {d_out:3} = {:5}, LoRA {numbers}", d_in * d_out);
    }
    println!("together {}", grouped(sum));

    cell("sizes");
    // The share of LoRA in the sizes of GPT-2, as a classifier.
    let rank: usize = 16;
    for size in ["124M", "355M", "774M", "1558M"] {
        let config = GptConfig { qkv_bias: true, ..GptConfig::preset(size)? };
        let (all, lora) = (whole(&config), of_lora(&config, rank));
        println!(
            "{size:>5}: {:>13} and {:>10}, {:.1} %",
            grouped(all),
            grouped(lora),
            100.0 * lora as f64 / all as f64
        );
    }

    cell("finetune");
    // Fine-tuning as in chapter 6, without the printing. Returns the model and the loss of every step.
    use ch06_classify::calc_loss_batch;
    fn finetune(model: GptModel, learning_rate: f64, epochs: usize, loaders: &SpamLoaders) -> (GptModel, Vec<f64>) {
        let (device, mut rng) = (Device::flex().autodiff(), TorchRng::new(123));
        let (mut model, mut optimizer, mut losses) = (model, AdamW::new(0.1), Vec::new());
        for _ in 0..epochs {
            for batch in loaders.train.iter(&mut rng, &device) {
                let loss = calc_loss_batch(&model, batch, Readout::Last, &mut Mode::Eval);
                let gradients = loss.backward();
                model = optimizer.step(learning_rate, model, gradients);
                losses.push(loss.into_scalar());
            }
        }
        (model, losses)
    }
    fn smooth(values: &[f64]) -> Vec<(f64, f64)> {
        let mean = |window: &[f64]| window.iter().sum::<f64>() / window.len() as f64;
        values.windows(9).enumerate().map(|(i, window)| (i as f64 + 4.0, mean(window))).collect()
    }
    let rank: usize = 4;
    let learning_rate: f64 = 0.01;
    let tuned: (GptModel, Vec<f64>) = finetune(with_lora(freeze(model.clone()), rank), learning_rate, 5, &loaders);
    println!("{} numbers trained", num_trainable(&tuned.0));
    for (name, part) in loaders.parts() {
        println!("{name:10}: {:.1} % right", 100.0 * answers(&tuned.0, part).accuracy());
    }
    curves("Fine-tuning with LoRA", "Step", "Loss, mean of nine", &[("training", smooth(&tuned.1))])?;

    cell("ranks");
    // The head alone, LoRA of two ranks, and everything.
    use ch06_classify::{Trainable, set_trainable};
    let epochs: usize = 5;
    let trained: [(&'static str, GptModel); 4] = [
        ("head", set_trainable(model.clone(), Trainable::Head)),
        ("rank 1", with_lora(freeze(model.clone()), 1)),
        ("rank 4", with_lora(freeze(model.clone()), 4)),
        ("all", model.clone()),
    ];
    let mut right: Vec<f64> = Vec::new();
    for (name, start) in trained {
        let numbers = num_trainable(&start);
        let (end, _) = finetune(start, learning_rate, epochs, &loaders);
        let share = 100.0 * answers(&end, &loaders.test).accuracy();
        println!("{name:6}: {numbers:5} numbers, {share:.1} % of the test right");
        right.push(share);
    }
    bars("Right answers", "Per cent", &["head", "rank 1", "rank 4", "all"], &[("test", right.clone())]);

    cell("some-layers");
    // LoRA for the layers whose path contains this word, and for the head.
    let word: &'static str = "att";
    let settings: LoraSettings = LoraSettings { rank: 4, alpha: 4.0, scale: Scale::AlphaOverRank };
    let mut rng: TorchRng = TorchRng::new(123);
    let partly: GptModel = attach_layers(freeze(model.clone()), |path, [d_in, d_out]| {
        let wanted = path.contains(word) || path.starts_with("out_head");
        wanted.then(|| LoraLayer::new(d_in, d_out, &settings, &mut rng, &device))
    });
    println!("{} numbers", num_trainable(&partly));
    let partly: GptModel = finetune(partly, learning_rate, epochs, &loaders).0;
    println!("{word}: test {:.1} %", 100.0 * answers(&partly, &loaders.test).accuracy());

    cell("margin");
    // How uncertain is an accuracy on so many messages? One standard error.
    let accuracy: f64 = 0.9667;
    for messages in [80, 300, 1000, 10000] {
        let error = (accuracy * (1.0 - accuracy) / f64::from(messages)).sqrt();
        println!("{messages:5} messages: {:.2} % ± {:.2}", 100.0 * accuracy, 100.0 * error);
    }

    cell("adapters");
    // Two adapters for one base, as if they had been trained, one after the other.
    fn adapter(base: &GptModel, seed: u64) -> GptModel {
        let settings = LoraSettings { rank: 4, alpha: 4.0, scale: Scale::AlphaOverRank };
        let (device, mut rng) = (Device::flex().autodiff(), TorchRng::new(seed));
        attach_layers(base.clone(), |_, [d_in, d_out]| {
            let mut layer = LoraLayer::new(d_in, d_out, &settings, &mut rng, &device);
            layer.b = Param::from_tensor(randn([settings.rank, d_out], &mut rng, &device) * 0.1);
            Some(layer)
        })
    }
    fn logits(model: &GptModel) -> T2 {
        let ids = I2::from_ints([[61, 36, 400, 345]], &Device::flex().autodiff());
        Readout::Last.select(model.forward(ids.clone(), &mut Mode::Eval), &ids, 0)
    }
    print_tensor("base", logits(&model));
    print_tensor("first adapter", logits(&adapter(&model, 1)));
    print_tensor("second adapter", logits(&adapter(&model, 2)));
    print_tensor("base again", logits(&model));

    cell("merge");
    // Merged, and then the change taken away again: are the weights of a query layer the old ones?
    use appendix_lora::merge_lora;
    let adapted: GptModel = adapter(&model, 1);
    let merged: GptModel = merge_lora(adapted.clone());
    println!("numbers: base {}, adapted {}, merged {}", model.num_params(), adapted.num_params(), merged.num_params());
    println!(
        "logits within 0.0001: {}",
        (logits(&merged) - logits(&adapted)).abs().max().into_scalar::<f64>() < 0.0001
    );
    let old: T2 = model.trf_blocks[0].att.w_query.weight.val();
    let sum: T2 = merged.trf_blocks[0].att.w_query.weight.val();
    let change: T2 = adapted.trf_blocks[0].att.w_query.weight.val() - old.clone();
    let back: T2 = sum - change;
    let gap: f64 = (back.clone() - old.clone()).abs().max().into_scalar();
    let same: bool = back.equal(old).all().into_scalar();
    println!("after subtracting: the same bits {same}, within a millionth {}", gap < 0.000001);

    cell("price");
    // Multiplications besides those of x W in a forward pass.
    let d_in: usize = 768;
    let d_out: usize = 768;
    let rank: usize = 16;
    let attached_price: usize = d_in * rank * d_out;
    println!("equal at {:.1} tokens", attached_price as f64 / (rank * (d_in + d_out)) as f64);
    let side: Vec<(f64, f64)> =
        (0..=1024).step_by(64).map(|n| (n as f64, (n * rank * (d_in + d_out)) as f64 / 1e6)).collect();
    let attached: Vec<(f64, f64)> = vec![(0.0, attached_price as f64 / 1e6), (1024.0, attached_price as f64 / 1e6)];
    curves(
        "Price of LoRA",
        "Tokens in a batch",
        "Million multiplications",
        &[("side by side", side), ("attached", attached)],
    )?;

    cell("peft");
    // As `peft` keeps it: both matrices transposed, and a scale of alpha / rank.
    let settings: LoraSettings = LoraSettings { rank: 4, alpha: 8.0, scale: Scale::Alpha };
    let mut lora: LoraLayer = LoraLayer::new(6, 3, &settings, &mut TorchRng::new(123), &device);
    lora.b = Param::from_tensor(randn([4, 3], &mut TorchRng::new(5), &device));
    let a_in_file: T2 = lora.a.val().transpose();
    let b_in_file: T2 = lora.b.val().transpose();
    let alpha_in_file: f64 = settings.factor() * settings.rank as f64;
    println!("A {:?}, B {:?}, alpha {alpha_in_file}", a_in_file.dims(), b_in_file.dims());
    let x: T2 = Tensor::ones([1, 6], &device);
    print_tensor("here", lora.forward(x.clone()));
    let there: T2 = b_in_file.matmul(a_in_file.matmul(x.transpose())) * (alpha_in_file / 4.0);
    print_tensor("there", there.transpose());

    cell("burn-lora");
    // burn's own LoRA: how many numbers does it add where the whole model is meant, and where only some paths are?
    use burn::module::{Lora, ParamGroup};
    let rank: usize = 4;
    let base: usize = model.num_params();
    let ours: usize = with_lora(model.clone(), rank).num_params() - base;
    let theirs: usize = model.clone().apply_lora(Lora::new(rank, 4.0)).num_params() - base;
    let word: &'static str = "att";
    let group: ParamGroup = ParamGroup::from_predicate(word);
    let some: usize = model.clone().apply_lora(Lora::new(rank, 4.0).set_param_group(group)).num_params() - base;
    println!("here {ours}, burn {theirs}, burn for {word} alone {some}");

    Ok(())
}
