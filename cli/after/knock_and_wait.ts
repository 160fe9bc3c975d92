/** Knocking, and waiting until every TCP port that was asked for can be reached. */
import type { Socket } from "../../ffi/libc/socket.ts";
import { type Prepared, sendFresh } from "../knock/knock.ts";
import type { ClientSettings } from "../options/table.ts";
import type { Destination } from "../send/destination.ts";
import type { World } from "../ui/world.ts";
import { pauseBeforeKnock } from "./pace.ts";
import { pause } from "./pause.ts";
import { Pursuit, type PursuitResult, type Seen } from "./connect_race.ts";

/** What to reach, and for how long to try. */
export interface Approach {
  /** Already without names that could mean several hosts (`pinnedTo`). */
  readonly settings: ClientSettings;
  readonly prepared: Prepared;
  /** Where connections go. */
  readonly place: Destination;
  readonly ports: readonly number[];
  readonly seconds: number;
}

/** One port after the wait. */
export type DoorState =
  & { readonly port: number }
  & ({
    readonly open: true;
    /** The connection that got through; the caller's. */
    readonly socket: Socket;
    /** From the first knock to the connection. */
    readonly milliseconds: number;
    /** It was open before the knock. */
    readonly before: boolean;
  } | { readonly open: false; readonly seen: Seen });

/** How it went. */
export type Waited =
  | { readonly sent: false; readonly code: number }
  | { readonly sent: true; readonly knocks: number; readonly doors: readonly DoorState[] };

/**
 * Tries each port once, knocks, and tries until all are open or the time is over; knocks again meanwhile, each time with a
 * fresh packet. A first knock that cannot be sent ends it. Throws what {@link sendFresh} throws.
 *
 * @tags allow-ffi
 */
export async function knockAndWait(approach: Approach, world: World): Promise<Waited> {
  const { settings, prepared, place, ports, seconds } = approach;
  const pursuits = ports.map((port) => new Pursuit({ ...place, port }));
  const done = new AbortController();
  try {
    for (const pursuit of pursuits) pursuit.probe();
    const code = await sendFresh(settings, prepared, world);
    if (code !== 0) return { sent: false, code };
    const knockedAt = performance.now();
    const knocks = { count: 1, last: knockedAt };
    const limits = { knockedAt, deadline: knockedAt + seconds * 1000, lastKnock: () => knocks.last };
    const again = knockAgain(approach, { world, knocks, until: done.signal });
    const results = await Promise.all(pursuits.map((pursuit) => pursuit.run(limits)));
    done.abort();
    await again;
    return {
      sent: true,
      knocks: knocks.count,
      doors: results.map((result, index) => state(ports[index] ?? 0, result)),
    };
  } finally {
    done.abort();
    for (const pursuit of pursuits) pursuit[Symbol.dispose]();
  }
}

/** Closes the connections that got through. */
export function closeAll(doors: readonly DoorState[]): void {
  for (const door of doors) if (door.open) door.socket[Symbol.dispose]();
}

function state(port: number, result: PursuitResult): DoorState {
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
