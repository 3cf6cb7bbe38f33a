//! The cells of chapter 7's notebook: `cargo run -p notebook --example ch07_notebook`

use notebook::prelude::*;

fn main() -> Result<()> {
    cell("tasks");
    // The 400 small tasks. Which one do you want to see?
    use ch02_text::Gpt2Tokenizer;
    use ch07_instruct::entry::EMBEDDED_NAME;
    use ch07_instruct::{Entries, Entry, partition};
    let device: Device = Device::flex();
    let tokenizer: Gpt2Tokenizer = Gpt2Tokenizer::new();
    let entries: Vec<Entry> = Entries::load(EMBEDDED_NAME)?;
    let number: usize = 357;
    println!("{} tasks, number {number} is\n{:#?}", entries.len(), entries[number]);

    cell("small-model");
    // A vocabulary of 768 tokens made from the training tasks, an untrained GPT, and a function that trains it on one batch.
    use ch02_text::Batch;
    use ch02_text::bonus::train_bpe;
    use ch04_gpt::GptModel;
    use ch05_pretrain::{AdamW, calc_loss_batch};
    use ch07_instruct::PromptFormat;
    use shared::GptConfig;
    use shared::init::torch_init;
    fn formatted(entry: &Entry, format: PromptFormat) -> String {
        format.format_input(entry) + &format.format_response(&entry.output)
    }
    fn untrained(vocab_size: usize, emb_dim: usize, context_length: usize) -> GptModel {
        let config =
            GptConfig { vocab_size, context_length, emb_dim, n_heads: 4, n_layers: 2, drop_rate: 0.0, qkv_bias: false };
        torch_init(GptModel::new(&config, &Device::flex().autodiff()), &mut TorchRng::new(123))
    }
    fn learn(mut model: GptModel, batch: &Batch, learning_rate: f64, steps: usize, losses: &mut Vec<f64>) -> GptModel {
        let mut optimizer = AdamW::new(0.1);
        for _ in 0..steps {
            let loss = calc_loss_batch(&model, batch.clone(), &mut Mode::Eval);
            losses.push(f64::from(loss.clone().into_scalar::<f32>()));
            model = optimizer.step(learning_rate, model, loss.backward());
        }
        model
    }
    let own_vocabulary: Gpt2Tokenizer = {
        let texts = partition(&entries).train.iter().map(|entry| formatted(entry, PromptFormat::Alpaca));
        Gpt2Tokenizer::with_vocabulary(train_bpe(&texts.collect::<Vec<_>>().join("\n"), 768))?
    };
    println!("{} parameters", grouped(untrained(768, 32, 128).num_params()));

    cell("exam");
    // Three questions, one after the other, or each with its answer. The model learns the list, then gets the first question.
    use ch05_pretrain::tokens::{ids_to_tensor, tensor_to_ids};
    use ch05_pretrain::{GenerateOptions, generate};
    let with_answers: bool = false;
    {
        let questions: Vec<&Entry> = entries.iter().filter(|entry| entry.input.is_empty()).take(3).collect();
        let answer = |entry: &Entry| if with_answers { format!("{}\n", entry.output) } else { String::new() };
        let list: String = questions.iter().map(|entry| format!("{}\n{}", entry.instruction, answer(entry))).collect();
        let ids = ids_to_tensor(&own_vocabulary.encode_ordinary(&list), &device.clone().autodiff());
        let batch = Batch { inputs: ids.clone().slice(s![.., ..-1]), targets: ids.slice(s![.., 1..]) };
        let model = learn(untrained(768, 32, 128), &batch, 8e-3, 40, &mut Vec::new());

        let prompt = format!("{}\n", questions[0].instruction);
        let ids = ids_to_tensor(&own_vocabulary.encode_ordinary(&prompt), &device);
        let found = generate(&model, ids, &GenerateOptions::greedy(20, 128), &mut TorchRng::new(123))?;
        println!("{}", own_vocabulary.decode(&tensor_to_ids(found))?);
    }

    cell("kinds");
    // How often does each instruction occur?
    use std::collections::BTreeMap;
    let shown: usize = 8;
    {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in &entries {
            *counts.entry(&entry.instruction).or_default() += 1;
        }
        let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        println!("{} different instructions", counts.len());
        for (instruction, count) in counts.iter().take(shown) {
            println!("{count:4}  {instruction}");
        }
    }

    cell("faulty-file");
    // A file as somebody may have written it: does it become an entry, or an error?
    let json: &'static str = r#"[{"instruction": "What is 3 plus 4?", "input": null, "output": 7}]"#;
    match Entries::parse(json, "my file") {
        Ok(read) => println!("{:?}", read[0]),
        Err(error) => println!("error: {error}"),
    }

    cell("alpaca");
    // The Alpaca format, written again.
    let task: usize = 2;
    fn alpaca(entry: &Entry) -> String {
        let Entry { instruction, input, output, .. } = entry;
        let opening = "Below is an instruction that describes a task. \
                       Write a response that appropriately completes the request.";
        let input = if input.is_empty() { String::new() } else { format!("\n\n### Input:\n{input}") };
        format!("{opening}\n\n### Instruction:\n{instruction}{input}\n\n### Response:\n{output}")
    }
    println!("{}\n", alpaca(&entries[task]));
    println!("as the crate writes it? {}", alpaca(&entries[task]) == formatted(&entries[task], PromptFormat::Alpaca));

    cell("own-format");
    // A format of your own. What do the 400 tasks cost in each?
    fn own_format(entry: &Entry) -> String {
        let Entry { instruction, input, output, .. } = entry;
        format!("Q: {instruction}\n{input}\nA: {output}")
    }
    {
        let tokens = |text: &str| tokenizer.encode_ordinary(text).len();
        let total = |text_of: &dyn Fn(&Entry) -> String| {
            entries.iter().map(|entry| tokens(&text_of(entry)) as f64).sum::<f64>()
        };
        let own_words = |entry: &Entry| tokens(&entry.instruction) + tokens(&entry.input) + tokens(&entry.output);
        let own_words: usize = entries.iter().map(own_words).sum();
        let totals = [
            total(&|entry| formatted(entry, PromptFormat::Alpaca)),
            total(&|entry| formatted(entry, PromptFormat::Phi3)),
            total(&own_format),
        ];
        println!("the words of the tasks alone: {} tokens", grouped(own_words));
        let words = own_words as f64;
        let template = totals.map(|total| total - words).to_vec();
        bars(
            "400 tasks",
            "Tokens",
            &["Alpaca", "Phi-3", "own"],
            &[("the task", vec![words; 3]), ("the format", template)],
        );
    }

    cell("boundary");
    // Two different tasks. Do they become the same prompt?
    let together: Entry = Entry::new("Translate into French.\nSay the opposite.", "", "");
    let apart: Entry = Entry::new("Translate into French.", "Say the opposite.", "");
    for format in [PromptFormat::Alpaca, PromptFormat::Phi3] {
        println!("{format}: the same prompt? {}", format.format_input(&together) == format.format_input(&apart));
    }

    cell("marker");
    // How many tokens is a marker, for a tokenizer that takes it as text, and for one that takes it as special?
    let marker: &'static str = "<|user|>";
    fn pieces(text: &str, tokenizer: &Gpt2Tokenizer) -> Result<Vec<String>> {
        tokenizer.encode_ordinary(text).iter().map(|&id| Ok(tokenizer.decode(&[id])?)).collect()
    }
    println!("as text:    {:?}", pieces(marker, &tokenizer)?);
    println!("as special: {:?}", tokenizer.encode_with_end_of_text(marker));

    cell("three-parts");
    // Training, test, validation. How many tasks of the test have an instruction that training never shows?
    use std::collections::BTreeSet;
    let sorted: bool = false;
    {
        let mut tasks = entries.clone();
        tasks.retain(|entry| !entry.input.is_empty());
        if sorted {
            tasks.sort_by(|a, b| a.instruction.cmp(&b.instruction));
        }
        let parts = partition(&tasks);
        println!("training {}, test {}, validation {}", parts.train.len(), parts.test.len(), parts.validation.len());
        let known: BTreeSet<&str> = parts.train.iter().map(|entry| entry.instruction.as_str()).collect();
        let new = parts.test.iter().filter(|entry| !known.contains(entry.instruction.as_str())).count();
        println!("{new} of the {} test tasks have an unknown instruction", parts.test.len());
    }

    cell("items");
    // Two tasks as ids, cut where the prompt ends.
    use ch07_instruct::{InstructionDataset, Item};
    let pair: [usize; 2] = [2, 11];
    let format: PromptFormat = PromptFormat::Phi3;
    {
        let chosen = pair.map(|number| entries[number].clone());
        for Item { ids, prompt_length } in InstructionDataset::new(&chosen, format, &tokenizer).items() {
            let (prompt, answer) = ids.split_at(*prompt_length);
            println!("prompt, {} ids: {:?}", prompt.len(), tokenizer.decode(prompt)?);
            println!("answer, {} ids: {:?}\n", answer.len(), tokenizer.decode(answer)?);
        }
    }

    cell("seam");
    // Are the tokens of a beginning the beginning of the tokens?
    let whole: &'static str = "Write the plural of the noun.\nshelf\n";
    let cut_after: usize = 13;
    {
        let (beginning, all) = (tokenizer.encode_ordinary(&whole[..cut_after]), tokenizer.encode_ordinary(whole));
        println!("{:?}", pieces(&whole[..cut_after], &tokenizer)?);
        println!("{:?}", pieces(whole, &tokenizer)?);
        println!("the same beginning? {}", all.starts_with(&beginning));
    }

    cell("pad");
    // Every row, padded to one more than the longest; the inputs are all but the last column.
    let rows: Vec<Vec<i32>> = vec![vec![0, 1, 2, 3, 4], vec![5, 6], vec![7, 8, 9]];
    fn padded(rows: &[Vec<i32>], padding: i32) -> Vec<Vec<i32>> {
        let longest = rows.iter().map(Vec::len).max().unwrap_or(0);
        let pad = |row: &Vec<i32>| [&row[..], &vec![padding; longest + 1 - row.len()]].concat();
        rows.iter().map(pad).collect()
    }
    for row in padded(&rows, 50256) {
        println!("{:?}", &row[..row.len() - 1]);
    }

    cell("targets");
    // The target of each input is the token after it.
    for row in padded(&rows, 50256) {
        let pairs = row.iter().zip(&row[1..]).map(|(input, target)| format!("{input}→{target}"));
        println!("{}", pairs.collect::<Vec<_>>().join("  "));
    }

    cell("ignore");
    // In the targets, all end-of-text tokens but the first few become -100.
    use ch07_instruct::{CollateOptions, custom_collate_fn};
    let ends_kept: usize = 1;
    fn ignore_padding(targets: &[i32], padding: i32, ends_kept: usize) -> Vec<i32> {
        let mut ends = 0;
        let mark = |&id: &i32| {
            ends += usize::from(id == padding);
            if id == padding && ends > ends_kept { -100 } else { id }
        };
        targets.iter().map(mark).collect()
    }
    {
        let ours: Vec<Vec<i32>> =
            padded(&rows, 50256).iter().map(|row| ignore_padding(&row[1..], 50256, ends_kept)).collect();
        for row in &ours {
            println!("{row:?}");
        }
        let items: Vec<Item> =
            rows.iter().map(|row| Item { ids: row.iter().map(|&id| id as u32).collect(), prompt_length: 0 }).collect();
        let crates = custom_collate_fn(&items.iter().collect::<Vec<_>>(), &CollateOptions::default(), &device);
        println!("as the crate's? {}", crates.targets.into_data().iter::<i32>().eq(ours.concat()));
    }

    cell("loss");
    // The loss of three targets, one of them ignored: the sum divided by those that count, and by all.
    use burn::tensor::activation::log_softmax;
    use shared::cross_entropy;
    let targets: [i32; 3] = [0, 1, -100];
    let logits: T2 = T2::from_floats([[-1.0, 1.0], [-0.5, 1.5], [-0.5, 1.5]], &device);
    {
        let log_probabilities: Vec<f32> = log_softmax(logits.clone(), 1).into_data().iter().collect();
        let counted = || targets.iter().enumerate().filter(|&(_, &target)| target != -100);
        let sum: f32 = counted().map(|(row, &target)| -log_probabilities[2 * row + target as usize]).sum();
        println!("sum {sum:.4}, by those that count {:.4}, by all {:.4}", sum / counted().count() as f32, sum / 3.0);
        let crates = cross_entropy(logits.clone(), I1::from_data(targets, &device));
        println!("the crate's loss {:.4}", crates.into_scalar::<f32>());
    }

    cell("loss-gradient");
    // What does the loss want of each logit? Of an ignored row, nothing.
    {
        let recording = device.clone().autodiff();
        let logits = T2::from_floats([[-1.0, 1.0], [-0.5, 1.5], [-0.5, 1.5]], &recording).require_grad();
        let gradients = cross_entropy(logits.clone(), I1::from_data(targets, &recording)).backward();
        print_tensor("gradient", logits.grad(&gradients).context("the logits have a gradient")?);
    }

    cell("one-end");
    // Four tasks learned by heart, with this many ends in each row of targets. How likely is the end after the answer?
    use burn::tensor::activation::softmax;
    let four_tasks: [Entry; 4] = [
        Entry::new("Write the plural.", "shelf", "shelves"),
        Entry::new("Write the plural.", "mouse", "mice"),
        Entry::new("Write the opposite.", "hot", "cold"),
        Entry::new("Write the opposite.", "early", "late"),
    ];
    let in_the_targets: [usize; 2] = [1, 0];
    for ends_kept in in_the_targets {
        let end = own_vocabulary.end_of_text_id();
        let dataset = InstructionDataset::new(&four_tasks, PromptFormat::Phi3, &own_vocabulary);
        let rows: Vec<Vec<i32>> =
            dataset.items().iter().map(|item| item.ids.iter().map(|&id| id as i32).collect()).collect();
        let rows = padded(&rows, end as i32);
        let tensor = |rows: Vec<Vec<i32>>| {
            I2::from_data(TensorData::new(rows.concat(), [4, rows[0].len()]), &device.clone().autodiff())
        };
        let inputs = tensor(rows.iter().map(|row| row[..row.len() - 1].to_vec()).collect());
        let targets = tensor(rows.iter().map(|row| ignore_padding(&row[1..], end as i32, ends_kept)).collect());
        let model = learn(untrained(768, 32, 64), &Batch { inputs, targets }, 8e-3, 61, &mut Vec::new()).valid();
        print!("{ends_kept} in the targets:");
        for (item, entry) in dataset.items().iter().zip(&four_tasks) {
            let logits = model.forward(ids_to_tensor(&item.ids, &device), &mut Mode::Eval);
            let probability = softmax(logits, 2).slice(s![.., -1, end as i32]).into_scalar::<f32>();
            print!("  {} {:.0} %", entry.output, 100.0 * probability);
        }
        println!();
    }

    cell("mask");
    // With the prompt masked, too: how many targets count, and which is the first of them?
    let masked_task: usize = 11;
    fn mask_prompt(targets: &[i32], prompt_length: usize) -> Vec<i32> {
        let hidden = prompt_length.saturating_sub(1);
        [&vec![-100; hidden], &targets[hidden..]].concat()
    }
    for format in [PromptFormat::Alpaca, PromptFormat::Phi3] {
        let dataset = InstructionDataset::new(&entries[masked_task..=masked_task], format, &tokenizer);
        let Item { ids, prompt_length } = &dataset.items()[0];
        let targets: Vec<i32> = ids[1..].iter().map(|&id| id as i32).chain([50256]).collect();
        let masked = mask_prompt(&targets, *prompt_length);
        let counted: Vec<u32> = masked.iter().filter(|&&id| id != -100).map(|&id| id as u32).collect();
        println!("{format}: {} targets, {} count: {:?}", targets.len(), counted.len(), tokenizer.decode(&counted)?);
    }

    cell("batches");
    // The first batches of a pass: how long is each?
    use ch07_instruct::InstructionLoader;
    use shared::Batches;
    let seed: u64 = 123;
    {
        let dataset = InstructionDataset::new(partition(&entries).train, PromptFormat::Alpaca, &tokenizer);
        let loader = InstructionLoader::train(dataset, 8, CollateOptions::default())?;
        println!("{} batches in a pass", loader.num_batches());
        for batch in loader.iter(&mut TorchRng::new(seed), &device).take(5) {
            println!("inputs {:?}, targets {:?}", batch.inputs.dims(), batch.targets.dims());
        }
    }

    cell("padding-share");
    // How much of the batches is padding, if the texts come in random order, and if they are sorted by length?
    use shared::BatchLoader;
    let sizes: [usize; 8] = [1, 2, 4, 8, 16, 32, 64, 128];
    {
        let dataset = InstructionDataset::new(partition(&entries).train, PromptFormat::Alpaca, &tokenizer);
        let mut lengths: Vec<usize> = dataset.items().iter().map(|item| item.ids.len()).collect();
        let mut lines = Vec::new();
        for (name, shuffle) in [("random order", true), ("sorted by length", false)] {
            let padding = |batch_size: usize| {
                let order = BatchLoader { len: lengths.len(), batch_size, shuffle, drop_last: true };
                let (mut used, mut positions) = (0, 0);
                for batch in order.batches(&mut TorchRng::new(seed)) {
                    used += batch.iter().map(|&i| lengths[i]).sum::<usize>();
                    positions += batch.iter().map(|&i| lengths[i]).max().unwrap_or(0) * batch_size;
                }
                (batch_size as f64, 100.0 * (1.0 - used as f64 / positions as f64))
            };
            let line = sizes.map(padding).to_vec();
            println!("{name}: {:.1?}", line.iter().map(|&(_, percent)| percent).collect::<Vec<f64>>());
            lines.push((name, line));
            lengths.sort_unstable();
        }
        curves("Padding", "Batch size", "Padding in %", &lines)?;
    }

    cell("model-size");
    // What a model of this size has, and what training it takes: weights, gradients and AdamW's two moments.
    let name: &'static str = "gpt2-medium";
    {
        let config = GptConfig::preset(name)?;
        let parameters = config.num_params();
        println!("{} blocks, vectors of {} numbers", config.n_layers, config.emb_dim);
        println!("{} parameters", grouped(parameters));
        println!("{:.1} GB for training, without the activations", (parameters * 4 * 4) as f64 / 1e9);
        println!("loss of a model that knows nothing: {:.2}", (config.vocab_size as f64).ln());
    }

    cell("forgetting");
    // A model that knows one text learns the four tasks, with small and with large steps.
    let old_text: &'static str = "Every evening, at six o'clock, the old clockmaker lit his lamp.";
    let rates: [f64; 3] = [1e-3, 4e-3, 16e-3];
    let further_steps: usize = 15;
    fn batch_of(tasks: &[Entry], tokenizer: &Gpt2Tokenizer) -> Batch {
        let dataset = InstructionDataset::new(tasks, PromptFormat::Phi3, tokenizer);
        let options = CollateOptions { pad_token_id: tokenizer.end_of_text_id(), ..Default::default() };
        custom_collate_fn(&dataset.items().iter().collect::<Vec<_>>(), &options, &Device::flex().autodiff())
    }
    {
        let ids = ids_to_tensor(&own_vocabulary.encode_ordinary(old_text), &device.clone().autodiff());
        let old = Batch { inputs: ids.clone().slice(s![.., ..-1]), targets: ids.slice(s![.., 1..]) };
        let new = batch_of(&four_tasks, &own_vocabulary);
        let pretrained = learn(untrained(768, 32, 64), &old, 4e-3, 40, &mut Vec::new());
        let loss = |model: &GptModel, batch: &Batch| {
            f64::from(calc_loss_batch(model, batch.clone(), &mut Mode::Eval).into_scalar::<f32>())
        };
        let (mut of_old, mut of_new) = (vec![loss(&pretrained, &old)], vec![loss(&pretrained, &new)]);
        for rate in rates {
            let model = learn(pretrained.clone(), &new, rate, further_steps, &mut Vec::new());
            of_old.push(loss(&model, &old));
            of_new.push(loss(&model, &new));
        }
        println!("old text:  {of_old:.2?}\nnew tasks: {of_new:.2?}");
        let labels = ["before".to_string(), format!("{}", rates[0]), format!("{}", rates[1]), format!("{}", rates[2])];
        let labels = labels.each_ref().map(String::as_str);
        bars("Loss after learning the tasks", "Loss", &labels, &[("old text", of_old), ("new tasks", of_new)]);
    }

    cell("by-heart");
    // Four tasks, one batch, 61 steps.
    use ch07_instruct::respond;
    let learning_rate: f64 = 8e-3;
    let repetitions: usize = 61;
    let mut losses: Vec<f64> = Vec::new();
    let by_heart: GptModel = {
        let batch = batch_of(&four_tasks, &tokenizer);
        learn(untrained(50257, 32, 64), &batch, learning_rate, repetitions, &mut losses).valid()
    };
    for (step, loss) in losses.iter().enumerate().step_by(10) {
        println!("step {step:2}: loss {loss:.2}");
    }

    cell("fifth-task");
    // The four tasks, and one that the model has not seen.
    let fifth: Entry = Entry::new("Write the opposite.", "shelf", "");
    for entry in four_tasks.iter().chain([&fifth]) {
        let answer = respond(&by_heart, entry, PromptFormat::Phi3, 12, &tokenizer, &device)?;
        println!("{} {}: {answer:?}", entry.instruction, entry.input);
    }

    cell("loss-per-token");
    // Where is the loss that is left? Every token from the instruction on, as the model predicts it from those before.
    let row: usize = 0;
    {
        let Batch { inputs, targets } = batch_of(&four_tasks[row..=row], &tokenizer);
        let (inputs, targets) = (inputs.inner(), targets.inner());
        let [_, tokens] = inputs.dims();
        let log_probabilities = log_softmax(by_heart.forward(inputs, &mut Mode::Eval), 2);
        let of_targets = log_probabilities.gather(2, targets.clone().reshape([1, tokens, 1]));
        let losses: Vec<f64> = of_targets.neg().into_data().iter().collect();
        let ids: Vec<u32> = targets.into_data().iter().collect();
        let labels: Vec<String> =
            ids.iter().map(|&id| Ok(format!("{:?}", tokenizer.decode(&[id])?))).collect::<Result<_>>()?;
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        println!(
            "all {tokens} tokens together: {:.1}, in units of ln 2: {:.1}",
            losses.iter().sum::<f64>(),
            losses.iter().sum::<f64>() / 2f64.ln()
        );
        bars("Loss of each token", "Loss", &labels[5..11], &[("by heart", losses[5..11].to_vec())]);
    }

    cell("three-parts-of-a-text");
    // The same texts three times: the template counts, the instruction with its input counts, the answer counts.
    fn parts_of(entries: &[Entry], format: PromptFormat, tokenizer: &Gpt2Tokenizer) -> [Batch; 3] {
        let dataset = InstructionDataset::new(entries, format, tokenizer);
        let items = dataset.items();
        let options = CollateOptions { pad_token_id: tokenizer.end_of_text_id(), ..Default::default() };
        let batch = custom_collate_fn(&items.iter().collect::<Vec<_>>(), &options, &Device::flex());
        let [rows, tokens] = batch.inputs.dims();
        let length = |text: &str| tokenizer.encode_ordinary(text).len();
        let (opening, marker) = (length(format.opening()), length(&format.format_response("")));
        [0, 1, 2].map(|part| {
            let mut targets: Vec<i32> = batch.targets.clone().into_data().iter().collect();
            for (at, target) in targets.iter_mut().enumerate() {
                let (place, prompt) = (at % tokens + 1, items[at / tokens].prompt_length);
                let in_template = place < opening || (prompt..prompt + marker).contains(&place);
                let found = if in_template { 0 } else { 1 + usize::from(place >= prompt) };
                *target = if found == part { *target } else { -100 };
            }
            let targets = I2::from_data(TensorData::new(targets, [rows, tokens]), &Device::flex());
            Batch { inputs: batch.inputs.clone(), targets }
        })
    }

    cell("three-losses");
    // A small model learns from the training tasks. What becomes of the three validation losses?
    let steps: usize = 61;
    {
        let parts = partition(&entries);
        let training = InstructionDataset::new(parts.train, PromptFormat::Alpaca, &own_vocabulary);
        let options = CollateOptions { pad_token_id: own_vocabulary.end_of_text_id(), ..Default::default() };
        let loader = InstructionLoader::train(training, 8, options)?;
        let validation = parts_of(parts.validation, PromptFormat::Alpaca, &own_vocabulary);
        let (recording, mut rng) = (device.clone().autodiff(), TorchRng::new(123));
        let (mut model, mut optimizer) = (untrained(768, 64, 128), AdamW::new(0.1));
        let mut lines = [("template", vec![]), ("instruction and input", vec![]), ("answer", vec![])];
        let passes = (0..).flat_map(|_| loader.iter(&mut rng, &recording));
        for (step, batch) in passes.take(steps).enumerate() {
            if step % 5 == 0 {
                let loss = |part: &Batch| calc_loss_batch(&model.valid(), part.clone(), &mut Mode::Eval);
                let losses = validation.each_ref().map(|part| f64::from(loss(part).into_scalar::<f32>()));
                lines.iter_mut().zip(losses).for_each(|((_, line), loss)| line.push((step as f64, loss)));
                println!("step {step:2}: {losses:.1?}");
            }
            let loss = calc_loss_batch(&model, batch, &mut Mode::Eval);
            model = optimizer.step(4e-3, model, loss.backward());
        }
        curves("Validation loss in three parts", "Step", "Loss", &lines)?;
    }

    cell("own-run");
    // Fine-tuning with the loop of chapter 5, on all training tasks.
    use ch05_pretrain::{Evaluation, train_model_simple};
    use ch07_instruct::{InstructionLoaders, training_config};
    use shared::TrainingConfig;
    let epochs: usize = 2;
    {
        let training = TrainingConfig { learning_rate: 4e-3, epochs, eval_freq: 12, eval_iter: 3, ..training_config() };
        let options = CollateOptions { pad_token_id: own_vocabulary.end_of_text_id(), ..Default::default() };
        let (parts, format) = (partition(&entries), PromptFormat::Alpaca);
        let loaders = InstructionLoaders::new(parts, format, 8, &options, &own_vocabulary)?.loaders;
        let (mut optimizer, mut rng) = (AdamW::new(training.weight_decay), TorchRng::new(123));
        let (model, recording) = (untrained(768, 64, 128), device.clone().autodiff());
        let (_, found) = train_model_simple(model, &mut optimizer, &loaders, &training, &mut rng, &recording, |_| {});
        let line = |of: fn(&Evaluation) -> f64| found.iter().map(|at| (at.step as f64, of(at))).collect::<Vec<_>>();
        let (training, validation) = (line(|at| at.train_loss), line(|at| at.val_loss));
        curves("A small assistant", "Step", "Loss", &[("training", training), ("validation", validation)])?;
    }

    cell("logits-memory");
    // The memory of the logits of one batch, four bytes each.
    let batch_rows: usize = 8;
    let tokens_in_a_row: usize = 69;
    println!("{:.0} MB", (batch_rows * tokens_in_a_row * 50257 * 4) as f64 / 1e6);

    cell("continuation");
    // What the model that knows four tasks by heart writes after a prompt, all of it.
    let asked: usize = 0;
    let eos_id: Option<u32> = Some(50256);
    let prompt: String = PromptFormat::Phi3.format_input(&four_tasks[asked]);
    let text: String = {
        let ids = ids_to_tensor(&tokenizer.encode_ordinary(&prompt), &device);
        let options = GenerateOptions { eos_id, ..GenerateOptions::greedy(12, 64) };
        tokenizer.decode(&tensor_to_ids(generate(&by_heart, ids, &options, &mut TorchRng::new(123))?))?
    };
    println!("prompt: {prompt:?}\ntext:   {text:?}");

    cell("extract");
    // The answer in it: without the prompt, the marker and the white space around it.
    fn extract(text: &str, prompt_length: usize, marker: &str) -> String {
        let rest: String = text.chars().skip(prompt_length).collect();
        rest.replace(marker, "").trim().to_string()
    }
    println!("{:?}", extract(&text, prompt.chars().count(), "<|assistant|>:"));
    let chinese: &'static str = "<|user|>\n写出这个字的反义字。\n快";
    let answered: String = format!("{chinese}\n<|assistant|>:\n慢");
    println!("in characters: {:?}", extract(&answered, chinese.chars().count(), "<|assistant|>:"));
    println!("in bytes:      {:?}", extract(&answered, chinese.len(), "<|assistant|>:"));

    cell("overlap");
    // How many words do the expected and the given answer share?
    let answers: [(&'static str, &'static str); 7] = [
        ("The car is as fast as lightning.", "The car is as fast as a bullet."),
        (
            "The type of cloud typically associated with thunderstorms is cumulonimbus.",
            "The type of cloud associated with thunderstorms is a cumulus cloud.",
        ),
        ("Jane Austen.", "The author of 'Pride and Prejudice' is Jane Austen."),
        ("The periodic symbol for chlorine is Cl.", "The periodic symbol for chlorine is C."),
        ("The corrected sentence should be: 'It's time to go home.'", "It's time to go home."),
        ("6 plus 6 is 12.", "That makes 12."),
        ("6 plus 6 is 12.", "6 plus 6 is 13."),
    ];
    fn words(text: &str) -> Vec<String> {
        let parts = text.split(|c: char| !c.is_alphanumeric());
        parts.filter(|part| !part.is_empty()).map(str::to_lowercase).collect()
    }
    fn overlap(expected: &str, answer: &str) -> f64 {
        let (mut expected, answer) = (words(expected), words(answer));
        let all = (expected.len() + answer.len()).max(1);
        let mut common = 0;
        for word in &answer {
            if let Some(at) = expected.iter().position(|other| other == word) {
                expected.remove(at);
                common += 1;
            }
        }
        2.0 * common as f64 / all as f64
    }
    for (expected, answer) in answers {
        println!("equal: {:5}  words: {:.2}  {answer}", expected == answer, overlap(expected, answer));
    }

    cell("votes");
    // People voted eight times: who was better, who was worse? Ratings as chess players have them.
    let models: [&'static str; 3] = ["red", "green", "blue"];
    let votes: [(usize, usize); 8] = [(0, 1), (0, 2), (1, 2), (0, 1), (1, 0), (0, 2), (1, 2), (0, 2)];
    {
        let mut ratings = [1000.0; 3];
        for (better, worse) in votes {
            let expected = 1.0 / (1.0 + 10f64.powf((ratings[worse] - ratings[better]) / 400.0));
            let points = 32.0 * (1.0 - expected);
            ratings[better] += points;
            ratings[worse] -= points;
            println!("{} beats {}: {points:.1} points", models[better], models[worse]);
        }
        println!(
            "{}",
            models
                .iter()
                .zip(ratings)
                .map(|(name, rating)| format!("{name} {rating:.0}"))
                .collect::<Vec<_>>()
                .join(", ")
        );
    }

    cell("question");
    // What a judge would be asked about an answer of yours.
    use ch07_instruct::judge::{score_prompt, verbose_score_prompt};
    let test_task: usize = 0;
    let my_answer: &'static str = "6 plus 6 is 13.";
    let verbose: bool = false;
    {
        let entry = &partition(&entries).test[test_task];
        println!("{}", if verbose { verbose_score_prompt(entry, my_answer) } else { score_prompt(entry, my_answer) });
    }

    cell("replies");
    // Scores from replies, and three means of them.
    use ch07_instruct::parse_score;
    let replies: [&'static str; 7] = [
        "85",
        "Score: 70",
        "I'd say 90 out of 100.",
        "40/100. Two of three words are missing.",
        "It is 100 % correct.",
        "Between 60 and 70.",
        "Very good!",
    ];
    fn first_number(reply: &str) -> Option<f64> {
        let digits: String =
            reply.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    }
    {
        for reply in replies {
            println!("{:8} {reply}", parse_score(reply).map_or("none".to_string(), |score| score.to_string()));
        }
        let mean = |scores: &[f64]| scores.iter().sum::<f64>() / scores.len() as f64;
        let scores: Vec<f64> = replies.iter().filter_map(|reply| parse_score(reply)).map(f64::from).collect();
        let first: Vec<f64> = replies.iter().filter_map(|reply| first_number(reply)).collect();
        println!(
            "without the failures {:.1}, failures as 0 {:.1}",
            mean(&scores),
            scores.iter().sum::<f64>() / replies.len() as f64
        );
        println!("with the first number, whatever it is {:.1}", mean(&first));
    }

    cell("stand-in");
    // A stand-in for the judge, which compares words, and two "models" that have learned nothing.
    use ch07_instruct::{Summary, Verdict};
    fn quality(expected: &str, response: &str) -> f64 {
        overlap(expected, response)
    }
    fn stand_in_judge(entry: &Entry, response: &str) -> String {
        if response.is_empty() {
            return "There is no answer.".to_string();
        }
        format!("Score: {:.0}/100", 100.0 * quality(&entry.output, response))
    }
    fn nearest(task: &Entry, known: &[Entry]) -> String {
        let text = |entry: &Entry| format!("{} {}", entry.instruction, entry.input);
        let alike = |other: &&Entry| (1000.0 * overlap(&text(task), &text(other))) as usize;
        known.iter().max_by_key(alike).map_or(String::new(), |other| other.output.clone())
    }
    fn echo(task: &Entry, _known: &[Entry]) -> String {
        task.input.clone()
    }

    cell("evaluation");
    // All test tasks are answered, judged and summarized.
    let shown_answers: usize = 3;
    for (name, answer) in [("nearest", nearest as fn(&Entry, &[Entry]) -> String), ("echo", echo)] {
        let parts = partition(&entries);
        let judged = parts.test.iter().map(|entry| {
            let reply = stand_in_judge(entry, &answer(entry, parts.train));
            Verdict { score: parse_score(&reply), reply }
        });
        let summary = Summary::of(&judged.collect::<Vec<_>>());
        let right = parts.test.iter().filter(|entry| answer(entry, parts.train) == entry.output).count();
        println!(
            "{name}: mean {:.1} of {} scores, {} failures, {right} right",
            summary.mean.unwrap_or(f64::NAN),
            summary.scored,
            summary.failures()
        );
        for entry in &parts.test[..shown_answers] {
            let found = answer(entry, parts.train);
            println!("  {} {} → {found:?}: {}", entry.instruction, entry.input, stand_in_judge(entry, &found));
        }
    }

    cell("luck");
    // Two models of the same quality, 110 tasks, a thousand times. How far apart are their means?
    let spread: f64 = 35.0;
    let number_of_tasks: usize = 110;
    let common: f64 = 0.0;
    {
        let mut rng = TorchRng::new(123);
        let mut difference = || {
            let scatter = rng.randn(2 * number_of_tasks);
            let sum: f64 = scatter.chunks(2).map(|pair| f64::from(pair[0] - pair[1])).sum();
            spread * (1.0 - common).sqrt() * sum / number_of_tasks as f64
        };
        let differences: Vec<f64> = (0..1000).map(|_| difference().abs()).collect();
        let share = |from: f64, to: f64| differences.iter().filter(|&&d| d >= from && d < to).count() as f64 / 10.0;
        let edges = [0.0, 1.0, 2.0, 4.0, 8.0, 16.0];
        let labels = ["below 1", "1 to 2", "2 to 4", "4 to 8", "8 to 16"];
        let shares: Vec<f64> = edges.windows(2).map(|edge| share(edge[0], edge[1])).collect();
        println!("uncertainty of one mean: {:.1} points", spread / (number_of_tasks as f64).sqrt());
        println!("two points or more apart: {:.0} % of the pairs", share(2.0, f64::INFINITY));
        bars("Two equal models", "Pairs in %", &labels, &[("difference of the means", shares)]);
    }

    cell("three-rows");
    // Rows of these lengths, and what becomes of them in a batch.
    let lengths: [usize; 3] = [40, 52, 47];
    {
        let items = lengths.map(|length| Item { ids: vec![1; length], prompt_length: 0 });
        let batch = custom_collate_fn(&items.each_ref(), &CollateOptions::default(), &device);
        let targets: Vec<i32> = batch.targets.clone().into_data().iter().collect();
        let count = |value: i32| targets.iter().filter(|&&target| target == value).count();
        println!("{:?}: {} are -100, {} are 50256", batch.targets.dims(), count(-100), count(50256));
    }

    cell("pairs");
    // Three tasks with two answers each: a chosen one and a rejected one.
    use ch07_instruct::PreferenceEntry;
    fn pair_of(instruction: &str, input: &str, chosen: &str, rejected: &str) -> PreferenceEntry {
        let entry = Entry::new(instruction, input, chosen);
        PreferenceEntry { entry, chosen: chosen.to_string(), rejected: rejected.to_string() }
    }
    let preferences: [PreferenceEntry; 3] = [
        pair_of("Write the plural of the noun.", "shelf", "The plural is 'shelves'.", "Obviously 'shelves'."),
        pair_of("What is 4 plus 8?", "", "4 plus 8 is 12.", "12. Everybody knows that."),
        pair_of("Give the opposite of the word.", "give", "The opposite is 'take'.", "Take. What else?"),
    ];
    for PreferenceEntry { entry, chosen, rejected } in &preferences {
        println!("{} {}\n  chosen:   {chosen}\n  rejected: {rejected}", entry.instruction, entry.input);
    }

    cell("dpo-loss");
    // The loss over the margin, for some values of beta.
    let betas: [f64; 3] = [0.1, 0.5, 2.0];
    fn dpo_loss(beta: f64, margin: f64) -> f64 {
        let sigmoid = 1.0 / (1.0 + (-beta * margin).exp());
        -sigmoid.ln()
    }
    {
        let names = betas.map(|beta| format!("β = {beta}"));
        let margins = || (-20..=20).map(|half| f64::from(half) / 2.0);
        let mut lines: Vec<(&str, Vec<(f64, f64)>)> = Vec::new();
        for (name, beta) in names.iter().zip(betas) {
            lines.push((name, margins().map(|margin| (margin, dpo_loss(beta, margin))).collect()));
            println!("{name}: margin 0 costs {:.4}, margin 5 costs {:.4}", dpo_loss(beta, 0.0), dpo_loss(beta, 5.0));
        }
        curves("The loss of DPO", "Margin", "Loss", &lines)?;
    }

    cell("logprobs");
    // The mean log-probability of two labels over a vocabulary of three, by hand and by the crate.
    use ch07_instruct::bonus::dpo::compute_logprobs;
    let pair_logits: T3 = T3::from_floats([[[2.0, 1.0, 0.1], [0.5, 2.5, 0.3], [0.0, 0.0, 0.0]]], &device);
    let labels: [i32; 3] = [1, 0, 2];
    let selected: [bool; 3] = [false, true, true];
    {
        let log_probabilities: Vec<f64> = log_softmax(pair_logits.clone(), 2).into_data().iter().collect();
        let of_label = |at: usize| log_probabilities[3 * (at - 1) + labels[at] as usize];
        let ours: Vec<f64> = (1..3).filter(|&at| selected[at]).map(of_label).collect();
        println!("by hand {:.4?}, mean {:.4}", ours, ours.iter().sum::<f64>() / ours.len() as f64);
        let labels = I1::from_data(labels, &device).unsqueeze();
        let selected = B1::from_data(selected, &device).unsqueeze();
        println!(
            "the crate's mean {:.4}",
            compute_logprobs(pair_logits.clone(), labels, selected).into_scalar::<f32>()
        );
    }

    cell("log-sigmoid");
    // The logarithm of the sigmoid in two steps, and as one function.
    use burn::tensor::activation::{log_sigmoid, sigmoid};
    let z: T1 = T1::from_floats([2.0, 0.0, -20.0, -200.0], &device);
    print_tensor("in two steps", sigmoid(z.clone()).log());
    print_tensor("as one", log_sigmoid(z.clone()));

    cell("dpo-steps");
    // Some steps of DPO with one batch: what happens to both rewards?
    use ch07_instruct::PreferenceDataset;
    use ch07_instruct::bonus::dpo::DpoObjective;
    use ch07_instruct::bonus::preference::preference_collate_fn;
    let beta: f64 = 0.1;
    {
        let mut policy = untrained(50257, 32, 64);
        let objective = DpoObjective { reference: policy.valid(), beta };
        let dataset = PreferenceDataset::new(&preferences, PromptFormat::Phi3, &tokenizer);
        let items: Vec<_> = dataset.items().iter().collect();
        let batch = preference_collate_fn(&items, None, &device.clone().autodiff());
        let (mut optimizer, mut lines) = (AdamW::new(0.01), [("chosen", vec![]), ("rejected", vec![])]);
        for step in 0..=8 {
            let found = objective.loss_batch(&policy, batch.clone(), &mut Mode::Eval);
            let number = |value: T1| f64::from(value.into_scalar::<f32>());
            let rewards = [found.chosen_reward, found.rejected_reward].map(number);
            lines.iter_mut().zip(rewards).for_each(|((_, line), reward)| line.push((f64::from(step), reward)));
            if step % 2 == 0 {
                println!("step {step}: loss {:.3}, chosen and rejected {rewards:.2?}", number(found.loss.clone()));
            }
            policy = optimizer.step(2e-3, policy, found.loss.backward());
        }
        curves("Rewards", "Step", "Reward", &lines)?;
    }

    cell("recorded-margins");
    // The losses of the real run beside the losses of its mean margins: step, training loss, training margin.
    let recorded: [(usize, f64, f64); 5] =
        [(0, 0.692, 0.014), (20, 0.682, 0.235), (40, 0.675, 0.405), (80, 0.585, 2.550), (115, 0.606, 2.008)];
    for (step, loss, margin) in recorded {
        println!("step {step:3}: recorded {loss:.3}, from the mean margin {:.3}", dpo_loss(0.1, margin));
    }
    let two_margins: [f64; 2] = [0.0, 8.0];
    println!("two pairs: mean margin {:.0}", (two_margins[0] + two_margins[1]) / 2.0);
    println!("mean of their losses {:.3}", (dpo_loss(0.1, two_margins[0]) + dpo_loss(0.1, two_margins[1])) / 2.0);
    println!("loss of their mean   {:.3}", dpo_loss(0.1, (two_margins[0] + two_margins[1]) / 2.0));

    cell("two-judges");
    // Ten answers, two judges. About which pairs of answers do they contradict each other?
    let hosted: [f64; 10] = [0.0, 50.0, 20.0, 100.0, 0.0, 100.0, 0.0, 100.0, 100.0, 100.0];
    let local: [f64; 10] = [20.0, 92.0, 85.0, 90.0, 20.0, 90.0, 22.0, 97.0, 60.0, 96.0];
    println!("means {:.1} and {:.1}", hosted.iter().sum::<f64>() / 10.0, local.iter().sum::<f64>() / 10.0);
    for i in 0..10 {
        for j in 0..i {
            if (hosted[i] - hosted[j]) * (local[i] - local[j]) < 0.0 {
                println!(
                    "answers {} and {}: hosted {} and {}, local {} and {}",
                    j + 1,
                    i + 1,
                    hosted[j],
                    hosted[i],
                    local[j],
                    local[i]
                );
            }
        }
    }

    cell("measures");
    // Pearson, Spearman and Kendall, written again.
    use ch07_instruct::bonus::correlation::{kendall, pearson, spearman};
    fn on_a_line(xs: &[f64], ys: &[f64]) -> f64 {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| (x - mean(a)) * (y - mean(b))).sum::<f64>();
        product(xs, ys) / (product(xs, xs) * product(ys, ys)).sqrt()
    }
    fn ranks(values: &[f64]) -> Vec<f64> {
        let count = |test: &dyn Fn(&f64) -> bool| values.iter().filter(|value| test(value)).count() as f64;
        values
            .iter()
            .map(|value| count(&|other| other < value) + (count(&|other| other == value) + 1.0) / 2.0)
            .collect()
    }
    fn which_of_two(xs: &[f64], ys: &[f64]) -> [usize; 2] {
        let pairs = (0..xs.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
        let products: Vec<f64> = pairs.map(|(i, j)| (xs[i] - xs[j]) * (ys[i] - ys[j])).collect();
        [products.iter().filter(|&&p| p > 0.0).count(), products.iter().filter(|&&p| p < 0.0).count()]
    }
    fn compare(xs: &[f64], ys: &[f64]) {
        println!("Pearson {:.4}, the crate's {:.4}", on_a_line(xs, ys), pearson(xs, ys).unwrap_or(f64::NAN));
        println!(
            "Spearman {:.4}, the crate's {:.4}",
            on_a_line(&ranks(xs), &ranks(ys)),
            spearman(xs, ys).unwrap_or(f64::NAN)
        );
        let [same, opposite] = which_of_two(xs, ys);
        println!(
            "Kendall {:.4}: {same} pairs in the same order, {opposite} in the opposite one",
            kendall(xs, ys).unwrap_or(f64::NAN)
        );
    }
    compare(&hosted, &local);

    cell("other-scale");
    // The local judge on another scale.
    fn another_scale(score: f64) -> f64 {
        100.0 * (score / 100.0).powi(4)
    }
    compare(&hosted, &local.map(another_scale));

    cell("few-answers");
    // Two judges who see the same quality, each with errors of its own. How much does Pearson's r vary from test to test?
    let error: f64 = 0.5;
    for answers in [10, 30, 100] {
        let mut rng = TorchRng::new(123);
        let mut found: Vec<f64> = Vec::new();
        for _ in 0..200 {
            let draws: Vec<f64> = rng.randn(3 * answers).into_iter().map(f64::from).collect();
            let judge = |which: usize| draws.chunks(3).map(|d| d[0] + error * d[which]).collect::<Vec<f64>>();
            found.extend(pearson(&judge(1), &judge(2)));
        }
        found.sort_by(f64::total_cmp);
        println!("{answers:3} answers: nine of ten tests between {:.2} and {:.2}", found[10], found[189]);
    }

    cell("n-grams");
    // How often does each run of one to three characters occur?
    let short_text: &'static str = "see me";
    fn n_grams(text: &str) -> BTreeMap<String, f64> {
        let characters: Vec<char> = text.to_lowercase().chars().filter(|c| c.is_alphanumeric() || *c == ' ').collect();
        let mut counts = BTreeMap::new();
        for piece in (1..=3).flat_map(|n| characters.windows(n)) {
            *counts.entry(piece.iter().collect()).or_insert(0.0) += 1.0;
        }
        counts
    }
    println!("{:?}", n_grams(short_text));

    cell("tf-idf");
    // The cosine of two texts, with plain counts or weighted by how rare an n-gram is among all texts.
    use ch07_instruct::bonus::near_duplicates::find_near_duplicates;
    let capitals: [&'static str; 3] =
        ["What is the capital of Italy?", "What's the capital city of Italy?", "What is the capital of Peru?"];
    fn weighted(texts: &[&str], by_rarity: bool) -> Vec<BTreeMap<String, f64>> {
        let mut vectors: Vec<_> = texts.iter().map(|text| n_grams(text)).collect();
        if by_rarity {
            let counts = vectors.clone();
            let containing = |piece: &String| counts.iter().filter(|counts| counts.contains_key(piece)).count() as f64;
            let weight = |piece: &String| ((1.0 + texts.len() as f64) / (1.0 + containing(piece))).ln() + 1.0;
            vectors.iter_mut().flatten().for_each(|(piece, value)| *value *= weight(piece));
        }
        vectors
    }
    fn cosine(a: &BTreeMap<String, f64>, b: &BTreeMap<String, f64>) -> f64 {
        let dot = |a: &BTreeMap<String, f64>, b: &BTreeMap<String, f64>| {
            a.iter().filter_map(|(piece, x)| Some(x * b.get(piece)?)).sum::<f64>()
        };
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    }
    {
        let (plain, rare) = (weighted(&capitals, false), weighted(&capitals, true));
        for pair in find_near_duplicates(&capitals, 0.0) {
            let (i, j) = (pair.first, pair.second);
            println!("{} | {}", capitals[i], capitals[j]);
            println!(
                "  counts {:.4}, weighted {:.4}, the crate's {:.4}",
                cosine(&plain[i], &plain[j]),
                cosine(&rare[i], &rare[j]),
                pair.similarity
            );
        }
    }

    cell("duplicates");
    // Which of these tasks are near duplicates?
    let threshold: f64 = 0.8;
    let questions: [&'static str; 6] = [
        "Edit the following sentence to make it more formal.",
        "Edit the sentence to make it more formal.",
        "Make this sentence sound more official.",
        "Change the sentence from active to passive voice.",
        "Change the sentence from passive to active voice.",
        "Name a dwarf planet in our solar system.",
    ];
    for pair in find_near_duplicates(&questions, threshold) {
        println!("{:.2}  {} | {}", pair.similarity, questions[pair.first], questions[pair.second]);
    }

    cell("similarities");
    // All pairs as a picture.
    {
        let mut matrix = vec![0.0; questions.len() * questions.len()];
        for pair in find_near_duplicates(&questions, 0.0) {
            matrix[pair.first * questions.len() + pair.second] = pair.similarity as f32;
            matrix[pair.second * questions.len() + pair.first] = pair.similarity as f32;
        }
        (0..questions.len()).for_each(|i| matrix[i * questions.len() + i] = 1.0);
        let names = ["1", "2", "3", "4", "5", "6"];
        let matrix = T2::from_data(TensorData::new(matrix, [questions.len(), questions.len()]), &device);
        heatmap("Similarity", ("Task", &names), ("Task", &names), matrix)?;
    }

    cell("leak");
    // Test tasks with a relative in the training part, if this is the text of a task.
    fn text_of(entry: &Entry) -> String {
        format!("{} {}", entry.instruction, entry.input)
    }
    {
        let texts: Vec<String> = entries.iter().map(text_of).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (trained, tested) = (partition(&entries).train.len(), partition(&entries).test.len());
        let mut pairs = find_near_duplicates(&texts, 0.8);
        pairs.retain(|pair| pair.first < trained && (trained..trained + tested).contains(&pair.second));
        for threshold in [0.99, 0.9, 0.8] {
            let related: BTreeSet<usize> =
                pairs.iter().filter(|pair| pair.similarity > threshold).map(|pair| pair.second).collect();
            println!("above {threshold}: {} of {tested} test tasks", related.len());
        }
        pairs.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
        for pair in pairs.iter().take(3) {
            println!("{:.2}  {} | {}", pair.similarity, texts[pair.first], texts[pair.second]);
        }
    }
    Ok(())
}
