import { createContext, useContext } from "react";
import type { ViewerQuery } from "../gql/graphql";

export interface SessionValue {
  signOut: () => void;
  /** Asks for a new token over the page that is there. */
  signInAgain: () => void;
  /** When the sign-in runs out, and when to warn of that, in milliseconds; null where it never does. */
  endsAt: number | null;
  warnAt: number | null;
  /** The server took the token: from now on a page is there that its end must not take away. */
  onKnown: () => void;
}

export type Viewer = ViewerQuery["viewer"];

export const SessionContext = createContext<SessionValue | null>(null);
export const ViewerContext = createContext<Viewer | null>(null);

export function useSession(): SessionValue {
  const session = useContext(SessionContext);
  if (!session) throw new Error("useSession is used outside a session");
  return session;
}

/** Whom the token names. */
export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext);
  if (!viewer) throw new Error("useViewer is used before the viewer is known");
  return viewer;
}

export function isAdmin(viewer: Viewer): boolean {
  return viewer.roles.includes("ADMIN");
}
