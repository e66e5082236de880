import { Button, NativeSelect } from "@mantine/core";
import { Link, useParams, useSearchParams } from "react-router";
import { useData } from "../../api/useData";
import { parseQuantity } from "../../format/quantity";
import { PlanVersionDocument, type PlanFieldsFragment } from "../../gql/graphql";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { NotThere } from "../../parts/feedback/NotThere";
import { PageSkeleton, RowsSkeleton } from "../../parts/feedback/PageSkeleton";
import { PageTitle } from "../../parts/shell/PageTitle";
import { Moment } from "../../parts/time/Times";
import { PlanDiff } from "./PlanDiff";
import css from "./Plans.module.css";
import { Waterfalls } from "./Waterfalls";

/** One plan: any of its versions, and what differs between two. */
export default function PlanPage() {
  const { key = "" } = useParams();
  const [params, setParams] = useSearchParams();
  const newest = useData(PlanVersionDocument, { key });
  const version = versionIn(params.get("version"));
  const chosen = useData(PlanVersionDocument, { key, version }, version === null);
  for (const { fault, reload } of version === null ? [newest] : [newest, chosen]) {
    if (fault) return <FaultNotice fault={fault} what="Loading the plan" onRetry={reload} />;
  }
  if (!newest.data) return <PageSkeleton />;
  const plan = version === null ? newest.data.plan : chosen.data?.plan;
  if (!newest.data.plan || plan === null) {
    return (
      <NotThere icon="plans" title="There is no such plan">
        <Link to="/plans">See all plans</Link>
      </NotThere>
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
            <Moment at={plan.publishedAt} />
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

/** The number of a version in an address; null where there is none that could be one. */
function versionIn(text: string | null): number | null {
  return text === null ? null : parseQuantity(text);
}

function Compare({ plan, versions }: { plan: PlanFieldsFragment; versions: number[] }) {
  const [params, setParams] = useSearchParams();
  const usual = plan.version > 1 ? plan.version - 1 : 2;
  const asked = versionIn(params.get("against"));
  const against = asked !== null && asked !== plan.version && versions.includes(asked) ? asked : usual;
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
