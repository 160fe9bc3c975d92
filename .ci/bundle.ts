/** From the sources of a program to the few files that are shipped. */
import type { ProgramName } from "./permissions.ts";
import { runTool } from "./tool.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const MAINS: Readonly<Record<ProgramName, string>> = { fwknop: "cli/main.ts", fwknopd: "daemon/main.ts" };

/** The module of {@link bundleSplit} that holds what not every run needs. */
const REST = "rest.js";

/**
 * The modules that stay files of their own: that of OpenPGP is as large as all the rest, and with that of mail come modules of
 * node, which whoever loads the rest would load too.
 */
const APART = /^\.\/((library|smtp)-[^/]+)$/;

/** The one of these that a whole bundle must not have among its own imports, which a start loads. */
const MAIL = "smtp.js";

/**
 * Bundles a program into one file. Minified: there is less to read at every start. The module with modules of node is in it as
 * text, which becomes a module when somebody asks for it.
 *
 * @param root the checkout whose program it is
 * @throws Error with what the bundler said
 */
export async function bundleWhole(program: ProgramName, target: string, root: string = ROOT): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "fwknop-bundle-" });
  try {
    await bundle(["--code-splitting", "--outdir", folder, MAINS[program]], root);
    if (!nameMailPiece(folder)) return await bundle(["--minify", "-o", target, MAINS[program]], root);
    const options = ["--no-config", "--minify", `--external=./${MAIL}`];
    await bundle([...options, "-o", target, `${folder}/main.js`], root);
    await bundle([...options, "-o", `${folder}/alone.js`, `${folder}/${MAIL}`], root);
    const bytes = await Deno.readFile(`${folder}/alone.js`);
    const url = `data:text/javascript;base64,${bytes.toBase64()}`;
    const text = await Deno.readTextFile(target);
    await Deno.writeTextFile(target, text.replace(`import("./${MAIL}")`, () => `import("${url}")`));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Gives the piece that stays apart in a whole bundle a name that is known; whether there is one. */
function nameMailPiece(folder: string): boolean {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  const piece = names.find((name) => APART.exec(`./${name}`)?.[2] === MAIL.replace(".js", ""));
  if (piece === undefined) return false;
  for (const name of names) {
    const text = Deno.readTextFileSync(`${folder}/${name}`);
    if (text.includes(piece)) Deno.writeTextFileSync(`${folder}/${name}`, text.replaceAll(piece, MAIL));
  }
  Deno.renameSync(`${folder}/${piece}`, `${folder}/${MAIL}`);
  return true;
}

/**
 * Bundles a program into a folder so that a run reads only what it needs: `main.js` with what it imports is what every
 * run loads, and everything that is imported dynamically is in one more file. A bundle that is read whole costs 4 ms more
 * at every start, and one file for each dynamic import (what the bundler does by itself) as much in opening files. A large
 * library that hardly any run needs stays apart from both.
 *
 * @param folder exists, and is empty
 * @param root the checkout whose program it is
 * @returns the path of the main file
 * @throws Error with what the bundler said
 */
export async function bundleSplit(program: ProgramName, folder: string, root: string = ROOT): Promise<string> {
  const pieces = `${folder}/pieces`;
  await bundle(["--code-splitting", "--outdir", pieces, MAINS[program]], root);
  const split = ["--no-config", "--minify", "--outdir", `${folder}/split`];
  const apart = gatherDynamicImports(pieces);
  const external = [...apart.values()].map((file) => `--external=./${file}`);
  await bundle([...split, "--code-splitting", ...external, `${pieces}/main.js`], root);
  for (const [piece, file] of apart) {
    // Alone: what it shares with the others would be one more file for each run.
    await Deno.rename(`${pieces}/${piece}`, `${pieces}/${file}`);
    await bundle([...split, `${pieces}/${file}`], root);
  }
  return `${folder}/split/main.js`;
}

/**
 * Turns `import("./a.js")` in every file of the folder into a member of one module that holds all of them. The result are the
 * pieces that stay apart, with the names of their files.
 */
function gatherDynamicImports(folder: string): ReadonlyMap<string, string> {
  const apart = new Map<string, string>();
  const members = new Map<string, string>();
  for (const { name } of Deno.readDirSync(folder)) {
    const text = Deno.readTextFileSync(`${folder}/${name}`);
    const gathered = text.replaceAll(/\bimport\("(\.\/[^"]+)"\)/g, (_, path: string) => {
      const [, piece, name] = APART.exec(path) ?? [];
      if (piece !== undefined) {
        apart.set(piece, `${name}.js`);
        return `import("./${name}.js")`;
      }
      const member = members.get(path) ?? `part${members.size}`;
      members.set(path, member);
      return `import("./${REST}").then((rest) => rest.${member})`;
    });
    if (gathered !== text) Deno.writeTextFileSync(`${folder}/${name}`, gathered);
  }
  const lines = [...members].map(([path, member]) => `export * as ${member} from "${path}";\n`);
  Deno.writeTextFileSync(`${folder}/${REST}`, lines.join(""));
  return apart;
}

/** Runs the bundler of the Deno that runs this, or, where that fails, of the one on PATH. */
async function bundle(args: readonly string[], root: string): Promise<void> {
  const failures: string[] = [];
  for (const deno of new Set([Deno.execPath(), "deno"])) {
    // The form of a library for browsers is the one without node: modules, whose RSA Deno 2.6 does not have.
    const failure = await runTool(deno, ["bundle", "--frozen", "--quiet", "--platform", "browser", ...args], root)
      .catch((error: Error) => error.message);
    if (failure === null) return;
    failures.push(`${deno}: ${failure}`);
  }
  throw new Error(`Cannot bundle ${args.at(-1)}:\n${failures.join("\n")}`);
}
