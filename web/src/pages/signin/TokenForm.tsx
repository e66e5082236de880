import { Button, Textarea } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { tokenIn } from "../../session/token";

/** Takes a token, or a sign-in link that carries one. */
export function TokenForm({ onToken }: { onToken: (token: string) => void }) {
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState(false);

  function submit(event: FormEvent) {
    event.preventDefault();
    const token = tokenIn(text);
    setWrong(!token);
    if (token) onToken(token);
  }

  return (
    <form className="stack" onSubmit={submit}>
      <Textarea
        label="Access token or sign-in link"
        description="From your administrator, or from the lines that spillway dev prints. It stays in this browser until you close the portal."
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
        data-autofocus
      />
      <Button type="submit" size="md" disabled={text.trim() === ""}>
        Sign in
      </Button>
    </form>
  );
}
