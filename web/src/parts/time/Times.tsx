/*
 * Both have aria-live off: many stand in notices that are read out when they change, and a clock that
 * moves on is no such change.
 */
import { formatCountdown, formatExact, formatRelative } from "../../format/time";
import { useNow, useSlowNow } from "./ticker";

/** "3 minutes ago", with the exact moment on hover. */
export function RelativeTime({ at }: { at: string }) {
  const moment = Date.parse(at);
  // The slow clock lies up to a quarter of a minute back; what just happened must not read "in 10 seconds".
  const now = Math.max(useSlowNow(), moment <= Date.now() + 2_000 ? moment : 0);
  return (
    <time dateTime={at} title={formatExact(moment)} aria-live="off">
      {formatRelative(moment, now)}
    </time>
  );
}

/** What is left until a moment, second by second; `done` once it is reached. */
export function Countdown({ to, done = "now" }: { to: string; done?: string }) {
  const moment = Date.parse(to);
  const left = moment - useNow();
  return (
    <time dateTime={to} title={formatExact(moment)} aria-live="off">
      {left > 0 ? formatCountdown(left) : done}
    </time>
  );
}
