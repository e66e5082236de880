import type { BucketKind } from "../../gql/graphql";
import { Icon } from "../Icon";
import { kindIcons, kindWords } from "../words/words";
import css from "./Decisions.module.css";

/** The buckets that paid, in waterfall order. */
export function KindList({ steps }: { steps: { kind: BucketKind; taken: number }[] }) {
  const paying = [...new Set(steps.filter(({ taken }) => taken > 0).map(({ kind }) => kind))];
  if (paying.length === 0) return <span className="muted">nothing</span>;
  return (
    <span className={css.kinds}>
      {paying.map((kind) => (
        <span key={kind} data-kind={kind}>
          <Icon name={kindIcons[kind]} size={15} />
          {kindWords[kind]}
        </span>
      ))}
    </span>
  );
}
