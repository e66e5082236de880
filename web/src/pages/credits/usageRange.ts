import { addDays, dayOf, startOfDay, wallTime, type Zone } from "../../format/zone";
import type { UsageInterval } from "../../gql/graphql";

export interface Range {
  name: string;
  interval: UsageInterval;
  /** From when, up to but not including when, at a moment in a zone. Whole intervals, but for the one that is under way. */
  span: (now: number, zone: Zone) => [from: number, to: number];
}

const hour = 3_600_000;
const minute = 60_000;

/** The beginning of the hour that the clocks of a zone show. */
export function startOfHour(at: number, zone: Zone): number {
  const { minute: minutes, second } = wallTime(at, zone);
  return Math.floor(at / 1000) * 1000 - minutes * minute - second * 1000;
}

function lastDays(days: number): Range["span"] {
  return (now, zone) => [startOfDay(addDays(dayOf(now, zone), 1 - days), zone), nextMinute(now)];
}

function firstOfMonth(now: number, zone: Zone, monthsAgo: number): number {
  const { year, month } = wallTime(now, zone);
  const first = new Date(Date.UTC(year, month - 1 - monthsAgo, 1)).toISOString().slice(0, 10);
  return startOfDay(first, zone);
}

/** What is asked for changes once a minute at most. */
function nextMinute(now: number): number {
  return (Math.floor(now / minute) + 1) * minute;
}

export const ranges: Record<string, Range> = {
  "1": { name: "24 hours", interval: "HOUR", span: (now, zone) => [startOfHour(now - 23 * hour, zone), nextMinute(now)] },
  "7": { name: "7 days", interval: "DAY", span: lastDays(7) },
  "30": { name: "30 days", interval: "DAY", span: lastDays(30) },
  month: { name: "This month", interval: "DAY", span: (now, zone) => [firstOfMonth(now, zone, 0), nextMinute(now)] },
  before: { name: "Last month", interval: "DAY", span: (now, zone) => [firstOfMonth(now, zone, 1), firstOfMonth(now, zone, 0)] },
  "90": { name: "90 days", interval: "DAY", span: lastDays(90) },
  year: { name: "12 months", interval: "MONTH", span: (now, zone) => [firstOfMonth(now, zone, 11), nextMinute(now)] },
};
