import { createContext, useContext } from "react";
import type { ViewerQuery } from "../gql/graphql";

export interface SessionValue {
  signOut: () => void;
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
