const shape = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

const sizes = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

export type DurationUnit = (typeof sizes)[number][0];

/** The whole seconds of an ISO 8601 duration of weeks, days, hours, minutes and seconds; null for any other text. */
export function durationSeconds(iso: string): number | null {
  const found = shape.exec(iso);
  if (!found || iso === "P" || iso.endsWith("T")) return null;
  const [, years, months, weeks, days, hours, minutes, seconds] = found.map((part) => Number(part ?? 0));
  if (years || months) return null;
  return ((weeks! * 7 + days!) * 24 + hours!) * 3600 + minutes! * 60 + seconds!;
}

/** The biggest unit that divides the duration: 18000 s is 5 hours, 90 s is 90 seconds. */
export function largestUnit(seconds: number): { value: number; unit: DurationUnit } {
  for (const [unit, size] of sizes) {
    if (seconds >= size && seconds % size === 0) return { value: seconds / size, unit };
  }
  return { value: seconds, unit: "second" };
}

/** ISO 8601 of a value in a unit, as the API takes it. */
export function toDuration(value: number, unit: DurationUnit): string {
  return unit === "day" ? `P${value}D` : `PT${value}${unit[0]!.toUpperCase()}`;
}

/** "5-hour", as in "the 5-hour limit". The text itself where it is no plain duration. */
export function durationAdjective(iso: string): string {
  const seconds = durationSeconds(iso);
  if (seconds === null) return iso;
  const { value, unit } = largestUnit(seconds);
  return `${value}-${unit}`;
}

/** "5 hours", as in "50 per 5 hours"; "hour" for one, as in "50 per hour". */
export function durationPer(iso: string): string {
  const seconds = durationSeconds(iso);
  if (seconds === null) return iso;
  const { value, unit } = largestUnit(seconds);
  return value === 1 ? unit : `${value} ${unit}s`;
}
