import { NativeSelect, TextInput } from "@mantine/core";
import type { DurationUnit } from "../../format/duration";
import { Icon } from "../../parts/Icon";
import type { DraftWindow } from "./draft";
import css from "./Editor.module.css";

interface Props {
  /** Whose windows these are, for those who cannot see where they stand. */
  name: string;
  windows: DraftWindow[];
  onChange: (windows: DraftWindow[]) => void;
  /** How many must stay. */
  least?: number;
}

/** Limits over durations: "40 per 5 hours". */
export function WindowsForm({ name, windows, onChange, least = 0 }: Props) {
  return (
    <>
      {windows.map((window, place) => {
        const set = (change: Partial<DraftWindow>) => onChange(windows.with(place, { ...window, ...change }));
        return (
          <div key={window.id} className={css.window}>
            <TextInput
              aria-label={`${name}: limit`}
              placeholder="Limit"
              inputMode="numeric"
              value={window.limit}
              onChange={(event) => set({ limit: event.currentTarget.value })}
              autoComplete="off"
            />
            <span>per</span>
            <TextInput
              aria-label={`${name}: how many`}
              inputMode="numeric"
              value={window.length}
              onChange={(event) => set({ length: event.currentTarget.value })}
              autoComplete="off"
            />
            <NativeSelect
              aria-label={`${name}: unit of time`}
              value={window.unit}
              onChange={(event) => set({ unit: event.currentTarget.value as DurationUnit })}
              data={["second", "minute", "hour", "day"].map((unit) => ({ value: unit, label: `${unit}s` }))}
            />
            {windows.length > least && (
              <button
                type="button"
                className={css.remove}
                onClick={() => onChange(windows.toSpliced(place, 1))}
                aria-label={`${name}: remove this limit`}
              >
                <Icon name="trash" size={16} />
              </button>
            )}
          </div>
        );
      })}
    </>
  );
}
