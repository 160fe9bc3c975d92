import assert from "node:assert/strict";
import { isNoInterface } from "../../../daemon/packet/open.ts";
import { FfiError } from "../../../ffi/errors.ts";
import { PCAP_ERROR_IFACE_NOT_UP, PCAP_ERROR_NO_SUCH_DEVICE } from "../../../ffi/pcap/constants.ts";

const failure = (code: number) => new FfiError("no eth9", { library: "libpcap", symbol: "pcap_activate", code });

Deno.test("isNoInterface() is true of an interface that is not there or down, and of nothing else", () => {
  assert.equal(isNoInterface(failure(PCAP_ERROR_NO_SUCH_DEVICE)), true);
  assert.equal(isNoInterface(failure(PCAP_ERROR_IFACE_NOT_UP)), true);
  assert.equal(isNoInterface(failure(-1)), false);
});
