import { Client as UrqlClient, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createSocketClient } from "graphql-ws";
import WebSocket from "ws";

/** Where a reader reads, and as whom. */
export interface Place {
  url: string;
  socketUrl: string;
  token: string;
  account: string;
}

/** A reader of an account's decisions: it calls `see` with each edge's cursor, and is ended by what it returns. */
export type Reader = (place: Place, see: (cursor: string) => void) => () => void;

const feed = `subscription ($account: ID!, $after: String) {
  decisions(accountId: $account, after: $after) { cursor node { id status } }
}`;

interface Edge {
  decisions: { cursor: string; node: { id: string; status: string } };
}

/**
 * What a client sends, again after each loss. Its `after` is the cursor of the last edge that arrived: that is all it
 * takes to go on where the reader stopped.
 */
function resuming({ account }: Place, see: (cursor: string) => void) {
  const payload = { query: feed, variables: { account, after: "" } };
  const next = ({ data }: { data?: Edge | null }) => {
    if (!data) return;
    payload.variables = { ...payload.variables, after: data.decisions.cursor };
    see(data.decisions.cursor);
  };
  return { payload, next };
}

/**
 * When graphql-ws is to connect again: always, but for a token that has ended or is not accepted. By itself it takes 4403
 * for something that may pass, and a connection that was lost before it stood for something that may not.
 */
export const goesOn = (event: unknown) => ![4401, 4403].includes((event as { code?: number }).code ?? 0);

const soon = () => new Promise<void>((done) => setTimeout(done, 20));
const fail = (fault: unknown) => {
  throw fault;
};

/** graphql-ws connects again by itself, and sends its payload as it is then. */
const overSocket: Reader = (place, see) => {
  const client = createSocketClient({
    url: `${place.socketUrl}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${place.token}` },
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: soon,
    shouldRetry: goesOn,
  });
  const { payload, next } = resuming(place, see);
  client.subscribe<Edge>(payload, { next, error: fail, complete: () => undefined });
  return () => void client.dispose();
};

/** So does graphql-sse. */
const overEvents: Reader = (place, see) => {
  const client = createSseClient({
    url: `${place.url}/graphql`,
    headers: { authorization: `Bearer ${place.token}` },
    retryAttempts: Number.POSITIVE_INFINITY,
    retry: soon,
  });
  const { payload, next } = resuming(place, see);
  client.subscribe<Edge>(payload, { next, error: fail, complete: () => undefined });
  return () => client.dispose();
};

/** urql over a websocket of graphql-ws, which resumes. */
const urqlOverSocket: Reader = (place, see) => {
  const socket = createSocketClient({
    url: `${place.socketUrl}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${place.token}` },
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: soon,
    shouldRetry: goesOn,
  });
  const { payload, next } = resuming(place, see);
  const client = new UrqlClient({
    url: `${place.url}/graphql`,
    preferGetMethod: false,
    exchanges: [
      subscriptionExchange({
        forwardSubscription: () => ({
          subscribe: (sink) => ({
            unsubscribe: socket.subscribe(payload, {
              next: (result) => {
                next(result as { data?: Edge });
                sink.next(result as Parameters<typeof sink.next>[0]);
              },
              error: (fault) => sink.error(fault),
              complete: () => sink.complete(),
            }),
          }),
        }),
      }),
    ],
  });
  const { unsubscribe } = client.subscription<Edge>(feed, payload.variables).subscribe(() => undefined);
  return () => {
    unsubscribe();
    void socket.dispose();
  };
};

/** urql by its own fetch, as server-sent events: it tells of a loss, and whoever uses it asks again. */
const urqlOverFetch: Reader = (place, see) => {
  const client = new UrqlClient({
    url: `${place.url}/graphql`,
    preferGetMethod: false,
    fetchSubscriptions: true,
    fetchOptions: { headers: { authorization: `Bearer ${place.token}` } },
    exchanges: [fetchExchange],
  });
  const { payload, next } = resuming(place, see);
  let ended = false;
  let stop = () => undefined as void;
  const follow = () => {
    if (ended) return;
    stop = client.subscription<Edge>(feed, payload.variables).subscribe((result) => {
      next(result);
      if (result.error?.graphQLErrors.length) fail(result.error);
      if (!result.hasNext) void soon().then(follow);
    }).unsubscribe;
  };
  follow();
  return () => {
    ended = true;
    stop();
  };
};

export const readers: Record<string, Reader> = {
  "graphql-ws": overSocket,
  "graphql-sse": overEvents,
  "urql over graphql-ws": urqlOverSocket,
  "urql over fetch": urqlOverFetch,
};
