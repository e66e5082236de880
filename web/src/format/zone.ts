/** An IANA time zone: "Europe/Berlin", "Asia/Kolkata", "UTC". */
export type Zone = string;

export const utc: Zone = "UTC";

/** What a clock on the wall shows; the month counts from 1. */
export interface WallTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

const second = 1_000;
const day = 86_400_000;

const clocks = new Map<Zone, Intl.DateTimeFormat>();

/** A Gregorian clock of a zone, in digits that Number reads, whatever the reader's region. */
function clockOf(zone: Zone): Intl.DateTimeFormat {
  let clock = clocks.get(zone);
  if (!clock) {
    clock = new Intl.DateTimeFormat("en-US-u-ca-gregory-nu-latn", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    clocks.set(zone, clock);
  }
  return clock;
}

/** What the clocks of a zone show at an instant. */
export function wallTime(at: number, zone: Zone): WallTime {
  const found: Record<string, number> = {};
  for (const { type, value } of clockOf(zone).formatToParts(at)) found[type] = Number(value);
  return found as unknown as WallTime;
}

/** How far a zone's clocks are ahead of UTC at an instant, in milliseconds. */
export function offsetAt(at: number, zone: Zone): number {
  const { year, month, day: date, hour, minute, second: seconds } = wallTime(at, zone);
  return Date.UTC(year, month - 1, date, hour, minute, seconds) - Math.floor(at / second) * second;
}

/** A calendar day as a date field writes it: "2030-01-31". */
export type Day = string;

/** The calendar day of an instant in a zone. */
export function dayOf(at: number, zone: Zone): Day {
  const { year, month, day: date } = wallTime(at, zone);
  return `${String(year).padStart(4, "0")}-${pad(month)}-${pad(date)}`;
}

/** A day that a date field or an address carries, or null: 2030-02-30 is none. */
export function parseDay(text: string | null): Day | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text ?? "")) return null;
  const midnight = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(text!) ? text : null;
}

/** So many calendar days later, or earlier. */
export function addDays(from: Day, days: number): Day {
  return new Date(Date.parse(`${from}T00:00:00Z`) + days * day).toISOString().slice(0, 10);
}

/**
 * The first instant of a calendar day in a zone. Where midnight does not exist that day, as on some days on
 * which clocks go forward, it is the instant of that change; where midnight comes twice, the first of the two.
 */
export function startOfDay(date: Day, zone: Zone): number {
  const midnight = Date.parse(`${date}T00:00:00Z`);
  const before = midnight - offsetAt(midnight - day, zone);
  const after = midnight - offsetAt(midnight + day, zone);
  for (const candidate of [Math.min(before, after), Math.max(before, after)]) {
    if (candidate + offsetAt(candidate, zone) === midnight) return candidate;
  }
  return firstAtOrAfter(date, zone, Math.min(before, after) - day, Math.max(before, after) + day);
}

/** The first whole second of [from, to] whose day is `date` or a later one. */
function firstAtOrAfter(date: Day, zone: Zone, from: number, to: number): number {
  let [low, high] = [Math.floor(from / second), Math.ceil(to / second)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (dayOf(middle * second, zone) >= date) high = middle;
    else low = middle;
  }
  return high * second;
}

/** "UTC+5:30", "UTC−3", "UTC". */
export function offsetName(at: number, zone: Zone): string {
  const minutes = Math.round(offsetAt(at, zone) / 60_000);
  if (minutes === 0) return "UTC";
  const size = Math.abs(minutes);
  const rest = size % 60;
  return `UTC${minutes > 0 ? "+" : "−"}${Math.floor(size / 60)}${rest ? `:${pad(rest)}` : ""}`;
}

/** A zone as a person knows it, with what it is ahead of UTC: "Asia/Kolkata (UTC+5:30)". */
export function zoneName(zone: Zone, at: number): string {
  return zone === utc ? "UTC" : `${zone.replaceAll("_", " ")} (${offsetName(at, zone)})`;
}

/** The reader's own zone, as the browser tells it. */
export function readersZone(): Zone {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone && isZone(zone) ? zone : utc;
}

/** Whether the browser knows a zone by that name. */
export function isZone(name: string): boolean {
  try {
    clockOf(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * An instant of the API as a file carries it: in a zone, with that zone's offset, and with each digit that
 * the API gave: "2030-01-31T17:30:00.123456+05:30".
 */
export function isoIn(zone: Zone, text: string): string {
  const at = Date.parse(text);
  if (Number.isNaN(at)) return text;
  const { year, hour, minute, second: seconds } = wallTime(at, zone);
  if (year < 1 || year > 9999) return text;
  const fraction = /\.\d+/.exec(text)?.[0] ?? "";
  const offset = Math.round(offsetAt(at, zone) / 60_000);
  const size = Math.abs(offset);
  const sign = offset < 0 ? "-" : "+";
  const ending = zone === utc ? "Z" : `${sign}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
  return `${dayOf(at, zone)}T${pad(hour)}:${pad(minute)}:${pad(seconds)}${fraction}${ending}`;
}

function pad(number: number): string {
  return String(number).padStart(2, "0");
}
