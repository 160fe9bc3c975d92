/**
 * A lint plugin that says what is in a source file: `deno lint` has the one parser of TypeScript that is there without a
 * new dependency. It reports one finding for each file, whose message is the facts as JSON. `facts.json` beside this file
 * is the configuration that loads it, and nothing else does.
 */
import { AMBIENT } from "../layers.ts";
import type { AmbientFact, ExportFact, FunctionFact, ImportFact, SourceFacts } from "./facts.ts";
import { functionCounter } from "./functions.ts";
import { lineIndex, type LineOf, type Node } from "./tree.ts";

/** Global names that are the outside world by themselves. */
const AMBIENT_NAMES = new Set([
  "Deno",
  "fetch",
  "setTimeout",
  "setInterval",
  "console",
  "localStorage",
  "prompt",
  "alert",
  "confirm",
]);
/** Members that are a clock or randomness. */
const AMBIENT_MEMBERS = new Set(AMBIENT.map((members) => members.join(".")));

/** Growing facts of the file that is being read. */
interface Draft {
  readonly imports: ImportFact[];
  readonly exports: ExportFact[];
  readonly ambient: AmbientFact[];
  /** Types in the signatures of exports, by where the export begins. */
  readonly signatures: Map<number, string[]>;
}

/** Names that a destructuring takes out, `*` where some stay unnamed. */
function patternNames(pattern: Node): string[] {
  if (pattern.type !== "ObjectPattern") return ["*"];
  return pattern["properties"].map((property: Node) => property["key"]?.name ?? "*");
}

/** What is used of `import("./x.ts")`: `const { a } = await import(…)` and `(await import(…)).a`, else everything. */
function dynamicNames(node: Node): string[] {
  const awaited = node.parent;
  if (awaited?.type !== "AwaitExpression") return ["*"];
  const user = awaited.parent;
  if (user?.type === "VariableDeclarator") return patternNames(user["id"]);
  if (user?.type === "MemberExpression" && user["object"] === awaited) return [user["property"]?.name ?? "*"];
  return ["*"];
}

function importedNames(node: Node): string[] {
  return node["specifiers"].map((specifier: Node) => {
    if (specifier.type === "ImportSpecifier") return specifier["imported"].name ?? specifier["imported"].value;
    return specifier.type === "ImportDefaultSpecifier" ? "default" : "*";
  });
}

/** A value import with `type` at each of its names loads nothing either. */
function takesTypesOnly(node: Node): boolean {
  if ((node["importKind"] ?? node["exportKind"]) === "type") return true;
  const specifiers: Node[] = node["specifiers"] ?? [];
  return specifiers.length > 0 &&
    specifiers.every((specifier) => (specifier["importKind"] ?? specifier["exportKind"]) === "type");
}

/** Names that a declaration makes. */
function declaredNames(declaration: Node): string[] {
  if (declaration.type !== "VariableDeclaration") return [declaration["id"]?.name ?? "default"];
  return declaration["declarations"].flatMap(({ id }: Node) => id.type === "Identifier" ? [id.name] : patternNames(id));
}

function noteExport(node: Node, draft: Draft, lineOf: LineOf): void {
  const line = lineOf(node.range[0]);
  const specifiers: Node[] = node["specifiers"] ?? [];
  const names: string[] = node["declaration"] ? declaredNames(node["declaration"]) : [];
  for (const specifier of specifiers) names.push(specifier["exported"].name ?? specifier["exported"].value);
  for (const name of names) draft.exports.push({ name, line, signature: signatureOf(node, draft) });
  if (!node["source"]) return;
  draft.imports.push({
    specifier: node["source"].value,
    names: specifiers.map((specifier) => specifier["local"].name ?? specifier["local"].value),
    line,
    typeOnly: takesTypesOnly(node),
  });
}

/** The list of the types that an export speaks of; it grows while they are visited. */
function signatureOf(exported: Node, { signatures }: Draft): string[] {
  const known = signatures.get(exported.range[0]) ?? [];
  signatures.set(exported.range[0], known);
  return known;
}

/** Notes a type for the export in whose signature it stands, if it stands in one. */
function noteType(name: string | undefined, node: Node, draft: Draft): void {
  if (name === undefined) return;
  for (let above = node.parent; above !== null && above.type !== "BlockStatement"; above = above.parent) {
    if (above.type === "ExportNamedDeclaration") return void signatureOf(above, draft).push(name);
  }
}

/** Whether an identifier stands for the global of its name: no member, key, or part of a type. */
function isGlobalUse(node: Node): boolean {
  const parent = node.parent;
  if (parent === null) return false;
  if (parent.type === "MemberExpression") return parent["object"] === node || parent["computed"] === true;
  if (parent.type === "Property") return parent["value"] === node;
  return !parent.type.startsWith("TS") || parent.type === "TSAsExpression" || parent.type === "TSNonNullExpression";
}

type Handlers = Readonly<Record<string, (node: Node) => void>>;

/** What to do at each kind of node to learn about what goes in and out of the file. */
function structureHandlers(draft: Draft, lineOf: LineOf): Handlers {
  const onImport = (node: Node, names: readonly string[]) =>
    draft.imports.push({
      specifier: typeof node["source"]?.value === "string" ? node["source"].value : "",
      names,
      line: lineOf(node.range[0]),
      typeOnly: takesTypesOnly(node),
    });
  return {
    ImportDeclaration: (node) => onImport(node, importedNames(node)),
    ImportExpression: (node) => onImport(node, dynamicNames(node)),
    ExportAllDeclaration: (node) => onImport(node, ["*"]),
    ExportNamedDeclaration: (node) => noteExport(node, draft, lineOf),
    TSTypeReference: (node) => noteType(node["typeName"]?.name, node, draft),
    TSTypeQuery: (node) => noteType(node["exprName"]?.name, node, draft),
    TSInterfaceHeritage: (node) => noteType(node["expression"]?.name, node, draft),
    TSClassImplements: (node) => noteType(node["expression"]?.name, node, draft),
  };
}

/** What to do at each kind of node to learn what of the outside world is used. */
function ambientHandlers(draft: Draft, lineOf: LineOf): Handlers {
  const ambient = (what: string, node: Node) => draft.ambient.push({ what, line: lineOf(node.range[0]) });
  return {
    Identifier: (node) => {
      if (AMBIENT_NAMES.has(node["name"]) && isGlobalUse(node)) ambient(node["name"], node);
    },
    MemberExpression: (node) => {
      const member = `${node["object"]?.name}.${node["property"]?.name}`;
      if (AMBIENT_MEMBERS.has(member)) ambient(member, node);
    },
    NewExpression: (node) => {
      if (node["callee"]?.name === "Date" && node["arguments"].length === 0) ambient("new Date()", node);
    },
  };
}

/** The lint plugin: one finding for each file, whose message is its {@link SourceFacts} as JSON. */
const plugin: Deno.lint.Plugin = {
  name: "source",
  rules: {
    facts: {
      create(context) {
        const { text } = context.sourceCode;
        const lineOf = lineIndex(text);
        const functions = functionCounter(lineOf);
        const draft: Draft = { imports: [], exports: [], ambient: [], signatures: new Map() };
        const end = (node: Deno.lint.Node) =>
          context.report({ node, message: JSON.stringify(factsOf(text, functions.found, draft)) });
        return {
          ...functions.handlers,
          ...structureHandlers(draft, lineOf),
          ...ambientHandlers(draft, lineOf),
          "Program:exit": end,
        } as unknown as Deno.lint.LintVisitor;
      },
    },
  },
};

function factsOf(text: string, functions: readonly FunctionFact[], { imports, exports, ambient }: Draft): SourceFacts {
  return {
    lines: text.split("\n").length - (text.endsWith("\n") ? 1 : 0),
    header: /^\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? "",
    functions,
    imports,
    exports,
    ambient,
  };
}

export default plugin;
