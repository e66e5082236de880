import { cacheExchange, Client, fetchExchange, mapExchange, subscriptionExchange, type SubscriptionForwarder } from "@urql/core";
import type { Client as SocketClient, FormattedExecutionResult } from "graphql-ws";
import { forgetServerTime } from "./clock";
import { ConnectionStore } from "./connection";
import { openSocket, resumeAfter } from "./socket";

/** The one way to the server: HTTP for questions, a websocket for what is live, both with the same token. */
export interface Api {
  client: Client;
  connection: ConnectionStore;
  /** Opens a new socket in place of one that may be dead, as after the machine slept. */
  wake(): void;
  dispose(): void;
}

/** `onRefused`: the server takes the token no more. */
export function createApi(token: string, onRefused: () => void): Api {
  forgetServerTime();
  const connection = new ConnectionStore();
  const socket = openSocket(token, connection, onRefused);
  const client = new Client({
    url: "/graphql",
    preferGetMethod: false,
    fetchOptions: { headers: { authorization: `Bearer ${token}` }, credentials: "omit" },
    exchanges: [
      mapExchange({
        onError(error) {
          if (error.graphQLErrors.some((one) => one.extensions?.code === "UNAUTHENTICATED")) onRefused();
        },
      }),
      cacheExchange,
      fetchExchange,
      subscriptionExchange({ forwardSubscription: forwardTo(socket) }),
    ],
  });
  return { client, connection, wake: () => socket.terminate(), dispose: () => void socket.dispose() };
}

function forwardTo(socket: SocketClient): SubscriptionForwarder {
  return (request) => ({
    subscribe(sink) {
      const payload = {
        query: request.query ?? "",
        variables: { ...request.variables } as Record<string, unknown>,
        operationName: request.operationName,
      };
      const unsubscribe = socket.subscribe(payload, {
        next(result: FormattedExecutionResult) {
          resumeAfter(payload, result.data);
          sink.next(result as Parameters<typeof sink.next>[0]);
        },
        error: (fault) => sink.error(fault),
        complete: () => sink.complete(),
      });
      return { unsubscribe };
    },
  });
}
