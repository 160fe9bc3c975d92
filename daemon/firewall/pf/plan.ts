/**
 * Changes of the anchor, worked out from what is there: a listing and wishes in, text for pfctl out. It is made of numbers,
 * addresses and names of our tables only; rules of others go in again as pfctl printed them. Pure.
 */
import { accessKey, type Grant } from "../firewall.ts";
import { doorRule, type EndingRule, endRule } from "./rules.ts";
import { accessThrough, type Door, doorOf, type InputAccess, isSameDoor, tableName } from "./tables.ts";

/** What pf holds. */
export interface View {
  readonly doors: readonly (Door & {
    /** The entries of its table. Null: the table is gone. */
    readonly clients: readonly string[] | null;
  })[];
  readonly ending: readonly EndingRule[];
  readonly others: readonly string[];
  /** When the time of a client is over, by the key of its access. */
  readonly ends: ReadonlyMap<string, number>;
}

/** A grant as it stands there. */
export interface ListedEntry extends Grant {
  readonly in: { readonly table: string; readonly client: string } | { readonly rule: EndingRule };
}

/** Entries of one table. */
interface Clients {
  readonly table: string;
  readonly clients: readonly string[];
}

/** A change, in this order; what is null has not to be done. */
export interface Plan {
  readonly taken: readonly Clients[];
  /** The whole of the anchor that says when what is open ends. */
  readonly ends: string | null;
  readonly added: readonly Clients[];
  /** The whole anchor. */
  readonly anchor: string | null;
  /** Grants whose table would have the name of another. */
  readonly clashing: readonly Grant[];
}

/** What is open. An entry whose end nobody knows is over. */
export function grantsOf({ doors, ending, ends }: View, anchor: string): readonly ListedEntry[] {
  const entries = doors.flatMap((door) =>
    (door.clients ?? []).map((client): ListedEntry => {
      const table = tableName(door);
      const access = accessThrough(door, client);
      const place = { table, client };
      if (access !== null) return { access, expiresAt: ends.get(accessKey(access)) ?? 0, in: place };
      const rule = `<${table}> ${client}`;
      return { access: { slot: "foreign", family: door.family, table, chain: anchor, rule }, expiresAt: 0, in: place };
    })
  );
  return [...entries, ...ending.map((rule) => ({ access: rule.access, expiresAt: rule.expiresAt, in: { rule } }))];
}

/** A door as it is to be. */
interface Wanted {
  readonly door: Door;
  /** What its table has now; null: there is no such table, or it is not to be trusted. */
  readonly before: readonly string[] | null;
  readonly after: Set<string>;
}

/** Opens and closes. */
export function planChange(
  view: View,
  { open, close }: { readonly open: readonly Grant[]; readonly close: readonly ListedEntry[] },
): Plan {
  const wanted = new Map<string, Wanted>(
    view.doors.map((door) => [
      tableName(door),
      { door, before: door.clients, after: new Set(door.clients ?? []) },
    ]),
  );
  for (const { in: place } of close) if ("client" in place) wanted.get(place.table)?.after.delete(place.client);
  const ends = new Map(view.ends);
  const clashing = open.filter((grant) => isInput(grant) && !enter(wanted, ends, grant));
  const doors = [...wanted.values()].filter(({ after }) => after.size > 0);
  const ending = view.ending.filter((rule) => !close.some(({ in: place }) => "rule" in place && place.rule === rule));
  const isLoaded = doors.length !== view.doors.length || doors.some(({ before }) => before === null) ||
    ending.length !== view.ending.length;
  return {
    taken: difference(doors, ({ before, after }) => (before ?? []).filter((client) => !after.has(client))),
    ends: endsText(doors, ends, view.ends),
    added: difference(
      doors,
      ({ before, after }) => before === null ? [] : [...after].filter((client) => !before.includes(client)),
    ),
    anchor: isLoaded ? anchorText(doors, [...view.others, ...ending.map(({ text }) => text)]) : null,
    clashing,
  };
}

function isInput(grant: Grant): grant is Grant & { readonly access: InputAccess } {
  return grant.access.slot === "input";
}

/** False: another door has that name. */
function enter(
  wanted: Map<string, Wanted>,
  ends: Map<string, number>,
  { access, expiresAt }: Grant & { readonly access: InputAccess },
): boolean {
  const door = doorOf(access);
  const name = tableName(door);
  const known = wanted.get(name) ?? { door, before: null, after: new Set<string>() };
  if (!isSameDoor(known.door, door)) return false;
  wanted.set(name, known);
  known.after.add(access.source.text);
  ends.set(accessKey(access), expiresAt);
  return true;
}

function difference(doors: readonly Wanted[], of: (door: Wanted) => readonly string[]): readonly Clients[] {
  return doors.map((wanted) => ({ table: tableName(wanted.door), clients: of(wanted) }))
    .filter(({ clients }) => clients.length > 0);
}

/** The ends of what is to be open; null where they stand there already. */
function endsText(
  doors: readonly Wanted[],
  ends: ReadonlyMap<string, number>,
  before: ReadonlyMap<string, number>,
): string | null {
  const lines = new Map<string, string>();
  for (const { door, after } of doors) {
    for (const client of after) {
      const access = accessThrough(door, client);
      const key = access === null ? "" : accessKey(access);
      const end = ends.get(key);
      if (access !== null && end !== undefined) lines.set(key, `${endRule(access, end)}\n`);
    }
  }
  const isSame = lines.size === before.size && [...lines.keys()].every((key) => before.get(key) === ends.get(key));
  return isSame ? null : [...lines.values()].join("");
}

/**
 * All of the anchor. A table that is there keeps its entries, because it is not named; a new one has exactly those that are
 * written here, whoever had one of that name before, and goes with its rule.
 */
function anchorText(doors: readonly Wanted[], rules: readonly string[]): string {
  const tables = doors.filter(({ before }) => before === null)
    .map(({ door, after }) => `table <${tableName(door)}> { ${[...after].join(" ")} }`);
  return [...tables, ...rules, ...doors.map(({ door }) => doorRule(door))].map((line) => `${line}\n`).join("");
}
