import { useEffect, useRef, type RefObject } from "react";

/**
 * Asks again whenever `stamp` changes, at most once in `restMs`; the last change is never left out.
 * Tells when it last asked, in milliseconds of the reader's clock.
 */
export function useRefresh(reload: () => void, stamp: string, restMs = 1_500): RefObject<number> {
  const latest = useRef(reload);
  latest.current = reload;
  const askedAt = useRef(Date.now());
  const seen = useRef(stamp);
  useEffect(() => {
    if (seen.current === stamp) return undefined;
    const wait = Math.max(0, askedAt.current + restMs - Date.now());
    const timer = setTimeout(() => {
      seen.current = stamp;
      askedAt.current = Date.now();
      latest.current();
    }, wait);
    return () => clearTimeout(timer);
  }, [stamp, restMs]);
  return askedAt;
}
