import type { FormattedExecutionResult, Sink } from "graphql-ws";
import type { ConnectionStore } from "./connection";
import { isRefusal, openSocket, resumeAfter, type Socket } from "./socket";

type Receiver = Sink<FormattedExecutionResult>;

interface Payload {
  query: string;
  variables: Record<string, unknown>;
  operationName?: string;
}

/**
 * What a session follows, over one socket after another. A token that ran out ends its socket for good; what
 * was followed waits then, and goes on with the next token from where it was.
 */
export class LiveLine {
  #socket: Socket;
  #connection: ConnectionStore;
  #onRefused: (token: string) => void;
  #followed = new Set<() => void>();

  constructor(token: string, connection: ConnectionStore, onRefused: (token: string) => void) {
    this.#connection = connection;
    this.#onRefused = onRefused;
    this.#socket = openSocket(token, connection, () => onRefused(token));
  }

  /** Follows a subscription, until the function that it answers with is called. */
  follow(payload: Payload, receiver: Receiver): () => void {
    let stop: () => void = () => undefined;
    const begin = () => {
      stop();
      stop = this.#socket.client.subscribe(payload, {
        next(result: FormattedExecutionResult) {
          resumeAfter(payload, result.data);
          receiver.next(result);
        },
        error: (fault) => {
          if (!isRefusal(fault)) receiver.error(fault);
        },
        complete: () => receiver.complete(),
      });
    };
    begin();
    this.#followed.add(begin);
    return () => {
      this.#followed.delete(begin);
      stop();
    };
  }

  /** Goes on with another token. */
  renew(token: string): void {
    this.#socket.end();
    this.#connection.closed();
    this.#socket = openSocket(token, this.#connection, () => this.#onRefused(token));
    for (const begin of this.#followed) begin();
  }

  wake(): void {
    this.#socket.client.terminate();
  }

  end(): void {
    this.#followed.clear();
    this.#socket.end();
  }
}
