import { Button, NativeSelect, TextInput } from "@mantine/core";
import type { BucketScope, CalendarPeriod } from "../../gql/graphql";
import { Icon } from "../../parts/Icon";
import { kindIcons, kindWords } from "../../parts/words/words";
import { newWindow, type DraftBucket } from "./draft";
import css from "./Editor.module.css";
import type { Sorting } from "./useSorting";
import { WindowsForm } from "./WindowsForm";

interface Props {
  bucket: DraftBucket;
  place: number;
  count: number;
  sorting: Sorting;
  onChange: (bucket: DraftBucket) => void;
  onRemove: () => void;
}

/** One bucket: its place, and what its kind lets one set. */
export function BucketForm({ bucket, place, count, sorting, onChange, onRemove }: Props) {
  const name = `${kindWords[bucket.kind]} ${bucket.key}`;
  const drawsOnGrants = bucket.kind !== "RATE_LIMIT" && bucket.kind !== "FREE_TIER";
  return (
    <li className={css.bucket} data-id={bucket.id} data-dragged={sorting.dragged === bucket.id || undefined}>
      <div className={css.order}>
        <span className={css.grip} onPointerDown={(event) => sorting.grab(event, bucket.id)} title="Drag to another place" data-grip>
          <Icon name="grip" />
        </span>
        <button
          type="button"
          data-step="-1"
          disabled={place === 0}
          onClick={() => sorting.step(bucket.id, -1)}
          aria-label={`Move ${name} up`}
        >
          <Icon name="up" size={16} />
        </button>
        <button
          type="button"
          data-step="1"
          disabled={place === count - 1}
          onClick={() => sorting.step(bucket.id, 1)}
          aria-label={`Move ${name} down`}
        >
          <Icon name="down" size={16} />
        </button>
      </div>
      <div className={css.body}>
        <div className={css.kind}>
          <Icon name={kindIcons[bucket.kind]} size={18} />
          <strong>{kindWords[bucket.kind]}</strong>
          <button type="button" className={css.remove} onClick={onRemove} aria-label={`Remove ${name}`}>
            <Icon name="trash" size={17} />
          </button>
        </div>
        <div className={css.fields}>
          <TextInput
            label="Key"
            value={bucket.key}
            onChange={(event) => onChange({ ...bucket, key: event.currentTarget.value.trim() })}
            autoComplete="off"
          />
          {!drawsOnGrants && (
            <NativeSelect
              label="Counts"
              value={bucket.scope}
              onChange={(event) => onChange({ ...bucket, scope: event.currentTarget.value as BucketScope })}
              data={[
                { value: "USER", label: "each user" },
                { value: "ACCOUNT", label: "the whole account" },
              ]}
            />
          )}
          {bucket.kind === "FREE_TIER" && (
            <>
              <TextInput
                label="Quota"
                inputMode="numeric"
                value={bucket.quota}
                onChange={(event) => onChange({ ...bucket, quota: event.currentTarget.value })}
                autoComplete="off"
              />
              <NativeSelect
                label="Each"
                value={bucket.period}
                onChange={(event) => onChange({ ...bucket, period: event.currentTarget.value as CalendarPeriod })}
                data={[
                  { value: "DAY", label: "day" },
                  { value: "WEEK", label: "week" },
                  { value: "MONTH", label: "month" },
                ]}
              />
            </>
          )}
          {drawsOnGrants && <p className={css.draws}>Draws on the account’s grants of this kind.</p>}
        </div>
        {bucket.kind === "RATE_LIMIT" && (
          <>
            <WindowsForm name={name} windows={bucket.windows} onChange={(windows) => onChange({ ...bucket, windows })} least={1} />
            <Button
              variant="subtle"
              size="compact-sm"
              style={{ justifySelf: "start" }}
              leftSection={<Icon name="plus" size={14} />}
              onClick={() => onChange({ ...bucket, windows: [...bucket.windows, newWindow()] })}
            >
              Add a window
            </Button>
          </>
        )}
      </div>
    </li>
  );
}
