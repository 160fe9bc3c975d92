/**
 * Values of -A, -N and -H that cannot be read. As in C they are no mistake in a run that builds no packet, and conflicts
 * are told first. Loaded only when there is such a value.
 */
import { formatOrigin, type Problem } from "../../lib/settings/setting.ts";
import type { NatDestination } from "../options/nat_kind.ts";
import { withRemedy } from "../remedies/problems.ts";
import { rehearseRequest } from "../request/request.ts";
import { ClientError } from "../ui/tui.ts";
import { type Loaded, ProblemsError } from "./load.ts";

/** Stands for a target that cannot be read. */
const SOME_TARGET: NatDestination = { text: "", host: "192.0.2.1", port: null };

/** Throws {@link ProblemsError} with every value that cannot be read and every conflict that prevents a packet. */
export function refuseUnread(loaded: Loaded): void {
  const problems = problemsOf(loaded);
  if (problems.length > 0) throw new ProblemsError(problems);
}

/** The first of them as an error with its remedy; null when a packet can be built. */
export function unreadError(loaded: Loaded): ClientError | null {
  const [first] = problemsOf(loaded);
  if (first === undefined) return null;
  const { origin, message, hint } = withRemedy(first);
  const where = formatOrigin(origin);
  return new ClientError(where === "" ? message : `${where}: ${message}`, hint);
}

function problemsOf({ settings, unread }: Loaded): readonly Problem[] {
  // A command takes the place of services.
  const telling = settings.serverCmd === undefined ? unread : unread.filter(({ about }) => about?.key !== "access");
  if (telling.length === 0 || telling.some(({ about }) => about?.key === "access")) return telling;
  const bad = telling.some(({ about }) => about?.key === "natAccess");
  const request = rehearseRequest({ ...settings, natAccess: bad ? SOME_TARGET : settings.natAccess });
  return request.ok ? telling : [{ origin: {}, message: request.fault.message, hint: request.fault.hint }, ...telling];
}
