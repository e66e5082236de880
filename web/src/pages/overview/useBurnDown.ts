import { useMemo } from "react";
import { serverNow } from "../../api/clock";
import type { Fault } from "../../api/fault";
import { useData } from "../../api/useData";
import { useRefresh } from "../../api/useRefresh";
import { BurnDownDocument } from "../../gql/graphql";
import { useTurns } from "../../parts/time/ticker";
import { burnLine, forecastDays, runsOutRange, type BurnPoint, type Range } from "./forecast";

const day = 86_400_000;

export interface BurnDown {
  line: BurnPoint[] | null;
  /** When the credits may run out, to draw as a band; null: not in the time drawn. */
  range: Range | null;
  /** What was spent a day on average; null until it is known. */
  daily: string | null;
  /** When some of the use finds no credits any more; null when that is not in sight. */
  outAt: number | null;
  /** What the forecast rests on, in a sentence. */
  basis: string;
  fault: Fault | null;
  reload: () => void;
}

/** The credits of the last days, and where the server foresees them to go. */
export function useBurnDown(accountId: string, available: string): BurnDown {
  // Whole minutes, the present one included; the line's last point is the live balance. A page that stays open moves on each hour.
  const hour = useTurns(3_600_000);
  const now = useMemo(() => Math.ceil(serverNow() / 60_000) * 60_000, [hour]);
  const past = useMemo(() => [6, 5, 4, 3, 2, 1].map((ago) => now - ago * day), [now]);
  const [a, b, c, d, e, f] = past.map((at) => new Date(at).toISOString()) as [string, string, string, string, string, string];
  const { data, fault, reload } = useData(BurnDownDocument, { accountId, days: forecastDays, a, b, c, d, e, f });
  useRefresh(reload, available, 10_000);
  const account = data?.account;
  if (!account) return { line: null, range: null, daily: null, outAt: null, basis: "", fault, reload };
  const was = [account.a, account.b, account.c, account.d, account.e, account.f];
  const days = past.map((at, index) => ({ at, available: was[index]!.available }));
  const { forecast } = account;
  return {
    line: burnLine(days, available, forecast, now),
    range: runsOutRange(forecast, now),
    daily: forecast.perDay,
    outAt: forecast.runsOutAt ? Date.parse(forecast.runsOutAt) : null,
    basis: forecast.basis,
    fault: null,
    reload,
  };
}
