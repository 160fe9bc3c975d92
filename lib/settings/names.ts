/** Written by .ci/gen.ts from the tables of settings: names of options (`-i|--interface`) and directives, by place. */
export const NAMES = {
  fwknop: `
-A|--access -C|--server-cmd -f|--fw-timeout -N|--nat-access --nat-local --nat-port --nat-rand-port
-U|--spoof-user --time-offset-plus --time-offset-minus -a|--allow-ip -s|--source-ip
-R|--resolve-ip-https|--resolve-ip-http --resolve-http-only --resolve-url -w|--wget-cmd --use-wget-user-agent
-D|--destination -p|--server-port -P|--server-proto -4 -6 --both --server-resolve-ipv4 -S|--source-port
-Q|--spoof-source|--spoof-src -r|--rand-port -H|--http-proxy --socks5 -u|--user-agent --icmp-type --icmp-code
--key-rijndael --key-base64-rijndael -G|--get-key --key-hmac --key-base64-hmac --get-hmac-key --use-hmac
--stdin --fd -m|--digest-type --hmac-digest-type -M|--encryption-mode --no-key-hint -k|--key-gen
-K|--key-gen-file --key-len --hmac-key-len -g|--gpg-encryption --gpg-recipient-key|--gpg--recipient
--gpg-signer-key --gpg-home-dir --gpg-exe --gpg-agent --gpg-no-signing-pw -n|--named-config --save-rc-stanza
--force-stanza --stanza-list --rc-file --no-rc-file --no-home-dir -l|--last-cmd --show-last --no-save-args
-E|--save-args-file -T|--test -B|--save-packet -b|--save-packet-append -v|--verbose -V|--version -h|--help
--json --completion --fault-injection-tag --wait --proxy --fdpass --then --hold --explain --doctor
--ssh-config --qr --force-qr --import
`,
  fwknopd: `
-f|--foreground -C|--packet-limit -t|--test --syslog-enable --rotate-digest-cache -D|--dump-config
--exit-parse-config --doctor --exit-parse-digest-cache -K|--kill -R|--restart -S|--status --fw-list
--fw-list-all --fw-flush --no-ipt-check-support --no-firewd-check-support --key-gen --key-gen-file --key-len
--hmac-key-len --hmac-digest-type --dump-serv-err-codes -V|--version -h|--help -A|--afl-fuzzing --afl-pkt-file
--fault-injection-tag -c|--config-file -O|--override-config -i|--interface --pcap-file -P|--pcap-filter
--pcap-any-direction --wait-for-interface -U|--udp-server -l|--locale -r|--run-dir -a|--access-file
--access-folder -p|--pid-file -d|--digest-file --gpg-home-dir --gpg-exe --sudo-exe -v|--verbose
-n|--nfq-capture
`,
  fwknoprc: `
ACCESS FW_TIMEOUT NAT_ACCESS NAT_LOCAL NAT_PORT NAT_RAND_PORT SPOOF_USER TIME_OFFSET ALLOW_IP RESOLVE_IP_HTTPS
RESOLVE_IP_HTTP RESOLVE_HTTP_ONLY RESOLVE_URL WGET_CMD USE_WGET_USER_AGENT SPA_SERVER SPA_SERVER_PORT
SPA_SERVER_PROTO SERVER_RESOLVE_IPV4 SPA_SOURCE_PORT SPOOF_SOURCE_IP RAND_PORT HTTP_USER_AGENT KEY
GPG_SIGNING_PW KEY_BASE64 GPG_SIGNING_PW_BASE64 KEY_FILE KEY_CMD HMAC_KEY HMAC_KEY_BASE64 HMAC_KEY_FILE
HMAC_KEY_CMD USE_HMAC DIGEST_TYPE HMAC_DIGEST_TYPE ENCRYPTION_MODE KEY_HINT USE_GPG GPG_RECIPIENT GPG_SIGNER
GPG_HOMEDIR GPG_EXE USE_GPG_AGENT GPG_NO_SIGNING_PW NO_SAVE_ARGS VERBOSE
`,
  "fwknopd.conf": `
CONFIG_FILE OVERRIDE_CONFIG STRICT PCAP_INTF PCAP_FILE PCAP_FILE_FROM ENABLE_PCAP_PROMISC PCAP_FILTER
PCAP_DISPATCH_COUNT PCAP_LOOP_SLEEP ENABLE_PCAP_ANY_DIRECTION EXIT_AT_INTF_DOWN MAX_SNIFF_BYTES
ENABLE_SPA_PACKET_AGING MAX_SPA_PACKET_AGE MAX_STRANGER_CPU ENABLE_DIGEST_PERSISTENCE RULES_CHECK_THRESHOLD
CMD_EXEC_TIMEOUT MAX_RUNNING_COMMANDS ENABLE_SPA_OVER_HTTP ALLOW_ANY_USER_AGENT ENABLE_TCP_SERVER TCPSERV_PORT
ENABLE_UDP_SERVER UDPSERV_PORT UDPSERV_SELECT_TIMEOUT LOCALE SYSLOG_IDENTITY SYSLOG_FACILITY
ENABLE_X_FORWARDED_FOR HTTP_PROXIES ENABLE_DESTINATION_RULE ENABLE_RULE_PREPEND ENABLE_NAT_DNS FIREWALL
FLUSH_NFT_AT_INIT FLUSH_NFT_AT_EXIT NFT_INPUT_CHAINS NFT_OUTPUT_CHAINS NFT_FORWARD_CHAINS FIREWD_ZONE
FLUSH_FIREWD_AT_INIT FLUSH_FIREWD_AT_EXIT ENABLE_IPT_FORWARDING ENABLE_FIREWD_FORWARDING ENABLE_IPT_LOCAL_NAT
ENABLE_FIREWD_LOCAL_NAT ENABLE_IPT_SNAT ENABLE_FIREWD_SNAT SNAT_TRANSLATE_IP ENABLE_FORWARD_ANY_HOST
ENABLE_MASQUERADE_ANY_PORT ENABLE_IPT_OUTPUT ENABLE_FIREWD_OUTPUT FLUSH_IPT_AT_INIT FLUSH_IPT_AT_EXIT
IPT_INPUT_ACCESS IPT_OUTPUT_ACCESS IPT_FORWARD_ACCESS IPT_DNAT_ACCESS IPT_SNAT_ACCESS IPT_MASQUERADE_ACCESS
ENABLE_IPT_COMMENT_CHECK FWKNOP_RUN_DIR FWKNOP_CONF_DIR ACCESS_FILE ACCESS_FOLDER FINGERPRINT_FILE
FWKNOP_PID_FILE DIGEST_FILE GPG_HOME_DIR GPG_EXE SUDO_EXE FIREWALL_EXE VERBOSE FAULT_INJECTION_TAG
FLUSH_PF_AT_INIT FLUSH_PF_AT_EXIT PF_ANCHOR_NAME PF_EXPIRE_INTERVAL FLUSH_IPFW_AT_INIT FLUSH_IPFW_AT_EXIT
IPFW_START_RULE_NUM IPFW_MAX_RULES IPFW_ACTIVE_SET_NUM IPFW_EXPIRE_SET_NUM IPFW_EXPIRE_PURGE_INTERVAL
IPFW_ADD_CHECK_STATE EMAIL_ADDRESSES HOSTNAME EMAIL_FROM SENDMAIL_EXE EMAIL_SERVER EMAIL_TLS EMAIL_AUTH_FILE
EMAIL_EVENTS EMAIL_INTERVAL EMAIL_LIMIT AFL_PKT_FILE DIGEST_DB_FILE ENABLE_NFQ_CAPTURE NFQ_INTERFACE NFQ_PORT
NFQ_TABLE NFQ_CHAIN NFQ_QUEUE_NUMBER NFQ_LOOP_SLEEP FIREWD_INPUT_ACCESS FIREWD_OUTPUT_ACCESS
FIREWD_FORWARD_ACCESS FIREWD_DNAT_ACCESS FIREWD_SNAT_ACCESS FIREWD_MASQUERADE_ACCESS
ENABLE_FIREWD_COMMENT_CHECK
`,
  "access.conf": `
SOURCE DESTINATION OPEN_PORTS RESTRICT_PORTS GUARD REQUIRE_USERNAME REQUIRE_OS REQUIRE_OS_REGEX
REQUIRE_SOURCE_ADDRESS REQUIRE_SOURCE ACCESS_EXPIRE ACCESS_EXPIRE_EPOCH FW_ACCESS_TIMEOUT MAX_FW_TIMEOUT
MAX_OPEN_GRANTS KEY KEY_BASE64 HMAC_KEY HMAC_KEY_BASE64 HMAC_DIGEST_TYPE ENCRYPTION_MODE KEY_HINT
REQUIRE_KEY_HINT GPG_DECRYPT_PW GPG_ALLOW_NO_PW GPG_HOME_DIR GPG_EXE GPG_DECRYPT_ID GPG_DECRYPT_KEY_FILE
GPG_REMOTE_KEY_FILE GPG_FINGERPRINT_ID GPG_REMOTE_ID GPG_REQUIRE_SIG GPG_DISABLE_SIG
GPG_IGNORE_SIG_VERIFY_ERROR ENABLE_CMD_EXEC CMD_EXEC_USER CMD_EXEC_GROUP ENABLE_CMD_SUDO_EXEC
CMD_SUDO_EXEC_USER CMD_SUDO_EXEC_GROUP CMD_CYCLE_OPEN CMD_CYCLE_CLOSE CMD_CYCLE_TIMER FORCE_NAT FORCE_SNAT
FORCE_MASQUERADE DISABLE_DNAT FORWARD_ALL NAT_ALLOW
`,
} as const;
