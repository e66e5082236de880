/** Where the lines of an axis stand: steps of 1, 2 or 5 times a power of ten, from at or below `low` to at or above `high`. */
export function niceTicks(low: number, high: number, { most = 5, whole = false }: { most?: number; whole?: boolean } = {}): number[] {
  const [bottom, top] = [Math.min(0, low), Math.max(0, high)];
  if (top === bottom) return [0, 1];
  const rough = (top - bottom) / (most - 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const fit = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough * (1 - 1e-9))!;
  const step = whole ? Math.max(1, fit) : fit;
  const first = Math.floor(bottom / step + 1e-9);
  const last = Math.ceil(top / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** Every so manieth of a row of things, so that at most `most` remain, the last one among them and all as far from each other. */
export function evenly<T>(all: T[], most: number): T[] {
  const step = Math.max(1, Math.ceil(all.length / most));
  return all.filter((_, place) => (all.length - 1 - place) % step === 0);
}
