/** Knocking, and waiting until every TCP port that was asked for can be reached. */
import type { Socket } from "../../ffi/libc/socket.ts";
import { sendFresh } from "../knock/knock.ts";
import type { Prepared } from "../knock/prepared.ts";
import type { ClientSettings } from "../options/table.ts";
import type { Destination } from "../send/destination.ts";
import type { World } from "../ui/world.ts";
import { pauseBeforeKnock } from "./pace.ts";
import { pause } from "./pause.ts";
import { ConnectRace, type RaceResult, type Seen } from "./connect_race.ts";

/** What to reach, and for how long to try. */
export interface Approach {
  /** They name the server by its address: a name could mean several hosts (`pinnedTo`). */
  readonly settings: ClientSettings;
  readonly prepared: Prepared;
  /** Where connections go. */
  readonly address: Destination;
  readonly ports: readonly number[];
  readonly seconds: number;
}

/** One port after the wait. */
export type PortState =
  & { readonly port: number }
  & ({
    readonly open: true;
    /** The connection that got through. The caller closes it. */
    readonly socket: Socket;
    /** From the first knock to the connection. */
    readonly milliseconds: number;
    /** It was open before the knock. */
    readonly before: boolean;
  } | { readonly open: false; readonly seen: Seen });

/** How it went. */
export type Waited =
  | { readonly sent: false; readonly code: number }
  | { readonly sent: true; readonly knocks: number; readonly ports: readonly PortState[] };

/**
 * Tries each port once, knocks, and tries until all are open or the time is over; knocks again meanwhile, each time with a
 * fresh packet. A first knock that cannot be sent ends it. Throws what {@link sendFresh} throws.
 *
 * @tags allow-ffi
 */
export async function knockAndWait(approach: Approach, world: World): Promise<Waited> {
  const { settings, prepared, address, ports, seconds } = approach;
  const races = ports.map((port) => new ConnectRace({ ...address, port }));
  const done = new AbortController();
  try {
    for (const race of races) race.probe();
    const code = await sendFresh(settings, prepared, world);
    if (code !== 0) return { sent: false, code };
    const knockedAt = performance.now();
    const knocks = { count: 1, last: knockedAt };
    const limits = { knockedAt, deadline: knockedAt + seconds * 1000, lastKnock: () => knocks.last };
    const again = knockAgain(approach, { world, knocks, until: done.signal });
    const results = await Promise.all(races.map((race) => race.run(limits)));
    done.abort();
    await again;
    return {
      sent: true,
      knocks: knocks.count,
      ports: results.map((result, index) => state(ports[index] ?? 0, result)),
    };
  } finally {
    done.abort();
    for (const race of races) race[Symbol.dispose]();
  }
}

/** Closes the connections that got through. */
export function closeAll(ports: readonly PortState[]): void {
  for (const port of ports) if (port.open) port.socket[Symbol.dispose]();
}

function state(port: number, result: RaceResult): PortState {
  return { port, ...result };
}

async function knockAgain(
  { settings, prepared }: Approach,
  run: { readonly world: World; readonly knocks: { count: number; last: number }; readonly until: AbortSignal },
): Promise<void> {
  const { world, knocks, until } = run;
  for (;;) {
    await pause(pauseBeforeKnock(knocks.count), until);
    if (until.aborted) return;
    // A failure was told; the next knock may fare better.
    await sendFresh(settings, prepared, world);
    knocks.count++;
    knocks.last = performance.now();
  }
}
