import type { ReactNode } from "react";
import { Icon, type IconName } from "../Icon";
import css from "./Feedback.module.css";

/** Nothing is here yet: what that means, and what to do about it. */
export function Empty({ icon = "drop", title, children }: { icon?: IconName; title: string; children?: ReactNode }) {
  return (
    <div className={css.empty}>
      <Icon name={icon} size={28} />
      <strong>{title}</strong>
      {children && <p>{children}</p>}
    </div>
  );
}
