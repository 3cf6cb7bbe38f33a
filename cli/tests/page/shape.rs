//! How the page looks: it fits telephones, its words have contrast, it follows an answer only as long as the reader does.

use serde_json::json;

use crate::common::browser::Browser;
use crate::common::server::serve_all;
use crate::{ENTER, picture, sample, say, visit};

/// The page fits the window: nothing sticks out at the side.
fn assert_fits(browser: &Browser, what: &str) {
    let sizes = browser.run(
        "const outside = [...document.querySelectorAll('body *')].filter(element => element.checkVisibility()
           && !element.closest('.symbols, .unseen, .skip, pre, .wide-table, .look-inside') && element.getBoundingClientRect().right > innerWidth + 1);
         return [document.documentElement.scrollWidth, innerWidth, outside.slice(0, 3).map(element => element.outerHTML.slice(0, 120))]",
    );
    assert!(sizes[0].as_u64() <= sizes[1].as_u64() && sizes[2] == json!([]), "{what}: {sizes}");
}

#[test]
fn everything_fits_a_narrow_telephone_in_both_languages() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_all(&[]);
    for width in [320, 390] {
        browser.phone(width, 700);
        visit(&browser, &server);
        sample(&browser, &[("num_predict", "8")]);
        browser.run("document.getElementById('prompt').value = 'word'.repeat(60)");
        browser.click("send");
        browser.wait_for(crate::ANSWERED);
        let wide = json!(format!(
            "| a | b |\n|---|---|\n| {0} | {0} |\n\n```\n{1}\n```\n\n{1}",
            "cell ".repeat(20),
            "code".repeat(60)
        ));
        browser.run(&format!("showMarkdown(document.querySelector('.markdown'), {wide})"));
        for language in ["en", "zh"] {
            for tab in ["chat", "complete", "classify", "look"] {
                browser.click(&format!("tab-{tab}"));
                assert_fits(&browser, &format!("{tab} {language} {width}"));
                picture(&browser, &format!("phone-{width}-{tab}-{language}.png"));
            }
            browser.click("tab-chat");
            browser.click("settings-open");
            assert_fits(&browser, &format!("settings {language} {width}"));
            picture(&browser, &format!("phone-{width}-settings-{language}.png"));
            browser.click_on("#settings .dialog-head button");
            // The list lies over the page, which cannot be reached meanwhile.
            browser.click("list-open");
            assert_fits(&browser, &format!("list {language} {width}"));
            assert_eq!(
                browser.run("return [document.getElementById('main').inert, document.activeElement.id]"),
                json!([true, "new-chat"])
            );
            picture(&browser, &format!("phone-{width}-list-{language}.png"));
            browser.click("list-close");
            assert_eq!(
                browser.run("return [document.getElementById('main').inert, document.activeElement.id]"),
                json!([false, "list-open"])
            );
            browser.click("language");
        }
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// At least 4.5 to 1, as WCAG asks for text.
#[test]
fn words_have_contrast_in_light_and_dark() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_all(&[]);
    visit(&browser, &server);
    for scheme in ["light", "dark"] {
        browser.prefer(scheme);
        let poor = browser.run(
            "const probe = document.body.appendChild(document.createElement('i'));
             const light = name => {
               probe.style.color = `var(--${name})`;
               const parts = getComputedStyle(probe).color.match(/[\\d.]+/g).map(part => part / 255)
                 .map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
               return .2126 * parts[0] + .7152 * parts[1] + .0722 * parts[2];
             };
             const pairs = [['ink', 'paper'], ['ink', 'card'], ['ink', 'tint'], ['ink', 'raised'], ['soft', 'paper'], ['soft', 'card'],
               ['soft', 'raised'], ['accent', 'paper'], ['accent', 'card'], ['on-accent', 'accent'], ['bad', 'paper'], ['bad', 'card']];
             const contrasts = pairs.map(([one, other]) => {
               const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
               return [one, other, (bright + .05) / (dark + .05)];
             });
             probe.remove();
             return contrasts.filter(([, , contrast]) => contrast < 4.5)",
        );
        assert_eq!(poor, json!([]), "{scheme}");
    }
}

#[test]
fn an_answer_is_followed_until_the_reader_scrolls_up() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_all(&["--max-tokens", "5000"]);
    visit(&browser, &server);
    sample(&browser, &[("num_predict", "60")]);
    for _ in 0..3 {
        say(&browser, "Tell me a long story with many lines, please.\u{e008}\u{e007}\u{e007}\u{e007}\u{e007}\u{e008}x");
    }
    sample(&browser, &[("num_predict", "5000")]);
    browser.type_into("prompt", &format!("Go on.{ENTER}"));
    let distance = || browser.run("return chat.follower.distance").as_f64().unwrap();
    browser.wait_for("document.querySelector('.message.last .markdown')?.textContent.length > 100");
    assert!(distance() < 40.0, "{} pixels from the end", distance());
    browser.run("document.getElementById('panel-chat').scrollTop -= 300");
    browser.wait_for("!document.getElementById('to-end').hidden");
    let top = browser.run("return document.getElementById('panel-chat').scrollTop");
    let length = browser.run("return document.querySelector('.message.last .markdown').textContent.length");
    browser.wait_for(&format!("document.querySelector('.message.last .markdown').textContent.length > {length} + 100"));
    assert_eq!(browser.run("return document.getElementById('panel-chat').scrollTop"), top, "the reader's place stays");
    browser.click("to-end");
    browser.wait_for("document.getElementById('to-end').hidden");
    assert!(distance() < 40.0);
    browser.click("stop");
}
