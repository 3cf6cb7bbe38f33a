//! Bonus: twenty steps of preference tuning, with the numbers behind the loss.
//! `cargo run -p ch07-instruct --example bonus_dpo_steps`

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::AdamW;
use ch07_instruct::bonus::dpo::{BETA, DpoObjective, Logprobs};
use ch07_instruct::bonus::preference::preference_collate_fn;
use ch07_instruct::{Entry, PreferenceDataset, PreferenceEntry, PromptFormat};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

fn main() -> anyhow::Result<()> {
    let pair = |instruction: &str, input: &str, polite: &str, rude: &str| PreferenceEntry {
        entry: Entry::new(instruction, input, polite),
        chosen: polite.to_string(),
        rejected: rude.to_string(),
    };
    let pairs = [
        pair("Write the plural of the noun.", "shelf", "The plural is 'shelves'.", "Obviously 'shelves'."),
        pair("What is 4 plus 8?", "", "4 plus 8 is 12.", "12. Everybody knows that."),
        pair("Give the opposite of the word.", "give", "The opposite is 'take'.", "Take. What else?"),
    ];
    let device = Device::flex().autodiff();
    let config = GptConfig {
        context_length: 64,
        emb_dim: 32,
        n_layers: 2,
        n_heads: 4,
        drop_rate: 0.0,
        ..GptConfig::preset("tiny")?
    };
    let mut policy = torch_init(GptModel::new(&config, &device), &mut TorchRng::new(123));
    let objective = DpoObjective { reference: policy.valid(), beta: BETA };
    let dataset = PreferenceDataset::new(&pairs, PromptFormat::Phi3, &Gpt2Tokenizer::new());
    let items: Vec<_> = dataset.items().iter().collect();
    let batch = preference_collate_fn(&items, None, &device);
    println!("chosen {:?}, rejected {:?}", batch.chosen.ids.dims(), batch.rejected.ids.dims());

    let mean = |values: Tensor<1>| values.mean().into_scalar::<f32>();
    println!("step    loss  chosen: log-probability  reward  rejected: log-probability  reward  margin");
    let mut optimizer = AdamW::new(0.01);
    for step in 0..=20 {
        let found = objective.loss_batch(&policy, batch.clone(), &mut Mode::Eval);
        if step % 4 == 0 {
            let under = Logprobs::of(&policy, batch.clone(), &mut Mode::Eval);
            let [chosen, rejected] = [found.chosen_reward, found.rejected_reward].map(mean);
            let loss = mean(found.loss.clone());
            print!("{step:4}  {loss:.4}  {:24.4}  {chosen:6.3}", mean(under.chosen));
            println!("  {:26.4}  {rejected:6.3}  {:6.3}", mean(under.rejected), chosen - rejected);
        }
        policy = optimizer.step(2e-3, policy, found.loss.backward());
    }
    Ok(())
}
