/** What may be other than the rules say, and why. An entry that nothing needs any more is reported: the lists only shrink. */
import type { Exceptions } from "./finding.ts";
import type { TestedElsewhere } from "./own_tests.ts";
import type { SizeExceptions } from "./size.ts";

const ROWS = "rows of a table";
const SUITE = "one suite, read from top to bottom";
const ROW = "makes one row of a table, whose columns are its parameters";
const OPTION = "the arguments of setsockopt(2)";
const ENGINE = "the engine first, then what it is to do";
const CIPHER = "the inputs of a cipher; no object is made for each packet";

/** What may be larger. */
export const MAY_BE_LARGE: SizeExceptions = {
  files: {
    "daemon/config/access_settings.ts": ROWS,
    "daemon/config/settings.ts": ROWS,
    "daemon/verify/refusals.ts": ROWS,
    "tests/interop/iptables_rules_test.ts": ROWS,
    "tests/daemon/firewall/path/judge_root_test.ts": ROWS,
    "tests/e2e/client_features_test.ts": ROWS,
    "tests/interop/options_program_test.ts": ROWS,
    "tests/interop/options_request_test.ts": ROWS,
    "tests/interop/options_secrets_test.ts": ROWS,
    "tests/interop/rc_directives_test.ts": ROWS,
    "tests/contract/firewall_contract.ts": SUITE,
    "tests/daemon/command/cycles_test.ts": SUITE,
    "tests/daemon/firewall/nftables/kernel_root_test.ts": SUITE,
  },
  functions: {
    "lib/faults.ts: invalidData": "a table, built when it is needed",
    "lib/faults.ts: otherFaults": "a table, built when it is needed",
    "tests/contract/source_contract.ts: testPacketSource": SUITE,
    "tests/demo.ts: demonstrate": "what is shown, in its order",
    "tests/e2e/client_features_test.ts: requests": ROWS,
    "tests/interop/rc_saving_test.ts: saveAndRead": "one exchange between both clients, in its order",
  },
  parameters: {
    "daemon/config/weakening.ts: serverRow": ROW,
    "daemon/options.ts: flag": ROW,
    "ffi/nfnetlink/socket.ts: setOption": OPTION,
    "ffi/libc/errno.ts: errnoError": "what C says of a failure: number, call, and our words",
    "lib/crypto/kdf.ts: deriveKey": CIPHER,
    "lib/crypto/md5.ts: mix": CIPHER,
    "lib/crypto/rijndael.ts: decryptRijndael": CIPHER,
    "lib/crypto/rijndael.ts: encryptRijndael": CIPHER,
    "lib/crypto/web_engine.ts: decrypt": CIPHER,
    "lib/crypto/web_engine.ts: encrypt": CIPHER,
    "lib/spa/open.ts: withPaddingBlock": ENGINE,
    "lib/spa/seal.ts: encryptMessage": ENGINE,
    "lib/spa/seal.ts: seal": ENGINE,
    "lib/spa/seal.ts: sealFields": ENGINE,
    "lib/wire/decode.ts: matchingDigest": ENGINE,
  },
};

const PART = "a part that is tested without what is around it";

/** Exports that only tests use. */
export const ONLY_TESTS_USE: Exceptions = {
  "cli/after/outcome.ts: formatMilliseconds": PART,
  "cli/after/outcome.ts: likelyCauses": PART,
  "cli/after/outcome.ts: shutSentence": PART,
  "cli/enrolment/qr.ts: drawModules": PART,
  "cli/keys/key_command.ts: parseKeyOutput": PART,
  "cli/keys/key_file.ts: findKey": PART,
  "cli/knock/repeat_run.ts: argumentsOf": PART,
  "cli/knock/repeat_run.ts: maskedLine": PART,
  "cli/main.ts: main": "the program, run by tests in their own process",
  "cli/send/socks5.ts: encodeConnect": PART,
  "cli/settings/combinations.ts: ALL_PARTS": PART,
  "cli/settings/combinations.ts: Part": PART,
  "cli/settings/combinations.ts: goTogether": PART,
  "cli/shell/help.ts: clientHelp": PART,
  "cli/shell/ssh_config.ts: formatSshConfig": PART,
  "daemon/firewall/iptables/listing.ts: parseExpiry": PART,
  "daemon/firewall/path/open.ts: onlyInterface": PART,
  "daemon/firewall/path/examine.ts: IPV6_UPKEEP": "the README's ruleset is compared with it",
  "daemon/firewall/recording.ts: recordedRuleset": "the contract suite of packet filters looks at it",
  "daemon/doctor/families.ts: reachableFamilies": PART,
  "daemon/command/become.ts: readOrder": PART,
  "daemon/firewall/nftables/backend.ts: exactTime": PART,
  "daemon/fingerprint/memory.ts: MOST_OF_NETWORK": PART,
  "daemon/fingerprint/memory.ts: MOST_SOURCES": PART,
  "daemon/fingerprint/signatures.ts: MAX_NAME": PART,
  "daemon/gpg/opener.ts: GPG_LIMITS": PART,
  "daemon/service/journal.ts: streamName": PART,
  "ffi/libc/exchange.ts: MAX_INPUT": PART,
  "daemon/command/output.ts: MAX_LINE": PART,
  "daemon/command/output.ts: MAX_LINES": PART,
  "daemon/command/running.ts: GRACE_MS": PART,
  "daemon/command/template.ts: MAX_EXPANSION": PART,
  "daemon/verify/plan.ts: grantSeconds": PART,
  "daemon/loop/slow.ts: MAX_PENDING": PART,
  "daemon/main.ts: main": "the program, run by tests in their own process",
  "daemon/report/mail_events.ts: MOST_TOLD": PART,
  "daemon/report/mail_text.ts: mailLines": PART,
  "daemon/report/mail_text.ts: mailSubject": PART,
  "daemon/report/refusal_budget.ts: KEY_HOLDERS": PART,
  "daemon/report/refusal_budget.ts: refusalLog": PART,
  "daemon/service/pid_file.ts: claimPidFile": PART,
  "daemon/start/rights.ts: rightsToGiveUp": PART,
  "daemon/start/serve.ts: StartEffects": "a test hands them in",
  "daemon/start/serve.ts: runDaemon": PART,
  "daemon/start/started.ts: argumentsOf": PART,
  "ffi/libc/syslog.ts: formatSyslogLine": PART,
  "ffi/loader.ts: loadError": PART,
  "ffi/nfnetlink/events.ts: readChange": PART,
  "ffi/pcap/symbols.ts: LIBPCAP": PART,
  "lib/crypto/kdf.ts: padLegacyKey": PART,
  "lib/host/run.ts: feed": PART,
  "lib/net/craft.ts: internetChecksum": PART,
  "lib/net/frame_link.ts: LINK_TYPE": PART,
};

/** Files that are tested elsewhere than at their mirror: the test, and what it tests besides. */
export const TESTED_ELSEWHERE: TestedElsewhere = {
  "tests/daemon/config/resolve_mail_test.ts": [
    "daemon/config/mail_kinds.ts",
  ],
  "tests/daemon/report/smtp_root_test.ts": [
    "daemon/report/mail_process.ts",
  ],
  "tests/e2e/mail_test.ts": [
    "daemon/report/mail_delivery.ts",
    "daemon/start/start_mail.ts",
  ],
  "tests/cli/after/outcome_test.ts": [
    "cli/after/knock_and_wait.ts",
  ],
  "tests/cli/doctor/doctor_test.ts": [
    "cli/doctor/address.ts",
    "cli/doctor/clock.ts",
    "cli/doctor/files.ts",
    "lib/finding.ts",
    "cli/doctor/keys.ts",
    "cli/doctor/path.ts",
  ],
  "tests/cli/enrolment/enrolment_test.ts": [
    "cli/enrolment/import.ts",
    "cli/enrolment/show.ts",
  ],
  "tests/cli/main_test.ts": [
    "cli/keys/generate.ts",
    "cli/knock/knock.ts",
    "cli/settings/load.ts",
    "cli/ui/world.ts",
  ],
  "tests/cli/options/table_test.ts": [
    "cli/options/own.ts",
  ],
  "tests/cli/rc/rc_save_test.ts": [
    "cli/rc/stanza_commands.ts",
  ],
  "tests/cli/remedies/hints_test.ts": [
    "cli/remedies/access.ts",
    "cli/remedies/directives.ts",
    "cli/remedies/problems.ts",
  ],
  "tests/cli/send/failures_test.ts": [
    "cli/send/destination.ts",
    "cli/send/sender.ts",
    "cli/send/target.ts",
    "cli/send/tcp.ts",
  ],
  "tests/cli/send/raw_root_test.ts": [
    "ffi/libc/raw_socket.ts",
  ],
  "tests/cli/send/stream_test.ts": [
    "cli/send/http.ts",
  ],
  "tests/cli/settings/conflicts_test.ts": [
    "cli/settings/combinations.ts",
  ],
  "tests/cli/settings/precedence_test.ts": [
    "cli/request/allow_ip.ts",
  ],
  "tests/cli/shell/explain_test.ts": [
    "cli/knock/precheck.ts",
  ],
  "tests/daemon/config/load_test.ts": [
    "daemon/config/settings.ts",
  ],
  "tests/daemon/config/resolve_stanza_test.ts": [
    "daemon/config/stanza.ts",
  ],
  "tests/daemon/config/starts_test.ts": [
    "daemon/config/mod.ts",
  ],
  "tests/daemon/firewall/pf/backend_test.ts": ["daemon/firewall/pf/commands.ts"],
  "tests/daemon/firewall/ipfw/backend_test.ts": [
    "daemon/firewall/ipfw/commands.ts",
    "daemon/firewall/ipfw/plan.ts",
  ],
  "tests/daemon/firewall/iptables/backend_root_test.ts": [
    "daemon/firewall/firewall.ts",
  ],
  "tests/interop/iptables_rules_test.ts": [
    "daemon/firewall/iptables/family.ts",
  ],
  "tests/daemon/firewall/path/hear_root_test.ts": [
    "daemon/firewall/path/netlink_survey.ts",
    "daemon/firewall/path/reach.ts",
    "daemon/firewall/path/ruleset.ts",
    "daemon/firewall/path/sets.ts",
  ],
  "tests/daemon/firewall/path/judge_root_test.ts": [
    "daemon/firewall/path/path_watch.ts",
    "daemon/firewall/path/stations.ts",
    "daemon/firewall/path/walk.ts",
  ],
  "tests/daemon/firewall/path/packet_test.ts": [
    "daemon/firewall/path/operand.ts",
  ],
  "tests/daemon/firewall/path/way_root_test.ts": [
    "daemon/firewall/path/traveller.ts",
  ],
  "tests/daemon/firewall/nftables/placement_test.ts": [
    "daemon/firewall/nftables/set_layout.ts",
  ],
  "tests/daemon/loop/signals_test.ts": [
    "ffi/libc/refuse_debugger.ts",
  ],
  "tests/daemon/report/refusal_budget_test.ts": [
    "lib/log.ts",
  ],
  "tests/daemon/start/self_check_test.ts": [
    "daemon/start/start_error.ts",
  ],
  "tests/e2e/check_test.ts": [
    "daemon/start/preflight.ts",
  ],
  "tests/e2e/client_wait_test.ts": [
    "cli/after/hold.ts",
    "cli/send/address.ts",
  ],
  "tests/e2e/queue_test.ts": [
    "daemon/packet/queue.ts",
    "ffi/nfnetlink/packet_queue.ts",
  ],
  "tests/e2e/interface_test.ts": [
    "daemon/packet/absent.ts",
  ],
  "tests/ffi/libc/datagram_server_test.ts": [
    "ffi/libc/datagram_messages.ts",
  ],
  "tests/ffi/libc/relay_test.ts": [
    "ffi/libc/give_up_output.ts",
  ],
  "tests/ffi/libc/syslog_test.ts": [
    "ffi/libc/notify.ts",
  ],
  "tests/daemon/verify/decide_test.ts": [
    "daemon/verify/trial.ts",
  ],
  "tests/ffi/libcrypto/libcrypto_test.ts": [
    "ffi/libcrypto/block_hash.ts",
    "ffi/libcrypto/block_keys.ts",
    "ffi/libcrypto/evp_keys.ts",
    "ffi/libcrypto/key_ring.ts",
  ],
  "tests/ffi/libc/trusted_file_test.ts": [
    "ffi/libc/trusted_folder.ts",
  ],
  "tests/ffi/loader_test.ts": [
    "ffi/errors.ts",
  ],
  "tests/ffi/nfnetlink/nfnetlink_root_test.ts": [
    "ffi/nfnetlink/socket.ts",
  ],
  "tests/ffi/pcap/capture_test.ts": [
    "ffi/pcap/failures.ts",
    "ffi/pcap/handle.ts",
    "ffi/pcap/interface_state.ts",
  ],
  "tests/interop/repeat_run_test.ts": [
    "cli/knock/repeat_run.ts",
  ],
  "tests/lib/crypto/engines_test.ts": [
    "lib/crypto/noble_engine.ts",
    "lib/crypto/rijndael.ts",
    "lib/crypto/web_engine.ts",
  ],
  "tests/lib/net/frame_test.ts": [
    "lib/net/frame_link.ts",
  ],
  "tests/lib/settings/folds_test.ts": [
    "lib/settings/completion.ts",
    "lib/settings/help.ts",
    "lib/settings/man.ts",
    "lib/settings/reference.ts",
    "lib/settings/sample.ts",
  ],
  "tests/lib/settings/resolve_test.ts": [
    "lib/result.ts",
    "lib/settings/setting.ts",
  ],
  "tests/lib/settings/unknown_name_test.ts": [
    "lib/settings/old_names.ts",
  ],
  "tests/lib/spa/negative_test.ts": [
    "lib/crypto/secrets.ts",
    "lib/spa/open.ts",
  ],
  "tests/lib/spa/vectors_test.ts": [
    "lib/spa/seal.ts",
  ],
};
