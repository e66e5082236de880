import { Button, TextInput } from "@mantine/core";
import { useEffect, useId, useState, type FormEvent } from "react";
import { useSearchParams } from "react-router";

/** Whose buckets to show: limits may count for each user alone. Offers those who asked lately. */
export function UserPicker({ users, userId }: { users: string[]; userId: string }) {
  const [, setParams] = useSearchParams();
  const [text, setText] = useState(userId);
  const list = useId();
  useEffect(() => setText(userId), [userId]);
  function choose(next: string) {
    setParams((before) => {
      const after = new URLSearchParams(before);
      after.set("as", next);
      return after;
    });
  }
  function submit(event: FormEvent) {
    event.preventDefault();
    if (text.trim()) choose(text.trim());
  }
  return (
    <form className="row end" onSubmit={submit} style={{ paddingTop: 18 }}>
      <TextInput
        label="As the user"
        list={list}
        value={text}
        onChange={(event) => {
          const next = event.currentTarget.value;
          setText(next);
          if (users.includes(next)) choose(next);
        }}
        autoComplete="off"
        spellCheck={false}
      />
      <datalist id={list}>
        {users.map((user) => (
          <option key={user} value={user} />
        ))}
      </datalist>
      {text.trim() !== userId && (
        <Button type="submit" variant="default">
          Show
        </Button>
      )}
    </form>
  );
}
