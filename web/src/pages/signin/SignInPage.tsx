import { useEffect } from "react";
import { Notice } from "../../parts/feedback/Notice";
import { Mark } from "../../parts/shell/Mark";
import type { Ending } from "../../session/token";
import { endings } from "./endings";
import css from "./SignInPage.module.css";
import { TokenForm } from "./TokenForm";

/** Signing in: by a link that carries a token, or by pasting one. */
export function SignInPage({ ending, onToken }: { ending: Ending | null; onToken: (token: string) => void }) {
  useEffect(() => {
    document.title = "Sign in · Spillway";
  }, []);
  return (
    <main className={css.page}>
      <div className={css.box}>
        <div className={css.brand}>
          <Mark size={40} />
          <h1>Spillway</h1>
          <p className="muted">What is left, what pays now, and when more comes back.</p>
        </div>
        {ending && <Notice tone="deny">{endings[ending]}</Notice>}
        <div className="card">
          <TokenForm onToken={onToken} />
        </div>
      </div>
    </main>
  );
}
