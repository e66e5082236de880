import { addDays, dayOf, startOfDay, type Zone } from "../../format/zone";

/** The calendar month of an instant in a zone: its name, its first instant and the first one after it. */
export function monthOf(at: number, zone: Zone): { name: string; from: string; to: string } {
  const first = `${dayOf(at, zone).slice(0, 7)}-01`;
  const next = `${addDays(first, 31).slice(0, 7)}-01`;
  return {
    name: new Intl.DateTimeFormat("en", { month: "long", timeZone: zone }).format(at),
    from: new Date(startOfDay(first, zone)).toISOString(),
    to: new Date(startOfDay(next, zone)).toISOString(),
  };
}
