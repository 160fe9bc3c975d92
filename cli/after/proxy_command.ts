/**
 * `--proxy HOST PORT`: what ssh's ProxyCommand needs. The connection that got through first is the one that is used:
 * relayed over standard input and output, or handed over. Standard output carries nothing else.
 */
import { FfiError } from "../../ffi/errors.ts";
import { passDescriptor } from "../../ffi/libc/pass_socket.ts";
import { relay } from "../../ffi/libc/relay.ts";
import type { Socket } from "../../ffi/libc/socket.ts";
import { parentWantsDescriptor } from "../../ffi/libc/standard_streams.ts";
import { parseIp } from "../../lib/net/address.ts";
import { isHost, stripBrackets } from "../../lib/net/host_name.ts";
import { parsePort } from "../../lib/net/service.ts";
import type { KnockRequest } from "../../lib/spa/request.ts";
import { prepareKnock } from "../knock/knock.ts";
import type { ClientSettings } from "../options/table.ts";
import { accessOf } from "../options/access_kind.ts";
import { DEFAULT_WAIT } from "../options/own.ts";
import { ClientError, tellError } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";
import { closeAll, knockAndWait } from "./knock_and_wait.ts";
import { openedLine, tellShut } from "./outcome.ts";
import { findAddress, pinnedTo, wantedFamily } from "../send/address.ts";
import { portsToWaitFor } from "./ports.ts";

/** Where ssh wants to get to. */
export interface Goal {
  readonly host: string;
  readonly port: number;
}

/** Reads what stands after `--proxy`. Throws {@link ClientError}. */
export function readGoal(rest: readonly string[]): Goal {
  const [host = "", digits = "", ...more] = rest;
  const port = parsePort(digits);
  if (host === "" || more.length > 0 || port === null) {
    throw new ClientError(
      "--proxy needs HOST and PORT and nothing after them",
      "write: fwknop [OPTION]... --proxy %h %p",
    );
  }
  if (!isHost(stripBrackets(host))) {
    throw new ClientError(`--proxy: "${host}" is neither a host name nor an address`, "write: --proxy %h %p");
  }
  return { host: stripBrackets(host), port };
}

/** What the goal says where neither options nor stanza do: the server, and the port to ask for. Pure. */
export function completeForGoal(settings: ClientSettings, goal: Goal): ClientSettings {
  return {
    ...settings,
    server: settings.server ?? goal.host,
    access: settings.access ?? accessOf([{ proto: "tcp", port: goal.port }]),
  };
}

/**
 * The port to connect to: with NAT the forwarded one, whatever its number. Throws {@link ClientError} when the knock does
 * not open what ssh wants. Pure.
 */
export function portTowards(request: KnockRequest, goal: Goal): number {
  const ports = portsToWaitFor(request, "--proxy");
  if (!ports.ok) throw new ClientError(ports.fault.message, ports.fault.hint);
  const [first = 0] = ports.value;
  if (ports.value.includes(goal.port)) return goal.port;
  if (isForwarded(request) && ports.value.length === 1) return first;
  const asked = ports.value.map((port) => `tcp/${port}`).join(",");
  throw new ClientError(
    `--proxy wants to reach tcp/${goal.port}, but the knock asks for ${asked}`,
    `add -A tcp/${goal.port}, or take ACCESS out of the stanza`,
  );
}

function isForwarded(request: KnockRequest): boolean {
  return request.kind === "access" && request.nat !== null;
}

/** Knocks, waits, relays. The result is the exit code. */
export async function knockAndRelay(
  settings: ClientSettings,
  run: { readonly rest: readonly string[]; readonly world: World },
): Promise<number> {
  const { world } = run;
  const goal = readGoal(run.rest);
  const prepared = await prepareKnock(settings, world);
  const port = portTowards(prepared.request, goal);
  const server = await findAddress(settings.server ?? "", wantedFamily(settings));
  const forwarded = isForwarded(prepared.request);
  const address = forwarded || sameHost(goal.host, settings.server)
    ? server
    : await addressOf(goal.host, server.family);
  const seconds = settings.wait ?? DEFAULT_WAIT;
  const approach = { settings: pinnedTo(settings, server), prepared, address, ports: [port], seconds };
  const waited = await knockAndWait(approach, world);
  if (!waited.sent) return waited.code;
  const host = forwarded ? settings.server ?? "" : goal.host;
  const [state] = waited.ports;
  if (state === undefined || !state.open) return tellShut(waited, { settings, host, seconds, world });
  if (settings.verbose > 0) world.err(openedLine(state, host));
  try {
    return await carry(state.socket, settings, world);
  } finally {
    closeAll(waited.ports);
  }
}

async function carry(socket: Socket, settings: ClientSettings, world: World): Promise<number> {
  try {
    if (settings.fdpass || parentWantsDescriptor()) passDescriptor(1, socket.fd);
    else await relay({ input: 0, output: 1 }, { input: socket.fd, output: socket.fd });
    return 0;
  } catch (error) {
    if (!(error instanceof FfiError)) throw error;
    tellError(world, error.message, error.details.hint);
    return 1;
  }
}

/** The address of the goal, in the family in which the port opens where it has one. */
async function addressOf(host: string, family: 4 | 6) {
  try {
    return await findAddress(host, parseIp(host).ok ? null : family);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return await findAddress(host, null);
  }
}

function sameHost(host: string, server: string | undefined): boolean {
  return host.toLowerCase() === server?.toLowerCase();
}
