//! What is easy to get wrong in the model and in generation, on a small model.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, s};
use ch04_gpt::{DummyGptModel, GptModel, generate_text_simple};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};
use testkit::{assert_close, values};

/// Logits below 4 after sums of up to 384 float32 products in three blocks, in another order.
const ROUNDING: f32 = 1e-5;

fn tiny() -> GptConfig {
    GptConfig { vocab_size: 100, context_length: 8, ..GptConfig::preset("tiny").unwrap() }
}

fn model() -> GptModel {
    torch_init(GptModel::new(&tiny(), &Device::flex()), &mut TorchRng::new(123))
}

fn random_ids(shape: [usize; 2]) -> Tensor<2, Int> {
    let ids = TorchRng::new(7).randint(0, 100, shape[0] * shape[1]);
    Tensor::<1, Int>::from_ints(ids.as_slice(), &Device::flex()).reshape(shape)
}

fn ids(tensor: Tensor<2, Int>) -> Vec<u32> {
    tensor.into_data().try_into_vec_as().unwrap()
}

#[test]
#[should_panic(expected = "9 tokens do not fit into a context of 8")]
fn more_tokens_than_the_context_is_an_error() {
    model().forward(random_ids([1, 9]), &mut Mode::Eval);
}

#[test]
fn the_whole_context_can_be_used() {
    assert_eq!(model().forward(random_ids([2, 8]), &mut Mode::Eval).dims(), [2, 8, 100]);
}

#[test]
fn dropout_is_off_in_evaluation() {
    let (model, ids) = (model(), random_ids([2, 6]));
    let first = values(model.forward(ids.clone(), &mut Mode::Eval));
    assert_eq!(values(model.forward(ids.clone(), &mut Mode::Eval)), first);

    let mut rng = TorchRng::new(5);
    assert_ne!(values(model.forward(ids, &mut Mode::Train(&mut rng))), first);
    assert_ne!(rng, TorchRng::new(5));
}

#[test]
fn the_same_generator_gives_the_same_masks() {
    let (model, ids) = (model(), random_ids([2, 6]));
    let once = |seed| values(model.forward(ids.clone(), &mut Mode::Train(&mut TorchRng::new(seed))));
    assert_eq!(once(5), once(5));
    assert_ne!(once(5), once(6));
}

/// Every mask costs one 64-bit draw per element: embeddings, then per block attention weights and twice the shortcut.
#[test]
fn a_training_pass_draws_as_many_numbers_as_there_are_elements() {
    let mut rng = TorchRng::new(5);
    model().forward(random_ids([2, 6]), &mut Mode::Train(&mut rng));
    let embeddings = 2 * 6 * 96;
    let attention = 2 * 4 * 6 * 6;
    let mut expected = TorchRng::new(5);
    (0..embeddings + 3 * (attention + 2 * embeddings)).for_each(|_| _ = expected.next_u64());
    assert_eq!(rng, expected);
}

/// No position sees what comes after it.
#[test]
fn later_tokens_do_not_change_earlier_logits() {
    let (model, ids) = (model(), random_ids([2, 8]));
    let whole = model.forward(ids.clone(), &mut Mode::Eval).slice(s![.., ..5, ..]);
    let part = model.forward(ids.slice(s![.., ..5]), &mut Mode::Eval);
    assert_close(&values(part), &values(whole), ROUNDING);
}

#[test]
fn rows_of_a_batch_do_not_see_each_other() {
    let (model, ids) = (model(), random_ids([3, 6]));
    let whole = model.forward(ids.clone(), &mut Mode::Eval).slice(s![1, .., ..]);
    let alone = model.forward(ids.slice(s![1, ..]), &mut Mode::Eval);
    assert_close(&values(alone), &values(whole), ROUNDING);
}

/// The same token twice gives different logits only because of the position embedding.
#[test]
fn positions_count() {
    let ids = Tensor::<2, Int>::from_ints([[5, 5]], &Device::flex());
    let dummy = torch_init(DummyGptModel::new(&tiny(), &Device::flex()), &mut TorchRng::new(123));
    let logits = dummy.forward(ids, &mut Mode::Eval);
    assert_ne!(values(logits.clone().slice(s![.., 0, ..])), values(logits.slice(s![.., 1, ..])));
}

#[test]
fn the_number_of_parameters_agrees_with_the_formula() {
    for qkv_bias in [false, true] {
        let config = GptConfig { qkv_bias, ..tiny() };
        let model = GptModel::new(&config, &Device::flex());
        assert_eq!(model.num_params(), config.num_params());
        assert_eq!(model.num_params() - model.num_params_tied(), 100 * 96);
    }
}

#[test]
fn generation_keeps_the_prompt_and_appends() {
    let prompt = random_ids([2, 3]);
    let out = generate_text_simple(&model(), prompt.clone(), 4, 8);
    assert_eq!(out.dims(), [2, 7]);
    assert_eq!(ids(out.slice(s![.., ..3])), ids(prompt));
}

#[test]
fn no_new_tokens_give_the_prompt_back() {
    let prompt = random_ids([2, 3]);
    assert_eq!(ids(generate_text_simple(&model(), prompt.clone(), 0, 8)), ids(prompt));
}

/// The next token is the one with the largest logit at the last position.
#[test]
fn generation_takes_the_most_likely_token() {
    let (model, prompt) = (model(), random_ids([2, 3]));
    let logits = model.forward(prompt.clone(), &mut Mode::Eval).slice(s![.., -1.., ..]);
    let best: Vec<u32> = logits.argmax(2).into_data().try_into_vec_as().unwrap();
    let out = generate_text_simple(&model, prompt, 1, 8);
    assert_eq!(ids(out.slice(s![.., -1..])), best);
}

/// A prompt longer than the context counts from its end on, and positions start at 0 again.
#[test]
fn generation_crops_to_the_context() {
    let (model, prompt) = (model(), random_ids([1, 20]));
    let new = |prompt, context| ids(generate_text_simple(&model, prompt, 5, context).slice(s![.., -5..]));
    let tail = |n: i64| prompt.clone().slice(s![.., -n..]);
    assert_eq!(new(prompt.clone(), 8), new(tail(8), 8));
    assert_eq!(new(prompt.clone(), 3), new(tail(3), 3));
    assert_eq!(generate_text_simple(&model, prompt, 5, 8).dims(), [1, 25]);
}

#[test]
fn generation_records_no_gradients_and_drops_nothing() {
    let device = Device::flex().autodiff();
    let training = torch_init(GptModel::new(&tiny(), &device), &mut TorchRng::new(123));
    let out = generate_text_simple(&training, random_ids([1, 3]), 4, 8);
    assert_eq!(ids(out), ids(generate_text_simple(&model(), random_ids([1, 3]), 4, 8)));
}

#[test]
#[should_panic(expected = "a context of 0 tokens shows nothing to the model")]
fn a_context_of_nothing_is_an_error() {
    generate_text_simple(&model(), random_ids([1, 3]), 1, 0);
}

#[test]
#[should_panic(expected = "the prompt is empty: give the model at least one token to continue")]
fn an_empty_prompt_is_an_error() {
    generate_text_simple(&model(), Tensor::zeros([1, 0], &Device::flex()), 1, 8);
}

#[test]
#[should_panic(expected = "9 tokens do not fit into a context of 8")]
fn more_tokens_than_the_context_of_the_placeholder_model_is_an_error() {
    let dummy = torch_init(DummyGptModel::new(&tiny(), &Device::flex()), &mut TorchRng::new(123));
    dummy.forward(random_ids([1, 9]), &mut Mode::Eval);
}

#[test]
#[should_panic(expected = "n_heads is 5, but must be a divisor of emb_dim, which is 96")]
fn a_configuration_that_does_not_fit_is_an_error() {
    GptModel::new(&GptConfig { n_heads: 5, ..tiny() }, &Device::flex());
}

/// A model without blocks would pass every other check.
#[test]
#[should_panic(expected = "n_layers is 0, but must be at least 1")]
fn a_model_has_at_least_one_block() {
    GptModel::new(&GptConfig { n_layers: 0, ..tiny() }, &Device::flex());
}

/// Every parameter takes part: the training loop of chapter 5 relies on it.
#[test]
fn every_parameter_gets_a_gradient() {
    use burn::module::{ModuleVisitor, Param};
    use burn::tensor::Gradients;

    struct Missing<'a>(&'a Gradients, Vec<String>);
    impl ModuleVisitor for Missing<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if param.val().grad(self.0).is_none() {
                self.1.push(format!("{:?}", param.lazy_shape()));
            }
        }
    }

    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&tiny(), &device), &mut rng);
    let ids = random_ids([2, 6]);
    let gradients = model.forward(ids, &mut Mode::Train(&mut rng)).square().mean().backward();
    let mut missing = Missing(&gradients, Vec::new());
    model.visit(&mut missing);
    assert_eq!(missing.1, Vec::<String>::new());
}
