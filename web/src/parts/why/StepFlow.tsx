import { withCredits } from "../../format/credits";
import { formatQuantity, withUnit } from "../../format/quantity";
import type { StepFieldsFragment } from "../../gql/graphql";
import { Icon } from "../Icon";
import { deniedStepWords, kindIcons, sourceWords, stepWords } from "../words/words";
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
        <strong>{withUnit(asked, unit)}</strong> requested
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
            <strong>{sourceWords[step.kind]}</strong>
            <span className="mono muted">{step.bucketKey}</span>
            <span className={css.taken}>{step.taken > 0 ? `${formatQuantity(step.taken)} taken` : "–"}</span>
          </div>
          <div className={css.bar} aria-hidden="true">
            <span />
          </div>
          <p>{stepSentence(step, through[place]!, denied)}</p>
        </li>
      ))}
      <li className={css.outcome} data-denied={denied || undefined}>
        <strong>{denied ? "Denied" : `${withUnit(granted, unit)} granted`}</strong>
        {!denied && `, ${withCredits(charged)} drawn`}
      </li>
    </ol>
  );
}

/** What a source gave and what was left to the next: "Paid for the remaining 8 (175 were available)". */
function stepSentence({ reason, taken, available }: StepFieldsFragment, left: number, denied: boolean): string {
  const had = `${formatQuantity(available)} ${available === 1 ? "was" : "were"} available`;
  if (denied) return available > 0 ? `${deniedStepWords[reason]} (${had}).` : `${deniedStepWords[reason]}.`;
  const passed = left > 0 ? ` – ${taken > 0 ? `the other ${formatQuantity(left)}` : `all ${formatQuantity(left)}`} passed on` : "";
  if (taken > 0 && left === 0) return `Paid for the remaining ${formatQuantity(taken)} (${had}).`;
  if (taken > 0) return `Paid for ${formatQuantity(taken)} (${had})${passed}.`;
  return `${stepWords[reason]}${available > 0 ? ` (${had})` : ""}${passed}.`;
}
