/** What follows a knock: waiting, a connection for ssh, another program, or a port that is kept open. */
import { becomeCommand } from "../../ffi/libc/become.ts";
import { E } from "../../ffi/abi.ts";
import { keepMemoryPrivate } from "../../ffi/libc/private_memory.ts";
import { refuseDebugger } from "../../ffi/libc/refuse_debugger.ts";
import { FfiError } from "../../ffi/errors.ts";
import type { KnockRequest } from "../../lib/spa/request.ts";
import { prepareKnock } from "../knock/knock.ts";
import type { Prepared } from "../knock/prepared.ts";
import type { ClientSettings } from "../options/table.ts";
import { rehearseRequest } from "../request/request.ts";
import { DEFAULT_WAIT } from "../options/own.ts";
import { ClientError, tellError } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";
import { closeAll, knockAndWait, type PortState, type Waited } from "./knock_and_wait.ts";
import { openedLine, tellShut } from "./outcome.ts";
import { findAddress, pinnedTo, wantedFamily } from "../send/address.ts";
import { portsToWaitFor } from "./ports.ts";
import { knockAndRelay, portTowards, readGoal } from "./proxy_command.ts";

/** Exit status of a shell for a command that is not there, and for one that cannot be run. */
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;

/**
 * Knocks and does what the options say afterwards. `rest` is what stood after `--then` or `--proxy`. The result is the exit
 * code. Throws {@link ClientError}.
 *
 * @tags allow-ffi
 */
export async function knockAndFollow(
  settings: ClientSettings,
  run: { readonly rest: readonly string[]; readonly world: World },
): Promise<number> {
  keepMemoryPrivate();
  using _shut = refuseDebugger({ keepIgnored: true });
  checkBeforehand(settings, run.rest);
  if (settings.proxy) return await knockAndRelay(settings, run);
  const prepared = await prepareKnock(settings, run.world);
  if (settings.wait !== undefined || settings.thenCommand) {
    const code = await waitForPorts(settings, { ...run, prepared });
    if (code !== 0) return code;
  }
  if (settings.thenCommand) return become(run.rest, run.world);
  return settings.hold ? await (await import("./hold.ts")).hold(settings, { ...run, prepared }) : 0;
}

/** Refuses what cannot work before a key or the own address is asked for. Throws {@link ClientError}. */
function checkBeforehand(settings: ClientSettings, rest: readonly string[]): void {
  const request = rehearseRequest(settings);
  if (!request.ok) throw new ClientError(request.fault.message, request.fault.hint);
  checkFollowUp(settings, rest, request.value);
}

/** Refuses what cannot follow this knock. Throws {@link ClientError}. */
export function checkFollowUp(settings: ClientSettings, rest: readonly string[], request: KnockRequest): void {
  checkTogether(settings, rest);
  if (settings.proxy) portTowards(request, readGoal(rest));
  else if (settings.wait !== undefined || settings.thenCommand) waitedPorts(settings, request);
  else if (settings.hold && request.kind === "command") {
    throw new ClientError(
      "--hold cannot be combined with a command: the server would run it again with every knock",
      "leave out --server-cmd or --hold",
    );
  }
}

/** The ports to wait for. Throws {@link ClientError} where there is none. */
function waitedPorts(settings: ClientSettings, request: KnockRequest): readonly number[] {
  const ports = portsToWaitFor(request, settings.thenCommand ? "--then" : "--wait");
  if (!ports.ok) throw new ClientError(ports.fault.message, ports.fault.hint);
  return ports.value;
}

/** Refuses what contradicts itself. */
function checkTogether(settings: ClientSettings, rest: readonly string[]): void {
  const { proxy, thenCommand, stdin, fd, both, socks5 } = settings;
  if (both) {
    throw new ClientError("--both and what follows a knock cannot be combined", "choose one family, with -4 or -6");
  }
  if (socks5 !== undefined) {
    throw new ClientError("--socks5 and what follows a knock cannot be combined: connections would not take the proxy");
  }
  if (thenCommand && rest.length === 0) throw new ClientError("--then needs a command", "write it after --then");
  if (proxy && (stdin || fd === 0)) {
    throw new ClientError("--proxy carries standard input: keys cannot be read from it", "name a file, or use KEY_CMD");
  }
}

/** Waits for all ports and says how it went: on standard output, for a command only with -v and on standard error. */
async function waitForPorts(
  settings: ClientSettings,
  run: { readonly prepared: Prepared; readonly world: World },
): Promise<number> {
  const { prepared, world } = run;
  const ports = waitedPorts(settings, prepared.request);
  const host = settings.server ?? "";
  const address = await findAddress(host, wantedFamily(settings));
  const seconds = settings.wait ?? DEFAULT_WAIT;
  const approach = { settings: pinnedTo(settings, address), prepared, address, ports, seconds };
  const waited = await knockAndWait(approach, world);
  if (!waited.sent) return waited.code;
  closeAll(waited.ports);
  if (settings.json) world.json({ server: host, knocks: waited.knocks, ports: waited.ports.map(describePort) });
  else if (!settings.thenCommand || settings.verbose > 0) tellOpened(waited, host, world);
  return tellShut(waited, { settings, host, seconds, world });
}

/** One port, for programs. */
function describePort(state: PortState): Readonly<Record<string, unknown>> {
  const { port, open } = state;
  if (!open) return { port, open };
  // To the microsecond: what the clock gives beyond that is its arithmetic.
  return { port, open, milliseconds: Math.round(state.milliseconds * 1000) / 1000, before: state.before };
}

function tellOpened({ ports }: Waited & { readonly sent: true }, host: string, world: World): void {
  for (const port of ports) if (port.open) world.out(openedLine(port, host));
}

function become(command: readonly string[], world: World): number {
  const [program = "", ...args] = command;
  try {
    return becomeCommand([program, ...args]);
  } catch (error) {
    if (!(error instanceof FfiError)) throw error;
    tellError(world, error.message, error.details.hint);
    return error.details.code === E.NOENT ? NOT_FOUND : NOT_RUNNABLE;
  }
}
