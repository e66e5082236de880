import { useState, type DOMAttributes } from "react";

/** Whether the pointer is over an element, or the focus within it: what one is about to press must not move away. */
export function useHeld(): [held: boolean, watch: DOMAttributes<HTMLElement>] {
  const [hovered, setHovered] = useState(false);
  const [focused, setFocused] = useState(false);
  return [
    hovered || focused,
    {
      // Pointers, not the mouse alone: a finger holds from its touch to its release.
      onPointerEnter: () => setHovered(true),
      onPointerMove: () => setHovered(true),
      onPointerLeave: () => setHovered(false),
      onPointerCancel: () => setHovered(false),
      onFocus: () => setFocused(true),
      onBlur: ({ currentTarget, relatedTarget }) => setFocused(currentTarget.contains(relatedTarget)),
    },
  ];
}
