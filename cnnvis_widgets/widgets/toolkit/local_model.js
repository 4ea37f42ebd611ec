// A model without a kernel: everything that a component's view asks of one, for standalone pages.

export class LocalModel {
  /**
   * @param {Record<string, any>} state what the traits are
   * @param {(content: any) => void} [onsend] takes what the view would send to Python
   */
  constructor(state, onsend = () => {}) {
    this.state = { ...state };
    this.onsend = onsend;
    /** @type {Map<string, Set<(...values: any[]) => void>>} */
    this.listeners = new Map();
  }

  /** As a component's `render` takes it. @returns {import("./base.js").Model} */
  get model() {
    return /** @type {any} */ (this);
  }

  /** @param {string} name */
  get(name) {
    return this.state[name];
  }

  /** @param {string} name @param {any} value */
  set(name, value) {
    this.put({ [name]: value });
  }

  /**
   * Several values at once: who is told of the first finds all of them.
   * @param {Record<string, any>} state
   */
  put(state) {
    const changed = Object.keys(state).filter((name) => this.state[name] !== state[name]);
    Object.assign(this.state, state);
    for (const name of changed) {
      for (const told of [...(this.listeners.get(`change:${name}`) ?? [])]) told();
    }
  }

  /** Nobody else keeps the values. */
  save_changes() {}

  /** @param {any} content */
  send(content) {
    this.onsend(content);
  }

  /** @param {string} event @param {(...values: any[]) => void} action */
  on(event, action) {
    const all = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, all.add(action));
  }

  /** @param {string} event @param {(...values: any[]) => void} action */
  off(event, action) {
    this.listeners.get(event)?.delete(action);
  }
}
