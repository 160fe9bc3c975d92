/**
 * From what the user asked for to the request of a packet (facts/client 7). Pure: addresses are already found and
 * random ports already drawn.
 */
import { type Ip, ipFromBytes } from "../../lib/net/address.ts";
import { stripBrackets } from "../../lib/net/host_name.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import type { KnockRequest, NatRequest } from "../../lib/spa/request.ts";
import { natHost } from "../options/nat_kind.ts";
import type { ClientSettings } from "../options/table.ts";

/** Why a request cannot be made: one sentence, and the next move. */
export interface RequestFault {
  readonly message: string;
  readonly hint: string;
}

/** What the settings do not say. */
export interface RequestInputs {
  /** The address that is let in; `0.0.0.0` for the packet's source. */
  readonly allow: Ip;
  /** The port drawn for `--nat-rand-port`, else null. */
  readonly randomNatPort: number | null;
}

type RequestSettings = Pick<
  ClientSettings,
  "access" | "serverCmd" | "fwTimeout" | "natAccess" | "natLocal" | "natPort" | "server"
>;

/** Builds the request of one packet. */
export function buildRequest(settings: RequestSettings, inputs: RequestInputs): Result<KnockRequest, RequestFault> {
  return settings.serverCmd === undefined
    ? buildAccess(settings, inputs)
    : buildCommand(settings, settings.serverCmd, inputs);
}

/** An address of documents (RFC 5737). */
const SOMEBODY = ipFromBytes(Uint8Array.of(192, 0, 2, 1));

/** The same with an address and a port that decide nothing: the rest is looked at before anything is asked or drawn. */
export function rehearseRequest(
  settings: RequestSettings & Pick<ClientSettings, "natRandPort">,
): Result<KnockRequest, RequestFault> {
  return buildRequest(settings, { allow: SOMEBODY, randomNatPort: settings.natRandPort ? 10_000 : null });
}

function buildCommand(
  settings: RequestSettings,
  command: string,
  inputs: RequestInputs,
): Result<KnockRequest, RequestFault> {
  if (settings.natAccess !== undefined || settings.natLocal) {
    return refuse(
      "a command cannot be combined with NAT: no server can read such a packet",
      "leave out --server-cmd, or --nat-access and --nat-local",
    );
  }
  return ok({ kind: "command", allow: inputs.allow, command });
}

function buildAccess(settings: RequestSettings, inputs: RequestInputs): Result<KnockRequest, RequestFault> {
  const asked = settings.access?.services;
  if (asked === undefined) {
    return refuse("Invalid SPA access message: nothing to open was named", "add -A, for example -A tcp/22");
  }
  const natPort = inputs.randomNatPort ?? (settings.natPort > 0 ? settings.natPort : null);
  // One forwarded port stands for one service (facts/client 7).
  if (natPort !== null && asked.length > 1) {
    return refuse(
      "NAT for multiple ports/protocols not yet supported",
      "ask for one port at a time with --nat-port or --nat-rand-port",
    );
  }
  const services = natPort === null ? asked : asked.map(({ proto }) => ({ proto, port: natPort }));
  const nat = natRequest(settings, asked[0]?.port ?? 0);
  if (!nat.ok) return nat;
  return ok({ kind: "access", allow: inputs.allow, services, nat: nat.value, timeout: settings.fwTimeout ?? 0 });
}

/** Where the forwarded connection goes: `-N`, else for `--nat-local` the server itself. Null without NAT. */
function natRequest(settings: RequestSettings, accessPort: number): Result<NatRequest | null, RequestFault> {
  const { natAccess, natLocal: local, server = "" } = settings;
  if (natAccess !== undefined) return ok({ host: natAccess.host, port: natAccess.port ?? accessPort, local });
  if (!local) return ok(null);
  const host = natHost(stripBrackets(server).replace(/%.*$/, ""));
  if (host === null) {
    return refuse(
      "--nat-local does not know the server's own address",
      "name the server with -D, or its inside address with -N",
    );
  }
  return ok({ host, port: accessPort, local });
}

function refuse(message: string, hint: string): { readonly ok: false; readonly fault: RequestFault } {
  return fail({ message, hint });
}
