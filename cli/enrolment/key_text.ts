/**
 * The text that other tools put into QR codes for phones: `KEY_BASE64:… HMAC_KEY_BASE64:…`, directives of a stanza with
 * blanks or line ends between. What `--key-gen` prints, and lines of a `.fwknoprc`, are read too. Pure.
 */
import { encodePaddedBase64 } from "../../lib/base64.ts";
import { textBytes } from "../../lib/bytes.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import type { Given } from "../../lib/settings/setting.ts";
import { type ClientKey, settingOf } from "../options/table.ts";
import { FIELDS } from "./fields.ts";

/** More than any QR code holds. */
const LONGEST = 4096;

/** Keys as text, which are stored in base64, where a value may hold any character. */
const AS_TEXT: Readonly<Record<string, ClientKey>> = { KEY: "keyBase64", HMAC_KEY: "hmacKeyBase64" };

/** The directives that such a text may hold: those of an enrolment. None of them runs a program or reads a file. */
const KEY_OF_NAME: ReadonlyMap<string, ClientKey> = new Map<string, ClientKey>([
  ...Object.entries(AS_TEXT),
  ["KEY_BASE64", "keyBase64"],
  ["HMAC_KEY_BASE64", "hmacKeyBase64"],
  ...FIELDS.flatMap(([, key]) => (settingOf(key).directive ?? []).map((name) => [name, key] as const)),
]);

/** Whether a text begins as one of this kind does. */
export function isKeyText(text: string): boolean {
  const [, name = ""] = /^\s*([A-Za-z0-9_]+)\s*[:=\s]/.exec(`${text} `) ?? [];
  return KEY_OF_NAME.has(name.toUpperCase());
}

/** Whether it holds both keys, so that no further line is read. */
export function isWhole(text: string): boolean {
  const read = parseKeyText(text);
  const has = (wanted: ClientKey) => read.ok && read.value.some(({ key }) => key === wanted);
  return has("keyBase64") && has("hmacKeyBase64");
}

/** Reads the text as sayings of the option table. The fault is the reason, and never repeats a word of it. */
export function parseKeyText(text: string): Result<readonly Given[], string> {
  if (text.length > LONGEST) return fail(`it is longer than ${LONGEST} characters`);
  const words = text.split(/\s+/).filter((word) => word !== "");
  const given: Given[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    const [, name = "", rest = ""] = /^([A-Za-z0-9_]+)(?:[:=](.*))?$/s.exec(word) ?? [];
    const directive = name.toUpperCase();
    const key = KEY_OF_NAME.get(directive);
    if (key === undefined) {
      return fail("it holds a word that is neither KEY_BASE64, HMAC_KEY_BASE64 nor one of a stanza");
    }
    if (given.some((said) => said.key === key)) return fail(`${directive} is there twice, or in two forms`);
    // The value is attached, or the next word: `NAME:VALUE`, `NAME: VALUE`, `NAME VALUE`.
    const written = rest === "" ? words[++index]?.replace(/^[:=]/, "") || words[++index] : rest;
    if (written === undefined || written === "") return fail(`${directive} has no value`);
    if (/[\p{Cc}\p{Cf}]/u.test(written)) return fail(`the value of ${directive} has characters that cannot be seen`);
    const value = directive in AS_TEXT ? encodePaddedBase64(textBytes(written)) : written;
    given.push({ key, text: value, name: directive, origin: { option: directive } });
  }
  return ok(given);
}
