/** A request that cannot be made, as an error with the remedy that fits. */
import type { RequestFault } from "../request/request.ts";
import { ClientError } from "../ui/tui.ts";
import { accessRemedy } from "./access.ts";

/** The error that tells the fault. */
export function requestError({ message, hint, access }: RequestFault): ClientError {
  return new ClientError(message, access === undefined ? hint : accessRemedy(access));
}
