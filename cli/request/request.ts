/**
 * From what the user asked for to the request of a packet (facts/client 7). Pure: addresses are already found and
 * random ports already drawn.
 */
import { type Ip, ipFromBytes, parseIp } from "../../lib/net/address.ts";
import { isHostName, stripBrackets } from "../../lib/net/host_name.ts";
import { parseService, type Service } from "../../lib/net/service.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import type { KnockRequest, NatRequest } from "../../lib/spa/request.ts";
import type { NatTarget } from "../../lib/wire/message.ts";
import type { ClientSettings } from "../options/table.ts";

/** Why a request cannot be made: one sentence, and the next move. */
export interface RequestFault {
  readonly message: string;
  readonly hint: string;
  /** What was said after -A, where that is what is wrong. */
  readonly access?: string;
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
  const access = settings.access;
  if (access === undefined) {
    return refuse("Invalid SPA access message: nothing to open was named", "add -A, for example -A tcp/22");
  }
  const asked = parseServices(access);
  const natPort = inputs.randomNatPort ?? (settings.natPort > 0 ? settings.natPort : null);
  if (natPort !== null) {
    const refusal = forwardingFault(access);
    if (refusal !== null) return refusal;
  }
  if (!asked.ok) return asked;
  const services = natPort === null ? asked.value : asked.value.map(({ proto }) => ({ proto, port: natPort }));
  const nat = natTarget(settings, asked.value[0]?.port ?? 0);
  if (!nat.ok) return nat;
  return ok({ kind: "access", allow: inputs.allow, services, nat: nat.value, timeout: settings.fwTimeout ?? 0 });
}

/** One forwarded port stands for one service (facts/client 7). */
function forwardingFault(access: string) {
  const slashes = access.split("/").length - 1;
  if (slashes === 0) return refuse("Expecting <proto>/<port> for -A arg", "write it like -A tcp/22");
  return slashes === 1 ? null : refuse(
    "NAT for multiple ports/protocols not yet supported",
    "ask for one port at a time with --nat-port or --nat-rand-port",
  );
}

function parseServices(access: string): Result<readonly Service[], RequestFault> {
  const services: Service[] = [];
  for (const item of access.split(",")) {
    const service = parseService(item);
    if (!service.ok) {
      const reason = service.fault === "port" ? "Invalid port value" : "the protocol must be tcp or udp";
      const message = `Invalid SPA access message: "${item}" in -A ${JSON.stringify(access)}: ${reason}`;
      return fail({ message, hint: "write services like tcp/22 or tcp/80,udp/53", access });
    }
    services.push(service.value);
  }
  return ok(services);
}

/** Where the forwarded connection goes: `-N`, else for `--nat-local` the server itself. Null without NAT. */
function natTarget(settings: RequestSettings, accessPort: number): Result<NatRequest | null, RequestFault> {
  const local = settings.natLocal;
  if (settings.natAccess !== undefined) {
    const target = parseNatOption(settings.natAccess, accessPort);
    return target.ok ? ok({ ...target.value, local }) : target;
  }
  if (!local) return ok(null);
  const host = natHost(stripBrackets(settings.server ?? "").replace(/%.*$/, ""));
  if (host === null) {
    return refuse(
      "--nat-local does not know the server's own address",
      "name the server with -D, or its inside address with -N",
    );
  }
  return ok({ host, port: accessPort, local });
}

/** `HOST`, `HOST:PORT` or `HOST,PORT`; IPv6 addresses stand in brackets when a port follows. */
function parseNatOption(text: string, accessPort: number): Result<NatTarget, RequestFault> {
  const bare = parseIp(text);
  const [, inBrackets, plain, digits] = /^(?:\[([^\]]*)\]|([^:,[\]]*))(?:[:,](.*))?$/s.exec(text) ?? [];
  if (bare.ok && bare.value.family === 6) return ok({ host: bare.value.text, port: accessPort });
  if (digits !== undefined && !isPort(digits)) {
    return refuse(
      `Invalid port value in -N arg: "${text}" (Args contain invalid data)`,
      "write HOST or HOST:PORT with a port from 1 to 65535",
    );
  }
  const host = natHost(inBrackets ?? plain ?? "");
  if (host === null) {
    return refuse(
      `Invalid NAT destination '${text}' for -N arg (Args contain invalid data)`,
      "write an address or a host name, IPv6 addresses with a port in brackets: [2001:db8::5]:22",
    );
  }
  return ok({ host, port: digits === undefined ? accessPort : Number(digits) });
}

/** Canonical host of a NAT target; null when it is none (facts/client 7, facts/decisions 1). */
function natHost(text: string): string | null {
  const ip = parseIp(text);
  if (ip.ok) return ip.value.text === "::" ? null : ip.value.text;
  return isHostName(text) ? text : null;
}

function isPort(digits: string): boolean {
  return /^[0-9]{1,5}$/.test(digits) && Number(digits) >= 1 && Number(digits) <= 65_535;
}

function refuse(message: string, hint: string): { readonly ok: false; readonly fault: RequestFault } {
  return fail({ message, hint });
}
