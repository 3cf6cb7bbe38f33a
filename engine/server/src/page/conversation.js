/** A conversation is a tree: a message that is edited, and an answer that is asked for again, stand beside the earlier one.
    What is shown, and what the model sees, is the path from the root to the chosen leaf. */
class Conversation {
  constructor(id = newId()) {
    const now = Date.now();
    Object.assign(this, { id, title: "", system: "", created: now, updated: now, leaf: null, nodes: new Map() });
    /** Ids of messages, and names of fields, that differ from what is kept. */
    this.changed = new Set();
    this.removed = new Set();
  }

  /** Reads what `toJSON` wrote; null for anything else. A message whose parent is not there is left out, with what follows it. */
  static from(value) {
    if (typeof value?.id !== "string" || !Array.isArray(value.nodes)) return null;
    const it = new Conversation(value.id);
    for (const field of ["title", "system"]) if (typeof value[field] === "string") it[field] = value[field];
    for (const field of ["created", "updated"]) if (Number.isFinite(value[field])) it[field] = value[field];
    for (const { id, parent, role, content, model, facts } of value.nodes.filter(node => node !== null && typeof node === "object")) {
      const isMessage = typeof id === "string" && typeof content === "string" && (role === "user" || role === "assistant");
      if (!isMessage || it.nodes.has(id) || !(parent === null || it.nodes.has(parent))) continue;
      it.nodes.set(id, { id, parent, role, content, model: typeof model === "string" ? model : "",
        facts: facts !== null && typeof facts === "object" ? facts : null });
    }
    it.leaf = it.nodes.has(value.leaf) ? value.leaf : it.deepest([...it.nodes.values()].findLast(node => node.parent === null));
    return it;
  }

  toJSON() {
    const { id, title, system, created, updated, leaf, nodes } = this;
    return { version: 1, id, title, system, created, updated, leaf, nodes: [...nodes.values()] };
  }

  get path() {
    const path = [];
    for (let node = this.nodes.get(this.leaf); node; node = this.nodes.get(node.parent)) path.unshift(node);
    return path;
  }

  children(parent) {
    return [...this.nodes.values()].filter(node => node.parent === parent);
  }

  add(parent, role, content, model = "") {
    const node = { id: newId(), parent, role, content, model, facts: null };
    this.nodes.set(node.id, node);
    this.touch(node);
    this.choose(node);
    if (!this.title && role === "user") this.change("title", titleOf(content));
    return node;
  }

  /** Notes that a message has changed. */
  touch(node) {
    this.changed.add(node.id);
    this.change("updated", Date.now());
  }

  change(field, value) {
    this[field] = value;
    this.changed.add(field);
  }

  /** Shows the newest messages below this one. */
  choose(node) {
    this.change("leaf", this.deepest(node));
  }

  /** The last message below this one, along the newest versions. */
  deepest(node) {
    for (let next = node; next; next = this.children(next.id).at(-1)) node = next;
    return node?.id ?? null;
  }

  /** Removes a message with all that follows it. Another version of it is shown, or what stands before it. */
  remove(node) {
    const versions = this.children(node.parent), place = versions.indexOf(node);
    const doomed = [node];
    for (let next; (next = doomed.pop());) {
      doomed.push(...this.children(next.id));
      this.nodes.delete(next.id);
      this.changed.delete(next.id);
      this.removed.add(next.id);
    }
    const other = versions[place - 1] ?? versions[place + 1] ?? this.nodes.get(node.parent);
    if (other && other.id === node.parent) this.change("leaf", other.id);
    else this.choose(other);
    this.change("updated", Date.now());
  }

  /** Takes over what another tab has written into the same conversation. What was changed here stays. */
  absorb(stored) {
    for (const id of this.removed) stored.nodes.delete(id);
    for (const [id, node] of stored.nodes) {
      const mine = this.nodes.get(id);
      if (mine) stored.nodes.set(id, this.changed.has(id) ? mine : Object.assign(mine, node));
    }
    for (const node of this.nodes.values())
      if (this.changed.has(node.id) && (node.parent === null || stored.nodes.has(node.parent))) stored.nodes.set(node.id, node);
    this.nodes = stored.nodes;
    for (const field of ["title", "system", "updated"]) if (!this.changed.has(field)) this[field] = stored[field];
    if (!this.nodes.has(this.leaf)) this.leaf = stored.nodes.has(stored.leaf) ? stored.leaf : null;
    else if (!this.changed.has("leaf")) this.leaf = this.deepest(this.nodes.get(this.leaf));
  }

  /** The conversation as a Markdown text. */
  toMarkdown() {
    const t = words();
    const parts = this.path.map(({ role, content }) => `## ${role === "user" ? t.you : t.answer}\n\n${content}`);
    const system = this.system ? [`> ${this.system.replaceAll("\n", "\n> ")}`] : [];
    return [`# ${this.title || t.untitled}`, ...system, ...parts].join("\n\n") + "\n";
  }
}

/** The first words of a message. */
function titleOf(text) {
  const line = text.trim().split("\n")[0], letters = [...line];
  return letters.length > 60 ? `${letters.slice(0, 59).join("").trimEnd()}…` : line;
}
