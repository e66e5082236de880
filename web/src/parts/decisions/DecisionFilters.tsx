import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useData } from "../../api/useData";
import { FeatureNamesDocument } from "../../gql/graphql";
import { useTyped } from "../useTyped";
import { kinds, kindWords, statuses, statusWords } from "../words/words";
import css from "./Decisions.module.css";
import { useFilter } from "./useFilter";

/** Which decisions to show; `withDays` also of which days. */
export function DecisionFilters({ withDays = false }: { withDays?: boolean }) {
  const { value, set, clear, isEmpty } = useFilter();
  const { data } = useData(FeatureNamesDocument, {});
  const features = data?.features.map(({ key, name }) => ({ value: key, label: name })) ?? [];
  return (
    <div className={css.filters} role="search" aria-label="Filter the decisions">
      <User value={value("user")} onValue={(text) => set("user", text)} />
      <NativeSelect
        label="Feature"
        data={[{ value: "", label: "Every feature" }, ...features]}
        value={value("feature")}
        onChange={(event) => set("feature", event.currentTarget.value)}
      />
      <NativeSelect
        label="Result"
        data={[{ value: "", label: "Every result" }, ...statuses.map((status) => ({ value: status, label: statusWords[status] }))]}
        value={value("status")}
        onChange={(event) => set("status", event.currentTarget.value)}
      />
      <NativeSelect
        label="Paid from"
        data={[{ value: "", label: "Every source" }, ...kinds.map((kind) => ({ value: kind, label: kindWords[kind] }))]}
        value={value("kind")}
        onChange={(event) => set("kind", event.currentTarget.value)}
      />
      {withDays && (
        <>
          <TextInput label="From" type="date" value={value("from")} onChange={(event) => set("from", event.currentTarget.value)} />
          <TextInput label="To" type="date" value={value("to")} onChange={(event) => set("to", event.currentTarget.value)} />
        </>
      )}
      {!isEmpty && (
        <Button variant="subtle" onClick={clear}>
          Clear
        </Button>
      )}
    </div>
  );
}

function User({ value, onValue }: { value: string; onValue: (text: string) => void }) {
  const [text, setText] = useTyped(value, onValue);
  return (
    <TextInput label="User" value={text} onChange={(event) => setText(event.currentTarget.value)} autoComplete="off" spellCheck={false} />
  );
}
