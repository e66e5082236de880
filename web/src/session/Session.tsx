import { useCallback, useEffect, useMemo, useState, type ReactNode } from "react";
import { Provider } from "urql";
import { ApiContext, useWaking } from "../api/ApiContext";
import { createApi } from "../api/client";
import type { Ending } from "../api/socket";
import { SignInPage } from "../pages/signin/SignInPage";
import { SessionContext } from "./SessionContext";
import { readClaims, storedToken, storeToken, takeTokenFromAddress } from "./token";
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

  const api = useMemo(() => (token ? createApi(token, end) : null), [token, end]);
  useEffect(() => () => api?.dispose(), [api]);
  useWaking(api);
  useLinkedSignIn(signIn);

  const session = useMemo(
    () => ({ expiresAt: token ? (readClaims(token)?.expiresAt ?? null) : null, signOut: () => end(null) }),
    [token, end],
  );
  if (!api) return <SignInPage ending={ending} onToken={signIn} />;
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
