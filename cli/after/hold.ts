/** `--hold`: keeps a port open by knocking again before it closes, and at once when the own address changes. */
import { formatAsked } from "../../lib/wire/message_text.ts";
import { allowedAddress } from "../request/allow_ip.ts";
import { sendFresh } from "../knock/knock.ts";
import type { Prepared } from "../knock/prepared.ts";
import type { ClientSettings } from "../options/table.ts";
import type { Destination } from "../send/destination.ts";
import { ClientError, tellError, tellWarning } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";
import { DEFAULT_OPEN_SECONDS, pauseOfHold } from "./pace.ts";
import { pause } from "./pause.ts";
import { findAddress, ownAddressTowards, wantedFamily } from "../send/address.ts";

/** How often the own address is looked at; also how soon after a suspend a knock that is overdue is sent. */
const GLANCE_MS = 1000;

/** Pause after a knock that could not be sent. */
const RETRY_MS = 2000;

/** A service on the Internet is asked again at most this often while the own interface says nothing new. */
const ASK_AGAIN_MS = 60_000;

/**
 * Holds until Ctrl-C (or SIGTERM). The result is the exit code: 0, or that of a first knock which could not be sent.
 *
 * @tags allow-ffi
 */
export async function hold(
  settings: ClientSettings,
  run: { readonly prepared: Prepared; readonly world: World },
): Promise<number> {
  const stop = new AbortController();
  const end = () => stop.abort();
  Deno.addSignalListener("SIGINT", end);
  Deno.addSignalListener("SIGTERM", end);
  try {
    return await new Holding(settings, run).until(stop.signal);
  } finally {
    Deno.removeSignalListener("SIGINT", end);
    Deno.removeSignalListener("SIGTERM", end);
  }
}

class Holding {
  readonly #world: World;
  readonly #openSeconds: number;
  readonly #pause: number;
  #prepared: Prepared;
  #askedAt = Date.now();

  constructor(readonly settings: ClientSettings, run: { readonly prepared: Prepared; readonly world: World }) {
    this.#world = run.world;
    this.#prepared = run.prepared;
    this.#openSeconds = settings.fwTimeout || DEFAULT_OPEN_SECONDS;
    this.#pause = pauseOfHold(this.#openSeconds);
  }

  /** Wall-clock time decides, because a machine that sleeps stops every other clock. */
  async until(stop: AbortSignal): Promise<number> {
    let address = await this.#findServer();
    let source = ownAddressTowards(address);
    const code = await sendFresh(this.settings, this.#prepared, this.#world);
    if (code !== 0) return code;
    const { server = "" } = this.settings;
    const what = formatAsked(this.#prepared.request);
    this.#world.out(`holding ${what} of ${server} open, a knock every ${this.#pause / 1000} s; Ctrl-C ends it`);
    let due = Date.now() + this.#pause;
    for (;;) {
      await pause(Math.min(Math.max(due - Date.now(), 0), GLANCE_MS), stop);
      if (stop.aborted) break;
      // Null while there is no route to the server.
      const now = ownAddressTowards(address);
      const moved = now !== null && now !== source;
      if (moved) this.#tellMove();
      source = now ?? source;
      if (!moved && Date.now() < due) continue;
      const sent = await this.#knock(moved);
      if (sent) address = await this.#findServerAgain(address);
      due = Date.now() + (sent ? this.#pause : RETRY_MS);
    }
    this.#world.out(`no longer held: ${what} of ${server} closes within ${this.#openSeconds} s`);
    return 0;
  }

  async #knock(moved: boolean): Promise<boolean> {
    try {
      await this.#findAddressAgain(moved);
      return await sendFresh(this.settings, this.#prepared, this.#world) === 0;
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      tellError(this.#world, error.message, error.hint);
      return false;
    }
  }

  async #findAddressAgain(moved: boolean): Promise<void> {
    const { allowIp, resolveIp } = this.settings;
    const changes = allowIp?.kind === "name" || resolveIp && (moved || Date.now() - this.#askedAt >= ASK_AGAIN_MS);
    if (!changes) return;
    const allow = await allowedAddress(this.settings, this.#world);
    this.#askedAt = Date.now();
    // Everything else stays, a random port too.
    this.#prepared = { ...this.#prepared, request: { ...this.#prepared.request, allow } };
  }

  #tellMove(): void {
    this.#world.out("the own address has changed: knocking again");
    if (this.settings.allowIp?.kind !== "address") return;
    tellWarning(this.#world, `-a ${this.settings.allowIp.ip.text} stays as it is; -R would follow the change`);
  }

  /** The address of the server as it is now; the former one while its name cannot be resolved. */
  async #findServerAgain(former: Destination): Promise<Destination> {
    try {
      return await this.#findServer();
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      return former;
    }
  }

  async #findServer(): Promise<Destination> {
    return await findAddress(this.settings.server ?? "", wantedFamily(this.settings));
  }
}
