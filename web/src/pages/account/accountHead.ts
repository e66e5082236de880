import type { AccountHeadQuery } from "../../gql/graphql";

/** The account of the page, as its parts and actions are shown it. */
export type AccountHead = NonNullable<AccountHeadQuery["account"]>;
