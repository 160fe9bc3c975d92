/**
 * From what the user asked for to the message strings of a packet (facts/client 7). Pure: addresses are already
 * found and random ports already drawn.
 */
import { parseIp } from "../../lib/net/address.ts";
import { isHostName } from "../../lib/net/host_name.ts";
import { formatService, parseService, type Service } from "../../lib/net/service.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import { formatNat } from "../../lib/wire/access.ts";
import { coupleTypeAndTimeout } from "../../lib/wire/encode.ts";
import type { MessageType, NatTarget } from "../../lib/wire/message.ts";
import type { ClientSettings } from "../options/table.ts";

/** What is asked for, in the words of the wire. */
export interface Request {
  readonly type: MessageType;
  readonly message: string;
  readonly natAccess: string | null;
  /** Seconds; 0 when none is asked for. */
  readonly clientTimeout: number;
  /** What will be reachable: the services of the message; empty for a command. */
  readonly services: readonly Service[];
}

/** Why a request cannot be made: one sentence, and the next move. */
export interface RequestFault {
  readonly message: string;
  readonly hint: string;
  /** What was said after -A, where that is what is wrong. */
  readonly access?: string;
}

/** What the settings do not say. */
export interface RequestInputs {
  /** Canonical text of the address that is let in; `0.0.0.0` for the packet's source. */
  readonly allow: string;
  /** The port drawn for `--nat-rand-port`, else null. */
  readonly randomNatPort: number | null;
}

type RequestSettings = Pick<
  ClientSettings,
  "access" | "serverCmd" | "fwTimeout" | "natAccess" | "natLocal" | "natPort" | "server"
>;

/** Builds the request of one packet. */
export function buildRequest(settings: RequestSettings, inputs: RequestInputs): Result<Request, RequestFault> {
  return settings.serverCmd === undefined
    ? buildAccess(settings, inputs)
    : buildCommand(settings, settings.serverCmd, inputs);
}

/** The same with an address and a port that decide nothing: the rest is looked at before anything is asked or drawn. */
export function rehearseRequest(
  settings: RequestSettings & Pick<ClientSettings, "natRandPort">,
): Result<Request, RequestFault> {
  return buildRequest(settings, { allow: "192.0.2.1", randomNatPort: settings.natRandPort ? 10_000 : null });
}

function buildCommand(
  settings: RequestSettings,
  command: string,
  inputs: RequestInputs,
): Result<Request, RequestFault> {
  if (settings.natAccess !== undefined || settings.natLocal) {
    return refuse(
      "a command cannot be combined with NAT: no server can read such a packet",
      "leave out --server-cmd, or --nat-access and --nat-local",
    );
  }
  return ok({
    type: 0,
    message: `${inputs.allow},${command}`,
    natAccess: null,
    clientTimeout: 0,
    services: [],
  });
}

function buildAccess(settings: RequestSettings, inputs: RequestInputs): Result<Request, RequestFault> {
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
  const type = settings.natLocal ? 5 : settings.natAccess === undefined ? 1 : 2;
  return ok({
    ...coupleTypeAndTimeout(type, settings.fwTimeout ?? 0),
    message: `${inputs.allow},${services.map(formatService).join(",")}`,
    natAccess: nat.value === null ? null : formatNat(nat.value),
    services,
  });
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
function natTarget(settings: RequestSettings, accessPort: number): Result<NatTarget | null, RequestFault> {
  if (settings.natAccess !== undefined) return parseNatOption(settings.natAccess, accessPort);
  if (!settings.natLocal) return ok(null);
  const host = natHost(stripBrackets(settings.server ?? "").replace(/%.*$/, ""));
  if (host === null) {
    return refuse(
      "--nat-local does not know the server's own address",
      "name the server with -D, or its inside address with -N",
    );
  }
  return ok({ host, port: accessPort });
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

/** `[2001:db8::1]` as people write it in URLs. */
export function stripBrackets(host: string): string {
  return /^\[.*\]$/.test(host) ? host.slice(1, -1) : host;
}

function isPort(digits: string): boolean {
  return /^[0-9]{1,5}$/.test(digits) && Number(digits) >= 1 && Number(digits) <= 65_535;
}

function refuse(message: string, hint: string): { readonly ok: false; readonly fault: RequestFault } {
  return fail({ message, hint });
}
