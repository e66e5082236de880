import { withCredits } from "../../format/credits";
import { formatQuantity, withUnit } from "../../format/quantity";
import type { StepFieldsFragment } from "../../gql/graphql";
import { Icon } from "../Icon";
import { deniedStepWords, kindIcons, kindWords, stepWords } from "../words/words";
import { fallsThrough } from "./fallsThrough";
import css from "./Why.module.css";

interface Props {
  asked: number;
  granted: number;
  charged: string;
  steps: StepFieldsFragment[];
  unit: string;
  denied: boolean;
}

/** A request on its way down: at each bucket what it could give, what was taken, and what fell through to the next. */
export function StepFlow({ asked, granted, charged, steps, unit, denied }: Props) {
  const through = fallsThrough(asked, steps);
  return (
    <ol className={css.flow}>
      <li className={css.source}>
        <strong>{withUnit(asked, unit)}</strong> asked for
      </li>
      {steps.map((step, place) => (
        <li
          key={step.position}
          className={css.step}
          data-taken={step.taken > 0 || undefined}
          data-kind={step.kind}
          style={{ "--share": asked > 0 ? Math.min(1, step.taken / asked) : 0 }}
        >
          <div className={css.stepHead}>
            <Icon name={kindIcons[step.kind]} size={17} />
            <strong>{kindWords[step.kind]}</strong>
            <span className="mono muted">{step.bucketKey}</span>
            <span className={css.taken}>{step.taken > 0 ? `${formatQuantity(step.taken)} taken` : "0"}</span>
          </div>
          <div className={css.bar} aria-hidden="true">
            <span />
          </div>
          <p>
            {(denied ? deniedStepWords : stepWords)[step.reason]}.{" "}
            <span className="muted">
              It had {formatQuantity(step.available)}
              {!denied && through[place]! > 0 && `; ${formatQuantity(through[place]!)} fell through`}.
            </span>
          </p>
        </li>
      ))}
      <li className={css.outcome} data-denied={denied || undefined}>
        <strong>{denied ? "Denied" : `${withUnit(granted, unit)} granted`}</strong>
        {!denied && `, ${withCredits(charged)} drawn`}
      </li>
    </ol>
  );
}
