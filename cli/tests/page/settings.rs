//! What the page remembers: sampling, language, appearance, and a key of the server.

use serde_json::json;

use crate::common::browser::Browser;
use crate::common::server::serve_all;
use crate::{ENTER, last_sent, listen, messages, picture, sample, say, visit};

#[test]
fn sampling_is_remembered_and_reset() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_all(&["--max-tokens", "300"]);
    visit(&browser, &server);
    let all = [
        ("temperature", "0.5"),
        ("top_k", "30"),
        ("top_p", "0.9"),
        ("min_p", "0.05"),
        ("repeat_penalty", "1.1"),
        ("num_predict", "9"),
        ("seed", "42"),
    ];
    sample(&browser, &all);
    visit(&browser, &server);
    listen(&browser);
    say(&browser, "Say one.");
    let expected = json!({ "temperature": 0.5, "top_k": 30, "top_p": 0.9, "min_p": 0.05, "repeat_penalty": 1.1, "num_predict": 9, "seed": 42 });
    assert_eq!(last_sent(&browser)["options"], expected);
    assert_eq!(messages(&browser).len(), 2, "the server takes them all");

    // A slider sets the same value; a number out of range changes nothing; an empty field is the model's own value again.
    browser.click("settings-open");
    picture(&browser, "settings.png");
    browser.run("const slider = document.querySelector('[data-slider=temperature]'); slider.value = 1.2; slider.dispatchEvent(new Event('input', { bubbles: true }))");
    assert_eq!(browser.run("return document.getElementById('field-temperature').value"), "1.2");
    browser.set("field-top_p", "7");
    browser.set("field-num_predict", "301");
    browser.click_on("[data-back=top_k]");
    // 301 is more than the server allows, and of 7 and 301 only the digits that make a valid number count.
    let told = browser.run(
        "return [settings.sampling.top_p, settings.sampling.num_predict, settings.sampling.top_k ?? 'none',
           document.getElementById('field-top_k').placeholder]",
    );
    assert_eq!((&told[2], &told[3]), (&json!("none"), &json!("40")));
    assert!(told[0].as_f64() <= Some(1.0) && told[1].as_u64() <= Some(300), "{told}");
    browser.click("reset");
    assert_eq!(browser.run("return JSON.parse(localStorage.getItem('llm.settings')).sampling"), json!({}));
    browser.click_on("#settings .dialog-head button");
    say(&browser, "Say two.");
    assert_eq!(last_sent(&browser)["options"], json!({}));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn the_language_changes_everywhere_and_is_remembered() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_all(&[]);
    visit(&browser, &server);
    sample(&browser, &[("num_predict", "8")]);
    say(&browser, "Say one.");
    browser.type_into("prompt", "a draft");
    browser.click("language");
    assert_eq!(
        browser.run("return [document.documentElement.lang, document.title]"),
        json!(["zh-CN", "你自己的语言模型"])
    );
    assert_eq!((browser.text("tab-chat").as_str(), browser.text("new-chat").as_str()), ("对话", "新对话"));
    let facts = browser.run("return document.querySelector('.facts').textContent");
    assert!(facts.as_str().unwrap().starts_with("8 个词元 · "), "{facts}");
    assert_eq!(browser.run("return document.getElementById('prompt').value"), "a draft");
    // Every word is there in both languages, and no button is without a name.
    let odd = browser.run(
        "const shapes = value => typeof value === 'object' && !Array.isArray(value)
           ? Object.entries(value).flatMap(([name, inner]) => shapes(inner).map(rest => name + '.' + rest)) : [typeof value];
         const [en, zh] = ['en', 'zh'].map(name => shapes(wordsIn[name]).sort());
         const unnamed = [...document.querySelectorAll('button, input:not([type=file]), textarea, select')].filter(element =>
           !(element.ariaLabel || element.textContent.trim() || element.labels?.[0]?.textContent.trim()));
         return [en.filter(name => !zh.includes(name)), zh.filter(name => !en.includes(name)), unnamed.map(element => element.outerHTML)]",
    );
    assert_eq!(odd, json!([[], [], []]));
    let empty = browser.run(
        "return [...document.querySelectorAll('[data-text], [data-label]')].map(element => element.dataset.text ?? element.dataset.label)
           .filter(name => typeof wordsIn.zh[name] !== 'string' || typeof wordsIn.en[name] !== 'string')",
    );
    assert_eq!(empty, json!([]));
    browser.goto(&format!("http://{}/", server.address));
    browser.wait_for("document.querySelector('.message')");
    assert_eq!(browser.text("tab-chat"), "对话");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_key_is_asked_for_and_kept_as_the_reader_says() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_all(&["--api-key", "s3cret"]);
    let address = format!("http://{}/", server.address);
    let asked = "document.getElementById('key-dialog').open";
    browser.goto(&address);
    browser.wait_for(asked);
    browser.type_into("key", &format!("wrong{ENTER}"));
    browser.wait_for("!document.getElementById('key-wrong').hidden && document.getElementById('key-dialog').open");
    picture(&browser, "key.png");
    browser.type_into("key", &format!("s3cret{ENTER}"));
    browser.wait_for("!document.getElementById('model').hidden");
    sample(&browser, &[("num_predict", "8")]);
    say(&browser, "Say one.");
    assert_eq!(messages(&browser).len(), 2);

    // It lasts as long as the tab of the browser.
    browser.goto(&address);
    browser.wait_for("!document.getElementById('model').hidden");
    assert_eq!(browser.run("return JSON.stringify(Object.entries(localStorage)).includes('s3cret')"), false);
    browser.open_tab();
    browser.goto(&address);
    browser.wait_for(asked);
    browser.click("key-remember");
    browser.type_into("key", &format!("s3cret{ENTER}"));
    browser.wait_for("!document.getElementById('model').hidden");
    browser.open_tab();
    browser.goto(&address);
    browser.wait_for("!document.getElementById('model').hidden");
    browser.click("settings-open");
    browser.click("forget-key");
    browser.goto(&address);
    browser.wait_for(asked);
    browser.click("key-cancel");
    browser.wait_for("document.getElementById('failure')?.textContent.includes('API')");
}

#[test]
fn light_and_dark_follow_the_system_or_the_reader() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_all(&[]);
    let paper = || browser.run("return getComputedStyle(document.body).backgroundColor");
    browser.prefer("light");
    visit(&browser, &server);
    let light = paper();
    browser.prefer("dark");
    let dark = paper();
    assert_ne!(light, dark);
    browser.click("settings-open");
    browser.click_on("[name=scheme][value=light]");
    assert_eq!(paper(), light);
    visit(&browser, &server);
    assert_eq!(paper(), light, "it is remembered");
}
