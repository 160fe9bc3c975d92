/**
 * pf: each grant is a rule of one anchor, whose label says when it ends, as the C daemon has it; but one load of the whole
 * anchor per wake-up, which pf does in one step. States outlive their rule, so a connection lives on when its grant ends.
 */
import { type Run, runProgram, tellSlow } from "../../../lib/host/run.ts";
import type { Log } from "../../../lib/log.ts";
import type { OpenedBackend } from "../backend.ts";
import { accessKey, FirewallError, type Grant, type Slot } from "../firewall.ts";
import { inputOnly } from "../input_only.ts";
import { listedBackend, type ListedRules } from "../listed.ts";
import { ask, type Program } from "../program.ts";
import { PFCTL_ARGS } from "./commands.ts";
import { anchorTrouble, isAnchorAbsent, isPfOff } from "./main_rules.ts";
import { type AnchorRules, formatAnchor, type ListedRule, parseAnchor, ruleText } from "./rules.ts";
import type { PfConfig } from "./settings.ts";

/** What the backend is made with. */
export interface PfOptions extends PfConfig {
  readonly slots: readonly Slot[];
  readonly log: Log;
  /** How programs are run; default: `runProgram`. */
  readonly run?: Run;
}

const ABSENT = "pf is of FreeBSD, OpenBSD and macOS: set FIREWALL to auto, nftables or iptables";

/** Makes the backend. Nothing is run before `check`, `prepare`, `list`, `describe` or `cleanup`. */
export function pfFirewall(options: PfOptions): OpenedBackend {
  const { anchor, log, program: path, run = runProgram } = options;
  const program: Program = { run: tellSlow(run, log), path, absent: ABSENT };
  const place = `anchor ${anchor}`;
  return listedBackend({
    name: "pf",
    owner: "pf",
    closesAtExit: options.flushAtExit,
    flushAtInit: options.flushAtInit,
    slots: options.slots,
    rules: new PfAnchor(program, anchor, log),
    refusal: (slot) => inputOnly("pf", slot),
    containerOf: () => place,
    // Rules are loaded anew together: a number would be of no use to anybody.
    numberOf: () => null,
    commandOf: (grant, verb) => command(path, anchor, { grant, verb }),
  });
}

function command(
  path: string,
  anchor: string,
  { grant, verb }: { readonly grant: Grant; readonly verb: "add" | "delete" },
): string {
  const { access, expiresAt } = grant;
  const rule = access.slot === "input" ? ruleText(access, expiresAt) : accessKey(access);
  const load = `${path} ${PFCTL_ARGS.load(anchor).join(" ")}`;
  return verb === "add" ? `${load}, with: ${rule}` : `${load}, without: ${rule}`;
}

/** The anchor. */
class PfAnchor implements ListedRules<ListedRule> {
  #others: readonly string[] = [];
  #askedInfo = false;

  constructor(readonly program: Program, readonly anchor: string, readonly log: Log) {}

  async require(): Promise<void> {
    const trouble = anchorTrouble(await ask(this.program, PFCTL_ARGS.mainRules), this.anchor);
    if (trouble !== null) throw new FirewallError(trouble.message, trouble.hint);
    if (this.#askedInfo) return;
    if (isPfOff(await ask(this.program, PFCTL_ARGS.info))) {
      this.log("warning", "pf is disabled, so it lets everybody in: enable it with pfctl -e");
    }
    this.#askedInfo = true;
  }

  async read(): Promise<readonly ListedRule[]> {
    const { grants, others } = await this.#readAnchor();
    this.#others = others;
    return grants;
  }

  async #readAnchor(): Promise<AnchorRules> {
    return parseAnchor(await this.#list(), this.anchor);
  }

  /** An anchor that nothing names and that is empty is not there at all. */
  async #list(): Promise<string> {
    try {
      return await ask(this.program, PFCTL_ARGS.rules(this.anchor));
    } catch (error) {
      if (error instanceof FirewallError && isAnchorAbsent(error.message)) return "";
      throw error;
    }
  }

  async change(
    { open, close }: { readonly open: readonly Grant[]; readonly close: readonly ListedRule[] },
    listed: readonly ListedRule[],
  ): Promise<void> {
    const grants = listed.filter((rule) => !close.includes(rule));
    await ask(this.program, PFCTL_ARGS.load(this.anchor), formatAnchor({ grants, others: this.#others }, open));
  }

  async setUp(flush: boolean): Promise<void> {
    if (flush) await this.cleanUp();
  }

  async cleanUp(): Promise<void> {
    const { grants, others } = await this.#readAnchor();
    if (grants.length + others.length > 0) await ask(this.program, PFCTL_ARGS.flush(this.anchor));
  }

  async describe(all: boolean): Promise<string> {
    if (all) return `Listing all pf rules...\n\n${await ask(this.program, PFCTL_ARGS.mainRules)}`;
    const rules = await this.#list();
    return `Active Rules in PF anchor '${this.anchor}':\n\n${rules === "" ? "nothing is open\n" : rules}`;
  }
}
