/**
 * An enrolment as one line of text, `fwknop:NAME?v=1&D=…&k=…&h=…` (docs/ENROLMENT.md): short enough for a QR code, plain
 * enough to be read. It holds only settings that describe a server and a request, and can hold none that runs a program
 * or reads a file.
 */
import { DEFAULT_STANZA } from "../../lib/settings/rc_file.ts";
import { fail, ok, type Result } from "../../lib/result.ts";
import { hasUnseen } from "../../lib/showable.ts";
import type { Given } from "../../lib/settings/setting.ts";
import { isStanzaName } from "../rc/rc_save.ts";
import { FIELDS, KEY_FIELDS, VERSION_FIELD } from "./fields.ts";

const SCHEME = "fwknop:";

/** More than any QR code holds. */
const LONGEST = 4096;

/** One device's enrolment: the name of the stanza, and what stands in it, as text. */
export interface Enrolment {
  readonly name: string;
  /** By field name, keys in base64. */
  readonly fields: ReadonlyMap<string, string>;
}

/** Writes the URI. Field values are texts as in `.fwknoprc`, keys are base64. */
export function formatEnrolment({ name, fields }: Enrolment): string {
  const pairs = [[VERSION_FIELD.field, VERSION_FIELD.value], ...fields].map(([field = "", value = ""]) =>
    `${field}=${isKeyField(field) ? toBase64Url(value) : escapeText(value)}`
  );
  return `${SCHEME}${escapeText(name)}?${pairs.join("&")}`;
}

/**
 * Reads a URI. The fault is the reason, and never repeats a value. Values are not checked here; the table of
 * options does that, through {@link givenOf}.
 */
export function parseEnrolment(text: string): Result<Enrolment, string> {
  if (text.length > LONGEST) return fail(`it is longer than ${LONGEST} characters`);
  const [, escapedName = "", query = ""] = /^fwknop:([^?#]*)\?([^#]*)$/i.exec(text) ?? [];
  if (query === "") return fail(`it is not of the form ${SCHEME}NAME?v=1&…`);
  const name = unescapeText(escapedName);
  if (name === null || !isUsableName(name)) return fail("its name cannot be the name of a stanza");
  const fields = new Map<string, string>();
  for (const pair of query.split("&")) {
    const [, field = "", escaped = ""] = /^([A-Za-z0-9-]{1,24})=(.*)$/s.exec(pair) ?? [];
    const value = unescapeText(escaped);
    if (field === "" || value === null || value === "") return fail("a field is not of the form NAME=VALUE");
    if (hasUnseen(value) || value.includes("\t")) return fail(`the field ${field} has characters that cannot be seen`);
    if (fields.has(field)) return fail(`the field ${field} is there twice`);
    fields.set(field, isKeyField(field) ? fromBase64Url(value) : value);
  }
  const version = fields.get(VERSION_FIELD.field);
  if (version !== VERSION_FIELD.value) return fail("it is of another version than 1: a newer fwknop may read it");
  fields.delete(VERSION_FIELD.field);
  const unknown = [...fields.keys()].find((field) => !isKeyField(field) && !FIELDS.some(([known]) => known === field));
  return unknown === undefined
    ? ok({ name, fields })
    : fail(`it has a field ${unknown}, which this version does not know`);
}

/** The fields as sayings of the option table. */
export function givenOf({ fields }: Enrolment): readonly Given[] {
  const keys = [[KEY_FIELDS.encryption, "keyBase64"], [KEY_FIELDS.hmac, "hmacKeyBase64"]] as const;
  return [...FIELDS, ...keys].flatMap(([field, key]) => {
    const text = fields.get(field);
    return text === undefined ? [] : [{ key, text, name: field, origin: { option: `field ${field}` } }];
  });
}

/** Whether a stanza of this name can be made from outside: not the one that all runs start from. */
export function isUsableName(name: string): boolean {
  return isStanzaName(name) && name.length <= 64 && name.toLowerCase() !== DEFAULT_STANZA && !/\p{C}/u.test(name);
}

function isKeyField(field: string): boolean {
  return field === KEY_FIELDS.encryption || field === KEY_FIELDS.hmac;
}

function toBase64Url(base64: string): string {
  return base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** With the padding that every base64 reader understands. */
function fromBase64Url(text: string): string {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return base64.padEnd(Math.ceil(base64.length / 4) * 4, "=");
}

/** Percent escapes for all but the characters that values are made of. */
function escapeText(text: string): string {
  return text.replace(/[^A-Za-z0-9._~,/:@-]/gu, (character) => {
    const escaped = encodeURIComponent(character);
    return escaped === character ? `%${character.charCodeAt(0).toString(16).toUpperCase()}` : escaped;
  });
}

function unescapeText(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}
