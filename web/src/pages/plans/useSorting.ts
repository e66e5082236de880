import { useEffect, useRef, useState, type PointerEvent, type RefObject } from "react";
import { move } from "./draft";

export interface Sorting {
  list: RefObject<HTMLOListElement | null>;
  /** The id of the item that is being dragged. */
  dragged: string | null;
  /** For screen readers: what moved where. */
  said: string;
  /** Begins to drag an item; for its handle. */
  grab: (event: PointerEvent<HTMLElement>, id: string) => void;
  /** Moves an item one place; for the buttons. Focus stays with the item. */
  step: (id: string, by: -1 | 1) => void;
}

/** Puts a list in order by pointer (mouse, pen or finger) and by buttons. */
export function useSorting<T extends { id: string }>(items: T[], onOrder: (items: T[]) => void): Sorting {
  const list = useRef<HTMLOListElement>(null);
  const [dragged, setDragged] = useState<string | null>(null);
  const [said, setSaid] = useState("");
  const latest = useRef({ items, onOrder });
  latest.current = { items, onOrder };
  const focusAfter = useRef<{ id: string; by: -1 | 1 } | null>(null);

  function put(id: string, to: number) {
    const { items: now, onOrder: order } = latest.current;
    const from = now.findIndex((item) => item.id === id);
    if (from < 0 || to < 0 || to >= now.length || from === to) return;
    const next = move(now, from, to);
    latest.current.items = next;
    order(next);
    setSaid(`Now at place ${to + 1} of ${now.length}.`);
  }

  function grab(event: PointerEvent<HTMLElement>, id: string) {
    if (event.button !== 0) return;
    event.preventDefault();
    setDragged(id);
    const onMove = (moved: globalThis.PointerEvent) => put(id, placeAt(list.current, moved.clientY));
    const onEnd = () => {
      setDragged(null);
      window.removeEventListener("pointermove", onMove);
      window.removeEventListener("pointerup", onEnd);
      window.removeEventListener("pointercancel", onEnd);
    };
    window.addEventListener("pointermove", onMove);
    window.addEventListener("pointerup", onEnd);
    window.addEventListener("pointercancel", onEnd);
  }

  function step(id: string, by: -1 | 1) {
    focusAfter.current = { id, by };
    put(id, latest.current.items.findIndex((item) => item.id === id) + by);
  }

  // React moves the row's element, which takes the focus off its button; a button that reached the end hands it to its twin.
  useEffect(() => {
    const target = focusAfter.current;
    if (!target) return;
    focusAfter.current = null;
    const row = list.current?.querySelector(`[data-id="${target.id}"]`);
    const buttons = [...(row?.querySelectorAll<HTMLButtonElement>("button[data-step]") ?? [])];
    const same = buttons.find((button) => button.dataset.step === String(target.by));
    (same && !same.disabled ? same : buttons.find((button) => !button.disabled))?.focus();
  }, [items]);

  return { list, dragged, said, grab, step };
}

/** The place of the row in whose height a point lies; the first or last row's beyond them. */
function placeAt(list: HTMLElement | null, y: number): number {
  const rows = [...(list?.children ?? [])];
  const place = rows.findIndex((row) => y < row.getBoundingClientRect().bottom);
  return place < 0 ? rows.length - 1 : place;
}
