/**
 * Native nftables as a packet filter. Grants are elements of sets with a timeout, so the kernel closes them on time, daemon
 * or no daemon; the sets are looked up by chains of ours that the administrator's own base chains jump to.
 */
import type { Nfnetlink } from "../../../ffi/nfnetlink/nfnetlink.ts";
import type { Run } from "../../../lib/host/run.ts";
import type { OpenedBackend, Opening } from "../backend.ts";
import { type Access, FirewallError, type Grant } from "../firewall.ts";
import { formatChain, formatTable } from "../names.ts";
import { createSerial, type Serial } from "../serial.ts";
import { asFirewallError } from "../socket_error.ts";
import { chooseChains, enters, type Wanted } from "./choose_chains.ts";
import { describeTables, type ListedTable } from "./describe.ts";
import { dataText, elementOf, keyText } from "./elements.ts";
import { readElements } from "./known_elements.ts";
import { listAll } from "./list_all.ts";
import { openGrants, rehearseGrants } from "./open_grants.ts";
import { isDormant, searchTable, setsIn, tablesWithOurs } from "./reading.ts";
import { BY_NETLINK, LOOK, reasonOf } from "./refusals.ts";
import { ATTEMPTS, type ElementRefusal, RulesetView } from "./ruleset_view.ts";
import { layoutOf } from "./set_layout.ts";
import type { NftablesConfig } from "./settings.ts";

/** How to work. */
export interface NftablesOptions
  extends Wanted, Pick<NftablesConfig, "flushAtInit" | "flushAtExit">, Pick<Opening, "log" | "path"> {
  /** Unix seconds with their fraction. Default: the system's clock. */
  readonly clock?: () => number;
}

/** What the backend works with; tests open these inside a network namespace. */
export interface NftablesParts {
  readonly netlink: Nfnetlink;
  /** Runs the nft program, for its listing. */
  readonly run: Run;
}

/** Makes the backend. The ruleset is not touched before `prepare`. */
export function nftablesBackend({ netlink, run }: NftablesParts, options: NftablesOptions): OpenedBackend {
  const { path, log } = options;
  const clock = options.clock ?? (() => Date.now() / 1000);
  const view = new RulesetView(netlink, { wanted: options, log, clock });
  const serial = createSerial();
  const inTurn: Serial = (work) =>
    serial(work).catch((error) => {
      throw asFirewallError(error, BY_NETLINK);
    });
  const exact = (now: number) => exactTime(now, clock());

  return {
    name: "nftables",
    kernelTimed: true,
    owner: "nftables",
    closesAtExit: options.flushAtExit,
    isOwn: (portId) => portId === netlink.portId,
    concerns: (change) => view.hear(change),
    enters: (chain) => enters(chain, options),
    check: () =>
      inTurn(() => {
        const { mistake } = chooseChains(path.chains, options, (table) => isDormant(netlink, table));
        return mistake === null ? Promise.resolve() : Promise.reject(mistake);
      }),
    prepare: () =>
      inTurn(async () => {
        await view.prepare(path.chains, options.flushAtInit);
        // What came or went since the survey.
        if (view.placements.isGone) await view.adapt(await path.survey(), view.grants, clock());
        log("info", `nftables: doors are opened in ${placesOf(view)} by nfnetlink`);
        return view.grants;
      }),
    grant: (batch, live, now) => inTurn(() => Promise.resolve(openGrants(view, batch, { live, now: exact(now) }))),
    rehearse: (batch, now) => inTurn(() => Promise.resolve(rehearseGrants(view, batch, exact(now)))),
    revoke: (batch) => inTurn(() => Promise.resolve(closeAll(view, batch))),
    list: () =>
      inTurn(() => {
        view.read();
        return Promise.resolve(view.grants);
      }),
    repair: (live, now) => inTurn(() => Promise.resolve(view.repair(live, exact(now)))),
    adapt: (live, now) =>
      inTurn(async () => {
        const changed = await view.adapt(path.chains, live, exact(now));
        if (changed) log("info", `nftables: doors are opened in ${placesOf(view)} by nfnetlink`);
        return changed;
      }),
    containerOf: (access) => containersOf(view, access).join(", "),
    numberOf: () => null,
    commandOf: (grant, verb) => commandOf(view, grant, verb === "add" ? clock() : null),
    describe: (all) =>
      inTurn(async () =>
        all
          ? `Listing all nftables rules...\n\n${await listAll(run)}`
          : describeTables(await listTables(netlink, clock), clock())
      ),
    cleanup: () => inTurn(() => view.takeAwayAll()),
    [Symbol.dispose]: () => netlink[Symbol.dispose](),
  };
}

function placesOf({ placements }: RulesetView): string {
  const places = placements.tables.flatMap(({ ours: { family, table, jumps } }) =>
    jumps.map(({ from }) => formatChain({ family, table, chain: from }))
  );
  return places.join(", ") || "no chain";
}

/** Everything of ours, whether it was prepared by this process or by another. */
async function listTables(netlink: Nfnetlink, clock: () => number): Promise<readonly ListedTable[]> {
  const tables: ListedTable[] = [];
  for (const at of tablesWithOurs(netlink)) {
    const found = await searchTable(netlink, at);
    const open = readElements(netlink, setsIn([found]), clock)
      .map(({ element, ends }) => ({ element, expiresAt: Math.max(...ends) }));
    tables.push({ found, open });
  }
  return tables;
}

function closeAll(view: RulesetView, batch: readonly Grant[]): void {
  const doomed = batch.flatMap(({ access, expiresAt }) => {
    const element = elementOf(access);
    return element === null || view.isOpen({ element, expiresAt: expiresAt + 1 }) ? [] : [element];
  });
  let refused: ElementRefusal | null = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    refused = view.close(doomed);
    if (refused === null) return;
  }
  throw new FirewallError(`Cannot close ${batch.length} doors: ${reasonOf(refused?.refusal)}`, LOOK);
}

/** The sets that hold a grant, as nft names them. */
function containersOf({ placements }: RulesetView, access: Access): readonly string[] {
  const layout = layoutOf(access);
  if (layout === null) return [access.slot];
  const tables = placements.tables.filter(({ ours }) => ours.layouts.includes(layout));
  if (tables.length === 0) return [layout.name];
  return tables.map(({ ours }) => `${formatTable(ours)} ${layout.name}`);
}

/** How long work may have waited for its turn; a clock that differs by more is another one, as tests have. */
const LONGEST_WAIT = 60;

/**
 * The run loop counts whole seconds, and the one that it read may be over when the work has its turn. A timeout that is
 * counted from there would hold the door open when the log says already that it is shut.
 *
 * @param now Unix seconds, whole
 * @param clock the same with their fraction, read just now
 */
export function exactTime(now: number, clock: number): number {
  return clock >= now && clock - now < LONGEST_WAIT ? clock : now;
}

/** `now` in Unix seconds to add; null to delete. */
function commandOf(view: RulesetView, { access, expiresAt }: Grant, now: number | null): string {
  const element = elementOf(access);
  if (element === null) return `Same as: nothing, nftables cannot hold a door of the kind ${access.slot}`;
  const time = now === null ? "" : ` timeout ${Math.max(1, Math.round(expiresAt - now))}s`;
  const value = element.data === null ? "" : ` : ${dataText(element)}`;
  const what = `{ ${keyText(element)}${time}${value} }`;
  const verb = now === null ? "delete" : "add";
  return `Same as: ${containersOf(view, access).map((set) => `nft ${verb} element ${set} ${what}`).join("; ")}`;
}
