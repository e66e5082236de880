import {
  cacheExchange,
  Client,
  fetchExchange,
  makeOperation,
  mapExchange,
  subscriptionExchange,
  type Operation,
  type SubscriptionForwarder,
} from "@urql/core";
import { fetchWithClock, forgetServerTime } from "./clock";
import { ConnectionStore } from "./connection";
import { LiveLine } from "./liveLine";

/** The one way to the server: HTTP for questions, a websocket for what is live, both with the same token. */
export interface Api {
  client: Client;
  connection: ConnectionStore;
  /** Goes on with another token of the same person: what is followed goes on where it was. */
  renew(token: string): void;
  /** Opens a new socket in place of one that may be dead, as after the machine slept. */
  wake(): void;
  dispose(): void;
}

/** `onRefused`: the server takes this token no more. */
export function createApi(first: string, onRefused: (token: string) => void): Api {
  forgetServerTime();
  let token = first;
  const connection = new ConnectionStore();
  const line = new LiveLine(first, connection, onRefused);
  const client = new Client({
    url: "/graphql",
    fetch: fetchWithClock,
    preferGetMethod: false,
    exchanges: [
      cacheExchange,
      // Below the cache: what it answers with was not asked with the token of now.
      mapExchange({
        onOperation: (operation) => withToken(operation, token),
        onError(error, operation) {
          // What was asked with an earlier token may be refused after the new one is there.
          if (error.graphQLErrors.some((one) => one.extensions?.code === "UNAUTHENTICATED") && tokenOf(operation) === token) onRefused(token);
        },
        // With an error a null says nothing, and without data the cache does not keep the answer.
        onResult: (result) => (result.error ? { ...result, data: undefined } : result),
      }),
      fetchExchange,
      subscriptionExchange({ forwardSubscription: forwardTo(line) }),
    ],
  });
  return {
    client,
    connection,
    renew(next) {
      token = next;
      line.renew(next);
    },
    wake: () => line.wake(),
    dispose: () => line.end(),
  };
}

function withToken(operation: Operation, token: string): Operation {
  const fetchOptions = { headers: { authorization: `Bearer ${token}` }, credentials: "omit" as const };
  return makeOperation(operation.kind, operation, { ...operation.context, fetchOptions });
}

function tokenOf({ context: { fetchOptions } }: Operation): string | undefined {
  const headers = typeof fetchOptions === "object" ? (fetchOptions.headers as Record<string, string> | undefined) : undefined;
  return headers?.authorization?.replace("Bearer ", "");
}

function forwardTo(line: LiveLine): SubscriptionForwarder {
  return (request) => ({
    subscribe(sink) {
      const payload = {
        query: request.query ?? "",
        variables: { ...request.variables } as Record<string, unknown>,
        operationName: request.operationName,
      };
      return {
        unsubscribe: line.follow(payload, {
          next: (result) => sink.next(result as Parameters<typeof sink.next>[0]),
          error: (fault) => sink.error(fault),
          complete: () => sink.complete(),
        }),
      };
    },
  });
}
