import assert from "node:assert/strict";
import { parseAddressList } from "../../../lib/net/cidr.ts";
import { addressListRemedy, serviceListRemedy } from "../../../lib/net/remedies.ts";

Deno.test("serviceListRemedy() says how to write what was meant", () => {
  const ranges = "ranges of ports cannot be written: name each port";
  const table: [string, string | undefined][] = [
    ["tcp/5000-5010", ranges],
    ["tcp/22,udp/1:9", ranges],
    ["tcp/22 udp/53", "separate items with commas: tcp/22,udp/53"],
    ["tcp/22; udp/53", "separate items with commas: tcp/22,udp/53"],
    ["tcp/22,udp", "write a port too: udp/22"],
    ["22/tcp", "the protocol comes first: tcp/22"],
    ["22:TCP", "the protocol comes first: tcp/22"],
    ["tcp:22", "write tcp/22"],
    ["UDP 53", "write udp/53"],
    ["22-25/tcp", ranges],
    ["ssh", "write a protocol and the number of a port, such as tcp/22"],
    ["tcp/22 and more", undefined],
    ["22", "write the protocol too: tcp/22 or udp/22"],
    ["tcp/ssh", "write the number of the port, not the name of its service"],
    ["tcp/22#ssh", "write a blank before the # of a comment"],
    ["icmp/8", "only tcp and udp have ports that can be opened"],
    ["tcp/22,", "remove the comma that has no item beside it"],
    ["ANY", "leave the line out to allow every service"],
    ["???", undefined],
  ];
  for (const [text, remedy] of table) assert.equal(serviceListRemedy(text), remedy, text);
});

Deno.test("addressListRemedy() says how to write what was meant", () => {
  const range = "write a range as networks, such as 192.0.2.0/28";
  const table: [string, string | undefined][] = [
    ["10.0.0.0-10.0.0.9", range],
    ["192.0.2.1, 10.0.0.0 - 10.0.0.9", range],
    ["10.0.0.1 10.0.0.2", "separate items with commas: 10.0.0.1,10.0.0.2"],
    ["192.0.2.*", "write a network instead of *, such as 192.0.2.0/24"],
    ["!192.0.2.1", "addresses cannot be left out of a list: name those that may knock"],
    ["192.0.2.1:22", "write the address without a port"],
    ["[2001:db8::1]", "write the address without brackets"],
    ["gw.example.org", "names are not looked up: write the address"],
    ["10.0.0", "write all four numbers: 10.0.0.0/24"],
    ["10.", "write all four numbers: 10.0.0.0/8"],
    ["any host", undefined],
    ["300.1.1.1", undefined],
  ];
  for (const [text, remedy] of table) {
    assert.equal(parseAddressList(text).ok, false, text);
    assert.equal(addressListRemedy(text), remedy, text);
  }
});
