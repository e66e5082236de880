import { lazy, Suspense } from "react";
import { useWhy } from "../decisions/useWhy";
import type { Props } from "./WhyDrawer";

const WhyDrawer = lazy(() => import("./WhyDrawer"));

/** The "why?" drawer of a page that lists decisions; its code is loaded with the first question. */
export function WhyHere(props: Props) {
  const { decisionId } = useWhy();
  return (
    decisionId && (
      <Suspense>
        <WhyDrawer {...props} />
      </Suspense>
    )
  );
}
