//! The cells of chapter 6's notebook: `cargo run -p notebook --example ch06_notebook`

use notebook::prelude::*;

fn main() -> Result<()> {
    cell("messages");
    // The messages that come with the crate.
    use ch06_classify::{EMBEDDED_MESSAGES, Label, Message, read_messages};
    fn count_spam(messages: &[Message]) -> usize {
        messages.iter().filter(|message| message.label == Label::Spam).count()
    }
    let messages: Vec<Message> = read_messages(EMBEDDED_MESSAGES)?;
    println!("{} messages, {} of them spam", messages.len(), count_spam(&messages));

    cell("search-word");
    // All messages with this word in them.
    let word: &'static str = "parcel";
    for message in messages.iter().filter(|message| message.text.to_lowercase().contains(word)).take(20) {
        println!("{:<5}{}", message.label.name(), message.text);
    }

    cell("classes");
    // The label, its class and the text of three messages.
    let first: usize = 0;
    for message in &messages[first..first + 3] {
        println!("{:<5}{}  {}", message.label.name(), message.label.class(), message.text);
    }

    cell("quotation-marks");
    // Four lines. How many messages?
    let lines: &'static str =
        "ham\tSee you at 8\nham\t\"Fine, said he.\nspam\tYou have won\nham\tAnd you?\" she said\n";
    match read_messages(lines) {
        Ok(found) => found.iter().for_each(|message| println!("{:<5}{:?}", message.label.name(), message.text)),
        Err(error) => println!("{error}"),
    }

    cell("rare-spam");
    // Keep one spam message of so many. How often is "always ham" right?
    let one_of: usize = 7;
    fn always_ham(messages: &[Message]) -> f64 {
        100.0 * (1.0 - count_spam(messages) as f64 / messages.len() as f64)
    }
    let mut rare: Vec<Message> = Vec::new();
    let mut spam_so_far: usize = 0;
    for message in &messages {
        spam_so_far += usize::from(message.label == Label::Spam);
        if message.label == Label::Ham || spam_so_far.is_multiple_of(one_of) {
            rare.push(message.clone());
        }
    }
    println!("{} messages, {} of them spam", rare.len(), count_spam(&rare));
    println!("always ham: {:.1} % right", always_ham(&rare));

    cell("undersample");
    // As many ham messages as there are spam messages, drawn at random.
    fn undersample(messages: &[Message], rng: &mut TorchRng) -> Vec<Message> {
        let (ham, spam): (Vec<_>, Vec<_>) = messages.iter().cloned().partition(|message| message.label == Label::Ham);
        let drawn = rng.randperm(ham.len()).into_iter().take(spam.len());
        drawn.map(|i| ham[i].clone()).chain(spam.clone()).collect()
    }
    let fewer: Vec<Message> = undersample(&rare, &mut TorchRng::new(123));
    println!("{} messages, {} of them spam", fewer.len(), count_spam(&fewer));
    println!("always ham: {:.1} % right", always_ham(&fewer));

    cell("oversample");
    // The other way: keep all ham, and take every spam message several times.
    let times: usize = 7;
    let mut more: Vec<Message> = Vec::new();
    for message in &rare {
        more.extend(vec![message.clone(); if message.label == Label::Spam { times } else { 1 }]);
    }
    println!("{} messages, {} of them spam", more.len(), count_spam(&more));
    println!("always ham: {:.1} % right", always_ham(&more));

    cell("split");
    // Shuffle and cut into three parts.
    use ch06_classify::{Split, create_balanced_dataset};
    use shared::rng::NumpyRng;
    fn cut(messages: &[Message], [train, validation]: [f64; 2], seed: u32) -> Split {
        let order = NumpyRng::new(seed).permutation(messages.len());
        let share = |share: f64| (messages.len() as f64 * share) as usize;
        let (train, rest) = order.split_at(share(train));
        let (validation, test) = rest.split_at(share(validation));
        let take = |rows: &[usize]| rows.iter().map(|&row| messages[row].clone()).collect();
        Split { train: take(train), validation: take(validation), test: take(test) }
    }
    let balanced: Vec<Message> = create_balanced_dataset(&messages);
    let split: Split = cut(&balanced, [0.7, 0.1], 123);
    for (name, part) in split.parts() {
        println!("{name:<12}{:>4} messages, {:>3} of them spam", part.len(), count_spam(part));
    }
    println!("the same parts as the crate's: {}", split == Split::of_collection(&messages)?);

    cell("split-seeds");
    // How much spam comes into the 40 validation messages, with ten seeds.
    let mut validation_spam: Vec<usize> = Vec::new();
    for seed in 1..=10 {
        validation_spam.push(count_spam(&cut(&balanced, [0.7, 0.1], seed).validation));
    }
    println!("{validation_spam:?}");

    cell("same-message");
    // Two messages count as the same if so many of their first words agree.
    use std::collections::{HashMap, HashSet};
    fn beginning(text: &str, words: usize) -> String {
        text.to_lowercase().split_whitespace().take(words).collect::<Vec<_>>().join(" ")
    }
    fn known(split: &Split, words: usize) -> usize {
        let train: HashSet<String> = split.train.iter().map(|message| beginning(&message.text, words)).collect();
        split.test.iter().filter(|message| train.contains(&beginning(&message.text, words))).count()
    }
    for words in [1, 2, 3, 4, 100] {
        println!("{words:>3} words: {} of {} test messages are known", known(&split, words), split.test.len());
    }

    cell("copy-then-split");
    // Each spam message several times, and only then the split.
    let copies: usize = 3;
    let mut copied: Vec<Message> = Vec::new();
    for message in &balanced {
        copied.extend(vec![message.clone(); if message.label == Label::Spam { copies } else { 1 }]);
    }
    let leaky: Split = cut(&copied, [0.7, 0.1], 123);
    println!("{} of {} test messages are known", known(&leaky, 1000), leaky.test.len());

    cell("learned-by-heart");
    // A classifier that knows the training messages by heart and answers "ham" to every other one.
    fn by_heart(split: &Split) -> f64 {
        let train: HashMap<&str, Label> = split.train.iter().map(|m| (m.text.as_str(), m.label)).collect();
        let answer = |text: &str| train.get(text).copied().unwrap_or(Label::Ham);
        let right = split.test.iter().filter(|message| answer(&message.text) == message.label).count();
        100.0 * right as f64 / split.test.len() as f64
    }
    println!("as they are:        {:.1} % right", by_heart(&split));
    println!("copied, then split: {:.1} % right", by_heart(&leaky));

    cell("fit");
    // Each text cut or padded to this many tokens.
    use ch02_text::{END_OF_TEXT_ID, Gpt2Tokenizer};
    fn fit(text: &str, length: usize, tokenizer: &Gpt2Tokenizer) -> Vec<u32> {
        let mut ids = tokenizer.encode_ordinary(text);
        ids.resize(length, END_OF_TEXT_ID);
        ids
    }
    let tokenizer: Gpt2Tokenizer = Gpt2Tokenizer::new();
    let length: usize = 6;
    for text in ["This is the first text message", "See you at eight", "You have won a prize! Reply YES to claim it."] {
        let ids: Vec<u32> = fit(text, length, &tokenizer);
        println!("{ids:?}\n  {}", tokenizer.decode(&ids)?);
    }

    cell("typed-marker");
    // Somebody has typed the marker into a message.
    let typed: &'static str = "Bye <|endoftext|> now";
    println!("as text:        {:?}", tokenizer.encode_ordinary(typed));
    println!("as the control: {:?}", tokenizer.encode_with_end_of_text(typed));

    cell("lost-ends");
    // Six messages as a model sees them that gets so few tokens of each.
    let few: usize = 5;
    for message in &split.train[10..16] {
        let mut ids: Vec<u32> = tokenizer.encode_ordinary(&message.text);
        ids.truncate(few);
        println!("{}", tokenizer.decode(&ids)?);
    }

    cell("truncated-share");
    // How many training messages lose their end, for every length.
    {
        let lengths: Vec<usize> = split.train.iter().map(|m| tokenizer.encode_ordinary(&m.text).len()).collect();
        let longer = |limit: usize| lengths.iter().filter(|&&length| length > limit).count() as f64;
        let points = (1..=72).map(|limit| (limit as f64, 100.0 * longer(limit) / lengths.len() as f64)).collect();
        curves("Messages that lose their end", "tokens kept", "percent", &[("training messages", points)])?;
    }

    cell("batches");
    // The batches of one epoch, and what is left over.
    use ch06_classify::{Length, SpamBatch, SpamDataset, SpamLoader};
    use shared::Batches;
    let device: Device = Device::flex();
    let batch_size: usize = 8;
    let dataset: SpamDataset = SpamDataset::new(&split.train, &tokenizer, Length::Longest);
    let loader: SpamLoader = SpamLoader::train(dataset, batch_size)?;
    let batches: Vec<SpamBatch> = loader.iter(&mut TorchRng::new(123), &device).collect();
    println!("{} batches, {} messages left over", batches.len(), split.train.len() - batches.len() * batch_size);
    println!("inputs {:?}, labels {:?}", batches[0].inputs.dims(), batches[0].labels.dims());
    let spam: Vec<i64> = batches.iter().map(|batch| batch.labels.clone().sum().into_scalar()).collect();
    println!("spam in each batch: {spam:?}");

    cell("padding-share");
    // Share of padding: one length for all, the longest of each batch, and batches of similar length.
    fn padding(lengths: &[usize], batch_size: usize, longest: usize) -> f64 {
        let padded = |batch: &[usize]| batch.len() * batch.iter().copied().fold(longest, usize::max);
        let places: usize = lengths.chunks(batch_size).map(padded).sum();
        100.0 - 100.0 * lengths.iter().sum::<usize>() as f64 / places as f64
    }
    let tokens: Vec<usize> = split.train.iter().map(|m| tokenizer.encode_ordinary(&m.text).len()).collect();
    let mut sorted: Vec<usize> = tokens.clone();
    sorted.sort();
    {
        let sizes = [2, 4, 8, 16, 32];
        let one_length = sizes.map(|size| padding(&tokens, size, 69)).to_vec();
        let per_batch = sizes.map(|size| padding(&tokens, size, 0)).to_vec();
        let similar = sizes.map(|size| padding(&sorted, size, 0)).to_vec();
        let series = [("one length", one_length), ("longest of the batch", per_batch), ("sorted first", similar)];
        bars("Padding in the batches", "percent", &["2", "4", "8", "16", "32"], &series);
    }

    cell("length-rule");
    // Does the length give the class away? "More than so many tokens is spam", on the training messages.
    let more_than: usize = 21;
    let right: usize = (split.train.iter().zip(&tokens))
        .filter(|(message, tokens)| (**tokens > more_than) == (message.label == Label::Spam))
        .count();
    println!("{:.1} % right", 100.0 * right as f64 / tokens.len() as f64);

    cell("language-model");
    // A small model that has not been trained: what comes next?
    use ch04_gpt::{GptModel, generate_text_simple};
    use ch05_pretrain::{text_to_token_ids, token_ids_to_text};
    use shared::GptConfig;
    use shared::init::torch_init;
    let config: GptConfig = GptConfig { emb_dim: 32, n_layers: 2, drop_rate: 0.0, ..GptConfig::preset("tiny")? };
    let language_model: GptModel = torch_init(GptModel::new(&config, &device), &mut TorchRng::new(123));
    let prompt: &'static str = "Is this spam? 'You have won a prize!' Answer:";
    let ids: I2 = text_to_token_ids(prompt, &tokenizer, &device);
    println!("{}", token_ids_to_text(generate_text_simple(&language_model, ids.clone(), 8, 64), &tokenizer)?);

    cell("yes-or-no");
    // How likely the answers are, in multiples of what one token of the vocabulary gets on average.
    use burn::tensor::activation;
    let next: T3 = activation::softmax(language_model.forward(ids.clone(), &mut Mode::Eval), 2).slice(s![.., -1, ..]);
    for answer in [" yes", " no", " spam", " banana"] {
        let id: i32 = tokenizer.encode_ordinary(answer)[0] as i32;
        let probability: f64 = next.clone().slice(s![.., .., id]).into_scalar();
        println!("{answer:<8}{:.2}", probability * config.vocab_size as f64);
    }

    cell("new-head");
    // The same model with a head for two classes.
    use ch06_classify::add_classification_head;
    let classifier: GptModel = add_classification_head(language_model.clone(), &mut TorchRng::new(123), &device);
    println!("{:>9} parameters before", grouped(language_model.num_params()));
    println!("{:>9} parameters after", grouped(classifier.num_params()));
    let text: &'static str = "Do you have time";
    let inputs: I2 = text_to_token_ids(text, &tokenizer, &device);
    print_tensor("logits", classifier.forward(inputs.clone(), &mut Mode::Eval));

    cell("by-hand");
    // The vectors before the head: a head that changes nothing shows them. Then h W + c by hand.
    use shared::Linear;
    let nothing: Linear = Linear::from_params(Param::from_tensor(Tensor::eye(32, &device)), None);
    let open: GptModel = GptModel { out_head: nothing, ..classifier.clone() };
    let h: T3 = open.forward(inputs.clone(), &mut Mode::Eval);
    println!("h {:?}", h.dims());
    let w: T2 = classifier.out_head.weight.val();
    let c: T1 = classifier.out_head.bias.as_ref().context("the head has a bias")?.val();
    print_tensor("h W + c", h.clone().squeeze_dim::<2>(0).matmul(w) + c.unsqueeze());

    cell("more-classes");
    // A head for any number of classes, and its answer at the last token.
    use shared::init::linear;
    let classes: usize = 3;
    let head: Linear = linear(32, classes, true, &mut TorchRng::new(123), &device);
    println!("{} parameters", head.num_params());
    let last: T3 = head.forward(h.clone()).slice(s![.., -1, ..]);
    print_tensor("probabilities", activation::softmax(last, 2));

    cell("one-output");
    // Softmax over two logits, and what their difference alone gives.
    let a: f64 = 1.0;
    let b: f64 = 3.0;
    println!("softmax:    {:.4}", b.exp() / (a.exp() + b.exp()));
    println!("difference: {:.4}", 1.0 / (1.0 + (-(b - a)).exp()));

    cell("freeze");
    // Freezing written again: the embeddings may not change, everything else may.
    use burn::module::ModuleMapper;
    use ch06_classify::num_trainable;
    struct Freeze;
    impl ModuleMapper for Freeze {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.set_require_grad(false)
        }
    }
    let recording: Device = Device::flex().autodiff();
    {
        let model = torch_init(GptModel::new(&config, &recording), &mut TorchRng::new(123));
        let mut model = add_classification_head(model, &mut TorchRng::new(123), &recording);
        println!("{:>9} trainable", grouped(num_trainable(&model)));
        model.tok_emb = model.tok_emb.map(&mut Freeze);
        println!("{:>9} without the token embeddings", grouped(num_trainable(&model)));
        model.pos_emb = model.pos_emb.map(&mut Freeze);
        println!("{:>9} without the position embeddings", grouped(num_trainable(&model)));
    }

    cell("what-moves");
    // One step of training: by how much does each part change?
    use ch05_pretrain::AdamW;
    use ch06_classify::{Readout, Trainable, calc_loss_batch, set_trainable};
    fn weights(model: &GptModel) -> [(&'static str, T1); 5] {
        let block = |i: usize| model.trf_blocks[i].att.w_query.weight.val().inner().flatten(0, 1);
        [
            ("token embeddings", model.tok_emb.weight.val().inner().flatten(0, 1)),
            ("block 1", block(0)),
            ("block 2", block(1)),
            ("final norm", model.final_norm.scale.val().inner()),
            ("head", model.out_head.weight.val().inner().flatten(0, 1)),
        ]
    }
    let trainable: Trainable = Trainable::LastBlock;
    {
        let model = torch_init(GptModel::new(&config, &recording), &mut TorchRng::new(123));
        let model = set_trainable(add_classification_head(model, &mut TorchRng::new(123), &recording), trainable);
        let batch = SpamLoader::eval(SpamDataset::new(&split.train, &tokenizer, Length::Exactly(64)), 8)?;
        let batch = batch.batch(&[0, 1, 2, 3, 4, 5, 6, 7], &recording);
        let before = weights(&model);
        let loss = calc_loss_batch(&model, batch, Readout::Last, &mut Mode::Eval);
        let gradients = loss.backward();
        let model = AdamW::new(0.0).step(0.01, model, gradients);
        for ((part, before), (_, after)) in before.into_iter().zip(weights(&model)) {
            let change: f64 = (after - before).abs().max().into_scalar();
            println!("{part:<18}{change:.3}");
        }
    }

    cell("cost");
    // What a step costs, in forward passes of one block.
    let blocks: usize = 12;
    let trained_blocks: usize = 1;
    let all: usize = blocks + 2 * blocks;
    let some: usize = blocks + 2 * trained_blocks;
    println!("{all} for all blocks, {some} for the last: {:.2} times as much", all as f64 / some as f64);

    cell("two-messages");
    // By how much do the logits of two messages differ, position by position?
    use ch06_classify::head::without_causal_mask;
    fn difference(texts: [&str; 2], model: &GptModel, tokenizer: &Gpt2Tokenizer, device: &Device) -> T2 {
        let [left, right] =
            texts.map(|text| model.forward(text_to_token_ids(text, tokenizer, device), &mut Mode::Eval));
        (left - right).abs().mean_dim(2).squeeze_dim(2) // [1, tokens]
    }
    let pair: [&'static str; 2] = ["Do you have time", "Do you have debts"];
    let masked: T2 = difference(pair, &classifier, &tokenizer, &device);
    let unmasked: T2 = difference(pair, &without_causal_mask(classifier.clone()), &tokenizer, &device);
    print_tensor("with the mask", masked);
    print_tensor("without it", unmasked);

    cell("behind-padding");
    // The same two messages with more and more padding: what is left of their difference at the last position?
    {
        let mut points = Vec::new();
        for padding in (0..=56).step_by(4) {
            let marks = "<|endoftext|>".repeat(padding);
            let texts = pair.map(|text| format!("{text}{marks}"));
            let found = difference([&texts[0], &texts[1]], &classifier, &tokenizer, &device);
            points.push((padding as f64, found.slice(s![.., -1]).into_scalar::<f64>()));
        }
        curves("Two messages at the last position", "padding tokens", "difference", &[("logits", points)])?;
    }

    cell("last-real");
    // The last token that is not padding, found by counting.
    fn last_real(logits: T3, ids: &[u32]) -> T2 {
        let tokens = ids.iter().filter(|&&id| id != END_OF_TEXT_ID).count();
        logits.slice(s![.., tokens - 1, ..]).squeeze_dim(1)
    }
    let padded: Vec<u32> = fit(text, 12, &tokenizer);
    let padded_inputs: I2 = ch05_pretrain::tokens::ids_to_tensor(&padded, &device);
    let logits: T3 = classifier.forward(padded_inputs.clone(), &mut Mode::Eval);
    print_tensor("by counting", last_real(logits.clone(), &padded));
    for (name, readout) in Readout::ALL {
        print_tensor(name, readout.select(logits.clone(), &padded_inputs, END_OF_TEXT_ID));
    }

    cell("answer");
    // Logits of one message, softmax as its formula says, and the larger of the two.
    fn softmax(logits: T1) -> T1 {
        let exp = logits.exp();
        exp.clone() / exp.sum()
    }
    let message: &'static str = "Do you have time";
    let message_ids: I2 = text_to_token_ids(message, &tokenizer, &device);
    let rows: T3 = classifier.forward(message_ids.clone(), &mut Mode::Eval);
    let answer: T1 = Readout::Last.select(rows, &message_ids, END_OF_TEXT_ID).squeeze_dim(0);
    print_tensor("logits", answer.clone());
    print_tensor("probabilities", softmax(answer.clone()));
    println!("class {}", answer.argmax(0).into_scalar::<i64>());

    cell("own-confusion");
    // What eight messages are, and what a classifier says: 0 is ham, 1 is spam.
    use ch06_classify::Confusion;
    let labels: [usize; 8] = [0, 0, 0, 0, 1, 1, 1, 1];
    let answers: [usize; 8] = [0, 0, 0, 1, 1, 1, 0, 0];
    let mut pairs: Confusion = Confusion::default();
    for (label, answer) in labels.into_iter().zip(answers) {
        pairs.counts[label][answer] += 1;
    }
    println!("{:?}", pairs.counts);
    println!("accuracy {:.3}, precision {:.3}, recall {:.3}", pairs.accuracy(), pairs.precision(), pairs.recall());

    cell("untrained-confusion");
    // The same for the untrained classifier and all test messages, written again.
    fn count_pairs(model: &GptModel, loader: &SpamLoader, readout: Readout, device: &Device) -> Confusion {
        let mut pairs = Confusion::default();
        for batch in loader.iter(&mut TorchRng::new(123), device) {
            let logits = model.forward(batch.inputs.clone(), &mut Mode::Eval); // [batch, tokens, 2]
            let answers = readout.select(logits, &batch.inputs, batch.pad_token_id).argmax(1).into_data();
            for (label, answer) in batch.labels.into_data().iter::<i64>().zip(answers.iter::<i64>()) {
                pairs.counts[label as usize][answer as usize] += 1;
            }
        }
        pairs
    }
    let test: SpamLoader = SpamLoader::eval(SpamDataset::new(&split.test, &tokenizer, Length::Exactly(64)), 8)?;
    let untrained: Confusion = count_pairs(&classifier, &test, Readout::Last, &device);
    println!("{:?}, accuracy {:.4}", untrained.counts, untrained.accuracy());

    cell("rules");
    // Rules that learn nothing, on the embedded messages.
    fn judge(name: &str, rule: fn(&str) -> bool, messages: &[Message]) {
        let mut pairs = Confusion::default();
        for message in messages {
            pairs.counts[message.label.class()][usize::from(rule(&message.text))] += 1;
        }
        let [accuracy, precision, recall] = [pairs.accuracy(), pairs.precision(), pairs.recall()].map(|x| 100.0 * x);
        println!("{name:<16} accuracy {accuracy:>5.1}, precision {precision:>5.1}, recall {recall:>5.1}");
    }
    judge("never", |_| false, &messages);
    judge("has a digit", |text| text.contains(|c: char| c.is_ascii_digit()), &messages);
    judge("has an address", |text| text.contains("example."), &messages);
    judge("my own", |text| text.to_lowercase().contains("free"), &messages);

    cell("rules-rare");
    // The same rules where spam is rare.
    judge("never", |_| false, &rare);
    judge("has a digit", |text| text.contains(|c: char| c.is_ascii_digit()), &rare);

    cell("precision-curve");
    // The precision of one and the same filter, for every share of spam in the world.
    let found: f64 = 0.95; // of 1 spam message
    let alarms: f64 = 0.15; // of 1 ham message
    {
        let precision = |spam: f64| spam * found / (spam * found + (1.0 - spam) * alarms);
        let points = (1..=50).map(|spam| (f64::from(spam), 100.0 * precision(f64::from(spam) / 100.0))).collect();
        curves("Precision of a filter", "percent of spam", "percent", &[("precision", points)])?;
    }

    cell("pull");
    // A spam message with these logits: its probability, its loss, and the slope of the loss at both logits.
    use shared::cross_entropy;
    for spam in [-4.0, -1.0, 0.0, 1.0, 4.0] {
        let logits: T2 = Tensor::from_floats([[0.0, spam]], &recording).require_grad();
        let loss: T1 = cross_entropy(logits.clone(), Tensor::from_ints([1], &recording));
        let slope: T2 = logits.grad(&loss.backward()).context("logits have a gradient")?;
        let p: T2 = activation::softmax(logits.clone(), 1).slice(s![.., 1]);
        let slope: Vec<f32> = slope.into_data().iter::<f32>().collect();
        println!(
            "logit {spam:>4}: p {:.3}, loss {:.3}, slope {slope:.3?}",
            p.into_scalar::<f32>(),
            loss.into_scalar::<f32>()
        );
    }

    cell("loss-and-mistakes");
    // The loss of this message and the mistakes that accuracy counts, over the logit for spam.
    {
        let logits = (-50..=50).map(|x| f64::from(x) / 10.0);
        let loss = logits.clone().map(|x| (x, (1.0 + (-x).exp()).ln())).collect();
        let mistakes = logits.map(|x| (x, if x > 0.0 { 0.0 } else { 1.0 })).collect();
        curves("A spam message", "logit for spam", "value", &[("loss", loss), ("mistakes", mistakes)])?;
    }

    cell("mean-of-logs");
    // The loss of a batch by hand: the probabilities of the right classes, their logarithms, the mean.
    let batch_logits: T2 = Tensor::from_floats([[2.0, 0.0], [0.0, 2.0], [0.0, 2.0]], &device);
    let batch_labels: I1 = Tensor::from_ints([0, 1, 0], &device);
    let p: T2 = activation::softmax(batch_logits.clone(), 1).gather(1, batch_labels.clone().unsqueeze_dim(1));
    print_tensor("p of the right class", p.clone());
    print_tensor("by hand", p.log().mean().neg());
    print_tensor("cross_entropy", cross_entropy(batch_logits, batch_labels));

    cell("sure-of-it");
    // The untrained classifier with a head that is so many times as large.
    use ch06_classify::calc_loss_loader;
    fn louder(model: &GptModel, times: f64) -> GptModel {
        let Linear { weight, bias } = model.out_head.clone();
        let head = Linear::from_params(weight.map(|w| w * times), bias.map(|bias| bias.map(|c| c * times)));
        GptModel { out_head: head, ..model.clone() }
    }
    for times in [0.0, 1.0, 3.0, 10.0] {
        let model: GptModel = louder(&classifier, times);
        let loss: f64 = calc_loss_loader(&model, &test, None, Readout::Last, &mut TorchRng::new(123), &device);
        let pairs: Confusion = count_pairs(&model, &test, Readout::Last, &device);
        println!("times {times:>2}: loss {loss:.3}, {} of 80 right", pairs.counts[0][0] + pairs.counts[1][1]);
    }

    cell("loop");
    // The loop: the loss of a batch, backward, a step. It returns the mean loss of every epoch as well.
    fn fine_tune(
        mut model: GptModel,
        loader: &SpamLoader,
        rate: f64,
        epochs: usize,
        device: &Device,
    ) -> (GptModel, Vec<f64>) {
        let (mut optimizer, mut rng) = (AdamW::new(0.1), TorchRng::new(123));
        let mut losses = Vec::new();
        for _ in 0..epochs {
            let mut sum = 0.0;
            for batch in loader.iter(&mut rng, device) {
                let loss = calc_loss_batch(&model, batch, Readout::Last, &mut Mode::Eval);
                sum += loss.clone().into_scalar::<f64>();
                let gradients = loss.backward();
                model = optimizer.step(rate, model, gradients);
            }
            losses.push(sum / loader.num_batches() as f64);
        }
        (model, losses)
    }
    fn new_model(width: usize, seed: u64, device: &Device) -> Result<GptModel> {
        let config = GptConfig { emb_dim: width, n_layers: 2, drop_rate: 0.0, ..GptConfig::preset("tiny")? };
        let mut rng = TorchRng::new(seed);
        let model = torch_init(GptModel::new(&config, device), &mut rng);
        Ok(add_classification_head(model, &mut rng, device))
    }

    cell("learning-rate");
    // Three epochs with messages of 32 tokens and a model of width 16.
    let rate: f64 = 5e-3;
    let short: SpamLoader = SpamLoader::train(SpamDataset::new(&split.train, &tokenizer, Length::Exactly(32)), 8)?;
    {
        let (_, losses) = fine_tune(new_model(16, 123, &recording)?, &short, rate, 3, &recording);
        println!("mean loss of each epoch: {losses:.2?}");
    }

    cell("what-a-loss-means");
    // Losses of the log, and the probability of the right class that such a loss stands for.
    for loss in [2.392, 0.637, 0.397, 0.074] {
        println!("loss {loss:.3}: p = {:.2}", f64::exp(-loss));
    }

    cell("small-run");
    // A run like that of the text, three epochs long.
    use ch06_classify::{History, SpamLoaders, train_classifier_simple};
    use shared::TrainingConfig;
    fn run(
        readout: Readout,
        epochs: usize,
        rate: f64,
        loaders: &SpamLoaders,
        device: &Device,
    ) -> Result<(GptModel, History)> {
        let (model, mut rng) = (new_model(32, 123, device)?, TorchRng::new(123));
        let config = TrainingConfig {
            batch_size: 8,
            learning_rate: rate,
            weight_decay: 0.1,
            epochs,
            eval_freq: 10,
            eval_iter: 5,
        };
        Ok(train_classifier_simple(model, &mut AdamW::new(0.1), loaders, &config, readout, &mut rng, device))
    }
    let loaders: SpamLoaders = SpamLoaders::new(&split, &tokenizer, Length::Exactly(64), 8, 64)?;
    let readout: Readout = Readout::Last;
    let result: (GptModel, History) = run(readout, 3, 2e-3, &loaders, &recording)?;
    let model: GptModel = result.0.valid();
    let history: History = result.1.clone();

    cell("losses-picture");
    // The losses of this run.
    {
        let train = history.evaluations.iter().map(|e| (e.seen as f64, e.train_loss)).collect();
        let validation = history.evaluations.iter().map(|e| (e.seen as f64, e.val_loss)).collect();
        curves("Fine-tuning", "messages seen", "loss", &[("training", train), ("validation", validation)])?;
    }

    cell("test-once");
    // The test messages.
    let trained: Confusion = count_pairs(&model, &loaders.test, readout, &device);
    println!("{:?}", trained.counts);
    println!(
        "accuracy {:.4}, precision {:.2}, recall {:.2}",
        trained.accuracy(),
        trained.precision(),
        trained.recall()
    );

    cell("threshold");
    // Call a message spam if its probability is above this.
    use ch06_classify::classify_review;
    for threshold in [0.1, 0.3, 0.5, 0.7, 0.9] {
        let mut pairs: Confusion = Confusion::default();
        for message in &split.test {
            let found = classify_review(&message.text, &model, &tokenizer, Some(64), readout, &device)?;
            pairs.counts[message.label.class()][usize::from(found.probabilities[1] > threshold)] += 1;
        }
        println!("{threshold}: precision {:.2}, recall {:.2}", pairs.precision(), pairs.recall());
    }

    cell("scatter");
    // A classifier that is right with this probability, tested again and again on new messages.
    let accuracy: f64 = 0.8875;
    let tested: usize = 80;
    {
        let mut rng = TorchRng::new(123);
        let mut counts = vec![0.0; tested + 1];
        for _ in 0..2000 {
            counts[rng.bernoulli(tested, accuracy).into_iter().filter(|&right| right).count()] += 1.0;
        }
        let share = |right: usize| (100.0 * right as f64 / tested as f64, counts[right] / 20.0);
        let points = (tested * 7 / 10..=tested).map(share).collect();
        curves("Accuracy on new messages", "accuracy measured", "percent of tests", &[("tests", points)])?;
    }

    cell("how-many");
    // The standard deviation, and the messages that one of half a point takes.
    let sigma: f64 = (accuracy * (1.0 - accuracy) / tested as f64).sqrt();
    println!("{:.1} points on {tested} messages", 100.0 * sigma);
    println!("{:.0} messages for half a point", accuracy * (1.0 - accuracy) / 0.005_f64.powi(2));

    cell("classify");
    // A label for a message of your own.
    let own: &'static str = "Win a cruise! Call 555-0100";
    match classify_review(own, &model, &tokenizer, Some(64), readout, &device) {
        Ok(found) => {
            println!("{}, p(spam) {:.2}, {} tokens", found.label.answer(), found.probabilities[1], found.tokens)
        }
        Err(error) => println!("{error}"),
    }

    cell("without-a-word");
    // The same message without one of its words: how much of p(spam) is left?
    {
        let words: Vec<&str> = own.split_whitespace().collect();
        let mut left = Vec::new();
        for i in 0..words.len() {
            let text = [&words[..i], &words[i + 1..]].concat().join(" ");
            let found = classify_review(&text, &model, &tokenizer, Some(64), readout, &device)?;
            left.push((100.0 * f64::from(found.probabilities[1])).round());
        }
        bars("p(spam) without this word", "percent", &words, &[("p(spam)", left)]);
    }

    cell("other-length");
    // A message that is padded to other lengths than in training.
    let prize: &'static str = "You have won a prize! Reply YES to claim it.";
    for length in [12, 16, 32, 64] {
        let found = classify_review(prize, &model, &tokenizer, Some(length), readout, &device)?;
        println!("{length:>3} tokens: p(spam) {:.2}", found.probabilities[1]);
    }

    cell("other-source");
    // The original's two messages, and one in another style.
    for text in [
        "You are a winner you have been specially selected to receive $1000 cash or a $2000 award.",
        "Hey, just wanted to check if we're still on for dinner tonight? Let me know!",
        "PRIVATE! Your 2004 account statement shows 800 unredeemed points. Call 08719899229",
    ] {
        let found = classify_review(text, &model, &tokenizer, Some(64), readout, &device)?;
        println!("{:<9} p(spam) {:.2}  {text}", found.label.answer(), found.probabilities[1]);
    }

    cell("chance-or-not");
    // Two test accuracies of the table: how large is their difference, in standard deviations?
    let messages_tested: f64 = 300.0;
    for (left, right) in [(0.9500, 0.9533), (0.9833, 0.9667), (0.9500, 0.9833), (0.9500, 0.7200)] {
        let variance: f64 = (left * (1.0 - left) + right * (1.0 - right)) / messages_tested;
        println!("{left:.4} and {right:.4}: {:.1}", f64::abs(left - right) / variance.sqrt());
    }

    cell("counts");
    // How often each token of the training part occurs in each message: one row for each message.
    fn count_tokens(
        messages: &[Message],
        columns: &HashMap<u32, usize>,
        tokenizer: &Gpt2Tokenizer,
        device: &Device,
    ) -> T2 {
        let mut counts = vec![0f32; messages.len() * columns.len()];
        for (row, message) in messages.iter().enumerate() {
            for column in tokenizer.encode_ordinary(&message.text).iter().filter_map(|id| columns.get(id)) {
                counts[row * columns.len() + column] += 1.0;
            }
        }
        Tensor::from_data(TensorData::new(counts, [messages.len(), columns.len()]), device)
    }
    let mut columns: HashMap<u32, usize> = HashMap::new();
    for message in &split.train {
        for id in tokenizer.encode_ordinary(&message.text) {
            let next: usize = columns.len();
            columns.entry(id).or_insert(next);
        }
    }
    let x: T2 = count_tokens(&split.train, &columns, &tokenizer, &device);
    let x_test: T2 = count_tokens(&split.test, &columns, &tokenizer, &device);
    println!("training {:?}, test {:?}", x.dims(), x_test.dims());

    cell("one-linear-layer");
    // A single linear layer on these counts. The slope of the loss at the logit is p - label.
    let steps: usize = 200;
    let classes_01: Vec<f32> = split.train.iter().map(|message| message.label.class() as f32).collect();
    let y: T2 = Tensor::<1>::from_floats(classes_01.as_slice(), &device).unsqueeze_dim(1);
    let mut w: T2 = Tensor::zeros([columns.len(), 1], &device);
    for _ in 0..steps {
        let p: T2 = activation::sigmoid(x.clone().matmul(w.clone()));
        w = w - x.clone().transpose().matmul(p - y.clone()) * 0.01;
    }
    for (name, part, x) in [("training", &split.train, &x), ("test", &split.test, &x_test)] {
        let logits: Vec<f32> = x.clone().matmul(w.clone()).into_data().iter::<f32>().collect();
        let right = part.iter().zip(logits).filter(|(message, logit)| (*logit > 0.0) == (message.label == Label::Spam));
        println!("{name}: {} of {} right", right.count(), part.len());
    }

    cell("telling-tokens");
    // The tokens with the largest weights, for spam and for ham.
    {
        let weights: Vec<f32> = w.clone().into_data().iter::<f32>().collect();
        let mut tokens: Vec<(f32, u32)> = columns.iter().map(|(&id, &column)| (weights[column], id)).collect();
        tokens.sort_by(|left, right| right.0.total_cmp(&left.0));
        let text = |(_, id): &(f32, u32)| format!("{:?}", tokenizer.decode(&[*id]).unwrap_or_default());
        println!("spam: {}", tokens.iter().take(10).map(text).collect::<Vec<_>>().join(" "));
        println!("ham:  {}", tokens.iter().rev().take(10).map(text).collect::<Vec<_>>().join(" "));
    }

    cell("readouts");
    // A small model with three seeds. How many of 80 test messages are right?
    let position: Readout = Readout::Last;
    for seed in [123, 1, 2] {
        let mut model: GptModel = new_model(16, seed, &recording)?;
        let (mut optimizer, mut rng) = (AdamW::new(0.1), TorchRng::new(seed));
        for batch in (0..3).flat_map(|_| short.iter(&mut rng, &recording).collect::<Vec<_>>()) {
            let gradients = calc_loss_batch(&model, batch, position, &mut Mode::Eval).backward();
            model = optimizer.step(5e-3, model, gradients);
        }
        let test = SpamLoader::eval(SpamDataset::new(&split.test, &tokenizer, Length::Exactly(32)), 8)?;
        let pairs = count_pairs(&model.valid(), &test, position, &device);
        println!("seed {seed:>3}: {}", pairs.counts[0][0] + pairs.counts[1][1]);
    }

    cell("first-token");
    // No model at all: the more frequent label of the training messages that begin with the same token.
    {
        let first = |message: &Message| tokenizer.encode_ordinary(&message.text)[0];
        let mut votes: HashMap<u32, i32> = HashMap::new();
        for message in &split.train {
            *votes.entry(first(message)).or_default() += if message.label == Label::Spam { 1 } else { -1 };
        }
        let spam = |message: &Message| votes.get(&first(message)).is_some_and(|&votes| votes > 0);
        let right = split.test.iter().filter(|message| spam(message) == (message.label == Label::Spam)).count();
        println!("{right} of {} test messages right", split.test.len());
    }

    cell("departments");
    // The loss of a model that finds all classes equally likely.
    let departments: usize = 3;
    let even: T2 = Tensor::zeros([1, departments], &device);
    print_tensor("loss", cross_entropy(even, Tensor::from_ints([0], &device)));
    Ok(())
}
