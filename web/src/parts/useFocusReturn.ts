import { useEffect } from "react";

/**
 * Gives the focus back to where it was when `open` began, once it ends. Mantine does so only for
 * dialogs that are there before they open; ours come with their opening.
 */
export function useFocusReturn(open: boolean): void {
  useEffect(() => {
    if (!open) return undefined;
    const opener = document.activeElement;
    return () => {
      if (opener instanceof HTMLElement) opener.focus({ preventScroll: true });
    };
  }, [open]);
}
