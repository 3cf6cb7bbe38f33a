//! Conversations as the browser keeps them: found, renamed, deleted, saved as files, shared by several tabs; browsers that
//! keep nothing, or have no room.

use serde_json::{Value, json};

use crate::common::browser::Browser;
use crate::common::server::serve_all;
use crate::{CTRL, ENTER, SHIFT, chatting, messages, picture, sample, say, visit};

#[test]
fn conversations_are_found_renamed_deleted_and_saved() {
    let Some(browser) = Browser::open() else { return };
    let _server = chatting(&browser);
    say(&browser, "Say one.");
    browser.type_into("prompt", &format!("{CTRL}{SHIFT}o"));
    browser.wait_for("!document.querySelector('.message')");
    say(&browser, "Say two.");
    let list = || browser.text("conversations").replace("Today", "").split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(list(), "Say two. Say one.");

    browser.type_into("find", "ONE");
    assert_eq!(list(), "Say one.");
    browser.set("find", "nowhere");
    assert_eq!(browser.text("list-note"), "Nothing found.");
    browser
        .run("const find = document.getElementById('find'); find.value = ''; find.dispatchEvent(new Event('input'))");

    let open_menu = || browser.click_on("[aria-current] + .more");
    open_menu();
    picture(&browser, "chat-menu.png");
    browser.click_on("[data-do=rename]");
    browser.type_into("new-title", &format!("My <b>title</b>{ENTER}"));
    assert_eq!(list(), "My <b>title</b> Say one.");

    // What would be saved as files.
    browser.run(
        "window.saved = []; const link = URL.createObjectURL;
         URL.createObjectURL = blob => { blob.text().then(text => saved.push(text)); return link(blob); };
         HTMLAnchorElement.prototype.click = function () {}",
    );
    open_menu();
    browser.click_on("[data-do=markdown]");
    open_menu();
    browser.click_on("[data-do=json]");
    browser.wait_for("saved.length === 2");
    let saved = browser.run("return saved");
    let text = saved[0].as_str().unwrap();
    assert!(text.starts_with("# My <b>title</b>\n\n## You\n\nSay two.\n\n## Answer\n\n"), "{text}");
    let conversation: Value = serde_json::from_str(saved[1].as_str().unwrap()).unwrap();
    assert_eq!(
        (&conversation["title"], &conversation["nodes"][0]["content"]),
        (&json!("My <b>title</b>"), &json!("Say two."))
    );

    open_menu();
    browser.click_on("#conversation-menu [data-do=delete]");
    assert_eq!((list().as_str(), messages(&browser).len()), ("Say one.", 0));
    browser.click("toast-undo");
    assert_eq!((list().as_str(), messages(&browser).len()), ("My <b>title</b> Say one.", 2));

    // All are deleted, and read from the file again.
    browser.click("settings-open");
    browser.click("delete-all");
    browser.click("confirm-yes");
    browser.wait_for("document.getElementById('conversations').textContent === ''");
    assert_eq!(
        browser.run("return Object.keys(localStorage).filter(name => name.startsWith('llm.conversation.')).length"),
        0
    );
    browser.run(
        "const files = new DataTransfer(), field = document.getElementById('import-file');
         files.items.add(new File([saved[1]], 'one.json'));
         field.files = files.files; field.dispatchEvent(new Event('change'))",
    );
    browser.wait_for("document.getElementById('toast-text').textContent === '1 conversation imported'");
    assert_eq!(list(), "My <b>title</b>");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn tabs_of_the_browser_share_conversations() {
    let Some(browser) = Browser::open() else { return };
    let server = chatting(&browser);
    say(&browser, "Say one.");
    let [first, second] = browser.open_tab();
    visit(&browser, &server);
    browser.click_on("[data-open]");
    say(&browser, "From the second tab.");
    browser.show_tab(&first);
    browser.wait_for("document.querySelectorAll('.message').length === 4");
    say(&browser, "From the first tab.");
    browser.show_tab(&second);
    browser.wait_for("document.querySelectorAll('.message').length === 6");
    assert_eq!(
        (messages(&browser)[2].as_str(), messages(&browser)[4].as_str()),
        ("From the second tab.", "From the first tab.")
    );

    browser.click_on("[aria-current] + .more");
    browser.click_on("#conversation-menu [data-do=delete]");
    browser.show_tab(&first);
    browser.wait_for("document.querySelectorAll('.message').length === 0");
    assert_eq!(browser.text("conversations"), "");
}

#[test]
fn a_browser_that_keeps_nothing_can_chat() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_all(&[]);
    browser.before_pages(
        "for (const name of ['localStorage', 'sessionStorage'])
           Object.defineProperty(window, name, { get() { throw new DOMException('forbidden', 'SecurityError'); } })",
    );
    visit(&browser, &server);
    sample(&browser, &[("num_predict", "8")]);
    say(&browser, "Say one.");
    assert_eq!(messages(&browser).len(), 2);
    assert!(browser.text("list-note").starts_with("This browser stores nothing"), "{}", browser.text("list-note"));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_full_storage_and_strange_entries_lose_nothing_that_is_shown() {
    let Some(browser) = Browser::open() else { return };
    let server = chatting(&browser);
    // Entries of another program, or of a later version of this one.
    browser.run(
        "const strange = ['{', 'null', '[]', '{\"id\": 7}', '{\"id\": \"x\", \"nodes\": [null, 1, {\"id\": 1}]}'];
         strange.forEach((text, index) => localStorage.setItem(`llm.conversation.${index}`, text));
         localStorage.setItem('llm.settings', '{\"sampling\": 7, \"models\": [], \"scheme\": \"x\"}')",
    );
    visit(&browser, &server);
    assert_eq!(browser.text("conversations"), "");
    sample(&browser, &[("num_predict", "8")]);
    browser.run(
        "for (const size of [100000, 1000, 10, 1])
           try { for (let n = 0; ; n += 1) localStorage.setItem(`full${size}-${n}`, 'x'.repeat(size)); } catch {}",
    );
    say(&browser, "Say one.");
    assert!(browser.text("list-note").starts_with("The browser's storage is full"), "{}", browser.text("list-note"));
    // It is there as long as the page.
    browser.click("new-chat");
    browser.click_on("[data-open]");
    assert_eq!(messages(&browser)[0], "Say one.");
    // With room again, the next message keeps the whole conversation.
    browser.run(
        "for (const name of Object.keys(localStorage)) if (name.startsWith('full')) localStorage.removeItem(name)",
    );
    say(&browser, "Say two.");
    visit(&browser, &server);
    browser.wait_for("document.querySelectorAll('.message').length === 4");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
