import { Skeleton } from "@mantine/core";
import { PageTitle } from "../../parts/shell/PageTitle";
import { Band } from "./Band";
import css from "./Overview.module.css";

/** The page before its figures are there: its names stand at once. */
export function OverviewSkeleton({ withTitle, month }: { withTitle: boolean; month: string }) {
  return (
    <>
      {withTitle && <PageTitle title="Overview" sub={<Skeleton component="span" display="inline-block" height={14} width={220} />} />}
      <div aria-busy="true" className="stack">
        <span className="unseen" role="status">
          Loading
        </span>
        <Band balance={null} spent={null} month={month} cap={null} runsOut={null} />
        <div className={css.features}>
          {[180, 140, 160].map((width) => (
            <div key={width} className={`card ${css.feature}`}>
              <div className={css.row}>
                <Skeleton height={16} width={width} />
                <Skeleton height={16} width="70%" />
              </div>
            </div>
          ))}
        </div>
      </div>
    </>
  );
}
