import { openCaptureFileSource } from "../../../daemon/packet/offline.ts";
import { openUdpSource } from "../../../daemon/packet/udp.ts";
import { type Knock, type OpenRig, testPacketSource } from "../../contract/source_contract.ts";
import { captureFile, ethernet, ipv4, ipv6, udp } from "../../lib/net/frame_bytes.ts";
import { loopbackSender } from "./loopback.ts";

const PORT = 62201;

const openUdp: OpenRig = (knocks) => {
  const from = Date.now();
  const source = openUdpSource({ port: 0, clock: Date.now });
  const port = Number(/port (\d+)\./.exec(source.banner[0] ?? "")?.[1]);
  const send = ({ family, payload }: Knock) => loopbackSender(family === 4 ? "127.0.0.1" : "::1", port)(payload);
  knocks.forEach(send);
  return {
    source,
    port,
    send,
    addresses: {
      4: { source: "127.0.0.1", destination: "127.0.0.1" },
      6: { source: "::1", destination: "::1" },
    },
    sentBetween: [from, Date.now()],
    [Symbol.dispose]: () => source[Symbol.dispose](),
  };
};

const openFile: OpenRig = (knocks) => {
  const frames = knocks.map(({ family, payload }) => {
    const body = udp(payload, { destinationPort: PORT });
    return family === 4 ? ethernet(0x0800, ipv4(body)) : ethernet(0x86dd, ipv6(body));
  });
  const path = Deno.makeTempFileSync({ suffix: ".pcap" });
  Deno.writeFileSync(path, captureFile(frames, { linkType: 1, start: 1_700_000_000 }));
  const source = openCaptureFileSource({ path, filter: `udp port ${PORT}`, from: "begin" });
  return {
    source,
    port: PORT,
    send: null,
    addresses: {
      4: { source: "192.0.2.1", destination: "198.51.100.2" },
      6: { source: "2001:db8::1", destination: "2001:db8::2" },
    },
    sentBetween: [1_700_000_000_000, 1_700_000_000_100],
    [Symbol.dispose]() {
      source[Symbol.dispose]();
      Deno.removeSync(path);
    },
  };
};

testPacketSource("UDP server", openUdp);
testPacketSource("capture file", openFile);
