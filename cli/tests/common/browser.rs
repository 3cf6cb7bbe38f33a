//! A headless Chromium, driven over the WebDriver protocol: JSON over HTTP to chromedriver.

#![allow(dead_code, reason = "every test file takes what it needs")]

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// With this variable, a machine without a browser fails the tests instead of skipping them.
const REQUIRED: &str = "LLM_REQUIRE_BROWSER";

/// How long a page has to become what a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A browser window. It is closed at the end.
pub struct Browser {
    driver: Child,
    /// Address of the session.
    session: String,
    _profile: tempfile::TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = ureq::delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Browser {
    /// Opens a window, or says why the test is skipped.
    pub fn open() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let driver = match driver {
            Ok(driver) => driver,
            Err(error) => {
                let told = format!("chromedriver does not start ({error}): apt-get install chromium chromium-driver");
                assert!(std::env::var_os(REQUIRED).is_none(), "{told}");
                eprintln!("skipped: {told}");
                return None;
            }
        };
        let profile = tempfile::tempdir().unwrap();
        let mut browser = Self { driver, session: format!("http://127.0.0.1:{port}/session"), _profile: profile };
        let start = Instant::now();
        while ureq::get(format!("http://127.0.0.1:{port}/status")).call().is_err() {
            assert!(start.elapsed() < PATIENCE, "chromedriver does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        let profile = format!("--user-data-dir={}", browser._profile.path().display());
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--lang=en",
            "--window-size=1000,900",
            &profile,
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let session = browser.post("", wanted);
        browser.session = format!("{}/{}", browser.session, session["sessionId"].as_str().unwrap());
        Some(browser)
    }

    fn post(&self, path: &str, body: Value) -> Value {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = agent.post(format!("{}{path}", self.session)).content_type("application/json");
        let text = request.send(body.to_string()).unwrap().body_mut().read_to_string().unwrap();
        let mut answer: Value = serde_json::from_str(&text).unwrap();
        assert!(answer["value"]["error"].is_null(), "{path}: {answer}");
        answer["value"].take()
    }

    pub fn goto(&self, url: &str) {
        self.post("/url", json!({ "url": url }));
    }

    /// The value of a JavaScript function body.
    pub fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", json!({ "script": script, "args": [] }))
    }

    /// Waits until an expression is true.
    pub fn wait_for(&self, expression: &str) {
        let start = Instant::now();
        while self.run(&format!("return Boolean({expression})")) != true {
            if start.elapsed() > PATIENCE {
                let page = self.run("return document.body.innerText");
                panic!("{expression} does not become true; the page says {page}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The text of the element with this id.
    pub fn text(&self, id: &str) -> String {
        self.run(&format!("return document.getElementById('{id}').innerText")).as_str().unwrap().to_string()
    }

    fn element(&self, id: &str) -> String {
        self.find(&format!("#{id}"))
    }

    fn find(&self, selector: &str) -> String {
        let found = self.post("/element", json!({ "using": "css selector", "value": selector }));
        found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_string()
    }

    /// Presses the mouse button on the first element that a selector finds.
    pub fn click_on(&self, selector: &str) {
        self.post(&format!("/element/{}/click", self.find(selector)), json!({}));
    }

    /// Presses the mouse button on an element, which must be visible.
    pub fn click(&self, id: &str) {
        self.post(&format!("/element/{}/click", self.element(id)), json!({}));
    }

    /// Types into a field.
    pub fn type_into(&self, id: &str, text: &str) {
        self.post(&format!("/element/{}/value", self.element(id)), json!({ "text": text }));
    }

    /// Puts a value into a field in place of what is there.
    pub fn set(&self, id: &str, value: &str) {
        self.post(&format!("/element/{}/clear", self.element(id)), json!({}));
        self.type_into(id, value);
    }

    pub fn resize(&self, width: u32, height: u32) {
        self.post("/window/rect", json!({ "width": width, "height": height }));
    }

    /// A command of the DevTools protocol.
    pub fn devtools(&self, command: &str, params: Value) -> Value {
        self.post("/goog/cdp/execute", json!({ "cmd": command, "params": params }))
    }

    /// Shows the page as on a telephone, which can be narrower than a window.
    pub fn phone(&self, width: u32, height: u32) {
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 2, "mobile": true });
        self.devtools("Emulation.setDeviceMetricsOverride", screen);
    }

    /// Lets the system prefer light or dark.
    pub fn prefer(&self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Runs a script in every page before its own.
    pub fn before_pages(&self, script: &str) {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }));
    }

    /// Opens another tab and goes there. Returns both: the one that was shown, and the new one.
    pub fn open_tab(&self) -> [String; 2] {
        let shown = ureq::get(format!("{}/window", self.session)).call().unwrap().body_mut().read_to_string().unwrap();
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let opened = self.post("/window/new", json!({ "type": "tab" }));
        let tabs = [&shown["value"], &opened["handle"]].map(|tab| tab.as_str().unwrap().to_string());
        self.show_tab(&tabs[1]);
        tabs
    }

    pub fn show_tab(&self, tab: &str) {
        self.post("/window", json!({ "handle": tab }));
    }

    /// What the console holds of errors and warnings.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.post("/se/log", json!({ "type": "browser" }));
        log.as_array().unwrap().iter().map(Value::to_string).collect()
    }

    /// The window as a PNG file, for a look at it.
    pub fn screenshot(&self, path: &std::path::Path) {
        let text =
            ureq::get(format!("{}/screenshot", self.session)).call().unwrap().body_mut().read_to_string().unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        std::fs::write(path, STANDARD.decode(answer["value"].as_str().unwrap()).unwrap()).unwrap();
    }
}
