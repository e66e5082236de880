import { useEffect, useRef, useState } from "react";
import { useLocation } from "react-router";

const pauseMs = 350;

/**
 * The text of a field whose value is kept elsewhere, such as in the address: it counts once the typing
 * pauses, since each letter would cost a question to the server. Another value from there, as by the
 * back button, replaces the text.
 */
export function useTyped(value: string, onValue: (text: string) => void): [text: string, setText: (text: string) => void] {
  const { pathname } = useLocation();
  const [text, setText] = useState(value);
  const latest = useRef(onValue);
  latest.current = onValue;
  const sent = useRef(value);

  useEffect(() => {
    if (value === sent.current) return;
    sent.current = value;
    setText(value);
  }, [value]);

  useEffect(() => {
    const next = text.trim();
    if (next === value) return undefined;
    const timer = setTimeout(() => {
      // The reader may have gone on to another page that is still loading: this one must not call them back.
      if (window.location.pathname !== pathname) return;
      sent.current = next;
      latest.current(next);
    }, pauseMs);
    return () => clearTimeout(timer);
  }, [text, value, pathname]);

  return [text, setText];
}
