/** Names that are unknown in one place and known in another: an option of the other program, a directive of another file. */
import { NAMES } from "./names.ts";

/** Where options and directives are known. */
export type Place = keyof typeof NAMES;

const SENTENCES: Readonly<Record<Place, string>> = {
  fwknop: "is an option of the client, fwknop",
  fwknopd: "is an option of the daemon, fwknopd",
  fwknoprc: "belongs in .fwknoprc of the client",
  "fwknopd.conf": "belongs in fwknopd.conf of the server",
  "access.conf": "belongs in access.conf of the server",
};

/** Where a name stands in several places, the first is told: the other file of the same machine. */
const ORDER: readonly Place[] = ["access.conf", "fwknopd.conf", "fwknoprc", "fwknop", "fwknopd"];

/**
 * Says where a name belongs that is unknown `here`: `OPEN_PORTS belongs in access.conf of the server`. Undefined when it
 * is known nowhere, so what is shown is never more than a known name.
 */
export function elsewhere(name: string, here: Place): string | undefined {
  const isOption = name.startsWith("-");
  const wanted = isOption ? name : name.toUpperCase();
  for (const place of ORDER) {
    if (place === here || isOption !== (place === "fwknop" || place === "fwknopd")) continue;
    // The directives of access.conf that are no settings.
    if (place === "access.conf" && /^%include(?:_folder|_keys)?$/.test(name)) return `${name} ${SENTENCES[place]}`;
    const row = NAMES[place].trim().split(/\s+/).map((names) => names.split("|")).find((names) =>
      names.includes(wanted)
    );
    if (row === undefined) continue;
    const [, long] = row;
    const shown = wanted.length === 2 && long !== undefined ? `${wanted} (${long})` : wanted;
    return `${shown} ${SENTENCES[place]}`;
  }
  return undefined;
}
