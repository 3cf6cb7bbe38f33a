//! The printed numbers of appendix D, by their ids in the specification.

use appendix_train_tricks::{
    Clip, Decay, Recipe, Schedule, TrainingPlan, clip_grad_norm, find_highest_gradient, grad_norm, train_model,
};
use burn::module::Param;
use burn::tensor::{Device, Tensor};
use ch02_text::{DataLoaderOptions, Gpt2Tokenizer, GptDataLoader, GptDataset};
use ch04_gpt::GptModel;
use ch05_pretrain::sample::generate_sample;
use ch05_pretrain::text_split::TRAINING_SHARE;
use ch05_pretrain::{AdamW, Loaders, calc_loss_batch, split_text};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{Batches, GptConfig, Mode, TrainingConfig};
use testkit::{assert_near, for_test, needs_data};

/// Steps of 15 epochs of 9 batches.
const TOTAL: usize = 135;

/// Rates of the 135 steps.
fn rates(decay: Decay, warmup_steps: usize, [initial_lr, peak_lr, min_lr]: [f64; 3]) -> Vec<f64> {
    let schedule = Schedule { warmup_steps, initial_lr, min_lr, decay };
    (0..TOTAL).map(|step| schedule.learning_rate(step, peak_lr, TOTAL)).collect()
}

/// Steps of the table of 3.2.
const STEPS: [usize; 22] = [0, 1, 2, 5, 9, 10, 11, 19, 20, 21, 26, 27, 28, 30, 40, 50, 60, 81, 100, 120, 130, 134];

fn assert_rates(rates: &[f64], expected: [f64; 22], sum: f64) {
    assert_eq!(rates.len(), TOTAL);
    for (step, expected) in STEPS.into_iter().zip(expected) {
        // The table has nine digits.
        assert_near(rates[step], expected, 1e-9 * expected.max(1e-2));
    }
    assert_near(rates.iter().sum(), sum, 1e-9);
}

const DEMO: [f64; 3] = [1e-4, 1e-2, 1e-5];
const FINAL: [f64; 3] = [1e-5, 1e-3, 1e-5];

#[test]
fn d_3_2_warm_up_ref() {
    let expected = [
        0.0001,
        0.000466666667,
        0.000833333333,
        0.00193333333,
        0.0034,
        0.00376666667,
        0.00413333333,
        0.00706666667,
        0.00743333333,
        0.0078,
        0.00963333333,
        0.01,
        0.01,
        0.01,
        0.01,
        0.01,
        0.01,
        0.01,
        0.01,
        0.01,
        0.01,
        0.01,
    ];
    assert_rates(&rates(Decay::Constant, 27, DEMO), expected, 1.2114);
}

#[test]
fn d_3_2_warm_up_cn() {
    let expected = [
        0.0001, 0.000595, 0.00109, 0.002575, 0.004555, 0.00505, 0.005545, 0.009505, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01,
        0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01,
    ];
    assert_rates(&rates(Decay::Constant, 20, DEMO), expected, 1.24605);
}

#[test]
fn d_3_2_cosine_ref() {
    let expected = [
        0.0001,
        0.000466666667,
        0.000833333333,
        0.00193333333,
        0.0034,
        0.00376666667,
        0.00413333333,
        0.00706666667,
        0.00743333333,
        0.0078,
        0.00963333333,
        0.01,
        0.00999788687,
        0.00998099252,
        0.00964709088,
        0.00892315625,
        0.0078700143,
        0.005005,
        0.00238274198,
        0.000477992604,
        6.27390153e-05,
        1.21131343e-05,
    ];
    assert_rates(&rates(Decay::Cosine, 27, DEMO), expected, 0.676935);
}

#[test]
fn d_3_2_cosine_cn() {
    let expected = [
        0.0001,
        0.000595,
        0.00109,
        0.002575,
        0.004555,
        0.00505,
        0.005545,
        0.009505,
        0.01,
        0.00999813627,
        0.0099330517,
        0.00990894961,
        0.00988118801,
        0.00981477185,
        0.00927282493,
        0.00841435295,
        0.00730302486,
        0.00452813698,
        0.00212448179,
        0.000423529549,
        5.65236995e-05,
        1.18637281e-05,
    ];
    assert_rates(&rates(Decay::Cosine, 20, DEMO), expected, 0.67662);
}

#[test]
fn d_3_2_final_ref() {
    let expected = [
        1e-05,
        4.66666667e-05,
        8.33333333e-05,
        0.000193333333,
        0.00034,
        0.000376666667,
        0.000413333333,
        0.000706666667,
        0.000743333333,
        0.00078,
        0.000963333333,
        0.001,
        0.00099979059,
        0.000998116376,
        0.000965027024,
        0.000893285754,
        0.000788920336,
        0.000505,
        0.000245136593,
        5.63776454e-05,
        1.52263889e-05,
        1.02094097e-05,
    ];
    assert_rates(&rates(Decay::Cosine, 27, FINAL), expected, 0.068175);
}

#[test]
fn d_3_2_final_cn() {
    let expected = [
        1e-05,
        0.000109,
        0.000208,
        0.000505,
        0.000901,
        0.001,
        0.000999843674,
        0.000987390802,
        0.000984448665,
        0.000981203697,
        0.000960514764,
        0.000955502455,
        0.0009502056,
        0.000938771807,
        0.000865839471,
        0.000770234264,
        0.000657963412,
        0.000400056481,
        0.000189475125,
        4.47606395e-05,
        1.39032228e-05,
        1.01563263e-05,
    ];
    assert_rates(&rates(Decay::Cosine, 10, FINAL), expected, 0.068175);
}

// ---- 3.3

/// A parameter whose gradient is `gradient`: that of the sum of the products of both.
fn with_gradient<const D: usize>(gradient: [f32; D], device: &Device) -> (Param<Tensor<1>>, Tensor<1>) {
    let param: Param<Tensor<1>> = Param::from_data([0.0; D], device);
    let product = (param.val() * Tensor::from_floats(gradient, device)).sum();
    (param, product)
}

fn values(tensor: Tensor<1>) -> Vec<f32> {
    tensor.into_data().try_to_vec::<f32>().unwrap()
}

#[test]
fn d_3_3_worked_example() {
    let device = Device::flex().autodiff();
    let weight: Param<Tensor<2>> = Param::from_data([[0.0; 2]; 2], &device);
    let gradient = Tensor::<2>::from_floats([[1.0, 2.0], [2.0, 4.0]], &device);
    let mut gradients = (weight.val() * gradient).sum().backward();
    assert_eq!(find_highest_gradient(&weight, &gradients), Some(4.0));
    assert_near(clip_grad_norm(&weight, &mut gradients, 1.0).into_scalar(), 5.0, 1e-6);
    let clipped: Vec<f32> = weight.val().grad(&gradients).unwrap().into_data().try_to_vec::<f32>().unwrap();
    for (found, expected) in clipped.into_iter().zip([0.19999996, 0.39999992, 0.39999992, 0.79999983]) {
        assert_near(f64::from(found), expected, 6e-8);
    }
    assert!(grad_norm(&weight, &gradients).into_scalar::<f64>() <= 1.0 + 1e-6);
}

/// Clipping each tensor by itself would give (1, 0) and (1).
#[test]
fn d_3_3_the_norm_is_global() {
    let device = Device::flex().autodiff();
    let ((a, loss_a), (b, loss_b)) = (with_gradient([3.0, 0.0], &device), with_gradient([4.0], &device));
    let both = vec![a, b];
    let mut gradients = (loss_a + loss_b).backward();
    assert_near(clip_grad_norm(&both, &mut gradients, 1.0).into_scalar(), 5.0, 1e-6);
    let clipped = |i: usize| values(both[i].val().grad(&gradients).unwrap());
    assert_near(f64::from(clipped(0)[0]), 0.59999990, 6e-8);
    assert_eq!(clipped(0)[1], 0.0);
    assert_near(f64::from(clipped(1)[0]), 0.79999983, 6e-8);
}

#[test]
fn d_3_3_short_gradients_stay() {
    let device = Device::flex().autodiff();
    let ((a, loss_a), (b, loss_b)) = (with_gradient([0.3, 0.0], &device), with_gradient([0.4], &device));
    // A parameter that takes no part has no gradient, and is left out.
    let idle: Param<Tensor<1>> = Param::from_data([1.0f32], &device);
    let all = vec![a, b, idle];
    let mut gradients = (loss_a + loss_b).backward();
    assert_near(clip_grad_norm(&all, &mut gradients, 1.0).into_scalar(), 0.5, 1e-6);
    assert_eq!(values(all[0].val().grad(&gradients).unwrap()), [0.3, 0.0]);
    assert_eq!(values(all[1].val().grad(&gradients).unwrap()), [0.4]);
    assert!(all[2].val().grad(&gradients).is_none());
    assert_eq!(find_highest_gradient(&all[2], &gradients), None);
}

// ---- 3.1 and 3.4 in small, 3.3's shuffle orders

fn recipe(warmup_steps: usize) -> Recipe {
    Recipe {
        schedule: Schedule { warmup_steps, initial_lr: 1e-5, min_lr: 1e-5, decay: Decay::Cosine },
        clip: Some(Clip { max_norm: 1.0, first_step: warmup_steps }),
        grad_accum: 1,
    }
}

#[needs_data("the-verdict")]
#[test]
fn d_3_3_shuffle_orders() {
    let text = for_test("the-verdict");
    let loaders = Loaders::new(&text, 256, 2).unwrap();
    let device = Device::flex();
    let chunks: Vec<Vec<i32>> =
        (0..18).map(|i| loaders.train.dataset().get(i).0.iter().map(|&t| t as i32).collect()).collect();
    let mut rng = TorchRng::new(123);
    let orders: Vec<Vec<usize>> = (0..30)
        .map(|_| {
            let batches: Vec<_> = loaders.train.iter(&mut rng, &device).collect();
            let rows = batches.iter().flat_map(|batch| {
                let ids: Vec<i32> = batch.inputs.clone().into_data().iter::<i32>().collect();
                ids.chunks(256).map(<[i32]>::to_vec).collect::<Vec<_>>()
            });
            rows.map(|row| chunks.iter().position(|chunk| *chunk == row).unwrap()).collect()
        })
        .collect();
    assert_eq!(orders[0], [0, 7, 14, 5, 6, 1, 17, 2, 11, 12, 9, 16, 13, 10, 3, 8, 15, 4]);
    assert_eq!(orders[14], [12, 6, 14, 16, 2, 15, 8, 0, 5, 10, 1, 11, 3, 9, 7, 13, 4, 17]);
    assert_eq!(orders[29], [2, 12, 14, 10, 4, 11, 13, 3, 17, 5, 6, 0, 16, 9, 1, 7, 8, 15]);
}

/// The counts of a run are in `golden_training.rs`.
#[needs_data("the-verdict")]
#[test]
fn d_3_1_counts() {
    let text = for_test("the-verdict");
    let loaders = Loaders::new(&text, 256, 2).unwrap();
    assert_eq!(recipe(27).total_steps(loaders.train.num_batches(), 15), TOTAL);
}

fn gpt2() -> GptConfig {
    GptConfig { context_length: 256, ..GptConfig::preset("124M").unwrap() }
}

#[test]
#[ignore = "the gradients of the 124M model, half a minute and 3 GB: cargo test -p appendix-train-tricks -- --ignored"]
fn d_3_3_largest_gradient() {
    let text = for_test("the-verdict");
    let device = Device::flex().autodiff();
    let loaders = Loaders::new(&text, 256, 2).unwrap();
    let mut rng = TorchRng::new(123);
    for _ in 0..29 {
        drop(loaders.train.iter(&mut rng, &device));
    }
    let batch = loaders.train.iter(&mut rng, &device).last().unwrap();
    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&gpt2(), &device), &mut rng);
    // PyTorch gives norms of 2.302431 and 2.221322: its sum of 163 million squares in 32 bits is a little short. These are
    // the norms of PyTorch's gradients, summed in 64 bits.
    for (mut mode, [expected_loss, norm, before, after]) in [
        (Mode::Eval, [10.977926, 2.302652, 0.043559, 0.018919]),
        (Mode::Train(&mut rng), [10.982763, 2.221523, 0.041087, 0.018497]),
    ] {
        let loss = calc_loss_batch(&model, batch.clone(), &mut mode);
        let mut gradients = loss.backward();
        assert_near(loss.into_scalar(), expected_loss, 2e-5);
        let highest = |gradients: &_| f64::from(find_highest_gradient(&model, gradients).unwrap());
        assert_near(highest(&gradients), before, 1e-5);
        assert_near(clip_grad_norm(&model, &mut gradients, 1.0).into_scalar(), norm, 1e-5);
        assert_near(highest(&gradients), after, 1e-5);
        assert_near(grad_norm(&model, &gradients).into_scalar(), 1.0, 1e-5);
    }
}

/// The reference code's own test: one chunk, batches of one, six steps.
#[test]
#[ignore = "six steps of the 124M model, half a minute and 4 GB: cargo test -p appendix-train-tricks -- --ignored"]
fn d_3_5_packaged_test() {
    let text = for_test("the-verdict");
    let device = Device::flex().autodiff();
    let (train, validation) = split_text(&text, TRAINING_SHARE);
    let first_chunk = |text: &str| {
        let mut ids = Gpt2Tokenizer::new().encode_with_end_of_text(text);
        ids.truncate(257);
        let options = DataLoaderOptions { batch_size: 1, shuffle: false, ..DataLoaderOptions::default() };
        GptDataLoader::new(GptDataset::from_ids(ids, 256, 256).unwrap(), &options).unwrap()
    };
    let loaders = Loaders { train: first_chunk(train), validation: first_chunk(validation) };
    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&gpt2(), &device), &mut rng);
    let config =
        TrainingConfig { batch_size: 1, learning_rate: 1e-3, epochs: 6, eval_iter: 1, ..TrainingConfig::book() };
    let plan = TrainingPlan { config, recipe: recipe(1) };
    let (_, evaluations, _) = train_model(model, &mut AdamW::new(0.1), &loaders, &plan, &mut rng, &device, |_| {});
    assert_eq!(format!("{:.1} {:.1}", evaluations[0].train_loss, evaluations[0].val_loss), "10.9 11.0");
    assert!(evaluations.last().unwrap().train_loss < evaluations[0].train_loss);
}

/// 3.4 on this project's device: the log of the last evaluation lies where the two editions' logs lie.
#[test]
#[ignore = "the whole run of the 124M model, about ten minutes and 4 GB: \
            cargo test --release -p appendix-train-tricks -- --ignored d_3_4"]
fn d_3_4_final_run() {
    let text = for_test("the-verdict");
    let device = Device::flex().autodiff();
    let loaders = Loaders::new(&text, 256, 2).unwrap();
    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&gpt2(), &device), &mut rng);
    let config = TrainingConfig { learning_rate: 1e-3, epochs: 15, eval_iter: 1, ..TrainingConfig::book() };
    let plan = TrainingPlan { config, recipe: recipe(27) };
    let (_, evaluations, _) = train_model(model, &mut AdamW::new(0.1), &loaders, &plan, &mut rng, &device, |model| {
        let start = "Every effort moves you";
        println!("{}", generate_sample(model, &Gpt2Tokenizer::new(), &device.clone().inner(), start).unwrap());
    });
    let last = evaluations.last().unwrap();
    assert!(last.train_loss < 2.0 && (6.0..7.0).contains(&last.val_loss), "{last:?}");
}
