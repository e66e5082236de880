import { withCredits } from "../../format/credits";
import type { ReactNode } from "react";
import { withUnit } from "../../format/quantity";
import { StatusPill } from "../decisions/StatusPill";
import { Countdown, Moment } from "../time/Times";
import { reasonWords } from "../words/words";
import { Chain } from "./Chain";
import { StepFlow } from "./StepFlow";
import type { Explained } from "./explained";
import css from "./Why.module.css";

/** A decision from what was asked, down the waterfall, to what it wrote into the books. */
export function Explanation({ decision }: { decision: Explained }) {
  const { feature } = decision;
  return (
    <div className={css.explanation}>
      <p className={css.sentence}>{decision.explanation}</p>
      <dl className={css.facts}>
        <Fact name="Result">
          <StatusPill status={decision.status} />
        </Fact>
        <Fact name="Because">{reasonWords[decision.reason]}</Fact>
        <Fact name="When">
          <Moment at={decision.createdAt} seconds />
        </Fact>
        <Fact name="User">
          <bdi>{decision.userId}</bdi>
        </Fact>
        <Fact name="Feature">
          <bdi>{feature.name}</bdi>
        </Fact>
        <Fact name="Plan">
          {decision.planKey} version {decision.planVersion}
        </Fact>
        {decision.settledQuantity !== null && <Fact name="Settled with">{withUnit(decision.settledQuantity, feature.unit)}</Fact>}
        {decision.unfunded > 0 && <Fact name="Forgiven">{withUnit(decision.unfunded, feature.unit)} that nothing could pay for</Fact>}
        {decision.refunded > 0 && (
          <Fact name="Refunded">
            {withUnit(decision.refunded, feature.unit)}, {withCredits(decision.refundedCredits)}
          </Fact>
        )}
        {decision.status === "HELD" && decision.holdExpiresAt && (
          <Fact name="Hold ends in">
            <Countdown to={decision.holdExpiresAt} />
          </Fact>
        )}
        {decision.retryAt && (
          <Fact name="Available again in">
            <Countdown to={decision.retryAt} done="now" />
          </Fact>
        )}
      </dl>
      <section>
        <h3>Down the waterfall</h3>
        <StepFlow
          asked={decision.requested}
          granted={decision.granted}
          charged={decision.charged}
          steps={decision.steps}
          unit={feature.unit}
          denied={decision.status === "DENIED"}
        />
      </section>
      {decision.settlementSteps.length > 0 && (
        <section>
          <h3>When it was settled</h3>
          <StepFlow
            asked={decision.settledQuantity ?? 0}
            granted={decision.settledQuantity ?? 0}
            charged={decision.charged}
            steps={decision.settlementSteps}
            unit={feature.unit}
            denied={false}
          />
        </section>
      )}
      <section>
        <h3>In the books</h3>
        <Chain decision={decision} />
      </section>
      <p className={css.ids}>
        Decision <span className="mono">{decision.id}</span>
        <br />
        Idempotency key <span className="mono">{decision.idempotencyKey}</span>
      </p>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
