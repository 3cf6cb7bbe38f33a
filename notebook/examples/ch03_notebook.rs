//! The cells of chapter 3's notebook: `cargo run -p notebook --example ch03_notebook`

use notebook::prelude::*;

fn main() -> Result<()> {
    cell("device");
    // Everything in this chapter is computed on the CPU.
    let device: Device = Device::flex();

    cell("matrix-product");
    // [2, 3] · [3, 2] = [2, 2], and the other way round [3, 2] · [2, 3] = [3, 3].
    let left: T2 = Tensor::from_floats([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], &device);
    let right: T2 = Tensor::from_floats([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], &device);
    print_tensor("left · right", left.clone().matmul(right.clone()));
    print_tensor("right · left", right.clone().matmul(left.clone()));
    print_tensor("left, transposed", left.clone().transpose());

    cell("recurrent");
    // Each word changes the state: a part of the old one is kept, and the word is added.
    fn states(words: &[f64], keep: f64) -> Vec<f64> {
        let mut state = 0.0;
        let next = |word: &f64| {
            state = keep * state + word;
            state
        };
        words.iter().map(next).collect()
    }
    let keep: f64 = 0.6;
    let one_text: [f64; 8] = [1.0, 0.3, -0.8, 0.5, 0.9, -0.4, 0.7, 0.2];
    let other_text: [f64; 8] = [-1.0, 0.3, -0.8, 0.5, 0.9, -0.4, 0.7, 0.2];
    for (word, (a, b)) in states(&one_text, keep).iter().zip(states(&other_text, keep)).enumerate() {
        println!("after word {}: states {a:6.3} and {b:6.3}, difference {:.3}", word + 1, a - b);
    }

    cell("first-word");
    // What is left of the first word after 0, 1, 2, … 30 further ones, for four values of `keep`?
    fn share_of_first_word(keep: f64) -> Vec<(f64, f64)> {
        (0..=30).map(|words| (f64::from(words), keep.powi(words))).collect()
    }
    curves(
        "What is left of the first word",
        "Words after it",
        "Share",
        &[
            ("keep 0.6", share_of_first_word(0.6)),
            ("keep 0.9", share_of_first_word(0.9)),
            ("keep 1", share_of_first_word(1.0)),
            ("keep 1.05", share_of_first_word(1.05)),
        ],
    )?;

    cell("weighted-sum");
    // The states after three words, and the weight of each for the word that is to be written.
    let word_states: T2 = Tensor::from_floats([[1.0, 0.0], [0.0, 1.0], [-1.0, 1.0]], &device);
    let alphas: T1 = Tensor::from_floats([0.1, 0.2, 0.7], &device);
    println!("the weights sum to {:.4}", alphas.clone().sum().into_scalar::<f32>());
    print_tensor("c, the weighted sum", (alphas.clone().unsqueeze_dim::<2>(1) * word_states.clone()).sum_dim(0));

    cell("square");
    // The price of comparing each token with each: 12 tables in each of 12 layers.
    let longest: usize = 1024;
    for tokens in [longest / 4, longest / 2, longest, 2 * longest] {
        let scores = tokens * tokens;
        println!("{tokens:5} tokens: {:>10} scores a table, {:>13} in all", grouped(scores), grouped(144 * scores));
    }

    cell("inputs");
    // Six tokens, three numbers each, and how long each of the vectors is.
    use ch03_attention::running_example::{TOKENS, inputs};
    let x: T2 = inputs(&device);
    print_tensor("inputs", x.clone());
    print_tensor("lengths", x.clone().square().sum_dim(1).sqrt().squeeze_dim::<1>(1));

    cell("dot-product");
    // Two arrows in a plane. The first points to the right and has length 1.
    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }
    let degrees: f64 = 60.0;
    let length: f64 = 2.0;
    let arrow: [f64; 2] = [length * degrees.to_radians().cos(), length * degrees.to_radians().sin()];
    println!("({:.2}, {:.2}), dot product {:.2}", arrow[0], arrow[1], dot(&[1.0, 0.0], &arrow));

    cell("scores");
    // Which token asks? Its scores are its dot products with all tokens.
    let chosen: usize = 1;
    let query: T1 = x.clone().slice(s![chosen, ..]).squeeze_dim(0);
    let scores: T1 = x.clone().matmul(query.unsqueeze_dim(1)).squeeze_dim(1);
    println!("{TOKENS:?}");
    print_tensor(&format!("scores of {:?}", TOKENS[chosen]), scores.clone());

    cell("softmax");
    // Softmax as its formula says.
    fn softmax_by_formula(scores: T1) -> T1 {
        let exp = scores.exp();
        exp.clone() / exp.sum()
    }
    let weights: T1 = softmax_by_formula(scores.clone());
    print_tensor(&format!("weights of {:?}", TOKENS[chosen]), weights.clone());
    println!("their sum: {:.4}", weights.clone().sum().into_scalar::<f32>());

    cell("mixed-signs");
    // Three scores of your own: dividing by the sum, and softmax.
    let own_scores: T1 = Tensor::from_floats([2.0, -1.0, 0.5], &device);
    print_tensor("divided by the sum", own_scores.clone() / own_scores.clone().sum());
    print_tensor("softmax", softmax_by_formula(own_scores.clone()));
    print_tensor("softmax of the scores, each raised by 3", softmax_by_formula(own_scores.clone() + 3.0));

    cell("sharpness");
    // The same scores, multiplied by a factor before softmax. This one is burn's.
    use burn::tensor::activation;
    fn weights_of_scaled(scores: &T1, factor: f64) -> Vec<f64> {
        activation::softmax(scores.clone() * factor, 0).into_data().iter().collect()
    }
    let factor: f64 = 5.0;
    bars(
        "Attention weights of one query",
        "Weight",
        &TOKENS,
        &[
            ("Scores as they are", weights_of_scaled(&scores, 1.0)),
            ("Scores times the factor", weights_of_scaled(&scores, factor)),
        ],
    );

    cell("overflow");
    // Large scores: the formula, and burn's softmax, which subtracts the largest score first.
    let larger: f64 = 50.0;
    print_tensor("by the formula", softmax_by_formula(scores.clone() * larger));
    print_tensor("burn's softmax", activation::softmax(scores.clone() * larger, 0));

    cell("mixing");
    // The mix grows token by token, each with its own share.
    let mut mix: T1 = Tensor::zeros([3], &device);
    for (token, name) in TOKENS.iter().enumerate() {
        let vector: T1 = x.clone().slice(s![token, ..]).squeeze_dim(0);
        mix = mix + vector * weights.clone().slice(s![token]);
        print_tensor(&format!("with {name:?}"), mix.clone());
    }
    print_tensor("for comparison, the plain mean", x.clone().mean_dim(0).squeeze_dim::<1>(0));

    cell("all-tokens");
    // All scores in one product, softmax along the rows, all context vectors in a second product.
    let all_scores: T2 = x.clone().matmul(x.clone().transpose());
    let all_weights: T2 = activation::softmax(all_scores.clone(), 1);
    print_tensor("context vectors", all_weights.clone().matmul(x.clone()));
    heatmap("Simplified attention weights", ("Query", &TOKENS), ("Token looked at", &TOKENS), all_weights.clone())?;

    cell("dimension");
    // Which of the numbers sum to 1?
    let along: usize = 0;
    let portions: T2 = activation::softmax(all_scores.clone(), along);
    let row_sums: T1 = portions.clone().sum_dim(1).squeeze_dim(1);
    let column_sums: T1 = portions.clone().sum_dim(0).squeeze_dim(0);
    print_tensor("row sums, and below them column sums", Tensor::stack::<2>(vec![row_sums, column_sums], 0));

    cell("another-order");
    // The tokens in another order: "journey" before "Your".
    use ch03_attention::simplified::simplified_attention;
    let order: I1 = Tensor::from_ints([1, 0, 2, 3, 4, 5], &device);
    print_tensor("context vectors", simplified_attention(x.clone()));
    print_tensor("in the other order", simplified_attention(x.clone().select(0, order.clone())));

    cell("three-vectors");
    // Queries, keys and values of all tokens, from three random matrices.
    use shared::init::rand;
    let seed: u64 = 123;
    let mut matrices: TorchRng = TorchRng::new(seed);
    let queries: T2 = x.clone().matmul(rand([3, 2], &mut matrices, &device));
    let keys: T2 = x.clone().matmul(rand([3, 2], &mut matrices, &device));
    let values: T2 = x.clone().matmul(rand([3, 2], &mut matrices, &device));
    print_tensor("queries", queries.clone());
    print_tensor("keys", keys.clone());
    print_tensor("values", values.clone());

    cell("one-query");
    // One token asks: scores, weights, context vector.
    let asking: usize = 1;
    let its_scores: T2 = queries.clone().slice(s![asking, ..]).matmul(keys.clone().transpose());
    let its_weights: T2 = activation::softmax(its_scores.clone() / 2f64.sqrt(), 1);
    print_tensor("its scores", its_scores.clone());
    print_tensor("its weights", its_weights.clone());
    print_tensor("its context vector", its_weights.clone().matmul(values.clone()));

    cell("both-directions");
    // All scores: is the table still the same when rows and columns are exchanged?
    let table: T2 = queries.clone().matmul(keys.clone().transpose());
    heatmap("Scores of queries and keys", ("Query", &TOKENS), ("Key", &TOKENS), table.clone())?;

    cell("spread");
    // The scores of 1000 random queries with six random keys each.
    use shared::init::randn;
    fn random_scores(d_k: usize) -> T2 {
        let (device, mut rng) = (Device::flex(), TorchRng::new(123));
        let queries: T3 = randn([1000, 1, d_k], &mut rng, &device);
        let keys: T3 = randn([1000, 6, d_k], &mut rng, &device);
        queries.matmul(keys.transpose()).reshape([1000, 6])
    }
    let d_k: usize = 64;
    let spread: f32 = random_scores(d_k).reshape([6000]).var(0).sqrt().into_scalar();
    println!("d_k {d_k}: standard deviation {spread:.2}, the root of d_k {:.2}", (d_k as f64).sqrt());

    cell("largest-weight");
    // The mean of the largest of six weights, with scores divided by a power of d_k: 0.5 is the root, 0 no division.
    fn largest_weight(d_k: usize, power: f64) -> f64 {
        let weights = activation::softmax(random_scores(d_k) / (d_k as f64).powf(power), 1);
        weights.max_dim(1).mean().into_scalar()
    }
    fn over_widths(power: f64) -> Vec<(f64, f64)> {
        [1, 4, 16, 64, 256].map(|d_k| ((d_k as f64).log2(), largest_weight(d_k, power))).to_vec()
    }
    let power: f64 = 0.5;
    curves(
        "The largest of six weights",
        "Width as a power of 2",
        "Weight",
        &[("Plain scores", over_widths(0.0)), ("Divided scores", over_widths(power))],
    )?;

    cell("slope");
    // How strongly the first of three weights reacts to each score: its gradient.
    let stretch: f64 = 1.0;
    {
        let scores: T1 = Tensor::from_floats([0.9, 0.4, -0.3], &device.clone().autodiff());
        let scores = (scores * stretch).require_grad();
        let weights = activation::softmax(scores.clone(), 0);
        let gradients = weights.clone().slice(s![0]).backward();
        print_tensor("weights", weights);
        print_tensor("slopes of the first weight", scores.grad(&gradients).context("the scores have a gradient")?);
    }

    cell("tiny-attention");
    // Self-attention once more, as small as it can be.
    #[derive(Module, Debug)]
    struct TinyAttention {
        w_query: Param<Tensor<2>>,
        w_key: Param<Tensor<2>>,
        w_value: Param<Tensor<2>>,
    }
    impl TinyAttention {
        fn new(seed: u64, device: &Device) -> Self {
            let mut rng = TorchRng::new(seed);
            let mut matrix = || Param::from_tensor(rand([3, 2], &mut rng, device));
            Self { w_query: matrix(), w_key: matrix(), w_value: matrix() }
        }
        fn weights(&self, x: T2) -> T2 {
            let scores = x.clone().matmul(self.w_query.val()).matmul(x.matmul(self.w_key.val()).transpose());
            activation::softmax(scores / 2f64.sqrt(), 1)
        }
        fn forward(&self, x: T2) -> T2 {
            self.weights(x.clone()).matmul(x.matmul(self.w_value.val()))
        }
    }

    cell("tiny-context");
    // It gives what the chapter's SelfAttentionV1 gives.
    use ch03_attention::SelfAttentionV1;
    let tiny: TinyAttention = TinyAttention::new(123, &device);
    let v1: SelfAttentionV1 = SelfAttentionV1::new(3, 2, &mut TorchRng::new(123), &device);
    let apart: f32 = (tiny.forward(x.clone()) - v1.forward(x.clone())).abs().max().into_scalar();
    print_tensor("context vectors", tiny.forward(x.clone()));
    println!("largest difference from SelfAttentionV1: {apart:.6}");

    cell("fresh");
    // A fresh SelfAttentionV2: its smallest and its largest attention weight.
    use ch03_attention::{SelfAttentionV2, SelfAttentionV2Config};
    use shared::init::torch_init;
    let v2: SelfAttentionV2 =
        torch_init(SelfAttentionV2::new(&SelfAttentionV2Config::new(3, 2), &device), &mut TorchRng::new(789));
    let v2_scores: T2 = v2.w_query.forward(x.clone()).matmul(v2.w_key.forward(x.clone()).transpose());
    let v2_weights: T2 = activation::softmax(v2_scores.clone() / 2f64.sqrt(), 1);
    print_tensor("smallest", v2_weights.clone().min());
    print_tensor("largest", v2_weights.clone().max());

    cell("learn-to-look");
    // Train the matrices until each token looks where `wanted` says: the loss is small when those weights are large.
    use burn::optim::{AdamConfig, GradientsParams};
    fn learn_to_look(wanted: [i64; 6], steps: usize) -> (TinyAttention, Vec<(f64, f64)>) {
        let device = Device::flex().autodiff();
        let wanted = Tensor::<1, Int>::from_ints(wanted, &device).unsqueeze_dim::<2>(1);
        let (mut attention, mut optimizer) = (TinyAttention::new(123, &device), AdamConfig::new().init());
        let mut losses = Vec::new();
        for step in 0..steps {
            let loss = -attention.weights(inputs(&device)).gather(1, wanted.clone()).log().mean();
            losses.push((step as f64, loss.clone().into_scalar()));
            let gradients = GradientsParams::from_grads(loss.backward(), &attention);
            attention = optimizer.step(0.05, attention, gradients);
        }
        (attention.valid(), losses)
    }

    cell("learning");
    // The token that each of the six is to look at: "one", token 4, at "step", token 5, and so on.
    let wanted: [i64; 6] = [1, 2, 1, 4, 5, 4];
    let losses: Vec<(f64, f64)> = learn_to_look(wanted, 400).1;
    curves("The loss while the matrices learn", "Step", "Loss", &[("Loss", losses)])?;

    cell("learned");
    // What the matrices have learned.
    let learned: T2 = learn_to_look(wanted, 400).0.weights(x.clone());
    heatmap("Attention weights after training", ("Query", &TOKENS), ("Key", &TOKENS), learned)?;

    cell("way-a");
    // Zeros above a diagonal, then each row is divided by what is left of it.
    let diagonal: i64 = 0;
    let kept: T2 = v2_weights.clone() * Tensor::<2>::ones([6, 6], &device).tril(diagonal);
    print_tensor("row sums", kept.clone().sum_dim(1).squeeze_dim::<1>(1));
    print_tensor("divided by them", kept.clone() / kept.clone().sum_dim(1));

    cell("way-b");
    // Another number instead of the scores above the diagonal, then softmax.
    use ch03_attention::causal_mask::causal_mask;
    let instead: f32 = f32::NEG_INFINITY;
    let visible: T2 = v2_scores.clone().mask_fill(causal_mask(6, &device), instead);
    let causal_weights: T2 = activation::softmax(visible.clone() / 2f64.sqrt(), 1);
    print_tensor("weights", causal_weights.clone());
    heatmap("Causal attention weights", ("Query", &TOKENS), ("Key", &TOKENS), causal_weights.clone())?;

    cell("hidden-scores");
    // The same two ways after a number has been added to all scores that are hidden.
    use ch03_attention::causal_mask::{mask_scores, mask_weights};
    let added: f64 = 10.0;
    let changed: T2 = v2_scores.clone() + Tensor::<2>::ones([6, 6], &device).triu(1) * added;
    let row_a: T2 = mask_weights(activation::softmax(changed.clone() / 2f64.sqrt(), 1)).slice(s![1, ..]);
    let row_b: T2 = activation::softmax(mask_scores(changed) / 2f64.sqrt(), 1).slice(s![1, ..]);
    print_tensor("second row, way A", row_a);
    print_tensor("second row, way B", row_b);

    cell("shorter-text");
    // The attention of a text that ends after `tokens` tokens, and the first rows of the whole text's.
    fn causal_attention(x: T2, attention: &SelfAttentionV2) -> T2 {
        let scores = attention.w_query.forward(x.clone()).matmul(attention.w_key.forward(x.clone()).transpose());
        activation::softmax(mask_scores(scores) / 2f64.sqrt(), 1).matmul(attention.w_value.forward(x))
    }
    let tokens: usize = 3;
    print_tensor("the first tokens alone", causal_attention(x.clone().slice(s![..tokens, ..]), &v2));
    print_tensor("the whole text", causal_attention(x.clone(), &v2));

    cell("dropout");
    // Each number has a chance of its own to be dropped; what is kept grows by the factor 1 / (1 - rate).
    fn drop_some(x: T2, rate: f64, rng: &mut TorchRng) -> T2 {
        let kept = rand(x.dims(), rng, &x.device()).greater_equal_elem(rate).float();
        x * kept / (1.0 - rate)
    }
    let rate: f64 = 0.5;
    let ones: T2 = Tensor::ones([6, 6], &device);
    let dropped: T2 = drop_some(ones, rate, &mut TorchRng::new(123));
    print_tensor("ones after dropout", dropped.clone());
    print_tensor("how many are left", dropped.clone().greater_elem(0.0).int().sum());

    cell("dropout-on-average");
    // The second row of causal weights, dropped again and again: its sum on average over the steps.
    fn mean_sums(weights: &T2, rate: f64, steps: usize) -> Vec<(f64, f64)> {
        let (mut rng, mut total) = (TorchRng::new(123), 0.0);
        let mut mean = |step: usize| {
            total += drop_some(weights.clone(), rate, &mut rng).slice(s![1, ..]).sum().into_scalar::<f64>();
            (step as f64, total / step as f64)
        };
        (1..=steps).map(&mut mean).collect()
    }
    let points: Vec<(f64, f64)> = mean_sums(&causal_weights, rate, 200);
    curves("The sum of a row of weights, on average", "Steps", "Mean of the sums", &[("Second row", points.clone())])?;

    cell("modes");
    // The crate's dropout: in evaluation, and in training with a seed.
    use shared::Dropout;
    let seed_of_mask: u64 = 123;
    let half: Dropout = Dropout::new(0.5);
    print_tensor("evaluation", half.forward(causal_weights.clone(), &mut Mode::Eval));
    let mut masks: TorchRng = TorchRng::new(seed_of_mask);
    print_tensor("training", half.forward(causal_weights.clone(), &mut Mode::Train(&mut masks)));

    cell("another-token");
    // A batch of two texts. In the second one a token has another vector: which context vectors differ?
    use ch03_attention::{CausalAttention, CausalAttentionConfig};
    let replaced: usize = 3;
    let other: T2 = x.clone().slice_assign(s![replaced, ..], Tensor::full([1, 3], 0.9, &device));
    let two_texts: T3 = Tensor::stack(vec![x.clone(), other], 0);
    let head: CausalAttention =
        torch_init(CausalAttention::new(&CausalAttentionConfig::new(3, 2, 6), &device), &mut TorchRng::new(123));
    print_tensor("context vectors", head.forward(two_texts.clone(), &mut Mode::Eval));

    cell("random-texts");
    // Texts of random symbols, each token as ones and zeros for its symbol and its place. The target is the next symbol.
    const LENGTH: usize = 6;
    const SYMBOLS: usize = 4;
    fn random_texts(rng: &mut TorchRng, device: &Device) -> (T3, I1) {
        let texts = 32;
        let ids = rng.randint(0, SYMBOLS as i64, texts * LENGTH);
        let ids: I2 = Tensor::from_data(TensorData::new(ids, [texts, LENGTH]), device);
        let symbols: T3 = ids.clone().one_hot(SYMBOLS).float();
        let places: T3 = Tensor::<2>::eye(LENGTH, device).unsqueeze::<3>().expand([texts, LENGTH, LENGTH]);
        let targets = ids.slice(s![.., 1..]).reshape([texts * (LENGTH - 1)]);
        (Tensor::cat(vec![symbols, places], 2), targets)
    }

    cell("copying");
    // Train one head to predict the next symbol, with the mask and without it.
    fn training_losses(with_mask: bool, steps: usize) -> Vec<(f64, f64)> {
        let (device, mut rng) = (Device::flex().autodiff(), TorchRng::new(123));
        let config = CausalAttentionConfig::new(SYMBOLS + LENGTH, SYMBOLS, LENGTH);
        let mut head = torch_init(CausalAttention::new(&config, &device), &mut rng);
        if !with_mask {
            head.mask = head.mask.bool_xor(causal_mask(LENGTH, &device)); // nothing is hidden
        }
        let (mut optimizer, mut losses) = (AdamConfig::new().init(), Vec::new());
        for step in 0..steps {
            let (x, targets) = random_texts(&mut rng, &device);
            let logits = head.forward(x, &mut Mode::Eval).slice(s![.., ..LENGTH - 1, ..]);
            let loss = shared::cross_entropy(logits.reshape([-1, SYMBOLS as i64]), targets);
            losses.push((step as f64, loss.clone().into_scalar()));
            let gradients = GradientsParams::from_grads(loss.backward(), &head);
            head = optimizer.step(0.05, head, gradients);
        }
        losses
    }
    curves(
        "Predicting random symbols",
        "Step",
        "Loss",
        &[("Mask", training_losses(true, 150)), ("No mask", training_losses(false, 150))],
    )?;

    cell("list-of-heads");
    // A list of heads, each with two columns.
    use ch03_attention::running_example::batch;
    use ch03_attention::{MultiHeadAttentionWrapper, MultiHeadAttentionWrapperConfig};
    let heads_in_list: usize = 2;
    let list: MultiHeadAttentionWrapper = torch_init(
        MultiHeadAttentionWrapper::new(&MultiHeadAttentionWrapperConfig::new(3, 2, 6, heads_in_list), &device),
        &mut TorchRng::new(123),
    );
    print_tensor("the first text", list.forward(batch(&device), &mut Mode::Eval).slice(s![0, .., ..]));
    println!("{} numbers to be trained", list.num_params());

    cell("wide-matrix");
    // Two small products, and one with the matrices side by side.
    let first: T2 = rand([3, 2], &mut TorchRng::new(1), &device);
    let second: T2 = rand([3, 2], &mut TorchRng::new(2), &device);
    let wide: T2 = Tensor::cat(vec![first.clone(), second.clone()], 1);
    print_tensor("X · first", x.clone().matmul(first.clone()));
    print_tensor("X · second", x.clone().matmul(second.clone()));
    print_tensor("X · [first | second]", x.clone().matmul(wide.clone()));

    cell("splitting");
    // Three tokens with four numbers each, the tens of which say the token. Cut them into heads.
    let num_heads: usize = 2;
    let rows: I3 =
        Tensor::<1, Int>::from_ints([10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33], &device).reshape([1, 3, 4]);
    let width_of_head: usize = 4 / num_heads;
    print_tensor("reshape, swap", rows.clone().reshape([1, 3, num_heads, width_of_head]).swap_dims(1, 2));
    print_tensor("reshape alone", rows.clone().reshape([1, num_heads, 3, width_of_head]));

    cell("heads-at-once");
    // Queries of two heads, three tokens, width 4: the scores of all heads in one product, and of one head alone.
    let one_head: usize = 1;
    let q: T4 = rand([1, 2, 3, 4], &mut TorchRng::new(123), &device);
    let k: T4 = rand([1, 2, 3, 4], &mut TorchRng::new(456), &device);
    print_tensor("all heads", q.clone().matmul(k.clone().transpose()));
    let q_alone: T2 = q.clone().slice(s![0, one_head, .., ..]).reshape([3, 4]);
    let k_alone: T2 = k.clone().slice(s![0, one_head, .., ..]).reshape([3, 4]);
    print_tensor("one head", q_alone.matmul(k_alone.transpose()));

    cell("weights-of-heads");
    // The weights of one of two heads that have learned nothing yet.
    use ch03_attention::{MultiHeadAttention, MultiHeadAttentionConfig};
    let shown: usize = 0;
    let two_heads: MultiHeadAttention = torch_init(
        MultiHeadAttention::new(&MultiHeadAttentionConfig::new(3, 4, 6, 2), &device),
        &mut TorchRng::new(123),
    );
    let of_both: T4 = two_heads.attention_weights(batch(&device), &mut Mode::Eval);
    let of_one: T2 = of_both.slice(s![0, shown, .., ..]).reshape([6, 6]);
    print_tensor("its last row", of_one.clone().slice(s![5, ..]));
    heatmap(&format!("Attention weights of head {shown}"), ("Query", &TOKENS), ("Key", &TOKENS), of_one)?;

    cell("one-or-two-heads");
    // Two columns, shared by some heads.
    let sharing: usize = 1;
    let shared_columns: MultiHeadAttention = torch_init(
        MultiHeadAttention::new(&MultiHeadAttentionConfig::new(3, 2, 6, sharing), &device),
        &mut TorchRng::new(123),
    );
    print_tensor("the first text", shared_columns.forward(batch(&device), &mut Mode::Eval).slice(s![0, .., ..]));

    cell("cost-of-heads");
    // Parameters of a module, and the weights it holds for one text, with 1, 2, 4, … heads.
    let width: usize = 768;
    let text_length: usize = 1024;
    for heads in [1, 2, 4, 8, 16] {
        let module = MultiHeadAttention::new(&MultiHeadAttentionConfig::new(width, width, text_length, heads), &device);
        let mebibytes = heads * text_length * text_length * 4 / (1024 * 1024);
        println!("{heads:2} heads: {} parameters, {mebibytes} MiB of weights", grouped(module.num_params()));
    }

    cell("whole-way");
    // The table above as a program: multi-head attention with the shape after each step.
    fn whole_way(x: T3, heads: usize, [w_query, w_key, w_value, w_out]: [T2; 4]) -> T3 {
        let [b, n, _] = x.dims();
        let [_, d_out] = w_out.dims();
        println!("input    {:?}", x.dims());
        let split = |x: T3| x.reshape([b, n, heads, d_out / heads]).swap_dims(1, 2);
        let project = |w: T2| split(x.clone().matmul(w.unsqueeze()));
        let (queries, keys, values): (T4, T4, T4) = (project(w_query), project(w_key), project(w_value));
        println!("split    {:?}", queries.dims());
        let scores: T4 =
            queries.matmul(keys.transpose()).mask_fill(causal_mask(n, &x.device()).unsqueeze(), f32::NEG_INFINITY);
        println!("compare  {:?}", scores.dims());
        let context: T4 = activation::softmax(scores / ((d_out / heads) as f64).sqrt(), 3).matmul(values);
        println!("mix      {:?}", context.dims());
        let joined: T3 = context.swap_dims(1, 2).reshape([b, n, d_out]);
        println!("join     {:?}", joined.dims());
        joined.matmul(w_out.unsqueeze())
    }

    cell("its-shapes");
    // Sizes of your own, and what MultiHeadAttention makes of the same weights.
    let sizes: [usize; 5] = [2, 6, 3, 8, 4]; // texts, tokens, d_in, d_out, heads
    {
        let ([b, n, d_in, d_out, heads], mut rng) = (sizes, TorchRng::new(123));
        let config = MultiHeadAttentionConfig::new(d_in, d_out, n, heads);
        let module = torch_init(MultiHeadAttention::new(&config, &device), &mut rng);
        let x: T3 = randn([b, n, d_in], &mut rng, &device);
        let layers = [&module.w_query, &module.w_key, &module.w_value, &module.out_proj];
        let bias: T1 = module.out_proj.bias.as_ref().context("the output projection has a bias")?.val();
        let ours = whole_way(x.clone(), heads, layers.map(|layer| layer.weight.val())) + bias.unsqueeze();
        let apart: f32 = (ours - module.forward(x, &mut Mode::Eval)).abs().max().into_scalar();
        println!("largest difference from MultiHeadAttention: {apart:.5}");
    }

    cell("raise-or-multiply");
    // A row of scores as it is, raised, and multiplied.
    let a_row: T1 = Tensor::from_floats([0.3, 1.0, -0.5, 0.6], &device);
    print_tensor("as it is", activation::softmax(a_row.clone(), 0));
    print_tensor("raised by 5", activation::softmax(a_row.clone() + 5.0, 0));
    print_tensor("multiplied by 5", activation::softmax(a_row.clone() * 5.0, 0));

    cell("nothing-visible");
    // A row in which everything is hidden.
    let hidden_number: f32 = f32::NEG_INFINITY;
    print_tensor("weights", activation::softmax(Tensor::<1>::full([4], hidden_number, &device), 0));

    cell("exchanged-words");
    // Two neighbours are exchanged, and the future is hidden.
    let exchanged: I1 = Tensor::from_ints([0, 1, 3, 2, 4, 5], &device);
    print_tensor("as it was", causal_attention(x.clone(), &v2));
    print_tensor("exchanged", causal_attention(x.clone().select(0, exchanged), &v2));

    cell("exercise-1");
    // Exercise 3.1: this SelfAttentionV1 has weights of its own. Give it those of `v2`.
    fn v1_with_weights_of(v2: &SelfAttentionV2) -> SelfAttentionV1 {
        SelfAttentionV1::new(3, 2, &mut TorchRng::new(123), &v2.w_query.weight.device())
    }
    let difference: f32 =
        (v1_with_weights_of(&v2).forward(x.clone()) - v2.forward(x.clone())).abs().max().into_scalar();
    println!("largest difference {difference:.4}: {}", if difference < 1e-5 { "solved" } else { "not yet" });

    cell("exercise-2");
    // Exercise 3.2: two heads and together two columns. These arguments give too many.
    let arguments: MultiHeadAttentionWrapperConfig = MultiHeadAttentionWrapperConfig::new(3, 2, 6, 2);
    let answer: MultiHeadAttentionWrapper =
        torch_init(MultiHeadAttentionWrapper::new(&arguments, &device), &mut TorchRng::new(123));
    let columns: [usize; 3] = answer.forward(batch(&device), &mut Mode::Eval).dims();
    println!("{} heads, {} columns", answer.heads.len(), columns[2]);

    cell("exercise-3");
    // Exercise 3.3: how many numbers does a module have to learn? This counts one projection only.
    fn parameter_count(config: &MultiHeadAttentionConfig) -> usize {
        config.d_in * config.d_out
    }
    for config in
        [MultiHeadAttentionConfig::new(3, 2, 6, 2), MultiHeadAttentionConfig::new(6, 8, 4, 2).with_qkv_bias(true)]
    {
        let counted = MultiHeadAttention::new(&config, &device).num_params();
        println!("your answer {}, the module has {counted}", parameter_count(&config));
    }

    cell("columns-of-heads");
    // Which columns of the large matrices does each head of the list get?
    use ch03_attention::bonus::WrapperWithProjection;
    let chapter: MultiHeadAttention = torch_init(
        MultiHeadAttention::new(&MultiHeadAttentionConfig::new(6, 6, 6, 2), &device),
        &mut TorchRng::new(123),
    );
    let listed: WrapperWithProjection = WrapperWithProjection::with_weights_of(&chapter);
    print_tensor("all queries' columns", chapter.w_query.weight.val());
    for head in &listed.wrapper.heads {
        print_tensor("one head's", head.w_query.weight.val());
    }

    cell("columns-of-qkv");
    // The columns of the combined product, numbered from 0, by projection and head.
    let width_of_heads: usize = 3;
    let all_columns: I3 =
        Tensor::<1, Int>::arange(0..(3 * 2 * width_of_heads) as i64, &device).reshape([3, 2, width_of_heads]);
    print_tensor("queries, keys, values; a row for each head", all_columns);

    cell("named-axes");
    // Products by the names of their axes: n and m for tokens, e for the width.
    use burn::tensor::einsum;
    let by_name: T2 = einsum!("ne,me->nm", &queries, &keys);
    print_tensor("scores", by_name);
    let mixed_values: T2 = einsum!("nm,me->ne", activation::softmax(table.clone() / 2f64.sqrt(), 1), &values);
    print_tensor("context vectors", mixed_values);

    cell("running-softmax");
    // A mix that goes through the tokens in blocks and never holds all scores.
    fn mix_in_blocks(scores: &[f64], values: &[f64], block: usize) -> f64 {
        let (mut largest, mut sum, mut mix) = (f64::NEG_INFINITY, 0.0, 0.0);
        for (scores, values) in scores.chunks(block).zip(values.chunks(block)) {
            let new_largest = scores.iter().copied().fold(largest, f64::max);
            let correction = (largest - new_largest).exp();
            let exp: Vec<f64> = scores.iter().map(|score| (score - new_largest).exp()).collect();
            sum = sum * correction + exp.iter().sum::<f64>();
            mix = mix * correction + dot(&exp, values);
            largest = new_largest;
            println!("largest score {largest}, sum {sum:.4}, mix so far {:.4}", mix / sum);
        }
        mix / sum
    }
    let block: usize = 2;
    mix_in_blocks(&[1.0, 0.2, 3.0, -1.0, 0.5, 2.0], &[10.0, 20.0, 30.0, 40.0, 50.0, 60.0], block);

    cell("turned-mask");
    // The fused attention with its mask, and with the mask that PyTorch's function wants.
    use ch03_attention::bonus::FusedAttention;
    let mut fused: FusedAttention = FusedAttention::with_explicit_mask(&chapter);
    let six_wide: T3 = randn([1, 6, 6], &mut TorchRng::new(5), &device);
    print_tensor("as it should be", fused.forward(six_wide.clone()).slice(s![.., .., ..3]));
    fused.mask = fused.mask.map(|mask| mask.bool_not());
    print_tensor("inverted", fused.forward(six_wide.clone()).slice(s![.., .., ..3]));

    cell("ten-thousand");
    // Hidden scores of −10,000 instead of −∞: in a row with visible scores, and in one without.
    let far_below: f32 = -10_000.0;
    print_tensor(
        "two visible",
        activation::softmax(Tensor::<1>::from_floats([0.5, 0.2, far_below, far_below], &device), 0),
    );
    print_tensor("none visible", activation::softmax(Tensor::<1>::from_floats([far_below; 4], &device), 0));

    cell("same-results");
    // All variants against the chapter's module.
    use ch03_attention::bonus::{BurnAttention, CombinedQkvAttention, EinsteinAttention};
    let wide_and_heads: [usize; 2] = [24, 3];
    {
        let ([wide, heads], mut rng) = (wide_and_heads, TorchRng::new(123));
        let module = MultiHeadAttention::new(&MultiHeadAttentionConfig::new(wide, wide, 16, heads), &device);
        let module = torch_init(module, &mut rng);
        let x: T3 = randn([2, 16, wide], &mut rng, &device);
        let expected = module.forward(x.clone(), &mut Mode::Eval);
        for (name, found) in [
            ("list of heads", WrapperWithProjection::with_weights_of(&module).forward(x.clone(), &mut Mode::Eval)),
            ("combined QKV", CombinedQkvAttention::with_weights_of(&module).forward(x.clone(), &mut Mode::Eval)),
            ("Einstein summation", EinsteinAttention::with_weights_of(&module).forward(x.clone(), &mut Mode::Eval)),
            ("fused, causal flag", FusedAttention::with_causal_flag(&module).forward(x.clone())),
            ("burn's module", BurnAttention::with_weights_of(&module).forward(x.clone())),
        ] {
            let apart: f32 = (found - expected.clone()).abs().max().into_scalar();
            println!("{name:<20} {}", if apart < 1e-5 { "agrees" } else { "differs" });
        }
    }

    cell("three-fields");
    // The same mask in three kinds of fields.
    #[derive(Module, Debug)]
    struct ThreeMasks {
        constant: Tensor<2>,
        parameter: Param<Tensor<2>>,
        #[module(skip)]
        skipped: Tensor<2>,
    }
    fn three_masks(factor: f64) -> ThreeMasks {
        let mask: T2 = Tensor::<2>::ones([3, 3], &Device::flex()).triu(1) * factor;
        let parameter = Param::from_tensor(mask.clone()).set_require_grad(false);
        ThreeMasks { constant: mask.clone(), parameter, skipped: mask }
    }
    println!("{} numbers count as parameters", three_masks(1.0).num_params());

    cell("save-and-load");
    // Save a module whose masks have been multiplied, load it into a fresh one, and move that to another device.
    use burn::store::ModuleRecord;
    let multiplied_by: f64 = 2.0;
    let saved: ModuleRecord = ModuleRecord::from_bytes(three_masks(multiplied_by).into_record().into_bytes()?)?;
    let loaded: ThreeMasks = three_masks(1.0).try_load_record(saved)?;
    print_tensor("constant", loaded.constant.clone());
    print_tensor("parameter", loaded.parameter.val());
    print_tensor("skipped", loaded.skipped.clone());
    let moved: ThreeMasks = loaded.clone().train();
    println!(
        "moved: constant {}, skipped {}",
        moved.constant.device().is_autodiff(),
        moved.skipped.device().is_autodiff()
    );

    cell("longer-context");
    // A file of a head for 6 tokens, loaded into one for more.
    let longer: usize = 10;
    let of_six: ModuleRecord = ModuleRecord::from_bytes(head.clone().into_record().into_bytes()?)?;
    println!("tensors in the file: {}", of_six.len());
    let for_more: CausalAttention =
        CausalAttention::new(&CausalAttentionConfig::new(3, 2, longer), &device).try_load_record(of_six)?;
    println!("mask {:?}", for_more.mask.dims());
    let same: f32 = (for_more.forward(batch(&device), &mut Mode::Eval) - head.forward(batch(&device), &mut Mode::Eval))
        .abs()
        .max()
        .into_scalar();
    println!("largest difference: {same:.5}");

    cell("trained-mask");
    // A mask that is multiplied with the weights, as a parameter: the optimizer may change it.
    #[derive(Module, Debug)]
    struct MaskedByProduct {
        head: CausalAttention,
        mask: Param<Tensor<2>>,
    }
    impl MaskedByProduct {
        fn forward(&self, x: T3) -> T3 {
            let (queries, keys) = (self.head.w_query.forward(x.clone()), self.head.w_key.forward(x.clone()));
            let scores = queries.matmul(keys.transpose()) / (SYMBOLS as f64).sqrt();
            (activation::softmax(scores, 2) * self.mask.val().unsqueeze()).matmul(self.head.w_value.forward(x))
        }
    }

    cell("mask-after-training");
    // Ones and zeros at first. What does the mask look like after 200 steps?
    let trainable: bool = true;
    {
        let (device, mut rng) = (Device::flex().autodiff(), TorchRng::new(123));
        let config = CausalAttentionConfig::new(SYMBOLS + LENGTH, SYMBOLS, LENGTH);
        let head = torch_init(CausalAttention::new(&config, &device), &mut rng);
        let ones = Tensor::<2>::ones([LENGTH, LENGTH], &device).tril(0);
        let mut model = MaskedByProduct { head, mask: Param::from_tensor(ones).set_require_grad(trainable) };
        let mut optimizer = AdamConfig::new().init();
        for step in 0..=200 {
            let (x, targets) = random_texts(&mut rng, &device);
            let logits = model.forward(x).slice(s![.., ..LENGTH - 1, ..]);
            let loss = shared::cross_entropy(logits.reshape([-1, SYMBOLS as i64]), targets);
            if step % 50 == 0 {
                println!("step {step}: loss {:.2}", loss.clone().into_scalar::<f32>());
            }
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            model = optimizer.step(0.05, model, gradients);
        }
        let places = [1, 2, 3, 4, 5, 6];
        heatmap("The mask after training", ("Query", &places), ("Key", &places), model.mask.val())?;
    }
    Ok(())
}
