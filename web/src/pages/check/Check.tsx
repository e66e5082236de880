import { NativeSelect, Switch, TextInput } from "@mantine/core";
import { useDeferredValue, useState } from "react";
import { useSearchParams } from "react-router";
import { useData } from "../../api/useData";
import { readQuantity } from "../../format/typed";
import { CheckFeaturesDocument, type CheckFeaturesQuery } from "../../gql/graphql";
import { Empty } from "../../parts/feedback/Empty";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { RowsSkeleton } from "../../parts/feedback/PageSkeleton";
import css from "./Check.module.css";
import { CheckAnswer } from "./CheckAnswer";

type PlanFeature = NonNullable<CheckFeaturesQuery["account"]>["plan"]["features"][number];

/** A question to the server's preview, and its answer. */
export function Check({ accountId, userId }: { accountId: string; userId: string }) {
  const { data, fault, reload } = useData(CheckFeaturesDocument, { accountId });
  if (fault) return <FaultNotice fault={fault} what="Loading the features" onRetry={reload} />;
  if (!data) return <RowsSkeleton rows={4} />;
  const features = data.account?.plan.features ?? [];
  if (features.length === 0) {
    return (
      <section className="card">
        <Empty icon="check" title="The plan has no features to check" />
      </section>
    );
  }
  return <Question accountId={accountId} userId={userId} features={features} />;
}

function Question({ accountId, userId, features }: { accountId: string; userId: string; features: PlanFeature[] }) {
  const [params, setParams] = useSearchParams();
  const chosen = features.find(({ feature }) => feature.key === params.get("what")) ?? features[0]!;
  const [text, setText] = useState(params.get("n") ?? "1");
  const [partial, setPartial] = useState(false);
  const typed = readQuantity(text);
  const quantity = useDeferredValue("quantity" in typed ? typed.quantity : null);

  return (
    <>
      <form className={`card ${css.question}`} onSubmit={(event) => event.preventDefault()} aria-label="The question">
        <TextInput
          label="How many"
          inputMode="numeric"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          error={"problem" in typed ? typed.problem : undefined}
          size="md"
          autoComplete="off"
        />
        <NativeSelect
          label="Of what"
          size="md"
          value={chosen.feature.key}
          data={features.map(({ feature }) => ({ value: feature.key, label: feature.name }))}
          onChange={(event) => {
            const what = event.currentTarget.value;
            setParams((before) => new URLSearchParams([...[...before].filter(([name]) => name !== "what"), ["what", what]]), {
              replace: true,
            });
          }}
        />
        <Switch
          label="Accept a partial amount"
          checked={partial}
          onChange={(event) => setPartial(event.currentTarget.checked)}
          mb={10}
        />
      </form>
      {quantity !== null && (
        <CheckAnswer
          accountId={accountId}
          userId={userId}
          planFeature={chosen}
          quantity={quantity}
          allowPartial={partial}
          onTry={(most) => setText(String(most))}
        />
      )}
    </>
  );
}
