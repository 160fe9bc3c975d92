/** What is told after waiting: when each port opened, or what probably keeps it shut. */
import { errnoText } from "../../ffi/libc/errno.ts";
import type { ClientSettings } from "../options/table.ts";
import type { World } from "../ui/world.ts";
import type { PortState, Waited } from "./knock_and_wait.ts";
import type { Seen } from "./connect_race.ts";

/** Exit status when the time is over and a port is not open. */
const EXIT_NOT_OPEN = 3;

/** `tcp/22 of gw opened 12 ms after the knock`. */
export function openedLine(state: PortState & { readonly open: true }, host: string): string {
  const what = `tcp/${state.port} of ${host}`;
  return state.before
    ? `${what} was open before the knock`
    : `${what} opened ${formatMilliseconds(state.milliseconds)} after the knock`;
}

/** Tells what did not open, and why probably. The result is the exit code. */
export function tellShut(
  waited: Waited & { readonly sent: true },
  about: { readonly settings: ClientSettings; readonly host: string; readonly seconds: number; readonly world: World },
): number {
  const { ports, knocks } = waited;
  if (ports.every(({ open }) => open)) return 0;
  const message = shutSentence(ports, { ...about, knocks });
  about.world.tell({ level: "error", message, hint: likelyCauses(ports, about.settings) });
  return EXIT_NOT_OPEN;
}

/** One sentence for what did not open. */
export function shutSentence(
  states: readonly PortState[],
  options: { readonly host: string; readonly seconds: number; readonly knocks: number },
): string {
  const ports = states.filter(({ open }) => !open).map(({ port }) => `tcp/${port}`).join(" and ");
  const knocks = options.knocks === 1 ? "one knock" : `${options.knocks} knocks`;
  return `${ports} of ${options.host} did not open within ${options.seconds} s and ${knocks}`;
}

/** The likely causes, the likeliest first; one sentence each. */
export function likelyCauses(ports: readonly PortState[], settings: ClientSettings): readonly string[] {
  const causes = ports.flatMap((state) => state.open ? [] : seenCause(state.port, state.seen));
  const listening = ports.some((state) => !state.open && openedByKnock(state.seen));
  if (listening) return [...new Set(causes)];
  const port = settings.randPort ? "a random port" : `port ${settings.serverPort}`;
  return [
    ...new Set(causes),
    "the server's log says whether the packet came and why it was refused (journalctl -t fwknopd)",
    addressCause(settings),
    ...(settings.allowIp?.kind === "address" && settings.allowIp.ip.family === 6
      ? ["servers of the C program understand no IPv6 address: knock over IPv4 there, with -a and -D in IPv4"]
      : []),
    "keys, HMAC digest and cipher mode must be those of the server's access.conf (fwknop --explain shows ours)",
    "the clocks may differ: servers refuse packets that are off by 120 seconds (fwknop --doctor looks at this one)",
    `the packet may be lost on the way: ${settings.serverProto} to ${port} must be let through, and fwknopd must watch it`,
  ];
}

/** Refused only after the knock: the packet filter lets the connection through, and no service takes it. */
function openedByKnock(seen: Seen): boolean {
  return !seen.refusedBefore && seen.refusedAfter !== null;
}

function seenCause(port: number, seen: Seen): string[] {
  if (openedByKnock(seen)) {
    const after = formatMilliseconds(seen.refusedAfter ?? 0);
    return [`tcp/${port} refuses connections since ${after} after the knock: the door is open, but no service listens`];
  }
  if (seen.refusedBefore) {
    return [
      `tcp/${port} refuses connections, before the knock too: it is rejected by the packet filter, or no service listens`,
    ];
  }
  return seen.lastError === null ? [] : [`connecting to tcp/${port} failed: ${errnoText(seen.lastError)}`];
}

function addressCause({ allowIp, resolveIp }: ClientSettings): string {
  if (allowIp?.kind === "source") return "-s lets in the packet's source, which the server may refuse: use -R or -a";
  const asked = resolveIp ? "the address that -R found" : "the address of -a";
  return `${asked} must be the one that the server sees this machine under`;
}

/** `0.8 ms`, `12 ms`. */
export function formatMilliseconds(milliseconds: number): string {
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}
