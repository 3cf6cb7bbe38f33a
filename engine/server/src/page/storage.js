/** What the browser keeps for this page. What it does not take, because it is full or keeps nothing, lasts until the page is
    closed. */
class Kept {
  constructor() {
    this.memory = new Map();
    this.full = false;
    try {
      this.store = window.localStorage;
      this.store.getItem("llm");
    } catch {
      this.store = null;
    }
  }

  get lasting() { return Boolean(this.store); }

  get(name) {
    return this.memory.get(name) ?? this.store?.getItem(name) ?? null;
  }

  set(name, text) {
    try {
      this.store.setItem(name, text);
      this.memory.delete(name);
      this.full = false;
    } catch {
      this.memory.set(name, text);
      this.full = this.lasting;
    }
  }

  remove(name) {
    this.memory.delete(name);
    this.store?.removeItem(name);
  }

  /** The names that begin so. */
  names(beginning) {
    const stored = Array.from({ length: this.store?.length ?? 0 }, (_, index) => this.store.key(index));
    return [...new Set([...stored, ...this.memory.keys()])].filter(name => name?.startsWith(beginning));
  }

  /** A value that was kept as JSON; what cannot be read is as if it had never been kept. */
  json(name, otherwise) {
    try {
      return JSON.parse(this.get(name)) ?? otherwise;
    } catch {
      return otherwise;
    }
  }
}

const kept = new Kept();

/** A new name that no other thing has. `crypto.randomUUID` is for https and localhost only. */
function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), byte => byte.toString(16).padStart(2, "0")).join("");
}
