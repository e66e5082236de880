/** Where the live connection stands. It is held as long as one is signed in, so it is never off on purpose. */
export type ConnectionState = "connecting" | "live" | "lost";

/** What React reads through useSyncExternalStore: the state, and how often the connection came back. */
export interface Connection {
  state: ConnectionState;
  /** Grows each time the connection returns after a loss: lists read then what they missed. */
  returns: number;
}

/** The state of one websocket, told by its events. */
export class ConnectionStore {
  #now: Connection = { state: "connecting", returns: 0 };
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

  closed(): void {
    this.#lost = true;
    this.#set({ state: "lost", returns: this.#now.returns });
  }

  #set(next: Connection): void {
    if (next.state === this.#now.state && next.returns === this.#now.returns) return;
    this.#now = next;
    this.#listeners.forEach((listener) => listener());
  }
}
