/** All conversations. Each is kept under a name of its own, so that several tabs of the browser get along. */
const conversations = {
  name: id => `llm.conversation.${id}`,
  all: new Map(),

  open() {
    for (const name of kept.names("llm.conversation.")) {
      const one = Conversation.from(kept.json(name, null));
      if (one && this.name(one.id) === name) this.all.set(one.id, one);
    }
  },

  /** The newest first. */
  sorted() {
    return [...this.all.values()].sort((one, other) => other.updated - one.updated);
  },

  save(conversation) {
    const { id, changed, removed } = conversation;
    if (!changed.size && !removed.size) return;
    this.all.set(id, conversation);
    const stored = Conversation.from(kept.json(this.name(id), null));
    if (stored) conversation.absorb(stored);
    kept.set(this.name(id), JSON.stringify(conversation));
    changed.clear();
    removed.clear();
  },

  delete(conversation) {
    this.all.delete(conversation.id);
    kept.remove(this.name(conversation.id));
  },

  /** Puts a conversation back, or adds one that was read from a file. */
  restore(conversation) {
    this.all.set(conversation.id, conversation);
    kept.set(this.name(conversation.id), JSON.stringify(conversation));
  },

  /** Those of a file; one that is here already, and differs, is added beside it. */
  import(text) {
    let values;
    try {
      values = JSON.parse(text);
    } catch {
      return 0;
    }
    const list = Array.isArray(values) ? values : Array.isArray(values?.conversations) ? values.conversations : [values];
    const read = list.map(Conversation.from).filter(one => one?.nodes.size);
    for (const one of read) {
      const here = this.all.get(one.id);
      if (here && JSON.stringify(here) !== JSON.stringify(one)) one.id = newId();
      this.restore(one);
    }
    return read.length;
  },

  /** Another tab has written or removed something. Returns the id of the conversation, if it was one. */
  changedElsewhere(name, text) {
    if (!name?.startsWith(this.name(""))) return null;
    const id = name.slice(this.name("").length), here = this.all.get(id);
    const stored = text === null ? null : Conversation.from(kept.json(name, null));
    if (!stored) this.all.delete(id);
    else if (here) here.absorb(stored);
    else this.all.set(id, stored);
    return id;
  },
};
