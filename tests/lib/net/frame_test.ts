import assert from "node:assert/strict";
import fc from "fast-check";
import { type FrameFault, type FrameOptions, type FrameView, viewFrame } from "../../../lib/net/frame.ts";
import { LINK_TYPE } from "../../../lib/net/frame_link.ts";
import {
  be16,
  cooked,
  cooked2,
  ethernet,
  icmp,
  ipv4,
  ipv6,
  type Ipv6Fields,
  join,
  payloadOf,
  pppoe,
  tcp,
  udp,
} from "./frame_bytes.ts";

const PAYLOAD = payloadOf(150);
const V4 = ipv4(udp(PAYLOAD));
const V6 = ipv6(udp(PAYLOAD));
const { ethernet: ETHERNET, raw: RAW } = LINK_TYPE;

function seen(frame: Uint8Array, linkType: number, options?: FrameOptions): FrameView {
  const view = viewFrame(frame, linkType, options);
  assert.ok(view.ok, `refused: ${view.ok ? "" : view.fault}`);
  return view.value;
}

function fault(frame: Uint8Array, linkType: number, options?: FrameOptions): FrameFault | null {
  const view = viewFrame(frame, linkType, options);
  return view.ok ? null : view.fault;
}

/** Each link type that is understood, with a frame of each family. */
const LINKS: readonly (readonly [name: string, linkType: number, four: Uint8Array, six: Uint8Array])[] = [
  ["Ethernet", ETHERNET, ethernet(0x0800, V4), ethernet(0x86dd, V6)],
  ["802.1Q", ETHERNET, ethernet(0x0800, V4, [[0x8100, 7]]), ethernet(0x86dd, V6, [[0x8100, 7]])],
  [
    "802.1ad around 802.1Q",
    ETHERNET,
    ethernet(0x0800, V4, [[0x88a8, 5], [0x8100, 7]]),
    ethernet(0x86dd, V6, [[0x88a8, 5], [0x8100, 7]]),
  ],
  [
    "two 802.1Q tags",
    ETHERNET,
    ethernet(0x0800, V4, [[0x8100, 5], [0x8100, 7]]),
    ethernet(0x86dd, V6, [[0x9100, 5], [0x8100, 7]]),
  ],
  ["PPPoE in Ethernet", ETHERNET, ethernet(0x8864, pppoe(0x21, V4)), ethernet(0x8864, pppoe(0x57, V6))],
  ["PPPoE", LINK_TYPE.pppOverEthernet, pppoe(0x21, V4), pppoe(0x57, V6)],
  ["cooked v1", LINK_TYPE.linuxCooked, cooked(0x0800, V4), cooked(0x86dd, V6)],
  [
    "cooked v1 with a tag",
    LINK_TYPE.linuxCooked,
    cooked(0x8100, join([0, 7], be16(0x0800), V4)),
    cooked(0x8100, join([0, 7], be16(0x86dd), V6)),
  ],
  ["cooked v2", LINK_TYPE.linuxCooked2, cooked2(0x0800, V4), cooked2(0x86dd, V6)],
  [
    "cooked v2 with two tags",
    LINK_TYPE.linuxCooked2,
    cooked2(0x88a8, join([0, 7], be16(0x8100), [0, 8], be16(0x0800), V4)),
    cooked2(0x88a8, join([0, 7], be16(0x8100), [0, 8], be16(0x86dd), V6)),
  ],
  ["raw IP", RAW, V4, V6],
  ["raw IP of OpenBSD", LINK_TYPE.rawOpenBsd, V4, V6],
  ["raw IP in files", LINK_TYPE.rawInFiles, V4, V6],
  ["raw IP of one family", LINK_TYPE.ipv4, V4, V4],
  ["raw IP of the other family", LINK_TYPE.ipv6, V6, V6],
  ["NULL, little-endian", LINK_TYPE.null, join([2, 0, 0, 0], V4), join([10, 0, 0, 0], V6)],
  ["NULL, big-endian", LINK_TYPE.null, join([0, 0, 0, 2], V4), join([0, 0, 0, 24], V6)],
  ["NULL of FreeBSD and Darwin", LINK_TYPE.null, join([28, 0, 0, 0], V6), join([0, 0, 0, 30], V6)],
  ["LOOP", LINK_TYPE.loop, join([0, 0, 0, 2], V4), join([0, 0, 0, 24], V6)],
];

Deno.test("viewFrame() finds the payload behind each link layer", async (t) => {
  for (const [name, linkType, ...frames] of LINKS) {
    await t.step(name, () => {
      for (const frame of frames) {
        const view = seen(frame, linkType);
        const six = view.source.family === 6;
        assert.deepEqual(view.payload, PAYLOAD);
        assert.equal(view.source.text, six ? "2001:db8::1" : "192.0.2.1");
        assert.equal(view.destination.text, six ? "2001:db8::2" : "198.51.100.2");
        assert.deepEqual([view.protocol, view.sourcePort, view.destinationPort], [17, 40000, 62201]);
      }
    });
  }
});

Deno.test("viewFrame() is silent about every cut of every frame, and right about every padding", () => {
  for (const [name, linkType, ...frames] of LINKS) {
    for (const frame of frames) {
      for (let length = 0; length < frame.length; length++) {
        assert.notEqual(
          fault(frame.subarray(0, length), linkType),
          null,
          `${name}, ${length} of ${frame.length} bytes`,
        );
      }
      assert.deepEqual(seen(join(frame, [0xde, 0xad, 0xbe, 0xef]), linkType).payload, PAYLOAD, name);
    }
  }
});

const ROUTING = [43, [0, 0, 4, 0, 0, 0, 0, 0]] as const;
const HOP_BY_HOP = [0, [0, 0, 1, 4, 0, 0, 0, 0]] as const;
const LONG_DESTINATION = [60, [0, 2, 1, 20, ...new Uint8Array(20)]] as const;
const AUTHENTICATION = [51, [0, 4, 0, 0, ...new Uint8Array(20)]] as const;
const FRAGMENT = [44, [0, 0, 0, 1, 0, 0, 0, 1]] as const;
const ATOMIC_FRAGMENT = [44, [0, 0, 0, 0, 0, 0, 0, 1]] as const;

Deno.test("viewFrame() reads the network and transport headers it may meet", async (t) => {
  const good: readonly (readonly [name: string, packet: Uint8Array, protocol: number])[] = [
    ["IPv4 options of 4 bytes (the C program drops these)", ipv4(udp(PAYLOAD), { headerWords: 6 }), 17],
    ["IPv4 options of 8 bytes (the C program misreads these)", ipv4(udp(PAYLOAD), { headerWords: 7 }), 17],
    ["the longest IPv4 header", ipv4(udp(PAYLOAD), { headerWords: 15 }), 17],
    ["a source that looks like an Ethernet length", ipv4(udp(PAYLOAD), { source: "5.5.0.1" }), 17],
    ["TCP", ipv4(tcp(PAYLOAD), { protocol: 6 }), 6],
    ["TCP with options", ipv4(tcp(PAYLOAD, 8), { protocol: 6 }), 6],
    ["TCP with data in its SYN", ipv4(tcp(PAYLOAD, 5, 0x02), { protocol: 6 }), 6],
    ["an ICMP echo request", ipv4(icmp(PAYLOAD), { protocol: 1 }), 1],
    ["an ICMP type nobody knows", ipv4(icmp(PAYLOAD, 253), { protocol: 1 }), 1],
    ["an ICMPv6 echo request", ipv6(icmp(PAYLOAD, 128), { protocol: 58 }), 58],
    ["TCP over IPv6", ipv6(tcp(PAYLOAD), { protocol: 6 }), 6],
    ["hop-by-hop options", ipv6(udp(PAYLOAD), { extensions: [HOP_BY_HOP] }), 17],
    ["routing and long destination options", ipv6(udp(PAYLOAD), { extensions: [ROUTING, LONG_DESTINATION] }), 17],
    ["an authentication header", ipv6(udp(PAYLOAD), { extensions: [AUTHENTICATION] }), 17],
    [
      "all of them, TCP",
      ipv6(tcp(PAYLOAD), { protocol: 6, extensions: [HOP_BY_HOP, ROUTING, AUTHENTICATION, LONG_DESTINATION] }),
      6,
    ],
  ];
  for (const [name, packet, protocol] of good) {
    await t.step(name, () => {
      const view = seen(packet, RAW);
      assert.deepEqual(view.payload, PAYLOAD);
      assert.equal(view.protocol, protocol);
      const ports = protocol === 6 || protocol === 17 ? [40000, 62201] : [0, 0];
      assert.deepEqual([view.sourcePort, view.destinationPort], ports);
    });
  }
});

Deno.test("viewFrame() refuses what cannot be a whole packet, and says why", async (t) => {
  const ext = (...extensions: NonNullable<Ipv6Fields["extensions"]>) => ipv6(udp(PAYLOAD), { extensions });
  const bad: readonly (readonly [name: string, frame: Uint8Array, linkType: number, fault: FrameFault])[] = [
    ["nothing", new Uint8Array(0), ETHERNET, "not-ip"],
    ["nothing, raw", new Uint8Array(0), RAW, "cut"],
    ["an unknown link type", V4, 147, "link-type"],
    ["ARP", ethernet(0x0806, V4), ETHERNET, "not-ip"],
    ["802.3 with a length", ethernet(V4.length, V4), ETHERNET, "not-ip"],
    ["three VLAN tags", ethernet(0x0800, V4, [[0x88a8, 5], [0x8100, 6], [0x8100, 7]]), ETHERNET, "not-ip"],
    ["PPPoE control data", ethernet(0x8864, pppoe(0xc021, V4)), ETHERNET, "not-ip"],
    ["PPPoE discovery code", ethernet(0x8864, join([0x11, 0x09], pppoe(0x21, V4).subarray(2))), ETHERNET, "not-ip"],
    ["NULL of another family", join([7, 0, 0, 0], V4), LINK_TYPE.null, "not-ip"],
    ["LOOP in the wrong order", join([2, 0, 0, 0], V4), LINK_TYPE.loop, "not-ip"],
    ["IPv6 announced as IPv4", ethernet(0x0800, V6), ETHERNET, "ip-header"],
    ["IPv4 announced as IPv6", ethernet(0x86dd, V4), ETHERNET, "ip-header"],
    ["version 5", ipv4(udp(PAYLOAD), { version: 5 }), RAW, "ip-header"],
    ["an IPv4 header of 4 words", ipv4(udp(PAYLOAD), { headerWords: 4 }), RAW, "ip-header"],
    ["a total length below the header", ipv4(udp(PAYLOAD), { totalLength: 19 }), RAW, "ip-header"],
    ["a total length of 0", ipv4(udp(PAYLOAD), { totalLength: 0 }), RAW, "ip-header"],
    ["a total length beyond the capture", ipv4(udp(PAYLOAD), { totalLength: V4.length + 1 }), RAW, "cut"],
    ["a first fragment", ipv4(udp(PAYLOAD), { fragment: 0x2000 }), RAW, "fragment"],
    ["a later fragment", ipv4(udp(PAYLOAD), { fragment: 0x2005 }), RAW, "fragment"],
    ["the last fragment", ipv4(udp(PAYLOAD), { fragment: 0x0005 }), RAW, "fragment"],
    ["GRE", ipv4(udp(PAYLOAD), { protocol: 47 }), RAW, "protocol"],
    ["ICMPv6 in IPv4", ipv4(icmp(PAYLOAD), { protocol: 58 }), RAW, "protocol"],
    ["ICMP in IPv6", ipv6(icmp(PAYLOAD), { protocol: 1 }), RAW, "protocol"],
    ["no next header", ipv6(udp(PAYLOAD), { protocol: 59 }), RAW, "protocol"],
    ["a fragment header", ext(FRAGMENT), RAW, "fragment"],
    ["an atomic fragment behind others", ext(HOP_BY_HOP, ATOMIC_FRAGMENT), RAW, "fragment"],
    ["an extension longer than the packet", ext([60, [0, 255, 1, 4, 0, 0, 0, 0]]), RAW, "ip-header"],
    ["an extension in the last 7 bytes", ipv6(payloadOf(7), { protocol: 60 }), RAW, "ip-header"],
    ["a jumbogram", ipv6(udp(PAYLOAD), { payloadLength: 0 }), RAW, "transport-header"],
    ["an IPv6 payload beyond the capture", ipv6(udp(PAYLOAD), { payloadLength: PAYLOAD.length + 9 }), RAW, "cut"],
    ["a mapped source", ipv6(udp(PAYLOAD), { source: "::ffff:10.0.0.1" }), RAW, "mapped-address"],
    ["a mapped destination", ipv6(udp(PAYLOAD), { destination: "::ffff:10.0.0.1" }), RAW, "mapped-address"],
    ["a UDP length of 7", ipv4(udp(PAYLOAD, { length: 7 })), RAW, "transport-header"],
    ["a UDP length of 0", ipv6(udp(PAYLOAD, { length: 0 })), RAW, "transport-header"],
    ["a UDP length beyond the packet", ipv4(udp(PAYLOAD, { length: PAYLOAD.length + 9 })), RAW, "transport-header"],
    ["7 bytes of UDP", ipv4(payloadOf(7)), RAW, "transport-header"],
    ["19 bytes of TCP", ipv4(payloadOf(19), { protocol: 6 }), RAW, "transport-header"],
    ["a TCP header of 4 words", ipv4(tcp(PAYLOAD, 4), { protocol: 6 }), RAW, "transport-header"],
    [
      "a TCP header beyond the packet",
      ipv4(join(tcp(payloadOf(0), 15).subarray(0, 40)), { protocol: 6 }),
      RAW,
      "transport-header",
    ],
    ["7 bytes of ICMP", ipv4(payloadOf(7), { protocol: 1 }), RAW, "transport-header"],
  ];
  for (const [name, frame, linkType, expected] of bad) {
    await t.step(name, () => assert.equal(fault(frame, linkType), expected));
  }
});

Deno.test("viewFrame() believes the UDP length, not the padding inside the IP packet", () => {
  const view = seen(ipv4(join(udp(PAYLOAD), [1, 2, 3])), RAW);
  assert.deepEqual(view.payload, PAYLOAD);
});

Deno.test("viewFrame() keeps to the limits of the caller, both inclusive", () => {
  const limits = { minimum: 140, maximum: 1499 };
  const outcome = [0, 139, 140, 1499, 1500].map((length) => fault(ipv4(udp(payloadOf(length))), RAW, limits));
  assert.deepEqual(outcome, ["payload-length", "payload-length", null, null, "payload-length"]);
  assert.equal(fault(ipv6(udp(payloadOf(139)), { source: "::ffff:10.0.0.1" }), RAW, limits), "payload-length");
});

const linkTypes = fc.constantFrom(...Object.values(LINK_TYPE), 9, 147);

Deno.test("viewFrame() takes any bytes on any link type without throwing", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), linkTypes, (bytes, linkType) => {
    const view = viewFrame(bytes, linkType);
    if (view.ok) assert.ok(view.value.payload.length <= bytes.length);
  }));
});

Deno.test("viewFrame() takes any damage to a good frame, and never shows bytes that are not in it", () => {
  const frames = LINKS.flatMap(([, linkType, four, six]) => [[linkType, four], [linkType, six]] as const);
  const damage = fc.array(fc.tuple(fc.nat({ max: 120 }), fc.nat({ max: 255 })), { maxLength: 6 });
  fc.assert(
    fc.property(fc.constantFrom(...frames), damage, fc.nat({ max: 260 }), ([linkType, frame], flips, length) => {
      const bytes = frame.slice(0, length);
      for (const [at, value] of flips) if (at < bytes.length) bytes[at] = value;
      const view = viewFrame(bytes, linkType);
      if (!view.ok) return;
      const { payload } = view.value;
      assert.equal(payload.buffer, bytes.buffer);
      assert.ok(payload.byteOffset + payload.length <= bytes.length);
      assert.notEqual(view.value.source.bytes.buffer, bytes.buffer);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("viewFrame() shows what was packed, whatever the addresses, ports, options and payload", () => {
  const port = fc.nat({ max: 65535 });
  const v4 = fc.ipV4();
  fc.assert(
    fc.property(
      v4,
      v4,
      port,
      port,
      fc.integer({ min: 5, max: 15 }),
      fc.uint8Array({ maxLength: 300 }),
      (source, destination, sourcePort, destinationPort, headerWords, payload) => {
        const body = udp(payload, { sourcePort, destinationPort });
        const view = seen(ethernet(0x0800, ipv4(body, { source, destination, headerWords })), ETHERNET);
        assert.deepEqual({ ...view, source: view.source.text, destination: view.destination.text }, {
          source,
          destination,
          protocol: 17,
          sourcePort,
          destinationPort,
          payload,
        });
      },
    ),
  );
});
