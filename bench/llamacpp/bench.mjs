// Measures llama.cpp (node-llama-cpp, prebuilt) with a GGUF file: opening, a prompt of 512 tokens, 200 new tokens after a
// prompt of 16. Prints one line of JSON. Usage: node bench.mjs FILE.gguf THREADS RUNS
import process from "node:process";
import {getLlama} from "node-llama-cpp";

const [file, threads, runs] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4] ?? 5)];
const PROMPT = 512, SHORT_PROMPT = 16, TOKENS = 200;
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

const llama = await getLlama({gpu: false, build: "never", maxThreads: threads, logLevel: "error"});
const start = performance.now();
const model = await llama.loadModel({modelPath: file});
const context = await model.createContext({contextSize: 1024, batchSize: PROMPT, threads});
const open_s = (performance.now() - start) / 1000;
const sequence = context.getSequence();

// The ids of bench/src/models.rs.
const vocabulary = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
const prompt = (run, length) => Array.from({length}, (_, i) => 100 + ((run + i) * 7919) % (vocabulary - 100));
const prompts = [], texts = [];
for (let run = 0; run <= runs; run++) {
    await sequence.clearHistory();
    const beforePrompt = performance.now();
    await sequence.evaluateWithoutGeneratingNewTokens(prompt(run, PROMPT));
    prompts.push(PROMPT / (performance.now() - beforePrompt) * 1000);

    await sequence.clearHistory();
    let tokens = 0, first = 0;
    for await (const _ of sequence.evaluate(prompt(run, SHORT_PROMPT), {temperature: 0})) {
        if (tokens === 0) first = performance.now();
        if (tokens++ === TOKENS) break;
    }
    texts.push((tokens - 1) / (performance.now() - first) * 1000);
}
console.log(JSON.stringify({
    open_s,
    prompt_tokens_per_s: median(prompts.slice(1)),
    tokens_per_s: median(texts.slice(1)),
    peak_bytes: process.resourceUsage().maxRSS * 1024
}));
process.exit(0);
