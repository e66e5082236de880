import { Button, NativeSelect } from "@mantine/core";
import { useState } from "react";
import type { BucketKind, FeatureFieldsFragment } from "../../gql/graphql";
import { Icon } from "../../parts/Icon";
import { kinds, kindWords } from "../../parts/words/words";
import { BucketForm } from "./BucketForm";
import { newBucket, newWindow, type DraftBucket, type DraftFeature } from "./draft";
import css from "./Editor.module.css";
import { useSorting } from "./useSorting";
import { WindowsForm } from "./WindowsForm";

interface Props {
  value: DraftFeature;
  feature: FeatureFieldsFragment | undefined;
  onChange: (value: DraftFeature) => void;
  onRemove: () => void;
}

/** One feature's waterfall: its buckets in order, to be moved by drag or by buttons. */
export function FeatureForm({ value, feature, onChange, onRemove }: Props) {
  const name = feature?.name ?? value.feature;
  const setWaterfall = (waterfall: DraftBucket[]) => onChange({ ...value, waterfall });
  const sorting = useSorting(value.waterfall, setWaterfall);
  return (
    <section className={`card ${css.feature}`} aria-label={name}>
      <header className="row between">
        <h2>{name}</h2>
        <Button variant="subtle" size="compact-sm" onClick={onRemove} aria-label={`Remove ${name} from the plan`}>
          Remove
        </Button>
      </header>
      <ol className={css.buckets} ref={sorting.list}>
        {value.waterfall.map((bucket, place) => (
          <BucketForm
            key={bucket.id}
            bucket={bucket}
            place={place}
            count={value.waterfall.length}
            sorting={sorting}
            onChange={(next) => setWaterfall(value.waterfall.with(place, next))}
            onRemove={() => setWaterfall(value.waterfall.toSpliced(place, 1))}
          />
        ))}
      </ol>
      <p className="unseen" role="status">
        {sorting.said}
      </p>
      {value.waterfall.length === 0 && <p className="muted">No bucket yet: every request would be denied.</p>}
      <AddBucket
        waterfall={value.waterfall}
        onAdd={(kind) =>
          setWaterfall([
            ...value.waterfall,
            newBucket(
              kind,
              value.waterfall.map(({ key }) => key),
            ),
          ])
        }
      />
      <div>
        <h3>Ceilings</h3>
        <p className="muted">They deny whatever could pay, and count over all users of the account.</p>
        <WindowsForm name={`Ceiling of ${name}`} windows={value.ceilings} onChange={(ceilings) => onChange({ ...value, ceilings })} />
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<Icon name="plus" size={14} />}
          onClick={() => onChange({ ...value, ceilings: [...value.ceilings, newWindow("", "1", "day")] })}
        >
          Add a ceiling
        </Button>
      </div>
    </section>
  );
}

/** One of promotion, entitlement and credits is enough for a feature; limits and free tiers may be several. */
function AddBucket({ waterfall, onAdd }: { waterfall: DraftBucket[]; onAdd: (kind: BucketKind) => void }) {
  const [chosen, setChosen] = useState<BucketKind>("RATE_LIMIT");
  const offered = kinds.filter(
    (kind) => kind === "RATE_LIMIT" || kind === "FREE_TIER" || !waterfall.some((bucket) => bucket.kind === kind),
  );
  const kind = offered.includes(chosen) ? chosen : offered[0]!;
  return (
    <div className="row end">
      <NativeSelect
        label="Another bucket"
        value={kind}
        onChange={(event) => setChosen(event.currentTarget.value as BucketKind)}
        data={offered.map((value) => ({ value, label: kindWords[value] }))}
      />
      <Button variant="default" leftSection={<Icon name="plus" size={16} />} onClick={() => onAdd(kind)}>
        Add the bucket
      </Button>
    </div>
  );
}
