const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

type Unit = "second" | "minute" | "hour" | "day";

function unit(value: number, name: Unit, locale?: string): string {
  return new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: name === "day" ? "long" : "short" }).format(value);
}

/**
 * What is left of a time, in two units at most: "42 sec", "4 min 12 sec", "3 hr 5 min", "2 days 4 hr".
 * Rounded up to the second, so that a countdown never says 0 before its moment.
 */
export function formatCountdown(milliseconds: number, locale?: string): string {
  const left = Math.max(0, Math.ceil(milliseconds / second)) * second;
  const steps: [Unit, number][] = [
    ["day", day],
    ["hour", hour],
    ["minute", minute],
    ["second", second],
  ];
  const first = steps.findIndex(([, size]) => left >= size);
  if (first < 0) return unit(0, "second", locale);
  const [bigName, bigSize] = steps[first]!;
  const big = Math.floor(left / bigSize);
  const next = steps[first + 1];
  const rest = next ? Math.floor((left % bigSize) / next[1]) : 0;
  return next && rest > 0 ? `${unit(big, bigName, locale)} ${unit(rest, next[0], locale)}` : unit(big, bigName, locale);
}

/** How long something took: "38 ms", "1.2 sec". */
export function formatElapsed(milliseconds: number, locale?: string): string {
  const short = milliseconds < second;
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: short ? "millisecond" : "second",
    unitDisplay: "short",
    maximumFractionDigits: short ? 0 : 1,
  }).format(short ? milliseconds : milliseconds / second);
}

/** "2 minutes ago", "in 3 hours", "now" within five seconds. */
export function formatRelative(at: number, now: number, locale?: string): string {
  const words = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const distance = at - now;
  const size = Math.abs(distance);
  if (size < 5 * second) return words.format(0, "second");
  if (size < minute) return words.format(Math.round(distance / second), "second");
  if (size < hour) return words.format(Math.round(distance / minute), "minute");
  if (size < day) return words.format(Math.round(distance / hour), "hour");
  if (size < 60 * day) return words.format(Math.round(distance / day), "day");
  return words.format(Math.round(distance / (30.44 * day)), "month");
}

/** The exact moment in the reader's zone and locale, with its seconds and zone. */
export function formatExact(at: number, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "long" }).format(at);
}

/** Day and month, for axes and ranges. */
export function formatDay(at: number, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" }).format(at);
}

export function formatDate(at: number, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(at);
}

/** The hour alone, for the axis of a day. */
export function formatHour(at: number, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { hour: "numeric" }).format(at);
}
