import { Button, NativeSelect } from "@mantine/core";
import { Link, useParams, useSearchParams } from "react-router";
import { useData } from "../../api/useData";
import { PlanVersionDocument, type PlanFieldsFragment } from "../../gql/graphql";
import { Empty } from "../../parts/feedback/Empty";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { PageSkeleton, RowsSkeleton } from "../../parts/feedback/PageSkeleton";
import { PageTitle } from "../../parts/shell/PageTitle";
import { RelativeTime } from "../../parts/time/Times";
import { PlanDiff } from "./PlanDiff";
import css from "./Plans.module.css";
import { Waterfalls } from "./Waterfalls";

/** One plan: any of its versions, and what differs between two. */
export default function PlanPage() {
  const { key = "" } = useParams();
  const [params, setParams] = useSearchParams();
  const newest = useData(PlanVersionDocument, { key });
  const version = Number(params.get("version")) || null;
  const chosen = useData(PlanVersionDocument, { key, version }, version === null);
  if (newest.fault) return <FaultNotice fault={newest.fault} what="Loading the plan" onRetry={newest.reload} />;
  if (!newest.data) return <PageSkeleton />;
  const plan = version === null ? newest.data.plan : chosen.data?.plan;
  if (!newest.data.plan || plan === null) {
    return (
      <section className="card">
        <Empty icon="plans" title="There is no such plan">
          <Link to="/plans">See all plans</Link>
        </Empty>
      </section>
    );
  }
  if (!plan) return <PageSkeleton />;
  const versions = Array.from({ length: newest.data.plan.version }, (_, index) => newest.data!.plan!.version - index);

  return (
    <>
      <PageTitle
        title={plan.name}
        sub={
          <>
            <span className="mono">{plan.key}</span> · version {plan.version} of {versions.length}, published{" "}
            <RelativeTime at={plan.publishedAt} />
          </>
        }
      >
        <NativeSelect
          aria-label="Version"
          value={String(plan.version)}
          onChange={(event) => setParams({ version: event.currentTarget.value })}
          data={versions.map((number) => ({ value: String(number), label: `Version ${number}` }))}
        />
        <Button component={Link} to={`/plans/${encodeURIComponent(plan.key)}/edit`}>
          Edit
        </Button>
      </PageTitle>
      <section className={`card ${css.plan}`} aria-label="Waterfalls">
        <h2>What pays</h2>
        <Waterfalls plan={plan} />
      </section>
      {versions.length > 1 && <Compare plan={plan} versions={versions} />}
    </>
  );
}

function Compare({ plan, versions }: { plan: PlanFieldsFragment; versions: number[] }) {
  const [params, setParams] = useSearchParams();
  const usual = plan.version > 1 ? plan.version - 1 : 2;
  const against = Number(params.get("against")) || usual;
  const { data, fault, reload } = useData(PlanVersionDocument, { key: plan.key, version: against });
  const other = data?.plan;
  return (
    <section className={`card ${css.plan}`} aria-label="Compare versions">
      <div className="row between">
        <h2>What differs</h2>
        <NativeSelect
          aria-label="Compare with"
          value={String(against)}
          onChange={(event) => {
            const value = event.currentTarget.value;
            setParams((before) => {
              const after = new URLSearchParams(before);
              after.set("against", value);
              return after;
            });
          }}
          data={versions
            .filter((number) => number !== plan.version)
            .map((number) => ({ value: String(number), label: `from version ${number} to version ${plan.version}` }))}
        />
      </div>
      {fault && <FaultNotice fault={fault} what="Loading the other version" onRetry={reload} />}
      {!other ? !fault && <RowsSkeleton rows={3} /> : <PlanDiff older={other} newer={plan} />}
    </section>
  );
}
