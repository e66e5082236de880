import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import type { FeatureFieldsFragment } from "../../gql/graphql";
import { Empty } from "../../parts/feedback/Empty";
import { Icon } from "../../parts/Icon";
import type { Draft, DraftFeature } from "./draft";
import { FeatureForm } from "./FeatureForm";
import css from "./Editor.module.css";

interface Props {
  draft: Draft;
  onChange: (draft: Draft) => void;
  features: FeatureFieldsFragment[];
  isNew: boolean;
}

/** The plan's name, and a form for each of its features. */
export function PlanForm({ draft, onChange, features, isNew }: Props) {
  const unused = features.filter(({ key }) => !draft.features.some(({ feature }) => feature === key));
  const setFeature = (place: number, feature: DraftFeature) => onChange({ ...draft, features: draft.features.with(place, feature) });
  return (
    <>
      <section className={`card ${css.names}`} aria-label="Name">
        <TextInput
          label="Name"
          value={draft.name}
          onChange={(event) => onChange({ ...draft, name: event.currentTarget.value })}
          required
          autoComplete="off"
        />
        <TextInput
          label="Key"
          description={isNew ? "It never changes." : undefined}
          value={draft.key}
          onChange={(event) => onChange({ ...draft, key: event.currentTarget.value.trim() })}
          disabled={!isNew}
          required
          autoComplete="off"
        />
      </section>
      {draft.features.length === 0 && (
        <section className="card">
          <Empty icon="plans" title="No feature yet">
            {features.length > 0
              ? "Add the first one below: whatever is not in the plan is denied."
              : "No features exist yet. They are made through the API (upsertFeature)."}
          </Empty>
        </section>
      )}
      {draft.features.map((feature, place) => (
        <FeatureForm
          key={feature.feature}
          value={feature}
          feature={features.find(({ key }) => key === feature.feature)}
          onChange={(next) => setFeature(place, next)}
          onRemove={() => onChange({ ...draft, features: draft.features.toSpliced(place, 1) })}
        />
      ))}
      {unused.length > 0 && (
        <AddFeature
          features={unused}
          onAdd={(feature) => onChange({ ...draft, features: [...draft.features, { feature, waterfall: [], ceilings: [] }] })}
        />
      )}
    </>
  );
}

function AddFeature({ features, onAdd }: { features: FeatureFieldsFragment[]; onAdd: (feature: string) => void }) {
  const [chosen, setChosen] = useState("");
  const feature = features.some(({ key }) => key === chosen) ? chosen : features[0]!.key;
  return (
    <div className="row end">
      <NativeSelect
        label="Another feature"
        value={feature}
        onChange={(event) => setChosen(event.currentTarget.value)}
        data={features.map(({ key, name }) => ({ value: key, label: name }))}
      />
      <Button variant="default" leftSection={<Icon name="plus" size={16} />} onClick={() => onAdd(feature)}>
        Add the feature
      </Button>
    </div>
  );
}
