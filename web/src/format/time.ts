import { addDays, dayOf, type Zone } from "./zone";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

type Unit = "second" | "minute" | "hour" | "day";

/*
 * Words are English on every page, so the units of a length of time are too; the reader's region
 * decides on digits, dates and clocks alone.
 */
const words = "en";

function unit(value: number, name: Unit): string {
  return new Intl.NumberFormat(words, { style: "unit", unit: name, unitDisplay: name === "day" ? "long" : "short" }).format(value);
}

/**
 * What is left of a time, in two units at most: "42 sec", "4 min 12 sec", "3 hr 5 min", "2 days 4 hr".
 * Rounded up to the second, so that a countdown never says 0 before its moment.
 */
export function formatCountdown(milliseconds: number): string {
  const left = Math.max(0, Math.ceil(milliseconds / second)) * second;
  const steps: [Unit, number][] = [
    ["day", day],
    ["hour", hour],
    ["minute", minute],
    ["second", second],
  ];
  const first = steps.findIndex(([, size]) => left >= size);
  if (first < 0) return unit(0, "second");
  const [bigName, bigSize] = steps[first]!;
  const big = Math.floor(left / bigSize);
  const next = steps[first + 1];
  const rest = next ? Math.floor((left % bigSize) / next[1]) : 0;
  return next && rest > 0 ? `${unit(big, bigName)} ${unit(rest, next[0])}` : unit(big, bigName);
}

/** How long something took: "38 ms", "1.2 sec". */
export function formatElapsed(milliseconds: number, locale?: string): string {
  const short = milliseconds < second;
  const digits = new Intl.NumberFormat(locale, { maximumFractionDigits: short ? 0 : 1 });
  return short ? `${digits.format(milliseconds)} ms` : `${digits.format(milliseconds / second)} sec`;
}

/** "2 minutes ago", "in 3 hours", "now" within five seconds. */
export function formatRelative(at: number, now: number): string {
  const relative = new Intl.RelativeTimeFormat(words, { numeric: "auto" });
  const distance = at - now;
  const size = Math.abs(distance);
  if (size < 5 * second) return relative.format(0, "second");
  if (size < minute) return relative.format(Math.round(distance / second), "second");
  if (size < hour) return relative.format(Math.round(distance / minute), "minute");
  if (size < day) return relative.format(Math.round(distance / hour), "hour");
  if (size < 60 * day) return relative.format(Math.round(distance / day), "day");
  return relative.format(Math.round(distance / (30.44 * day)), "month");
}

/** The exact moment in a zone, with its seconds and the zone: "Nov 30, 2026, 4:02:11 PM GMT+1". */
export function formatExact(at: number, zone: Zone, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "long", timeZone: zone }).format(at);
}

/** The time of day: "4:02 PM", "16:02"; with seconds "16:02:11". */
export function formatClock(at: number, zone: Zone, { seconds = false, locale }: { seconds?: boolean; locale?: string } = {}): string {
  return new Intl.DateTimeFormat(locale, { timeStyle: seconds ? "medium" : "short", timeZone: zone }).format(at);
}

/**
 * A moment as one says it, always with its time of day: "16:02" today, "yesterday, 16:02", "tomorrow, 01:00",
 * "Mon 13:10" within the next days, else "Dec 12, 13:10", and with the year where that is another one.
 */
export function formatMoment(
  at: number,
  now: number,
  zone: Zone,
  { seconds = false, locale }: { seconds?: boolean; locale?: string } = {},
): string {
  const clock = formatClock(at, zone, { seconds, locale });
  const [then, today] = [dayOf(at, zone), dayOf(now, zone)];
  if (then === today) return clock;
  if (then === addDays(today, -1)) return `yesterday, ${clock}`;
  if (then === addDays(today, 1)) return `tomorrow, ${clock}`;
  if (then > today && then < addDays(today, 7)) {
    return `${new Intl.DateTimeFormat(words, { weekday: "short", timeZone: zone }).format(at)} ${clock}`;
  }
  return `${then.slice(0, 4) === today.slice(0, 4) ? formatDay(at, zone, locale) : formatDate(at, zone, locale)}, ${clock}`;
}

/** Day and month, for axes and ranges. */
export function formatDay(at: number, zone: Zone, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: zone }).format(at);
}

/** Day, month and year. */
export function formatDate(at: number, zone: Zone, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: zone }).format(at);
}

/** A day as the head of a group: "Today", "Yesterday", "Monday, Nov 30", and with the year where that is another one. */
export function formatDayHead(at: number, now: number, zone: Zone, locale?: string): string {
  const [then, today] = [dayOf(at, zone), dayOf(now, zone)];
  const day = then.slice(0, 4) === today.slice(0, 4) ? formatDay(at, zone, locale) : formatDate(at, zone, locale);
  if (then === today) return `Today, ${day}`;
  if (then === addDays(today, -1)) return `Yesterday, ${day}`;
  return `${new Intl.DateTimeFormat(words, { weekday: "long", timeZone: zone }).format(at)}, ${day}`;
}
