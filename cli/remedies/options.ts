/** Options that other programs have for what this one does: older clients, port knockers, ssh and its relatives. */

/** What is meant by any of these names, without their hyphens. */
const MEANT: readonly (readonly [names: string, remedy: string])[] = [
  [
    "host hostname server server-ip target dest remote gateway spa-server address-of-server",
    "-D HOST names the server",
  ],
  [
    "ip address my-ip client-ip allow source source-address src from ext-ip external-ip",
    "-a ADDRESS names who is let in",
  ],
  ["my-address public-ip resolve resolve-external-ip whatismyip myip", "-R finds the own address"],
  [
    "port ports dport service services open open-port open-ports",
    "-A tcp/22 says what to open, -p the server's own port",
  ],
  ["key password passphrase pass secret psk", "a key belongs in a stanza as KEY_BASE64, or is asked for"],
  ["key-base64 base64", "did you mean --key-base64-rijndael or --key-base64-hmac?"],
  ["key-file keyfile identity identity-file", "-G FILE takes the key from a file"],
  ["hmac hmac-key hmac-sha256", "--use-hmac asks for an HMAC key, HMAC_KEY_BASE64 in a stanza names it"],
  ["name profile stanza section config-name connection", "-n NAME uses a stanza of ~/.fwknoprc"],
  ["list ls show stanzas profiles show-stanzas", "--stanza-list lists the stanzas"],
  ["conf config config-file configuration fwknoprc", "--rc-file FILE uses another file than ~/.fwknoprc"],
  ["timeout time duration seconds ttl access-timeout", "-f SECONDS says how long, --wait=SECONDS waits for the door"],
  ["proto protocol transport", "-P PROTO says how the packet travels"],
  ["udp tcp http icmp udpraw tcpraw", "-P says how the packet travels: -P tcp"],
  ["dry-run dryrun simulate no-send noop print", "-T builds and shows the packet, --explain says what would be sent"],
  ["quiet silent q", "a knock says nothing unless something fails"],
  ["debug trace", "-v says more"],
  ["save store add add-stanza write", "--save-rc-stanza saves the options given as a stanza"],
  ["generate generate-key generate-keys gen genkey keygen new-key new-keys make-keys", "--key-gen makes keys"],
  ["last last-host repeat again", "-l runs again with the arguments of the last run"],
  ["retry retries count attempts", "--wait knocks again until the port is open"],
  ["ssh ssh-proxy proxycommand", "--ssh-config NAME prints the lines for ssh"],
  ["socks socks5-proxy tor", "--socks5 HOST:PORT sends through such a proxy"],
  ["command cmd exec run", "-C COMMAND asks the server to run one, --then COMMAND runs one here after the knock"],
  ["forward nat forward-access dnat", "-N HOST reaches a host behind the server"],
  ["user username login", "-U NAME is the user name in the packet"],
  ["mode cipher encryption", "-M MODE is the cipher mode"],
  ["digest hash", "-m DIGEST is the digest in the packet"],
  ["doc man usage", "--help lists the options, man fwknop has all of them"],
];

/** The remedy for a name that nothing resembles; undefined when nothing is known of it. */
export function meantOption(written: string): string | undefined {
  const name = written.replace(/^-+/, "").toLowerCase().replaceAll("_", "-");
  return MEANT.find(([names]) => names.split(" ").includes(name))?.[1];
}
