/** Our rules in the zones of firewalld: what is there, opening, closing. */
import { type Access, accessKey, FirewallError, type Grant } from "../firewall.ts";
import { latestByAccess } from "../../grants/ledger.ts";
import { formatRule, type FoundRule, parseRule, type RuleAccess } from "./rich_rule.ts";
import { FirewalldError, type FirewalldService } from "./service.ts";
import { zonesFor } from "./zones.ts";

/** A rule of ours and where it stands. */
interface PlacedRule extends FoundRule {
  readonly zone: string;
}

/** How long ends of rules that are over are kept, and how seldom they are gone through. */
const KEPT_SECONDS = 60;

/** What firewalld refuses with these words it has not done. */
const ANSWERS: ReadonlySet<FirewalldError["refusal"] | null> = new Set(["already", "not there"]);

/** How the zones are found and time is told. */
export interface ZoneOptions {
  /** FIREWD_ZONE; empty: those that the client's packets may come in by. */
  readonly zones: readonly string[];
  /** Unix seconds with their fraction. */
  readonly clock: () => number;
}

/** Our rules, by the keys of their grants. */
export type RulesByGrant = ReadonlyMap<string, readonly PlacedRule[]>;

/** The rules. What firewalld cannot say is kept, and what it said or did last. Throws `FirewallError`. */
export class ZoneRules {
  /** Exact ends of rules that this process made, by their text. */
  readonly #ends = new Map<string, number>();
  /** Null: firewalld has to be asked. */
  #known: Map<string, readonly PlacedRule[]> | null = null;
  /** Zones in which something of ours was seen. */
  readonly #used = new Set<string>();
  #forgotAt = 0;
  #active: Awaited<ReturnType<FirewalldService["activeZones"]>> = [];
  #byDefault = "";

  constructor(readonly service: FirewalldService, readonly options: ZoneOptions) {}

  /** Asks which zones there are for clients. */
  async look(): Promise<void> {
    if (this.options.zones.length > 0) return;
    this.#active = await this.#ask(this.service.activeZones());
    this.#byDefault = await this.#ask(this.service.defaultZone());
  }

  /** The zones in which a grant for that client is opened, as of the last look. */
  zonesFor({ source }: Pick<RuleAccess, "source">): readonly string[] {
    return this.options.zones.length > 0 ? this.options.zones : zonesFor(source, this.#active, this.#byDefault);
  }

  /** All zones for clients, as of the last look. */
  get places(): readonly string[] {
    if (this.options.zones.length > 0) return this.options.zones;
    return [...new Set([...this.#active.map(({ name }) => name), this.#byDefault])];
  }

  /** Our rules in every zone that there is. */
  async everywhere(): Promise<readonly PlacedRule[]> {
    return await this.#read(await this.#ask(this.service.zones()));
  }

  /** Our rules where clients may come in, and where there were some before. */
  async inUse(): Promise<RulesByGrant> {
    await this.look();
    return byGrant(await this.#read([...new Set([...this.places, ...this.#used])]));
  }

  /**
   * The same as firewalld told it last, with what was done since: for as long as whoever takes something away is heard of. Null
   * where that is not known.
   */
  async known(): Promise<RulesByGrant | null> {
    if (this.#known !== null) await this.look();
    return this.#known;
  }

  /** Whatever firewalld is asked: what fails may have been done all the same, so that nothing is known any more. */
  async #ask<Value>(question: Promise<Value>): Promise<Value> {
    try {
      return await question;
    } catch (error) {
      if (!ANSWERS.has(refusal(error))) this.#known = null;
      throw error;
    }
  }

  async #read(zones: readonly string[]): Promise<readonly PlacedRule[]> {
    this.#known = null;
    const found: PlacedRule[] = [];
    for (const zone of zones) {
      const rules = await this.service.richRules(zone).catch((error) => {
        // A zone that went took its rules along; one that was named has to be there.
        if (refusal(error) === "zone" && !this.options.zones.includes(zone)) return [];
        throw error;
      });
      for (const text of rules) {
        const rule = parseRule(text, this.options.clock());
        if (rule === null) continue;
        found.push({ ...rule, zone, expiresAt: this.#ends.get(text) ?? rule.expiresAt });
        this.#used.add(zone);
      }
    }
    this.#known = byGrant(found);
    return found;
  }

  /**
   * Opens the grant in each of its zones, or in none. `found`: our rules. True when it was open already for that time. The new
   * rule comes before the earlier one goes.
   */
  async open(access: RuleAccess, expiresAt: number, found: RulesByGrant): Promise<boolean> {
    const before = found.get(accessKey(access)) ?? [];
    const opened: PlacedRule[] = [];
    try {
      for (const zone of this.zonesFor(access)) {
        if (before.some((rule) => rule.zone === zone && rule.expiresAt >= expiresAt)) continue;
        opened.push(await this.#add({ access, expiresAt, zone }));
        const texts = new Set(opened.map(({ text }) => text));
        for (const rule of before) if (rule.zone === zone && !texts.has(rule.text)) await this.remove(rule);
      }
    } catch (error) {
      for (const rule of opened) await this.remove(rule).catch(() => {});
      throw error;
    }
    return opened.length === 0;
  }

  async #add({ access, expiresAt, zone }: Omit<PlacedRule, "text">): Promise<PlacedRule> {
    const now = this.options.clock();
    const text = formatRule(access, expiresAt, now);
    // The daemon ends it to the second. firewalld, which counts less exactly, ends it where there is no daemon any more.
    const seconds = Math.max(1, Math.ceil(expiresAt - now)) + 1;
    try {
      await this.#ask(this.service.addRule(zone, text, seconds));
    } catch (error) {
      if (refusal(error) !== "already") throw error;
      // Of another time that has the same mark.
      await this.remove({ zone, text, access });
      await this.#ask(this.service.addRule(zone, text, seconds));
    }
    this.#ends.set(text, expiresAt);
    this.#used.add(zone);
    const added = { text, access, expiresAt, zone };
    this.#note(access, (rules) => [...rules, added]);
    return added;
  }

  #note(access: RuleAccess, change: (rules: readonly PlacedRule[]) => readonly PlacedRule[]): void {
    const key = accessKey(access), rules = change(this.#known?.get(key) ?? []);
    if (rules.length > 0) this.#known?.set(key, rules);
    else this.#known?.delete(key);
  }

  /** Takes a rule away. One that is gone is no failure. */
  async remove({ zone, text, access }: Pick<PlacedRule, "zone" | "text" | "access">): Promise<void> {
    try {
      await this.#ask(this.service.removeRule(zone, text));
    } catch (error) {
      const why = refusal(error);
      if (why !== "not there" && why !== "zone") throw error;
    }
    this.#note(access, (rules) => rules.filter((rule) => rule.zone !== zone || rule.text !== text));
  }

  /** Forgets ends of rules that are no more, from time to time. `now`: Unix seconds. */
  forget(now: number): void {
    if (now >= this.#forgotAt && now < this.#forgotAt + KEPT_SECONDS) return;
    this.#forgotAt = now;
    for (const [text, end] of this.#ends) if (end < now - KEPT_SECONDS) this.#ends.delete(text);
  }
}

function byGrant(rules: readonly PlacedRule[]): Map<string, readonly PlacedRule[]> {
  return Map.groupBy(rules, ({ access }) => accessKey(access));
}

/** Rules as grants: of one that stands in several zones, or twice, the later end. */
export function grantsOf(rules: readonly FoundRule[]): readonly Grant[] {
  const grants = rules.map(({ access, expiresAt }): { access: Access; expiresAt: number } => ({ access, expiresAt }));
  return [...latestByAccess(grants).values()];
}

/** A rule that nobody has is taken away: who may not do that may not add one. Throws `FirewalldError` where it may not. */
export async function mayChange(service: FirewalldService, zone: string): Promise<void> {
  const rule = `rule priority="1000" family="ipv4" source address="0.0.0.0/32" port port="1" protocol="tcp" accept`;
  try {
    await service.removeRule(zone, rule);
  } catch (error) {
    if (refusal(error) !== "not there") throw error;
  }
}

/** Why firewalld did not do it; null for an error of another kind. */
export function refusal(error: unknown): FirewalldError["refusal"] | null {
  return error instanceof FirewalldError ? error.refusal : null;
}

/** The reason of a failure that is one of the packet filter; throws any other. */
export function reasonIn(error: unknown): string {
  if (error instanceof FirewallError) return error.message;
  throw error;
}
