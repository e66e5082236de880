import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { Provider } from "urql";
import { ApiContext, useWaking } from "../api/ApiContext";
import { createApi, type Api } from "../api/client";
import { SignInPage } from "../pages/signin/SignInPage";
import { PageSkeleton } from "../parts/feedback/PageSkeleton";
import { SessionContext } from "./SessionContext";
import { openTabs, type Tabs } from "./tabs";
import { endingOf, isSamePerson, readClaims, storedToken, storeToken, takeTokenFromAddress, warnAt, type Ending } from "./token";
import { ViewerGate } from "./ViewerGate";

// Dialogs that most visits never need.
const SignInAgain = lazy(() => import("./SignInAgain"));
const SwapQuestion = lazy(() => import("./SwapQuestion"));

// Read once, before the first render: the address must not keep the token for a moment longer.
const fromAddress = takeTokenFromAddress();

/** Holds the token and the connection that goes with it; without a token, the sign-in page. */
export function Session({ children }: { children: ReactNode }) {
  const [token, setToken] = useState<string | null>(storedToken);
  // Another tab's session is asked for before anything else is shown.
  const [looking, setLooking] = useState(token === null);
  const [ending, setEnding] = useState<Ending | null>(null);
  /** The page is shown, and its token is not taken any more. */
  const [over, setOver] = useState<Ending | null>(null);
  /** A sign-in link of somebody else, until the reader says whether they mean it. */
  const [linked, setLinked] = useState<string | null>(null);
  const [renewing, setRenewing] = useState(false);
  const latest = useRef(token);
  latest.current = token;

  const take = useCallback((next: string | null, why: Ending | null = null) => {
    storeToken(next);
    latest.current = next;
    setToken(next);
    setEnding(why);
    setOver(null);
    setLinked(null);
    setRenewing(false);
  }, []);

  const tabs = useTabs(latest, take);
  useEffect(() => tabs.current?.hold(over ? null : token), [tabs, token, over]);

  /** A token that the reader gave by hand: it counts at once. */
  const signIn = useCallback(
    (next: string) => {
      take(next);
      tabs.current?.renewed(next);
    },
    [take, tabs],
  );

  /** A token of a link: another person's must not take the place of a session that is there without a question. */
  const follow = useCallback(
    (next: string) => {
      if (latest.current === null || isSamePerson(latest.current, next)) signIn(next);
      else setLinked(next);
    },
    [signIn],
  );

  useEffect(() => {
    async function begin() {
      if (latest.current === null) {
        const shared = await tabs.current!.ask();
        if (shared !== null && latest.current === null) take(shared);
      }
      setLooking(false);
      if (fromAddress) follow(fromAddress);
    }
    void begin();
  }, [tabs, take, follow]);

  useEffect(() => {
    const onHash = () => {
      const next = takeTokenFromAddress();
      if (next) follow(next);
    };
    window.addEventListener("hashchange", onHash);
    return () => window.removeEventListener("hashchange", onHash);
  }, [follow]);

  const signOut = useCallback(() => {
    if (latest.current) tabs.current?.ended(latest.current);
    take(null);
  }, [take, tabs]);

  // Before the server ever took the token there is nothing to keep; afterwards the page stays, with what was typed on it.
  const known = useRef<string | null>(null);
  const refuse = useCallback(
    (refused: string) => {
      if (refused !== latest.current) return;
      const why = endingOf(refused, Date.now());
      if (known.current !== null && isSamePerson(known.current, refused)) setOver(why);
      else take(null, why);
    },
    [take],
  );
  const person = token === null ? null : (readClaims(token)?.person ?? token);
  const api = useApiWith(token, person, refuse);
  useWaking(api);

  const session = useMemo(() => {
    // Once the token is taken no more, the question for another one is there: nothing warns of an end to come.
    const claims = token === null || over ? null : readClaims(token);
    return {
      signOut,
      signInAgain: () => setRenewing(true),
      endsAt: claims?.expiresAt ?? null,
      warnAt: claims && warnAt(claims),
      onKnown: () => void (known.current = latest.current),
    };
  }, [signOut, token, over]);

  const question = linked !== null && token !== null && (
    <Suspense>
      <SwapQuestion from={token} to={linked} onStay={() => setLinked(null)} onSwap={() => signIn(linked)} />
    </Suspense>
  );
  if (token === null) return looking ? <PageSkeleton /> : <SignInPage ending={ending} onToken={signIn} />;
  if (!api) return question || null;
  return (
    <SessionContext value={session}>
      <ApiContext value={api}>
        <Provider value={api.client} key={person}>
          <ViewerGate>{children}</ViewerGate>
        </Provider>
      </ApiContext>
      {question}
      {(over || renewing) && (
        <Suspense>
          <SignInAgain token={token} ending={over} onToken={signIn} onSignOut={signOut} onClose={over ? undefined : () => setRenewing(false)} />
        </Suspense>
      )}
    </SessionContext>
  );
}

/** The other tabs, as long as this one lives: their newer token of the same person is taken here too, and their end ends this one. */
function useTabs(latest: React.RefObject<string | null>, take: (next: string | null) => void): React.RefObject<Tabs | null> {
  const tabs = useRef<Tabs | null>(null);
  useEffect(() => {
    const opened = openTabs({
      onRenewed: (next) => latest.current !== null && isSamePerson(latest.current, next) && take(next),
      onEnded: (token) => latest.current === token && take(null),
    });
    tabs.current = opened;
    return () => opened.close();
  }, [latest, take]);
  return tabs;
}

/** The way to the server, made and ended in step with the person; a newer token of the same person goes on with it. */
function useApiWith(token: string | null, person: string | null, onRefused: (token: string) => void): Api | null {
  const [made, setMade] = useState<{ api: Api; person: string } | null>(null);
  const first = useRef(token);
  first.current = token;
  const using = useRef<string | null>(null);
  useEffect(() => {
    if (person === null || first.current === null) return undefined;
    using.current = first.current;
    const api = createApi(first.current, onRefused);
    setMade({ api, person });
    return () => api.dispose();
  }, [person, onRefused]);
  const api = made && made.person === person ? made.api : null;
  useEffect(() => {
    if (!api || token === null || using.current === token) return;
    using.current = token;
    api.renew(token);
  }, [api, token]);
  return api;
}
