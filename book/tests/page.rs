//! The book in a headless Chromium, opened from its folder as a reader opens it. Without chromedriver the tests say that
//! they are skipped; with `LLM_REQUIRE_BROWSER` they fail then. With `LLM_SCREENSHOTS=FOLDER` they leave pictures.

#[path = "../../cli/tests/common/browser.rs"]
mod browser;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use book::build::{Materials, NewBuild};
use book::problem::Problems;
use book::project::Project;
use browser::Browser;
use serde_json::Value;
use tempfile::TempDir;

const THEMES: [&str; 5] = ["light", "rust", "coal", "navy", "ayu"];

const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
const RIGHT: &str = "\u{e014}";
const DOWN: &str = "\u{e015}";

/// The book as it is now, built once for all tests. Whether anything is missing in it is the business of other tests.
fn built() -> &'static Path {
    static BUILT: OnceLock<TempDir> = OnceLock::new();
    let folder = BUILT.get_or_init(|| {
        let project = Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let problems = Problems::default();
        let materials = Materials::read(&project, &problems).unwrap();
        let build = NewBuild::make(&project, &materials, &problems).unwrap();
        let folder = tempfile::tempdir().unwrap();
        copy(build.folder(), folder.path());
        folder
    });
    folder.path()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

fn url(page: &str) -> String {
    format!("file://{}/{page}", built().display())
}

fn open(browser: &Browser, page: &str) {
    browser.goto(&url(page));
    browser.wait_for("document.readyState === 'complete'");
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn picture(browser: &Browser, name: &str) {
    if let Some(folder) = std::env::var_os("LLM_SCREENSHOTS") {
        browser.screenshot(&PathBuf::from(folder).join(name));
    }
}

/// Types into the search, which is open, and waits for the results.
fn search(browser: &Browser, query: &str) -> Vec<String> {
    browser.set("mdbook-searchbar", query);
    browser.wait_for("window.bookIndex && document.getElementById('mdbook-searchresults-header').innerText");
    let found = browser.run(
        "return [...document.querySelectorAll('#mdbook-searchresults a')]
           .map(link => link.getAttribute('href').replace(/.*\\/(en|zh)\\//, '').replace(/\\?[^#]*/, ''))",
    );
    found.as_array().unwrap().iter().map(|link| text(link).to_string()).collect()
}

/// Nothing went wrong unnoticed, and nothing was asked of another place.
fn assert_quiet(browser: &Browser) {
    assert_eq!(browser.complaints(), Vec::<String>::new());
    let foreign = browser.run(
        "return performance.getEntriesByType('resource').map(entry => entry.name)
           .filter(name => !name.startsWith('file:') && !name.startsWith('data:'))",
    );
    assert_eq!(foreign.as_array().unwrap().len(), 0, "{foreign}");
}

#[test]
fn the_search_finds_chinese_english_and_names_of_code() {
    let Some(browser) = Browser::open() else { return };
    open(&browser, "zh/ch03/causal.html");
    // A key opens it, wherever the reader is.
    browser.type_into("language", "/");
    browser.wait_for("document.activeElement.id === 'mdbook-searchbar' && window.bookIndex");
    let placeholder = browser.run("return document.getElementById('mdbook-searchbar').placeholder");
    assert_eq!(placeholder, "搜索全书");

    let found = search(&browser, "注意力");
    assert!(found.len() > 10, "{found:?}");
    assert!(browser.text("mdbook-searchresults-header").contains("个小节含有“注意力”"));
    let marked = browser.run("return document.querySelector('#mdbook-searchresults .title mark').innerText");
    assert_eq!(marked, "注意力");
    picture(&browser, "search-zh.png");
    for (query, page) in [
        ("因果注意力", "ch03/causal.html#causal-attention"), // the title comes first
        ("CausalAttention", "ch03/causal.html"),
        ("mask_fill", "ch03/causal.html"),
        ("causal mask", "ch03/causal.html"),
        ("softmax", "ch03/simplified.html"),
        ("0.5517", "ch03/causal.html"), // in an output
    ] {
        let found = search(&browser, query);
        assert!(found.iter().any(|link| link.starts_with(page)), "{query}: {found:?}");
    }
    assert_eq!(search(&browser, "因果注意力")[0], "ch03/causal.html#causal-attention");
    // Words that mean the same, also of the other language. The list ends after 50 sections, and the order of those with
    // few hits depends on the word.
    let mut vocabulary = search(&browser, "词表");
    vocabulary.truncate(20);
    for same in ["词汇表", "vocabulary"] {
        let found = search(&browser, same);
        assert!(vocabulary.iter().all(|link| found.contains(link)), "{same}: {found:?} without some of {vocabulary:?}");
    }
    // What nobody wrote so is found where its parts are.
    assert!(!search(&browser, "注意力权重表格").is_empty());
    assert!(browser.text("mdbook-searchresults-header").starts_with("没有完全一致的“注意力权重表格”"));
    assert_eq!(search(&browser, "没有这样的词语组合").len(), 0);
    assert_eq!(browser.text("mdbook-searchresults-header"), "没有找到“没有这样的词语组合”。");
    browser.type_into("mdbook-searchbar", ESCAPE);
    browser.wait_for("!document.getElementById('mdbook-searchbar').checkVisibility()");
    assert_eq!(browser.run("return document.activeElement.id"), "language", "the focus is back where it was");

    open(&browser, "en/preface.html");
    browser.click("mdbook-search-toggle");
    browser.wait_for("window.bookIndex");
    assert!(search(&browser, "causal mask").iter().any(|link| link.starts_with("ch03/causal.html")));
    assert!(search(&browser, "注意力").iter().any(|link| link == "ch03/causal.html#causal-attention"));
    search(&browser, "xyzzy");
    assert_eq!(browser.text("mdbook-searchresults-header"), "Nothing found for “xyzzy”.");

    // The arrow keys choose, Enter opens the section with the words marked.
    search(&browser, "CausalAttention");
    let second = browser.run("return document.querySelectorAll('#mdbook-searchresults a')[1].hash");
    browser.type_into("mdbook-searchbar", &format!("{DOWN}{ENTER}"));
    browser.wait_for("document.querySelector('main mark.hit')");
    assert_eq!(browser.run("return location.hash"), second);
    assert_eq!(
        browser.run("return document.querySelector('main mark.hit').innerText.toLowerCase()"),
        "causalattention"
    );
    browser.type_into("language", ESCAPE);
    browser.wait_for("!document.querySelector('main mark.hit')");
    assert_quiet(&browser);
}

#[test]
fn the_other_language_opens_at_the_same_section_in_the_same_theme() {
    let Some(browser) = Browser::open() else { return };
    open(&browser, "en/ch03/causal.html");
    browser.run("document.getElementById('mdbook-theme-coal').click()");
    assert_eq!(browser.text("language"), "中文");

    // From the start of the page to its start.
    browser.click("language");
    browser.wait_for("document.documentElement.lang === 'zh-CN'");
    assert!(text(&browser.run("return location.pathname")).ends_with("/zh/ch03/causal.html"));
    assert_eq!(browser.run("return location.hash"), "");
    assert_eq!(browser.run("return document.documentElement.classList.contains('coal')"), true);

    // From within a section to that section, with the keyboard.
    browser.run("document.getElementById('dropout').scrollIntoView(); scrollBy(0, 400)");
    assert_eq!(browser.text("language"), "English");
    browser.type_into("language", ENTER);
    browser.wait_for("document.documentElement.lang === 'en'");
    assert_eq!(browser.run("return location.hash"), "#dropout");
    let top = browser.run("return document.getElementById('dropout').getBoundingClientRect().top");
    assert!((0.0..300.0).contains(&top.as_f64().unwrap()), "the section is at {top}");
    assert_eq!(browser.run("return location.search"), "", "what the link carried has gone from the address");
    assert_eq!(browser.run("return document.documentElement.classList.contains('coal')"), true);

    // The page in front leads to the language that was chosen last.
    browser.run("document.getElementById('language').click()");
    browser.wait_for("document.documentElement.lang === 'zh-CN'");
    open(&browser, "index.html");
    browser.wait_for("location.pathname.endsWith('/zh/index.html')");
    assert_quiet(&browser);
}

#[test]
fn every_text_stands_out_in_every_theme() {
    let Some(browser) = Browser::open() else { return };
    for page in ["en/ch03/causal.html", "zh/ch03/summary.html"] {
        open(&browser, page);
        browser.run("document.querySelectorAll('details').forEach(details => details.open = true)");
        for theme in THEMES {
            browser.run(&format!("document.getElementById('mdbook-theme-{theme}').click()"));
            let weak = browser.run(&format!("{CONTRAST} return weakTexts()"));
            assert_eq!(weak.as_array().unwrap().len(), 0, "{page}, {theme}: {weak}");
            let weak = browser.run(&format!("{CONTRAST} return weakInFigures()"));
            assert_eq!(weak.as_array().unwrap().len(), 0, "{page}, {theme}: {weak}");
            picture(&browser, &format!("{theme}-{}.png", &page[..2]));
        }
    }
    browser.run("localStorage.removeItem('mdbook-theme')");
}

/// The contrast of colours after WCAG 2.2 (1.4.3: at least 4.5 for text, 1.4.11: at least 3 for graphics).
const CONTRAST: &str = r"
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
function rgba(color) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
}
function over(top, below) {
    return [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
}
function luminance([r, g, b]) {
    const linear = value => value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}
function contrast(a, b) {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
}
function background(element) {
    let layers = [];
    for (let at = element; at; at = at.parentElement) {
        const color = rgba(getComputedStyle(at).backgroundColor);
        layers.push(color);
        if (color[3] === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
}
function weakTexts() {
    const weak = new Set();
    for (const element of document.querySelectorAll('body *')) {
        const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        if (!own || element.closest('svg, script, style, template, noscript, mark') || !element.checkVisibility()) continue;
        const below = background(element);
        const ratio = contrast(over(rgba(getComputedStyle(element).color), below), below);
        if (ratio < 4.5) weak.add(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
    }
    return [...weak];
}
function weakInFigures() {
    const style = getComputedStyle(document.querySelector('main'));
    const paint = name => rgba(style.getPropertyValue('--fig-' + name).trim());
    const roles = ['plain', 'token', 'weight', 'score', 'output', 'alert', 'mask'];
    const weak = [];
    const check = (a, b, least) => {
        const ratio = contrast(paint(a), paint(b));
        if (!(ratio >= least)) weak.push(`${a} on ${b}: ${ratio.toFixed(2)}`);
    };
    for (const text of ['ink', 'muted']) {
        ['paper', ...roles.map(role => role + '-soft')].forEach(below => check(text, below, 4.5));
    }
    for (const role of roles) {
        check(role, 'paper', role === 'mask' ? 3 : 4.5);
    }
    return weak;
}";

/// All pages but those of source files.
fn pages() -> Vec<String> {
    let mut pages = Vec::new();
    for language in ["en", "zh"] {
        let contents = fs::read_to_string(built().join(language).join("toc.html")).unwrap();
        let links = contents.split("<a href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        pages.extend(links.map(|link| format!("{language}/{link}")));
    }
    assert!(pages.len() > 60, "{pages:?}");
    pages
}

/// What sticks out of the window at the right. mdBook cuts it off there, so it could not be reached. What scrolls by itself may
/// be wider.
const WIDE: &str = r"
function wide() {
    const cuts = part => getComputedStyle(part).overflowX !== 'visible';
    const found = new Set();
    for (const part of document.querySelectorAll('#mdbook-page-wrapper *')) {
        if (!part.checkVisibility() || part.getBoundingClientRect().right <= innerWidth + 1) continue;
        let at = part.parentElement;
        while (at.id !== 'mdbook-page-wrapper' && !cuts(at)) at = at.parentElement;
        if (at.id === 'mdbook-page-wrapper') found.add(`${part.tagName}.${part.className} ${part.textContent.slice(0, 40)}`);
    }
    return [...found];
}";

#[test]
fn every_page_fits_a_telephone_and_is_quiet() {
    let Some(browser) = Browser::open() else { return };
    browser.resize(360, 740);
    for page in pages() {
        open(&browser, &page);
        assert!(browser.run("return innerWidth").as_u64().unwrap() <= 500);
        browser.run("document.querySelectorAll('details').forEach(details => details.open = true)");
        let wide = browser.run(&format!("{WIDE} return wide()"));
        assert_eq!(wide.as_array().unwrap().len(), 0, "{page} is wider than the window: {wide}");
        assert_quiet(&browser);
    }
    picture(&browser, "telephone.png");
}

#[test]
fn a_chinese_page_has_no_english_around_its_text() {
    let Some(browser) = Browser::open() else { return };
    open(&browser, "zh/ch03/causal.html");
    browser.click("mdbook-search-toggle");
    let labels = browser.run(
        "return [...document.querySelectorAll('[title], [aria-label], [placeholder]')]
           .filter(part => !part.closest('svg, math') && part.id !== 'language')
           .flatMap(part => ['title', 'aria-label', 'placeholder'].map(name => part.getAttribute(name)))
           .filter(label => label && !/\\p{Script=Han}/u.test(label))",
    );
    assert_eq!(labels.as_array().unwrap().len(), 0, "{labels}");
    let menu = browser.run("return [...document.querySelectorAll('.theme')].map(theme => theme.textContent).join()");
    assert_eq!(menu, "跟随系统,白色,纸张,炭黑,深蓝,暗夜");
    assert_eq!(browser.run("return document.documentElement.lang"), "zh-CN");
    let fonts = browser.run("return getComputedStyle(document.querySelector('main p')).fontFamily");
    assert!(text(&fonts).contains("PingFang SC"), "{fonts}");
}

#[test]
fn a_page_copies_enlarges_remembers_and_prints() {
    let Some(browser) = Browser::open() else { return };
    open(&browser, "en/ch03/causal.html");

    browser
        .run("window.copied = []; document.addEventListener('copy', () => copied.push(String(getSelection())), true)");
    browser.run("navigator.clipboard.writeText = text => { copied.push(text); return Promise.resolve(); }");
    browser.run("document.querySelector('.command .copy').click()");
    browser.wait_for("document.querySelector('.command .copy [role=status]')?.textContent === 'Copied'");
    assert!(text(&browser.run("return copied[0]")).starts_with("cargo run -p ch03-attention --example "));

    // A figure in the whole window, where the arrow keys turn no page.
    let figures = "document.querySelectorAll('main figure.figure > svg').length";
    let count = browser.run(&format!("return {figures}"));
    if count.as_u64() > Some(0) {
        browser.run("document.querySelector('figure.figure .enlarge').click()");
        browser.wait_for("document.querySelector('dialog[open] svg.fig')?.getBoundingClientRect().width > 300");
        picture(&browser, "enlarged.png");
        browser.run("document.querySelector('dialog .canvas').id = 'canvas'");
        browser.type_into("canvas", &format!("{RIGHT}{ESCAPE}"));
        browser.wait_for("!document.querySelector('dialog')");
        assert_eq!(browser.run(&format!("return {figures}")), count, "the drawing is back in its place");
    }

    // Everything is open on paper, and as before afterwards.
    browser.run("window.dispatchEvent(new Event('beforeprint'))");
    assert_eq!(browser.run("return document.querySelectorAll('main details:not([open])').length"), 0);
    browser.run("window.dispatchEvent(new Event('afterprint'))");
    assert_eq!(browser.run("return document.querySelectorAll('main details[open]').length"), 0);

    // A page read to its end is marked, in both languages.
    browser.run("scrollTo(0, document.body.scrollHeight)");
    browser.wait_for("document.querySelector('#mdbook-sidebar a.active').classList.contains('read')");
    browser.run("document.getElementById('language').click()");
    browser.wait_for("document.documentElement.lang === 'zh-CN'");
    browser.wait_for("document.querySelector('#mdbook-sidebar a.active.read')");
    assert_eq!(browser.run("return document.querySelector('.progress').title"), "已读 1 / 9 页");

    // The arrow keys turn pages; the end of a page says where they lead.
    let next = browser.run("return document.querySelector('.mobile-nav-chapters.next .to').innerText");
    browser.type_into("language", RIGHT);
    browser.wait_for("location.pathname.endsWith('/zh/ch03/multi-head.html')");
    assert_eq!(browser.run("return document.querySelector('#mdbook-sidebar a.active').innerText"), next);
    assert_quiet(&browser);
}

/// The widgets of a server belong to sections that exist, and need a server.
#[test]
fn models_are_tried_where_a_server_has_some() {
    let script = fs::read_to_string(built().join("en/theme/look.js")).unwrap();
    let places = regex::Regex::new(r#"(?m)^ +\["(\S+\.html)", "(\S+)", "\w+", \["#).unwrap();
    let places: Vec<[&str; 2]> = places.captures_iter(&script).map(|place| place.extract().1).collect();
    assert!(places.len() >= 7, "{places:?}");
    for [page, heading] in &places {
        for language in ["en", "zh"] {
            let html = fs::read_to_string(built().join(language).join(page)).unwrap();
            assert!(html.contains(&format!("id=\"{heading}\"")), "{language}/{page} has no section {heading}");
            assert!(html.contains("theme/look.js"), "{language}/{page}");
        }
    }
    let Some(browser) = Browser::open() else { return };
    open(&browser, &format!("en/{}", places[0][0]));
    assert_eq!(browser.run("return document.querySelectorAll('.try-model').length"), 0);
    assert_quiet(&browser);
}
