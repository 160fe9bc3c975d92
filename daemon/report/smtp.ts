/** One mail to a mail server. Loaded only by the process that does nothing else: the library comes with modules of node. */
import SMTPConnection from "nodemailer/lib/smtp-connection";
import { resolveHost } from "../../ffi/libc/resolver.ts";
import { reasonOf } from "../../lib/host/reason.ts";
import { readSecureFile } from "../../lib/host/secure_file.ts";
import { isOwnServer, type SmtpRoute } from "../config/resolve_mail.ts";

/** What the process that speaks to a server is given to read, as JSON. */
export interface SmtpOrder {
  readonly route: SmtpRoute;
  /** As which the server knows us. */
  readonly name: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly message: string;
}

/** What is waited for a connection, for the first words, and for every answer. */
const CONNECT_MS = 10_000, ANSWER_MS = 20_000;
/** The certificate authorities that this host trusts, in Debian's place. */
const AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";
/** Port of TLS from the first byte on. */
const TLS_PORT = 465;

/**
 * Delivers, or says why not.
 *
 * @throws Error with a reason that fits behind a colon
 * @tags allow-net, allow-read, allow-ffi
 */
export async function deliverBySmtp({ route, name, from, to, message }: SmtpOrder): Promise<void> {
  const host = await addressOf(route.host);
  refuseOtherPorts(host, route.port);
  const connection = new SMTPConnection({
    host,
    port: route.port,
    name,
    ...tlsOptions(route),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: ANSWER_MS,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      connection.on("error", reject);
      connection.on("end", () => reject(new Error("the server ended the connection")));
      talk(connection, { route, from, to, message }).then(resolve, reject);
    });
  } catch (error) {
    // All that Deno 2.6 says of a certificate after STARTTLS.
    if (reasonOf(error) !== "write UNKNOWN") throw error;
    throw new Error(`Cannot speak TLS with ${route.host}: its certificate is not good for that name, or unknown here`);
  } finally {
    connection.close();
  }
}

async function talk(
  connection: SMTPConnection,
  { route, from, to, message }: Omit<SmtpOrder, "name">,
): Promise<void> {
  await step((done) => connection.connect(done));
  const login = route.authFile === null ? null : loginIn(route.authFile);
  if (login !== null) await step((done) => connection.login(login, done));
  // A recipient that is refused makes no error as long as another is taken.
  await step((done) => connection.send({ from, to: [...to] }, message, done));
  connection.quit();
}

/** One step of the conversation, as a promise. */
function step(begin: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => begin((error) => error ? reject(error) : resolve()));
}

/** The right to connect names IPv4 addresses and ::1, so a name is looked up here. */
async function addressOf(host: string): Promise<string> {
  if (host === "::1") return host;
  const [first] = await resolveHost(host, { family: 4, port: 0 });
  if (first === undefined) throw new Error(`Cannot resolve "${host}": it has no IPv4 address`);
  return first.text;
}

/** Modules of node look at the right to connect with newer versions of the runtime only. */
function refuseOtherPorts(host: string, port: number): void {
  const end = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (Deno.permissions.querySync({ name: "net", host: end }).state === "granted") return;
  throw new Error(`Cannot connect to ${end}: this program may speak to the ports of mail servers only`);
}

/** A password never goes in the clear, and whom it goes to is known, except on this host itself. */
function tlsOptions(route: SmtpRoute) {
  const { host, port, tls } = route;
  const secure = port === TLS_PORT && tls !== "off";
  const clear = tls === "off" || (tls === "auto" && isOwnServer(route));
  return {
    secure,
    ignoreTLS: clear,
    requireTLS: !clear && (tls === "require" || route.authFile !== null),
    servername: host,
    tls: authorities(),
  };
}

/** Where they cannot be read, those of the runtime count. */
function authorities(): { readonly ca?: string } {
  const read = readSecureFile(AUTHORITIES, { checkOwner: false });
  return read.ok ? { ca: read.value.text } : {};
}

/** The first two lines of the file. */
function loginIn(path: string): { readonly user: string; readonly pass: string } {
  const read = readSecureFile(path);
  if (!read.ok) throw new Error(`Cannot read EMAIL_AUTH_FILE ${path}: ${read.fault.message}`);
  const [warning] = read.value.warnings;
  if (warning !== undefined) throw new Error(`Cannot use EMAIL_AUTH_FILE: ${warning}`);
  const [user = "", pass = ""] = read.value.text.split(/\r?\n/);
  if (user === "" || pass === "") {
    throw new Error(`Cannot use EMAIL_AUTH_FILE ${path}: expected a user name, and below it a password`);
  }
  return { user, pass };
}
