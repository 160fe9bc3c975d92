/** `KEY_CMD` and `HMAC_KEY_CMD`: a key from a program such as a password store. No shell is involved. */
import { escapedBytes, escapedText } from "../../lib/bytes.ts";
import { readCommand, runChild } from "../ui/child.ts";
import { decodeKey } from "../options/kinds.ts";
import { ClientError } from "../ui/tui.ts";

/** Which key is wanted: the name under which `--key-gen` prints it. */
export type KeyLabel = "KEY_BASE64" | "HMAC_KEY_BASE64";

/**
 * Runs `command` (words, perhaps quoted) and takes the key from what it prints: the line of `--key-gen` with that label
 * where there is one, else the first line, as text, or as base64 after `base64:`. Its standard error and input are ours,
 * so that it can ask, unless `ownInput` keeps standard input for a connection. Nothing it prints is ever part of a message.
 */
export async function keyFromCommand(
  command: string,
  label: KeyLabel,
  options: { readonly ownInput?: boolean } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const directive = label === "KEY_BASE64" ? "KEY_CMD" : "HMAC_KEY_CMD";
  const { program, args } = readCommand(directive, command, "write the program and its arguments");
  const output = await runChild(program, args, options);
  if (!output.ok) throw new ClientError(`${directive}: ${output.reason}`, hintAt(program, output.reason));
  const key = parseKeyOutput(escapedText(output.stdout), label);
  if (key === null || key.length === 0) {
    throw new ClientError(
      `${directive}: ${program} printed no usable key`,
      "its first line must be the key, or the key in base64 after base64:",
    );
  }
  return key;
}

/** No shell expands the words: expecting that it does is the likeliest mistake. */
function hintAt(program: string, reason: string): string {
  if (reason.includes("without the right")) {
    return "this fwknop was built or started without that right: start it with the permissions that its documentation lists";
  }
  if (program.startsWith("~")) return "no shell expands ~ here: write the whole path";
  if (reason.endsWith("No such file or directory")) return "install that program, or name it by its whole path";
  if (reason.endsWith("Permission denied")) return `is it a program, and may you run it? (ls -l ${program})`;
  return "run the command in a shell to see why";
}

/** The key in what a program printed; null when there is none. */
export function parseKeyOutput(output: string, label: KeyLabel): Uint8Array<ArrayBuffer> | null {
  const lines = output.split("\n").map((line) => line.replace(/\r$/, ""));
  const labelled = lines.find((line) => line.startsWith(`${label}:`));
  if (labelled !== undefined) return decodeKey(labelled.slice(label.length + 1).trim());
  const [first = ""] = lines;
  return first.startsWith("base64:") ? decodeKey(first.slice(7).trim()) : escapedBytes(first);
}
