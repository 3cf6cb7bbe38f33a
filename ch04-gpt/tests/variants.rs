//! The variants against PyTorch's numbers, and the published estimates.
//!
//! Values with four decimals are compared within 6e-5: half a unit of the last one, and 1e-5 for the order of the sums.

use burn::module::Module;
use burn::tensor::{Bool, Device, Int, Tensor, s};
use ch03_attention::{MultiHeadAttention, MultiHeadAttentionConfig};
use ch04_gpt::GptModel;
use ch04_gpt::bonus::cache_memory::{self, CacheShape};
use ch04_gpt::bonus::expert_sizes::{ExpertSizes, FeedForwardKind};
use ch04_gpt::bonus::flops::{PEAKS, forward_flops, forward_flops_per_token, model_flops_utilization};
use ch04_gpt::bonus::sliding_window::{uses_window, window_mask};
use ch04_gpt::bonus::{
    AttentionKind, GatedDeltaNet, GatedDeltaNetConfig, GatedMultiHeadAttention, GatedMultiHeadAttentionConfig,
    GroupedQueryAttention, GroupedQueryAttentionConfig, HybridGptConfig, HybridGptModel, KvCache, LatentCache,
    MoeFeedForward, MoeFeedForwardConfig, MultiHeadLatentAttention, MultiHeadLatentAttentionConfig,
    SlidingWindowAttention, SlidingWindowAttentionConfig,
};
use shared::init::{randn, torch_init};
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};
use testkit::{assert_close, values};

const DIGITS_4: f32 = 6e-5;

/// The same numbers, below 2, from float32 sums of at most 32 products in another order; section 5.6 needs no more.
const ROUNDING: f32 = 1e-6;

/// Runs `forward_cached` on the first three tokens and then on one at a time.
fn three_then_one_by_one(mut forward_cached: impl FnMut(Tensor<3>) -> Tensor<3>) -> Vec<f32> {
    let pieces = [(0, 3), (3, 4), (4, 5), (5, 6)];
    values(Tensor::cat(pieces.map(|(from, to)| forward_cached(x().slice(s![.., from..to, ..]))).to_vec(), 1))
}

/// The input of most tests: seed 456, one text of six tokens.
fn x() -> Tensor<3> {
    randn([1, 6, 8], &mut TorchRng::new(456), &Device::flex())
}

fn row(output: &Tensor<3>, token: usize) -> Vec<f32> {
    values(output.clone().slice(s![0, token, ..]))
}

fn seeded<M: Module>(module: M) -> M {
    torch_init(module, &mut TorchRng::new(123))
}

#[test]
fn the_input_of_these_tests() {
    let expected = [0.8035, -0.0746, -0.9457, 1.3380, -0.0892, 1.3740, -1.4285, -0.0266];
    assert_close(&row(&x(), 0), &expected, DIGITS_4);
}

// ---- Grouped-query attention

#[test]
fn grouped_query_attention() {
    let attention = seeded(GroupedQueryAttention::new(&GroupedQueryAttentionConfig::new(8, 8, 4, 2), &Device::flex()));
    assert_eq!(attention.num_params(), 192);
    let y = attention.forward(x(), &mut Mode::Eval);
    let first = [0.0188, 0.0766, -0.4133, 0.0874, 0.6670, -0.1555, -0.0229, -0.1878];
    let last = [-0.0245, -0.0325, 0.1234, -0.1855, -0.2768, -0.0746, 0.1220, 0.1137];
    assert_close(&row(&y, 0), &first, DIGITS_4);
    assert_close(&row(&y, 5), &last, DIGITS_4);
}

/// Two heads of keys and values are kept for four query heads.
#[test]
fn grouped_query_attention_with_a_cache() {
    let attention = seeded(GroupedQueryAttention::new(&GroupedQueryAttentionConfig::new(8, 8, 4, 2), &Device::flex()));
    let expected = values(attention.forward(x(), &mut Mode::Eval));
    let mut cache = KvCache::default();
    let found = three_then_one_by_one(|x| attention.forward_cached(x, &mut cache));
    assert_close(&found, &expected, ROUNDING);

    let new = || Tensor::zeros([1, 2, 1, 2], &Device::flex()); // [batch, groups, new, head_dim]
    let (keys, _) = cache.extend(new(), new());
    assert_eq!(keys.dims(), [1, 2, 7, 2]);
}

/// As many groups as heads: each head has its own keys and values. Only the bias of the last layer is missing.
#[test]
fn as_many_groups_as_heads_is_ordinary_attention() {
    let device = Device::flex();
    let grouped = seeded(GroupedQueryAttention::new(&GroupedQueryAttentionConfig::new(8, 8, 4, 4), &device));
    let mut ordinary = MultiHeadAttention::new(&MultiHeadAttentionConfig::new(8, 8, 6, 4), &device);
    ordinary.w_query = grouped.w_query.clone();
    ordinary.w_key = grouped.w_key.clone();
    ordinary.w_value = grouped.w_value.clone();
    ordinary.out_proj.weight = grouped.out_proj.weight.clone();
    ordinary.out_proj.bias = None;
    let expected = values(ordinary.forward(x(), &mut Mode::Eval));
    assert_close(&values(grouped.forward(x(), &mut Mode::Eval)), &expected, ROUNDING);
}

#[test]
#[should_panic(expected = "3 groups do not divide 4 heads")]
fn groups_must_divide_the_heads() {
    GroupedQueryAttention::new(&GroupedQueryAttentionConfig::new(8, 8, 4, 3), &Device::flex());
}

#[test]
#[should_panic(expected = "d_out (8) must be divisible by num_heads (3)")]
fn heads_must_divide_the_width() {
    GroupedQueryAttention::new(&GroupedQueryAttentionConfig::new(8, 8, 3, 3), &Device::flex());
}

// ---- Latent attention

#[test]
fn latent_attention() {
    let config = MultiHeadLatentAttentionConfig::new(8, 8, 2).with_latent_dim(Some(4));
    let attention = seeded(MultiHeadLatentAttention::new(&config, &Device::flex()));
    assert_eq!(attention.num_params(), 232);
    let y = attention.forward(x(), &mut Mode::Eval);
    let first = [0.6379, -0.7667, -0.1847, -0.2202, 0.1129, -0.1584, -0.0999, -0.1185];
    let last = [0.3170, -0.3366, -0.1505, -0.1524, 0.0993, -0.0605, -0.0293, -0.1636];
    assert_close(&row(&y, 0), &first, DIGITS_4);
    assert_close(&row(&y, 5), &last, DIGITS_4);
}

#[test]
fn latent_attention_with_a_cache() {
    let config = MultiHeadLatentAttentionConfig::new(8, 8, 2).with_latent_dim(Some(4));
    let attention = seeded(MultiHeadLatentAttention::new(&config, &Device::flex()));
    let expected = values(attention.forward(x(), &mut Mode::Eval));
    let mut cache = LatentCache::default();
    let found = three_then_one_by_one(|x| attention.forward_cached(x, &mut cache));
    assert_close(&found, &expected, ROUNDING);
    assert_eq!(cache.tokens(), 6);
}

#[test]
#[should_panic(expected = "the cache is for a batch of 1, not 2: begin with a new one")]
fn the_latent_cache_of_another_batch_is_refused() {
    let attention =
        seeded(MultiHeadLatentAttention::new(&MultiHeadLatentAttentionConfig::new(8, 8, 2), &Device::flex()));
    let mut cache = LatentCache::default();
    attention.forward_cached(x(), &mut cache);
    attention.forward_cached(x().repeat_dim(0, 2), &mut cache);
}

#[test]
#[should_panic(expected = "latent_dim is 0, but must be at least 1")]
fn a_latent_vector_of_nothing_is_an_error() {
    MultiHeadLatentAttention::new(
        &MultiHeadLatentAttentionConfig::new(8, 8, 2).with_latent_dim(Some(0)),
        &Device::flex(),
    );
}

#[test]
fn the_latent_width_has_a_default() {
    let width = |d_out| {
        let attention =
            MultiHeadLatentAttention::new(&MultiHeadLatentAttentionConfig::new(8, d_out, 2), &Device::flex());
        attention.w_down.weight.lazy_shape()[1]
    };
    assert_eq!([width(8), width(128), width(256)], [16, 16, 32]);
}

// ---- Sliding window

fn window_attention(window: Option<usize>) -> ch04_gpt::bonus::SlidingWindowAttention {
    SlidingWindowAttention::new(&SlidingWindowAttentionConfig::new(8, 8, 2).with_window(window), &Device::flex())
}

#[test]
fn sliding_window_attention() {
    let attention = seeded(window_attention(Some(3)));
    assert_eq!(attention.num_params(), 264);
    let y = attention.forward(x(), &mut Mode::Eval);
    let first = [-0.4019, -0.6037, 0.1763, 0.0033, -0.1978, 0.1910, 0.3042, 0.4527];
    let last = [0.0267, -0.3259, 0.2638, 0.3178, -0.1695, -0.1632, 0.1225, 0.2852];
    assert_close(&row(&y, 0), &first, DIGITS_4);
    assert_close(&row(&y, 5), &last, DIGITS_4);

    let y = seeded(window_attention(None)).forward(x(), &mut Mode::Eval);
    let last = [0.0073, -0.3058, 0.3528, 0.2746, -0.1191, -0.0104, 0.1174, 0.3148];
    assert_close(&row(&y, 0), &first, DIGITS_4);
    assert_close(&row(&y, 5), &last, DIGITS_4);
}

/// The input drawn after the layer, from the same generator.
#[test]
fn sliding_window_attention_over_four_tokens() {
    let mut rng = TorchRng::new(123);
    let attention = torch_init(window_attention(Some(4)), &mut rng);
    let x: Tensor<3> = randn([1, 6, 8], &mut rng, &Device::flex());
    let y = attention.forward(x.clone(), &mut Mode::Eval);
    assert!(values(y.clone()).iter().all(|value| value.is_finite()));
    assert_close(&row(&y, 0)[..4], &[0.0872, -0.2337, 0.6037, 0.4644], DIGITS_4);
    assert_close(&row(&y, 5)[..4], &[-0.2001, -0.2880, 0.0551, 0.2984], DIGITS_4);

    let mut cache = KvCache::default();
    assert_close(&values(attention.forward_cached(x, &mut cache)), &values(y), ROUNDING);
    assert_eq!((cache.tokens(), cache.kept()), (6, 4));
}

/// In whatever pieces the text comes, every token sees its whole window.
#[test]
fn sliding_window_attention_with_a_cache() {
    for window in [None, Some(1), Some(2), Some(3), Some(6)] {
        let attention = seeded(window_attention(window));
        let expected = values(attention.forward(x(), &mut Mode::Eval));
        let mut cache = KvCache::default();
        let found = three_then_one_by_one(|x| attention.forward_cached(x, &mut cache));
        assert_close(&found, &expected, ROUNDING);
        assert_eq!((cache.tokens(), cache.kept()), (6, window.unwrap_or(6)));

        let mut cache = KvCache::default();
        let pieces = [(0, 2), (2, 6)].map(|(from, to)| x().slice(s![.., from..to, ..]));
        let found = pieces.map(|piece| attention.forward_cached(piece, &mut cache)).to_vec();
        assert_close(&values(Tensor::cat(found, 1)), &expected, ROUNDING);
    }
}

#[test]
fn the_window_counts_the_token_itself() {
    let hidden = |window| {
        let mask: Tensor<2, Bool> = window_mask(4, 4, window, &Device::flex());
        let mask: Vec<bool> = mask.into_data().iter().collect();
        mask.chunks(4)
            .map(|row| row.iter().map(|&hide| if hide { '.' } else { 'x' }).collect())
            .collect::<Vec<String>>()
    };
    assert_eq!(hidden(Some(1)), ["x...", ".x..", "..x.", "...x"]);
    assert_eq!(hidden(Some(2)), ["x...", "xx..", ".xx.", "..xx"]);
    assert_eq!(hidden(Some(3)), ["x...", "xx..", "xxx.", ".xxx"]);
    for window in [Some(4), Some(9), None] {
        assert_eq!(hidden(window), ["x...", "xx..", "xxx.", "xxxx"]);
    }
}

#[test]
#[should_panic(expected = "in a window of 0 tokens a token does not even see itself")]
fn a_window_of_nothing_is_an_error() {
    window_attention(Some(0));
}

#[test]
fn windows_and_full_layers_alternate() {
    let layers = |stride| (0..12).map(|layer| if uses_window(layer, stride) { 'S' } else { 'F' }).collect::<String>();
    assert_eq!(layers(5), "SSSSSFSSSSSF");
    assert_eq!(layers(2), "SSFSSFSSFSSF");
    assert_eq!(layers(0), "FFFFFFFFFFFF");
    assert_eq!(layers(-1), "SSSSSSSSSSSS");
}

// ---- Gated attention and Gated DeltaNet

#[test]
fn gated_attention() {
    let attention = seeded(GatedMultiHeadAttention::new(&GatedMultiHeadAttentionConfig::new(8, 8, 2), &Device::flex()));
    assert_eq!(attention.num_params(), 328);
    let y = attention.forward(x(), &mut Mode::Eval);
    let first = [-0.5646, -0.3498, 0.2723, 0.2092, 0.2279, -0.1980, 0.2400, 0.2517];
    let last = [-0.2034, -0.1461, 0.3220, 0.2076, 0.1382, -0.3477, 0.1416, 0.1007];
    assert_close(&row(&y, 0), &first, DIGITS_4);
    assert_close(&row(&y, 5), &last, DIGITS_4);
}

#[test]
fn gated_delta_net() {
    let net = GatedDeltaNet::new(&GatedDeltaNetConfig::new(8, 8, 2), &mut TorchRng::new(123), &Device::flex());
    assert_eq!(net.num_params(), 416);
    assert_close(&values(net.a_log.val()), &[1.0773, 1.1682], DIGITS_4);
    let y = net.forward(x(), &mut Mode::Eval);
    let first = [-0.7032, 0.6838, 0.2576, 0.3506, 0.5405, -0.5332, 0.1158, 0.6936];
    let last = [-0.1771, 0.2837, -0.4300, 0.1772, 0.2570, -0.5700, 0.2813, 0.7158];
    assert_close(&row(&y, 0), &first, DIGITS_4);
    assert_close(&row(&y, 5), &last, DIGITS_4);
}

// ---- Mixture of experts

#[test]
fn mixture_of_experts() {
    let moe = seeded(MoeFeedForward::new(&MoeFeedForwardConfig::new(8, 16, 4, 2), &Device::flex()));
    assert_eq!(moe.num_params(), 1568);

    let (weights, experts) = moe.route(x().squeeze_dim(0));
    let experts: Vec<u32> = experts.into_data().try_into_vec_as().unwrap();
    assert_eq!(experts, [[0, 1], [3, 0], [2, 0], [0, 1], [3, 2], [3, 0]].concat());
    assert_close(&values(weights)[..2], &[0.7225, 0.2775], DIGITS_4);

    let y = moe.forward(x());
    let first = [-0.1836, 0.0402, 0.0176, -0.0424, -0.0151, -0.0972, -0.1614, -0.0592];
    let last = [-0.0779, -0.0535, 0.0934, 0.0166, -0.0009, 0.0805, 0.0891, 0.1250];
    assert_close(&row(&y, 0), &first, DIGITS_4);
    assert_close(&row(&y, 5), &last, DIGITS_4);
}

/// Gradients reach the router and every expert that was visited.
#[test]
fn experts_are_trained() {
    let device = Device::flex().autodiff();
    let moe =
        torch_init(MoeFeedForward::new(&MoeFeedForwardConfig::new(8, 16, 4, 2), &device), &mut TorchRng::new(123));
    let gradients = moe.forward(x().autodiff()).square().sum().backward();
    for layer in [&moe.gate, &moe.fc1[0], &moe.fc2[1], &moe.fc3[2], &moe.fc3[3]] {
        let gradient = layer.weight.val().grad(&gradients).unwrap();
        assert!(values(gradient).iter().any(|&g| g != 0.0));
    }
}

#[test]
#[should_panic(expected = "a token cannot visit 5 of 4 experts")]
fn a_token_cannot_visit_more_experts_than_there_are() {
    MoeFeedForward::new(&MoeFeedForwardConfig::new(8, 16, 4, 5), &Device::flex());
}

// ---- A whole model

fn base() -> GptConfig {
    GptConfig {
        vocab_size: 257,
        context_length: 8,
        emb_dim: 32,
        n_heads: 4,
        n_layers: 2,
        drop_rate: 0.0,
        qkv_bias: false,
    }
}

fn hybrid(attention: &[AttentionKind], experts: Option<MoeFeedForwardConfig>) -> HybridGptModel {
    let config = HybridGptConfig { base: base(), attention: attention.to_vec(), experts };
    HybridGptModel::new(&config, &mut TorchRng::new(123), &Device::flex())
}

/// A window as wide as the context hides nothing: the model of section 4.6 with the same seed gives the same logits,
/// and the same two tokens after a prompt of six.
#[test]
fn a_window_as_wide_as_the_context_changes_nothing() {
    let plain = seeded(GptModel::new(&base(), &Device::flex()));
    let prompt = TorchRng::new(7).randint(0, 257, 6);
    let prompt = Tensor::<1, Int>::from_ints(prompt.as_slice(), &Device::flex()).unsqueeze::<2>();
    for kind in [AttentionKind::SlidingWindow(8), AttentionKind::Full] {
        let model = hybrid(&[kind, kind], None);
        let expected = values(plain.forward(prompt.clone(), &mut Mode::Eval));
        assert_close(&values(model.forward(prompt.clone(), &mut Mode::Eval)), &expected, ROUNDING);

        let mut ids = prompt.clone();
        for _ in 0..2 {
            let next = model.forward(ids.clone(), &mut Mode::Eval).slice(s![.., -1.., ..]).argmax(2);
            ids = Tensor::cat(vec![ids, next.squeeze_dim(1)], 1);
        }
        let expected = ch04_gpt::generate_text_simple(&plain, prompt.clone(), 2, 8);
        assert!(ids.equal(expected).all().into_scalar::<bool>());
    }
}

#[test]
#[should_panic(expected = "experts.emb_dim is 16, but must be that of base, which is 32")]
fn experts_of_another_width_are_an_error() {
    hybrid(&[AttentionKind::Full], Some(MoeFeedForwardConfig::new(16, 48, 4, 2)));
}

/// Whatever mixes the positions: none of it may look ahead, and shapes stay.
#[test]
fn no_kind_of_attention_looks_ahead() {
    let ids = Tensor::<2, Int>::from_ints([[5, 250, 17, 99, 3, 42], [8, 1, 120, 7, 200, 31]], &Device::flex());
    for kind in [
        AttentionKind::Full,
        AttentionKind::GroupedQuery(2),
        AttentionKind::Latent(16),
        AttentionKind::SlidingWindow(3),
        AttentionKind::Gated,
        AttentionKind::DeltaNet,
    ] {
        let model = hybrid(&[kind, kind], Some(MoeFeedForwardConfig::new(32, 48, 4, 2)));
        let whole = model.forward(ids.clone(), &mut Mode::Eval);
        assert_eq!(whole.dims(), [2, 6, 257]);
        let part = model.forward(ids.clone().slice(s![.., ..4]), &mut Mode::Eval);
        let same = values(whole.slice(s![.., ..4, ..]));
        assert_close(&values(part), &same, ROUNDING);
    }
}

// ---- Floating-point operations

#[test]
fn flops_of_a_forward_pass() {
    for (size, per_token, batch) in [
        ("124M", 247_064_064, "5.1e11"),
        ("355M", 706_906_112, "1.4e12"),
        ("774M", 1_544_235_520, "3.2e12"),
        ("1558M", 3_109_942_400, "6.4e12"),
    ] {
        let config = GptConfig::preset(size).unwrap();
        assert_eq!(forward_flops_per_token(&config), per_token);
        assert_eq!(format!("{:.1e}", forward_flops(&config, 2, 1024) as f64), batch);
    }
    // Forward passes on one large GPU, at the batch sizes that still fitted.
    for (size, batch, printed) in [
        ("124M", 256, "6.5e13"),
        ("124M", 384, "9.7e13"),
        ("124M", 388, "9.8e13"),
        ("124M", 389, "9.8e13"),
        ("355M", 256, "1.9e14"),
        ("355M", 263, "1.9e14"),
        ("774M", 256, "4.0e14"),
        ("1558M", 128, "4.1e14"),
        ("1558M", 136, "4.3e14"),
        ("1558M", 140, "4.5e14"),
        ("1558M", 142, "4.5e14"),
        ("1558M", 143, "4.6e14"),
    ] {
        let flops = forward_flops(&GptConfig::preset(size).unwrap(), batch, 1024);
        assert_eq!(format!("{:.1e}", flops as f64), printed, "{size}, batch {batch}");
    }
}

/// Training on an A100 with 16-bit floats.
#[test]
fn utilization_of_a_gpu() {
    let a100 = PEAKS.iter().find(|peak| peak.gpu == "A100").unwrap().float16;
    for (size, tokens_per_second, printed) in [
        ("124M", 34248.82, "0.3256"),
        ("124M", 62568.34, "0.5948"),
        ("355M", 20159.93, "0.5483"),
        ("355M", 21717.66, "0.5907"),
        ("355M", 22536.25, "0.6130"),
        ("774M", 12465.21, "0.7406"),
        ("1558M", 6779.92, "0.8113"),
    ] {
        let utilization = model_flops_utilization(&GptConfig::preset(size).unwrap(), tokens_per_second, a100);
        assert_eq!(format!("{utilization:.4}"), printed, "{size}");
    }
}

// ---- Memory for past tokens

fn gb(bytes: u64) -> String {
    format!("{:.2}", bytes as f64 / 1e9)
}

fn savings(full: u64, saved: u64) -> String {
    let ratio = full as f64 / saved as f64;
    format!("{ratio:.2}x {:.2}%", 100.0 * (1.0 - 1.0 / ratio))
}

fn contexts() -> impl Iterator<Item = u64> {
    (8..=17).map(|exponent| 1 << exponent) // 256 to 131072
}

#[test]
fn memory_with_grouped_queries() {
    let head_dim = cache_memory::head_dim(4096, 32);
    assert_eq!(head_dim, 128);
    let shape = CacheShape { batch: 1, tokens: 32768, layers: 32, n_heads: 32, head_dim, bytes_per_value: 2 };
    // Groups of 4 query heads leave 8 heads of keys and values.
    let (full, grouped) = (cache_memory::multi_head(&shape), cache_memory::grouped_query(&shape, 32 / 4));
    assert_eq!([gb(full), gb(grouped)], ["17.18", "4.29"]);
    assert_eq!(savings(full, grouped), "4.00x 75.00%");
}

#[test]
fn memory_with_grouped_queries_over_the_context() {
    let head_dim = cache_memory::head_dim(2048, 24);
    let curve = |group_size: u64| {
        let shape = CacheShape { batch: 1, tokens: 0, layers: 48, n_heads: 24, head_dim, bytes_per_value: 2 };
        let bytes = |tokens| cache_memory::grouped_query(&CacheShape { tokens, ..shape }, 24 / group_size);
        contexts().map(|tokens| gb(bytes(tokens))).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(curve(1), "0.10 0.20 0.41 0.81 1.62 3.25 6.49 12.99 25.97 51.94");
    assert_eq!(curve(4), "0.03 0.05 0.10 0.20 0.41 0.81 1.62 3.25 6.49 12.99");
    assert_eq!(curve(8), "0.01 0.03 0.05 0.10 0.20 0.41 0.81 1.62 3.25 6.49");
    assert_eq!(curve(12), "0.01 0.02 0.03 0.07 0.14 0.27 0.54 1.08 2.16 4.33");
    assert_eq!(curve(24), "0.00 0.01 0.02 0.03 0.07 0.14 0.27 0.54 1.08 2.16");
}

#[test]
fn memory_with_latent_vectors() {
    let head_dim = cache_memory::head_dim(2048, 24);
    assert_eq!(head_dim, 86);
    let shape = CacheShape { batch: 1, tokens: 8192, layers: 48, n_heads: 24, head_dim, bytes_per_value: 2 };
    let full = cache_memory::multi_head(&shape);
    let (grouped, latent) = (cache_memory::grouped_query(&shape, 24 / 4), cache_memory::latent(&shape, 1024));
    assert_eq!([gb(full), gb(grouped), gb(latent)], ["3.25", "0.81", "0.81"]);
    assert_eq!(savings(full, grouped), "4.00x 75.00%");
    assert_eq!(savings(full, latent), "4.03x 75.19%");
}

/// These curves take the width of the model, 2048, for that of all heads; as if it were one head.
#[test]
fn memory_with_latent_vectors_over_the_context() {
    let shape = CacheShape { batch: 1, tokens: 0, layers: 48, n_heads: 1, head_dim: 2048, bytes_per_value: 2 };
    let curve: Vec<u64> = contexts().map(|tokens| cache_memory::multi_head(&CacheShape { tokens, ..shape })).collect();
    let printed: Vec<String> = curve.iter().map(|&bytes| format!("{:.4}", bytes as f64 / 1e9)).collect();
    let expected = "0.1007 0.2013 0.4027 0.8053 1.6106 3.2212 6.4425 12.8849 25.7698 51.5396";
    assert_eq!(printed.join(" "), expected);
    for (latent_dim, factor) in [(1024, 4), (512, 8), (256, 16), (64, 64)] {
        for (tokens, full) in contexts().zip(&curve) {
            assert_eq!(cache_memory::latent(&CacheShape { tokens, ..shape }, latent_dim) * factor, *full);
        }
    }
}

#[test]
fn memory_with_a_sliding_window() {
    let shape = CacheShape { batch: 1, tokens: 32768, layers: 32, n_heads: 32, head_dim: 128, bytes_per_value: 2 };
    let windows = cache_memory::window_layers(32, (5, 1));
    assert_eq!((windows, 32 - windows), (27, 5));
    assert_eq!(gb(cache_memory::multi_head(&shape)), "17.18");
    assert_eq!(gb(cache_memory::grouped_query(&shape, 8)), "4.29");
    assert_eq!(gb(cache_memory::sliding_window(&shape, 32, 1024, windows)), "3.14");
    assert_eq!(gb(cache_memory::sliding_window(&shape, 8, 1024, windows)), "0.78");
    assert_eq!(cache_memory::window_layers(12, (1, 0)), 12);
    assert_eq!(cache_memory::window_layers(12, (0, 1)), 0);
}

/// 30 layers with a window of 2048 and 6 full ones; the published curve always pays for the whole window, ours only
/// for the tokens there are, so the short contexts are put together by hand.
#[test]
fn memory_with_a_sliding_window_over_the_context() {
    let shape = CacheShape { batch: 1, tokens: 0, layers: 36, n_heads: 1, head_dim: 4096, bytes_per_value: 2 };
    let windows = cache_memory::window_layers(36, (5, 1));
    assert_eq!(windows, 30);
    let print = |bytes: u64| format!("{:.4}", bytes as f64 / 1e9);

    let full = contexts().map(|tokens| print(cache_memory::multi_head(&CacheShape { tokens, ..shape })));
    let expected = "0.1510 0.3020 0.6040 1.2080 2.4159 4.8318 9.6637 19.3274 38.6547 77.3094";
    assert_eq!(full.collect::<Vec<_>>().join(" "), expected);

    let windowed = contexts().map(|tokens| {
        let at = |tokens, layers| cache_memory::multi_head(&CacheShape { tokens, layers, ..shape });
        let published = at(2048, windows) + at(tokens, 36 - windows);
        let ours = cache_memory::sliding_window(&CacheShape { tokens, ..shape }, 1, 2048, windows);
        if tokens >= 2048 {
            assert_eq!(ours, published);
        } else {
            assert_eq!(ours, at(tokens, 36), "a window that is not full saves nothing");
        }
        print(published)
    });
    let expected = "1.0318 1.0570 1.1073 1.2080 1.4093 1.8119 2.6172 4.2279 7.4491 13.8915";
    assert_eq!(windowed.collect::<Vec<_>>().join(" "), expected);
}

/// Attention, a memory of fixed size, and three layers of the latter for each of the former.
#[test]
fn memory_with_delta_nets() {
    for (tokens, attention, delta_net, mixed) in [
        (128, "0.0503", "0.0252", "0.0315"),
        (1024, "0.4027", "0.0252", "0.1195"),
        (8192, "3.2212", "0.0252", "0.8242"),
        (32768, "12.8849", "0.0252", "3.2401"),
        (131072, "51.5396", "0.0252", "12.9038"),
    ] {
        let shape = CacheShape { batch: 1, tokens, layers: 48, n_heads: 16, head_dim: 128, bytes_per_value: 2 };
        let of_layers = |layers| CacheShape { layers, ..shape };
        let print = |bytes: u64| format!("{:.4}", bytes as f64 / 1e9);
        assert_eq!(print(cache_memory::multi_head(&shape)), attention);
        assert_eq!(print(cache_memory::delta_net(&shape)), delta_net);
        let both = cache_memory::multi_head(&of_layers(12)) + cache_memory::delta_net(&of_layers(36));
        assert_eq!(print(both), mixed);
    }
}

// ---- Parameters of experts

#[test]
fn parameters_of_eight_experts() {
    let dense = FeedForwardKind::SwiGlu.parameters(7168, 14336);
    let sizes = ExpertSizes::matching(FeedForwardKind::SwiGlu, 7168, 14336, 8, 2);
    assert_eq!(dense, 308_281_344);
    assert_eq!(sizes.hidden_dim, 1792);
    assert_eq!(sizes.expert(), 38_535_168);
    assert_eq!(sizes.router(), 57_344);
    assert_eq!(sizes.total(), 308_338_688);
    assert_eq!(sizes.active(), 77_127_680);
    let in_gb = [dense, sizes.expert(), sizes.router(), sizes.total(), sizes.active()].map(|n| gb(2 * n));
    assert_eq!(in_gb, ["0.62", "0.08", "0.00", "0.62", "0.15"]);
}

/// Below eight experts the active parameters exceed the total: a token would visit experts that are not there.
#[test]
fn parameters_of_more_and_more_experts() {
    assert_eq!(FeedForwardKind::SwiGlu.parameters(7168, 28672), 616_562_688);
    for (num_experts, active, total) in [
        (1, 4_932_508_672, 616_569_856),
        (2, 2_466_265_088, 616_577_024),
        (4, 1_233_154_048, 616_591_360),
        (8, 616_620_032, 616_620_032),
        (16, 308_396_032, 616_677_376),
        (32, 154_370_048, 616_792_064),
        (64, 77_529_088, 617_021_440),
        (128, 39_452_672, 617_480_192),
        (192, 27_009_024, 616_562_688),
        (256, 21_102_592, 618_397_696),
        (384, 15_482_880, 613_810_176),
        (512, 13_303_808, 620_232_704),
    ] {
        let sizes = ExpertSizes::matching(FeedForwardKind::SwiGlu, 7168, 28672, num_experts, 8);
        assert_eq!((sizes.active(), sizes.total()), (active, total), "{num_experts} experts");
    }
}
