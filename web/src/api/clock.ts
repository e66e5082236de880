/**
 * The server's clock, as this page knows it. Countdowns end by the server's time, and a
 * reader's clock may be minutes off, so each answer that carries its own time corrects it.
 */
let offset = 0;
let certainty = Number.POSITIVE_INFINITY;

/**
 * An answer said it was `serverTime` somewhere between `sent` and `received` (milliseconds of the
 * reader's clock). The answer with the shortest way there and back is the most certain one.
 */
export function learnServerTime(serverTime: number, sent: number, received: number): void {
  const way = received - sent;
  if (!Number.isFinite(serverTime) || way < 0 || way > certainty) return;
  certainty = way;
  offset = serverTime - (sent + received) / 2;
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
