/** The functions of a source file and their sizes. */
import { ANONYMOUS, type FunctionFact } from "./facts.ts";
import type { LineOf, Node } from "./tree.ts";

function nameOf(node: Node): string {
  const own = node["id"]?.name;
  if (own !== undefined) return own;
  const parent = node.parent;
  return parent?.["key"]?.name ?? parent?.["id"]?.name ?? parent?.["left"]?.name ?? ANONYMOUS;
}

/** `Deno.test`, `Deno.test.ignore`, `t.step`, and what registers tests that need something: `labTest`, `onBoth`. */
const REGISTERS = /^(?:test|step|testWith|onBoth|[a-zA-Z]+Test)$/;

/** Whether it is what a test runs. */
function isTestBody(node: Node): boolean {
  let parent = node.parent;
  if (parent?.type === "Property") parent = parent.parent?.parent ?? null;
  if (parent?.type !== "CallExpression") return false;
  let callee: Node | undefined = parent["callee"];
  while (callee?.type === "MemberExpression") {
    if (REGISTERS.test(callee["property"]?.name)) return true;
    callee = callee["object"];
  }
  return callee?.type === "Identifier" && REGISTERS.test(callee["name"]);
}

/** A function whose lines are still being counted. */
interface CountedFunction extends Omit<FunctionFact, "lines"> {
  lines: number;
}

/** Counts functions while the tree is walked with these handlers: `found` grows. */
export function functionCounter(lineOf: LineOf) {
  const found: CountedFunction[] = [];
  const around: CountedFunction[] = [];
  const enter = (node: Node) => {
    const line = lineOf((node.parent?.type === "MethodDefinition" ? node.parent : node).range[0]);
    const lines = lineOf(node.range[1] - 1) - line + 1;
    const counted = { name: nameOf(node), line, lines, params: node["params"].length, isTest: isTestBody(node) };
    if (countsByItself(counted)) leaveOut(lines - 1, around);
    around.push(counted);
    found.push(counted);
  };
  const leave = () => void around.pop();
  const kinds = ["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"];
  const handlers = Object.fromEntries(kinds.flatMap((kind) => [[kind, enter], [`${kind}:exit`, leave]]));
  return { found: found as readonly FunctionFact[], handlers };
}

function countsByItself({ name, isTest }: Pick<FunctionFact, "name" | "isTest">): boolean {
  return isTest || name !== ANONYMOUS;
}

/** Takes lines from the innermost function that counts by itself and from those without a name between. */
function leaveOut(lines: number, around: readonly CountedFunction[]): void {
  for (const outer of around.toReversed()) {
    outer.lines -= lines;
    if (countsByItself(outer)) return;
  }
}
