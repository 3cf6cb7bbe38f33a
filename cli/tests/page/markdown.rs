//! Answers as Markdown. A model cannot be made to write these texts, so they stand in a conversation that the browser keeps.

use serde_json::{Value, json};

use crate::common::browser::Browser;
use crate::common::server::{Server, serve_all};
use crate::{picture, visit};

/// Shows a conversation with one answer.
fn show(browser: &Browser, server: &Server, answer: &str) {
    visit(browser, server);
    let node = |id: &str, parent: Value, role: &str, content: &str| json!({ "id": id, "parent": parent, "role": role, "content": content });
    let conversation = json!({ "id": "kept", "title": "Kept", "leaf": "b",
        "nodes": [node("a", Value::Null, "user", "<b>Hello</b> **you**"), node("b", json!("a"), "assistant", answer)] });
    let kept = json!(conversation.to_string());
    browser.run(&format!(
        "localStorage.setItem('llm.conversation.kept', {kept}); sessionStorage.setItem('llm.shown', 'kept')"
    ));
    visit(browser, server);
    browser.wait_for("document.querySelector('.message.assistant')");
}

/// The elements of the answer, without those of the page around code and tables.
fn html(browser: &Browser) -> String {
    let html = browser.run(
        "const copy = document.querySelector('.markdown').cloneNode(true);
         for (const head of copy.querySelectorAll('.code-head button')) head.remove();
         for (const element of copy.querySelectorAll('*')) for (const { name } of [...element.attributes])
           if (!['href', 'start', 'class'].includes(name)) element.removeAttribute(name);
         return copy.innerHTML",
    );
    html.as_str().unwrap().to_string()
}

#[test]
fn an_answer_is_set_as_its_markdown_says() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_all(&[]);
    let cases = [
        ("# One\n## Two ##\ntext", "<h1>One</h1><h2>Two</h2><p>text</p>"),
        (
            "a **b *c*** _d_ ~~e~~ snake_case 2 * 3",
            "<p>a <strong>b <em>c</em></strong> <em>d</em> <del>e</del> snake_case 2 * 3</p>",
        ),
        ("**“中文”**后，*斜体*。", "<p><strong>“中文”</strong>后，<em>斜体</em>。</p>"),
        ("one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"),
        (
            "- a\n- b\n  - c\n    - d\n- e",
            "<ul><li>a</li><li>b<ul><li>c<ul><li>d</li></ul></li></ul></li><li>e</li></ul>",
        ),
        ("3. a\n   - b\n\n4. c", "<ol start=\"3\" class=\"loose\"><li>a<ul><li>b</li></ul></li><li>c</li></ol>"),
        ("> a\n> > b", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>"),
        ("`a*b*` and ``c`d``", "<p><code>a*b*</code> and <code>c`d</code></p>"),
        (r"\*no\* \`no\`", "<p>*no* `no`</p>"),
        ("---", "<hr>"),
        (
            "| a | b |\n|---|--:|\n| `x|y` | **1** |\n| 2 |",
            "<div class=\"wide-table\"><table><thead><tr><th>a</th><th class=\"right\">b</th></tr></thead><tbody>\
             <tr><td><code>x|y</code></td><td class=\"right\"><strong>1</strong></td></tr>\
             <tr><td>2</td><td class=\"right\"></td></tr></tbody></table></div>",
        ),
        (
            "```rust\nlet a = \"*b*\";\n\n  <c>\n```\nend",
            "<div class=\"code\"><div class=\"code-head\"><span>rust</span></div><pre><code>let a = \"*b*\";\n\n  &lt;c&gt;</code></pre></div><p>end</p>",
        ),
        // The code of an answer that is still being written.
        (
            "```\nopen",
            "<div class=\"code\"><div class=\"code-head\"><span></span></div><pre><code>open</code></pre></div>",
        ),
        (
            "[text](https://a.example/b_(c)) https://d.example/e. <http://f.example>",
            "<p><a href=\"https://a.example/b_(c)\">text</a> <a href=\"https://d.example/e\">https://d.example/e</a>. \
             <a href=\"http://f.example/\">http://f.example</a></p>",
        ),
    ];
    show(&browser, &server, "start");
    for (markdown, expected) in cases {
        let text = json!(markdown);
        browser.run(&format!("showMarkdown(document.querySelector('.markdown'), {text})"));
        assert_eq!(html(&browser), expected, "{markdown}");
        // Piece by piece it becomes the same.
        browser.run(&format!(
            "const element = document.querySelector('.markdown'), text = {text};
             for (let end = 0; end <= text.length; end += 1) showMarkdown(element, text.slice(0, end))"
        ));
        assert_eq!(html(&browser), expected, "{markdown} in pieces");
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn nothing_that_a_model_writes_runs_or_is_loaded() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_all(&[]);
    let hostile = "<script>window.ran = 1</script> <img src=x onerror=\"ran = 2\"> <svg onload='ran = 3'>\n\n\
        [a](javascript:ran=4) [b](JaVaScRiPt:ran=5) [c](java\tscript:ran=6) [d](data:text/html,<script>ran=7</script>) \
        [e](vbscript:x) [f](file:///etc/passwd) [g](//evil.example) [h](/api/tags) <javascript:ran=8>\n\n\
        ![i](https://evil.example/pixel.png) [j](https://ok.example/\"onmouseover=\"ran=9) \
        [![k](javascript:ran=10)](javascript:ran=11) [https://a.example](https://b.example)\n\n\
        ```\"><img src=x onerror=ran=12>\n</code></pre><img src=x onerror=ran=13>\n```\n\n\
        | <img src=x onerror=ran=14> |\n|---|\n| <iframe src=javascript:ran=15> |\n\n\
        &lt;img src=x onerror=ran=16&gt; <a href=javascript:ran=17>l</a> <form action=x><input name=nodes>";
    show(&browser, &server, hostile);
    let tags = browser.run("return [...new Set([...document.querySelectorAll('.message.assistant .markdown *')].map(element => element.localName))].sort()");
    let known = [
        "a", "br", "button", "code", "div", "p", "pre", "span", "svg", "table", "tbody", "td", "th", "thead", "tr",
        "use",
    ];
    let tags: Vec<String> = serde_json::from_value(tags).unwrap();
    assert!(tags.iter().all(|tag| known.contains(&tag.as_str())), "{tags:?}");
    let attributes = browser.run("return [...document.querySelectorAll('.message.assistant .markdown *')].flatMap(element => [...element.attributes]).map(({ name }) => name).filter(name => name.startsWith('on') || name === 'src' || name === 'style')");
    assert_eq!(attributes, json!([]));
    let links = browser.run("return [...document.querySelectorAll('.message a')].map(link => [link.protocol, link.rel, link.target].join())");
    for link in links.as_array().unwrap() {
        assert_eq!(link, "https:,noopener noreferrer,_blank");
    }
    assert_eq!(links.as_array().unwrap().len(), 3, "i, j as text up to the quote, and the last");
    assert_eq!(browser.run("return [window.ran ?? null, document.images.length]"), json!([null, 0]));
    // The reader's own message is shown as it was written.
    assert_eq!(browser.run("return document.querySelector('.said').textContent"), "<b>Hello</b> **you**");
    picture(&browser, "chat-hostile.png");
    assert_eq!(browser.complaints(), Vec::<String>::new());

    // Even a mistake of the page would run nothing: only its own scripts may, by their hashes.
    browser.run("document.body.insertAdjacentHTML('beforeend', '<img src=\"data:,\" onerror=\"window.ran = 18\">')");
    browser.wait_for("document.images[0].complete");
    browser.run(
        "document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = 19' }))",
    );
    assert_eq!(browser.run("return window.ran ?? null"), json!(null));
    assert!(browser.complaints().iter().all(|complaint| complaint.contains("Content Security Policy")));
}

/// No text takes long or exhausts the stack.
#[test]
fn endless_signs_are_read_in_time() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_all(&[]);
    show(&browser, &server, "start");
    let cases = [
        ("'['.repeat(30000)", 1),
        ("'['.repeat(15000) + ']'.repeat(15000)", 1),
        ("'*a '.repeat(10000) + 'a* '.repeat(10000)", 1),
        ("'*_'.repeat(15000)", 1),
        ("'`'.repeat(300).split('').map((tick, index) => tick.repeat(index + 1)).join(' ')", 1),
        ("'>'.repeat(30000)", 1),
        ("Array.from({ length: 500 }, (_, depth) => ' '.repeat(2 * depth) + '- x').join('\\n')", 1),
        ("'# a' + ' '.repeat(30000) + 'b'", 1),
        ("'```' + ' '.repeat(30000) + '`'", 1),
        ("'|'.repeat(3000) + '\\n' + '|-'.repeat(3000)", 1),
        ("'[a]('.repeat(8000)", 1),
        ("'http://a' + '.'.repeat(30000)", 1),
        ("'- a\\n'.repeat(2000)", 1),
    ];
    for (text, blocks) in cases {
        let took = browser.run(&format!(
            "const text = {text}, begin = performance.now();
             showMarkdown(document.querySelector('.markdown'), text);
             return [performance.now() - begin, document.querySelector('.markdown').children.length]"
        ));
        assert_eq!(took[1], blocks, "{text}");
        // A text that is read in quadratic time takes half a minute.
        assert!(took[0].as_f64().unwrap() < 3000.0, "{text} took {} ms", took[0]);
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// What a reader has selected in an answer stays selected while it grows.
#[test]
fn a_growing_answer_leaves_what_stands_alone() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_all(&[]);
    show(&browser, &server, "First paragraph.\n\nSecond");
    let selected = browser.run(
        "const box = document.querySelector('.markdown');
         getSelection().selectAllChildren(box.lastChild);
         const nodes = [...box.children];
         showMarkdown(box, 'First paragraph.\\n\\nSecond **bold** and on.\\n\\n- third');
         return [getSelection().toString().slice(0, 6), nodes.every((node, index) => box.children[index] === node), box.children.length]",
    );
    assert_eq!(selected, json!(["Second", true, 3]));
}
