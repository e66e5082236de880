import { Component, useEffect, useRef, type ReactNode } from "react";
import type { Fault } from "../../api/fault";
import { useInReach } from "../../api/online";
import { FaultNotice } from "./FaultNotice";

interface Props {
  /** The page that is shown: another one is tried anew, whatever broke before. */
  page: string;
  children: ReactNode;
}

interface State {
  page: string;
  broken: boolean;
}

/** Keeps what breaks in one page from taking the whole portal away. */
export class Boundary extends Component<Props, State> {
  override state: State = { page: this.props.page, broken: false };

  static getDerivedStateFromProps({ page }: Props, state: State): State | null {
    return page === state.page ? null : { page, broken: false };
  }

  static getDerivedStateFromError(): Partial<State> {
    return { broken: true };
  }

  override render(): ReactNode {
    return this.state.broken ? <Broken /> : this.props.children;
  }
}

const broke: Fault = {
  code: "BROKEN",
  message: "A part of it could not be loaded, or broke. Nothing was changed by that.",
  requestId: null,
  field: null,
};

const unreached: Fault = { code: "NETWORK", message: "A part of it could not be loaded.", requestId: null, field: null };

/** A page that broke while the server was out of reach is loaded again as soon as it is back: nothing was typed on it. */
function Broken() {
  const inReach = useInReach();
  const wasAway = useRef(!inReach);
  useEffect(() => {
    if (inReach && wasAway.current) location.reload();
    wasAway.current = !inReach;
  }, [inReach]);
  return <FaultNotice fault={inReach ? broke : unreached} what="Showing this page" onRetry={() => location.reload()} />;
}
