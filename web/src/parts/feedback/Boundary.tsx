import { Component, type ReactNode } from "react";
import type { Fault } from "../../api/fault";
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

const fault: Fault = {
  code: "BROKEN",
  message: "The page broke, or a part of it could not be loaded. Nothing was changed by that.",
  requestId: null,
  field: null,
};

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
    if (!this.state.broken) return this.props.children;
    return <FaultNotice fault={fault} what="Showing this page" onRetry={() => location.reload()} />;
  }
}
