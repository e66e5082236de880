import type { PlanFieldsFragment } from "../../gql/graphql";
import { featureLines } from "./planText";

export interface DiffLine {
  sign: "same" | "added" | "removed";
  text: string;
}

export interface FeatureDiff {
  feature: string;
  lines: DiffLine[];
  changed: boolean;
}

/** What differs between two versions, feature by feature, in the order of the newer one. */
export function diffPlans(older: PlanFieldsFragment, newer: PlanFieldsFragment): FeatureDiff[] {
  const lines = (plan: PlanFieldsFragment, key: string) => {
    const found = plan.features.find(({ feature }) => feature.key === key);
    return found ? featureLines(found) : [];
  };
  const keys = new Map([...newer.features, ...older.features].map(({ feature }) => [feature.key, feature.name]));
  return [...keys].map(([key, feature]) => {
    const diff = diffLines(lines(older, key), lines(newer, key));
    return { feature, lines: diff, changed: diff.some(({ sign }) => sign !== "same") };
  });
}

/** How many things differ: a line that another one took the place of is one, and so is another name. */
export function countChanges(older: PlanFieldsFragment, newer: PlanFieldsFragment): number {
  const lines = diffPlans(older, newer).map(({ lines }) => {
    const of = (wanted: DiffLine["sign"]) => lines.filter(({ sign }) => sign === wanted).length;
    return Math.max(of("added"), of("removed"));
  });
  return lines.reduce((sum, count) => sum + count, older.name === newer.name ? 0 : 1);
}

/** The shortest edit from one list of lines to another, by their longest common subsequence. */
export function diffLines(before: string[], after: string[]): DiffLine[] {
  const width = after.length + 1;
  const common = new Array<number>((before.length + 1) * width).fill(0);
  const at = (row: number, column: number) => common[row * width + column]!;
  for (let row = before.length - 1; row >= 0; row -= 1) {
    for (let column = after.length - 1; column >= 0; column -= 1) {
      common[row * width + column] =
        before[row] === after[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const diff: DiffLine[] = [];
  let row = 0;
  let column = 0;
  while (row < before.length || column < after.length) {
    if (row < before.length && column < after.length && before[row] === after[column]) {
      diff.push({ sign: "same", text: before[row]! });
      row += 1;
      column += 1;
    } else if (row < before.length && (column === after.length || at(row + 1, column) >= at(row, column + 1))) {
      diff.push({ sign: "removed", text: before[row++]! });
    } else {
      diff.push({ sign: "added", text: after[column++]! });
    }
  }
  return diff;
}
