import type { ReactNode } from "react";
import type { IconName } from "../Icon";
import { PageTitle } from "../shell/PageTitle";
import { Empty } from "./Empty";

/** A whole page in place of what its address does not lead to. */
export function NotThere({ icon, title, children }: { icon?: IconName; title: string; children: ReactNode }) {
  return (
    <>
      <PageTitle title="Not here" />
      <section className="card">
        <Empty icon={icon} title={title}>
          {children}
        </Empty>
      </section>
    </>
  );
}
