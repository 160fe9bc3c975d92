/** How long files and functions may be, and how many parameters a function may have. Pure. */
import { type Exceptions, type Finding, staleExceptions } from "./finding.ts";
import { ANONYMOUS, type FunctionFact, type SourceFile } from "./facts.ts";

const FILE_LINES = 300;
const FUNCTION_LINES = 40;
/** A test is read from top to bottom, and what it sets up stands in it. */
const TEST_LINES = 80;
const PARAMETERS = 3;

/** What may be larger, and why: files by path, functions as `path: name`. */
export interface SizeExceptions {
  readonly files: Exceptions;
  readonly functions: Exceptions;
  readonly parameters: Exceptions;
}

/** Files, functions and lists of parameters that are too long. */
export function checkSizes(files: readonly SourceFile[], exceptions: SizeExceptions): Finding[] {
  const needed = { files: new Set<string>(), functions: new Set<string>(), parameters: new Set<string>() };
  const findings: Finding[] = [];
  const report = (kind: keyof SizeExceptions, key: string, finding: Finding) => {
    needed[kind].add(key);
    if (!(key in exceptions[kind])) findings.push(finding);
  };
  for (const file of files) {
    const long = fileFinding(file);
    if (long !== null) report("files", file.path, long);
    for (const fact of file.functions) {
      const key = `${file.path}: ${fact.name}`;
      const large = functionFinding(file.path, fact);
      if (large !== null) report("functions", key, large);
      const many = parameterFinding(file.path, fact);
      if (many !== null) report("parameters", key, many);
    }
  }
  const kinds = ["files", "functions", "parameters"] as const;
  return [...findings, ...kinds.flatMap((kind) => staleExceptions(Object.keys(exceptions[kind]), needed[kind]))];
}

function fileFinding({ path, lines }: SourceFile): Finding | null {
  if (lines <= FILE_LINES) return null;
  return {
    path,
    line: FILE_LINES + 1,
    what: `the file has ${lines} lines, more than ${FILE_LINES}`,
    remedy: "split it by what it does; a table may be listed in .ci/rules/exceptions.ts",
  };
}

function functionFinding(path: string, { name, line, lines, isTest }: FunctionFact): Finding | null {
  const most = isTest ? TEST_LINES : FUNCTION_LINES;
  if (lines <= most) return null;
  const subject = isTest ? "a test" : name;
  return { path, line, what: `${subject} has ${lines} lines, more than ${most}`, remedy: "give its steps names" };
}

/** Whoever calls a function that has no name decides what it is given. Tests call their own as the rows of a table. */
function parameterFinding(path: string, { name, line, params }: FunctionFact): Finding | null {
  if (params <= PARAMETERS || name === ANONYMOUS || path.startsWith("tests/")) return null;
  return {
    path,
    line,
    what: `${name} has ${params} parameters, more than ${PARAMETERS}`,
    remedy: "give it an options object after the first one to three",
  };
}
