/** Where the live connection stands. "idle": no page needs one at the moment. */
export type ConnectionState = "idle" | "connecting" | "live" | "lost";

/** What React reads through useSyncExternalStore: the state, and how often the connection came back. */
export interface Connection {
  state: ConnectionState;
  /** Grows each time the connection returns after a loss: lists read then what they missed. */
  returns: number;
}

/** The state of one websocket, told by its events. */
export class ConnectionStore {
  #now: Connection = { state: "idle", returns: 0 };
  #listeners = new Set<() => void>();
  #lost = false;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  current = (): Connection => this.#now;

  connecting(): void {
    this.#set({ state: this.#lost ? "lost" : "connecting", returns: this.#now.returns });
  }

  connected(): void {
    const returns = this.#now.returns + (this.#lost ? 1 : 0);
    this.#lost = false;
    this.#set({ state: "live", returns });
  }

  /** `clean`: the last subscription ended and the socket was closed on purpose. */
  closed(clean: boolean): void {
    if (!clean) this.#lost = true;
    this.#set({ state: clean ? "idle" : "lost", returns: this.#now.returns });
  }

  #set(next: Connection): void {
    if (next.state === this.#now.state && next.returns === this.#now.returns) return;
    this.#now = next;
    this.#listeners.forEach((listener) => listener());
  }
}
