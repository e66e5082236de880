/**
 * The server's clock, as this page knows it. Countdowns end by the server's time, and a
 * reader's clock may be minutes off, so each answer that carries its own time corrects it.
 */
let offset = 0;
let certainty = Number.POSITIVE_INFINITY;

/**
 * An answer said it was `serverTime` somewhere between `sent` and `received` (milliseconds of the
 * reader's clock). The answer with the shortest way there and back is the most certain one; one that
 * tells its time in steps of `coarse` milliseconds is that much less certain.
 */
export function learnServerTime(serverTime: number, sent: number, received: number, coarse = 0): void {
  const way = received - sent;
  if (!Number.isFinite(serverTime) || way < 0 || way + coarse > certainty) return;
  certainty = way + coarse;
  offset = serverTime + coarse / 2 - (sent + received) / 2;
}

/** Asks over HTTP and learns the server's time from the answer's date, which is told in whole seconds. */
export async function fetchWithClock(...request: Parameters<typeof fetch>): Promise<Response> {
  const sent = Date.now();
  const answer = await fetch(...request);
  learnServerTime(Date.parse(answer.headers.get("date") ?? ""), sent, Date.now(), 1000);
  return answer;
}

/** The server's time now, in milliseconds since 1970. */
export function serverNow(): number {
  return Date.now() + offset;
}

/** Forgets what was learned; another sign-in may mean another server. */
export function forgetServerTime(): void {
  offset = 0;
  certainty = Number.POSITIVE_INFINITY;
}
