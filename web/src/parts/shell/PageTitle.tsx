import { useEffect, type ReactNode } from "react";
import css from "./Shell.module.css";

/** A page's heading, and its name in the browser's tab. */
export function PageTitle({ title, sub, children }: { title: string; sub?: ReactNode; children?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Spillway`;
  }, [title]);
  return (
    <header className={css.title}>
      <div>
        <h1>
          <bdi>{title}</bdi>
        </h1>
        {sub && <p className="muted">{sub}</p>}
      </div>
      {children && <div className="row">{children}</div>}
    </header>
  );
}
