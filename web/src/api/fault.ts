import type { CombinedError } from "@urql/core";

/** Why an operation failed, as a person and their support need it. */
export interface Fault {
  /** An ErrorCode of the API, or NETWORK where the server was not reached and so gave none. */
  code: string;
  message: string;
  requestId: string | null;
  /** The path of the input that is wrong, from the argument: "input.quantity". */
  field: string | null;
}

/** The first GraphQL error of an answer, or the network's. */
export function toFault(error: CombinedError): Fault {
  const [first] = error.graphQLErrors;
  if (!first) {
    return { code: "NETWORK", message: "The server could not be reached.", requestId: null, field: null };
  }
  const { code, requestId, field } = first.extensions ?? {};
  return {
    code: text(code) ?? "INTERNAL",
    message: first.message,
    requestId: text(requestId),
    field: text(field),
  };
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
