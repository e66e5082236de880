import type { WhyQuery } from "../../gql/graphql";

/** A decision with all that explains it. */
export type Explained = NonNullable<WhyQuery["decision"]>;
