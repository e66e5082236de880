import { useCallback, useEffect, useMemo, useState, type ReactNode } from "react";
import { Provider } from "urql";
import { ApiContext, useWaking } from "../api/ApiContext";
import { createApi, type Api } from "../api/client";
import { SignInPage } from "../pages/signin/SignInPage";
import { SessionContext } from "./SessionContext";
import { endingOf, storedToken, storeToken, takeTokenFromAddress, type Ending } from "./token";
import { ViewerGate } from "./ViewerGate";

// Read once, before the first render: the address must not keep the token for a moment longer.
const fromAddress = takeTokenFromAddress();
if (fromAddress) storeToken(fromAddress);

/** Holds the token and the connection that goes with it; without a token, the sign-in page. */
export function Session({ children }: { children: ReactNode }) {
  const [token, setToken] = useState(() => fromAddress ?? storedToken());
  const [ending, setEnding] = useState<Ending | null>(null);

  const end = useCallback((why: Ending | null) => {
    storeToken(null);
    setEnding(why);
    setToken(null);
  }, []);
  const signIn = useCallback((next: string) => {
    storeToken(next);
    setEnding(null);
    setToken(next);
  }, []);

  const refuse = useCallback((refused: string) => end(endingOf(refused, Date.now())), [end]);
  const api = useApiWith(token, refuse);
  useWaking(api);
  useLinkedSignIn(signIn);

  const session = useMemo(() => ({ signOut: () => end(null) }), [end]);
  if (!token) return <SignInPage ending={ending} onToken={signIn} />;
  if (!api) return null;
  return (
    <SessionContext value={session}>
      <ApiContext value={api}>
        <Provider value={api.client} key={token}>
          <ViewerGate>{children}</ViewerGate>
        </Provider>
      </ApiContext>
    </SessionContext>
  );
}

/** The way to the server with a token, made and ended in step with it; null for the moment before it is made. */
function useApiWith(token: string | null, onRefused: (token: string) => void): Api | null {
  const [made, setMade] = useState<{ api: Api; token: string } | null>(null);
  useEffect(() => {
    if (!token) return undefined;
    const api = createApi(token, () => onRefused(token));
    setMade({ api, token });
    return () => api.dispose();
  }, [token, onRefused]);
  return made?.token === token ? (made?.api ?? null) : null;
}

/** A sign-in link opened in a tab that already shows the portal changes the fragment alone and reloads nothing. */
function useLinkedSignIn(signIn: (token: string) => void): void {
  useEffect(() => {
    const onHash = () => {
      const token = takeTokenFromAddress();
      if (token) signIn(token);
    };
    window.addEventListener("hashchange", onHash);
    return () => window.removeEventListener("hashchange", onHash);
  }, [signIn]);
}
