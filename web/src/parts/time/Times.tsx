/*
 * All have aria-live off: many stand in notices that are read out when they change, and a clock that
 * moves on is no such change.
 */
import { serverNow } from "../../api/clock";
import { formatClock, formatCountdown, formatExact, formatMoment, formatRelative } from "../../format/time";
import { useNow, useSlowNow } from "./ticker";
import { useZone } from "./zone";

/** The slow clock lies up to a quarter of a minute back; what just happened must not read "in 10 seconds". */
function useSlowNowFor(moment: number): number {
  return Math.max(useSlowNow(), moment <= serverNow() + 2_000 ? moment : 0);
}

/** A moment with its time of day: "16:02", "yesterday, 16:02", "Mon 13:10"; how long ago, and the exact moment, on hover. */
export function Moment({ at, seconds = false }: { at: string; seconds?: boolean }) {
  const moment = Date.parse(at);
  const now = useSlowNowFor(moment);
  const zone = useZone();
  return (
    <time dateTime={at} title={`${formatRelative(moment, now)} · ${formatExact(moment, zone)}`} aria-live="off">
      {formatMoment(moment, now, zone, { seconds })}
    </time>
  );
}

/** The time of day alone, where the day stands above it; how long ago, and the exact moment, on hover. */
export function Clock({ at, seconds = false }: { at: string; seconds?: boolean }) {
  const moment = Date.parse(at);
  const now = useSlowNowFor(moment);
  const zone = useZone();
  return (
    <time dateTime={at} title={`${formatRelative(moment, now)} · ${formatExact(moment, zone)}`} aria-live="off">
      {formatClock(moment, zone, { seconds })}
    </time>
  );
}

/** What is left until a moment, second by second; `done` once it is reached. */
export function Countdown({ to, done = "now" }: { to: string; done?: string }) {
  const moment = Date.parse(to);
  const left = moment - useNow();
  const zone = useZone();
  return (
    <time dateTime={to} title={formatExact(moment, zone)} aria-live="off">
      {left > 0 ? formatCountdown(left) : done}
    </time>
  );
}
