/** Reads what `iptables-save` prints: which chains there are, and which rules. Pure. */

/** Rules of one address family. */
export interface RuleListing {
  /** Table → chain → the text of each rule after `-A CHAIN `, in order. */
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
  /** `filter INPUT` → `DROP`; `-` for chains that are not the kernel's own. */
  readonly policies: ReadonlyMap<string, string>;
  /** Tables that are there and that iptables cannot read. */
  readonly unreadable: readonly string[];
}

/** Reads the output of `iptables-save` or `ip6tables-save`, of any number of tables. */
export function parseSave(text: string): RuleListing {
  const tables = new Map<string, Map<string, string[]>>();
  const unreadable = [...text.matchAll(/^# Table `(.+)' is incompatible/gm)].map(([, name = ""]) => name);
  const policies = new Map<string, string>();
  let table = "";
  let chains = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    if (line.startsWith("*")) {
      table = line.slice(1).trim();
      chains = tables.get(table) ?? new Map();
      tables.set(table, chains);
    } else if (line.startsWith(":")) {
      const [name = "", policy = "-"] = line.slice(1).split(" ");
      policies.set(`${table} ${name}`, policy);
      if (!chains.has(name)) chains.set(name, []);
    } else if (line.startsWith("-A ")) {
      const [, chain = "", rule = ""] = /^-A (\S+) ?(.*)$/.exec(line) ?? [];
      const rules = chains.get(chain);
      if (rules === undefined) chains.set(chain, [rule]);
      else rules.push(rule);
    }
  }
  return { tables, policies, unreadable };
}

/** The rules of a chain; null when there is no such chain. */
export function chainRules(listing: RuleListing, table: string, chain: string): readonly string[] | null {
  return listing.tables.get(table)?.get(chain) ?? null;
}

/** Splits a rule into words the way iptables-restore does: double quotes, and a backslash inside them. */
export function splitWords(rule: string): readonly string[] {
  const words: string[] = [];
  for (const [, quoted, bare] of rule.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)) {
    words.push(quoted === undefined ? bare ?? "" : quoted.replace(/\\(.)/g, "$1"));
  }
  return words;
}
