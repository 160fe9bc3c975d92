/** What to write instead of a list of services or addresses that cannot be read, told from how it was written. Pure. */

import { parseAddressList } from "./cidr.ts";

/** For `tcp/22,udp/53`. Undefined where nothing better can be said than what is expected. */
export function serviceListRemedy(text: string): string | undefined {
  if (/^(?:any|all|\*)$/i.test(text.trim())) return "leave the line out to allow every service";
  const items = text.split(",").map((item) => item.trim());
  if (items.includes("")) return "remove the comma that has no item beside it";
  const bad = items.find((item) => !/^(?:tcp|udp)\/[0-9]{1,5}$/i.test(item)) ?? "";
  const [, number, proto] = /^([0-9]{1,5})[/:]([a-z]+)$/i.exec(bad) ?? [];
  if (number !== undefined) return `the protocol comes first: ${proto?.toLowerCase()}/${number}`;
  if (/^(?:(?:tcp|udp)\/?)?[0-9]+[-:][0-9]+(?:\/(?:tcp|udp))?$/i.test(bad)) {
    return "ranges of ports cannot be written: name each port";
  }
  if (/^(?:tcp|udp)(?:[:=-]|[ \t]+)[0-9]+$/i.test(bad)) {
    return `write ${bad.replace(/[:=-]|[ \t]+/, "/").toLowerCase()}`;
  }
  if (/^(?:tcp|udp)\/?$/i.test(bad)) return `write a port too: ${bad.replace("/", "").toLowerCase()}/22`;
  if (/^[0-9]{1,5}$/.test(bad)) return `write the protocol too: tcp/${bad} or udp/${bad}`;
  if (/#/.test(bad)) return "write a blank before the # of a comment";
  if (/[ \t;]/.test(bad)) return withCommas(bad, (item) => /^(?:tcp|udp)\/[0-9]+$/i.test(item));
  if (/^[a-z]+$/i.test(bad)) return "write a protocol and the number of a port, such as tcp/22";
  if (/^(?:tcp|udp)\/[a-z]/i.test(bad)) return "write the number of the port, not the name of its service";
  return /^[a-z]+\/[0-9]/i.test(bad) ? "only tcp and udp have ports that can be opened" : undefined;
}

/** For `192.0.2.1, 198.51.100.0/24`. */
export function addressListRemedy(text: string): string | undefined {
  const list = parseAddressList(text);
  const bad = list.ok ? "" : list.fault.item;
  if (/^!/.test(bad)) return "addresses cannot be left out of a list: name those that may knock";
  if (/^[0-9a-f.:]+ *- *[0-9a-f.:]+$/i.test(bad)) return "write a range as networks, such as 192.0.2.0/28";
  if (/\*/.test(bad)) return "write a network instead of *, such as 192.0.2.0/24";
  if (/^[0-9.]+:[0-9]+$/.test(bad)) return "write the address without a port";
  if (/[ \t;]/.test(bad)) return withCommas(bad, (item) => parseAddressList(item).ok);
  const numbers = bad.split(".").filter((number) => number !== "");
  if (/^[0-9]{1,3}(?:\.[0-9]{1,3}){0,2}\.?$/.test(bad)) {
    const missing = 4 - numbers.length;
    return `write all four numbers: ${numbers.join(".")}${".0".repeat(missing)}/${8 * numbers.length}`;
  }
  if (/^\[.*\]$/.test(bad)) return "write the address without brackets";
  if (/^[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)*$/i.test(bad)) return "names are not looked up: write the address";
  return undefined;
}

function withCommas(text: string, isItem: (item: string) => boolean): string | undefined {
  const items = text.split(/[ \t;]+/).filter((item) => item !== "");
  return items.every(isItem) ? `separate items with commas: ${items.join(",")}` : undefined;
}
