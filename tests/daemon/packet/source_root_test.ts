/** What every packet source does, of captures on interfaces. */
import { openPcapSource } from "../../../daemon/packet/pcap.ts";
import { type Knock, type OpenRig, type Rig, testPacketSource } from "../../contract/source_contract.ts";
import { labTest } from "../../lab/gate.ts";
import { ADDRESS, Cable } from "./cable.ts";

const PORT = 62201;

/** A live source on one interface of the near end, with knocks from the given end. */
function openLive(device: string, from: "near" | "far"): OpenRig {
  return (knocks): Rig => {
    const cable = new Cable();
    const started = Date.now();
    const source = cable.inside("near", () =>
      openPcapSource({
        device,
        filter: `udp port ${PORT}`,
        snaplen: 1600,
        promiscuous: false,
        direction: "in",
      }));
    const send = ({ family, payload }: Knock) => cable.send(from, ADDRESS.near[family], PORT, payload);
    knocks.forEach(send);
    const pair = (family: 4 | 6) => ({
      source: ADDRESS[from][family],
      destination: ADDRESS.near[family],
    });
    return {
      source,
      port: PORT,
      send,
      addresses: { 4: pair(4), 6: pair(6) },
      sentBetween: [started, Date.now()],
      [Symbol.dispose]() {
        source[Symbol.dispose]();
        cable[Symbol.dispose]();
      },
    };
  };
}

testPacketSource("capture on an interface", openLive("wire", "far"), labTest);
testPacketSource("capture on any interface", openLive("any", "far"), labTest);
testPacketSource("capture on the loopback interface", openLive("lo", "near"), labTest);
