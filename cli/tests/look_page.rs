//! "Look inside" in a headless Chromium, on pages of a book that `llm serve` serves beside its models. Without chromedriver
//! the tests say that they are skipped; with `LLM_REQUIRE_BROWSER` they fail then. With `LLM_SCREENSHOTS=FOLDER` they leave
//! pictures.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use burn::tensor::{Device, Int, Tensor, TensorData};
use ch05_pretrain::GenerateOptions;
use ch05_pretrain::generate::{softmax_with_temperature, top_k_filter};
use common::browser::Browser;
use common::llama::save_talking;
use common::server::{Server, save_classifier_of, save_writer, serve_in};
use fast::TokenFilter;
use serde_json::{Value, json};

fn picture(browser: &Browser, name: &str) {
    if let Some(folder) = std::env::var_os("LLM_SCREENSHOTS") {
        browser.screenshot(&PathBuf::from(folder).join(name));
    }
}

/// Keys, as WebDriver names them.
const END: &str = "\u{e010}";
const HOME: &str = "\u{e011}";
const LEFT: &str = "\u{e012}";
const UP: &str = "\u{e013}";
const ENTER: &str = "\u{e007}";

/// Pages of the book, each with the section at whose end its model can be tried.
const PAGES: [(&str, &str); 2] = [("bonus-llama/model.html", "trained-weights"), ("ch06/finetuning.html", "using")];

/// A checkout whose book has only these pages, with the script and the styles of the real one.
fn checkout() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("book/build");
    let theme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../book/theme");
    fs::create_dir_all(folder.path().join("ch02-text/exercises")).unwrap();
    fs::create_dir_all(&book).unwrap();
    fs::write(book.join("index.html"), "both").unwrap();
    for file in ["look.js", "colours.css", "book.css"] {
        fs::copy(theme.join(file), book.join(file)).unwrap();
    }
    for language in ["en", "zh"] {
        fs::create_dir_all(book.join(language)).unwrap();
        fs::write(book.join(language).join("index.html"), "<link rel='icon' href='data:,'>").unwrap();
        for (page, section) in PAGES {
            let path = book.join(language).join(page);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let html = format!(
                "<!DOCTYPE html><html lang='{language}' class='light js'><head><meta charset='utf-8'>\
                 <meta name='viewport' content='width=device-width, initial-scale=1'><link rel='icon' href='data:,'>\
                 <link rel='stylesheet' href='../../colours.css'><link rel='stylesheet' href='../../book.css'>\
                 <style>html {{ font-size: 62.5% }} main {{ max-width: 75rem; margin: auto; padding: 2rem }}</style></head>\
                 <body class='content'><main><h2 id='{section}'>Section</h2><p id='last'>Its end.</p>\
                 <h2 id='next'>Another</h2></main><script src='../../look.js'></script></body></html>"
            );
            fs::write(path, html).unwrap();
        }
    }
    folder
}

/// Serves a Llama with 320 tokens, a GPT with the tokens of GPT-2, and a classifier, with the book.
fn serve_with_book() -> Server {
    let folder = checkout();
    save_talking(folder.path(), "talker", None);
    save_writer(folder.path(), "writer", 64);
    save_classifier_of(folder.path(), "judge");
    serve_in(folder, &["--model", "talker", "--model", "writer", "--model", "judge"])
}

/// A page of the book with the widgets open, and every request for a look noted in `sent`.
fn open_widgets(browser: &Browser, server: &Server, language: &str, page: &str) {
    browser.goto(&format!("http://{}/book/{language}/{page}", server.address));
    browser.wait_for("document.querySelector('.try-model button')");
    browser.run(
        "window.sent = []; const ask = fetch;
         window.fetch = (...all) => { sent.push(JSON.parse(all[1].body)); return ask(...all); };
         document.querySelector('.try-model button').id = 'open'",
    );
    browser.click("open");
    browser.wait_for("document.querySelector('.li-part:not([hidden])') && !busy()".replace("busy()", BUSY).as_str());
}

/// Whether an answer is awaited, also of a text that has just been typed.
const BUSY: &str = "(document.querySelector('.look-inside').ariaBusy === 'true')";

/// Replaces the text and waits until it is shown as this many tokens.
fn write(browser: &Browser, text: &str, tokens: usize) {
    browser.set("li-1-text", text);
    wait_for_tokens(browser, tokens);
}

fn wait_for_tokens(browser: &Browser, tokens: usize) {
    browser.wait_for(&format!("document.querySelectorAll('.li-token').length === {tokens} && !{BUSY}"));
}

/// Gives the element that `script` finds an id, and clicks it.
fn click(browser: &Browser, script: &str) {
    browser.run(&format!(
        "document.getElementById('clicked')?.removeAttribute('id'); const found = {script};
         found.scrollIntoView({{ block: 'center' }}); found.id = 'clicked'"
    ));
    browser.click("clicked");
}

/// The values of a list that a script makes.
fn list(browser: &Browser, script: &str) -> Vec<Value> {
    browser.run(&format!("return {script}")).as_array().unwrap().clone()
}

fn numbers(browser: &Browser, script: &str) -> Vec<f64> {
    list(browser, script).iter().map(|value| value.as_f64().unwrap()).collect()
}

/// The share of every bar, with the rest as the last one.
fn shares(browser: &Browser) -> Vec<f64> {
    numbers(
        browser,
        "[...document.querySelectorAll('.li-next .li-bar')].map(bar => Number(bar.style.getPropertyValue('--li-share')))",
    )
}

/// How many bars are not cut off.
fn left(browser: &Browser) -> usize {
    list(browser, "[...document.querySelectorAll('.li-next .li-bars .li-bar:not(.li-cut)')].map(() => 1)").len()
}

/// The text of a token with signs for what would not be seen.
fn shown_as(text: &Value) -> String {
    match text.as_str().unwrap() {
        " " => "␣".to_string(),
        text => text.replace(' ', "·").replace('\n', "↵"),
    }
}

/// What the server says of a text.
fn look(server: &Server, body: &Value) -> Value {
    let (status, answer) = server.post("/api/look", body.clone());
    assert_eq!(status, 200, "{answer}");
    serde_json::from_str(&answer).unwrap()
}

/// Numbers of four bytes in base64.
fn floats(base64: &Value) -> Vec<f32> {
    let bytes = STANDARD.decode(base64.as_str().unwrap()).unwrap();
    bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// The probabilities that the next token is drawn with, by the code of chapter 5 and the filter of the server.
fn drawn_with(logits: &[f32], temperature: f64, top_k: Option<usize>, top_p: f64) -> Vec<f32> {
    let device = Device::flex();
    let shape = [1, logits.len()];
    let logits = Tensor::<2>::from_data(TensorData::new(logits.to_vec(), shape), &device);
    let ids = Tensor::<2, Int>::from_data(TensorData::new(vec![0_i64], [1, 1]), &device);
    let options = GenerateOptions { temperature, top_k, ..GenerateOptions::greedy(1, 1) };
    let filter = TokenFilter { top_p, ..TokenFilter::default() };
    let logits = filter.apply(logits, &ids, &options);
    let logits = top_k.map_or(logits.clone(), |k| top_k_filter(logits, k));
    softmax_with_temperature(logits, temperature).into_data().iter::<f32>().collect()
}

/// The bars have the probabilities that the server would draw with.
fn assert_drawn_with(browser: &Browser, answer: &Value, temperature: f64, top_k: Option<usize>, top_p: f64) {
    let expected = drawn_with(&floats(&answer["next"]["logits"]), temperature, top_k, top_p);
    let shown = shares(browser);
    let (rest, bars) = shown.split_last().unwrap();
    assert_eq!(bars.len(), 12);
    let mut sum = 0.0;
    for (token, share) in answer["next"]["top"].as_array().unwrap().iter().zip(bars) {
        let expected = f64::from(expected[token["id"].as_u64().unwrap() as usize]);
        // The browser has 64 bits, the chapter 32.
        assert!((share - expected).abs() < 1e-5, "{token}: {share}, not {expected} ({temperature} {top_k:?} {top_p})");
        sum += share;
    }
    assert!((sum + rest - 1.0).abs() < 1e-9, "{sum} and {rest}");
}

#[test]
fn the_next_token_is_shown_as_it_is_drawn_and_can_be_taken() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_with_book();
    open_widgets(&browser, &server, "en", PAGES[0].0);
    let text = "a bad\ncab";
    write(&browser, text, 7);
    let answer = look(&server, &json!({ "model": "talker", "text": text }));

    // The tokens, with signs for what would not be seen.
    let shown =
        list(&browser, "[...document.querySelectorAll('.li-token')].map(token => token.innerText.split('\\n'))");
    let expected: Vec<Value> = answer["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .map(|token| json!([shown_as(&token["text"]), token["id"].to_string()]))
        .collect();
    assert_eq!(shown, expected);

    // The bars follow the sliders, moved with the keyboard.
    assert_drawn_with(&browser, &answer, 1.0, None, 1.0);
    let plain = shares(&browser);
    browser.type_into("li-1-temperature", END);
    assert_drawn_with(&browser, &answer, 2.0, None, 1.0);
    assert!(shares(&browser)[0] < plain[0], "a higher temperature makes the likeliest token less likely");
    browser.type_into("li-1-temperature", &LEFT.repeat(30));
    assert_eq!(browser.run("return document.querySelector('output[for=li-1-temperature]').value"), "0.50");
    assert_drawn_with(&browser, &answer, 0.5, None, 1.0);
    browser.type_into("li-1-topK", &(HOME.to_string() + &"\u{e014}".repeat(7)));
    assert_drawn_with(&browser, &answer, 0.5, Some(10), 1.0);
    assert_eq!(left(&browser), 10);
    browser.type_into("li-1-topP", &LEFT.repeat(5));
    assert_drawn_with(&browser, &answer, 0.5, Some(10), 0.95);
    assert!((1..10).contains(&left(&browser)), "{}", left(&browser));
    picture(&browser, "look-bars.png");
    browser.type_into("li-1-topK", HOME);
    assert_eq!((left(&browser), shares(&browser)[0]), (1, 1.0));
    click(&browser, "document.querySelector('.li-reset')");
    browser.type_into("li-1-temperature", HOME);
    assert_eq!((left(&browser), shares(&browser)[0]), (1, 1.0), "temperature 0 always takes the likeliest");
    click(&browser, "document.querySelector('.li-reset')");
    assert_eq!(shares(&browser), plain);

    // A bar continues the text, with its id; undo takes it back.
    let token = &answer["next"]["top"][2];
    click(&browser, "document.querySelectorAll('.li-next .li-bars .li-bar')[2]");
    wait_for_tokens(&browser, 8);
    let ids = |answer: &Value| {
        answer["tokens"].as_array().unwrap().iter().map(|token| token["id"].clone()).collect::<Vec<_>>()
    };
    let mut longer = ids(&answer);
    longer.push(token["id"].clone());
    assert_eq!(browser.run("return sent.at(-1)"), json!({ "model": "talker", "ids": longer }));
    let continued = look(&server, &json!({ "model": "talker", "ids": longer }));
    assert_eq!(browser.run("return document.getElementById('li-1-text').value"), continued["text"]);
    assert_drawn_with(&browser, &continued, 1.0, None, 1.0);
    // With the keyboard, from the bar that has the focus.
    browser.type_into("clicked", ENTER);
    wait_for_tokens(&browser, 9);
    for tokens in [8, 7] {
        click(&browser, "document.querySelector('.li-undo')");
        wait_for_tokens(&browser, tokens);
    }
    assert_eq!(browser.run("return document.getElementById('li-1-text').value"), text);
    assert_eq!(browser.run("return document.querySelector('.li-undo').disabled"), true);
    // What is drawn is one of the tokens that can be: with top-k 1 the likeliest.
    browser.type_into("li-1-topK", HOME);
    click(&browser, "document.querySelector('.li-draw')");
    wait_for_tokens(&browser, 8);
    assert_eq!(browser.run("return sent.at(-1).ids.at(-1)"), answer["next"]["top"][0]["id"]);

    // An earlier token: what the model expected there. The weights are not sent a second time.
    click(&browser, "document.querySelectorAll('.li-token')[1]");
    browser.wait_for(&format!("sent.at(-1).position === 1 && !{BUSY}"));
    assert_eq!(browser.run("return sent.at(-1).attention"), false);
    let earlier = look(&server, &json!({ "model": "talker", "text": text, "position": 1 }));
    let first = browser.run("return Number(document.querySelector('.li-next .li-bars .li-bar').dataset.id)");
    assert_eq!(first, earlier["next"]["top"][0]["id"]);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn the_attention_of_every_head_and_the_prediction_of_every_layer_are_shown() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_with_book();
    open_widgets(&browser, &server, "en", PAGES[0].0);
    let text = "a bad cab";
    write(&browser, text, 7);
    let answer = look(&server, &json!({ "model": "talker", "text": text }));
    let (layers, heads, count) = (3, 4, 7);
    let bytes = STANDARD.decode(answer["attention"].as_str().unwrap()).unwrap();
    let weights: Vec<f64> =
        bytes.as_chunks().0.iter().map(|bytes| f64::from(u16::from_le_bytes(*bytes)) / 65535.0).collect();
    let weight = |layer: usize, head: usize, query: usize, key: usize| {
        weights[((layer * heads + head) * count + query) * count + key]
    };
    assert_eq!(list(&browser, "[...document.querySelectorAll('.li-overview button')]").len(), layers * heads);

    // A head that is chosen shows the weights of the last token in numbers, which add up to 1.
    let row = || {
        numbers(
            &browser,
            "[...document.querySelectorAll('.li-looks .li-share')].map(share => parseFloat(share.innerText))",
        )
    };
    let assert_row = |layer: usize, head: usize, query: usize| {
        let shown = row();
        assert_eq!(shown.len(), query + 1, "no later token");
        for (key, shown) in shown.iter().enumerate() {
            let expected = 100.0 * weight(layer, head, query, key);
            assert!((shown - expected).abs() < 0.051, "{layer} {head} {query} {key}: {shown}, not {expected}");
        }
        let sum: f64 = shown.iter().sum();
        assert!((sum - 100.0).abs() < 0.05 * count as f64, "{sum}");
    };
    assert_row(0, 0, 6);
    click(&browser, "document.querySelectorAll('.li-overview button')[6]");
    assert_row(1, 2, 6);
    for stepper in ["layer-up", "head-down"] {
        click(&browser, &format!("document.querySelector('.li-{stepper}')"));
    }
    assert_row(2, 1, 6);
    let chosen = browser.run("return document.querySelector('.li-overview [aria-pressed=true]').ariaLabel");
    assert_eq!(chosen, "Layer 3, head 2");

    // The strongest weight is read out; the arrow keys go from token to token.
    let readout = || browser.run("return document.querySelector('.li-readout').innerText");
    let strongest = (0..count).max_by(|&a, &b| weight(2, 1, 6, a).total_cmp(&weight(2, 1, 6, b))).unwrap();
    let signs = |token: usize| shown_as(&answer["tokens"][token]["text"]);
    assert!(readout().as_str().unwrap().starts_with(&format!("{} looks at {}: ", signs(6), signs(strongest))));
    browser.run("document.querySelector('.li-plane').id = 'plane'");
    browser.type_into("plane", &(UP.repeat(2) + &LEFT.repeat(6)));
    let percent = (1000.0 * weight(2, 1, 4, 0)).round() / 10.0;
    assert_eq!(readout(), format!("{} looks at {}: {percent:.1}\u{202f}%", signs(4), signs(0)));
    assert_row(2, 1, 4);

    // The large map has a colour for every pair that is visible, and none for later tokens.
    let opaque = browser.run(
        "const canvas = document.querySelector('.li-plane canvas'), { data } = canvas.getContext('2d')
           .getImageData(0, 0, canvas.width, canvas.height);
         return [canvas.width, data.filter((value, i) => i % 4 === 3 && value === 255).length]",
    );
    assert_eq!(opaque, json!([count, count * (count + 1) / 2]));
    picture(&browser, "look-attention.png");

    // After the last layer the output head predicts what the model predicts.
    let rows = list(
        &browser,
        "[...document.querySelectorAll('.li-table tbody tr')].map(row => [...row.querySelectorAll('td')].map(cell =>
           [Number(cell.dataset.id), cell.querySelector('.li-share').innerText]))",
    );
    assert_eq!(rows.len(), layers + 1, "before the first layer, too");
    let top = list(
        &browser,
        "[...document.querySelectorAll('.li-next .li-bars .li-bar')].slice(0, 5).map(bar =>
           [Number(bar.dataset.id), bar.querySelector('.li-share').innerText])",
    );
    assert_eq!(rows.last().unwrap().as_array().unwrap(), &top);
    for (row, layer) in rows.iter().zip(answer["lens"].as_array().unwrap()) {
        let ids = |cells: &Value| cells.as_array().unwrap().iter().map(|cell| cell[0].clone()).collect::<Vec<_>>();
        let expected: Vec<Value> = layer["top"].as_array().unwrap().iter().map(|token| token["id"].clone()).collect();
        assert_eq!(ids(row), expected);
    }

    // As narrow as a small telephone, in the dark.
    browser.run("document.documentElement.className = 'navy js'");
    browser.resize(340, 800);
    assert_eq!(browser.run("return document.documentElement.scrollWidth <= window.innerWidth"), true);
    picture(&browser, "look-phone-dark.png");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_classifier_says_which_tokens_decided() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_with_book();
    open_widgets(&browser, &server, "zh", PAGES[1].0);
    browser.set("li-1-text", "You have won!");
    browser.wait_for(&format!("document.querySelectorAll('.li-contributions li').length === 4 && !{BUSY}"));
    let answer = look(&server, &json!({ "model": "judge", "text": "You have won!" }));
    let shown = list(
        &browser,
        "[...document.querySelectorAll('.li-contributions li')].map(token => token.innerText.split('\\n'))",
    );
    let contributions = answer["contributions"].as_array().unwrap();
    for ((shown, token), contribution) in shown.iter().zip(["You", "·have", "·won", "!"]).zip(contributions) {
        let (contribution, said) = (contribution.as_f64().unwrap(), shown[1].as_str().unwrap());
        assert_eq!(shown[0], token);
        assert_eq!(said.chars().next(), Some(if contribution < 0.0 { '−' } else { '+' }), "{said}, {contribution}");
        let number: f64 = said.trim_start_matches(['−', '+']).parse().unwrap();
        assert!((number - contribution.abs()).abs() <= 0.5 * contribution.abs().max(0.01), "{said}, {contribution}");
    }
    let bars =
        list(&browser, "[...document.querySelectorAll('.li-classes .li-bar')].map(bar => bar.innerText.split('\\n'))");
    let classes = answer["classes"].as_array().unwrap();
    for ((bar, class), name) in bars.iter().zip(classes).zip(["正常", "垃圾短信"]) {
        let percent = 100.0 * class["probability"].as_f64().unwrap();
        assert_eq!(bar, &json!([name, format!("{percent:.1}\u{202f}%")]));
    }
    picture(&browser, "look-classifier-zh.png");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn both_languages_another_model_and_what_is_refused() {
    let Some(browser) = Browser::open() else { return };
    let mut server = serve_with_book();
    for (language, headings) in [
        ("en", ["Tokens", "The next token", "Attention", "Layer by layer"]),
        ("zh", ["词元", "下一个词元", "注意力", "逐层来看"]),
    ] {
        open_widgets(&browser, &server, language, PAGES[0].0);
        let shown = list(
            &browser,
            "[...document.querySelectorAll('.look-inside h3')].filter(title => title.checkVisibility()).map(title => title.innerText)",
        );
        assert_eq!(shown, headings);
        let untranslated = browser.run(
            "return /undefined|null|NaN|\\[object/.exec(document.querySelector('.look-inside').innerHTML)?.input.slice(0, 300)",
        );
        assert_eq!(untranslated, Value::Null);
        let target = format!("/book/{language}/ch05/sampling.html");
        let links = list(&browser, "[...document.querySelectorAll('.li-next a')].map(link => link.pathname)");
        assert_eq!(links, [target]);
    }

    // GPT-2's tokens: the ids of the book.
    browser.run("const select = document.querySelector('.li-model select'); select.value = 'writer'; select.dispatchEvent(new Event('change'))");
    write(&browser, "Every effort moves you", 4);
    let ids = list(&browser, "[...document.querySelectorAll('.li-token .li-id')].map(id => Number(id.innerText))");
    assert_eq!(ids, [6109, 3626, 6100, 345]);
    assert_eq!(browser.run("return sent.at(-1).model"), "writer");

    // A character of several tokens, none of which can be read alone.
    let parts = look(&server, &json!({ "model": "writer", "text": "每" }))["tokens"].as_array().unwrap().len();
    assert!(parts > 1);
    write(&browser, "每", parts);
    let shown = list(&browser, "[...document.querySelectorAll('.li-token .li-text')].map(text => text.innerText)");
    assert_eq!(shown, (1..=parts).map(|part| json!(format!("每{part}"))).collect::<Vec<_>>());

    // Text is shown as text, whatever it is.
    let text = "<img src=x onerror=alert(1)>";
    browser.set("li-1-text", text);
    browser.wait_for(&format!("document.querySelector('.li-token').innerText.startsWith('<') && !{BUSY}"));
    assert_eq!(browser.run("return document.images.length"), 0);
    // Nothing is left of a text that is taken away.
    browser.run(
        "const field = document.getElementById('li-1-text'); field.value = ''; field.dispatchEvent(new Event('input'))",
    );
    browser.wait_for("![...document.querySelectorAll('.li-part')].some(part => part.checkVisibility())");
    assert_eq!(browser.complaints(), Vec::<String>::new());

    server.child.kill().unwrap();
    server.child.wait().unwrap();
    browser.type_into("li-1-text", "a");
    browser.wait_for("document.querySelector('.li-error').checkVisibility()");
    let error = browser.run("return document.querySelector('.li-error').innerText");
    assert_eq!(error, "无法载入。服务器还在运行吗？");
}

#[test]
fn the_book_offers_it_only_where_a_server_has_models() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_with_book();
    let get = |path: &str| server.ask("GET", path, "", "");
    assert_eq!(get("/book/"), (200, "both".to_string()));
    assert_eq!((get("/book").0, get("/book/zz/").0, get("/book/../Cargo.toml").0), (308, 404, 404));

    // At the end of its section, and at no other place.
    browser.goto(&format!("http://{}/book/en/{}", server.address, PAGES[0].0));
    browser.wait_for("document.querySelector('.try-model')");
    assert_eq!(browser.run("return document.querySelector('.try-model').previousElementSibling.id"), "last");
    assert_eq!(browser.run("return document.querySelectorAll('.try-model').length"), 1);
    assert_eq!(browser.run("return window.LookInside === undefined"), true, "it is loaded when it is wanted");
    // A folder without the slash at its end is found where it is.
    browser.goto(&format!("http://{}/book/en", server.address));
    assert_eq!(browser.run("return location.pathname"), "/book/en/");

    // Opened as files, or without a model that fits.
    let folder = checkout();
    browser.goto(&format!("file://{}", folder.path().join("book/build/en").join(PAGES[0].0).display()));
    browser.wait_for("document.readyState === 'complete'");
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(browser.run("return document.querySelectorAll('.try-model').length"), 0);
    save_writer(folder.path(), "writer", 64);
    let other = serve_in(folder, &["--model", "writer"]);
    browser.goto(&format!("http://{}/book/en/{}", other.address, PAGES[1].0));
    browser.wait_for("document.readyState === 'complete'");
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(browser.run("return document.querySelectorAll('.try-model').length"), 0, "no classifier here");
}
