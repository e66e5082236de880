import { useMemo } from "react";
import { serverNow } from "../../api/clock";
import type { Fault } from "../../api/fault";
import { useData } from "../../api/useData";
import { useRefresh } from "../../api/useRefresh";
import { BurnDownDocument } from "../../gql/graphql";
import { useTurns } from "../../parts/time/ticker";
import { burnLine, dailySpend, runsOutAt, type BurnPoint } from "./forecast";

const day = 86_400_000;

/** How many days of spending a forecast is made from. */
export const basisDays = 7;

export interface BurnDown {
  line: BurnPoint[] | null;
  /** What was spent a day on average; null until it is known. */
  daily: string | null;
  /** When nothing is left if spending goes on as it was; null when that is not in sight. */
  outAt: number | null;
  fault: Fault | null;
  reload: () => void;
}

/** The credits of the last days, and where they lead. */
export function useBurnDown(accountId: string, available: string): BurnDown {
  // Whole minutes, the present one included; the line's last point is the live balance. A page that stays open moves on each hour.
  const hour = useTurns(3_600_000);
  const now = useMemo(() => Math.ceil(serverNow() / 60_000) * 60_000, [hour]);
  const past = useMemo(() => [6, 5, 4, 3, 2, 1].map((ago) => now - ago * day), [now]);
  const [a, b, c, d, e, f] = past.map((at) => new Date(at).toISOString()) as [string, string, string, string, string, string];
  const times = { from: new Date(now - basisDays * day).toISOString(), to: new Date(now).toISOString() };
  const { data, fault, reload } = useData(BurnDownDocument, { accountId, ...times, a, b, c, d, e, f });
  useRefresh(reload, available, 10_000);
  const account = data?.account;
  if (!account) return { line: null, daily: null, outAt: null, fault, reload };
  const daily = dailySpend(account.usage, basisDays);
  const was = [account.a, account.b, account.c, account.d, account.e, account.f];
  const line = burnLine(
    past.map((at, index) => ({ at, available: was[index]!.available })),
    available,
    daily,
    now,
  );
  return { line, daily, outAt: runsOutAt(available, daily, now), fault: null, reload };
}
