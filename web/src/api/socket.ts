import { createClient, type Client } from "graphql-ws";
import type { ConnectionStore } from "./connection";

/** Close codes of the API that mean that it takes the token no more: trying again is of no use. */
const refusals = new Set([4401, 4403]);

const pingEvery = 10_000;
const pongWithin = 5_000;

/** Whether the socket ended because the server does not take its token. */
export function isRefusal(event: unknown): boolean {
  return refusals.has(closeCode(event));
}

export interface Socket {
  client: Client;
  /** Closes it for good; it says nothing more about the connection. */
  end: () => void;
}

/**
 * The websocket to the API, opened at once and again whenever it is lost, also on pages that watch nothing:
 * only so can every page say whether the server is there, and end with the token.
 */
export function openSocket(token: string, connection: ConnectionStore, onRefused: () => void): Socket {
  let ended = false;
  let pongDue: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: () => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: (retries) => pause(Math.min(500 * 2 ** retries, 15_000) * (0.75 + Math.random() / 2)),
    shouldRetry: (event) => !ended && !isRefusal(event),
    lazy: false,
    onNonLazyError: () => undefined, // why it ended for good is told by its close, below
    keepAlive: pingEvery,
    on: {
      connecting: () => ended || connection.connecting(),
      connected: () => ended || connection.connected(),
      // A ping without an answer: the line is dead, though nobody closed it.
      ping: (received) => {
        if (received) return;
        clearTimeout(pongDue);
        pongDue = setTimeout(() => client.terminate(), pongWithin);
      },
      pong: () => clearTimeout(pongDue),
      closed: (event) => {
        clearTimeout(pongDue);
        if (ended) return;
        connection.closed();
        if (isRefusal(event)) onRefused();
      },
    },
  });
  return {
    client,
    end() {
      ended = true;
      clearTimeout(pongDue);
      void client.dispose();
    },
  };
}

/**
 * A feed's payload whose `after` moves with what arrived. graphql-ws sends the same payload again
 * after a loss, so the server goes on exactly where this reader stopped: none lost, none twice.
 */
export function resumeAfter(payload: { variables?: Record<string, unknown> }, data: unknown): void {
  if (typeof data !== "object" || data === null) return;
  for (const field of ["decisions", "allDecisions"] as const) {
    const edge = (data as Record<string, unknown>)[field];
    if (typeof edge !== "object" || edge === null || !("cursor" in edge)) continue;
    payload.variables = { ...payload.variables, after: edge.cursor };
  }
}

function closeCode(event: unknown): number {
  return typeof event === "object" && event !== null && "code" in event && typeof event.code === "number" ? event.code : 0;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}
