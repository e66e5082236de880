import { lazy, Suspense } from "react";
import { useWhy } from "../decisions/useWhy";
import { useFocusReturn } from "../useFocusReturn";
import type { Props } from "./WhyDrawer";

const WhyDrawer = lazy(() => import("./WhyDrawer"));

/** The "why?" drawer of a page that lists decisions; its code is loaded with the first question. */
export function WhyHere(props: Props) {
  const { decisionId } = useWhy();
  useFocusReturn(decisionId !== null);
  return (
    decisionId && (
      <Suspense>
        <WhyDrawer {...props} />
      </Suspense>
    )
  );
}
