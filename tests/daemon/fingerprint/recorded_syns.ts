/**
 * SYNs of real systems, from their IP header on, out of captures that the projects Zeek and tcpdump publish to test their
 * programs with. What the system is, it said itself in the same connection, as User-Agent or version of SSH (of FreeBSD and of the
 * newest macOS only the version of a program that it ships, and what is known of their order of options). Addresses are
 * replaced, checksums are therefore none.
 */

/** A SYN and the system that sent it. */
export interface RecordedSyn {
  /** The name that the shipped signatures give it. */
  readonly name: string;
  /** What it said of itself, and the year of the capture. */
  readonly said: string;
  /** In hexadecimal. */
  readonly packet: string;
}

/** All of them. */
export const RECORDED: readonly RecordedSyn[] = [
  {
    name: "Windows 10-11",
    said: "Windows 10, WinINet, 2021",
    packet: "45000034e45a40008006783ec0000207c0000201c27700509123ce9a000000008002ffffae5f0000" +
      "020405b40103030801010402",
  },
  {
    name: "Windows 7-8",
    said: "Windows 7, Firefox 3.6, 2011",
    packet: "450000304df74000800610dac0000207c0000201c94e00502d92cb94000000007002200004630000" +
      "020405b401010402",
  },
  {
    name: "Windows 7-8",
    said: "Windows, BITS 7.0, 2009",
    packet: "450000340efe4000800663abc0000207c0000201c04300506aa5c4c30000000080022000d6fe0000" +
      "020405b40103030201010402",
  },
  {
    name: "Windows 2000-XP",
    said: "Windows XP, Firefox 3.5, 2009",
    packet: "4500003056df40008006d0d7c0000207c000020106890050ba87d4f0000000007002ffff19bd0000" +
      "020405b401010402",
  },
  {
    name: "Windows 2000-XP",
    said: "Windows XP, Firefox 3.0, 2008",
    packet: "4500003035b9400080060000c0000207c00002010cd71f9017dfb31d000000007002fc00f64a0000" +
      "020405b401010402",
  },
  {
    name: "Windows 2000-XP",
    said: "Windows XP, Internet Explorer 6, 2003",
    packet: "45000030d71e400080069904c0000207c0000201042b00502968e625000000007002faf0e9800000" +
      "020405b401010402",
  },
  {
    name: "macOS or iOS",
    said: "macOS, curl 8.7, 2025",
    packet: "450000400000400040066a33c0000207c0000201ceb50050f856877900000000b002ffff91060000" +
      "020405b4010303060101080a9282f4170000000004020000",
  },
  {
    name: "macOS or iOS",
    said: "macOS 10.8 (Darwin 12), wget, 2013",
    packet: "45000040df8e400040066dd3c0000207c0000201e9d00050fe21323a00000000b002ffff3bc00000" +
      "020405b4010303040101080a164add200000000004020000",
  },
  {
    name: "macOS or iOS",
    said: "macOS on Intel, Adobe AIR, 2011",
    packet: "4500004069b4400040061490c0000207c0000201cb7f005032ec4c0b00000000b002fffffa540000" +
      "020405b4010303010101080a06b62ebb0000000004020000",
  },
  {
    name: "macOS or iOS",
    said: "macOS 10.4 (Darwin 8), curl, 2009",
    packet: "45000040257140004006f871c0000207c0000201d35600509cc9376d00000000b002ffff944d0000" +
      "020405b4010303030101080a35f2a80c0000000004020000",
  },
  {
    name: "FreeBSD",
    said: "FreeBSD, curl 7.69, 2022",
    packet: "4500003c0000400040061a4fc0000207c000020140310050741d4a2d00000000a1c2ffff209c0000" +
      "020405b4010303060402080a06af3c1500000000",
  },
  {
    name: "OpenBSD",
    said: "OpenBSD 5.5, curl, 2015",
    packet: "45000040c0a2400040069f8ac0000207c00002019c28005027387bdb00000000b0024000c2690000" +
      "020405b401010402010303000101080aed372c4800000000",
  },
  {
    name: "Linux 4.20-6.x",
    said: "Linux, Chrome 142, 19 hops away, 2026",
    packet: "4500003c615740002d061233c0000207c0000201ad320016d3b4be9800000000a002faf085cd0000" +
      "020405b40402080a270498d40000000001030307",
  },
  {
    name: "Linux 4.20-6.x",
    said: "Linux, Firefox 115",
    packet: "4500003ce78c40004006f2afc0000207c0000201d2240050c60a8b5700000000a0027d7860ae0000" +
      "020405b40402080a86ca522f0000000001030307",
  },
  {
    name: "Linux 3.x-4.19",
    said: "Linux of Fedora, Firefox 39, 2015",
    packet: "4500003c19e540004006c158c0000207c0000201d5a20050045912eb00000000a00272107d2f0000" +
      "020405b40402080a00fd0b0e0000000001030307",
  },
  {
    name: "Linux 2.6.39-3.x",
    said: "Linux, Firefox 24, 2014",
    packet: "4500003c2480400040068e6bc0000207c0000201d7270050e9fdc7e900000000a00239081a3f0000" +
      "020405b40402080a001fe3690000000001030307",
  },
  {
    name: "Linux 2.6.39-3.x",
    said: "Linux of Ubuntu, OpenSSH 5.8, 2011",
    packet: "4500003c6f3b40004006051ec0000207c0000201d8db00504c2ede9000000000a002390892e30000" +
      "020405b40402080a001cb1ab0000000001030306",
  },
  {
    name: "Linux 2.4-2.6",
    said: "Linux of Ubuntu 10.04, Firefox 3.6, 2011",
    packet: "4500003cced540004006991ac0000207c0000201be090050579e296100000000a00216d0373b0000" +
      "020405b40402080a001be7b40000000001030307",
  },
];
