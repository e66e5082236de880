import { Button, Textarea } from "@mantine/core";
import { useEffect, useState, type FormEvent } from "react";
import { Notice } from "../../parts/feedback/Notice";
import { Mark } from "../../parts/shell/Mark";
import { tokenIn, type Ending } from "../../session/token";
import css from "./SignInPage.module.css";

const endings: Record<Ending, string> = {
  expired: "Your sign-in has run out. Sign in again to continue where you were.",
  refused: "The server does not accept this token. Ask for a new one.",
};

/** Signing in: by a link that carries a token, or by pasting one. */
export function SignInPage({ ending, onToken }: { ending: Ending | null; onToken: (token: string) => void }) {
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState(false);
  useEffect(() => {
    document.title = "Sign in · Spillway";
  }, []);

  function submit(event: FormEvent) {
    event.preventDefault();
    const token = tokenIn(text);
    setWrong(!token);
    if (token) onToken(token);
  }

  return (
    <main className={css.page}>
      <div className={css.box}>
        <div className={css.brand}>
          <Mark size={40} />
          <h1>Spillway</h1>
          <p className="muted">What is left, what pays now, and when more comes back.</p>
        </div>
        {ending && <Notice tone="deny">{endings[ending]}</Notice>}
        <form className="card stack" onSubmit={submit}>
          <Textarea
            label="Access token or sign-in link"
            description="From your administrator, or from the lines that spillway dev prints. It stays in this tab."
            placeholder="eyJ…"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && !event.shiftKey) submit(event);
            }}
            error={wrong ? "This is not a token. It has three parts with dots between them." : undefined}
            rows={4}
            autoComplete="off"
            spellCheck={false}
            autoFocus
          />
          <Button type="submit" size="md" disabled={text.trim() === ""}>
            Sign in
          </Button>
        </form>
      </div>
    </main>
  );
}
