import type { PlanFieldsFragment } from "../../gql/graphql";
import { diffPlans, type DiffLine } from "./planDiff";
import css from "./Plans.module.css";

const signs: Record<DiffLine["sign"], [sign: string, words: string]> = {
  same: [" ", ""],
  added: ["+", "added:"],
  removed: ["−", "removed:"],
};

/** What differs between two versions of a plan, or two plans. */
export function PlanDiff({ older, newer }: { older: PlanFieldsFragment; newer: PlanFieldsFragment }) {
  const diff = diffPlans(older, newer);
  if (!diff.some(({ changed }) => changed)) return <p className="muted">No changes.</p>;
  return (
    <div className={css.features}>
      {diff
        .filter(({ changed }) => changed)
        .map(({ feature, lines }) => (
          <div key={feature}>
            <h3>{feature}</h3>
            <ul className={css.diff}>
              {lines.map(({ sign, text }, place) => (
                <li key={place} data-sign={sign}>
                  <span aria-hidden="true">{signs[sign][0]}</span>
                  <span>
                    {signs[sign][1] && <span className="unseen">{signs[sign][1]} </span>}
                    {text}
                  </span>
                </li>
              ))}
            </ul>
          </div>
        ))}
    </div>
  );
}
