/**
 * References that lead nowhere: `facts/wire 7` in a comment (heading 7 of docs/facts/wire.md), `COMPATIBILITY F14` (a row
 * of docs/COMPATIBILITY.md), `{@link name}`, files named in backticks, and relative links between the documents.
 * `make check` runs it: one line for each, exit status 1 when there are any.
 */

const ROOT = new URL("../", import.meta.url).pathname;
const CODE: readonly string[] = ["cli", "daemon", "lib", "ffi", "tests", "bench", ".ci"];
const FOLDERS: readonly string[] = [...CODE, "docs", "packaging", ".github"];
/** What a checkout has beside its own files. */
const SKIPPED: ReadonlySet<string> = new Set(["node_modules", "build", "coverage", ".git"]);

/** The files of a checkout by their path from its top; what is no text that is looked at is empty. */
export type Files = ReadonlyMap<string, string>;

/** What references may name. */
export interface Known {
  /** `wire 7` for heading 7 of docs/facts/wire.md. */
  readonly facts: ReadonlySet<string>;
  /** `F14` for that row of docs/COMPATIBILITY.md. */
  readonly points: ReadonlySet<string>;
}

/** Papers that are not in the repository, and their sections, as comments named them once. */
const OLD_FORM =
  /\bwire-?(?:and-)?client(?:\.md)?\b|\bserver(?:\.md)? [A-I]\b|\b(?:server|design|house|anchors)\.md\b|(?<!appendix )\b[A-I]\.\d{1,2}(?:-\d+)?\b(?!\.)/g;
const FACT = /(?<!docs\/)\bfacts\/([a-z][\w-]*)(?![\w-]|\.md)(?:\s+(\d+))?/g;
const POINT = /\bCOMPATIBILITY\s+([A-Z]\d+)/g;
const LINK = /\{@link(?:code|plain)?\s+([^}\s|]*)[^}]*\}/g;
const MARKDOWN_LINK = /\]\(([^)\s]+)\)/g;
const FILE_NAME = /`((?:[\w.-]+\/)*[\w-]{2,}(?:\.[\w-]+)*\.(?:ts|md|json|yml))`/g;
const GLOSSARY = "docs/GLOSSARY.md";
/** What may name files of earlier versions. */
const HISTORY: ReadonlySet<string> = new Set(["CHANGELOG.md"]);

/** The headings of docs/facts and the points of docs/COMPATIBILITY.md. */
export function knownReferences(files: Files): Known {
  const facts = new Set<string>();
  for (const [path, text] of files) {
    const page = /^docs\/facts\/(.+)\.md$/.exec(path)?.[1];
    if (page === undefined) continue;
    for (const [, number] of text.matchAll(/^#+ (\d+)\. /gm)) facts.add(`${page} ${number}`);
  }
  const table = files.get("docs/COMPATIBILITY.md") ?? "";
  return { facts, points: new Set([...table.matchAll(/^\| ([A-Z]\d+) /gm)].map(([, point = ""]) => point)) };
}

/** Comments; and what may look like one inside: strings, templates, regular expressions. */
const TOKEN = new RegExp(
  [
    String.raw`\/\*[\s\S]*?\*\/`,
    String.raw`\/\/[^\n]*`,
    String.raw`"(?:\\.|[^"\\\n])*"`,
    String.raw`'(?:\\.|[^'\\\n])*'`,
    "`(?:\\\\[\\s\\S]|[^`\\\\])*`",
    String.raw`(?<=[=(,:;!&|?{}[\n]\s*|return )\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/`,
  ].join("|"),
  "g",
);

/** What the comments of a TypeScript source say, with line ends kept so that lines can be counted. */
export function commentsOf(source: string): string {
  const blank = (text: string) => text.replace(/[^\n]/g, " ");
  let out = "", end = 0;
  for (const { 0: found, index } of source.matchAll(TOKEN)) {
    out += blank(source.slice(end, index)) +
      (/^\/[/*]/.test(found) ? found.replace(/\n\s*\*(?!\/)/g, "\n ") : blank(found));
    end = index + found.length;
  }
  return out + blank(source.slice(end));
}

/** References to facts and points in prose that lead nowhere, and those of the old form. */
export function referenceFaults(prose: string, known: Known): Fault[] {
  return [
    ...found(prose, OLD_FORM, ([text]) => `"${text}" is in no paper of this repository, see docs/facts/README.md`),
    ...found(prose, FACT, ([text, page, number]) => {
      if (number === undefined) return `"${text}" names no heading, write facts/${page} N`;
      return known.facts.has(`${page} ${number}`) ? null : `docs/facts/${page}.md has no heading ${number}`;
    }),
    ...found(
      prose,
      POINT,
      ([, point = ""]) => known.points.has(point) ? null : `docs/COMPATIBILITY.md has no ${point}`,
    ),
  ];
}

/** `{@link name}` of names that the file neither declares nor imports; of `name.member` the first part counts. */
export function docLinkFaults(source: string): Fault[] {
  const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "");
  return found(source, LINK, ([, target = ""]) => {
    const [name = ""] = target.split(/[.#]/);
    if (/^https?:/.test(target)) return null;
    return new RegExp(`(?<![\\w$.])${name.replaceAll("$", "\\$")}(?![\\w$])`).test(code) && name !== ""
      ? null
      : `{@link ${target}} is no name of this file`;
  });
}

/** Files in backticks that are not there. A name without folders, or with the last ones, is enough. */
export function fileNameFaults(prose: string, files: Files): Fault[] {
  const paths = [...files.keys()];
  return found(prose, FILE_NAME, ([, name = ""]) => {
    return paths.some((path) => path === name || path.endsWith(`/${name}`)) ? null : `there is no ${name}`;
  });
}

/** Relative links of a document whose file, or whose heading in it, is not there. */
export function markdownLinkFaults(path: string, files: Files): Fault[] {
  return found(files.get(path) ?? "", MARKDOWN_LINK, ([, link = ""]) => {
    if (/^[a-z][a-z+.-]*:/.test(link)) return null;
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? path : new URL(file, `file:///${path}`).pathname.slice(1);
    const isFolder = [...files.keys()].some((other) => other.startsWith(`${target.replace(/\/$/, "")}/`));
    if (!files.has(target) && !isFolder) return `the link ${link} leads to no file`;
    return anchor === undefined || anchorsOf(files.get(target) ?? "").has(anchor)
      ? null
      : `${target} has no #${anchor}`;
  });
}

/** Anchors that hosts of repositories give to headings. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  const headings = [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
  return new Set(headings.map((text) => text.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-")));
}

/** Names of types in the glossary that are not in the files that it names for them. */
export function glossaryFaults(files: Files): Fault[] {
  return found(
    files.get(GLOSSARY) ?? "",
    /^\| ([A-Z]\w*[a-z][A-Z]\w*) +\|[^|]*\|(.*)$/gm,
    ([, name = "", cell = ""]) => {
      const named = [...cell.matchAll(FILE_NAME)].map(([, file = ""]) => files.get(file) ?? "");
      return named.some((text) => new RegExp(`\\b${name}\\b`).test(text))
        ? null
        : `${name} is not in${cell.replace("|", "")}`;
    },
  );
}

/** One reference that leads nowhere. `line` counts from 1. */
export interface Fault {
  readonly line: number;
  readonly text: string;
}

function found(text: string, pattern: RegExp, judge: (match: RegExpMatchArray) => string | null): Fault[] {
  return [...text.matchAll(pattern)].flatMap((match) => {
    const said = judge(match);
    return said === null ? [] : [{ line: text.slice(0, match.index).split("\n").length, text: said }];
  });
}

/** All faults of a file. */
export function faultsIn(path: string, files: Files, known: Known): Fault[] {
  const text = files.get(path) ?? "";
  if (path.endsWith(".md")) {
    const names = HISTORY.has(path) ? [] : fileNameFaults(text, files);
    const glossary = path === GLOSSARY ? glossaryFaults(files) : [];
    return [...referenceFaults(text, known), ...names, ...markdownLinkFaults(path, files), ...glossary];
  }
  if (!path.endsWith(".ts")) return [];
  const prose = commentsOf(text);
  return [...referenceFaults(prose, known), ...docLinkFaults(text), ...fileNameFaults(prose, files)];
}

/** The files of the checkout at `root`, a path that ends with `/`. */
export async function readFiles(root: string): Promise<Files> {
  const files = new Map<string, string>();
  const visit = async (folder: string) => {
    for await (const { name, isDirectory, isFile } of Deno.readDir(root + folder)) {
      const path = folder + name;
      if (isDirectory && !SKIPPED.has(name) && (folder !== "" || FOLDERS.includes(name))) await visit(`${path}/`);
      if (isFile) files.set(path, /\.(ts|md)$/.test(name) ? await Deno.readTextFile(root + path) : "");
    }
  };
  await visit("");
  return files;
}

if (import.meta.main) {
  const files = await readFiles(ROOT);
  const known = knownReferences(files);
  const lines = [...files.keys()].sort().flatMap((path) =>
    faultsIn(path, files, known).map(({ line, text }) => `${path}:${line}: ${text}`)
  );
  if (lines.length > 0) console.error(lines.join("\n"));
  Deno.exit(lines.length === 0 ? 0 : 1);
}
