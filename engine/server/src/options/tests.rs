use serde_json::json;

use super::*;

fn given(options: Value) -> Vec<Given> {
    Given::all(options.as_object().unwrap().clone())
}

fn read(options: Value) -> Result<SamplingOptions, String> {
    SamplingOptions::default().read(&given(options)).map_err(|refusal| refusal.reason)
}

/// An option of OpenAI's is refused under the name that its client knows.
#[test]
fn a_refusal_names_the_option_as_the_request_does() {
    let value = json!(2.5);
    let option = Given { shown: "max_tokens".to_string(), name: "num_predict".to_string(), value };
    let refusal = SamplingOptions::default().read(&[option]).unwrap_err();
    assert_eq!(refusal.reason, "max_tokens is 2.5, but must be a whole number");
    assert_eq!(refusal.field.as_deref(), Some("max_tokens"));
}

#[test]
fn what_is_not_given_has_its_default() {
    assert_eq!(read(json!({})), Ok(SamplingOptions::default()));
    let nulls = json!({ "temperature": null, "top_k": null, "stop": null, "mirostat": null, "num_predict": null });
    assert_eq!(read(nulls), Ok(SamplingOptions::default()));
}

#[test]
fn what_is_not_given_is_as_the_makers_of_the_model_suggest() {
    let suggested = Suggested { temperature: Some(0.2), top_k: None, top_p: Some(0.9) };
    let filter = TokenFilter { top_p: 0.9, ..TokenFilter::default() };
    let expected = SamplingOptions { temperature: 0.2, filter, ..SamplingOptions::default() };
    assert_eq!(SamplingOptions::of(&suggested), expected);
    let read = SamplingOptions::of(&suggested).read(&given(json!({ "temperature": 1, "top_p": null })));
    assert_eq!(read, Ok(SamplingOptions { temperature: 1.0, ..expected }));
    assert_eq!(SamplingOptions::of(&Suggested::default()), SamplingOptions::default());
}

#[test]
fn whole_numbers_can_be_written_as_floats() {
    let options = read(json!({ "seed": 42.0, "top_k": 20.0, "num_predict": 2.0, "num_ctx": 64.0 })).unwrap();
    assert_eq!((options.seed, options.top_k), (Some(42), Some(20)));
    assert_eq!((options.num_predict, options.num_ctx), (Some(2), Some(64)));
    for name in ["seed", "top_k", "num_predict", "num_ctx", "repeat_last_n", "num_keep"] {
        let reason = read(json!({ name: 2.5 })).unwrap_err();
        assert_eq!(reason, format!("{name} is 2.5, but must be a whole number"));
    }
}

#[test]
fn special_values_mean_what_they_mean_to_ollama() {
    for (top_k, expected) in [(json!(0), None), (json!(-1), None), (json!(1), Some(1)), (json!(99999), Some(99999))] {
        assert_eq!(read(json!({ "top_k": top_k })).unwrap().top_k, expected);
    }
    let seed = |seed: Value| read(json!({ "seed": seed })).unwrap().seed;
    assert_eq!([json!(-1), json!(0), json!(7)].map(seed), [None, Some(0), Some(7)]);
    assert_eq!([json!(i64::MAX as u64 + 1), json!(u64::MAX)].map(seed), [Some(1 << 63), Some(u64::MAX)]);
    assert_eq!(seed(json!(-7)), Some(u64::MAX - 6));
    let last = |n: i64| read(json!({ "repeat_last_n": n })).unwrap().filter.repeat_last_n;
    assert_eq!([-1, 0, 33].map(last), [usize::MAX, 0, 33]);
    assert_eq!(read(json!({ "num_predict": -2 })).unwrap().num_predict, Some(-2));
}

#[test]
fn one_stop_text_or_several() {
    let stop = |stop: Value| read(json!({ "stop": stop })).map(|options| options.stop);
    assert_eq!(stop(json!("\n")), Ok(vec!["\n".to_string()]));
    assert_eq!(stop(json!(["a", "b"])), Ok(vec!["a".to_string(), "b".to_string()]));
    assert_eq!(stop(json!([])), Ok(vec![]));
    assert_eq!(stop(json!(5)), Err("stop is 5, but must be a text or a list of texts".to_string()));
    assert_eq!(stop(json!(["a", 5])), Err("stop is [\"a\",5], but must be a text or a list of texts".to_string()));
    assert!(stop(json!("")).unwrap_err().contains("empty text"));
    assert!(stop(json!(vec!["ab"; 3000])).unwrap_err().contains("6000 bytes"));
}

/// Every option of the example with all options in Ollama's description of its interface.
#[test]
fn all_options_at_once() {
    let options = read(json!({
        "num_keep": 5, "seed": 42, "num_predict": 100, "top_k": 20, "top_p": 0.9, "min_p": 0.0, "typical_p": 0.7,
        "repeat_last_n": 33, "temperature": 0.8, "repeat_penalty": 1.2, "presence_penalty": 1.5, "frequency_penalty": 1.0,
        "penalize_newline": true, "stop": ["\n", "user:"], "numa": false, "num_ctx": 1024, "num_batch": 2, "num_gpu": 1,
        "main_gpu": 0, "use_mmap": true, "num_thread": 8,
    }));
    let filter = TokenFilter {
        top_p: 0.9,
        min_p: 0.0,
        typical_p: 0.7,
        repeat_penalty: 1.2,
        presence_penalty: 1.5,
        frequency_penalty: 1.0,
        repeat_last_n: 33,
    };
    let expected = SamplingOptions {
        temperature: 0.8,
        top_k: Some(20),
        filter,
        seed: Some(42),
        num_predict: Some(100),
        num_ctx: Some(1024),
        num_keep: 5,
        stop: vec!["\n".to_string(), "user:".to_string()],
    };
    assert_eq!(options, Ok(expected));
}

#[test]
fn what_cannot_be_honoured_is_refused_with_the_reason() {
    for (options, reason) in [
        (json!({ "temprature": 1 }), "unknown option 'temprature'"),
        (json!({ "mirostat": 2 }), "mirostat is 2, which is not supported; leave it out"),
        (json!({ "tfs_z": 0.5 }), "tfs_z is 0.5, which is not supported; leave it out"),
        (json!({ "penalize_newline": false }), "penalize_newline is false, which is not supported; leave it out"),
        (json!({ "temperature": -1 }), "temperature is -1, but must be a number that is at least 0"),
        (json!({ "temperature": "hot" }), "temperature is \"hot\", but must be a number that is at least 0"),
        (json!({ "top_p": 1.5 }), "top_p is 1.5, but must be a number from 0 to 1"),
        (json!({ "repeat_penalty": 0 }), "repeat_penalty is 0, but must be a number above 0"),
        (json!({ "num_ctx": 0 }), "num_ctx is 0, but must be at least 1"),
        (json!({ "top_k": "20" }), "top_k is \"20\", but must be a whole number"),
    ] {
        assert_eq!(read(options), Err(reason.to_string()));
    }
    let switched_off =
        json!({ "mirostat": 0, "mirostat_tau": 5.0, "mirostat_eta": 0.1, "tfs_z": 1, "vocab_only": false });
    assert_eq!(read(switched_off), Ok(SamplingOptions::default()));
}
