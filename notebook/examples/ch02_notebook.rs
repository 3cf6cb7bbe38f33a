//! The cells of chapter 2's notebook: `cargo run -p notebook --example ch02_notebook`

use notebook::prelude::*;

fn main() -> Result<()> {
    cell("story");
    // The story that the cells of this chapter read.
    use shared::data::find;
    let name: &'static str = "lamp";
    let story: String = find(name)?.text()?.into_owned();
    println!("{} characters", grouped(story.chars().count()));
    println!("{}", story.lines().next().context("an empty story")?);

    cell("one-number");
    // All that a layer can do with the number of a word: multiply and add.
    let numbers: [(&'static str, f32); 3] = [("tea", 1.0), ("coffee", 2.0), ("train", 3.0)];
    let weight: f32 = 0.5;
    let bias: f32 = -1.0;
    for (word, number) in numbers {
        println!("{word:>6} {:6.2}", weight * number + bias);
    }

    cell("two-numbers");
    // From cold (0) to hot (1), and from "you eat it" (0) to "you drink it" (1).
    let device: Device = Device::flex();
    let things: [&'static str; 5] = ["tea", "lemonade", "soup", "ice cream", "train"];
    let points: T2 = Tensor::from_floats([[0.9, 1.0], [0.2, 1.0], [0.9, 0.6], [0.0, 0.1], [0.5, 0.5]], &device);

    cell("distances");
    // The distance between each thing and each other.
    let differences: T3 = points.clone().unsqueeze_dim::<3>(1) - points.clone().unsqueeze_dim::<3>(0);
    let distances: T2 = (differences.clone() * differences).sum_dim(2).squeeze_dim(2).sqrt();
    let far: T2 = distances.clone() + Tensor::eye(things.len(), &device) * 9.0;
    let nearest: Vec<i32> = far.argmin(1).into_data().try_into_vec_as()?;
    for (thing, &i) in things.iter().zip(&nearest) {
        println!("{thing:>9} is nearest to {}", things[i as usize]);
    }
    heatmap("Distances: the darker, the farther", ("from", &things), ("to", &things), distances)?;

    cell("surroundings");
    // Short texts, the words in them, and every pair of words that share a text.
    use std::collections::BTreeSet;
    let texts: [&'static str; 8] = [
        "a cup of tea",
        "a cup of coffee",
        "tea with milk",
        "coffee with milk",
        "the train to town",
        "the bus to town",
        "a late train",
        "a late bus",
    ];
    let different: BTreeSet<&'static str> = texts.iter().flat_map(|text| text.split(' ')).collect();
    let words: Vec<&'static str> = different.into_iter().collect();
    let mut pairs: Vec<[usize; 2]> = Vec::new();
    for text in texts {
        let ids: Vec<usize> = text.split(' ').filter_map(|word| words.iter().position(|w| *w == word)).collect();
        pairs.extend(ids.iter().flat_map(|&a| ids.iter().filter(move |&&b| a != b).map(move |&b| [a, b])));
    }
    println!(
        "{} words, {} pairs; the first: {} beside {}",
        words.len(),
        pairs.len(),
        words[pairs[0][0]],
        words[pairs[0][1]]
    );

    cell("drift");
    // Word2Vec in small: vectors learn to predict the words beside them.
    use shared::{cross_entropy, init};
    fn learn(words: usize, pairs: &[[usize; 2]], steps: usize) -> Result<T2> {
        let (device, mut rng) = (Device::flex().autodiff(), TorchRng::new(123));
        let mut table = init::randn([words, 4], &mut rng, &device).require_grad(); // a vector for each word
        let mut output = init::randn([4, words], &mut rng, &device).require_grad();
        let column = |c: usize| pairs.iter().map(|pair| pair[c] as i32).collect::<Vec<_>>();
        let of = |c: usize| I1::from_ints(&column(c)[..], &device);
        for _ in 0..steps {
            let scores = table.clone().select(0, of(0)).matmul(output.clone()); // [pairs, words]
            let gradients = cross_entropy(scores, of(1)).backward();
            let step = |leaf: T2| -> Result<T2> {
                let gradient = leaf.grad(&gradients).context("no gradient")?;
                Ok(T2::from_inner(leaf.inner() - gradient).require_grad())
            };
            (table, output) = (step(table)?, step(output)?);
        }
        Ok(table.inner())
    }
    let steps: usize = 200;
    let vectors: T2 = learn(words.len(), &pairs, steps)?;

    cell("similar");
    // How alike two vectors are: 1 for the same direction, -1 for opposite ones.
    fn cosines(vectors: T2) -> T2 {
        let lengths = (vectors.clone() * vectors.clone()).sum_dim(1).sqrt();
        let directions = vectors / lengths;
        directions.clone().matmul(directions.transpose())
    }
    let names: [&'static str; 4] = ["tea", "coffee", "train", "bus"];
    let rows: Vec<i32> = names.iter().filter_map(|n| words.iter().position(|w| w == n)).map(|i| i as i32).collect();
    let chosen_vectors: T2 = vectors.clone().select(0, I1::from_ints(&rows[..], &device));
    heatmap("How alike the learned vectors are", ("word", &names), ("word", &names), cosines(chosen_vectors))?;

    cell("table-size");
    // The token table of a model with GPT-2's vocabulary, and its share of all parameters.
    for (model, emb_dim, parameters) in [("GPT-2 small", 768, 124e6), ("GPT-2 XL", 1600, 1.5e9)] {
        let table = 50_257 * emb_dim;
        println!("{model}: {} numbers, {:.1} % of the model", grouped(table), 100.0 * table as f64 / parameters);
    }

    cell("documents");
    // Each text is a vector with a 1 for every word that occurs in it; the cosine says how well two texts fit.
    let documents: [&'static str; 3] = [
        "the train to the coast leaves at ten",
        "put two spoons of tea into a warm pot",
        "the lamp on the tower is lit at six",
    ];
    let question: &'static str = "how many spoons of tea go into the pot";
    for document in documents {
        let [a, b] = [question, document].map(|text| text.split(' ').collect::<BTreeSet<_>>());
        let cosine = a.intersection(&b).count() as f64 / ((a.len() * b.len()) as f64).sqrt();
        println!("{cosine:.2} {document}");
    }

    cell("characters-and-bytes");
    for text in ["tea", "thé", "чай", "茶", "🍵"] {
        println!("{text}: {} characters, {} bytes", text.chars().count(), text.len());
    }

    cell("split-keeping");
    // The text between the separators, and the separators too.
    use regex::Regex;
    fn split_keeping<'t>(separator: &Regex, text: &'t str) -> Vec<&'t str> {
        let (mut pieces, mut start) = (Vec::new(), 0);
        for found in separator.find_iter(text) {
            pieces.extend([&text[start..found.start()], found.as_str()]);
            start = found.end();
        }
        pieces.push(&text[start..]);
        pieces
    }

    cell("patterns");
    // One sentence, three patterns.
    let sample: &'static str = "Well, this is-- a well-made test.";
    for pattern in [r"\s", r"[,.]|\s", r#"[,.:;?_!"()']|--|\s"#] {
        println!("{pattern}\n   {:?}", split_keeping(&Regex::new(pattern)?, sample));
    }

    cell("tokens");
    // The whole story with the third one, as the chapter's crate has it.
    use ch02_text::tokenize;
    let tokens: Vec<String> = tokenize(&story).into_iter().map(String::from).collect();
    println!("{} tokens, the first thirty:\n{:?}", grouped(tokens.len()), &tokens[..30]);

    cell("clauses");
    // Chinese punctuation cuts clauses. Is there a separator that cuts words?
    use ch02_text::split::without_blanks;
    let separators: &'static str = "[，。]";
    let chinese: &'static str = "水开了，外婆泡茶。外婆喝茶，火车开了。";
    println!("{:?}", tokenize(chinese));
    println!("{:?}", without_blanks(split_keeping(&Regex::new(separators)?, chinese)));

    cell("vocabulary");
    // Every different token, sorted; its place is its id.
    let known: BTreeSet<String> = tokens.iter().cloned().collect();
    let vocabulary: Vec<String> = known.into_iter().collect();
    println!("{} tokens, {} different ones", grouped(tokens.len()), vocabulary.len());
    let first: usize = 0;
    for (id, token) in vocabulary.iter().enumerate().skip(first).take(15) {
        println!("{id:>4} {token:?}");
    }

    cell("frequencies");
    // How often each token occurs, the most frequent ones first.
    let mut counts: Vec<(usize, String)> =
        vocabulary.iter().map(|token| (tokens.iter().filter(|t| *t == token).count(), token.clone())).collect();
    counts.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    println!("{} of {} tokens occur once", counts.iter().filter(|(n, _)| *n == 1).count(), counts.len());
    let shown: usize = 12;
    {
        let labels: Vec<&str> = counts[..shown].iter().map(|(_, token)| token.as_str()).collect();
        let values = counts[..shown].iter().map(|(n, _)| *n as f64).collect();
        bars("The most frequent tokens of the story", "occurrences", &labels, &[("occurrences", values)]);
    }

    cell("to-ids");
    // From text to ids and back, as plainly as it can be written.
    fn to_ids(vocabulary: &[String], text: &str) -> Result<Vec<u32>> {
        let id = |token: &str| {
            let place = vocabulary.iter().position(|known| known == token);
            Ok(place.with_context(|| format!("'{token}' is not in the vocabulary"))? as u32)
        };
        tokenize(text).into_iter().map(id).collect()
    }
    fn to_text(vocabulary: &[String], ids: &[u32]) -> String {
        ids.iter().map(|&id| vocabulary[id as usize].as_str()).collect::<Vec<_>>().join(" ")
    }

    cell("round-trip");
    // Three sentences: their ids, and what our function and the crate's make of these.
    use ch02_text::{SimpleTokenizerV1, Vocabulary};
    let first_tokenizer: SimpleTokenizerV1 = SimpleTokenizerV1::new(Vocabulary::from_text(&story));
    for text in ["\"Slow hands,\" said Amos.", "It's six o'clock!", "Nan bought a computer."] {
        println!("{text}");
        match to_ids(&vocabulary, text) {
            Ok(ids) => println!("  {ids:?}\n  {}\n  {}", to_text(&vocabulary, &ids), first_tokenizer.decode(&ids)?),
            Err(error) => println!("  error: {error}"),
        }
    }

    cell("unknown");
    // The chapter's second tokenizer, and two texts with the marker between them.
    use ch02_text::{END_OF_TEXT, SimpleTokenizerV2};
    let word_tokenizer: SimpleTokenizerV2 = SimpleTokenizerV2::new(Vocabulary::from_text(&story));
    let two_texts: String = format!("Nan bought a computer. {END_OF_TEXT} The lamp was old.");
    let two_ids: Vec<u32> = word_tokenizer.encode(&two_texts);
    println!("{two_ids:?}\n{}", word_tokenizer.decode(&two_ids)?);

    cell("unknown-share");
    // How many tokens of the last tenth are unknown if the vocabulary comes from the beginning of the story?
    {
        let last_tenth = &tokens[tokens.len() * 9 / 10..];
        let mut points = Vec::new();
        for percent in (10..=90).step_by(10) {
            let known: BTreeSet<&String> = tokens[..tokens.len() * percent / 100].iter().collect();
            let unknown = last_tenth.iter().filter(|token| !known.contains(token)).count();
            points.push((percent as f64, 100.0 * unknown as f64 / last_tenth.len() as f64));
        }
        println!("{:.1} % unknown after 10 % of the story, {:.1} % after 90 %", points[0].1, points[8].1);
        curves(
            "Unknown tokens in the last tenth",
            "part of the story that was read, %",
            "unknown, %",
            &[("unknown", points)],
        )?;
    }

    cell("padding");
    // Three sentences as the rows of one tensor: the short ones are filled up.
    let sentences: [&'static str; 3] = ["It fell.", "Nan came down the street.", "Amos said nothing for a while."];
    let rows_of_ids: Vec<Vec<u32>> = sentences.iter().map(|sentence| word_tokenizer.encode(sentence)).collect();
    let longest: usize = rows_of_ids.iter().map(Vec::len).max().unwrap_or(0);
    let pad: u32 = word_tokenizer.vocabulary().id(END_OF_TEXT).context("no marker")?;
    let filled: Vec<u32> =
        rows_of_ids.iter().flat_map(|row| [&row[..], &vec![pad; longest - row.len()]].concat()).collect();
    let batch_of_sentences: I2 = Tensor::from_data(TensorData::new(filled, [sentences.len(), longest]), &device);
    print_tensor("ids", batch_of_sentences.clone());
    print_tensor("counts in the loss", batch_of_sentences.not_equal_scalar(pad).int());

    cell("four-words");
    // The words with their counts, letter by letter.
    let four_words: [(&'static str, usize); 4] = [("tea", 3), ("team", 1), ("steam", 2), ("seat", 1)];
    let letters: Vec<(Vec<u32>, usize)> =
        four_words.iter().map(|&(word, times)| (word.chars().map(u32::from).collect(), times)).collect();

    cell("learn-merges");
    // Count the pairs, merge the most frequent one, and again. New tokens get the ids from 1000 on.
    use ch02_text::bonus::pairs::{count_pairs, most_frequent, replace_pair};
    let merges: usize = 4;
    {
        let (mut words, mut made) = (letters.clone(), Vec::<String>::new());
        for new_id in (1000..).take(merges) {
            let counts = count_pairs(words.iter().map(|(ids, times)| (&ids[..], *times)));
            let Some(pair) = most_frequent(&counts) else { break };
            let name = |id: u32| {
                char::from_u32(id).filter(|_| id < 1000).map_or_else(|| made[id as usize - 1000].clone(), String::from)
            };
            let times = counts.iter().find(|(p, _)| *p == pair).map_or(0, |(_, n)| *n);
            let new = name(pair.0) + &name(pair.1);
            println!("{} + {}, {times} times", name(pair.0), name(pair.1));
            words = words.into_iter().map(|(ids, times)| (replace_pair(&ids, pair, new_id), times)).collect();
            made.push(new);
        }
    }

    cell("gpt2");
    // GPT-2's tokenizer, and the id of every sequence of bytes that is a token.
    use ch02_text::{END_OF_TEXT_ID, Gpt2Tokenizer};
    use std::collections::HashMap;
    let gpt2: Gpt2Tokenizer = Gpt2Tokenizer::new();
    let ids_of_bytes: HashMap<Vec<u8>, u32> =
        (0..END_OF_TEXT_ID).map(|id| Ok((gpt2.decode_bytes(&[id])?, id))).collect::<Result<_>>()?;
    println!("{} tokens without the marker", grouped(ids_of_bytes.len()));

    cell("merge");
    // Of all neighbours that are a token together, the one that was learned first is merged. On the right: its id.
    fn merge(word: &str, ids: &HashMap<Vec<u8>, u32>) {
        let mut pieces: Vec<Vec<u8>> = word.bytes().map(|byte| vec![byte]).collect();
        loop {
            let shown: Vec<_> = pieces.iter().map(|p| String::from_utf8_lossy(p).replace(' ', "␣")).collect();
            let neighbours = pieces.windows(2).enumerate();
            let first_learned = neighbours.filter_map(|(i, two)| Some((*ids.get(&two.concat())?, i))).min();
            println!("{:24}{}", shown.join("|"), first_learned.map_or(String::new(), |(id, _)| format!("next: {id}")));
            let Some((_, i)) = first_learned else { break };
            let right = pieces.remove(i + 1);
            pieces[i].extend(right);
        }
    }
    let word: &'static str = " steamboat";
    merge(word, &ids_of_bytes);
    println!("{:?}", gpt2.encode(word)?);

    cell("pieces");
    // A text and its tokens, with strokes between them.
    fn pieces(tokenizer: &Gpt2Tokenizer, text: &str) -> Result<String> {
        let ids = tokenizer.encode_with_end_of_text(text);
        let pieces: Vec<String> = ids.iter().map(|&id| tokenizer.decode(&[id])).collect::<Result<_, _>>()?;
        Ok(format!("{} tokens: {}", ids.len(), pieces.join("|")))
    }
    for text in ["tea, Tea, TEA", "Nan bought a computer.", "qwertzuiop", "1234567", "    let x = 1;", "🍵"] {
        println!("{}", pieces(&gpt2, text)?);
    }

    cell("marker");
    // The marker in a message, and the three ways to read it.
    let message: &'static str = "Good night. <|endoftext|> Good morning.";
    match gpt2.encode(message) {
        Ok(ids) => println!("encode: {ids:?}"),
        Err(error) => println!("encode: {error}"),
    }
    println!("encode_with_end_of_text: {:?}", gpt2.encode_with_end_of_text(message));
    println!("encode_ordinary: {:?}", gpt2.encode_ordinary(message));

    cell("bytes");
    // Each character of a text: its bytes and its ids.
    for character in "外婆泡茶。".chars() {
        let text: String = character.to_string();
        println!("{character} {:02X?} {:?}", text.as_bytes(), gpt2.encode(&text)?);
    }

    cell("characters");
    // Which characters of a script are a token?
    let script: std::ops::RangeInclusive<char> = 'ぁ'..='ん';
    let mut single: Vec<char> = Vec::new();
    for bytes in ids_of_bytes.keys() {
        let mut characters = std::str::from_utf8(bytes).unwrap_or_default().trim().chars();
        single.extend(characters.next().filter(|c| characters.next().is_none() && script.contains(c)));
    }
    single.sort_unstable();
    single.dedup();
    println!("{} of {}: {}", single.len(), script.clone().count(), single.iter().collect::<String>());

    cell("per-character");
    // Tokens per character in an English and a Chinese story, and the characters that fit into a context.
    use tiktoken_rs::{cl100k_base, o200k_base, r50k_base};
    let context: f64 = 1024.0;
    {
        let (mut english, mut chinese) = (Vec::new(), Vec::new());
        for bpe in [r50k_base()?, cl100k_base()?, o200k_base()?] {
            for (name, values) in [("lamp", &mut english), ("station-tea", &mut chinese)] {
                let text = find(name)?.text()?;
                let each = bpe.encode_ordinary(&text).len() as f64 / text.chars().count() as f64;
                println!("{name}: {each:.2} tokens per character, {:.0} characters", context / each);
                values.push(each);
            }
        }
        let series = [("English story", english), ("Chinese story", chinese)];
        bars("Tokens per character", "tokens", &["GPT-2", "GPT-4", "GPT-4o"], &series);
    }

    cell("half-a-character");
    // What a reader sees if a text ends after so many ids.
    let tea_ids: Vec<u32> = gpt2.encode("外婆泡茶。")?;
    for end in 1..=tea_ids.len() {
        let (shown, whole) = (gpt2.decode(&tea_ids[..end])?, gpt2.decode_whole_characters(&tea_ids[..end])?);
        println!("{end:>2} {shown:?} {whole:?}");
    }

    cell("questions");
    // A place in the story and a window: every beginning of it is a question.
    let ids: Vec<u32> = gpt2.encode(&story)?;
    println!("{} tokens", grouped(ids.len()));
    let place: usize = 50;
    let length: usize = 6;
    for i in 1..=length {
        let (input, target) = (&ids[place..place + i], ids[place + i]);
        println!("{:?} -> {:?}", gpt2.decode(input)?, gpt2.decode(&[target])?);
    }

    cell("windows");
    // The numbers 0 to 10 instead of a text, so that you see where each id goes.
    use ch02_text::GptDataset;
    let counted: Vec<u32> = (0..=10).collect();
    let max_length: usize = 4;
    let stride: usize = 2;
    let small: GptDataset = GptDataset::from_ids(counted.clone(), max_length, stride)?;
    for i in 0..small.num_windows() {
        println!("{:?} -> {:?}", small.get(i).0, small.get(i).1);
    }
    println!("{} windows; the formula: {}", small.num_windows(), (counted.len() - max_length).div_ceil(stride));

    cell("how-often");
    // In how many windows is each of the numbers an input?
    {
        let labels: Vec<String> = counted.iter().map(u32::to_string).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let mut series = Vec::new();
        for (name, stride) in [("stride 1", 1), ("stride 2", 2), ("stride 4", 4)] {
            let windows = GptDataset::from_ids(counted.clone(), max_length, stride)?;
            let inputs: Vec<u32> = (0..windows.num_windows()).flat_map(|i| windows.get(i).0.to_vec()).collect();
            series.push((name, counted.iter().map(|id| inputs.iter().filter(|i| *i == id).count() as f64).collect()));
        }
        bars("In how many windows a token is an input", "windows", &labels, &series);
    }

    cell("batch");
    // The first batch of the story.
    use ch02_text::{Batch, DataLoaderOptions, create_dataloader};
    use shared::Batches;
    let options: DataLoaderOptions =
        DataLoaderOptions { batch_size: 3, max_length: 5, stride: 5, shuffle: false, drop_last: true };
    let batch: Batch = {
        let loader = create_dataloader(&story, &options)?;
        println!("{} windows, {} batches", loader.dataset().num_windows(), loader.num_batches());
        loader.iter(&mut TorchRng::new(123), &device).next().context("the story is too short")?
    };
    print_tensor("inputs", batch.inputs.clone());
    print_tensor("targets", batch.targets.clone());

    cell("passes");
    // The windows of a text of 25 tokens, in the order of three passes. A window is named after its first token.
    use ch02_text::GptDataLoader;
    let mut order_rng: TorchRng = TorchRng::new(123);
    {
        let options = DataLoaderOptions { batch_size: 2, max_length: 4, stride: 4, shuffle: true, drop_last: true };
        let loader = GptDataLoader::new(GptDataset::from_ids((0..25).collect(), 4, 4)?, &options)?;
        for pass in 1..=3 {
            let first = |batch: Batch| batch.inputs.slice(s![.., 0]).into_data().try_into_vec_as::<i32>();
            let batches: Vec<Vec<i32>> = loader.iter(&mut order_rng, &device).map(first).collect::<Result<_, _>>()?;
            println!("pass {pass}: {batches:?}");
        }
    }

    cell("table");
    // A table for six tokens, three numbers each.
    use burn::nn::Embedding;
    let seed: u64 = 123;
    let embedding: Embedding = init::embedding(6, 3, &mut TorchRng::new(seed), &device);
    print_tensor("table", embedding.weight.val());

    cell("look-up");
    // Rows of the table, taken by hand and by the layer.
    let chosen_ids: I1 = Tensor::from_ints([2, 3, 5, 1], &device);
    let by_hand: T2 = embedding.weight.val().select(0, chosen_ids.clone());
    let by_layer: T2 = embedding.forward(chosen_ids.unsqueeze()).squeeze_dim(0);
    print_tensor("by hand", by_hand.clone());
    print_tensor("the layer minus that", by_layer - by_hand);

    cell("no-places");
    // Distances between the vectors of a sentence, without positions. Equal tokens have equal numbers.
    fn distances_of(vectors: T3) -> T2 {
        let rows: T2 = vectors.squeeze_dim(0);
        let differences = rows.clone().unsqueeze_dim::<3>(1) - rows.unsqueeze_dim::<3>(0);
        (differences.clone() * differences).sum_dim(2).squeeze_dim(2).sqrt()
    }
    let spoken: [&'static str; 5] = ["the", "dog", "bites", "the", "man"];
    let spoken_ids: I2 = Tensor::from_ints([[0, 1, 2, 0, 3]], &device);
    let without: T2 = distances_of(embedding.forward(spoken_ids.clone()));
    heatmap("Distances without positions", ("token", &spoken), ("token", &spoken), without)?;

    cell("places");
    // The same with a second table: one row for each place.
    let positions: Embedding = init::embedding(5, 3, &mut TorchRng::new(seed + 1), &device);
    let inputs: T3 = embedding.forward(spoken_ids.clone()) + positions.weight.val().unsqueeze();
    heatmap("Distances with positions", ("token", &spoken), ("token", &spoken), distances_of(inputs))?;

    cell("two-tables");
    // The layer written again.
    use ch02_text::{InputEmbedding, InputEmbeddingConfig, VOCAB_SIZE};
    #[derive(Module, Debug)]
    struct TwoTables {
        tokens: Embedding,
        positions: Embedding,
    }
    impl TwoTables {
        fn forward(&self, ids: I2) -> T3 {
            let [_, tokens] = ids.dims();
            let places = I1::arange(0..tokens as i64, &ids.device()).unsqueeze(); // [1, tokens]
            self.tokens.forward(ids) + self.positions.forward(places) // [batch, tokens, emb_dim]
        }
    }

    cell("input-embedding");
    // Both layers with the same tables, for the batch of section 2.6.
    let emb_dim: usize = 8;
    let context_length: usize = 5;
    {
        let config = InputEmbeddingConfig::new(VOCAB_SIZE, context_length, emb_dim);
        let layer = init::torch_init(InputEmbedding::new(&config, &device), &mut TorchRng::new(123));
        let own = TwoTables { tokens: layer.tok_emb.clone(), positions: layer.pos_emb.clone() };
        let (theirs, ours) = (layer.forward(batch.inputs.clone()), own.forward(batch.inputs.clone()));
        println!("{} parameters", grouped(own.num_params()));
        println!("{:?}, largest difference {}", ours.dims(), (ours.clone() - theirs).abs().max().into_scalar::<f32>());
        print_tensor("first text", ours.slice(s![0..1, .., ..]));
    }

    cell("check-windows");
    // Tokens, length, stride: the windows of the question above.
    let n: usize = 10;
    let exam: GptDataset = GptDataset::from_ids((0..n as u32).collect(), 4, 3)?;
    for i in 0..exam.num_windows() {
        println!("{:?} -> {:?}", exam.get(i).0, exam.get(i).1);
    }

    cell("check-parameters");
    // The two tables of a GPT-2.
    for width in [768, 1024, 1536] {
        println!("width {width}: {} numbers", grouped((VOCAB_SIZE + 1024) * width));
    }

    cell("most-frequent");
    // The pair of neighbours that occurs most often, the first one if several do, and a text in which it is merged.
    fn frequent(tokens: &[String]) -> Option<(usize, [String; 2])> {
        let count = |pair: &[String]| tokens.windows(2).filter(|two| *two == pair).count();
        let best = tokens.windows(2).rev().max_by_key(|pair| count(pair))?;
        Some((count(best), [best[0].clone(), best[1].clone()]))
    }
    fn merged(tokens: &[String], pair: &[String; 2]) -> Vec<String> {
        let (mut result, mut i) = (Vec::new(), 0);
        while i < tokens.len() {
            let found = tokens[i..].starts_with(pair);
            result.push(if found { pair.concat() } else { tokens[i].clone() });
            i += if found { 2 } else { 1 };
        }
        result
    }

    cell("merge-steps");
    // Merge until no pair occurs twice.
    let text_to_merge: &'static str = "the cat in the hat";
    {
        let mut tokens: Vec<String> = text_to_merge.replace(' ', "Ġ").chars().map(String::from).collect();
        println!("{} tokens", tokens.len());
        while let Some((times, pair)) = frequent(&tokens).filter(|(times, _)| *times > 1) {
            tokens = merged(&tokens, &pair);
            println!("{} + {}, {times} times: {}", pair[0], pair[1], tokens.join(" "));
        }
    }

    cell("one-sequence");
    // Trained on the story as one sequence: the first merges, and what a sentence becomes.
    use ch02_text::bonus::SimpleBpe;
    let vocab_size: usize = 500;
    let sentence: &'static str = "Amos mended\nthe old clock.";
    {
        let bpe = SimpleBpe::train(&story, vocab_size, &[END_OF_TEXT]);
        let start = (bpe.vocab_size() - bpe.num_merges()) as u32;
        println!("first merges: {:?}", (start..start + 12).filter_map(|id| bpe.token(id)).collect::<Vec<_>>());
        let ids = bpe.encode(sentence)?;
        println!("{:?}", ids.iter().filter_map(|&id| bpe.token(id)).collect::<Vec<_>>());
        println!("{:?}", bpe.decode(&ids)?);
    }

    cell("inside-words");
    // The same, but no merge crosses the border between two words.
    use ch02_text::bonus::{FullBpe, pre_tokens::pre_tokens};
    println!("{:?}", pre_tokens(sentence));
    {
        let bpe = FullBpe::train(&story, vocab_size, &[END_OF_TEXT]);
        let start = (bpe.vocab_size() - bpe.num_merges()) as u32;
        println!("first merges: {:?}", (start..start + 12).filter_map(|id| bpe.token(id)).collect::<Vec<_>>());
        let ids = bpe.encode(sentence, &[])?;
        println!("{:?}", ids.iter().filter_map(|&id| bpe.token(id)).collect::<Vec<_>>());
        println!("{:?}", bpe.decode(&ids)?);
    }

    cell("merge-orders");
    // The length of the story in both orders of merging.
    use ch02_text::bonus::full_bpe::MergeOrder;
    {
        let (mut left_to_right, mut by_rank) = (Vec::new(), Vec::new());
        for vocab_size in [300, 400, 500, 700, 1000] {
            let bpe = FullBpe::train(&story, vocab_size, &[END_OF_TEXT]);
            let passes = bpe.encode(&story, &[])?.len();
            let ranks = bpe.with_order(MergeOrder::Rank).encode(&story, &[])?.len();
            println!("{vocab_size:>4} in the vocabulary: {passes} left to right, {ranks} in the order of training");
            left_to_right.push((vocab_size as f64, passes as f64));
            by_rank.push((vocab_size as f64, ranks as f64));
        }
        let lines = [("left to right", left_to_right), ("order of training", by_rank)];
        curves("The story in tokens", "tokens in the vocabulary", "tokens of the story", &lines)?;
    }

    cell("byte-table");
    // A text in the characters that GPT-2's files use for bytes.
    use ch02_text::bonus::byte_table::byte_table;
    let characters: [char; 256] = byte_table();
    for text in [" the", "tea\n", "thé", "茶"] {
        println!("{text:?} {}", text.bytes().map(|byte| characters[usize::from(byte)]).collect::<String>());
    }

    cell("pre-split");
    // GPT-2's pieces, before any merge.
    use ch02_text::bonus::pre_split::pre_split;
    for text in ["Hello, world. Is this-- a test?", "I'll  pay 5 dollars in 1908!", "    let x = y_1;", "外婆 泡茶。"]
    {
        println!("{:?}", pre_split(text));
    }

    cell("own-encoder");
    // The encoder written again: pieces, bytes, merges by rank.
    use ch02_text::bonus::{Gpt2Bpe, Gpt2Files, pairs::merge_by_rank, train_bpe};
    fn encode_by_hand(files: &Gpt2Files, text: &str) -> Result<Vec<u32>> {
        let byte_ids = files.byte_ids()?;
        let of_bytes = |piece: &str| piece.bytes().map(|byte| byte_ids[usize::from(byte)]).collect();
        Ok(pre_split(text).into_iter().flat_map(|piece| merge_by_rank(of_bytes(piece), &files.merges)).collect())
    }

    cell("three-encoders");
    // A vocabulary that was trained on the story, and three programs that read it.
    let files: Gpt2Files = train_bpe(&story, 500);
    let tiktoken: Gpt2Tokenizer = Gpt2Tokenizer::with_vocabulary(files.clone())?;
    let rebuilt: Gpt2Bpe = Gpt2Bpe::new(files.clone())?;
    let trial: &'static str = "Nan, the clock!";
    println!("{}", pieces(&tiktoken, trial)?);
    println!("{:?}\n{:?}", tiktoken.encode(trial)?, rebuilt.encode(trial));
    println!("{:?}", encode_by_hand(&files, trial)?);
    println!("the story, equal: {}", encode_by_hand(&files, &story)? == tiktoken.encode(&story)?);

    cell("trainer");
    // What is learned first from a text of your own: in the characters of the files, and as text.
    use ch02_text::bonus::{BpeTrainer, byte_table::bytes_of_characters};
    let own_text: &'static str = "水开了，外婆泡茶。水开了，外婆不急。外婆喝茶。";
    let mut trainer: BpeTrainer = BpeTrainer::new(own_text);
    for _ in 0..20 {
        let Some(token) = trainer.merge_next() else { break };
        let bytes: Vec<u8> = token.chars().filter_map(|c| bytes_of_characters().get(&c).copied()).collect();
        println!("{token}   {}", String::from_utf8_lossy(&bytes));
    }

    cell("own-vocabulary");
    // A sentence and the whole story with vocabularies of several sizes.
    let chinese_story: String = find("station-tea")?.text()?.into_owned();
    let mut lengths: Vec<(f64, f64)> = Vec::new();
    for size in [300, 400, 600, 1000, 2000] {
        let own = Gpt2Tokenizer::with_vocabulary(train_bpe(&chinese_story, size))?;
        println!("{size:>4}: {}", pieces(&own, "水开了，外婆泡茶。")?);
        let tokens = own.encode(&chinese_story)?.len();
        lengths.push((size as f64, tokens as f64 / chinese_story.chars().count() as f64));
    }
    curves("Tokens per character", "tokens in the vocabulary", "tokens per character", &[("Chinese story", lengths)])?;

    cell("one-hot");
    // Ids as rows of zeros with a single 1.
    fn one_hot(ids: I1, classes: usize) -> T2 {
        let columns = I1::arange(0..classes as i64, &ids.device()).unsqueeze(); // [1, classes]
        ids.unsqueeze_dim::<2>(1).equal(columns).float() // [tokens, classes]
    }
    let three_ids: I1 = Tensor::from_ints([2, 3, 1], &device);
    let marks: T2 = one_hot(three_ids.clone(), 4);
    print_tensor("one-hot", marks.clone());

    cell("product");
    // The product with the table, and the rows of the table.
    let rows_of_five: T2 = init::embedding(4, 5, &mut TorchRng::new(123), &device).weight.val();
    print_tensor("table", rows_of_five.clone());
    print_tensor("product", marks.clone().matmul(rows_of_five.clone()));
    let mixture: T2 = Tensor::from_floats([[0.0, 0.5, 0.5, 0.0]], &device);
    print_tensor("a mixture", mixture.matmul(rows_of_five.clone()));

    cell("costs");
    // What one token costs: a product, and a lookup.
    for (model, vocab_size, emb_dim) in
        [("the example", 4, 5), ("GPT-2 small", 50_257, 768), ("GPT-2 XL", 50_257, 1600)]
    {
        println!("{model}: {} multiplications or {} copies", grouped(vocab_size * emb_dim), grouped(emb_dim));
    }

    cell("gradient");
    // Which rows of the table learn from a text? The loss is the sum of all numbers that were looked up.
    fn gradient_of(table: T2, ids: I1, by_product: bool) -> Result<T2> {
        let table = T2::from_inner(table).require_grad();
        let ids = I1::from_inner(ids);
        let vectors =
            if by_product { one_hot(ids, table.dims()[0]).matmul(table.clone()) } else { table.clone().select(0, ids) };
        table.grad(&vectors.sum().backward()).context("no gradient")
    }
    let text_ids: I1 = Tensor::from_ints([2, 3, 1, 3], &device);
    print_tensor("by lookup", gradient_of(rows_of_five.clone(), text_ids.clone(), false)?);
    print_tensor("by product", gradient_of(rows_of_five.clone(), text_ids, true)?);
    Ok(())
}
