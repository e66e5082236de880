import { Button } from "@mantine/core";
import { CombinedError } from "@urql/core";
import { useState } from "react";
import { useClient, type AnyVariables, type TypedDocumentNode } from "urql";
import { toFault, type Fault } from "../../api/fault";
import { readAll } from "../../api/readAll";
import type { Connection } from "../../api/usePages";
import { download } from "../../format/csv";
import { formatQuantity } from "../../format/quantity";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { Icon } from "../../parts/Icon";

const mostRows = 10_000;
const pageSize = 200;

interface Props<T, V, N> {
  /** The name of the file. */
  file: string;
  query: TypedDocumentNode<T, V>;
  variables: Omit<V, "first" | "after">;
  pick: (data: T) => Connection<N> | null | undefined;
  toText: (rows: N[]) => string;
}

/** Reads a whole list, also what the page does not show yet, and hands it over as a file; says so where it is too long for one. */
export function SaveAll<T, V extends AnyVariables, N>({ file, query, variables, pick, toText }: Props<T, V, N>) {
  const client = useClient();
  const [saving, setSaving] = useState(false);
  const [fault, setFault] = useState<Fault | null>(null);
  const [cut, setCut] = useState(false);

  async function read(after: string | null): Promise<Connection<N>> {
    const asked = { ...variables, first: pageSize, after } as unknown as V;
    const { data, error } = await client.query(query, asked, { requestPolicy: "network-only" }).toPromise();
    const page = data && pick(data);
    if (!page) throw error ?? new CombinedError({ graphQLErrors: ["There is no such account."] });
    return page;
  }

  async function save() {
    setSaving(true);
    setFault(null);
    setCut(false);
    try {
      const whole = await readAll(read, mostRows);
      download(file, toText(whole.rows));
      setCut(whole.cut);
    } catch (error) {
      if (!(error instanceof CombinedError)) throw error;
      setFault(toFault(error));
    } finally {
      setSaving(false);
    }
  }

  return (
    <div className="row">
      {fault && <FaultNotice fault={fault} what="Reading the list to its end" />}
      {cut && (
        <span className="muted" role="status">
          Only the newest {formatQuantity(mostRows)} are in the file.
        </span>
      )}
      <Button variant="default" leftSection={<Icon name="download" size={16} />} loading={saving} onClick={() => void save()}>
        Download CSV
      </Button>
    </div>
  );
}
