import { Button } from "@mantine/core";
import { Link } from "react-router";
import { useData } from "../../api/useData";
import { PlansDocument } from "../../gql/graphql";
import { Empty } from "../../parts/feedback/Empty";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { PageSkeleton } from "../../parts/feedback/PageSkeleton";
import { Icon } from "../../parts/Icon";
import { PageTitle } from "../../parts/shell/PageTitle";
import { Moment } from "../../parts/time/Times";
import { newest } from "./newest";
import css from "./Plans.module.css";
import { Prices } from "./Prices";
import { Waterfalls } from "./Waterfalls";

/** Every plan in its newest version. */
export default function PlansPage() {
  const { data, fault, reload } = useData(PlansDocument, {});
  if (fault) return <FaultNotice fault={fault} what="Loading the plans" onRetry={reload} />;
  if (!data) return <PageSkeleton />;
  const plans = newest(data.plans);
  return (
    <>
      <PageTitle title="Plans" sub="Which sources pay for which feature, and in which order.">
        <Button component={Link} to="/plans/new" leftSection={<Icon name="plus" size={16} />}>
          New plan
        </Button>
      </PageTitle>
      {plans.length === 0 && (
        <section className="card">
          <Empty icon="plans" title="There are no plans yet">
            Accounts need a plan: make the first one with “New plan”.
          </Empty>
        </section>
      )}
      {plans.map((plan) => (
        <section key={plan.key} className={`card ${css.plan}`} aria-label={plan.name}>
          <header className="row between">
            <h2>
              <Link to={`/plans/${encodeURIComponent(plan.key)}`}>
                <bdi>{plan.name}</bdi>
              </Link>{" "}
              <span className="muted">
                <span className="mono">{plan.key}</span> · version {plan.version}, published <Moment at={plan.publishedAt} />
              </span>
            </h2>
            <Button
              component={Link}
              to={`/plans/${encodeURIComponent(plan.key)}/edit`}
              variant="default"
              size="xs"
              aria-label={`Edit ${plan.name}`}
            >
              Edit
            </Button>
          </header>
          <Waterfalls plan={plan} />
        </section>
      ))}
      <Prices />
    </>
  );
}
