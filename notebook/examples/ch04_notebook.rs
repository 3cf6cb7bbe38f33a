//! The cells of chapter 4's notebook: `cargo run -p notebook --example ch04_notebook`

use notebook::prelude::*;

fn main() -> Result<()> {
    cell("two-sizes");
    // Two configurations, and how large their models are.
    use ch04_gpt::GptModel;
    use shared::GptConfig;
    let device: Device = Device::flex();
    for name in ["tiny", "124M"] {
        let model = GptModel::new(&GptConfig::preset(name)?, &device);
        println!("{name:5}{:>14} parameters{:10.2} MB", grouped(model.num_params()), model.size_mb());
    }

    cell("seed");
    // Random numbers as PyTorch draws them.
    use shared::init::randn;
    let seed: u64 = 123;
    print_tensor("first numbers", randn::<1>([6], &mut TorchRng::new(seed), &device));

    cell("configuration");
    // A configuration is checked before a model is built from it.
    let heads: usize = 12;
    let config: GptConfig = GptConfig { n_heads: heads, ..GptConfig::preset("124M")? };
    match config.validate() {
        Ok(()) => println!("{heads} heads, each {} wide", config.emb_dim / heads),
        Err(error) => println!("{error}"),
    }
    println!("{} parameters", grouped(config.num_params()));

    cell("input-vectors");
    // Token embedding plus position embedding, four numbers wide.
    use ch02_text::Gpt2Tokenizer;
    use shared::init::embedding;
    let tokenizer: Gpt2Tokenizer = Gpt2Tokenizer::new();
    let text: &'static str = " day after day";
    let ids: Vec<u32> = tokenizer.encode(text)?;
    {
        let mut rng = TorchRng::new(123);
        let (tokens, positions) = (embedding(50257, 4, &mut rng, &device), embedding(16, 4, &mut rng, &device));
        let ids = Tensor::<1, Int>::from_ints(ids.as_slice(), &device).unsqueeze::<2>();
        let places = Tensor::<1, Int>::arange(0..ids.dims()[1] as i64, &device).unsqueeze::<2>();
        let (from_token, from_place): (T3, T3) = (tokens.forward(ids), positions.forward(places));
        print_tensor("token embedding", from_token.clone());
        print_tensor("position embedding", from_place.clone());
        print_tensor("sum", from_token + from_place);
    }

    cell("skeleton");
    // The skeleton in a small size.
    use ch04_gpt::DummyGptModel;
    use shared::init::torch_init;
    let small: GptConfig = GptConfig { n_layers: 3, ..GptConfig::preset("tiny")? };
    let skeleton: DummyGptModel = torch_init(DummyGptModel::new(&small, &device), &mut TorchRng::new(123));
    println!("{} parameters", grouped(skeleton.num_params()));

    cell("compare");
    // Token by token: do two texts get the same logits?
    fn compare(tokenizer: &Gpt2Tokenizer, texts: [&str; 2], model: impl Fn(I2) -> T3) -> Result<()> {
        let rows = [tokenizer.encode(texts[0])?, tokenizer.encode(texts[1])?];
        let tokens = rows[0].len();
        ensure!(
            rows[1].len() == tokens,
            "both texts need the same number of tokens, not {tokens} and {}",
            rows[1].len()
        );
        let ids = Tensor::from_data(TensorData::new(rows.concat(), [2, tokens]), &Device::flex());
        let logits = model(ids); // [2, tokens, vocab_size]
        let difference = (logits.clone().slice(s![..1, .., ..]) - logits.slice(s![1.., .., ..])).abs().max_dim(2);
        for (at, difference) in difference.into_data().iter::<f32>().enumerate() {
            let [a, b] = [tokenizer.decode(&rows[0][at..=at])?, tokenizer.decode(&rows[1][at..=at])?];
            let verdict = if difference < 1e-4 { "equal" } else { "different" };
            println!("{at}  {:12}{:12}{verdict}", format!("{a:?}"), format!("{b:?}"));
        }
        Ok(())
    }
    let texts: [&'static str; 2] = ["Every effort moves you", "No effort moves me"];
    compare(&tokenizer, texts, |ids| skeleton.forward(ids, &mut Mode::Eval))?;

    cell("compare-training");
    // The same with dropout, as in training.
    compare(&tokenizer, texts, |ids| skeleton.forward(ids, &mut Mode::Train(&mut TorchRng::new(123))))?;

    cell("stack");
    // The spread behind each layer of a stack, with and without normalization.
    use ch04_gpt::{LayerNorm, gelu};
    use shared::init::linear;
    fn spreads(factor: f64, layers: usize, normalize: bool) -> Vec<f64> {
        let (device, mut rng, width) = (Device::flex(), TorchRng::new(123), 256);
        let norm = LayerNorm::new(width, &device);
        let mut x: T2 = randn([1, width], &mut rng, &device);
        let mut spreads = vec![];
        for _ in 0..layers {
            let layer = linear(width, width, false, &mut rng, &device);
            let input = if normalize { norm.forward(x) } else { x };
            x = gelu(layer.forward(input) * factor);
            spreads.push(x.clone().var_bias(1).sqrt().into_scalar::<f64>());
        }
        spreads
    }
    let factor: f64 = 1.0;
    let layers: usize = 12;
    let plain: Vec<f64> = spreads(factor, layers, false);
    let normalized: Vec<f64> = spreads(factor, layers, true);
    println!(
        "behind layer {layers}: {:.1e} without, {:.1e} with layer norm",
        plain[layers - 1],
        normalized[layers - 1]
    );

    cell("stack-picture");
    // A straight line in powers of ten: each layer multiplies by the same factor.
    fn powers_of_ten(values: &[f64]) -> Vec<(f64, f64)> {
        values.iter().enumerate().map(|(i, value)| (i as f64 + 1.0, value.log10())).collect()
    }
    curves(
        "Spread behind each layer",
        "Layer",
        "Power of ten of the standard deviation",
        &[("without", powers_of_ten(&plain)), ("with layer norm", powers_of_ten(&normalized))],
    )?;

    cell("by-hand");
    // Subtract the mean, divide by the standard deviation.
    fn normalize(x: T1, divisor: f64) -> T1 {
        let centred = x.clone() - x.mean();
        let variance = centred.clone().square().sum() / divisor;
        centred / variance.sqrt()
    }
    let values: [f32; 6] = [0.2260, 0.3470, 0.0000, 0.2216, 0.0000, 0.0000];
    let divisor: f64 = 5.0;
    let row: T1 = Tensor::from_floats(values, &device);
    print_tensor("normalized", normalize(row.clone(), divisor));

    cell("louder");
    // The same row, multiplied and shifted.
    let times: f64 = 100.0;
    let plus: f64 = -7.0;
    let louder: T1 = row.clone() * times + plus;
    print_tensor("louder", louder.clone());
    print_tensor("normalized", normalize(louder, divisor));

    cell("two-variances");
    // Both variances of n random numbers.
    for n in [2, 6, 24, 96, 768] {
        let x: T1 = randn([n], &mut TorchRng::new(123), &device);
        let [small, large]: [f64; 2] = [x.clone().var_bias(0).into_scalar(), x.var(0).into_scalar()];
        println!("{n:4} values: {small:.4} with n, {large:.4} with n - 1, ratio {:.4}", small / large);
    }

    cell("my-norm");
    // The module, written again.
    #[derive(Module, Debug)]
    struct MyNorm {
        scale: Param<T1>,
        shift: Param<T1>,
        eps: f64,
    }
    impl MyNorm {
        fn new(scale: f64, shift: f64, eps: f64, device: &Device) -> Self {
            let [scale, shift] = [scale, shift].map(|value| Param::from_tensor(Tensor::full([6], value, device)));
            Self { scale, shift, eps }
        }

        fn forward(&self, x: T2) -> T2 {
            let centred = x.clone() - x.mean_dim(1);
            let variance = centred.clone().square().mean_dim(1);
            centred / (variance + self.eps).sqrt() * self.scale.val().unsqueeze() + self.shift.val().unsqueeze()
        }
    }
    let sample: T2 = randn([2, 6], &mut TorchRng::new(123), &device);
    {
        let (mine, chapters) = (MyNorm::new(1.0, 0.0, 1e-5, &device), LayerNorm::new(6, &device));
        let difference = (mine.forward(sample.clone()) - chapters.forward(sample.clone())).abs().max();
        println!("largest difference to the chapter's: {:.4}", difference.into_scalar::<f32>());
    }

    cell("knobs");
    // Scale, shift and epsilon.
    let knobs: MyNorm = MyNorm::new(2.0, 0.5, 1e-5, &device);
    let out: T2 = knobs.forward(sample.clone());
    print_tensor("output", out.clone());
    print_tensor("mean", out.clone().mean_dim(1));
    print_tensor("standard deviation", out.var_bias(1).sqrt());

    cell("all-equal");
    // A vector whose values are all equal.
    let eps: f64 = 0.0;
    print_tensor("normalized", MyNorm::new(1.0, 0.0, eps, &device).forward(Tensor::full([1, 6], 0.5, &device)));

    cell("company");
    // The same vector in two batches, normalized along columns and along rows.
    fn along(x: T2, dim: usize) -> T2 {
        let (variance, mean) = x.clone().var_mean_bias(dim);
        (x - mean) / (variance + 1e-5).sqrt()
    }
    let calm: [[f32; 4]; 2] = [[2.0, 1.0, 3.0, 2.0], [3.0, 2.0, 5.0, 1.0]];
    let loud: [[f32; 4]; 2] = [[90.0, -40.0, 10.0, 70.0], [5.0, 80.0, -60.0, 30.0]];
    for (name, [a, b]) in [("calm company", calm), ("loud company", loud)] {
        let batch: T2 = Tensor::from_floats([[1.0, 2.0, 3.0, 4.0], a, b], &device);
        print_tensor(&format!("{name}, columns"), along(batch.clone(), 0).slice(s![..1, ..]));
        print_tensor(&format!("{name}, rows"), along(batch, 1).slice(s![..1, ..]));
    }

    cell("two-layers");
    // Two linear layers, and the one matrix that does the same.
    let w1: T2 = randn([3, 8], &mut TorchRng::new(123), &device);
    let w2: T2 = randn([8, 2], &mut TorchRng::new(124), &device);
    let x: T2 = Tensor::from_floats([[1.0, 0.0, -1.0]], &device);
    print_tensor("two layers", x.clone().matmul(w1.clone()).matmul(w2.clone()));
    print_tensor("one matrix", x.clone().matmul(w1.clone().matmul(w2.clone())));

    cell("bend");
    // Straight or bent? A straight function gives f(a) + f(b) = f(a + b).
    use burn::tensor::activation::relu;
    let bent: bool = true;
    {
        let f = |x: T2| {
            let hidden = x.matmul(w1.clone());
            let hidden = if bent { relu(hidden) } else { hidden };
            hidden.matmul(w2.clone())
        };
        let y: T2 = Tensor::from_floats([[2.0, 1.0, 0.5]], &device);
        print_tensor("f(x) + f(y)", f(x.clone()) + f(y.clone()));
        print_tensor("f(x + y)", f(x.clone() + y));
    }

    cell("gelu-formula");
    // GELU as its formula says.
    fn my_gelu(x: f64) -> f64 {
        let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3));
        0.5 * x * (1.0 + inner.tanh())
    }
    let at: f64 = 1.0;
    println!("gelu({at}) = {:.4}", my_gelu(at));
    println!("share that passes: {:.1} %", 100.0 * my_gelu(at) / at);
    print_tensor("the chapter's", gelu(Tensor::<1>::from_floats([at], &device)));

    cell("gelu-curves");
    // The curve and its slope.
    let reach: f64 = 3.0;
    {
        let points: Vec<f64> = (0..=200).map(|i| reach * (f64::from(i) / 100.0 - 1.0)).collect();
        let line = |f: fn(f64) -> f64| points.iter().map(|&x| (x, f(x))).collect::<Vec<_>>();
        let slope = line(|x| (my_gelu(x + 1e-4) - my_gelu(x - 1e-4)) / 2e-4);
        let lines = [("GELU", line(my_gelu)), ("ReLU", line(|x| x.max(0.0))), ("slope of GELU", slope)];
        curves("GELU and its slope", "Input", "Value", &lines)?;
    }

    cell("slope");
    // What training would learn at this point: the slope, from burn.
    let point: f32 = -0.5;
    for (name, f) in [("GELU", gelu::<1> as fn(T1) -> T1), ("ReLU", relu::<1>)] {
        let x = T1::from_floats([point], &device.clone().autodiff()).require_grad();
        let gradients = f(x.clone()).backward();
        let slope = x.grad(&gradients).context("the output depends on x")?;
        println!("slope of {name} at {point}: {:.4}", slope.into_scalar::<f32>());
    }

    cell("expand-contract");
    // The feed-forward network from its two matrices.
    use ch04_gpt::FeedForward;
    let width: usize = 8;
    let network: FeedForward = {
        let sizes = GptConfig { emb_dim: width, ..GptConfig::preset("tiny")? };
        torch_init(FeedForward::new(&sizes, &device), &mut TorchRng::new(123))
    };
    let vectors: T3 = randn([2, 3, width], &mut TorchRng::new(7), &device);
    {
        let (first, second) = (&network.expand, &network.contract);
        let [b1, b2] = [first, second].map(|layer| layer.bias.as_ref().expect("both have a bias").val().unsqueeze());
        let hidden = gelu(vectors.clone().matmul(first.weight.val().unsqueeze()) + b1);
        println!("{:?} in, {:?} in the middle", vectors.dims(), hidden.dims());
        let by_hand = hidden.matmul(second.weight.val().unsqueeze()) + b2;
        let difference = (by_hand - network.forward(vectors.clone())).abs().max().into_scalar::<f32>();
        println!("largest difference to the module: {difference:.4}");
    }
    println!("{} parameters; 8d² + 5d = {}", network.num_params(), 8 * width * width + 5 * width);

    cell("one-by-one");
    // All six vectors at once, or each alone.
    {
        let places = (0..2).flat_map(|text| (0..3).map(move |token| (text, token)));
        let alone = places.map(|(i, j)| network.forward(vectors.clone().slice(s![i..=i, j..=j, ..]))).collect();
        let together = network.forward(vectors.clone());
        let difference = (Tensor::cat(alone, 1).reshape([2, 3, width]) - together).abs().max().into_scalar::<f32>();
        println!("largest difference: {difference:.4}");
    }

    cell("chain");
    // The slopes of five layers, multiplied from the loss back to the first.
    let slopes: [f64; 5] = [0.2, 0.2, 0.2, 0.2, 0.2];
    let mut signal: f64 = 1.0;
    for (layer, slope) in slopes.iter().enumerate().rev() {
        signal *= slope;
        println!("arrives at layer {}: {signal:.5}", layer + 1);
    }

    cell("measured-chain");
    // A chain of layers gelu(w x): the slope of each, their product, and what backward() finds.
    fn slope_at(f: impl Fn(T1) -> T1, x: f32) -> f32 {
        let x = T1::from_floats([x], &Device::flex().autodiff()).require_grad();
        let gradients = f(x.clone()).backward();
        x.grad(&gradients).map_or(0.0, |slope| slope.into_scalar())
    }
    let weights: [f32; 5] = [0.6, 0.7, 0.5, 0.8, 0.6];
    let mut value: f32 = 1.5;
    let mut product: f32 = 1.0;
    for w in weights {
        let slope = slope_at(|x| gelu(x * w), value);
        println!("at {value:.4} the slope is {slope:.4}");
        value = gelu(T1::from_floats([value * w], &device)).into_scalar();
        product *= slope;
    }
    println!("product    {product:.6}");
    println!("backward() {:.6}", slope_at(|x| weights.iter().fold(x, |x, &w| gelu(x * w)), 1.5));

    cell("with-shortcut");
    // The slope through a stack of layers, without and with shortcuts.
    fn through(x: T1, layers: usize, w: f64, shortcut: bool) -> T1 {
        (0..layers).fold(x, |x, _| {
            let y = gelu(x.clone() * w);
            if shortcut { x + y } else { y }
        })
    }
    let w: f64 = 0.4;
    println!("layers   without       with");
    for layers in [1, 2, 4, 8, 16, 24] {
        let [without, with] = [false, true].map(|shortcut| slope_at(|x| through(x, layers, w, shortcut), 0.1));
        println!("{layers:6}{without:10.1e}{with:11.1e}");
    }

    cell("paths");
    // How much do the paths contribute that pass through 0, 1, 2, ... of the layers?
    let inner_slope: f64 = 0.2;
    let stack: u32 = 24;
    let mut contributions: Vec<f64> = vec![1.0];
    for passed in 1..=stack {
        // One more layer: this many paths per path before, and one more slope in the product.
        let before = contributions[passed as usize - 1];
        contributions.push(before * f64::from(stack - passed + 1) / f64::from(passed) * inner_slope);
    }
    println!("all paths together {:.2}", contributions.iter().sum::<f64>());
    println!("(1 + {inner_slope})^{stack} = {:.2}", (1.0 + inner_slope).powi(stack as i32));
    {
        let labels: Vec<String> = (0..=10).map(|passed| passed.to_string()).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let shown = contributions.iter().copied().chain(std::iter::repeat(0.0)).take(labels.len()).collect();
        bars("Contribution by number of layers passed", "Contribution", &labels, &[("paths", shown)]);
    }

    cell("gradients");
    // The mean gradient of each layer of the example network, without and with shortcuts.
    use ch04_gpt::shortcut::ExampleDeepNeuralNetwork;
    fn gradients(depth: usize, shortcut: bool) -> Vec<f64> {
        let device = Device::flex().autodiff();
        let sizes = [vec![3; depth], vec![1]].concat();
        let model = ExampleDeepNeuralNetwork::new(&sizes, shortcut, &device);
        let model = torch_init(model, &mut TorchRng::new(123));
        let input = Tensor::from_floats([[1.0, 0.0, -1.0]], &device);
        model.mean_abs_gradients(input).into_iter().map(f64::from).collect()
    }
    let depth: usize = 5;
    let without: Vec<f64> = gradients(depth, false);
    let with: Vec<f64> = gradients(depth, true);
    println!("first layer: {:.1e} without, {:.1e} with shortcuts", without[0], with[0]);
    println!("last layer:  {:.1e} without, {:.1e} with shortcuts", without[depth - 1], with[depth - 1]);
    curves(
        "Gradients of the layers",
        "Layer",
        "Power of ten of the mean gradient",
        &[("without", powers_of_ten(&without)), ("with shortcuts", powers_of_ten(&with))],
    )?;

    cell("who-hears");
    // One token gets another vector. How much does the block's output change, for each token?
    use ch04_gpt::TransformerBlock;
    let narrow: GptConfig = GptConfig { emb_dim: 32, n_heads: 4, n_layers: 1, ..GptConfig::preset("tiny")? };
    let block: TransformerBlock = torch_init(TransformerBlock::new(&narrow, &device), &mut TorchRng::new(123));
    let whole_block: bool = true;
    {
        let run = |x: T3| {
            if whole_block {
                block.forward(x, &mut Mode::Eval)
            } else {
                block.ff.forward(block.norm2.forward(x.clone())) + x
            }
        };
        let mut rng = TorchRng::new(456);
        let x: T3 = randn([1, 6, 32], &mut rng, &device);
        let other: T3 = randn([1, 1, 32], &mut rng, &device);
        let rows = (0..6).map(|changed| {
            let x_changed = x.clone().slice_assign(s![.., changed..=changed, ..], other.clone());
            (run(x_changed) - run(x.clone())).square().mean_dim(2).sqrt().flatten::<2>(1, 2) // [1, 6]
        });
        let changes = Tensor::cat(rows.collect(), 0);
        heatmap(
            "Change of the output",
            ("Token changed", &[0, 1, 2, 3, 4, 5]),
            ("Output of token", &[0, 1, 2, 3, 4, 5]),
            changes,
        )?;
    }

    cell("road");
    // The spread on the road, from block to block, with the norm in front and behind.
    fn spread_on_the_road(blocks: &[TransformerBlock], x: T3, pre_norm: bool) -> Vec<(f64, f64)> {
        let spread = |x: &T3| x.clone().var_bias(2).sqrt().mean().into_scalar::<f64>();
        let (mut x, mut points) = (x.clone(), vec![(0.0, spread(&x))]);
        for block in blocks {
            if pre_norm {
                x = block.forward(x, &mut Mode::Eval);
            } else {
                x = block.norm1.forward(block.att.forward(x.clone(), &mut Mode::Eval) + x);
                x = block.norm2.forward(block.ff.forward(x.clone()) + x);
            }
            points.push((points.len() as f64, spread(&x)));
        }
        points
    }
    let number: usize = 12;
    {
        let mut rng = TorchRng::new(123);
        let x: T3 = randn([1, 6, 32], &mut rng, &device);
        let blocks: Vec<_> =
            (0..number).map(|_| torch_init(TransformerBlock::new(&narrow, &device), &mut rng)).collect();
        let [pre, post] = [true, false].map(|pre_norm| spread_on_the_road(&blocks, x.clone(), pre_norm));
        curves("Spread on the road", "Blocks passed", "Standard deviation", &[("pre-norm", pre), ("post-norm", post)])?;
    }

    cell("my-block");
    // The block, written again, and the chapter's block from the same seed.
    use ch03_attention::{MultiHeadAttention, MultiHeadAttentionConfig};
    #[derive(Module, Debug)]
    struct MyBlock {
        att: MultiHeadAttention,
        ff: FeedForward,
        norm1: LayerNorm,
        norm2: LayerNorm,
    }
    impl MyBlock {
        fn new(config: &GptConfig, device: &Device) -> Self {
            let d = config.emb_dim;
            let attention = MultiHeadAttentionConfig::new(d, d, config.context_length, config.n_heads);
            Self {
                att: MultiHeadAttention::new(&attention, device),
                ff: FeedForward::new(config, device),
                norm1: LayerNorm::new(d, device),
                norm2: LayerNorm::new(d, device),
            }
        }

        fn forward(&self, x: T3) -> T3 {
            let x = self.att.forward(self.norm1.forward(x.clone()), &mut Mode::Eval) + x;
            self.ff.forward(self.norm2.forward(x.clone())) + x
        }
    }
    let my_block: MyBlock = torch_init(MyBlock::new(&narrow, &device), &mut TorchRng::new(123));
    {
        let x: T3 = randn([1, 6, 32], &mut TorchRng::new(456), &device);
        let difference = (my_block.forward(x.clone()) - block.forward(x, &mut Mode::Eval)).abs().max();
        println!("{} and {} parameters", my_block.num_params(), block.num_params());
        println!("largest difference: {:.4}", difference.into_scalar::<f32>());
    }

    cell("corrections");
    // How long is the vector on the road, and how long are the two corrections?
    use shared::init::rand;
    let loudness: f64 = 1.0;
    {
        let x: T3 = rand([1, 4, 32], &mut TorchRng::new(123), &device) * loudness;
        let from_attention = block.att.forward(block.norm1.forward(x.clone()), &mut Mode::Eval);
        let from_ff = block.ff.forward(block.norm2.forward(x.clone() + from_attention.clone()));
        for (name, part) in [("road", x), ("attention", from_attention), ("feed-forward", from_ff)] {
            let lengths: Vec<f32> = part.square().sum_dim(2).sqrt().into_data().iter().collect();
            println!("{name:13}{}", lengths.iter().map(|length| format!("{length:9.2}")).collect::<String>());
        }
    }

    cell("block-parameters");
    // Where the parameters of a block are.
    let block_width: usize = 768;
    let block_heads: usize = 12;
    {
        let sizes = GptConfig { emb_dim: block_width, n_heads: block_heads, ..GptConfig::preset("124M")? };
        let lazy = TransformerBlock::new(&sizes, &device);
        let (all, att, ff) = (lazy.num_params(), lazy.att.num_params(), lazy.ff.num_params());
        for (name, count) in [("attention", att), ("feed-forward", ff), ("norms", all - att - ff), ("block", all)] {
            println!("{name:13}{:>12}{:6.1} %", grouped(count), 100.0 * count as f64 / all as f64);
        }
    }

    cell("my-forward");
    // The path of the data, from the parts of a small model.
    let tiny: GptModel = torch_init(GptModel::new(&small, &device), &mut TorchRng::new(123));
    fn my_forward(model: &GptModel, ids: I2) -> T3 {
        let [_, tokens] = ids.dims();
        let positions = Tensor::<1, Int>::arange(0..tokens as i64, &ids.device()).unsqueeze();
        let mut x = model.tok_emb.forward(ids) + model.pos_emb.forward(positions);
        for block in &model.trf_blocks {
            x = block.forward(x, &mut Mode::Eval);
        }
        model.out_head.forward(model.final_norm.forward(x))
    }
    let batch: I2 = Tensor::from_ints([[6109, 3626, 6100, 345], [6109, 1110, 6622, 257]], &device);
    {
        let logits = my_forward(&tiny, batch.clone());
        let difference = (logits.clone() - tiny.forward(batch.clone(), &mut Mode::Eval)).abs().max();
        println!("{:?}, largest difference {:.4}", logits.dims(), difference.into_scalar::<f32>());
    }

    cell("same-past");
    // Which rows are equal now that the blocks are real?
    let pair: [&'static str; 2] = ["Every effort moves you", "No effort moves me"];
    compare(&tokenizer, pair, |ids| tiny.forward(ids, &mut Mode::Eval))?;

    cell("count");
    // Where the parameters of a model are. A lazy model has no values yet, but it can be counted.
    let size: &'static str = "124M";
    {
        let model = GptModel::new(&GptConfig::preset(size)?, &device);
        let sum = |count: fn(&TransformerBlock) -> usize| model.trf_blocks.iter().map(count).sum::<usize>();
        let parts = [
            ("token embedding", model.tok_emb.num_params()),
            ("position embedding", model.pos_emb.num_params()),
            ("attention", sum(|block| block.att.num_params())),
            ("feed-forward", sum(|block| block.ff.num_params())),
            ("norms", sum(|block| block.norm1.num_params() * 2) + model.final_norm.num_params()),
            ("output layer", model.out_head.num_params()),
            ("all", model.num_params()),
        ];
        for (name, count) in parts {
            println!("{name:19}{:>14}{:6.1} %", grouped(count), 100.0 * count as f64 / model.num_params() as f64);
        }
    }

    cell("shares");
    // The same for all sizes, in per cent.
    let names: [&'static str; 4] = ["gpt2-small", "gpt2-medium", "gpt2-large", "gpt2-xl"];
    let mut in_tables: Vec<f64> = vec![];
    let mut in_blocks: Vec<f64> = vec![];
    for name in names {
        let model = GptModel::new(&GptConfig::preset(name)?, &device);
        let share = |count: usize| 100.0 * count as f64 / model.num_params() as f64;
        in_tables.push(share(model.tok_emb.num_params() + model.pos_emb.num_params() + model.out_head.num_params()));
        in_blocks.push(share(model.trf_blocks.iter().map(|block| block.num_params()).sum()));
    }
    let series: [(&'static str, Vec<f64>); 2] = [("embeddings and output layer", in_tables), ("blocks", in_blocks)];
    bars("Where the parameters are", "Share in per cent", &names, &series);

    cell("tied");
    // A model whose output layer is the transpose of its token embedding.
    let mut tied: GptModel = tiny.clone();
    tied.out_head.weight = Param::from_tensor(tied.tok_emb.weight.val().transpose());
    println!("{} parameters if counted once", grouped(tied.num_params_tied()));

    cell("tied-guesses");
    // The most likely next token after each token, with two tables and with one.
    let question: &'static str = "Every effort moves you";
    {
        let ids = tokenizer.encode(question)?;
        let row = Tensor::<1, Int>::from_ints(ids.as_slice(), &device).unsqueeze::<2>();
        let best = |model: &GptModel| -> Vec<u32> {
            model.forward(row.clone(), &mut Mode::Eval).argmax(2).into_data().iter().collect()
        };
        let word = |id: u32| tokenizer.decode(&[id]).map(|text| format!("{text:?}"));
        println!("after         two tables      one table");
        for ((id, two), one) in ids.iter().zip(best(&tiny)).zip(best(&tied)) {
            println!("{:14}{:16}{}", word(*id)?, word(two)?, word(one)?);
        }
    }

    cell("memory");
    // Memory at rest and in training.
    let which: &'static str = "gpt2-small";
    let bytes_per_number: f64 = 4.0;
    let numbers: f64 = GptConfig::preset(which)?.num_params() as f64;
    println!("weights                  {:6.2} GB", numbers * bytes_per_number / 1e9);
    println!("and gradients, averages  {:6.2} GB", 4.0 * numbers * bytes_per_number / 1e9);

    cell("model");
    // The model of the chapter. This takes a few seconds.
    let model: GptModel = torch_init(GptModel::new(&GptConfig::preset("124M")?, &device), &mut TorchRng::new(123));
    println!("{} parameters", grouped(model.num_params()));

    cell("next-token");
    // The logits of the last row, and the probabilities of the best tokens.
    use burn::tensor::activation::softmax;
    fn last_logits(model: &GptModel, ids: &[u32]) -> T1 {
        let context = Tensor::<1, Int>::from_ints(ids, &Device::flex()).unsqueeze(); // [1, tokens]
        let logits = model.forward(context, &mut Mode::Eval); // [1, tokens, vocab_size]
        logits.slice(s![0, -1, ..]).flatten(0, 2)
    }
    let prompt: &'static str = "Hello, I am";
    let logits: T1 = last_logits(&model, &tokenizer.encode(prompt)?);
    {
        let (_, best) = logits.clone().topk_with_indices(3, 0);
        let probabilities: Vec<f32> = softmax(logits.clone(), 0).select(0, best.clone()).into_data().iter().collect();
        for (id, probability) in best.into_data().iter::<u32>().zip(probabilities) {
            println!("{id:6}  {:18}{probability:.6}", format!("{:?}", tokenizer.decode(&[id])?));
        }
    }

    cell("softmax");
    // Softmax of three logits, as its formula says.
    fn my_softmax(z: &[f64]) -> Vec<f64> {
        let exp: Vec<f64> = z.iter().map(|z| z.exp()).collect();
        let sum: f64 = exp.iter().sum();
        exp.iter().map(|e| e / sum).collect()
    }
    let three: [f64; 3] = [2.4972, 2.1833, 2.1379];
    let added: f64 = 0.0;
    let factor_of_logits: f64 = 1.0;
    let changed: [f64; 3] = three.map(|z| z * factor_of_logits + added);
    let shares: Vec<f64> = my_softmax(&changed);
    println!("{:.4}  {:.4}  {:.4}", shares[0], shares[1], shares[2]);
    println!("first to second: {:.2}", shares[0] / shares[1]);

    cell("my-loop");
    // The loop, written again: run the model, take the best token, append it.
    fn my_generate(model: &GptModel, mut ids: Vec<u32>, new_tokens: usize, context_size: usize) -> Vec<u32> {
        for _ in 0..new_tokens {
            let from = ids.len().saturating_sub(context_size);
            let best = last_logits(model, &ids[from..]).argmax(0);
            ids.push(best.into_scalar());
        }
        ids
    }
    let start: &'static str = "Hello, I am";
    let context_size: usize = 1024;
    let written: Vec<u32> = my_generate(&model, tokenizer.encode(start)?, 6, context_size);
    println!("{written:?}");
    println!("{}", tokenizer.decode(&written)?);

    cell("luck");
    // The logits of the model beside random numbers of the same spread.
    let spread: f32 = logits.clone().var(0).sqrt().into_scalar();
    println!("model:  spread {spread:.2}, largest {:.2}", logits.clone().max().into_scalar::<f32>());
    for seed in [1, 2, 3, 4] {
        let random: T1 = randn([50257], &mut TorchRng::new(seed), &device) * spread;
        println!(
            "random: spread {:.2}, largest {:.2}",
            random.clone().var(0).sqrt().into_scalar::<f32>(),
            random.max().into_scalar::<f32>()
        );
    }

    cell("close-calls");
    // How far ahead is the best token of each step?
    let mut story: Vec<u32> = tokenizer.encode("Hello, I am")?;
    for _ in 0..6 {
        let (top, best) = last_logits(&model, &story).topk_with_indices(2, 0);
        let (top, best): (Vec<f32>, Vec<u32>) = (top.into_data().iter().collect(), best.into_data().iter().collect());
        println!("{:14}ahead by {:.2}", format!("{:?}", tokenizer.decode(&best[..1])?), top[0] - top[1]);
        story.push(best[0]);
    }

    cell("check-answers");
    // Numbers of the answers.
    for row in [[2.0, 4.0, 6.0], [20.0, 40.0, 60.0]] {
        print_tensor("normalized", LayerNorm::new(3, &device).forward(T1::from_floats(row, &device)));
    }
    let slope: f64 = 0.5;
    println!("ten layers: {:.4} without, {:.1} with shortcuts", slope.powi(10), (1.0 + slope).powi(10));
    for (name, config) in [("small", GptConfig::preset("124M")?), ("medium", GptConfig::preset("355M")?)] {
        let block = TransformerBlock::new(&config, &device).num_params();
        println!("{name:7}{:>11} in a block, {:>12} in all blocks", grouped(block), grouped(block * config.n_layers));
    }

    cell("operations");
    // Operations for one token: products with weights, and those of attention, which grow with the text.
    use ch04_gpt::bonus::flops::{forward_flops_per_token, model_flops_utilization};
    let model_size: &'static str = "gpt2-small";
    let sizes: GptConfig = GptConfig::preset(model_size)?;
    let with_weights: f64 = forward_flops_per_token(&sizes) as f64;
    println!("tokens   weights   attention");
    for tokens in [256, 1024, 4096, 16384, 65536] {
        let attention = (sizes.n_layers * 4 * tokens * sizes.emb_dim) as f64;
        println!("{tokens:6}{with_weights:10.1e}{attention:12.1e}{:8.0} %", 100.0 * attention / with_weights);
    }

    cell("utilization");
    // How much of a GPU's peak does a training run use?
    let tokens_per_second: f64 = 30_000.0;
    let peak: f64 = 312e12;
    println!("{:.1} % of the peak", 100.0 * model_flops_utilization(&sizes, tokens_per_second, peak));
    println!("at 40 %: {:.0} tokens per second", 0.4 * peak / (3.0 * with_weights));

    cell("users");
    // How many texts fit into the memory of a GPU beside a model of 12.88 GB?
    use ch04_gpt::bonus::cache_memory::{self, CacheShape};
    let gigabytes: f64 = 24.0;
    let text_length: u64 = 4096;
    let kv_heads: u64 = 32;
    let shape: CacheShape =
        CacheShape { batch: 1, tokens: text_length, layers: 32, n_heads: 32, head_dim: 128, bytes_per_value: 2 };
    let per_text: f64 = cache_memory::grouped_query(&shape, kv_heads) as f64 / 1e9;
    println!("{per_text:.2} GB for a text, {:.0} texts at the same time", ((gigabytes - 12.88) / per_text).floor());

    cell("cache-work");
    // Tokens that go through the model, without and with a cache.
    let prompt_tokens: u64 = 4;
    for new in [10, 100, 240, 1000] {
        let without: u64 = (0..new).map(|step| prompt_tokens + step).sum();
        let with = prompt_tokens + new - 1;
        println!(
            "{new:5} new tokens: {without:7} without, {with:5} with a cache, {:.0} times",
            without as f64 / with as f64
        );
    }

    cell("never-changes");
    // The keys of a token in the last block, before and after the text goes on.
    fn last_keys(model: &GptModel, ids: &[u32]) -> T2 {
        let ids = Tensor::<1, Int>::from_ints(ids, &Device::flex()).unsqueeze::<2>();
        let places = Tensor::<1, Int>::arange(0..ids.dims()[1] as i64, &Device::flex()).unsqueeze();
        let mut x: T3 = model.tok_emb.forward(ids) + model.pos_emb.forward(places);
        let mut keys = x.clone();
        for block in &model.trf_blocks {
            keys = block.att.w_key.forward(block.norm1.forward(x.clone()));
            x = block.forward(x, &mut Mode::Eval);
        }
        keys.squeeze_dim(0) // [tokens, emb_dim]
    }
    let sentence: &'static str = "Every effort moves you";
    let goes_on: &'static str = " a little further";
    {
        let before = tokenizer.encode(sentence)?;
        let after = [before.clone(), tokenizer.encode(goes_on)?].concat();
        let known = last_keys(&tiny, &after).slice(s![..before.len(), ..]);
        let difference = (known - last_keys(&tiny, &before)).abs().max().into_scalar::<f32>();
        println!("{} tokens, then {}; largest difference of the old keys: {difference:.4}", before.len(), after.len());
    }

    cell("cached-text");
    // The same text without a cache, with one, and with a cache of a few tokens.
    use ch04_gpt::bonus::{generate_text_cached, generate_text_windowed};
    use ch04_gpt::generate_text_simple;
    let window: usize = 8;
    {
        let ids: I2 = Tensor::from_ints([[6109, 3626, 6100, 345]], &device);
        let plain = generate_text_simple(&tiny, ids.clone(), 16, 64);
        let cached = generate_text_cached(&tiny, ids.clone(), 16, 64);
        let windowed = generate_text_windowed(&tiny, ids, 16, 64, window);
        let [plain, cached, windowed]: [Vec<u32>; 3] =
            [plain, cached, windowed].map(|ids| ids.into_data().iter().collect());
        let equal = |other: &[u32]| plain.iter().zip(other).take_while(|(a, b)| a == b).count();
        println!(
            "equal ids: {} of 20 with a cache, {} with a cache of {window} tokens",
            equal(&cached),
            equal(&windowed)
        );
    }

    cell("who-shares");
    // Which keys and values does each query head use?
    let query_heads: usize = 8;
    let shared_heads: usize = 2;
    let used: Vec<usize> = (0..query_heads).map(|h| h * shared_heads / query_heads).collect();
    println!("{used:?}");

    cell("grouped-layer");
    // Parameters and memory of a layer, and whether the cache gives the numbers of one pass.
    use ch04_gpt::bonus::{GroupedQueryAttention, GroupedQueryAttentionConfig, KvCache};
    {
        let config = GroupedQueryAttentionConfig::new(96, 96, query_heads, shared_heads);
        let attention = torch_init(GroupedQueryAttention::new(&config, &device), &mut TorchRng::new(123));
        let x: T3 = randn([1, 6, 96], &mut TorchRng::new(456), &device);
        let mut cache = KvCache::default();
        let one_by_one = (0..6).map(|t| attention.forward_cached(x.clone().slice(s![.., t..=t, ..]), &mut cache));
        let one_by_one = Tensor::cat(one_by_one.collect(), 1);
        let difference = (one_by_one - attention.forward(x, &mut Mode::Eval)).abs().max().into_scalar::<f32>();
        println!("{} parameters", grouped(attention.num_params()));
        println!("{} numbers kept for each token", 2 * shared_heads * 96 / query_heads);
        println!("largest difference to one pass: {difference:.4}");
    }

    cell("latent-by-hand");
    // From tokens to latent vectors, and from these to all keys.
    use ch04_gpt::bonus::{MultiHeadLatentAttention, MultiHeadLatentAttentionConfig};
    let latent_dim: usize = 12;
    let latent: MultiHeadLatentAttention = {
        let config = MultiHeadLatentAttentionConfig::new(96, 96, 4).with_latent_dim(Some(latent_dim));
        torch_init(MultiHeadLatentAttention::new(&config, &device), &mut TorchRng::new(123))
    };
    let tokens: T2 = randn([6, 96], &mut TorchRng::new(456), &device);
    let c: T2 = latent.w_down.forward(tokens.clone());
    let keys: T2 = latent.w_up_key.forward(c.clone());
    println!("tokens {:?}, latent vectors {:?}, keys {:?}", tokens.dims(), c.dims(), keys.dims());
    println!(
        "{} parameters; kept for each token: {latent_dim} numbers instead of {}",
        grouped(latent.num_params()),
        2 * 96
    );

    cell("absorbed");
    // Scores through keys, and scores straight from the latent vectors (for one head as wide as the layer).
    {
        let through_keys = latent.w_query.forward(tokens.clone()).matmul(keys.clone().transpose());
        let merged = latent.w_query.weight.val().matmul(latent.w_up_key.weight.val().transpose());
        let straight = tokens.clone().matmul(merged.clone()).matmul(c.clone().transpose());
        println!("merged matrix {:?}", merged.dims());
        println!("largest difference of the scores: {:.4}", (through_keys - straight).abs().max().into_scalar::<f32>());
    }

    cell("window-mask");
    // What each token sees (1) and what is hidden from it (0).
    use ch04_gpt::bonus::sliding_window::window_mask;
    let sees: usize = 3;
    {
        let visible: T2 = window_mask(8, 8, Some(sees), &device).bool_not().float();
        let places: [usize; 8] = std::array::from_fn(|i| i);
        println!("{} scores are left", visible.clone().sum().into_scalar::<f32>());
        heatmap("A window over the causal mask", ("Query", &places), ("Key", &places), visible)?;
    }

    cell("reach");
    // Through how many layers does a change of the first token reach the last one?
    use ch04_gpt::bonus::{AttentionKind, HybridGptConfig, HybridGptModel};
    fn change_of_last(layers: usize, kind: AttentionKind) -> Result<f32> {
        let base = GptConfig { vocab_size: 100, context_length: 16, emb_dim: 32, ..GptConfig::preset("tiny")? };
        let config = HybridGptConfig { base, attention: vec![kind; layers], experts: None };
        let model = HybridGptModel::new(&config, &mut TorchRng::new(123), &Device::flex());
        let ids = Tensor::<2, Int>::from_ints(
            [[5, 17, 99, 3, 42, 8, 61, 20], [6, 17, 99, 3, 42, 8, 61, 20]],
            &Device::flex(),
        );
        let last = model.forward(ids, &mut Mode::Eval).slice(s![.., -1, ..]);
        Ok((last.clone().slice(s![..1, .., ..]) - last.slice(s![1.., .., ..])).abs().max().into_scalar())
    }
    for layers in 1..=7 {
        let heard = change_of_last(layers, AttentionKind::SlidingWindow(sees))? > 1e-7;
        println!(
            "layers: {layers}, reach: {}, first token {}",
            layers * (sees - 1),
            if heard { "heard" } else { "not heard" }
        );
    }

    cell("pieces");
    // A text in pieces: does the cache of a layer with a window give the numbers of one pass?
    use ch04_gpt::bonus::{SlidingWindowAttention, SlidingWindowAttentionConfig};
    let piece: usize = 4;
    {
        let config = SlidingWindowAttentionConfig::new(8, 8, 2).with_window(Some(sees));
        let attention = torch_init(SlidingWindowAttention::new(&config, &device), &mut TorchRng::new(123));
        let x: T3 = randn([1, 8, 8], &mut TorchRng::new(456), &device);
        let mut cache = KvCache::default();
        let pieces = x.clone().split(piece, 1).into_iter().map(|part| attention.forward_cached(part, &mut cache));
        let pieces = Tensor::cat(pieces.collect(), 1);
        let difference = (pieces - attention.forward(x, &mut Mode::Eval)).abs().max().into_scalar::<f32>();
        println!("{} seen, {} kept, largest difference {difference:.4}", cache.tokens(), cache.kept());
    }

    cell("route");
    // The router: scores, the best k, softmax over these.
    use ch04_gpt::bonus::{MoeFeedForward, MoeFeedForwardConfig};
    let experts: usize = 4;
    let k: usize = 2;
    let moe: MoeFeedForward = {
        let config = MoeFeedForwardConfig::new(8, 16, experts, k);
        torch_init(MoeFeedForward::new(&config, &device), &mut TorchRng::new(123))
    };
    {
        let x: T2 = randn([6, 8], &mut TorchRng::new(456), &device);
        let (best, chosen) = moe.gate.forward(x.clone()).topk_with_indices(k, 1);
        print_tensor("chosen", chosen);
        print_tensor("weights", softmax(best, 1));
    }

    cell("visits");
    // How many of 1000 random tokens visit each expert?
    {
        let x: T2 = randn([1000, 8], &mut TorchRng::new(456), &device);
        let (_, chosen) = moe.route(x);
        let chosen: Vec<u32> = chosen.into_data().iter().collect();
        let visits = (0..experts).map(|expert| chosen.iter().filter(|&&e| e as usize == expert).count());
        let names: Vec<String> = (0..experts).map(|expert| format!("expert {expert}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        bars("Visits of 1000 tokens", "Visits", &names, &[("visits", visits.map(|n| n as f64).collect())]);
    }

    cell("expert-sizes");
    // Experts that together are as large as one network: how much of them does a token use?
    use ch04_gpt::bonus::expert_sizes::{ExpertSizes, FeedForwardKind};
    let number_of_experts: u64 = 8;
    let visited: u64 = 2;
    let moe_sizes: ExpertSizes =
        ExpertSizes::matching(FeedForwardKind::SwiGlu, 7168, 14336, number_of_experts, visited);
    println!("each expert is {} wide inside", moe_sizes.hidden_dim);
    println!("active: {:.1} %", 100.0 * moe_sizes.active() as f64 / moe_sizes.total() as f64);
    println!("router: {:.1} %", 100.0 * moe_sizes.router() as f64 / moe_sizes.total() as f64);

    cell("gate");
    // A head finds nothing: all its scores are low. What do softmax and the gate make of it?
    let low_scores: [f64; 3] = [-8.0, -9.0, -8.5];
    let gate_input: f64 = -6.0;
    let head_weights: Vec<f64> = my_softmax(&low_scores);
    let passes: f64 = 1.0 / (1.0 + (-gate_input).exp());
    println!("weights {head_weights:.2?}, together {:.2}", head_weights.iter().sum::<f64>());
    println!("the gate lets {:.1} % of the result pass", 100.0 * passes);

    cell("two-ways");
    // Linear attention: through the list of keys and values, and through the matrix S.
    {
        let pairs = 6;
        let mut rng = TorchRng::new(123);
        let keys: T2 = randn([pairs, 4], &mut rng, &device);
        let values: T2 = randn([pairs, 4], &mut rng, &device);
        let query: T2 = randn([1, 4], &mut rng, &device);
        print_tensor("through the list", query.clone().matmul(keys.clone().transpose()).matmul(values.clone()));
        let memory = keys.transpose().matmul(values);
        print_tensor("through the matrix", query.matmul(memory));
    }

    cell("overwrite");
    // Two values are stored, then the first is read.
    use ch04_gpt::bonus::gated_delta_net::remember;
    let second_key: [f32; 2] = [0.0, 1.0];
    let alpha: f64 = 1.0;
    let beta: f64 = 1.0;
    {
        let row = |values: [f32; 2]| T1::from_floats(values, &device).unsqueeze::<4>();
        let number = |value: f64| T4::full([1, 1, 1, 1], value, &device);
        let mut memory: T4 = Tensor::zeros([1, 1, 2, 2], &device);
        for (key, value) in [([1.0, 0.0], [3.0, 1.0]), (second_key, [2.0, 2.0])] {
            memory = remember(memory, row(key), row(value), number(alpha), number(beta));
        }
        print_tensor("memory", memory.clone().reshape([2, 2]));
        print_tensor("read with [1, 0]", row([1.0, 0.0]).matmul(memory).flatten::<1>(0, 3));
    }

    cell("recall");
    // Keys of length 1 with random values: how wrong is what is read back?
    fn recall_error(stored: usize, width: usize, right_angles: bool, beta: Option<f64>) -> f64 {
        let (device, mut rng) = (Device::flex(), TorchRng::new(123));
        let keys: T2 = randn([stored, width], &mut rng, &device);
        let values: T2 = randn([stored, width], &mut rng, &device);
        let keys = if right_angles {
            T2::eye(width, &device).repeat(&[stored.div_ceil(width), 1]).narrow(0, 0, stored)
        } else {
            keys.clone() / keys.square().sum_dim(1).sqrt()
        };
        let mut memory: T2 = Tensor::zeros([width, width], &device);
        for i in 0..stored {
            let [key, value]: [T2; 2] = [&keys, &values].map(|all| all.clone().narrow(0, i, 1));
            let delta = match beta {
                Some(beta) => (value - key.clone().matmul(memory.clone())) * beta,
                None => value, // plain addition
            };
            memory = memory + key.transpose().matmul(delta);
        }
        (keys.matmul(memory) - values).square().mean().sqrt().into_scalar()
    }
    let memory_width: usize = 16;
    let right_angles: bool = false;
    {
        let errors =
            |beta| (1..=40).map(|n| (n as f64, recall_error(n, memory_width, right_angles, beta))).collect::<Vec<_>>();
        let lines = [("delta rule", errors(Some(1.0))), ("plain addition", errors(None))];
        curves("What a memory of fixed size recalls", "Stored pairs", "Mean error", &lines)?;
    }

    cell("crossover");
    // Bytes of one head in one layer: keys and values of all tokens, or one matrix.
    let seen: u64 = 64;
    let one_head: CacheShape =
        CacheShape { batch: 1, tokens: seen, layers: 1, n_heads: 1, head_dim: 128, bytes_per_value: 2 };
    println!("keys and values: {} bytes", cache_memory::multi_head(&one_head));
    println!("one matrix:      {} bytes", cache_memory::delta_net(&one_head));

    cell("sharp");
    // The attention weights of the last token in an untrained model whose queries are made longer: a row for each head.
    let sharpness: f64 = 1.0;
    {
        let mut untrained: GptModel = tiny.clone();
        for block in &mut untrained.trf_blocks {
            block.att.w_query.weight = block.att.w_query.weight.clone().map(|weight| weight * sharpness);
        }
        let ids: I2 = Tensor::from_ints([[6109, 3626, 6100, 345]], &device); // Every effort moves you
        for (block, weights) in untrained.look_inside(ids).attention_weights.into_iter().enumerate() {
            let [_, heads, _, tokens] = weights.dims();
            let last: T2 = weights.slice(s![.., .., -1.., ..]).reshape([heads, tokens]);
            print_tensor(&format!("block {}", block + 1), last);
        }
    }
    Ok(())
}
