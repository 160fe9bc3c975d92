/** Which TCP ports a knock opens, as far as a connection can tell. Pure. */
import { fail, ok, type Result } from "../../lib/result.ts";
import type { KnockRequest } from "../../lib/spa/request.ts";
import type { RequestFault } from "../request/request.ts";

/**
 * The TCP ports of the server's side that will open, each once: with NAT the forwarded ones. Refused where no connection
 * could ever show that something opened.
 */
export function portsToWaitFor(
  request: KnockRequest,
  option: string,
): Result<readonly number[], RequestFault> {
  if (request.kind === "command") {
    return fail({
      message: `${option} cannot be combined with a command: it opens no port that could be tried`,
      hint: `leave out --server-cmd or ${option}`,
    });
  }
  const ports = new Set(request.services.filter(({ proto }) => proto === "tcp").map(({ port }) => port));
  if (ports.size > 0) return ok([...ports]);
  return fail({
    message: `${option} needs a TCP port: an open UDP port gives no answer by which it could be told from a closed one`,
    hint: `leave out ${option}, or ask for a TCP port of the same server as well`,
  });
}
