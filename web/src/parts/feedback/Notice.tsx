import type { ReactNode } from "react";
import { Icon, type IconName } from "../Icon";
import css from "./Feedback.module.css";

type Tone = "plain" | "paid" | "deny";

const icons: Record<Tone, IconName> = { plain: "info", paid: "coin", deny: "alert" };

/** One calm sentence that matters now. Announced to screen readers without interrupting them. */
export function Notice({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <div className={css.notice} data-tone={tone} role="status">
      <Icon name={icons[tone]} />
      <div>{children}</div>
    </div>
  );
}
