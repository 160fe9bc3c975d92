/** `-D a,b,c`: the same knock for several servers, each with its own stanza, keys and packet. */
import { stripBrackets } from "../../lib/net/host_name.ts";
import type { Arguments } from "../../lib/settings/argv.ts";
import type { StanzaFile } from "../../lib/settings/rc_file.ts";
import type { Given } from "../../lib/settings/setting.ts";
import { type Loaded, loadSettings } from "../settings/load.ts";
import { stanzaOfHost } from "../settings/named_stanza.ts";
import { attempt } from "../ui/failure.ts";
import { jsonAnswer, type JsonObject } from "../ui/json_answer.ts";
import type { ClientKey } from "../options/table.ts";
import type { RcFile } from "../rc/rc_file.ts";
import { listedServers } from "./server_list.ts";
import { ClientError } from "../ui/tui.ts";
import type { World } from "../ui/world.ts";

/** One server of several: its name as written, and the arguments of its run. */
export interface ServerRun {
  readonly name: string;
  readonly args: Arguments;
}

/**
 * The runs that a list of servers asks for. Each uses the stanza of that name or with that `SPA_SERVER`, unless -n names
 * one for all. A server that is named twice gets one knock.
 */
export function serverRuns(args: Arguments, rc: RcFile | null): readonly ServerRun[] {
  const names = listedServers(args) ?? [];
  if (names.some((name) => name === "")) {
    throw new ClientError("-D: a name is missing between commas", "write -D a,b,c");
  }
  // Letter case does not tell hosts apart: the second packet would only be another knock at the same server.
  const distinct = names.filter((name, index) =>
    names.findIndex((other) => other.toLowerCase() === name.toLowerCase()) === index
  );
  return distinct.map((name) => ({ name, args: { ...args, given: givenFor(name, args, rc) } }));
}

/** The world for one server: what is told or asked names it. */
function worldOf(name: string, world: World): World {
  return {
    ...world,
    tell: (told) => world.tell({ ...told, server: name }),
    askSecret: (question) => world.askSecret(question.replace(/: $/, ` for ${name}: `)),
  };
}

/**
 * Acts with the settings of each server. What fails for one is told with its name, and the others go on. `first` is true
 * until one of them ended in another way than by throwing. The result is the highest exit code.
 */
export async function onEachServer(
  args: Arguments,
  run: { readonly rc: RcFile | null; readonly world: World },
  act: (loaded: Loaded, run: { readonly world: World; readonly first: boolean }) => Promise<number>,
): Promise<number> {
  let first = true;
  return await tellEach(serverRuns(args, run.rc), { args, world: run.world }, (server, world) =>
    attempt(async () => {
      const code = await act(loadSettings(server.args, run.rc, world), { world, first });
      first = false;
      return code;
    }, world));
}

/**
 * Acts for each server. With `--explain` each is announced by its name; with `--json` all answers form one object. The result
 * is the highest exit code.
 */
async function tellEach(
  runs: readonly ServerRun[],
  { args, world }: { readonly args: Arguments; readonly world: World },
  act: (run: ServerRun, world: World) => Promise<number>,
): Promise<number> {
  const asked = (wanted: ClientKey) => args.given.some(({ key }) => key === wanted);
  const servers: JsonObject[] = [];
  let code = 0;
  for (const [index, run] of runs.entries()) {
    if (asked("explain")) world.out(`${index === 0 ? "" : "\n"}== ${run.name} ==\n`);
    const own = worldOf(run.name, world);
    const answer = asked("json") ? jsonAnswer(own, (value) => servers.push({ server: run.name, ...value })) : null;
    const ended = await act(run, answer?.world ?? own);
    answer?.finish(ended);
    code = Math.max(code, ended);
    // Ctrl-C, or a signal, at a question ends the whole run.
    if (ended > 128) break;
  }
  if (asked("json")) world.json({ servers });
  return code;
}

function givenFor(name: string, args: Arguments, rc: RcFile | null): readonly Given[] {
  const others = args.given.filter(({ key }) => key !== "server");
  const destination: Given = { key: "server", text: name, name: "-D", origin: { option: "-D" } };
  const named = args.given.some(({ key }) => key === "namedConfig");
  const stanza = named || rc === null ? null : stanzaOfHost(rc.file.stanzas, stripBrackets(name));
  if (stanza === null) return [...others, destination];
  const using: Given = { key: "namedConfig", text: stanza, name: "-n", origin: { option: "-n" } };
  // The name of a stanza need not be one of a host.
  return rc !== null && hasServer(rc.file, stanza) ? [...others, using] : [...others, using, destination];
}

function hasServer(file: StanzaFile, stanza: string): boolean {
  return file.stanzas.some(({ name, entries }) =>
    name.toLowerCase() === stanza.toLowerCase() && entries.some((entry) => entry.name === "SPA_SERVER")
  );
}
